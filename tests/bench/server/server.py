#!/usr/bin/env python3
"""crux executor beside llama.cpp's server, on the same file and clients, in turn: ./dev bench server."""
import argparse
import collections
import json
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peer"))

import build  # noqa: E402
import files  # noqa: E402
from say import Trouble, end_with, progress, step  # noqa: E402

import clients  # noqa: E402
import figures  # noqa: E402
import sides  # noqa: E402
import work  # noqa: E402

ABOUT = """Streaming clients ask, read to the end and ask again, until the time is over: the same prompts and lengths for both
servers, which take turns. The first seconds, in which all prompts are read at once, do not count. Lengths are spread
evenly by their logarithms. Temperature is 0 and stop tokens end nothing (ignore_eos, on both sides), so that both choose
as many tokens for each request; what is counted is what came within the time. Crux has a chain and gives each answer its
receipt. llama.cpp's server is built once from the source package that ./dev bench llama takes, and has a slot for each
client, with room for the longest request."""
BELOW = """Times between tokens are those between events with text, as the clients see them. "clients" is what the clients
took of one core. --model names a GGUF file, or a form of the demo model: %s.""" % ", ".join(files.FORMATS)
TAIL_SECONDS = 300  # for what runs when the time is over
WARM_UP = 2  # requests, not counted
POSITIONS_A_WORD = 3  # of a prompt, at most


def pair(text):
    least, found, most = text.partition(",")
    values = (int(least), int(most) if found else int(least))
    if not 1 <= values[0] <= values[1] <= 4096:
        raise argparse.ArgumentTypeError("LEAST,MOST, please")
    return values


def options(words):
    parser = argparse.ArgumentParser(prog="./dev bench server", description=ABOUT, epilog=BELOW,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--clients", type=int, default=64, metavar="N", help="at once (default 64)")
    add("--seconds", type=int, default=60, metavar="N", help="of each server in each round (default 60)")
    add("--ramp", type=int, default=20, metavar="N", help="seconds before that, which do not count (default 20)")
    add("--rounds", type=int, default=3, metavar="N", help="default 3")
    add("--threads", type=int, default=len(os.sched_getaffinity(0)), metavar="N", help="of each server (default: all cores)")
    add("--model", default="Q4_1", metavar="FILE", help="a GGUF file that both serve (default Q4_1, the demo model's)")
    add("--prompt", type=pair, default=(8, 128), metavar="A,B", help="words of a prompt (default 8,128)")
    add("--tokens", type=pair, default=(16, 192), metavar="A,B", help="of an answer (default 16,192)")
    add("--only", choices=("crux", "llama"), help="one of the two")
    add("--executor", default="", metavar="WORDS", help="more words for crux executor")
    add("--peer", default="", metavar="WORDS", help="more words for llama.cpp's server")
    add("--json", action="store_true", help="one object on standard output")
    for name in ("crux", "make-model", "demo"):
        add("--" + name, required=True, help=argparse.SUPPRESS)  # ./dev gives them
    asked = parser.parse_args(words)
    if min(asked.clients, asked.seconds, asked.rounds, asked.threads) < 1 or asked.clients > 512 or asked.ramp < 0:
        parser.error("at least one round, second, thread and client, and at most 512 clients")
    return asked


class Bench:
    def __init__(self, asked, cache):
        self.asked = asked
        tools = build.tools(cache, "native") if asked.only != "crux" or asked.model in files.FORMATS[1:] else None
        self.program = build.server(cache, "native") if asked.only != "crux" else None
        self.crux, self.make_model, self.demo = asked.crux, asked.make_model, asked.demo
        self.quantize = tools and tools / "llama-quantize"
        self.file = self.find(files.Maker(cache, self))

    def find(self, maker):
        if self.asked.model in files.FORMATS:
            return maker.file("smol", self.asked.model)
        gguf = pathlib.Path(self.asked.model)
        if not gguf.is_file():
            raise Trouble(f"there is no file {gguf}")
        step(f"import {gguf.name}")
        return files.File(gguf.name, gguf, files.made(maker.folder / "server.crux",
                                                      lambda out: [self.crux, "import", gguf, "-o", out]))

    def server(self, side, folder):
        asked = self.asked
        if side == "crux":
            return sides.Executor(self.crux, self.file.crux, folder, asked.threads, asked.executor.split())
        positions = asked.prompt[1] * POSITIONS_A_WORD + asked.tokens[1]
        return sides.Peer(self.program, self.file.gguf, folder, asked.threads, asked.clients, positions, asked.peer.split())

    def asks(self, model, first, end):
        """Returns: next_ask of a Load.  In: end(), whether the time is over."""
        made = work.Work(model, self.asked.prompt, self.asked.tokens)
        numbers = collections.Counter()

        def ask(client):
            if end():
                return None
            numbers[client] += 1
            return clients.Ask(made.body(first + client, numbers[client]))
        return ask

    def load(self, server, count, first, end, seconds_most, tick):
        answers = []
        load = clients.Load(server.address, count, self.asks(server.model_name, first, end), answers.append, tick)
        if not load.run(seconds_most):
            raise Trouble(f"{server.words[0]}: not all answers came within {seconds_most} seconds")
        for answer in answers:
            if answer.kind != "whole":
                raise server.trouble(f"answered {answer.status} {answer.kind}: {answer.message}")
            if answer.tokens != answer.ask.body["max_tokens"]:
                raise server.trouble(f"gave {answer.tokens} tokens, not {answer.ask.body['max_tokens']}")
        return answers, load.processor_seconds

    def measure(self, side):
        """One server for its time.  Returns: its figures."""
        asked = self.asked
        with tempfile.TemporaryDirectory(prefix="crux-bench-") as folder, self.server(side, folder) as server:
            warm = iter(range(WARM_UP))
            self.load(server, 1, asked.clients, lambda: next(warm, None) is None, TAIL_SECONDS, lambda _: server.check())
            begin, end, busy = time.monotonic(), asked.ramp + asked.seconds, [(0.0, server.processor_seconds())]

            def tick(seconds):
                server.check()
                if seconds < asked.ramp or busy[-1][0] < asked.ramp:
                    busy[0] = (seconds, server.processor_seconds())
                elif seconds <= end:
                    busy[1:] = [(seconds, server.processor_seconds())]
            answers, own = self.load(server, asked.clients, 0, lambda: time.monotonic() >= begin + end, end + TAIL_SECONDS,
                                     tick)
            whole = time.monotonic() - begin
            return {**figures.of_answers(answers, begin + asked.ramp, asked.seconds), "peak_bytes": server.peak_bytes(),
                    "clients_share": own / whole, "prompt_tokens": sum(answer.prompt_tokens for answer in answers),
                    "receipts": sum(answer.receipt is not None for answer in answers),
                    "processor_share": (busy[-1][1] - busy[0][1]) / (busy[-1][0] - busy[0][0] or 1) / os.cpu_count()}

    def rounds(self):
        asked, found = self.asked, {"llama": [], "crux": []}
        wanted = [side for side in found if asked.only in (None, side)]
        for number in range(asked.rounds):
            for side in wanted if number % 2 == 0 else reversed(wanted):
                progress(f"round {number + 1} of {asked.rounds}: {side}")
                found[side].append(self.measure(side))
        progress("")
        return found


def main(words):
    asked = options(words)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ["HOME"], ".cache")
    bench = Bench(asked, pathlib.Path(home) / "crux" / "peer")
    step(f"{asked.rounds} rounds of {asked.ramp} and {asked.seconds} s, {asked.clients} clients, {asked.threads} threads, "
         f"{bench.file.name}")
    rounds = bench.rounds()
    said = {**figures.answer(rounds), "model": bench.file.name,
            **{name: getattr(asked, name) for name in ("clients", "ramp", "seconds", "threads", "prompt", "tokens")}}
    print(json.dumps(said) if asked.json else figures.table(rounds))
    return 0


if __name__ == "__main__":
    end_with("bench server", main)
