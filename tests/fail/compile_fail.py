"""Compiles a program that must fail, and the same program with -DCONTROL, which must not, so that it fails for its one reason.

    python3 compile_fail.py case.cpp compiler [flags]

Every comment '// expect: some text' of the program is a text that the compiler must print."""

import re
import subprocess
import sys


def main():
    case, compiler, *flags = sys.argv[1:]
    with open(case, encoding="utf-8") as source:
        expected = re.findall(r"^// expect: (.+)$", source.read(), flags=re.M)
    if not expected:
        sys.exit(f"{case} has no line '// expect: ...'")

    def compile(*more):
        command = [compiler, *flags, "-fsyntax-only", *more, case]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")

    control = compile("-DCONTROL")
    if control.returncode != 0:
        sys.exit(f"{control.stdout}\nThe control must compile, and does not.")

    failure = compile()
    print(failure.stdout)
    if failure.returncode == 0:
        sys.exit("It must not compile, and does.")
    # Compilers break lines and quote as they like.
    said = " ".join(failure.stdout.split())
    if missing := [text for text in expected if " ".join(text.split()) not in said]:
        sys.exit("\n".join(f"It does not say: {text}" for text in missing))


main()
