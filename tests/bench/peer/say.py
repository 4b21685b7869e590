"""What the bench says while it works: steps on standard error, and a line that rewrites itself on a terminal."""
import sys


class Trouble(Exception):
    """What a person has to hear: said without a trace of calls."""


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text[:110])
        sys.stderr.flush()


def step(text):
    progress("")
    print("== " + text, file=sys.stderr, flush=True)
