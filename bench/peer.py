"""The peer: LoRA fine-tuning with Transformers and PEFT, as fast as they go on a CPU without changing the numbers.

Usage: peer.py MODE MODEL DATA STEPS SAMPLES   (in the reference environment)
MODE: padded          one row a sample, padded to the longest
      packed          padding-free: the step's samples in one row, told apart by their positions
      packed-compile  the same under torch.compile
      packed-gc       packed with gradient checkpointing
Prints one JSON line a step: step, tokens, seconds of its own, loss.
"""

import json
import sys
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer


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


def main():
    mode, folder, data = sys.argv[1:4]
    steps, samples = map(int, sys.argv[4:6])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(model, lora).train()
    if mode == "packed-gc":
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    forward = torch.compile(model, dynamic=True) if mode == "packed-compile" else model
    collate = padded if mode == "padded" else packed
    with open(data, encoding="utf-8") as lines:
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
    if len(sys.argv) != 6 or sys.argv[1] not in ("padded", "packed", "packed-compile", "packed-gc"):
        sys.exit(__doc__)
    main()
