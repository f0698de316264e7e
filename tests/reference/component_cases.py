"""One tokenizer.json for every component of the format and each of its settings, with small vocabularies trained here."""
import base64
import io
import itertools
import json
import pathlib

import sentencepiece
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

import make_text_goldens as goldens
import template_cases

CORPUS = (goldens.PROSE + pathlib.Path(template_cases.__file__).read_text()).splitlines(True)
SPACED = [line.replace(" ", "▁") for line in CORPUS]
SPECIALS = ["<unk>", "<s>", "</s>", "[CLS]", "[SEP]"]


def trained(model, trainer, pre_tokenizer, lines):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.train_from_iterator(lines, trainer)
    return json.loads(tokenizer.to_str())["model"]


def fields_of(message):
    """(number, bytes) of each length-delimited field of a protocol buffer."""

    def varint(at):
        value = shift = 0
        while True:
            value |= (message[at] & 0x7F) << shift
            shift += 7
            at += 1
            if message[at - 1] < 0x80:
                return value, at

    at = 0
    while at < len(message):
        key, at = varint(at)
        if key & 7 == 2:
            size, at = varint(at)
            yield key >> 3, message[at:at + size]
            at += size
        elif key & 7 == 0:
            _, at = varint(at)
        else:
            at += 4 if key & 7 == 5 else 8


def charsmap():
    """SentencePiece's own rules of normalisation (nmt_nfkc), as its models carry them."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=written, minloglevel=2,
                                             vocab_size=500)
    normalizer_spec = dict(fields_of(written.getvalue()))[3]
    return base64.b64encode(dict(fields_of(normalizer_spec))[2]).decode()


def trained_models():
    """The model sections by name."""
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    whole = pre_tokenizers.Split("▁", "merged_with_next")
    bpe = trained(models.BPE(unk_token="<unk>"), trainers.BpeTrainer(
        vocab_size=900, special_tokens=SPECIALS + bytes_, show_progress=False), whole, SPACED)
    words = pre_tokenizers.BertPreTokenizer()
    affixes = trained(models.BPE(unk_token="<unk>", continuing_subword_prefix="##", end_of_word_suffix="</w>"),
                      trainers.BpeTrainer(vocab_size=700, special_tokens=SPECIALS, show_progress=False,
                                          continuing_subword_prefix="##", end_of_word_suffix="</w>"), words, CORPUS)
    unigram = trained(models.Unigram(), trainers.UnigramTrainer(
        vocab_size=500, special_tokens=SPECIALS + bytes_, unk_token="<unk>", show_progress=False), whole, SPACED)
    word_piece = trained(models.WordPiece(unk_token="<unk>", max_input_chars_per_word=20), trainers.WordPieceTrainer(
        vocab_size=700, special_tokens=SPECIALS, show_progress=False), words, CORPUS)
    word_level = trained(models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(
        vocab_size=300, special_tokens=SPECIALS, show_progress=False), words, CORPUS)
    byte_level = trained(models.BPE(), trainers.BpeTrainer(
        vocab_size=900, special_tokens=SPECIALS, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()), pre_tokenizers.ByteLevel(add_prefix_space=False), CORPUS)
    fewer = dict(bpe, vocab={token: place for place, token in enumerate(
        token for token in bpe["vocab"] if token not in bytes_[64:128])})
    return {
        "bpe": bpe, "bpe_fuse": {**bpe, "fuse_unk": True}, "bpe_fallback": {**bpe, "byte_fallback": True, "fuse_unk": True},
        "bpe_some_bytes": {**fewer, "byte_fallback": True, "fuse_unk": True},
        "bpe_drop": {**bpe, "unk_token": None}, "bpe_ignore": {**bpe, "ignore_merges": True},
        "bpe_affixes": affixes, "bpe_prefix_bytes": {**affixes, "byte_fallback": True}, "byte_level": byte_level,
        "unigram": unigram, "unigram_bytes": {**unigram, "byte_fallback": True}, "word_piece": word_piece,
        "word_level": word_level,
    }


def normalizer_cases():
    precompiled = {"type": "Precompiled", "precompiled_charsmap": charsmap()}
    replace = lambda pattern, content: {"type": "Replace", "pattern": pattern, "content": content}
    simple = [{"type": name} for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel")]
    simple += [{"type": "Strip", "strip_left": left, "strip_right": right} for left in (True, False) for right in (True, False)]
    simple += [{"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese, "strip_accents": accents,
                "lowercase": lower} for clean in (True, False) for chinese in (True, False)
               for accents in (True, False, None) for lower in (True, False)]
    simple += [{"type": "Prepend", "prepend": "▁"}, {"type": "Prepend", "prepend": "xy"},
               precompiled,
               replace({"String": " "}, "▁"), replace({"Regex": "\\s+"}, " "), replace({"Regex": "(?i)the|\\d"}, ""),
               replace({"Regex": " {2,}"}, "▁▁"), replace({"String": "a"}, "日本")]
    chains = [["NFD", "StripAccents"], ["NFKC", "Lowercase"], ["NFKD", "StripAccents", "Lowercase"], ["Nmt", "NFKC"],
              ["Lowercase", "NFC"], ["StripAccents", "NFC"]]
    simple += [{"type": "Sequence", "normalizers": [{"type": name} for name in chain]} for chain in chains]
    simple.append({"type": "Sequence", "normalizers": [
        precompiled, replace({"Regex": " {2,}"}, " "),
        {"type": "Strip", "strip_left": False, "strip_right": True}, {"type": "Prepend", "prepend": "▁"},
        replace({"String": " "}, "▁")]})
    return simple


def pre_tokenizer_cases():
    behaviors = ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")
    cases = [{"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}
             for pattern in ({"String": "e"}, {"Regex": "\\s|\\p{Lu}"}, {"Regex": "[^\\P{L}a]+"}) for behavior in behaviors
             for invert in (True, False)]
    cases += [{"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}
              for scheme in ("first", "never", "always") for split in (True, False)]
    cases += [{"type": "Punctuation", "behavior": behavior} for behavior in behaviors]
    cases += [{"type": name} for name in ("Whitespace", "WhitespaceSplit", "BertPreTokenizer", "UnicodeScripts")]
    cases += [{"type": "Digits", "individual_digits": True}, {"type": "Digits", "individual_digits": False},
              {"type": "CharDelimiterSplit", "delimiter": "a"}, {"type": "FixedLength", "length": 3}, None]
    cases += [{"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}
              for prefix in (True, False) for regex in (True, False)]
    pairs = [("WhitespaceSplit", "Punctuation"), ("UnicodeScripts", "WhitespaceSplit"), ("Whitespace", "UnicodeScripts")]
    cases += [{"type": "Sequence", "pretokenizers": [{"type": name} | ({"behavior": "Isolated"} if name == "Punctuation" else {})
                                                     for name in pair]} for pair in pairs]
    cases.append({"type": "Sequence", "pretokenizers": [
        {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}]})
    cases.append({"type": "Sequence", "pretokenizers": [
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": False}, {"type": "Digits", "individual_digits": True}]})
    return cases


def decoder_cases():
    metaspace = lambda scheme: {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": True}
    fallback = [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]
    strip = lambda start, stop: {"type": "Strip", "content": "a", "start": start, "stop": stop}
    return [None, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            {"type": "WordPiece", "prefix": "##", "cleanup": True}, {"type": "WordPiece", "prefix": "##", "cleanup": False},
            metaspace("always"), metaspace("never"), metaspace("first"), {"type": "BPEDecoder", "suffix": "</w>"},
            {"type": "CTC", "pad_token": "<s>", "word_delimiter_token": "|", "cleanup": True},
            {"type": "CTC", "pad_token": "a", "word_delimiter_token": "▁", "cleanup": False}, {"type": "Fuse"}, {"type": "ByteFallback"},
            strip(1, 0), strip(2, 0), {"type": "Replace", "pattern": {"Regex": "[aeiou]"}, "content": "*"},
            {"type": "Sequence", "decoders": fallback},
            {"type": "Sequence", "decoders": fallback + [{"type": "Strip", "content": " ", "start": 1, "stop": 0}]}]


def post_processor_cases():
    named = {"sep": ["</s>", 2], "cls": ["<s>", 1]}
    trim = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    template = goldens.template({"SpecialToken": {"id": "<s>", "type_id": 0}}, goldens.TEXT, {"SpecialToken": {"id": "</s>", "type_id": 0}},
                                specials=[("<s>", 1), ("</s>", 2)])
    return [None, trim, {**trim, "add_prefix_space": False}, {"type": "BertProcessing", **named}, template] + [
        {"type": "RobertaProcessing", **named, "trim_offsets": trims, "add_prefix_space": prefix}
        for trims in (True, False) for prefix in (True, False)] + [{"type": "Sequence", "processors": [template, trim]}]


def added_tokens(vocabulary):
    tokens = [goldens.added(vocabulary[token], token, special=True) for token in SPECIALS]
    contents = ["<tool>", "<Tool>", "qword", "été", "((", "日本", "▁▁", "The the"]
    flags = itertools.cycle(({}, {"lstrip": True}, {"normalized": True}, {"single_word": True}, {"rstrip": True, "normalized": True},
                             {"single_word": True, "normalized": True, "special": True}, {"lstrip": True, "rstrip": True}))
    fresh = [content for content in contents if content not in vocabulary]
    return tokens + [goldens.added(len(vocabulary) + place, content, **flag) for place, (content, flag) in enumerate(zip(fresh, flags))]


def cases():
    """(name, tokenizer.json) for all of them."""
    sections = trained_models()
    default = {"version": "1.0", "truncation": None, "padding": None, "normalizer": None, "pre_tokenizer": {"type": "BertPreTokenizer"},
               "post_processor": None, "decoder": None}

    def case(name, model, **changes):
        vocabulary = sections[model]["vocab"]
        if isinstance(vocabulary, list):
            vocabulary = {token: place for place, (token, _) in enumerate(vocabulary)}
        return name, {**default, "added_tokens": added_tokens(vocabulary), "model": sections[model], **changes}

    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    spelled = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    for model in sections:
        yield case(f"model {model}", model)
        yield case(f"model {model} metaspace", model, pre_tokenizer=metaspace)
        yield case(f"model {model} bytes", model, pre_tokenizer=spelled)
        yield case(f"model {model} whole", model, pre_tokenizer=None,
                   normalizer={"type": "Replace", "pattern": {"String": " "}, "content": "▁"})
    for place, normalizer in enumerate(normalizer_cases()):
        yield case(f"normalizer {place} {normalizer['type']}", "bpe_fallback", normalizer=normalizer, pre_tokenizer=metaspace)
    for place, pre_tokenizer in enumerate(pre_tokenizer_cases()):
        name = pre_tokenizer["type"] if pre_tokenizer else "none"
        yield case(f"pre-tokenizer {place} {name}", "bpe", pre_tokenizer=pre_tokenizer)
        yield case(f"pre-tokenizer {place} {name} after NFKD", "unigram", pre_tokenizer=pre_tokenizer, normalizer={"type": "NFKD"})
    for place, decoder in enumerate(decoder_cases()):
        for model in ("bpe_fallback", "word_piece", "byte_level", "bpe_affixes"):
            yield case(f"decoder {place} {decoder['type'] if decoder else 'none'} {model}", model, decoder=decoder)
    for place, processor in enumerate(post_processor_cases()):
        yield case(f"post-processor {place}", "byte_level", pre_tokenizer=spelled, post_processor=processor)
        yield case(f"post-processor {place} general", "bpe_affixes", post_processor=processor)
