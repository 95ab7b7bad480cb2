#!/usr/bin/env python3
"""`ffreplay contexts`: logs of several formats, packed or not, as the contexts that `ffc diff` counts."""
import gzip
import json
import os
import subprocess

from lab import FFREPLAY, SCRATCH, TOP, equal, finish, ok

FFC = os.environ.get("FFC", os.path.join(TOP, "build", "ffc"))
SHOP = """\
project: {name: shop, environments: [production], bucket_by: user_id}
attributes: {user_id: string, country: string, age: number, beta: boolean, plan: {type: string, private: true}, groups: strings}
logs:
  web: {format: combined, unit: remote_user, context: {user_id: remote_user}}
  table: {format: csv, time: t, unit: user_id, context: {age: age, country: c, beta: beta}}
  lines: {format: ndjson, time: t, unit: who, context: {user_id: who, groups: g}}
  plans: {format: ndjson, time: t, unit: who, context: {user_id: who, plan: p}}
  nobody: {format: ndjson, time: t, path: nowhere.ndjson}   # not read where others are named
flags:
  grown: {rules: [{if: {age: {gte: 18}}, percent: 20%}]}
"""
TABLE = """t,user_id,age,c,beta
2026-11-30T10:00:00Z,u1,20,NO,true
2026-11-30T10:00:01Z,u1,20,NO,true
2026-11-30T10:00:02Z,u2,old,"S,E",maybe
2026-12-30T10:00:00Z,u3,30.5,,false
"""
LINES = [{"t": "2026-11-30T10:00:00Z", "who": "u9", "g": ["a", "b"], "p": "gold"}, {"t": "2026-11-30T10:00:00Z", "who": 7, "g": None},
         {"t": "2026-11-30T10:00:00Z", "who": "\u202e\x1b[2J"}]


def write(name, text):
    os.makedirs(os.path.dirname(f"{SCRATCH}/{name}"), exist_ok=True)
    with (gzip.open if name.endswith(".gz") else open)(f"{SCRATCH}/{name}", "wt", encoding="utf-8") as file:
        file.write(text)


def run(program, *arguments, given=None):
    return subprocess.run([program, *arguments], cwd=SCRATCH, capture_output=True, text=True, check=False, input=given)


def contexts(*arguments):
    done = run(FFREPLAY, "contexts", *arguments)
    ok(done.returncode == 0, f"{' '.join(arguments)}_is_read", done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


write("flags/shop.yaml", SHOP)
write("next/shop.yaml", SHOP.replace("20%", "60%"))
write("table.csv", TABLE)
write("table.csv.gz", TABLE)
write("lines.ndjson", "".join(json.dumps(line) + "\n" for line in LINES))
write("web.log", '192.0.2.1 - bob [30/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "x"\n')
WHO = [{"age": 20, "country": "NO", "beta": True, "user_id": "u1"}, {"country": "S,E", "user_id": "u2"}, {"age": 30.5, "beta": False, "user_id": "u3"}]
equal(contexts("table=table.csv"), WHO, "each_context_once_with_the_types_of_its_attributes")
equal(contexts("table=table.csv.gz"), WHO, "of_a_packed_file_too")
equal(contexts("table=table.csv", "--to", "2026-12-01T00:00:00Z"), WHO[:2], "of_a_time")
equal(contexts("lines=lines.ndjson", "web=web.log"),
      [{"user_id": "u9", "groups": ["a", "b"]}, {"user_id": "7", "groups": None}, {"user_id": "\u202e\x1b[2J"}, {"user_id": "bob"}],
      "of_several_logs_in_their_order")
ok("\x1b" not in run(FFREPLAY, "contexts", "lines=lines.ndjson").stdout, "controls_stay_JSON's")
done = run(FFREPLAY, "contexts", "plans=lines.ndjson")
ok(done.returncode == 1 and done.stdout == "" and "private attribute 'plan'" in done.stderr, "private_values_are_asked_for", done.stderr)
equal(contexts("plans=lines.ndjson", "--show-private")[0], {"user_id": "u9", "plan": "gold"}, "and_then_printed")
done = run(FFREPLAY, "contexts", "nobody=lines.ndjson")
ok(done.returncode == 1 and "maps no attribute" in done.stderr, "a_log_of_nobody_is_told", done.stderr)
done = run(FFREPLAY, "contexts", "table=lines.ndjson")
ok(done.returncode == 2 and done.stderr, "a_log_of_another_format_is_an_error", done.stdout, done.stderr)
done = run(FFC, "diff", "./flags", "./next", "--contexts", "-", "--format", "json", given=run(FFREPLAY, "contexts", "table=table.csv.gz").stdout)
counted = json.loads(done.stdout)["changes"][0]["contexts"]
ok(counted["total"] == 3 and counted["changed"] in (0, 1, 2), "ffc_counts_them", done.stdout, done.stderr)
for argument in ("table=table.csv", "lines=lines.ndjson.gz"):
    done = run(FFC, "diff", "./flags", "./next", "--log", argument)
    ok(done.returncode == 2 and f"ffreplay contexts {argument} | ffc diff" in done.stderr, f"diff_says_how_to_count_{argument}", done.stderr)
finish()
