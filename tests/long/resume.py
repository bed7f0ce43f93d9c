# SPDX-License-Identifier: MIT
"""Ten epochs have the bits of five, a checkpoint, a new process and five more, for the network of every example:
python resume.py PROGRAM FOLDER"""

import pathlib
import subprocess
import sys


def run(program, folder, part):
    output = subprocess.run([program, folder, part], check=True, capture_output=True, text=True).stdout
    return dict(line.split() for line in output.splitlines())


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    whole, first, second = (run(program, folder, part) for part in ("whole", "first", "second"))
    assert len(whole) > 0 and set(whole) == set(first) == set(second)
    for name, digest in whole.items():
        assert first[name] != digest, f"{name}: five epochs have the bits of ten"
        print(f"{name}: {digest}")
    others = [name for name in whole if second[name] != whole[name]]
    assert not others, f"other bits after a checkpoint: {', '.join(others)}"
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    print(f"{len(whole)} networks go on from a checkpoint with the bits of a training without one; {size:,} bytes of checkpoints")


if __name__ == "__main__":
    main()
