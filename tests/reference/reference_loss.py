"""reference_loss.py MODEL DATA [ADAPTER]: the mean loss over the assistant tokens of all chats in DATA, as
Transformers (and PEFT) compute it in fp32, one chat at a time; one JSON object on the standard output."""

import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def load_model(folder, adapter):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    if adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, adapter)
    return model.eval()


def chat_loss(model, tokenizer, messages):
    """Loss sum and number of the trained tokens: all that follows the prompt of the last answer."""
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    prompt = tokenizer.apply_chat_template(messages[:-1], add_generation_prompt=True, return_dict=False)
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, len(prompt) - 1 : -1].double()
    targets = torch.tensor(ids[len(prompt) :])
    return torch.nn.functional.cross_entropy(logits, targets, reduction="sum").item(), len(targets)


def main():
    folder, data = sys.argv[1:3]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = load_model(folder, sys.argv[3] if len(sys.argv) > 3 else None)
    with open(data, encoding="utf-8") as lines:
        losses = [chat_loss(model, tokenizer, json.loads(line)["messages"]) for line in lines]
    trained = sum(count for _, count in losses)
    print(json.dumps({"loss": sum(loss for loss, _ in losses) / trained, "trained_tokens": trained}))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main()
