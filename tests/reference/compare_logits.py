"""Compares a Transformers model's logits with those in a safetensors file that Temper wrote."""
import torch
from safetensors.torch import load_file

TOLERANCE = 1e-4  # of the largest |logit|


def differing_logits(model, paths):
    """One line for each file whose "logits" [n, vocabulary] (F32) are not the model's for its
    "input_ids" [n] (I64)."""
    problems = []
    for path in paths:
        tensors = load_file(path)
        with torch.no_grad():
            expected = model(tensors["input_ids"].unsqueeze(0)).logits[0].float()
        given = tensors["logits"]
        if given.shape != expected.shape:
            problems.append(f"{path}: logits {list(given.shape)}, the model's {list(expected.shape)}")
            continue
        largest = expected.abs().max().item()
        difference = (given - expected).abs().max().item()
        print(f"{path}: largest difference {difference:.3g}, largest logit {largest:.3g}")
        if not difference <= TOLERANCE * largest:
            problems.append(f"{path}: logits differ by {difference:.3g} of {largest:.3g}")
    return problems
