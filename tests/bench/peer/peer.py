#!/usr/bin/env python3
"""Crux beside llama.cpp on the same file and threads, in turn: ./dev bench llama, ./dev bench neighbour."""
import argparse
import json
import os
import pathlib

import build
import files
import measure
import memory
import neighbour
import ratios
from say import Trouble, end_with, progress, step

ABOUT = """llama.cpp is built once from the source package of llama-cpp-python 0.3.36 (77 MB, pinned by its hash) under
${XDG_CACHE_HOME:-~/.cache}/crux/peer, and so are the files: the demo model's own Q4_1, and what llama-quantize makes of it.
Each is imported as it is. Both sides take turns within a round, so that a noisy machine meets both."""
BELOW = """CRUX_PEER_BIN and CRUX_PEER_BIN_AVX2 name folders with another llama-bench and llama-quantize, for --isa native
and avx2. With --json: ratios, ratios_min and ratios_best by FILE_decode_t1, FILE_prefill_t1, ..., commit_share."""


def numbers(text):
    values = [int(word) for word in text.split(",")]
    if not values or min(values) < 0:
        raise argparse.ArgumentTypeError("numbers with commas between them, please")
    return values


def formats(text):
    names = text.upper().split(",")
    for name in names:
        if name not in files.FORMATS:
            raise argparse.ArgumentTypeError(f"there is no {name}; there are {', '.join(files.FORMATS)}")
    return names


def options(words):
    parser = argparse.ArgumentParser(prog="./dev bench llama", description=ABOUT, epilog=BELOW,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, metavar="N", help="of each figure (default 5)")
    add("--files", type=formats, metavar="LIST", help="of %s (default Q4_1,Q8_0,Q4_0,Q4_K_M)" % ",".join(files.FORMATS))
    add("--threads", type=numbers, metavar="LIST", help="default 1,2")
    add("--only", choices=("prefill", "decode"), help="one kind of figure")
    add("--isa", choices=("native", "avx2"), default="native", help="forced on both sides (default native)")
    add("--shape", choices=sorted(files.SHAPES), default=None,
        help="the demo model (smol), its shapes with a context of 16k (smol-16k), or Llama-3.2-1B's (1b); the last two "
             "are generated, with random weights")
    add("--clock", choices=("wall", "cpu"), default="wall",
        help="cpu: each side's own processor time, for a machine that others use; one thread only")
    add("--context", type=numbers, default=[0], metavar="LIST", help="tokens in the context before the timed ones")
    add("--tokens", type=numbers, default=[measure.PREFILL_TOKENS, measure.DECODE_TOKENS], metavar="P,N",
        help="tokens to time, of prefill and of decode (default 512,128)")
    add("--neighbour", action="store_true",
        help="what a process that keeps one core busy leaves of decode at the most threads; Q8_0 unless --files")
    add("--quick", action="store_true", help="two rounds, fewer tokens, Q8_0 only: to see that it works")
    add("--json", action="store_true", help="one object on standard output")
    for name in ("crux", "make-model", "cpu-clock", "read", "demo"):
        add("--" + name, required=True, help=argparse.SUPPRESS)  # ./dev gives them
    asked = parser.parse_args(words)
    asked.rounds = (2 if asked.quick else 5) if asked.rounds is None else asked.rounds
    asked.threads = asked.threads or ([1] if asked.clock == "cpu" else [1, 2])
    if asked.rounds < 1 or 0 in asked.threads:
        parser.error("at least one round and one thread")
    if len(asked.tokens) != 2 or 0 in asked.tokens:
        parser.error("--tokens takes two numbers")
    if asked.clock == "cpu" and asked.threads != [1]:
        parser.error("threads that wait for each other use processor time too: --clock cpu is for one thread")
    if asked.quick:
        asked.files, asked.tokens = asked.files or ["Q8_0"], [128, 16]
    if asked.neighbour:
        asked.files = asked.files or ["Q8_0"]
        asked.only, asked.threads = "decode", [max(asked.threads)]
    asked.files = asked.files or ["Q4_1", "Q8_0", "Q4_0", "Q4_K_M"]
    asked.shape = asked.shape or ("smol-16k" if max(asked.context) > 7680 else "smol")
    return asked


def cases(asked, maker):
    """All cases, in the order of the table."""
    tokens = dict(zip(("prefill", "decode"), asked.tokens))
    made = [maker.file(asked.shape, form) for form in asked.files]
    return [measure.Case(file, kind, threads, tokens[kind], depth)
            for file in made for depth in asked.context for kind in ("decode", "prefill")
            if asked.only in (None, kind) for threads in asked.threads]


def take_turns(sides, wanted, rounds):
    rows = [ratios.Row(case, [], []) for case in wanted]
    for number in range(rounds):
        for i, row in enumerate(rows):
            progress(f"round {number + 1} of {rounds}, {i + 1} of {len(rows)}: {row.case.key}")
            turns = [(row.peer, sides.peer), (row.crux, sides.crux)]
            for figures, side in turns if number % 2 == 0 else reversed(turns):
                figures.append(side(row.case))
    progress("")
    return rows


def compare(asked, sides, wanted):
    counts = sorted({case.threads for case in wanted if memory.reads_the_file(case)})
    before = memory.roofs(asked.read, counts, sides.clock)
    rows = take_turns(sides, wanted, asked.rounds)
    after = memory.roofs(asked.read, counts, sides.clock)
    roofs = {count: max(before[count], after[count]) for count in counts}
    loads = memory.loads(sides, rows)
    if asked.json:
        return json.dumps({**ratios.answer(rows), "files": loads, "read_bytes_per_second": roofs,
                           **{name: getattr(asked, name) for name in ("shape", "isa", "clock", "rounds")}})
    title = f"{asked.shape}, {asked.isa}, {asked.clock} time, {asked.rounds} rounds"
    tables = [ratios.table(rows, title), memory.load_table(loads)]
    if roofs:
        tables.append(memory.read_table(rows, roofs))
    if len(asked.context) > 1:
        tables.append(memory.peak_table(rows))
    return "\n\n".join(tables)


def with_neighbour(asked, sides, wanted):
    found = [(case, neighbour.answer(neighbour.take_turns(sides, case, asked.rounds))) for case in wanted]
    if asked.json:
        return json.dumps({"neighbour": {case.key: said for case, said in found}, "rounds": asked.rounds})
    lines = [words for case, said in found for name in said for words in neighbour.lines(name, case, said[name])]
    return ratios.columns([neighbour.HEAD, *lines])


class Programs:
    def __init__(self, asked, peer):
        self.crux, self.make_model, self.demo = asked.crux, asked.make_model, asked.demo
        self.bench, self.quantize = peer / "llama-bench", peer / "llama-quantize"


def main(words):
    asked = options(words)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ["HOME"], ".cache")
    cache = pathlib.Path(home) / "crux" / "peer"
    programs = Programs(asked, build.tools(cache, asked.isa))
    wanted = cases(asked, files.Maker(cache, programs))
    sides = measure.Sides(programs, "x86-avx2" if asked.isa == "avx2" else None,
                          os.path.abspath(asked.cpu_clock) if asked.clock == "cpu" else None)
    step(f"{asked.rounds} rounds of {len(wanted)} figures on both sides")
    print((with_neighbour if asked.neighbour else compare)(asked, sides, wanted))
    return 0


if __name__ == "__main__":
    end_with("bench llama", main)
