#!/usr/bin/env python3
"""What it costs to check claims beside what it costs to make them: ./dev bench verification."""
import argparse
import json
import pathlib
import signal
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peer"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# pylint: disable=wrong-import-position
import settlement
import system
from say import Trouble, progress, step

ABOUT = """A real executor answers requests one after the other, and another one all at once; both put their claims on a chain.
Then challengers that know nothing yet go over the claims of the first: all of each claim, all of one claim in ten, and
three layers of each, drawn in secret. A start is a challenger that verifies nothing: it loads the model, hashes its
weights and reads the chain. It is taken off what the others used, since a challenger that stays up does it once."""
BELOW = """Seconds are those of processors, of the whole process; the seconds by the clock stand beside them. Memory is the most
that was resident (VmHWM), the model file's own pages with it. Ratios are executor / challenger."""


TEXT_CHARACTERS = 100_000
SETTLED = 8  # claims in each mode, to see what they take on the chain


def options(words):
    parser = argparse.ArgumentParser(prog="./dev bench verification", description=ABOUT, epilog=BELOW,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--model", metavar="M.crux", help="a model (default: the demo model)")
    add("--claims", type=int, default=16, metavar="N", help="default 16")
    add("--request", type=int, default=32, metavar="N", help="tokens of a request (default 32)")
    add("--tokens", type=int, default=128, metavar="N", help="of an answer, at most (default 128)")
    add("--text", default="spec/70-game.md", metavar="FILE", help="of which requests are pieces (default spec/70-game.md)")
    add("--layers", type=int, default=3, metavar="N", help="of a sampled audit (default 3)")
    add("--share", default="0.1", metavar="X", help="of claims of a sampled audit (default 0.1)")
    add("--threads", type=int, default=1, metavar="N", help="of each process (default 1)")
    add("--rounds", type=int, default=3, metavar="N", help="of challengers (default 3); the median counts")
    add("--quick", action="store_true", help="4 claims of 16 tokens, one round: to see that it works")
    add("--json", action="store_true", help="one object on standard output")
    add("--crux", required=True, help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    if asked.model is None:
        parser.error("--model is needed")
    if asked.quick:
        asked.claims, asked.request, asked.tokens, asked.rounds = 4, 8, 16, 1
    if min(asked.claims, asked.request, asked.tokens, asked.layers, asked.threads, asked.rounds) < 1:
        parser.error("numbers are 1 at least")
    return asked


def prompts(asked):
    """Token ids: pieces of a text, each from somewhere else in it, so that no two requests begin alike."""
    with open(asked.text, encoding="utf-8") as text:
        ids = system.crux(asked.crux, "tokenize", asked.model, "--text", text.read(TEXT_CHARACTERS))["ids"]
    apart = (len(ids) - asked.request) // asked.claims
    if apart < 1:
        raise Trouble(f"{asked.text} has too few tokens for {asked.claims} requests of {asked.request}")
    return [ids[i * apart:i * apart + asked.request] for i in range(asked.claims)]


def policies(asked):
    """What each is told, and which start it has: a challenger of layers has no whole model in memory."""
    layers = ["--layers", asked.layers]
    return {"start": (["--share", "0"], None), "start_layers": (["--share", "0", *layers], None), "full": ([], "start"),
            "share": (["--share", asked.share], "start"), "layers": (layers, "start_layers")}


def median_of(runs, get):
    return statistics.median(get(run) for run in runs)


def describe_executor(used, settled, positions, peak_bytes):
    return {"processor_seconds": used.processor, "seconds": used.wall, "settle_processor_seconds": settled.processor,
            "positions": positions, "peak_bytes": peak_bytes}


def describe(runs, start, single, batched):
    """In: runs, of a policy; start, those that verify nothing; None: these are such."""
    figures = {
        "processor_seconds": median_of(runs, lambda run: run.used.processor),
        "seconds": median_of(runs, lambda run: run.used.wall),
        "verify_seconds": median_of(runs, lambda run: run.verify_seconds),
        "executor_processor_seconds": median_of(runs, lambda run: run.serving),
        "peak_bytes": max(run.peak_bytes for run in runs),
        "fetched_bytes": int(median_of(runs, lambda run: run.fetched_bytes)),
        "claims": [run.verified for run in runs],
    }
    if start is None:
        return figures
    least = 1 / system.TICKS  # what is less is not seen
    work = max(figures["processor_seconds"] - median_of(start, lambda run: run.used.processor), least)
    figures["work_processor_seconds"] = work
    figures["work_seconds"] = max(figures["seconds"] - median_of(start, lambda run: run.used.wall), least)
    figures["ratio_single"] = single["processor_seconds"] / work
    figures["ratio_batched"] = batched["processor_seconds"] / work
    return figures


def answers(asked, asks, folder, what, at_once, wanted):
    """Returns: the executor, still running, its outputs and figures. In: asks, prompts; wanted, outputs; None: any."""
    step(f"executor, {what}: {asked.claims} requests of {asked.request} tokens, {asked.tokens} chosen at most")
    executor = system.Executor(asked.crux, asked.model, folder, asked.threads, ["--batch-seconds", 2])
    try:
        executor.ask([1, 2, 3], 2)  # touches all memory; its claim is verified with the others
        receipts, used = executor.ask_all(asks, asked.tokens, at_once)
        outputs = [receipt["output_tokens"] for receipt in receipts]
        if wanted is not None and outputs != wanted:
            raise Trouble("the same requests have other outputs")
        positions = sum(asked.request + len(output) - 1 for output in outputs)
        settled = executor.settle(asked.claims + 1)
        return executor, outputs, describe_executor(used, settled, positions, executor.peak_bytes())
    except BaseException:
        executor.stop()
        raise


def measure(asked, folder):
    runs = {name: [] for name in policies(asked)}
    asks = prompts(asked)
    batcher, outputs, batched = answers(asked, asks, folder / "batched", "all at once", min(asked.claims, 256), None)
    batcher.stop()
    executor, _, single = answers(asked, asks, folder / "single", "one after the other", 1, outputs)
    try:
        for number in range(asked.rounds):
            for name, (settings, _) in policies(asked).items():
                progress(f"round {number + 1} of {asked.rounds}: {name}")
                runs[name].append(system.challenge(asked.crux, asked.model, executor, folder / f"{name}{number}",
                                                   asked.threads, settings))
        progress("")
    finally:
        executor.stop()
    if any(run.verified != asked.claims + 1 for name in ("full", "layers") for run in runs[name]):
        raise Trouble("not every claim was verified")
    return {"claims": asked.claims + 1, "request_tokens": asked.request, "threads": asked.threads, "rounds": asked.rounds,
            "settlement": settlement.count(asked.crux, asked.model, folder / "settlement", asks[:SETTLED]),
            "layers": asked.layers, "share": float(asked.share), "executor_single": single, "executor_batched": batched,
            "challenger": {name: describe(runs[name], start and runs[start], single, batched)
                           for name, (_, start) in policies(asked).items()}}


def table(answer):
    lines = [f"{answer['claims']} claims, {answer['executor_single']['positions']} positions, {answer['threads']} threads; "
             f"medians of {answer['rounds']} rounds", "",
             f"{'':<26}{'processor':>12}{'clock':>10}{'most memory':>14}"]
    for name, what in (("executor_single", "executor, single stream"), ("executor_batched", "executor, all at once")):
        figures = answer[name]
        lines.append(f"{what:<26}{figures['processor_seconds']:>10.2f} s{figures['seconds']:>8.2f} s"
                     f"{figures['peak_bytes'] / 1e6:>11.0f} MB")
    lines += ["", f"{'challenger':<26}{'processor':>12}{'clock':>10}{'most memory':>14}{'fetched':>12}{'verified':>10}"
              f"{'single/it':>11}{'batched/it':>12}{'serving':>10}"]
    names = {"start": "start", "start_layers": "start, layers", "full": "full", "share": f"{answer['share']:.0%} of claims",
             "layers": f"{answer['layers']} layers"}
    for name, what in names.items():
        figures = answer["challenger"][name]
        only = name.startswith("start")
        processor, clock = ("processor_seconds", "seconds") if only else ("work_processor_seconds", "work_seconds")
        lines.append(f"{what:<26}{figures[processor]:>10.2f} s{figures[clock]:>8.2f} s{figures['peak_bytes'] / 1e6:>11.0f} MB"
                     f"{figures['fetched_bytes'] / 1e6:>9.2f} MB{statistics.median(figures['claims']):>10.0f}"
                     + ("" if only else f"{figures['ratio_single']:>11.2f}{figures['ratio_batched']:>12.2f}"
                        f"{figures['executor_processor_seconds']:>8.2f} s"))
    lines += ["", f"{'on the chain':<26}{'claims a transaction':>22}{'bytes a claim':>15}{'shown too':>12}"]
    for mode, sums in answer["settlement"]["modes"].items():
        shown = (sums["bytes"] + sums["bytes_shown"]) / sums["claims"]
        lines.append(f"{mode:<26}{sums['claims'] / sums['transactions']:>22.0f}{sums['bytes'] / sums['claims']:>15.1f}"
                     f"{shown if sums['shows'] else float('nan'):>12.1f}".replace("nan", "  -"))
    if answer["settlement"]["differs"]:
        lines.append(f"not as spec/70-game.md says: {answer['settlement']['differs']}")
    return "\n".join(lines)


def main(words):
    asked = options(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with tempfile.TemporaryDirectory(prefix="crux-verification-") as folder:
            answer = measure(asked, pathlib.Path(folder))
    except (Trouble, OSError) as trouble:
        progress("")
        print(json.dumps({"error": "trouble", "message": str(trouble)}) if asked.json else f"bench: {trouble}",
              file=sys.stdout if asked.json else sys.stderr)
        return 1
    print(json.dumps(answer) if asked.json else table(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
