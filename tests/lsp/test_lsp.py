#!/usr/bin/env python3
"""`ffc lsp`: what it says of edited definitions is what `ffc check` says of the same files, whatever the editor sends."""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from client import FFC, PATIENCE, Client, edit, finish, ok, position, skip, uri_of

SEED = int(os.environ.get("SEED", random.randrange(1 << 30)))
LONG = bool(os.environ.get("LONG"))
print(f"# SEED={SEED}")
chance = random.Random(SEED)
scratch = tempfile.mkdtemp(prefix="ffc-lsp-")

PROJECT = """project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string, country: string}
segments:
  nordics: {if: {country: [NO, SE]}}
"""
SHOP = """flags:
  checkout:
    description: Die Kasse 🛒, 結帳
    owner: web
    rules:
      - {name: nordics, if: {segment: nordics}, percent: 25%}
  # 🎏 a comment
  banner: {serve: on, owner: growth}
"""
PAY = """flags:
  pay:
    requires: {checkout: on}
    serve: on
tests:
  - {flag: pay, environment: production, context: {user_id: u1}, expect: {variant: off}}
"""


def project(name, files):
    root = f"{scratch}/{name}"
    for path, text in files.items():
        os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
        with open(f"{root}/{path}", "w", encoding="utf-8", newline="") as file:
            file.write(text)
    return root


def shop(name):
    return project(name, {"flags/project.yaml": PROJECT, "flags/shop.yaml": SHOP, "flags/pay.yaml": PAY})


def codes(diagnostics):
    return [one["code"] for one in diagnostics]


# ---- what is written, without being saved ----
root = shop("typing")
client = Client(root)
ok(client.capabilities["textDocumentSync"]["change"] == 2 and client.capabilities["positionEncoding"] == "utf-16", "it wants changes, in UTF-16")
text = client.open("flags/shop.yaml")
change, text = edit(text, text.index("serve: on"), text.index("serve: on") + 5, "serv")
client.change("flags/shop.yaml", change)
said = client.settled("flags/shop.yaml", bool)
ok(codes(said) == ["FF0102"] and said[0]["message"].endswith("help: did you mean 'serve'?"), "a misspelt key is told while it is typed", said)
ok(said[0]["range"] == {"start": position(text, text.index("serv:")), "end": position(text, text.index("serv:") + 4)}, "where it is", said)
# Other files follow from what is not saved.
change, text = edit(text, text.index("checkout"), text.index("checkout") + 8, "Kasse 🛒")
client.change("flags/shop.yaml", change)
said = client.settled("flags/pay.yaml", bool)
ok(codes(said) == ["FF0211"], "another file that names what was renamed has the error", said)
change, text = edit(text, text.index("Kasse 🛒:"), text.index("Kasse 🛒:") + 7, "checkout")
client.change("flags/shop.yaml", change)
ok(client.settled("flags/pay.yaml", lambda said: not said) == [], "and loses it again")
# Behind characters of two units, in a line with some before.
change, text = edit(text, text.index("結帳"), text.index("結帳") + 2, "𝒳\n    owne: x # ")
client.change("flags/shop.yaml", change)
said = client.settled("flags/shop.yaml", lambda said: len(said) > 1)
place = position(text, text.index("owne:"))
ok(any(one["range"]["start"] == place for one in said), "places behind an emoji are right", said, place)
client.close("flags/shop.yaml")
ok(client.settled("flags/shop.yaml", lambda said: not said) == [], "what is closed without being saved is as on the disk")
client.open("flags/new.yaml", "flags: {fresh: {serve: on}}\n")
client.open("flags/pay.yaml", PAY.replace("checkout", "fresh"))
client.request("shutdown", None)
ok(client.diagnostics.get(client.uri("flags/pay.yaml"), []) == [], "a file that is on no disk yet counts")
client.notify("exit", None)
ok(client.process.wait(timeout=PATIENCE) == 0, "after 'shutdown', 'exit' exits 0")

# ---- the disk ----
client = Client(root)
with open(f"{root}/flags/pay.yaml", "w", encoding="utf-8") as file:
    file.write(PAY.replace("checkout", "chekout"))
said = client.settled("flags/pay.yaml", bool)
ok(codes(said) == ["FF0211"], "what another program writes is noticed", said)
os.rename(f"{root}/flags/pay.yaml", f"{root}/flags/other.yaml")
said = client.settled("flags/other.yaml", bool)
ok(codes(said) == ["FF0211"] and client.settled("flags/pay.yaml", lambda said: not said) == [], "so is a file under another name", said)
os.unlink(f"{root}/flags/other.yaml")
ok(client.settled("flags/other.yaml", lambda said: not said) == [], "and one that is gone")
ok(client.end()[0] == 0, "it ends")


# ---- the same as `ffc check`, after any edits ----
def checked(root):
    """What `ffc check` says, by file, in the protocol's places."""
    done = subprocess.run([FFC, "check", "-C", f"{root}/flags", "--format", "json"], capture_output=True, text=True)
    found = {}
    for item in json.loads(done.stdout)["diagnostics"]:
        path = item["file"] or f"{root}/flags/pay.yaml"
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read().encode()
        places = []
        for end in ("start", "end"):
            at = item["range"][end]["byte"] if item["range"] else 0
            places.append(position(text[:at].decode(errors="ignore"), len(text)))
        found.setdefault(uri_of(path), []).append((item["code"], places[0]["line"], places[0]["character"], places[1]["line"], places[1]["character"]))
    return {uri: sorted(items) for uri, items in found.items()}


def told(client):
    return {uri: sorted((one["code"], *(one["range"][end][part] for end in ("start", "end") for part in ("line", "character"))) for one in said)
            for uri, said in client.diagnostics.items() if said}


root = shop("edits")
client = Client(root)
texts = {name: client.open(name) for name in ("flags/project.yaml", "flags/shop.yaml", "flags/pay.yaml")}
PIECES = ["", " ", "\n", "  ", ":", "{", "}", "[", "]", "on", "off", "checkout", "🛒", "結", "é", "'", '"', "#", "- ", "25%", "flags:\n", "  x: {serve: on}\n",
          "\t", "serve", "requires: {pay: on}", "nordics", "\r\n", "user_id", "&a", "*a", "percent: 5%"]
different = []
for turn in range(400 if LONG else 60):
    for _ in range(chance.randrange(1, 4)):  # one notification may have several changes, each of the text after the one before
        name = chance.choice(list(texts))
        changes = []
        for _ in range(chance.randrange(1, 4)):
            text = texts[name]
            begin = chance.randrange(len(text) + 1)
            end = min(len(text), begin + chance.choice([0, 0, 1, 2, 5, 12]))
            if "\r" in text[max(0, begin - 1):end + 1]:
                continue
            change, texts[name] = edit(text, begin, end, chance.choice(PIECES))
            changes.append(change)
        client.change(name, *changes)
    if chance.random() < 0.4:  # back to something sound
        name = chance.choice(list(texts))
        texts[name] = {"flags/project.yaml": PROJECT, "flags/shop.yaml": SHOP, "flags/pay.yaml": PAY}[name]
        client.change(name, {"text": texts[name]})
    for name, text in texts.items():
        with open(f"{root}/{name}", "w", encoding="utf-8", newline="") as file:
            file.write(text)
    wanted = checked(root)
    limit = time.monotonic() + PATIENCE
    while told(client) != wanted and time.monotonic() < limit:
        try:
            message = client.messages.get(timeout=0.2)
        except Exception:  # nothing is said for now
            continue
        if message is None:
            break
        if message.get("method") == "textDocument/publishDiagnostics":
            client.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
    if told(client) != wanted:
        different.append((turn, wanted, told(client), texts))
        break
ok(not different, "after any edits it says what `ffc check` says of the same texts", *different)
ok(client.end() == (0, ""), "and ends well")

# ---- what no client should say ----
root = shop("rubbish")
client = Client(root, start=False)
early = client.request("textDocument/hover", {})
ok(early["code"] == -32002, "nothing is answered before 'initialize'", early)
RUBBISH = [
    (b"Content-Length: 5\r\n\r\n{\"a\":", -32700, "broken JSON"),
    (b"Content-Length: 3\r\n\r\n\xff\xfe\x00", -32700, "what is no UTF-8"),
    (b"Content-Length: 2\r\n\r\n[]", -32600, "a batch"),
    (b"Content-Length: 4\r\n\r\nnull", -32600, "null"),
    (b"Content-Length: 13\r\n\r\n{\"method\": 5}", -32600, "a method that is a number"),
    (b"Content-Length: 27\r\n\r\n{\"method\": \"x\", \"id\": [1]} ", -32600, "an id that is a list"),
    (b"content-length:2\n\n{}", -32600, "a header in other letters, and lines without CR"),
    (b"Content-Length: x\r\n\r\n", -32700, "a length that is none"),
    (b"Content-Length: -5\r\n\r\n", -32700, "a negative length"),
    (b"Content-Type: text\r\n\r\n", -32700, "a header without a length"),
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", -32700, "another protocol"),
    (b"X" * 10000 + b"\r\n", -32700, "a header without an end"),
    (b"Content-Length: 2097154\r\n\r\n[" + b"0," * (1 << 20) + b"0", -32600, "a million values"),
    (b"Content-Length: 60000\r\n\r\n" + b"[" * 60000, -32700, "deep nesting"),
]
for data, code, name in RUBBISH:
    client.request("no/such", {})  # where a message begins is known again
    client.raw(data)
    while (message := client.next()) is not None and message.get("id", 0) is not None:
        pass
    ok(message and message["error"]["code"] == code, f"{name} is an error", message)
long = 40 << 20
client.raw(b"Content-Length: %d\r\n\r\n" % long)
for _ in range(40):
    client.raw(b" " * (1 << 20))
message = client.next()
ok(message and message["error"]["code"] == -32600 and "longer" in message["error"]["message"], "a message that is too long is skipped", message)
ok("capabilities" in client.request("initialize", {"processId": None, "rootUri": uri_of(root), "capabilities": {}}), "and the next one is answered")
ok(client.request("initialize", {})["code"] == -32600, "a second 'initialize' is refused")
ok(client.request("no/such", {})["code"] == -32601, "an unknown method is told as such")
client.notify("no/such", {})
client.notify("$/setTrace", {"value": "off"})
for params in (None, [], {}, {"textDocument": 5}, {"textDocument": {"uri": 7}}, {"textDocument": {"uri": "file:///%00"}}, {"textDocument": {"uri": "untitled:x"}},
               {"textDocument": {"uri": client.uri("flags/shop.yaml")}, "contentChanges": [5, {"range": 7, "text": 5}]},
               {"textDocument": {"uri": client.uri("flags/shop.yaml"), "text": 5}}, {"textDocument": {"uri": client.uri("../../etc/passwd"), "text": "x"}}):
    for method in ("didOpen", "didChange", "didClose", "didSave"):
        client.notify(f"textDocument/{method}", params)
client.open("flags/shop.yaml")
client.change("flags/shop.yaml", {"range": {"start": {"line": 1e9, "character": -5}, "end": {"line": 0, "character": 1 << 40}}, "text": "\0\ud83d\ude00"})
client.change("flags/shop.yaml", {"range": {"start": {"line": 5, "character": 5}, "end": {"line": 0, "character": 0}}, "text": "x"})
client.change("flags/shop.yaml", {"text": SHOP})
client.open("flags/pay.yaml", "x" * 1000 + "\n")
ok(codes(client.settled("flags/pay.yaml", bool)) != [], "it still works")
number = client.number + 1
client.raw(b"".join(b"Content-Length: %d\r\n\r\n" % len(data) + data for data in (
    json.dumps({"jsonrpc": "2.0", "id": "first", "method": "no/such", "params": {}}).encode(),
    json.dumps({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "first"}}).encode())))
ok(client.response("first")["error"]["code"] in (-32800, -32601), "a request can be cancelled")
ok(client.end() == (0, ""), "and it ends well, with nothing on stderr")


# ---- clients that die ----
def ends(client, status, name):
    try:
        got = client.process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        got = "it still runs"
        client.process.kill()
    ok(got == status, name, got)


client = Client(root)
client.process.stdin.close()
ends(client, 1, "without 'shutdown', the end of its input exits 1")
client = Client(root)
client.notify("exit", None)
ends(client, 1, "so does 'exit'")
client = Client(root, start=False)
client.raw(b"Content-Length: 100\r\n\r\n{")
client.process.stdin.close()
ends(client, 1, "so does the end within a message")
server = subprocess.Popen([FFC, "lsp"], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
server.stdout.close()
server.stdin.write(b"Content-Length: 2\r\n\r\n{}")
server.stdin.flush()
ok(server.wait(timeout=PATIENCE) == 1, "so does a client that listens no more")
sleeper = subprocess.Popen(["sleep", "1000"])
client = Client(root, start=False)
client.request("initialize", {"processId": sleeper.pid, "rootUri": uri_of(root), "capabilities": {}})
sleeper.kill()
sleeper.wait()
ends(client, 1, "so does one whose process is gone, with its pipes open")
# A client that writes and never reads: nothing is lost of what it asks, and memory stays bounded.
server = subprocess.Popen([FFC, "lsp"], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "no/such"}).encode()
request = b"Content-Length: %d\r\n\r\n" % len(request) + request
for _ in range(50):
    server.stdin.write(request * 100)
server.stdin.close()
ok(server.stdout.read().count(b"-32002") == 5000 and server.wait(timeout=PATIENCE) == 1, "a client that reads late has its answers")
done = subprocess.run([FFC, "lsp", "-C", f"{scratch}/none"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
ok(done.returncode == 2 and "none" in done.stderr, "a directory that is not there is told", done)

# ---- memory ----
root = shop("days")
client = Client(root)
text = client.open("flags/shop.yaml")


def resident():
    with open(f"/proc/{client.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


edits, early = (10000 if LONG else 1500), 0
for number in range(edits):
    at = text.index("# 🎏")
    change, text = edit(text, at, text.index("\n", at), "# 🎏 " + "x" * (number % 50))
    client.change("flags/shop.yaml", change)
    if number % 10 == 0:
        client.request("no/such", {})
    if number == edits // 5:
        early = resident()
client.request("no/such", {})
late = resident()
print(f"# {edits} edits: {early} KiB after a fifth of them, {late} KiB after all")
if os.environ.get("SANITIZE"):
    skip("memory stays as it is over many edits", "a sanitizer keeps what was freed")
else:
    ok(late < early + 800, "memory stays as it is over many edits", early, late)
ok(client.end() == (0, ""), "it ends")

shutil.rmtree(scratch, ignore_errors=True)
sys.exit(finish())
