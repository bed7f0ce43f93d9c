"""Gets ready what the comparison needs: packages, an environment, data, programs. Whatever cannot be had raises Absent."""

from __future__ import annotations

import ctypes.util
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Optional

import catalogue

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "peers"
DATA = BUILD / "data"
PYTHON = BUILD / "venv" / "bin" / "python"
COMPILER = os.environ.get("CXX", "c++")
MNIST_FOLDERS = (Path("/usr/share/datasets/fashion-mnist"), ROOT / "data" / "fashion-mnist")


class Absent(Exception):
    """Something cannot be had; the text says why."""


def _run(*command: object) -> None:
    """Runs a command whose output matters only if it fails, and then its most telling line."""
    try:
        words = [str(word) for word in command]
        done = subprocess.run(words, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError as error:
        raise Absent(str(error)) from error
    if done.returncode != 0:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        telling = [line for line in lines if "error" in line.lower()] or lines[-1:] or ["no output"]
        raise Absent(f"{Path(words[0]).name}: {telling[0]}".replace(f"{ROOT}/", ""))


def _write(path: Path, text: str) -> None:
    beside = path.with_name(path.name + ".part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def system_packages(peers: list[catalogue.Peer]) -> None:
    """Debian's packages, where this is Debian. What is still missing afterwards shows when it is used."""
    packages = ["python3-venv", "dataset-fashion-mnist"]
    if any(peer.name in ("dlib", "minidnn") for peer in peers):
        packages.append("libopenblas-dev")
    if any(peer.name == "dlib" for peer in peers):
        packages.append("libdlib-dev")
    if any(way.tuned_allocator for peer in peers for way in peer.ways) and allocator() is None:
        packages.append("libtcmalloc-minimal4")
    script = 'source tools/common.sh; install_missing "${example_packages[@]}" "$@"'
    subprocess.run(["bash", "-c", script, "compare", *packages], cwd=ROOT, check=False)


def allocator() -> Optional[str]:
    return ctypes.util.find_library("tcmalloc_minimal") or ctypes.util.find_library("jemalloc")


def _pins() -> dict[str, str]:
    lines = (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return {line.split("==")[0]: line for line in lines if "==" in line}


def _install(packages: tuple[str, ...]) -> None:
    wanted = [_pins()[package] for package in packages]
    stamp = PYTHON.parent.parent / f"{packages[0]}.installed"
    if stamp.exists() and stamp.read_text(encoding="utf-8").split() == wanted:
        return
    print(f"Installing {' '.join(wanted)}", flush=True)
    _run(PYTHON, "-m", "pip", "install", "--quiet", "--constraint", HERE / "requirements.txt", *wanted)
    _write(stamp, "\n".join(wanted) + "\n")


def environment() -> None:
    """The Python environment, with what data and charts are made with."""
    if not PYTHON.exists():
        print(f"Making {PYTHON.parent.parent.relative_to(ROOT)}", flush=True)
        _run(sys.executable, "-m", "venv", PYTHON.parent.parent)
    _install(("numpy", "matplotlib"))


def data(seeds: int) -> None:
    """Samples and first weights; data.py describes the files."""
    newest = max((HERE / name).stat().st_mtime for name in ("data.py", "catalogue.py"))
    wanted = [path for work in catalogue.WORKS.values() for split in ("train", "test") for path in samples(work, split)]
    wanted += [weights(work, seed) for work in catalogue.WORKS.values() for seed in range(1, seeds + 1)]
    if all(path.exists() and path.stat().st_mtime > newest for path in wanted):
        return
    source = next((folder for folder in MNIST_FOLDERS if (folder / "train-images-idx3-ubyte.gz").exists()), None)
    if source is None:
        raise Absent("there is no Fashion-MNIST in " + " or ".join(map(str, MNIST_FOLDERS)))
    print(f"Preparing the data of {source}", flush=True)
    _run(PYTHON, HERE / "data.py", source, DATA, seeds)


def samples(work: catalogue.Work, split: str) -> tuple[Path, Path]:
    """The files of inputs and of targets, which may be one."""
    return DATA / work.file(split, work.noise), DATA / work.file(split)


def held(work: catalogue.Work, split: str) -> int:
    """How many samples there are."""
    return samples(work, split)[0].stat().st_size // (4 * work.image**2)


def weights(work: catalogue.Work, seed: int) -> Path:
    return DATA / f"{work.name}-seed{seed}.f32"


def _compile(source: Path, flags: list[str]) -> Path:
    program = BUILD / source.stem
    if program.exists() and all(program.stat().st_mtime > path.stat().st_mtime for path in (source, HERE / "common.hpp")):
        return program
    print(f"Building {source.name}", flush=True)
    _run(COMPILER, "-std=c++17", "-O3", "-march=native", "-DNDEBUG", source, "-o", program, *flags, "-pthread")
    return program


# libdlib is linked to whatever BLAS the system has chosen; naming OpenBLAS, used or not, puts it before that.
OPENBLAS = ["-Wl,--no-as-needed", "-lopenblas"]


def command(peer: catalogue.Peer, minidnn: Optional[Path]) -> list[str]:
    """What starts the peer's program, which exists when this returns."""
    source = HERE / peer.program
    if peer.packages:
        _install(peer.packages)
        return [str(PYTHON), str(source)]
    if peer.program == "eigencoder.cpp":
        target = f"peer_{peer.name.replace('-', '_')}"
        print(f"Building {target}", flush=True)
        options = ["-DEIGENCODER_BUILD_TESTS=OFF", "-DEIGENCODER_BUILD_EXAMPLES=OFF"]
        _run("cmake", "--preset", "release", "-B", BUILD / "release", *options)
        _run("cmake", "--build", BUILD / "release", "--target", target)
        return [str(BUILD / "release" / "benchmarks" / target)]
    if peer.name == "minidnn":
        if minidnn is None:
            raise Absent("--minidnn does not say where it is")
        includes = [f"-I{minidnn / 'include'}", "-I/usr/include/eigen3", "-DMDNN_SCALAR=float", "-DEIGEN_USE_BLAS"]
        return [str(_compile(source, [*includes, *OPENBLAS]))]
    return [str(_compile(source, ["-ldlib", *OPENBLAS]))]


def compiler_version() -> str:
    try:
        return subprocess.run([COMPILER, "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    except (OSError, IndexError):
        return f"{COMPILER}: version unknown"


def commit() -> str:
    done = subprocess.run(shlex.split("git describe --always --dirty"), cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def write_report(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / name, text)


def chart(folder: Path) -> None:
    _run(PYTHON, HERE / "chart.py", folder / "compare.json", folder / "compare.png")
