#!/usr/bin/env python3
"""system.py CRUX BIN: crux executor and crux challenger over one chain file, each a process, beside an executor that lies.

Answers are asked for by HTTP, their receipts verified, executor and challengers killed with SIGKILL; in the end every
receipt's claim is final, what the liar claimed has fallen, and crux verify and crux watch say so.
"""
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request

import watchtower as w

ANSWERS = 6


def ask(port, number):
    body = {"model": "a", "prompt": "abc"[: 1 + number % 3] * 4, "max_tokens": 5, "seed": number}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/completions", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)["crux"], body["prompt"]


def wait_for(port):
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the executor does not answer")


def start(folder, models):
    chain = os.path.join(folder, "chain")
    with open(os.path.join(folder, "passphrase"), "w", encoding="ascii") as out:
        out.write("secret\n")
    key = os.path.join(folder, "key")
    account = w.crux("keys", "new", key, "--passphrase-file", os.path.join(folder, "passphrase"))["account"]
    w.crux("chain", "init", chain, "--scripted")
    for name in (account, "liar", "first", "second"):
        w.crux("chain", "deposit", chain, name, str(w.MONEY))
    port, liar_port = w.free_port(), w.free_port()
    processes = {
        "liar": w.Process("liar", [os.path.join(w.BIN, "lying_executor"), chain, *models, "liar", str(liar_port), "5",
                                   "3", "honest,layer,model"], folder),
        "executor": w.Process("executor", [
            w.CRUX, "executor", "--model", "a=" + models[0], "--listen", f"127.0.0.1:{port}", "--chain",
            "local:" + chain, "--data", os.path.join(folder, "data"), "--key", key, "--passphrase-file",
            os.path.join(folder, "passphrase"), "--threads", "1", "--batch-count", "3", "--batch-seconds", "1"], folder),
    }
    for name in ("first", "second"):
        processes[name] = w.Process(name, [
            w.CRUX, "challenger", "--model", models[0], "--chain", "local:" + chain, "--data",
            os.path.join(folder, name + ".data"), "--mode", "challenge", "--account", name, "--poll", "50", "--retry",
            "1", "--threads", "1", "--executor", f"{account}=http://127.0.0.1:{port}", "--executor",
            f"liar=http://127.0.0.1:{liar_port}"], folder)
    return chain, processes, port, account


def verify(folder, receipt, *args):
    path = os.path.join(folder, "receipt")
    with open(path, "w", encoding="ascii") as out:
        json.dump(receipt, out)
    done = subprocess.run([w.CRUX, "verify", path, *args, "--json"], capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout)


def settled(chain, account):
    batches = w.batches_of(chain)
    return (sum(b["claims"] for b in batches if b["executor"] == account) >= ANSWERS
            and sum(b["fallen"] for b in batches) >= 2)


def play(chain, processes, port, account):
    draw = random.Random(3)
    receipts = []
    for number in range(ANSWERS):
        wait_for(port)
        receipts.append(ask(port, number))
        processes[draw.choice(["executor", "first", "second"])].kill()
        for process in processes.values():
            if process.running.poll() is not None:
                process.start()
        w.crux("chain", "advance", chain, "2")
    wait_for(port)
    end, idle, events = time.monotonic() + 180, 0, 0
    while not settled(chain, account):
        if time.monotonic() > end:
            raise SystemExit(f"no end: {w.batches_of(chain)}")
        for process in processes.values():
            process.check()
        time.sleep(0.2)
        now = w.crux("chain", "status", chain)["events"]
        idle, events = (idle + 1 if now == events else 0), now
        w.crux("chain", "advance", chain, "1000" if idle >= 15 else "2")
        idle = 0 if idle >= 15 else idle
    time.sleep(1.5)  # for what would be wrong
    return receipts


def whole_receipt(port, receipt):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/receipts/{receipt['id']}", timeout=30) as reply:
        return json.load(reply)


def main():
    problems = []
    with tempfile.TemporaryDirectory(prefix="crux-system-") as folder:
        subprocess.run([os.path.join(w.BIN, "make_small_files"), folder], check=True)
        models = [os.path.join(folder, "a.crux"), os.path.join(folder, "b.crux")]
        chain, processes, port, account = start(folder, models)
        try:
            asked = play(chain, processes, port, account)
            receipts = [(whole_receipt(port, receipt), prompt) for receipt, prompt in asked]
            time.sleep(1)
            w.crux("chain", "advance", chain,
                   str(w.crux("chain", "status", chain)["parameters"]["window_seconds"] + 1))
            for receipt, prompt in receipts:
                code, said = verify(folder, receipt, "--chain", "local:" + chain, "--model", models[0], "--text",
                                    prompt, "--threads", "1")
                wanted = {"consistent": True, "signature": True, "chain": True, "included": True, "state": "final",
                          "tokens": True, "recomputed": True}
                if code != 0 or {name: said.get(name) for name in wanted} != wanted:
                    problems.append(f"verify: {code} {said}")
            # whatever is changed in a receipt is seen
            receipt, prompt = receipts[0]
            for name, value, what in (("signature", "00" * 64, "signature"), ("deadline", receipt["deadline"] + 1, "signature"),
                                      ("output_tokens", [1] * len(receipt["output_tokens"]), "consistent"),
                                      ("member", receipt["member"] + 1, "included")):
                code, said = verify(folder, {**receipt, name: value}, "--chain", "local:" + chain)
                if code != 3 or said[what] is not False:
                    problems.append(f"verify after {name} was changed: {code} {said}")
            code, said = verify(folder, receipt, "--model", models[0], "--text", prompt + "x", "--threads", "1")
            if code != 3 or said["tokens"] is not False:
                problems.append(f"verify with another text: {code} {said}")
            code, said = verify(folder, {"version": 1})
            if code != 1 or said["error"] != "syntax":
                problems.append(f"verify of nothing: {code} {said}")
            # single layers, from the records that the executor serves, by a challenger that has seen nothing yet
            done = subprocess.run([w.CRUX, "challenger", "--model", models[0], "--chain", "local:" + chain, "--data",
                                   os.path.join(folder, "auditor"), "--layers", "1", "--once", "--threads", "1",
                                   "--executor", f"{account}=http://127.0.0.1:{port}", "--json"],
                                  capture_output=True, text=True, timeout=120)
            figures = json.loads(done.stdout)
            if done.returncode != 0 or figures["audited_layers"] < ANSWERS or figures["invalid"] != 0:
                problems.append(f"layers: {done.returncode} {figures} {done.stderr[-2000:]}")
            seen = w.crux("watch", "--chain", "local:" + chain, "--once")
            if seen["disputes"] or sum(b["fallen"] for b in seen["batches"]) != 2:
                problems.append(f"watch: {seen}")
            liar = w.crux("chain", "show", chain, "liar")["account"]
            for batch in w.batches_of(chain):
                if batch["executor"] == account and batch["fallen"]:
                    problems.append(f"an honest claim fell: {batch}")
                if batch["executor"] == liar and batch["fallen"] != 2:
                    problems.append(f"the liar: {batch}")
        finally:
            for process in processes.values():
                if process.running.poll() is None:
                    process.stop()
        if problems:
            for name in processes:
                with open(os.path.join(folder, name + ".log"), errors="replace") as log:
                    print(f"--- {name}\n{log.read()[-2500:]}")
    print(f"{ANSWERS} answers, {len(problems)} problems")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
