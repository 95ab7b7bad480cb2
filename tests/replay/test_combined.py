#!/usr/bin/env python3
"""Apache's and nginx's access log: the same requests as in JSON give the same verdict, with what else
clients and servers write into such lines: escapes, IPv6, no size, offsets of any hour."""
import datetime
import json
import random

from golden import golden
from lab import START, HOUR, canary, decide, equal, exposed, finish, ok, project, write

BASE = """\
project: {name: lab, environments: [production], bucket_by: client}
attributes:
  client: string
logs:
  access:
    format: %s
    time: time
    unit: remote_addr
    context: {client: remote_addr}
    fields: {status: status, bytes: bytes}
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
  mean_bytes: {kind: mean, value: bytes, unit: B, better: lower}
  bytes_p95: {kind: quantile, q: 0.95, value: bytes, unit: B, better: lower}
  searches: {kind: proportion, of: {path: /search}, better: higher}
  bots: {kind: rate, where: {user_agent: {contains: '"bot"'}}, better: lower}
"""
BLOCK = """\
stages: [{name: first, percent: 20%, min_samples: 10}, {name: full, percent: 100%}]
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: mean_bytes, max: 9000, action: pause}
  - {metric: bytes_p95, max_increase: 50%, action: alert}
  - {metric: bots, max: 100, action: alert}
  - {metric: searches, min: 1%, action: alert}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
AGENTS = ["curl/7.88.1", 'a "bot" of sorts', "back\\slash", "Mozilla/5.0 (X11; Linux x86_64)", "-"]


def requests(count):
    rng = random.Random(4)
    for i in range(count):
        number = rng.randrange(300)
        address = f"2001:db8::{number:x}" if number % 3 else f"192.0.2.{number % 256}"
        yield {"time": START + 2 * HOUR * i // count // 1000 * 1000, "remote_addr": address,
               "path": rng.choice(["/", "/search?q=%22x%22", "/static/a.css"]),
               "status": 503 if rng.random() < 0.02 else 200,
               "bytes": None if rng.random() < 0.1 else rng.randrange(200, 20000),
               "user_agent": rng.choice(AGENTS), "offset": rng.choice([-570, -60, 0, 90, 330, 840])}


def combined(request):
    zone = datetime.timezone(datetime.timedelta(minutes=request["offset"]))
    time = datetime.datetime.fromtimestamp(request["time"] / 1000, zone)
    agent = request["user_agent"].replace("\\", "\\\\").replace('"', '\\"')
    size = "-" if request["bytes"] is None else request["bytes"]
    return (f'{request["remote_addr"]} - - [{time.strftime("%d/%b/%Y:%H:%M:%S %z")}] '
            f'"GET {request["path"]} HTTP/1.1" {request["status"]} {size} "-" "{agent}"')


def ndjson(request):
    kept = {name: value for name, value in request.items() if name != "offset"}
    if kept["user_agent"] == "-":
        del kept["user_agent"]
    kept["bytes"] = kept["bytes"] or 0  # nothing was sent
    kept["path"] = kept["path"].split("?")[0]
    return json.dumps(kept)


whole = list(requests(6000))
access = project("combined", canary(BLOCK), base=BASE % "combined")
lines = [combined(request) for request in whole]
result = decide(access, write("access.log", lines), "--json")
golden("combined", "json", result.out)
verdict = result.json

other = decide(project("as-json", canary(BLOCK), base=BASE % "ndjson"),
               write("access.ndjson", [ndjson(request) for request in whole]), "--json").json
equal((verdict["verdict"], verdict["criteria"], verdict["health"]),
      (other["verdict"], other["criteria"], other["health"]), "the_same_as_from_json")
counts = sum(exposed(request["remote_addr"], "canary.checkout", 20) for request in whole)
equal(verdict["criteria"][0]["canary"]["n"], counts, "every_request_is_in_its_group")

shuffled = lines[:]
random.Random(9).shuffle(shuffled)
equal(decide(access, write("shuffled.log", shuffled), "--json").out, result.out, "in_any_order")
equal(decide(access, "-", "--json", stdin="\r\n".join(lines).encode()).json["criteria"],
      verdict["criteria"], "with_other_line_ends_and_none_at_the_last")

# What is no such line costs itself, and is shown with its place.
for name, line in (("an_unknown_month", lines[0].replace("Nov", "Nox")),
                   ("a_day_that_is_not", lines[0].replace("/Nov/", "/Feb/").replace("20/", "30/")),
                   ("no_status", lines[0].replace(" 200 ", " ok ").replace(" 503 ", " ok ")),
                   ("an_open_quote", lines[0][:-1]), ("something_else", "upstream timed out")):
    result = decide(access, write("bad.log", lines[:3000] + [line] + lines[3000:]), "--json")
    ok(result.status == 0 and "bad.log:3001:" in result.err, f"{name}_is_shown", result.err)
    equal((sum(result.json["input"]["bad"].values()), result.json["criteria"]),
          (1, verdict["criteria"]), f"{name}_costs_itself")

# What a scanner sends instead of a request has a status, though no method.
strange = lines[0].split('"')[0] + '"\\x16\\x03\\x01" 400 0 "-" "-"'
result = decide(access, write("strange.log", lines + [strange]), "--json")
equal((result.json["input"]["used"], sum(result.json["input"]["bad"].values())), (6001, 0),
      "a_request_that_is_none_is_a_line_all_the_same")

cut = decide(access, "-", "--json", stdin=("\n".join(lines) + "\n" + lines[0][:40]).encode())
ok("the last line is incomplete and left out" in cut.err and
   cut.json["criteria"] == verdict["criteria"], "a_last_line_cut_short_is_left_out", cut.err)
finish()
