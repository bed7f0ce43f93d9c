"""Writes the C++ blocks of Markdown pages as source files, and prints their names: python3 snippets.py folder page.md ...

A block with a main is a program and stays as it is. One that declares (its first line of code behind its includes starts with template, struct,
class, namespace or concept) stands in a namespace, and any other in a function, both after #include <eigencoder/eigencoder.hpp>.
A block after the line <!-- continues --> goes on where the block before it ended, inside its main or function."""

import pathlib
import re
import shlex
import sys

BLOCK = re.compile(r"^(?P<continues><!-- continues -->\n+)?```cpp[^\n]*\n(?P<code>.*?)^```$", re.M | re.S)
DECLARES = re.compile(r"\s*((//|#include)[^\n]*\n\s*)*(template|struct|class|namespace|concept)\b")
UMBRELLA = "#include <eigencoder/eigencoder.hpp>\nnamespace ec = eigencoder;\n"


def source(block, page, number):
    """The block as a translation unit."""
    code = f'#line {number} "{page}"\n{block}'
    if re.search(r"\bint main\b", block):
        return code
    includes = "".join(re.findall(r"^#include.*\n", block, flags=re.M))
    code = re.sub(r"^(#include|namespace ec =).*", "", code, flags=re.M)
    opening = "namespace snippet {\n" if DECLARES.match(block) else "void snippet() {\n"
    return UMBRELLA + includes + opening + code + "}\n"


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for page in map(pathlib.Path, sys.argv[2:]):
        text = page.read_text(encoding="utf-8")
        last = None
        for block in BLOCK.finditer(text):
            number = text.count("\n", 0, block.start("code")) + 1
            if block["continues"]:
                head, _, tail = written[last].rpartition("}")
                written[last] = f'{head}\n#line {number} "{page}"\n{block["code"]}}}{tail}'
            else:
                last = folder / f"{page.stem}_{len(written) + 1}.cpp"
                written[last] = source(block["code"], page, number)
    for old in set(folder.glob("*.cpp")) - written.keys():
        old.unlink()
    for path, code in written.items():
        if not path.exists() or path.read_text(encoding="utf-8") != code:
            path.write_text(code, encoding="utf-8")
    print(shlex.join(map(str, written)))


main()
