#!/usr/bin/env python3
"""A flag that was renamed in the middle of its canary: lines and entries of its former name are its own, so every
command says of it what it says of one that always had its name."""
import json
import os
import random
import subprocess

import lab
from lab import FFREPLAY, HOUR, START, Result, equal, finish, ok, write

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
STEPS = (("start", 0), ("advance", 4), ("advance", 8))  # hours
HOURS = (6, 9)  # after which it is renamed: in the midst of its stages, and of the last one

DEFINITIONS = """\
project: {name: lab, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
logs:
  requests: {format: ndjson, time: t, unit: user_id, flag: flag, variant: variant}
metrics:
  errors: {kind: proportion, of: {status: 500}, better: lower}
flags:
  %s:
    owner: lab
    salt: button
    canary:
      serve: on
      stages:
        - {name: tenth, percent: 10%%, hold: 1h}
        - {name: half, percent: 50%%, hold: 1h}
        - {name: most, percent: 90%%, hold: 1h}
      guards:
        - {metric: errors, max: 20%%, action: pause}
      state: pending
"""


def at(hours):
    return f"2026-11-{20 + (10 + hours) // 24:02}T{(10 + hours) % 24:02}:00:00Z"


def change(directory, *command):
    done = Result(subprocess.run([FFC, *command, "-C", directory, "--reason", "a test", "--actor", "ann"],
                                 capture_output=True))
    ok(done.status == 0, " ".join(command[:2]), done.err)


def project(name, first, renamed):
    directory = os.path.join(lab.SCRATCH, name)
    os.makedirs(directory)
    with open(os.path.join(directory, "flags.yaml"), "w", encoding="utf-8") as file:
        file.write(DEFINITIONS % first)
    for action, hours in STEPS:
        if hours < renamed:
            change(directory, "canary", action, first, "-e", "production", "--at", at(hours))
    if first != "button":
        change(directory, "rename", first, "knob")
        change(directory, "rename", "knob", "button")
    for action, hours in STEPS:
        if hours > renamed:
            change(directory, "canary", action, "button", "-e", "production", "--at", at(hours))
    return directory


def log(name, first, renamed):
    chance, rows = random.Random(5), []
    for i in range(6000):
        hours = 12 * i / 6000
        share = 0.1 if hours < 4 else 0.5 if hours < 8 else 0.9
        on = chance.random() < share
        rows.append(json.dumps({"t": START + int(hours * HOUR), "user_id": f"u{chance.randrange(2000)}",
                                "flag": "button" if hours > renamed else first, "variant": "on" if on else "off",
                                "status": 500 if chance.random() < (0.02 if on else 0.01) else 200}))
    return write(name + ".ndjson", rows)


def run(command, *arguments):
    return Result(subprocess.run([FFREPLAY, command, *arguments], capture_output=True))


def without_digests(found):
    for key in ("input", "build"):
        found.pop(key, None)
    return found


KEPT = (project("kept", "button", 99), log("kept", "button", 99))
for when in HOURS:
    renamed = (project(f"renamed-{when}", "knopf", when), log(f"renamed-{when}", "knopf", when))

    def both(name, *command):
        """What it says of the one that was renamed, which is what it says of the other."""
        kept, found = (without_digests(run(*command, log_, "-C", where, "-e", "production", "--json").json)
                       for where, log_ in (KEPT, renamed))
        equal(found, kept, f"{name}_after_{when}_hours")
        return found

    text = json.dumps(both("metrics_by_stage", "metrics", "--flag", "button", "--by", "stage", "--by", "variant"))
    ok("tenth" in text and "half" in text and "most" in text, "of_which_there_are_several", text)
    both("health", "health", "button")
    verdict = both("decide", "decide", "button")
    ok(verdict["rule"] != "policy-changed", "whose_stage_was_not_edited", verdict["reasons"])
    pages = []
    for where, log_ in KEPT, renamed:
        page = os.path.join(where, "page.html")
        done = run("report", "button", log_, "-C", where, "-e", "production", "-o", page)
        ok(done.status == 0, "report", done.err)
        with open(page, encoding="utf-8") as file:
            pages.append(file.read())
    for text in "tenth", "half", "most", "by ann":
        ok(text in pages[0], f"pages_tell_of_{text}")
        equal(pages[1].count(text), pages[0].count(text), f"as_often_after_{when}_hours")

    def told(where, *command):
        done = run("history", *command, "-C", where)
        ok(done.status == 0, f"history_{command[0]}_after_{when}_hours", done.err)
        return done

    def of_rollout(text, flag):
        entries = [json.loads(line) for line in text.splitlines()]
        ok(flag is None or {entry["flag"] for entry in entries} >= {flag, "button"}, f"entries_of_{flag}", text)
        return [entry["to"]["stage"] for entry in entries if "to" in entry]

    stages = of_rollout(told(renamed[0], "button", "--json").out, "knopf")
    equal(stages, of_rollout(told(KEPT[0], "button", "--json").out, None), "its_whole_history")
    for name in "knopf", "knob":
        by_former = told(renamed[0], name, "--json")
        equal(by_former.out, told(renamed[0], "button", "--json").out, f"the_same_by_the_name_{name}")
        ok(f"'{name}' was renamed; this is the history of 'button'" in by_former.err, f"of_which_is_told_by_{name}", by_former.err)
    for where in KEPT[0], renamed[0]:
        rollouts = [json.loads(line) for line in told(where, "button", "--last", "9", "--json").out.splitlines()]
        equal([(one["changes"], one["stage"]) for one in rollouts], [(3, "most")], "one_rollout_by_all_its_names")
    ok("3 changes" in told(renamed[0], "--last", "1").out, "also_where_no_flag_is_asked_for")

# Aggregates that were made by the former name are refused, and it is said that it is that.
early = project("early", "knopf", -1)
kept_lines = log("early", "knopf", 99)
with open(os.path.join(early, "flags.yaml"), encoding="utf-8") as file:
    current = file.read()
with open(os.path.join(early, "flags.yaml"), "w", encoding="utf-8") as file:
    file.write(current.replace("  button:", "  knopf:"))
aggregates = os.path.join(early, "knopf.agg")
done = run("aggregate", "knopf", kept_lines, "-C", early, "-e", "production", "-o", aggregates)
ok(done.status == 0, "aggregates_by_the_former_name", done.err)
with open(os.path.join(early, "flags.yaml"), "w", encoding="utf-8") as file:
    file.write(current)
for command in (("decide", "button"), ("health", "button"), ("metrics", "--flag", "button")):
    done = run(*command, "--from", aggregates, "-C", early, "-e", "production")
    ok(done.status != 0 and not done.out and "they are of 'knopf', which is called 'button' now" in " ".join(done.err.split()) and
       "aggregate the logs again" in " ".join(done.err.split()), f"{command[0]}_names_the_former_name", done.err)
again = os.path.join(early, "button.agg")
done = run("aggregate", "button", kept_lines, "-C", early, "-e", "production", "-o", again)
ok(done.status == 0, "aggregates_by_the_new_name", done.err)
done = run("merge", aggregates, again)
ok(done.status != 0 and not done.out and "definitions" in done.err, "they_are_not_merged", done.err)

# A stage that was edited since it began is known to be, though it began by another name.
where, log_ = renamed
with open(os.path.join(where, "flags.yaml"), encoding="utf-8") as file:
    edited = file.read().replace("{name: most, percent: 90%", "{name: most, percent: 80%")
with open(os.path.join(where, "flags.yaml"), "w", encoding="utf-8") as file:
    file.write(edited)
equal(run("decide", "button", log_, "-C", where, "-e", "production", "--json").json["rule"], "policy-changed",
      "an_edited_stage")

# What another flag did by that name, before it gave it up, is not this one's.
other = project("other", "button", 99)
change(other, "rename", "button", "knob")
with open(os.path.join(other, "flags.yaml"), encoding="utf-8") as file:
    text = file.read()
block = text[text.index("  knob:"):].replace("  knob:", "  button:").replace("salt: button", "salt: new")
block = block[:block.index("      state:")] + "      state: pending\n"
with open(os.path.join(other, "flags.yaml"), "w", encoding="utf-8") as file:
    file.write(text + block)
change(other, "canary", "start", "button", "-e", "production", "--at", at(11))
former, now = (run("history", name, "-C", other, "--json").out.splitlines() for name in ("knob", "button"))
ok(len(former) == 4 and len(now) == 1 and '"11"' not in former[0], "each_has_the_history_that_is_its_own", former, now)
text = run("metrics", "--flag", "button", "--by", "stage", KEPT[1], "-C", other, "-e", "production", "--json").out
ok("tenth" in text and "half" not in text and "most" not in text, "stages_of_a_flag_that_had_the_name_before", text)
finish()
