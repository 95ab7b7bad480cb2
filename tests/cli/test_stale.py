#!/usr/bin/env python3
"""`ffc stale`: flags that have had their day, by definitions, git, the ledger, code and counters."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from tap import finish, ok

if not shutil.which("git"):
    print("ok 1 - what can go # SKIP there is no git\n1..1")
    sys.exit()

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
SCRATCH = tempfile.mkdtemp(prefix="ffc-stale-")
NOW = "2026-11-30T12:00:00Z"
PROJECT = """project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string}
metrics: {errors: {kind: proportion, of: {status: 500}}}
logs: {web: {format: ndjson, time: ts, unit: user_id, fields: {status: status}}}
flags:
  # Long gone.
  new-search:
    owner: search
    expires: 2026-10-01T00:00:00Z
    rules: [{serve: on}]
  dark-mode: {percent: 40%}
  off-forever:
    enabled: false
  kill: {kind: ops, serve: on}
  apart:
    environments: {staging: {serve: on}, production: {serve: off}}
  ramped: {percent: {from: 0%, to: 100%, start: 2026-11-01T00:00:00Z, end: 2026-11-10T00:00:00Z}}
  listed: {serve: off, users: {on: [u1]}}
  base: {serve: on}
  above: {requires: {base: on}, serve: on}
  rolled: {serve: on}
  finished: {serve: on}
  search: {percent: 10%}
  cta:
    type: string
    variants: {blue: blue, green: green}
    default: blue
    experiment: {control: blue, split: {blue: 50%, green: 50%}, primary: errors, state: concluded, winner: green}
"""
CODE = {
    "a.c": '''/* "dark-mode" in a comment */
#define QUOTE '"'
bool f(fflag_store *s) { return fflag_flag(s, "new-search") && fflag_flag(s, "drak-mode"); } // "kill"
fflag_id fflag_flag(fflag_store *store, const char *name);
fflag_id g(fflag_store *s, const char *name) { return fflag_flag(s, name); }
''',
    "a.cc": '''auto n = 1'000'000; auto raw = R"x("off-forever" )" )x"; auto is = R"(apart)";
auto v = client->BoolVariation(ctx, "gone-cc", false);
''',
    "b.ts": '''const re = /["'`]/g, half = a / b; const on = await client.getBooleanValue('dark-mode', false);
const t = `a ${client.getBooleanValue("gone-ts", false)} b ${`${"above"}`}`, u = `base ${x}`;
function isEnabled(name: string): boolean { return true; }
useFlag<boolean>("cta"); newSearch.on(); log.search("x"); thing?.isEnabled?.(`gone-call`);
''',
    "c.py": '''"""doc 'cta' """
x = client.get_boolean_value("off\\x2dforever", False)  # 'kill'
y = f"{client.get_boolean_value('gone-py', False)} {{kill}}"
z = evaluate(flag_key="gone-key")
''',
    "d.rs": '''fn x<'a>(c: &'a C, q: char) -> bool { if q == '"' { /* /* */ "kill" */ }; c.is_enabled(r#"gone-"rs"#) }
''',
    "sub/e.go": '''func (c *Client) BooleanValue(ctx context.Context, flag string) bool { return true }
var v, _ = client.BooleanValue(ctx, `ramped`, false, ec)
if client.BooleanValue(ctx, name, false, ec) { }
''',
    "F.java": '''class F { boolean isEnabled(String s) { return x; } String t = """
 say "kill" """; boolean b = client.getBooleanValue("gone-\\u006aava", FLAG_SEARCH); boolean c = mine("gone-mine"); }
''',
    "notes.txt": "listed\n",
}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def run(*arguments, cwd=None, stdin=None):
    return subprocess.run([FFC, "stale", "--at", NOW, *arguments], cwd=cwd or SCRATCH, input=stdin, text=True,
                          capture_output=True)


def read(*arguments, **options):
    done = run("--json", *arguments, **options)
    return json.loads(done.stdout) if done.returncode == 0 else {"flags": [], "error": done.stderr}


def reasons(found):
    return {flag["flag"]: flag["stale"] for flag in found["flags"]}


def git(*arguments, when="2026-03-02T00:00:00Z"):
    environment = {**os.environ, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "HOME": SCRATCH,
                   "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(["git", "-c", "user.name=m", "-c", "user.email=m@example.com", *arguments], cwd=SCRATCH,
                          env=environment, capture_output=True, text=True, check=True)


def commit(change, when):
    with open(f"{SCRATCH}/flags/shop.yaml") as file:
        text = file.read()
    write(f"{SCRATCH}/flags/shop.yaml", change(text))
    git("add", "-A", when=when)
    git("commit", "-q", "-m", "change", when=when)


def without_history():
    found = read()
    ok(found.get("dated") is False and reasons(found).get("off-forever") == ["settled"],
       "without git, a settled flag is told, and that its age is not known", found)
    done = run()
    ok("for how long is not known" in done.stdout and "git has no history" in done.stderr,
       "and so it stands on the page", done.stdout, done.stderr)


def with_history():
    found = reasons(read())
    ok(found == {"cta": ["concluded", "settled"], "new-search": ["expired", "settled"], "off-forever": ["settled"],
                 "apart": ["settled"], "base": ["settled"], "above": ["settled"], "rolled": ["settled"]},
       "expired, concluded and settled flags are found; ops, users, shares and fresh ramps are not", found)
    ok("ramped" in reasons(read("--for", "10d")), "a gradual percentage is settled once it has arrived for long")
    ok("staging" in run("apart").stdout and "on in staging, off in production" in run("apart").stdout,
       "a flag that differs by environment says how", run("apart").stdout)
    flag = read("rolled")["flags"][0]
    ok(flag["unchanged_since"] == "2026-03-02T00:00:00Z", "it says since when its file stands", flag)
    commit(lambda text: "# A line above.\n" + text.replace("percent: 40%", "percent: 50%"), "2026-11-20T00:00:00Z")
    ok(reasons(read()) == found, "an edit of one flag leaves the others' age alone", reasons(read()), found)
    ok(read("rolled")["flags"][0]["unchanged_since"] == "2026-10-31T12:00:00Z",
       "then it is known for the period, and no longer", read("rolled"))
    commit(lambda text: text.replace("    enabled: false\n", "    enabled: false\n    tags: [x]\n"), "2026-11-21T00:00:00Z")
    ok("off-forever" not in reasons(read()), "a line that was added changed the flag")
    commit(lambda text: text.replace("    tags: [x]\n", ""), "2026-11-22T00:00:00Z")
    ok("off-forever" not in reasons(read()), "and one that was taken away, also where it is as it was before")
    ok(reasons(read("--for", "8d")).get("off-forever") == ["settled"], "until the period does not reach back to it")
    write(f"{SCRATCH}/flags/shop.yaml", open(f"{SCRATCH}/flags/shop.yaml").read().replace("base: {serve: on}",
                                                                                        "base: {serve: on, tags: [y]}"))
    found = reasons(read())
    ok("base" not in found and "above" not in found, "an edit that is not committed counts, for what requires it, too",
       found)
    commit(lambda text: text, "2026-11-23T00:00:00Z")
    write(f"{SCRATCH}/flags/ledger/.keep", "")
    done = subprocess.run([FFC, "rollback", "rolled", "-e", "production", "--reason", "try", "--actor", "op"],
                          cwd=SCRATCH, capture_output=True, text=True)
    lifted = subprocess.run([FFC, "rollback", "--lift", "rolled", "-e", "production", "--reason", "over", "--actor", "op"],
                            cwd=SCRATCH, capture_output=True, text=True)
    found = {flag["flag"] for flag in json.loads(subprocess.run([FFC, "stale", "--json"], cwd=SCRATCH, text=True,
                                                                capture_output=True).stdout)["flags"]}
    ok(done.returncode == 0 and "rolled" not in found and "new-search" in found,
       "a rollback that was lifted counts, by the ledger", done.stderr, lifted.stderr, found)


def by_code():
    found = read("--source", "src", "--call", "mine")
    unknown = {entry["name"]: entry["nearest"] for entry in found["unknown"]}
    ok(unknown == {"drak-mode": "dark-mode", "gone-cc": None, "gone-ts": None, "gone-call": None, "gone-py": None,
                   "gone-key": None, 'gone-"rs': None, "gone-java": None, "gone-mine": None},
       "names that no flag has are found in calls, in each language", unknown)
    places = {(use["file"], use["line"], use["column"]) for entry in found["unknown"] for use in entry["uses"]
              if entry["name"] == "gone-py"}
    ok(places == {("src/c.py", 3, 33)}, "with their places", places)
    computed = [(use["file"], use["line"]) for use in found["computed"]]
    ok(computed == [("src/a.c", 5), ("src/sub/e.go", 3)], "a computed name is said; a definition is none", computed)
    unnamed = {name for name, why in reasons(found).items() if "unnamed" in why}
    ok(unnamed == {"kill", "listed", "rolled", "finished"},
       "what no code names is found: comments, parts of texts and other files name nothing", unnamed)
    uses = {flag["flag"]: sorted((use["file"], use["as"]) for use in flag["uses"]) for flag in found["flags"]}
    ok(uses.get("new-search") == [("src/a.c", "text"), ("src/b.ts", "identifier")],
       "identifiers are names, too, in any spelling", uses)
    done = run("--source", "src", "--exit-code")
    ok(done.returncode == 1 and all(len(line) <= 80 for line in done.stdout.splitlines()) and
       "2 calls give a name" in done.stderr, "the page fits 80 columns", done.stdout, done.stderr)
    ok(run("search", "--exit-code").returncode == 0, "--exit-code is 0 where nothing is found")
    lines = run("--source", "src", "--format", "github").stdout.splitlines()
    ok(all(line.startswith("::warning file=") for line in lines) and
       any("src/a.c,line=3,title=unknown flag::no flag is called 'drak-mode'; did you mean 'dark-mode'?" in line
           for line in lines), "annotations for a pipeline", lines)
    outside = tempfile.mkdtemp(prefix="ffc-stale-code-")
    shutil.copytree(f"{SCRATCH}/src", f"{outside}/src")
    os.symlink("/dev/zero", f"{outside}/src/zero.c")
    os.mkfifo(f"{outside}/src/pipe.c")
    write(f"{outside}/src/node_modules/x.js", 'isEnabled("other")')
    again = read("--source", f"{outside}/src", "--call", "mine")
    ok([entry["name"] for entry in again["unknown"]] and
       {entry["name"] for entry in again["unknown"]} == set(unknown),
       "outside a repository the same is found; links, pipes and packages are passed over", again)
    write(f"{outside}/deep.ts", "`${" * 100000 + "isEnabled('deep')")
    write(f"{outside}/open.py", "(" * 1000000 + '"""')
    done = run("--source", f"{outside}/deep.ts", "--source", f"{outside}/open.py")
    ok(done.returncode == 0, "hostile code is read, and no more", done.returncode, done.stderr)
    done = run("--source", f"{outside}/nothing")
    ok(done.returncode == 2 and "cannot read" in done.stderr, "a folder that is not there", done.stderr)
    os.mkdir(f"{outside}/empty")
    done = run("--source", f"{outside}/empty")
    ok("no code was read" in done.stderr and "unnamed" not in done.stdout, "nothing follows from no code", done.stderr)
    shutil.rmtree(outside)


def by_counters():
    text = ('# TYPE fflag_evaluations_total counter\n'
            'fflag_evaluations_total{flag="search",variant="on"} 12\n'
            'fflag_evaluations_total{flag="kill",variant="on"} 0\n'
            'fflag_evaluations_total{variant="a\\"b}",flag="dark-mode"} 3\n')
    found = {name for name, why in reasons(read("--counters", "-", stdin=text)).items() if "unasked" in why}
    ok("kill" in found and "search" not in found and "dark-mode" not in found, "what counters were never asked for", found)
    done = run("--counters", "-", stdin="up 1\n")
    ok(done.returncode == 2 and "no counter" in done.stderr, "other metrics are refused", done.stderr)


def fix():
    done = run("--fix", "--reason", "x")
    ok(done.returncode == 2 and "give it all with --source" in done.stderr, "--fix needs code", done.stderr)
    done = run("--dry-run")
    ok(done.returncode == 2 and "without --fix" in done.stderr, "and the options of an edit need --fix", done.stderr)
    before = open(f"{SCRATCH}/flags/shop.yaml").read()
    done = run("new-search", "finished", "--source", "src", "--fix", "--reason", "x", "--dry-run")
    ok(done.returncode == 0 and "-  finished: {serve: on}" in done.stdout and "'new-search' stays: src/a.c:3" in done.stderr and
       open(f"{SCRATCH}/flags/shop.yaml").read() == before, "--dry-run shows what would go, and what code names",
       done.stdout, done.stderr)
    done = run("finished", "--source", "src", "--fix", "--reason", "rolled out", "--actor", "op")
    after = open(f"{SCRATCH}/flags/shop.yaml").read()
    ok(done.returncode == 0 and after == before.replace("  finished: {serve: on}\n", ""), "--fix removes it, and nothing else",
       done.stdout, done.stderr, after)
    done = run("new-search", "--source", "src", "--fix", "--reason", "rolled out")
    ok(done.returncode == 0 and "no flag can go" in done.stderr, "then nothing is left to do", done.stderr)
    write(f"{SCRATCH}/flags/shop.yaml", before)


def usage():
    done = run("nothing-such")
    ok(done.returncode == 2 and "nothing-such" in done.stderr, "a name that no flag has is refused", done.stderr)
    done = run("--for", "1h")
    ok(done.returncode == 2 and "at least a day" in done.stderr, "so is a period of hours", done.stderr)


def main():
    if not shutil.which("git"):
        print("1..0 # skip git is not installed")
        return 0
    write(f"{SCRATCH}/flags/shop.yaml", PROJECT)
    for name, text in CODE.items():
        write(f"{SCRATCH}/src/{name}", text)
    without_history()
    git("init", "-q", "-b", "main", ".")
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    by_code()
    by_counters()
    fix()
    usage()
    with_history()
    shutil.rmtree(SCRATCH)
    return finish()


sys.exit(main())
