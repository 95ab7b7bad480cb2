#!/usr/bin/env python3
"""`ffc log`: what changed flags' meaning, from the ledger, from git's commits and from the work tree, told once each."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from tap import finish, ok

if not shutil.which("git"):
    print("ok 1 - one history # SKIP there is no git\n1..1")
    sys.exit()

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
SCRATCH = tempfile.mkdtemp(prefix="ffc-log-")
day = 0
SHOP = """project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string, country: string}
metrics: {errors: {kind: proportion, of: {status: 500}}}
logs: {web: {format: ndjson, time: ts, unit: user_id, fields: {status: status}}}
segments:
  nordic: {if: {country: ["NO", SE]}}
  northern: {if: {any: [segment: nordic, country: IS]}}
"""
FLAGS = """flags:
  checkout:
    owner: web
    environments:
      staging: {serve: on}
      production:
        rules:
          - {name: nordic, if: {segment: northern}, percent: 35%}
          - {percent: 10%}
  pay:
    canary:
      stages: [{name: early, percent: 5%}, {name: half, percent: 45%}, {name: full, percent: 100%}]
      guards: [{metric: errors, max: 1%}]
  size: {type: integer, value: 20}
  listed: {users: {on: {file: lists/beta.txt}}}
"""


def run(*arguments, cwd=None, at=None):
    environment = {"PATH": os.environ["PATH"], "FFC_ACTOR": "maria", "HOME": SCRATCH}
    if at:
        environment |= {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
    return subprocess.run(arguments, cwd=cwd or f"{SCRATCH}/shop", capture_output=True, text=True, check=False, env=environment)


def git(*arguments, **more):
    done = run("git", "-c", "user.name=ann", "-c", "user.email=ann@example.com", *arguments, **more)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def time():
    return f"2026-11-{day:02}T10:00:00Z"


def commit(message):
    """A commit a day."""
    global day
    day += 1
    git("add", "-A")
    git("commit", "-qm", message, at=time())


def read(name="flags/flags.yaml"):
    with open(f"{SCRATCH}/shop/{name}", encoding="utf-8") as file:
        return file.read()


def write(text, name="flags/flags.yaml"):
    path = f"{SCRATCH}/shop/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def edit(old, new, name="flags/flags.yaml"):
    text = read(name)
    assert old in text, (old, text)
    write(text.replace(old, new), name)


def changes(*arguments, **more):
    done = run(FFC, "log", "--json", *arguments, **more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def said(change):
    return {one["what"]: (one["before"], one["after"]) for one in change["says"]}


def reasons(*arguments):
    return [one["reason"] for one in changes(*arguments)["changes"]]


os.makedirs(f"{SCRATCH}/shop")
git("init", "-q", "-b", "main")
write(SHOP, "flags/shop.yaml")
write("u1\nu2\n", "flags/lists/beta.txt")
write(FLAGS)
commit("first flags")
edit("35%", "50%")
commit("half of the north")
write("# A comment\n\n" + read().replace("  size:", "\n  # about size\n  size:"))
commit("comments and lines")
edit('["NO", SE]', '["NO", SE, DK]', "flags/shop.yaml")
commit("Danes are nordic")
write("u1\nu3\n", "flags/lists/beta.txt")
commit("another beta user")

found = changes("checkout")["changes"]
ok([one["reason"] for one in found] == ["Danes are nordic", "half of the north", "first flags"],
   "a flag's changes are those of its meaning, newest first: also of a segment within a segment", found)
ok(said(found[1]) == {"rule nordic": ("on for 35% where segment northern", "on for 50% where segment northern")} and
   found[1]["environments"] == ["production"] and found[1]["who"] == "ann", "an edit by hand in words, with its author", found[1])
ok("NO, SE or DK" in said(found[0])["rule nordic"][1], "what a segment says now is told", found[0])
ok(found[2]["what"] == "new", "its first commit", found[2])
ok(reasons("size") == ["first flags"] and reasons("listed") == ["another beta user", "first flags"],
   "comments are no change; the lines of a list file are", reasons("listed"))
ok(said(changes("listed")["changes"][0])["users on"][1].count("u3") == 1, "and they are told", changes("listed")["changes"][0])

# The ledger: an entry and the commit that has its edit are one change.
for action, reason in ("start", "let us go"), ("advance", "calm"):
    day += 1
    assert run(FFC, "canary", action, "pay", "--reason", reason, "--at", time()).returncode == 0
commit("two steps of pay at once")
found = changes("pay")["changes"]
ok([(one["action"], one["reason"], one["who"]) for one in found] == [("advance", "calm", "maria"), ("start", "let us go", "maria"),
                                                                     (None, "first flags", "ann")],
   "two entries in one commit, each once, with actor and reason", found)
ok(said(found[0]) == {"canary": ("running in stage early", "running in stage half")} and found[0]["commit"] == found[1]["commit"] and
   found[0]["environments"] == ["staging", "production"], "what they did, where, and in which commit", found[:2])
day += 1
assert run(FFC, "canary", "advance", "pay", "--reason", "all is well", "--at", time()).returncode == 0
edit("max: 1%", "max: 2%")
commit("step, and a looser guard")
found = changes("pay")["changes"]
ok([one["reason"] for one in found[:2]] == ["step, and a looser guard", "all is well"] and
   said(found[0]) == {"guard errors max": ("1%, else rollback", "2%, else rollback")},
   "what was edited by hand in the same commit is told apart", found[:2])
edit("state: running", "state: paused")
commit("paused in an editor")
found = changes("pay")["changes"][0]
ok(said(found) == {"canary": ("running in stage full", "paused in stage full")} and found["who"] == "ann", "a canary paused by hand is found", found)

assert run(FFC, "rollback", "size", "-e", "production", "--reason", "INC-7", "--at", time()).returncode == 0
found = changes("size")["changes"]
ok(found[0]["action"] == "override" and not found[0]["committed"] and len(found) == 2, "an override that is not committed yet", found)
day += 1
commit("emergency")
found = changes("size")["changes"]
ok(found[0]["committed"] and found[0]["commit"] and len(found) == 2, "and once it is", found)
ok(reasons("checkout")[0] == "Danes are nordic", "it is none of another flag's", reasons("checkout"))
identity = found[0]["says"][0]["what"].split(":", 1)[1]
day += 1
assert run(FFC, "rollback", "--lift", identity, "--reason", "mended", "--at", time()).returncode == 0
commit("lift")
ok([one["action"] for one in changes("size")["changes"]] == ["lift", "override", None], "its end", changes("size"))
write("overrides:\n  - {id: by-hand, flags: [size], serve: default, reason: none}\n", "flags/more.yaml")
commit("an override by hand")
found = changes("size")["changes"][0]
ok(found["override"] == "override:by-hand" and "flag size" in found["says"][0]["after"] and found["who"] == "ann", "an override written by hand", found)
os.unlink(f"{SCRATCH}/shop/flags/more.yaml")
commit("and gone")
ok(changes("size")["changes"][0]["says"][0]["after"] is None, "and taken out by hand")

# Renamed, moved, broken, mended.
edit("  checkout:\n", "  new-checkout:\n    salt: checkout\n")
commit("a better name")
found = changes("new-checkout")["changes"]
ok(found[0]["what"] == "renamed" and found[0]["former"] == "checkout" and [one["reason"] for one in found[1:]] ==
   ["Danes are nordic", "half of the north", "first flags"], "a renamed flag is followed", found)
ok(changes("checkout")["changes"][0]["what"] == "renamed", "and its former name still tells where it went", changes("checkout")["changes"][0])
moved = "  size: {type: integer, value: 20}\n"
edit(moved, "")
write("flags:\n" + moved, "flags/size.yaml")
commit("moved")
ok(reasons("size")[0] == "and gone", "a flag that moved to another file has not changed", reasons("size"))
edit("value: 20}", "value: [20}", "flags/size.yaml")
edit("percent: 50%", "percent: 60%")
commit("broken")
edit("percent: 60%", "percent: 70%")
commit("still broken")
edit("value: [20}", "value: 30}", "flags/size.yaml")
commit("mended")
log = changes("size")
ok(log["changes"][0]["reason"] == "mended" and said(log["changes"][0])["default"] == ("20", "30") and
   log["changes"][0]["commits_that_do_not_compile"] == 2, "what is unknown is compared over, and said", log["changes"][0])
ok([one["flags"] for one in log["unknown"]] == [["size"]], "the commit that broke it is named", log["unknown"])
ok("does not compile" in run(FFC, "log", "size").stderr, "on stderr, too")
ok(reasons("new-checkout")[:2] == ["still broken", "broken"], "a flag that is sound in such a commit has changed there", reasons("new-checkout"))
edit("          - {percent: 10%}\n", "          - {if: {country: FI}}\n          - {percent: 10%}\n")
commit("Finns first")
ok(said(changes("new-checkout")["changes"][0]) == {"rule rules[1]": (None, "on where country is FI")}, "a rule without a name that was put before another",
   changes("new-checkout")["changes"][0])
git("revert", "--no-edit", "HEAD", at="2026-12-01T10:00:00Z")
ok(said(changes("new-checkout")["changes"][0]) == {"rule rules[1]": ("on where country is FI", None)}, "a revert is a change", changes("new-checkout")["changes"][0])

# Branches.
git("checkout", "-qb", "side")
edit("percent: 70%", "percent: 80%")
git("commit", "-qam", "on a branch", at="2026-12-02T10:00:00Z")
git("checkout", "-q", "main")
edit("value: 30}", "value: 40}", "flags/size.yaml")
git("commit", "-qam", "meanwhile", at="2026-12-03T10:00:00Z")
git("merge", "-q", "--no-edit", "side", at="2026-12-04T10:00:00Z")
ok(reasons("-n", "2") == ["meanwhile", "on a branch"], "both sides of a merge, and not the merge", reasons("-n", "3"))
git("checkout", "-qb", "other")
edit("percent: 80%", "percent: 85%")
git("commit", "-qam", "more", at="2026-12-05T10:00:00Z")
git("checkout", "-q", "main")
edit("percent: 10%", "percent: 12%")
git("commit", "-qam", "elsewhere in the flag", at="2026-12-06T10:00:00Z")
run("git", "-c", "user.name=a", "-c", "user.email=a@b", "merge", "-q", "--no-commit", "other")
text = FLAGS.replace("  checkout:\n", "  new-checkout:\n    salt: checkout\n").replace("35%", "85%").replace("{percent: 10%}", "{percent: 12%}")
current = read("flags/flags.yaml")
write(current.split("  pay:")[0].split("  new-checkout:")[0] + text.split("flags:\n")[1].split("  pay:")[0].replace("owner: web", "owner: shop") + "  pay:" +
      read().split("  pay:")[1])
git("add", "-A")
git("commit", "-qm", "merge with a change of its own", at="2026-12-07T10:00:00Z")
found = changes("new-checkout")["changes"]
ok([one["reason"] for one in found[:3]] == ["merge with a change of its own", "elsewhere in the flag", "more"] and
   said(found[0]) == {"owner": ("web", "shop")}, "of a merge, what neither side has", found[:3])

# What is asked for.
ok(len(reasons("-n", "3")) == 3 and reasons("--since", "2026-12-05T00:00:00Z") ==
   ["merge with a change of its own", "elsewhere in the flag", "more"], "-n and --since", reasons("--since", "2026-12-05T00:00:00Z"))
ok(not any(one["environments"] == ["production"] for one in changes("-e", "staging")["changes"]) and
   any(one["environments"] == ["production"] for one in changes("-e", "production")["changes"]), "-e")
ok({one["flag"] for one in changes("size", "pay")["changes"] if one["flag"]} == {"size", "pay"}, "several flags")
edit("value: 40}", "value: 41}", "flags/size.yaml")
found = changes()["changes"][0]
ok(found["time"] is None and not found["committed"] and said(found)["default"] == ("40", "41"), "what is not committed comes first", found)
page = run(FFC, "log").stdout
ok(page.startswith("not committed\n  size in staging, production\n") and max(map(len, page.splitlines())) <= 80, "as a page of 80 columns", page)
ok("checkout, pay, size, listed are new" in page, "what is the same of several flags is told once", page)
ok("\x1b[" in run(FFC, "log", "--color", "always").stdout and "\x1b[" not in page, "colour where it is asked for")
ok("| when |" in run(FFC, "log", "--format", "markdown").stdout and "→" in run(FFC, "log", "--format", "markdown").stdout, "as Markdown")
ok("not committed" in run(FFC, "show", "size").stdout, "ffc show has the same", run(FFC, "show", "size").stdout)
git("checkout", "-q", "--", ".")
done = run(FFC, "log", "chekout-new")
ok(done.returncode == 1 and "no flag is called" in done.stderr, "a name that nothing ever had", done.stderr)
ok(run(FFC, "log", "--format", "xml").returncode == 2 and run(FFC, "log", "-e", "prod").returncode == 2, "usage errors")
edit("environments: [staging, production]", "environments: [staging, production, canada]", "flags/shop.yaml")
commit("Canada")
found = changes("-n", "1")["changes"][0]
ok(found["what"] == "new" and found["environments"] == ["canada"] and found["flag"] is None, "an environment that is new is one change", found)
ok("environment canada is new" in run(FFC, "log", "-n", "1").stdout, "and a line", run(FFC, "log", "-n", "1").stdout)
edit("  listed: {users: {on: {file: lists/beta.txt}}}\n", "")
commit("not needed")
ok(changes("listed")["changes"][0]["what"] == "removed", "a flag that is gone has its history", changes("listed")["changes"][:1])

# What others wrote.
edit("owner: shop", 'owner: "shop\\e[31m"')
commit("evil \x1b[2J message \u202e turned")
page = run(FFC, "log").stdout
ok("\x1b" not in page and "\u202e" not in page and "<1B>[2J" in page, "a message cannot reach a terminal", page[:400])
ok("\x1b" not in run(FFC, "log", "--format", "markdown").stdout and "\x1b" not in run(FFC, "log", "--json").stdout, "in no format")

# What is not there.
git("clone", "-q", "--depth", "2", f"file://{SCRATCH}/shop", f"{SCRATCH}/shallow")
log = changes("new-checkout", cwd=f"{SCRATCH}/shallow")
ok(log["shallow"] and [one["what"] for one in log["changes"] if not one["entry"]] == ["changed"] and
   "shallow" in run(FFC, "log", cwd=f"{SCRATCH}/shallow").stderr, "of a shallow clone no flag is new that only begins there", log)
shutil.copytree(f"{SCRATCH}/shop", f"{SCRATCH}/plain", ignore=shutil.ignore_patterns(".git"))
done = run(FFC, "log", "pay", cwd=f"{SCRATCH}/plain")
ok(done.returncode == 0 and "git knows nothing" in done.stderr and "calm" in done.stdout, "without git, the ledger's", done.stderr)

# What edits record and what their commits change is one change.
os.makedirs(f"{SCRATCH}/edited/flags")
HERE = {"cwd": f"{SCRATCH}/edited"}
for name, text in (("project.yaml", SHOP), ("flags.yaml", FLAGS.replace("{file: lists/beta.txt}", "[u1]"))):
    with open(f"{SCRATCH}/edited/flags/{name}", "w", encoding="utf-8") as file:
        file.write(text)
git("init", "-q", "-b", "main", **HERE)
git("config", "user.name", "ann", **HERE)
git("config", "user.email", "ann@example.com", **HERE)
git("add", "-A", **HERE)
git("commit", "-qm", "first", **HERE)
ids = []
for words in (["set", "checkout", "-e", "production", "rules.nordic.percent=40%"], ["promote", "checkout", "--from", "production", "--to", "staging"],
              ["rename", "checkout", "till"], ["set", "till", "-e", "production", "rules.nordic.percent=50%"]):
    done = run(FFC, *words, "--reason", "to " + words[0], "--commit", **HERE)
    ok(done.returncode == 0, f"{words[0]} is committed", done.stderr)
    ids.insert(0, git("rev-parse", "HEAD", **HERE)[:10])
run(FFC, "set", "size", "value=30", "--reason", "not yet", **HERE)
found = json.loads(run(FFC, "log", "--json", **HERE).stdout)["changes"]
told = [(one["action"], one["flag"], one["what"], one["reason"], one["commit"]) for one in found if one["entry"]]
ok(told == [("set", "size", "changed", "not yet", None), ("set", "till", "changed", "to set", ids[0]),
            ("rename", "till", "renamed", "to rename", ids[1]), ("promote", "checkout", "changed", "to promote", ids[2]),
            ("set", "checkout", "changed", "to set", ids[3])], "edits are told once each, with their commits", told, found)
ok(not [one for one in found if not one["entry"] and one["what"] != "new"], "and nothing of them twice", found)
former = json.loads(run(FFC, "log", "checkout", "--json", **HERE).stdout)["changes"]
ok((former[0]["what"], former[0]["reason"], former[0]["commit"]) == ("renamed", "to rename", ids[1]), "by the former name, too", former)
done = run(FFC, "revert", "till", ids[3], "--reason", "as it was", **HERE)
with open(f"{SCRATCH}/edited/flags/flags.yaml", encoding="utf-8") as file:
    text = file.read()
ok(done.returncode == 0 and "'till' was 'checkout'" in done.stderr and "percent: 40%" in text and "salt: checkout" in text and
   "staging: {serve: on}" in text, "a flag that was renamed is reverted to what it was before, with its units", text, done.stderr)
run(FFC, "set", "till", "-e", "production", "rules.nordic.percent=60%", "--reason", "sixty", **HERE)
run(FFC, "set", "till", "-e", "production", "rules.nordic.percent=65%", "--reason", "some more", **HERE)
run(FFC, "new", "lamp", "--reason", "it is dark", **HERE)
with open(f"{SCRATCH}/edited/flags/flags.yaml", encoding="utf-8") as file:
    text = file.read()
with open(f"{SCRATCH}/edited/flags/flags.yaml", "w", encoding="utf-8") as file:
    file.write(text.replace("percent: 65%", "percent: 70%"))


def steps(*arguments, **more):
    log = json.loads(run(FFC, "log", "till", "-n", "3", "--json", *arguments, **more).stdout)["changes"]
    return [(one["reason"] if one["entry"] else "by hand", *said(one)["rule nordic"]) for one in log]


WORDS = "on for {}% where segment northern"
STEPS = [("by hand", WORDS.format(65), WORDS.format(70)), ("some more", WORDS.format(60), WORDS.format(65)), ("sixty", WORDS.format(40), WORDS.format(60))]
ok(steps(**HERE) == STEPS, "edits that are not committed, and what was edited by hand after them", steps(**HERE))
def of_flag(name):
    return [(one["what"], one["action"], one["commit"]) for one in json.loads(run(FFC, "log", "--json", **HERE).stdout)["changes"]
            if one["flag"] == name and one["action"]]


ok(of_flag("lamp") == [("new", "new", None)], "a new flag is told once", of_flag("lamp"))
# A commit takes entries along whose edits it does not have.
git("add", "flags/ledger", **HERE)
git("commit", "-qm", "the ledger alone", **HERE)
ok(of_flag("lamp") == [("new", "new", None)], "an edit is in no commit because its entry is", of_flag("lamp"))
ok(steps(**HERE) == STEPS, "nor are those before it", steps(**HERE))
git("add", "-A", **HERE)
git("commit", "-qm", "all at once", **HERE)
ok(of_flag("lamp") == [("new", "new", git("rev-parse", "HEAD", **HERE)[:10])], "but in the one that has it", of_flag("lamp"))
STEPS[0] = ("by hand", *STEPS[0][1:])
ok(steps(**HERE) == STEPS, "the same in one commit", steps(**HERE))
shutil.copytree(f"{SCRATCH}/edited", f"{SCRATCH}/bare", ignore=shutil.ignore_patterns(".git"))
ok(steps(cwd=f"{SCRATCH}/bare")[:2] == STEPS[1:], "and without git: the ledger has the words", steps(cwd=f"{SCRATCH}/bare"))
ok("till was checkout until then" in run(FFC, "log", cwd=f"{SCRATCH}/bare").stdout, "of a rename, too")
ok(len(json.loads(run(FFC, "log", "till", "--since", "1h", "--json", **HERE).stdout)["changes"]) >= 3 and
   not json.loads(run(FFC, "log", "till", "--until", "-1h", "--json", **HERE).stdout)["changes"] and
   not json.loads(run(FFC, "log", "till", "--since", "2099-01-01", "--json", **HERE).stdout)["changes"], "of a time, by its distance or its day")
done = run(FFC, "log", "--since", "last week", **HERE)
ok(done.returncode == 2 and "such as 7d" in done.stderr, "which is to be one", done.stderr)
git("mv", "flags", "toggles")
commit("another folder")
found = changes("new-checkout", "-C", "toggles")["changes"]
ok(found[0]["what"] == "new", "a project that is moved begins anew", found)
edit("owner:", "owner: [", "toggles/flags.yaml")
done = run(FFC, "log", "-C", "toggles")
ok(done.returncode == 1 and "work tree does not compile" in done.stderr, "a work tree with errors is said to be unknown", done.stderr)
shutil.rmtree(SCRATCH)
sys.exit(finish())
