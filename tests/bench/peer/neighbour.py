"""What is left of decode at all threads while another process keeps one core busy."""
import contextlib
import os
import statistics
import subprocess
import sys

import process
from say import progress

# Ends by itself if the bench is killed.
BUSY = """
import os
os.sched_setaffinity(0, {%d})
while os.getppid() == %d:
    for _ in range(1000000): pass
"""


@contextlib.contextmanager
def busy_core(core):
    child = subprocess.Popen([sys.executable, "-c", BUSY % (core, os.getpid())], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.stop(child)


class Share:
    """Rates of one side, round by round, with the machine to itself and with a neighbour."""

    def __init__(self):
        self.quiet, self.busy = [], []

    @property
    def shares(self):
        return [busy / quiet for busy, quiet in zip(self.busy, self.quiet, strict=True)]


def take_turns(sides, case, rounds):
    """Returns: of each side, its Share."""
    found = {"crux": Share(), "llama": Share()}
    core = max(os.sched_getaffinity(0))
    for number in range(rounds):
        for name, side in (("crux", sides.crux), ("llama", sides.peer)):
            progress(f"round {number + 1} of {rounds}: {name}, {case.key}, core {core}")
            found[name].quiet.append(side(case).rate)
            with busy_core(core):
                found[name].busy.append(side(case).rate)
    progress("")
    return found


def answer(found):
    return {name: {"share": statistics.median(share.shares), "share_min": min(share.shares),
                   "quiet": statistics.median(share.quiet), "busy": statistics.median(share.busy)}
            for name, share in found.items()}


def lines(name, case, said):
    return [(name, case.file.name, str(case.threads), f"{said['quiet']:.1f}", f"{said['busy']:.1f}",
             f"{100 * said['share_min']:.0f}%", f"{100 * said['share']:.0f}%")]


HEAD = ("side", "file", "threads", "quiet", "busy", "share min", "median")
