#!/usr/bin/env python3
"""The pipeline for GitLab, as it is shipped: the scripts of its jobs run in fresh checkouts of a local remote."""
import json
import os
import re
import shutil
import subprocess

import yaml

import forge
from forge import SCRATCH, TOKEN, TOP, Forge, equal, finish, git, log_of, need, ok, repository, shop

need("git", "curl", "bash", "python3")
FILE = os.path.join(TOP, "tools", "pipelines", "gitlab", "flags.yaml")
releases, version = forge.make_release()
server = Forge(releases)
with open(FILE) as file:
    PIPELINE = yaml.safe_load(file)
equal(PIPELINE[".ffc"]["variables"]["FFC_VERSION"], "v" + version, "it names this release")
LOOKS = "list|show|history|health|metrics|results"
with open(os.path.join(TOP, "tools", "pipelines", "github", "flag-operations.yaml")) as file:
    dispatch = yaml.safe_load(file)[True]["workflow_dispatch"]["inputs"]["operation"]["options"]
equal([one for one in PIPELINE["variables"]["OPERATION"]["options"] if one], dispatch, "its operations are those of GitHub's")


def job_of(name):
    """With what it extends, as GitLab merges it."""
    job = PIPELINE[name]
    if "extends" not in job:
        return job
    base = job_of(job["extends"])
    return {**base, **job, "variables": {**base.get("variables", {}), **job.get("variables", {})}}


def is_met(rule, variables):
    """A rule's `if:`, of comparisons with && between them."""
    for one in rule.split(" && "):
        found = re.fullmatch(r"\$(\w+)(?: (==|=~|!~) (\S+))?", one)
        assert found, one
        value, operator, other = variables.get(found[1], ""), found[2], found[3]
        if operator == "==":
            other = variables.get(other[1:], "") if other.startswith("$") else other.strip('"')
            met = value == other
        elif operator:
            met = bool(re.search(other.strip("/"), value)) == (operator == "=~")
        else:
            met = bool(value)
        if not met:
            return False
    return True


class Job:
    def __init__(self, name, variables, place, home):
        job = job_of(name)
        self.job = job
        self.variables = dict(variables)
        for key, value in job.get("variables", {}).items():
            self.variables[key] = re.sub(r"\$(\w+)", lambda found: self.variables.get(found[1], ""), value)
        self.variables["FFC_RELEASES"] = server.url + "/OWNER/ffc/releases/download"
        lines = job.get("before_script", []) + job["script"]
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", "\n".join(lines)], cwd=place, capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin", "HOME": home, **self.variables})
        self.status, self.out, self.err, self.place = done.returncode, done.stdout, done.stderr, place

    def told(self):
        return f"exit {self.status}\n{self.out}\n{self.err}"


serial = 0


def pipeline(remote, source, ref="main", secret=TOKEN, **more):
    """The jobs that run of a pipeline, in the order of the file, each in a checkout of its own, as runners make it."""
    global serial
    home = os.path.join(SCRATCH, "home")
    os.makedirs(home, exist_ok=True)
    given = {key: value["value"] for key, value in PIPELINE["variables"].items()}
    variables = {**given, "CI": "true", "GITLAB_CI": "true", "CI_PIPELINE_SOURCE": source, "CI_COMMIT_SHA": git(remote, "rev-parse", ref),
                 "CI_DEFAULT_BRANCH": "main", "CI_API_V4_URL": server.url + "/api/v4", "CI_PROJECT_ID": "12",
                 "CI_SERVER_HOST": "gitlab.example.com", "CI_PROJECT_PATH": "shop/shop", "GITLAB_USER_LOGIN": "ann",
                 "FLAG_TOKEN": secret, **({} if source == "merge_request_event" else {"CI_COMMIT_BRANCH": ref}), **more}
    # Where git pushes with that address and that token; a runner's own checkout may only read.
    with open(os.path.join(home, ".gitconfig"), "w") as file:
        file.write(f'[url "{remote}"]\n\tinsteadOf = https://oauth2:{TOKEN}@gitlab.example.com/shop/shop.git\n')
    ran = {}
    for name, job in PIPELINE.items():
        if name.startswith(".") or name == "variables" or not any(is_met(rule["if"], variables) for rule in job_of(name)["rules"]):
            continue
        serial += 1
        place = os.path.join(SCRATCH, f"job-{serial}")
        git(SCRATCH, "clone", "-q", "-n", "file://" + remote, place)
        git(place, "remote", "set-url", "--push", "origin", "/nonexistent")
        git(place, "checkout", "-q", "--detach", variables["CI_COMMIT_SHA"])
        ran[name] = Job(name, {**variables, "CI_PROJECT_DIR": place}, place, home)
    return ran


root, remote = repository("review", shop())
git(root, "checkout", "-q", "-b", "more")
path = os.path.join(root, "flags", "shop.yaml")
with open(path) as file:
    text = file.read()
with open(path, "w") as file:
    file.write(text.replace("percent: 20%\n  canary", "percent: 35%\n  canary"))
git(root, "commit", "-qam", "more")
git(root, "push", "-q", "origin", "more")
review = {"CI_MERGE_REQUEST_IID": "4", "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(root, "rev-parse", "main")}
ran = pipeline(remote, "merge_request_event", "more", **review)
equal(list(ran), ["flags:review", "flags"], "a merge request is checked and told about")
ok(all(job.status == 0 for job in ran.values()), "and passes", *[job.told() for job in ran.values()])
ok(len(server.comments) == 1 and "15.0 % `off` → `on`" in server.comments[0]["body"], "one note says whom it touches", server.comments)
ok(all(os.path.exists(os.path.join(ran["flags"].place, path)) for path in ran["flags"].job["artifacts"]["paths"] +
       [ran["flags"].job["artifacts"]["reports"]["junit"]]), "what is kept is there")
ran = pipeline(remote, "merge_request_event", "more", **review)
equal(len(server.comments), 1, "and is kept up to date")
server.comments[0]["author"]["id"] = 8
pipeline(remote, "merge_request_event", "more", **review)
equal(len(server.comments), 2, "somebody else's is left alone")
ran = pipeline(remote, "merge_request_event", "more", secret="", **review)
ok(ran["flags:review"].status == 0 and "15.0 %" in ran["flags:review"].out, "without a token the job's page has it", ran["flags:review"].told())
ran = pipeline(remote, "push")
ok(list(ran) == ["flags"] and ran["flags"].status == 0, "what is merged is checked and built", *[job.told() for job in ran.values()])
equal(list(pipeline(remote, "push", "more")), [], "a branch alone runs nothing")

root, remote = repository("operate", shop(server.url + "/log"))
server.log = log_of()
ran = pipeline(remote, "web", OPERATION="show", FLAG="new-checkout")
ok(list(ran) == ["flags:look"] and ran["flags:look"].status == 0 and "Checkout on one page" in ran["flags:look"].out, "an operation shows",
   *[job.told() for job in ran.values()])
ran = pipeline(remote, "web", OPERATION="percentage", FLAG="new-checkout", VALUE="35%", REASON="$(touch hacked) a third")
job = ran.get("flags:change")
ok(list(ran) == ["flags:change"] and job.status == 0 and job.job["environment"]["name"] == "$ENVIRONMENT", "one that changes waits for its environment",
   *[job.told() for job in ran.values()])
subject = git(remote, "log", "-1", "--format=%B", "main")
ok("new-checkout in production: 35%" in subject and "$(touch hacked) a third" in subject and "Actor: ann" in subject, "and is pushed", subject)
ok(not os.path.exists(os.path.join(job.place, "hacked")), "whatever was typed")
ran = pipeline(remote, "web", OPERATION="percentage", FLAG="new-checkout", VALUE="35%")
ok(ran["flags:change"].status != 0 and "needs a reason" in ran["flags:change"].out, "what is refused fails", ran["flags:change"].told())
equal(list(pipeline(remote, "web")), [], "without an operation, a pipeline by hand is none of flags")

server.log = log_of(canary_errors=0.3)
ran = pipeline(remote, "schedule")
ok(list(ran) == ["flags:decide"] and ran["flags:decide"].status == 0, "a schedule decides", *[job.told() for job in ran.values()])
ok(git(remote, "log", "-1", "--format=%s", "main").startswith("canary.checkout in production: rollback")
   and "state: rolled_back" in git(remote, "show", "main:flags/shop.yaml"), "and pushes a rollback, with no person", git(remote, "log", "-1", "main"))
shutil.rmtree(os.path.join(SCRATCH, "home"))
finish()
