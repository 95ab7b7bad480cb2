#!/usr/bin/env python3
"""Alerts reach somebody: each is told once when it begins, until it is over, and the ledger says to whom."""
import json
import os
import signal
import subprocess
import time

from lab import FFREPLAY, SCRATCH, START, HOUR, canary, decide, equal, exposed, finish, ok, project, requests, write

TELL = """\
#!/bin/sh
cat >>"told.$1"
echo "$1" >>told
[ ! -e fail ]
"""
EVENTS = ["alert", "investigate", "approval_needed", "reported", "unhealthy", "stale_log"]
HOOKS = ", ".join(f"on_{event}: [./tell.sh, {event}]" for event in EVENTS)


def definitions(name, guards, more="", state="running", hooks=HOOKS, hold="1d"):
    directory = project(name, canary(f"""\
stages:
  - {{name: first, percent: 20%, hold: {hold}, min_samples: 50}}
  - {{name: full, percent: 100%}}
guards:
{guards}
hooks: {{{hooks}, runbook: "https://wiki/canaries"}}
{more}
state: {state}
stage: first
since: 2026-11-20T10:00:00Z
"""))
    with open(os.path.join(directory, "tell.sh"), "w") as file:
        file.write(TELL)
    os.chmod(os.path.join(directory, "tell.sh"), 0o755)
    return directory


def read(directory, name):
    try:
        with open(os.path.join(directory, name)) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def told(directory):
    return read(directory, "told").split()


def look(directory, log, at="2026-11-20T11:59:00Z", *more):
    return decide(directory, log, "--now", at, "--apply", "--run-steps", *more)


def notices(directory):
    said = subprocess.run([FFREPLAY, "history", "-C", directory, "--json"], capture_output=True)
    entries = [json.loads(line) for line in said.stdout.splitlines() if line.startswith(b"{")]
    return [(entry["notice"]["hook"], entry["notice"].get("of"), entry["notice"]["state"])
            for entry in entries if entry["verdict"] == "notice"]


sound = write("sound.ndjson", requests(4000))
failing = write("failing.ndjson", requests(4000, canary_errors=0.3))
slow = write("slow.ndjson", requests(4000, canary_errors=0.3, canary_latency=0.9))
early = write("early.ndjson", requests(4000, length=HOUR))

ALERT = '  - {metric: error_rate, max: 5%, action: alert, runbook: "https://wiki/errors"}'
SLOW = "  - {metric: latency_mean, max: 300ms, action: alert}"

directory = definitions("alert", ALERT + "\n" + SLOW)
first = look(directory, failing)
equal(told(directory), ["alert"], "an alert is told")
said = json.loads(read(directory, "told.alert"))
equal((said["event"]["name"], said["event"]["runbook"]), ("alert", "https://wiki/errors"),
      "with the guard's runbook")
ok("error_rate is" in said["event"]["reason"] and said["flag"] == "canary.checkout", "and the verdict it is of", said)
ok("  runbook   error_rate: https://wiki/errors\n" in first.out, "which the page shows, too", first.out)
result = look(directory, failing, "2026-11-20T11:59:10Z")
equal((result.status, told(directory)), (0, ["alert"]), "it is not told again at the next look")
look(directory, slow, "2026-11-20T11:59:20Z")
equal(told(directory), ["alert", "alert"], "another guard's alert is another")
ok('"runbook":"https://wiki/canaries"' in read(directory, "told.alert").splitlines()[-1],
   "and has the runbook of the hooks where the guard has none")
look(directory, sound, "2026-11-20T11:59:30Z")
equal([(of, state) for _, of, state in notices(directory)],
      [("error_rate max 5%", "begun"), ("latency_mean max 300ms", "begun"),
       ("error_rate max 5%", "over"), ("latency_mean max 300ms", "over")], "that they are over is recorded")
look(directory, failing, "2026-11-20T11:59:40Z")
equal(len(told(directory)), 3, "and one that begins again is told again")
shown = subprocess.run([FFREPLAY, "history", "-C", directory], capture_output=True, text=True).stdout
ok("  alert  canary.checkout in production\n    error_rate max 5%, by " in shown and "  alert over  " in shown
   and "    runbook: https://wiki/errors\n" in shown, "history shows them", shown)
verified = subprocess.run([FFREPLAY, "history", "-C", directory, "--verify"], capture_output=True)
equal(verified.returncode, 0, "in a ledger that is whole")

# Without --run-steps nobody is told, and nobody is taken to have been told.
directory = definitions("quiet", ALERT)
decide(directory, failing, "--now", "2026-11-20T11:59:00Z", "--apply")
equal((told(directory), notices(directory)), ([], []), "without --run-steps nothing is told or recorded")
look(directory, failing)
equal(told(directory), ["alert"], "so it is told later")

# A program that fails has told nobody.
directory = definitions("failing", ALERT)
open(os.path.join(directory, "fail"), "w").close()
result = look(directory, failing)
ok(result.status == 2 and "on_alert" in result.err and "status 1" in result.err, "a program that fails is an error", result.err)
look(directory, failing, "2026-11-20T12:03:59.999Z")
equal(told(directory), ["alert"], "it is not run again within five minutes")
look(directory, failing, "2026-11-20T12:04:00Z")
equal((told(directory), [state for _, _, state in notices(directory)]), (["alert"] * 2, ["untold", "untold"]),
      "and then it is")
os.remove(os.path.join(directory, "fail"))
look(directory, failing, "2026-11-20T12:09:00Z")
look(directory, failing, "2026-11-20T12:20:00Z", "--stale", "1h")
equal((told(directory), notices(directory)[-1][2]), (["alert"] * 3, "begun"), "until it has told somebody")

# The other events.
directory = definitions("investigate", ALERT.replace("alert", "investigate"))
look(directory, failing)
equal(told(directory), ["investigate"], "a guard that asks to investigate")
directory = definitions("approval", "  - {metric: error_rate, max: 5%}", "approval: [full]", hold="1h")
look(directory, sound, "2026-11-20T10:30:00Z")
equal(told(directory), [], "an approval is not asked for while something else is missing")
look(directory, sound)
equal(told(directory), ["approval_needed"], "and is once nothing else is")
directory = definitions("reported", "  - {metric: error_rate, max: 5%}", "automatic: false")
look(directory, failing)
equal(told(directory), ["reported"], "a rollback that is left to a person")
directory = definitions("stale", "  - {metric: error_rate, max: 5%}")
look(directory, early)
equal((told(directory), notices(directory)), (["stale_log"], [("on_stale_log", "requests", "begun")]), "a log that fell silent")
directory = definitions("unhealthy", "  - {metric: error_rate, max: 5%}")
many = requests(9000, users=6000)
lost = set(sorted(line["user_id"] for line in many if exposed(line["user_id"], "canary.checkout", 20))[::2])
look(directory, write("skewed.ndjson", [line for line in many if line["user_id"] not in lost]))
equal(told(directory), ["unhealthy"], "a log that is unhealthy")
directory = definitions("unreadable", "  - {metric: error_rate, max: 5%}")
result = look(directory, write("bad.ndjson", requests(2000) + ["rubbish"] * 2000))
equal((result.status, told(directory)), (2, ["unhealthy"]), "so many bad lines that there is no verdict are told")

# A rollout that is over tells nothing, nor one that changes: that has hooks of its own.
directory = definitions("over", ALERT, state="rolled_back")
look(directory, failing)
equal(told(directory), [], "a rollout that is over tells nothing")
directory = definitions("changes", "  - {metric: error_rate, max: 5%}", hooks="on_rollback: [./tell.sh, rollback], on_alert: [./tell.sh, alert]")
look(directory, failing)
equal(told(directory), ["rollback"], "a rollback runs its hook alone")
equal(json.loads(read(directory, "told.rollback"))["event"]["name"], "rollback", "and its event is the rollback")

# A watch looks again and again, and tells once.
directory = definitions("watched", ALERT)
path = os.path.join(SCRATCH, "watched.ndjson")
now = int(time.time() * 1000)
write("watched.ndjson", requests(4000, canary_errors=0.3, start=now - HOUR, length=HOUR - 1000))
flags = read(directory, "flags.yaml").replace("2026-11-20T10:00:00Z", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now / 1000 - 3600)))
with open(os.path.join(directory, "flags.yaml"), "w") as file:
    file.write(flags)
watch = subprocess.Popen([FFREPLAY, "watch", "canary.checkout", path, "-C", directory, "-e", "production", "--interval", "1s",
                          "--apply", "--run-steps", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
looks = [watch.stdout.readline() for _ in range(4)]
watch.send_signal(signal.SIGTERM)
watch.communicate()
ok(all(looks), "a watch looked four times", looks)
equal((told(directory), len(notices(directory))), (["alert"], 1), "and told once")

finish()
