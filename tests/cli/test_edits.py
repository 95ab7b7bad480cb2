#!/usr/bin/env python3
"""ffc new, remove, rename, promote, revert and freeze: what they make of the files, and what they refuse."""
import json
import os
import shutil
import subprocess
import sys

if not shutil.which("git"):
    print("ok 1 - edits # SKIP there is no git\n1..1")
    sys.exit()

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from ledger import entries, put_aside
from lab import SCRATCH, Result, equal, finish, ok

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
ENVIRONMENT = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@example.com",
               "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "a@example.com"}
SHOP = """\
project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string}
metrics: {errors: {kind: proportion, of: {status: {gte: 500}}, better: lower}}
logs: {requests: {format: ndjson, time: t, unit: u, fields: {status: s}}}
segments: {lucky: {if: {flag: {base: on}}}}
rollouts: {standard: {stages: [{name: early, percent: 5%}, {name: full, percent: 100%}], guards: [{metric: errors, max: 5%}]}}
flags:
  base:
    owner: web   # theirs
    percent: 5%
    environments:
      staging: {percent: 50%}
  user: {requires: {base: on}, serve: on}
  luck: {rules: [{if: {segment: lucky}}]}

  # alone in the world
  alone:
    percent: 5%
    # and so on
  last: {canary: {use: standard, state: complete, stage: full, since: 2026-01-01T00:00:00Z}}
overrides:
  - {id: both, flags: [base, alone], serve: default}
  - {id: one, flags: alone, serve: default}
"""
TESTS = """\
tests:
  - {name: half, flag: base, environment: staging, expect_share: {on: 50%, off: 50%}}
  - name: it
    flag: alone
    environment: production
    context: {}
    expect: off
"""
count = 0


def project(git=False, shop=SHOP, tests=TESTS):
    global count
    count += 1
    directory = os.path.join(SCRATCH, f"p{count}")
    os.makedirs(directory)
    write(directory, "shop", shop)
    write(directory, "tests", tests)
    if git:
        for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "first"]):
            subprocess.run(["git", "-C", directory, *arguments], check=True, env=ENVIRONMENT)
    return directory


def write(directory, name, text):
    with open(os.path.join(directory, name + ".yaml"), "w") as file:
        file.write(text)


def read(directory, name="shop"):
    path = os.path.join(directory, name + ".yaml")
    return open(path).read() if os.path.exists(path) else None


def ffc(directory, *arguments):
    return Result(subprocess.run([FFC, *arguments, "-C", directory, "--reason", "because"], capture_output=True, env=ENVIRONMENT))


def answers(directory):
    """By flag, for some hundred units."""
    who = "".join(json.dumps({"user_id": f"u{i}"}) + "\n" for i in range(300)).encode()
    found = {}
    for line in subprocess.run([FFC, "eval", "--all", "-C", directory, "-e", "production", "--contexts", "-", "--json"], input=who,
                               check=True, capture_output=True).stdout.splitlines():
        answer = json.loads(line)
        found.setdefault(answer["flag"], []).append(answer["variant"])
    return found


def sound(directory, what):
    done = subprocess.run([FFC, "test", "-C", directory], capture_output=True, text=True)
    ok(done.returncode == 0, what + "_and_tests_pass", done.stdout, done.stderr)


# rename
directory = project(shop=SHOP.split("overrides:")[0])
before = answers(directory)
result = ffc(directory, "rename", "base", "the.base")
made = read(directory)
ok(result.status == 0 and made == SHOP.split("overrides:")[0].replace("  base:", "  the.base:").replace("{base: on}", "{the.base: on}")
   .replace("      staging: {percent: 50%}\n", "      staging: {percent: 50%}\n    salt: base\n"), "renames_wherever_it_is_named", made, result.err)
equal(read(directory, "tests"), TESTS.replace("flag: base", "flag: the.base"), "in_tests_too")
after = answers(directory)
equal(after.pop("the.base"), before.pop("base"), "nobody_moves")
equal(after, before, "and_no_other_flag")
said = result.out.split("\n1 flag changes in ")[1]
ok("the.base (was base) in " in said and said.count("nobody gets another answer") == 1 and "user" not in said and
   "code that asks for 'base'" in result.err, "and_says_so", result.out, result.err)
entry = entries(directory)[0]
equal((entry["verdict"], entry["flag"], entry["renamed_from"], len(entry["files"])), ("rename", "the.base", "base", 2), "recorded")
sound(directory, "renamed")
result = ffc(directory, "rename", "the.base", "base")
ok(result.status == 0 and read(directory).count("salt: base") == 1 and answers(directory)["base"] == after.get("x", answers(directory)["base"]),
   "a_salt_that_is_there_stays", read(directory))
directory = project()
result = ffc(directory, "rename", "base", "alone")
ok(result.status == 1 and "already" in result.err and read(directory) == SHOP, "not_to_another_flag's_name", result.err)
result = ffc(directory, "rename", "base", "a*b")
ok(result.status == 1 and read(directory) == SHOP, "not_to_what_is_no_name", result.err)
result = ffc(directory, "rename", "base", "base")
ok(result.status == 0 and not os.path.exists(directory + "/ledger"), "to_itself_is_nothing", result.out)

# The flags are in another order then, and the override is of the same one.
directory = project(shop=SHOP.replace("- {id: one, flags: alone, serve: default}", "- {id: one, flags: last, serve: default}"))
result = ffc(directory, "rename", "base", "z")
ok(result.status == 0 and "\n1 flag changes in " in result.out and "z (was base)" in result.out and "flags: [z, alone]" in read(directory), "overrides_stay_with_their_flags",
   result.out, result.err)

# A rollback plan names flags, too.
PLAN = """\
  risky:
    rollback:
      - {override: {flags: [alone, base], serve: default}}   # both
      - override: {flags: alone, serve: default}
  other: {owner: web, rollback: [{override: {flags: [alone], serve: default}}]}
  tagged: {tags: [x], rollback: [{serve: default}, {override: {flags: alone, tags: x, serve: default}}]}
"""
PLANNED = SHOP.split("overrides:")[0] + PLAN
directory = project(shop=PLANNED)
result = ffc(directory, "rename", "alone", "a b: c")
ok(result.status == 0 and PLAN.replace("alone", '"a b: c"') in read(directory), "renames_in_plans", read(directory), result.err)

# Whoever asks for a flag in whatever part of the language is found; what only looks like it, an attribute, an environment or a
# variant that is called `requires` or `flag`, is not.
NAMED = """project: {name: shop, environments: [requires, value], bucket_by: user_id}
attributes: {user_id: string, requires: string, metadata: string}
logs: {requests: {format: ndjson, time: t, unit: user_id, fields: {status: status}}}
metrics: {errors: {kind: proportion, of: {status: {gte: 500}}, better: lower}}
segments:
  seg: {if: {any: [{requires: base}, {not: {all: [{flag: {base: on}}]}}, {metadata: base}]}}
rollouts:
  std:
    stages: [{percent: 5%, if: {flag: {base: on}}}, {percent: 100%}]
    advance_when: [{metric: errors, max: {flag: limit}}]
flags:
  base: {percent: 50%}
  limit: {type: number, value: 0.5}
  asks:
    type: json
    variants: {requires: {flag: {base: 1}}, flag: {flag: {base: 2}}}
    default: flag
    users: {requires: [base], flag: [u2]}
    value_overrides: {requires: [{if: {flag: {base: on}}, replace: {flag: {base: 3}}}]}
    rules:
      - {if: {requires: base}, split: {requires: 50%, flag: 50%}, value_overrides: {flag: {base: 4}}}
      - {if: {segment: seg, requires: {ne: base}}, serve: requires}
    environments:
      value: {requires: {base: on}}
      requires: {rules: [{if: {flag: {base: [on, off]}}, percent: 1%, serve: requires}]}
  tried:
    experiment: {split: {on: 50%, off: 50%}, control: off, primary: errors, state: running, if: {flag: {base: on}},
                 guards: [{metric: errors, max_increase: {flag: limit}}]}
  rolled: {canary: {use: std}, rollback: [{override: {flags: limit, serve: none, if: {flag: {base: on}}}}]}
overrides: [{id: x, flags: asks, serve: default, if: {flag: {base: on}}}]
"""
asked = project(shop=NAMED, tests="")
result = ffc(asked, "rename", "base", "ground")
ok(result.status == 0 and read(asked) == NAMED.replace("flag: {base: on", "flag: {ground: on").replace("flag: {base: [", "flag: {ground: [")
   .replace("requires: {base: on", "requires: {ground: on").replace("base: {percent: 50%}", "ground: {percent: 50%, salt: base}"),
   "renames_what_asks_and_nothing_else", read(asked), result.err)
result = ffc(asked, "rename", "limit", "bound")
ok(result.status == 0 and read(asked).count("{flag: bound}") == 2 and "flags: bound" in read(asked) and "limit" not in read(asked),
   "renames_thresholds", read(asked), result.err)
sound(directory, "a_plan_with_another_name")
directory = project(shop=PLANNED)
result = ffc(directory, "remove", "alone")
ok(result.status == 0 and read(directory).endswith("""\
  risky:
    rollback:
      - {override: {flags: [base], serve: default}}   # both
  other: {owner: web}
  tagged: {tags: [x], rollback: [{serve: default}, {override: {tags: x, serve: default}}]}
"""), "removes_from_plans", read(directory), result.err)
sound(directory, "plans_without_it")

# remove
directory = project()
result = ffc(directory, "remove", "base")
ok(result.status == 1 and "shop.yaml:5: 'lucky' asks for 'base'" in result.err and "shop.yaml:13: 'user' asks for 'base'" in result.err and
   "2 places" in result.err and read(directory) == SHOP, "refuses_while_it_is_needed", result.err)
result = ffc(directory, "remove", "alone")
ok(result.status == 0 and read(directory) == SHOP.replace("\n  # alone in the world\n  alone:\n    percent: 5%\n    # and so on\n", "\n")
   .replace("[base, alone]", "[base]").replace("  - {id: one, flags: alone, serve: default}\n", "") and
   read(directory, "tests") == TESTS[:TESTS.index("  - name: it")], "with_its_comments_tests_and_overrides", read(directory), result.err)
sound(directory, "removed")
write(directory, "more", "flags: {f: {percent: 5%}}\ntests: [{name: f, flag: f, environment: staging, context: {}, expect: off}]\n")
result = ffc(directory, "remove", "f")
ok(result.status == 0 and read(directory, "more") is None, "a_file_that_has_nothing_left_goes", str(read(directory, "more")), result.err)
equal(ffc(directory, "remove", "nosuch").status, 2, "what_there_is_not")
equal(len(entries(directory)), 2, "and_both_are_recorded")

# promote
directory = project()
result = ffc(directory, "promote", "base", "--from", "staging", "--to", "production")
ok(result.status == 0 and "      production: {percent: 50%}\n" in read(directory), "promotes", read(directory), result.err)
result = ffc(directory, "promote", "base", "--from", "staging", "--to", "production")
ok(result.status == 0 and "has what staging has already" in result.out and len(entries(directory)) == 1, "once", result.out)
result = ffc(directory, "promote", "user", "--from", "staging", "--to", "production")
equal((result.status, len(entries(directory))), (0, 1), "what_both_inherit_is_the_same")
ok(ffc(directory, "promote", "base", "--from", "staging", "--to", "prodction").status == 2, "not_to_nowhere")
ok(ffc(directory, "promote", "base", "--from", "staging").status == 2, "and_not_without_to")

# revert
directory = project(git=True)
ffc(directory, "set", "base", "-e", "staging", "70%", "--commit")
ffc(directory, "set", "last", "owner=web", "--commit")
result = ffc(directory, "revert", "base", "HEAD~2", "--commit")
ok(result.status == 0 and "staging: {percent: 50%}" in read(directory) and "owner: web   # theirs" in read(directory) and
   ", owner: web" in read(directory), "one_flag_and_no_other", read(directory), result.err)
ffc(directory, "remove", "alone", "--commit")
result = ffc(directory, "revert", "alone", "HEAD~1")
ok(result.status == 0 and "  alone: {percent: 5%}\n" in read(directory), "brings_back", read(directory), result.err)
result = ffc(directory, "revert", "base", "HEAD")
ok(result.status == 0 and "nothing was changed" in result.out, "to_what_it_is", result.out)
for revision in ("nosuch", "--all", ""):
    result = ffc(directory, "revert", "base", *(["--", revision] if revision.startswith("-") else [revision]))
    ok(result.status != 0 and "staging: {percent: 50%}" in read(directory), "a_revision_that_is_none_" + revision, result.err)

# new: what it writes compiles, and its tests pass.
for arguments, words in ((["--owner", "web"], "    owner: web\n    percent: 0%\n"), (["--kind", "ops"], "serve: on"),
                         (["--kind", "config", "value=20"], "value: 20"), (["--kind", "experiment"], "primary: errors"),
                         (["--kind", "permission"], "kind: permission"), (["--template", "standard"], "canary: {use: standard}"),
                         (["--like", "last", "owner=me"], "canary: {use: standard}"), (["--like", "base"], "environments: {staging: {percent: 50%}}"),
                         (["25%"], "percent: 25%")):
    directory = project()
    result = ffc(directory, "new", "fresh", *arguments)
    ok(result.status == 0 and words in (read(directory, "fresh") or ""), "new_" + "_".join(arguments), str(read(directory, "fresh")), result.err)
    sound(directory, "new")
RUNNING = """\
  runs:
    environments:
      staging: {salt: s, canary: {use: standard, state: running, stage: early, since: 2026-01-01T00:00:00Z}}
      production: {experiment: {control: off, split: {off: 50%, on: 50%}, primary: errors, state: running}}
overrides:"""
directory = project(shop=SHOP.replace("overrides:", RUNNING))
result = ffc(directory, "new", "fresh", "--like", "runs")
ok("{staging: {canary: {use: standard}}, production: {experiment: {control: off, split: {off: 50%, on: 50%}, primary: errors}}}" in
   read(directory, "fresh"), "what_runs_in_an_environment_begins_anew", read(directory, "fresh"), result.err)
directory = project()
result = ffc(directory, "new", "Neuer Warenkorb", "--file", "shop.yaml")
ok(result.status == 0 and "  Neuer Warenkorb: {percent: 0%}\noverrides:" in read(directory), "in_a_file_that_is_there", read(directory), result.err)
sound(directory, "in_a_file")
ok(ffc(directory, "new", "a/b").status == 0 and read(directory, "a-b"), "a_name_that_no_file_has")
for name, file in (("noch eins \U0001f680", "noch-eins"), ("\u65e5\u672c", "flag"), (".hidden _", "hidden"), ("a - b", "a-b"), ("x.y_z-", "x.y_z")):
    result = ffc(directory, "new", name)
    ok(result.status == 0 and name in read(directory, file), "a_file_for_" + file, result.err, *os.listdir(directory))
with open(os.path.join(directory, "crlf.yaml"), "wb") as file:
    file.write(b"attributes: {x: string}\r\n")
result = ffc(directory, "new", "ended", "--file", directory + "/crlf.yaml")
with open(os.path.join(directory, "crlf.yaml"), "rb") as file:
    lines = file.read().split(b"\n")
ok(result.status == 0 and len(lines) == 10 and all(line.endswith(b"\r") for line in lines[:-1]), "line_ends_and_the_path_as_messages_have_it",
   str(lines), result.err)
for name, why in (("", "empty name"), ("a..b", "has '..'"), ("x" * 129, "longer than the limit"), ("a\x1bb", "U+001B")):
    refused = [ffc(directory, "new", name), ffc(directory, "rename", "base", name)]
    ok(all(result.status == 1 and why in result.err for result in refused), "no_name_" + why, *[result.err for result in refused])
ok(ffc(directory, "new", "deep", "--file", "some/where.yaml").status == 0 and read(directory, "some/where"), "in_a_folder")
for arguments in (["base"], ["x", "--kind", "canary"], ["x", "--kind", "relaese"], ["x", "--file", "../x.yaml"], ["x", "--file", "x.txt"],
                  ["x", "--like", "nosuch"], ["x", "--template", "nosuch"], ["a*"], ["x", "y"], []):
    before = sorted(os.listdir(directory))
    result = ffc(directory, "new", *arguments)
    ok(result.status != 0 and result.err and sorted(os.listdir(directory)) == before, "not_new_" + "_".join(arguments), result.err)

# A file that is there, and cannot be read as definitions, stays as it is.
directory = project()
os.symlink("/etc/passwd", os.path.join(directory, "outside.yaml"))
os.symlink("nowhere.yaml", os.path.join(directory, "dangling.yaml"))
for name, content in (("latin", b"flags:\n  caf\xe9: {percent: 1%}\n"), ("broken", b"flags: {a: [}\n"), ("secret", b"flags: {}\n")):
    with open(os.path.join(directory, name + ".yaml"), "wb") as file:
        file.write(content)
os.chmod(os.path.join(directory, "secret.yaml"), 0 if os.getuid() else 0o600)
for name in ("outside", "dangling", "latin", "broken") + (("secret",) if os.getuid() else ()):
    path = os.path.join(directory, name + ".yaml")
    before = os.path.islink(path) or open(path, "rb").read() if name != "secret" else os.stat(path).st_mtime_ns
    result = ffc(directory, "new", "fresh", "--file", name + ".yaml")
    said = " ".join(result.err.split())
    ok(result.status == 1 and f"{name}.yaml' cannot be read, so no flag can be put there" in said and "--file names another file" in said,
       f"no_flag_in_a_file_that_is_{name}", result.status, result.err)
    after = os.path.islink(path) or open(path, "rb").read() if name != "secret" else os.stat(path).st_mtime_ns
    equal(after, before, f"which_stays_{name}")
with open(os.path.join(directory, "empty.yaml"), "w") as file:
    file.write("# nothing yet\n")
ok(ffc(directory, "new", "fresh", "--file", "empty.yaml").status == 0 and "# nothing yet\n" in read(directory, "empty") and
   "  fresh:\n" in read(directory, "empty"), "but_in_one_that_is_empty", read(directory, "empty"))

# freeze
directory = project(git=True)
result = ffc(directory, "freeze", "--until", "2099-01-01T00:00:00Z", "--commit")
ok(result.status == 0 and "frozen until 2099-01-01T00:00:00Z" in result.out, "freezes", result.out, result.err)
for arguments in (["set", "alone", "6%"], ["new", "x"], ["remove", "alone"], ["rename", "alone", "x"], ["set", "alone", "6%", "--dry-run"],
                  ["promote", "base", "--from", "staging", "--to", "production"], ["revert", "base", "HEAD"], ["canary", "start", "last"]):
    result = ffc(directory, *arguments)
    ok(result.status == 1 and "frozen until" in result.err and read(directory) == SHOP, "frozen_" + "_".join(arguments[:2]), result.err)
equal(ffc(directory, "rollback", "alone").status, 0, "an_emergency_is_not")
equal(ffc(directory, "canary", "rollback", "last").status, 0, "nor_a_canary's")
trial = project(shop=SHOP.replace("  last:", "  trial: {experiment: {control: off, split: {off: 50%, on: 50%}, primary: errors, state: draft}}\n  last:"))
begun = ffc(trial, "freeze", "--until", "2099-01-01T00:00:00Z")
equal((begun.status, ffc(trial, "experiment", "start", "trial").status, "frozen until" in ffc(trial, "experiment", "start", "trial").err),
      (0, 1, True), "no_experiment_starts")
equal([ffc(trial, *arguments).status for arguments in
       (["freeze", "--lift"], ["experiment", "start", "trial"], ["freeze", "--until", "2099-01-01T00:00:00Z"],
        ["experiment", "conclude", "trial", "--winner", "on", "--without-evidence"], ["experiment", "stop", "trial"])],
      [0, 0, 0, 1, 0], "or_is_decided_but_one_can_be_stopped")
with open("/dev/full", "w") as full:
    told = subprocess.run([FFC, "freeze", "--lift", "--reason", "why", "-C", trial], stdout=full, stderr=subprocess.PIPE, text=True)
ok(told.returncode == 2 and "done nevertheless: lift" in told.stderr, "what_is_done_is_said", told.stderr)
clone = directory + ".clone"
subprocess.run(["git", "clone", "-q", directory, clone], check=True, env=ENVIRONMENT)
equal(ffc(clone, "set", "alone", "6%").status, 1, "it_holds_in_a_clone")
equal(ffc(clone, "set", "alone", "6%", "--at", "2099-01-01T00:00:00Z").status, 0, "until_it_is_over")
result = ffc(directory, "freeze", "--lift")
ok(result.status == 0 and "lifted" in result.out and ffc(directory, "set", "alone", "6%").status == 0, "is_lifted", result.err)
log = json.loads(subprocess.run([FFC, "log", "-C", directory, "--json"], capture_output=True).stdout)["changes"]
equal([one["action"] for one in log if one["action"] and "freeze" in one["action"]], ["freeze lifted", "freeze"], "and_the_log_says_which")
recorded = len(entries(directory))
result = ffc(directory, "freeze", "--lift")
equal((result.status, len(entries(directory))), (0, recorded), "once")
ok(ffc(directory, "freeze", "--until", "2001-01-01T00:00:00Z").status == 2, "not_until_what_is_over")
equal(json.loads(subprocess.run([FFC, "freeze", "-C", directory, "--json"], capture_output=True).stdout)["frozen"], False, "says_whether")

# What is held, what patterns select, and names that a flag had.
HELD = """\
project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string}
flags:
  pay.card: {percent: 20%, rollback: [{override: {flags: ["pay.*"], serve: default}}]}
  pay.cash: {percent: 20%}
  limit: {type: integer, value: 4}
overrides:
  - {id: inc-7, flags: ["pay.c*"], environments: [production], serve: off, until: 2099-01-01T00:00:00Z, reason: INC-7}
"""
held = project(git=True, shop=HELD, tests="")
note = ffc(held, "set", "pay.card", "40%").err.replace("\n      ", " ")
ok("override:inc-7 holds 'pay.card' in production until 2099-01-01T00:00:00Z: 'off' is served" in note and
   "ffc rollback --lift inc-7" in note, "an_override_that_hides_an_edit_is_named", note)
ok("inc-7" not in ffc(held, "set", "pay.card", "-e", "staging", "50%").err and "inc-7" not in ffc(held, "set", "limit", "value=5").err,
   "and_none_that_does_not")
note = ffc(held, "rename", "pay.cash", "pay.notes").err
ok("an override selects 'pay.cash' by the pattern 'pay.c*'" in note and "shop.yaml:8" in note and "pay.*" not in note,
   "a_pattern_that_loses_a_flag_is_named", note)
note = ffc(held, "rename", "pay.notes", "notes").err
ok("the rollback plan of 'pay.card' selects 'pay.notes' by the pattern 'pay.*'" in note and "inc-7" not in note, "of_a_plan_too", note)
note = ffc(held, "rename", "notes", "pay.coins").err
ok("does not select 'notes' by the pattern 'pay.c*'" in note and "but does select 'pay.coins'" in note, "and_one_that_gains_it", note)
for old, new in (("limit", "bound"), ("bound", "cap")):
    equal(ffc(held, "rename", old, new).status, 0, f"a_value_is_renamed_{new}")
result = ffc(held, "revert", "cap", "HEAD")
ok(result.status == 0 and "'cap' was 'limit'" in result.err and "cap: {type: integer, value: 4}" in read(held), "and_reverted_by_the_ledger", result.err)
subprocess.run(["git", "-C", held, "rm", "-rq", "--cached", "ledger"], env=ENVIRONMENT, capture_output=True)
for entry in os.listdir(os.path.join(held, "ledger")):
    if entry.endswith(".json"):
        os.remove(os.path.join(held, "ledger", entry))
result = ffc(held, "revert", "cap", "HEAD")
ok(result.status == 1 and "has no flag 'cap'" in result.err and "neither a salt nor the ledger" in result.err.replace("\n      ", " "),
   "what_nobody_knows_is_refused", result.err)

# What cannot be read is said to be so, not to have changed; nothing is put in its place.
taken = project()
os.symlink("nowhere", os.path.join(taken, "dangling.yaml"))
os.mkfifo(os.path.join(taken, "pipe.yaml"))
for name in "dangling", "pipe":
    result = ffc(taken, "new", name)
    ok(result.status == 1 and f"{name}.yaml' cannot be read, so no flag" in result.err.replace("\n      ", " "),
       f"{name}_cannot_be_read", result.status, result.err)
    ok("has changed" not in result.err and not os.path.isfile(os.path.join(taken, name + ".yaml")), f"{name}_stays", result.err)
ok(os.path.islink(os.path.join(taken, "dangling.yaml")) and not entries(taken), "nothing_was_made")
equal(subprocess.run([lab.FFREPLAY, "history", "--verify", "-C", directory], capture_output=True).returncode, 0, "the_ledger_is_whole")
equal(put_aside(directory), [], "and_nothing_is_put_aside")
finish()
