#!/usr/bin/env python3
"""`ffc mcp`: the tools are the commands, nothing is changed that was not shown, and nothing else is reached."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import queue

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
FFREPLAY = os.environ.get("FFREPLAY", f"{TOP}/build/ffreplay")
BUILD = os.environ.get("BUILD", f"{TOP}/build")
MODULES = f"{BUILD}/mcp-client"
PACKAGE = "@modelcontextprotocol/sdk@1.32.2"
PATIENCE = 240  # seconds: nothing waits that long, but a machine may be busy
scratch = tempfile.mkdtemp(prefix="ffc-mcp-")
sys.path.insert(0, os.path.join(TOP, "tests", "cli"))
from tap import finish, ok, skip


PROJECT = """project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string}
logs: {web: {format: ndjson, time: ts, unit: user_id, context: {user_id: user_id}, fields: {status: status}}}
metrics: {errors: {kind: proportion, of: {status: {gte: 500}}, better: lower}}
flags:
  checkout:
    canary: {stages: [{name: few, percent: 50%}, {name: full, percent: 100%}], state: running, stage: few,
             since: 2026-11-30T10:00:00Z, guards: [{metric: errors, max: 90%}]}
  theme:
    type: string
    variants: {a: A, b: B}
    default: a
    experiment: {split: {a: 50%, b: 50%}, control: a, primary: errors, state: running}
  banner: {serve: on, owner: web}
"""


def project(name):
    root = f"{scratch}/{name}"
    os.makedirs(f"{root}/flags")
    with open(f"{root}/flags/shop.yaml", "w", encoding="utf-8") as file:
        file.write(PROJECT)
    with open(f"{root}/log.ndjson", "w", encoding="utf-8") as file:
        for i in range(2000):
            print(json.dumps({"ts": f"2026-11-30T11:{i % 60:02}:00Z", "user_id": f"u{i}", "status": 500 if i % 50 == 0 else 200}), file=file)
    return root


class Client:
    """Lines of JSON, also such as no client should send."""

    def __init__(self, root, *options, ffc=FFC):
        self.process = subprocess.Popen([ffc, "mcp", *options], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = queue.Queue()
        self.number = 0
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, **message):
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def request(self, method, params=None):
        self.number += 1
        self.send(id=self.number, method=method, **({"params": params} if params is not None else {}))
        return self.response(self.number)

    def response(self, number):
        while (answer := self.lines.get(timeout=PATIENCE)) is not None:
            if answer.get("id") == number:
                return answer.get("result", answer.get("error"))
        return None

    def call(self, name, /, **arguments):
        return self.request("tools/call", {"name": name, "arguments": arguments})

    def end(self):
        self.process.stdin.close()
        return self.process.wait(timeout=PATIENCE), self.process.stderr.read().decode()


def texts(answer):
    return "\n".join(part["text"] for part in answer["content"]) if answer and "content" in answer else str(answer)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


READING = ["list", "show", "check", "eval", "trace", "diff", "stale", "health", "decide", "analyze"]
EDITING = ["set", "enable", "disable", "new", "remove", "rename", "promote", "revert"]

# ---- by lines ----
root = project("lines")
client = Client(root)
first = client.request("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}})
ok(first["protocolVersion"] == "2025-06-18" and "tools" in first["capabilities"], "it speaks the version that it is asked for", first)
client.send(method="notifications/initialized")
ok(client.request("initialize", {"protocolVersion": "1999-01-01"})["protocolVersion"] == "2025-11-25", "or the newest that it knows")
offered = client.request("tools/list")["tools"]
ok([tool["name"] for tool in offered] == READING, "it offers what reads", [tool["name"] for tool in offered])
help_of = {}
for tool in offered:
    program = FFREPLAY if tool["name"] in ("health", "decide", "analyze") else FFC
    page = " ".join(subprocess.run([program, tool["name"], "--help"], capture_output=True, text=True).stdout.split())
    strange = [name for name, schema in tool["inputSchema"]["properties"].items()
               if name not in ("flags", "flag", "logs", "old", "new") and f"--{name.replace('_', '-')}" not in page or not schema.get("description")]
    told = [name for name, schema in tool["inputSchema"]["properties"].items() if name not in ("flags", "flag", "logs", "old", "new") and schema["description"] not in page]
    ok(not strange and not told and tool["annotations"]["readOnlyHint"] is True, f"the schema of {tool['name']} is of the command's options", strange, told)
    banned = {"apply", "build", "commit", "push", "output", "report", "fix", "watch", "run_steps", "allow_commands", "units", "show_private", "directory", "snapshot", "sign", "archive"}
    ok(not banned & set(tool["inputSchema"]["properties"]), f"{tool['name']} offers nothing that writes, runs or leads elsewhere")
shown = json.loads(client.call("show", flag="checkout")["content"][0]["text"])
ok(shown["flag"] == "checkout" and shown["environments"]["production"]["percent"] == 50, "show answers as the command does", shown)
answer = client.call("eval", flags=["banner"], environment="production", context={"user_id": "u1"})
ok(not answer["isError"] and '"on"' in texts(answer), "eval takes a context as an object", answer)
answer = client.call("decide", flag="checkout", environment="production", logs=["web=log.ndjson"])
ok(not answer["isError"] and json.loads(answer["content"][0]["text"])["flag"] == "checkout", "decide judges", answer)
ok(read(f"{root}/flags/shop.yaml") == PROJECT and sorted(os.listdir(root)) == ["flags", "log.ndjson"], "and nothing is written")
answer = client.call("show", flag="chekout")
ok(answer["isError"] and "checkout" in texts(answer), "an error says what the command says", answer)
for arguments, why in (({"flag": "checkout", "watch": True}, "no parameter"), ({}, "missing"), ({"flag": 5}, "schema"), ({"flag": ["checkout"]}, "schema"),
                       ({"flag": "checkout", "at": ["x"]}, "one value"), ({"flag": "checkout", "at": None}, ""), ({"flag": "--help"}, "no flag")):
    answer = client.call("show", **arguments)
    ok(why in texts(answer) and (not why or answer["isError"]), f"show of {arguments} is refused, with why", answer)
outside = f"{scratch}/secret.ndjson"
shutil.copy(f"{root}/log.ndjson", outside)
os.symlink(outside, f"{root}/link.ndjson")
for path in (outside, "../secret.ndjson", f"web={outside}", "link.ndjson", "web=../secret.ndjson", "/dev/stdin"):
    answer = client.call("health", flag="checkout", environment="production", logs=[path])
    ok(answer["isError"] and "leads out" in texts(answer), f"{path.replace(scratch, '')} is not read", answer)
answer = client.call("diff", old="/etc")
ok(answer["isError"] and "leads out" in texts(answer), "nor is another directory", answer)
ok(client.call("set", flags=["banner"], changes=["owner=x"], reason="x").get("code") == -32602, "no edit is offered")
ok(client.call("nonsense").get("code") == -32602, "an unknown tool is told as such")
ok(client.request("no/such").get("code") == -32601, "so is a method")
for data, code in ((b"{\n", -32700), (b"[]\n", -32600), (b"5\n", -32600), (b"\xff\n", -32700), (b"x" * (33 << 20) + b"\n", -32600)):
    client.raw(data)
    answer = client.lines.get(timeout=PATIENCE)
    ok(answer["error"]["code"] == code and answer["id"] is None, f"{data[:10]!r} is an error", answer)
for params in (None, [], {}, {"name": 5}, {"name": "show", "arguments": 5}, {"name": "show", "arguments": None}):
    client.request("tools/call", params)
ok(client.request("ping") == {}, "it goes on")
# A call that is taken back has no answer, and its command ends.
os.mkfifo(f"{root}/fifo")
client.number += 1
client.send(id=client.number, method="tools/call", params={"name": "health", "arguments": {"flag": "checkout", "environment": "production", "logs": ["fifo"]}})
client.send(method="notifications/cancelled", params={"requestId": client.number})
ok(client.request("ping") == {}, "a call can be taken back")
os.unlink(f"{root}/fifo")
status, said = client.end()
ok(status == 0 and not said, "it ends with its input", status, said)

# ---- much output ----
root = project("much")
with open(f"{root}/flags/more.yaml", "w", encoding="utf-8") as file:
    file.write("flags:\n" + "".join(f"  f{i}: {{serve: on, description: {'x' * 100}}}\n" for i in range(3000)))
client = Client(root)
answer = client.call("list")
ok(len(texts(answer)) < 600000 and "bytes more" in texts(answer), "what is long is cut, and that is said", len(texts(answer)))
client.end()

# ---- edits ----
root = project("edits")
environment = {**os.environ, "FFC_ACTOR": "tester"}
os.environ["FFC_ACTOR"] = "tester"
client = Client(root, "--allow-edits")
ok([tool["name"] for tool in client.request("tools/list")["tools"]] == READING + EDITING, "with --allow-edits, edits are offered")


def token_of(answer):
    text = texts(answer)
    return text.split('"token": "')[1].split('"')[0] if '"token": "' in text else None


def edit(name, wanted, /, **arguments):
    """Shows an edit, and applies it."""
    before = {path: read(f"{root}/flags/{path}") for path in os.listdir(f"{root}/flags") if path.endswith(".yaml")}
    shown = client.call(name, **arguments)
    after = {path: read(f"{root}/flags/{path}") for path in os.listdir(f"{root}/flags") if path.endswith(".yaml")}
    ok(not shown["isError"] and token_of(shown) and before == after, f"{name} shows what it would do, and does nothing", shown)
    applied = client.call(name, token=token_of(shown) or "")
    everything = "\n".join(read(f"{root}/flags/{path}") for path in sorted(os.listdir(f"{root}/flags")) if path.endswith(".yaml"))
    ok(not applied["isError"] and wanted(everything), f"with its token, {name} does it", applied, everything)


edit("set", lambda text: "owner: shop" in text, flags=["banner"], changes=["owner=shop"], reason="a new owner")
edit("disable", lambda text: "enabled: false" in text, flags=["banner"], environment="production", reason="broken")
edit("enable", lambda text: "enabled: false" not in text, flags=["banner"], environment="production", reason="mended")
edit("new", lambda text: "fresh" in text, name="fresh", values=["owner=web"], reason="begin")
edit("rename", lambda text: "banner.top" in text, flag="banner", new_name="banner.top", reason="a name")
edit("remove", lambda text: "fresh" not in text, flags=["fresh"], reason="end")
shown = client.call("set", flags=["theme"], changes=["owner=a"], reason="x")
token = token_of(shown)
ok(client.call("remove", token=token)["isError"], "a token is of one tool")
ok(client.call("set", token=token, flags=["theme"])["isError"], "and comes alone")
with open(f"{root}/flags/shop.yaml", "a", encoding="utf-8") as file:
    file.write("  late: {serve: on}\n")
text = read(f"{root}/flags/shop.yaml").replace("default: a", "default: b")
with open(f"{root}/flags/shop.yaml", "w", encoding="utf-8") as file:
    file.write(text.replace("experiment:", "owner: z\n    experiment:"))
text = read(f"{root}/flags/shop.yaml")
answer = client.call("set", token=token)
ok(answer["isError"] and "another one by now" in texts(answer) and read(f"{root}/flags/shop.yaml") == text, "what would do something else by now is not applied", answer)
ok(client.call("set", token=token)["isError"], "a token is good once")
ok(client.call("set", token="0" * 32)["isError"] and client.call("set", token="")["isError"], "and cannot be made up")
answer = client.call("set", flags=["theme"], changes=["owner=a"])
ok(answer["isError"] and "reason" in texts(answer), "an edit needs a reason", answer)
answer = client.call("set", flags=["theme"], changes=["default=nonsense"], reason="x")
ok(answer["isError"] and not token_of(answer), "an edit that breaks something gets no token", answer)
client.end()

# ---- what its user may run ----
root = project("allowed")
mark, config = f"{scratch}/ran", f"{scratch}/config"
os.makedirs(f"{config}/ffc", mode=0o755)
argv = ["touch", mark]
with open(f"{root}/flags/shop.yaml", encoding="utf-8") as file:
    text = file.read()
with open(f"{root}/flags/shop.yaml", "w", encoding="utf-8") as file:
    file.write(text.replace("format: ndjson", f"format: ndjson, command: {json.dumps(argv)}"))
with open(f"{config}/ffc/allow", "w", encoding="utf-8") as file:
    json.dump({f"{root}/flags": [argv]}, file)
os.chmod(f"{config}/ffc/allow", 0o644)
old, os.environ["XDG_CONFIG_HOME"] = os.environ.get("XDG_CONFIG_HOME"), config
client = Client(root)
for tool in ("decide", "health"):
    client.call(tool, flag="checkout", environment="production")
client.end()
ok(not os.path.exists(mark), "an assistant does not run what an allow-list lets its user run")
done = subprocess.run([FFREPLAY, "decide", "checkout", "-e", "production"], cwd=root, capture_output=True, text=True)
ok(os.path.exists(mark), "and its user does", done.stderr)
del os.environ["XDG_CONFIG_HOME"]
if old is not None:
    os.environ["XDG_CONFIG_HOME"] = old

# ---- without the other program ----
alone = f"{scratch}/alone"
os.makedirs(alone)
shutil.copy(FFC, f"{alone}/ffc")
client = Client(root, ffc=f"{alone}/ffc")
ok([tool["name"] for tool in client.request("tools/list")["tools"]] == READING[:7], "without ffreplay beside it, its tools are not offered")
answer = client.call("decide", flag="checkout", environment="production")
ok("no ffreplay beside" in answer.get("message", ""), "and that is said", answer)
client.end()

# ---- the protocol's own client ----
root = project("session")
for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "x"]):
    shutil.which("git") and subprocess.run(["git", "-C", root, *command], check=True, capture_output=True)


def session():
    if not shutil.which("node") or not shutil.which("npm") or not shutil.which("git"):
        return "no node, no npm or no git"
    if not os.path.isdir(f"{MODULES}/node_modules/@modelcontextprotocol/sdk"):
        try:
            done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", MODULES, PACKAGE], capture_output=True, timeout=180)
        except subprocess.TimeoutExpired:
            return "the npm registry does not answer"
        if done.returncode:
            return "the client cannot be installed from the npm registry"
    done = subprocess.run(["node", f"{TOP}/tests/mcp/session.mjs", FFC, root], cwd=MODULES, capture_output=True, text=True, timeout=PATIENCE)
    ok(done.returncode == 0, "a session with the protocol's own client", done.stderr)
    if done.returncode:
        return None
    found = json.loads(done.stdout)
    ok([tool["name"] for tool in found["tools"]] == READING and found["edits"] == READING + EDITING, "it lists the tools", found["edits"])
    for name in READING:
        ok(found[name].get("error") is False and found[name]["texts"][0], f"it calls {name}", found[name])
    ok(found["unknown"]["error"] and found["wrong"]["error"] and "allow-edits" in found["set"]["refused"], "it is refused what is wrong", found["unknown"], found["set"])
    ok(not found["dry"]["error"] and found["other"]["error"] and found["mixed"]["error"] and not found["applied"]["error"] and found["again"]["error"],
       "it edits in two steps", found["dry"], found["applied"])
    ok("owner: shop" in read(f"{root}/flags/shop.yaml") and "enabled" not in read(f"{root}/flags/shop.yaml"), "once, and only what it applied")
    return None


why = session()
if why:
    skip("a session with the protocol's own client", why)
shutil.rmtree(scratch, ignore_errors=True)
sys.exit(finish())
