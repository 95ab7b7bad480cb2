#!/usr/bin/env python3
"""Logs that a program prints, beside logs that are followed: what was followed is read once, and a
verdict is of both, as decide's.

Runs: beside: it waits.
"""
import json
import os
import time

from lab import PROJECT, SCRATCH, canary, decide, equal, finish, ok, project, requests, write
from watching import Watch

NOW = int(time.time() * 1000)
SINCE = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW / 1000 - 3600))
PRINTED = """\
  printed:
    format: ndjson
    time: ts
    unit: user_id
    id: request
    context: {user_id: user_id, country: geo.country}
    fields: {latency: {from: request_time, scale: 1000}}
    command: [cat, %s]
metrics:
  printed_errors: {kind: proportion, log: printed, of: {status: {gte: 500}}, better: lower}
  printed_users: {kind: mean, log: printed, value: latency, per: unit, agg: sum, unit: ms, better: lower}
  printed_p90: {kind: quantile, q: 0.9, log: printed, value: latency, unit: ms, better: lower}
  printed_broken: {kind: mean, log: printed, value: broken, better: lower}
"""
STAGE = """\
stages: [{name: first, percent: 20%%, hold: 24h}, {name: full, percent: 100%%}]
guards:
%s
state: running
stage: first
since: %s
"""
EVERY_FORM = """\
  - {metric: error_rate, max: 50%, action: rollback}
  - {metric: latency_p95, max_increase: 400%, action: pause}
  - {metric: failing_users, max: 99%, confidence: 90%, action: alert}
  - {metric: wait_a_user, max_increase: 900%, action: alert}
  - {metric: error_rate, max: 90%, over: 2m, for: 2, min_samples: 1, action: alert}
  - {metric: printed_errors, max: 50%, action: rollback}
  - {metric: printed_users, max_increase: 900%, action: alert}
  - {metric: printed_p90, max_increase: 400%, action: alert}
  - {metric: printed_errors, max: 90%, over: 2m, for: 2, min_samples: 1, action: alert}
  - {metric: printed_broken, max: 1, action: alert}"""


def lay_out(name, guards, printed, followed=None):
    head, metrics = PROJECT.split("metrics:\n", 1)
    metrics = "".join(line.replace("{kind: proportion", "{kind: proportion, log: requests", 1)
                      if "kind: proportion" in line else line.replace("{kind:", "{log: requests, kind:", 1)
                      for line in metrics.splitlines(True))
    if followed:
        head = head.replace("    format: ndjson\n", f"    format: ndjson\n    path: {followed}\n")
    return project(name, canary(STAGE % (guards, SINCE)), base=head + PRINTED % printed + metrics)


class Beside(Watch):
    def __init__(self, directory, *arguments, **given):
        super().__init__(directory, "--json", "--allow-commands", *arguments, **given)

    def lines(self):
        return [one["input"]["lines"] for one in self.looks()]

    def cost(self):
        """Seconds of a processor that it has used so far, and the programs that it ran."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            return sum(int(ticks) for ticks in file.read().rsplit(")", 1)[1].split()[11:15]) / os.sysconf("SC_CLK_TCK")


def same_as_decide(watch, directory, *logs):
    """As decide's at a moment about when the watch looked, which it does not print: before it wrote what it saw."""
    seen = 0
    while seen != os.stat(watch.out).st_mtime:
        seen = os.stat(watch.out).st_mtime
        look = watch.look()
    differing = None
    for back in range(60):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seen - back))
        decided = decide(directory, *logs, "--json", "--now", now).json
        other = {key: (look.get(key), decided.get(key)) for key in {*look, *decided} if look.get(key) != decided.get(key)}
        if differing is None or len(other) < len(differing):
            differing = other
        if not other:
            break
    return equal(differing, {}, "the verdict is decide's")


# --------------------------------------------------------------------------- of both, each look anew

followed = requests(3000, seed=5, start=NOW - 1800000, length=1780000, users=900)
printed = requests(500, seed=6, start=NOW - 1500000, length=1480000, users=300)
printed[7]["broken"] = "no number"
followed_file = write("followed.ndjson", followed)
printed_file = write("printed.ndjson", printed)
whole = lay_out("whole", EVERY_FORM, printed_file, followed_file)
watch = Beside(whole)
ok(watch.until(lambda: len(watch.looks()) >= 4), "it looks at both", watch.errors())
equal(watch.lines(), [3500] * len(watch.lines()), "of which nothing is counted twice")
same_as_decide(watch, whole, f"requests={followed_file}", f"printed={printed_file}")
spoilt = [one for one in watch.looks()[-1]["criteria"] if one["metric"] == "printed_broken"][0]
ok(spoilt["verdict"] == "NODATA", "also of what cannot be read", spoilt)

more = requests(400, seed=7, start=NOW - 300000, length=290000, users=900)
with open(followed_file, "a") as file:
    file.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in more)
ok(watch.until(lambda: watch.lines()[-1:] == [3900]), "what is added to a log that is followed", watch.lines())
write("printed.new", printed[:200] + requests(900, seed=8, start=NOW - 200000, length=100000, users=2000))
os.rename(os.path.join(SCRATCH, "printed.new"), printed_file)
ok(watch.until(lambda: watch.lines()[-2:] == [4500, 4500]), "and what is printed now", watch.lines())
same_as_decide(watch, whole, f"requests={followed_file}", f"printed={printed_file}")
write("printed.new", printed + ["{"] * 20)
os.rename(os.path.join(SCRATCH, "printed.new"), printed_file)
ok(watch.until(lambda: "20 of 520 lines of log 'printed' are bad" in watch.errors()), "bad lines are those of this look",
   watch.errors())
time.sleep(3)
equal(watch.errors().count("<cat>:501"), 1, "shown once")
write("printed.new", printed)
os.rename(os.path.join(SCRATCH, "printed.new"), printed_file)
ok(watch.until(lambda: watch.lines()[-2:] == [3900, 3900] and "verdicts again" in watch.errors()),
   "and forgotten with the next", watch.lines(), watch.errors())
watch.stop()

# ---------------------------------------------------- what is read but once: a pipe, beside a command

read_end, write_end = os.pipe()
piped = lay_out("piped", EVERY_FORM, printed_file)
watch = Beside(piped, "requests=-", stdin=read_end)
os.close(read_end)
with os.fdopen(write_end, "w") as pipe:
    pipe.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in followed[:1000])
    pipe.flush()
    ok(watch.until(lambda: watch.lines()[-2:] == [1500, 1500]), "what came on stdin is kept", watch.lines(), watch.errors())
    pipe.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in followed[1000:])
    pipe.flush()
    ok(watch.until(lambda: watch.lines()[-2:] == [3500, 3500]), "and goes on", watch.lines(), watch.errors())
    first = write("first.ndjson", followed)
    same_as_decide(watch, piped, f"requests={first}", f"printed={printed_file}")
    watch.stop()

# ------------------------------------------------------------------------------------- what it costs

LARGE, LOOKS = 1000000, 20
block = "".join(json.dumps(line, separators=(",", ":")) + "\n"
                for line in requests(5000, seed=9, start=NOW - 1800000, length=1500000, users=5000))
large_file = os.path.join(SCRATCH, "large.ndjson")
with open(large_file, "w") as file:
    for i in range(LARGE // 5000):
        file.write(block.replace('"request":"r9-', f'"request":"r{i}-').replace('"user_id":"u', f'"user_id":"u{i % 8}'))
few_file = write("few.ndjson", printed[:10])
GUARDS = "  - {metric: error_rate, max: 50%, action: rollback}\n  - {metric: printed_errors, max: 100%, action: alert}"
large = lay_out("large", GUARDS, few_file, large_file)


watch = Beside(large)
ok(watch.until(watch.looks), "a look", watch.errors())
once = watch.cost()
ok(watch.until(lambda: len(watch.looks()) >= LOOKS), f"{LOOKS} looks", watch.errors())
often = watch.cost()
equal(set(watch.lines()), {LARGE + 10}, "of all lines")
same_as_decide(watch, large, f"requests={large_file}", f"printed={few_file}")
print(f"# {once:.2f} s of a processor for the first look, {often:.2f} s for {LOOKS}")
ok(often < 2 * once, f"{LOOKS} looks beside a program cost about one reading of a log of {LARGE} lines", once, often)
watch.stop()
finish()
