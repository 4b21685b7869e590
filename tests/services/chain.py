"""A chain file as `crux chain serve` shows it, and its clock, which only the test moves."""
import http.client
import json
import subprocess

from processes import WAIT_SECONDS, crux

DEMAND_OPEN, DEMAND_UNMET = 1, 3
OVER = ("won", "lost", "refunded")


class View:
    """The chain at one moment, if its status is the same after it was read."""

    def __init__(self, chain, status):
        self.status, self.parameters = status, status["parameters"]
        self.events, self.value, self.now = status["events"], status["value"], status["time"]
        self.batches = chain.get("/v1/batches?count=1000")["batches"]
        self.disputes = chain.get("/v1/disputes?count=1000")["disputes"]
        self.claims = []
        for batch in self.batches:
            for member in range(batch["claims"]):
                claim = chain.get(f"/v1/claims/{batch['batch']}/{member}")
                self.claims.append({**claim, "executor": batch["executor"], "posted_at": batch["posted_at"],
                                    "mode": batch["mode"]})

    def of(self, account):
        return [claim for claim in self.claims if claim["executor"] == account]

    def open_disputes(self):
        return [dispute for dispute in self.disputes if dispute["stage"] not in OVER]


class Chain:
    def __init__(self, program, path):
        self.program, self.path = program, path
        self.server = subprocess.Popen([program, "chain", "serve", path, "--listen", "127.0.0.1:0", "--json"],
                                       stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        text = ""
        while "}" not in text:
            line = self.server.stdout.readline().decode()
            if not line:
                raise RuntimeError("crux chain serve did not start")
            text += line
        self.connection = http.client.HTTPConnection("127.0.0.1", json.loads(text)["port"], timeout=WAIT_SECONDS)
        self.view = None

    def ask(self, path):
        self.connection.request("GET", path)
        reply = self.connection.getresponse()
        return reply, json.load(reply)

    def get(self, path):
        try:
            reply, body = self.ask(path)
        except (http.client.HTTPException, ConnectionError):  # closed after a long rest: opened anew
            self.connection.close()
            reply, body = self.ask(path)
        if reply.status != 200:
            raise RuntimeError(f"{path}: {body}")
        return body

    def look(self):
        """Returns: the chain as it is; read again only where something has changed."""
        while True:  # until nobody moves for as long as reading takes
            status = self.get("/v1/status")
            if self.view is not None and self.view.status == status:
                return self.view
            self.view = View(self, status)

    def events(self):
        found, after = [], ""
        while True:
            page = self.get("/v1/events?count=1000" + after)
            if not page["events"]:
                return found
            found += page["events"]
            after = f"&after={page['after']}&hash={page['hash']}"

    def advance(self, seconds):
        crux(self.program, "chain", "advance", self.path, str(seconds))

    def close(self):
        self.connection.close()
        self.server.terminate()
        self.server.wait(timeout=WAIT_SECONDS)
        self.server.stdout.close()
