"""One figure of one side: which words its program gets, and what its answer means."""
import json

import process
from say import Trouble

PREFILL_TOKENS, DECODE_TOKENS = 512, 128


class Case:
    """What is measured: kind is "prefill" or "decode", of so many tokens after `depth` others."""

    def __init__(self, file, kind, threads, tokens, depth=0):
        self.file, self.kind, self.threads, self.tokens, self.depth = file, kind, threads, tokens, depth

    @property
    def key(self):
        at = f"_d{self.depth}" if self.depth else ""
        return f"{self.file.name}_{self.kind}_t{self.threads}{at}"


class Figure:
    def __init__(self, rate, ended, load_seconds, commit_share=None, packed_bytes=None):
        """In: ended, the process that measured it; packed_bytes, of the weights as Crux holds them."""
        self.rate, self.load_seconds, self.commit_share = rate, load_seconds, commit_share
        self.peak_bytes, self.others, self.packed_bytes = ended.peak_bytes, ended.others, packed_bytes


def parse_peer(text, case):
    """Returns: (tokens a second, seconds of the sample).  In: text, what llama-bench -o jsonl printed."""
    lines = [line for line in text.splitlines() if line.startswith("{")]
    if len(lines) != 1:
        raise Trouble(f"llama-bench answered {len(lines)} lines for one test")
    answer = json.loads(lines[0])
    prompt, chosen = (case.tokens, 0) if case.kind == "prefill" else (0, case.tokens)
    asked = {"n_prompt": prompt, "n_gen": chosen, "n_depth": case.depth, "n_threads": case.threads}
    for name, value in asked.items():
        if answer[name] != value:
            raise Trouble(f"llama-bench measured {name} = {answer[name]}, not {value}")
    if len(answer["samples_ns"]) != 1 or answer["samples_ns"][0] <= 0:
        raise Trouble(f"llama-bench gave the samples {answer['samples_ns']}")
    seconds = answer["samples_ns"][0] / 1e9
    return case.tokens / seconds, seconds


def parse_crux(text, case):
    """Returns: (tokens a second, share of commitment, seconds of all computing, bytes of packed weights)."""
    answer = json.loads(text)
    for name, value in {"only": case.kind, "tokens": case.tokens, "depth": case.depth,
                        "threads": case.threads}.items():
        if answer[name] != value:
            raise Trouble(f"crux bench measured {name} = {answer[name]}, not {value}")
    return answer["tokens_per_second"], answer["commit_share"], answer["run_seconds"], answer["packed_bytes"]


class Sides:
    def __init__(self, programs, backend=None, clock=None):
        """In: programs, with bench (the peer's) and crux: paths; backend, of crux; clock, a library to preload."""
        self.programs, self.backend, self.clock = programs, backend, clock

    def run(self, words):
        """Returns: what ended, and its seconds by the clock that it saw itself."""
        ended = process.run([str(word) for word in words], self.clock and {"LD_PRELOAD": self.clock})
        return ended, ended.processor_seconds if self.clock else ended.seconds

    def peer(self, case, more=()):
        tokens = ["-p", case.tokens, "-n", 0] if case.kind == "prefill" else ["-p", 0, "-n", case.tokens]
        ended, whole = self.run([
            self.programs.bench, "-m", case.file.gguf, "-t", case.threads, *tokens, "-d", case.depth, "-r", 1,
            "-o", "jsonl", *more])
        rate, seconds = parse_peer(ended.out, case)
        return Figure(rate, ended, whole - seconds)

    def crux(self, case, more=()):
        backend = ["--backend", self.backend] if self.backend else []
        ended, whole = self.run([
            self.programs.crux, "bench", case.file.crux, "--only", case.kind, "--threads", case.threads, "--tokens",
            case.tokens, "--depth", case.depth, "--repeat", 1, "--json", *backend, *more])
        rate, share, seconds, packed = parse_crux(ended.out, case)
        return Figure(rate, ended, whole - seconds, share, packed)

    def load(self, file):
        """Returns: two figures whose load_seconds is all that is not computing: the least of three processes."""
        case = Case(file, "decode", 1, 1)
        return tuple(min((side(case, more) for _ in range(3)), key=lambda figure: figure.load_seconds)
                     for side, more in ((self.peer, ["--no-warmup"]), (self.crux, ["--warmup", 0])))
