#!/usr/bin/env python3
"""watchtower.py CRUX BIN [ROUNDS [SEED]]: a chain file, an honest executor, a liar, two challengers, each a process.

In every round the liar's claims are to fall, the honest ones to become final, and no challenger is to lose a dispute;
in every round but the first, processes are killed with SIGKILL at random moments and started again. Time is scripted.
"""
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

CRUX, BIN = sys.argv[1], sys.argv[2]
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 6
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else 1
MONEY = 100_000_000
LIES = ["token", "output", "layer", "stale", "model", "leaf", "count", "early"]
HONEST_CLAIMS, LIAR_CLAIMS = 3, 3
ROUND_SECONDS = 120


def crux(*args):
    done = subprocess.run([CRUX, *args, "--json"], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise SystemExit(f"crux {' '.join(args)}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """One that is started again after it was killed, with the same arguments."""

    def __init__(self, name, args, folder):
        self.name, self.args = name, args
        self.log = open(os.path.join(folder, name + ".log"), "ab")
        self.running = None
        self.start()

    def start(self):
        self.running = subprocess.Popen(self.args, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)

    def kill(self):
        self.running.send_signal(signal.SIGKILL)
        self.running.wait()

    def check(self):
        if self.running.poll() is not None:
            self.log.flush()
            with open(self.log.name, errors="replace") as log:
                raise SystemExit(f"{self.name} ended with {self.running.returncode}:\n{log.read()[-3000:]}")

    def stop(self):
        self.running.send_signal(signal.SIGTERM)
        try:
            self.running.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise SystemExit(f"{self.name} does not end at SIGTERM") from None
        self.log.close()


def start_round(folder, models, draw):
    chain = os.path.join(folder, "chain")
    crux("chain", "init", chain, "--scripted")
    for account in ("honest", "liar", "first", "second"):
        crux("chain", "deposit", chain, account, str(MONEY))
    ports = {"honest": free_port(), "liar": free_port()}
    kinds = [draw.choice(LIES), "honest", draw.choice(LIES)]
    seed = str(draw.randrange(10**6))
    withhold = ["withhold"] if draw.random() < 0.3 else []
    if withhold:  # what is not served is not known either: these need no more than their bytes or are never shown
        kinds = ["layer", "honest", "token"]
    executor = [os.path.join(BIN, "lying_executor"), chain, models[0], models[1]]
    processes = {
        "honest": Process("honest", [*executor, "honest", str(ports["honest"]), seed, str(HONEST_CLAIMS), "honest"],
                          folder),
        "liar": Process("liar", [*executor, "liar", str(ports["liar"]), seed, str(LIAR_CLAIMS), ",".join(kinds),
                                 *withhold], folder),
    }
    for name in ("first", "second"):
        peers = [word for who, port in ports.items() for word in ("--executor", f"{who}=http://127.0.0.1:{port}")]
        processes[name] = Process(name, [
            CRUX, "challenger", "--model", models[0], "--chain", "local:" + chain, "--data",
            os.path.join(folder, name + ".data"), "--mode", "challenge", "--account", name, "--poll", "20",
            "--retry", "1", "--threads", "1", "--demand-fees", "1000000", *peers], folder)
    return chain, processes, kinds


def batches_of(chain):
    return crux("chain", "claims", chain)["batches"]


def play(chain, processes, kinds, draw, kills):
    wanted = HONEST_CLAIMS + LIAR_CLAIMS
    lies = sum(kind != "honest" for kind in kinds)
    end = time.monotonic() + ROUND_SECONDS
    done_at, idle, events = None, 0, 0
    while True:
        if time.monotonic() > end:
            return "no end"
        time.sleep(draw.uniform(0.02, 0.25))
        if kills > 0:
            victim = draw.choice(list(processes.values()))
            victim.kill()
            if draw.random() < 0.3:
                time.sleep(draw.uniform(0, 0.3))
            victim.start()
            kills -= 1
        for process in processes.values():
            process.check()
        batches = batches_of(chain)
        fallen = sum(batch["fallen"] for batch in batches)
        if kills == 0 and sum(batch["claims"] for batch in batches) == wanted and fallen >= lies:
            # Nothing may happen any more but refunds: a while for what would be wrong.
            done_at = done_at or time.monotonic()
            if time.monotonic() > done_at + 0.5:
                return None
        # Whoever does not answer runs out of time; whoever does, does not: time passes fast only where nobody moves.
        now = crux("chain", "status", chain)["events"]
        idle, events = (idle + 1 if now == events else 0), now
        crux("chain", "advance", chain, "5000" if idle >= 15 else str(draw.choice([1, 5, 30])))
        if idle >= 15:
            idle = 0  # a slow machine has three times as long before a clock runs out


def judge(chain, kinds):
    problems = []
    accounts = {name: crux("chain", "show", chain, name)["account"] for name in ("honest", "liar", "first", "second")}
    status = crux("chain", "status", chain)
    crux("chain", "advance", chain, str(status["parameters"]["window_seconds"] + 1))
    for batch in batches_of(chain):
        for member in range(batch["claims"]):
            name = f"{batch['batch']}/{member}"
            shown = crux("chain", "show", chain, name)
            lies = batch["executor"] == accounts["liar"] and kinds[member] != "honest"
            wanted = "fallen" if lies else "final"
            if shown["state"] != wanted:
                problems.append(f"claim {name} is {shown['state']}, not {wanted}")
            if not lies and shown["disputes"]:
                problems.append(f"claim {name} is true, and was disputed")
            problems += [f"a dispute on {name} was lost" for dispute in shown["disputes"] if dispute["stage"] == "lost"]
    return problems


def one_round(number, root, models):
    draw = random.Random(SEED * 1000 + number)
    folder = os.path.join(root, str(number))
    os.mkdir(folder)
    chain, processes, kinds = start_round(folder, models, draw)
    try:
        trouble = play(chain, processes, kinds, draw, 0 if number == 0 else draw.randrange(2, 9))
    finally:
        for process in processes.values():
            if process.running.poll() is None:
                process.stop()
    problems = ([trouble] if trouble else []) + judge(chain, kinds)
    if problems:
        for name in ("first", "second"):
            with open(os.path.join(folder, name + ".log"), errors="replace") as log:
                print(f"--- {name}\n{log.read()[-4000:]}")
        print(f"round {number} (seed {SEED}), lies {kinds}: {problems}")
    return not problems


def main():
    with tempfile.TemporaryDirectory(prefix="crux-watchtower-") as root:
        subprocess.run([os.path.join(BIN, "make_small_files"), root], check=True)
        models = [os.path.join(root, "a.crux"), os.path.join(root, "b.crux")]
        bad = sum(not one_round(number, root, models) for number in range(ROUNDS))
    print(f"{ROUNDS} rounds, {bad} with a wrong end")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
