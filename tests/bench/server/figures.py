"""Answers to figures; figures of rounds to a table and to the JSON object."""
import statistics

import ratios

WHOLE = ("tokens_per_second", "requests", "first_p50", "first_p99", "between_p50", "between_p99", "peak_bytes",
         "processor_share", "clients_share")


def percentile(values, share):
    """In: values in order."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def of_answers(answers, begin, seconds):
    """In: answers, whole ones; what came in so many seconds from `begin` counts."""
    first, between, tokens, requests, until = [], [], 0.0, 0, begin + seconds
    for answer in answers:
        inside = [at for at in answer.times if begin <= at <= until]
        requests += begin <= answer.ended <= until
        if not inside:
            continue
        # a text may hold several tokens, and a token no text of its own: each event counts as many as the others
        tokens += answer.tokens * len(inside) / len(answer.times)
        if inside[0] == answer.times[0]:
            first.append(inside[0] - answer.started)
        between += [later - earlier for earlier, later in zip(inside, inside[1:])]
    first.sort()
    between.sort()
    return {"tokens_per_second": tokens / seconds, "requests": requests,
            **{f"{name}_{label}": percentile(values, share) for name, values in (("first", first), ("between", between))
               for label, share in (("p50", 0.5), ("p99", 0.99))}}


def ratio(rounds, name="tokens_per_second"):
    return [ours[name] / theirs[name] for ours, theirs in zip(rounds["crux"], rounds["llama"], strict=True)]


def table(rounds):
    head = ("side", "", "tokens/s", "requests", "first p50 ms", "p99", "between p50 ms", "p99", "peak MiB", "of the cores",
            "clients")
    lines = [head]
    for side, name in (("llama", "llama.cpp"), ("crux", "crux")):
        if not rounds[side]:
            continue
        at = {key: statistics.median(found[key] for found in rounds[side]) for key in WHOLE}
        lines.append((name, "", f"{at['tokens_per_second']:.1f}", f"{at['requests']:.0f}",
                      *(f"{1e3 * at[key]:.0f}" for key in ("first_p50", "first_p99", "between_p50", "between_p99")),
                      f"{at['peak_bytes'] / (1 << 20):.0f}", f"{100 * at['processor_share']:.0f}%",
                      f"{100 * at['clients_share']:.1f}%"))
    text = ratios.columns(lines)
    if rounds["crux"] and rounds["llama"]:
        found = ratio(rounds)
        text += (f"\n\ntokens a second, crux to llama.cpp: min {min(found):.2f}, median {statistics.median(found):.2f}"
                 f" of {len(found)} rounds")
    return text


def answer(rounds):
    said = {"rounds": rounds}
    if rounds["crux"] and rounds["llama"]:
        found = ratio(rounds)
        said.update(ratios=found, ratio=statistics.median(found), ratio_min=min(found))
    return said
