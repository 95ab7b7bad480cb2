#!/usr/bin/env python3
"""The canaries of flags/, decided from generated logs: each system's limits do what they are there for."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
from lab import FFREPLAY, SCRATCH, TOP, Result, equal, finish, ok

BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
FFC = os.environ.get("FFC", os.path.join(BUILD, "ffc"))
SERVICE_LOG = os.path.join(BUILD, "service-log")
SINCE = "2026-11-20T10:00:00Z"


class System:
    """A canary that runs in production, in a copy of flags/, and the form of its system's log."""

    def __init__(self, flag, path, log, fields, load):
        self.flag, self.path, self.log, self.load = flag, path, log, load
        self.fields = fields
        self.directory = os.path.join(SCRATCH, "flags-" + flag)
        shutil.copytree(os.path.join(TOP, "flags"), self.directory)

    def at(self, stage):
        path = os.path.join(self.directory, self.path)
        with open(os.path.join(TOP, "flags", self.path)) as file:
            head, rest = re.split(rf"(?m)(?<=^  {re.escape(self.flag)}:\n)", file.read(), maxsplit=1)
        state = rf"\1state: running\n\1stage: {stage}\n\1since: {SINCE}"
        with open(path, "w") as file:
            file.write(head + re.sub(r"(?m)^( *)state: pending", state, rest, count=1))
        self.snapshot = os.path.join(SCRATCH, self.flag + ".ffs")
        subprocess.run([FFC, "build", "-C", self.directory, "-e", "production", "-o", self.snapshot],
                       check=True, capture_output=True)
        return self

    def decide(self, *options, duration="1h", more=()):
        log = os.path.join(SCRATCH, self.flag + ".ndjson")
        with open(log, "wb") as file:
            subprocess.run([SERVICE_LOG, "--start", SINCE, "--duration", duration, "--flag", self.flag,
                            "--snapshot", self.snapshot, "--fields", self.fields, *self.load, *options],
                           stdout=file, check=True)
        command = [FFREPLAY, "decide", self.flag, f"{self.log}={log}", "-C", self.directory, "-e", "production",
                   "--json", *more]
        return Result(subprocess.run(command, capture_output=True)).json


def criteria(verdict, metric):
    return {(c["action"], c["verdict"]) for c in verdict["criteria"] if c["metric"].endswith(metric)}


def decided(verdict, expected, rule, name):
    equal((verdict["verdict"], verdict["rule"]), (expected, rule), name)


ON = "variant=on,"

# rupaya: a processor that fails, is slow, or wears its instances out is rolled back within a window.
payment = System("canary.new-payment-processor", "rupaya/canary-payment-processor.yaml", "rupaya.requests",
                 "time,user_id=user,country,plan,endpoint,status,latency_ms,memory_used=memory,cpu_used=cpu,"
                 "pool_free", ["--rate", "100", "--endpoint", "/pay,latency=300ms,spread=0.4"])
payment.at("quarter")
decided(payment.decide(duration="61m"), "advance", "all-passed", "a_processor_that_is_well_goes_on")
decided(payment.decide(duration="59m"), "hold", "hold-time", "but_not_before_an_hour")
for name, effect, metric in (("fails", "errors=10%", "error_rate"), ("is_slow", "latency=x4", "latency_p99"),
                             ("takes_the_memory", "pressure=x2", "memory_used"),
                             ("takes_the_processor", "pressure=x4", "cpu_used"),
                             ("exhausts_the_pool", "pressure=x3", "pool_free")):
    verdict = payment.decide("--effect", f"at=30m,{ON}{effect}", duration="31m")
    decided(verdict, "rollback", "guard", f"a_processor_that_{name}_is_rolled_back")
    equal(criteria(verdict, metric), {("rollback", "HARM")}, f"by_{metric}")
decided(payment.at("half").decide(duration="61m"), "hold", "approval", "everyone_is_let_through_by_a_person")

notification = System("canary.new-notification-service", "rupaya/canary-notification-service.yaml", payment.log,
                      payment.fields, ["--rate", "100", "--endpoint", "/notify,latency=80ms"])
notification.at("quarter")
decided(notification.decide("--error-rate", "0.5%", duration="121m"), "advance", "all-passed",
        "notifications_that_come_go_on")
for effect, expected in (("errors=20%", "rollback"), ("latency=x12", "pause")):
    decided(notification.decide("--effect", f"at=10m,{ON}{effect}", duration="11m"), expected, "guard",
            f"notifications_with_{effect.split('=')[0]}_{expected}")

# nostrvine: each of four limits has a consequence of its own.
video = System("video_caching_system", "nostrvine/video-caching.yaml", "nostrvine.playback",
               "ts=time,anonymous_id=user,region,groups,ok,load_ms=latency_ms,response_ms=latency_ms,"
               "cache.hit=cache_hit", ["--rate", "1", "--error-rate", "0.3%", "--cache-hits", "95%", "--endpoint",
                                       "/video,latency=90ms,spread=0.5"])
video.at("early-adopters")
LONG = {"duration": "50h"}
decided(video.decide(**LONG), "advance", "all-passed", "caching_that_meets_its_goals_goes_on")
decided(video.decide(), "hold", "insufficient", "not_before_it_was_seen_enough")
verdict = video.decide("--effect", ON + "errors=8%", **LONG)
decided(verdict, "rollback", "guard", "errors_above_5_percent_roll_back")
verdict = video.decide("--effect", ON + "latency=x6", **LONG)
decided(verdict, "pause", "guard", "a_p95_above_a_second_pauses")
verdict = video.decide("--effect", ON + "cache=60%", **LONG)
decided(verdict, "hold", "investigate", "cache_hits_below_70_percent_are_to_be_looked_into")
equal(criteria(verdict, "error_rate") & {("rollback", "HARM")}, set(), "and_nothing_else_is_wrong")
verdict = video.decide("--effect", ON + "errors=8%", **LONG)
ok(("alert", "HARM") in criteria(verdict, "success_rate"), "a_success_rate_below_95_percent_alerts", verdict)
verdict = video.decide("--effect", ON + "latency=x2", **LONG)
decided(verdict, "hold", "advance-when", "a_p95_above_300_ms_waits")

# evidence-validator: what holds it up, and what ends it.
evidence = System("canary_auto_submit", "evidence-validator/canaries.yaml", "evidence.validations",
                  "finished_at=time,user_id=user,outcome,duration_ms=latency_ms",
                  ["--rate", "2", "--users", "100000", "--even", "--refusals", "2%", "--endpoint",
                   "/validate,latency=1200ms,spread=0.3"])
evidence.at("tenth")
DAY = {"duration": "25h"}
decided(evidence.decide(**DAY), "advance", "all-passed", "submission_that_works_goes_on")
for name, effect, expected, rule in (
        ("errors_of_7_percent_wait", "errors=7%", "hold", "advance-when"),
        ("errors_of_12_percent_roll_back", "errors=12%", "rollback", "guard"),
        ("successes_below_80_percent_roll_back", "errors=25%", "rollback", "guard"),
        ("three_seconds_wait", "latency=x2.5", "hold", "advance-when"),
        ("six_seconds_roll_back", "latency=x5", "rollback", "guard")):
    decided(evidence.decide("--effect", ON + effect, **DAY), expected, rule, name)
decided(evidence.decide("--effect", ON + "errors=7%", duration="169h"), "rollback", "timeout",
        "after_a_week_there_is_no_more_waiting")

# together-os: each stage has its own limit, so what passes in one does not in the next.
release = System("v2.1.0", "together-os/releases.yaml", "together.requests",
                 "time,user_id=user,groups,status,latency_ms", ["--rate", "50", "--even", "--users", "50000"])
for stage, length, bad in (("first", "11m", "errors=10%"), ("quarter", "16m", "errors=4%"),
                           ("half", "21m", "errors=2.5%"), ("everyone", "21m", "errors=1.5%")):
    release.at(stage)
    good = release.decide("--error-rate", "0.5%", duration=length)
    equal(good["verdict"], "complete" if stage == "everyone" else "advance", f"{stage}_goes_on")
    decided(release.decide("--effect", ON + bad, duration=length), "rollback", "guard", f"{stage}_has_its_limit")
verdict = release.at("first").decide("--effect", ON + "errors=4%", duration="11m")
decided(verdict, "advance", "all-passed", "what_is_too_much_for_the_second_stage_is_not_for_the_first")
hotfix = System("v2.1.0-hotfix", "together-os/releases.yaml", "together.requests", release.fields, release.load)
hotfix.at("everyone")
decided(hotfix.decide("--error-rate", "0.5%"), "complete", "all-passed", "a_hotfix_is_done_at_once")
decided(hotfix.decide("--error-rate", "5%"), "rollback", "guard", "and_watched")

# Whatever is decided is about production.
shutil.rmtree(video.directory)
shutil.copytree(os.path.join(TOP, "flags"), video.directory)
video.at("early-adopters").decide("--effect", ON + "errors=8%", **LONG, more=["--apply", "--actor", "ci"])
for environment, expected in (("development", '"on"'), ("staging", '"on"'), ("production", '"off"')):
    answer = subprocess.run([FFC, "eval", "video_caching_system", "-C", video.directory, "-e", environment, "-c",
                             '{"anonymous_id": "a1", "region": "us-east-1"}', "--json"], capture_output=True)
    ok(f'"variant":{expected}' in answer.stdout.decode(), f"{environment}_serves_{expected[1:-1]}_after_a_rollback",
       answer.stdout.decode(), answer.stderr.decode())
finish()
