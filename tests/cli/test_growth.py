#!/usr/bin/env python3
"""What `ffc check`, or in one of them `ffc test`, takes for four times the input: about four times as long, in each dimension below (docs/limits.md).

A dimension is measured at two sizes, of which the smaller takes tens of milliseconds, by the processor time of
the command less that of a trivial project. What is quadratic takes 16 times as long; the bound is 8, and noise
gets three more tries. Dimensions with a limit stop at it: the larger size is the limit or refused for it.
"""
import os
import resource
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
BOUND = 8
TRIES = 4
MOST = 30  # seconds; then the command is killed
LEAST = 0.004  # seconds; less is no measurement

HEAD = """project: {name: p, environments: [production], bucket_by: user_id}
attributes: {user_id: string, country: string, age: number, version: version, ip: ip}
"""
LOG = "logs: {l: {format: ndjson, time: ts, unit: u, fields: {a: b}}}\n"


def lines(n, line):
    return "".join(line(i) + "\n" for i in range(n))


def items(n, item):
    return "[" + ", ".join(item(i) for i in range(n)) + "]"


def flags(text, head=HEAD):
    return {"a.yaml": head + "flags:\n" + text}


def rule(condition, times=1):
    """The same in as many flags as it takes to be measured."""
    return flags(lines(times, lambda i: f"  f{i}: {{rules: [{{if: {condition}, serve: on}}]}}"))


def rules(n, condition):
    return flags("  f:\n    rules:\n" + lines(n, lambda i: f"      - {{name: r{i}, if: {condition(i)}, serve: on}}"))


def chain(n):
    links = lines(n, lambda i: f"  s{i}: {{if: {{segment: s{i - 1}}}}}" if i % 50 else f"  s{i}: {{if: {{age: {i}}}}}")
    return flags(f"  f: {{rules: [{{if: {{segment: s{n - 1}}}, serve: on}}]}}\n", HEAD + "segments:\n" + links)


def variants(n, rest=""):
    """In flags of as many as there may be."""
    own = ", ".join(f"v{i}: {i}" for i in range(64))
    return flags(lines(n // 64, lambda i: f"  f{i}: {{type: integer, default: v0, variants: {{{own}}}{rest}}}"))


def splits(n):
    shares = ", ".join(f"v{i}: {2 if i < 36 else 1}%" for i in range(64))
    return variants(n, f", rules: [{{split: {{{shares}}}}}]")


def wide(n):
    """Flags of many variants each, which a split names all, and another flag."""
    shares = ", ".join(f"v{i}: {((i + 1) * 100000 // n - i * 100000 // n) / 1000:.3f}%" for i in range(n))
    own = ", ".join(f"v{i}: {i}" for i in range(n))
    asked = ", ".join(f"v{i}" for i in range(n))
    return flags(lines(12, lambda i: f"  f{i}: {{type: integer, default: v0, variants: {{{own}}}, "
                                     f"rules: [{{split: {{{shares}}}}}]}}\n"
                                     f"  g{i}: {{serve: on, requires: {{f{i}: [{asked}]}}}}"))


def deep(n):
    opening, closing = "{all: [{not: " * 12, "}]}" * 12
    return flags(lines(n, lambda i: f"  f{i}: {{rules: [{{if: {opening}{{age: {i}}}{closing}, serve: on}}]}}"))


def stages(n):
    return flags("  f:\n    canary:\n      stages:\n"
                 + lines(n, lambda i: f"        - {{name: s{i}, percent: {i * 100 // n}%}}"))


def canaries(n):
    """Each of as many stages as there may be."""
    return flags(lines(n, lambda flag: f"  f{flag}: {{canary: {{stages: "
                       + items(100, lambda i: f"{{name: s{i}, percent: {i + 1}%}}") + "}}"))


def metrics(n):
    return {"a.yaml": HEAD + LOG + "metrics:\n" + lines(
        n, lambda i: f"  m{i}: {{kind: proportion, of: {{a: {i}}}, better: lower}}")}


def environments(n):
    return flags(lines(600, lambda i: f"  f{i}: {{rules: [{{if: {{age: {i}}}, serve: on}}]}}"),
                 HEAD.replace("[production]", items(n, lambda i: f"e{i}")))


def unknown(names, length):
    return flags(lines(names, lambda i: f"  f{i}: {{rules: [{{if: {{{'x' * length}{i}: 1}}, serve: on}}]}}"))


def tests(n):
    return flags("  f: {serve: on}\ntests:\n" + lines(
        n, lambda i: f"  - {{name: t{i}, flag: f, context: {{user_id: u{i}}}, expect: {{variant: on}}}}"))


def overrides(n, selects):
    """As many flags as overrides, of which each selects one or two, by name, by a part of it or by tag."""
    return flags(lines(n, lambda i: f"  f{i}-of-{i * 7919 % n}-x: {{serve: on, tags: [t{i}]}}")
                 + "overrides:\n" + lines(n, lambda i: f"  - {{id: o{i}, serve: default, {selects(i)}}}"))


def overrides_of(n):
    """One flag, which all select, and as many variants as overrides."""
    own = ", ".join(f"v{i}: {i}" for i in range(n))
    return flags(f"  f: {{type: integer, default: v0, variants: {{{own}}}, rules: [{{split: {{v0: 50%, v{n - 1}: 50%}}}}]}}\n"
                 "overrides:\n" + lines(n, lambda i: f"  - {{id: o{i}, flags: [f], serve: v{i}}}"))


def counted(n, field, format="ndjson, time: ts, unit: u"):
    """As many fields as metrics, each of another field."""
    mapped = ", ".join(f"f{i}: s{i}" for i in range(n))
    return {"a.yaml": HEAD + f"logs: {{l: {{format: {format}, fields: {{{mapped}}}}}}}\nmetrics:\n" + lines(
        n, lambda i: f"  m{i}: {{kind: proportion, of: {{{field(i)}: {i}}}, better: lower}}")}


def planned(n):
    """Plans that override as many flags as there are, each with variants that nothing else serves."""
    own = ", ".join(f"v{i}: {i}" for i in range(8))
    return flags(lines(n, lambda i: f"  f{i}: {{type: integer, default: v0, variants: {{{own}}}, rollback: "
                                    f"[{{override: {{flags: [f{n - 1 - i}], serve: v{i % 8}}}}}]}}"))


def guards(n, bound):
    """Of a canary and of one of its stages, on one metric."""
    half = "[" + ", ".join(bound(i) for i in range(n // 2)) + "]"
    return {"a.yaml": HEAD + LOG + "metrics: {m: {kind: mean, value: a, unit: ms, better: lower}}\n"
            f"flags:\n  f:\n    canary:\n      guards: {half}\n      advance_when: {half.replace(', action: alert', '')}\n"
            f"      stages: [{{percent: 5%, guards: {half}}}, {{percent: 50%}}]\n"}


def tests_of_rules(n):
    return {"a.yaml": rules(n, lambda i: f"{{country: c{i}}}")["a.yaml"] + "tests:\n" + lines(
        n, lambda i: f"  - {{name: t{i}, flag: f, context: {{user_id: u, country: c{i}}}, expect: {{rule: r{i}}}}}")}


def enum(n, value):
    return flags(f"  f: {{rules: [{{if: {{country: {items(n, value)}}}, serve: on}}]}}\n",
                 HEAD.replace("country: string", f"country: {{type: string, enum: {items(n, lambda i: f'c{i}')}}}"))


def list_file(n):
    return {**flags("  f: {users: {on: {file: u.txt}}}\n"), "u.txt": lines(n, lambda i: f"u{i}")}


def files(n):
    return {"a.yaml": HEAD, **{f"f{i}.yaml": f"flags: {{f{i}: {{serve: on}}}}\n" for i in range(n)}}


DIMENSIONS = [
    ("flags", 3000, lambda n: flags(lines(n, lambda i: f"  f{i}: {{serve: on}}"))),
    ("files", 1500, files),
    ("rules of a flag, on strings", 1000, lambda n: rules(n, lambda i: f"{{country: c{i}}}")),
    ("rules of a flag, on numbers", 1000, lambda n: rules(n, lambda i: f"{{age: {i}}}")),
    ("rules of a flag, on versions", 1000, lambda n: rules(n, lambda i: f"{{version: {{lt: 1.0.{i}}}}}")),
    ("values of an 'in', strings", 50000, lambda n: rule(f"{{country: {items(n, lambda i: f'c{i}')}}}")),
    ("values of an 'in', numbers", 6000, lambda n: rule(f"{{age: {items(n, str)}}}", 6)),
    ("values of an 'in', versions", 6000, lambda n: rule(f"{{version: {items(n, lambda i: f'1.{i}.0')}}}", 6)),
    ("values of an 'in', networks", 30000,
     lambda n: rule(f"{{ip: {{in: {items(n, lambda i: f'10.{i >> 16}.{i >> 8 & 255}.{i & 255}')}}}}}")),
    ("rules with lists of 1000 strings", 30, lambda n: rules(
        n, lambda rule: f"{{country: {items(1000, lambda i: f'r{rule}x{i}')}}}")),
    ("segments that refer to one another", 5000, chain),
    ("conditions 24 deep", 400, deep),
    ("alternatives of a condition", 1500,
     lambda n: rule(f"{{any: {items(n, lambda i: f'{{age: {{gt: {i}}}}}')}}}", 8)),
    ("variants", 6400, variants),
    ("shares of a split", 6400, splits),
    ("variants of one flag", 1024, wide),
    ("environments", 16, environments),
    ("attributes, refused beyond the limit", 20000, lambda n: {
        "a.yaml": HEAD.replace("{user_id", "{" + "".join(f"x{i}: string, " for i in range(n)) + "user_id")}),
    ("stages, refused beyond the limit", 20000, stages),
    ("stages of many canaries", 80, canaries),
    ("metrics", 4000, metrics),
    ("tests", 4000, tests),
    ("overrides and flags, by name", 2500, lambda n: overrides(n, lambda i: f"flags: [f{i}-of-{i * 7919 % n}-x]")),
    ("overrides and flags, by the end of names", 2500,
     lambda n: overrides(n, lambda i: f'flags: ["*-{i}-x"]')),
    ("overrides and flags, by a part of names", 2500,
     lambda n: overrides(n, lambda i: f'flags: ["*?of-{i}-[xyz]"]')),
    ("overrides and flags, by tag", 2500, lambda n: overrides(n, lambda i: f"tags: [t{i}]")),
    ("overrides that select no flag", 2500, lambda n: overrides(n, lambda i: f"flags: [g{i}-a-b-c-d-e]")),
    ("overrides of rollback plans, and flags", 1000, planned),
    ("overrides that select a flag, and its variants", 1000, overrides_of),
    ("fields of a log, and metrics that count them", 1500, lambda n: counted(n, lambda i: f"f{i}")),
    ("fields of a log, and metrics that count others", 1500, lambda n: counted(n, lambda i: f"other{i * 7919 % n}x")),
    ("columns of a csv log, and metrics that count them", 1500, lambda n: counted(
        n, lambda i: f"f{i}", f"csv, time: s0, unit: s0, columns: {items(n, lambda i: f's{i}')}")),
    ("guards of a canary", 2000, lambda n: guards(n, lambda i: f"{{metric: m, max: {i + 1}ms, action: alert}}")),
    ("guards that contradict each other", 2000, lambda n: guards(
        n, lambda i: f"{{metric: m, {'min' if i % 2 else 'max'}: {i % 7 + 1}{'' if i % 3 else 'ms'}, action: alert}}")),
    ("tests of a flag, and its rules", 1000, tests_of_rules),
    ("tests that run, and the rules of their flag", 1000, tests_of_rules, "test"),
    ("values of an 'enum', and where they are used", 15000, lambda n: enum(n, lambda i: f"c{i}")),
    ("values that an 'enum' lacks", 5000, lambda n: enum(n, lambda i: f"d{i}")),
    ("users of a variant", 50000, lambda n: flags(f"  f: {{users: {{on: {items(n, lambda i: f'u{i}')}}}}}\n")),
    ("lines of a list file", 50000, list_file),
    ("keys given twice", 20000, lambda n: flags("  a: {serve: on}\n" * n)),
    ("flags that do not exist", 4000, lambda n: flags(lines(n, lambda i: f"  f{i}: {{requires: {{g{i}: on}}}}"))),
    ("unknown keys", 20000, lambda n: flags("  f: {" + ", ".join(f"k{i}: 1" for i in range(n)) + "}\n")),
    ("aliases", 20000, lambda n: flags(lines(n, lambda i: f"  f{i}: *a"))),
    ("comments", 500000, lambda n: flags("# x\n" * n)),
    ("bytes of a line", 3000000, lambda n: flags("# " + "x" * n + "\n")),
    ("unknown names of 100 bytes", 2000, lambda n: unknown(n, 100)),
    ("bytes of unknown names", 2000, lambda n: unknown(200, n)),
]


def seconds(directory, project, command="check"):
    """Processor time of the command, and its exit status."""
    with tempfile.TemporaryDirectory(dir=directory) as top:
        for name, text in project.items():
            with open(f"{top}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        process = subprocess.Popen([FFC, command, "-C", top, "--at" if command == "test" else "--now",
                                    "2026-11-20T12:00:00Z"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (MOST, MOST)))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime, process.returncode


def measure(directory, make, n, command):
    """Whether it is within the bound in one of the tries, and if not, what was measured."""
    small = large = None
    for _ in range(TRIES):
        trivial = seconds(directory, {"a.yaml": HEAD})[0]
        one, first = seconds(directory, make(n), command)
        four, second = seconds(directory, make(4 * n), command)
        if first not in (0, 1) or second not in (0, 1):
            return False, f"exit {first} and {second}"
        small = max(one - trivial, LEAST)
        large = min(large or four, four)
        if large - trivial < BOUND * small:
            return True, ""
    return False, f"{small * 1000:.1f} ms for {n}, {large * 1000:.1f} ms for four times as many"


def main():
    failed = 0
    verbose = sys.argv[1:] == ["-v"]
    with tempfile.TemporaryDirectory() as directory:
        for number, (name, n, make, *command) in enumerate(DIMENSIONS, 1):
            if verbose:
                one, four = (seconds(directory, make(size), *command) for size in (n, 4 * n))
                print(f"# {name}: {one[0] * 1000:.0f} and {four[0] * 1000:.0f} ms, exit {one[1]} and {four[1]}")
                continue
            good, why = measure(directory, make, n, *(command or ["check"]))
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - four times as many: {name}")
            if why:
                print(f"# {why}")
    if not verbose:
        print(f"1..{len(DIMENSIONS)}")
    return failed > 0


sys.exit(main())
