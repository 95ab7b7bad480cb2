#!/usr/bin/env python3
"""--commit and --push: a commit of what a command changed, and of nothing else."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from lab import SCRATCH, Result, equal, finish, ok

if not shutil.which("git"):
    print("ok 1 - what is committed # SKIP there is no git\n1..1")
    sys.exit()

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
ENVIRONMENT = {**os.environ, "HOME": SCRATCH, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
               "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada",
               "GIT_COMMITTER_EMAIL": "ada@example.com"}
ANONYMOUS = {key: value for key, value in ENVIRONMENT.items() if not key.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))}
SHOP = """\
project: {name: shop, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
metrics: {errors: {kind: proportion, of: {status: {gte: 500}}, better: lower}}
logs: {requests: {format: ndjson, time: t, unit: u, fields: {status: s}}}
flags:
  checkout:
    canary:
      stages: [{name: early, percent: 5%}, {name: late, percent: 50%}]
      guards: [{metric: errors, max: 5%}]
      state: pending
  banner: {serve: on}
"""


def git(directory, *arguments, check=True):
    return subprocess.run(["git", "-C", directory, *arguments], env=ENVIRONMENT, capture_output=True, text=True,
                          check=check).stdout.strip()


def repository(name, remote=False):
    directory = os.path.join(SCRATCH, name)
    os.makedirs(os.path.join(directory, "flags"))
    with open(os.path.join(directory, "flags", "shop.yaml"), "w") as file:
        file.write(SHOP)
    with open(os.path.join(directory, "other"), "w") as file:
        file.write("one\n")
    git(directory, "init", "-q", "-b", "main")
    git(directory, "add", "-A")
    git(directory, "commit", "-qm", "first")
    if remote:
        git(directory, "clone", "-q", "--bare", directory, directory + ".git")
        git(directory, "remote", "add", "origin", directory + ".git")
    return directory


def ffc(directory, *arguments, env=ENVIRONMENT):
    return Result(subprocess.run([FFC, *arguments, "--reason", "release 4", "--actor", "amira"], cwd=directory,
                                 env=env, capture_output=True))


def changed(directory, revision="HEAD"):
    return git(directory, "show", "--name-only", "--format=", revision).splitlines()


START = ("canary", "start", "checkout", "--commit")
directory = repository("only")
with open(os.path.join(directory, "other"), "w") as file:
    file.write("two\n")
git(directory, "add", "other")
with open(os.path.join(directory, "untracked"), "w") as file:
    file.write("three\n")
result = ffc(directory, *START)
names = changed(directory)
ok(result.status == 0 and len(names) == 2 and names[0].startswith("flags/ledger/2") and names[1] == "flags/shop.yaml",
   "commits_the_definition_and_the_entry", str(names), result.err)
equal(git(directory, "status", "--short"), "M  other\n?? untracked", "and_leaves_what_is_staged_staged")
message = git(directory, "log", "-1", "--format=%B")
ok(message.startswith("checkout in production: start, running in 'early'\n\nrelease 4\n\nActor: amira"),
   "says_what_why_and_who", message)
equal(git(directory, "log", "-1", "--format=%an"), "Ada", "as_the_user_of_git")

result = ffc(directory, "rollback", "banner")
result = ffc(directory, "rollback", "banner", "--commit")
names = changed(directory)
equal((result.status, sum(name.startswith("flags/ledger/") for name in names),
       sum(name.startswith("flags/overrides/") for name in names)), (0, 2, 2), "entries_before_it_come_along_and_their_overrides")
equal(ffc(directory, "canary", "rollback", "checkout", "--commit", env=ANONYMOUS).status, 0, "without_a_name_for_git")
equal(git(directory, "log", "-1", "--format=%an"), "amira", "the_actor_is_the_author")

directory = repository("dirty")
with open(os.path.join(directory, "flags", "shop.yaml"), "a") as file:
    file.write("# by hand\n")
before = open(os.path.join(directory, "flags", "shop.yaml")).read()
result = ffc(directory, *START)
ok(result.status == 2 and "not committed" in result.err and "help:" in result.err, "refuses_a_file_that_is_dirty", result.err)
equal(open(os.path.join(directory, "flags", "shop.yaml")).read(), before, "and_leaves_it_as_it_was")
equal(os.path.exists(os.path.join(directory, "flags", "ledger")), False, "without_an_entry")
result = ffc(directory, "canary", "start", "checkout")
equal(result.status, 0, "goes_on_without_commit")
result = ffc(directory, "canary", "rollback", "checkout", "--commit")
equal((result.status, git(directory, "status", "--short", "flags/shop.yaml")), (0, ""), "an_emergency_takes_it_along")

directory = repository("merge")
git(directory, "checkout", "-qb", "branch")
with open(os.path.join(directory, "other"), "w") as file:
    file.write("branch\n")
git(directory, "commit", "-qam", "branch")
git(directory, "checkout", "-q", "main")
with open(os.path.join(directory, "other"), "w") as file:
    file.write("main\n")
git(directory, "commit", "-qam", "main")
git(directory, "merge", "branch", check=False)
result = ffc(directory, *START)
ok(result.status == 2 and "a merge is not finished" in result.err, "refuses_during_a_merge", result.err)
result = ffc(directory, "rollback", "banner", "--commit")
ok(result.status == 2 and "done nevertheless" in result.err and os.listdir(os.path.join(directory, "flags", "overrides")),
   "an_emergency_is_done_all_the_same", result.err)

directory = repository("push", remote=True)
result = ffc(directory, *START, "--push")
equal((result.status, git(directory + ".git", "rev-parse", "main")), (0, git(directory, "rev-parse", "HEAD")), "pushes")
other = os.path.join(SCRATCH, "elsewhere")
git(SCRATCH, "clone", "-q", directory + ".git", other)
git(other, "commit", "-q", "--allow-empty", "-m", "meanwhile")
git(other, "push", "-q")
result = ffc(directory, "canary", "pause", "checkout", "--commit", "--push")
ok(result.status == 2 and "committed, and not pushed" in result.err and "git pull --rebase" in result.err,
   "says_that_the_push_was_refused", result.err)
equal(git(directory, "log", "-1", "--format=%s"), "checkout in production: pause, paused in 'early'", "and_commits")
git(directory, "checkout", "-q", "--detach")
result = ffc(directory, "canary", "resume", "checkout", "--commit", "--push")
ok(result.status == 2 and "no branch" in result.err, "a_detached_head_is_not_pushed", result.err)
equal(ffc(directory, "canary", "resume", "checkout", "--commit").status, 0, "and_can_be_committed")

# An edit whose commit or push failed, given again.
def hook(path, words):
    with open(path, "w") as file:
        file.write(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
    os.chmod(path, 0o755)


directory = repository("again", remote=True)
again = ("set", "banner", "-e", "production", "off", "--commit", "--push")
git(directory, "fetch", "-q")
receive = os.path.join(directory + ".git", "hooks", "pre-receive")
hook(receive, "protected")
for attempt in ("refused", "refused_again"):
    result = ffc(directory, *again)
    ok(result.status == 2 and "committed, and not pushed: remote: protected; ! [remote rejected]" in result.err and
       "\nTo " not in result.err and "hint:" not in result.err, f"a_push_that_is_{attempt}", result.err)
os.remove(receive)
result = ffc(directory, *again)
ok(result.status == 0 and "so it is already" in result.out and "pushed to origin what was committed before" in result.err,
   "pushes_what_is_left", result.out, result.err)
equal(git(directory + ".git", "rev-parse", "main"), git(directory, "rev-parse", "HEAD"), "all_of_it")
ok("pushed" not in ffc(directory, *again).err, "once")
git(directory, "commit", "-q", "--allow-empty", "-m", "more")
git(directory, "update-ref", "-d", "refs/remotes/origin/main")
equal((ffc(directory, *again).status, git(directory + ".git", "rev-parse", "main")), (0, git(directory, "rev-parse", "HEAD")),
      "also_where_nothing_was_fetched")
commit_hook = os.path.join(directory, ".git", "hooks", "pre-commit")
hook(commit_hook, "no")
again = ("set", "banner", "-e", "production", "on", "--commit")
result = ffc(directory, *again)
ok(result.status == 2 and "not committed: no" in result.err, "a_hook_that_refuses", result.err)
os.remove(commit_hook)
result = ffc(directory, *again)
ok(result.status == 2 and "so it is already" not in result.out and "has changes that are not committed" in result.err,
   "is_not_forgotten", result.out, result.err)

directory = repository("alone")
result = ffc(directory, *START, "--push")
ok(result.status == 2 and "no remote" in result.err, "no_remote", result.err)
result = ffc(directory, "rollback", "banner", "--commit", "--push")
ok(result.status == 2 and "it is committed" in result.err and
   git(directory, "log", "-1", "--format=%s").startswith("rollback-"), "an_emergency_is_committed", result.err)
os.rename(os.path.join(directory, ".git"), os.path.join(directory, "was"))
result = ffc(directory, *START)
ok(result.status == 2 and "no git repository" in result.err, "no_repository", result.err)
result = ffc(directory, *START, env={**ENVIRONMENT, "PATH": "/nonexistent"})
ok(result.status == 2 and "cannot be run" in result.err, "no_git", result.err)
for arguments, word in ((["--push"], "--commit"), (["--commit", "--dry-run"], "leave out --commit")):
    result = ffc(directory, "canary", "start", "checkout", *arguments)
    ok(result.status == 2 and word in result.err, "usage_" + "_".join(arguments), result.err)
finish()
