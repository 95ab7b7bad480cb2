#!/usr/bin/env python3
"""A night on call, played from evening to post-mortem: nobody is refused, misled or surprised.

night.py has the service and the truth. Each act is what a person, or the machine, would type; what it must
say or do stands beside it. The acts share one project, one snapshot and one log, as a real night does.
"""
import json
import os
import select
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from lab import SCRATCH, Result, equal, finish, ok, skip
from night import FLAG, HALF_AN_EDIT, PAYMENTS, PROJECT, SEARCH, USERS, Night, at, rfc3339

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD", os.path.join(lab.TOP, "build"))
FFC = os.environ.get("FFC", os.path.join(BUILD, "ffc"))
FFREPLAY = os.environ.get("FFREPLAY", os.path.join(BUILD, "ffreplay"))
LIVE = os.path.join(SCRATCH, "production.ffs")
TREE = os.path.join(SCRATCH, "repository")
FLAGS = os.path.join(TREE, "flags")
# What a container has: no $USER, no $HOME, and a user id that nobody gave a name.
BARE = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


if not shutil.which("git"):
    skip("a_night_on_call", "no git")
    finish()


def run(program, *arguments, environment=None, stdout=None, nameless=False):
    command = [program, *arguments, "-C", FLAGS]
    if nameless and os.geteuid() == 0:
        command = ["setpriv", "--reuid=54321", "--clear-groups", *command]
    done = subprocess.run(command, env=environment, stdout=stdout or subprocess.PIPE, stderr=subprocess.PIPE)
    done.stdout = done.stdout or b""
    return Result(done)


def ffc(*arguments, **how):
    return run(FFC, *arguments, **how)


def ffreplay(*arguments, **how):
    return run(FFREPLAY, *arguments, **how)


def write(name, text):
    path = os.path.join(FLAGS, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def write_log(until, name="access.log"):
    return lab.write(name, night.lines(at(until) if isinstance(until, str) else until))


def decide(log, *more, **how):
    return ffreplay("decide", FLAG, log, "-e", "production", *more, **how)


def served():
    """Users who have the flag in the published snapshot."""
    path = lab.write("contexts.ndjson", [{"user_id": f"u{i}"} for i in range(USERS)])
    done = subprocess.run([FFC, "eval", FLAG, "-s", LIVE, "--contexts", path, "--json", "--at", rfc3339(now)],
                          capture_output=True, text=True)
    return sum(json.loads(line)["value"] is True for line in done.stdout.splitlines())


def counted(decision):
    """(requests, failures) of the canary and of control, as the line of `advance_when` has them."""
    criterion = decision.json["criteria"][-1]
    return {group: (criterion[group]["n"], round(criterion[group]["n"] * criterion[group]["estimate"]))
            for group in ("canary", "control")}


def service_serves():
    """How many users have the flag in the running service, once that has changed."""
    if not follows:
        return str(served())
    changed = select.select([service.stdout], [], [], 60)[0]
    return service.stdout.readline().strip() if changed else "as before"


def git(*arguments, check=True):
    return subprocess.run(["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments], cwd=TREE,
                          check=check, capture_output=True, text=True)


def ledger():
    return [json.loads(line) for line in ffreplay("history", "--json").out.splitlines()]


# ---------------------------------------------------------------------------------- the evening

night = Night()
enrolled = sum(lab.exposed(f"u{i}", FLAG, 10) for i in range(USERS))
write("project.yaml", PROJECT)
write("search/flags.yaml", SEARCH)
write("payments/flags.yaml", PAYMENTS)
git("init", "-q", "-b", "main")
git("add", "-A")
git("commit", "-qm", "the flags")
git("branch", "feature")

now = at("21:00")
started = ffc("canary", "start", FLAG, "-e", "production", "--reason", "the new index is ready", "--actor", "ada",
              "--at", rfc3339(now), "--build", LIVE)
equal((started.status, served()), (0, enrolled), "at_nine_the_canary_starts_with_a_tenth")
git("add", "-A")
git("commit", "-qm", "new-search: start")
service = subprocess.Popen([sys.executable, os.path.join(HERE, "service.py"), os.path.join(BUILD, "libfflag.so"), LIVE,
                            str(USERS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
follows = service.stdout.readline().strip()
if follows:
    equal(follows, str(enrolled), "a_service_serves_it")
else:
    skip("a_service_serves_it", "the library has a sanitizer, which python3 has not")

now = at("21:40")
log = write_log("21:40")
early = decide(log, "--json")
equal((early.status, early.json["verdict"]), (0, "hold"), "a_host_three_hours_ahead_does_not_end_a_hold_of_two")
ok("come up to 2h 59m after all others, and are left out" in early.out,
   "and_it_is_said", early.out)

# The shipper of one host sends microseconds for an hour, where milliseconds are meant.
micro = lab.write("micro.log", [line.replace(",", "000,", 1) for line in night.lines(at("21:20"))])
before = (open(os.path.join(FLAGS, "search/flags.yaml")).read(), len(ledger()))
wrong = decide(micro, "--apply", "--json")
ok(wrong.json["verdict"] == "hold" and "are in us, not in ms" in wrong.json["reasons"][0],
   "a_log_in_another_unit_is_recognized", wrong.out, wrong.err)
equal((open(os.path.join(FLAGS, "search/flags.yaml")).read(), len(ledger())), before, "and_writes_nothing")

# ------------------------------------------------------------------------------- it goes wrong

# Twenty to eleven: the index breaks. Its failures are the lines that are hard to read, and stack traces
# stand between them. At the same time the payments team's file is half an edit.
log = write_log("22:50")
seen = decide(log, "--json")
ok(seen.json["verdict"] == "rollback" and seen.json["rule"] == "guard",
   "failures_that_are_hard_to_read_count_as_failures", seen.out, seen.err)
write("payments/flags.yaml", HALF_AN_EDIT)
broken = decide(log)
ok(broken.status == 1 and "payments/flags.yaml:" in broken.err, "an_error_elsewhere_is_named", broken.err)

# The operator's watch is an hour off: what is over before it begins would hold nothing back.
now = at("22:44")
late = ffc("rollback", FLAG, "-e", "production", "--reason", "INC-7", "--until", "2026-11-20T23:40:00+02:00",
           "--at", rfc3339(now), "--build", LIVE, environment=BARE)
ok(late.status != 0 and "21:40" in late.err, "an_end_in_the_past_is_refused", late.out, late.err)
equal(served(), enrolled, "and_changes_nothing")

# In a container without a name, with the terminal gone, over a tree that does not compile.
with open("/dev/full", "w") as full:
    rolled = ffc("rollback", FLAG, "-e", "production", "--reason", "INC-7", "--at", rfc3339(now), "--build", LIVE,
                 environment=BARE, stdout=full)
night.hold_back(now)
now += 1000
equal(served(), 0, "the_rollback_is_published")
equal(service_serves(), "0", "the_service_follows")
ok("payments/flags.yaml:" in rolled.err, "what_else_is_wrong_is_said_after_it", rolled.err)

# Another operator, at the same time: neither is refused, both are told of the other.
second = ffc("rollback", FLAG, "-e", "production", "--reason", "INC-7 too", "--at", rfc3339(now), "--build", LIVE,
             "--actor", "grace")
ok(second.status == 0 and "rollback-" in second.out + second.err, "a_second_one_is_told_of_the_first", second.out, second.err)
overrides = sorted(os.listdir(os.path.join(FLAGS, "overrides")))
equal(len(overrides), 2, "each_is_a_file_of_its_own")

# What is shown is what is served; CI is green, once payments have finished.
write("payments/flags.yaml", PAYMENTS)
equal((ffc("check").status, ffc("test").status), (0, 0), "an_emergency_leaves_the_checks_green")
status = ffc("canary", "status", "--at", rfc3339(now))
ok("rollback-" in status.out, "the_status_shows_the_override", status.out)
listing = ffc("list", FLAG, "--json")
ok("rollback-" in listing.out, "the_list_shows_the_override", listing.out)
held = decide(write_log("23:10"), "--now", rfc3339(at("23:10")))
ok("INC-7" in held.out or "rollback-" in held.out, "decide_names_the_override", held.out, held.err)
ok("was not measured" not in held.out, "and_does_not_speak_of_what_was_not_measured", held.out)

# --------------------------------------------------------------------- it seems to be over

now = at("23:30")
names = [entry["override"]["id"] for entry in ledger() if entry["verdict"] == "override"]
first_lift = ffc("rollback", "--lift", names[0], "--reason", "index rebuilt", "--at", rfc3339(now), "--build", LIVE,
                 "--actor", "ada")
ok(first_lift.status == 0 and names[1] in first_lift.out + first_lift.err, "a_lift_says_what_still_holds",
   first_lift.out, first_lift.err)
equal(served(), 0, "and_it_still_does")
ffc("rollback", "--lift", names[1], "--reason", "index rebuilt", "--at", rfc3339(now), "--build", LIVE, "--actor", "ada")
night.hold_back(None, now)
equal((served(), service_serves()), (enrolled, str(enrolled)), "the_second_lift_serves_it_again")

log = write_log("23:45")
after = decide(log, "--json", "--now", rfc3339(at("23:45")))
equal(after.json["verdict"], "hold", "an_hour_under_an_override_is_no_hour_of_the_stage")
equal(counted(after), night.truth(at("21:00"), at("23:45")), "and_what_is_counted_is_what_was_served")
ok("and 46m under 2 overrides" in after.json["reasons"][0], "the_time_under_them_is_said", after.json["reasons"])

# ------------------------------------------------------------------ after midnight, nobody is there

now = at("00:20")
log = write_log("00:20")
subprocess.run(["chmod", "-R", "a+rwX", SCRATCH], check=True)
with open("/dev/full", "w") as full:
    decide(log, "--apply", "--build", LIVE, "--now", rfc3339(now), stdout=full, environment=BARE, nameless=True)
night.roll_back(now)
equal((served(), service_serves()), (0, "0"), "with_the_disk_full_it_is_still_rolled_back")
entry = ledger()[-1]
equal((entry["verdict"], entry["flag"]), ("rollback", FLAG), "and_the_ledger_knows")
if os.geteuid() == 0:
    ok("54321" in entry["actor"], "by_a_user_without_a_name", entry["actor"])
else:
    ok(entry["actor"] not in ("ffc", "ffreplay", ""), "by_a_name_that_says_who", entry["actor"])

# -------------------------------------------------------------------------------- the morning

git("add", "-A")
git("commit", "-qm", "the night")
git("checkout", "-q", "feature")
ffc("rollback", "invoices", "-e", "production", "--reason", "wrong totals", "--at", rfc3339(at("22:00")), "--actor", "lin")
git("add", "-A")
git("commit", "-qm", "invoices: off")
merge = git("merge", "main", "-m", "merge", check=False)
equal(merge.returncode, 0, "two_branches_merge_without_a_conflict")
verified = ffreplay("history", "--verify")
ok(verified.status == 0 and verified.out.count("\ntip ") == 2, "and_the_ledger_is_whole", verified.out, verified.err)
ffc("canary", "start", FLAG, "-e", "production", "--reason", "rebuilt", "--actor", "ada", "--at", rfc3339(at("00:50")))
equal(ffreplay("history", "--verify").out.count("\ntip "), 1, "the_next_entry_joins_the_two")

# The post-mortem: what the commands say is what the simulation knows.
history = ledger()
equal([entry["verdict"] for entry in history], ["start", "override", "override", "override", "lift", "lift", "rollback", "start"],
      "every_deed_is_in_the_history_and_nothing_else")
text = ffreplay("history", FLAG, "-e", "production").out
ok("recovered after 46m, by the lift at 2026-11-20T23:30:00Z" in text, "so_is_the_time_to_recover", text)
evidence = history[-2]["evidence"]
ten_minutes = night.truth(at("00:10"), at("00:20"))["canary"]
equal((evidence[0]["canary"]["n"], round(evidence[0]["canary"]["n"] * evidence[0]["canary"]["estimate"])), ten_minutes,
      "and_what_it_was_rolled_back_upon")
table = ffreplay("metrics", log, "--flag", FLAG, "-e", "production", "--by", "variant,stage", "--json").json
counts = {tuple(group["by"].values()): group["metrics"]["error_rate"] for group in table["groups"]}
canary = counts["on", "small"]
equal((canary["n"], round(canary["n"] * canary["estimate"])), night.truth(at("21:00"), at("00:20"))["canary"],
      "and_whom_it_harmed")

service.stdin.close()
service.wait()
finish()
