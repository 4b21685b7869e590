#!/usr/bin/env python3
"""load.py CRUX VERIFY_CLAIMS MODEL: crux executor under many streaming clients, some of which read slowly or hang up.

Every answer is whole, or its client left, or it broke a stated limit; memory stays flat; every receipt is true by teacher
forcing, a twentieth of the requests is run again alone, and every promise is on the chain in the end."""
import argparse
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

BENCH = pathlib.Path(__file__).resolve().parent.parent / "bench"
sys.path[:0] = [str(BENCH / "peer"), str(BENCH / "server")]

import clients  # noqa: E402
import figures  # noqa: E402
import process  # noqa: E402
import sides  # noqa: E402
import work  # noqa: E402
from say import Trouble, step  # noqa: E402

LIMITS = {"queue_full"}  # that more clients than runs may meet; and a reader that lags behind, which is cut off
SAMPLE = 20  # of so many requests one is run again alone
WARM_SHARE = 0.5  # of the time, after which memory may grow no more
GROWTH = 1.05, 8 << 20  # than so many times what it was, and so many bytes
FLAT_SECONDS = 60  # in less, caches are still being filled
PREFIX_BYTES = 32 << 20  # soon full
TAIL_SECONDS = 300
FIGURES_SECONDS = 60
SHARED = "You answer in one short sentence, and you never say what you do not know. "


def options(words):
    parser = argparse.ArgumentParser(prog="load.py", description=__doc__)
    add = parser.add_argument
    add("crux"), add("verify_claims"), add("model", help="a GGUF file")
    add("--clients", type=int, default=64), add("--seconds", type=int, default=300)
    add("--threads", type=int, default=len(os.sched_getaffinity(0)))
    add("--prompt", type=int, nargs=2, default=(8, 128)), add("--tokens", type=int, nargs=2, default=(16, 192))
    add("--executor", default="", help="more words for crux executor")
    add("--seed", type=int, default=1)
    add("--json", action="store_true")
    return parser.parse_args(words)


def ask_of(made, client, number, seed):
    """Most clients read as fast as they can; the others are slow, stop reading, or leave before or within an answer."""
    draw = random.Random(f"{seed}/{client}/{number}/how")
    body, kind = made.body(client, number), draw.random()
    body["ignore_eos"] = draw.random() < 0.5
    if draw.random() < 0.5:
        body.update(temperature=0.8, seed=draw.randrange(1 << 30), top_k=draw.choice([0, 40]))
    if draw.random() < 0.3:
        body["prompt"] = SHARED * 3 + body["prompt"]
    if draw.random() < 0.1:
        body["stop"] = [" the", "."]
    if draw.random() < 0.1:
        body["logprobs"] = 2
    if kind < 0.70:
        return clients.Ask(body)
    if kind < 0.80:  # a little at a time
        return clients.Ask(body, pause=0.2, bite=512)
    if kind < 0.85:  # reads once, then nothing for a while, then leaves
        return clients.Ask(body, pause=5, bite=256, leave_after=0, leave_seconds=8)
    if kind < 0.93:
        return clients.Ask(body, leave_after=draw.randrange(1, 12))
    return clients.Ask(body, leave_after=0, leave_seconds=draw.uniform(0.001, 1.5))


class Watched:
    """What is seen of one executor while it is under load."""

    def __init__(self, server, receipts, seconds):
        self.server, self.receipts, self.seconds = server, receipts, seconds
        self.kinds, self.whole, self.problems = collections.Counter(), [], []
        self.memory = []  # (seconds, bytes)

    def tick(self, seconds):
        self.server.check()
        self.memory.append((seconds, self.server.rss_bytes()))

    def done(self, answer):
        slow = answer.ask.pause > 0
        self.kinds[answer.kind] += 1
        if answer.kind == "whole":
            if answer.receipt is None:
                self.problems.append("an answer without a receipt")
            else:
                self.receipts.write(json.dumps(answer.receipt) + "\n")
            answer.receipt = None
            if not slow:
                self.whole.append(answer)
        elif answer.kind not in LIMITS and answer.kind != "left" and not (slow and answer.kind == "broken"):
            self.problems.append(f"{answer.status} {answer.kind}: {answer.message}")

    def check_memory(self):
        """Has it stopped to grow?"""
        middle = [size for at, size in self.memory if 0.4 * self.seconds <= at <= WARM_SHARE * self.seconds]
        late = [size for at, size in self.memory if 0.75 * self.seconds <= at <= self.seconds]
        if self.seconds >= FLAT_SECONDS and max(late) > max(middle) * GROWTH[0] + GROWTH[1]:
            self.problems.append(f"memory grew from {max(middle)} to {max(late)} bytes")

    def quarters(self):
        return [next((size for at, size in self.memory if at >= share * self.seconds), self.memory[-1][1])
                for share in (0, 0.25, 0.5, 0.75, 1)]


def play(asked, server, receipts):
    """Returns: Watched, and its figures."""
    watched, begin = Watched(server, receipts, asked.seconds), time.monotonic()
    made, numbers = work.Work(server.model_name, tuple(asked.prompt), tuple(asked.tokens), asked.seed), collections.Counter()

    def next_ask(client):
        if time.monotonic() >= begin + asked.seconds:
            return None
        numbers[client] += 1
        return ask_of(made, client, numbers[client], asked.seed)
    load = clients.Load(server.address, asked.clients, next_ask, watched.done, watched.tick)
    if not load.run(asked.seconds + TAIL_SECONDS):
        watched.problems.append(f"not all answers came within {TAIL_SECONDS} seconds")
    watched.check_memory()
    dropped, cut = server.metric("crux_http_dropped_slow_total"), watched.kinds["broken"]
    if cut > dropped:
        watched.problems.append(f"{cut} answers were cut off, but {dropped:.0f} readers were too slow")
    told, end = server.metric("crux_claims"), time.monotonic() + FIGURES_SECONDS  # they are as of an earlier moment
    while told < watched.kinds["whole"] and time.monotonic() < end:
        time.sleep(0.2)
        told = server.metric("crux_claims")
    if told < watched.kinds["whole"]:
        watched.problems.append(f"{watched.kinds['whole']} receipts, but {told:.0f} claims are kept")
    found = figures.of_answers(watched.whole, begin, asked.seconds)
    return watched, {**found, "peak_bytes": server.peak_bytes(), "clients_share": load.processor_seconds /
                     (time.monotonic() - begin), "resident_bytes": watched.quarters(), "ended": dict(watched.kinds)}


def verified(asked, model, receipts, watched):
    with open(receipts, "rb") as lines:
        done = subprocess.run([asked.verify_claims, model, str(asked.threads), str(SAMPLE)], stdin=lines,
                              capture_output=True, text=True)
    said = done.stdout.strip().splitlines()
    watched.problems += [line for line in said if not line.startswith("{")]
    if done.returncode != 0 or not said:
        watched.problems.append(f"verify_claims ended with {done.returncode}: {done.stderr}")
        return {}
    return json.loads(said[-1])


def posted(asked, server):
    """Claims that are on the chain."""
    found = json.loads(process.run([asked.crux, "chain", "claims", server.chain, "--json"]).out)
    return sum(batch["claims"] for batch in found["batches"])


def say(said):
    print(f"answers: {', '.join(f'{count} {kind}' for kind, count in sorted(said['ended'].items()))}")
    print("memory at the quarters: " + ", ".join(f"{size / (1 << 20):.0f}" for size in said["resident_bytes"]) +
          f" MiB, {said['peak_bytes'] / (1 << 20):.0f} at most")
    print(f"{said['tokens_per_second']:.1f} tokens/s; first token {1e3 * said['first_p50']:.0f} ms (p99 "
          f"{1e3 * said['first_p99']:.0f}), between tokens {1e3 * said['between_p50']:.0f} ms (p99 "
          f"{1e3 * said['between_p99']:.0f}); the clients took {100 * said['clients_share']:.1f}% of a core")
    proof = said["verified"]
    if proof:
        print(f"{proof['claims']} claims verified over {proof['positions']} positions, {proof['false']} false; "
              f"{proof['alone']} run again alone, {proof['other']} other; {said['posted']} on the chain")
    for problem, count in collections.Counter(said["problems"]).items():
        print(f"{count} times: {problem}")


def main(words):
    asked = options(words)
    with tempfile.TemporaryDirectory(prefix="crux-load-") as folder:
        model, receipts = os.path.join(folder, "model.crux"), os.path.join(folder, "receipts")
        process.run([asked.crux, "import", asked.model, "-o", model])
        step(f"{asked.clients} clients for {asked.seconds} s")
        home = pathlib.Path(folder) / "executor"
        home.mkdir()
        more = ["--batch-seconds", "5", "--drain-seconds", "200", "--prefix-bytes", str(PREFIX_BYTES), *asked.executor.split()]
        with sides.Executor(asked.crux, model, home, asked.threads, more) as server:
            with open(receipts, "w", encoding="ascii") as out:
                watched, said = play(asked, server, out)
        if server.child.returncode != 0:
            watched.problems.append(f"the executor ended with {server.child.returncode}")
        step(f"verify {watched.kinds['whole']} claims")
        said["verified"] = verified(asked, model, receipts, watched)
        said["posted"] = posted(asked, server)
        if said["posted"] < watched.kinds["whole"]:
            watched.problems.append(f"{watched.kinds['whole']} receipts, but {said['posted']} claims on the chain")
        if said["verified"].get("claims") != watched.kinds["whole"] or not watched.kinds["whole"]:
            watched.problems.append("not every receipt was verified, or there was none")
    said["problems"] = watched.problems
    print(json.dumps(said)) if asked.json else say(said)
    return 1 if watched.problems else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the executor ends too
    try:
        sys.exit(main(sys.argv[1:]))
    except Trouble as trouble:
        print(f"load: {trouble}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("load: interrupted", file=sys.stderr)
        sys.exit(130)
