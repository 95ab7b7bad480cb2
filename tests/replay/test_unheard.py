#!/usr/bin/env python3
"""Nobody reads what decide and watch say: what was decided is done all the same, and done whole."""
import json
import os
import subprocess

import lab
from lab import FFREPLAY, SCRATCH, canary, equal, finish, ok, project, requests, write

HOOK = """\
    rollback:
      - run: [sh, -c, "cat >plan.json"]
"""


def definitions(name):
    directory = project(name, canary("""\
stages:
  - {name: first, percent: 20%, min_samples: 50}
  - {name: full, percent: 100%}
guards:
  - {metric: error_rate, max: 5%, action: rollback}
hooks: {on_rollback: [sh, -c, "cat >hook.json"]}
state: running
stage: first
since: 2026-11-20T10:00:00Z
""") + HOOK)
    return directory


def entries(directory):
    said = subprocess.run([FFREPLAY, "history", "-C", directory, "--json"], capture_output=True)
    return [json.loads(line) for line in said.stdout.splitlines()]


def state(directory):
    with open(os.path.join(directory, "flags.yaml")) as file:
        return next(line.split()[1] for line in file if line.strip().startswith("state:"))


def closed(_):
    return dict(preexec_fn=lambda: os.close(1))


def full(_):
    return dict(stdout=open("/dev/full", "wb"))


def gone(both):
    """A pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return dict(stdout=writer, stderr=writer) if both else dict(stdout=writer)


def everything_closed(_):
    return dict(preexec_fn=lambda: (os.close(0), os.close(1), os.close(2)))


def run(command, how, both=False, **more):
    options = dict(stderr=subprocess.PIPE, **more)
    options.update(how(both))
    return subprocess.run(command, **options)


failing = write("failing.log", requests(2000, canary_errors=0.4))
sound = write("sound.log", requests(2000))


def outcome(directory, live):
    made = entries(directory)
    return (state(directory), os.path.exists(live),
            [entry["verdict"] for entry in made if entry["verdict"] == "rollback"],
            [name for name in ("plan.json", "hook.json")
             if os.path.exists(os.path.join(directory, name))])


DONE = ("rolled_back", True, ["rollback"], ["plan.json", "hook.json"])

for name, how, both in (("a_full_disk", full, False), ("a_closed_stdout", closed, False),
                        ("a_reader_that_left", gone, False), ("nobody_anywhere", gone, True),
                        ("no_files_at_all", everything_closed, False)):
    directory = definitions(name)
    live = os.path.join(SCRATCH, f"{name}.ffs")
    command = [FFREPLAY, "decide", "canary.checkout", failing, "-C", directory, "-e", "production",
               "--apply", "--run-steps", "--build", live]
    done = run(command, how, both)
    equal(outcome(directory, live), DONE, f"{name}_stops_no_rollback")
    equal(done.returncode, 2, f"{name}_is_an_error")
    if done.stderr is not None and how is not everything_closed:
        ok(b"cannot write to stdout" in done.stderr, f"{name}_is_said", done.stderr.decode())
        equal(done.stderr.count(b"cannot write"), 1, f"{name}_is_said_once")
    checked = subprocess.run([FFREPLAY, "history", "-C", directory, "--verify"], capture_output=True)
    equal(checked.returncode, 0, f"{name}_leaves_a_sound_ledger")

    directory = definitions(f"{name}-status")
    done = run([*command[:4], "-C", directory, *command[6:], "--exit-code"], how, both)
    equal(done.returncode, 20, f"{name}_leaves_the_verdict_to_the_exit_status")

directory = definitions("reading-only")
done = run([FFREPLAY, "decide", "canary.checkout", sound, "-C", directory, "-e", "production",
            "--exit-code"], full)
equal(done.returncode, 2, "without_apply_the_words_are_all_there_is")

for name, how in (("full", full), ("gone", gone), ("closed", closed)):
    directory = definitions(f"watch-{name}")
    live = os.path.join(SCRATCH, f"watch-{name}.ffs")
    command = [FFREPLAY, "watch", "canary.checkout", failing, "-C", directory, "-e", "production",
               "--interval", "1s", "--apply", "--run-steps", "--build", live, "--json"]
    done = run(command, how, timeout=240)
    equal(outcome(directory, live), DONE, f"a_watch_acts_unheard_when_{name}")
    equal(done.returncode, 2, f"and_says_that_words_were_lost_when_{name}")
    equal(done.stderr.count(b"cannot write"), 1, f"once_when_{name}")

    directory = definitions(f"watch-{name}-status")
    done = run([*command[:4], "-C", directory, *command[6:], "--exit-code"], how, timeout=240)
    equal(done.returncode, 20, f"its_exit_status_is_the_verdict_when_{name}")

# Goes on: the first words are lost at a hold, and the rollback comes later.
directory = definitions("goes-on")
growing = write("growing.log", requests(60))
with open("/dev/full", "wb") as nowhere:
    watch = subprocess.Popen([FFREPLAY, "watch", "canary.checkout", growing, "-C", directory, "-e",
                              "production", "--interval", "1s", "--apply", "--exit-code", "--json"],
                             stdout=nowhere, stderr=subprocess.PIPE)
first = watch.stderr.readline()
ok(b"cannot write" in first, "a_watch_loses_its_first_words", first)
with open(growing, "a") as file:
    for line in requests(2000, seed=2, canary_errors=0.4):
        file.write(json.dumps(line) + "\n")
equal(watch.wait(240), 20, "and_rolls_back_later_looks")
equal(state(directory), "rolled_back", "for_good")

directory = definitions("watch-only")
done = run([FFREPLAY, "watch", "canary.checkout", failing, "-C", directory, "-e", "production",
            "--interval", "1s"], full, timeout=240)
equal(done.returncode, 2, "a_watch_that_only_speaks_ends_when_nobody_can_hear")

finish()
