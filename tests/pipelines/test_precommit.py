#!/usr/bin/env python3
"""The hooks for pre-commit, as they are shipped, run by pre-commit itself in a repository that names them."""
import os
import subprocess

from forge import BUILD, SCRATCH, TOP, equal, finish, git, need, ok, repository, shop

need("git", "pre-commit")
# The hooks' repository, as pre-commit clones it: with a commit, and nothing installed from it.
hooks = os.path.join(SCRATCH, "hooks")
os.makedirs(hooks)
with open(os.path.join(TOP, ".pre-commit-hooks.yaml")) as file:
    text = file.read()
with open(os.path.join(hooks, ".pre-commit-hooks.yaml"), "w") as file:
    file.write(text)
git(hooks, "init", "-q", "-b", "main")
git(hooks, "add", "-A")
git(hooks, "commit", "-qm", "hooks")
root, _ = repository("shop", shop(), [("notes.yaml", "a:   b\n"), (".pre-commit-config.yaml", f"""\
repos:
  - repo: {hooks}
    rev: {git(hooks, "rev-parse", "HEAD")}
    hooks: [{{id: ffc-fmt}}, {{id: ffc-check}}, {{id: ffc-test}}]
""")])
HOME = os.path.join(SCRATCH, "home")
ENVIRONMENT = {"PATH": f"{BUILD}:/usr/bin:/bin", "HOME": HOME, "GIT_AUTHOR_NAME": "ann", "GIT_AUTHOR_EMAIL": "ann@example.com",
               "GIT_COMMITTER_NAME": "ann", "GIT_COMMITTER_EMAIL": "ann@example.com", "GIT_CONFIG_COUNT": "1",
               "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always"}
flags = os.path.join(root, "flags", "shop.yaml")


def run(*arguments):
    done = subprocess.run(arguments, cwd=root, env=ENVIRONMENT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def edit(old, new):
    with open(flags) as file:
        text = file.read()
    assert old in text
    with open(flags, "w") as file:
        file.write(text.replace(old, new))
    run("git", "add", "-A")


status, out = run("pre-commit", "install")
ok(status == 0, "pre-commit takes the hooks", out)
status, out = run("pre-commit", "run", "--all-files")
ok(status == 0 and out.count("Passed") == 3, "a sound project passes", out)
edit("percent: 20%\n  canary", "percent: 35%\n  canary")
status, out = run("git", "commit", "-m", "more")
ok(status == 0 and git(root, "log", "-1", "--format=%s") == "more", "and is committed", out)
edit("percent: 35%", "percent: 350%")
status, out = run("git", "commit", "-m", "wrong")
ok(status != 0 and "flags/shop.yaml:" in out and "FF0116" in out and git(root, "log", "-1", "--format=%s") == "more",
   "an error keeps a commit back, and says where", out)
edit("percent: 350%", "percent: 35%")
edit("    owner: web\n    environments", "    owner:   shop\n    environments")
status, out = run("git", "commit", "-m", "form")
with open(flags) as file:
    text = file.read()
ok(status != 0 and "files were modified by this hook" in out and "    owner: shop\n" in text, "what is not in canonical form is put into it", out)
run("git", "add", "-A")
status, out = run("git", "commit", "-m", "form")
ok(status == 0, "and committed the second time", out)
with open(flags, "a") as file:
    file.write("tests: [{name: most, flag: new-checkout, environment: production, units: 1000, expect_share: {on: 90%, off: 10%}}]\n")
subprocess.run([os.path.join(BUILD, "ffc"), "fmt", flags], capture_output=True)
run("git", "add", "-A")
status, out = run("git", "commit", "-m", "test")
ok(status != 0 and "'on' gets" in out, "a test that fails keeps it back", out)
run("git", "checkout", "-q", "HEAD", "--", ".")
with open(os.path.join(root, "notes.yaml"), "a") as file:
    file.write("c:    d\n")
run("git", "add", "notes.yaml")
status, out = run("git", "commit", "-m", "notes")
ok(status == 0 and out.count("Skipped") == 3, "other files are nobody's business", out)
finish()
