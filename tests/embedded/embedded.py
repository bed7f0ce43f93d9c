"""Holds header files of weights to what they promise:

    python3 embedded.py export_program folder compiler... -- [flags]

The program writes networks as headers into the folder. predict.cpp, which includes them, is then built by each compiler without
exceptions and RTTI. It must refer to nothing but a few functions of memory and mathematics, so to no heap, file or exception; be
linked without the standard library of C++; end where anything asks for memory; and predict the same bits. Prints its size. refuse.cpp
shows what an error does without exceptions."""

import pathlib
import re
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# -ffp-contract=off: else a compiler rounds a * b + c once or twice as its optimiser likes, and the two programs differ in that.
FLAGS = ["-std=c++20", "-Os", "-fno-exceptions", "-fno-rtti", "-DNDEBUG", "-ffp-contract=off", "-ffunction-sections", "-fdata-sections",
         "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
NO_LIBRARY = ["-nodefaultlibs", "-Wl,--gc-sections", "-lm", "-lc", "-lgcc"]
ALLOWED = re.compile(r"(mem(cpy|move|set|cmp)|(sqrt|exp|exp2|log|log1p|expm1|tanh|erf|pow|fmin|fmax|fma|floor|ceil|rint)f?)$"
                     r"|__mem\w+_chk$|__stack_chk_fail$|_GLOBAL_OFFSET_TABLE_$")


def run(*command):
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if result.returncode != 0:
        sys.exit(f"{result.stdout}\n{' '.join(map(str, command))}\nfailed with {result.returncode}.")
    return result.stdout


def build(compiler, folder, flags):
    name = pathlib.Path(compiler).name
    parts = {source: folder / f"{name}_{source}.o" for source in ("predict", "forbid_heap")}
    for source, out in parts.items():
        run(compiler, *FLAGS, *flags, f"-I{folder}", f"-I{HERE}", "-c", HERE / f"{source}.cpp", "-o", out)

    symbols = {line.split()[-1] for line in run("nm", "-u", parts["predict"]).splitlines() if line.strip()}
    if strangers := sorted(symbol for symbol in symbols if not ALLOWED.match(symbol)):
        sys.exit(f"{name}: the program refers to {', '.join(strangers)}")

    program = folder / f"{name}_predict"
    run(compiler, *parts.values(), "-o", program, *NO_LIBRARY)
    run(program)  # which says a line of predict.cpp
    run("strip", program)
    text, data, bss = run("size", program).splitlines()[1].split()[:3]
    print(f"{name}: the same bits; needs {', '.join(sorted(symbols)) or 'nothing'}; {program.stat().st_size} bytes stripped "
          f"(program and constants {text}, data {data}, zeroed RAM {bss})")


def refuse(compiler, folder, flags):
    program = folder / "refuse"
    run(compiler, *FLAGS, *flags, HERE / "refuse.cpp", "-o", program)
    result = subprocess.run([str(program)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode != -signal.SIGABRT or result.stderr != "slope must not be negative, found -0.5\n":
        sys.exit(f"{compiler}: an error without exceptions ended with {result.returncode} and said {result.stderr!r}")


def main():
    exporter, folder, *rest = sys.argv[1:]
    compilers, flags = rest[:rest.index("--")], rest[rest.index("--") + 1:]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    run(exporter, folder)
    for compiler in compilers:
        build(compiler, folder, flags)
        refuse(compiler, folder, flags)


main()
