"""compare_exports.py BASE LOGITS FORM=FOLDER…: what PEFT and Transformers make of the exports of one adapter.

LOGITS is a safetensors file with Temper's "input_ids" and "logits" of the base with that adapter (write_logits). FORM is
peft (loaded by PEFT onto BASE, with every key checked), scaled (the same, and every pair must be scaled by the file's one
alpha / r, as vLLM does), merged (loaded by AutoModelForCausalLM) or gguf (its tensors, put back into Hugging Face's
order, must make each weight's change that PEFT makes with the folder of peft=). Prints a line a form with the largest
difference; exit status 1 and a line for each problem otherwise."""

import sys

import numpy
from peft import PeftModel
from peft.tuners.lora import LoraLayer

import check_model
from check_adapter import check, load_base

LAYER_NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def check_scaled(base, folder, logits):
    """All that vLLM and llama.cpp's converter read is r and lora_alpha."""
    model = PeftModel.from_pretrained(load_base(base), folder)
    config = model.peft_config["default"]
    problems = [] if not config.use_rslora and not config.rank_pattern and not config.alpha_pattern else ["not plain"]
    for name, module in model.named_modules():
        if isinstance(module, LoraLayer) and module.scaling["default"] != config.lora_alpha / config.r:
            problems.append(f"{name}: scaling {module.scaling}")
        if isinstance(module, LoraLayer) and module.lora_A["default"].weight.shape[0] != config.r:
            problems.append(f"{name}: rank {module.lora_A['default'].weight.shape[0]}")
    return problems + check(base, folder, logits)


def changes_by_peft(base, folder):
    """The change of each linear weight that the adapter makes, by its Hugging Face name."""
    model = PeftModel.from_pretrained(load_base(base), folder)
    prefix = "base_model.model."
    changes = {
        name[len(prefix) :]: module.get_delta_weight("default").detach().numpy()
        for name, module in model.named_modules()
        if isinstance(module, LoraLayer)
    }
    return changes, model.config


def undo_permute(weight, heads):
    """The inverse of LlamaModel.permute in llama.cpp's convert_hf_to_gguf.py."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def hugging_face_name(name):
    if name == "output":
        return "lm_head"
    _, layer, kind = name.split(".")
    return f"model.layers.{layer}.{LAYER_NAMES[kind]}"


def check_gguf(base, file, peft_folder):
    import gguf

    reader = gguf.GGUFReader(file)
    fields = {key: reader.fields[key].contents() for key in reader.fields if not key.startswith("GGUF.")}
    expected = {"general.architecture": "llama", "general.type": "adapter", "adapter.type": "lora"}
    problems = [f"{key} is {fields.get(key)}" for key, value in expected.items() if fields.get(key) != value]
    tensors = {tensor.name: numpy.array(tensor.data) for tensor in reader.tensors}
    changes, config = changes_by_peft(base, peft_folder)
    modules = {name[: -len(".weight.lora_a")] for name in tensors if name.endswith(".weight.lora_a")}
    if {hugging_face_name(name) for name in modules} != changes.keys() or len(tensors) != 2 * len(modules):
        return problems + [f"modules {sorted(modules)}, PEFT adapts {sorted(changes)}"]
    worst = 0
    for name in sorted(modules):
        a, b = tensors[f"{name}.weight.lora_a"], tensors[f"{name}.weight.lora_b"]
        change = fields["adapter.lora.alpha"] / b.shape[1] * (b.astype(numpy.float64) @ a.astype(numpy.float64))
        if name.endswith("attn_q"):
            change = undo_permute(change, config.num_attention_heads)
        if name.endswith("attn_k"):
            change = undo_permute(change, config.num_key_value_heads)
        wanted = changes[hugging_face_name(name)]
        difference = numpy.abs(change - wanted).max() / numpy.abs(wanted).max()
        worst = max(worst, difference)
        if not difference <= 1e-5:
            problems.append(f"{name}: llama.cpp's change of the weight differs from PEFT's by {difference:.3g} of it")
    print(f"{file}: {len(modules)} modules, largest relative difference {worst:.3g}")
    return problems


def main():
    base, logits, *forms = sys.argv[1:]
    folders = dict(form.split("=", 1) for form in forms)
    problems = []
    for form, folder in folders.items():
        if form == "peft":
            problems += check(base, folder, [logits])
        elif form == "scaled":
            problems += check_scaled(base, folder, [logits])
        elif form == "merged":
            problems += check_model.check(folder, [logits])
        elif form == "gguf":
            problems += check_gguf(base, f"{folder}/adapter.gguf", folders["peft"])
        else:
            sys.exit(__doc__)
    sys.exit("\n".join(problems) if problems else 0)


if __name__ == "__main__":
    main()
