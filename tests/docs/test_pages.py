#!/usr/bin/env python3
"""Each command of the pages for operators runs, as the page has it: on every page, those of a section in a fresh copy
of a shop whose canary is red, one after the other. What belongs to the machine (systemctl, ssh, …) is a stand-in that
takes its arguments and says nothing.

Runs: beside: it waits for the watches of the pages.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("replay", "pipelines"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
from forge import BUILD, SCRATCH, TOP, finish, git, log_of, need, ok, shop, skip  # noqa: E402

need("git", "jq")
# How many sections each page has at least that run something: a page without commands is not tested at all.
PAGES = {"docs/ci.md": 2, "docs/systemd.md": 4, "docs/kubernetes.md": 3, "docs/alerts.md": 2, "docs/runbook.md": 13}
STANDS_IN = ("systemctl", "journalctl", "useradd", "chown", "ssh", "scp", "docker", "curl")
OVERRIDE = re.compile(r"rollback-\d{8}t\d{6}z-[0-9a-f]{4}")
EVER = re.compile(r"\bffreplay watch\b")

tools = os.path.join(SCRATCH, "stand-ins")
os.makedirs(tools)
for name in STANDS_IN:
    with open(os.path.join(tools, name), "w") as file:
        file.write(f'#!/bin/sh\necho "$0 $*" >>{SCRATCH}/asked\n[ -t 0 ] || cat >/dev/null\n')
    os.chmod(os.path.join(tools, name), 0o755)
kubectl = shutil.which("kubectl")
with open(os.path.join(tools, "kubectl"), "w") as file:
    file.write(f"""#!/bin/sh
case $1 in
kustomize | create) [ -z "{kubectl or ''}" ] || exec timeout 60 {kubectl} "$@" ;;
logs) cat "$LOG" ;;
*) echo "kubectl $*" >>{SCRATCH}/asked ;;
esac
""")
os.chmod(os.path.join(tools, "kubectl"), 0o755)

# The shop: a canary that is red, one that waits for an approval, an override, two commits, and what was published.
log = os.path.join(SCRATCH, "requests.ndjson")
with open(log, "w") as file:
    file.write(log_of(canary_errors=0.3))
state = os.path.join(SCRATCH, "state")
for folder in ("flags", "run", "units", "cron"):
    os.makedirs(os.path.join(state, folder))
root = os.path.join(SCRATCH, "shop")
os.makedirs(os.path.join(root, "flags"))
since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 2 * 3600))
text = shop().replace("    {format: ndjson", f"    {{path: '{log}', format: ndjson").replace("percent: 20%\n  canary", "percent: 10%\n  canary") + f"""\
  new-search: {{owner: search, percent: 50%}}
  canary.search:
    owner: search
    environments:
      production:
        canary:
          stages: [{{name: first, percent: 20%, min_samples: 50}}, {{name: full, percent: 100%}}]
          guards: [{{metric: error_rate, max: 90%}}]
          approval: [full]
          state: running
          stage: first
          since: {since}
"""


def ffc(*arguments, program="ffc"):
    done = subprocess.run([os.path.join(BUILD, program), *arguments], cwd=root, capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "HOME": SCRATCH, "FFC_ACTOR": "ann"})
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


git(root, "init", "-q", "-b", "main")
for commit, definitions in (("first", text), ("second", text.replace("percent: 10%\n  canary", "percent: 20%\n  canary"))):
    with open(os.path.join(root, "flags", "shop.yaml"), "w") as file:
        file.write(definitions)
    ffc("fmt")
    git(root, "add", "-A")
    git(root, "commit", "-qm", commit)
shutil.copytree(os.path.join(TOP, "docs", "examples", "alerts"), os.path.join(root, "docs", "alerts"))
live = os.path.join(state, "flags", "production.ffs")
ffc("rollback", "new-search", "-e", "production", "--reason", "INC-7", "--build", live)
ffc("check")
git(root, "add", "-A")
git(root, "commit", "-qm", "override")
override = os.listdir(os.path.join(root, "flags", "overrides"))[0].removesuffix(".yaml")
os.makedirs(os.path.join(root, "build", "flags"))
shutil.copy(live, os.path.join(root, "build", "flags", "production.ffs"))
git(root, "clone", "-q", "--bare", root, root + ".git")
with open(os.path.join(state, "run", "status.json"), "w") as file:
    json.dump({"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "interval": 10, "problem": None}, file)


def sections(page):
    """Of a page, the shell commands of each section."""
    with open(os.path.join(TOP, page)) as file:
        parts = re.split(r"^#+ (.*)\n", file.read(), flags=re.M)
    found = {}
    for name, text in zip(parts[1::2], parts[2::2]):
        script = "".join(re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S))
        if script:
            found[name] = script
    return found


def commands(script):
    """Whole ones: a line that ends in a pipe or a backslash goes on."""
    lines = re.sub(r"\\\n\s*|(?<=\|)\n\s*", " ", script).splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def run(command, place, here):
    for path, instead in (("/var/lib/flags", os.path.join(here, "flags")), ("/srv/flags", os.path.join(here, "flags")),
                          ("/run/ffreplay", os.path.join(here, "run")), ("/srv/shop", place),
                          ("/etc/systemd/system", os.path.join(here, "units")), ("/etc/cron.d", os.path.join(here, "cron"))):
        command = command.replace(path, instead)
    command = OVERRIDE.sub(override, command)
    if EVER.search(command):
        command = EVER.sub("timeout -s TERM 8 ffreplay watch --interval 1s", command)
    return subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=place, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env={"PATH": f"{tools}:{BUILD}:/usr/bin:/bin", "HOME": SCRATCH, "FFC_ACTOR": "ann", "LOG": log, "LC_ALL": "C.UTF-8"})


with open(os.path.join(TOP, "docs", "README.md")) as file:
    index = file.read()
for page, least in PAGES.items():
    ok(f"({os.path.basename(page)})" in index, f"{page} is in the index")
    found = sections(page)
    ok(len(found) >= least, f"{page} has commands in {least} sections", list(found))
    for number, (name, script) in enumerate(found.items()):
        place, here = (os.path.join(SCRATCH, f"{os.path.basename(page)}-{number}", what) for what in ("shop", "state"))
        git(SCRATCH, "clone", "-q", root + ".git", place)
        shutil.copytree(state, here)
        shutil.copytree(os.path.join(root, "build"), os.path.join(place, "build"), dirs_exist_ok=True)
        shutil.copytree(os.path.join(root, "docs"), os.path.join(place, "docs"), dirs_exist_ok=True)
        for command in commands(script):
            done = run(command, place, here)
            ok(done.returncode == 0 or (EVER.search(command) and done.returncode == 124), f"{page}, {name}: {command.strip()}",
               f"exit {done.returncode}", done.stdout, done.stderr)
finish()
