#!/usr/bin/env python3
"""crux executor and clients that are slow, hostile or gone.   test_http.py CRUX TINY.gguf

Every refusal is a named error; after each the service goes on, holds nothing, and computes for nobody who left. Where
curl is installed, it is the second client."""
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from served import WAIT_SECONDS, Checks, Served, import_model  # noqa: E402

CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "The river"}], "max_tokens": 8}
LONG = {"model": "tiny", "prompt": "The river", "max_tokens": 200, "temperature": 0.9, "stream": True}
HEADER_SECONDS = 10  # in which the server wants a request's head: a connection without one is closed then
TRIES = 20  # for what comes about only if nobody is held up for long in the midst of it


def raw(served, data):
    """Sends bytes; returns what comes until the server closes."""
    with socket.create_connection((served.host, served.port), timeout=WAIT_SECONDS) as client:
        got = b""
        try:
            client.sendall(data)
        except ConnectionError:
            pass  # it has answered, and waits no more for the rest: the answer lies in the socket
        try:
            while True:
                piece = client.recv(65536)
                if not piece:
                    break
                got += piece
        except (ConnectionError, socket.timeout):
            pass
        return got


def post_bytes(path, body, extra=b""):
    return (b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + extra
            + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def named_errors(checks, served):
    chat = b"/v1/chat/completions"
    cases = [
        ("bad UTF-8", post_bytes(chat, b'{"model":"\xff"}'), 400, "invalid_json"),
        ("half a surrogate", post_bytes(chat, b'{"model":"\\ud800"}'), 400, "invalid_json"),
        ("a name twice", post_bytes(chat, b'{"model":"a","model":"a"}'), 400, "invalid_json"),
        ("too deep", post_bytes(chat, b"[" * 100000 + b"]" * 100000), 400, "invalid_json"),
        ("a huge number", post_bytes(chat, b'{"model":"tiny","messages":[],"n":' + b"9" * 1000 + b"}"), 400,
         "invalid_json"),
        ("no body", post_bytes(chat, b""), 400, "invalid_json"),
        ("a body beyond the limit", b"POST " + chat + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413,
         "body_too_large"),
        ("a giant header", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100000 + b"\r\n\r\n", 431,
         "header_too_large"),
        ("many headers", b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 1000 + b"\r\n", 431, "header_too_large"),
        ("dots", b"GET /v1/models/%2e%2e HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_path"),
        ("dots in the open", b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_path"),
        ("a zero byte", b"GET /v1/models/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_path"),
        ("two lengths", b"POST " + chat + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
         400, "bad_request"),
        ("length and chunks", b"POST " + chat + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
         b"Transfer-Encoding: chunked\r\n\r\n{}", 400, "bad_request"),
        ("another method", b"DELETE /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405,
         "method_not_allowed"),
        ("no such path", b"GET /admin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, "not_found"),
        ("no HTTP", b"\x16\x03\x01\x02\x00\r\n\r\n", 400, "bad_request"),
    ]
    for what, data, status, code in cases:
        got = raw(served, data)
        head, _, body = got.partition(b"\r\n\r\n")
        checks.true(f"{what}: status", head.startswith(b"HTTP/1.1 %d " % status), got[:200])
        try:
            checks.equal(f"{what}: code", json.loads(body)["error"]["code"], code)
        except (ValueError, KeyError):
            checks.true(f"{what}: an error object", False, body[:200])
    checks.equal("it goes on", served.get("/healthz")[0], 200)


def smuggled(checks, served):
    """What two readers could cut in two ways is refused whole: nothing behind it is taken for a request."""
    chat, host = b"POST /v1/chat/completions HTTP/1.1\r\n", b"Host: x\r\n"
    inner = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n"
    cases = [
        ("length and chunks", chat + host + b"Content-Length: 4\r\n" + chunked + b"\r\n0\r\n\r\n"),
        ("chunks and length", chat + host + chunked + b"Content-Length: 4\r\n\r\n0\r\n\r\n"),
        ("the same length twice", chat + host + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n"),
        ("a list of lengths", chat + host + b"Content-Length: 0, 0\r\n\r\n"),
        ("a signed length", chat + host + b"Content-Length: +0\r\n\r\n"),
        ("a length in hexadecimal", chat + host + b"Content-Length: 0x0\r\n\r\n"),
        ("a length of 2^64", chat + host + b"Content-Length: 18446744073709551616\r\n\r\n"),
        ("chunks twice", chat + host + chunked + chunked + b"\r\n0\r\n\r\n"),
        ("chunks in chunks", chat + host + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        ("an encoding beside it", chat + host + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n"),
        ("another blank", chat + host + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n"),
        ("a blank before the colon", chat + host + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        ("a folded field", chat + host + b"X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("a folded value", chat + host + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
        ("chunks in HTTP/1.0", chat[:-3] + b"0\r\n" + host + chunked + b"\r\n0\r\n\r\n"),
        ("lines that end in LF", b"GET /healthz HTTP/1.1\nHost: x\n\n" + b"\r\n\r\n"),
        ("one line that does", chat + b"Host: x\nContent-Length: 0\r\n\r\n"),
        ("a CR by itself", chat + b"Host: x\rContent-Length: 0\r\n\r\n"),
        ("a zero byte", chat + host + b"X: a\0b\r\n\r\n"),
        ("two hosts", chat + host + b"Host: y\r\nContent-Length: 0\r\n\r\n"),
        ("no host", chat + b"Content-Length: 0\r\n\r\n"),
        ("a field without a name", chat + host + b": x\r\n\r\n"),
        ("a field without a colon", chat + host + b"Content-Length\r\n\r\n"),
        ("an absolute target", b"GET http://y/healthz HTTP/1.1\r\n" + host + b"\r\n"),
        ("a target of CONNECT", b"CONNECT y:80 HTTP/1.1\r\n" + host + b"\r\n"),
        ("a target of OPTIONS", b"OPTIONS * HTTP/1.1\r\n" + host + b"\r\n"),
        ("a fragment", b"GET /healthz#x HTTP/1.1\r\n" + host + b"\r\n"),
        ("a blank too many", b"GET  /healthz HTTP/1.1\r\n" + host + b"\r\n"),
        ("a tab", b"GET\t/healthz HTTP/1.1\r\n" + host + b"\r\n"),
        ("no version", b"GET /healthz\r\n" + host + b"\r\n"),
        ("another version", b"GET /healthz HTTP/1.2\r\n" + host + b"\r\n"),
        ("a line before it", b"\r\nGET /healthz HTTP/1.1\r\n" + host + b"\r\n"),
        ("dots written otherwise", b"GET /v1/%2e%2E/healthz HTTP/1.1\r\n" + host + b"\r\n"),
        ("half of them", b"GET /v1/.%2e/healthz HTTP/1.1\r\n" + host + b"\r\n"),
        ("one", b"GET /%2e/healthz HTTP/1.1\r\n" + host + b"\r\n"),
        ("dots that are too long", b"GET /%c0%ae%c0%ae/healthz HTTP/1.1\r\n" + host + b"\r\n"),
        ("65 fields", b"GET /healthz HTTP/1.1\r\n" + host + b"X: y\r\n" * 64 + b"\r\n"),
        ("33 questions", b"GET /healthz?" + b"a=b&" * 33 + b" HTTP/1.1\r\n" + host + b"\r\n"),
        ("a chunk of no size", chat + host + chunked + b"\r\n\r\n\r\n"),
        ("a chunk of a signed size", chat + host + chunked + b"\r\n+0\r\n\r\n"),
        ("a chunk of size 0x0", chat + host + chunked + b"\r\n0x0\r\n\r\n"),
        ("a chunk of 2^64", chat + host + chunked + b"\r\n10000000000000000\r\n\r\n"),
        ("a chunk that ends in LF", chat + host + chunked + b"\r\n0\n\n"),
        ("a chunk longer than it says", chat + host + chunked + b"\r\n1\r\nab\r\n0\r\n\r\n"),
    ]
    for what, data in cases:
        got = raw(served, data + inner)
        checks.equal(f"{what}: one answer", len(re.findall(rb"HTTP/1\.1 \d\d\d ", got)), 1)
        head, _, body = got.partition(b"\r\n\r\n")
        checks.true(f"{what}: refused", re.match(rb"HTTP/1\.1 (400|431|501|505) ", head), got[:200])
        checks.true(f"{what}: and closed", b"Connection: close" in head, head)
        checks.true(f"{what}: by name", b'"code":"' in body, body)
    # an escaped slash or question mark is part of a name
    for path in (b"/healthz%2fx", b"/healthz%3fx", b"/v1%2fmodels", b"/healthz/", b"//healthz"):
        got = raw(served, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        checks.true(f"{path}: not found", got.startswith(b"HTTP/1.1 404 "), got[:100])
    # 64 fields are fine
    got = raw(served, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + b"X: y\r\n" * 62 + b"\r\n")
    checks.true("64 fields", got.startswith(b"HTTP/1.1 200 "), got[:100])


def hang_ups(checks, served):
    """Who leaves in the middle of a stream, or before an answer, stops what was computed for them."""
    for stream in (True, False):
        body = json.dumps(dict(LONG, n=4, stream=stream)).encode()
        for _ in range(5):
            client = socket.create_connection((served.host, served.port), timeout=WAIT_SECONDS)
            client.sendall(post_bytes(b"/v1/completions", body))
            if stream:
                client.recv(100)
            client.close()
    checks.true("nothing runs on", served.wait_for("crux_running", 0) and served.wait_for("crux_queue_length", 0))
    checks.true("some were cancelled", served.metric("crux_ended_total") > 0)
    checks.true("nothing is held", served.wait_for("crux_http_held_bytes", 0))


def cut(checks, served):
    """A stop string: what is said of the tokens is said of the text, streamed or not; the last token may complete it."""
    ask = {"model": "tiny", "prompt": "The river", "max_tokens": 20, "temperature": 0, "logprobs": 1}
    text = served.post("/v1/completions", ask)[2]["choices"][0]["text"]
    cut_ask = dict(ask, stop=text[10:13])
    whole = served.post("/v1/completions", cut_ask)[2]["choices"][0]
    events = served.request("POST", "/v1/completions", json.dumps(dict(cut_ask, stream=True)))[2].decode()
    chunks = [json.loads(event[6:]) for event in events.strip().split("\n\n")[:-1]]
    said = [choice["logprobs"] for chunk in chunks for choice in chunk["choices"] if choice["logprobs"]]
    checks.equal("tokens of the text", whole["logprobs"]["tokens"], [token for one in said for token in one["tokens"]])
    checks.true("none of them behind it", all(at < len(whole["text"]) for at in whole["logprobs"]["text_offset"]))
    last = served.post("/v1/completions", dict(ask, stop=text))[2]["choices"][0]
    checks.equal("completed by the last token", (last["text"], last["finish_reason"]), ("", "stop"))


def pipelined(checks, served):
    """Requests sent at once are answered one after the other, the last closes."""
    body = json.dumps(CHAT).encode()
    one = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    got = raw(served, one * 3 + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    checks.equal("answers", len(re.findall(rb"HTTP/1\.1 200 OK", got)), 4)
    checks.true("in order", got.rfind(b'"status":"ok"') > got.rfind(b'"chat.completion"'))


def fill(served, count):
    """Idle and half-open connections up to the limit and beyond.  Returns: how many of 20 more were refused by name,
    what one of those within was answered, the memory in KiB, and whether all of it came before the first are closed."""
    idle, begin = [], time.monotonic()
    for i in range(count):
        idle.append(socket.create_connection((served.host, served.port), timeout=WAIT_SECONDS))
        if i % 2:
            idle[-1].sendall(b"GET /hea")
    refused, got, end = 0, b"", begin + HEADER_SECONDS - 1
    for _ in range(20):
        if time.monotonic() < end:
            refused += b"too_many_connections" in raw(served, b"")
    try:
        idle[1].sendall(b"lthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while b"\r\n\r\n" not in got:
            piece = idle[1].recv(65536)
            if not piece:
                break
            got += piece
    except ConnectionError:
        pass
    in_time = time.monotonic() < end
    with open(f"/proc/{served.process.pid}/status", encoding="utf-8") as file:
        memory = int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))
    for client in idle:
        client.close()
    return refused, got, memory, in_time


def crowd(checks, crux, model, most):
    """Named refusals beyond the limit, and those within it go on. A busy machine has a smaller crowd."""
    for count in (most, most // 4, most // 16, most // 64):
        with Served(crux, ["--model", "tiny=" + model, "--connections", str(count), "--connections-per-address",
                           "20000"]) as served:
            refused, got, memory, in_time = fill(served, count)
            forgotten = served.wait_for("crux_http_connections", 1)
        if in_time:
            break
    print(f"{count} connections: {memory} KiB resident")
    checks.true("refused by name", refused >= 15, refused)
    checks.true("one of them goes on", got.startswith(b"HTTP/1.1 200"), got[:100])
    checks.true("and are forgotten", forgotten)


def many_short(checks, served):
    """Answers that end as soon as they begin: each comes to its end, streamed or not."""
    failures = []

    def ask(worker):
        for i in range(100):
            body = dict(LONG, max_tokens=1 + i % 3, stream=i % 4 != 0, n=1 + i % 2, stop=["e"] if i % 5 == 0 else None)
            status, _, data = served.request("POST", "/v1/completions", json.dumps(body))
            whole = data.endswith(b"data: [DONE]\n\n") if body["stream"] else b'"usage"' in data
            if status != 200 or not whole:
                failures.append((worker, i, status, data[-100:]))
    threads = [threading.Thread(target=ask, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    checks.equal("all of them are whole", failures, [])


def full_queue(checks, crux, model):
    with Served(crux, ["--model", "tiny=" + model, "--sequences", "1", "--queue", "1"]) as served:
        results, refused = [], []

        def ask():
            results.append(served.post("/v1/completions", dict(LONG, stream=False)))
        for _ in range(TRIES):  # until more of them are there at once than there is room for
            threads = [threading.Thread(target=ask) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            refused = [r for r in results if r[0] == 429]
            if refused:
                break
        checks.true("some are answered", any(r[0] == 200 for r in results))
        checks.true("some are not", refused, [r[0] for r in results])
        checks.true("only these two", all(r[0] in (200, 429) for r in results))
        for _, headers, body in refused:
            checks.true("when to come back", int(headers["retry-after"]) > 0)
            checks.equal("code", body["error"]["code"], "queue_full")


def drain(checks, crux, model, signals):
    """Returns: whether the last of the signals came before the stream's end."""
    served = Served(crux, ["--model", "tiny=" + model])
    # slow enough to be in the middle: many samples
    body = json.dumps(dict(LONG, n=16)).encode()
    client = socket.create_connection((served.host, served.port), timeout=WAIT_SECONDS)
    client.sendall(post_bytes(b"/v1/completions", body))
    got = client.recv(1000)
    served.process.send_signal(signal.SIGTERM)
    if signals == 2:
        time.sleep(0.05)
        served.process.send_signal(signal.SIGINT)
    while True:
        try:
            piece = client.recv(65536)
        except ConnectionError:
            break
        if not piece:
            break
        got += piece
    client.close()
    whole = b"data: [DONE]" in got
    if signals == 2 and whole:
        served.stop()
        return False
    if signals == 1:
        checks.true("to its end", whole, got[-200:])
        checks.equal("all of them", len(re.findall(rb'"finish_reason":"(?:length|stop)"', got)), 16)
    else:
        for _ in range(50):  # however many: it closes in order, and says that it was cut off
            try:
                served.process.send_signal(signal.SIGTERM)
                served.process.wait(0.002)
            except subprocess.TimeoutExpired:
                pass
    checks.equal("exit status", served.process.wait(WAIT_SECONDS), signals - 1)
    checks.equal("logged", "again: ending at once" in served.log(), signals == 2)
    served.stop()
    return True


def drains(checks, crux, model):
    """SIGTERM: a stream goes on to its end, nobody new is let in. The second signal ends it at once."""
    drain(checks, crux, model, 1)
    checks.true("cut off", any(drain(checks, crux, model, 2) for _ in range(TRIES)))


def curl(checks, served):
    if shutil.which("curl") is None:
        print("curl is not installed: that part is left out")
        return
    def run(*arguments):
        return subprocess.run(["curl", "-sS", "--max-time", "60"] + list(arguments), check=True,
                              stdout=subprocess.PIPE).stdout.decode()
    answer = json.loads(run(served.url + "/v1/chat/completions", "-H", "Content-Type: application/json", "-d",
                            json.dumps(dict(CHAT, seed=5))))
    stream = run("-N", served.url + "/v1/chat/completions", "-d", json.dumps(dict(CHAT, seed=5, stream=True)))
    events = [line[6:] for line in stream.split("\n") if line.startswith("data: ")]
    checks.equal("the end", events[-1], "[DONE]")
    text = "".join(choice["delta"].get("content", "") for event in events[:-1]
                   for choice in json.loads(event)["choices"])
    checks.equal("curl: streamed", text, answer["choices"][0]["message"]["content"])
    large = json.dumps(dict(CHAT, messages=[{"role": "user", "content": "x" * 2000000}]))
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(large)
        file.flush()
        got = json.loads(run(served.url + "/v1/chat/completions", "-d", "@" + file.name))
        checks.equal("curl: with 100-continue", got["error"]["code"], "context_length_exceeded")
    document = json.loads(run(served.url + "/openapi.json"))
    for path in ("/v1/chat/completions", "/v1/completions", "/v1/models", "/metrics"):
        checks.true("openapi has " + path, path in document["paths"])


def too_much(checks, served):
    """An answer of more than a bounded size is refused by name before it is computed, or ends there."""
    ask = dict(CHAT, n=16, logprobs=True, top_logprobs=20, max_tokens=196)
    status, _, body = served.post("/v1/chat/completions", ask)
    checks.equal("probabilities", (status, body["error"]["code"], body["error"]["param"]),
                 (400, "answer_too_large", "max_tokens"))
    checks.equal("less", served.post("/v1/chat/completions", dict(ask, max_tokens=2))[0], 200)
    del ask["max_tokens"]
    body = served.post("/v1/chat/completions", dict(ask, ignore_eos=True))[2]
    checks.equal("as many as may be", [len(choice["logprobs"]["content"]) for choice in body["choices"]], [195] * 16)
    for group in (b"[]", b"{}", b'{"a":1}'):
        hostile = b'{"model":"tiny","prompt":[' + b",".join([group] * 500000) + b"]}"
        got = raw(served, post_bytes(b"/v1/completions", hostile))
        checks.true("many small groups", b"invalid_json" in got and b"lists and objects" in got, got[-300:])
    numbers = b'{"model":"tiny","prompt":[' + b",".join([b"1"] * 1000000) + b"]}"
    got = raw(served, post_bytes(b"/v1/completions", numbers))
    checks.true("many numbers", b"invalid_json" in got and b"values in JSON" in got, got[-300:])


def memory_peak(served):
    with open(f"/proc/{served.process.pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))


def keys_apart(checks, crux, model, folder):
    """What was computed for one API key shows to no other."""
    path = os.path.join(folder, "keys")
    with open(path, "w", encoding="utf-8") as file:
        file.write("ann sixteen-letters-of-ann\nbob sixteen-letters-of-bob\n")
    ask = {"model": "tiny", "prompt": list(range(10, 60)), "max_tokens": 2}
    with Served(crux, ["--model", "tiny=" + model, "--api-keys", path]) as served:
        cached = [served.post("/v1/completions", ask, {"Authorization": f"Bearer sixteen-letters-of-{who}"})[2]["usage"]
                  ["prompt_tokens_details"]["cached_tokens"] > 0 for who in ("ann", "bob", "ann", "bob")]
        checks.equal("cached for the same key", cached, [False, False, True, True])


def data_folder(checks, crux, model, folder):
    """Two processes do not share one."""
    data = os.path.join(folder, "data")
    with Served(crux, ["--model", "tiny=" + model, "--data", data]):
        second = subprocess.run([crux, "executor", "--model", "tiny=" + model, "--data", data, "--json", "--listen",
                                 "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=False)
        checks.equal("the second one", second.returncode, 1)
        checks.true("says why", "another process" in json.loads(second.stdout)["message"], second.stdout)
    wrong = subprocess.run([crux, "executor", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    checks.equal("without a model", (wrong.returncode, json.loads(wrong.stdout)["error"]), (2, "usage"))


def main():
    crux, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    checks = Checks()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10000, hard - 500 if hard != resource.RLIM_INFINITY else 10000)
    with tempfile.TemporaryDirectory() as folder:
        model = import_model(crux, source, folder)
        with Served(crux, ["--model", "tiny=" + model, "--chat-template", "chatml"]) as served:
            named_errors(checks, served)
            smuggled(checks, served)
            curl(checks, served)
            cut(checks, served)
            pipelined(checks, served)
            before = memory_peak(served)
            too_much(checks, served)
            more = memory_peak(served) - before
            print(f"hostile bodies: {more} KiB more at the peak")
            checks.true("they take little", more < 150 << 10, more)
            many_short(checks, served)
            hang_ups(checks, served)
            checks.equal("it ends well", served.stop(), 0)
            log = [json.loads(line) for line in served.log().splitlines()]
            checks.true("a log of JSON lines", all("level" in line and "message" in line for line in log))
        crowd(checks, crux, model, count)
        full_queue(checks, crux, model)
        drains(checks, crux, model)
        keys_apart(checks, crux, model, folder)
        data_folder(checks, crux, model, folder)
    checks.finish()


if __name__ == "__main__":
    main()
