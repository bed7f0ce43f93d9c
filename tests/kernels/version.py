# SPDX-License-Identifier: MIT
"""Headers of another version do not link with the component: python3 version.py INCLUDE LIBRARY COMPILER [OPTION...]"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = "#include <eigencoder/core/simd.hpp>\nint main() { return eigencoder::simd() > eigencoder::Simd::v4; }\n"


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

        def link(headers):
            command = [*compiler, "-DEIGENCODER_COMPILED_KERNELS", f"-I{headers}", source, library, "-o", place / "program"]
            return subprocess.run(list(map(str, command)), capture_output=True, text=True)

        own = link(include)
        assert own.returncode == 0, own.stderr
        strange = link(other)
        assert strange.returncode != 0, "headers of another version link with the component"
        wanted = f"HeadersOf<\\d+, \\d+, {int(number) + 1}>"
        assert re.search(wanted, strange.stderr), strange.stderr
    print("headers and component link if their versions are one")


main(*sys.argv[1:])
