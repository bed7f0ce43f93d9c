# SPDX-License-Identifier: MIT
"""What TensorBoard reads of our event files: python event_files.py PROGRAM SCRATCH_FOLDER"""

import json
import pathlib
import struct
import shutil
import subprocess
import sys

from tensorboard.backend.event_processing import event_accumulator, event_file_loader, plugin_event_accumulator
from tensorboard.util import tensor_util

checks = 0


def check(what, found, expected):
    global checks
    if found != expected:
        sys.exit(f"{what}: expected {expected!r}, found {found!r}")
    checks += 1


def as_float(value):
    """The nearest float32."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def expected_scalars(folder):
    """tag → [(step, value)], from the lines that JsonLinesLogger has written."""
    tags = {}
    for name in ("first.jsonl", "second.jsonl"):
        for line in (folder / name).read_text().splitlines():
            values = json.loads(line)
            for key, value in values.items():
                if key in ("epoch", "seconds"):
                    continue
                tag = key
                if key.startswith("validation_"):
                    tag = key.removeprefix("validation_") + "/validation"
                elif key not in ("learning_rate", "gradient_norm", "samples_per_second"):
                    tag = key + "/train"
                tags.setdefault(tag, []).append((values["epoch"], as_float(value)))
    return tags


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    logs = folder / "logs"
    shutil.rmtree(logs, ignore_errors=True)  # of an earlier run
    subprocess.run([program, folder], check=True)
    files = sorted(logs.iterdir())
    check("event files of two fits", len(files), 2)
    scalars = expected_scalars(folder)
    pictures = {"samples/gray": ("gray.png", 5, 3, 1), "größer": ("colours.png", 4, 7, 3)}

    records = sum(1 for path in files for _ in event_file_loader.RawEventFileLoader(str(path)).Load())
    check("records whose checksums hold", records, 2 + 6)
    print(f"event_file_loader: {records} records")

    old = event_accumulator.EventAccumulator(str(logs), size_guidance={"scalars": 0, "images": 0}).Reload()
    check("tags of scalars", sorted(old.Tags()["scalars"]), sorted(scalars))
    for tag, expected in scalars.items():
        check(tag, [(event.step, event.value) for event in old.Scalars(tag)], expected)
    check("steps of the validation loss", [step for step, _ in scalars["loss/validation"]], [1, 2, 3])
    check("steps of the training loss", [step for step, _ in scalars["loss/train"]], [1, 2, 3, 4, 5, 6])
    check("tags of images", sorted(old.Tags()["images"]), sorted(pictures))
    for tag, (name, width, height, _) in pictures.items():
        expected = [(step, width, height, (folder / name).read_bytes()) for step in (2, 4, 6)]
        check(tag, [(event.step, event.width, event.height, event.encoded_image_string) for event in old.Images(tag)], expected)
    print(f"event_accumulator: {len(scalars)} scalars and {len(pictures)} images equal")

    new = plugin_event_accumulator.EventAccumulator(str(logs), size_guidance={"tensors": 0}).Reload()
    check("tags of tensors", sorted(new.Tags()["tensors"]), sorted([*scalars, *pictures]))
    for tag, expected in scalars.items():
        check(f"plugin of {tag}", new.SummaryMetadata(tag).plugin_data.plugin_name, "scalars")
        found = [(event.step, float(tensor_util.make_ndarray(event.tensor_proto))) for event in new.Tensors(tag)]
        check(tag, found, expected)
    for tag, (name, width, height, _) in pictures.items():
        check(f"plugin of {tag}", new.SummaryMetadata(tag).plugin_data.plugin_name, "images")
        expected = [(step, [str(width).encode(), str(height).encode(), (folder / name).read_bytes()]) for step in (2, 4, 6)]
        check(tag, [(event.step, list(event.tensor_proto.string_val)) for event in new.Tensors(tag)], expected)
    print(f"plugin_event_accumulator: {len(scalars)} scalars and {len(pictures)} images equal")

    damaged = bytearray(files[0].read_bytes())
    damaged[-6] ^= 1
    (folder / "damaged").write_bytes(damaged)
    read = list(event_file_loader.RawEventFileLoader(str(folder / "damaged")).Load())
    check("records before one whose byte has changed, so that checksums are looked at", len(read), 3)
    print(f"{checks} checks hold")


main()
