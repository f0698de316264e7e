"""check_adapter.py BASE ADAPTER [LOGITS…]: PEFT loads the adapter folder without a missing or
unexpected key, holds exactly its values, and computes the logits of each LOGITS file
(compare_logits.py). BASE is a Hugging Face folder or a .gguf file. Exit status 1 and a line for each
problem otherwise. Needs torch, transformers, peft and safetensors (for .gguf: gguf)."""
import os
import sys
import warnings

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from compare_logits import differing_logits


def load_base(path):
    arguments = {"dtype": torch.float32}
    if path.endswith(".gguf"):
        arguments["gguf_file"] = os.path.basename(path)
        path = os.path.dirname(path) or "."
    return AutoModelForCausalLM.from_pretrained(path, **arguments)


def key_problems(loaded, saved):
    """PEFT loads with strict=False, so a wrong key is a silent no-op: compare both sides."""
    problems = [f"missing: PEFT has {key}, the file has not" for key in sorted(loaded.keys() - saved)]
    problems += [f"unexpected: the file has {key}, PEFT has not" for key in sorted(saved - loaded.keys())]
    return problems


def check(base, adapter, logits):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = PeftModel.from_pretrained(load_base(base), adapter).eval()
    problems = [f"warning: {w.message}" for w in caught if "key" in str(w.message).lower()]

    weights = os.path.join(adapter, "adapter_model.safetensors")
    with safe_open(weights, framework="pt") as file:
        if file.metadata() != {"format": "pt"}:
            problems.append(f"metadata is {file.metadata()}")
    saved = load_file(weights)
    loaded = get_peft_model_state_dict(model, save_embedding_layers=False)
    problems += key_problems(loaded, saved.keys())
    for key in sorted(saved.keys() & loaded.keys()):
        if saved[key].dtype != torch.float32 or not torch.equal(saved[key], loaded[key]):
            problems.append(f"{key}: PEFT holds other values than the file")
    if not any(tensor.any() for key, tensor in saved.items() if "lora_B" in key):
        problems.append("every lora_B is zero")
    print(f"{adapter}: {len(saved)} tensors, {sum(t.numel() for t in saved.values())} parameters")
    return problems + differing_logits(model, logits)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    found = check(sys.argv[1], sys.argv[2], sys.argv[3:])
    sys.exit("\n".join(found) if found else 0)
