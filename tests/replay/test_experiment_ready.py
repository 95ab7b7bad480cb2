#!/usr/bin/env python3
"""on_experiment_ready: somebody hears of an experiment that is decided, once, and again of another decision."""
import json
import os
import subprocess

from lab import FFREPLAY, SCRATCH, TOP, equal, finish, ok, project, requests, write

FFC = os.environ.get("FFC", os.path.join(TOP, "build", "ffc"))
FLAGS = """\
flags:
  cta-button:
    kind: experiment
    owner: web
    type: string
    variants: {control: blue, green: green}
    default: control
    experiment:
      control: control
      primary: failing_users
      split: {control: 50%, green: 50%}
      state: STATE
  other: {serve: on}
"""
HOOKS = "  hooks: {on_experiment_ready: [sh, -c, 'cat >>told; [ ! -e fail ]'], on_unhealthy: [sh, -c, 'cat >>ill'], runbook: wiki}\n"


def definitions(name, state="running", hooks=HOOKS):
    directory = project(name, FLAGS.replace("STATE", state))
    path = os.path.join(directory, "project.yaml")
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write(text.replace("  bucket_by: user_id\n", "  bucket_by: user_id\n" + hooks))
    return directory


def analyze(directory, log, *more):
    return subprocess.run([FFREPLAY, "analyze", "cta-button", log, "-C", directory, "-e", "production", *more],
                          capture_output=True, text=True)


def told(directory, name="told"):
    try:
        with open(os.path.join(directory, name)) as file:
            return [json.loads(line) for line in file]
    except FileNotFoundError:
        return []


def notices(directory):
    said = subprocess.run([FFREPLAY, "history", "-C", directory, "--json"], capture_output=True, text=True).stdout
    return [(entry["notice"]["hook"], entry["notice"].get("of"), entry["notice"]["state"])
            for entry in map(json.loads, filter(lambda line: line.startswith("{"), said.splitlines())) if entry["verdict"] == "notice"]


directory = definitions("shop")
lines = requests(4000)
contexts = "".join(json.dumps({"user_id": line["user_id"]}) + "\n" for line in lines)
variants = [json.loads(line)["variant"] for line in subprocess.run(
    [FFC, "eval", "cta-button", "-C", directory, "-e", "production", "--contexts", "-", "--json"],
    input=contexts, capture_output=True, text=True).stdout.splitlines()]


def worse(name, variant):
    """A log in which that variant fails every third time."""
    return write(name, [{**line, "status": 503} if arm == variant and number % 3 == 0 else line
                        for number, (line, arm) in enumerate(zip(lines, variants))])


calm, ship, stop = write("calm.ndjson", lines), worse("ship.ndjson", "control"), worse("stop.ndjson", "green")

done = analyze(directory, calm, "--run-steps")
equal((done.returncode, told(directory), notices(directory)), (0, [], []), "of one that is not decided, nobody hears")
done = analyze(directory, ship)
equal((done.returncode, told(directory)), (0, []), "without --run-steps nobody does either")
done = analyze(directory, ship, "--run-steps")
said = told(directory)
equal((done.returncode, len(said)), (0, 1), "once it is decided, somebody does")
ok(said[0]["decision"] == "ship" and said[0]["event"]["name"] == "experiment_ready" and said[0]["event"]["runbook"] == "wiki"
   and "green" in said[0]["event"]["reason"], "with the result, and why", said)
equal(notices(directory), [("on_experiment_ready", "ship green", "begun")], "the ledger remembers it")
analyze(directory, ship, "--run-steps")
equal(len(told(directory)), 1, "it is told once")
analyze(directory, ship, "--run-steps", "--metric", "latency_mean")
done = analyze(directory, stop, "--run-steps", "--method", "fixed")
ok(len(told(directory)) == 1 and "nobody is told" in done.stderr, "not of an analysis that was picked", done.stderr)
analyze(directory, stop, "--run-steps")
equal((len(told(directory)), told(directory)[-1]["decision"]), (2, "stop"), "of another decision, again")
equal(notices(directory)[1:], [("on_experiment_ready", "stop", "begun"), ("on_experiment_ready", "ship green", "over")], "which ends the first")
shown = subprocess.run([FFREPLAY, "history", "-C", directory], capture_output=True, text=True)
ok(shown.returncode == 0 and "experiment_ready" in shown.stdout, "history shows it", shown.stdout)
verified = subprocess.run([FFREPLAY, "history", "-C", directory, "--verify"], capture_output=True)
equal(verified.returncode, 0, "in a ledger that is whole")

directory = definitions("failing")
open(os.path.join(directory, "fail"), "w").close()
done = analyze(directory, ship, "--run-steps", "--json")
ok(done.returncode == 2 and "on_experiment_ready" in done.stderr and json.loads(done.stdout)["decision"] == "ship",
   "a program that fails is an error, and the result is printed", done.stderr)
equal(notices(directory), [("on_experiment_ready", "ship green", "untold")], "and has told nobody")

directory = definitions("concluded", "concluded\n      winner: green")
analyze(directory, ship, "--run-steps")
equal(told(directory), [], "one that is concluded is nobody's news")
directory = definitions("unheard", hooks="")
equal(analyze(directory, ship, "--run-steps").returncode, 0, "without a hook nothing is run")
ok(not os.path.exists(os.path.join(directory, "ledger")), "or written")

# Units of one arm are missing: the sample ratio is off.
directory = definitions("ill")
lost = write("lost.ndjson", [line for line, arm in zip(lines, variants) if arm == "control" or line["user_id"].endswith(("1", "2"))])
done = analyze(directory, lost, "--run-steps")
ok(len(told(directory, "ill")) == 1 and told(directory) == [] and told(directory, "ill")[0]["status"] == "unhealthy",
   "data that cannot be relied on are told as such", done.stdout, done.stderr)
finish()
