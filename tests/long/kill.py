# SPDX-License-Identifier: MIT
"""Kills a training that saves checkpoints, 200 times at random moments: python kill.py PROGRAM FOLDER [KILLS]

After each the checkpoint that is there must be whole, must load, must be the last one whose saving was
announced as complete, or the one that was being saved, and must have the bits that it had when it was saved. The next training
goes on from it, so that in the end all of them together must have the bits of one that nobody killed."""

import json
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import time


def updates_of(checkpoint):
    """How many updates a checkpoint says that there had been; all of its bytes must be there."""
    bytes_ = checkpoint.read_bytes()
    (length,) = struct.unpack("<Q", bytes_[:8])
    header = json.loads(bytes_[8 : 8 + length])
    texts = header.pop("__metadata__")
    assert len(header) == 12 and max(entry["data_offsets"][1] for entry in header.values()) == len(bytes_) - 8 - length
    return int(texts["counter.updates"])


def killed_after(program, folder, seconds):
    """The lines that it has said. It is killed so many seconds after the first of them."""
    process = subprocess.Popen([program, folder, "train"], stdout=subprocess.PIPE)
    first = process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    assert process.wait() == -signal.SIGKILL, "it ended before it was killed"
    whole = (first + rest).decode()
    return whole[: whole.rfind("\n") + 1].splitlines()  # a line that was cut announces nothing


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    checkpoint = folder / "checkpoint.safetensors"
    rng = random.Random(14)
    saved, digests, moments, parts = 0, {}, {"saving": 0, "training": 0}, 0
    begun = 0

    for kill in range(kills):
        lines = killed_after(program, folder, rng.uniform(0, 0.15))
        for line in lines:
            what, updates, *digest = line.split()
            updates = int(updates)
            if what == "saving":
                assert updates == saved + 50, f"kill {kill}: it went on from another moment"
                assert digests.setdefault(updates, digest[0]) == digest[0], f"kill {kill}: other bits than the last time"
                begun = updates
            else:
                saved = updates
        moments["saving" if lines and lines[-1].startswith("saving") else "training"] += 1
        left = [path for path in folder.iterdir() if path != checkpoint]
        assert all(path.name.startswith(".eigencoder-") and path.suffix == ".part" for path in left), left
        parts += len(left)
        for path in left:
            path.unlink()
        if not checkpoint.exists():
            assert saved == 0, f"kill {kill}: there is no checkpoint, though that of update {saved} was saved"
            continue
        written = updates_of(checkpoint)
        found, digest = subprocess.run([program, folder, "check"], check=True, capture_output=True, text=True).stdout.split()
        assert int(found) == written
        assert written in (saved, begun), f"kill {kill}: the checkpoint is of update {written}, saved was {saved}"
        assert digest == digests[written], f"kill {kill}: the checkpoint of update {written} has other bits than were saved"
        saved = written

    assert min(moments.values()) >= kills // 20, f"too few kills of one kind: {moments}"
    straight = subprocess.run([program, folder, "straight", str(saved)], check=True, capture_output=True, text=True).stdout.split()
    assert straight == [str(saved), digests[saved]], "all together have other bits than one training that nobody killed"
    print(f"{kills} kills, {moments['saving']} within a save, {moments['training']} between two: each left the last checkpoint")
    print(f"{saved} updates, saved each, have the bits of a training that nobody killed; {parts} unfinished files were left behind")


if __name__ == "__main__":
    main()
