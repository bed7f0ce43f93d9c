#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the files of data/time_series from the packages scipy 1.11.4 and aeon 1.6.0 of PyPI, which it downloads.

    python3 tools/make_time_series.py           writes the files
    python3 tools/make_time_series.py --facts   prints what tests/unit/data/time_series_test.cpp expects of them, from the packages

It needs Python and pip, nothing else. The same packages and the same zlib give the same bytes. What the files are, and how the heartbeats
were found and labelled, is in data/time_series/README.md."""

import argparse
import bisect
import gzip
import io
import math
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import zipfile

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "time_series"

# Where each file that is taken as it is lies in aeon's wheel.
AEON = {
    "JapaneseVowels_TRAIN.ts": "JapaneseVowels/JapaneseVowels_TRAIN.ts",
    "JapaneseVowels_TEST.ts": "JapaneseVowels/JapaneseVowels_TEST.ts",
    "ItalyPowerDemand_TRAIN.ts": "ItalyPowerDemand/ItalyPowerDemand_TRAIN.ts",
    "ItalyPowerDemand_TEST.ts": "ItalyPowerDemand/ItalyPowerDemand_TEST.ts",
    "InternalBleeding16_TRAIN.csv": "KDD-TSAD_135/135_UCR_Anomaly_InternalBleeding16_TRAIN.csv",
    "InternalBleeding16_TEST.csv": "KDD-TSAD_135/135_UCR_Anomaly_InternalBleeding16_TEST.csv",
}

# The ECG: 360 samples a second, 200 units of the converter a millivolt, 1024 of them at 0 mV.
RATE, GAIN, ZERO = 360, 200, 1024
BASELINE = 144  # samples on each side of the running median, 0.8 s in all
BEATS_APART = 90  # samples within which a beat's peak is the highest value
LOWEST_PEAK = 100  # units above the baseline, 0.5 mV
BEFORE, AFTER = 64, 128  # samples of a beat's window before its peak and from it on
NARROW, WIDE, WIDEST = 13, 26, 45  # samples: a normal beat's width is below the first, an extrasystole's from the second to the third
ROUGH, WANDERING = 8.0, 120  # units: mean of the second differences, and range of the baseline, above which a window is disturbed
TRAIN_UNTIL = 150 * RATE  # beats before this sample are for training


def download(folder):
    """The two wheels, open."""
    for package in ("aeon==1.6.0", "scipy==1.11.4"):
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--python-version", "3.11",
                        "--platform", "manylinux2014_x86_64", "--dest", folder, package], check=True)
    return [zipfile.ZipFile(next(pathlib.Path(folder).glob(f"{name}-*.whl"))) for name in ("aeon", "scipy")]


def read_ecg(scipy):
    """The samples in units of the converter: a NumPy array of uint16 in a .npz file."""
    with zipfile.ZipFile(io.BytesIO(scipy.read("scipy/misc/ecg.dat"))) as archive:
        contents = archive.read("ecg.npy")
    if contents[:8] != b"\x93NUMPY\x01\x00" or b"'<u2'" not in contents[:128]:
        raise SystemExit("scipy/misc/ecg.dat: expected a NumPy array of uint16")
    begin = 10 + struct.unpack_from("<H", contents, 8)[0]
    return list(struct.unpack(f"<{(len(contents) - begin) // 2}H", contents[begin:]))


def running_median(x, half):
    """Of each value and those up to `half` before and behind it."""
    window, medians = sorted(x[:half]), []
    for i in range(len(x)):
        if i + half < len(x):
            bisect.insort(window, x[i + half])
        if i > half:
            window.pop(bisect.bisect_left(window, x[i - half - 1]))
        medians.append(window[len(window) // 2])
    return medians


def find_beats(x):
    """The baseline, and (peak, class) of each beat whose window lies within the series."""
    baseline = running_median(x, BASELINE)
    above = [value - base for value, base in zip(x, baseline)]
    smooth = [sum(above[max(i - 2, 0):i + 3]) for i in range(len(x))]  # five times the height
    beats = []
    for i in range(BEATS_APART, len(x) - AFTER):
        around = smooth[i - BEATS_APART:i + BEATS_APART + 1]
        if smooth[i] < 5 * LOWEST_PEAK or smooth[i] < max(around) or smooth[i] == max(around[:BEATS_APART]):
            continue
        # The width of the peak at half of its height.
        first = last = i
        while first > 0 and 2 * smooth[first] > smooth[i]:
            first -= 1
        while last < len(x) - 1 and 2 * smooth[last] > smooth[i]:
            last += 1
        width = last - first
        window = range(i - BEFORE, i + AFTER)
        rough = statistics.fmean(abs(x[j + 1] - 2 * x[j] + x[j - 1]) for j in window if abs(j - i) > 20)
        wandering = max(baseline[j] for j in window) - min(baseline[j] for j in window)
        if rough > ROUGH or wandering > WANDERING or width > WIDEST:
            beats.append((i, "disturbed"))
        else:
            beats.append((i, "normal" if width < NARROW else "extrasystole" if width >= WIDE else "between"))
    return baseline, beats


def beats_file(x, baseline, beats):
    """A .ts file: each beat above its baseline in millivolt, two samples averaged to one."""
    lines = ["#Heartbeats of MIT-BIH record 208, lead MLII, 19:35 to 24:35. Made by tools/make_time_series.py: labels are made by a rule.",
             "@problemName ECGBeats", "@timeStamps false", "@missing false", "@univariate true", "@equalLength true",
             f"@seriesLength {(BEFORE + AFTER) // 2}", "@classLabel true normal extrasystole between", "@data"]
    for peak, kind in beats:
        window = range(peak - BEFORE, peak + AFTER, 2)
        values = (x[j] - baseline[j] + x[j + 1] - baseline[j + 1] for j in window)
        lines.append(",".join(f"{value / (2 * GAIN):.4f}".rstrip("0").rstrip(".") for value in values) + f":{kind}")
    return "\n".join(lines) + "\n"


def make(aeon, scipy):
    """Name → contents of each file, unpacked."""
    files = {name: aeon.read(f"aeon/datasets/data/{path}") for name, path in AEON.items()}
    x = read_ecg(scipy)
    baseline, beats = find_beats(x)
    files["ecg.csv"] = "millivolt\n" + "".join(f"{(value - ZERO) / GAIN:.3f}\n" for value in x)
    files["ecg_beats.csv"] = "peak,class\n" + "".join(f"{peak},{kind}\n" for peak, kind in beats)
    sound = [beat for beat in beats if beat[1] != "disturbed"]
    files["ECGBeats_TRAIN.ts"] = beats_file(x, baseline, [beat for beat in sound if beat[0] < TRAIN_UNTIL])
    files["ECGBeats_TEST.ts"] = beats_file(x, baseline, [beat for beat in sound if beat[0] >= TRAIN_UNTIL])
    return {name: contents.encode() if isinstance(contents, str) else contents for name, contents in files.items()}


def write(files):
    for name, contents in files.items():
        path = OUTPUT / f"{name}.gz"
        # Neither a name nor a time in the gzip header: they would change from run to run.
        with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0) as packed:
            packed.write(contents)
        print(f"{path.name}: {path.stat().st_size} bytes")


def ts_facts(name, contents):
    """What a reader must find, by means of Python's own numbers: sequences, channels, longest, shortest and sum of the lengths, sum of
    the values and of each times its step and its channel (from 1 on), first and last value, sequences of each class."""
    lines = contents.decode().splitlines()
    samples = [line.rsplit(":", 1) for line in lines[[line.strip().lower() for line in lines].index("@data") + 1:] if line.strip()]
    sequences = [[[float(v) for v in channel.split(",")] for channel in values.split(":")] for values, _ in samples]
    lengths = [len(sequence[0]) for sequence in sequences]
    values = [v for sequence in sequences for channel in sequence for v in channel]
    weighted = [v * c * t for sequence in sequences for c, channel in enumerate(sequence, 1) for t, v in enumerate(channel, 1)]
    classes = next(line for line in lines if line.lower().startswith("@classlabel")).split()[2:]
    counts = [sum(label == kind for _, label in samples) for kind in classes]
    print(f'    {{"{name}", {len(sequences)}, {len(sequences[0])}, {max(lengths)}, {min(lengths)}, {sum(lengths)}, {math.fsum(values)!r}, '
          f'{math.fsum(weighted)!r}, {sequences[0][0][0]!r}, {sequences[-1][-1][-1]!r}, {{{", ".join(map(str, counts))}}}}},')


def csv_facts(name, contents):
    """Steps, sum, first and last value."""
    rows = [line.split(",") for line in contents.decode().splitlines()[1:]]
    values = [float(row[len(row) // 2]) for row in rows]  # the only column, or the second of three
    print(f'    {{"{name}", {len(rows)}, {math.fsum(values)!r}, {values[0]!r}, {values[-1]!r}}},')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--facts", action="store_true", help="print what the tests expect, write nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = make(*download(folder))
    if not options.facts:
        return write(files)
    for name, contents in files.items():
        if name.endswith(".ts"):
            ts_facts(name, contents)
        elif name != "ecg_beats.csv":
            csv_facts(name, contents)


main()
