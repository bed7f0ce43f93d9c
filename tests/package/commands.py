"""A project that fetches this one compiles the component by the commands of this build, which are tried: commands.py --help"""

import argparse
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("--cmake", default="cmake")
parser.add_argument("--generator", default="Ninja")
parser.add_argument("--compiler", default="c++", help="that of the build")
parser.add_argument("--source", type=pathlib.Path, required=True, help="the project")
parser.add_argument("--build", type=pathlib.Path, required=True, help="a configured build of it, with its compile_commands.json")
options = parser.parse_args()


def commands(build):
    """What makes each object of the component, by the object's place in its target, but for warnings and the build type's options."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = [word for word in shlex.split(entry["command"]) if not word.startswith("-W") and word != "-DNDEBUG"]
        output = words.index("-o")
        place = words[output + 1].partition("CMakeFiles/")[2]
        if not place.startswith("eigencoder_kernels"):
            continue
        del words[output:output + 2]
        optimisation = [word for word in words if word.startswith("-O")][-1:]  # the target's own, which is behind the build type's
        found[place] = [word for word in words if not word.startswith("-O")] + optimisation
    return found


with tempfile.TemporaryDirectory() as temporary:
    fetching = pathlib.Path(temporary)
    subprocess.run(
        [options.cmake, "-S", pathlib.Path(__file__).parent / "consumer", "-B", fetching, "-G", options.generator,
         f"-DCMAKE_CXX_COMPILER={options.compiler}", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", "-DWAY=FetchContent", "-DCOMPONENTS=kernels",
         f"-DFETCHCONTENT_SOURCE_DIR_EIGENCODER={options.source}"],
        check=True,
    )
    here, there = commands(options.build), commands(fetching)

print(f"{len(here)} objects")
different = [place for place in sorted(here.keys() | there.keys()) if here.get(place) != there.get(place)]
for place in different:
    print(f"{place}\n  here:  {shlex.join(here.get(place, []))}\n  there: {shlex.join(there.get(place, []))}")
sys.exit(1 if different or not here else 0)
