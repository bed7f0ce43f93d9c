# SPDX-License-Identifier: MIT
"""In a program that is compiled for any x86-64 and linked with the component, only functions of a level have that level's
instructions: python3 instructions.py OBJDUMP PROGRAM"""

import re
import subprocess
import sys

FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
INSTRUCTION = re.compile(r"^\s+[0-9a-f]+:\s+(?:(?:notrack|bnd|lock|rep\w*|data16|cs)\s+)*([a-z][a-z0-9]*)\s*(.*)$")
# AVX and what came after it: vectors, masks, and integers' of v3. (In programs no older instruction begins with v.)
NEWER = re.compile(r"^(v\w+|k(mov|or|and|xor|xnor|not|shift|unpck|add|test)\w+|andn|bextr|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|movbe)$")
OF_A_LEVEL = re.compile(r"(eigencoder|Eigen)_(v3|v4)")


def main(objdump, program):
    listing = subprocess.run([objdump, "-d", "--no-show-raw-insn", program], check=True, capture_output=True, text=True).stdout
    name, within, outside, functions = "", 0, {}, 0
    for line in listing.splitlines():
        if function := FUNCTION.match(line):
            name, functions = function[1], functions + 1
        elif (instruction := INSTRUCTION.match(line)) and (NEWER.match(instruction[1]) or re.search("%[yz]mm", instruction[2])):
            if OF_A_LEVEL.search(name):
                within += 1
            else:
                outside.setdefault(name, line.strip())
    if within < 1000:
        sys.exit(f"only {within} instructions of newer processors in {functions} functions: this program shows nothing")
    if outside:
        lines = "\n".join(f"  {name}: {line}" for name, line in sorted(outside.items()))
        sys.exit(f"{len(outside)} functions outside of the levels have instructions of newer processors:\n{lines}")
    print(f"{within:,} instructions of newer processors, all of them in functions of a level; {functions:,} functions")


main(*sys.argv[1:])
