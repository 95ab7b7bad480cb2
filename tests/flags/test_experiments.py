#!/usr/bin/env python3
"""The experiments of flags/, each from `ffc experiment start` to `conclude`, on logs whose truth is known: the units are
in the arms that services serve them, the effects found are the true ones, and what is concluded is what everybody gets."""
import datetime
import json
import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
from lab import FFREPLAY, SCRATCH, TOP, Result, equal, finish, ok
from ledger import entries

BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
FFC = os.environ.get("FFC", os.path.join(BUILD, "ffc"))
START = datetime.datetime(2026, 11, 20, 10, tzinfo=datetime.timezone.utc)


def run(*command, text=None):
    return Result(subprocess.run(command, capture_output=True, input=text))


class Experiment:
    """One of them, drafted in a copy of flags/; `lines` makes what a unit logs in a variant."""

    def __init__(self, flag, path, log, unit, lines, units=6000, days=10, seed=1):
        self.flag, self.log, self.unit = flag, log, unit
        self.path = os.path.join(SCRATCH, f"flags-{flag}-{seed}", path)
        self.directory = os.path.join(SCRATCH, f"flags-{flag}-{seed}")
        shutil.copytree(os.path.join(TOP, "flags"), self.directory)
        with open(self.path) as file:
            head, rest = re.split(rf"(?m)(?<=^  {re.escape(flag)}:\n)", file.read(), maxsplit=1)
        with open(self.path, "w") as file:
            file.write(head + rest.replace("state: running", "state: draft", 1))
        started = self.act("start", at=START)
        ok(started.status == 0, f"{flag}_is_started", started.err)
        self.serve(units)
        rng, found = random.Random(seed), []
        for unit, variant in self.variants.items():
            at = START + datetime.timedelta(days=rng.random() * days)
            for fields in lines(rng, variant):
                at += datetime.timedelta(minutes=rng.random() * 30)
                found.append((at, {self.unit: unit, **fields}))
        self.file = os.path.join(SCRATCH, f"{flag}-{seed}.ndjson")
        with open(self.file, "w") as file:
            for at, fields in sorted(found, key=lambda line: line[0]):
                file.write(json.dumps({self.time: at.isoformat(), **fields}) + "\n")

    time = "time"

    def act(self, action, *more, at=START + datetime.timedelta(days=11)):
        return run(FFC, "experiment", action, self.flag, "-C", self.directory, "-e", "production", "--at",
                   at.isoformat(), "--actor", "test", "--reason", "known truth", *more)

    def serve(self, units):
        """What services serve, by the snapshot that they have."""
        self.snapshot = os.path.join(SCRATCH, self.flag + ".ffs")
        subprocess.run([FFC, "build", "-C", self.directory, "-e", "production", "-o", self.snapshot], check=True,
                       capture_output=True)
        contexts = [{self.unit: f"unit-{i}"} for i in range(units)]
        answers = run(FFC, "eval", self.flag, "-s", self.snapshot, "--contexts", "-", "--json",
                      text="".join(json.dumps(context) + "\n" for context in contexts).encode())
        variants = [json.loads(line) for line in answers.out.splitlines()]
        variants = [answer["variant"] for answer in variants if "variant" in answer]
        self.variants = {context[self.unit]: variant for context, variant in zip(contexts, variants)}

    def analyze(self, *more):
        return run(FFREPLAY, "analyze", self.flag, f"{self.log}={self.file}", "-C", self.directory, "-e", "production",
                   "--json", *more)

    def concludes(self, decision, winner, truths):
        """Analyzes it, with these true relative effects by metric and variant, and concludes what that says."""
        result = self.analyze()
        found = result.json
        equal((result.status, found["decision"], found["winner"]), (0, decision, winner), f"{self.flag}_is_to_{decision}")
        counts = {}
        for variant in self.variants.values():
            counts[variant] = counts.get(variant, 0) + 1
        equal(found["units"], counts, f"{self.flag}_has_the_units_that_were_served")
        for metric in found["metrics"]:
            for variant in metric["variants"]:
                truth = truths.get((metric["name"].split(".")[1], variant["name"]))
                low, high = variant["relative_interval"]
                if truth is not None:
                    ok(low <= truth <= high, f"{self.flag}_{metric['name']}_of_{variant['name']}_is_the_truth",
                       low, truth, high)
        evidence = os.path.join(SCRATCH, f"{self.flag}.json")
        with open(evidence, "w") as file:
            file.write(result.out)
        done = self.act("conclude", "--evidence", evidence)
        equal((done.status, entries(self.directory)[-1]["experiment"]["to"]), (0, {"state": "concluded", "winner": winner}),
              f"{self.flag}_is_concluded")
        self.serve(200)
        default = {"cache-ttl-optimization": "control", "prefetch-strategy": "balanced"}.get(self.flag, "control")
        equal(set(self.variants.values()), {winner or default}, f"{self.flag}_is_the_same_for_everybody")


# rupaya: a checkout on one page, at least 1000 a variant and 24 hours, and a limit on errors that is another flag's.
def rupaya(rates, errors=None):
    def lines(rng, variant):
        for _ in range(rng.randint(1, 4)):
            status = 500 if rng.random() < (errors or {}).get(variant, 0.01) else 200
            yield {"endpoint": "/cart", "status": status, "latency_ms": round(rng.lognormvariate(5, 0.5), 1)}
        if rng.random() < rates[variant]:
            yield {"endpoint": "/checkout/complete", "status": 200, "latency_ms": 200}
    return lines


PURCHASES = {"control": 0.10, "variant_a": 0.15}
RUPAYA = ("rupaya/experiments.yaml", "rupaya.requests", "user_id")
checkout = Experiment("experiment.checkout-redesign", *RUPAYA, rupaya(PURCHASES))
# What its admin API computed: Welch's t, p, confidence, samples, winner.
old = checkout.analyze("--method", "fixed").json["metrics"][0]
ok(old["variants"][0]["method"] == "score test" and old["variants"][0]["p"] < 0.001 and old["control"]["n"] > 1000,
   "rupayas_statistics", old)
checkout.concludes("ship", "variant_a", {("conversion", "variant_a"): 0.5})
early = Experiment("experiment.checkout-redesign", *RUPAYA, rupaya(PURCHASES), days=0.5, seed=2).analyze().json
ok(early["decision"] == "running" and any("min_duration" in reason for reason in early["reasons"]), "not_within_24_hours", early)
few = Experiment("experiment.checkout-redesign", *RUPAYA, rupaya({"control": 0.1, "variant_a": 0.5}), units=1500,
                 seed=3).analyze().json
ok(few["decision"] == "running" and any("min_samples" in reason for reason in few["reasons"]), "nor_with_less_than_1000", few)
failing = Experiment("experiment.checkout-redesign", *RUPAYA, rupaya(PURCHASES, {"variant_a": 0.2}), seed=4)
equal(failing.analyze().json["decision"], "stop", "nor_with_errors_beyond_the_flag_that_is_their_limit")
refused = failing.act("conclude", "--winner", "variant_a", "--evidence", "/dev/null")
ok(refused.status != 0, "and_nothing_else_concludes_it", refused.err)
onboarding = Experiment("experiment.new-onboarding-flow", *RUPAYA, rupaya({"control": 0.15, "variant_a": 0.10}))
onboarding.concludes("stop", None, {("conversion", "variant_a"): -1 / 3})


# nostrvine: installs without accounts, by events.
def nostrvine(hits, loads):
    def lines(rng, variant):
        for _ in range(rng.randint(1, 9)):
            hit = rng.random() < hits[variant]
            yield {"ok": True, "load_ms": round(rng.gammavariate(4, loads[variant] / 4), 1), "response_ms": 100 + rng.random() * 50,
                   "cache": {"hit": hit}}
    return lines


Experiment.time = "ts"
NOSTRVINE = ("nostrvine/video-caching.yaml", "nostrvine.playback", "anonymous_id")
cache = Experiment("cache-ttl-optimization", *NOSTRVINE,
                   nostrvine({"control": 0.80, "extended": 0.86}, {"control": 300, "extended": 300}))
cache.concludes("ship", "extended", {("cache_hit_rate", "extended"): 0.075, ("load_time", "extended"): 0,
                                     ("response_time", "extended"): 0})
prefetch = Experiment("prefetch-strategy", *NOSTRVINE,
                      nostrvine(dict.fromkeys(("conservative", "balanced", "aggressive"), 0.8),
                                {"conservative": 330, "balanced": 300, "aggressive": 270}))
worse = prefetch.analyze().json["metrics"][0]["variants"]
equal({variant["name"]: variant["verdict"] for variant in worse}, {"conservative": "worse", "aggressive": "better"},
      "of_three_strategies_one_is_better_and_one_is_worse")
prefetch.concludes("ship", "aggressive", {("load_time", "conservative"): 0.1, ("load_time", "aggressive"): -0.1,
                                          ("cache_hit_rate", "conservative"): 0, ("cache_hit_rate", "aggressive"): 0})


# ai-opportunity-browser: evaluations and conversion by variant, over seven days.
def browser(rng, variant):
    yield {"event": "view"}
    if rng.random() < {"control": 0.12, "treatment": 0.17}[variant]:
        yield {"event": "purchase"}


Experiment.time = "time"
button = Experiment("checkout-button-test", "ai-opportunity-browser/experiments.yaml", "ai.events", "user_id", browser)
week = button.analyze("--since", "7d", "--to", (START + datetime.timedelta(days=10)).isoformat()).json
equal(week["experiment"]["from"], "2026-11-23T10:00:00Z", "seven_days_from_its_end_back")
ok(sum(week["units"].values()) < 6000 and set(week["units"]) == {"control", "treatment"} and week["input"]["used"] > 0 and
   all(metric["control"]["value"] for metric in week["metrics"]), "its_analytics_of_seven_days_are_one_command", week["units"])
button.concludes("ship", "treatment", {("conversion", "treatment"): 5 / 12})
finish()
