#!/usr/bin/env python3
"""test_verification.py CRUX MAKE_SMALL_FILES: the bench over a small model: everything is verified, and all is said."""
import json
import pathlib
import subprocess
import sys
import tempfile

BENCH = pathlib.Path(__file__).resolve().parent / "verification.py"


SECONDS = 280  # for one run, on a machine that is busy with others


def run(*words):
    with subprocess.Popen([sys.executable, BENCH, "--crux", sys.argv[1], *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as child:
        try:
            out, err = child.communicate(timeout=SECONDS)
        except BaseException:
            child.terminate()  # which lets it end its own
            child.communicate()
            raise
    return subprocess.CompletedProcess(words, child.returncode, out, err)


def main():
    with tempfile.TemporaryDirectory(prefix="crux-bench-") as folder:
        subprocess.run([sys.argv[2], folder], check=True)
        model = folder + "/a.crux"
        done = run("--model", model, "--quick", "--layers", "1", "--share", "0.5", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        answer = json.loads(done.stdout)
        wrong = run("--model", folder + "/nothing", "--quick", "--json")
        assert wrong.returncode == 1 and json.loads(wrong.stdout)["error"] == "trouble", wrong.stdout
        long = run("--model", model, "--claims", "100000", "--json")
        assert long.returncode == 1 and "too few tokens" in json.loads(long.stdout)["message"], long.stdout
        assert run("--quick").returncode == 2
    figures = answer["challenger"]
    assert set(figures) == {"start", "start_layers", "full", "share", "layers"}, figures
    assert figures["full"]["claims"] == [5] and figures["layers"]["claims"] == [5], figures
    assert figures["start"]["claims"] == [0] and 0 <= figures["share"]["claims"][0] <= 5, figures
    # what a layer reads is served as a whole; a whole run needs no more than tokens
    assert figures["layers"]["fetched_bytes"] > figures["full"]["fetched_bytes"] > 1000, figures
    for name in ("full", "share", "layers"):
        ratio = answer["executor_single"]["processor_seconds"] / figures[name]["work_processor_seconds"]
        assert figures[name]["ratio_single"] == ratio and figures[name]["peak_bytes"] > 1 << 20, figures
    assert answer["executor_single"]["positions"] == answer["executor_batched"]["positions"], answer
    # what claims take on the chain is what the specification says
    takes = answer["settlement"]
    assert takes["differs"] == [], takes
    spec = pathlib.Path("spec/70-game.md").read_text(encoding="utf-8").split("## What a claim takes")[1].split("\n## ")[0]
    assert "| 410 + 4 (P + N) |" in spec and "| 66 |" in spec and "| 153 + 32 s |" in spec, spec
    assert takes["modes"]["full"]["transactions"] == takes["modes"]["full"]["claims"] == 4, takes
    for mode in ("batched", "private"):
        sums = takes["modes"][mode]
        assert sums["claims"] == sums["shows"] == 4 and sums["bytes"] == 66 * sums["transactions"], takes
    print("the bench of verification says what it should")
    return 0


if __name__ == "__main__":
    sys.exit(main())
