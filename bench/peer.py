"""The peer: training with Transformers and PEFT, as fast as they go on a CPU without changing the numbers.

Usage: peer.py MODE MODEL DATA STEPS SAMPLES [lora|full|random]   (in the reference environment)
MODE: padded          one row a sample, padded to the longest
      packed          padding-free: the step's samples in one row, told apart by their positions
      packed-compile  the same under torch.compile
      packed-gc       packed with gradient checkpointing
What is trained: lora (default), full: all weights, random: all weights, from a random start.
Prints one JSON line a step: step, tokens, seconds of its own, loss.
"""

import argparse
import json
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer


def encode(tokenizer, messages):
    """Token ids and labels of a chat whose answer is its last message."""
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    prompt = len(tokenizer.apply_chat_template(messages[:-1], add_generation_prompt=True, return_dict=False))
    return ids, [-100] * prompt + ids[prompt:]


def padded(batch, pad):
    longest = max(len(ids) for ids, _ in batch)
    rows = lambda part, value: torch.tensor([row + [value] * (longest - len(row)) for row in part])
    return {
        "input_ids": rows((ids for ids, _ in batch), pad),
        "labels": rows((labels for _, labels in batch), -100),
        "attention_mask": rows(([1] * len(ids) for ids, _ in batch), 0),
    }


def packed(batch, _):
    """Without use_cache=False Transformers would let the samples see each other."""
    row = lambda part: torch.tensor([[value for values in part for value in values]])
    return {
        "input_ids": row(ids for ids, _ in batch),
        "labels": row(labels for _, labels in batch),
        "position_ids": row(range(len(ids)) for ids, _ in batch),
        "use_cache": False,
    }


def make_model(folder, what):
    if what == "random":
        config = AutoConfig.from_pretrained(folder, attn_implementation="sdpa")
        return AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    if what == "lora":
        lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
        model = get_peft_model(model, lora)
    return model


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["padded", "packed", "packed-compile", "packed-gc"])
    parser.add_argument("folder", metavar="MODEL")
    parser.add_argument("data")
    parser.add_argument("steps", type=int)
    parser.add_argument("samples", type=int)
    parser.add_argument("what", nargs="?", default="lora", choices=["lora", "full", "random"])
    return parser.parse_args()


def main():
    options = arguments()
    mode, steps, samples = options.mode, options.steps, options.samples
    tokenizer = AutoTokenizer.from_pretrained(options.folder)
    model = make_model(options.folder, options.what).train()
    if mode == "packed-gc":
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    forward = torch.compile(model, dynamic=True) if mode == "packed-compile" else model
    collate = padded if mode == "padded" else packed
    with open(options.data, encoding="utf-8") as lines:
        encoded = [encode(tokenizer, json.loads(line)["messages"]) for _, line in zip(range(steps * samples), lines)]
    for step in range(steps):
        batch = encoded[step * samples : (step + 1) * samples]
        begin = time.perf_counter()
        loss = forward(**collate(batch, tokenizer.pad_token_id)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        seconds = time.perf_counter() - begin
        tokens = sum(len(ids) for ids, _ in batch)
        print(json.dumps({"step": step + 1, "tokens": tokens, "seconds": seconds, "loss": loss.item()}), flush=True)


if __name__ == "__main__":
    main()
