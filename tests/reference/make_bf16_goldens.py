"""Writes tests/golden/reference/<case>/bf16.safetensors: losses and gradients of the cases of make_goldens.py with
the base model in bf16, as Transformers and PEFT train it on a GPU (the adapter stays fp32, as is PEFT's default), and
for the cases with gradients of all weights those, too, as Transformers has them in bf16.

Usage: make_bf16_goldens.py [CASE …]   (in the reference environment, after make_goldens.py)
"""

import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM
from transformers.utils.logging import disable_progress_bar

from make_goldens import FOLDER, LENGTHS, WITH_LOGITS, add_adapter, gradients, trained_parameters
from reference_cases import CASES


def load_base_model(folder):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, attn_implementation="eager")
    model.config.use_cache = False
    return model.train()


def difference(actual, expected):
    """The largest difference over the largest number, as relative_difference() of the C++ tests."""
    largest = max(value.abs().max() for value in expected.values())
    return float(max((actual[key].float() - value).abs().max() for key, value in expected.items()) / largest)


def make_case(name, case):
    folder = FOLDER / name
    stored = load_file(folder / "reference.safetensors")
    samples = [(stored[f"sample.{i}.ids"], stored[f"sample.{i}.trained"].bool()) for i in range(len(LENGTHS))]
    samples = samples[:WITH_LOGITS]
    adapted = add_adapter(load_base_model(folder), case["lora"], torch.Generator().manual_seed(0))
    with torch.no_grad():
        for key, weight in trained_parameters(adapted).items():
            weight.copy_(stored[f"lora.weight.{key}"])
    assert all(weight.dtype == torch.float32 for weight in trained_parameters(adapted).values())
    loss, adapter = gradients(adapted, samples)
    out = {"lora.loss_sum": loss, **{f"lora.gradient.{key}": value for key, value in adapter.items()}}
    if case.get("full_gradients"):
        out["full.loss_sum"], full = gradients(load_base_model(folder), samples)
        out |= {f"full.gradient.{key}": value.float() for key, value in full.items()}
        exact = {key: stored[f"full.gradient.{key}"] for key in full}
        print(f"{name}: all weights' gradients {difference(full, exact):.1e} off those in fp32")
    save_file({key: value.contiguous() for key, value in out.items()}, folder / "bf16.safetensors")

    exact = {key: stored[f"lora.gradient.{key}"] for key in adapter}
    print(f"{name}: loss {float(loss / stored['lora.loss_sum'] - 1):+.1e}, adapter's gradients {difference(adapter, exact):.1e} off those in fp32")


def main():
    disable_progress_bar()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    wanted = sys.argv[1:] or list(CASES)
    for name, case in CASES.items():
        if name in wanted:
            make_case(name, case)


if __name__ == "__main__":
    main()
