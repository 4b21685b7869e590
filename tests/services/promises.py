#!/usr/bin/env python3
"""promises.py CRUX BIN: receipts are called on a chain, against crux executor as a process.

An executor that pledges gives receipts, and is killed with SIGKILL before they are posted. Its client verifies one,
calls it when it is overdue; the executor, started again, posts and keeps it. Another executor of the same kind loses its
store, is called, and loses a part of its pledge; the same key without the store answers otherwise to the same request
(it runs another model under the same name), so that a second receipt convicts it of the rest. The first one then leaves,
and takes out its pledge.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import system as s
import watchtower as w

PLEDGE = 600000


def executor(folder, name, chain, model, port, *more):
    return w.Process(name, [
        w.CRUX, "executor", "--model", "a=" + model, "--listen", f"127.0.0.1:{port}", "--chain", "local:" + chain,
        "--data", os.path.join(folder, name + ".data"), "--key", os.path.join(folder, name + ".key"),
        "--passphrase-file", os.path.join(folder, "passphrase"), "--threads", "1", "--batch-seconds", "500",
        "--receipt-seconds", "600", *more], folder)


def wait_until(what, holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"it does not come to this: {what}")
        time.sleep(0.2)


def keep(folder, name, receipt):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as out:
        json.dump(receipt, out)
    return path


def run(*args):
    done = subprocess.run([w.CRUX, *args, "--json"], capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout)


def promise_of(chain, path):
    code, said = run("verify", path, "--chain", "local:" + chain)
    return code, said["promise"]["state"], said["promise"]["covered"]


def main():
    problems = []

    def check(what, got, wanted):
        if got != wanted:
            problems.append(f"{what}: {got}, not {wanted}")

    with tempfile.TemporaryDirectory(prefix="crux-promises-") as folder:
        subprocess.run([os.path.join(w.BIN, "make_small_files"), folder], check=True)
        model, other = os.path.join(folder, "a.crux"), os.path.join(folder, "b.crux")
        chain = os.path.join(folder, "chain")
        with open(os.path.join(folder, "passphrase"), "w", encoding="ascii") as out:
            out.write("secret\n")
        w.crux("chain", "init", chain, "--scripted")
        accounts = {name: w.crux("keys", "new", os.path.join(folder, name + ".key"), "--passphrase-file",
                                 os.path.join(folder, "passphrase"))["account"] for name in ("honest", "loser")}
        for name in (*accounts.values(), "client"):
            w.crux("chain", "deposit", chain, name, "10000000")
        ports = {name: w.free_port() for name in accounts}
        processes = {name: executor(folder, name, chain, model, ports[name], "--pledge", str(PLEDGE))
                     for name in accounts}

        def account(name):
            return w.crux("chain", "show", chain, accounts[name])

        try:
            receipts = {}
            for name, port in ports.items():
                s.wait_for(port)
                wait_until("a pledge", lambda name=name: account(name)["pledge"] == PLEDGE)
                receipts[name] = keep(folder, name + ".receipt", s.ask(port, 1)[0])
                check("before the deadline", promise_of(chain, receipts[name]), (0, "due", True))
                code, said = run("chain", "call", chain, "client", receipts[name])
                check("called too early", (code, said["error"]), (1, "not_too_late"))
                processes[name].kill()
            w.crux("chain", "advance", chain, "601")
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
            w.crux("chain", "advance", chain, "3601")
            check("unanswered", promise_of(chain, receipts["loser"])[1], "unanswered")
            code, said = run("chain", "lapse", chain, "anybody", receipts["loser"])
            check("a lapse", (code, said["paid"]), (0, 80000 + 1000))
            check("broken", promise_of(chain, receipts["loser"]), (3, "broken", True))
            check("what fell", account("loser")["pledge"], PLEDGE - 200000)
            # one receipt says nothing; two of one request and two claims do
            code, said = run("chain", "convict", chain, "client", receipts["loser"], receipts["loser"])
            check("one receipt twice", (code, said["error"]), (1, "receipts_agree"))
            code, said = run("chain", "convict", chain, "client", receipts["loser"], receipts["honest"])
            check("of two executors", (code, said["error"]), (1, "receipts_agree"))
            second = os.path.join(folder, "second.receipt")
            w.crux_path = second
            subprocess.run([os.path.join(w.BIN, "second_receipt"), os.path.join(folder, "loser.key"), "secret",
                            receipts["loser"], second], check=True)
            code, said = run("chain", "convict", chain, "client", receipts["loser"], second)
            check("two claims of one request", (code, said.get("paid")), (0, 80000))
            check("all of it fell", account("loser")["pledge"], 0)
            # and the honest one goes home
            processes["honest"].stop()
            processes["honest"] = executor(folder, "honest", chain, model, ports["honest"], "--leave")
            wait_until("leaving", lambda: account("honest")["leaving_at"] is not None)
            w.crux("chain", "advance", chain, "604801")
            wait_until("released", lambda: account("honest")["pledge"] == 0)
            check("nothing lost", account("honest")["leaving_at"], None)
            value = w.crux("chain", "status", chain)["value"]
            check("burned", value["burned"], 200000 - 80000 + PLEDGE - 200000 - 80000)
        finally:
            for process in processes.values():
                if process.running.poll() is None:
                    process.stop()
        if problems:
            for name in processes:
                with open(os.path.join(folder, name + ".log"), errors="replace") as log:
                    print(f"--- {name}\n{log.read()[-2500:]}")
    print(f"{len(problems)} problems")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
