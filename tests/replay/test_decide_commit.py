#!/usr/bin/env python3
"""`ffreplay decide --apply --commit --push`: from a red metric to a pushed commit, with no person."""
import json
import os
import shutil
import subprocess

from lab import FFREPLAY, SCRATCH, canary, decide, equal, finish, ok, project, requests, skip, write

if not shutil.which("git"):
    skip("commits of decisions", "there is no git")
    finish()

os.environ.update(GIT_CONFIG_GLOBAL="/dev/null", FFC_ACTOR="robot", HOME=SCRATCH)
sound = write("sound.ndjson", requests(4000))
failing = write("failing.ndjson", requests(4000, canary_errors=0.3))
AT = ["--now", "2026-11-20T11:59:00Z", "--apply", "--commit"]


def git(directory, *arguments):
    identity = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"]
    done = subprocess.run(["git", "-C", directory, *identity, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def definitions(name, more=""):
    """A project in flags/ of a repository that has a remote."""
    root = os.path.join(SCRATCH, name)
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    directory = shutil.move(project(name + "-flags", canary(f"""\
stages:
  - {{name: first, percent: 20%, min_samples: 50}}
  - {{name: full, percent: 100%}}
guards:
  - {{metric: error_rate, max: 5%}}
{more}
state: running
stage: first
since: 2026-11-20T10:00:00Z
""")), os.path.join(root, "flags"))
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "flags")
    remote = os.path.join(SCRATCH, name + ".git")
    shutil.rmtree(remote, ignore_errors=True)
    git(root, "clone", "-q", "--bare", root, remote)
    git(root, "remote", "add", "origin", remote)
    return root, directory, remote


root, directory, remote = definitions("rolls-back")
write("rolls-back/notes.txt", ["mine"])
git(root, "add", "notes.txt")
result = decide(directory, failing, *AT, "--push", "--build", os.path.join(SCRATCH, "live.ffs"))
equal(result.status, 0, "a rollback is committed and pushed")
subject = "canary.checkout in production: rollback, rolled_back from 'first'"
message = git(remote, "log", "-1", "--format=%B%an", "main")
ok(message.startswith("canary.checkout in production: rollback") and "\n\ncanary.checkout: error_rate is " in message
   and "Actor: robot" in message, "the remote has it, and why", message)
changed = git(remote, "show", "--name-only", "--format=", "main").split()
ok(changed[0] == "flags/flags.yaml" and all(name.startswith("flags/ledger/") for name in changed[1:]) and len(changed) >= 2,
   "with its definition and the ledger, and nothing else", changed)
ok("committed canary.checkout in production: rollback" in result.out and "pushed    to origin\n" in result.out, "which is said", result.out)
equal(git(root, "status", "--porcelain"), "A  notes.txt\n", "what is staged stays so")

heads = git(root, "rev-parse", "HEAD")
again = decide(directory, sound, *AT, "--push")
equal((again.status, git(root, "rev-parse", "HEAD")), (0, heads), "what changes nothing commits nothing")

root, directory, remote = definitions("advances")
result = decide(directory, sound, *AT, "--json")
ok(result.status == 0 and result.json["verdict"] == "advance", "as JSON, stdout is the verdict alone", result.out, result.err)
ok("canary.checkout in production: advance, running in 'full'\n" in git(root, "log", "-1", "--format=%B"), "an advance is committed")
equal(git(remote, "log", "--format=%s", "main"), "flags\n", "and not pushed without --push")

# Somebody's edits of the same file would come along: nothing but a rollback goes ahead.
root, directory, _ = definitions("edited")
with open(os.path.join(directory, "flags.yaml"), "a") as file:
    file.write("    description: half written\n")
result = decide(directory, sound, *AT)
ok(result.status == 2 and "has changes that are not committed" in result.err and "stage: first" in open(os.path.join(directory, "flags.yaml")).read(),
   "an advance waits for edits that are not committed", result.out, result.err)
result = decide(directory, failing, *AT)
ok(result.status == 2 and "has changes that are not committed" in result.err and "what was decided is done" in result.err
   and "state: rolled_back" in open(os.path.join(directory, "flags.yaml")).read(), "a rollback does not", result.err)
result = decide(directory, failing, "--apply", "--push", "--now", "2026-11-20T11:59:00Z")
ok(result.status == 2 and "--push pushes what --commit commits" in result.err, "--push needs --commit", result.err)

# Without a repository; and a push that is refused.
directory = project("alone", canary("stages: [{name: first, percent: 20%, min_samples: 50}, {name: full, percent: 100%}]\n"
                                    "guards: [{metric: error_rate, max: 5%}]\nstate: running\nstage: first\nsince: 2026-11-20T10:00:00Z\n"))
os.environ["GIT_CEILING_DIRECTORIES"] = SCRATCH
result = decide(directory, sound, *AT)
ok(result.status == 2 and "in no git repository" in result.err and not os.path.exists(os.path.join(directory, "ledger", ".local", "x")),
   "without a repository nothing is applied", result.err)
result = decide(directory, failing, *AT)
ok(result.status == 2 and "state: rolled_back" in open(os.path.join(directory, "flags.yaml")).read(), "but a rollback", result.err)
root, directory, remote = definitions("refused")
os.rename(remote, remote + ".away")
git(root, "fetch", "-q", remote + ".away", "main:refs/remotes/origin/main")
result = decide(directory, sound, *AT, "--push")
ok(result.status == 2 and "committed, and not pushed" in result.err and "advance" in git(root, "log", "-1", "--format=%s"),
   "a push that is refused is an error, and the commit stays", result.err)
os.rename(remote + ".away", remote)
result = decide(directory, sound, "--now", "2026-11-20T11:59:00Z", "--apply", "--commit", "--push")
ok(result.status == 0 and "pushed    to origin, what an earlier run committed\n" in result.out
   and "advance" in git(remote, "log", "-1", "--format=%s", "main"), "and the next run pushes it", result.out, result.err)

# What is told without a change is committed, too, so that the next run elsewhere knows.
root, directory, remote = definitions("told", "approval: [full]\nhooks: {on_approval_needed: [sh, -c, 'echo told >>told']}")
decide(directory, sound, *AT, "--push", "--run-steps")
equal(git(remote, "log", "-1", "--format=%s", "main"), "ledger: what was published, run and told\n", "what was told is committed")
clone = os.path.join(SCRATCH, "clone")
git(root, "clone", "-q", remote, clone)
decide(os.path.join(clone, "flags"), sound, *AT, "--push", "--run-steps")
ok(not os.path.exists(os.path.join(clone, "flags", "told")), "and a run in another checkout does not repeat it")
entries = subprocess.run([FFREPLAY, "history", "-C", os.path.join(clone, "flags"), "--json"], capture_output=True, text=True).stdout
equal([json.loads(line)["verdict"] for line in entries.splitlines()].count("notice"), 1, "told once")
finish()
