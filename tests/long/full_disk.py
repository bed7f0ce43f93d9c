# SPDX-License-Identifier: MIT
"""A checkpoint that finds no room is an error, and the old one stays: python full_disk.py PROGRAM FOLDER

No room: a limit on the size of files, /dev/full, and a small disk in memory, where this system lets us mount one (by unshare, in
a name space of our own); elsewhere the last is said not to have run."""

import json
import os
import pathlib
import resource
import shutil
import struct
import subprocess
import sys


def run(program, file, limit=None):
    def set_limit():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run([program, file], check=True, capture_output=True, text=True, preexec_fn=set_limit).stdout


def updates(file):
    bytes_ = file.read_bytes()
    (length,) = struct.unpack("<Q", bytes_[:8])
    return int(json.loads(bytes_[8 : 8 + length])["__metadata__"]["counter.updates"])


def check_refused(program, file, reason, **options):
    before = file.read_bytes()
    output = run(program, file, **options)
    assert output.startswith("refused: ") and reason in output and str(file) in output, output
    assert file.read_bytes() == before, "the old file has changed"
    assert list(file.parent.iterdir()) == [file], f"something is left behind: {list(file.parent.iterdir())}"


def check_small_disk(program, folder):
    """In this folder a disk of two checkpoints less a page is mounted."""
    file = folder / "checkpoint.safetensors"
    size = int((folder.parent / "size").read_text())
    shutil.copyfile(folder.parent / "first.safetensors", file)
    check_refused(program, file, "No space left on device")
    filler = folder.parent / "disk" / "filler"
    with open(filler, "wb", buffering=0) as out:  # not a byte is left
        try:
            while out.write(bytes(4096)):
                pass
        except OSError:
            pass
    before = file.read_bytes()
    output = run(program, file)
    assert output.startswith("refused: ") and "No space left on device" in output, output
    assert file.read_bytes() == before and sorted(folder.iterdir()) == [file, filler]
    filler.unlink()
    subprocess.run(["mount", "-o", f"remount,size={3 * size}", folder], check=True)
    assert run(program, file) == "saved\n" and updates(file) == 2, "with room again it is not saved"
    print("a small disk, and one without a byte: the old checkpoint stays, and with room again the new one is saved")


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    if len(sys.argv) > 3:  # within the name space
        check_small_disk(program, folder / "disk")
        return
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "limited").mkdir(parents=True)
    (folder / "disk").mkdir()
    file = folder / "limited" / "checkpoint.safetensors"
    assert run(program, file) == "saved\n" and updates(file) == 2
    size = file.stat().st_size
    shutil.copyfile(file, folder / "first.safetensors")
    (folder / "size").write_text(str(size))

    limits = (0, 1, 4096, 65536, size // 2, size - 1)
    for limit in limits:
        check_refused(program, file, "File too large", limit=limit)
    assert run(program, file, limit=size) == "saved\n"
    print(f"{len(limits)} limits below {size} bytes: the old checkpoint stays, and nothing is left behind")

    output = run(program, "/dev/full")
    assert output.startswith("refused: /dev/full") and "No space left on device" in output, output
    print("/dev/full: refused")

    disk = folder / "disk"
    mount = f'mount -t tmpfs -o size={2 * size - 4096} tmpfs "{disk}"'
    probe = subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True, text=True)
    if probe.returncode != 0:
        assert os.environ.get("EIGENCODER_SMALL_DISK") != "required", probe.stderr
        print(f"a small disk: NOT RUN, this system mounts none ({probe.stderr.strip()})")
        return
    script = f'{mount} && exec "{sys.executable}" "{pathlib.Path(__file__).resolve()}" "{program}" "{folder}" within'
    subprocess.run(["unshare", "-m", "sh", "-c", script], check=True)


if __name__ == "__main__":
    main()
