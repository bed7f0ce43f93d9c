"""Installs the library with Eigen 5, and builds and runs consumer/ with that installation: eigen5.py folder

Eigen 5's headers come from PyPI's package eigency, which carries them without CMake's files: those are written here, as Eigen's own
say the version. Needs pip and the network."""

import pathlib
import shutil
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
VERSION = "5.0.1"

CONFIG = """\
add_library(Eigen3::Eigen INTERFACE IMPORTED)
set_target_properties(Eigen3::Eigen PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "{headers}")
"""
WRITE_VERSION = """\
include(CMakePackageConfigHelpers)
write_basic_package_version_file("{file}" VERSION {version} COMPATIBILITY SameMajorVersion)
"""


def run(*command):
    print("+", *command, flush=True)
    if subprocess.run([str(part) for part in command], check=False).returncode != 0:
        sys.exit("Eigen 5: that failed")


def eigen(folder):
    """A folder with Eigen 5 as a CMake package."""
    run(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--python-version",
        "3.11", "--platform", "manylinux2014_x86_64", "--dest", folder, f"eigency=={VERSION}.1")
    with zipfile.ZipFile(next(folder.glob("eigency-*.whl"))) as wheel:
        wheel.extractall(folder)
    package = folder / "share/eigen3/cmake"
    package.mkdir(parents=True)
    (package / "Eigen3Config.cmake").write_text(CONFIG.format(headers=folder / "eigency/eigen"), encoding="utf-8")
    script = folder / "version.cmake"
    script.write_text(WRITE_VERSION.format(file=package / "Eigen3ConfigVersion.cmake", version=VERSION), encoding="utf-8")
    run("cmake", "-P", script)
    return folder


def main():
    place = pathlib.Path(sys.argv[1]).resolve()
    shutil.rmtree(place, ignore_errors=True)
    (place / "eigen").mkdir(parents=True)
    prefixes = f"-DCMAKE_PREFIX_PATH={place / 'installed'};{eigen(place / 'eigen')}"
    without = [f"-DEIGENCODER_BUILD_{what}=OFF" for what in ("TESTS", "EXAMPLES", "BENCHMARKS")]
    run("cmake", "-S", SOURCE, "-B", place / "library", "-G", "Ninja", prefixes, *without)
    run("cmake", "--install", place / "library", "--prefix", place / "installed")
    run("cmake", "-S", HERE / "consumer", "-B", place / "consumer", "-G", "Ninja", prefixes, "-DCMAKE_BUILD_TYPE=Release", "-DWAY=find_package",
        "-DEIGEN=5")
    run("cmake", "--build", place / "consumer")
    run(place / "consumer/consumer")


main()
