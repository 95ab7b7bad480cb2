#!/usr/bin/env python3
"""ffc canary: a rollout by hand. Each change edits its keys and nothing else, and says who and why."""
import datetime
import json
import os
import pwd
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from ledger import entries
from lab import SCRATCH, Result, canary, decide, equal, finish, ok, project, requests, skip, write

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
BLOCK = """\
# by payments
stages:
  - {name: first, percent: 20%, min_samples: 100}   # a fifth
  - {name: second, percent: 50%}
  - {name: full, percent: 100%}
guards: [{metric: error_rate, max: 5%, action: rollback}]
approval: [full]   # somebody looks first
"""
AT = "2026-11-20T10:00:00Z"


def ffc(*arguments):
    return Result(subprocess.run([FFC, *arguments], capture_output=True))


def act(directory, action, *more, flag="canary.checkout", reason="why", at=AT):
    return ffc("canary", action, flag, "-C", directory, "--actor", "amira", "--at", at,
               *(["--reason", reason] if reason else []), *more)


def read(directory, name="flags.yaml"):
    with open(os.path.join(directory, name)) as file:
        return file.read()


def added(before, after):
    """The lines of `after` that `before` does not have; every one of `before` must still be there."""
    rest = after.splitlines()
    for line in before.splitlines():
        rest.remove(line)
    return sorted(line.strip() for line in rest)


# From the beginning to the end.
directory = project("way", canary(BLOCK))
before = read(directory)
# Without --at it begins now, to the millisecond: what came before in the same second is not of the stage.
by_clock = project("by-the-clock", canary(BLOCK))
earliest = datetime.datetime.now(datetime.timezone.utc)
earliest = earliest.replace(microsecond=earliest.microsecond // 1000 * 1000)
result = ffc("canary", "start", "canary.checkout", "-C", by_clock, "--reason", "now")
since = datetime.datetime.fromisoformat(entries(by_clock)[0]["to"]["since"].replace("Z", "+00:00"))
ok(earliest <= since <= datetime.datetime.now(datetime.timezone.utc), "it_begins_now", earliest, since, result.err)

result = act(directory, "start", reason="release 4.2")
equal(result.status, 0, "start")
equal(added(before, read(directory)), ["since: " + AT, "stage: first", "state: running"],
      "start_adds_state_stage_and_since")
entry = entries(directory)[0]
equal((entry["verdict"], entry["rule"], entry["actor"], entry["reason"], entry["also"]),
      ("start", "manual", "amira", "release 4.2", ["production"]), "the_ledger_says_who_and_why")
ok("environment 'production' has this same canary block" in result.err, "sharing_is_said", result.err)
equal(act(directory, "start").status, 1, "no_second_start")
result = act(directory, "start")
ok("it is running in stage 'first'" in result.err and "advance, pause" in result.err,
   "an_error_says_where_it_stands_and_what_can_be_done", result.err)
equal(act(directory, "resume").status, 1, "no_resume_of_what_runs")
equal(act(directory, "advance", at="2026-11-20T11:00:00Z").status, 0, "advance")
ok("stage: second\n" in read(directory) and "since: 2026-11-20T11:00:00Z" in read(directory),
   "advance_writes_stage_and_since", read(directory))
result = act(directory, "advance")
ok(result.status == 1 and "needs approval" in result.err and "approve" in result.err,
   "an_approval_stage_is_not_entered", result.err)
equal(act(directory, "complete").status, 1, "nor_passed_by_complete")
equal(act(directory, "approve", "--to", "second").status, 1, "what_needs_no_approval_gets_none")
before = read(directory)
equal(act(directory, "approve").status, 0, "approve")
equal(added(before, read(directory)), ["approved: full"], "approve_adds_one_key")
equal(act(directory, "approve").status, 1, "no_second_approval")
before = read(directory)
equal(act(directory, "pause").status, 0, "pause")
equal(read(directory), before.replace("state: running", "state: paused"), "pause_edits_state_alone")
result = act(directory, "advance")
ok(result.status == 1 and "resume" in result.err, "paused_does_not_advance", result.err)
equal(act(directory, "resume").status, 0, "resume")
equal(read(directory), before, "resume_takes_the_pause_back")
equal(act(directory, "advance", at="2026-11-20T12:00:00Z").status, 0, "advance_into_the_approved_stage")
ok("approved" not in read(directory), "entering_it_removes_the_approval", read(directory))
result = act(directory, "advance")
ok(result.status == 1 and "last stage" in result.err and "complete" in result.err,
   "behind_the_last_stage_is_complete", result.err)
result = act(directory, "complete", "--json")
equal((result.status, result.json["to"]["state"], result.json["applied"]), (0, "complete", True), "complete")
for action in ("advance", "pause", "complete"):
    result = act(directory, action)
    ok(result.status == 1 and "it is complete" in result.err and "rollback, or start again" in result.err,
       f"complete_is_final_for_{action}", result.err)
before = read(directory)
result = act(directory, "rollback", reason="INC-7", at="2026-11-20T13:00:00Z")
equal((result.status, "state: rolled_back" in read(directory)), (0, True), "what_is_complete_is_rolled_back")
ok("start canary.checkout --to full" in result.out and "complete" in result.out, "which_says_the_way_back", result.out)
undone = entries(directory)[-1]
equal((undone["from"]["state"], undone["from"]["stage"], undone["to"]["state"]), ("complete", "full", "rolled_back"),
      "and_the_ledger_has_where_it_was")
with open(os.path.join(directory, "flags.yaml"), "w") as file:
    file.write(before)
equal(act(directory, "start", "--to", "second").status, 0, "until_it_is_started_again_where_one_wants")
equal(act(directory, "rollback", reason="INC-1423").status, 0, "rollback")
ok("state: rolled_back" in read(directory), "rolled_back", read(directory))
lines = entries(directory)
equal([line["verdict"] for line in lines], ["start", "advance", "approve", "pause", "resume", "advance",
                                            "complete", "rollback", "start", "rollback"], "each_is_a_line")
ok("policy" in lines[1]["digests"], "a_stage_begun_by_hand_has_a_digest_of_its_policy", lines[1])

# Two people who both see the same stage go on from it once.
THREE = canary("stages: [{name: small, percent: 10%}, {name: half, percent: 50%}, {name: all, percent: 100%}]\n"
               f"guards: [{{metric: error_rate, max: 5%}}]\nstate: running\nstage: small\nsince: {AT}\n")
for attempt in range(5):
    directory = project("two", THREE)
    both = [subprocess.Popen([FFC, "canary", "advance", "canary.checkout", "-C", directory, "--reason", name],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for name in ("anna", "bert")]
    said = b"".join(run.communicate()[1] for run in both).decode()
    ok(sorted(run.returncode for run in both) == [0, 1] and "stage: half" in read(directory) and "--from half" in said,
       f"two_advances_at_once_go_one_stage_{attempt}", [run.returncode for run in both], said)
result = ffc("canary", "advance", "canary.checkout", "-C", directory, "--reason", "x")
ok(result.status == 1 and "seconds ago" in result.err, "nor_does_one_that_comes_a_moment_later", result.err)
result = ffc("canary", "advance", "canary.checkout", "-C", directory, "--reason", "x", "--from", "small")
ok(result.status == 1 and "it is in 'half'" in result.err, "a_stage_that_it_left_is_not_left_again", result.err)
equal(ffc("canary", "advance", "canary.checkout", "-C", directory, "--reason", "x", "--from", "half").status, 0,
      "the_one_that_it_is_in_is")
ok("stage: all" in read(directory), "and_so_the_next_begins", read(directory))

# Who did it.
def who(options=(), home="", repository=None, **variables):
    directory = project("who", THREE)
    if repository:
        os.makedirs(os.path.join(directory, ".git"))
        with open(os.path.join(directory, ".git", "config"), "w") as file:
            file.write(repository)
    place = os.path.join(SCRATCH, "home")
    os.makedirs(place, exist_ok=True)
    with open(os.path.join(place, ".gitconfig"), "w") as file:
        file.write(home)
    environment = {"HOME": place, "PATH": "/nonexistent", **variables}
    run = subprocess.run([FFC, "canary", "pause", "canary.checkout", "-C", directory, "--reason", "x", *options],
                         env=environment, capture_output=True)
    return entries(directory)[-1]["actor"] if run.returncode == 0 else run.stderr.decode()


login = pwd.getpwuid(os.getuid()).pw_name
named = {"FFC_ACTOR": "robot", "GITHUB_ACTOR": "octocat", "GITLAB_USER_LOGIN": "fox"}
for name, expected, arguments in (
        ("what_is_given", "amira", dict(options=("--actor", "amira"), **named)),
        ("by_is_the_same", "bert", dict(options=("--by", "bert"), **named)),
        ("the_variable_of_ffc", "robot", named), ("of_github", "octocat", dict(named, FFC_ACTOR=" ")),
        ("of_gitlab", "fox", {"GITLAB_USER_LOGIN": "fox", "USER": "root"}),
        ("git_of_the_repository", "Ama \"A\" Ra", dict(repository='[core]\n\tbare = false\n[user]\n\tname = "Ama \\"A\\"" Ra ; me\n',
                                                     home="[user]\n\tname = other\n")),
        ("git_of_the_person", "Bo Li", dict(home='[alias]\n name = x\n[user]\n email = b@x\n name = Bo Li # me\n', USER="x")),
        ("git_s_address_where_no_name", "b@x", dict(home="[User]\n email=b@x\n")),
        ("the_login", login, {"USER": "somebody"}), ("without_any_variable", login, {})):
    equal(who(**arguments), expected, f"the_actor_is_{name}")
if os.getuid() == 0:
    directory = project("nobody", THREE)
    for root, _, files in os.walk(directory):
        os.chmod(root, 0o777)
        for file in files:
            os.chmod(os.path.join(root, file), 0o666)
    run = subprocess.run([lab.for_everybody(FFC), "canary", "pause", "canary.checkout", "-C", directory, "--reason", "x"], env={},
                         user=54321, group=54321, extra_groups=[], capture_output=True)
    equal((run.returncode, entries(directory)[-1:] and entries(directory)[-1]["actor"]), (0, "uid 54321"),
          "a_user_without_a_name_is_a_number")
else:
    skip("a_user_without_a_name_is_a_number", "only root can be somebody else")

# What --apply does about approvals, and about a policy that was edited.
well = write("well.ndjson", requests(2000, percent=50))
directory = project("approved", canary(BLOCK + f"state: running\nstage: second\nsince: {AT}\n"))
equal(decide(directory, well, "--json").json["rule"], "approval", "ffreplay_waits_for_approval")
act(directory, "approve")
equal(decide(directory, well, "--json").json["verdict"], "advance", "and_advances_once_it_is_there")
decide(directory, well, "--apply")
ok("stage: full" in read(directory) and "approved" not in read(directory), "which_uses_it_up")
directory = project("policy", canary(BLOCK))
act(directory, "start", "-e", "staging")
text = read(directory).replace("percent: 20%", "percent: 30%")
with open(os.path.join(directory, "flags.yaml"), "w") as file:
    file.write(text)
equal(decide(directory, write("first.ndjson", requests(2000, percent=30)), "--json").json["rule"],
      "policy-changed", "an_edit_of_a_stage_begun_by_hand_is_seen")

# Arguments.
directory = project("usage", canary(BLOCK))
before = read(directory)
for arguments, words in (
        (["canary", "strat", "canary.checkout", "--reason", "x"], "did you mean 'start'?"),
        (["canary", "start", "canary.chekout", "--reason", "x"], "did you mean 'canary.checkout'?"),
        (["canary", "start", "canary.checkout"], "--reason"),
        (["canary", "start", "canary.checkout", "--reason", "  "], "--reason"),
        (["canary", "start", "canary.checkout", "--reason", "x", "-e", "prod"], "production"),
        (["canary", "start", "--reason", "x"], "expected one flag"),
        (["canary", "pause", "canary.checkout", "--to", "full", "--reason", "x"], "--to is for"),
        (["canary", "start", "canary.checkout", "--reason", "x", "--sign", "k"], "give both"),
        (["canary"], "expected an action")):
    result = ffc(*arguments, "-C", directory)
    ok(result.status == 2 and words in result.err, f"usage_{'_'.join(arguments[1:])}", result.err)
result = act(directory, "start", "--to", "secnd")
ok(result.status == 1 and "did you mean 'second'?" in result.err, "a_misspelt_stage", result.err)
result = act(directory, "start", "--to", "full")
ok(result.status == 1 and "approval" in result.err, "start_does_not_pass_an_approval", result.err)
result = act(directory, "start", "--dry-run")
ok(result.status == 0 and "would become running" in result.out, "dry_run_says_it", result.out)
equal((read(directory), entries(directory)), (before, []), "and_does_nothing")

# Environments with canaries of their own.
own = canary(BLOCK) + "    environments:\n      staging: {canary: {stages: [{percent: 100%}], " \
    "guards: [{metric: error_rate, max: 5%}]}}\n"
directory = project("own", own)
result = act(directory, "start")
ok(result.status == 2 and "which environment?" in result.err, "where_they_differ_one_must_say_which", result.err)
equal(act(directory, "start", "-e", "staging").status, 0, "and_can")
ok("state: running, stage: \"stages[0]\", since" in read(directory), "in_braces", read(directory))
result = ffc("canary", "status", "-C", directory, "--json", "--at", AT)
states = {json.loads(line)["environment"]: json.loads(line)["rollout"]["state"] for line in result.out.splitlines()}
equal(states, {"staging": "running", "production": "pending"}, "status_as_json")
result = ffc("canary", "status", "canary.checkout", "-C", directory, "-e", "production")
equal(result.out, "canary.checkout in production: pending\n  next      'first' (20%)\n  you can   start\n", "status")
plain = project("plain", "flags:\n  plain: {percent: 10%}\n")
result = act(plain, "start", flag="plain")
ok(result.status == 2 and "has no canary" in result.err, "a_flag_without_canary", result.err)
instant = project("instant", canary(BLOCK.replace("approval: [full]   # somebody looks first", "instant: true")))
act(instant, "start")
ok("stage: full" in read(instant), "an_instant_canary_starts_in_its_last_stage", read(instant))
equal(act(instant, "advance").status, 1, "and_cannot_advance")

overridden = project("overridden", canary(BLOCK) + "overrides:\n  - {all: true, serve: default}\n")
result = act(overridden, "start")
ok("override[0] takes precedence over this canary: default is served" in result.err,
   "an_override_that_stands_before_it_is_noted", result.err)
scheduled = project("scheduled", canary(BLOCK) +
                    "overrides:\n  - {all: true, serve: default, from: 2098-01-01T00:00:00Z}\n")
result = act(scheduled, "start")
ok("override[0] takes precedence over this canary from 2098-01-01T00:00:00Z: default is served then" in result.err,
   "and_from_when_where_that_is_yet_to_come", result.err)

# --build publishes what was made.
directory = project("built", canary(BLOCK))
live, fresh = os.path.join(SCRATCH, "live.ffs"), os.path.join(SCRATCH, "fresh.ffs")
result = act(directory, "start", "-e", "production", "--build", live)
ffc("build", "-C", directory, "-e", "production", "-o", fresh)
with open(live, "rb") as one, open(fresh, "rb") as other:
    ok(result.status == 0 and one.read() == other.read(), "build_publishes", result.err)
result = act(directory, "advance", "-e", "production", "--build", "/nonexistent/x.ffs")
ok(result.status == 2 and len(entries(directory)) == 2, "what_was_edited_is_in_the_ledger_when_publishing_fails",
   result.err)

# Of several at once, one starts it.
directory = project("race", canary(BLOCK))
command = [FFC, "canary", "start", "canary.checkout", "-C", directory, "--reason", "x"]
runs = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(6)]
equal((sorted(run.wait() for run in runs), len(entries(directory))), ([0] + [1] * 5, 1), "of_six_at_once_one_starts")
finish()
