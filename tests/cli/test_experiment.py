#!/usr/bin/env python3
"""ffc experiment: an experiment is started and ended by an edit of its block, with the evidence in the ledger; and what
decides it is settled when it starts."""
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from ledger import entries, put_aside
from lab import FFREPLAY, SCRATCH, Result, equal, finish, ok, project, skip, write

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
START, DAY = 1_700_000_000, 86400
BEGIN, END = "2023-11-14T00:00:00Z", "2023-12-01T00:00:00Z"
BASE = """\
project: {name: lab, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string}
logs:
  exposures: {format: ndjson, time: t, unit: user_id, flag: flag, variant: variant}
  outcomes: {format: ndjson, time: t, unit: user_id}
metrics:
  bought: {kind: proportion, of: {event: buy}, per: unit, log: outcomes}
  spent: {kind: mean, value: amount, per: unit, agg: sum, log: outcomes}
"""
FLAGS = """\
flags:
  button:
    owner: lab
    type: string
    variants: {blue: blue, green: green, grey: grey}
    default: blue
    experiment:
      split: {blue: 50%, green: 50%}   # half and half
      control: blue
      primary: bought
      metrics: [spent]
"""


def ffc(*arguments, text=None):
    return Result(subprocess.run([FFC, *arguments], capture_output=True, input=text))


def act(directory, action, *more, at=BEGIN, environment="production", reason="why", text=None):
    return ffc("experiment", action, "button", "-C", directory, "--actor", "amira", "--at", at,
               *(["-e", environment] if environment else []), *(["--reason", reason] if reason else []), *more, text=text)


def read(directory):
    with open(os.path.join(directory, "flags.yaml")) as file:
        return file.read()


def logs(rates, name, units=5000, seed=1):
    rng, exposures, outcomes = random.Random(seed), [], []
    for i in range(units):
        arm, at = rng.choice(list(rates)), START + int(rng.random() * 10 * DAY)
        exposures.append(json.dumps({"t": at, "user_id": f"u{i}", "flag": "button", "variant": arm}))
        if rng.random() < rates[arm]:
            outcomes.append(json.dumps({"t": at + 60, "user_id": f"u{i}", "event": "buy",
                                        "amount": round(rng.expovariate(0.1), 2)}))
    return [f"exposures={write(name + '-e.ndjson', exposures)}", f"outcomes={write(name + '-o.ndjson', outcomes)}"]


def analyze(directory, files, *more, name="evidence.json", environment="production"):
    """The path of the analysis, and what it says."""
    result = Result(subprocess.run([FFREPLAY, "analyze", "button", *files, "-C", directory, "-e", environment, "--json",
                                    *more], capture_output=True))
    path = os.path.join(SCRATCH, name)
    with open(path, "w") as file:
        file.write(result.out)
    return path, result.json


better, alike = logs({"blue": 0.10, "green": 0.15}, "better"), logs({"blue": 0.10, "green": 0.10}, "alike")

# From the beginning to the end.
directory = project("way", FLAGS, BASE)
drafted = read(directory)
for action in (["stop"], ["conclude", "--winner", "green", "--without-evidence"]):
    result = act(directory, *action)
    ok(result.status == 1 and "it is a draft" in result.err and "ffc experiment start" in result.err,
       f"no_{action[0]}_of_a_draft", result.err)
result = act(directory, "start", "--dry-run")
ok(result.status == 0 and read(directory) == drafted and "would become running" in result.out, "a_dry_run_changes_nothing",
   result.out)
result = act(directory, "start", reason="EXP-7")
equal((result.status, read(directory)), (0, drafted + "      state: running\n"), "start_edits_the_state_alone")
ok("environment 'staging' has this same experiment" in result.err, "sharing_is_said", result.err)
entry = entries(directory)[0]
equal((entry["verdict"], entry["rule"], entry["actor"], entry["reason"], entry["also"], entry["experiment"]["primary"]),
      ("start", "manual", "amira", "EXP-7", ["staging"], "bought"), "the_ledger_has_who_why_and_what_decides")
result = act(directory, "start")
ok(result.status == 1 and "it is running" in result.err, "no_second_start", result.err)

path, analysis = analyze(directory, better)
equal((analysis["decision"], analysis["experiment"]["started"], analysis["experiment"]["primary_changed"],
       analysis["experiment"]["terms_changed"]), ("ship", "2023-11-14T00:00:00Z", False, False), "an_analysis_knows_the_start")
running = read(directory)
result = act(directory, "conclude", "--winner", "green")
ok(result.status == 2 and "what shows that 'green' wins?" in result.err and "--without-evidence" in result.err,
   "no_winner_without_evidence", result.err)
ok(act(directory, "conclude").status == 2, "nor_a_conclusion_of_nothing")
result = act(directory, "conclude", "--winner", "blue", "--evidence", path)
ok(result.status == 1 and "does not say to ship 'blue'" in result.err and "ship green" in result.err,
   "nor_another_winner_than_the_evidence_says", result.err)
result = act(directory, "conclude", "--evidence", path, environment="staging")
ok(result.status == 1 and "of environment 'production', not of 'staging'" in result.err, "nor_by_another_environment",
   result.err)
result = act(directory, "conclude", "--winner", "grey", "--without-evidence")
ok(result.status == 2 and "grey" in result.err, "nor_a_variant_without_a_share", result.err)
picked, _ = analyze(directory, better, "--metric", "spent", name="picked.json")
result = act(directory, "conclude", "--evidence", picked)
ok(result.status == 1 and "but with --metric spent" in result.err, "nor_by_what_was_picked", result.err)
undecided, saying = analyze(directory, alike, name="undecided.json")
equal(saying["decision"], "running", "nothing_differs")
result = act(directory, "conclude", "--evidence", undecided)
ok(result.status == 1 and "decides nothing yet" in result.err, "nor_by_what_decides_nothing", result.err)
for bad, text in {"none.json": "{}", "text.json": "no JSON", "list.json": "[1]", "null.json": "null", "empty.json": "",
                  "half.json": json.dumps(analysis)[:-9]}.items():
    with open(os.path.join(SCRATCH, bad), "w") as file:
        file.write(text)
    result = act(directory, "conclude", "--evidence", os.path.join(SCRATCH, bad))
    ok(result.status == 1 and "is no analysis of an experiment" in result.err, f"nor_by_{bad}", result.err)
result = act(directory, "conclude", "--evidence", os.path.join(SCRATCH, "not-there"))
ok(result.status == 2 and "No such file" in result.err, "nor_by_a_file_that_is_not_there", result.err)
equal((read(directory), len(entries(directory))), (running, 1), "nothing_was_changed_by_all_these")

result = act(directory, "conclude", "--winner", "green", "--evidence", path, reason="green sells more", at=END)
equal((result.status, read(directory)), (0, running.replace("running", "concluded") + "      winner: green\n"),
      "conclude_edits_state_and_winner_alone")
entry = entries(directory)[1]
recorded = entry["experiment"]["analysis"]
equal(recorded["digest"], hashlib.blake2b(open(path, "rb").read(), digest_size=32).hexdigest(),
      "the_ledger_has_the_digest_of_the_evidence")
equal((recorded["decision"], recorded["winner"], recorded["units"], recorded["metrics"]),
      ("ship", "green", analysis["units"], [found for found in analysis["metrics"] if found["role"] == "primary"]),
      "and_the_numbers_that_decided")
served = Result(subprocess.run([FFC, "eval", "button", "-C", directory, "-e", "production", "-c", '{"user_id": "x"}',
                                "--json"], capture_output=True))
equal(json.loads(served.out.splitlines()[-1])["variant"], "green", "everybody_has_the_winner")
history = subprocess.run([FFREPLAY, "history", "-C", directory], capture_output=True, text=True).stdout
ok(re.search(r"conclude  button in production\n    winner green, by amira \(manual\)\n    green sells more\n"
             r"    analysis [0-9a-f]{12}: ship: green is better in bought", history), "history_tells_of_it", history)
result = act(directory, "start")
ok(result.status == 1 and "it is concluded" in result.err and "salt" in result.err, "what_is_concluded_is_not_started_again",
   result.err)
equal(subprocess.run([FFREPLAY, "history", "--verify", "-C", directory], capture_output=True).returncode, 0,
      "the_ledger_is_whole")

# Without a winner.
for decided, keys, files in (("no_difference", "      mde: 40%\n", alike), ("stop", "", logs({"blue": 0.15, "green": 0.08}, "worse"))):
    ended = project(decided, FLAGS + keys + "      state: running\n", BASE)
    path, analysis = analyze(ended, files, name=decided + ".json")
    equal(analysis["decision"], decided, f"it_is_{decided}")
    result = act(ended, "conclude", "--winner", "green", "--evidence", path)
    ok(result.status == 1 and "does not say to ship 'green'" in result.err, f"{decided}_ships_nothing", result.err)
    result = act(ended, "conclude", "--evidence", path)
    ok(result.status == 0 and "state: concluded" in read(ended) and "winner" not in read(ended) and
       "by default 'blue'" in result.out, f"{decided}_has_no_winner", result.out, result.err)
ended = project("by-control", FLAGS + "      mde: 40%\n      state: running\n", BASE)
path, _ = analyze(ended, alike, name="by-control.json")
equal((act(ended, "conclude", "--winner", "blue", "--evidence", path).status, "winner: blue" in read(ended)), (0, True),
      "or_the_control_for_everybody")
ended = project("stopped", FLAGS + "      state: running\n", BASE)
result = act(ended, "stop", reason="the form was broken")
ok(result.status == 0 and read(ended) == FLAGS + "      state: concluded\n", "stop_ends_it_without_evidence", result.err)
ended = project("by-word", FLAGS + "      state: running\n", BASE)
result = act(ended, "conclude", "--winner", "green", "--without-evidence", environment=None)
equal((result.status, "analysis" in entries(ended)[0]["experiment"]), (0, False), "a_winner_by_word_is_recorded_so")
history = subprocess.run([FFREPLAY, "history", "-C", ended], capture_output=True, text=True).stdout
ok("without evidence" in history, "and_shown_so", history)

# What decides is settled at the start.
edited = project("edited", FLAGS, BASE)
act(edited, "start")
path, _ = analyze(edited, better, name="before-edit.json")
swapped = FLAGS.replace("primary: bought", "primary: spent").replace("metrics: [spent]", "metrics: [bought]")
with open(os.path.join(edited, "flags.yaml"), "w") as file:
    file.write(swapped + "      state: running\n")
result = act(edited, "conclude", "--evidence", path)
ok(result.status == 1 and "of another definition" in result.err, "evidence_of_what_was_edited_is_refused", result.err)
path, analysis = analyze(edited, better, name="after-edit.json")
equal((analysis["experiment"]["primary_at_start"], analysis["experiment"]["primary_changed"]), ("bought", True),
      "an_analysis_says_that_the_primary_metric_was_changed")
page = subprocess.run([FFREPLAY, "analyze", "button", *better, "-C", edited, "-e", "production"], capture_output=True,
                      text=True).stdout
ok("spent, primary (changed)" in page and "the primary metric was 'bought'" in " ".join(page.split()), "the_page_marks_it", page)
redefined = project("redefined", FLAGS, BASE)
act(redefined, "start")
with open(os.path.join(redefined, "project.yaml"), "w") as file:
    file.write(BASE.replace("of: {event: buy}", "of: {event: [buy, rent]}"))
_, analysis = analyze(redefined, better, name="redefined.json")
equal(analysis["experiment"]["primary_changed"], True, "also_where_only_its_definition_was")
_, analysis = analyze(project("unstarted", FLAGS + "      state: running\n", BASE), better, name="unstarted.json")
equal((analysis["experiment"]["started"], analysis["notes"]), (None, []), "without_a_start_nothing_is_said")

# Evidence that is older than the start.
late = project("late", FLAGS, BASE)
act(late, "start", at=END)
path, _ = analyze(late, better, name="late.json")
result = act(late, "conclude", "--evidence", path, at=END)
ok(result.status == 1 and "since the experiment started" in result.err, "evidence_from_before_the_start_is_refused", result.err)

# Published with the edit; from stdin; by JSON.
live = os.path.join(SCRATCH, "live.ffs")
published = project("published", FLAGS, BASE)
equal(act(published, "start", "--build", live).status, 0, "started_and_published")
path, _ = analyze(published, better, name="published.json")
with open(path, "rb") as file:
    result = act(published, "conclude", "--evidence", "-", "--build", live, "--json", text=file.read())
equal((result.status, result.json["experiment"]["to"], result.json["published"], result.json["applied"]),
      (0, {"state": "concluded", "winner": "green"}, live, True), "concluded_from_stdin_and_published")
answer = subprocess.run([FFC, "eval", "button", "-s", live, "-c", '{"user_id": "x"}', "--json"], capture_output=True, text=True)
equal(json.loads(answer.stdout.splitlines()[-1])["variant"], "green", "the_published_file_has_it")

# Committed with its entry.
if shutil.which("git"):
    committed = project("committed", FLAGS, BASE)
    for command in (["init", "-q"], ["config", "user.name", "amira"], ["config", "user.email", "a@b.c"], ["add", "."],
                    ["commit", "-qm", "first"]):
        subprocess.run(["git", "-C", committed, *command], check=True)
    result = act(committed, "start", "--commit", reason="EXP-7")
    log = subprocess.run(["git", "-C", committed, "log", "-1", "--name-only", "--format=%B"], capture_output=True, text=True).stdout
    ok(result.status == 0 and log.startswith("button in production: start") and "EXP-7" in log and "flags.yaml" in log and
       "ledger/" in log, "start_is_committed_with_its_entry", log, result.err)
else:
    skip("start_is_committed_with_its_entry", "there is no git")

# An environment of its own.
own = project("own", FLAGS + "    environments:\n      staging:\n        experiment: {split: {blue: 10%, green: 90%}, control: blue, "
              "primary: bought}\n", BASE)
result = act(own, "start", environment=None)
ok(result.status == 2 and "which environment?" in result.err and "staging, production" in result.err,
   "different_experiments_need_an_environment", result.err)
equal((act(own, "start", environment="staging").status, read(own).count("state: running"), "primary: bought, state: running}"
       in read(own)), (0, 1, True), "a_block_on_one_line_is_edited_too")
plain = project("plain", "flags:\n  button: {owner: lab, serve: on}\n", BASE)
result = act(plain, "start")
ok(result.status == 2 and "has no experiment" in result.err, "a_flag_without_an_experiment", result.err)

# Wrong usage.
for arguments, says in ((["begin", "button"], "unknown action 'begin'"), (["strt", "button"], "did you mean 'start'"),
                        (["start"], "expected one flag"), ([], "expected an action"),
                        (["start", "buton", "--reason", "x", "-C", plain], "buton"),
                        (["stop", "button", "-C", plain], "why?"),
                        (["start", "button", "--reason", "x", "--evidence", "f"], "--evidence is for"),
                        (["stop", "button", "--reason", "x", "--winner", "f"], "--winner is for"),
                        (["conclude", "button", "--evidence", "f", "--without-evidence", "--reason", "x"], "contradict")):
    result = ffc("experiment", *arguments)
    ok(result.status == 2 and says in result.err, f"usage_{'_'.join(arguments[:2]) or 'none'}_{says.split()[0]}", result.err)
ok(not any(put_aside(os.path.join(SCRATCH, name)) for name in ("way", "own", "published", "late")), "nothing_is_left_aside")
finish()
