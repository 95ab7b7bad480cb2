#!/usr/bin/env python3
"""What may run without --run-steps and --allow-commands: what an allow-list outside of the tree names. And what may be
read outside of the project: what --allow-outside names."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.path.abspath(os.environ.get("FFC", f"{TOP}/build/ffc"))
FFREPLAY = os.path.abspath(os.environ.get("FFREPLAY", f"{TOP}/build/ffreplay"))
SCRATCH = os.path.realpath(tempfile.mkdtemp(prefix="ffc-permissions-"))
TREE, HOME, MARK = f"{SCRATCH}/shop", f"{SCRATCH}/home", f"{SCRATCH}/mark"
WHERE = f"{TREE}/flags"
NOTIFY = f"{SCRATCH}/notify"
NOW = "2026-11-30T12:00:00Z"
LIST = f"{HOME}/.config/ffc/allow"
PROJECT = f"""project:
  name: shop
  environments: [production]
  bucket_by: user_id
  hooks: {{on_start: [{NOTIFY}, started], on_pause: [notify, paused], on_resume: [./hook.sh], on_advance: [sh, hook.sh], on_alert: [{NOTIFY}, alert],
          on_rollback: [{NOTIFY}, back]}}
attributes: {{user_id: string}}
logs: {{web: {{format: ndjson, time: ts, unit: user_id, command: [sh, -c, 'echo log >>{MARK}; cat {SCRATCH}/log.ndjson'], context: {{user_id: user_id}}, fields: {{status: status}}}}}}
metrics: {{errors: {{kind: proportion, of: {{status: {{gte: 500}}}}, better: lower}}}}
flags:
  checkout:
    rollback: [{{serve: default}}, {{run: [{NOTIFY}, first]}}, {{notify: [{NOTIFY}, second]}}]
    canary:
      stages: [{{name: first, percent: 50%}}, {{name: full, percent: 100%}}]
      guards: [{{metric: errors, max: 1%, action: alert}}]
"""


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def fresh():
    """The tree, with the canary not started yet."""
    shutil.rmtree(TREE, ignore_errors=True)
    write(f"{WHERE}/shop.yaml", PROJECT)
    write(f"{WHERE}/hook.sh", f"#!/bin/sh\necho of the tree >>{MARK}\n", 0o755)
    os.makedirs(f"{TREE}/.git")


def allow(*programs, directory=WHERE, path=LIST, mode=0o644):
    write(path, json.dumps({"/somewhere/else": [["true"]], directory: list(programs)}), mode)


def run(program, *arguments, path=None, home=HOME, **more):
    """What was run, in order, and how it ended."""
    if os.path.exists(MARK):
        os.unlink(MARK)
    environment = {**os.environ, "HOME": home, "FFC_ACTOR": "x", "PATH": f"{path}:{os.environ['PATH']}" if path else os.environ["PATH"], **more}
    environment.pop("XDG_CONFIG_HOME", None) if "XDG_CONFIG_HOME" not in more else None
    done = subprocess.run([program, *arguments], cwd=TREE, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=240)
    done.marks = open(MARK, encoding="utf-8").read().split("\n")[:-1] if os.path.exists(MARK) else []
    return done


def canary(action, *more, **options):
    return run(FFC, "canary", action, "checkout", "-e", "production", "-r", "why", *more, **options)


def runs(done, *marks):
    return done.marks == list(marks) and done.returncode == 0


# ------------------------------------------------------------------------------------ the allow-list
write(NOTIFY, f"#!/bin/sh\ncat >/dev/null\necho \"$@\" >>{MARK}\n", 0o755)
os.makedirs(HOME)
with open(f"{SCRATCH}/log.ndjson", "w", encoding="utf-8") as file:
    for i in range(300):
        print(json.dumps({"ts": f"2026-11-30T11:{i % 60:02}:00Z", "user_id": f"u{i}", "status": 500}), file=file)

fresh()
done = canary("start")
ok(runs(done) and "not run" not in done.stderr, "without a list nothing is run, and nothing said", done.marks, done.stderr)
fresh()
allow([NOTIFY, "started"])
done = canary("start", "--dry-run")
ok(runs(done), "a dry run runs nothing of the list", done.marks, done.stderr)
done = canary("start")
ok(runs(done, "started"), "what ~/.config/ffc/allow has is run", done.marks, done.stderr)
entries = [json.loads(line) for line in subprocess.run([FFREPLAY, "history", "-C", WHERE, "--json"], capture_output=True, text=True).stdout.splitlines()]
ok(any(entry.get("step", {}).get("state") == "done" for entry in entries), "and is in the ledger")
done = canary("pause")
ok(runs(done) and "on_pause is not run: the allow-list does not have 'notify'" in done.stderr, "what it does not have is not, and that is said",
   done.marks, done.stderr)
fresh()
allow([NOTIFY, "other"])
done = canary("start")
ok(runs(done) and "with these arguments" in done.stderr, "nor with other arguments", done.marks, done.stderr)
allow([NOTIFY, "started"], directory=f"{SCRATCH}/another")
fresh()
done = canary("start")
ok(runs(done) and "not run" not in done.stderr, "nor in another project", done.marks, done.stderr)
os.symlink(WHERE, f"{SCRATCH}/linked")
allow([NOTIFY, "started"], directory=f"{SCRATCH}/linked")
fresh()
done = canary("start")
ok(runs(done, "started"), "a project is known by what its path leads to", done.marks, done.stderr)

# By the project's own programs, a list would allow what whoever edits the tree makes of them.
allow(["./hook.sh"], ["sh", "hook.sh"], ["notify", "paused"])
done = canary("advance")
ok(runs(done) and "'hook.sh' is a file of the tree" in done.stderr, "a script of the tree is not run by way of a shell", done.marks, done.stderr)
fresh()
write(f"{WHERE}/shop.yaml", PROJECT.replace("on_start: [" + NOTIFY + ", started]", "on_start: [./hook.sh]"))
done = canary("start")
ok(runs(done) and "'./hook.sh' is a file of the tree" in done.stderr, "nor by itself", done.marks, done.stderr)
write(f"{TREE}/bin/notify", f"#!/bin/sh\necho of the tree >>{MARK}\n", 0o755)
done = canary("pause", path=f"{TREE}/bin")
ok(runs(done) and "'notify' is a file of the tree" in done.stderr, "nor a program that $PATH finds in it", done.marks, done.stderr)
done = canary("resume")
done = canary("pause", path=SCRATCH)
ok(runs(done, "paused"), "but one that it finds elsewhere", done.marks, done.stderr)

# The list itself.
for name, prepare, words in (
        ("in the tree", lambda: shutil.copy(LIST, f"{TREE}/allow") and f"{TREE}/allow", "is in the tree"),
        ("that links to the tree", lambda: os.symlink(f"{TREE}/allow", f"{SCRATCH}/allow") or f"{SCRATCH}/allow", "is in the tree"),
        ("that others may write", lambda: os.chmod(LIST, 0o666) or LIST, "others may write"),
        ("that is not there", lambda: f"{SCRATCH}/absent", "cannot be read"),
        ("that is no JSON", lambda: write(f"{SCRATCH}/bad", "checkout: true\n") or f"{SCRATCH}/bad", "is not JSON: line 1"),
        ("that is no object", lambda: write(f"{SCRATCH}/bad", "[]\n") or f"{SCRATCH}/bad", "no object"),
        ("that is a directory", lambda: SCRATCH, "cannot be read: it is a directory")):
    fresh()
    allow([NOTIFY, "started"])
    shutil.copy(LIST, f"{TREE}/allow")
    path = prepare()
    done = canary("start", "--allow-list", path)
    started = "running" in subprocess.run([FFC, "canary", "status", "-C", WHERE], capture_output=True, text=True).stdout
    ok(done.marks == [] and done.returncode == 2 and words in done.stderr and started, f"a list {name} allows nothing, and the change is made", done.marks,
       done.returncode, done.stderr)
fresh()
allow([NOTIFY, "started"], path=f"{TREE}/.config/ffc/allow")
done = canary("start", home=TREE)
ok(done.marks == [] and "is in the tree" in done.stderr, "the tree is nobody's home", done.marks, done.stderr)
fresh()
os.unlink(LIST)
allow([NOTIFY, "started"], path=f"{SCRATCH}/config/ffc/allow")
done = canary("start", XDG_CONFIG_HOME=f"{SCRATCH}/config")
ok(runs(done, "started"), "$XDG_CONFIG_HOME says where it is", done.marks, done.stderr)
fresh()
allow([NOTIFY, "started"], path=f"{SCRATCH}/mine")
done = canary("start", "--allow-list", f"{SCRATCH}/mine")
ok(runs(done, "started"), "--allow-list names another", done.marks, done.stderr)

# Plans: all of their programs or none.
for programs, marks in (([[NOTIFY, "first"]], []), ([[NOTIFY, "first"], [NOTIFY, "back"]], ["back"]),
                        ([[NOTIFY, "first"], [NOTIFY, "second"]], ["first", "second"]),
                        ([[NOTIFY, "first"], [NOTIFY, "second"], [NOTIFY, "back"]], ["first", "second", "back"])):
    for emergency in False, True:
        fresh()
        allow()
        canary("start")
        allow(*programs)
        done = run(FFC, "rollback", "checkout", "-e", "production", "-r", "why") if emergency else canary("rollback")
        ok(runs(done, *marks), f"{'rollback' if emergency else 'canary rollback'}, by a list of {[one[1] for one in programs]}", done.marks, done.stderr)

# Logs, and what decides on them.
fresh()
allow()
canary("start", "--at", "2026-11-30T10:00:00Z")
command = ["sh", "-c", f"echo log >>{MARK}; cat {SCRATCH}/log.ndjson"]
decide = ["decide", "checkout", "-e", "production", "--now", NOW]
done = run(FFREPLAY, *decide)
ok(done.marks == [] and done.returncode == 2 and "--allow-commands" in done.stderr and "does not have 'sh'" in done.stderr, "a log's command is not run",
   done.marks, done.stderr)
allow(command)
done = run(FFREPLAY, *decide)
ok(done.marks == ["log"] and done.returncode == 0, "but where the list has it", done.marks, done.stderr)
allow(command, [NOTIFY, "alert"])
done = run(FFREPLAY, *decide)
ok(done.marks == ["log"], "hooks only with --apply", done.marks, done.stderr)
done = run(FFREPLAY, *decide, "--apply")
ok(done.marks == ["log"], "and a hook that only tells people needs --run-steps", done.marks, done.stderr)

# ---------------------------------------------------------------------------------- outside the project
STORE = f"{SCRATCH}/store"
PLAIN = "project: {name: shop, environments: [production], bucket_by: user_id}\nattributes: {user_id: string}\n"
shutil.rmtree(TREE)
write(f"{STORE}/abc/project.yaml", PLAIN)
write(f"{STORE}/abc/lists/vip.txt", "u1\n")
write(f"{STORE}/def/more/flags.yaml", "flags:\n  linked: {rules: [{if: {user_id: {in_file: lists/vip.txt}}, serve: on}]}\n")
write(f"{SCRATCH}/elsewhere/more.yaml", "flags: {secret: {serve: on}}\n")
os.makedirs(f"{WHERE}/lists")
os.symlink(f"{STORE}/abc/project.yaml", f"{WHERE}/project.yaml")
os.symlink(f"{STORE}/abc/lists/vip.txt", f"{WHERE}/lists/vip.txt")
os.symlink(f"{STORE}/def", f"{WHERE}/def")
os.symlink(f"{STORE}/def", f"{STORE}/def/loop")
done = run(FFC, "check")
ok(done.returncode != 0 and "leads out of the project" in done.stderr and "--allow-outside DIR" in done.stderr, "links lead nowhere outside", done.stderr)
OUT = ["--allow-outside", STORE]
done = run(FFC, "check", *OUT)
ok(done.returncode == 0, "but into what --allow-outside names: files, directories, and lists", done.stderr)
for arguments, words in ((["build", "-e", "production", "-o", f"{SCRATCH}/p.ffs"], ""), (["list"], "linked"), (["eval", "linked", "-e", "production", "-c", '{"user_id":"u1"}'],
                         "true"), (["gen", "c"], "flags_get_linked"), (["show", "linked"], "linked"), (["test"], "")):
    done = run(FFC, *arguments, *OUT)
    ok(done.returncode == 0 and words in done.stdout, f"ffc {arguments[0]} reads them", done.stdout, done.stderr)
done = run(FFREPLAY, "history", *OUT)
ok(done.returncode == 0, "ffreplay has the option, too", done.stderr)
done = run(FFC, "check", "--allow-outside", f"{STORE}/abc")
ok(done.returncode != 0 and "def/" in done.stderr and "project.yaml" not in done.stderr, "only what lies there", done.stderr)
os.rename(STORE, f"{SCRATCH}/store-real")
os.symlink(f"{SCRATCH}/store-real", STORE)
ok(run(FFC, "check", *OUT).returncode == 0, "by its own path or by a link to it")
os.symlink(f"{SCRATCH}/elsewhere", f"{WHERE}/elsewhere")
done = run(FFC, "check", *OUT)
ok(done.returncode != 0 and "elsewhere/" in done.stderr, "and nothing beside it", done.stderr)
done = run(FFC, "check", *OUT, "--allow-outside", f"{SCRATCH}/elsewhere")
ok(done.returncode == 0, "but several may be named", done.stderr)
done = run(FFC, "check", "--allow-outside", f"{SCRATCH}/store")
ok(done.returncode != 0, "a name that is longer is another directory's")
for wrong, words in ((f"{SCRATCH}/absent", "No such file"), (f"{SCRATCH}/notify", "Not a directory")):
    done = run(FFC, "check", "--allow-outside", wrong)
    ok(done.returncode == 2 and words in done.stderr, f"{words}: it says so", done.stderr)
shutil.rmtree(SCRATCH, ignore_errors=True)
sys.exit(finish())
