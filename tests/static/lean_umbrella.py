"""The umbrella header needs Eigen and the standard library alone, and draws in nothing that most programs do not need.

    python3 lean_umbrella.py unwanted,headers,or,folders,*_with.wildcards compiler [flags]"""

import fnmatch
import pathlib
import subprocess
import sys

unwanted = sys.argv[1].split(",")
command = [*sys.argv[2:], "-M", "-x", "c++", "-"]
rule = subprocess.run(command, input="#include <eigencoder/eigencoder.hpp>\n", stdout=subprocess.PIPE, text=True, check=True).stdout
headers = [pathlib.PurePath(word) for word in rule.split()]
if not any(header.name == "trainer.hpp" for header in headers):
    sys.exit("The compiler did not list the library's own headers.")
if found := sorted(str(header) for header in headers if any(fnmatch.filter(header.parts, name) for name in unwanted)):
    sys.exit("The umbrella includes " + ", ".join(found))
