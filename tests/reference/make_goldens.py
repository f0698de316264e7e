"""Writes tests/golden/reference/<case>/ with Transformers, PEFT and PyTorch; README.md says what is in there.

Usage: make_goldens.py [CASE …]   (in the reference environment; the same versions write the same bytes)
"""

import json
import pathlib
import sys

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.utils.logging import disable_progress_bar

from reference_cases import CASES

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "golden" / "reference"
LENGTHS = [17, 31, 5, 23, 44, 9]
WITH_LOGITS = 3
STEPS = [[0, 1, 2], [3, 4, 5], [1, 3, 5], [0, 2, 4], [5, 0, 1], [2, 3, 4], [4, 1, 0], [3, 2, 5], [0, 4, 3], [1, 5, 2]]
OPTIMIZER = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01}
MAX_GRADIENT_NORM = 1.0
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def write_base_model(folder, config, generator):
    """Random weights that make uneven logits: norms around one, all else around zero."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), dtype=torch.float32)
    tensors = {}
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        tensors[name] = 1 + 0.2 * noise if "norm" in name else (0.5 if "embed" in name else 0.15) * noise
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def load_base_model(folder):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model.config.use_cache = False
    return model.train()


def make_samples(vocabulary_size, generator):
    """Random tokens; a sample's first third and every seventh token are not trained."""
    samples = []
    for length in LENGTHS:
        ids = torch.randint(vocabulary_size, (length,), generator=generator, dtype=torch.int32)
        positions = torch.arange(length)
        trained = (positions >= max(1, length // 3)) & (positions % 7 != 6)
        samples.append((ids, trained))
    return samples


def loss_sum(model, sample):
    """Sum of the trained tokens' losses, softmax in fp64; logits of position t - 1 predict token t."""
    ids, trained = sample
    logits = model(ids.long()[None]).logits[0, :-1].double()
    return torch.nn.functional.cross_entropy(logits[trained[1:]], ids.long()[1:][trained[1:]], reduction="sum")


def trained_parameters(model):
    """Name → parameter, in the spelling of the files."""
    return {
        name.replace(".default.weight", ".weight"): weight
        for name, weight in model.named_parameters()
        if weight.requires_grad
    }


def gradients(model, samples):
    """Loss sum over the samples and its gradients."""
    model.zero_grad()
    total = sum(loss_sum(model, sample) for sample in samples)
    total.backward()
    return total.detach(), {name: weight.grad.clone() for name, weight in trained_parameters(model).items()}


def train(model, samples):
    """The losses of the steps: each the mean over all trained tokens of its samples, before its update."""
    parameters = list(trained_parameters(model).values())
    matrices = [p for p in parameters if p.dim() > 1]
    vectors = [p for p in parameters if p.dim() == 1]  # norms and biases do not decay, as in the HF Trainer
    optimizer = torch.optim.AdamW([{"params": matrices}, {"params": vectors, "weight_decay": 0.0}], **OPTIMIZER)
    losses, norms = [], []
    for step in STEPS:
        optimizer.zero_grad()
        loss = sum(loss_sum(model, samples[i]) for i in step) / sum(int(samples[i][1].sum()) for i in step)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, MAX_GRADIENT_NORM).double())
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses), torch.stack(norms)


def add_adapter(model, settings, generator):
    """An adapter with a non-zero B, as after some training, so that A has gradients."""
    model = get_peft_model(
        model,
        LoraConfig(
            r=settings["rank"],
            lora_alpha=settings["alpha"],
            use_rslora=settings["rslora"],
            rank_pattern=settings["rank_pattern"],
            alpha_pattern=settings["alpha_pattern"],
            target_modules=LINEARS,
            task_type="CAUSAL_LM",
        ),
    ).train()
    with torch.no_grad():
        for name, weight in trained_parameters(model).items():
            weight.copy_(torch.randn(weight.shape, generator=generator) * (0.2 if "lora_A" in name else 0.1))
    return model


def logits_of(model, samples, prefix):
    with torch.no_grad():
        return {f"{prefix}.{i}": model(ids.long()[None]).logits[0] for i, (ids, _) in enumerate(samples[:WITH_LOGITS])}


def make_case(name, case, seed):
    folder = FOLDER / name
    generator = torch.Generator().manual_seed(seed)
    write_base_model(folder, case["config"], generator)
    samples = make_samples(case["config"]["vocab_size"], generator)
    out = {}
    for i, (ids, trained) in enumerate(samples):
        out[f"sample.{i}.ids"] = ids
        out[f"sample.{i}.trained"] = trained.to(torch.uint8)
    out["num_trained"] = torch.tensor([int(trained.sum()) for _, trained in samples])
    out["steps"] = torch.tensor(STEPS, dtype=torch.int32)

    base = load_base_model(folder)
    out |= logits_of(base, samples, "base.logits")
    out["base.loss_sum"], weight_gradients = gradients(base, samples[:WITH_LOGITS])
    if case.get("full_gradients"):
        out |= {f"full.gradient.{key}": value for key, value in weight_gradients.items()}
    out["full.losses"], out["full.gradient_norms"] = train(base, samples)

    adapted = add_adapter(load_base_model(folder), case["lora"], generator)
    out |= {f"lora.weight.{key}": value.detach().clone() for key, value in trained_parameters(adapted).items()}
    out |= logits_of(adapted, samples, "lora.logits")
    out["lora.loss_sum"], adapter_gradients = gradients(adapted, samples[:WITH_LOGITS])
    out |= {f"lora.gradient.{key}": value for key, value in adapter_gradients.items()}
    out["lora.losses"], out["lora.gradient_norms"] = train(adapted, samples)

    (folder / "adapter.json").write_text(json.dumps(case["lora"], indent=2) + "\n")
    save_file({key: value.contiguous() for key, value in out.items()}, folder / "reference.safetensors")
    check = load_file(folder / "reference.safetensors")
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(
        f"{name}: {size} bytes, loss {float(check['base.loss_sum']):.4f} base, {float(check['lora.loss_sum']):.4f} lora;"
        f" training {check['full.losses'][0]:.4f} → {check['full.losses'][-1]:.4f} full,"
        f" {check['lora.losses'][0]:.4f} → {check['lora.losses'][-1]:.4f} lora"
    )


def main():
    disable_progress_bar()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    wanted = sys.argv[1:] or list(CASES)
    for seed, (name, case) in enumerate(CASES.items()):
        if name in wanted:
            make_case(name, case, seed)


if __name__ == "__main__":
    main()
