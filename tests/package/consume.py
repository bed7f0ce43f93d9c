"""Builds and runs consumer/ from a temporary folder, in one of three ways: consume.py --help"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("--way", choices=["find_package", "add_subdirectory", "FetchContent"], required=True)
parser.add_argument("--cmake", default="cmake")
parser.add_argument("--generator", default="Ninja")
parser.add_argument("--compiler", default="c++")
parser.add_argument("--source", type=pathlib.Path, required=True, help="the project")
parser.add_argument("--build", type=pathlib.Path, required=True, help="a configured build of it, to install from")
parser.add_argument("--components", default="", help="optional components that must work, with commas")
parser.add_argument("--absent", default="", help="a component that the package must say it does not have")
options = parser.parse_args()


def run(*command):
    print("+", *command, flush=True)
    if subprocess.run([str(part) for part in command]).returncode != 0:
        sys.exit(f"{options.way}: that failed")


with tempfile.TemporaryDirectory() as temporary:
    place = pathlib.Path(temporary)
    consumer, build, prefix = place / "consumer", place / "build", place / "prefix"
    shutil.copytree(pathlib.Path(__file__).parent / "consumer", consumer)

    where = {
        "find_package": f"-DCMAKE_PREFIX_PATH={prefix}",
        "add_subdirectory": f"-DEIGENCODER_SOURCE={options.source}",
        "FetchContent": f"-DFETCHCONTENT_SOURCE_DIR_EIGENCODER={options.source}",
    }
    if options.way == "find_package":
        run(options.cmake, "--install", options.build, "--prefix", prefix)
    if options.absent:
        no_mpi = ["-DMPI_SKIP_COMPILER_WRAPPER=ON", "-DMPI_SKIP_GUESSING=ON", "-DPKG_CONFIG_EXECUTABLE=false"]  # as where none is installed
        command = [options.cmake, "-S", consumer, "-B", build, f"-DCMAKE_CXX_COMPILER={options.compiler}", "-DWAY=find_package",
                   f"-DCOMPONENTS={options.absent}", where["find_package"], *no_mpi]
        refused = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if refused.returncode == 0 or f"no component '{options.absent}' here" not in " ".join(refused.stderr.split()):
            sys.exit(f"a package without {options.absent} says of it:\n{refused.stderr}")
        shutil.rmtree(build)
    components = [name for name in options.components.split(",") if name]
    # Without a build type: unoptimised, and with Eigen's assertions.
    run(options.cmake, "-S", consumer, "-B", build, "-G", options.generator, f"-DCMAKE_CXX_COMPILER={options.compiler}",
        f"-DWAY={options.way}", f"-DCOMPONENTS={';'.join(components)}", where[options.way])
    run(options.cmake, "--build", build)
    for program in ["umbrella", *components, *(["consumer"] if options.way == "find_package" else [])]:
        run(build / program)
    if "kernels" in components:
        for component in components:
            if component != "kernels":
                run(build / f"{component}_kernels")
        for program in ("kernels", "kernels_shared", "kernels_lto"):
            run(build / program)
            os.environ["EIGENCODER_SIMD"] = "v2"
            run(build / program, "baseline")
            del os.environ["EIGENCODER_SIMD"]
