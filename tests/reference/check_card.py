"""check_card.py CARD KEY=VALUE…: huggingface_hub reads the model card, and its metadata has exactly these values (JSON);
all of it is of the Hub's own keys and types. Exit status 1 and a line for each problem otherwise."""

import json
import sys

from huggingface_hub import ModelCard, ModelCardData

HUB_KEYS = {
    "base_model": str, "base_model_relation": str, "datasets": list, "library_name": str, "license": str,
    "pipeline_tag": str, "tags": list,
}
RELATIONS = {"adapter", "merge", "quantized", "finetune"}


def main():
    path, *wanted = sys.argv[1:]
    card = ModelCard.load(path)
    data = card.data.to_dict()
    problems = []
    for key, value in data.items():
        if key not in HUB_KEYS or not isinstance(value, HUB_KEYS[key]):
            problems.append(f"{key}: {value!r} is not what the Hub knows")
    if data.get("base_model_relation", "adapter") not in RELATIONS:
        problems.append(f"base_model_relation is {data['base_model_relation']}")
    for pair in wanted:
        key, value = pair.split("=", 1)
        if data.get(key) != json.loads(value):
            problems.append(f"{key} is {data.get(key)!r}, not {value}")
    if ModelCardData(**data).to_dict() != data:
        problems.append("the metadata does not survive ModelCardData")
    if not card.text.strip():
        problems.append("there is no text")
    sys.exit("\n".join(problems) if problems else 0)


if __name__ == "__main__":
    main()
