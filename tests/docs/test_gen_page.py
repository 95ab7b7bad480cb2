#!/usr/bin/env python3
"""docs/gen.md: each language's example is written, built and run by the page's own commands, against an installed
library, and prints what the page says. A language whose tools are not there is skipped.

Runs: first, being long."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", f"{TOP}/build"))
FFC = os.path.abspath(os.environ.get("FFC", f"{BUILD}/ffc"))
TOOLS = {"C": ["cc"], "C++": ["c++"], "Go": ["go"], "Java": ["javac", "java"], "Python": ["python3"], "Rust": ["rustc"],
         "TypeScript": ["node", "npm", "npx"]}
count = failed = 0

if any(word in BUILD for word in ("/address", "/thread", "/undefined")):
    print("ok 1 - the examples # SKIP a sanitized library needs a sanitized host\n1..1")
    sys.exit()
SCRATCH = tempfile.mkdtemp(prefix="ffc-gen-page-")


def tell(holds, name, *details, skip=None):
    global count, failed
    count += 1
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {count} - {name}{f' # SKIP {skip}' if skip else ''}", flush=True)
    for detail in details if not holds else ():
        print("# " + str(detail).replace("\n", "\n# "))


def node_modules():
    """What tests/cli/test_gen_languages.py installs, or an attempt at the same."""
    folder = f"{BUILD}/gen-node"
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(f"{folder}/done"):
        try:
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, "typescript@5.9.3", "koffi@3.3.4",
                            "@types/node@20", "pyright@1.1.408"], capture_output=True, check=True, timeout=240)
        except (subprocess.SubprocessError, OSError):
            return None
        open(f"{folder}/done", "w", encoding="utf-8").close()
    return f"{folder}/node_modules"


with open(f"{TOP}/docs/gen.md", encoding="utf-8") as file:
    PAGE = file.read()
blocks = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
head, *sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)
(_, definitions), (_, build), (_, wanted) = blocks.findall(head)
prefix = f"{SCRATCH}/usr"
subprocess.run(["make", "-s", "install", f"prefix={prefix}", f"BUILD={BUILD}"], cwd=TOP, check=True, capture_output=True)
environment = {**os.environ, "PATH": f"{prefix}/bin:{os.environ['PATH']}", "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig",
               "LD_LIBRARY_PATH": f"{prefix}/lib", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOCACHE": f"{SCRATCH}/go", "GO111MODULE": "on",
               "PYTHONDONTWRITEBYTECODE": "1"}
if shutil.which("javac"):
    environment["JAVA_HOME"] = os.path.dirname(os.path.dirname(os.path.realpath(shutil.which("javac"))))


def shell(commands, folder):
    return subprocess.run(["sh", "-e", "-c", commands], cwd=folder, env=environment, capture_output=True, text=True, timeout=580, check=False)


seen = []
for section in sections:
    language, text = section.split("\n", 1)
    if language not in TOOLS:
        continue
    seen.append(language)
    missing = [tool for tool in TOOLS[language] if not shutil.which(tool)]
    folder = f"{SCRATCH}/{language}"
    os.makedirs(f"{folder}/flags")
    with open(f"{folder}/flags/shop.yaml", "w", encoding="utf-8") as file:
        file.write(definitions)
    built = shell(build, folder)
    name = re.search(r"^`([\w.]+)`:$", text, re.MULTILINE).group(1)
    (_, program), (_, commands) = blocks.findall(text)[:2]
    with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
        file.write(program)
    if language == "TypeScript" and not missing:
        modules = node_modules()
        if modules:
            os.symlink(modules, f"{folder}/node_modules")
            commands = re.sub(r"^npm install .*\n", "", commands, flags=re.MULTILINE)
        else:
            missing = ["koffi from the npm registry"]
    if missing:
        tell(True, language, skip=f"there is no {', '.join(missing)}")
        continue
    done = shell(commands, folder)
    tell(built.returncode == 0 and done.returncode == 0 and done.stdout.endswith(wanted), f"{language}: prints what the page says", built.stderr,
         done.returncode, done.stdout, done.stderr)
    if language == "C":
        (_, check), = blocks.findall(PAGE[PAGE.index("## Keep it current"):])
        fine = shell(check, folder)
        with open(f"{folder}/flags.h", "a", encoding="utf-8") as file:
            file.write("\n")
        stale = shell(check, folder)
        tell(fine.returncode == 0 and stale.returncode == 1 and "first difference" in stale.stderr, "and --check does", fine.stderr, stale.stderr)
tell(seen == list(TOOLS), "every language has an example", seen)
listed = re.findall(r"^\| `(\w+)` \|", head, re.MULTILINE)
offered = subprocess.run([FFC, "gen", "--help"], capture_output=True, text=True, check=True).stdout
tell(sorted(listed) == sorted(re.search(r"ffc gen ([a-z]+\|[a-z|]+) ", offered).group(1).split("|")), "and the table has them all", listed, offered)
shutil.rmtree(SCRATCH, ignore_errors=True)
print(f"1..{count}")
sys.exit(failed > 0)
