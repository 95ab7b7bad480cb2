#!/usr/bin/env python3
"""The generator of logs: the same bytes from the same seed, and in them what was asked for.

Seeds are fixed, so figures do not change from run to run; the bounds are those of chance at 5 sigma.
"""
import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
from lab import SCRATCH, TOP, canary, decide, equal, exposed, finish, ok, project

BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
PROGRAM = os.path.join(BUILD, "service-log")
FFC = os.environ.get("FFC", os.path.join(BUILD, "ffc"))
START = 1767571200000  # 2026-01-05T00:00:00Z, a Monday
MINUTE, HOUR = 60_000, 3_600_000


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True)


def lines(*arguments):
    done = run(*arguments)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def near(got, expected, sigma, name):
    ok(abs(got - expected) <= 5 * sigma, name, f"got      {got}", f"expected {expected} +- {5 * sigma}")


def near_share(got, of, share, name):
    near(got / of, share, math.sqrt(share * (1 - share) / of), name)


# --------------------------------------------------------------------------------- determinism

EVERYTHING = ["--lines", "20000", "--rate", "500", "--trough", "50", "--flag", "checkout",
              "--share", "on=5%", "--share", "on=25%@30s", "--effect", "variant=on,errors=x3,latency=x2",
              "--late", "1%", "--duplicates", "1%", "--bad", "0.1%", "--truncate", "--fields",
              "time,timestamp,request,user,country,region,plan,app_version,groups,method,endpoint,status,"
              "ok,outcome,event,latency_ms,latency_s,bytes,cache_hit,memory,cpu,pool_free,flag,variant"]
first = run(*EVERYTHING)
equal(hashlib.sha256(first.stdout).hexdigest(),
      "96614cdfffce1c1c8884cce55582560b4df98d63b53fb06c90ebb62227f6285d",
      "one_seed_gives_one_log_on_every_machine")
ok(run(*EVERYTHING, "--seed", "2").stdout != first.stdout, "another_seed_gives_another")

plain = lines("-n", "5000", "--error-rate", "1%")
worse = lines("-n", "5000", "--error-rate", "50%")
same = lambda log: [(line["time"], line["user_id"], line["latency_ms"], line["bytes"]) for line in log]
equal(same(worse), same(plain), "another_error_rate_leaves_all_else_alone")

# ------------------------------------------------------------------------------------- outcomes

COUNT = 100_000
one = ["-n", str(COUNT), "--endpoint", "/pay,latency=100ms,spread=0.5", "--purchases", "0%"]
log = lines(*one, "--error-rate", "2%", "--refusals", "3%", "--cache-hits", "80%")
equal({line["endpoint"] for line in log}, {"/pay"}, "the_endpoint_is_the_one_given")
near_share(sum(line["status"] == 503 for line in log), COUNT, 0.02, "errors_are_as_frequent_as_asked")
near_share(sum(line["status"] == 404 for line in log), COUNT, 0.03, "so_are_refusals")
near_share(sum(line["cache_hit"] for line in log), COUNT, 0.8, "and_cache_hits")
latencies = sorted(line["latency_ms"] for line in log)
for q, z in ((0.5, 0.0), (0.95, 1.6448536), (0.99, 2.3263479), (0.999, 3.0902323), (0.01, -2.3263479)):
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    sigma = math.sqrt(q * (1 - q) / COUNT) / density * 0.5
    near(math.log(latencies[int(q * COUNT)] / 100), 0.5 * z, sigma, f"latency_is_log_normal_at_{q}")
near_share(sum(line["endpoint"] == "/checkout/complete" for line in
               lines("-n", "50000", "--purchases", "4%", "--error-rate", "0%", "--refusals", "0%")),
           50000, 0.04, "purchases_are_as_frequent_as_asked")
shares = lines("-n", "50000", "--endpoint", "/a,share=75%,errors=10%", "--endpoint", "/b,share=25%",
               "--error-rate", "0%", "--purchases", "0%")
of_a = [line for line in shares if line["endpoint"] == "/a"]
near_share(len(of_a), 50000, 0.75, "endpoints_have_their_shares")
near_share(sum(line["status"] == 503 for line in of_a), len(of_a), 0.1, "and_their_own_errors")
equal(sum(line["status"] == 503 for line in shares if line["endpoint"] == "/b"), 0, "which_others_do_not_have")

# ------------------------------------------------------------------------------- users and load

count_of = {}
for line in log:
    count_of[line["user_id"]] = count_of.get(line["user_id"], 0) + 1
busiest = sum(sorted(count_of.values())[-100:])
near_share(busiest, COUNT, math.log(2) / math.log(101), "few_users_ask_for_much")
even = lines("-n", "50000", "--users", "100", "--even")
equal(len({line["user_id"] for line in even}), 100, "there_are_as_many_users_as_asked")
near_share(sum(line["user_id"] == "user-0" for line in even), 50000, 0.01, "who_may_be_equally_active")

week = lines("--rate", "1", "--trough", "0.2", "--peak-at", "18:00", "--weekend", "50%", "--duration", "7d",
             "--fields", "time,latency_ms", "--endpoint", "/a,spread=0", "--busy", "x2")
hours = [0] * 168
for line in week:
    hours[(line["time"] - START) // HOUR] += 1
near(hours[17] + hours[18], 7200 * (0.2 + 0.8 * 0.98), 100, "the_peak_is_when_it_was_asked_for")
near(hours[5] + hours[6], 7200 * (0.2 + 0.8 * 0.02), 45, "and_the_trough_half_a_day_away")
near(sum(hours[:24]), 86400 * 0.6, 250, "a_day_has_the_mean_of_both")
near(sum(hours[120:144]), 86400 * 0.3, 170, "a_saturday_has_half_of_it")
slow = [line["latency_ms"] for line in week if (line["time"] - START) % (24 * HOUR) // MINUTE == 18 * 60]
quick = [line["latency_ms"] for line in week if (line["time"] - START) % (24 * HOUR) // MINUTE == 6 * 60]
ok(abs(min(slow) - 160) < 0.5 and abs(max(quick) - 80) < 0.5, "latency_grows_with_load", min(slow), max(quick))
gaps = [b["time"] - a["time"] for a, b in zip(log, log[1:])]
near(sum(gap > 20 for gap in gaps) / len(gaps), math.exp(-2), 0.002, "requests_come_at_random")

# ------------------------------------------------------------------------------------ incidents

INCIDENT = ["--duration", "1h", "--rate", "50", "--error-rate", "1%", "--endpoint", "/a,latency=100ms,spread=0",
            "--fields", "time,region,status,latency_ms"]
log = lines(*INCIDENT, "--effect", "at=10m,for=5m,region=eu-west-1,errors=x10,latency=x3")
is_hit = lambda line: 10 * MINUTE <= line["time"] - START < 15 * MINUTE and line["region"] == "eu-west-1"
hit = [line for line in log if is_hit(line)]
others = [line for line in log if not is_hit(line)]
ok(len(hit) > 3000, "an_incident_hits_its_region", len(hit))
near_share(sum(line["status"] == 503 for line in hit), len(hit), 0.1, "with_ten_times_the_errors")
equal({line["latency_ms"] for line in hit}, {300.0}, "and_three_times_the_latency")
near_share(sum(line["status"] == 503 for line in others), len(others), 0.01, "others_have_their_usual_errors")
equal({line["latency_ms"] for line in others}, {100.0}, "and_latency")
log = lines(*INCIDENT, "-n", "40000", "--effect", "errors=x2", "--effect", "errors=x3,latency=x2")
near_share(sum(line["status"] == 503 for line in log), len(log), 0.06, "effects_add_up")
log = lines("-n", "20000", "--fields", "memory,cpu,pool_free", "--effect", "pressure=x2")
ok(min(line["pool_free"] for line in log) < 8 and 0.99 < max(line["memory"] for line in log) <= 1,
   "pressure_is_on_memory_and_connections")

# -------------------------------------------------------------------------------------- variants

SHARES = ["--flag", "canary.checkout", "--share", "on=5%", "--share", "on=25%@30m"]
log = lines("--duration", "1h", "--rate", "20", *SHARES, "--fields", "time,user,variant,status", "--error-rate",
            "1%", "--effect", "variant=on,errors=30%")
wrong = [line for line in log if (line["variant"] == "on") !=
         exposed(line["user"], "canary.checkout", 5 if line["time"] < START + HOUR // 2 else 25)]
equal(wrong[:3], [], "shares_are_dealt_as_the_library_deals_them")
on = [line for line in log if line["variant"] == "on"]
near_share(sum(line["status"] == 503 for line in on), len(on), 0.3, "a_variant_has_its_effect")
three = lines("-n", "30000", "--flag", "three", "--share", "a=33%", "--share", "b=33%", "--share", "c=34%",
              "--even", "--users", "100000", "--fields", "variant")
for name, share in (("a", 0.33), ("b", 0.33), ("c", 0.34)):
    near_share(sum(line["variant"] == name for line in three), 30000, share, f"three_variants_{name}")

directory = project("generated", canary("""\
stages: [{name: first, percent: 20%, if: {country: [NO]}}, {name: full, percent: 100%}]
state: running
stage: first
since: 2026-01-05T00:00:00Z
guards: [{metric: error_rate, max: 5%, action: rollback}]
"""))
snapshot = os.path.join(SCRATCH, "generated.ffs")
subprocess.run([FFC, "build", "-C", directory, "-e", "production", "-o", snapshot], check=True, capture_output=True)
exposures = os.path.join(SCRATCH, "exposures.ndjson")
SNAPSHOT = ["--flag", "canary.checkout", "--snapshot", snapshot]
FIELDS = ["--fields", "ts=time,request,user_id=user,geo.country=country,status,request_time=latency_s,variant"]
log = lines("--duration", "10m", *SNAPSHOT, *FIELDS, "--exposures", exposures)
wrong = [line for line in log if (line["variant"] == "on") !=
         (line["geo.country"] == "NO" and exposed(line["user_id"], "canary.checkout", 20))]
equal(wrong[:3], [], "a_snapshot_decides_what_is_served")
with open(exposures) as file:
    exposed_to = [json.loads(line) for line in file]
equal([line["feature_flag.result.variant"] for line in exposed_to], [line["variant"] for line in log],
      "exposures_say_the_same")

# --------------------------------------------------------------------------- read by ffreplay

requests = os.path.join(SCRATCH, "generated.ndjson")


def judged(*arguments):
    with open(requests, "wb") as file:
        file.write(run("--duration", "1h", *SNAPSHOT, *FIELDS, *arguments).stdout)
    return decide(directory, requests, "--json").json


verdict = judged("--effect", "variant=on,errors=30%")
equal((verdict["verdict"], verdict["rule"]), ("rollback", "guard"), "a_bad_canary_is_rolled_back")
equal(judged()["verdict"], "advance", "a_good_one_advances")
verdict = judged("--duplicates", "2%", "--late", "2%", "--bad", "0.5%", "--truncate")
sent = verdict["input"]
ok(verdict["verdict"] == "advance" and sent["left_out"]["duplicate"] > 5000 and
   sent["bad"]["unparsable"] > 1000 and sent["left_out"]["incomplete"] == 1,
   "damage_is_found", json.dumps(sent))

# ---------------------------------------------------------------------------------------- damage

log = lines("-n", "20000", "--late", "5%", "--lateness", "10s", "--fields", "time,request")
latest, late = 0, []
for line in log:
    if line["time"] < latest:
        late.append(latest - line["time"])
    latest = max(latest, line["time"])
near_share(len(late), 20000, 0.05, "late_lines_are_late")
ok(min(late[:900]) >= 9900, "by_what_was_asked", min(late[:900]))
equal(sorted(line["request"] for line in log), list(range(1, 20001)), "and_none_is_lost")
log = lines("-n", "20000", "--duplicates", "5%", "--fields", "request")
near_share(len(log) - 20000, 20000, 0.05, "duplicates_come_again")
done = run("-n", "100", "--truncate")
ok(not done.stdout.endswith(b"\n") and done.stdout.count(b"\n") == 99, "the_last_line_has_no_end")

# ----------------------------------------------------------------------------------------- forms

table = run("-n", "3", "--format", "csv", "--fields", "time,groups,variant").stdout.decode().splitlines()
equal((table[0], len(table), table[1].count(",")), ("time,groups,variant", 4, 2), "csv_has_a_header")
access = run("-n", "1000", "--format", "combined").stdout.decode().splitlines()
ok(access[0].startswith("192.0.2.17 - user-") and '[05/Jan/2026:00:00:00 +0000] "GET /' in access[0],
   "combined_is_an_access_log", access[0])
equal(lines("-n", "1", "--fields", "timestamp")[0]["timestamp"][:20], "2026-01-05T00:00:00.", "times_in_words")

# ------------------------------------------------------------------------------------- real time

log = os.path.join(SCRATCH, "live.ndjson")
with open(log, "wb") as file:
    before = time.time()
    live = subprocess.Popen([PROGRAM, "--real-time", "--rate", "200", *SNAPSHOT, *FIELDS], stdout=file)
    deadline = before + 60
    served = lambda: {json.loads(line)["variant"] for line in open(log) if line.endswith("\n")}
    while served() != {"on", "off"} and time.time() < deadline:
        time.sleep(0.05)
    equal(served(), {"on", "off"}, "in_real_time_lines_can_be_read_while_they_come")
    path = os.path.join(directory, "flags.yaml")
    with open(path) as definitions:
        text = definitions.read()
    with open(path, "w") as definitions:
        definitions.write(text.replace("state: running", "state: complete"))
    subprocess.run([FFC, "build", "-C", directory, "-e", "production", "-o", snapshot], check=True, capture_output=True)
    tail = []
    while tail != ["on"] * 50 and time.time() < deadline:
        time.sleep(0.05)
        with open(log) as reader:
            tail = [json.loads(line)["variant"] for line in reader if line.endswith("\n")][-50:]
    equal(tail, ["on"] * 50, "a_new_snapshot_is_served_at_once")
    live.send_signal(signal.SIGTERM)
    live.wait()
    after = time.time()
times = [json.loads(line)["ts"] for line in open(log) if line.endswith("\n")]
ok(before * 1000 - 1 <= times[0] and times[-1] <= after * 1000 and times == sorted(times), "their_times_are_now")

# -------------------------------------------------------------------------------------- mistakes

MISTAKES = {
    "share_without_flag": (["--share", "on=5%"], "need --flag"),
    "flag_without_share": (["--flag", "a"], "--flag needs --snapshot"),
    "both_sources": ([*SNAPSHOT, "--share", "on=5%"], "give one of them"),
    "no_such_flag": (["--flag", "nope", "--snapshot", snapshot], "has no flag 'nope'"),
    "no_snapshot": (["--flag", "nope", "--snapshot", requests], "snapshot"),
    "too_much_to_share": (["--flag", "a", "--share", "on=60%", "--share", "b=50%@1h"], "more than 100 %"),
    "share_without_percentage": (["--flag", "a", "--share", "on"], "on=25%@30m"),
    "effect_of_nobody": (["--effect", "region=eu-west-9,errors=x2"], "did you mean 'eu-west-1'?"),
    "effect_of_no_variant": (["--flag", "a", "--share", "on=5%", "--effect", "variant=no,errors=x2"], "'no'"),
    "effect_without_flag": (["--effect", "variant=on,errors=x2"], "needs --flag"),
    "effect_misspelt": (["--effect", "error=x2"], "did you mean 'errors'?"),
    "effect_without_unit": (["--effect", "errors=5"], "a percentage such as 30%"),
    "no_such_source": (["--fields", "tim"], "did you mean 'time'?"),
    "no_such_format": (["--format", "cvs"], "did you mean 'csv'?"),
    "fields_of_combined": (["--format", "combined", "--fields", "time"], "are fixed"),
    "endpoint_without_path": (["--endpoint", "share=5%"], "/search,share=50%"),
    "endpoint_misspelt": (["--endpoint", "/a,latenci=5ms"], "did you mean 'latency'?"),
    "latency_without_unit": (["--endpoint", "/a,latency=5"], "such as 80ms"),
    "trough_above_peak": (["--trough", "500"], "is above --rate"),
    "hour_25": (["--peak-at", "25:00"], "such as 20:00"),
    "start_in_real_time": (["--real-time", "--start", "2026-01-01T00:00:00Z"], "leave out --start"),
    "truncated_in_real_time": (["--real-time", "--truncate"], "leave out --real-time"),
    "exposures_of_shares": ([*SHARES, "--exposures", exposures], "needs --snapshot"),
    "duration_without_unit": (["--duration", "5"], "such as 90s"),
    "a_file": (["requests.log"], "the log goes to stdout"),
    "misspelt": (["--lins", "5"], "did you mean '--lines'?"),
}
for name, (arguments, words) in MISTAKES.items():
    done = run(*arguments)
    ok(done.returncode == 2 and done.stdout == b"" and words in done.stderr.decode() and
       done.stderr.startswith(b"service-log: "), f"refuses_{name}", done.stderr.decode())
with open("/dev/full", "w") as full:
    done = subprocess.run([PROGRAM, "-n", "10000"], stdout=full, stderr=subprocess.PIPE)
ok(done.returncode == 2 and b"cannot write to stdout" in done.stderr, "a_full_disk_is_an_error")
help_text = run("--help").stdout.decode()
ok("Examples:" in help_text and max(map(len, help_text.splitlines())) <= 100, "help_fits_a_page")
finish()
