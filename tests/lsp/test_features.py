#!/usr/bin/env python3
"""What `ffc lsp` answers when it is asked: hover, completion, definitions, references, renaming, formatting, actions, hints."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from client import FFC, Client, apply_edits, finish, ok, position

root = tempfile.mkdtemp(prefix="ffc-lsp-")
os.makedirs(f"{root}/flags")
PROJECT = """project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string, country: string, groups: strings}
segments:
  nordics: {if: {country: [NO, SE]}, description: The north}
metrics: {errors: {kind: proportion, of: {country: {gte: 500}}, better: lower, log: web}}
logs: {web: {format: ndjson, time: ts, unit: user_id, fields: {country: status}}}
"""
SHOP = """flags:
  checkout:
    description: Die Kasse 🛒
    owner: web
    rules:
      - {name: nordics, if: {segment: nordics}, percent: {from: 0%, to: 100%, start: 2020-01-01T00:00:00Z, end: 2220-01-01T00:00:00Z}}
      - name: rest
        if: {country: {in: [DE]}}
        percent: 5%
  theme:
    type: string
    variants: {light: L, dark: D}
    default: light
    requires: {checkout: on}
tests:
  - {flag: checkout, environment: production, context: {user_id: u1}, expect: {variant: off}}
"""
MORE = "flags:\n  pay:\n    requires:\n        checkout:   on\n    serve: on\n"
TEXTS = {"flags/project.yaml": PROJECT, "flags/shop.yaml": SHOP, "flags/more.yaml": MORE}
for path, text in TEXTS.items():
    with open(f"{root}/{path}", "w", encoding="utf-8") as file:
        file.write(text)
client = Client(root)
for path in TEXTS:
    client.open(path)


def at(mark, after=0, name="flags/shop.yaml", **more):
    place = position(TEXTS[name], TEXTS[name].index(mark) + after)
    return client.at(name, place["line"], place["character"], **more)


def hover(*place):
    found = client.request("textDocument/hover", at(*place))
    return found["contents"]["value"] if found else None


def starts(locations):
    return sorted((one["uri"].rsplit("/", 1)[1], one["range"]["start"]["line"], one["range"]["start"]["character"]) for one in locations)


# ---- hover ----
schema = subprocess.run([FFC, "schema", "--markdown"], capture_output=True, text=True).stdout
meaning = re.search(r"^\| `owner` \| text \| (.*) \|$", schema, re.M)[1]
ok(meaning in hover("owner: web", 1), "a key means what the reference says", hover("owner: web", 1))
ok("equals one of them" in hover("in: [DE]", 1), "so does an operator", hover("in: [DE]", 1))
ok("what `ffc test` runs" in hover("tests:", 1), "and a section")
for mark, after in (("checkout:\n", 2), ("checkout: on", 1), ("flag: checkout", 8)):
    said = hover(mark, after) or ""
    ok("Die Kasse 🛒" in said and "5% where country is DE" in said and "staging, production" in said and re.search(r"nordics is at \d+(\.\d+)?% now", said),
       f"a flag says what it serves, at {mark!r}", said)
ok(hover("nordics}", 2) == "segment **nordics**: The north", "a segment says what it is", hover("nordics}", 2))
ok(hover("Die Kasse", 2) is None, "a text says nothing")
# What is in an unsaved buffer counts.
client.change("flags/shop.yaml", {"text": SHOP.replace("percent: 5%", "percent: 77%")})
ok("77%" in hover("checkout: on", 1), "a flag says what it would serve")
client.change("flags/shop.yaml", {"text": SHOP})

# ---- definitions and references ----
for mark, after, wanted in (("checkout: on", 1, ("shop.yaml", 1, 2)), ("segment: nordics", 10, ("project.yaml", 3, 2)), ("light\n", 1, ("shop.yaml", 11, 15)),
                            ("environment: production", 15, ("project.yaml", 0, 46)), ("country: {in", 1, ("project.yaml", 1, 30)), ("on}\ntests", 1, ("shop.yaml", 1, 2))):
    found = client.request("textDocument/definition", at(mark, after))
    ok(found and starts([found]) == [wanted], f"{mark!r} is defined there", found, wanted)
found = client.request("textDocument/definition", at("metrics", 1, "flags/project.yaml"))
ok(found is None, "a section is defined nowhere", found)
ok(starts(client.request("textDocument/references", at("checkout:\n", 2, context={"includeDeclaration": True}))) ==
   [("more.yaml", 3, 8), ("shop.yaml", 1, 2), ("shop.yaml", 13, 15), ("shop.yaml", 15, 11)], "a flag is named there")
ok(starts(client.request("textDocument/references", at("checkout:\n", 2, context={"includeDeclaration": False}))) ==
   [("more.yaml", 3, 8), ("shop.yaml", 13, 15), ("shop.yaml", 15, 11)], "without its definition, if that is not asked for")
ok(starts(client.request("textDocument/references", at("light: L", 2, context={}))) == [("shop.yaml", 11, 15), ("shop.yaml", 12, 13)], "so is a variant")
ok(starts(client.request("textDocument/references", at("country: string", 2, "flags/project.yaml", context={}))) ==
   [("project.yaml", 1, 30), ("project.yaml", 3, 17), ("shop.yaml", 7, 13)], "an attribute is, and a field of a log of the same name is not")

# ---- renaming ----
ok(client.request("textDocument/prepareRename", at("checkout: on", 1))["placeholder"] == "checkout", "a flag can be renamed")
ok(client.request("textDocument/prepareRename", at("nordics}", 1)) is None, "nothing else can")
renamed = client.request("textDocument/rename", at("checkout:\n", 2, newName="Kasse 🛒"))
after = dict(TEXTS)
for uri, edits in renamed["changes"].items():
    name = "flags/" + uri.rsplit("/", 1)[1]
    after[name] = apply_edits(after[name], edits)
copy = tempfile.mkdtemp(prefix="ffc-lsp-")
shutil.copytree(f"{root}/flags", f"{copy}/flags")
done = subprocess.run([FFC, "rename", "checkout", "Kasse 🛒", "-r", "why", "--actor", "x"], cwd=copy, capture_output=True, text=True)
same = done.returncode == 0
for name in TEXTS:
    with open(f"{copy}/{name}", encoding="utf-8") as file:
        same &= file.read() == after[name]
ok(same, "it becomes what `ffc rename` makes of it", done, after)
for new, why in (("theme", "already"), ("a*b", "cannot be the name"), ("", "empty")):
    refused = client.request("textDocument/rename", at("checkout:\n", 2, newName=new))
    ok("message" in refused and why in refused["message"], f"'{new}' is refused, with why", refused)
client.change("flags/more.yaml", {"text": MORE + "  x: {\n"})
refused = client.request("textDocument/rename", at("checkout:\n", 2, newName="y"))
ok("more.yaml" in refused.get("message", ""), "so is any while a file is no YAML", refused)
client.change("flags/more.yaml", {"text": MORE})

# ---- formatting ----
edits = client.request("textDocument/formatting", {"textDocument": {"uri": client.uri("flags/more.yaml")}, "options": {"tabSize": 2, "insertSpaces": True}})
formatted = subprocess.run([FFC, "fmt", "-"], input=MORE, capture_output=True, text=True).stdout
ok(apply_edits(MORE, edits) == formatted and len(edits) == 1, "a document is formatted as `ffc fmt` does it, where it differs", edits, formatted)
client.change("flags/more.yaml", {"text": "flags: {"})
refused = client.request("textDocument/formatting", {"textDocument": {"uri": client.uri("flags/more.yaml")}})
ok("no YAML" in refused.get("message", ""), "what is no YAML is left as it is, and that is said", refused)
client.change("flags/more.yaml", {"text": MORE})

# ---- actions ----
for wrong, right in (("ownr: web", "owner: web"), ("segment: nordic}", "segment: nordics}"), ("type: strin\n", "type: string\n"),
                     ("requires: {checkot: on}", "requires: {checkout: on}"), ("requires: {'checkot': on}", "requires: {checkout: on}"),
                     ("expires: 2027-01-31\n    type", "expires: 2027-01-31T00:00:00Z\n    type"), ("defaultVariant: light", "default: light"), ("variant: of}", "variant: off}")):
    mended = SHOP if "expires" not in right else SHOP.replace("    type", f"    {right}")
    if "expires" in right:
        broken = mended.replace(right, wrong)
    else:
        broken = mended.replace(right, wrong, 1)
    client.change("flags/shop.yaml", {"text": broken})
    said = client.settled("flags/shop.yaml", lambda said: any("fix" in one.get("data", {}) for one in said))
    place = next((one["range"] for one in said if "fix" in one.get("data", {})), None)
    actions = client.request("textDocument/codeAction", {"textDocument": {"uri": client.uri("flags/shop.yaml")}, "range": place, "context": {"diagnostics": []}})
    result = apply_edits(broken, actions[0]["edit"]["changes"][client.uri("flags/shop.yaml")]) if actions else None
    ok(result == mended, f"{wrong!r} is mended as its help says", actions, said)
    client.change("flags/shop.yaml", {"text": SHOP})
    client.settled("flags/shop.yaml", lambda said: not any("fix" in one.get("data", {}) for one in said))
nowhere = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
ok(client.request("textDocument/codeAction", {"textDocument": {"uri": client.uri("flags/shop.yaml")}, "range": nowhere, "context": {"diagnostics": []}}) == [], "where nothing is wrong, there is no action")

# ---- hints ----
whole = {"start": {"line": 0, "character": 0}, "end": {"line": 999, "character": 0}}
hints = client.request("textDocument/inlayHint", {"textDocument": {"uri": client.uri("flags/shop.yaml")}, "range": whole})
ok(len(hints) == 1 and re.fullmatch(r"now \d+(\.\d+)?%", hints[0]["label"]) and hints[0]["position"] == position(SHOP, SHOP.index("220-01-01T00:00:00Z}") + 20),
   "a gradual percentage says where it is", hints)
ok(client.request("textDocument/inlayHint", {"textDocument": {"uri": client.uri("flags/shop.yaml")}, "range": nowhere}) == [], "where it is shown")


# ---- completion ----
def complete(text):
    """The labels at the mark '¦' of a text, and what accepting the first one makes of it."""
    offset = text.index("¦")
    text = text.replace("¦", "")
    client.change("flags/more.yaml", {"text": text})
    place = position(text, offset)
    items = (client.request("textDocument/completion", client.at("flags/more.yaml", place["line"], place["character"])) or {}).get("items", [])
    accepted = apply_edits(text, [items[0]["textEdit"]]) if items else None
    return [item["label"] for item in items], accepted


for text, wanted, first in (
        ("¦", {"flags", "segments", "tests", "project"}, None),
        ("fla¦", {"flags"}, "flags: "),
        ("flags:\n  x:\n    ¦", {"owner", "rules", "requires", "canary"}, None),
        ("flags:\n  x:\n    own¦\n    serve: on\n  y: {serve: on}\n", {"owner"}, "flags:\n  x:\n    owner: \n    serve: on\n  y: {serve: on}\n"),
        ("flags:\n  x:\n    own¦: web\n", {"owner"}, "flags:\n  x:\n    owner: web\n"),
        ("flags:\n  x: {kind: op¦}", {"ops"}, "flags:\n  x: {kind: ops}"),
        ("flags:\n  🛒: {kind: op¦}", {"ops"}, "flags:\n  🛒: {kind: ops}"),
        ("flags:\n  x:\n    rules:\n      - {if: {country: {¦}}}", {"in", "starts_with", "glob"}, None),
        ("flags:\n  x:\n    rules:\n      - if: {¦", {"segment", "country", "any", "groups"}, None),
        ("flags:\n  x:\n    rules:\n      - if: {segment: ¦", {"nordics"}, "flags:\n  x:\n    rules:\n      - if: {segment: nordics"),
        ("flags:\n  x:\n    requires:\n      ¦", {"checkout", "theme"}, None),
        ("flags:\n  x:\n    requires: {theme: ¦}", {"light", "dark"}, None),
        ("flags:\n  x:\n    requires: {checkout: ¦}", {"on", "off"}, None),
        ("flags:\n  x:\n    variants: {a: 1, b: 2}\n    default: ¦\n", {"a", "b"}, None),
        ("flags:\n  x:\n    rules:\n    - ¦", {"if", "percent", "serve"}, None),
        ("flags:\n  x:\n    enabled: ¦", {"true", "false"}, None),
        ("flags:\n  x:\n    environments: {¦", {"staging", "production"}, None),
        ("flags:\n  x:\n    canary:\n      guards:\n        - metric: ¦", {"errors"}, None),
        ("tests:\n  - flag: ¦", {"checkout", "theme"}, None),
        ("flags:\n  x:\n    holdout: [¦]\nholdouts: {quiet: {percent: 1%}}\n", {"quiet"}, None),
        ("flags:\n  x:\n    description: a text¦", set(), None),
        ("flags:\n  x: # a comment¦", set(), None),
        ("flags:\n  x:\n    description: |\n      some words ¦\n    serve: on\n", set(), None)):
    labels, accepted = complete(text)
    ok(set(labels) >= wanted and (wanted or not labels) and (first is None or accepted == first), f"completes {text!r}", labels, accepted)
# Wherever the cursor is, in whatever text, there is an answer.
for text in (SHOP, PROJECT, "a: [b, {c: 'd\n", "- - - x\n", "? a\n: b\n", "x: |\n", "}}}]]]\n", ":\n: :\n", "\n\n\n", "{" * 200, "'" * 50, "k: \"\\x\n"):
    client.change("flags/more.yaml", {"text": text})
    lines = text.split("\n")
    for number, line in enumerate(lines):
        for character in range(0, len(line) + 2, 3):
            for method in ("completion", "hover", "definition", "prepareRename"):
                client.ask(f"textDocument/{method}", client.at("flags/more.yaml", number, character))
last = client.request("textDocument/hover", client.at("flags/more.yaml", 0, 0))
ok(client.process.poll() is None, "it answers anywhere")
for method in ("hover", "completion", "definition", "references", "prepareRename", "rename", "formatting", "codeAction", "inlayHint"):
    for params in (None, [], {}, {"textDocument": {"uri": "file:///etc/passwd"}, "position": {"line": 0, "character": 0}}, {"textDocument": 5, "position": "x", "range": 7}):
        client.request(f"textDocument/{method}", params)
ok(client.end() == (0, ""), "whatever the parameters are, and ends well")
shutil.rmtree(root, ignore_errors=True)
shutil.rmtree(copy, ignore_errors=True)
sys.exit(finish())
