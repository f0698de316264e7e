"""Makes tests/golden/data: small data sets as mosaicml-streaming, pyarrow and datasets write them, each
with expected.jsonl, what Temper must read from it.

Usage: .venv-reference/bin/python tests/reference/make_data_goldens.py
"""
import base64
import decimal
import io
import json
import pathlib
import shutil
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mosaic_streaming import import_streaming  # noqa: E402

ROOT = pathlib.Path(__file__).parent.parent / "golden" / "data"
# Python's name of each compression and a hash to go with it, so that all are met.
COMPRESSIONS = {None: ["sha1", "xxh64"], "zstd:7": ["xxh128"], "gz": ["md5"], "br:5": ["blake2b"],
                "bz2": ["xxh3_64"], "snappy": ["sha3_256", "xxh32"]}


def base64_text(data):
    return base64.b64encode(data).decode()


def jpeg_bytes(shade):
    out = io.BytesIO()
    Image.new("RGB", (2, 2), (shade, 0, 0)).save(out, format="JPEG")
    return out.getvalue()


def png_bytes(image):
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()


def encodings_columns():
    """column → (encoding, values as MDSWriter takes them, values as Temper's JSON has them)."""
    picture = Image.new("L", (3, 2), 7)
    pixels = {"width": 3, "height": 2, "mode": "L", "data": base64_text(picture.tobytes())}
    columns = {
        "a_str": ("str", ["plain", "é \"q\" \\ \n \x01 日本語", ""], None),
        "b_bytes": ("bytes", [b"\x00\xff", b"", b"abc"],
                    [base64_text(b"\x00\xff"), "", base64_text(b"abc")]),
        "c_int": ("int", [0, -2**63, 2**63 - 1], None),
        "d_json": ("json", [{"role": "user", "n": [1, None, True]}, [1.5], "x"], None),
        "e_str_int": ("str_int", [0, -10**30, 10**30], None),
        "f_str_float": ("str_float", [0.1, -1e-300, float("inf")], [0.1, -1e-300, None]),
        "g_str_decimal": ("str_decimal", [decimal.Decimal("1.10"), decimal.Decimal("-3"),
                                          decimal.Decimal("1E+3")], ["1.10", "-3", "1E+3"]),
        "h_array": ("ndarray", [np.arange(3, dtype=np.int16), np.ones((2, 2), np.float32),
                                np.arange(300, dtype=np.uint8)], "tolist"),
        "i_typed": ("ndarray:int32", [np.arange(6, dtype=np.int32).reshape(1, 2, 3),
                                      np.array([-1], np.int32), np.array([[7]], np.int32)],
                    "tolist"),
        "j_fixed": ("ndarray:float64:2,2", [np.eye(2), np.zeros((2, 2)), np.full((2, 2), np.nan)],
                    [[[1, 0], [0, 1]], [[0, 0], [0, 0]], [[None, None], [None, None]]]),
        "k_pil": ("pil", [picture] * 3, [pixels] * 3),
        "l_jpeg": ("jpeg", [jpeg_bytes(i) for i in range(3)],
                   [base64_text(jpeg_bytes(i)) for i in range(3)]),
        "m_png": ("png", [png_bytes(picture)] * 3, [base64_text(png_bytes(picture))] * 3),
        "n_jpegs": ("jpeg_array", [[jpeg_bytes(1)], [jpeg_bytes(2), jpeg_bytes(3)], [jpeg_bytes(4)]],
                    [[base64_text(jpeg_bytes(1))], [base64_text(jpeg_bytes(i)) for i in (2, 3)],
                     [base64_text(jpeg_bytes(4))]]),
        "o_pngs": ("list[png]", [[picture], [], [picture, picture]],
                   [[base64_text(png_bytes(picture))] * n for n in (1, 0, 2)]),
        "p_pils": ("list[pil]", [[picture], [], [picture]], [[pixels], [], [pixels]]),
    }
    for name in ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"):
        limits = np.iinfo(name)
        columns["q_" + name] = (name, [getattr(np, name)(v) for v in (0, limits.min, limits.max)],
                                [0, int(limits.min), int(limits.max)])
    for name in ("float16", "float32", "float64"):
        kind = getattr(np, name)
        values = [kind(0.1), kind(-65504), kind(np.finfo(name).tiny)]
        columns["r_" + name] = (name, values, [float(v) for v in values])
    return columns


def write_lines(folder, records):
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    (folder / "expected.jsonl").write_text(text, encoding="utf-8")


def write_mds_encodings(streaming):
    folder = ROOT / "mds-encodings"
    columns = encodings_columns()
    with streaming.MDSWriter(out=str(folder), hashes=["sha1"],
                             columns={name: c[0] for name, c in columns.items()}) as out:
        for i in range(3):
            out.write({name: c[1][i] for name, c in columns.items()})
    expected = []
    for i in range(3):
        record = {}
        for name, (_, values, json_values) in columns.items():
            value = values if json_values is None or json_values == "tolist" else json_values
            record[name] = value[i].tolist() if json_values == "tolist" else value[i]
        expected.append(record)
    write_lines(folder, expected)


def write_mds_compressions(streaming):
    records = [{"id": i, "text": f"record {i} " + "x" * (i % 7)} for i in range(40)]
    for compression, hashes in COMPRESSIONS.items():
        name = "none" if compression is None else compression.split(":")[0]
        folder = ROOT / f"mds-{name}"
        with streaming.MDSWriter(out=str(folder), columns={"id": "int", "text": "str"},
                                 compression=compression, hashes=sorted(hashes),
                                 size_limit=700) as out:
            for record in records:
                out.write(record)
        write_lines(folder, records)


def chat(i):
    return {"messages": [{"role": "user", "content": f"question {i} \"é\"\n"},
                         {"role": "assistant", "content": f"answer {i}"}], "id": i}


def write_text_parquet():
    """Nothing but text and lists of structs of it, with every kind of null, in pages that cut rows."""
    folder = ROOT / "parquet-text"
    folder.mkdir()
    items = [{"role": "user", "content": "q \"é\"\n"}, {"role": None, "content": "a"}, None]
    rows = [{"prompt": f"p{i}" if i % 3 else None, "messages": [None, [], items[:1 + i % 3], items * 9][i % 4]}
            for i in range(30)]
    item = pa.struct([("role", pa.string()), ("content", pa.string())])
    schema = pa.schema([("prompt", pa.string()), ("messages", pa.list_(item))])
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / "text.parquet", row_group_size=16, data_page_size=64,
                   write_batch_size=5, use_dictionary=["messages.list.element.role"])
    write_lines(folder, [{key: value for key, value in row.items() if value is not None} for row in rows])


def write_parquet():
    import datasets
    folder = ROOT / "parquet"
    folder.mkdir()
    chats = [chat(i) for i in range(25)]
    pq.write_table(pa.Table.from_pylist(chats), folder / "a-pyarrow.parquet", row_group_size=10,
                   compression="zstd")
    more = [chat(i) for i in range(25, 40)]
    datasets.Dataset.from_list(more).to_parquet(str(folder / "b-datasets.parquet"), batch_size=8)
    write_lines(folder, chats + more)

    folder = ROOT / "parquet-types"
    folder.mkdir()
    columns = {
        "text": pa.array(["a", None, ""]),
        "large": pa.array(["x", "y", None], pa.large_string()),
        "binary": pa.array([b"\x00\x01", b"", None]),
        "flag": pa.array([True, False, None]),
        "small": pa.array([-128, 127, None], pa.int8()),
        "big": pa.array([2**64 - 1, 0, None], pa.uint64()),
        "float": pa.array([0.1, float("nan"), None], pa.float32()),
        "double": pa.array([1e300, -0.5, None]),
        "list": pa.array([[1, None], [], None], pa.list_(pa.int32())),
        "large_list": pa.array([["p"], ["q", "r"], None], pa.large_list(pa.string())),
        "fixed": pa.array([[1, 2], [3, 4], None], pa.list_(pa.int16(), 2)),
        "struct": pa.array([{"k": 1, "s": None}, {"k": None, "s": "t"}, None]),
        "map": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "coded": pa.array(["u", "v", None]).dictionary_encode(),
        "date": pa.array([0, 1, None], pa.date32()),
        "price": pa.array([decimal.Decimal("1.10"), decimal.Decimal("-2.00"), None],
                          pa.decimal128(5, 2)),
        "nothing": pa.nulls(3),
    }
    pq.write_table(pa.table(columns), folder / "types.parquet", compression="snappy")
    expected = [
        {"text": "a", "large": "x", "binary": base64_text(b"\x00\x01"), "flag": True, "small": -128,
         "big": 2**64 - 1, "float": float(np.float32(0.1)), "double": 1e300, "list": [1, None], "large_list": ["p"],
         "fixed": [1, 2], "struct": {"k": 1, "s": None}, "map": [{"key": "k", "value": 1}],
         "coded": "u", "date": "1970-01-01", "price": "1.10"},
        {"large": "y", "binary": "", "flag": False, "small": 127, "big": 0, "float": None,
         "double": -0.5, "list": [], "large_list": ["q", "r"], "fixed": [3, 4],
         "struct": {"k": None, "s": "t"}, "map": [], "coded": "v", "date": "1970-01-02",
         "price": "-2.00"},
        {"text": ""},
    ]
    write_lines(folder, expected)


def main():
    shutil.rmtree(ROOT, ignore_errors=True)
    ROOT.mkdir(parents=True)
    streaming = import_streaming()
    write_mds_encodings(streaming)
    write_mds_compressions(streaming)
    write_parquet()
    write_text_parquet()


if __name__ == "__main__":
    main()
