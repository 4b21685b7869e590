"""Processes of a system under test: started, killed, started again with the same arguments, ended."""
import json
import os
import signal
import socket
import subprocess
import time

WAIT_SECONDS = 240  # for a process on a machine that is busy with others; nothing is decided by it


def crux(program, *args):
    """Runs a command to its end.  Returns: what it says."""
    done = subprocess.run([program, *args, "--json"], capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"crux {' '.join(args)}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


class Port:
    """One of this machine's own that nobody else is given while its process is dead: bound, and never listened at."""

    def __init__(self):
        self.held = socket.socket()
        self.held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.held.bind(("127.0.0.1", 0))
        self.number = self.held.getsockname()[1]
        self.address = f"127.0.0.1:{self.number}"
        self.url = f"http://{self.address}"

    def close(self):
        self.held.close()


class Process:
    def __init__(self, name, args, folder):
        self.name, self.args, self.kills, self.back_at = name, args, 0, None
        self.path = os.path.join(folder, name + ".log")
        self.start()

    def start(self):
        self.back_at = None
        with open(self.path, "ab") as log:
            self.running = subprocess.Popen(self.args, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def kill(self, seconds=0):
        """In: seconds, until it is to be started again."""
        if self.back_at is None:
            self.check()
            self.running.send_signal(signal.SIGKILL)
            self.running.wait()
            self.kills += 1
        self.back_at = time.monotonic() + seconds

    def revive(self):
        if self.back_at is not None and time.monotonic() >= self.back_at:
            self.start()

    def check(self):
        if self.back_at is None and self.running.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.running.returncode}")

    def is_catching(self, number):
        """Has it a handler for this signal? It has none while it starts."""
        with open(f"/proc/{self.running.pid}/status", encoding="ascii", errors="replace") as status:
            mask = next(line.split()[1] for line in status if line.startswith("SigCgt:"))
        return int(mask, 16) >> (number - 1) & 1 == 1

    def stop(self):
        """Returns: its exit status after SIGTERM; -9 if it had to be killed."""
        end = time.monotonic() + WAIT_SECONDS
        while self.running.poll() is None and not self.is_catching(signal.SIGTERM) and time.monotonic() < end:
            time.sleep(0.05)
        if self.running.poll() is None:
            self.running.send_signal(signal.SIGTERM)
        try:
            return self.running.wait(timeout=WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.running.kill()
            return self.running.wait()

    def end(self):
        """Whatever has become of it."""
        if self.running.poll() is None:
            self.running.kill()
            self.running.wait()

    def log(self, most):
        with open(self.path, errors="replace", encoding="utf-8") as log:
            return log.read()[-most:]
