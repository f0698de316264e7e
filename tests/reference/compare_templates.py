"""Compares rendered chats and masks with Transformers': templates of the packages and those written for the tests.

Usage: compare_templates.py RENDER_CHATS [--folder DIR…] [--offline]; exit code 1 if anything differs.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import chat_templates
import conversations
import npm_tokenizers
import template_cases
from jinja2.exceptions import TemplateError
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

TOKENIZER = pathlib.Path(__file__).resolve().parents[1] / "golden" / "text" / "tokenizer.json"
MAX_SHOWN = 8


def templates(folders):
    """(name, source) of all templates."""
    for folder in folders:
        config = json.loads((folder / "tokenizer_config.json").read_text())
        found = config.get("chat_template")
        jinja = folder / "chat_template.jinja"
        if jinja.exists():
            found = jinja.read_text()
        for named in found if isinstance(found, list) else [{"name": "default", "template": found}] if found else []:
            yield f"{folder.name} {named['name']}", named["template"]
    yield from chat_templates.TEMPLATES.items()
    for name in ("CHATML", "LLAMA3"):
        yield name, getattr(template_cases, name)


def theirs(source, context):
    """What Transformers renders, or None where it refuses."""
    context = dict(context)
    try:
        compiled = chat_template_utils._compile_jinja_template(source)
        if "generation %}" in source:
            names = ("messages", "tools", "documents", "add_generation_prompt")
            text, spans = chat_template_utils._render_with_assistant_indices(
                compiled, *(context.pop(name) for name in names), **context)
            return text, [[len(text[:begin].encode()), len(text[:end].encode())] for begin, end in spans]
        return compiled.render(**context), []
    except (TemplateError, TypeError, KeyError, AttributeError, ValueError):
        return None


def ours(program, mode, requests):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as lines:
        lines.write("".join(json.dumps(request) + "\n" for request in requests))
        lines.flush()
        files = [str(TOKENIZER), lines.name] if mode == "mask" else [lines.name]
        done = subprocess.run([program, mode, *files], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def show(number, name, expected, found):
    if number <= MAX_SHOWN:
        print(f"  {name}:\n    theirs {expected!r}\n    ours   {found!r}"[:1500])


def compare_rendering(program, sources):
    cases = [(f"{name}: {place}", source, context) for name, source in sources for place, context in conversations.contexts()]
    answers = ours(program, "render", [{"template": source, "context": context} for _, source, context in cases])
    different = refused = 0
    shown = set()
    for (name, source, context), answer in zip(cases, answers):
        expected = theirs(source, context)
        found = None if "error" in answer else (answer["text"], answer["generated"])
        refused += expected is None
        if found != expected:
            different += 1
            template = name.split(":")[0]
            if template not in shown:
                shown.add(template)
                show(len(shown), name, expected, answer)
    print(f"{len(sources)} templates, {len(cases)} renderings compared ({refused} refused by both), {different} differ")
    return different


def with_whole_characters(mask, offsets):
    """Theirs ends at the first token of a block's last character; ours takes all of its tokens."""
    mask = list(mask)
    for place in range(1, len(mask)):
        if mask[place - 1] and offsets[place] == offsets[place - 1]:
            mask[place] = 1
    return mask


def compare_masks(program, sources):
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(TOKENIZER), bos_token="<|im_start|>", eos_token="<|im_end|>")
    specials = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}
    cases = [(f"{name}: {place}", source, messages) for name, source in sources if "generation %}" in source
             for place, messages in conversations.CONVERSATIONS.items()]
    answers = ours(program, "mask", [{"template": source, "record": {"messages": messages}, "special_tokens": specials}
                                     for _, source, messages in cases])
    different = compared = 0
    for (name, source, messages), answer in zip(cases, answers):
        try:
            expected = tokenizer.apply_chat_template(messages, chat_template=source, return_dict=True,
                                                     return_assistant_tokens_mask=True, add_special_tokens=False,
                                                     tokenizer_kwargs={"return_offsets_mapping": True})
        except (TemplateError, TypeError):
            continue
        compared += 1
        mask = with_whole_characters(expected["assistant_masks"], expected["offset_mapping"])
        mask[0] = 0  # nothing predicts the first token
        if answer.get("ids") != expected["input_ids"] or answer["trained"] != mask:
            different += 1
            show(different, name, (expected["input_ids"], mask), answer)
    print(f"{compared} masks compared, {different} differ")
    return different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--folder", nargs="*", default=[], type=pathlib.Path)
    parser.add_argument("--offline", action="store_true", help="only the templates written for the tests")
    arguments = parser.parse_args()
    folders = [] if arguments.offline else [npm_tokenizers.folder_of(name) for name in npm_tokenizers.NAMES]
    sources = list(templates(folders + arguments.folder))
    different = compare_rendering(arguments.program, sources) + compare_masks(arguments.program, sources)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
