"""A chain file, an executor on it, and challengers that end by themselves: each a process whose time is its own."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import subprocess
import time
import urllib.request

import process
from say import Trouble

MONEY = 10**12
TICKS = os.sysconf("SC_CLK_TCK")


def crux(program, *words):
    """Returns: the one object that a command says."""
    return json.loads(process.run([str(program), *map(str, words), "--json"]).out)


class Used:
    """Seconds by the clock, and of processors."""

    def __init__(self, wall, processor):
        self.wall, self.processor = wall, processor


class Executor:
    """A real one, on a chain of its own. In: settings, words of its command line."""

    def __init__(self, program, model, folder, threads, settings=()):
        self.program, self.folder = program, pathlib.Path(folder)
        self.folder.mkdir()
        passphrase, key, self.chain = (self.folder / name for name in ("passphrase", "key", "chain"))
        passphrase.write_text("secret\n")
        self.account = crux(program, "keys", "new", key, "--passphrase-file", passphrase)["account"]
        crux(program, "chain", "init", self.chain)
        crux(program, "chain", "deposit", self.chain, self.account, MONEY)
        self.log = open(self.folder / "log", "wb")
        self.running = subprocess.Popen([
            str(word) for word in (
                program, "executor", "--model", f"m={model}", "--listen", "127.0.0.1:0", "--chain",
                f"local:{self.chain}", "--data", self.folder / "data", "--key", key, "--passphrase-file", passphrase,
                "--threads", threads, "--prefix-bytes", 0, *settings)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
        try:
            self.url = self.running.stdout.readline().decode().strip()  # it says its port once it listens
            if not self.url.startswith("http://"):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.running.wait(60)  # it still says why
                raise self.trouble()
        except BaseException:
            self.stop()
            raise

    def trouble(self):
        said = (self.folder / "log").read_text(errors="replace").strip().splitlines()[-8:]
        return Trouble("the executor does not do what it should:\n" + "\n".join(said))

    def wait_until(self, happened, seconds):
        end = time.monotonic() + seconds
        while not happened():
            if self.running.poll() is not None or time.monotonic() > end:
                raise self.trouble()
            time.sleep(0.05)

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.running.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_bytes(self):
        for line in pathlib.Path(f"/proc/{self.running.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise Trouble("the executor has no VmHWM")

    def during(self, work):
        """Returns: what work returns, and what the executor used meanwhile."""
        start, before = time.monotonic(), self.processor_seconds()
        result = work()
        return result, Used(time.monotonic() - start, self.processor_seconds() - before)

    def ask(self, prompt, tokens, inner=None):
        """Returns: the receipt's document.  In: inner, what only this server understands."""
        body = {"model": "m", "prompt": prompt, "max_tokens": tokens, "temperature": 0, "crux": inner or {}}
        request = urllib.request.Request(self.url + "/v1/completions", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=900) as reply:
            return json.load(reply)["crux"]

    def ask_all(self, prompts, tokens, at_once, inner=None):
        """Returns: receipts, and what the executor used from the first question to the last answer."""
        with concurrent.futures.ThreadPoolExecutor(at_once) as asking:
            return self.during(lambda: list(asking.map(lambda prompt: self.ask(prompt, tokens, inner), prompts)))

    def batches(self):
        return crux(self.program, "chain", "claims", self.chain)["batches"]

    def events(self):
        return crux(self.program, "chain", "log", self.chain)["events"]

    def settle(self, claims):
        """Waits until so many claims are on the chain.  Returns: what the executor used meanwhile."""
        _, used = self.during(lambda: self.wait_until(
            lambda: sum(batch["claims"] for batch in self.batches()) >= claims, 300))
        return used

    def stop(self):
        process.stop(self.running)
        self.running.stdout.close()
        self.log.close()


class Challenged:
    """What a challenger that went over a whole chain used, and found."""

    def __init__(self, ended, serving):
        figures = json.loads(ended.out)
        self.used, self.serving, self.peak_bytes = Used(ended.seconds, ended.processor_seconds), serving, ended.peak_bytes
        self.fetched_bytes, self.verified = figures["fetched_bytes"], figures["valid"]
        self.verify_seconds, self.positions = figures["verify_seconds"], figures["positions"]
        if figures["invalid"] or figures["withheld"] or figures["unfetched"] or figures["waiting"]:
            raise Trouble(f"the challenger does not find what is there: {figures}")


def challenge(program, model, executor, folder, threads, settings):
    """Returns: a Challenged, by a challenger that has seen nothing yet. In: folder, of its journal."""
    words = [program, "challenger", "--model", model, "--chain", f"local:{executor.chain}", "--data", folder, "--once",
             "--threads", threads, "--executor", f"{executor.account}={executor.url}", "--json", *settings]
    ended, serving = executor.during(lambda: process.run([str(word) for word in words]))
    return Challenged(ended, serving.processor)
