#!/usr/bin/env python3
"""The public `openai` package, unchanged, against crux executor.   test_openai.py CRUX TINY.gguf BUILD

Chat, completions, streams, stop strings, log probabilities, seeds, usage, errors, keys, receipts' fields, and that the
answer is the one that `crux run` gives, with the same trace. Without the package the test is skipped."""
import asyncio
import json
import math
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from clients import enter_environment  # noqa: E402
from served import Checks, Served, import_model  # noqa: E402

MESSAGES = [{"role": "system", "content": "You write about rivers."},
            {"role": "user", "content": "Once upon a time"}]


def same_text(checks, client):
    """The same seed gives the same text, streamed or not; another one gives another."""
    def ask(**more):
        return client.chat.completions.create(model="tiny", messages=MESSAGES, max_tokens=24, **more)
    one, two, other = ask(seed=7), ask(seed=7), ask(seed=8)
    text = one.choices[0].message.content
    checks.equal("the same seed", two.choices[0].message.content, text)
    checks.true("another seed", other.choices[0].message.content != text)
    checks.equal("role", one.choices[0].message.role, "assistant")
    checks.equal("finish", one.choices[0].finish_reason, "length")
    checks.equal("usage", one.usage.total_tokens, one.usage.prompt_tokens + 24)
    checks.equal("completion tokens", one.usage.completion_tokens, 24)
    checks.true("fingerprint", one.system_fingerprint.startswith("crux-"))
    checks.equal("object", one.object, "chat.completion")
    pieces, usage, finishes = [], None, []
    for chunk in ask(seed=7, stream=True, stream_options={"include_usage": True}):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            pieces.append(choice.delta.content or "")
            finishes.append(choice.finish_reason)
    checks.equal("streamed", "".join(pieces), text)
    checks.equal("usage of the stream", usage.total_tokens, one.usage.total_tokens)
    checks.equal("one finish, the last", finishes, [None] * (len(finishes) - 1) + ["length"])
    return text


def stops(checks, client):
    """A stop string cuts the text before it, and no piece of it ever shows."""
    def ask(**more):
        return client.completions.create(model="tiny", prompt="The river", max_tokens=40, temperature=0, **more)
    text = ask().choices[0].text
    stop = text[10:13]
    at = text.index(stop)
    cut = ask(stop=stop)
    checks.equal("cut", cut.choices[0].text, text[:at])
    checks.equal("finish of a stop string", cut.choices[0].finish_reason, "stop")
    checks.true("fewer tokens", cut.usage.completion_tokens < 40)
    shown = ""
    for chunk in ask(stop=["never seen", stop], stream=True):
        shown += chunk.choices[0].text
        checks.true("nothing of the stop string", text[:at].startswith(shown), shown)
    checks.equal("all before it", shown, text[:at])
    checks.equal("one that does not come", ask(stop="qzqzqz").choices[0].text, text)
    echoed = ask(echo=True)
    checks.equal("echo", echoed.choices[0].text, "The river" + text)


def logprobs(checks, client):
    answer = client.chat.completions.create(model="tiny", messages=MESSAGES, max_tokens=12, temperature=0,
                                            logprobs=True, top_logprobs=5)
    content = answer.choices[0].logprobs.content
    checks.equal("an entry a token", len(content), 12)
    checks.equal("their bytes", bytes(b for entry in content for b in entry.bytes).decode("utf-8", "replace"),
                 answer.choices[0].message.content)
    for entry in content:
        checks.equal("how many", len(entry.top_logprobs), 5)
        checks.equal("greedy takes the first", entry.top_logprobs[0].logprob, entry.logprob)
        checks.true("a share", math.exp(entry.logprob) <= 1 + 1e-9)
        checks.true("shares", sum(math.exp(top.logprob) for top in entry.top_logprobs) <= 1 + 1e-9)
    streamed = []
    for chunk in client.chat.completions.create(model="tiny", messages=MESSAGES, max_tokens=12, temperature=0,
                                                logprobs=True, top_logprobs=5, stream=True):
        for choice in chunk.choices:
            streamed += choice.logprobs.content if choice.logprobs else []
    checks.equal("streamed", [e.model_dump() for e in streamed], [e.model_dump() for e in content])
    old = client.completions.create(model="tiny", prompt="The river", max_tokens=6, temperature=0, logprobs=2)
    shape = old.choices[0].logprobs
    checks.equal("tokens", len(shape.tokens), 6)
    checks.true("tops", all(len(top) <= 2 for top in shape.top_logprobs))
    for token, offset in zip(shape.tokens, shape.text_offset):
        checks.true("offsets", old.choices[0].text[offset:].startswith(token), (token, offset))


def several(checks, client):
    answer = client.completions.create(model="tiny", prompt=["The river", "A house"], n=2, max_tokens=8, seed=3)
    checks.equal("prompts times n", [choice.index for choice in answer.choices], [0, 1, 2, 3])
    checks.true("samples differ", answer.choices[0].text != answer.choices[1].text)
    checks.equal("documents", len(answer.crux), 4)
    tokens = answer.crux[0]["request_tokens"]
    again = client.completions.create(model="tiny", prompt=tokens, max_tokens=8, seed=3)
    checks.equal("as tokens", again.choices[0].text, answer.choices[0].text)
    streamed = {}
    for chunk in client.completions.create(model="tiny", prompt=["The river", "A house"], n=2, max_tokens=8, seed=3,
                                           stream=True):
        for choice in chunk.choices:
            streamed[choice.index] = streamed.get(choice.index, "") + choice.text
    checks.equal("streamed", streamed, {choice.index: choice.text for choice in answer.choices})


def same_as_run(checks, client, crux, model):
    """What is served is what is run: tokens and trace."""
    answer = client.completions.create(model="tiny", prompt="The river", max_tokens=16, temperature=0.7, top_p=0.95,
                                       seed=11, extra_body={"top_k": 40, "min_p": 0.02, "repeat_penalty": 1.1})
    ran = json.loads(subprocess.run(
        [crux, "run", model, "--prompt", "The river", "--max-tokens", "16", "--temperature", "0.7", "--top-p", "0.95",
         "--seed", "11", "--top-k", "40", "--min-p", "0.02", "--repeat-penalty", "1.1", "--json"],
        check=True, stdout=subprocess.PIPE).stdout)
    checks.equal("tokens", answer.crux["output_tokens"], ran["tokens"])
    checks.equal("trace root", answer.crux["trace_root"], ran["trace_root"])
    checks.equal("text", answer.choices[0].text, ran["text"])


def errors(checks, client, openai):
    def fails(kind, param, **more):
        call = {"model": "tiny", "messages": MESSAGES, "max_tokens": 4}
        call.update(more)
        try:
            client.chat.completions.create(**call)
            checks.true(f"{more} fails", False)
        except openai.APIStatusError as error:
            checks.true(f"kind for {more}", isinstance(error, kind), type(error))
            checks.equal(f"param for {more}", error.param, param)
    fails(openai.NotFoundError, "model", model="absent")
    fails(openai.BadRequestError, "tools", tools=[{"type": "function", "function": {"name": "f"}}])
    fails(openai.BadRequestError, "presence_penalty", presence_penalty=1)
    fails(openai.BadRequestError, "temperature", temperature=99)
    fails(openai.BadRequestError, "max_tokens", max_tokens=1000000)
    fails(openai.BadRequestError, "messages", messages=[])
    fails(openai.BadRequestError, "messages[0].content[0]",
          messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}])
    fails(openai.BadRequestError, "messages", messages=[{"role": "user", "content": "word " * 9000}])
    fails(openai.BadRequestError, "frobnicate", extra_body={"frobnicate": 1})
    checks.equal("models", [model.id for model in client.models.list()], ["tiny"])
    checks.equal("model", client.models.retrieve("tiny").id, "tiny")
    raw = client.chat.completions.with_raw_response.create(model="tiny", messages=MESSAGES, max_tokens=2)
    checks.equal("request id", raw.headers["x-request-id"], raw.parse().id)


async def many(checks, openai, url):
    """Together and alone: the same texts."""
    async with openai.AsyncOpenAI(base_url=url + "/v1", api_key="none") as client:
        async def ask(i):
            answer = await client.completions.create(model="tiny", prompt=f"The {i}", max_tokens=16, seed=i)
            return answer.choices[0].text
        together = await asyncio.gather(*[ask(i) for i in range(16)])
        checks.equal("together and alone", together, [await ask(i) for i in range(16)])


def readme(checks, served):
    """The script in README.md, as printed but for the address."""
    with open(os.path.join(HERE, "..", "..", "..", "README.md"), encoding="utf-8") as file:
        script = file.read().split("```python\n")[1].split("```")[0]
    checks.true("its address", "http://127.0.0.1:8434" in script)
    ran = subprocess.run([sys.executable, "-c", script.replace("http://127.0.0.1:8434", served.url)],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    checks.equal("the script in README.md", ran.returncode, 0)
    checks.true("what it prints", b"trace root " in ran.stdout, ran.stdout)


def keys(checks, openai, crux, model, folder):
    path = os.path.join(folder, "keys")
    with open(path, "w", encoding="utf-8") as file:
        file.write("# who may ask\nann sixteen-letters-of-ann\n")
    with Served(crux, ["--model", "tiny=" + model, "--api-keys", path]) as served:
        good = openai.OpenAI(base_url=served.url + "/v1", api_key="sixteen-letters-of-ann", max_retries=0)
        bad = openai.OpenAI(base_url=served.url + "/v1", api_key="sixteen-letters-of-bob", max_retries=0)
        checks.equal("with the key", [m.id for m in good.models.list()], ["tiny"])
        try:
            bad.completions.create(model="tiny", prompt="x")
            checks.true("another key fails", False)
        except openai.AuthenticationError as error:
            checks.equal("code", error.code, "invalid_api_key")
        checks.equal("health needs none", served.get("/healthz")[0], 200)


def limits(checks, openai, crux, model):
    """A body that is too long, and a queue that is full."""
    with Served(crux, ["--model", "tiny=" + model, "--body-bytes", "1024", "--sequences", "1", "--queue", "1"]) as served:
        client = openai.OpenAI(base_url=served.url + "/v1", api_key="none", max_retries=0)

        def fails(status, kind, **more):
            try:
                client.completions.create(model="tiny", **more)
                checks.true(f"{status} comes", False)
            except openai.APIStatusError as error:
                checks.true(f"kind of {status}", isinstance(error, kind), type(error))
                checks.equal("status", error.status_code, status)
                checks.true("says so", len(error.body["message"]) > 10, error.body)
                checks.equal("when to come again", "retry-after" in error.response.headers, status == 429)
        fails(413, openai.APIStatusError, prompt="x" * 2000)
        # one is computed and one waits: no room for the others of one request
        fails(429, openai.RateLimitError, prompt="x", n=16, max_tokens=100)
        patient = client.with_options(max_retries=60)  # comes again when it is told to
        checks.equal("and goes on", patient.completions.create(model="tiny", prompt="x", max_tokens=2).usage.total_tokens, 3)


def main():
    import openai
    crux, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    checks = Checks()
    print(f"openai {openai.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        model = import_model(crux, source, folder)
        with Served(crux, ["--model", "tiny=" + model, "--chat-template", "chatml"]) as served:
            client = openai.OpenAI(base_url=served.url + "/v1", api_key="none", max_retries=0)
            same_text(checks, client)
            stops(checks, client)
            logprobs(checks, client)
            several(checks, client)
            same_as_run(checks, client, crux, model)
            errors(checks, client, openai)
            asyncio.run(many(checks, openai, served.url))
            checks.equal("it ends well", served.stop(), 0)
        with Served(crux, ["--model", "smol=" + model, "--chat-template", "chatml"]) as served:
            readme(checks, served)
        keys(checks, openai, crux, model, folder)
        limits(checks, openai, crux, model)
    checks.finish()


if __name__ == "__main__":
    enter_environment(__file__, os.path.abspath(sys.argv[3]))
    main()
