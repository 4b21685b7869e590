"""What must be true of a system in the end: every receipt, every verdict, every unit of value."""
import json
import os
import subprocess

from chain import DEMAND_OPEN, DEMAND_UNMET
from client import Refused, fetch
from processes import WAIT_SECONDS


def verify(program, folder, receipt, *args):
    """Returns: the exit status of crux verify, and what it says."""
    path = os.path.join(folder, "receipt")
    with open(path, "w", encoding="ascii") as out:
        json.dump(receipt, out)
    done = subprocess.run([program, "verify", path, *args, "--json"], capture_output=True, text=True,
                          timeout=WAIT_SECONDS, check=False)
    return done.returncode, json.loads(done.stdout)


def judge_receipts(it, view):
    """Each stands on the chain as it was promised, in time, and is final, whoever disputed it."""
    problems, lost = [], 0
    claims = {claim["hash"]: claim for claim in view.of(it.account)}
    if len(claims) != len(it.client.receipts):
        problems.append(f"{len(claims)} claims of the executor for {len(it.client.receipts)} receipts")
    for given, body in it.client.receipts:
        bearer = {"Authorization": "Bearer " + given["signature"]}
        try:
            found = json.loads(fetch(f"{it.port['executor'].url}/v1/receipts/{given['id']}", None, bearer))
        except Refused as refused:
            found = {"error": str(refused)}
        claim = claims.get(given["claim_hash"])
        wanted = "unchallenged" if given["mode"] == "private" else "final"
        whole = {name: found.get(name) for name in given} == given
        if claim is None or not whole or (found.get("batch"), found.get("member")) != (claim["batch"], claim["member"]):
            lost += 1
            problems.append(f"lost: {given['id']}: {found}, {claim}")
            continue
        ends = [(dispute["challenger"], dispute["stage"]) for dispute in claim["disputes"]]
        if (claim["state"] != wanted or ends != [(it.sham, "lost")] * (given["mode"] != "private")
                or claim["posted_at"] > given["deadline"]):
            problems.append(f"not as promised: {claim}, until {given['deadline']}")
        code, said = verify(it.program, it.folder, found, "--chain", "local:" + it.chain.path, "--model", it.models[0],
                            "--text", body["prompt"], "--threads", "1")
        right = {"consistent": True, "signature": True, "chain": True, "included": True, "state": wanted,
                 "tokens": True, "recomputed": True}
        if code != 0 or {name: said.get(name) for name in right} != right:
            problems.append(f"crux verify: {code} {said}")
    return problems, lost


def judge_verdicts(it, view):
    problems = []
    for claim in view.of(it.liar):
        wanted = "fallen" if it.is_lie(claim) else "final"
        if claim["state"] != wanted:
            problems.append(f"the liar's claim {claim['member']} is {claim['state']}, not {wanted}")
        if not it.is_lie(claim) and claim["disputes"]:
            problems.append(f"the liar's claim {claim['member']} is true, and was disputed")
    problems += [f"an honest challenger lost: {dispute}" for dispute in view.disputes
                 if dispute["stage"] == "lost" and dispute["challenger"] != it.sham]
    problems += [f"it is over, and open: {dispute}" for dispute in view.open_disputes()]
    return problems


def judge_value(it, view):
    """Every account, and what is burned and bonded, to the unit."""
    p, value = view.parameters, view.value
    wanted = dict.fromkeys(it.accounts, it.MONEY)
    wanted[it.liar] -= p["executor_bond"] * sum(not it.is_lie(claim) for claim in view.of(it.liar))
    demanders, claims, falls, burned = {}, {(c["batch"], c["member"]): c for c in view.claims}, 0, 0
    for event in it.chain.events():
        at = (event["batch"], event["member"])
        if event["kind"] == "demand":
            demanders[at] = event["sender"]
        if event["kind"] == "publish" and at in demanders:
            wanted[demanders[at]] -= p["demand_fee"]
            wanted[claims[at]["executor"]] += p["demand_fee"]
        if event["fell"]:
            falls += 1
            demanded = claims[at]["demand"] == DEMAND_UNMET
            winner = demanders[at] if demanded else claims[at]["disputes"][event["dispute"]]["challenger"]
            wanted[winner] += p["reward"]
            wanted[claims[at]["executor"]] -= p["executor_bond"]
            burned += p["executor_bond"] - p["reward"]
            it.fell_by["demand" if demanded else event["kind"]] += 1
    for dispute in view.disputes:
        if dispute["stage"] == "lost":
            wanted[dispute["challenger"]] -= dispute["bond"]
            wanted[dispute["executor"]] += p["defence_cost"]
            burned += dispute["bond"] - p["defence_cost"]
            it.defended += 1
    found = {account: it.chain.get("/v1/accounts/" + account)["balance"] for account in wanted}
    problems = []
    if found != wanted:
        problems.append(f"balances: {found}, not {wanted}")
    rest = {"burned": burned, "stakes": 0, "fees": 0, "pledges": 0, "withdrawn": 0,
            "deposited": it.MONEY * len(wanted), "balances": sum(wanted.values()),
            "bonds": it.MONEY * len(wanted) - burned - sum(wanted.values())}
    if value != rest:
        problems.append(f"value: {value}, not {rest}")
    if falls != it.lie_count:
        problems.append(f"{falls} claims fell, not {it.lie_count}")
    problems += [f"a demand is open: {claim}" for claim in view.claims if claim["demand"] == DEMAND_OPEN]
    return problems


def judge_papers(it):
    """Once: what is changed in a receipt is seen; somebody new can audit single layers; crux watch sees it all."""
    problems, chain = [], "local:" + it.chain.path
    given, body = next(one for one in it.client.receipts if one[0]["mode"] == "batched")
    receipt = json.loads(fetch(f"{it.port['executor'].url}/v1/receipts/{given['id']}"))
    for name, value, what in (("signature", "00" * 64, "signature"), ("deadline", receipt["deadline"] + 1, "signature"),
                              ("output_tokens", [1] * len(receipt["output_tokens"]), "consistent"),
                              ("member", receipt["member"] + 1, "included")):
        code, said = verify(it.program, it.folder, {**receipt, name: value}, "--chain", chain)
        if code != 3 or said[what] is not False:
            problems.append(f"crux verify after {name} was changed: {code} {said}")
    code, said = verify(it.program, it.folder, receipt, "--model", it.models[0], "--text", body["prompt"] + "x",
                        "--threads", "1")
    if code != 3 or said["tokens"] is not False:
        problems.append(f"crux verify with another text: {code} {said}")
    code, said = verify(it.program, it.folder, {"version": 1})
    if code != 1 or said["error"] != "syntax":
        problems.append(f"crux verify of nothing: {code} {said}")
    done = subprocess.run([it.program, "challenger", "--model", it.models[0], "--chain", chain, "--data",
                           os.path.join(it.folder, "auditor"), "--layers", "1", "--once", "--threads", "1",
                           "--wait", "3600", "--executor", f"{it.account}={it.port['executor'].url}", "--json"],
                          capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    figures = json.loads(done.stdout)
    public = sum(receipt["mode"] != "private" for receipt, _ in it.client.receipts)
    if done.returncode not in (0, 3) or figures["audited_layers"] < public:
        problems.append(f"layers: {done.returncode} {figures} {done.stderr[-2000:]}")
    done = subprocess.run([it.program, "watch", "--chain", chain, "--once", "--json"], capture_output=True, text=True,
                          timeout=WAIT_SECONDS, check=True)
    seen = json.loads(done.stdout)
    if seen["disputes"] or sum(batch["fallen"] for batch in seen["batches"]) != it.lie_count:
        problems.append(f"crux watch: {seen}")
    return problems
