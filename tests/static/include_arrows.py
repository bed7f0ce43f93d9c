"""Holds the arrows between the rooms of include/eigencoder: python3 include_arrows.py include"""

import pathlib
import re
import sys

# A room may include itself, and the rooms named here with all that these may include.
BELOW = {
    "core": [],
    "kernels": ["core"],
    "layers": ["kernels"],
    "losses": ["kernels"],
    "optimizers": ["kernels"],
    "files": ["core"],
    "data": ["files"],
    "engine": ["core"],
    "testing": ["engine"],
    "mpi": ["core"],
    "models": ["engine", "layers", "losses"],
    "training": ["models", "optimizers", "data", "files", "kernels"],
    "io": ["models", "files"],
    "tasks": ["models", "data"],
}
UMBRELLA = "eigencoder.hpp"

# What only some files may say: a pattern, and where it is at home.
AT_HOME = {
    r"\bEigen::internal\b": ["kernels/packet.hpp"],
    r"#\s*include\s*<Eigen/": [
        "core/eigen.hpp", "data/sparse_samples.hpp", "tasks/gaussian_mixture_impl.hpp", "tasks/mahalanobis_impl.hpp", "tasks/pca_impl.hpp", "tasks/rating_baselines_impl.hpp",
    ],
    r"#\s*include\s*<zlib\.h>": ["data/", "files/"],
    r"#\s*include\s*<png\.h>": ["files/", "io/"],
    r"#\s*include\s*<jpeglib\.h>": ["files/"],
    r"#\s*include\s*<nlohmann/": ["files/"],
    r"#\s*include\s*<mpi\.h>": ["mpi/"],
    r"#\s*include\s*<CLI/": [],
    r"#\s*include\s*<iostream>": [],
    r"\busing\s+namespace\b": ["core/unlinked.hpp"],
}

INCLUDE = re.compile(r'#\s*include\s*["<]eigencoder/([^">]+)[">]')


def reachable(room):
    return {room}.union(*(reachable(below) for below in BELOW[room]))


def complaints(root, path):
    file = path.relative_to(root).as_posix()
    room = file.split("/")[0]
    if file != UMBRELLA and room not in BELOW:
        yield 1, f"{room}/ is no room that include_arrows.py knows"
        return
    # Comments may say anything; the line numbers stay.
    text = re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment[0].count("\n"), path.read_text(encoding="utf-8"), flags=re.S)
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("//")[0]
        if include := INCLUDE.search(line):
            if not (root / include[1]).is_file():
                yield number, f"includes {include[1]}, which does not exist"
            elif include[1] == UMBRELLA:
                yield number, "includes the umbrella, which is for users"
            elif file != UMBRELLA and include[1].split("/")[0] not in reachable(room):
                allowed = ", ".join(sorted(reachable(room)))
                yield number, f"{room}/ may include {allowed}; this includes {include[1]}"
        for pattern, homes in AT_HOME.items():
            if re.search(pattern, line) and not any(file.startswith(home) for home in homes):
                yield number, f"'{line.strip()}' is allowed in {' and '.join(homes) or 'no header'}"


def main():
    include = pathlib.Path(sys.argv[1])
    root = include / "eigencoder"
    files = sorted(root.rglob("*.hpp"))
    found = [f"{path}:{number}: {what}" for path in files for number, what in complaints(root, path)]
    print("\n".join(found) or f"{len(files)} headers, no arrow upwards")
    return bool(found) or not files


sys.exit(main())
