"""The umbrella header needs Eigen and the standard library alone, and draws in no stream objects and no solvers.

    python3 lean_umbrella.py compiler [flags]"""

import pathlib
import subprocess
import sys

unwanted = {"Eigenvalues", "iostream", "nlohmann", "zlib.h", "png.h", "jpeglib.h"}
command = [*sys.argv[1:], "-M", "-x", "c++", "-"]
rule = subprocess.run(command, input="#include <eigencoder/eigencoder.hpp>\n", stdout=subprocess.PIPE, text=True, check=True).stdout
headers = [pathlib.PurePath(word) for word in rule.split()]
if not any(header.name == "trainer.hpp" for header in headers):
    sys.exit("The compiler did not list the library's own headers.")
if found := sorted(str(header) for header in headers if unwanted & set(header.parts)):
    sys.exit("The umbrella includes " + ", ".join(found))
