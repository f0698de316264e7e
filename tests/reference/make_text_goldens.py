"""Goldens of tokenizers and chat templates, made with tokenizers 0.23 and Transformers 5.

Usage: make_text_goldens.py tests/golden/text
The vocabulary is trained here, on the text below and on template_cases.py; no model's vocabulary is copied.
"""
import json, pathlib, random, sys, unicodedata

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers.utils import chat_template_utils

import template_cases

PROSE = """The quick brown fox doesn't jump over the lazy dog; it's the dog that'll jump, they've said, and I'd agree if you're sure.
Training a language model is mostly waiting. You write a recipe, you start the run, and then the numbers come down the screen:
the loss falls quickly at first, then slowly, then hardly at all. On 3 machines with 16 processors each it took 1024 steps.
What does the option do? It sets the learning rate. What is the learning rate for? It decides how far each step goes.
for (int i = 0; i < 10; ++i) {\n    total += values[i] * 2;\n}\nreturn total;\n\tif (x == NULL) { exit(1); }
def render(messages, tools=None):\n    return "".join(m["content"] for m in messages if m["role"] != "system")
Die Schrauben im Gehäuse drehen sich nicht; größere Räder brauchen mehr Öl. Où est la bibliothèque? Près de l'école, à côté.
Привет, как дела? Спасибо, всё хорошо. 今日はいい天気ですね。明日も晴れるでしょう。 한국어 문장도 하나 있습니다. שלום עולם
What is the package for? The package holds the documentation of the library. This package contains the headers and the static library.
""" * 3

SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_level(prefix=False, regex=True):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def sequence(*stages):
    return {"type": "Sequence", "pretokenizers": list(stages)}


def added(id, content, **flags):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False} | flags


def template(*items, specials=()):
    return {"type": "TemplateProcessing", "single": list(items), "pair": [], "special_tokens": {
        name: {"id": name, "ids": [id], "tokens": [name]} for name, id in specials}}


TEXT = {"Sequence": {"id": "A", "type_id": 0}}
BOS = {"SpecialToken": {"id": "<|im_start|>", "type_id": 0}}


def variants(size):
    """What replaces which top-level keys of the base file (model: merged into it)."""
    trim = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    return {
        "gpt2": {"pre_tokenizer": byte_level()},
        "gpt2_trimmed": {"pre_tokenizer": byte_level(), "post_processor": trim},
        "prefix_space": {"pre_tokenizer": byte_level(prefix=True), "post_processor": {**trim, "add_prefix_space": False}},
        "prefix_space_digits": {"pre_tokenizer": sequence({"type": "Digits", "individual_digits": True}, byte_level(prefix=True)), "post_processor": trim},
        "smollm": {"pre_tokenizer": sequence({"type": "Digits", "individual_digits": True}, byte_level())},
        "digit_runs": {"pre_tokenizer": sequence({"type": "Digits", "individual_digits": False}, byte_level())},
        "llama3": {"pre_tokenizer": sequence(split({"Regex": LLAMA3}), byte_level(regex=False)), "model": {"ignore_merges": True},
                   "post_processor": {"type": "Sequence", "processors": [trim, template(BOS, TEXT, specials=[("<|im_start|>", 1)])]}},
        "regex_engine": {"pre_tokenizer": sequence(split({"Regex": "(?:" + GPT2 + ")"}), byte_level(regex=False))},
        "qwen": {"normalizer": {"type": "NFC"}, "pre_tokenizer": sequence(split({"Regex": LLAMA3.replace("{1,3}", "")}), byte_level(regex=False))},
        "nfc_sequence": {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}]}, "pre_tokenizer": byte_level()},
        "removed": {"pre_tokenizer": sequence(split({"String": " "}, "Removed"), byte_level())},
        "previous": {"pre_tokenizer": sequence(split({"String": "a"}, "MergedWithPrevious"), byte_level(regex=False))},
        "next": {"pre_tokenizer": sequence(split({"Regex": "\\s"}, "MergedWithNext"), byte_level(regex=False))},
        "contiguous": {"pre_tokenizer": sequence(split({"Regex": "\\d|,"}, "Contiguous"), byte_level(regex=False))},
        "inverted": {"pre_tokenizer": sequence(split({"Regex": "\\w+"}, "Removed", True), byte_level())},
        "empty_matches": {"pre_tokenizer": sequence(split({"Regex": "b*"}), byte_level(regex=False))},
        "added": {"pre_tokenizer": byte_level(), "post_processor": trim, "normalizer": {"type": "NFC"}, "added_tokens": [
            added(0, SPECIALS[0], special=True), added(1, SPECIALS[1], special=True), added(2, SPECIALS[2], special=True, lstrip=True, rstrip=True),
            added(size, "<tool>", lstrip=True), added(size + 1, "<tool>x", rstrip=True), added(size + 2, "qword", single_word=True),
            added(size + 3, "e\u0301t\u00e9", normalized=True), added(size + 4, "\n\n\n"), added(size + 5, "  ", normalized=True), added(size + 6, "日本")]},
        "whole": {"pre_tokenizer": byte_level(regex=False)},
    }


def texts(seed, count):
    rng = random.Random(seed)
    categories = {}
    for code in range(0x30000):
        if not 0xD800 <= code <= 0xDFFF:
            categories.setdefault(unicodedata.category(chr(code)), []).append(chr(code))
    names = [name for name in categories if name not in ("Cn", "Cs")]
    spaces = [" ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u3000", "\x0b", "\x85", "\u2028"]
    words = ("the don't I'll they've it's 'S 'T ''s 're hello World x86_64 3.14 12345 ½ ² Ⅷ naïve ﬁ ſs e\u0301 e\u0301t\u00e9 été a\u0308\u0323 각 ᄀ ᅡ ᆨ क\u093c 日本語 日本 "
             "qword qwords sqword 👩‍👩‍👧 \ufeff \x00 \x1f package documentation learning <tool> <tool>x <tool <|im_start|> <|im_end|> <|endoftext|> <|im bbb abba , a").split(" ")
    fixed = ["", " ", "\n", "a", "Hello  world\n\n 12345's", "don't ½ café e\u0301 日本語", "<|im_start|>user\nhi<|im_end|>", "<|im_start|> <|im_end|>  <|im_end|>\n",
             "a" * 300, " " * 200 + "x", "qword the qword, sqword qword", "\n\n\n\n\n  \n", "é" * 90, PROSE[:400]]
    pieces = lambda: rng.choice([lambda: rng.choice(spaces) * rng.randint(1, 3), lambda: rng.choice(words), lambda: rng.choice(words),
                                 lambda: rng.choice(categories[rng.choice(names)]), lambda: "".join(chr(rng.randint(0, 127)) for _ in range(rng.randint(1, 6)))])()
    return fixed + ["".join(pieces() for _ in range(rng.randint(1, 10))) for _ in range(count)]


def byte_offsets(text, offsets):
    at = [0]
    for character in text:
        at.append(at[-1] + len(character.encode()))
    return [[at[begin], at[end]] for begin, end in offsets]


def make_tokenizers(folder):
    base = Tokenizer(models.BPE())
    base.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    base.decoder = decoders.ByteLevel()
    corpus = PROSE + pathlib.Path(template_cases.__file__).read_text()
    base.train_from_iterator(corpus.splitlines(True), trainers.BpeTrainer(
        vocab_size=3 + 256 + 1000, special_tokens=SPECIALS, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    file = json.loads(base.to_str())
    (folder / "tokenizer.json").write_text(json.dumps(file, ensure_ascii=False, separators=(",", ":")) + "\n")
    vectors = []
    for index, (name, changes) in enumerate(variants(base.get_vocab_size()).items()):
        changed = {**file, **changes, "model": {**file["model"], **changes.get("model", {})}}
        tokenizer = Tokenizer.from_str(json.dumps(changed))
        cases = []
        for text in texts(index, 12):
            encoding = tokenizer.encode(text)
            plain = tokenizer.encode(text, add_special_tokens=False)
            cases.append({"text": text, "ids": encoding.ids, "offsets": byte_offsets(text, encoding.offsets), "plain": len(plain.ids),
                          "decoded": tokenizer.decode(encoding.ids, skip_special_tokens=False), "skipped": tokenizer.decode(encoding.ids)})
        vectors.append({"name": name, "changes": changes, "cases": cases})
    write_lines(folder / "tokenizer_vectors.jsonl", vectors)


def render(source, context):
    compiled = chat_template_utils._compile_jinja_template(source)
    if "{% generation %}" in source:
        context = dict(context)
        text, spans = chat_template_utils._render_with_assistant_indices(
            compiled, context.pop("messages"), context.pop("tools"), context.pop("documents"), context.pop("add_generation_prompt"), **context)
        return {"output": text, "generated": [[len(text[:b].encode()), len(text[:e].encode())] for b, e in spans]}
    return {"output": compiled.render(**context)}


def make_templates(folder):
    chat, values = template_cases.CHAT, template_cases.VALUES
    sources = [(f"expression_{i}_{j}", "{{ " + part + " }}", "values") for i, line in enumerate(template_cases.EXPRESSIONS.split("\n")) for j, part in enumerate(line.split(" | "))]
    sources += [(name, source, "chat" if "messages" in source else "values") for name, source in template_cases.STATEMENTS.items()]
    sources += [(name, source, "chat") for name, source in (("chatml", template_cases.CHATML), ("llama3", template_cases.LLAMA3), ("generation", template_cases.GENERATION),
                                                            ("qwen3", template_cases.QWEN3))]
    sources += [(f"error_{name}", source, "values") for name, source in template_cases.ERRORS.items()]
    cases = []
    for name, source, context in sources:
        try:
            result = render(source, {"chat": chat, "values": values}[context])
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {error}"}
        assert ("error" in result) == name.startswith("error_"), (name, source, result)
        cases.append({"name": name, "template": source, "context": context, **result})
    write_lines(folder / "template_vectors.jsonl", cases)
    (folder / "template_contexts.json").write_text(json.dumps({"chat": chat, "values": values}, indent=1) + "\n")


def write_lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    make_tokenizers(target)
    make_templates(target)
