"""The two servers as processes: crux executor with a chain, so that every answer has its receipt, and llama.cpp's own."""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.request

import process
from say import Trouble

OPEN_SECONDS, END_SECONDS = 120, 240
DEPOSIT = 10 ** 15  # bonds for as many claims as any bench makes


def status_kilobytes(pid, name):
    """A line of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name + ":"))


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Server:
    """with Server(..) as s: s.address, s.rss_bytes(), s.peak_bytes(), s.processor_seconds()

    A kind of server has open(), which begins it and waits until it answers."""

    def __init__(self, folder, words):
        self.folder, self.words, self.child, self.address = pathlib.Path(folder), [str(word) for word in words], None, None

    def begin(self, **how):
        self.log = open(self.folder / "log", "wb")
        self.child = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stderr=self.log, **how)

    def __enter__(self):
        try:
            self.open()
        except BaseException:  # then nobody leaves: a server that does not answer, or Ctrl-C
            if self.child is not None:
                process.stop(self.child)
            self.log.close()
            raise
        return self

    def trouble(self, what):
        said = (self.folder / "log").read_text(errors="replace").splitlines()[-12:]
        return Trouble("\n".join([*said, f"{self.words[0]} {what}"]))

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.stop(self.child)
            raise self.trouble("does not end at SIGTERM") from None
        finally:
            self.log.close()

    def rss_bytes(self):
        return status_kilobytes(self.child.pid, "VmRSS") * 1024

    def peak_bytes(self):
        return status_kilobytes(self.child.pid, "VmHWM") * 1024

    def processor_seconds(self):
        return processor_seconds(self.child.pid)

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.address[0]}:{self.address[1]}{path}", timeout=60) as reply:
            return reply.read()

    def check(self):
        if self.child.poll() is not None:
            raise self.trouble(f"ended with {self.child.returncode}")


class Executor(Server):
    model_name = "m"

    def __init__(self, crux, model, folder, threads, more=()):
        """In: folder, an empty one, for key, chain and data; more, words for crux executor."""
        folder = pathlib.Path(folder)
        secret, key, self.chain = folder / "passphrase", folder / "key", folder / "chain"
        secret.write_text("secret\n")
        made = process.run([crux, "keys", "new", key, "--passphrase-file", secret, "--json"])
        self.account = json.loads(made.out)["account"]
        process.run([crux, "chain", "init", self.chain])
        process.run([crux, "chain", "deposit", self.chain, self.account, str(DEPOSIT)])
        super().__init__(folder, [
            crux, "executor", "--model", f"{self.model_name}={model}", "--listen", "127.0.0.1:0", "--log", "json",
            "--log-level", "warning", "--threads", threads, "--chain", f"local:{self.chain}", "--data", folder / "data",
            "--key", key, "--passphrase-file", secret, *more])

    def open(self):
        self.begin(stdout=subprocess.PIPE)
        line = self.child.stdout.readline().decode().strip()
        if not line.startswith("http://"):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(END_SECONDS)  # it still says why
            raise self.trouble("did not start")
        host, port = line[len("http://"):].rsplit(":", 1)
        self.address = (host, int(port))

    def __exit__(self, *about):
        super().__exit__(*about)
        self.child.stdout.close()

    def metric(self, name):
        """Returns: the sum of a figure over its labels."""
        lines = (line.rsplit(" ", 1) for line in self.get("/metrics").decode().splitlines() if not line.startswith("#"))
        return sum(float(value) for key, value in lines if key.split("{")[0] == name)


class Peer(Server):
    model_name = "m"

    def __init__(self, program, gguf, folder, threads, slots, positions, more=()):
        """In: slots, requests at once; positions, that each has room for."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        super().__init__(folder, [
            program, "--model", gguf, "--host", "127.0.0.1", "--port", port, "--threads", threads, "--threads-batch",
            threads, "--parallel", slots, "--cont-batching", "--ctx-size", slots * positions, "--no-warmup", *more])
        self.address = ("127.0.0.1", port)

    def open(self):
        self.begin(stdout=subprocess.DEVNULL)
        end = time.monotonic() + OPEN_SECONDS
        while time.monotonic() < end:
            self.check()
            try:
                self.get("/health")
                return
            except OSError:  # urllib's errors are such: not there yet, or 503 while it loads
                time.sleep(0.1)
        raise self.trouble("does not answer")
