#!/usr/bin/python3
"""One cause, one diagnostic: a sound project with one mistake in it, at every place where it can be made."""
import os
import re
import subprocess
import tempfile

from tap import finish, ok

FFC = os.environ["FFC"]

PROJECT = {
    "project.yaml": """\
project:
  name: shop
  environments: [staging, production]
  bucket_by: user_id
attributes:
  user_id: string
  country: {type: string, enum: [CH, DE]}
  app_version: version
segments:
  newcomers: {if: {app_version: {gte: 2.0.0}}}
layers:
  cart: {bucket_by: user_id}
holdouts:
  quarter: {percent: 2%}
""",
    "metrics.yaml": """\
logs:
  requests:
    format: ndjson
    time: ts
    unit: user
    context: {user_id: user, country: country}
    fields: {status: status, took: took}
metrics:
  errors: {log: requests, kind: proportion, of: {status: {gte: 500}}}
  latency: {log: requests, kind: quantile, q: 0.95, value: took, better: lower}
  orders: {log: requests, kind: proportion, of: {status: 201}, better: higher}
""",
    "flags.yaml": """\
flags:
  new-cart:
    description: The cart as a drawer
    requires: {maintenance: off}
    holdout: quarter
    rules:
      - name: newcomers
        if: {segment: newcomers}
        serve: on
      - name: swiss
        if: {country: CH}
        percent: 10%
  banner:
    type: string
    value: Free shipping
    environments:
      staging: {value: Test}
  most-items:
    type: integer
    variants: {few: 3, many: 30}
    default: few
    users: {many: [u1]}
  maintenance:
    serve: off
  search:
    environments:
      production:
        canary:
          stages:
            - {name: some, percent: 5%, hold: 1h}
            - {name: all, percent: 100%}
          guards:
            - {metric: errors, max: 2%, action: rollback}
          advance_when:
            - {metric: latency, max: 500}
  button:
    type: string
    variants: {blue: '#00f', green: '#0f0'}
    default: blue
    layer: {name: cart, to: 50%}
    experiment:
      control: blue
      split: {blue: 50%, green: 50%}
      primary: orders
""",
    "tests.yaml": """\
tests:
  - {flag: new-cart, environment: production, context: {user_id: u1, country: CH, app_version: 2.1.0}, expect: {rule: newcomers}}
  - {flag: new-cart, environment: production, context: {user_id: u1, country: DE}, expect: {variant: off}}
  - {flag: most-items, environment: production, context: {user_id: u1}, expect: {value: 30}}
  - {flag: most-items, environment: staging, context: {user_id: u2}, expect: {variant: few}}
  - {flag: search, environment: production, stage: all, context: {user_id: u1}, expect: {variant: on}}
  - {flag: search, environment: production, stage: all, context: {user_id: u2}, expect: {rule: 'canary:all'}}
  - {flag: maintenance, environment: production, expect: {variant: off}}
""",
}


def check(project):
    with tempfile.TemporaryDirectory() as directory:
        for name, text in project.items():
            with open(os.path.join(directory, name), "w") as file:
                file.write(text)
        done = subprocess.run(
            [FFC, "check", "--max-errors", "0", "--now", "2026-11-20T12:00:00Z", "-C", "."],
            cwd=directory, capture_output=True, text=True)
    return done.stderr


def found(text):
    return [line for line in text.split("\n") if re.search(r"(^|: )(error|warning): ", line)]


def with_line(name, at, line):
    lines = PROJECT[name].split("\n")
    return {**PROJECT, name: "\n".join(lines[:at] + ([] if line is None else [line]) + lines[at + 1:])}


KEY = re.compile(r"^(\s*(?:- )?)([A-Za-z_][\w.-]*):(.*)$")
# Keys that are names, and may be any.
NAMES = ("user_id country app_version newcomers cart quarter requests errors latency orders new-cart banner "
         "most-items maintenance search button staging production").split()


def places():
    for name, text in PROJECT.items():
        for at, line in enumerate(text.split("\n")):
            match = KEY.match(line)
            if match:
                yield name, at, match


def try_each(what, most, change):
    """`change` makes another line of the match of a key's, or None where it has nothing to change."""
    bad, tried = [], 0
    for name, at, match in places():
        line = change(match)
        if line is None:
            continue
        tried += 1
        said = found(check(with_line(name, at, line)))
        if len(said) > most:
            bad.append(f"{name}:{at + 1}: {line.strip()}\n  " + "\n  ".join(said))
    ok(tried > 8 and not bad, f"{what}: one diagnostic, at {tried} places", *bad)


sound = check(PROJECT)
ok(not found(sound), "the project is sound", sound)

is_name = lambda match: match[2] in NAMES
try_each("a misspelt key", 1, lambda m: None if is_name(m) else f"{m[1]}{m[2][0]}{m[2]}:{m[3]}")
try_each("another key", 1, lambda m: None if is_name(m) else f"{m[1]}zzqqxx:{m[3]}")
try_each("a capital in a key", 1, lambda m: None if is_name(m) else f"{m[1]}{m[2].capitalize()}:{m[3]}")
try_each("a capital in a name", 1, lambda m: f"{m[1]}{m[2].capitalize()}:{m[3]}" if is_name(m) else None)
try_each("a value that is no good", 1,
         lambda m: f"{m[1]}{m[2]}: {{qq: [x]}}" if re.match(r" *[\w.-]", m[3]) else None)

# A line that is missing above a block.
staged = PROJECT["flags.yaml"].replace("            - {name: some, percent: 5%, hold: 1h}\n", """\
            - name: some
              percent: 5%
              guards:
                - metric: errors
                  max: 3%
                - metric: latency
                  max: 700
                  over: 10m
              hold: 1h
""")
bad, tried = [], 0
for project in (PROJECT, {**PROJECT, "flags.yaml": staged}):
    for name, text in project.items():
        lines = text.split("\n")
        for at, line in enumerate(lines):
            match = KEY.match(line)
            if not match or match[3].strip():
                continue
            tried += 1
            said = found(check({**project, name: "\n".join(lines[:at] + lines[at + 1:])}))
            if len(said) > 1:
                bad.append(f"{name}:{at + 1}: {line}\n  " + "\n  ".join(said))
ok(tried > 40 and not bad, f"a missing line above a block: one diagnostic, at {tried} places", *bad)

# Without the name of a flag, another has its keys, and what named it has none.
BODIES = {
    "plain": "    serve: on\n",
    "ruled": "    rules:\n      - {if: {country: CH}, serve: on}\n",
    "share": "    percent: 10%\n",
    "places": "    environments:\n      staging: {serve: on}\n      production: {serve: off}\n",
    "items": "    type: integer\n    variants: {few: 3, many: 30}\n    default: few\n    users: {many: [u1]}\n",
    "arms": "    type: string\n    variants: {x: X, y: Y}\n    split: {x: 50%, y: 50%}\n",
    "text": "    type: string\n    value: Free shipping\n",
    "staged": "    environments:\n      production:\n        canary:\n          stages:\n            - {percent: 5%}\n"
              "            - {percent: 100%}\n          advance_when:\n            - {metric: latency, max: 500}\n"
              "          guards:\n            - {metric: errors, max: 2%, action: rollback}\n",
}
SERVED = {"items": "few", "arms": "x"}
bad, tried, joined = [], 0, 0
for kept, body in BODIES.items():
    for lost in BODIES:
        if lost in (kept, "text") or {kept, lost} in ({"share", "places"}, {"ruled", "staged"}):  # these are warned of, too
            continue
        tried += 1
        said = check({**PROJECT, "more.yaml": f"flags:\n  user:\n    serve: on\n    requires: {{{lost}: {SERVED.get(lost, 'on')}}}\n"
                                              f"  {kept}:\n{body}{BODIES[lost]}"})
        joined += f"help: if the line '{lost}:' is missing within '{kept}', write it above its keys" in said.replace("\n      ", " ")
        if len(found(said)) != 1:
            bad.append(f"{lost} below {kept}\n{said}")
ok(tried > 40 and joined > 20 and not bad, f"a flag without its name: one diagnostic, of {tried}, of which {joined} say so", *bad)
gone = {**PROJECT, "more.yaml": "flags:\n  user:\n    serve: on\n    requires: {nobody: on}\n  items:\n" + BODIES["items"] + "    serve: on\n"}
said = check(gone)
ok("note: unknown variant 'on' of flag 'items'" in said, "what is wrong in the other flag is shown with it", said)
said = check({**gone, "more.yaml": gone["more.yaml"].replace("nobody", "serach")})
ok(len(found(said)) == 2, "a misspelt name is not taken for a lost one", said)
said = check({**gone, "more.yaml": gone["more.yaml"].replace("serve: on\n    requires", "serve: many\n    requires")})
ok(len(found(said)) == 3, "nor is any where several flags are wrong", said)

# A name that is defined nowhere may make several others unused, or without a definition.
missing = with_line("flags.yaml", 0, None)
said = check(missing)
ok(len(found(said)) == 1, "a forgotten 'flags:' is one diagnostic", said)
ok("'new-cart' is indented" in said and "help: write 'flags:' on a line above" in said, "which says where it is missing", said)
said = check({**PROJECT, "flags.yaml": missing["flags.yaml"].replace("\n  ", "\n")[2:]})
ok(len(found(said)) == 1, "and so is one whose flags stand at the left edge", said)
ok("help: its keys are those of what stands under 'flags:', indented" in said, "which says where its keys stand", said)
ok("'banner' is unknown, too\n" in said and "too, and so are 3 more\n" in said,
   "and names a few of the others", said)

unsound = {**PROJECT, "flags.yaml": PROJECT["flags.yaml"].replace("new-cart", "new=cart")}
said = check(unsound)
ok(len(found(said)) == 1 and "did you mean" not in said, "a name that cannot be one is not suggested", said)
camel = {**PROJECT, "flags.yaml": PROJECT["flags.yaml"].replace("new-cart", "newCart")}
said = check(camel)
ok("help: did you mean 'newCart'?" in said, "but one that is spelled otherwise elsewhere is", said)

said = check({**PROJECT, "flags.yaml": PROJECT["flags.yaml"].replace("maintenance:\n", "repairs:\n")})
ok(len(found(said)) == 1 and "unknown flag 'maintenance'" in said and said.count("note: and here") == 1,
   "a name that is no more is reported once, with the other places", said)
many = PROJECT["tests.yaml"] + "".join(
    "  - {flag: serach, environment: production, expect: {variant: off}}\n" for _ in range(5))
said = check({**PROJECT, "tests.yaml": many})
ok(len(found(said)) == 1 and "note: and here, and at 2 more places\n" in said, "and how many more there are", said)

said = check({**PROJECT, "flags.yaml": PROJECT["flags.yaml"].replace("if: {segment", "iff: {segment")})
ok(len(found(said)) == 1, "a rule whose condition has no name leaves no other rule unreached", said)

# A line that is missing leaves what was below it where it means something else.
described = PROJECT["flags.yaml"].replace("  banner:\n", "  banner:\n    description: Above the page\n")
for name, line, words in (
        ("flags.yaml", "  banner:", "key 'description' is given twice"),
        ("flags.yaml", "  most-items:", "key 'type' is given twice"),
        ("metrics.yaml", "metrics:", "'errors' has the keys of a metric, and stands under 'logs:'"),
        ("metrics.yaml", "  requests:", "'format' stands where the name of a log is expected")):
    text = described if name == "flags.yaml" else PROJECT[name]
    said = check({**PROJECT, name: text.replace(line + "\n", "")})
    ok(len(found(said)) == 1 and words in said, f"without the line '{line.strip()}' there is one diagnostic", said)

# What others call a key is said by where it stands: what is served by default is one of several, or all there is.
for keys, ours in (("type: string, THEIRS: x", "value"), ("THEIRS: true", "value"),
                   ("type: string, variants: {x: X}, THEIRS: x", "default"),
                   ("THEIRS: true, rules: [{if: {country: CH}, serve: off}]", "default"),
                   ("type: string, value: x, environments: {production: {THEIRS: y}}", "value"),
                   ("type: string, variants: {x: X, y: Y}, default: x, environments: {production: {THEIRS: y}}", "default")):
    for theirs in ("defaultValue", "default_value", "fallback"):
        said = check({**PROJECT, "more.yaml": f"flags:\n  more: {{{keys.replace('THEIRS', theirs)}}}\n"})
        ok(len(found(said)) == 1 and f"help: '{theirs}' is called '{ours}' here" in said,
           f"{keys.replace('THEIRS', theirs)}: it is '{ours}'", said)

# A file of another system is one diagnostic a mapping, however many flags it has.
copied = "flags:\n" + "".join(
    f"  copied-{i}: {{state: ENABLED, variants: {{on: true, off: false}}, defaultVariant: off, targeting: {{}}}}\n"
    for i in range(40))
said = check({**PROJECT, "more.yaml": copied})
ok(len(found(said)) == 1, "the keys of another system are one diagnostic", said)
ok("note: 'defaultVariant' is called 'default' here" in said and "note: 'targeting' is called 'rules' here" in said
   and "help: 'state' is called 'enabled' here" in said,
   "which says what each is called", said)
ok("note: and here, and at 37 more places" in said, "and where else they stand", said)

two = {**PROJECT, "flags.yaml": PROJECT["flags.yaml"].replace("serve: off", "sreve: off").replace("q: 0", "q: 7"),
       "project.yaml": PROJECT["project.yaml"].replace("percent: 2%", "percent: 200%")}
said = check(two)
ok(len(found(said)) == 2, "two causes are two diagnostics", said)
two = {**PROJECT, "flags.yaml": PROJECT["flags.yaml"].replace("{segment: newcomers}", "{segment: nobody, country: XX}")}
said = check(two)
ok(len(found(said)) == 2, "also in one place", said)

raise SystemExit(finish())
