"""Runs the jobs of a workflow of GitHub as their file has them, in a fresh checkout of a local bare repository, with
what a runner has and nothing else. What `uses:` names is carried out here: actions/checkout, actions/upload-artifact,
github/codeql-action/upload-sarif; composite actions of this project run their own steps.

Only what the shipped files use is known; anything else is an error, never a guess.
"""
import json
import os
import re
import shutil
import subprocess

import yaml

# ------------------------------------------------------------------------------------- expressions

TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w.-]*)|(?P<op>==|!=|&&|\|\||[!(),]))")


class Expression:
    """GitHub's expressions, as far as they are used."""

    def __init__(self, text, contexts, failed):
        self.tokens = []
        place = 0
        text = text.strip()
        while place < len(text):
            found = TOKEN.match(text, place)
            assert found, f"not an expression that is known here: {text[place:]!r}"
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()
        self.contexts = contexts
        self.failed = failed
        self.asks_status = False

    def value(self):
        value = self.either()
        assert not self.tokens, self.tokens
        return value

    def takes(self, *words):
        if self.tokens and self.tokens[0] in [("op", word) for word in words]:
            return self.tokens.pop(0)[1]
        return None

    def either(self):
        value = self.both()
        while self.takes("||"):
            other = self.both()
            value = value or other
        return value

    def both(self):
        value = self.compared()
        while self.takes("&&"):
            other = self.compared()
            value = value and other
        return value

    def compared(self):
        value = self.single()
        while operator := self.takes("==", "!="):
            other = self.single()
            value = (value == other) == (operator == "==")
        return value

    def single(self):
        if self.takes("!"):
            return not self.single()
        if self.takes("("):
            value = self.either()
            assert self.takes(")")
            return value
        kind, word = self.tokens.pop(0)
        if kind == "text":
            return word[1:-1].replace("''", "'")
        assert kind == "name", word
        if self.takes("("):
            return self.call(word)
        value = self.contexts
        for part in word.split("."):
            assert isinstance(value, dict), f"no context is called {word}"
            value = value.get(part, "")
        return value

    def call(self, name):
        arguments = []
        while not self.takes(")"):
            arguments.append(self.either())
            self.takes(",")
        if name in ("always", "cancelled", "success", "failure"):
            self.asks_status = True
            return {"always": True, "cancelled": False, "success": not self.failed, "failure": self.failed}[name]
        return {"contains": lambda where, what: what in where, "fromJSON": json.loads}[name](*arguments)


def fill(text, contexts, failed=False):
    """A text with its `${{ }}` filled in."""
    def one(found):
        value = Expression(found[1], contexts, failed).value()
        return {True: "true", False: "false", None: ""}.get(value, str(value)) if not isinstance(value, str) else value
    return re.sub(r"\$\{\{(.*?)\}\}", one, str(text))


def holds(text, contexts, failed):
    """Whether a step or a job with this `if:` runs; without a function of the status, only if all went well."""
    text = str(text).strip()
    if text.startswith("${{"):
        text = text[3:-2]
    expression = Expression(text, contexts, failed)
    value = expression.value()
    return bool(value) and (expression.asks_status or not failed)


# ---------------------------------------------------------------------------------------------- jobs


class Step:
    def __init__(self, name, done):
        self.name = name
        self.status = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()


class Run:
    """One run of a workflow, in a folder of its own."""

    def __init__(self, place, workflow, actions, github, inputs=None, secrets=None, refuse_sarif=False):
        shutil.rmtree(place, ignore_errors=True)
        self.workspace = os.path.join(place, "work")
        self.temp = os.path.join(place, "temp")
        for folder in (self.workspace, self.temp, os.path.join(place, "home")):
            os.makedirs(folder)
        with open(workflow) as file:
            self.workflow = yaml.safe_load(file)
        self.place, self.actions, self.github = place, actions, github
        self.refuse_sarif = refuse_sarif
        self.contexts = {"github": github, "inputs": inputs or {}, "secrets": secrets or {}, "env": {},
                         "runner": {"temp": self.temp}}
        self.steps, self.artifacts, self.sarif, self.jobs = [], {}, [], []
        self.environment = None
        self.path = "/usr/bin:/bin"
        self.lasting = {}
        self.failed = False
        for name in ("path", "env", "summary", "output"):
            open(os.path.join(place, name), "w").close()

    def summary(self):
        with open(os.path.join(self.place, "summary")) as file:
            return file.read()

    def run(self):
        self.contexts["env"] = {key: fill(value, self.contexts) for key, value in self.workflow.get("env", {}).items()}
        for name, job in self.workflow["jobs"].items():
            if not holds(job.get("if", "always()"), self.contexts, False):
                continue
            self.jobs.append(name)
            assert job["runs-on"] == "ubuntu-latest", job
            if "environment" in job:
                self.environment = fill(job["environment"], self.contexts)
            shell = self.workflow.get("defaults", {}).get("run", {}).get("shell")
            self.run_steps(job["steps"], self.contexts, shell)
        return self

    def run_steps(self, steps, contexts, shell, action=None):
        for step in steps:
            contexts["env"] = {**contexts["env"], **self.lasting}
            if not holds(step.get("if", "success()"), contexts, self.failed):
                continue
            before = self.failed
            if "run" in step:
                assert (step.get("shell") or shell) == "bash", f"not told which shell runs {step}"
                self.run_script(step, contexts, action)
            else:
                self.use(step, contexts)
            if step.get("continue-on-error"):
                self.failed = before

    def variables(self, step, contexts, action):
        github = self.github
        own = {key: fill(value, contexts, self.failed) for key, value in step.get("env", {}).items()}
        given = {
            "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_SHA": github["sha"], "GITHUB_ACTOR": github["actor"],
            "GITHUB_REPOSITORY": github["repository"], "GITHUB_API_URL": github["api_url"],
            "GITHUB_REF_NAME": github["ref_name"], "GITHUB_WORKSPACE": self.workspace, "RUNNER_TEMP": self.temp,
            "GITHUB_EVENT_NAME": github["event_name"], "HOME": os.path.join(self.place, "home"), "PATH": self.path}
        for name in ("path", "env", "summary", "output"):
            given["GITHUB_STEP_SUMMARY" if name == "summary" else f"GITHUB_{name.upper()}"] = os.path.join(self.place, name)
        if action:
            given["GITHUB_ACTION_PATH"] = action
        return {**given, **{key: str(value) for key, value in contexts["env"].items()}, **own}

    def run_script(self, step, contexts, action):
        script = fill(step["run"], contexts, self.failed)
        file = os.path.join(self.temp, "step.sh")
        with open(file, "w") as out:
            out.write(script)
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", file], cwd=self.workspace,
                              env=self.variables(step, contexts, action), capture_output=True)
        self.steps.append(Step(step.get("name", script), done))
        self.failed |= done.returncode != 0
        with open(os.path.join(self.place, "path")) as lines:
            more = lines.read().split()
        self.path = ":".join(more[::-1] + ["/usr/bin:/bin"])
        with open(os.path.join(self.place, "env")) as lines:
            self.lasting = dict(line.rstrip("\n").split("=", 1) for line in lines)

    def use(self, step, contexts):
        name, version = step["uses"].split("@")
        given = {key: fill(value, contexts, self.failed) for key, value in step.get("with", {}).items()}
        if name == "actions/checkout":
            self.check_out(given)
        elif name == "actions/upload-artifact":
            folder = os.path.join(self.workspace, given["path"])
            self.failed |= not os.path.isdir(folder)
            self.artifacts[given["name"]] = sorted(os.listdir(folder)) if os.path.isdir(folder) else None
        elif name == "github/codeql-action/upload-sarif":
            with open(given["sarif_file"]) as file:
                self.sarif.append(json.load(file))
            self.failed |= self.refuse_sarif
        else:
            owner, repository, folder = name.split("/", 2)
            assert (owner, repository) == ("OWNER", "ffc"), name
            self.use_composite(os.path.join(self.actions, folder), f"{owner}/{repository}", version, given)

    def use_composite(self, folder, repository, version, given):
        with open(os.path.join(folder, "action.yml")) as file:
            action = yaml.safe_load(file)
        assert action["runs"]["using"] == "composite"
        unknown = set(given) - set(action["inputs"])
        assert not unknown, f"{folder} has no input {unknown}"
        github = {**self.github, "action_repository": repository, "action_ref": version}
        inputs = {key: fill(given.get(key, value.get("default", "")), {**self.contexts, "github": github})
                  for key, value in action["inputs"].items()}
        contexts = {**self.contexts, "github": github, "inputs": inputs}
        self.run_steps(action["runs"]["steps"], contexts, None, folder)

    def check_out(self, given):
        """As actions/checkout does it: one commit, unless `fetch-depth` says otherwise."""
        depth = given.get("fetch-depth", "1")
        ref = self.github["ref"]
        branch = ref[len("refs/heads/"):] if ref.startswith("refs/heads/") else None
        local = f"refs/remotes/origin/{branch}" if branch else "refs/remotes/pull/merge"

        def git(*arguments):
            subprocess.run(["git", *arguments], cwd=self.workspace, check=True, capture_output=True,
                           env={"PATH": "/usr/bin:/bin", "HOME": os.path.join(self.place, "home")})

        git("init", "-q", "-b", "unborn")
        git("remote", "add", "origin", "file://" + self.github["remote"])
        git("fetch", "-q", "--no-tags", *([] if depth == "0" else [f"--depth={depth}"]), "origin", f"+{ref}:{local}")
        git("checkout", "-q", *(["-B", branch, "--track", f"origin/{branch}"] if branch else ["--detach", local]))


def scripts_of(path):
    """Every `run:` in a workflow or a composite action."""
    with open(path) as file:
        document = yaml.safe_load(file)
    jobs = list(document["jobs"].values()) if "jobs" in document else [document["runs"]]
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]
