#!/usr/bin/env python3
"""crux executor with a chain: receipts, claims, batches, and traces computed again.   test_receipts.py CRUX TINY.gguf

What is served about a claim hashes to what the claim commits; what is promised survives kill -9 and is posted; what is
private is shown to its owner alone."""
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from served import WAIT_SECONDS, Checks, Served, import_model  # noqa: E402

ASK = {"model": "tiny", "prompt": "The river", "max_tokens": 6, "seed": 1}


def fold(leaves):
    """The root over leaves, RFC 6962 shape: an odd node goes up as it is."""
    level = list(leaves)
    while len(level) > 1:
        level = [hashlib.sha256(b"\1" + level[i] + level[i + 1]).digest() if i + 1 < len(level) else level[i]
                 for i in range(0, len(level), 2)]
    return level[0]


def cut(data):
    return [data[i:i + 32] for i in range(0, len(data), 32)]


def lengths(data):
    """u32 length || bytes, again and again."""
    out = []
    while data:
        size = int.from_bytes(data[:4], "little")
        out.append(data[4:4 + size])
        data = data[4 + size:]
    return out


def stop_count(document):
    """spec/30-commitment.md#requests: behind model root, nonce, seed, sample, P and limit."""
    return int.from_bytes(bytes.fromhex(document["request"])[108:112], "little")


def setup(crux, folder):
    secret = os.path.join(folder, "pass")
    with open(secret, "w", encoding="utf-8") as file:
        file.write("a passphrase\n")
    key, chain = os.path.join(folder, "key.json"), os.path.join(folder, "chain")
    made = subprocess.run([crux, "keys", "new", key, "--passphrase-file", secret, "--json"], check=True,
                          stdout=subprocess.PIPE)
    account = json.loads(made.stdout)["account"]
    subprocess.run([crux, "chain", "init", chain], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([crux, "chain", "deposit", chain, account, "1000000000"], check=True, stdout=subprocess.DEVNULL)
    return account, ["--chain", "local:" + chain, "--data", os.path.join(folder, "data"), "--key", key,
                     "--passphrase-file", secret, "--batch-seconds", "1", "--receipt-seconds", "600"]


def receipts(checks, served, account):
    status, headers, answer = served.post("/v1/completions", ASK)
    document = answer["crux"]
    checks.equal("answered", status, 200)
    checks.equal("header and field", headers["crux-receipt"], document["id"])
    checks.equal("executor", document["executor"], account)
    checks.equal("mode", document["mode"], "batched")
    checks.equal("request hash", document["request_hash"],
                 document["claim"][64:128])
    checks.equal("tokens", len(document["output_tokens"]), 6)
    again = served.post("/v1/completions", dict(ASK, crux={"nonce": "11" * 32}))[2]["crux"]
    once_more = served.post("/v1/completions", dict(ASK, crux={"nonce": "11" * 32}))[2]["crux"]
    checks.equal("the same request: the same receipt", once_more["id"], again["id"])
    refused = served.post("/v1/completions", dict(ASK, crux={"nonce": "11" * 32, "mode": "full"}))
    checks.equal("the same request in another mode: no receipt", (refused[0], refused[2]["error"]["code"]),
                 (409, "already_posted"))
    checks.true("another nonce: another receipt", again["id"] != document["id"])
    checks.equal("the same trace", again["trace_root"], document["trace_root"])
    events = served.request("POST", "/v1/completions", json.dumps(dict(ASK, stream=True)))[2].decode()
    last = json.loads(events.strip().split("\n\n")[-2][6:])
    checks.equal("streamed: a receipt with the end", len(last["crux"]["id"]), 64)
    endless = served.post("/v1/completions", dict(ASK, ignore_eos=True))[2]["crux"]
    checks.true("stop tokens", stop_count(document) > 0 and stop_count(endless) == 0, document["request"])
    _, headers, answer = served.post("/v1/completions", dict(ASK, n=16, max_tokens=1))
    checks.equal("the ids of many", headers.get("crux-receipt"), ",".join(one["id"] for one in answer["crux"]))
    for _ in range(WAIT_SECONDS * 10):
        found = json.loads(served.get("/v1/receipts/" + document["id"])[2])
        if "batch_root" in found:
            break
        time.sleep(0.1)
    checks.true("posted", "batch_root" in found)
    checks.equal("what was given stays", {k: v for k, v in found.items() if k in document}, document)
    members = cut(served.get("/v1/batches/" + found["batch_root"])[2])
    checks.equal("its place", members[found["member"]].hex(), document["claim_hash"])
    checks.equal("the batch's root", fold(members).hex(), found["batch_root"])
    claim = json.loads(served.get("/v1/claims/" + document["claim_hash"])[2])
    checks.equal("its receipt", claim["receipt"], document["id"])
    checks.true("its state", claim["state"] in ("posted", "final"), claim["state"])
    for path, status in (("/v1/receipts/zz", 400), ("/v1/receipts/" + "0" * 64, 404), ("/v1/claims/" + "0" * 64, 404),
                         ("/v1/batches/" + "0" * 64, 404), ("/v1/traces/" + "0" * 64 + "/nodes", 404)):
        checks.equal(path, served.get(path)[0], status)
    return document


def traces(checks, served, document):
    base = "/v1/traces/" + document["claim_hash"]
    shape = json.loads(served.get(base)[2])
    positions, layers = shape["positions"], shape["layers"]
    checks.equal("positions", positions, len(document["request_tokens"]) + 5)
    checks.equal("leaves", shape["leaves"], positions * layers + 1)
    leaves = served.get(f"{base}/leaves?from=0&count={shape['leaves']}")[2]
    last = shape["leaves"] - 1
    for at, count in ((0, 1), (3, 4), (last - 2, 2), (last - 2, 3), (last, 1)):
        checks.equal(f"{count} leaves from {at}", served.get(f"{base}/leaves?from={at}&count={count}")[2],
                     leaves[32 * at:32 * (at + count)])
    checks.equal("beyond the last", served.get(f"{base}/leaves?from={last}&count=2")[0], 400)
    checks.equal("they lead to the root", fold(cut(leaves)).hex(), document["trace_root"])
    nodes = served.get(f"{base}/nodes?tree=trace&level=0&from=0&count={shape['leaves']}")[2]
    checks.equal("the run made again has the same", nodes, leaves)
    depth = (shape["leaves"] - 1).bit_length()
    top = served.get(f"{base}/nodes?tree=trace&level={depth}&from=0&count=1")[2]
    checks.equal("the top is the root", top.hex(), document["trace_root"])
    pos, layer = positions - 1, 1
    # leaves of the record are its stores' roots, whose leaves hash pages
    record = cut(leaves)[pos * layers + layer]
    stores, number = [], 0
    while served.get(f"{base}/nodes?tree=record&pos={pos}&layer={layer}&level=0&from={number}")[0] == 200:
        stores.append(served.get(f"{base}/nodes?tree=record&pos={pos}&layer={layer}&level=0&from={number}")[2])
        number += 1
    checks.true("stores", len(stores) >= 3, len(stores))
    checks.equal("the record's root", fold(stores), record)
    for number, root in enumerate(stores):
        pages, at = [], 0
        while True:
            status, _, data = served.get(f"{base}/pages?tree=store&pos={pos}&layer={layer}&number={number}&from={at}")
            if status != 200:
                break
            pages += lengths(data)
            at += 1
        checks.equal("a store's root", fold([hashlib.sha256(b"\0" + page).digest() for page in pages]), root)
    records = lengths(served.get(f"{base}/records?layer={layer}&from=0&count={positions}")[2])
    checks.equal("a record's stores", len(records), positions * len(stores))
    output = lengths(served.get(base + "/pages?tree=output")[2])[0]
    checks.equal("the output's page", output[:24],
                 b"".join(token.to_bytes(4, "little") for token in document["output_tokens"]))
    checks.true("a proof", len(served.get(base + "/proof?tree=trace&leaves=0,3")[2]) % 32 == 0)
    checks.true("tensors of a step", len(served.get(f"{base}/nodes?tree=tensors&pos={pos}&layer=1&from=0&count=4")[2]) == 128)
    for query, status in (("nodes?tree=trace&from=999999", 400), ("nodes?level=99", 400), ("nodes?count=65537", 400),
                          ("nodes?tree=trace&level=41&from=1099511627776", 400), ("nodes?tree=leaf", 400),
                          ("nodes?from=-1", 400), ("nodes?from=1e3", 400), ("pages?tree=trace", 400),
                          ("pages?tree=store&pos=999999&layer=1", 400), ("pages?tree=tensor&pos=0&layer=1&number=99999", 400),
                          ("records?layer=99", 400), ("records?layer=1&from=16777216", 400),
                          (f"records?layer={layers - 1}&from=0", 400), ("proof?leaves=3,3", 400), ("proof", 400),
                          ("proof?leaves=", 400), ("proof?leaves=1,", 400), ("proof?tree=trace&leaves=999999", 400),
                          ("elsewhere", 404)):
        checks.equal(query, served.get(f"{base}/{query}")[0], status)
    checks.equal("it goes on", served.get("/healthz")[0], 200)


def private(checks, served):
    ask = dict(ASK, crux={"mode": "private", "requester": "00" * 19 + "01"})
    document = served.post("/v1/completions", ask)[2]["crux"]
    checks.equal("mode", (document["mode"], document["requester"]), ("private", "00" * 19 + "01"))
    claim, trace = "/v1/claims/" + document["claim_hash"], "/v1/traces/" + document["claim_hash"]
    receipt = "/v1/receipts/" + document["id"]
    bearer = {"Authorization": "Bearer " + document["signature"]}
    for name, headers in (("a stranger", {}), ("its id, which is no secret", {"Authorization": "Bearer " + document["id"]}),
                          ("another signature", {"Authorization": "Bearer " + "0" * 128})):
        checks.equal(name, [served.get(path, headers)[0] for path in (claim, trace + "/nodes", receipt)], [403] * 3)
    checks.equal("its receipt's holder", [served.get(path, bearer)[0] for path in (claim, trace + "/nodes", receipt)],
                 [200] * 3)
    # what others were answered before tells nothing of it, and it tells nothing to them
    long = dict(ask, prompt=list(range(10, 50)), max_tokens=2)
    cached = [served.post("/v1/completions", one)[2]["usage"]["prompt_tokens_details"]["cached_tokens"]
              for one in (long, long, dict(long, crux={}), dict(long, crux={}), long)]
    checks.equal("nothing is shared with it", (cached[:3], cached[3] > 0, cached[4]), ([0, 0, 0], True, 0))


def limited(checks, crux, arguments, document):
    """Who asks much about traces waits, and a run that takes too much memory is not made again; what is kept is shown."""
    base = "/v1/traces/" + document["claim_hash"]
    with Served(crux, arguments + ["--trace-bytes", "4096", "--archive-bytes", "1"]) as served:
        status, _, data = served.get(base + "/nodes?tree=trace")
        checks.equal("too large", (status, json.loads(data)["error"]["code"]), (422, "run_too_large"))
        # told before anything is computed
        for query, code, name in (("records?layer=1&count=1000000", 413, "answer_too_large"),
                                  ("records?layer=1&from=9999", 400, "step_outside"),
                                  ("nodes?tree=record&pos=9999&layer=1", 400, "step_outside")):
            status, _, data = served.get(f"{base}/{query}")
            checks.equal(query, (status, json.loads(data)["error"]["code"]), (code, name))
        checks.equal("a leaf that is kept", served.get(base + "/leaves?from=1")[0], 200)
        answers, refused = [], []
        for number in range(1000):  # sooner than on a slow machine the allowance comes back
            answers.append(served.get([base + "/leaves", "/v1/claims/" + document["claim_hash"]][number % 2]))
            refused = [answer for answer in answers if answer[0] == 429]
            if len(refused) > 5:
                break
        checks.true("some are answered", any(answer[0] == 200 for answer in answers))
        checks.true("the rest wait", len(refused) > 5, [answer[0] for answer in answers][-50:])
        for _, headers, data in refused:
            checks.equal("code", json.loads(data)["error"]["code"], "rate_limit_exceeded")
            checks.true("when to come back", 0 < int(headers["retry-after"]) < 60, headers)
        checks.equal("who asks for text does not", served.post("/v1/completions", ASK)[0], 200)
        time.sleep(int(refused[-1][1]["retry-after"]) + 1)
        checks.equal("answered again", served.get(base + "/leaves")[0], 200)


def forwarded(checks, crux, arguments, document):
    """A trusted proxy's clients are told apart by the address that it adds, and by nothing that they write before it."""
    path, limit = "/v1/claims/" + document["claim_hash"], ["--trace-bytes", "1"]  # a question: more than an hour's

    def asked(served, cases):
        for hops, status in cases:
            checks.equal(f"for {hops}", served.get(path, {"X-Forwarded-For": hops})[0], status)

    with Served(crux, arguments + limit + ["--trusted-proxies", "127.0.0.1, 10.0.0.0/8"]) as served:
        asked(served, (("203.0.113.1", 200), ("203.0.113.1", 429), ("198.51.100.7, 203.0.113.1", 429),
                       ("198.51.100.8, 203.0.113.1, 10.1.2.3", 429), ("203.0.113.2", 200), ("unknown", 200),
                       ("203.0.113.3, unknown", 429), ("2001:db8:1:1::1", 200), ("2001:db8:1:1::2", 429),
                       ("2001:db8:1:2::1", 429), ("2001:db8:2:1::1", 200)))
    with Served(crux, arguments + limit) as served:
        asked(served, (("203.0.113.1", 200), ("203.0.113.2", 429)))


def killed(checks, crux, arguments, kept):
    """After kill -9 everything that was promised is there, and is posted."""
    ids = []
    with Served(crux, arguments + ["--batch-seconds", "3000", "--receipt-seconds", "6000"]) as served:
        for seed in range(5):
            ids.append(served.post("/v1/completions", dict(ASK, seed=seed + 10))[2]["crux"]["id"])
        served.process.kill()
        served.process.wait()
    with Served(crux, arguments) as served:
        for _ in range(WAIT_SECONDS * 10):
            found = [json.loads(served.get("/v1/receipts/" + i)[2]) for i in ids]
            if all("batch_root" in one for one in found):
                break
            time.sleep(0.1)
        checks.true("all of them are posted", all("batch_root" in one for one in found))
        checks.equal("what was there before", json.loads(served.get("/v1/receipts/" + kept)[2])["id"], kept)
        # a planned end posts what waits
        last = served.post("/v1/completions", dict(ASK, seed=99))[2]["crux"]["id"]
        checks.equal("exit status", served.stop(signal.SIGINT), 0)
    with Served(crux, arguments) as served:
        checks.true("posted before the end", "batch_root" in json.loads(served.get("/v1/receipts/" + last)[2]))


def main():
    crux, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        model = import_model(crux, source, folder)
        account, arguments = setup(crux, folder)
        plain = [a for a in arguments if a not in ("--batch-seconds", "--receipt-seconds", "1", "600")]
        with Served(crux, ["--model", "tiny=" + model] + arguments) as served:
            document = receipts(checks, served, account)
            traces(checks, served, document)
            private(checks, served)
            checks.true("figures", served.wait_for_least("crux_claims", 4))
        settings = os.path.join(folder, "settings.json")
        with open(settings, "w", encoding="utf-8") as file:
            json.dump({"models": ["tiny=" + model], "batch_seconds": 1, "receipt_seconds": 600}, file)
        limited(checks, crux, ["--config", settings] + plain, document)
        forwarded(checks, crux, ["--config", settings] + plain, document)
        killed(checks, crux, ["--config", settings] + plain, document["id"])
    checks.finish()


if __name__ == "__main__":
    main()
