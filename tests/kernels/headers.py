# SPDX-License-Identifier: MIT
"""Headers of another version, or with another alignment of Eigen's memory, do not link with the component:
python3 headers.py INCLUDE LIBRARY COMPILER [OPTION...]"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = "#include <eigencoder/core/shape.hpp>\nint main() {}\n"


def main(include, library, *compiler):
    with tempfile.TemporaryDirectory() as temporary:
        place = pathlib.Path(temporary)
        source, other = place / "main.cpp", place / "include"
        source.write_text(PROGRAM, encoding="utf-8")
        shutil.copytree(pathlib.Path(include) / "eigencoder/core", other / "eigencoder/core")
        header = other / "eigencoder/core/version.hpp"
        text = header.read_text(encoding="utf-8")
        number = re.search(r"VERSION_PATCH (\d+)", text)[1]
        header.write_text(text.replace(f"VERSION_PATCH {number}", f"VERSION_PATCH {int(number) + 1}"), encoding="utf-8")

        def link(headers, *options):
            command = [*compiler, *options, "-DEIGENCODER_COMPILED_KERNELS", f"-I{headers}", source, library, "-o", place / "program"]
            return subprocess.run(list(map(str, command)), capture_output=True, text=True)

        def refused(what, symbol, *operands):
            strange = link(*operands)
            assert strange.returncode != 0, f"{what} link with the component"
            assert re.search(symbol, strange.stderr), strange.stderr

        own = link(include)
        assert own.returncode == 0, own.stderr
        refused("headers of another version", rf"HeadersOf<\d+, \d+, {int(number) + 1}, \d+>", other)
        refused("matrices of another alignment", rf"HeadersOf<\d+, \d+, {number}, 128>", include, "-DEIGEN_MAX_ALIGN_BYTES=128")
    print("headers and component link if their versions and the alignments of their matrices are one")


main(*sys.argv[1:])
