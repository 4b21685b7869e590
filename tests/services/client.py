"""Somebody who asks for answers, and keeps the receipts. An executor that is killed meanwhile is asked again."""
import http.client
import json
import threading
import time
import urllib.error
import urllib.request

from processes import WAIT_SECONDS


class Refused(Exception):
    pass


def fetch(url, body=None, headers=None):
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(),
                                     {"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as reply:
            return reply.read().decode()
    except urllib.error.HTTPError as error:
        raise Refused(f"{url}: {error.code} {error.read().decode()[:500]}") from None


def receipt_of(answer, streamed):
    """Returns: what is promised; None for a stream that was cut off before its end."""
    if not streamed:
        return json.loads(answer)["crux"]
    events = [event[6:] for event in answer.split("\n\n") if event.startswith("data: ")]
    if not events or events[-1] != "[DONE]":
        return None
    return next(json.loads(event)["crux"] for event in reversed(events) if '"crux"' in event)


class Client(threading.Thread):
    """asked: [(seconds to wait before, body)]. Out: receipts, [(receipt, body)]; problem."""

    def __init__(self, url, asked):
        super().__init__(daemon=True)
        self.url, self.asked = url, asked
        self.receipts, self.asked_again, self.problem, self.stopped = [], 0, None, False

    def ask(self, body):
        while not self.stopped:
            try:
                receipt = receipt_of(fetch(self.url + "/v1/completions", body), body["stream"])
                if receipt is not None:
                    return receipt
            except (OSError, http.client.HTTPException):
                pass
            self.asked_again += 1
            time.sleep(0.05)
        raise Refused("stopped")

    def run(self):
        try:
            for seconds, body in self.asked:
                time.sleep(seconds)
                self.receipts.append((self.ask(body), body))
        except (Refused, ValueError, KeyError, StopIteration) as trouble:
            self.problem = f"the client: {trouble!r}"

    def is_done(self):
        return len(self.receipts) == len(self.asked)
