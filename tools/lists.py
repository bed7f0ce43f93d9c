#!/usr/bin/env python3
"""Writes what follows from the headers: the umbrella's lines of the rooms that it includes as a whole, and the tables of all layers
and losses in docs/.

    python3 tools/lists.py           writes them
    python3 tools/lists.py --check   fails where they are not current"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS = ROOT / "include" / "eigencoder"
WHOLE_ROOMS = ("layers", "losses", "optimizers")
TABLES = {"layers": ROOT / "docs" / "layers.md", "losses": ROOT / "docs" / "losses.md"}

# A struct of namespace eigencoder with its doc comment, and what stands between the two.
DOCUMENTED = re.compile(
    r"^(?P<doc>(?:///[^\n]*\n)+)(?:template <[^\n]*\n(?:[^\n]*> *\n)?)?struct (?P<name>\w+)(?:<\w+>)?(?P<base> [^;{]*(?:\{[^;{]*\}[^;{]*)*)?(?:\{\};|\{\n(?P<body>.*?)^\})",
    re.M | re.S)
DETAIL = re.compile(r"^namespace (?:eigencoder::)?detail \{.*?^\}  // namespace (?:eigencoder::)?detail", re.M | re.S)


def umbrella(text):
    """The text with one line for every header of the whole rooms, and all lines sorted."""
    block = re.search(r'(?:^#include "eigencoder/[^\n]*\n)+', text, re.M)
    kept = [line for line in block[0].splitlines() if not re.match(rf'#include "eigencoder/(?:{"|".join(WHOLE_ROOMS)})/', line)]
    found = [f'#include "{path.relative_to(HEADERS.parent).as_posix()}"' for room in WHOLE_ROOMS for path in (HEADERS / room).glob("*.hpp")]
    return text[:block.start()] + "".join(f"{line}\n" for line in sorted(kept + found)) + text[block.end():]


def first_sentence(doc):
    """Of a doc comment: up to its first full stop, or to where shapes or an equation of their own begin."""
    words = []
    for line in doc.splitlines():
        line = line[4:]
        if line.startswith("  ") or not line:
            break
        sentence, wide, _ = line.partition("   ")
        end = re.search(r"\.(?= |$)", sentence)
        words.append(sentence[: end.start()] if end else sentence)
        if wide or end:
            break
    return " ".join(words).strip().removesuffix(".").rstrip(":;,").replace("|", "\\|").replace("<", "\\<")


def public(match):
    """Whether a documented struct is a layer or a loss, to be named by users: not a base, an option or what others become fused."""
    says, runs = match["doc"][4:], re.search(r"\b(?:forward|apply|operator\(\))\(", match["body"] or "")
    return not says.startswith(("Base of", "What ")) and bool(runs or ":" in (match["base"] or ""))


def rows(room):
    for path in sorted((HEADERS / room).glob("*.hpp")):
        for match in DOCUMENTED.finditer(DETAIL.sub("", path.read_text(encoding="utf-8"))):
            if public(match):
                yield match["name"], first_sentence(match["doc"]), path.relative_to(HEADERS).as_posix()


def table(room, text):
    """The page with its table, between two comments."""
    begin, end = f"<!-- all {room}, by tools/lists.py -->\n", f"<!-- end of all {room} -->\n"
    before, rest = text.split(begin)
    lines = ["| name | what it is | header |\n", "|---|---|---|\n"]
    lines += [f"| `{name}` | {says} | `{header}` |\n" for name, says, header in sorted(rows(room))]
    return before + begin + "\n" + "".join(lines) + "\n" + end + rest.split(end)[1]


def main():
    current = {HEADERS / "eigencoder.hpp": umbrella} | {page: lambda text, room=room: table(room, text) for room, page in TABLES.items()}
    stale = []
    for path, write in current.items():
        text = path.read_text(encoding="utf-8")
        if (new := write(text)) != text:
            stale.append(path.relative_to(ROOT).as_posix())
            if sys.argv[1:] != ["--check"]:
                path.write_text(new, encoding="utf-8")
    if stale and sys.argv[1:] == ["--check"]:
        sys.exit(f"{', '.join(stale)}: not current. Run python3 tools/lists.py")
    print(*(stale or ["all lists are current"]), sep="\n")


main()
