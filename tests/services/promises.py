#!/usr/bin/env python3
"""promises.py CRUX BIN: receipts are called on a chain, against crux executor as a process.

Two executors pledge, give a receipt each, and are killed with SIGKILL before their claims are posted. When the receipts
are overdue, their client calls them. The one executor comes back, posts its claim and keeps its promise. The other has
lost its store and loses a part of its pledge, and the rest by a second receipt, for another claim of the same request.
The first one then leaves, and takes out its pledge.
"""
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from client import fetch
from processes import Port, Process, crux

PLEDGE = 600000
PENALTY, REWARD, FEE = 200000, 80000, 100
PROGRAM, BINARIES = sys.argv[1:3]


def executor(folder, name, chain, model, port, *more):
    return Process(name, [
        PROGRAM, "executor", "--model", "a=" + model, "--listen", port.address, "--chain", "local:" + chain,
        "--data", os.path.join(folder, name + ".data"), "--key", os.path.join(folder, name + ".key"),
        "--passphrase-file", os.path.join(folder, "passphrase"), "--threads", "1", "--batch-seconds", "500",
        "--receipt-seconds", "600", *more], folder)


def wait_until(what, holds):
    end = time.monotonic() + 240  # on a machine that is busy with others; nothing is decided by it
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"it does not come to this: {what}")
        time.sleep(0.1)


def answers(url):
    try:
        return fetch(url + "/healthz") != ""
    except (OSError, http.client.HTTPException):
        return False


def keep(folder, name, receipt):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as out:
        json.dump(receipt, out)
    return path


def run(*args):
    done = subprocess.run([PROGRAM, *args, "--json"], capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, json.loads(done.stdout)


def hash_of(tag, *parts):
    return hashlib.sha256(tag.ljust(16, b"\0") + b"".join(parts)).digest()


def another_claim(receipt, key, passphrase):
    """Returns: what the same executor would have signed for another trace of this request."""
    claim = bytearray.fromhex(receipt["claim"])
    claim[96] ^= 1
    digest = hash_of(b"crux-receipt-v1", *(bytes.fromhex(receipt[name]) for name in
                                          ("chain", "contract", "executor", "request_hash")),
                     hash_of(b"crux-claim-v1", bytes(claim)), b"\2", bytes(20),
                     receipt["deadline"].to_bytes(8, "little")).hex()
    signature = crux(PROGRAM, "keys", "sign", key, digest, "--passphrase-file", passphrase)["signature"]
    return {**receipt, "claim": claim.hex(), "id": digest, "signature": signature}


def promise_of(chain, path):
    code, said = run("verify", path, "--chain", "local:" + chain)
    return code, said["promise"]["state"], said["promise"]["covered"]


def main():
    problems = []

    def check(what, got, wanted):
        if got != wanted:
            problems.append(f"{what}: {got}, not {wanted}")

    with tempfile.TemporaryDirectory(prefix="crux-promises-") as folder:
        subprocess.run([os.path.join(BINARIES, "make_small_files"), folder], check=True)
        model, chain = os.path.join(folder, "a.crux"), os.path.join(folder, "chain")
        passphrase = os.path.join(folder, "passphrase")
        with open(passphrase, "w", encoding="ascii") as out:
            out.write("secret\n")
        crux(PROGRAM, "chain", "init", chain, "--scripted")
        accounts = {name: crux(PROGRAM, "keys", "new", os.path.join(folder, name + ".key"), "--passphrase-file",
                               passphrase)["account"] for name in ("honest", "loser")}
        for name in (*accounts.values(), "client"):
            crux(PROGRAM, "chain", "deposit", chain, name, "10000000")
        ports = {name: Port() for name in accounts}
        processes = {name: executor(folder, name, chain, model, ports[name], "--pledge", str(PLEDGE),
                                     "--batch-count", "4", "--payee", "cold")
                     for name in accounts}

        def account(name):
            return crux(PROGRAM, "chain", "show", chain, accounts[name])

        def advance(seconds):
            crux(PROGRAM, "chain", "advance", chain, str(seconds))

        try:
            papers, receipts = {}, {}
            for name, port in ports.items():
                wait_until("an executor", lambda url=port.url: answers(url))
                wait_until("a pledge", lambda name=name: account(name)["pledge"] == PLEDGE)
                answer = json.loads(fetch(port.url + "/v1/completions",
                                          {"model": "a", "prompt": "abcabc", "max_tokens": 5, "seed": 1}))
                papers[name] = answer["crux"]
                receipts[name] = keep(folder, name + ".receipt", papers[name])
                check("before the deadline", promise_of(chain, receipts[name]), (0, "due", True))
                code, said = run("chain", "call", chain, "client", receipts[name])
                check("called too early", (code, said["error"]), (1, "not_too_late"))
                processes[name].kill()
            cold = crux(PROGRAM, "chain", "show", chain, "cold")["account"]
            check("payees", [account(name)["payee"] for name in accounts], [cold, cold])
            advance(601)
            for name in accounts:
                check("behind the deadline", promise_of(chain, receipts[name]), (0, "overdue", True))
                code, said = run("chain", "call", chain, "client", receipts[name])
                check("a call", (code, said["repeated"], said["answer_by"]), (0, False, 601 + 3600))
                check("a called one", promise_of(chain, receipts[name])[1], "called")
            code, said = run("chain", "lapse", chain, "client", receipts["honest"])
            check("lapsed too early", (code, said["error"]), (1, "not_too_late"))
            # one comes back with its store, the other without
            shutil.rmtree(os.path.join(folder, "loser.data"))
            for name in accounts:
                processes[name].start()
            wait_until("a promise kept", lambda: account("honest")["called"] == 0)
            check("kept", (account("honest")["pledge"], promise_of(chain, receipts["honest"])), (PLEDGE, (0, "kept", True)))
            check("nobody can keep it", (account("loser")["called"], account("loser")["pledge"]), (1, PLEDGE))
            advance(3601)
            check("unanswered", promise_of(chain, receipts["loser"])[1], "unanswered")
            code, said = run("chain", "lapse", chain, "anybody", receipts["loser"])
            check("a lapse", (code, said["paid"]), (0, REWARD + FEE))
            check("broken", promise_of(chain, receipts["loser"]), (3, "broken", True))
            check("what fell", account("loser")["pledge"], PLEDGE - PENALTY)
            # elsewhere a receipt means nothing, which is said before anything is moved
            other = os.path.join(folder, "other")
            crux(PROGRAM, "chain", "init", other, "--scripted")
            here, there = (crux(PROGRAM, "chain", "status", path)["chain_id"] for path in (chain, other))
            for word in ("call", "lapse"):
                code, said = run("chain", word, other, "client", receipts["loser"])
                check(f"{word} on another chain", (code, said["error"], here in said["message"], there in said["message"]),
                      (1, "claim_mismatch", True, True))
            # one receipt says nothing; two of one request and two claims do
            code, said = run("chain", "convict", chain, "client", receipts["loser"], receipts["loser"])
            check("one receipt twice", (code, said["error"]), (1, "receipts_agree"))
            code, said = run("chain", "convict", chain, "client", receipts["loser"], receipts["honest"])
            check("of two executors", (code, said["error"]), (1, "receipts_agree"))
            second = keep(folder, "second.receipt",
                          another_claim(papers["loser"], os.path.join(folder, "loser.key"), passphrase))
            code, said = run("chain", "convict", chain, "client", receipts["loser"], second)
            check("two claims of one request", (code, said.get("paid"), said.get("message")), (0, REWARD, None))
            check("all of it fell", account("loser")["pledge"], 0)
            # and the honest one goes home
            processes["honest"].stop()
            processes["honest"] = executor(folder, "honest", chain, model, ports["honest"], "--leave")
            wait_until("leaving", lambda: account("honest")["leaving_at"] is not None)
            advance(604801)
            wait_until("released", lambda: account("honest")["pledge"] == 0)
            check("nothing lost", account("honest")["leaving_at"], None)
            value = crux(PROGRAM, "chain", "status", chain)["value"]
            check("burned", value["burned"], PLEDGE - 2 * REWARD)
        finally:
            for process in processes.values():
                process.end()
            if problems or sys.exc_info()[0] is not None:
                for process in processes.values():
                    print(f"--- {process.name}\n{process.log(2500)}")
            for port in ports.values():
                port.close()
    print(f"{len(problems)} problems")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
