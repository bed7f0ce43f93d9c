"""Compiles programs that must fail, and the same programs with -DCONTROL, which must not, so that each fails for its one reason.

    python3 compile_fail.py headers  folder compiler [flags]     precompiles, in folder, all headers that the cases include
    python3 compile_fail.py controls folder compiler [flags]     compiles all controls, each in a namespace of its own, as one unit
    python3 compile_fail.py case.cpp folder compiler [flags]     compiles a case that must fail

Every comment '// expect: some text' of a case is a text that the compiler must print. A case with a line '// flags: ...' is compiled
with these flags, its control without, and both by themselves: without the precompiled headers."""

import os
import pathlib
import re
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def lines(case, key):
    return re.findall(rf"^// {key}: (.+)$", case.read_text(encoding="utf-8"), flags=re.M)


def own_flags(case):
    return " ".join(lines(case, "flags")).split()


def shared_cases():
    return [case for case in sorted(HERE.glob("*.cpp")) if not own_flags(case)]


def compile(compiler, *more):
    command = [compiler, *more]
    return subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


def must_compile(what, *command):
    result = compile(*command)
    if result.returncode != 0:
        sys.exit(f"{result.stdout}\n{what} must compile, and does not.")


def precompile(headers, compiler, flags):
    includes = {line: None for case in shared_cases() for line in re.findall(r"^#include .+$", case.read_text(encoding="utf-8"), flags=re.M)}
    headers.parent.mkdir(parents=True, exist_ok=True)
    headers.write_text("".join(f"{line}\n" for line in includes), encoding="utf-8")
    # Where each of the two looks for what stands for an -include. Clang then instantiates what the headers need once, not in every case.
    suffix, more = (".pch", ["-fpch-instantiate-templates"]) if "clang" in compile(compiler, "--version").stdout else (".gch", [])
    must_compile(headers, compiler, *flags, *more, f"-iquote{HERE}", "-x", "c++-header", headers, "-o", f"{headers}{suffix}")


def controls(headers, compiler, flags):
    source = headers.with_name("controls.cpp")
    bodies = (f'namespace {case.stem} {{\n#include "{case}"\n}}\n' for case in shared_cases())
    source.write_text("#define CONTROL\n" + "".join(bodies), encoding="utf-8")
    must_compile("Every control", compiler, *flags, "-fsyntax-only", f"-iquote{HERE}", "-include", headers, source)


def errors(expected, *command):
    """What a compiler prints, which of the texts are not in it, and its status. It is stopped as soon as it has said them all: what it
    goes on to instantiate behind an error takes it seconds."""
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True
    )
    said, missing = "", expected
    for line in process.stderr:
        said += line
        words = " ".join(said.split())  # compilers break lines and quote as they like
        missing = [text for text in missing if " ".join(text.split()) not in words]
        if not missing and "error: " in words:
            os.killpg(process.pid, signal.SIGTERM)
            break
    process.stderr.close()
    return said, missing, process.wait()


def must_fail(case, headers, compiler, flags):
    expected = lines(case, "expect")
    if not expected:
        sys.exit(f"{case} has no line '// expect: ...'")
    if own := own_flags(case):
        must_compile("The control", compiler, *flags, "-fsyntax-only", "-DCONTROL", case)
    else:
        own = ["-include", headers]

    said, missing, status = errors(expected, compiler, *flags, "-fsyntax-only", *own, case)
    if status == 0:
        sys.exit("It must not compile, and does.")
    if missing:
        print(said)
        sys.exit("\n".join(f"It does not say: {text}" for text in missing))


def main():
    what, folder, compiler, *flags = sys.argv[1:]
    headers = pathlib.Path(folder, "headers.hpp")
    if what == "headers":
        precompile(headers, compiler, flags)
    elif what == "controls":
        controls(headers, compiler, flags)
    else:
        must_fail(pathlib.Path(what), headers, compiler, flags)


main()
