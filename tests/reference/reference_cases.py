"""The tiny models whose numbers the trainer is held to, in the shapes of the families it supports.

Each case has a config.json as the family's checkpoints spell it, and the LoRA settings of its reference run.
"""

SIZES = {
    "hidden_size": 32,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "vocab_size": 96,
    "max_position_embeddings": 256,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-5,
    "initializer_range": 0.02,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "use_cache": True,
}
LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", **SIZES}
LORA = {"rank": 4, "alpha": 8, "rslora": False, "rank_pattern": {}, "alpha_pattern": {}}

CASES = {
    "llama2": {
        "config": {
            **LLAMA,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "rope_theta": 10000.0,
            "rope_scaling": None,
            "tie_word_embeddings": False,
        },
        "lora": LORA,
    },
    # Head size 16, theta 5e5 and an original length of 64: the wavelengths 6, 32 and 167 … lie in the
    # kept, the blended and the stretched band.
    "llama3.1": {
        "config": {
            **LLAMA,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 16,
            "attention_bias": False,
            "mlp_bias": False,
            "rope_parameters": {
                "rope_type": "llama3",
                "rope_theta": 500000.0,
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 64,
            },
            "tie_word_embeddings": False,
        },
        "lora": LORA,
    },
    "mistral": {
        "config": {
            "architectures": ["MistralForCausalLM"],
            "model_type": "mistral",
            **SIZES,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 12,
            "rope_theta": 1000000.0,
            "sliding_window": None,
            "tie_word_embeddings": False,
        },
        "lora": LORA,
    },
    "mistral_window": {
        "config": {
            "architectures": ["MistralForCausalLM"],
            "model_type": "mistral",
            **SIZES,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "rope_theta": 10000.0,
            "sliding_window": 5,
            "tie_word_embeddings": False,
        },
        "lora": LORA,
    },
    "smollm2": {
        "config": {
            **LLAMA,
            "hidden_size": 36,
            "num_attention_heads": 3,
            "num_key_value_heads": 1,
            "rope_theta": 100000,
            "rope_scaling": None,
            "rope_interleaved": False,
            "tie_word_embeddings": True,
        },
        "lora": LORA,
        "full_gradients": True,
    },
    "biases": {
        "config": {
            **LLAMA,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "attention_bias": True,
            "mlp_bias": True,
            "rope_theta": 10000.0,
            "tie_word_embeddings": False,
        },
        "lora": LORA,
        "full_gradients": True,
    },
    "linear_rope": {
        "config": {
            **LLAMA,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "rope_theta": 10000.0,
            "rope_scaling": {"type": "linear", "factor": 4.0},
            "tie_word_embeddings": True,
        },
        "lora": LORA,
    },
    "rslora_patterns": {
        "config": {
            **LLAMA,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "rope_theta": 10000.0,
            "tie_word_embeddings": False,
        },
        "lora": {
            "rank": 4,
            "alpha": 8,
            "rslora": True,
            "rank_pattern": {"q_proj": 2, "layers.1.mlp.down_proj": 8},
            "alpha_pattern": {"v_proj": 3, "layers.0.mlp.gate_proj": 16},
        },
    },
}
