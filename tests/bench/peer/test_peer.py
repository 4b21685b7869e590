#!/usr/bin/env python3
"""The bench of the peer over canned answers: no network, no peer, no model."""
import hashlib
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import build
import files
import measure
import neighbour
import process
import ratios
from say import Trouble

# As llama-bench -o jsonl of the pinned version prints it, shortened.
PEER_LINE = ('{"build_commit": "0c1e570", "cpu_info": "AMD EPYC", "model_type": "llama 256M Q8_0", "model_size": '
             '143025408, "n_threads": %d, "n_prompt": %d, "n_gen": %d, "n_depth": %d, "avg_ns": %d, '
             '"samples_ns": [ %d ],"samples_ts": [ 116.198 ]}\n')
CRUX_LINE = ('{"model_root": "f8", "backend": "x86-vnni", "only": "%s", "threads": %d, "tokens": %d, "depth": %d, '
             '"tokens_per_second": %r, "commit_share": 0.01, "run_seconds": 1.5, "packed_bytes": 700}\n')

# Stand-ins: each writes down how it was called; what it answers follows from the words.
STAND_IN = """#!%s
import os, sys
sys.path.insert(0, %r)
import test_peer
test_peer.stand_in(os.path.basename(sys.argv[0]), sys.argv[1:])
"""


def word(words, name):
    return words[words.index(name) + 1]


def stand_in(name, words):
    folder = pathlib.Path(os.environ["STAND_IN_FOLDER"])
    with open(folder / "calls", "a") as calls:
        calls.write(" ".join([name, *words]) + "\n")
    if os.environ.get("STAND_IN_FAILS") == name:
        sys.exit("broken on purpose")
    if name == "llama-bench":
        if os.environ.get("STAND_IN_SLEEPS"):
            (folder / "sleeping").touch()
            time.sleep(300)
        prompt, chosen = int(word(words, "-p")), int(word(words, "-n"))
        nanoseconds = (prompt + chosen) * 10_000_000  # 100 tokens a second
        print(PEER_LINE % (int(word(words, "-t")), prompt, chosen, int(word(words, "-d")), nanoseconds, nanoseconds))
    elif name == "crux" and words[0] == "bench":
        calls = (folder / "calls").read_text().count("crux bench")
        print(CRUX_LINE % (word(words, "--only"), int(word(words, "--threads")), int(word(words, "--tokens")),
                           int(word(words, "--depth")), 200.0 + calls))
    elif name == "crux":
        pathlib.Path(word(words, "-o")).write_bytes(b"imported")
    elif name == "llama-quantize":
        pathlib.Path(words[-2]).write_bytes(b"quantised")
    elif name == "make_model":
        pathlib.Path(words[-1]).write_bytes(b"made")
    elif name == "bench_read":
        print(json.dumps({"threads": int(word(words, "--threads")), "bytes_per_second": 1000000}))


def case(kind="decode", threads=1, tokens=128, depth=0):
    return measure.Case(files.File("Q8_0", "x.gguf", "x.crux"), kind, threads, tokens, depth)


class Ended:
    peak_bytes, others = 1 << 20, 0.125


def figures(*rates, share=None):
    return [measure.Figure(rate, Ended, 0.25, share) for rate in rates]


class Parsing(unittest.TestCase):
    def test_peer(self):
        line = "some warning\n" + PEER_LINE % (1, 0, 128, 0, 5, 1101566227)
        rate, seconds = measure.parse_peer(line, case())
        self.assertAlmostEqual(rate, 116.198, places=3)
        self.assertAlmostEqual(seconds, 1.101566227)
        rate, _ = measure.parse_peer(PEER_LINE % (2, 512, 0, 4096, 5, 2 * 10**9), case("prefill", 2, 512, 4096))
        self.assertEqual(rate, 256)

    def test_peer_that_measured_something_else(self):
        for wrong in ((2, 0, 128, 0), (1, 128, 0, 0), (1, 0, 64, 0), (1, 0, 128, 512)):
            with self.assertRaisesRegex(Trouble, "llama-bench measured"):
                measure.parse_peer(PEER_LINE % (*wrong, 5, 5), case())
        with self.assertRaisesRegex(Trouble, "answered 0 lines"):
            measure.parse_peer("", case())
        with self.assertRaisesRegex(Trouble, "samples"):
            measure.parse_peer(PEER_LINE % (1, 0, 128, 0, 0, 0), case())

    def test_crux(self):
        line = CRUX_LINE % ("prefill", 2, 512, 0, 321.5)
        self.assertEqual(measure.parse_crux(line, case("prefill", 2, 512)), (321.5, 0.01, 1.5, 700))
        for wrong in (case("decode", 2, 512), case("prefill", 1, 512), case("prefill", 2, 128),
                      case("prefill", 2, 512, 64)):
            with self.assertRaisesRegex(Trouble, "crux bench measured"):
                measure.parse_crux(line, wrong)


class Processes(unittest.TestCase):
    def test_what_others_took(self):
        tick = os.sysconf("SC_CLK_TCK")
        stat = f"cpu  {2 * tick} {tick} {tick} {99 * tick} {9 * tick} {tick} {tick} {4 * tick} 0 0\ncpu0 1 1\n"
        self.assertEqual(process.machine_busy(stat), 10)

        class Usage:
            ru_maxrss, ru_utime, ru_stime = 3, 1.5, 0.5
        ended = process.Ended("", 4, Usage, 2 + os.cpu_count())
        self.assertEqual((ended.others, ended.peak_bytes, ended.processor_seconds), (0.25, 3072, 2))


class Ratios(unittest.TestCase):
    # ratios by round: 2, 3, 1.5, 2.5
    row = ratios.Row(case(), figures(100, 50, 200, 100), figures(200, 150, 300, 250, share=0.02))
    other = ratios.Row(case("prefill", 2, 512, 4096), figures(400), figures(500, share=0.04))

    def test_arithmetic(self):
        self.assertEqual(self.row.ratios, [2, 3, 1.5, 2.5])
        self.assertEqual((self.row.least, self.row.median, self.row.best), (1.5, 2.25, 1.5))
        with self.assertRaises(ValueError):
            ratios.Row(case(), figures(1, 2), figures(1)).ratios

    def test_answer(self):
        said = ratios.answer([self.row, self.other])
        self.assertEqual(said["ratios"], {"Q8_0_decode_t1": 2.25, "Q8_0_prefill_t2_d4096": 1.25})
        self.assertEqual(said["ratios_min"], {"Q8_0_decode_t1": 1.5, "Q8_0_prefill_t2_d4096": 1.25})
        self.assertEqual((said["commit_share"], said["commit_share_decode"], said["commit_share_prefill"]),
                         (0.04, 0.02, 0.04))

    def test_table(self):
        lines = ratios.table([self.row, self.other], "title").splitlines()
        self.assertEqual(lines[4].split(), "Q8_0 decode 1 100.0 225.0 1.50 2.25 1.50".split())
        self.assertEqual(lines[5].split(), "Q8_0 prefill @4096 2 400.0 500.0 1.25 1.25 1.25".split())
        self.assertEqual(lines[-2], "commitment takes 2.00% of decode, 4.00% of prefill")
        self.assertEqual(lines[-1], "others took 12% of the processors' time meanwhile")

    def test_neighbour(self):
        share = neighbour.Share()
        share.quiet, share.busy = [100, 200, 100], [50, 80, 90]
        said = neighbour.answer({"crux": share})["crux"]
        self.assertEqual((said["share"], said["share_min"], said["quiet"], said["busy"]), (0.5, 0.4, 100, 80))

    def test_loading_is_what_is_not_computing(self):
        class Programs:
            bench = crux = "x"
        sides = measure.Sides(Programs)

        class Answer(Ended):
            out, peak_bytes = PEER_LINE % (1, 0, 1, 0, 5, 10**8), 7
        sides.run = lambda words: (Answer, 0.5)
        figure = sides.peer(case(tokens=1))
        self.assertAlmostEqual(figure.load_seconds, 0.4)
        self.assertEqual(figure.peak_bytes, 7)


class Source(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = pathlib.Path(work.name)
        self.pinned = build.SHA256
        self.addCleanup(setattr, build, "SHA256", self.pinned)

    def archive(self, *names):
        path = self.work / "x.tar.gz"
        with tarfile.open(path, "w:gz") as out:
            for name in names:
                entry = tarfile.TarInfo(name)
                entry.size = 3
                out.addfile(entry, io.BytesIO(b"abc"))
        build.SHA256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return path

    def test_only_the_pinned_bytes(self):
        path = self.archive(build.INSIDE + "x.c")
        build.SHA256 = self.pinned
        with self.assertRaisesRegex(Trouble, "not the pinned file"):
            build.take_source(path, self.work / "out")

    def test_only_its_folder(self):
        build.take_source(self.archive(build.INSIDE + "a/x.c", "elsewhere/y.c"), self.work / "out")
        self.assertEqual([str(p.relative_to(self.work / "out")) for p in (self.work / "out").rglob("*.c")], ["a/x.c"])
        with self.assertRaisesRegex(Trouble, "leaves its folder"):
            build.take_source(self.archive(build.INSIDE + "../../x.c"), self.work / "out")


class Driver(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = pathlib.Path(work.name)
        for name in ("llama-bench", "llama-quantize", "crux", "make_model", "bench_read"):
            (self.work / name).write_text(STAND_IN % (sys.executable, str(HERE)))
            (self.work / name).chmod(0o755)
        (self.work / "demo.gguf").write_bytes(b"demo")
        self.environment = {**os.environ, "XDG_CACHE_HOME": str(self.work / "cache"), "CRUX_PEER_BIN": str(self.work),
                            "CRUX_PEER_BIN_AVX2": str(self.work), "STAND_IN_FOLDER": str(self.work)}

    def command(self, *words):
        given = {"crux": "crux", "make-model": "make_model", "cpu-clock": "none.so", "read": "bench_read",
                 "demo": "demo.gguf"}
        return [sys.executable, str(HERE / "peer.py"),
                *(part for name, at in given.items() for part in ("--" + name, str(self.work / at))), *words]

    def drive(self, *words, **environment):
        return subprocess.run(self.command(*words), capture_output=True, text=True,
                              env={**self.environment, **environment}, timeout=250)

    def calls(self):
        return (self.work / "calls").read_text().splitlines()

    def test_keys_and_turns(self):
        ended = self.drive("--json", "--files", "Q4_1,q8_0", "--rounds", "2")
        self.assertEqual((ended.returncode, ended.stdout.count("\n")), (0, 1), ended.stderr)
        said = json.loads(ended.stdout)
        keys = {f"{name}_{kind}_t{n}" for name in ("Q4_1", "Q8_0") for kind in ("decode", "prefill") for n in (1, 2)}
        for name in ("ratios", "ratios_min", "ratios_best", "rates"):
            self.assertEqual(set(said[name]), keys)
        self.assertEqual(said["ratios"]["Q4_1_decode_t1"],
                         sum(said["rates"]["Q4_1_decode_t1"]["crux"]) / 2 / 100)
        self.assertEqual((said["rounds"], said["read_bytes_per_second"]["2"]), (2, 1000000))
        turns = [call.split()[0] for call in self.calls() if "--warmup" not in call and "-bench" in call.replace(" ", "-")]
        turns = [turn for turn in turns if turn in ("llama-bench", "crux")][:32]
        self.assertEqual(turns[:16], ["llama-bench", "crux"] * 8)
        self.assertEqual(turns[16:], ["crux", "llama-bench"] * 8)
        quantised = [call for call in self.calls() if call.startswith("llama-quantize")]
        self.assertEqual(len(quantised), 1)
        self.assertEqual(quantised[0].split()[-1], "Q8_0")

    def test_contexts(self):
        ended = self.drive("--files", "Q8_0", "--context", "0,64", "--rounds", "1", "--threads", "1")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        lines = [line.split() for line in ended.stdout.splitlines()]
        self.assertEqual([line[:2] for line in lines[-2:]], [["Q8_0", "@0"], ["Q8_0", "@64"]])
        # 200 tokens a second and one for each call, of a file of eight bytes; the roof is a million
        self.assertEqual(len([line for line in lines if line[-1:] == ["0.0"] and line[0] == "Q8_0"]), 1)

    def test_words_of_both_sides(self):
        ended = self.drive("--files", "Q4_0", "--only", "prefill", "--threads", "2", "--context", "512", "--isa", "avx2",
                           "--rounds", "1", "--tokens", "256,9")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("Q4_0  prefill @512        2", ended.stdout)
        self.assertTrue(any(call.endswith("smol-Q4_0.gguf -t 2 -p 256 -n 0 -d 512 -r 1 -o jsonl")
                            for call in self.calls()), self.calls())
        self.assertTrue(any("--only prefill --threads 2 --tokens 256 --depth 512 --repeat 1 --json --backend x86-avx2"
                            in call for call in self.calls()), self.calls())

    def test_generated_shapes(self):
        self.assertEqual(self.drive("--quick", "--context", "8192", "--only", "decode").returncode, 0)
        self.assertIn("--shape smol-16k", self.calls()[0])
        self.assertEqual(self.drive("--quick", "--shape", "1b", "--json").returncode, 0)
        made = sorted(path.name for path in (self.work / "cache/crux/peer/files").iterdir())
        self.assertEqual(made, ["1b-Q8_0.crux", "1b-Q8_0.gguf", "smol-16k-Q8_0.crux", "smol-16k-Q8_0.gguf"])

    def test_neighbour(self):
        ended = self.drive("--neighbour", "--rounds", "1", "--json")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        said = json.loads(ended.stdout)["neighbour"]["Q8_0_decode_t2"]
        self.assertEqual(said["llama"], {"share": 1, "share_min": 1, "quiet": 100, "busy": 100})
        self.assertEqual(set(said), {"crux", "llama"})

    def test_a_program_that_fails(self):
        for name in ("llama-quantize", "crux", "llama-bench"):
            ended = self.drive("--quick", STAND_IN_FAILS=name)
            self.assertEqual((ended.returncode, ended.stdout), (1, ""))
            self.assertIn("broken on purpose", ended.stderr)
            self.assertNotIn("Traceback", ended.stderr)
        self.assertFalse(list((self.work / "cache").rglob("*.part")))
        (self.work / "llama-bench").unlink()
        ended = self.drive("--quick", "--json")
        self.assertIn("no program llama-bench", ended.stderr)
        self.assertIn("no program llama-bench", json.loads(ended.stdout)["message"])

    def test_usage(self):
        for words in (["--files", "Q9"], ["--rounds", "0"], ["--threads", "1,x"], ["--clock", "cpu", "--threads", "2"],
                      ["--tokens", "512"]):
            self.assertEqual(self.drive(*words).returncode, 2)

    def test_interrupted(self):
        child = subprocess.Popen(self.command("--quick"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env={**self.environment, "STAND_IN_SLEEPS": "yes"})
        for _ in range(12000):
            if (self.work / "sleeping").exists():
                break
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=120)
        self.assertEqual(child.returncode, 130, err)
        self.assertTrue(err.endswith("bench llama: interrupted\n"), err)


if __name__ == "__main__":
    unittest.main()
