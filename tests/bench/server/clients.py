"""Streaming clients of a server, all in one process: each asks, reads its answer as it comes, and asks again.

One loop over non-blocking sockets, which counts events by their first bytes and reads them as JSON once an answer is
whole: a busy loop would take processor time from the server that it measures. How much it took is among what it says.
"""
import heapq
import json
import select
import socket
import time

EVENT, PIECE, CONNECT_SECONDS = b"data: {", 1 << 16, 60
SMALL_BUFFER = 4096  # of a slow reader's socket: what it has not read lies with the server


class Ask:
    """A request, and how its answer is read."""

    def __init__(self, body, pause=0.0, bite=PIECE, leave_after=None, leave_seconds=0.0):
        """In: body, an object; pause, seconds between reads of `bite` bytes; leave_after, events after which the client
        hangs up, and leave_seconds, when it does so if there were none."""
        self.body, self.pause, self.bite = body, pause, bite
        self.leave_after, self.leave_seconds = leave_after, leave_seconds


class Answer:
    """What came of an Ask. kind: "whole", "left" by the client, or the code of an error; "broken" for an answer that
    ended in the middle, "refused" for a connection that was not taken."""

    def __init__(self, ask, started):
        self.ask, self.started, self.ended = ask, started, None
        self.times = []  # when each event with text came
        self.kind, self.status, self.message = "broken", 0, ""
        self.tokens = self.prompt_tokens = 0
        self.receipt = None


def split_head(data):
    """Returns: (status, head, body without its chunks' lengths, whether it is whole)."""
    head, found, rest = data.partition(b"\r\n\r\n")
    if not found:
        return 0, b"", b"", False
    status = int(head.split(b" ", 2)[1])
    lower = head.lower()
    if b"transfer-encoding: chunked" not in lower:
        at = lower.find(b"content-length:")
        length = int(lower[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else len(rest)
        return status, head, rest, len(rest) == length
    pieces, at = [], 0
    while True:
        line = rest.find(b"\r\n", at)
        if line < 0:
            return status, head, b"".join(pieces), False
        size = int(rest[at:line].split(b";")[0], 16)
        if size == 0:
            return status, head, b"".join(pieces), True
        pieces.append(rest[line + 2:line + 2 + size])
        at = line + 2 + size + 2


def has_text(event):
    return any(choice.get("text") or choice.get("delta", {}).get("content") for choice in event.get("choices", ()))


def finish(answer, data):
    """Fills in an answer from all bytes of its reply."""
    answer.status, _, body, whole = split_head(data)
    if answer.status != 200:
        try:
            error = json.loads(body)["error"]
            answer.kind, answer.message = str(error.get("code")), error["message"]
        except (ValueError, KeyError, TypeError):
            answer.kind = "broken" if answer.status == 0 else f"http_{answer.status}"
        return
    lines = [line[6:] for line in body.split(b"\n\n") if line.startswith(b"data: ")]
    if not whole or not lines or lines[-1] != b"[DONE]":
        events = [json.loads(line) for line in (lines if whole else lines[:-1]) if line.startswith(b"{")]
        error = next((event["error"] for event in events if "error" in event), None)
        if error is not None:
            answer.kind, answer.message = str(error.get("code")), error["message"]
        return
    del lines[-1]
    if len(lines) != len(answer.times):
        raise ValueError(f"counted {len(answer.times)} events of {len(lines)}")
    while lines:  # the last ones have no text, but figures
        event = json.loads(lines[-1])
        usage = event.get("usage")
        if usage:
            answer.tokens, answer.prompt_tokens = usage["completion_tokens"], usage["prompt_tokens"]
        answer.receipt = event.get("crux") or answer.receipt
        if has_text(event):
            break
        lines.pop()
        answer.times.pop()
    answer.kind = "whole"


class Client:
    """One that asks again and again."""

    def __init__(self, number):
        self.number, self.socket, self.answer = number, None, None
        self.pieces, self.tail, self.due = [], b"", None

    def begin(self, address, ask):
        self.answer = Answer(ask, time.monotonic())
        self.pieces, self.tail = [], b""
        body = json.dumps(ask.body).encode()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if ask.pause > 0:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        self.socket.settimeout(CONNECT_SECONDS)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.socket.setblocking(False)

    def read(self):
        """Returns: whether there may be more."""
        try:
            piece = self.socket.recv(self.answer.ask.bite)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not piece:
            return False
        self.pieces.append(piece)
        count = (self.tail + piece).count(EVENT)
        self.tail = (self.tail + piece)[1 - len(EVENT):]
        if count > 0:
            self.answer.times += [time.monotonic()] * count
        return True

    def leaves(self):
        ask, events = self.answer.ask, len(self.answer.times)
        return ask.leave_after is not None and (
            events >= ask.leave_after > 0
            or ask.leave_seconds > 0 and time.monotonic() >= self.answer.started + ask.leave_seconds)

    def end(self, left):
        """Returns: its answer."""
        answer, self.answer = self.answer, None
        self.socket.close()
        self.socket = None
        answer.ended = time.monotonic()
        if left:
            answer.kind = "left"
        else:
            finish(answer, b"".join(self.pieces))
        self.pieces = []
        return answer


class Load:
    """Runs clients until there is nothing left to ask.

    In: address, (host, port); next_ask(number of the client), an Ask or None; done(answer); tick(seconds since the
    start), called a few times a second, and when a connection is not taken; what it raises ends the load."""

    def __init__(self, address, count, next_ask, done, tick=lambda seconds: None):
        self.address, self.next_ask, self.done, self.tick = address, next_ask, done, tick
        self.clients = [Client(number) for number in range(count)]
        self.epoll, self.by_file = select.epoll(), {}
        self.timers = []  # (when, number of the client, its answer): a pause or a patience is over
        self.begun, self.processor_seconds = 0.0, 0.0

    def wake_at(self, client, when):
        heapq.heappush(self.timers, (when, client.number, client.answer.started))

    def start(self, client):
        ask = self.next_ask(client.number)
        while ask is not None:
            try:
                client.begin(self.address, ask)
            except OSError as error:
                client.answer.kind, client.answer.message = "refused", str(error)
                client.answer.ended = time.monotonic()
                client.socket.close()
                self.done(client.answer)
                self.tick(time.monotonic() - self.begun)  # where a server that has ended is seen
                ask = self.next_ask(client.number)
                continue
            self.by_file[client.socket.fileno()] = client
            self.epoll.register(client.socket, select.EPOLLIN)
            if ask.leave_after is not None and ask.leave_seconds > 0:
                self.wake_at(client, client.answer.started + ask.leave_seconds)
            return

    def stop(self, client, left):
        file = client.socket.fileno()
        del self.by_file[file]
        self.epoll.unregister(file)
        self.done(client.end(left))
        self.start(client)

    def look(self, client):
        more = client.read()
        if client.leaves():
            self.stop(client, True)
        elif not more:
            self.stop(client, False)
        elif client.answer.ask.pause > 0:
            self.epoll.modify(client.socket, 0)
            self.wake_at(client, time.monotonic() + client.answer.ask.pause)

    def wake(self, now):
        while self.timers and self.timers[0][0] <= now:
            _, number, started = heapq.heappop(self.timers)
            client = self.clients[number]
            if client.answer is None or client.answer.started != started:
                continue  # of an answer that is over
            if client.leaves():
                self.stop(client, True)
            elif client.answer.ask.pause > 0:
                self.epoll.modify(client.socket, select.EPOLLIN)

    def run(self, seconds_most):
        """Returns: whether all clients came to an end in so many seconds; the others are cut off."""
        begin, busy = time.monotonic(), time.process_time()
        self.begun = begin
        for client in self.clients:
            self.start(client)
        ticked = begin
        while self.by_file:
            now = time.monotonic()
            if now - begin > seconds_most:
                break
            if now - ticked >= 0.25:
                ticked = now
                self.tick(now - begin)
            wait = min(0.25, max(0.0, self.timers[0][0] - now)) if self.timers else 0.25
            for file, _ in self.epoll.poll(wait):
                if file in self.by_file:
                    self.look(self.by_file[file])
            self.wake(time.monotonic())
        for client in list(self.by_file.values()):
            client.socket.close()
        ended = not self.by_file
        self.epoll.close()
        self.processor_seconds = time.process_time() - busy
        return ended
