"""Joins tests into fewer units to compile: python3 join_tests.py folder lines test.cpp ...

A unit begins with what its tests include, and has each test in a namespace of its own. It ends with the test that brings it to so
many lines. A test stays by itself if its first lines say '// by itself: reason'. Prints the units."""

import pathlib
import re
import shlex
import sys

INCLUDE = re.compile(r'^#include (?:"(?P<own>[^"]+)"|<[^>]+>).*\n', re.M)


def hoisted(test, text):
    """The includes of a test; what lies beside it by its whole path."""
    for line in INCLUDE.finditer(text):
        beside = test.parent / line["own"] if line["own"] else None
        yield f'#include "{beside.resolve()}"\n' if beside and beside.exists() else line[0]


def unit(tests):
    includes = dict.fromkeys(line for test, text in tests for line in hoisted(test, text))
    return "".join(includes) + "".join(f'\nnamespace {test.stem} {{\n#include "{test}"\n}}\n' for test, _ in tests)


def main():
    folder, limit, *paths = sys.argv[1:]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    alone, units, lines = [], [[]], 0
    for path in map(pathlib.Path, paths):
        text = path.read_text(encoding="utf-8")
        if re.search(r"^// by itself: ", text, flags=re.M):
            alone.append(path)
            continue
        if lines >= int(limit):
            units.append([])
            lines = 0
        units[-1].append((path, text))
        lines += text.count("\n")

    written = {folder / f"{i}.cpp": unit(tests) for i, tests in enumerate(units) if tests}
    for old in set(folder.glob("*.cpp")) - written.keys():
        old.unlink()
    for path, code in written.items():
        if not path.exists() or path.read_text(encoding="utf-8") != code:
            path.write_text(code, encoding="utf-8")
    print(shlex.join(map(str, [*written, *alone])))


main()
