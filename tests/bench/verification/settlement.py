"""What claims take on the chain, counted from what a real executor has put there.   spec/70-game.md#what-a-claim-takes"""
import system

ANSWER_TOKENS = 4


def ask_in_modes(executor, prompts, requester):
    """Asks each prompt in each mode; the requests of a mode at once, so that they share a batch."""
    for mode in ("full", "batched", "private"):
        inner = {"mode": mode, "nonce": {"full": "f", "batched": "b", "private": "c"}[mode] * 64}
        if mode == "private":
            inner["requester"] = requester
        executor.ask_all(prompts, ANSWER_TOKENS, len(prompts), inner)


def siblings(member, count):
    """Hashes of the path of a leaf in a tree of so many (spec/30-commitment.md#trees): the left half is a power of 2."""
    if count == 1:
        return 0
    left = 1 << (count - 1).bit_length() - 1
    return 1 + (siblings(member, left) if member < left else siblings(member - left, count - left))


def by_formula(event, batches, request_tokens):
    """Bytes of a move, as spec/70-game.md says; None: of no kind that claims need."""
    if event["kind"] == "settle":
        return 66
    if event["kind"] == "show":
        return 153 + 32 * siblings(event["member"], batches[event["batch"]]["claims"])
    if event["kind"] == "post":
        return 410 + 4 * (request_tokens + ANSWER_TOKENS)
    return None


def count(crux, model, folder, prompts):
    """Returns: by mode: claims, transactions, bytes, bytes_shown: what showing every member adds; differs, moves that are
    not as long as the formula says."""
    executor = system.Executor(crux, model, folder, 1, ["--batch-count", len(prompts), "--batch-seconds", 1])
    try:
        ask_in_modes(executor, prompts, executor.account)
        executor.settle(3 * len(prompts))
        executor.wait_until(lambda: sum(event["kind"] == "show" for event in executor.events()) >= 2 * len(prompts), 300)
        batches = {batch["batch"]: batch for batch in executor.batches()}
        modes = {mode: {"claims": 0, "transactions": 0, "bytes": 0, "shows": 0, "bytes_shown": 0}
                 for mode in ("full", "batched", "private")}
        differs = []
        for event in executor.events():
            wanted = by_formula(event, batches, len(prompts[0]))
            if wanted is None:
                continue
            mode, length = modes[batches[event["batch"]]["mode"]], len(event["bytes"]) // 2
            if event["kind"] == "show":
                mode["shows"] += 1
                mode["bytes_shown"] += length
            else:
                mode["transactions"] += 1
                mode["bytes"] += length
                mode["claims"] += batches[event["batch"]]["claims"]
            if length != wanted:
                differs.append({"kind": event["kind"], "bytes": length, "wanted": wanted})
        return {"modes": modes, "differs": differs}
    finally:
        executor.stop()
