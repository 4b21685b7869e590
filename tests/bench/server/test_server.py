#!/usr/bin/env python3
"""The bench of the servers over a server of this file: no peer, no model."""
import contextlib
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "peer"), str(HERE)]

import clients  # noqa: E402
import figures  # noqa: E402
import sides  # noqa: E402
import work  # noqa: E402
from say import Trouble  # noqa: E402


SECONDS = 120  # for what takes a second, on a machine that is busy with others


def event(text, **more):
    return b"data: " + json.dumps({"choices": [{"text": text}], **more}).encode() + b"\n\n"


def chunk(data):
    return b"%x\r\n" % len(data) + data + b"\r\n"


HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
END = (event("", crux={"id": "r"}), b'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}\n\n',
       b"data: [DONE]\n\n")


def reply(texts=("a", "b", "c d"), end=END):
    return HEAD + b"".join(chunk(event(text)) for text in texts) + b"".join(map(chunk, end)) + b"0\r\n\r\n"


class Stand:
    """A server that sends each connection the next of its replies, in pieces, then closes it."""

    def __init__(self, replies, piece=7, pause=0.0):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address, self.asked = self.listener.getsockname(), []
        self.replies, self.piece, self.pause = replies, piece, pause
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        for data in self.replies:
            connection, _ = self.listener.accept()
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(65536)
                head, _, body = request.partition(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                while len(body) < length:
                    body += connection.recv(65536)
                self.asked.append(json.loads(body))
                try:
                    for at in range(0, len(data), self.piece):
                        connection.sendall(data[at:at + self.piece])
                        time.sleep(self.pause)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thread.join(SECONDS)
        self.listener.close()


@contextlib.contextmanager
def nobody():
    """An address that is taken, so that nobody else is given it, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()


def run(replies, asks, **how):
    """Returns: the answers, in the order of their ends, and what was asked."""
    waiting, answers = list(asks), []
    with Stand(replies, **how) as stand:
        load = clients.Load(stand.address, 1, lambda _: waiting.pop(0) if waiting else None, answers.append)
        assert load.run(SECONDS)
    return answers, stand.asked


class Clients(unittest.TestCase):
    def test_whole(self):
        for piece in (1, 7, 1000):
            (answer,), asked = run([reply()], [clients.Ask({"prompt": "x"})], piece=piece)
            self.assertEqual((answer.kind, answer.status, answer.tokens, answer.prompt_tokens), ("whole", 200, 4, 3))
            self.assertEqual((len(answer.times), answer.receipt, asked), (3, {"id": "r"}, [{"prompt": "x"}]))
            self.assertTrue(answer.started <= answer.times[0] <= answer.times[-1] <= answer.ended)

    def test_again_and_again(self):
        answers, asked = run([reply()] * 5, [clients.Ask({"n": n}) for n in range(5)])
        self.assertEqual([answer.kind for answer in answers], ["whole"] * 5)
        self.assertEqual(asked, [{"n": n} for n in range(5)])

    def test_errors(self):
        error = b'{"error": {"message": "no", "code": "queue_full"}}'
        plain = b"HTTP/1.1 429 Too Many\r\nContent-Length: %d\r\n\r\n" % len(error) + error
        within = HEAD + chunk(event("a")) + chunk(b"data: " + error + b"\n\n") + b"0\r\n\r\n"
        cases = [(plain, "queue_full", 429), (within, "queue_full", 200), (b"", "broken", 0), (reply()[:-5], "broken", 200),
                 (reply(end=END[:2]), "broken", 200), (b"HTTP/1.1 500 x\r\n\r\noops", "http_500", 500)]
        answers, _ = run([data for data, _, _ in cases], [clients.Ask({}) for _ in cases])
        self.assertEqual([(answer.kind, answer.status) for answer in answers], [case[1:] for case in cases])

    def test_nobody_there(self):
        waiting, answers = [clients.Ask({})], []
        with nobody() as address:
            load = clients.Load(address, 1, lambda _: waiting.pop() if waiting else None, answers.append)
            self.assertTrue(load.run(SECONDS))
        self.assertEqual([answer.kind for answer in answers], ["refused"])

    def test_server_that_ends(self):
        def tick(_):
            raise Trouble("it ended")
        waiting = [clients.Ask({})] * 3
        with nobody() as address:
            load = clients.Load(address, 1, lambda _: waiting.pop() if waiting else None, lambda _: None, tick)
            self.assertRaises(Trouble, load.run, SECONDS)

    def test_who_leaves(self):
        answers, _ = run([reply()] * 2, [clients.Ask({}, leave_after=2), clients.Ask({})], piece=20, pause=0.01)
        self.assertEqual([answer.kind for answer in answers], ["left", "whole"])
        self.assertGreaterEqual(len(answers[0].times), 2)  # more, where they came at once
        answers, _ = run([reply()], [clients.Ask({}, leave_after=0, leave_seconds=0.05)], piece=1, pause=0.02)
        self.assertEqual([answer.kind for answer in answers], ["left"])

    def test_who_is_slow(self):
        data = reply(["word"] * 40)
        (answer,), _ = run([data], [clients.Ask({}, pause=0.002, bite=64)], piece=10000)
        self.assertEqual((answer.kind, len(answer.times)), ("whole", 40))
        self.assertGreaterEqual(answer.ended - answer.started, 0.002 * (len(data) // 64))


class Never(sides.Server):
    """One that is given up before it answers."""

    def open(self):
        self.begin(stdout=subprocess.DEVNULL)
        raise KeyboardInterrupt


class Servers(unittest.TestCase):
    def test_nothing_stays(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Never(folder, [sys.executable, "-c", "import time; time.sleep(600)"])
            self.assertRaises(KeyboardInterrupt, server.__enter__)
        self.assertIsNotNone(server.child.returncode)


class Figures(unittest.TestCase):
    def answer(self, started, times, tokens):
        made = clients.Answer(None, started)
        made.times, made.tokens, made.ended = times, tokens, times[-1]
        return made

    def test_of_answers(self):
        answers = [self.answer(10, [11, 12, 14], 3), self.answer(11, [13, 18, 21, 22], 8), self.answer(19, [23], 1)]
        found = figures.of_answers(answers, 10, 10)
        self.assertEqual(found["tokens_per_second"], (3 + 8 * 2 / 4) / 10)
        self.assertEqual((found["requests"], found["first_p50"], found["first_p99"]), (1, 2, 2))
        self.assertEqual((found["between_p50"], found["between_p99"]), (2, 5))
        found = figures.of_answers(answers, 12, 7)
        self.assertEqual(found["tokens_per_second"], (2 + 8 * 2 / 4) / 7)
        self.assertEqual((found["requests"], found["first_p50"], found["between_p50"]), (1, 2, 5))

    def test_percentile(self):
        values = list(range(1, 101))
        self.assertEqual([figures.percentile(values, share) for share in (0, 0.5, 0.99)], [1, 51, 100])
        self.assertEqual(figures.percentile([], 0.5), 0)

    def test_table(self):
        one = {name: 1.0 for name in figures.WHOLE}
        rounds = {"llama": [one, one], "crux": [{**one, "tokens_per_second": 2.0}, {**one, "tokens_per_second": 4.0}]}
        self.assertIn("min 2.00, median 3.00 of 2 rounds", figures.table(rounds))
        self.assertEqual(figures.answer(rounds)["ratio"], 3)
        self.assertNotIn("ratio", figures.table({"llama": [], "crux": [one]}))


class Work(unittest.TestCase):
    def test_lengths(self):
        made = work.Work("m", (4, 40), (2, 9))
        bodies = [made.body(client, number) for client in range(8) for number in range(50)]
        words = sorted(len(body["prompt"].split()) for body in bodies)
        self.assertEqual((words[0], words[-1]), (4, 40))
        self.assertTrue(10 <= words[200] <= 16, words[200])  # the middle is near sqrt(4 * 40)
        self.assertEqual(sorted({body["max_tokens"] for body in bodies}), list(range(2, 10)))
        self.assertEqual(bodies[60], work.Work("m", (4, 40), (2, 9)).body(1, 10))


if __name__ == "__main__":
    unittest.main()
