"""The files of a tree that are ours: everything but what builds and git leave there."""
import os
import re

LEFT_OUT = re.compile(r"^(\.git|\.cache|build|build-.*|__pycache__)$")


def files(root, *endings):
    """Relative paths with '/', sorted, of the files with one of these endings (none given: all)."""
    found = []
    for folder, names, leaves in os.walk(root):
        names[:] = sorted(n for n in names if not LEFT_OUT.match(n))
        for leaf in leaves:
            # in a worktree .git is a file
            if (not endings or leaf.endswith(endings)) and not LEFT_OUT.match(leaf):
                found.append(os.path.relpath(os.path.join(folder, leaf), root).replace(os.sep, "/"))
    return sorted(found)


def text(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def report(problems, good):
    """Prints and returns the exit status."""
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else good)
    return 1 if problems else 0
