#!/usr/bin/env python3
"""The public `huggingface_hub` package, unchanged, against crux executor.   test_huggingface.py CRUX TINY.gguf BUILD

A second client of the same interface with code of its own for requests, streams and errors. Chat, streams, stop strings,
log probabilities, seeds, usage, errors and keys; it has no plain completions. Without the package the test is skipped."""
import asyncio
import json
import math
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from clients import enter_environment  # noqa: E402
from served import Checks, Served, import_model  # noqa: E402

MESSAGES = [{"role": "system", "content": "You write about rivers."},
            {"role": "user", "content": [{"type": "text", "text": "Once upon "}, {"type": "text", "text": "a time"}]}]
KEY = "sixteen-letters-of-ann"


def text_of(answer):
    return answer.choices[0].message.content


def seeds(checks, client):
    """The same seed gives the same text, streamed or not; another one gives another."""
    def ask(**more):
        return client.chat_completion(MESSAGES, model="tiny", max_tokens=24, temperature=1, top_p=0.95, **more)
    one, two, other = ask(seed=7), ask(seed=7), ask(seed=8)
    checks.equal("the same seed", text_of(two), text_of(one))
    checks.true("another seed", text_of(other) != text_of(one))
    checks.equal("role", one.choices[0].message.role, "assistant")
    checks.equal("finish", one.choices[0].finish_reason, "length")
    checks.equal("completion tokens", one.usage.completion_tokens, 24)
    checks.equal("usage", one.usage.total_tokens, one.usage.prompt_tokens + 24)
    checks.equal("its field beside the API's", len(one["crux"]["trace_root"]), 64)
    checks.equal("the same run", two["crux"]["trace_root"], one["crux"]["trace_root"])
    pieces, usage, finishes = [], None, []
    for chunk in ask(seed=7, stream=True, stream_options={"include_usage": True}):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            pieces.append(choice.delta.content or "")
            finishes.append(choice.finish_reason)
    checks.equal("streamed", "".join(pieces), text_of(one))
    checks.equal("usage of the stream", usage.total_tokens, one.usage.total_tokens)
    checks.equal("one finish, the last", finishes, [None] * (len(finishes) - 1) + ["length"])
    several = ask(seed=7, n=2)
    checks.equal("choices", [choice.index for choice in several.choices], [0, 1])
    checks.true("samples differ", several.choices[0].message.content != several.choices[1].message.content)


def stops(checks, client):
    """A stop string cuts the text before it, and no piece of it ever shows."""
    def ask(**more):
        return client.chat.completions.create(messages=MESSAGES, model="tiny", max_tokens=40, temperature=0, **more)
    text = text_of(ask())
    stop = text[10:13]
    before = text[:text.index(stop)]
    cut = ask(stop=[stop])
    checks.equal("cut", text_of(cut), before)
    checks.equal("finish of a stop string", cut.choices[0].finish_reason, "stop")
    checks.true("fewer tokens", cut.usage.completion_tokens < 40)
    shown = ""
    for chunk in ask(stop=["never seen", stop], stream=True):
        shown += chunk.choices[0].delta.content or ""
        checks.true("nothing of the stop string", before.startswith(shown), shown)
    checks.equal("all before it", shown, before)
    checks.equal("one that does not come", text_of(ask(stop=["qzqzqz"])), text)


def logprobs(checks, client):
    def ask(**more):
        return client.chat_completion(MESSAGES, model="tiny", max_tokens=12, temperature=0, logprobs=True,
                                      top_logprobs=5, **more)
    content = ask().choices[0].logprobs.content
    checks.equal("an entry a token", len(content), 12)
    for entry in content:
        checks.equal("how many", len(entry.top_logprobs), 5)
        checks.equal("greedy takes the first", entry.top_logprobs[0].logprob, entry.logprob)
        checks.true("shares", sum(math.exp(top.logprob) for top in entry.top_logprobs) <= 1 + 1e-9)
    streamed = []
    for chunk in ask(stream=True):
        for choice in chunk.choices:
            streamed += choice.logprobs.content if choice.logprobs else []
    checks.equal("streamed", [(e.token, e.logprob) for e in streamed], [(e.token, e.logprob) for e in content])


def fails(checks, hub, what, status, param, call):
    """It is to fail with this status, the client's own kind of error, and words that it shows."""
    try:
        call()
        checks.true(f"{what} fails", False)
    except hub.errors.HfHubHTTPError as error:
        said = error.response.json()["error"]
        checks.equal(f"status of {what}", error.response.status_code, status)
        checks.equal(f"param of {what}", said["param"], param)
        checks.true(f"the client shows why: {what}", said["message"] in str(error), error)
        if status == 429:
            checks.true("when to come again", int(error.response.headers.get("Retry-After", 0)) > 0)


def errors(checks, hub, client):
    def bad(status, param, **more):
        call = {"model": "tiny", "messages": MESSAGES, "max_tokens": 4, **more}
        fails(checks, hub, str(more)[:80], status, param, lambda: client.chat_completion(**call))
    bad(404, "model", model="absent")
    bad(400, "temperature", temperature=99)
    bad(400, "max_tokens", max_tokens=1000000)
    bad(400, "presence_penalty", presence_penalty=1)
    bad(400, "tools", tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}])
    bad(400, "messages", messages=[])
    bad(400, "frobnicate", extra_body={"frobnicate": 1})
    bad(404, "model", model="absent", stream=True)


def limits(checks, hub, crux, model):
    """A key of somebody else, a body that is too long, and a queue that is full."""
    with tempfile.NamedTemporaryFile("w", suffix=".keys") as keys:
        keys.write(f"ann {KEY}\n")
        keys.flush()
        with Served(crux, ["--model", "tiny=" + model, "--chat-template", "chatml", "--api-keys", keys.name,
                           "--body-bytes", "1024", "--sequences", "1", "--queue", "1"]) as served:
            ann, bob = (hub.InferenceClient(base_url=served.url + "/v1", api_key=key)
                        for key in (KEY, KEY.replace("ann", "bob")))

            def ask(client, **more):
                return client.chat_completion(MESSAGES, model="tiny", **{"max_tokens": 4, **more})
            checks.equal("with the key", ask(ann).choices[0].finish_reason, "length")
            fails(checks, hub, "another key", 401, None, lambda: ask(bob))
            fails(checks, hub, "a long body", 413, None, lambda: ask(ann, stop=["x" * 2000]))
            # one is computed and one waits: no room for the others of one request
            fails(checks, hub, "a full queue", 429, None, lambda: ask(ann, n=16, max_tokens=100))
            for figure in ("crux_queue_length", "crux_running"):
                checks.true("room comes again", served.wait_for(figure, 0))
            checks.equal("and goes on", ask(ann).choices[0].finish_reason, "length")


async def many(checks, hub, url):
    """Together and alone: the same texts."""
    client = hub.AsyncInferenceClient(base_url=url + "/v1", api_key="none")

    async def ask(seed):
        answer = await client.chat_completion(MESSAGES, model="tiny", max_tokens=16, seed=seed)
        return text_of(answer)

    async def streamed(seed):
        chunks = await client.chat_completion(MESSAGES, model="tiny", max_tokens=16, seed=seed, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])
    together = await asyncio.gather(*[streamed(seed) for seed in range(8)])
    checks.equal("together and alone", together, [await ask(seed) for seed in range(8)])


def main():
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    crux, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = folder  # it finds no credentials of anybody, and leaves nothing behind
        import huggingface_hub as hub
        print(f"huggingface_hub {hub.__version__}")
        model = import_model(crux, source, folder)
        with Served(crux, ["--model", "tiny=" + model, "--chat-template", "chatml"]) as served:
            client = hub.InferenceClient(base_url=served.url + "/v1", api_key="none")
            seeds(checks, client)
            stops(checks, client)
            logprobs(checks, client)
            errors(checks, hub, client)
            asyncio.run(many(checks, hub, served.url))
            listed = hub.get_session().get(served.url + "/v1/models")
            checks.equal("models", [one["id"] for one in json.loads(listed.text)["data"]], ["tiny"])
            checks.equal("it ends well", served.stop(), 0)
        limits(checks, hub, crux, model)
    checks.finish()


if __name__ == "__main__":
    enter_environment(__file__, os.path.abspath(sys.argv[3]))
    main()
