"""crux executor as a process, for tests: started on a free port, ended by a signal, never left behind."""
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

WAIT_SECONDS = 60
DRAIN_SECONDS, END_SECONDS = 200, 240  # what is begun is answered to its end, however busy the machine


class Served:
    """with Served(crux, ["--model", ..]) as s: s.url, s.get(path), s.post(path, object), s.metric(name)"""

    def __init__(self, crux, arguments, environment=None):
        self.folder = tempfile.TemporaryDirectory()
        self.log_path = os.path.join(self.folder.name, "log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [crux, "executor", "--listen", "127.0.0.1:0", "--log", "json", "--drain-seconds", str(DRAIN_SECONDS)]
                + arguments,
                stdout=subprocess.PIPE, stderr=log, env=dict(os.environ, **(environment or {})))
        line = self.process.stdout.readline().decode().strip()
        if not line.startswith("http://"):
            self.process.wait(WAIT_SECONDS)
            raise RuntimeError(f"it did not start: {self.log()}")
        self.url = line
        self.host, port = line[len("http://"):].rsplit(":", 1)
        self.port = int(port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def stop(self, number=signal.SIGTERM):
        """Returns: the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        return status

    def request(self, method, path, body=None, headers=None):
        """Returns: status, headers, bytes."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=WAIT_SECONDS)
        connection.request(method, path, body=body, headers=headers or {})
        reply = connection.getresponse()
        data = reply.read()
        connection.close()
        return reply.status, {k.lower(): v for k, v in reply.getheaders()}, data

    def get(self, path, headers=None):
        return self.request("GET", path, None, headers)

    def post(self, path, value, headers=None):
        status, got, data = self.request("POST", path, json.dumps(value), headers)
        return status, got, json.loads(data)

    def metric(self, name):
        """Returns: the sum of the figure over its labels."""
        total = 0.0
        for line in self.get("/metrics")[2].decode().splitlines():
            if line.split("{")[0].split(" ")[0] == name:
                total += float(line.rsplit(" ", 1)[1])
        return total

    def wait_for(self, name, value):
        for _ in range(WAIT_SECONDS * 20):
            if self.metric(name) == value:
                return True
            time.sleep(0.05)
        return False

    def wait_for_least(self, name, least):
        """For figures that are as of an earlier moment."""
        for _ in range(WAIT_SECONDS * 20):
            if self.metric(name) >= least:
                return True
            time.sleep(0.05)
        return False


class Checks:
    """Counts what is checked; says what fails."""

    def __init__(self):
        self.done, self.failed = 0, 0

    def true(self, what, condition, detail=""):
        self.done += 1
        if not condition:
            self.failed += 1
            print(f"FAILED {what}: {detail}")

    def equal(self, what, got, want):
        self.true(what, got == want, f"got {got!r:.500}, want {want!r:.500}")

    def finish(self):
        print(f"{self.done} checks, {self.failed} failed")
        sys.exit(1 if self.failed or not self.done else 0)


def import_model(crux, source, folder):
    path = os.path.join(folder, "tiny.crux")
    subprocess.run([crux, "import", source, "-o", path], check=True, stdout=subprocess.DEVNULL)
    return path
