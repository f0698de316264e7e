"""Data goes from Temper to mosaicml-streaming and from mosaicml-streaming, pyarrow and datasets to Temper without
a difference. Usage: check_data_formats.py TEMPER
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mosaic_streaming import import_streaming  # noqa: E402

ALPHABET = "abc \"\\\n\té日本😀\u0001"


def random_text(chooser, most=40):
    return "".join(chooser.choices(ALPHABET, k=chooser.randint(0, most)))


def random_record(chooser, i):
    return {
        "messages": [{"role": role, "content": random_text(chooser)} for role in ("user", "assistant")],
        "id": chooser.randint(-2**63, 2**63 - 1),
        "score": chooser.uniform(-1e6, 1e6),
        "note": random_text(chooser, 5),
        "mixed": [i, "text", None, True][i % 4],
    }


def read_lines(folder):
    records = []
    for path in sorted(pathlib.Path(folder).glob("*.jsonl")):
        records += [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    return records


class Check:
    def __init__(self, temper, folder, seed):
        self.temper, self.folder, self.streaming = temper, pathlib.Path(folder), import_streaming()
        self.chooser = random.Random(seed)
        self.records = [random_record(self.chooser, i) for i in range(500)]

    def run(self, *arguments):
        subprocess.run([self.temper, "data", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL,
                       env={"TEMPER_CACHE": str(self.folder / "cache")})

    def temper_to_streaming(self):
        source = self.folder / "source.jsonl"
        source.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in self.records),
                          encoding="utf-8")
        for compression in ("none", "zstd", "gz"):
            out = self.folder / f"mds-{compression}"
            self.run("convert", source, out, "--to", "mds", "--compression", compression,
                     "--shard-bytes", 20_000)
            dataset = self.streaming.StreamingDataset(local=str(out), batch_size=1,
                                                      validate_hash="sha1", shuffle=False)
            read = [dataset[i] for i in range(len(dataset))]
            assert read == self.records, f"{compression}: streaming reads other samples"
            print(f"temper -> streaming ({compression}): {len(read)} samples, {len(dataset.shards)} shards")
            back = self.folder / f"back-{compression}"
            self.run("convert", out, back, "--to", "jsonl")
            assert read_lines(back) == self.records, f"{compression}: not the same after a round trip"

    def streaming_to_temper(self):
        columns = {"messages": "json", "id": "int", "score": "float64", "note": "str", "mixed": "json"}
        for compression in (None, "zstd:5", "gz", "br", "bz2", "snappy"):
            name = str(compression).split(":")[0]
            folder = self.folder / f"theirs-{name}"
            with self.streaming.MDSWriter(out=str(folder), columns=columns, compression=compression,
                                          hashes=["sha1", "xxh64"], size_limit=20_000) as out:
                for record in self.records:
                    out.write(record)
            back = self.folder / f"theirs-back-{name}"
            self.run("convert", folder, back, "--to", "jsonl")
            assert read_lines(back) == self.records, f"{compression}: temper reads other samples"
            print(f"streaming -> temper ({compression}): {len(self.records)} samples")

    def parquet_to_temper(self):
        import datasets
        import pyarrow as pa
        import pyarrow.parquet as pq
        rows = [{key: value for key, value in record.items() if key != "mixed"} for record in self.records]
        for compression in ("none", "snappy", "zstd", "gzip", "brotli", "lz4"):
            folder = self.folder / f"parquet-{compression}"
            folder.mkdir()
            pq.write_table(pa.Table.from_pylist(rows), folder / "a.parquet", row_group_size=64,
                           compression=compression)
            back = self.folder / f"parquet-back-{compression}"
            self.run("convert", folder, back, "--to", "jsonl")
            assert read_lines(back) == rows, f"{compression}: temper reads other rows"
            print(f"pyarrow -> temper ({compression}): {len(rows)} rows")
        self.text_parquet_to_temper(pa, pq)
        path = self.folder / "datasets.parquet"
        datasets.disable_progress_bars()
        datasets.Dataset.from_list(rows).to_parquet(str(path), batch_size=100)
        self.run("convert", path, self.folder / "datasets-back", "--to", "jsonl")
        assert read_lines(self.folder / "datasets-back") == rows, "datasets: temper reads other rows"
        print(f"datasets -> temper: {len(rows)} rows")

    def text_parquet_to_temper(self, pa, pq):
        """Rows of text alone, which Temper takes from the pages itself."""
        maybe = lambda value: None if self.chooser.random() < 0.15 else value  # noqa: E731
        rows = [{"prompt": maybe(random_text(self.chooser)),
                 "messages": maybe([maybe({key: maybe(random_text(self.chooser, 300)) for key in ("role", "content")})
                                    for _ in range(self.chooser.choice((0, 1, 2, 40)))]),
                 "note": random_text(self.chooser, 5)} for _ in range(700)]
        expected = [{key: value for key, value in row.items() if value is not None} for row in rows]
        for kind in (pa.string(), pa.large_string()):
            item = pa.struct([("role", kind), ("content", kind)])
            schema = pa.schema([pa.field("prompt", kind), pa.field("messages", pa.list_(item)),
                                pa.field("note", kind, nullable=False)])
            for settings in ({}, {"use_dictionary": False, "data_page_version": "2.0"},
                             {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"},
                             {"use_dictionary": False, "column_encoding": "DELTA_LENGTH_BYTE_ARRAY"}):
                path = self.folder / "text.parquet"
                pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=300, data_page_size=500,
                               write_batch_size=7, compression="zstd", **settings)
                back = self.folder / f"text-back-{kind}-{len(list(self.folder.glob('text-back-*')))}"
                self.run("convert", path, back, "--to", "jsonl")
                assert read_lines(back) == expected, f"{kind} {settings}: temper reads other rows"
                print(f"pyarrow -> temper ({kind}, {settings}): {len(rows)} rows of text")


def main():
    seed = random.SystemRandom().randrange(2**32)
    print("seed", seed)
    with tempfile.TemporaryDirectory() as folder:
        check = Check(sys.argv[1], folder, seed)
        check.temper_to_streaming()
        check.streaming_to_temper()
        check.parquet_to_temper()


if __name__ == "__main__":
    main()
