"""Loading, memory, and how near decode comes to the rate at which memory can be read."""
import json
import os

import process
import ratios
from say import progress


def loads(sides, rows):
    """FILE -> what loading takes, the most memory of any of its runs, and its size, on both sides."""
    found = {}
    for row in rows:
        file = row.case.file
        if file.name not in found:
            progress(f"load {file.name}")
            peer, crux = sides.load(file)
            found[file.name] = {
                "load_seconds": {"crux": crux.load_seconds, "llama": peer.load_seconds},
                "peak_bytes": {"crux": 0, "llama": 0},
                "file_bytes": {"crux": os.stat(file.crux).st_size, "llama": os.stat(file.gguf).st_size}}
        peaks = found[file.name]["peak_bytes"]
        for side, figures in (("crux", row.crux), ("llama", row.peer)):
            peaks[side] = max(peaks[side], *(figure.peak_bytes for figure in figures))
    progress("")
    return found


def load_table(found):
    columns = (("load_seconds", 1, "{:.3f}", "load s"), ("peak_bytes", 1 << 20, "{:.0f}", "peak MiB"),
               ("file_bytes", 1 << 20, "{:.0f}", "file MiB"))
    lines = [("file", "", *(word for _, _, _, what in columns for word in (f"{what}: llama.cpp", "crux")))]
    for name, at in found.items():
        lines.append((name, "", *(form.format(at[key][side] / unit)
                                  for key, unit, form, _ in columns for side in ("llama", "crux"))))
    return ratios.columns(lines)


def peak_table(rows):
    """Of each file and context, the most memory of any of its runs."""
    peaks = {}
    for row in rows:
        at = peaks.setdefault((row.case.file.name, f"@{row.case.depth}"), {"llama": 0, "crux": 0})
        for side, figures in (("llama", row.peer), ("crux", row.crux)):
            at[side] = max(at[side], *(figure.peak_bytes for figure in figures))
    return ratios.columns([("file", "context", "peak MiB: llama.cpp", "crux"),
                           *((*name, *(f"{at[side] / (1 << 20):.0f}" for side in ("llama", "crux")))
                             for name, at in peaks.items())])


def reads_the_file(case):
    """Every token of decode reads all weights, and next to nothing else where there is no context."""
    return case.kind == "decode" and case.depth == 0


def roofs(program, threads, clock):
    """Threads -> bytes a second that so many threads read from memory."""
    found = {}
    for count in threads:
        progress(f"memory read by {count} threads")
        ended = process.run([program, "--json", "--threads", str(count)], clock and {"LD_PRELOAD": clock})
        found[count] = json.loads(ended.out)["bytes_per_second"]
    progress("")
    return found


def read_table(rows, roofs):
    """Decode where weights are all that it reads: its rate beside the roof."""
    lines = [("decode reads", "threads", "llama.cpp MB", "crux MB", "llama.cpp GB/s", "crux GB/s", "of roof",
              "roof GB/s")]
    for row in rows:
        case = row.case
        if reads_the_file(case):
            sizes = os.stat(case.file.gguf).st_size, row.crux[0].packed_bytes
            theirs, ours = (ratios.rate(figures) * size for figures, size in zip((row.peer, row.crux), sizes))
            roof = roofs[case.threads]
            lines.append((case.file.name, str(case.threads), *(f"{size / 1e6:.0f}" for size in sizes),
                          f"{theirs / 1e9:.1f}", f"{ours / 1e9:.1f}", f"{100 * ours / roof:.0f}%",
                          f"{roof / 1e9:.1f}"))
    return ratios.columns(lines)
