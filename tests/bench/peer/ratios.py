"""Rounds of two rates to ratios; ratios to a table and to the JSON object."""
import statistics

HEAD = ("file", "what", "threads", "llama.cpp", "crux", "min", "median", "best")


class Row:
    """All rounds of one case: the figures of both sides, round by round."""

    def __init__(self, case, peer, crux):
        self.case, self.peer, self.crux = case, peer, crux

    @property
    def ratios(self):
        return [ours.rate / theirs.rate for ours, theirs in zip(self.crux, self.peer, strict=True)]

    @property
    def median(self):
        return statistics.median(self.ratios)

    @property
    def least(self):
        return min(self.ratios)

    @property
    def best(self):
        """The best of ours over the best of theirs: what a quiet machine would say."""
        return max(f.rate for f in self.crux) / max(f.rate for f in self.peer)

    @property
    def commit_share(self):
        return statistics.median(f.commit_share for f in self.crux)


def rate(figures):
    return statistics.median(figure.rate for figure in figures)


def mebibytes(figures):
    return max(figure.peak_bytes for figure in figures) / (1 << 20)


def line(row):
    case = row.case
    what = case.kind + (f" @{case.depth}" if case.depth else "")
    return (case.file.name, what, str(case.threads), f"{rate(row.peer):.1f}", f"{rate(row.crux):.1f}",
            f"{row.least:.2f}", f"{row.median:.2f}", f"{row.best:.2f}")


def columns(lines):
    """Lines of words, set in columns: the first two to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(word.ljust(width) if i < 2 else word.rjust(width)
                               for i, (word, width) in enumerate(zip(words, widths, strict=True))).rstrip()
                     for words in lines)


def table(rows, title):
    shares = commit_shares(rows)
    said = ", ".join(f"{100 * share:.2f}% of {kind}" for kind, share in shares.items())
    return "\n".join([
        title, "tokens a second, medians; ratio of crux to llama.cpp: min and median of the rounds, best of each side",
        "", columns([HEAD, *map(line, rows)]), "", f"commitment takes {said}",
        f"others took {100 * others(rows):.0f}% of the processors' time meanwhile"])


def commit_shares(rows):
    """The largest median share among the files and threads, of each kind."""
    return {kind: max(row.commit_share for row in rows if row.case.kind == kind)
            for kind in ("decode", "prefill") if any(row.case.kind == kind for row in rows)}


def others(rows):
    """What other processes took of all processors' time: a figure of a busy machine is one of a noisy neighbour."""
    return statistics.mean(figure.others for row in rows for figure in row.peer + row.crux)


def answer(rows):
    shares = commit_shares(rows)
    return {
        "ratios": {row.case.key: row.median for row in rows},
        "ratios_min": {row.case.key: row.least for row in rows},
        "ratios_best": {row.case.key: row.best for row in rows},
        "commit_share": max(shares.values()),
        **{f"commit_share_{kind}": share for kind, share in shares.items()},
        "others_share": others(rows),
        "rates": {row.case.key: {"crux": [f.rate for f in row.crux], "llama": [f.rate for f in row.peer]}
                  for row in rows},
        "peak_bytes": {row.case.key: {"crux": max(f.peak_bytes for f in row.crux),
                                      "llama": max(f.peak_bytes for f in row.peer)} for row in rows},
    }
