#!/usr/bin/env python3
"""check_includes.py ROOT: the houses know each other only as this table says (README.md has the picture).

Also: includes are written from the root of the repository, another house is entered by its one header, and the
freestanding sources, with all that they include, use only headers that need no C library.
"""
import fnmatch
import os
import re
import sys

import tree

# who -> what it may include; a name with a slash is one folder of a house. `tests` may include everything.
ARROWS = {
    "kernels": [],
    "bisection": ["kernels"],
    "chain-adapter": ["bisection", "kernels"],
    "executor": ["chain-adapter", "bisection", "kernels"],
    "challenger": ["executor/engine", "chain-adapter", "bisection", "kernels"],
    "cli": ["challenger", "executor", "chain-adapter", "bisection", "kernels"],
}
# house -> the only header by which another house may enter it; None: by any of its headers.
WAY_IN = {
    "kernels": "kernels/kernels.h",
    "bisection": "bisection/bisection.h",
    "chain-adapter": "chain-adapter/chain.h",
    "chain-adapter/io": None,
    "chain-adapter/keys": "chain-adapter/keys/keys.h",
    "chain-adapter/local": "chain-adapter/local/local.h",
    "challenger": "challenger/challenger.h",
    "executor/engine": "executor/engine/engine.h",
    "executor/evaluate": "executor/evaluate/evaluate.h",
    "executor/import": "executor/import/import.h",
    "executor/tokenizer": "executor/tokenizer/tokenizer.h",
}
FREE_TO_INCLUDE = "tests"

FREESTANDING_LIST = "cmake/freestanding.cmake"
# Beside the list there: files that only builds without a C library compile.
FREESTANDING_EXTRA = ["kernels/base/freestanding_*.c", "bisection/adjudicator/wasm_export.c"]
FREESTANDING_HEADERS = {"stdint.h", "stddef.h", "stdbool.h", "limits.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def may(who, path):
    house = who.split("/")[0]
    if house == FREE_TO_INCLUDE or path.startswith(house + "/"):
        return True
    return any(path.startswith(allowed + "/") for allowed in ARROWS.get(house, []))


def way_in(quoted):
    """The header by which this file's house may be entered: the file itself where the table names none."""
    parts = quoted.split("/")
    return WAY_IN.get("/".join(parts[:2]), WAY_IN.get(parts[0], quoted)) or quoted


def freestanding_sources(root, paths):
    patterns = list(FREESTANDING_EXTRA)
    if os.path.exists(os.path.join(root, FREESTANDING_LIST)):
        listed = re.search(r"set\(CRUX_FREESTANDING_PATTERNS\s+([^)]*)\)", tree.text(root, FREESTANDING_LIST))
        patterns += listed.group(1).split() if listed else []
    # Like file(GLOB): a star does not cross a slash.
    return [p for p in paths if any(
        fnmatch.fnmatchcase(p, pattern) and p.count("/") == pattern.count("/") for pattern in patterns)]


def check(root):
    paths = tree.files(root, ".c", ".h", ".def")
    problems = []
    ours, system = {}, {}
    for path in paths:
        house = path.split("/")[0]
        source = tree.text(root, path)
        ours[path], system[path] = [], []
        if house not in ARROWS and house != FREE_TO_INCLUDE:
            problems.append(f"{path}: a C file outside the houses")
        for match in INCLUDE.finditer(source):
            line = source.count("\n", 0, match.start()) + 1
            quoted, angled = match.groups()
            if angled:
                system[path].append((line, angled))
                continue
            ours[path].append(quoted)
            target = quoted.split("/")[0]
            if quoted not in paths:
                problems.append(f'{path}:{line}: "{quoted}" is no file seen from the root of the repository')
            elif not may(path, quoted):
                problems.append(f'{path}:{line}: {house} may not include "{quoted}"')
            elif house not in (target, FREE_TO_INCLUDE) and quoted != way_in(quoted):
                problems.append(f'{path}:{line}: {house} enters {target} only by "{way_in(quoted)}", '
                                f'not by "{quoted}"')
    sources = freestanding_sources(root, paths)
    reached, todo = set(), [(p, p) for p in sources]
    while todo:
        path, source = todo.pop()
        if path in reached:
            continue
        reached.add(path)
        for line, header in system.get(path, []):
            if header not in FREESTANDING_HEADERS:
                problems.append(f"{path}:{line}: <{header}> is not for freestanding code ({source})")
        todo += [(p, source) for p in ours.get(path, [])]
    return problems, f"{len(paths)} files, {len(sources)} of them freestanding: includes follow the arrows"


if __name__ == "__main__":
    sys.exit(tree.report(*check(sys.argv[1] if len(sys.argv) > 1 else ".")))
