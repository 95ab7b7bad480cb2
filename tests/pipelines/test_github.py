#!/usr/bin/env python3
"""The action and the workflows for GitHub, as they are shipped, run step by step in fresh checkouts of a local remote."""
import json
import os
import re
import shutil
import subprocess

import forge
from forge import SCRATCH, TOKEN, TOP, Forge, equal, finish, git, log_of, need, ok, repository, shop
from runner import Run, scripts_of

need("git", "curl", "bash", "python3")
WORKFLOWS = os.path.join(TOP, "tools", "pipelines", "github")
releases, version = forge.make_release()
server = Forge(releases)

# As GitHub unpacks it: the repository of the action, and nothing that is built.
actions = os.path.join(SCRATCH, "actions")
for folder in ("action", "pipelines"):
    shutil.copytree(os.path.join(TOP, "tools", folder), os.path.join(actions, "tools", folder))

# No text that somebody typed becomes a part of a script.
for file in [os.path.join(WORKFLOWS, name) for name in sorted(os.listdir(WORKFLOWS))] + [
        os.path.join(TOP, "tools", "action", name) for name in ("action.yml", "install/action.yml")]:
    scripts = scripts_of(file)
    ok(scripts and not any("${{" in script for script in scripts), f"{os.path.basename(file)}: scripts are as they are", scripts)
    with open(file) as text:
        versions = re.findall(r"uses: OWNER/ffc\S*@v(\S+)", text.read())
    ok(all(one == version for one in versions), f"{os.path.basename(file)}: names this release", versions)

serial = 0


def run(workflow, remote, ref, event_name="push", event=None, inputs=None, secrets=None, path=None, **more):
    global serial
    serial += 1
    branch = ref.split("/")[-1]
    github = {"event_name": event_name, "event": event or {}, "ref": ref, "ref_name": branch, "remote": remote,
              "repository": "shop/shop", "actor": "ann", "sha": git(remote, "rev-parse", ref), "token": TOKEN,
              "server_url": server.url, "api_url": server.url}
    return Run(os.path.join(SCRATCH, f"run-{serial}"), path or os.path.join(WORKFLOWS, workflow), actions, github,
               inputs, secrets, **more).run()


def step(done, name):
    return next((one for one in done.steps if one.name == name), None)


def told(done):
    return "\n".join(f"--- {one.name}: {one.status}\n{one.out}{one.err}" for one in done.steps)


# ------------------------------------------------------------------------------------------- review

root, remote = repository("review", shop())


def pull_request(branch, edit, **more):
    """Pushes a branch with that edit, and runs the review of what GitHub would merge."""
    git(root, "checkout", "-q", "-B", branch, "main")
    path = os.path.join(root, "flags", "shop.yaml")
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write(edit(text))
    git(root, "commit", "-qam", branch)
    git(root, "push", "-qf", "origin", branch)
    base = git(root, "rev-parse", "main")
    merge = git(root, "commit-tree", "-m", "merge", "-p", base, "-p", branch, branch + "^{tree}")
    git(root, "push", "-qf", "origin", f"{merge}:refs/pull/1/merge")
    git(root, "checkout", "-q", "main")
    event = {"pull_request": {"number": "1", "base": {"sha": base}}}
    return run("flags.yaml", remote, "refs/pull/1/merge", "pull_request", event, **more)


done = pull_request("more", lambda text: text.replace("percent: 20%\n  canary", "percent: 35%\n  canary"))
ok(not done.failed, "a sound pull request passes", told(done))
equal([one.name for one in done.steps],
      ["Install ffc", "Check", "Check the form", "Test", "Say what changes", "Write SARIF", "Build"], "each step runs")
equal(len(server.comments), 1, "it gets one comment")
comment = server.comments[0]["body"]
ok("**1 flag changes in production; none in staging**" in comment and "15.0 % `off` → `on`" in comment, "which says whom it touches", comment)
ok(done.summary() and comment.endswith(done.summary()), "and so does the job's page", done.summary())
equal(done.artifacts, {"flags": ["production.ffs", "staging.ffs"]}, "what was built is kept")
equal(len(done.sarif[0]["runs"][0]["results"]), 0, "code scanning gets what check found")
shown = os.environ.get("SHOW_COMMENT")
if shown:
    with open(shown, "w") as file:
        file.write(comment)

# Somebody else's comment that begins alike is not taken for the own; many are leafed through.
server.comments = [{"id": number, "body": "x", "user": {"type": "User"}} for number in range(150)]
server.comments.insert(3, {"id": 999, "body": "<!-- ffc: what this change does to flags -->\nfine!", "user": {"type": "User"}})
done = pull_request("more", lambda text: text.replace("percent: 20%\n  canary", "percent: 50%\n  canary"))
equal((len(server.comments), server.comments[3]["body"].endswith("fine!"), "30.0 %" in server.comments[-1]["body"]),
      (152, True, True), "a stranger's comment is left alone")
done = pull_request("more", lambda text: text.replace("owner: web", "owner: shop"))
ok(len(server.comments) == 152 and "**No flag changes" in server.comments[-1]["body"], "the own one is kept up to date", server.comments[-1])
server.comments = []
done = pull_request("words", lambda text: text.replace("owner: web", "owner: shop"))
ok(not done.failed and server.comments == [] and "No flag changes" in done.summary(), "a change without effect gets none", told(done))

# Definitions with errors: the check fails, and the rest says so.
done = pull_request("broken", lambda text: text.replace("percent: 20%\n  canary", "percent: 200%\n  canary"))
check = step(done, "Check")
ok(done.failed and check.status == 1 and re.search(r"^::error file=flags/shop.yaml,line=\d+", check.out, re.M),
   "an error fails it, at its line", told(done))
ok("cannot be told: they have errors" in server.comments[0]["body"] and "200%" in server.comments[0]["body"], "the comment has it", server.comments)
equal([len(one["runs"][0]["results"]) for one in done.sarif], [1], "and code scanning")
ok(not done.artifacts.get("flags"), "nothing is published")
done = pull_request("shapeless", lambda text: text.replace("    owner: web\n", "    owner:   web\n"))
ok(done.failed and step(done, "Check the form").status == 1, "so does a file that is not in canonical form", told(done))
done = pull_request("failing", lambda text: text + "tests: [{name: all, flag: new-checkout, environment: production, "
                    "units: 10000, expect_share: {on: 90%, off: 10%}}]\n")
ok(done.failed and step(done, "Test").status == 1 and "::error file=flags/shop.yaml" in step(done, "Test").err, "and a test that fails", told(done))

# From a fork: the token may only read. And a repository without code scanning.
server.refuses = 403
server.comments = []
done = pull_request("fork", lambda text: text.replace("percent: 20%\n  canary", "percent: 35%\n  canary"), refuse_sarif=True)
ok(not done.failed and "15.0 %" in done.summary() and "may not write comments (403)" in step(done, "Say what changes").err,
   "without the right to comment, the job's page has it", told(done))
server.refuses = 500
done = pull_request("fork", lambda text: text.replace("percent: 20%\n  canary", "percent: 35%\n  canary"))
ok(done.failed, "a service that fails is a failure", told(done))
server.refuses = None

# A new project, and one that would be too long a comment.
empty = os.path.join(SCRATCH, "fresh")
os.makedirs(empty)
git(empty, "init", "-q", "-b", "main")
git(empty, "commit", "-q", "--allow-empty", "-m", "empty")
git(empty, "clone", "-q", "--bare", empty, empty + ".git")
git(empty + ".git", "config", "uploadpack.allowAnySHA1InWant", "true")
git(empty, "remote", "add", "origin", empty + ".git")
root, remote = empty, empty + ".git"
os.makedirs(os.path.join(root, "flags"))
with open(os.path.join(root, "flags", "shop.yaml"), "w") as file:
    file.write("")
git(root, "add", "-A")


def many(_):
    flags = "".join(f"  flag-{number}-of-a-project-with-a-great-many-of-them: {{owner: web, percent: 20%}}\n" for number in range(800))
    return "project: {name: shop, environments: [production], bucket_by: user_id}\nattributes: {user_id: string}\nflags:\n" + flags


done = pull_request("first", many)
ok(step(done, "Say what changes").status == 0 and "is new, with 800 flags" in server.comments[0]["body"], "a project that is new", told(done))
git(root, "merge", "-q", "first")
git(root, "push", "-q", "origin", "main")
done = pull_request("all", lambda text: text.replace("20%", "30%"))
body = server.comments[0]["body"]
ok(len(body) < 65536 and body.endswith("*… and more: the job's page has all of it.*\n") and len(done.summary()) > len(body),
   "a comment that would be too long is cut at a line", len(body))

# ------------------------------------------------------------------------------------------- a release

os.rename(os.path.join(releases, "install.sh"), os.path.join(releases, "install.sh.away"))
packed = next(name for name in os.listdir(releases) if name.endswith(".tar.gz"))
with open(os.path.join(releases, packed), "ab") as file:
    file.write(b"more")
done = run("flags.yaml", remote, "refs/heads/main")
ok(done.failed and "checksum" in step(done, "Install ffc").err.lower() and len(done.steps) == 1,
   "a release that was changed is not installed, and nothing runs", told(done))
os.rename(os.path.join(releases, "install.sh.away"), os.path.join(releases, "install.sh"))
shutil.rmtree(releases)
releases, _ = forge.make_release()
server.releases = releases
done = run("flags.yaml", remote, "refs/heads/main")
ok(not done.failed and done.artifacts["flags"] == ["production.ffs"] and step(done, "Say what changes") is None,
   "what is merged is checked and built", told(done))

# ---------------------------------------------------------------------------------------- operations

root, remote = repository("operate", shop(server.url + "/log"))
server.log = log_of()


def operate(operation, flag="", value="", reason="", environment="production"):
    inputs = {"operation": operation, "environment": environment, "flag": flag, "value": value, "reason": reason}
    return run("flag-operations.yaml", remote, "refs/heads/main", "workflow_dispatch", inputs=inputs)


def head():
    return git(remote, "log", "-1", "--format=%s%n%b%an", "main")


def definitions():
    return git(remote, "show", "main:flags/shop.yaml")


before = git(remote, "rev-parse", "main")
for operation, flag, has in (
        ("list", "", "new-checkout"), ("list", "canary.*", "running first 20%"), ("show", "new-checkout", "Checkout on one page"),
        ("history", "", ""), ("health", "canary.checkout", "error_rate"), ("metrics", "canary.checkout", "error_rate"),
        ("results", "cta-button", "treatment is not shown to be better")):
    done = operate(operation, flag)
    ok(not done.failed and has in done.summary() and done.jobs == ["look"] and done.environment is None,
       f"{operation} {flag}: shows it, and waits for nobody", told(done))
equal(git(remote, "rev-parse", "main"), before, "looking changes nothing")
done = operate("show", "new-chekout")
ok(done.failed and "did you mean 'new-checkout'" in done.summary(), "a slip is said", done.summary())

for operation, flag, value, subject, holds in (
        ("percentage", "new-checkout", "35", "new-checkout", "percent: 35%"),
        ("percentage", "new-checkout", "12.5%", "new-checkout", "percent: 12.5%"),
        ("set", "new-checkout", "owner=shop; rm -rf .", "new-checkout", "owner: shop; rm -rf ."),
        ("disable", "new-checkout", "", "new-checkout", "percent: 0%"),
        ("enable", "new-checkout", "", "new-checkout", "percent: 100%"),
        ("canary-pause", "canary.checkout", "", "canary.checkout in production: pause", "state: paused"),
        ("canary-resume", "canary.checkout", "", "canary.checkout in production: resume", "state: running"),
        ("canary-advance", "canary.checkout", "full", "canary.checkout in production: advance", "stage: full"),
        ("canary-complete", "canary.checkout", "", "canary.checkout in production: complete", "state: complete"),
        ("canary-rollback", "canary.checkout", "", "canary.checkout", ""),
        ("canary-start", "canary.checkout", "first", "canary.checkout in production: start", "stage: first"),
        ("experiment-stop", "cta-button", "", "cta-button in production: stop", "state: concluded"),
        ("rollback", "new-checkout", "", "rollback-", "")):
    done = operate(operation, flag, value, f"because of {operation}; $(touch hacked) `touch hacked`")
    ok(not done.failed and done.environment == "production" and done.jobs == ["change"], f"{operation}: is done", told(done))
    ok(subject in head() and f"because of {operation}; $(touch hacked) `touch hacked`" in head() and "Actor: ann" in head() and holds in definitions(),
       "committed with its reason and its actor, and pushed", head(), definitions())
    ok(done.artifacts["flags"] == ["production.ffs", "staging.ffs"] and not os.path.exists(os.path.join(done.workspace, "hacked")),
       "and built", told(done))
override = git(remote, "ls-tree", "--name-only", "main:flags/overrides").split()[-1].removesuffix(".yaml")
done = operate("lift", value=override, reason="mended")
ok(not done.failed and "mended" in head(), "an override is lifted", told(done))

before = git(remote, "rev-parse", "main")
for operation, flag, value, reason, says in (
        ("percentage", "new-checkout", "lots", "why", "needs a value such as 25%"),
        ("percentage", "new-checkout", "25", "", "needs a reason"),
        ("percentage", "", "25", "why", "needs a flag"),
        ("set", "--help", "x", "why", "does not begin with a dash"),
        ("set", "new-checkout", "--dry-run", "why", "does not begin with a dash"),
        ("drop", "new-checkout", "", "why", "there is no operation 'drop'"),
        ("percentage", "new-checkout", "250%", "why", "needs a value such as 25%")):
    done = operate(operation, flag, value, reason)
    ok(done.failed and says in done.summary(), f"{operation} '{flag}' '{value}': is refused", told(done))
equal(git(remote, "rev-parse", "main"), before, "and nothing is pushed")

# An experiment is concluded with what its log shows.
root, remote = repository("conclude", shop(server.url + "/log"))
done = operate("experiment-conclude", "cta-button", "", "too early")
ok(done.failed and "the evidence decides nothing yet" in done.summary(), "an experiment is not concluded before it can be", told(done))
worse = [json.loads(line) for line in log_of().splitlines()]
contexts = "".join(json.dumps({"user_id": line["user_id"]}) + "\n" for line in worse)
said = subprocess.run([os.path.join(forge.BUILD, "ffc"), "eval", "cta-button", "-C", os.path.join(root, "flags"), "-e", "production",
                       "--contexts", "-", "--json"], input=contexts, capture_output=True, text=True).stdout.splitlines()
for number, (line, answer) in enumerate(zip(worse, said)):
    if json.loads(answer)["variant"] == "control" and number % 3 == 0:
        line["status"] = 503
server.log = "".join(json.dumps(line) + "\n" for line in worse)
done = operate("experiment-conclude", "cta-button", "", "enough seen")
ok(not done.failed and "enough seen" in head() and "winner: treatment" in definitions(), "an experiment is concluded", told(done), head())
entry = [name for name in git(remote, "ls-tree", "-r", "--name-only", "main").split() if "ledger/2" in name][-1]
ok('"evidence"' in git(remote, "show", f"main:{entry}"), "with its evidence", git(remote, "show", f"main:{entry}"))

# Somebody pushes in between: both are there.
hook = os.path.join(remote, "hooks", "pre-receive")
with open(hook, "w") as file:
    file.write(f"""#!/bin/sh
[ -e {SCRATCH}/pushed ] && exit 0
touch {SCRATCH}/pushed
unset GIT_DIR GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
cd {root} && git pull -q --rebase && git commit -q --allow-empty -m meanwhile && git push -q origin main
exit 1
""")
os.chmod(hook, 0o755)
git(root, "config", "user.name", "ann")
git(root, "config", "user.email", "ann@example.com")
done = operate("percentage", "new-checkout", "40%", "two at once")
log = git(remote, "log", "-3", "--format=%s", "main")
ok(not done.failed and "meanwhile" in log and "new-checkout" in log.split("\n")[0], "a push that is refused is made again upon what is there", told(done), log)
os.unlink(hook)

# ----------------------------------------------------------------------------------------- decisions

root, remote = repository("decide", shop(server.url + "/log"))
server.log = log_of(canary_errors=0.3)
before = git(remote, "rev-parse", "main")
done = run("flag-decisions.yaml", remote, "refs/heads/main", "schedule", secrets={"FLAG_LOGS_TOKEN": "x"})
ok(not done.failed, "a schedule decides", told(done))
ok(head().startswith("canary.checkout in production: rollback, rolled_back\ncanary.checkout: error_rate is ") and "state: rolled_back" in definitions(),
   "a red metric is rolled back, committed and pushed, with no person", head())
ok("error_rate is" in done.summary() and done.artifacts["flags"] == ["production.ffs", "staging.ffs"], "told, and built", done.summary())
after = git(remote, "rev-parse", "main")
done = run("flag-decisions.yaml", remote, "refs/heads/main", "schedule", secrets={})
ok(not done.failed and git(remote, "rev-parse", "main") == after != before, "the next one has nothing to do", told(done))
finish()
