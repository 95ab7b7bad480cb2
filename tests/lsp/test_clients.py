#!/usr/bin/env python3
"""`ffc lsp` with clients that others wrote: the one that VS Code is made of, from npm, and Neovim's."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from client import FFC, TOP, finish, ok, skip

BUILD = os.environ.get("BUILD", f"{TOP}/build")
MODULES = f"{BUILD}/lsp-clients"
PACKAGES = ["vscode-jsonrpc@8.2.0", "vscode-languageserver-protocol@3.17.5"]
root = tempfile.mkdtemp(prefix="ffc-lsp-")
os.makedirs(f"{root}/flags")
SHOP = """flags:
  checkout:
    rules: [{if: {segment: nordics}, percent: {from: 0%, to: 100%, start: 2020-01-01T00:00:00Z, end: 2220-01-01T00:00:00Z}}]
  banner: {description: 🛒 結帳, serve: on, requires: {checkout: on}}
"""
with open(f"{root}/flags/shop.yaml", "w", encoding="utf-8") as file:
    file.write(SHOP)
with open(f"{root}/flags/project.yaml", "w", encoding="utf-8") as file:
    file.write("project: {name: shop, environments: [production], bucket_by: user_id}\nattributes: {user_id: string, country: string}\n"
               "segments: {nordics: {if: {country: [NO]}}}\n")


def node():
    if not shutil.which("node") or not shutil.which("npm"):
        return "no node, or no npm"
    if not os.path.isdir(f"{MODULES}/node_modules/vscode-languageserver-protocol"):
        try:
            done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", MODULES, *PACKAGES], capture_output=True, timeout=180)
        except subprocess.TimeoutExpired:
            return "the npm registry does not answer"
        if done.returncode:
            return "the clients cannot be installed from the npm registry"
    done = subprocess.run(["node", f"{TOP}/tests/lsp/client.mjs", FFC, root], cwd=MODULES, capture_output=True, text=True, timeout=240)
    ok(done.returncode == 0, "a session with VS Code's client", done.stderr[-2000:])
    if done.returncode:
        return None
    found = json.loads(done.stdout)
    ok({"textDocumentSync", "hoverProvider", "completionProvider", "renameProvider", "inlayHintProvider"} <= set(found["capabilities"]), "it knows what can be asked", found)
    line = SHOP.split("\n")[3]
    column = len(line[:line.index("serve")].encode("utf-16-le")) // 2
    ok([one["code"] for one in found["diagnostics"]] == ["FF0102"] and found["diagnostics"][0]["range"]["start"] == {"line": 3, "character": column},
       "diagnostics, behind an emoji", found["diagnostics"])
    ok(found["actions"][0]["title"] == "write serve", "a code action", found["actions"])
    ok("checkout" in found["hover"]["contents"]["value"], "hover", found["hover"])
    ok("nordics" in found["completion"], "completion", found["completion"])
    ok(found["definition"]["uri"].endswith("project.yaml"), "a definition", found["definition"])
    ok(len(found["references"]) == 2, "references", found["references"])
    ok(len(found["rename"]["changes"]) == 1 and "cannot be the name" in found["refused"], "renaming, and why not", found["rename"], found["refused"])
    ok(isinstance(found["formatting"], list), "formatting", found["formatting"])
    ok(len(found["hints"]) == 1, "inlay hints", found["hints"])
    ok(found["cancelled"] in (-32800, 2), "a request that is taken back", found["cancelled"])
    ok(found["status"] == 0, "the end", found["status"])
    return None


def neovim():
    if not shutil.which("nvim"):
        return "no nvim"
    version = subprocess.run(["nvim", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    out = f"{root}/found.json"
    environment = {**os.environ, "FFC": FFC, "ROOT": root, "OUT": out, "HOME": root, "XDG_CONFIG_HOME": root, "XDG_STATE_HOME": root, "XDG_CACHE_HOME": root}
    done = subprocess.run(["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-c", f"luafile {TOP}/tests/lsp/session.lua", "-c", "cquit"], cwd=root, env=environment,
                          capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    ok(os.path.exists(out), f"a session with {version}", done.stderr[-2000:])
    if not os.path.exists(out):
        return None
    with open(out, encoding="utf-8") as file:
        found = json.load(file)
    line = SHOP.split("\n")[3]
    ok(len(found["diagnostics"]) == 1 and found["diagnostics"][0]["col"] == len(line[:line.index("serve")].encode()), "diagnostics, behind an emoji", found["diagnostics"])
    ok(found["mended"] == 0, "and none when it is mended", found)
    ok("checkout" in found["hover"]["contents"]["value"], "hover", found["hover"])
    ok(found["definition"]["uri"].endswith("project.yaml"), "a definition", found["definition"])
    ok(found["renamed"][1].strip() == "kasse:" and "kasse: on" in "\n".join(found["renamed"]), "renaming", found["renamed"])
    ok(found["formatted"] == ["flags:", "  checkout:", "    serve: on"], "formatting", found["formatted"])
    ok(found["stopped"] is True, "the end", found["stopped"])
    return None


for client, name in ((node, "a session with VS Code's client"), (neovim, "a session with Neovim")):
    why = client()
    if why:
        skip(name, why)
shutil.rmtree(root, ignore_errors=True)
sys.exit(finish())
