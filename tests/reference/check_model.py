"""check_model.py MODEL [LOGITS…]: Transformers loads the exported folder without a missing, unexpected
or mismatched key and computes the logits of each LOGITS file (compare_logits.py); a tokenizer, if
there is one, loads too. Exit status 1 and a line for each problem otherwise. Needs torch,
transformers and safetensors."""
import os
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from compare_logits import differing_logits


def check(folder, logits):
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True)
    problems = [f"{kind}: {sorted(map(str, info[kind]))}"
                for kind in ("missing_keys", "unexpected_keys", "mismatched_keys") if info[kind]]
    if os.path.exists(os.path.join(folder, "tokenizer.json")):
        text = "Temper writes what Transformers reads."
        tokenizer = AutoTokenizer.from_pretrained(folder)
        if tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True) != text:
            problems.append("the tokenizer does not round-trip")
    print(f"{folder}: {sum(p.numel() for p in model.parameters())} parameters")
    return problems + differing_logits(model.eval(), logits)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    found = check(sys.argv[1], sys.argv[2:])
    sys.exit("\n".join(found) if found else 0)
