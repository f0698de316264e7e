"""Compares a SentencePiece vocabulary read from a GGUF file (tokens with scores) with SentencePiece itself.

Usage: compare_sentencepiece.py TOKENIZE_LINES [--strings N] [--seed S]; exit code 1 if anything differs.
"""
import argparse
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import component_cases
import comparison_texts
import gguf
import sentencepiece

NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


def trained():
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(component_cases.CORPUS), model_writer=written, minloglevel=2, vocab_size=1200, model_type="bpe",
        byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False)
    return sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())


def write_gguf(path, model):
    ids = range(model.get_piece_size())
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("llama")
    writer.add_token_list([model.id_to_piece(number).encode() for number in ids])
    writer.add_token_scores([model.get_score(number) for number in ids])
    writer.add_token_types([UNKNOWN if model.is_unknown(number) else CONTROL if model.is_control(number)
                            else BYTE if model.is_byte(number) else NORMAL for number in ids])
    writer.add_bos_token_id(model.bos_id())
    writer.add_unk_token_id(model.unk_id())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--strings", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=20_260)
    arguments = parser.parse_args()
    model = trained()
    texts = comparison_texts.fuzzed(arguments.strings, arguments.seed, []) + component_cases.CORPUS
    # Written out, control tokens are text to SentencePiece and tokens to a model's user; NUL ends its texts.
    texts = [text for text in texts if text and not any(mark in text for mark in ("<s>", "</s>", "\0"))]
    with tempfile.TemporaryDirectory() as folder:
        write_gguf(pathlib.Path(folder) / "model.gguf", model)
        lines = pathlib.Path(folder) / "texts.jsonl"
        lines.write_text("".join(json.dumps(text) + "\n" for text in texts))
        done = subprocess.run([arguments.program, "encode", f"{folder}/model.gguf", lines], capture_output=True, text=True, check=True)
    different = 0
    for text, line in zip(texts, done.stdout.split("\n"), strict=False):
        ours = json.loads(line)["ids"]
        theirs = [model.bos_id()] + model.encode(text)
        if ours != theirs:
            different += 1
            if different <= 5:
                print(f"  {text[:100]!r}: {[model.id_to_piece(i) for i in theirs[:12]]} {[model.id_to_piece(i) for i in ours[:12]]}")
    print(f"seed {arguments.seed}: {len(texts)} strings compared, {different} differ")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
