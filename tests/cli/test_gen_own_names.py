#!/usr/bin/env python3
"""`ffc gen`: flags, attributes and variants that are called as anything in the generated file itself is, be it a function
of the library, a local name or a built-in one, compile, and in Python fill a context. Languages without a compiler here
are skipped."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tap import finish, ok, skip

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.path.abspath(os.environ.get("FFC", f"{TOP}/build/ffc"))
BUILD = os.path.abspath(os.environ.get("BUILD", f"{TOP}/build"))
KEYWORDS = {"any", "all", "not", "segment", "flag", "now", "percent", "salt", "bucket_by"}  # no attributes
KINDS = ["string", "number", "boolean", "version", "time", "strings", "ip"]
EVERYTHING = """project: {name: shop, environments: [production], bucket_by: s}
attributes: {s: string, n: number, b: boolean, v: version, t: time, i: ip, g: strings}
flags:
  fb: {percent: 5%}
  fi: {type: integer, variants: {p: 1, q: 2}, default: p, percent: 5%, serve: q}
  fn: {type: number, variants: {p: 1, q: 2}, default: p, percent: 5%, serve: q}
  fs: {type: string, variants: {p: a, q: b}, default: p, percent: 5%, serve: q}
  fj: {type: json, variants: {p: [1], q: [2]}, default: p, percent: 5%, serve: q, expires: 2020-01-01T00:00:00Z}
"""
RUN_PYTHON = """import datetime, os, sys
import flags
shop = flags.Flags(sys.argv[1], library=os.environ["LD_LIBRARY_PATH"] + "/libfflag.so")
now = datetime.datetime.now(datetime.timezone.utc)
values = {"string": "x", "number": 1.5, "boolean": True, "version": "1.2", "time": now, "strings": ["a", "b"], "ip": "10.0.0.1"}
given = dict(zip(ATTRIBUTES, (values[kind] for kind in KINDS)))
for name, value in given.items():
    shop.context(**{name: value}, now=now)
who = shop.context(**given)
for method in METHODS:
    getattr(shop, method)(who)
"""
INCLUDE = f"-I{TOP}/include"
SOURCES = {"c": ("gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", INCLUDE, "-fsyntax-only", "main.c"),
           "cpp": ("g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", INCLUDE, "-fsyntax-only", "main.cpp"),
           "go": ("go", "vet", "./..."), "java": ("javac", "-Xlint:all,-dep-ann,-deprecation", "-d", "classes", "Flags.java"),
           "python": ("python3", "main.py", "p.ffs"),
           "rust": ("rustc", "--crate-type", "lib", "--edition", "2021", "-Dwarnings", "--emit=metadata", "-o", "flags.rmeta", "flags.rs")}
FILES = {"c": "flags.h", "cpp": "flags.hpp", "go": "flags/flags.go", "java": "Flags.java", "python": "flags.py", "rust": "flags.rs"}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def generate(word, folder, definitions):
    write(f"{folder}/project/shop.yaml", definitions)
    os.makedirs(os.path.dirname(f"{folder}/{FILES[word]}"), exist_ok=True)
    done = subprocess.run([FFC, "gen", word, "-C", f"{folder}/project", "-o", f"{folder}/{FILES[word]}"], capture_output=True, text=True,
                          check=False)
    with open(f"{folder}/{FILES[word]}", encoding="utf-8") as file:
        return done, file.read()


def tokens(text):
    """Each identifier of a text, once however it is spelt."""
    found = {}
    for token in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text):
        key = token.lower().replace("_", "")
        if key and len(token) <= 60 and key not in ("none", "default"):
            found.setdefault(key, token)
    return list(found.values())


def project(names, turn):
    """Flags, attributes and variants that have these names; what is of which type changes with the turn."""
    lines = ["project: {name: shop, environments: [production], bucket_by: zz}", "attributes:", "  zz: string"]
    kinds = {name: KINDS[(i + turn) % len(KINDS)] for i, name in enumerate(names) if name not in KEYWORDS}
    lines += [f"  '{name}': {kind}" for name, kind in kinds.items()]
    lines.append("flags:")
    types = {"boolean": None, "string": "t{}", "integer": "{}", "json": "[{}]", "number": "{}"}
    for i, name in enumerate(names):
        kind = list(types)[(i + turn) % len(types)]
        if kind == "boolean":
            lines.append(f"  '{name}': {{percent: 5%}}")
        else:
            variants = ", ".join(f"'{one}': {types[kind].format(n)}" for n, one in enumerate(names[i:i + 6] + ["zz"]))
            lines.append(f"  '{name}': {{type: {kind}, variants: {{{variants}}}, default: zz, percent: 5%, serve: '{name}'}}")
    lines.append("  zz-old: {serve: on, expires: 2020-01-01T00:00:00Z}")
    return "\n".join(lines) + "\n", kinds


def compile_one(word, folder, text, kinds):
    environment = {**os.environ, "LD_LIBRARY_PATH": BUILD, "PKG_CONFIG_PATH": SCRATCH, "GOFLAGS": "-mod=mod", "GOPROXY": "off",
                   "GOCACHE": f"{SCRATCH}/go-cache", "GO111MODULE": "on", "PYTHONDONTWRITEBYTECODE": "1"}
    write(f"{folder}/main.c", '#include "flags.h"\nint main(void) { return 0; }\n')
    write(f"{folder}/main.cpp", '#include "flags.hpp"\nint main() {}\n')
    write(f"{folder}/go.mod", "module shop\ngo 1.18\n")
    if word == "python":
        subprocess.run([FFC, "build", "-C", f"{folder}/project", "-e", "production", "-o", f"{folder}/p.ffs"], check=True, capture_output=True)
        body = text[text.index("    def context("):]
        attributes = re.findall(r"^        (\w+): Optional\[", body, re.M)[1:]  # zz is the first
        methods = re.findall(r"^    def (\w+)\(self, who: Optional\[Context\]", body, re.M)
        write(f"{folder}/main.py", f"ATTRIBUTES = {attributes[:len(kinds)]}\nKINDS = {list(kinds.values())}\n"
              f"METHODS = {[name for name in methods if not name.startswith('_')]}\n{RUN_PYTHON}")
    return subprocess.run(SOURCES[word], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=580)


def main():
    write(f"{SCRATCH}/fflag.pc", f"Name: fflag\nDescription: flags\nVersion: 0.1.0\nCflags: {INCLUDE}\nLibs: -L{BUILD} -lfflag\n")
    for word, command in SOURCES.items():
        if not shutil.which(command[0]) or (word == "go" and not shutil.which("pkg-config")):
            skip(word, f"there is no {command[0]}")
            continue
        folder = f"{SCRATCH}/{word}"
        _, text = generate(word, folder, EVERYTHING)
        names = [name for name in tokens(text) if name not in tokens(EVERYTHING) or name in ("string", "number", "flags", "type", "variants")]
        wrong = None
        for turn, first in enumerate(range(0, len(names), 100)):
            definitions, kinds = project(names[first:first + 100], turn)
            done, text = generate(word, folder, definitions)
            if done.returncode == 0:
                done = compile_one(word, folder, text, kinds)
            if done.returncode != 0 and not wrong:
                wrong = done.stdout + done.stderr
        ok(len(names) > 90 and not wrong, f"{word}: {len(names)} names that its own file has", wrong)
    shutil.rmtree(SCRATCH, ignore_errors=True)
    return finish()


if any(word in BUILD for word in ("/address", "/thread", "/undefined")):
    print("ok 1 - other languages # SKIP a sanitized library needs a sanitized host\n1..1")
    sys.exit()
SCRATCH = tempfile.mkdtemp(prefix="ffc-gen-own-names-")
sys.exit(main())
