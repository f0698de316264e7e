"""The texts that tokenizers are compared on, by class."""
import json
import pathlib
import random
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPACES = [" ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2003", "\x0b", "\x0c", "\x85", "\u2028"]
WORDS = ["the", "don't", "I'll", "we've", "'s", "'S", "'LL", "'ſ", "they're", "'", "''", "'re", "hello", "World",
         "HTTPServer", "iPhone", "x86_64", "3.14", "2024", "1234567", "naïve", "日本語", "カタカナー", "Ünïcode", "ſs", "ﬁ",
         "½", "²", "Ⅷ", "e\u0301", "a\u0308\u0323", "각", "ᄀ", "ᅡ", "ᆨ", "\u0915\u093c", "ǅ", "İ", "ß", "👩‍👩‍👧", "🏳️‍🌈",
         "\ufeff", "\x00", "▁", "▁▁", "Ġ", "<0x41>", "</w>", "##", "//", "/*", "_", "—", "http://a.b/c?d=e&f"]
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|eot_id|>", "<s>", "</s>", "<unk>",
            "<bos>", "<start_of_turn>", "<end_of_turn>", "<｜begin▁of▁sentence｜>", "<｜User｜>", "<|start|>",
            "<|message|>", "<think>", "</think>", "<tool_call>", "<|im", "im_end|>", "<", ">", "|>", "<|", "[MASK]",
            "<h1>", "</table>", "\n\n\n"]
CODES = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
ASSIGNED = [chr(code) for code in CODES if unicodedata.category(chr(code)) != "Cn"]


def characters_by_category():
    by_category = {}
    for character in ASSIGNED:
        by_category.setdefault(unicodedata.category(character), []).append(character)
    return list(by_category.values())


def fuzzed(count, seed, specials):
    """Random strings: words, spaces, special tokens, any character, runs."""
    rng = random.Random(seed)
    categories = characters_by_category()
    specials = SPECIALS + list(specials)

    def part():
        kind = rng.random()
        if kind < .2:
            return rng.choice(SPACES) * rng.randint(1, 4)
        if kind < .3:
            return rng.choice(specials)
        if kind < .6:
            return rng.choice(WORDS)
        if kind < .75:
            return rng.choice(rng.choice(categories))
        if kind < .8:
            return chr(rng.choice(CODES))
        if kind < .85:
            return "".join(rng.choice(ASSIGNED) for _ in range(rng.randint(1, 6)))
        if kind < .95:
            return "".join(chr(rng.randint(0, 127)) for _ in range(rng.randint(1, 8)))
        return rng.choice("abcdefghij \n'-=▁0") * rng.randint(1, 100)

    return ["".join(part() for _ in range(rng.randint(0, 14))) for _ in range(count)]


def every_character(step):
    """Every step-th code point between letters, digits and spaces, a hundred to a string."""
    chosen = CODES[::step]
    return ["".join(f"a{chr(code)}b 1{chr(code)} {chr(code)}A'{chr(code)}\n" for code in chosen[at:at + 100])
            for at in range(0, len(chosen), 100)]


def runs():
    """Runs of spaces, line ends and other repeats, with and without something around them."""
    texts = []
    for unit in SPACES + ["a", "=", "-", "0", "é", "日", "👍", "ha", "'s", "\u0301"]:
        for length in (1, 2, 3, 4, 7, 8, 15, 16, 17, 63, 64, 65, 200, 1000):
            texts += [unit * length, "x" + unit * length + "y", unit * length + "\n" + unit]
    return texts


def source_code(limit):
    files = sorted(ROOT.glob("core/**/*.cpp")) + sorted(ROOT.glob("tests/**/*.py")) + sorted(ROOT.glob("docs/*.md"))
    return [file.read_text() for file in files][:limit]


def chats(path, limit):
    """The messages of a chat data set, one a string."""
    texts = []
    if path is None:
        return texts
    with open(path) as lines:
        for line in lines:
            texts += [message["content"] for message in json.loads(line)["messages"]]
            if len(texts) >= limit:
                break
    return texts[:limit]


def long_documents(seed):
    """Documents of 1 MB: prose and code, one word without end, and no spaces."""
    rng = random.Random(seed)
    prose = "\n".join(source_code(None))
    prose = (prose * (1_000_000 // len(prose) + 1))[:1_000_000]
    letters = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(1_000_000))
    return [prose, letters, "ab" * 500_000, "a" * 1_000_000, "日本語テキスト。" * 125_000]
