#!/usr/bin/env python3
"""A file without a log's name is of the log that the flag's metrics are of, where there is one."""
import subprocess

from lab import FFREPLAY, PROJECT, Result, canary, equal, finish, ok, project, requests, write

BASE = PROJECT.replace("metrics:\n", """\
  clicks: {format: ndjson, time: at, context: {user_id: user}}
  audit: {format: ndjson, time: at, context: {user_id: user}}

metrics:
  click_rate: {kind: proportion, log: clicks, of: {button: buy}, better: higher}
""").replace("kind: proportion, of", "kind: proportion, log: requests, of").replace(
    "value: latency", "log: requests, value: latency").replace("where: {status", "log: requests, where: {status").replace(
    "numerator: latency", "log: requests, numerator: latency").replace("value: no_such", "log: requests, value: no_such")
BLOCK = """\
stages: [{name: first, percent: 20%, min_samples: 10}, {name: full, percent: 100%}]
guards: [{metric: error_rate, max: 50%}EXTRA]
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
one = project("one", canary(BLOCK.replace("EXTRA", "")), BASE)
two = project("two", canary(BLOCK.replace("EXTRA", ", {metric: click_rate, min: 0%}")), BASE)
log = write("requests.ndjson", requests(2000))


def run(directory, command, *arguments):
    return Result(subprocess.run([FFREPLAY, command, *arguments, "-C", directory, "-e", "production"],
                                 capture_output=True))


for command, before in (("decide", ["canary.checkout"]), ("health", ["canary.checkout"]), ("plan", ["canary.checkout"]),
                        ("backtest", ["canary.checkout"]), ("metrics", ["--flag", "canary.checkout"]),
                        ("metrics", ["--metric", "error_rate", "--flag", "canary.checkout"])):
    named = run(one, command, *before, f"requests={log}")
    bare = run(one, command, *before, log)
    ok(named.status == 0 and named.out, f"{command}_reads_it", named.status, named.err)
    equal((bare.status, bare.out), (named.status, named.out), f"{command}_without_its_name_{len(before)}")
equal(run(one, "decide", "--all", log).out, run(one, "decide", "--all", f"requests={log}").out, "of_all_canaries")
torn = run(two, "decide", "canary.checkout", log)
ok(torn.status == 2 and "which one is" in torn.err and "help: name it: requests=FILE or clicks=FILE" in torn.err,
   "of_two_both_are_named_and_no_other", torn.err)
slip = run(one, "decide", "canary.checkout", f"request={log}")
ok(slip.status == 2 and "no log is called 'request'" in slip.err and "did you mean 'requests'?" in slip.err,
   "a_misspelt_name_is_no_file", slip.err)
every = Result(subprocess.run([FFREPLAY, "metrics", log, "-C", one], capture_output=True))
ok(every.status == 2 and all(f"{name}=FILE" in every.err for name in ("requests", "clicks", "audit")),
   "where_nothing_is_asked_all_are_named", every.err)
finish()
