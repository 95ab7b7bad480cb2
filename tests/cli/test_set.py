#!/usr/bin/env python3
"""ffc set: what it makes of a file, what it says of it, and what it leaves alone."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from ledger import entries, put_aside
from lab import SCRATCH, Result, equal, finish, ok

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
HEAD = """\
project: {name: shop, environments: [development, staging, production], bucket_by: user_id}
attributes: {user_id: string, country: {type: string, enum: [CA, NO, SE, US]}}
metrics: {errors: {kind: proportion, of: {status: {gte: 500}}, better: lower}}
logs: {requests: {format: ndjson, time: t, unit: u, fields: {status: s}}}
flags:
"""
count = 0


def project(flags, head=HEAD, **files):
    global count
    count += 1
    directory = os.path.join(SCRATCH, f"p{count}")
    os.makedirs(directory)
    for name, text in {"shop": head + flags, **files}.items():
        with open(os.path.join(directory, name + ".yaml"), "w", newline="") as file:
            file.write(text)
    return directory


def ffc(directory, *arguments, env=None, **more):
    return Result(subprocess.run([FFC, *arguments, "-C", directory], env={**os.environ, **(env or {})},
                                 **{"capture_output": True, **more}))


def set_(directory, arguments, *more, **options):
    return ffc(directory, "set", *arguments.split(), "--reason", "because", "--actor", "amira", *more, **options)


def read(directory, name="shop"):
    with open(os.path.join(directory, name + ".yaml"), newline="") as file:
        return file.read()


# What a change makes of a flag: every other byte stays.
CASES = [
    ("a percentage of an environment", "  f:\n    environments:\n      staging: {percent: 50%}  # half\n      production: {percent: 0%}\n",
     "f -e production 25%", "  f:\n    environments:\n      staging: {percent: 50%}  # half\n      production: {percent: 25%}\n"),
    ("one that others inherit", "  f:\n    percent: 5%   # of all\n", "f -e production 20%",
     "  f:\n    percent: 5%   # of all\n    environments: {production: {percent: 20%}}\n"),
    ("one that nobody else inherits", "  f: {percent: 5%, environments: {development: {serve: on, percent: 100%}, staging: {percent: 1%}}}\n",
     "f -e production 7%", "  f: {percent: 7%, environments: {development: {serve: on, percent: 100%}, staging: {percent: 1%}}}\n"),
    ("of all environments", "  f: {percent: 5%}\n", "f 12.5%", "  f: {percent: 12.5%}\n"),
    ("of a flag without keys", "  f:\n  g: {}\n", "f g 5%", "  f: {percent: 5%}\n  g: {percent: 5%}\n"),
    ("a gradual one", "  f: {percent: {start: 2026-01-01T00:00:00Z, end: 2026-02-01T00:00:00Z}}\n", "f 5%", "  f: {percent: 5%}\n"),
    ("a gradual one in a block", "  f:\n    percent:\n      start: 2026-01-01T00:00:00Z\n      end: 2026-02-01T00:00:00Z\n    owner: web\n",
     "f 5%", "  f:\n    percent: 5%\n    owner: web\n"),
    ("the only rule", "  f:\n    rules:\n      - name: nordic   # two\n        if: {country: [NO, SE]}\n        percent: 1%\n", "f 2%",
     "  f:\n    rules:\n      - name: nordic   # two\n        if: {country: [NO, SE]}\n        percent: 2%\n"),
    ("the only rule with one, where others inherit it", "  f:\n    rules:\n    - {if: {country: NO}, percent: 1%}\n    - {if: {country: SE}}\n", "f -e staging 2%",
     "  f:\n    rules:\n    - {if: {country: NO}, percent: 1%}\n    - {if: {country: SE}}\n"
     "    environments: {staging: {rules: [{if: {country: NO}, percent: 2%}, {if: {country: SE}}]}}\n"),
    ("a rule by its name", "  f:\n    rules:\n      - {name: a.b, if: {country: NO}, percent: 1%}\n      - {percent: 2%}\n", "f rules.a.b.percent=9% rules.1.percent=8%",
     "  f:\n    rules:\n      - {name: a.b, if: {country: NO}, percent: 9%}\n      - {percent: 8%}\n"),
    ("a rule by its number, in brackets", "  f:\n    rules:\n      - {name: a, if: {country: [NO, SE]}, percent: 1%}\n      - {percent: 2%}\n",
     "f rules[1].percent=8% rules[0].if.country+=US", "  f:\n    rules:\n      - {name: a, if: {country: [NO, SE, US]}, percent: 1%}\n      - {percent: 8%}\n"),
    ("a list of environments", "  f: {environments: [development, staging]}\n", "f -e production 10%", "  f: {environments: {production: {percent: 10%}}}\n"),
    ("off in one of a list", "  f: {environments: [development, staging]}\n", "f -e staging enabled=false",
     "  f: {environments: {production: {enabled: false}, staging: {enabled: false}}}\n"),
    ("on", "  f: {}\n", "f on", "  f: {serve: on}\n"),
    ("on there", "  f: {}\n", "f -e staging on", "  f: {environments: {staging: {serve: on}}}\n"),
    ("on with a percentage", "  f: {percent: 5%}\n", "f on", "  f: {percent: 100%}\n"),
    ("off with a percentage", "  f: {percent: 5%}\n", "f off", "  f: {percent: 0%}\n"),
    ("off with rules", "  f:\n    rules:\n      - {if: {country: NO}}\n", "f off", "  f:\n    rules:\n      - {if: {country: NO}}\n    enabled: false\n"),
    ("on again with rules", "  f:\n    rules:\n      - {if: {country: NO}}\n    enabled: false\n", "f on", "  f:\n    rules:\n      - {if: {country: NO}}\n    enabled: true\n"),
    ("off of what is served", "  f: {serve: on}\n", "f -e staging off", "  f: {serve: on, environments: {staging: {serve: off}}}\n"),
    ("a variant in place of a split", "  f: {type: string, variants: {a: x, b: y}, default: a, split: {a: 50%, b: 50%}}\n", "f serve=b",
     "  f: {type: string, variants: {a: x, b: y}, default: a, serve: b}\n"),
    ("a default", "  f: {type: string, variants: {a: x, b: y}, default: a, serve: b, percent: 5%}\n", "f default=b serve=a",
     "  f: {type: string, variants: {a: x, b: y}, default: b, serve: a, percent: 5%}\n"),
    ("a value of an environment", "  f: {type: number, value: 5, environments: {staging: {value: 7}}}\n", "f -e production value=9",
     "  f: {type: number, value: 5, environments: {staging: {value: 7}, production: {value: 9}}}\n"),
    ("a user more", "  f: {users: {on: [u1, u2]}}\n", "f users.on+=u7", "  f: {users: {on: [u1, u2, u7]}}\n"),
    ("a user more in a block", "  f:\n    users:\n      on:\n        - u1   # first\n    owner: web\n", "f users.on+=u7",
     "  f:\n    users:\n      on:\n        - u1   # first\n        - u7\n    owner: web\n"),
    ("a user more than one", "  f: {users: {on: u1}}\n", "f users.on+=u7", "  f: {users: {on: [u1, u7]}}\n"),
    ("the first user", "  f: {}\n", "f users.on+=u7", "  f: {users: {on: [u7]}}\n"),
    ("a user there, besides those that it inherits", "  f: {users: {on: [u1]}}\n", "f -e staging users.on+=u7",
     "  f: {users: {on: [u1]}, environments: {staging: {users: {on: [u1, u7]}}}}\n"),
    ("a user less", "  f:\n    users:\n      on:\n        - u1\n        - u2   # second\n        - u3\n", "f users.on-=u2",
     "  f:\n    users:\n      on:\n        - u1\n        - u3\n"),
    ("the last user", "  f:\n    users:\n      on:\n        # friends\n        - u1\n", "f users.on-=u1", "  f:\n    users:\n      on: []\n        # friends\n"),
    ("a tag", "  f: {tags: web}\n", "f tags+=new", "  f: {tags: [web, new]}\n"),
    ("text that has to be quoted", "  f: {}\n", "f owner=a:b description=#5", '  f: {owner: a:b, description: "#5"}\n'),
    ("a key less", "  f: {owner: web, percent: 5%}\n", "f owner=", "  f: {percent: 5%}\n"),
    ("a key within a mapping that is not there", "  f: {}\n", "f metadata.team=web", "  f: {metadata: {team: web}}\n"),
    ("within a value", "  f: {type: json, variants: {a: {size: 1}, b: {size: 2}}, default: a, serve: b}\n", "f variants.a.size=3",
     "  f: {type: json, variants: {a: {size: 3}, b: {size: 2}}, default: a, serve: b}\n"),
    ("a flag that is called like a change", "  'on': {percent: 5%}\n", "flag:on 6%", "  'on': {percent: 6%}\n"),
    ("line ends of Windows", "  f:\r\n    percent: 5%\r\n", "f owner=web", "  f:\r\n    percent: 5%\r\n    owner: web\r\n"),
    ("several changes", "  f: {percent: 5%}\n", "f 6% owner=web", "  f: {percent: 6%, owner: web}\n"),
    ("a canary's key", "  f:\n    canary: {stages: [{name: a, percent: 5%, hold: 1h}, {name: b, percent: 9%}], guards: [{metric: errors, max: 5%}]}\n", "f canary.stages.a.hold=2h",
     "  f:\n    canary: {stages: [{name: a, percent: 5%, hold: 2h}, {name: b, percent: 9%}], guards: [{metric: errors, max: 5%}]}\n"),
]
for name, before, arguments, after in CASES:
    head = HEAD.replace("\n", "\r\n") if "\r" in before else HEAD
    directory = project(before, head)
    result = set_(directory, arguments)
    made = read(directory).replace(head, "")
    ok(result.status == 0 and made == after, name.replace(" ", "_"), made, result.out, result.err)
    recorded = entries(directory)
    if "enabled: true" in after:
        continue
    again = set_(directory, arguments)
    ok(again.status == 0 and "so it is already" in again.out and read(directory).replace(head, "") == after and
       entries(directory) == recorded and len(recorded) == 1, "and_again_it_is_nothing", again.out, again.err, str(recorded))

# What is refused: nothing is written, and the place and the way out are named.
REFUSED = [
    ("  f: {rules: [{name: a, if: {country: NO}, percent: 1%}, {name: b, percent: 2%}]}\n", "f 5%", 1, "rules.a.percent=5%"),
    ("  f: {rules: [{if: {country: NO}}]}\n", "f on", 1, "ffc rollback f --serve on"),
    ("  f: {percent: 5%, environments: {staging: {percent: 1%}}}\n", "f 7%", 1, "-e"),
    ("  f: {percent: 5%}\n", "f -e prodction 7%", 2, "did you mean 'production'"),
    ("  feature: {percent: 5%}\n", "featuer 7%", 2, "did you mean 'feature'"),
    ("  f: {rules: [{name: a, percent: 5%}]}\n", "f rules[1].percent=6%", 1, "there is no item '1' in this list of 1"),
    ("  f: {percent: 5%}\n", "f serve=nosuch", 1, "unknown variant 'nosuch'"),
    ("  f: {percent: 5%}\n", "f ownr=web", 1, "did you mean 'owner'"),
    ("  f: {percent: 5%}\n", "f -e staging owner=web", 1, "leave out -e"),
    ("  f: {type: string, variants: {a: x, b: y}, default: a}\n", "f on", 1, "no variant 'on'"),
    ("  f:\n    percent:\n      # slowly\n      start: 2026-01-01T00:00:00Z\n      end: 2026-02-01T00:00:00Z\n", "f 5%", 1, "shop.yaml:7: there are comments"),
    ("  f:\n    description: |\n      text\n", "f description=x", 1, "shop.yaml:7: its value is a block of text"),
    ("  f: {canary: {stages: [{percent: 5%}], guards: [{metric: errors, max: 5%}]}}\n", "f 7%", 1, "ffc canary advance"),
    ("  f: {percent: 5%}\n", "f 7% g", 2, "flags come first"),
    ("  f: {percent: 5%}\n", "7%", 2, "flag:NAME"),
    ("  f: {percent: 5%}\n", "f", 2, "change what?"),
    ("  f: {percent: 5%}\n", "f split={on:", 1, ""),
]
for flags, arguments, status, words in REFUSED:
    directory = project(flags)
    result = set_(directory, arguments)
    ok(result.status == status and words in result.err and read(directory) == HEAD + flags and
       not os.path.exists(directory + "/ledger"), "refuses_" + arguments.replace(" ", "_"), str(result.status), result.err)
directory = project("  f: {percent: 5%}\n")
result = ffc(directory, "set", "f", "7%")
ok(result.status == 2 and "--reason" in result.err and "7%" not in read(directory), "asks_why", result.err)
result = ffc(directory, "set", "f", "7%", "--dry-run")
ok(result.status == 0 and "+  f: {percent: 7%}" in result.out and "7%" not in read(directory) and
   not os.path.exists(directory + "/ledger"), "a_dry_run_writes_nothing", result.out)
usual = project("  f: {percent: 5%}\n", HEAD.replace("bucket_by: user_id", "bucket_by: user_id, default_environment: production"))
set_(usual, "f 7%")
ok("production: {percent: 7%}" in read(usual), "the_usual_environment", read(usual))

# Whom it touches, those that depend on it too; as data.
directory = project("  f: {percent: 5%}\n  g: {requires: {f: on}, serve: on}\n  other: {percent: 5%}\n")
result = set_(directory, "f -e production 25% --json")
moves = {change["flag"]: change["shares"] for change in result.json["diff"]["changes"]}
equal(moves, {name: [{"from": "off", "to": "on", "share": 0.2}] for name in ("f", "g")}, "the_shares_of_diff")
equal((result.json["applied"], result.json["files"]), (True, [directory + "/shop.yaml"]), "and_what_was_done")
entry = entries(directory)[0]
equal((entry["verdict"], entry["flag"], entry["environment"], entry["reason"], entry["actor"], entry["edit"]),
      ("set", "f", "production", "because", "amira", "set f in production: 25%"), "who_what_and_why")
result = Result(subprocess.run([lab.FFREPLAY, "history", "-C", directory], capture_output=True))
ok("set f in production: 25%, by amira" in result.out, "in_the_history", result.out, result.err)
equal(subprocess.run([lab.FFREPLAY, "history", "--verify", "-C", directory], capture_output=True).returncode, 0, "which_is_whole")

# Tests that pin what was.
TESTS = """\
tests:
  - name: nobody   # yet
    flag: f
    environment: production
    contexts: [{user_id: u1}, {user_id: u2}]
    expect: off
  - {name: share, flag: f, environment: production, expect_share: {on: 5%, off: 95%}}
  - {name: both, flag: f, environment: [staging, production], context: {user_id: u1}, expect: {variant: off, value: false, reason: SPLIT}}
  - {name: failing, flag: f, environment: production, context: {user_id: u1}, expect: on}
  - {name: other, flag: g, environment: production, context: {user_id: u1}, expect: on}
"""
FLAGS = "  f: {percent: 5%}\n  g: {serve: on}\n"
directory = project(FLAGS, tests=TESTS)
result = set_(directory, "f -e production 20%")
ok(result.status == 0 and "1 test expects what was served before" in result.err and "'share' in production" in result.err and
   "tests.yaml:7" in result.err and "--update-tests" in result.err and read(directory, "tests") == TESTS, "names_tests", result.err)
directory = project(FLAGS, tests=TESTS)
result = set_(directory, "f -e production 20% --update-tests")
ok(result.status == 0 and read(directory, "tests") == TESTS.replace("{on: 5%, off: 95%}", "{on: 20%, off: 80%}"),
   "moves_shares_along", read(directory, "tests"), result.err)
directory = project(FLAGS, tests=TESTS.replace("[staging, production]", "production").replace("reason: SPLIT", "reason: DEFAULT"))
result = set_(directory, "f -e production on --update-tests")
made = read(directory, "tests")
ok(result.status == 0 and "    expect: on\n" in made and "nobody   # yet" in made and
   "expect: {variant: on, value: true, reason: STATIC}" in made and "{on: 100%, off: 0%}" in made,
   "moves_answers_along", made, result.out, result.err)
result = ffc(directory, "test")
equal(result.status, 0, "and_they_pass")

# A project with errors can be mended, and is not made worse.
directory = project("  f: {serve: nosuch}\n  g: {percent: 5%}\n  h: {percnt: 5%}\n")
before = read(directory)
result = set_(directory, "g serve=other")
ok(result.status == 1 and "unknown variant 'other'" in result.err and "nosuch" not in result.err and read(directory) == before,
   "one_more_error_is_refused", result.err)
result = set_(directory, "g 6%")
ok(result.status == 0 and "2 errors, as before" in result.err and "g: {percent: 6%}" in read(directory), "none_of_its_own_is_not", result.err)
result = set_(directory, "f serve=on")
ok(result.status == 0 and "1 error, fewer than before" in result.err, "one_is_mended", result.err)
result = set_(directory, "g 7%", "--build", directory + ".ffs", "-e", "production")
ok(result.status == 1 and "nothing can be published" in result.err and "leave out --build" in result.err and "g: {percent: 6%}" in read(directory),
   "and_nothing_is_published", result.err)
result = set_(directory, "h percnt=")
ok(result.status == 0 and "fewer" not in result.err, "a_key_that_is_none_goes", result.err)
equal(ffc(directory, "check").status, 0, "and_all_is_well")

# Publication, and who reads.
directory = project("  f: {percent: 0%}\n")
live = directory + ".ffs"
ffc(directory, "build", "-e", "production", "-o", live)
result = set_(directory, "f 100%", "--build", live)
answer = Result(subprocess.run([FFC, "eval", "f", "-s", live, "-c", '{"user_id":"u1"}', "--json"], capture_output=True)).json
ok(result.status == 0 and answer["value"] is True and "published" in result.out, "publishes", result.out, result.err)
result = set_(directory, "f -e staging 50%", "--build", live)
ok(result.status == 2 and "environment" in result.err and "50%" not in read(directory), "not_to_another_environment's_file", result.err)
with open("/dev/full", "w") as full:
    done = subprocess.run([FFC, "set", "f", "-e", "production", "30%", "--reason", "x", "-C", directory], stdout=full,
                          stderr=subprocess.PIPE, text=True)
ok(done.returncode == 2 and "done nevertheless" in done.stderr, "said_to_nobody_and_done", done.stderr)
ok("30%" in read(directory) and not put_aside(directory), "with_its_entry")
if os.geteuid() == 0:
    print("# root writes everywhere: a tree that cannot be written is not tried")
else:
    directory = project("  f: {percent: 5%}\n")
    os.chmod(directory, 0o555)
    result = set_(directory, "f 7%")
    os.chmod(directory, 0o755)
    ok(result.status == 2 and "5%" in read(directory), "a_tree_that_cannot_be_written", result.err)

# A definition that cannot be read is not one that is not there.
directory = project("  f: {percent: 5%}\n")
result = set_(directory, "g 7%")
ok(result.status == 2 and "no flag is called 'g'" in result.err and "can be read" not in result.err, "nobody_has_it", result.err)
with open(os.path.join(directory, "other.yaml"), "w") as file:
    file.write("flags:\n  g: {percent: 5%\n")
result = set_(directory, "g 7%")
ok(result.status == 2 and "not all definitions can be read" in result.err, "somebody_may_have_it", result.err)

# Many at once: none is lost.
directory = project("".join(f"  f{i}: {{percent: 0%}}\n" for i in range(12)))
runs = [subprocess.Popen([FFC, "set", f"f{i}", f"{i + 1}%", "--reason", "x", "-C", directory], stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL) for i in range(12)]
equal([run.wait() for run in runs], [0] * 12, "twelve_at_once")
equal(read(directory).replace(HEAD, ""), "".join(f"  f{i}: {{percent: {i + 1}%}}\n" for i in range(12)), "are_all_made")
equal(len(entries(directory)), 12, "and_recorded")

# 10,000 flags, in several files and in one: no more than a fifth longer than a check of them.
# A mistake elsewhere in the file is why it cannot be edited, not its layout.
for what, mistake, told in (("a value that is too long", "x" * 70000, "a value of 70000 bytes"),
                            ("an alias", "*who", "alias '*who' is not allowed")):
    mistaken = project(f"  f: {{percent: 5%}}\n  g: {{description: {mistake}}}\n")
    for arguments in ("set f 6%", "rename f h", "remove f"):
        run = ffc(mistaken, *arguments.split(), "--reason", "x")
        ok(run.status == 1 and told in run.err and "shop.yaml:7: " in run.err and "mend that first" in run.err
           and "layout" not in run.err and "by hand" not in run.err, f"{arguments} names {what}", run.err)


def many_flags(name, parts):
    directory = os.path.join(SCRATCH, name)
    os.makedirs(directory)
    each = 10000 // parts
    for part in range(parts):
        with open(f"{directory}/{part}.yaml", "w") as file:
            file.write("" if part else HEAD.replace("flags:\n", ""))
            file.write("flags:\n" + "".join(f"""  flag-{i}:
    owner: web
    description: Flag number {i}
    rules:
      - {{name: nordic, if: {{country: ["NO", SE]}}, percent: {i % 90 + 1}%}}
      - {{if: {{country: CA}}, percent: {i % 80 + 1}%}}
    environments:
      production: {{percent: {i % 90}%}}
      staging: {{serve: on}}
""" for i in range(part * each, part * each + each)))
    return directory


def spent(directory, *arguments):
    before = os.times()
    result = ffc(directory, *arguments)
    after = os.times()
    time = after.children_user + after.children_system - before.children_user - before.children_system
    return time, result


for name, parts in (("files", 50), ("one_file", 1)):
    big = many_flags(name, parts)
    best = {}
    for i in range(7):
        for which, arguments in (("check", ("check",)),
                                 ("set", ("set", f"flag-{i}", "-e", "production", "95.5%", "--reason", "x"))):
            time, result = spent(big, *arguments)
            best[which] = min(best.get(which, 1e9), time)
            ok(result.status == 0, f"{which}_of_many_in_{name}", result.err) if i == 0 else None
    ok(best["set"] <= 1.2 * best["check"] + 0.02,
       f"within_a_fifth_more_than_a_check_in_{name}:_{best['set'] / best['check']:.2f}", str(best))
finish()
