#!/usr/bin/env python3
"""system.py CRUX BIN [ROUNDS [SEED]]: whole systems, each party a process of this build, over one chain file each.

    a client --HTTP--> crux executor --+                +-- two of crux challenger, which ask both executors by HTTP
                       a lying one   --+--> chain file <+-- a lying one, who disputes what is true

Nobody intervenes: only the chain's clock is moved from outside. The lying executor lies, round after round in turn, about
an output, a layer, its model (another one's weights), and by withholding; in the end its lies have fallen, every receipt
of the client is final, though disputed, and every account holds what it should, to the unit. The first four rounds are
quiet; in each of ROUNDS more, every party is killed with SIGKILL at random moments. A round's draws follow from SEED and
its number; nothing is decided by how long something takes.
"""
import collections
import concurrent.futures
import http.client
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error

from chain import DEMAND_OPEN, Chain
from client import Client, Refused, fetch
from judge import judge_papers, judge_receipts, judge_value, judge_verdicts
from processes import Port, Process, crux

LIES = ["output", "layer", "model", "withheld"]
QUIET = len(LIES)
AT_ONCE = 12            # rounds; they wait more than they compute
LOOK_SECONDS = 0.05
IDLE_SECONDS = 0.7      # without an event, and only liars' turns: then their clocks run out
ROUND_SECONDS = 900     # then it is given up
TICKS = 600             # seconds of the chain that pass while parties are at work: far less than any clock
WRONG_MAX = 3           # rounds; then no other is begun
OTHERS = ["token", "stale", "leaf", "count", "early"]


class Round:
    MONEY = 100_000_000

    def __init__(self, number, seed, root, program, binaries, account, over):
        self.over = over
        self.number, self.draw = number, random.Random(seed * 100_000 + number)
        self.folder = os.path.join(root, str(number))
        os.mkdir(self.folder)
        self.program, self.binaries, self.root, self.account = program, binaries, root, account
        self.models = [os.path.join(root, name) for name in ("a.crux", "b.crux")]
        self.lie = LIES[number % len(LIES)]
        self.processes, self.port, self.chain, self.client = {}, {}, None, None
        self.fell_by, self.ticks, self.demanded = collections.Counter(), 0, {}
        self.lost, self.defended = 0, 0

    # ---- who takes part ----

    def draw_lies(self):
        """What is not served has to be published on demand, or it falls whatever it is."""
        silent = self.lie == "withheld" and self.number // len(LIES) % 2 == 0
        if silent:
            return ["honest"] * 3, "silent", 3
        if self.lie == "withheld":  # a trace is not known then: these are seen without one
            return ["layer", "honest", "token"], "withhold", 2
        return [self.lie, "honest", self.draw.choice(OTHERS)], None, 2

    def draw_asks(self):
        modes = [{"mode": "batched"}, {"mode": "batched"}, {"mode": "full"},
                 {"mode": "private", "requester": self.requester}]
        self.draw.shuffle(modes)
        return [(self.draw.uniform(0, 0.3),
                 {"model": "a", "prompt": "".join(self.draw.choices("abc", k=12)), "max_tokens": 5, "seed": number,
                  "stream": self.draw.random() < 0.5, "crux": {**mode, "nonce": self.draw.randbytes(32).hex()}})
                for number, mode in enumerate(modes)]

    def start(self):
        path = os.path.join(self.folder, "chain")
        crux(self.program, "chain", "init", path, "--scripted")
        names = {name: crux(self.program, "chain", "deposit", path, name, str(self.MONEY))["account"]
                 for name in (self.account, "liar", "first", "second", "sham")}
        self.accounts, self.liar, self.sham = list(names.values()), names["liar"], names["sham"]
        self.requester = names["first"][::-1]  # of nobody here
        self.port = {name: Port() for name in ("executor", "liar", "first", "second")}
        self.chain = Chain(self.program, path)
        self.kinds, manner, self.lie_count = self.draw_lies()
        self.silent = manner == "silent"
        self.begin("executor", self.program, "executor", "--model", "a=" + self.models[0], "--chain", "local:" + path,
                   "--listen", self.port["executor"].address, "--data", os.path.join(self.folder, "data"), "--key",
                   os.path.join(self.root, "key"), "--passphrase-file", os.path.join(self.root, "passphrase"),
                   "--threads", "1", "--batch-count", "2", "--batch-seconds", "1")
        self.begin("liar", os.path.join(self.binaries, "lying_executor"), path, *self.models, "liar",
                   str(self.port["liar"].number), str(self.number), str(len(self.kinds)), ",".join(self.kinds),
                   *([manner] if manner else []))
        self.begin("sham", os.path.join(self.binaries, "lying_challenger"), path, "sham", self.account, str(self.number))
        for name, retry in (("first", "1"), ("second", "0")):
            self.begin(name, self.program, "challenger", "--model", self.models[0], "--chain", "local:" + path,
                       "--data", os.path.join(self.folder, name + ".data"), "--mode", "challenge", "--account", name, "--poll",
                       "20", "--retry", retry, "--threads", "1", "--demand-fees", "1000000", "--metrics-listen",
                       self.port[name].address, "--executor", f"{self.account}={self.port['executor'].url}",
                       "--executor", f"liar={self.port['liar'].url}")
        self.client = Client(self.port["executor"].url, self.draw_asks())
        self.client.start()

    def begin(self, name, *args):
        self.processes[name] = Process(name, args, self.folder)

    def is_lie(self, claim):
        return self.silent or self.kinds[claim["member"]] != "honest"

    # ---- what happens ----

    def draw_kills(self):
        """Each party once, some more than once: [(seconds after the one before, who, seconds until it is back)]."""
        if self.number < QUIET:
            return []
        victims = list(self.processes) + self.draw.choices(list(self.processes), k=self.draw.randrange(4))
        self.draw.shuffle(victims)
        return [(self.draw.uniform(0.02, 0.6), name, self.draw.choice([0, 0, self.draw.uniform(0, 0.5)]))
                for name in victims]

    def public(self, view):
        return [claim for claim in view.of(self.account) if claim["mode"] != "private"]

    def is_ready(self, name, view):
        """Has this challenger read everything, and found true what is true?"""
        try:
            text = fetch(self.port[name].url + "/metrics")
        except (OSError, http.client.HTTPException, urllib.error.URLError):
            return False
        figures = dict(line.split() for line in text.splitlines() if not line.startswith("#"))
        true = len(self.public(view)) + len(self.kinds) - self.lie_count
        return (float(figures.get("crux_challenger_valid", 0)) == true
                and float(figures["crux_challenger_event"]) == view.events)

    def is_all_claimed(self, view):
        return (self.client.is_done() and len(view.of(self.account)) == len(self.client.asked)
                and len(view.of(self.liar)) == len(self.kinds)
                and all(claim["state"] != "not shown" for claim in view.claims)
                and all(claim["disputes"] for claim in self.public(view)))

    def is_done(self, view):
        """Nothing is to happen any more in the window."""
        return (self.is_all_claimed(view) and not view.open_disputes()
                and all(claim["state"] == "fallen" for claim in view.of(self.liar) if self.is_lie(claim))
                and view.value["stakes"] == 0 and view.value["fees"] == 0
                and all(self.is_ready(name, view) for name in ("first", "second")))

    def is_a_liars_turn(self, dispute):
        liar = {"executor": (dispute["executor"], self.liar), "challenger": (dispute["challenger"], self.sham)}
        whose, who = liar.get(dispute["turn"], (None, None))
        return dispute["stage"] == "queued" or (whose == who and who is not None and not dispute["late"])

    def is_only_the_liars_turn(self, view):
        """All else has happened: each lie that stands is disputed or demanded, and not yet too late."""
        due = [claim for claim in view.of(self.liar) if self.is_lie(claim) and claim["state"] != "fallen"]
        demands = [claim for claim in view.claims if claim["demand"] == DEMAND_OPEN and claim["state"] != "fallen"]
        disputes = [dispute for dispute in view.open_disputes() if not dispute["claim_fallen"]]
        disputed = {(dispute["batch"], dispute["member"]) for dispute in disputes}
        for claim in demands:
            since = self.demanded.setdefault((claim["batch"], claim["member"]), view.now)
            if claim not in due or view.now > since + view.parameters["demand_seconds"]:
                return False
        return (bool(due or disputes) and self.is_all_claimed(view)
                and all(claim in demands or (claim["batch"], claim["member"]) in disputed for claim in due)
                and all(self.is_a_liars_turn(dispute) for dispute in disputes))

    def run_out_the_liars_clocks(self):
        """While they are dead, so that nobody's turn comes by them; in steps too short for any other clock."""
        for name in ("liar", "sham"):
            self.processes[name].kill(ROUND_SECONDS)
        view = self.chain.look()
        while self.is_only_the_liars_turn(view):
            self.chain.advance(view.parameters["demand_seconds"] - TICKS)
            view = self.chain.look()
        for name in ("liar", "sham"):
            self.processes[name].start()

    def play(self):
        """Returns: whether it comes to an end."""
        kills = self.draw_kills()
        start = idle_since = next_kill = time.monotonic()
        events = 0
        while True:
            now = time.monotonic()
            if now > start + ROUND_SECONDS:
                return False
            if self.client.problem:
                raise RuntimeError(self.client.problem)
            if kills and now >= next_kill + kills[0][0]:
                _, name, seconds = kills.pop(0)
                self.processes[name].kill(seconds)
                next_kill = now
            for process in self.processes.values():
                process.revive()
                process.check()
            view = self.chain.look()
            if view.events != events:
                events, idle_since = view.events, now
            if not kills and all(process.back_at is None for process in self.processes.values()) and self.is_done(view):
                return True
            if not kills and now > idle_since + IDLE_SECONDS and self.is_only_the_liars_turn(view):
                self.run_out_the_liars_clocks()
                idle_since = time.monotonic()
            elif self.ticks < TICKS and self.draw.random() < 0.1:
                seconds = self.draw.choice([1, 5, 30])
                self.ticks += seconds
                self.chain.advance(seconds)
            time.sleep(LOOK_SECONDS)

    def finish(self):
        """The windows end, and bonds come back."""
        view = self.chain.look()
        self.chain.advance(view.parameters["window_seconds"] + 1)
        end = time.monotonic() + ROUND_SECONDS
        while any(batch["released"] != batch["claims"] for batch in view.batches if batch["executor"] == self.account):
            if time.monotonic() > end:
                raise RuntimeError(f"bonds do not come back: {view.batches}")
            self.processes["executor"].check()
            time.sleep(LOOK_SECONDS)
            view = self.chain.look()
        return self.judge(view) + (judge_papers(self) if self.number == 0 else [])

    def judge(self, view):
        problems, self.lost = judge_receipts(self, view)
        return problems + judge_verdicts(self, view) + judge_value(self, view)

    def run(self):
        """Returns: problems; None if enough others went wrong."""
        if self.over.is_set():
            return None
        problems = []
        try:
            self.start()
            problems = self.finish() if self.play() else ["there is no end"] + self.judge(self.chain.look())
            for name, process in self.processes.items():
                status = process.stop()
                if status != 0:
                    problems.append(f"{name} ends with {status}")
            crux(self.program, "chain", "verify", self.chain.path)
        except Exception as trouble:  # pylint: disable=broad-except  # whatever it is, the other rounds go on
            problems.append(f"{type(trouble).__name__}: {trouble}")
        finally:
            self.end()
        return problems

    def end(self):
        if self.client is not None:
            self.client.stopped = True
        for process in self.processes.values():
            process.end()
        if self.chain is not None:
            self.chain.close()
        for port in self.port.values():
            port.close()


def say(it, problems, seed):
    print(f"round {it.number} of seed {seed}, {it.lie}: {len(problems)} problems")
    print("\n".join(problems))
    for process in it.processes.values():
        print(f"--- {process.name}\n{process.log(3000)}")


def main():
    program, binaries = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    few = os.environ.get("CRUX_SANITIZED") == "1"
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 4 if few else 20
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(10**6)
    print(f"{QUIET} quiet rounds and {rounds} with kills, seed {seed}", flush=True)
    # In memory: what a killed process has written stays; a disk would help only where the machine itself stops.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    over, bad, left, kills, found, fell_by = threading.Event(), 0, 0, *(collections.Counter() for _ in range(3))
    with tempfile.TemporaryDirectory(prefix="crux-system-", dir=memory) as root:
        made = subprocess.run([os.path.join(binaries, "make_small_files"), root], check=True, capture_output=True,
                              text=True)
        all_rounds = [Round(number, seed, root, program, binaries, made.stdout.strip(), over)
                      for number in range(QUIET + rounds)]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for it, problems in zip(all_rounds, pool.map(Round.run, all_rounds)):
                if problems is None:
                    left += 1
                    continue
                if problems:
                    bad += 1
                    say(it, problems, seed)
                if bad == WRONG_MAX:
                    over.set()
                client = it.client or Client(None, [])
                found.update(receipts=len(client.receipts), again=client.asked_again, lost=it.lost)
                fell_by += it.fell_by
                found["defended"] += it.defended
                kills.update({process.name: process.kills for process in it.processes.values()})
                if it.number % 20 == 19:
                    print(f"{it.number + 1} rounds, {found['receipts']} receipts, {found['lost']} lost", flush=True)
    print(f"kills: {dict(kills)}")
    print(f"{found['receipts']} receipts, {found['lost']} lost; asked again {found['again']} times")
    print(f"true claims defended: {found['defended']} disputes won")
    print(f"lies fell: {fell_by['prove']} by proof, {fell_by['timeout']} by a clock, {fell_by['demand']} by a demand")
    print(f"{QUIET + rounds} rounds, {bad} with a wrong end" + (f", {left} not played" if left else ""))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
