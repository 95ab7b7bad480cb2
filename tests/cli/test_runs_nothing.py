#!/usr/bin/env python3
"""A stranger's pull request runs nothing: every command over definitions that name programs everywhere, in a
checkout whose files, flags and branches are named to be run, and none of them is."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from tap import finish, ok

if not shutil.which("git"):
    print("ok 1 - a stranger's definitions # SKIP there is no git\n1..1")
    sys.exit()

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
FFREPLAY = os.environ.get("FFREPLAY", f"{TOP}/build/ffreplay")
SCRATCH = tempfile.mkdtemp(prefix="ffc-stranger-")
HERE = f"{SCRATCH}/shop"
MARK = f"{SCRATCH}/mark"
NOW = "2026-11-30T12:00:00Z"
WHY = ["-r", "why"]

MARKS = f"{SCRATCH}/mark-it"  # whatever runs it leaves a line that says what it was given
PROGRAM = json.dumps([MARKS, "of-the-definitions"])
PROJECT = f"""project:
  name: shop
  environments: [staging, production]
  bucket_by: user_id
  hooks: {{on_start: {PROGRAM}, on_advance: {PROGRAM}, on_pause: {PROGRAM}, on_resume: {PROGRAM}, on_rollback: {PROGRAM},
          on_complete: {PROGRAM}, on_alert: {PROGRAM}, on_stale_log: {PROGRAM}, on_unhealthy: {PROGRAM}, on_reported: {PROGRAM},
          on_approval_needed: {PROGRAM}, on_investigate: {PROGRAM}}}
attributes: {{user_id: string}}
logs:
  web: {{format: ndjson, time: ts, unit: user_id, command: {PROGRAM}, fields: {{status: status}}}}
metrics: {{errors: {{kind: proportion, of: {{status: {{gte: 500}}}}, better: lower}}}}
flags:
  checkout:
    owner: '$({MARKS} owner)'
    description: '`{MARKS} description` | {MARKS}'
    rollback: [{{run: {PROGRAM}}}, {{notify: {PROGRAM}}}]
    canary:
      stages: [{{name: first, percent: 10%}}, {{name: full, percent: 100%}}]
      guards: [{{metric: errors, max: 1%, action: alert}}]
      state: running
      stage: first
      since: 2026-11-30T10:00:00Z
  theme:
    type: string
    variants: {{a: A, b: B}}
    default: a
    experiment: {{split: {{a: 50%, b: 50%}}, control: a, primary: errors}}
  "$({MARKS} flag)": {{serve: on}}
tests:
  - {{flag: checkout, environment: production, context: {{user_id: "$({MARKS} unit)"}}, expect: {{variant: off}}}}
"""


def git(*arguments):
    subprocess.run(["git", "-C", HERE, "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments], check=True, capture_output=True)


def write(name, text):
    os.makedirs(os.path.dirname(f"{HERE}/{name}"), exist_ok=True)
    with open(f"{HERE}/{name}", "w", encoding="utf-8") as file:
        file.write(text)


os.makedirs(HERE)
with open(MARKS, "w", encoding="utf-8") as file:
    file.write(f'#!/bin/sh\necho "$@" >>{MARK}\n')
os.chmod(MARKS, 0o755)
write("flags/shop.yaml", PROJECT)
# What a checkout can bring along: attributes that name filters, modules, editors' and hooks' files, names like options.
write(".gitattributes", "*.yaml filter=mark diff=mark\n")
write(".gitmodules", f'[submodule "x"]\n\tpath = x\n\turl = ext::{MARKS} module\n')
write(".githooks/post-checkout", f"#!/bin/sh\n{MARKS} hook\n")
write(".ffcrc", f"command: [{MARKS}]\n")
for name in ("allow", ".ffc/allow", "ffc/allow", ".config/ffc/allow"):  # lists of what may run, which are not the tree's to make
    write(name, json.dumps({HERE: [[MARKS, "of-the-definitions"]], f"{HERE}/flags": [[MARKS, "of-the-definitions"]]}))
write(f"flags/;{os.path.basename(MARKS)};.yaml", "# nothing\n")
write("flags/--output=x.yaml", "# nothing\n")
write("code/app.py", f'client.get_boolean_value("$({MARKS} code)", False)\n')
os.chmod(f"{HERE}/.githooks/post-checkout", 0o755)
git("init", "-q", "-b", "main")
git("add", "-A")
git("commit", "-qm", f"$({MARKS} message)")
git("tag", "before")
git("branch", "--", f"x;{os.path.basename(MARKS)}")
write("flags/shop.yaml", PROJECT.replace("percent: 10%", "percent: 20%"))
git("commit", "-qam", "`" + MARKS + "`")
with open(f"{SCRATCH}/log.ndjson", "w", encoding="utf-8") as file:
    for i in range(300):
        print(json.dumps({"ts": f"2026-11-30T11:{i % 60:02}:00Z", "user_id": f"$({MARKS} line)" if i == 7 else f"u{i}", "status": 500}), file=file)
with open(f"{SCRATCH}/contexts.ndjson", "w", encoding="utf-8") as file:
    print(json.dumps({"user_id": f"$({MARKS} context)"}), file=file)

LOG = f"web={SCRATCH}/log.ndjson"
DECIDE = ["-e", "production", "--now", NOW]
COMMANDS = [
    (FFC, ["check"]), (FFC, ["check", "--format", "json"]), (FFC, ["test"]), (FFC, ["test", "--coverage"]),
    (FFC, ["build", "-e", "production", "-o", f"{SCRATCH}/live.ffs"]), (FFC, ["list"]), (FFC, ["list", "--format", "prometheus"]),
    (FFC, ["show", "checkout"]), (FFC, ["show", f"--upload-pack={MARKS}"]), (FFC, ["diff", "before", "HEAD"]), (FFC, ["diff", "before..HEAD", "--format", "markdown"]),
    (FFC, ["diff", "before", "HEAD", "--log", LOG]), (FFC, ["diff", "before", "HEAD", "--contexts", f"{SCRATCH}/contexts.ndjson"]),
    (FFC, ["diff", f"--upload-pack={MARKS}", "HEAD"]), (FFC, ["diff", f"x;{os.path.basename(MARKS)}", "HEAD"]),
    (FFC, ["log"]), (FFC, ["log", "checkout"]), (FFC, ["log", f"$({MARKS} flag)"]), (FFC, ["stale", "--source", "code"]), (FFC, ["fmt", "--check"]),
    (FFC, ["trace", "checkout", "-e", "production", "user_id=u1"]), (FFC, ["eval", "checkout", "-e", "production", "user_id=u1"]),
    (FFC, ["schema"]), *[(FFC, ["gen", language]) for language in ("c", "cpp", "go", "java", "python", "rust", "typescript")],
    (FFC, ["gen", "java", "--native"]), (FFC, ["gen", "c", "-o", f"{SCRATCH}/flags.h"]), (FFC, ["gen", "c", "-o", f"{SCRATCH}/flags.h", "--check"]), (FFC, ["completion", "bash"]),
    (FFREPLAY, ["decide", "checkout", LOG, *DECIDE]), (FFREPLAY, ["decide", "checkout", LOG, *DECIDE, "--json"]),
    (FFREPLAY, ["decide", "checkout", *DECIDE]), (FFREPLAY, ["health", "checkout", *DECIDE]), (FFREPLAY, ["metrics", "--flag", "checkout", "-e", "production"]),
    (FFREPLAY, ["analyze", "theme", LOG, "-e", "production", "--now", NOW]), (FFREPLAY, ["analyze", "theme", "-e", "production"]),
    (FFREPLAY, ["plan", "theme", "-e", "production"]), (FFREPLAY, ["history"]), (FFREPLAY, ["history", "--verify"]),
    # Edits and decisions that are carried out, but --run-steps.
    (FFREPLAY, ["decide", "checkout", LOG, *DECIDE, "--apply", "--build", f"{SCRATCH}/live.ffs"]),
    (FFC, ["set", "checkout", "owner=web", *WHY]), (FFC, ["rename", "theme", "look", *WHY]), (FFC, ["revert", "look", "before", *WHY]),
    (FFC, ["canary", "pause", "checkout", "-e", "production", *WHY]), (FFC, ["canary", "rollback", "checkout", "-e", "production", *WHY]),
    (FFC, ["rollback", "checkout", "-e", "production", *WHY, "--build", f"{SCRATCH}/live.ffs"]), (FFC, ["rollback", "--status"]),
]
# Nothing asks a person, opens an editor or pages.
ENVIRONMENT = {**os.environ, "HOME": SCRATCH, "FFC_ACTOR": "x", "EDITOR": f"{MARKS} editor", "PAGER": f"{MARKS} pager",
               "GIT_PAGER": f"{MARKS} pager", "GIT_EXTERNAL_DIFF": f"{MARKS} external", "GIT_CONFIG_GLOBAL": f"{SCRATCH}/gitconfig"}
with open(f"{SCRATCH}/gitconfig", "w", encoding="utf-8") as file:  # what somebody may well have: textconv and pagers
    file.write(f'[diff "mark"]\n\ttextconv = {MARKS} textconv\n\tcommand = {MARKS} command\n[core]\n\tpager = {MARKS} pager\n')
checked = subprocess.run([FFC, "check"], cwd=HERE, env=ENVIRONMENT, capture_output=True, text=True)
ok(checked.returncode == 0, "the definitions are sound", checked.stderr)
for program, arguments in COMMANDS:
    done = subprocess.run([program, *arguments], cwd=HERE, env=ENVIRONMENT, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=240)
    marked = open(MARK, encoding="utf-8").read() if os.path.exists(MARK) else ""
    name = f"{os.path.basename(program)} {' '.join(arguments)}".replace(SCRATCH, "").replace("\n", " ")
    ok(not marked and done.returncode in (0, 1, 2), f"{name} runs nothing", marked, done.returncode, done.stderr)
    if marked:
        os.unlink(MARK)

# Servers of editors and assistants, asked for everything.
URI = f"file://{HERE}/flags/shop.yaml"
PLACE = {"textDocument": {"uri": URI}, "position": {"line": PROJECT[:PROJECT.index("  checkout:")].count("\n"), "character": 4},
         "range": {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}, "newName": f"$({MARKS} renamed)", "context": {"includeDeclaration": True}}
LSP = [("initialize", {"rootUri": f"file://{HERE}"}), ("textDocument/didOpen", {"textDocument": {"uri": URI, "version": 1, "text": PROJECT}})]
LSP += [(f"textDocument/{method}", PLACE) for method in ("hover", "completion", "definition", "references", "prepareRename", "rename", "formatting", "codeAction", "inlayHint")]
MCP = [("initialize", {"protocolVersion": "2025-06-18"}), ("tools/list", {})]
FLAG, ENV = {"flag": "checkout"}, {"environment": "production"}
MCP += [("tools/call", {"name": name, "arguments": arguments}) for name, arguments in (
    ("list", {}), ("show", FLAG), ("show", {"flag": f"$({MARKS} flag)"}), ("check", {}), ("eval", {"flags": ["checkout"], "context": {"user_id": f"`{MARKS}`"}, **ENV}),
    ("trace", {**FLAG, **ENV, "context": {"user_id": "u1"}}), ("diff", {"old": "before", "new": "HEAD"}), ("diff", {"old": f"--upload-pack={MARKS}"}),
    ("stale", {"source": ["code"]}), ("health", {**FLAG, **ENV}), ("decide", {**FLAG, **ENV}), ("analyze", {"flag": "theme", **ENV}),
    ("decide", {**FLAG, **ENV, "logs": [f"web=;{MARKS}"]}), ("set", {"flags": ["checkout"], "changes": [f"owner=$({MARKS} owner)"], "reason": f"`{MARKS}`"}))]
for name, messages, headers in (("lsp", LSP, True), ("mcp", MCP, False)):
    data = b""
    for number, (method, params) in enumerate(messages):
        message = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **({} if "did" in method else {"id": number})}).encode()
        data += b"Content-Length: %d\r\n\r\n" % len(message) + message if headers else message + b"\n"
    options = ["--allow-edits"] if name == "mcp" else []
    done = subprocess.run([FFC, name, *options], cwd=HERE, env=ENVIRONMENT, input=data, capture_output=True, timeout=240)
    marked = open(MARK, encoding="utf-8").read() if os.path.exists(MARK) else ""
    answers = done.stdout.count(b'"jsonrpc"')
    ok(not marked and answers >= len(messages) - 1, f"ffc {name} answers everything, and runs nothing", marked, answers, done.stdout[-500:], done.stderr)
    if marked:
        os.unlink(MARK)

# The test would see it: with --run-steps and --allow-commands they run.
subprocess.run([FFC, "canary", "start", "checkout", "-e", "production", *WHY, "--run-steps"], cwd=HERE, env=ENVIRONMENT, capture_output=True)
ok(os.path.exists(MARK) and "of-the-definitions" in open(MARK, encoding="utf-8").read(), "with --run-steps a hook runs")
os.path.exists(MARK) and os.unlink(MARK)
subprocess.run([FFREPLAY, "metrics", "--flag", "checkout", "-e", "production", "--allow-commands"], cwd=HERE, env=ENVIRONMENT, capture_output=True)
ok(os.path.exists(MARK), "with --allow-commands a log's command runs")
shutil.rmtree(SCRATCH, ignore_errors=True)
sys.exit(finish())
