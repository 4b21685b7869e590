#!/usr/bin/env python3
"""check_paths.py ROOT: no file names a path of the machine it was written on."""
import re
import sys

import tree

# Each written so that this file does not hold it.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:[w]ork/|[t]mp/crux|[r]oot/|[h]ome/\w)")


def check(root):
    problems = []
    paths = tree.files(root)
    for path in paths:
        for number, line in enumerate(tree.text(root, path).splitlines(), 1):
            if "\0" in line:
                break
            match = MACHINE_PATH.search(line)
            if match:
                problems.append(f"{path}:{number}: names a path of one machine: {line.strip()[:100]}")
    return problems, f"{len(paths)} files name no path of one machine"


if __name__ == "__main__":
    sys.exit(tree.report(*check(sys.argv[1] if len(sys.argv) > 1 else ".")))
