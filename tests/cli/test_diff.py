#!/usr/bin/env python3
"""`ffc diff`: what it compares, what it calls risky, what it prints; revisions without a checkout."""
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

from tap import finish, ok

if not shutil.which("git"):
    print("ok 1 - what a change means # SKIP there is no git\n1..1")
    sys.exit()

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
SCRATCH = tempfile.mkdtemp(prefix="ffc-diff-")
BARE = {"PATH": os.environ["PATH"], "TMPDIR": SCRATCH}  # a container: no $HOME, no $USER


def run(*arguments, cwd, env=None, stdin=None):
    return subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, env=env or BARE, input=stdin, check=False)


def git(directory, *arguments):
    done = run("git", "-c", "user.name=ann", "-c", "user.email=ann@example.com", *arguments, cwd=directory)
    assert done.returncode == 0, done.stderr
    return done.stdout


def write(directory, name, text):
    path = f"{directory}/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


HEAD = """project: {name: p, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string, country: string, company: string}
metrics: {errors: {log: web, kind: proportion, of: {status: 500}}, slow: {log: web, kind: proportion, of: {status: 504}}}
logs: {web: {format: ndjson, time: ts, unit: user_id, fields: {status: status}}, access: {format: combined}}
layers: {one: {}}
flags:
"""
CANARY = """  pay:
    canary:
      stages: [{name: early, percent: 5%%}, {name: full, percent: 100%%}]
      guards: [{metric: errors, max: %s, action: %s}, {metric: slow, max: 1%%}]
      state: running
      since: 2026-11-20T10:00:00Z
"""


def repository(name, *versions):
    """A commit for each version of flags/shop.yaml."""
    directory = f"{SCRATCH}/{name}"
    os.makedirs(directory)
    git(directory, "init", "-q", "-b", "main")
    for version in versions:
        write(directory, "flags/shop.yaml", version)
        git(directory, "add", "-A")
        git(directory, "commit", "-qm", "a change")
    return directory


def changes(directory, *arguments, env=None):
    done = run(FFC, "diff", *arguments, "--format", "json", cwd=directory, env=env)
    return {(c["flag"], c["environment"]): c for c in json.loads(done.stdout)["changes"]} if done.stdout else done.stderr


def shares(change):
    return {(one["from"], one["to"]): one["share"] for one in change["shares"]}


def versions():
    old = HEAD + "  checkout: {environments: {staging: {serve: on}, production: {percent: 20%}}}\n"
    new = old.replace("20%", "35%")
    directory = repository("versions", old, new)
    expected = {("checkout", "production"): {("off", "on"): 0.15}}
    for arguments in (("main~1..main",), ("main~1", "main"), ("HEAD~1",), ("main~1...main",), ("main~1..",)):
        got = changes(directory, *arguments)
        ok({key: shares(c) for key, c in got.items()} == expected, f"revisions: {' '.join(arguments)}", got)
    ok(changes(directory) == {}, "HEAD and the work tree", changes(directory))
    write(directory, "flags/shop.yaml", old)
    ok({k: shares(c) for k, c in changes(directory).items()} == {("checkout", "production"): {("on", "off"): 0.15}},
       "what is not committed is the second")
    before = {name: os.stat(f"{directory}/.git/{name}").st_mtime_ns for name in ("index", "HEAD")}
    changes(directory, "HEAD~1..HEAD")
    with open(f"{directory}/flags/shop.yaml", encoding="utf-8") as file:
        ok(file.read() == old and before == {name: os.stat(f"{directory}/.git/{name}").st_mtime_ns for name in before},
           "the work tree and the index are as they were")
    ok(not [name for name in os.listdir(SCRATCH) if name.startswith("ffc-")], "no copy stays", os.listdir(SCRATCH))
    got = changes(f"{directory}/flags", "-C", ".", "HEAD~1..HEAD")
    ok(list(got) == [("checkout", "production")], "the folder is that of -C", got)
    got = changes("/", "-C", f"{directory}/flags", "HEAD~1..HEAD")
    ok(list(got) == [("checkout", "production")], "wherever it runs", got)
    write(directory, "flags/shop.yaml", new)
    for which, revision in (("old", "HEAD~1"), ("new", "HEAD")):
        git(directory, "worktree", "add", "-q", f"{SCRATCH}/{which}-tree", revision)
        run(FFC, "build", "-C", f"{SCRATCH}/{which}-tree/flags", "-e", "production", "-o", f"{SCRATCH}/{which}.ffs", cwd="/")
    got = changes(SCRATCH, "old.ffs", "new.ffs")
    ok({k: shares(c) for k, c in got.items()} == expected, "snapshots", got)
    got = changes(directory, "HEAD~1", f"{SCRATCH}/new.ffs")
    ok({k: shares(c) for k, c in got.items()} == expected, "a revision and a snapshot, of its environment", got)
    got = changes(SCRATCH, "./old-tree/flags", "./new-tree/flags")
    ok({k: shares(c) for k, c in got.items()} == expected, "directories", got)
    git(directory, "branch", "flags")
    got = changes(directory, "./flags", "flags~1")
    ok({k: shares(c) for k, c in got.items()} == {("checkout", "production"): {("on", "off"): 0.15}},
       "a revision before a path of that name, unless it begins with ./", got)
    ok(changes(directory, "HEAD~1", "-e", "staging") == {}, "-e names one environment")
    for arguments, status in ((("HEAD",), 0), (("HEAD~1",), 1)):
        done = run(FFC, "diff", *arguments, "--exit-code", cwd=directory)
        ok(done.returncode == status, f"--exit-code: {status}", done.stderr)


def mistakes():
    directory = f"{SCRATCH}/versions"
    for arguments, words in ((("nope",), "no revision that git knows, and no path"), (("nope..main",), "git knows no revision 'nope'"),
                             (("main", "-e", "prod"), "no environment is called 'prod'"), (("a", "b", "c"), "two versions"),
                             (("--format", "xml"), "there is no format 'xml'"), (("--log", "web"), "NAME=FILE"),
                             (("--log", "nope=f"), "no log is called 'nope'"), (("--log", "access=f"), "only ndjson"),
                             (("--contexts", "/nowhere"), "cannot read '/nowhere'"), (("./nowhere",), "./nowhere")):
        done = run(FFC, "diff", *arguments, cwd=directory)
        ok(done.returncode == 2 and words in done.stderr and not done.stdout, f"mistake: {' '.join(arguments)}", done.stderr)
    done = run(FFC, "diff", "main~1", cwd=directory, env={"PATH": "/nowhere"})
    ok(done.returncode == 2 and "'git' cannot be run here" in done.stderr, "without git", done.stderr)
    run("git", "clone", "-q", "--depth", "1", f"file://{directory}", f"{SCRATCH}/shallow", cwd="/")
    done = run(FFC, "diff", "HEAD~1", cwd=f"{SCRATCH}/shallow")
    ok(done.returncode == 2 and "fetch-depth: 0" in done.stderr, "a shallow clone", done.stderr)
    done = run(FFC, "diff", "main", cwd=SCRATCH)
    ok(done.returncode == 2 and "in no git repository" in done.stderr, "no repository", done.stderr)
    broken = repository("broken", HEAD + "  a: {serve: on}\n", HEAD + "  a: {serve: maybe}\n")
    done = run(FFC, "diff", "HEAD~1..HEAD", cwd=broken)
    ok(done.returncode == 1 and "HEAD:flags/shop.yaml:7" in done.stderr and "'HEAD' has errors" in done.stderr,
       "errors are shown with the revision's path", done.stderr)
    done = run(FFC, "diff", cwd=broken, stdin="")
    ok(done.returncode == 1, "and exit with 1", done.stderr)


def hostile():
    """A tree with names that lead out, look like options, or are none."""
    directory = repository("hostile", HEAD + "  a: {percent: 10%}\n", HEAD + "  a: {percent: 20%}\n")
    secret = f"{SCRATCH}/secret"
    write(SCRATCH, "secret", "top secret\n")
    write(directory, "flags/-x.yaml", "segments: {x: {if: {country: \"NO\"}}}\n")
    write(directory, "flags/a\nb.yaml", "segments: {y: {if: {country: \"NO\"}}}\n")
    write(directory, "flags/$(touch owned)`touch owned`.yaml", "segments: {z: {if: {country: \"NO\"}}}\n")
    write(directory, "flags/lists/beta users.txt", "u1\nu2\n")
    write(directory, "flags/users.yaml", "flags: {b: {users: {on: {file: lists/beta users.txt}}}}\n")
    os.symlink(secret, f"{directory}/flags/leak.yaml")
    git(directory, "add", "-A")
    git(directory, "commit", "-qm", "names")
    done = run(FFC, "diff", "HEAD~1..HEAD", cwd=directory)
    ok("top secret" not in done.stdout + done.stderr and "leads out of the project" in done.stderr, "a link that leads out is refused", done.stderr)
    os.unlink(f"{directory}/flags/leak.yaml")
    git(directory, "add", "-A")
    git(directory, "commit", "-qm", "no link")
    done = run(FFC, "diff", "HEAD~2..HEAD", "--format", "json", cwd=directory)
    got = {c["flag"]: c for c in json.loads(done.stdout or '{"changes":[]}')["changes"]}
    ok(done.returncode == 0 and set(got) == {"b"}, "odd names are files like others", done.stderr, got)
    ok(not os.path.exists(f"{directory}/owned"), "and nothing is run")
    for name in ("--output=x", "-p", "--exec=touch owned"):
        done = run(FFC, "diff", "--", name, cwd=directory)
        ok(done.returncode == 2 and not os.path.exists(f"{directory}/owned") and not os.path.exists(f"{directory}/x"),
           f"an argument that looks like an option of git: {name}", done.stderr)
    # What no checkout would make: a tree with ".." in it.
    blob = run("git", "hash-object", "-w", "--stdin", cwd=directory, stdin="flags: {}\n").stdout.strip()
    entry = f"100644 out.yaml\0".encode() + bytes.fromhex(blob)
    made = subprocess.run(["git", "hash-object", "-w", "-t", "tree", "--literally", "--stdin"], cwd=directory, input=entry,
                          capture_output=True, check=True).stdout.decode().strip()
    top = b"40000 ..\0" + bytes.fromhex(made) + b"100644 shop.yaml\0" + bytes.fromhex(git(directory, "rev-parse", "HEAD:flags/shop.yaml").strip())
    made = subprocess.run(["git", "hash-object", "-w", "-t", "tree", "--literally", "--stdin"], cwd=directory, input=top,
                          capture_output=True, check=True).stdout.decode().strip()
    root = b"40000 flags\0" + bytes.fromhex(made)
    made = subprocess.run(["git", "hash-object", "-w", "-t", "tree", "--literally", "--stdin"], cwd=directory, input=root,
                          capture_output=True, check=True).stdout.decode().strip()
    commit = git(directory, "commit-tree", made, "-m", "x").strip()
    done = run(FFC, "diff", commit, cwd=directory)
    ok(not os.path.exists(f"{SCRATCH}/out.yaml") and done.returncode in (0, 1), "'..' in a tree leads nowhere", done.stderr)


def risks():
    layer = "  member: {layer: {name: one, from: %s, to: %s}, percent: 50%%}\n"
    experiment = """  test:
    type: string
    variants: {a: x, b: y}
    default: a
    experiment: {control: a, split: {a: %s, b: %s}, traffic: 50%%, state: running, primary: errors}
"""
    old = HEAD + CANARY % ("1%", "rollback") + layer % ("0%", "40%") + experiment % ("50%", "50%") + \
        "  salted: {percent: 5%}\n  keyed: {percent: 5%}\n  typed: {serve: on}\n  shrinks: {percent: 20%}\n  grows: {percent: 5%}\n"
    new = HEAD + CANARY % ("5%", "pause") + layer % ("20%", "60%") + experiment % ("40%", "60%") + \
        "  salted: {percent: 5%, salt: other}\n  keyed: {percent: 5%, bucket_by: company}\n  typed: {type: string, value: on}\n" + \
        "  shrinks: {percent: 10%}\n  grows: {percent: 15%}\n"
    directory = repository("risks", old, new)
    got = changes(directory, "HEAD~1..HEAD", "-e", "production")
    for flag, words in (("pay", "a guard was loosened: errors max: 1% -> 5%"), ("member", "its place in a layer moved"),
                        ("test", "a running experiment was edited: its split"), ("salted", "its salt changed: keep 'salt: salted'"),
                        ("keyed", "bucket_by changed: user_id -> company"), ("typed", "its type changed, boolean -> string"),
                        ("shrinks", "units lose a variant")):
        found = got[flag, "production"]["risks"]
        ok(any(risk.startswith(words) for risk in found), f"risk: {words}", found)
    ok(got["grows", "production"]["risks"] == [], "raising a percentage has none", got["grows", "production"])
    ok(got["pay", "production"]["shares"] == [], "a guard touches nobody", got["pay", "production"])
    ok(list(got)[-1][0] == "grows", "what is risky is first", list(got))
    place = got["pay", "production"]["causes"]
    ok(shares(got["salted", "production"]) == {("on", "off"): 0.0475, ("off", "on"): 0.0475}, "another salt is independent")
    gone = old.replace("{metric: errors, max: 1%, action: rollback}, ", "")
    write(directory, "flags/shop.yaml", gone)
    got = changes(directory, "HEAD~1", "-e", "production")
    ok(any("errors max: it is gone" in risk for risk in got["pay", "production"]["risks"]), "a guard that is gone", got, place)
    write(directory, "flags/shop.yaml", old.replace("of: {status: 500}", "of: {status: [500, 502]}"))
    got = changes(directory, "HEAD~1", "-e", "production")
    ok(got["pay", "production"]["risks"] == ["a guard may be looser: errors max: what its metric counts was edited"],
       "a guard whose metric was edited", got)
    pending = old.replace("state: running\n      since: 2026-11-20T10:00:00Z", "state: pending")
    directory = repository("pending", pending, pending.replace("early, percent: 5%", "early, percent: 25%"))
    got = changes(directory, "HEAD~1..HEAD", "-e", "production")
    ok({one["what"]: (one["before"], one["after"]) for one in got["pay", "production"]["causes"]} == {"stage early": ("on for 5%", "on for 25%")} and
       got["pay", "production"]["shares"] == [] and not got["pay", "production"]["risks"], "a stage that has not begun yet", got)
    rules = "  ruled: {rules: [%s{if: {country: SE}, percent: 5%%}, {percent: 10%%}]}\n"
    directory = repository("unnamed", HEAD + rules % "", HEAD + rules % "{if: {country: FI}}, ")
    got = changes(directory, "HEAD~1..HEAD", "-e", "production")["ruled", "production"]["causes"]
    ok([(one["what"], one["before"], one["after"]) for one in got] == [("rule rules[0]", None, "on where country is FI")],
       "a rule without a name before others is the only one that changed", got)


def remembered():
    split = "  s: {%ssplit: {on: 50%%, off: 50%%}}\n"
    directory = repository("sticky", HEAD + split % "", HEAD + split % "sticky: true, ")
    found = changes(directory, "HEAD~1..HEAD", "-e", "production")["s", "production"]
    ok(found["risks"] == ["it is sticky now: units keep a variant that they had before"] and not found["shares"],
       "a flag that becomes sticky is told", found)
    write(directory, "flags/shop.yaml", HEAD + split % "")
    found = changes(directory, "HEAD", "-e", "production")["s", "production"]
    ok(found["risks"] == ["it is no longer sticky: units leave a variant that they had kept"],
       "and one that no longer is", found)


def hidden():
    """Private values are not shown, and yet compared."""
    flag = "  f: {users: {on: [hidden-%s]}, rules: [{if: {company: [hidden-%s, hidden-b]}, percent: 10%%}]}\n"
    head = HEAD.replace("user_id: string", "user_id: {type: string, private: true}")
    head = head.replace("company: string", "company: {type: string, private: true}")
    directory = repository("hidden", head + flag % ("1", "a"), head + flag % ("2", "c"))
    for more in ([], ["--format", "json"], ["--format", "github"]):
        text = run(FFC, "diff", "HEAD~1..HEAD", *more, cwd=directory).stdout
        ok("hidden-" not in text and "private" in text, f"diff {more} hides private values", text)
    for more in ([], ["--json"]):
        text = run(FFC, "show", "f", *more, cwd=directory).stdout
        ok("hidden-" not in text and "private" in text, f"show {more} hides private values", text)


def listed():
    """Units that are named are known, one by one; those that stand as hashes are not."""
    head = HEAD.replace("country: string", "country: string, n: number, m: {type: number, private: true}")
    old = ("  number: {bucket_by: n, users: {on: ['5', '7']}}\n"
           "  starts: {users: {on: [ab, ac, bd]}}\n"
           "  hashed: {bucket_by: m, users: {on: ['1', '2', '3']}, percent: 10%}\n"
           "  nobody: {rules: [{if: {user_id: {is_null: true}}, serve: on}, {percent: 20%}]}\n"
           "  kept: {type: string, variants: {a: x, b: y}, default: a, sticky: true, serve: a}\n")
    new = ("  number: {bucket_by: n, rules: [{if: {n: 5}, serve: on}, {if: {n: {in: [7, 8]}}, percent: 50%}]}\n"
           "  starts: {rules: [{if: {user_id: {starts_with: a}}, percent: 50%}]}\n"
           "  hashed: {bucket_by: m, percent: 10%}\n"
           "  nobody: {percent: 30%}\n"
           "  kept: {type: string, variants: {a: x, b: z}, default: a, sticky: true, serve: a}\n")
    directory = repository("listed", head + old, head + new)
    write(directory, "flags/shop.yaml", head + new)
    got = {flag: change for (flag, environment), change in changes(directory, "HEAD~1..HEAD").items() if environment == "production"}

    def variant(flag, context):
        return json.loads(run(FFC, "eval", flag, "-C", "flags", "-e", "production", "-c", json.dumps(context), "--json", cwd=directory).stdout)["variant"]

    moves = {n: variant("number", {"n": n}) for n in (5, 7, 8)}
    named = {n for region in got["number"]["regions"] if region["shares"] for n in re.findall(r"\d+", region["if"] or "")}
    ok(named == {str(n) for n in moves if (moves[n] == "on") != (n != 8)} and
       all(one["share"] == 1 for region in got["number"]["regions"] for one in region["shares"]), "numbers as keys", moves, got["number"])
    lost = [region for region in got["starts"]["regions"] if any(one["from"] == "on" for one in region["shares"])]
    left = {unit for unit in ("ab", "ac", "bd") if variant("starts", {"user_id": unit}) == "off"}
    ok({unit for region in lost for unit in re.findall(r"\b[ab][bcd]\b", region["if"])} == left and
       all(one["share"] == 1 for region in lost for one in region["shares"]), "units of a list that pass another test", left, got["starts"])
    ok(got["hashed"]["regions"] == [{"if": "m is private value 1, 2 or 3", "shares": [{"from": "on", "to": "off", "share": None}]},
                                    {"if": None, "shares": []}], "a share of private units is not known", got["hashed"])
    ok("0-100 % of them" in run(FFC, "diff", "HEAD~1..HEAD", cwd=directory).stdout, "and is said so")
    ok(shares(got["nobody"]) == {("off", "on"): 0.1} and got["nobody"]["without_key"]["moves"] == [{"from": "on", "to": "off"}],
       "no unit has a key that is null", got["nobody"])
    ok(got["kept"]["shares"] == [] and got["kept"]["kept"] == [{"from": "b", "to": "b"}], "a value that only units that kept it have", got["kept"])


def counted():
    directory = repository("counted", HEAD + "  a: {rules: [{if: {country: \"NO\"}, serve: on}]}\n",
                           HEAD + "  a: {rules: [{if: {country: [\"NO\", SE]}, serve: on}]}\n")
    write(directory, "users", "".join(json.dumps({"user_id": f"u{i}", "country": "SE" if i % 4 == 0 else "NO"}) + "\n" for i in range(40)))
    got = changes(directory, "HEAD~1..HEAD", "--contexts", "users")
    ok(got["a", "production"]["contexts"] == {"total": 40, "changed": 10}, "--contexts", got)
    ok(got["a", "production"]["regions"][0]["shares"] == [] or
       [r["if"] for r in got["a", "production"]["regions"]][-1] is None, "regions end with everybody else", got)
    write(directory, "flags/log.yaml", "logs: {seen: {format: ndjson, time: ts, unit: user_id, context: {country: geo.country}, fields: {status: status}}}\n")
    lines = [{"ts": "2026-11-20T10:00:00Z", "user_id": f"u{i % 8}", "geo": {"country": "SE" if i % 2 else "NO"}, "status": 200} for i in range(80)]
    write(directory, "seen.log", "".join(json.dumps(line) + "\n" for line in lines))
    got = changes(directory, "HEAD~1", "--log", "seen=seen.log")
    ok(got["a", "production"]["contexts"] == {"logs": {"seen": {"total": 8, "changed": 4}}}, "--log counts each unit once", got)
    write(directory, "bad", '{"country": 5}\n')
    done = run(FFC, "diff", "HEAD~1", "--contexts", "bad", cwd=directory)
    ok(done.returncode == 1 and "bad:1" in done.stderr and not done.stdout, "a context that is none", done.stderr)


def printed():
    name = "a-flag-with-a-rather-long-name-that-seemed-good"
    old = HEAD + f"  {name}: {{percent: 5%}}\n  m: {{rules: [{{if: {{country: \"N|O <i>*x*</i> `c`\"}}, percent: 10%}}]}}\n  later: {{serve: on}}\n"
    new = old.replace("percent: 5%", "percent: 25%, salt: other").replace("percent: 10%", "percent: 50%") \
        .replace("later: {serve: on}", "later: {default: on, rules: [{from: 2090-01-01T00:00:00Z, serve: off}]}")
    directory = repository("printed", old, new)
    done = run(FFC, "diff", "HEAD~1..HEAD", cwd=directory)
    ok(done.stdout and max(map(len, done.stdout.splitlines())) <= 80, "text fits 80 columns",
       *[line for line in done.stdout.splitlines() if len(line) > 80])
    ok("nobody now; by 2090-01-01T00:00:00Z" in done.stdout, "what touches nobody yet says when", done.stdout)
    ok("\x1b" not in done.stdout, "no colour to a pipe")
    colored = run(FFC, "diff", "HEAD~1..HEAD", "--color", "always", cwd=directory).stdout
    ok("\x1b[1m" in colored and re.sub(r"\x1b\[[0-9;]*m", "", colored) == done.stdout, "colour changes nothing else")
    table = run(FFC, "diff", "HEAD~1..HEAD", "--format", "github", cwd=directory).stdout
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    ok(len(rows) == 4 and all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in rows) and "<i>" not in re.sub("`` .*? ``|`[^`]*`", "", table),
       "a table in Markdown, from which no name escapes", table)
    ok(table == run(FFC, "diff", "HEAD~1..HEAD", "--format", "markdown", cwd=directory).stdout, "github is markdown")
    monday = HEAD + "  w: {rules: [{if: {now: {weekday: [mon], zone: Europe/Oslo}}, percent: 10%}]}\n"
    week = repository("week", monday, monday.replace("[mon]", "[tue]"))
    got = changes(week, "HEAD~1..HEAD", "--at", "2026-11-25T10:00:00Z")["w", "staging"]
    ok(got["shares"] == [] and got["later"]["at"] == "2026-11-29T23:00:00Z" and
       got["later"]["shares"] == [{"from": "on", "to": "off", "share": 0.1}], "the next day of a week on which it does", got)
    first = repository("first", "x: 1\n")
    git(first, "rm", "-q", "flags/shop.yaml")
    git(first, "commit", "-qm", "nothing", "--allow-empty")
    write(first, "flags/shop.yaml", old)
    got = changes(first, "HEAD")
    ok(got["m", "staging"]["kind"] == "added" and got["m", "staging"]["regions"][0]["shares"][0]["from"] is None, "a first project is new", got)
    done = run(FFC, "diff", "HEAD", cwd=first)
    ok("environment staging is new, with 3 flags" in done.stdout and "'HEAD' has no definitions" in done.stderr, "and says so", done.stdout, done.stderr)


def processor_time():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def renamed():
    """A flag that goes on under another name is one flag: found by its salt, or by the ledger."""
    old = HEAD + """  base: {percent: 20%}
  price: {type: number, value: 5}
  asks: {requires: {base: on}, serve: on}
  pay: {requires: {base: on}, canary: {stages: [{name: a, percent: 5%}, {name: b, percent: 9%}], guards: [{metric: errors, max: 5%}], state: running, since: 2026-11-20T10:00:00Z}}
"""
    directory = repository("renamed", old)
    for arguments in (("rename", "base", "a.base"), ("rename", "price", "cost"), ("rename", "cost", "rate"), ("set", "a.base", "35%")):
        done = run(FFC, *arguments, "-r", "why", cwd=directory)
        assert done.returncode == 0, done.stderr
    got = changes(directory)
    ok({key: (one["kind"], one.get("former")) for key, one in got.items() if key[1] == "staging"} ==
       {("a.base", "staging"): ("renamed", "base"), ("rate", "staging"): ("renamed", "price"), ("asks", "staging"): ("changed", None),
        ("pay", "staging"): ("changed", None)}, "a flag that was renamed is the same one", got)
    base, price = got["a.base", "staging"], got["rate", "staging"]
    ok(shares(base) == {("off", "on"): 0.15} and [cause["what"] for cause in base["causes"]] == ["name", "rule rules[0]"], "with what else changed", base)
    ok(price["shares"] == [] and price["risks"] == ["code that asks for 'price' gets its own default"] and
       price["causes"] == [{"what": "name", "before": "price", "after": "rate", "place": "flags/shop.yaml:8"}], "or nothing else", price)
    ok([cause["what"] for cause in got["asks", "staging"]["causes"]] == ["flag a.base"], "who asks it asks it by its new name", got["asks", "staging"])
    git(directory, "add", "-A")
    git(directory, "commit", "-qm", "renamed")
    ok(changes(directory, "HEAD~1..HEAD") == got, "between revisions, too")
    text = run(FFC, "diff", "HEAD~1", cwd=directory).stdout
    ok("a.base (was base) in production, staging: 15.0 % of all units get another answer" in " ".join(text.split()) and
       max(map(len, text.splitlines())) <= 80, "in words", text)
    ok("`a.base` (was `base`)" in run(FFC, "diff", "HEAD~1", "--format", "github", cwd=directory).stdout, "and in a table")
    write(directory, "users.ndjson", "".join(json.dumps({"user_id": f"u{i}"}) + "\n" for i in range(400)))
    counted = {one["flag"]: one["contexts"] for one in changes(directory, "HEAD~1", "-e", "production", "--contexts", "users.ndjson").values()}
    ok(counted["rate"] == {"total": 400, "changed": 0} and 30 < counted["a.base"]["changed"] < 90, "contexts are asked by the name of then", counted)
    # Snapshots have hashes of salts.
    git(directory, "stash", "-q", "--include-untracked")
    for revision, name in (("main~1", "old"), ("main", "new")):
        git(directory, "checkout", "-q", revision)
        assert run(FFC, "build", "-e", "production", "-o", f"{SCRATCH}/{name}.ffs", cwd=directory).returncode == 0
    got = {one["flag"]: (one["kind"], one.get("former")) for one in changes(directory, f"{SCRATCH}/old.ffs", f"{SCRATCH}/new.ffs").values()}
    ok(got["a.base"] == ("renamed", "base") and got["rate"] == ("added", None) and got["price"] == ("removed", None), "of snapshots, by the salt", got)
    got = {one["flag"]: one.get("former") for one in changes(directory, "./flags", f"{SCRATCH}/old.ffs").values()}
    ok(got["base"] == "a.base", "and back again", got)
    got = {one["flag"]: one.get("former") for one in changes(directory, "main..main~1").values()}
    ok(got == {"base": "a.base", "price": None, "rate": None, "asks": None, "pay": None}, "between revisions as well", got)
    # Two that have the salt of one that is gone: nobody knows which it is.
    both = repository("both", HEAD + "  base: {percent: 20%}\n", HEAD + "  one: {percent: 20%, salt: base}\n  two: {percent: 20%, salt: base}\n")
    got = {one["flag"]: one["kind"] for one in changes(both, "HEAD~1..HEAD").values()}
    ok(got == {"one": "added", "two": "added", "base": "removed"}, "of two, neither", got)


def sparse():
    """Files that a sparse checkout leaves out are told as gone, with a note that says why."""
    directory = repository("sparse", HEAD + "  f: {percent: 5%}\n")
    write(directory, "flags/other.yaml", "flags:\n  g: {percent: 5%}\n")
    git(directory, "add", "-A")
    git(directory, "commit", "-qm", "another")
    ok("sparse" not in run(FFC, "diff", cwd=directory).stderr, "of a whole checkout, nothing is said")
    git(directory, "sparse-checkout", "set", "--no-cone", "/flags/shop.yaml")
    done = run(FFC, "diff", cwd=directory)
    ok(done.returncode == 0 and "g in production" in done.stdout and "checkout is sparse" in done.stderr, "a sparse checkout", done.stdout,
       done.stderr)
    ok("sparse" not in run(FFC, "diff", "HEAD~1..HEAD", cwd=directory).stderr, "commits are whole")


def two_buckets():
    """A key that is a boolean has no shares of units; one that is a number has them."""
    old = HEAD.replace("country: string", "country: string, beta: boolean, score: number") + \
        "  b: {percent: 30%, bucket_by: beta}\n  n: {percent: 30%, bucket_by: score}\n  asks: {requires: {b: on}, percent: 50%}\n"
    directory = repository("buckets", old, old.replace("percent: 30%", "percent: 60%"))
    got = changes(directory, "HEAD~1..HEAD", "-e", "production")
    for name in ("b", "asks"):
        one = got[name, "production"]
        ok("two buckets" in one["unknown"] and "shares" not in one and any("whom it touches is not known" in risk for risk in one["risks"]),
           f"of a boolean, nobody is told to be a share: {name}", one)
    ok(shares(got["n", "production"]) == {("off", "on"): 0.3}, "of a number, they are", got["n", "production"])


def fractions():
    """A number that is no integer makes no key: it is in no bucket, and is told of apart."""
    head = HEAD.replace("bucket_by: user_id", "bucket_by: price").replace("company: string", "price: number")
    old = head + """  only: {rules: [{if: {price: 12.5}, percent: 20%}]}
  both: {rules: [{if: {price: {in: [12, 12.5]}}, percent: 50%}]}
  first: {rules: [{if: {price: 12.5}, serve: on}, {percent: 20%}]}
  above: {rules: [{if: {price: {gte: 10}}, serve: on}, {percent: 20%}]}
  with: {rules: [{if: {price: 12.5, country: NO}, percent: 20%}, {if: {country: SE}, percent: 20%}]}
  integer: {rules: [{if: {price: 12}, serve: on}, {percent: 20%}]}
"""
    new = head + """  only: {rules: [{if: {price: 12.5}, percent: 35%}]}
  both: {rules: [{if: {price: {in: [12, 12.5]}}, serve: on}]}
  first: {rules: [{percent: 20%}]}
  above: {rules: [{percent: 20%}]}
  with: {rules: [{if: {price: 12.5, country: NO}, percent: 35%}, {if: {country: SE}, percent: 35%}]}
  integer: {rules: [{percent: 20%}]}
"""
    directory = repository("fractions", old, new)
    got = {flag: change for (flag, environment), change in changes(directory, "HEAD~1..HEAD", "-e", "production").items()}
    answers = [{}, {}]
    for version, revision in enumerate(("HEAD~1", "HEAD")):
        git(directory, "checkout", "-q", revision if version == 0 else "main")
        for price in (None, 12, 12.5, 10.5, 9.5):
            context = {"country": "SE", **({} if price is None else {"price": price})}
            told = run(FFC, "eval", "--all", "-e", "production", "-c", json.dumps(context), "--json", cwd=directory).stdout
            for line in told.splitlines():
                answers[version][json.loads(line)["flag"], price] = json.loads(line)["variant"]

    def moves(name, *prices):
        return sorted({(answers[0][name, price], answers[1][name, price]) for price in prices
                       if answers[0][name, price] != answers[1][name, price]})

    ok("only" not in got, "a percentage of one fraction is nobody's", got.get("only"))
    ok(moves("first", 12.5) == [("on", "off")] and
       [region["shares"] for region in got["first"]["regions"] if region["if"] == "price is 12.5"] ==
       [[{"from": "on", "to": "off", "share": 1}]], "what a fraction is served apart from buckets, it loses", got["first"])
    for name in ("first", "above", "with", "integer", "both", "only"):
        said = sorted((one["from"], one["to"]) for one in got.get(name, {}).get("without_key", {"moves": []})["moves"])
        ok(said == moves(name, None, 12.5, 10.5, 9.5), f"whom it touches without a key, or with a fraction: {name}", said,
           moves(name, None, 12.5, 10.5, 9.5), got.get(name))
    text = run(FFC, "diff", "HEAD~1", "HEAD", cwd=directory).stdout
    ok("without price, or with one that is no integer: on -> off" in text, "in words", text)


def speed():
    """10,000 flags in at most three times the processor time of `ffc check`, the better of some runs of each."""
    for which in ("one", "two"):
        for part in range(50):
            text = "" if part else HEAD.replace("flags:\n", "")
            text += "flags:\n"
            for i in range(part * 200, part * 200 + 200):
                percent = i * 7 % 90 + (which == "two" and i % 100 == 0)
                text += f"""  flag-{i}:
    owner: web
    description: Flag number {i}
    rules:
      - {{name: nordic, if: {{country: ["NO", SE]}}, percent: {percent}%}}
      - {{if: {{company: {{starts_with: c{i % 10}}}}}, percent: {i % 80}%}}
    environments:
      production: {{percent: {percent}%}}
      staging: {{serve: on}}
"""
            write(f"{SCRATCH}/{which}", f"{part}.yaml", text)
    best = {}
    for _ in range(5):
        for name, arguments in (("check", ("check", "-C", "one")), ("diff", ("diff", "./one", "./two", "--format", "json"))):
            begun = processor_time()
            done = run(FFC, *arguments, cwd=SCRATCH)
            best[name] = min(best.get(name, 1e9), processor_time() - begun)
    ok(len(json.loads(done.stdout)["changes"]) == 100, "finds the 100 that changed")
    ok(best["diff"] <= 3 * best["check"], f"within three times a check: {best['diff'] / best['check']:.2f}", best)


for part in (versions, mistakes, hostile, risks, remembered, hidden, listed, counted, printed, renamed, two_buckets, fractions, sparse, speed):
    part()
sys.exit(finish())
