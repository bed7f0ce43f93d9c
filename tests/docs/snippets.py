"""Writes the C++ blocks of Markdown pages as source files, and prints their names: python3 snippets.py folder page.md ...

A block with a main is a program and stays as it is. The others share files, which include <eigencoder/eigencoder.hpp>: one that declares
(its first line of code behind its includes starts with template, struct, class, namespace or concept) stands in a namespace of its own there,
and any other in a function. A block after the line <!-- continues --> goes on where the block before it ended, inside its main or function."""

import pathlib
import re
import shlex
import sys

BLOCK = re.compile(r"^(?P<continues><!-- continues -->\n+)?```cpp[^\n]*\n(?P<code>.*?)^```$", re.M | re.S)
DECLARES = re.compile(r"\s*((//|#include)[^\n]*\n\s*)*(template|struct|class|namespace|concept)\b")
PROGRAM = re.compile(r"\bint main\b")
INCLUDE = re.compile(r"^#include.*\n", re.M)
UMBRELLA = "#include <eigencoder/eigencoder.hpp>\n"
LINES = 300  # of the blocks of a file, about


def source(block, name, page, number):
    """What is compiled of a block: a program, or its includes and the rest."""
    code = f'#line {number} "{page}"\n{block}'
    if PROGRAM.search(block):
        return code
    code = re.sub(r"^(#include|namespace ec =).*", "", code, flags=re.M)
    opening = f"namespace {name} {{\n" if DECLARES.match(block) else f"void {name}() {{\n"
    return "".join(INCLUDE.findall(block)) + opening + code + "}\n"


def blocks(page):
    """The blocks of a page by their names."""
    text = page.read_text(encoding="utf-8")
    found = {}
    for block in BLOCK.finditer(text):
        number = text.count("\n", 0, block.start("code")) + 1
        if block["continues"]:
            head, _, tail = found[name].rpartition("}")
            found[name] = f'{head}\n#line {number} "{page}"\n{block["code"]}}}{tail}'
        else:
            name = f"{page.stem.replace('-', '_')}_{len(found) + 1}"
            found[name] = source(block["code"], name, page, number)
    return found


def joined(parts):
    includes = dict.fromkeys([UMBRELLA, *(line for part in parts for line in INCLUDE.findall(part))])
    return "".join(includes) + "namespace ec = eigencoder;\n" + "".join(INCLUDE.sub("", part) for part in parts)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    written, parts, units = {}, [], 0
    for page in map(pathlib.Path, sys.argv[2:]):
        for name, code in blocks(page).items():
            if PROGRAM.search(code):
                written[folder / f"{name}.cpp"] = code
            else:
                parts.append(code)
        if sum(part.count("\n") for part in parts) >= LINES or page == pathlib.Path(sys.argv[-1]):
            units += 1
            written[folder / f"blocks_{units}.cpp"] = joined(parts)
            parts = []
    for old in set(folder.glob("*.cpp")) - written.keys():
        old.unlink()
    for path, code in written.items():
        if not path.exists() or path.read_text(encoding="utf-8") != code:
            path.write_text(code, encoding="utf-8")
    print(shlex.join(map(str, written)))


main()
