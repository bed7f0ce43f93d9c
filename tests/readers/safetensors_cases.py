# SPDX-License-Identifier: MIT
"""Holds our reader and writer of safetensors files to the format's own library: python safetensors_cases.py PROGRAM FOLDER

Both read the same files: cases by name, one file cut at every byte, random changes of good files. Whatever we accept, the
library accepts, with equal tensors and texts. What it accepts and we refuse is one of DIFFERENCES. And what we write, it reads
with equal bits, and would write byte for byte."""

import ctypes
import json
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys

import numpy
from safetensors import SafetensorError, TensorSpec, deserialize, safe_open, serialize

BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
        "C64": 64, "F64": 64, "I64": 64, "U64": 64}
# What the library's function `serialize` calls them; it has no name for the others.
NAMES = {"BOOL": "bool", "I8": "int8", "U8": "uint8", "I16": "int16", "U16": "uint16", "I32": "int32", "U32": "uint32",
         "I64": "int64", "U64": "uint64", "F16": "float16", "F32": "float32", "F64": "float64", "BF16": "bfloat16"}


# --- what we refuse on purpose ---------------------------------------------------------------------------------------------

class Pairs(list):
    """An object of JSON with its duplicates."""


def members(value):
    return value if isinstance(value, Pairs) else []


def entries(header):
    return [(name, entry) for name, entry in header if name != "__metadata__"]


def has_duplicates(names):
    return len(names) != len(set(names))


DIFFERENCES = {
    "white space before {": lambda text, header: not text.startswith("{"),
    "a tensor twice": lambda text, header: has_duplicates([name for name, _ in entries(header)]),
    "a text twice": lambda text, header: any(has_duplicates([key for key, _ in members(value)])
                                             for name, value in header if name == "__metadata__"),
    "a tensor without a name": lambda text, header: any(name == "" for name, _ in header),
    "an entry that is a list of its fields": lambda text, header: any(type(entry) is list for _, entry in entries(header)),
    "a dtype that is an object": lambda text, header: any(isinstance(value, Pairs) for _, entry in entries(header)
                                                          for key, value in members(entry) if key == "dtype"),
}


def differences(blob):
    length = struct.unpack("<Q", blob[:8])[0]
    text = blob[8 : 8 + length].decode()
    try:
        header = json.loads(text, object_pairs_hook=Pairs)
    except RecursionError:
        return []
    return [name for name, holds in DIFFERENCES.items() if holds(text, header)]


# --- the cases -------------------------------------------------------------------------------------------------------------

def blob(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype="F32", shape=(1,), begin=0, end=4, **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end], **more}


def dump(**tensors):
    return json.dumps(tensors, separators=(",", ":"))


FOUR = b"\x00\x00\x80\x3f"
ONE = dump(w=entry())
E = ONE[len('{"w":') : -1]  # the entry alone


def named_cases():
    """(name, bytes, whether the library accepts, whether we do)"""
    both, neither, ours_refuses = (True, True), (False, False), (True, False)

    def case(name, bytes_, verdicts):
        return (name, bytes_, *verdicts)

    yield case("plain", blob(ONE, FOUR), both)
    yield case("padded", blob(ONE + "   ", FOUR), both)
    yield case("white space after", blob(ONE + " \n\r\t ", FOUR), both)
    yield case("white space within", blob(ONE.replace(":", " : \n").replace(",", "\t, "), FOUR), both)
    for name, space in {"space": " ", "tab": "\t", "newline": "\n"}.items():
        yield case(f"{name} before", blob(space + ONE, FOUR), ours_refuses)
    yield case("byte order mark before", blob("\ufeff" + ONE, FOUR), neither)
    yield case("NUL after", blob(ONE + "\0", FOUR), neither)
    yield case("NUL and more after", blob(ONE + "\0" + ONE, FOUR), neither)
    yield case("NUL within", blob(ONE.replace(",", "\0,", 1), FOUR), neither)
    yield case("two headers", blob(ONE + ONE, FOUR), neither)
    yield case("comma after", blob(ONE + ",", FOUR), neither)
    yield case("comment", blob("{/* */" + ONE[1:], FOUR), neither)
    yield case("trailing comma", blob(ONE[:-1] + ",}", FOUR), neither)
    for name, text in {"empty": "", "spaces": "    ", "list": "[]", "null": "null", "number": "3", "string": '"w"',
                       "open": "{", "closed": "}"}.items():
        yield case(f"header {name}", blob(text), neither)
    yield case("no tensors", blob("{}"), both)
    yield case("no tensors but bytes", blob("{}", FOUR), neither)

    for size in range(9):
        yield case(f"{size} bytes of zero", bytes(size), neither)
    yield case("header longer than the file", blob(ONE, length=len(ONE) + 1), neither)
    yield case("header shorter", blob(ONE, FOUR, length=len(ONE) - 1), neither)
    for name, length in {"hundred million and one": 100_000_001, "2^63": 2**63, "2^64 - 1": 2**64 - 1, "2^64 - 8": 2**64 - 8,
                         "hundred million": 100_000_000, "2^32": 2**32}.items():
        yield case(f"header length {name}", blob(ONE, FOUR, length=length), neither)
    big_header = ONE + " " * (100_000_000 - len(ONE))
    yield case("header of hundred million", blob(big_header, FOUR), both)
    yield case("header of hundred million and one", blob(big_header + " ", FOUR), neither)

    yield case("trailing byte", blob(ONE, FOUR + b"\0"), neither)
    yield case("short data", blob(ONE, FOUR[:3]), neither)
    yield case("no data", blob(ONE), neither)
    two = lambda a, b: blob(json.dumps({"a": a, "b": b}), FOUR + FOUR)  # noqa: E731
    yield case("two", two(entry(), entry(begin=4, end=8)), both)
    yield case("two in reverse", two(entry(begin=4, end=8), entry()), both)
    yield case("hole before", blob(dump(a=entry(begin=4, end=8)), FOUR + FOUR), neither)
    yield case("hole between", blob(dump(a=entry(), b=entry(begin=8, end=12)), FOUR * 3), neither)
    yield case("overlap", blob(dump(a=entry(shape=[2], end=8), b=entry(begin=4, end=8)), FOUR + FOUR), neither)
    yield case("same place", blob(dump(a=entry(), b=entry()), FOUR), neither)
    yield case("offsets reversed", blob(dump(a=entry(begin=4, end=0)), FOUR), neither)
    yield case("offsets beyond", blob(dump(a=entry(begin=0, end=8)), FOUR), neither)
    yield case("offsets negative", blob(dump(a=entry(begin=-4, end=0)), FOUR), neither)
    yield case("offsets 2^64 - 1", blob(dump(a=entry("U8", [2**64 - 1], 0, 2**64 - 1)), FOUR), neither)
    yield case("offsets 2^64", blob(dump(a=entry("U8", [2**64], 0, 2**64)), FOUR), neither)
    for name, offsets in {"one": "[0]", "three": "[0,4,4]", "none": "[]", "object": "{}", "number": "4", "string": '"0,4"',
                          "null": "null", "texts": '["0","4"]', "real": "[0,4.0]", "exponent": "[0,4e0]"}.items():
        yield case(f"offsets {name}", blob(ONE.replace("[0,4]", offsets), FOUR), neither)
    yield case("empty tensor within", blob(dump(a=entry(shape=[2], end=8), b=entry(shape=[0], begin=4, end=4)), FOUR * 2), neither)
    yield case("empty tensor between", blob(dump(a=entry(), c=entry(shape=[0], begin=4, end=4), b=entry(begin=4, end=8)), FOUR * 2), both)
    yield case("empty tensor at the end", blob(dump(a=entry(), b=entry(shape=[0], begin=4, end=4)), FOUR), both)
    yield case("empty tensor at the start", blob(dump(b=entry(), a=entry(shape=[3, 0], begin=0, end=0)), FOUR), both)
    yield case("many empty tensors", blob(dump(**{f"t{i}": entry(shape=[0], end=0) for i in range(50)})), both)

    yield case("duplicate, other offsets", blob('{"w":%s,"w":%s}' % (E, E.replace("[0,4]", "[4,8]")), FOUR + FOUR), neither)
    yield case("duplicate, same offsets", blob('{"w":%s,"w":%s}' % (E, E), FOUR), ours_refuses)
    yield case("duplicate by an escape", blob('{"w":%s,"\\u0077":%s}' % (E, E), FOUR), ours_refuses)
    yield case("duplicate of an empty one", blob('{"w":%s,"w":%s}' % (json.dumps(entry(shape=[0], end=0)), E), FOUR), ours_refuses)
    yield case("duplicate field", blob(ONE.replace('"shape"', '"dtype":"F32","shape"'), FOUR), neither)
    yield case("duplicate shape", blob(ONE.replace('"shape":[1]', '"shape":[1],"shape":[1]'), FOUR), neither)
    yield case("duplicate offsets", blob(ONE[:-2] + ',"data_offsets":[0,4]}}', FOUR), neither)
    yield case("unknown field", blob(dump(w=entry(more=1)), FOUR), both)
    yield case("unknown fields twice", blob(ONE[:-2] + ',"x":1,"x":[{"y":[]},null]}}', FOUR), both)
    for field in ("dtype", "shape", "data_offsets"):
        fields = entry()
        del fields[field]
        yield case(f"without {field}", blob(dump(w=fields), FOUR), neither)
        yield case(f"{field} null", blob(dump(w={**entry(), field: None}), FOUR), neither)
        yield case(f"{field} true", blob(dump(w={**entry(), field: True}), FOUR), neither)
    for name, value in {"null": None, "number": 3, "string": "F32", "true": True, "empty": {}, "list": []}.items():
        yield case(f"entry {name}", blob(dump(w=value), FOUR), neither)
    yield case("entry as a list of its fields", blob('{"w":["F32",[1],[0,4]]}', FOUR), ours_refuses)
    yield case("dtype as an object", blob('{"w":{"dtype":{"F32":null},"shape":[1],"data_offsets":[0,4]}}', FOUR), ours_refuses)

    meta = lambda text: blob('{"__metadata__":%s}' % text)  # noqa: E731
    yield case("metadata", meta('{"a":"b","":""}'), both)
    yield case("metadata empty", meta("{}"), both)
    yield case("metadata null", meta("null"), both)
    yield case("metadata escapes", meta(r'{"\u00e9\n\ud83d\ude00\"":"\\\/\b\f\n\r\t\u0000"}'), both)
    yield case("metadata after the tensors", blob(ONE[:-1] + ',"__metadata__":{"a":"b"}}', FOUR), both)
    for name, text in {"number": "3", "list": "[]", "string": '"a"', "true": "true"}.items():
        yield case(f"metadata {name}", meta(text), neither)
    for name, text in {"number": "3", "null": "null", "list": "[]", "object": '{"b":"c"}', "true": "true"}.items():
        yield case(f"metadata value {name}", meta('{"a":%s}' % text), neither)
    yield case("metadata key twice", meta('{"a":"b","a":"b"}'), ours_refuses)
    yield case("metadata twice", blob('{"__metadata__":{"a":"b"},"__metadata__":{"a":"b"}}'), neither)
    yield case("metadata null twice", blob('{"__metadata__":null,"__metadata__":null}'), neither)
    yield case("metadata as a tensor", blob('{"__metadata__":%s}' % E, FOUR), neither)

    yield case("scalar", blob(dump(w=entry(shape=[])), FOUR), both)
    yield case("empty", blob(dump(w=entry(shape=[0, 3], end=0))), both)
    yield case("one by one", blob(dump(w=entry(shape=[1] * 100)), FOUR), both)
    yield case("empty name", blob(json.dumps({"": entry()}), FOUR), ours_refuses)
    yield case("long name", blob(json.dumps({"n" * 10_000: entry()}), FOUR), both)
    yield case("name with NUL", blob('{"a\\u0000b":%s}' % E, FOUR), both)
    yield case("name in UTF-8", blob(json.dumps({"é漢😀": entry()}, ensure_ascii=False), FOUR), both)
    yield case("name in UTF-16", blob('{"\\ud83d\\ude00":%s}' % E, FOUR), both)
    for name, text in {"high": "\\ud800", "low": "\\udc00", "high high": "\\ud800\\ud800", "high letter": "\\ud800a",
                       "reversed": "\\udc00\\ud800"}.items():
        yield case(f"lone surrogate {name}", blob('{"%s":%s}' % (text, E), FOUR), neither)
        yield case(f"lone surrogate {name} in a text", meta('{"a":"%s"}' % text), neither)
        yield case(f"lone surrogate {name} in an unknown field", blob(ONE[:-2] + ',"x":"%s"}}' % text, FOUR), neither)
    for name, raw in {"continuation": b"\x80", "overlong": b"\xc0\xaf", "surrogate": b"\xed\xa0\x80", "beyond": b"\xf4\x90\x80\x80",
                      "cut": b"\xe2\x82", "ff": b"\xff", "overlong 3": b"\xe0\x80\xaf", "overlong 4": b"\xf0\x80\x80\xaf"}.items():
        yield case(f"no UTF-8 {name}", blob(ONE.encode().replace(b"w", raw), FOUR), neither)
        yield case(f"no UTF-8 {name} in an unknown field", blob(ONE.encode()[:-2] + b',"x":"' + raw + b'"}}', FOUR), neither)
        yield case(f"no UTF-8 {name} at the end", blob(ONE.encode() + raw, FOUR), neither)
    for name, raw in {"control character": "\n", "escape": "\\x", "escape cut": "\\u12", "quote": '"'}.items():
        yield case(f"string with a raw {name}", blob(ONE.replace("w", raw, 1), FOUR), neither)

    for name, shape in {"product": [2**32, 2**32], "product and zero": [2**63, 4, 0], "bytes": [2**62],
                        "2^64 - 1": [2**64 - 1], "2^64": [2**64], "10^400": [10**400], "minus one": [-1],
                        "two minus ones": [-1, -1], "minus zero": "[-0]", "real": [1.0], "exponent": "[1e0]", "text": ["1"],
                        "null": [None], "true": [True], "list": [[1]], "object": "{}", "number": "1", "leading zero": "[01]",
                        "plus": "[+1]", "hex": "[0x1]", "NaN": "[NaN]", "infinity": "[Infinity]", "empty place": "[1,]"}.items():
        text = shape if isinstance(shape, str) else json.dumps(shape)
        yield case(f"shape {name}", blob(ONE.replace("[1]", text), FOUR), neither)
    yield case("shape zero and overflow", blob(dump(w=entry(shape=[0, 2**63, 4], end=0))), both)
    yield case("shape of another size", blob(dump(w=entry(shape=[2])), FOUR), neither)
    for dtype, bits in BITS.items():
        yield case(f"dtype {dtype}", blob(dump(w=entry(dtype, [8], 0, bits)), bytes(range(bits))), both)
    for dtype in ("F4", "F6_E2M3", "F6_E3M2"):
        yield case(f"{dtype} of no whole bytes", blob(dump(w=entry(dtype, [3], 0, 2)), bytes(2)), neither)
    for dtype in ("f32", "F33", "", "float32", " F32", "F128", "F8", "F8_E3M4", "BFLOAT16", "I4", "F32\0"):
        yield case(f"dtype {dtype!r}", blob(dump(w=entry(dtype)), FOUR), neither)
    yield case("dtype number", blob(dump(w=entry(32)), FOUR), neither)
    yield case("dtype by an escape", blob(ONE.replace("F32", "\\u004632"), FOUR), both)

    # The outermost object, the entry and the lists of an unknown field: 127 levels at most.
    for depth, verdicts in {100: both, 125: both, 126: neither, 127: neither, 1000: neither, 200_000: neither}.items():
        yield case(f"{depth} lists in an unknown field", blob(ONE[:-2] + ',"x":' + "[" * depth + "]" * depth + "}}", FOUR), verdicts)
        yield case(f"{depth} objects in an unknown field",
                   blob(ONE[:-2] + ',"x":' + '{"a":' * depth + "1" + "}" * depth + "}}", FOUR), verdicts)
    yield case("100,000 lists left open", blob("[" * 100_000), neither)
    yield case("100,000 objects left open", blob('{"a":' * 100_000), neither)
    yield case("real beyond all numbers in an unknown field", blob(ONE[:-2] + ',"x":1e999}}', FOUR), neither)


def seeds():
    """Good files, of which mutations are made."""
    yield blob(ONE, FOUR)
    yield blob(ONE + "    ", FOUR)
    yield blob(dump(__metadata__={"format": "pt", "a": "é"}, w=entry(shape=[2, 2], end=16), b=entry("F64", [1], 16, 24)), bytes(range(24)))
    yield blob(dump(a=entry("U8", [3], 0, 3), b=entry("BOOL", [], 3, 4), c=entry("F16", [0, 7], 4, 4), d=entry("F4", [2], 4, 5)), b"abcde")
    yield blob(dump(w=entry(extra=[{"deep": [1.5, None, True]}, "x"])), FOUR)
    yield blob('{"w":%s,"v":%s}' % (E, E.replace("[0,4]", "[4,8]")), FOUR + FOUR)


PIECES = ['"', "{", "}", "[", "]", ",", ":", "\\", "\\u0077", "\\ud800", "0", "1", "-", ".0", "e1", "9" * 20, "null", "true", " ",
          "\n", "\0", '"w":', '"dtype"', '"F32"', '"shape":[1],', '"data_offsets":[0,4]', '"__metadata__":{"a":"b"},', '"":', E,
          "\ufeff", "é", "[" * 130, '"x":3,', "[0,4]", "[4,8]", '"F64"', '"U8"', "[]", "{}"]


def mutate(rng, good):
    length = struct.unpack("<Q", good[:8])[0]
    header, data = bytearray(good[8 : 8 + length]), bytearray(good[8 + length :])
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(header) + 1)
        to = min(len(header), at + rng.randrange(1, 12))
        what = rng.randrange(8)
        if what == 0:
            header[at:at] = rng.choice(PIECES).encode()
        elif what == 1:
            del header[at:to]
        elif what == 2:
            header[at:to] = rng.choice(PIECES).encode()
        elif what == 3 and at < len(header):
            header[at] = rng.randrange(256)
        elif what == 4:
            header[at:at] = header[rng.randrange(len(header) + 1) :][: rng.randrange(1, 60)]
        elif what == 5:  # another number
            numbers = list(re.finditer(rb"\d+", header))
            if numbers:
                number = rng.choice(numbers)
                header[number.start() : number.end()] = str(rng.choice((0, 1, 2, 3, 4, 5, 8, 16, 2**32, 2**63, 2**64))).encode()
        elif what == 6:  # an entry once more, or two in the other order
            text = bytes(header)
            header = bytearray(text.replace(b"{", b"{" + text[1:text.find(b"}") + 1] + b",", 1))
        else:
            data[len(data) :] = bytes(rng.randrange(3)) if rng.random() < 0.5 else b""
            del data[len(data) - rng.randrange(2) :]
    written = len(header) if rng.random() < 0.95 else max(0, len(header) + rng.choice((-1, 1, 8, -8)))
    return struct.pack("<Q", written) + bytes(header) + bytes(data)


# --- judging ---------------------------------------------------------------------------------------------------------------

def reference(path, bytes_):
    """What the library says of a file: its tensors and texts, or None. Of bytes and of a file alike."""
    try:
        tensors = {name: [found["dtype"], found["shape"], bytes(found["data"]).hex()] for name, found in deserialize(bytes_)}
    except SafetensorError:
        tensors = None
    try:
        with safe_open(path, framework="np") as file:
            texts = file.metadata()
    except SafetensorError:
        texts, opened = None, False
    else:
        opened = True
    assert opened == (tensors is not None), f"{path}: the library itself is of two minds"
    return None if tensors is None else (tensors, texts or {})


def read(program, folder):
    cases = folder / "cases"
    rng = random.Random(14)
    table = {}

    def add(name, bytes_, library, ours):
        file = f"{len(table):05}.safetensors"
        (cases / file).write_bytes(bytes_)
        table[file] = (name, bytes_, library, ours)

    counts = {}
    for case in named_cases():
        add(*case)
    counts["by name"] = len(table)
    whole = list(seeds())[2]
    for size in range(len(whole)):
        add(f"cut after {size} bytes", whole[:size], False, False)
    add("whole", whole, True, True)
    counts["cut"] = len(table) - counts["by name"]
    good = list(seeds())
    for i in range(2000):
        add(f"mutation {i}", mutate(rng, rng.choice(good)), None, None)
    counts["random"] = 2000

    subprocess.run([program, folder], check=True)
    results = [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {result["case"] for result in results} == set(table), "the program did not read all cases"

    complaints, used = [], {}
    tally = {"both accept": 0, "both refuse": 0, "only we refuse": 0}
    for result in results:
        name, bytes_, library_expected, ours_expected = table[result["case"]]
        library = reference(cases / result["case"], bytes_)
        accepted = "error" not in result

        def complain(what):
            complaints.append(f"{name}: {what}: {bytes_[:300]!r} {result.get('error', '')[:300]}")

        if library_expected is not None and (library is not None) != library_expected:
            complain(f"the library {'accepts' if library is not None else 'refuses'}, which this script did not expect")
        if ours_expected is not None and accepted != ours_expected:
            complain(f"we {'accept' if accepted else 'refuse'}, which is wrong")
        if accepted and library is None:
            complain("we accept, the library refuses")
        elif accepted:
            tally["both accept"] += 1
            if (result["tensors"], result["metadata"]) != library:
                complain(f"we read {result}, the library {library}")
        elif library is not None:
            tally["only we refuse"] += 1
            reasons = differences(bytes_)
            for reason in reasons:
                used[reason] = used.get(reason, 0) + 1
            if not reasons:
                complain("we refuse, the library accepts, and it is no difference on purpose")
        else:
            tally["both refuse"] += 1
        if not accepted and result["case"] not in result["error"]:
            complain("the error does not name the file")
    assert not complaints, "\n".join(complaints[:20] + [f"{len(complaints)} in all"])
    assert set(used) == set(DIFFERENCES), f"no case shows: {set(DIFFERENCES) - set(used)}"
    print("cases: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    print("verdicts: " + ", ".join(f"{count} {kind}" for kind, count in tally.items()))
    print("refused on purpose: " + ", ".join(f"{reason} ({count})" for reason, count in used.items()))


def rewritten(bytes_, texts):
    """The file as the library writes it."""
    held, tensors = [], {}
    for name, found in deserialize(bytes_):
        data = bytes(found["data"])
        held.append(ctypes.create_string_buffer(data, max(len(data), 1)))
        tensors[name] = TensorSpec(dtype=NAMES[found["dtype"]], shape=found["shape"], data_ptr=ctypes.addressof(held[-1]), data_len=len(data))
    return serialize(tensors, texts)


def write(folder):
    written = folder / "written"
    files = {path.name: path.read_bytes() for path in sorted(written.iterdir())}
    assert len(files) == 5, sorted(files)

    found = {name: (tensor["dtype"], tensor["shape"], bytes(tensor["data"])) for name, tensor in deserialize(files["all.safetensors"])}
    expected = {f"all.{dtype}": (dtype, [2, 3, 4], 24 * bits // 8) for dtype, bits in BITS.items()}
    expected['quote " backslash \\ tab \t line \n NUL \0 é 漢 😀'] = ("F32", [3], 12)
    expected.update(scalar=("F64", [], 8), empty=("I16", [3, 0, 5], 0), zero=("F32", [0], 0), z=("F32", [1], 4), Z=("F32", [1], 4))
    assert found == {name: (dtype, shape, bytes((7 * i + 1) % 256 for i in range(size))) for name, (dtype, shape, size) in expected.items()}
    with safe_open(written / "all.safetensors", framework="np") as file:
        assert file.metadata() == {"text": 'lines\nand "quotes" and é 漢 😀', "": "a text without a name", "empty": ""}

    values = 0.1 * numpy.arange(12) - 0.5
    with safe_open(written / "numbers.safetensors", framework="np") as file:
        double, single, integer = file.get_tensor("double"), file.get_tensor("float"), file.get_tensor("integer")
    assert double.dtype == numpy.float64 and numpy.array_equal(double, values.reshape(3, 4))
    assert single.dtype == numpy.float32 and numpy.array_equal(single, values.astype(numpy.float32))
    assert integer.tolist() == [-(2**31), -1, 0, 1, 2**31 - 1]

    # The same order, padding and spelling as the library's.
    for name, texts in {"numbers.safetensors": None, "order.safetensors": None, "nothing.safetensors": None, "texts.safetensors": {"format": "pt"}}.items():
        assert rewritten(files[name], texts) == files[name], f"{name}: the library writes {rewritten(files[name], texts)!r}, we {files[name]!r}"
    for name, bytes_ in files.items():
        assert struct.unpack("<Q", bytes_[:8])[0] % 8 == 0, f"{name}: the data are not aligned"
    print(f"written: {len(files)} files, {len(expected)} tensors of {len(BITS)} dtypes read by the library, bits equal")


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    for name in ("cases", "written"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "cases").mkdir(parents=True)
    read(program, folder)
    write(folder)
    shutil.rmtree(folder / "cases")  # two of which have a header of 100 MB


if __name__ == "__main__":
    main()
