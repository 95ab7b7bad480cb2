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

# A line of another format is not taken for one: its fields would be others than they seem.
head, rest = lines[0].split(" ", 1)
for name, line in (("a_virtual_host_in_front", "www.example.com " + lines[0]),
                   ("a_virtual_host_with_its_port", "www.example.com:443 " + lines[0]),
                   ("a_virtual_host_before_a_name", f"www.example.com client.example.net {rest}"),
                   ("a_container's_prefix", "2026-11-20T10:00:00.5Z stdout F " + lines[0]),
                   ("a_container's_prefix_before_a_user", "web stdout F " + lines[0].replace(" - - [", " - jo [")),
                   ("syslog's_prefix", "Nov 20 10:00:00 web nginx: " + lines[0]),
                   ("a_prefix_before_a_name", f"web - F host.example.net {rest}"),
                   ("an_ident_and_a_user_with_a_blank", lines[0].replace(" - - [", " jo jo doe [")),
                   ("two_addresses", f"10.0.0.1 {lines[0]}"),
                   ("a_list_of_addresses", f"10.0.0.1, {lines[0]}"),
                   ("a_list_without_blanks", f"10.0.0.1,{lines[0]}"),
                   ("a_list_in_quotes", f'"10.0.0.1, 10.0.0.2" {lines[0]}'),
                   ("a_status_of_two_digits", lines[0].replace(" 200 ", " 20 ").replace(" 503 ", " 50 ")),
                   ("a_status_of_four_digits", lines[0].replace(" 200 ", " 2000 ").replace(" 503 ", " 5030 ")),
                   ("the_fields_of_ingress_nginx", lines[0] + " 89 0.001 [default-web-8080] [] - - - - 52"),
                   ("the_fields_of_traefik", lines[0] + ' 262 "web" "http://172.19.0.3:5601" 2ms'),
                   ("something_after_the_sizes", rest.join(["192.0.2.1 ", ""]).split(' "-"')[0] + " 12")):
    result = decide(access, write("other.log", lines[:3000] + [line] + lines[3000:]), "--json")
    ok(result.status == 0 and "other.log:3001:" in result.err, f"{name}_is_shown", result.err)
    equal((result.json["input"]["bad"]["unparsable"], result.json["criteria"]), (1, verdict["criteria"]),
          f"{name}_is_bad")
for name, line in (("a_host_name", f"client-7.example.net {rest}"), ("a_socket", f"unix: {rest}"),
                   ("a_zone", f"fe80::1%eth0 {rest}"), ("a_user_with_a_blank", lines[0].replace(" - - [", " - jo doe [")),
                   ("nginx_main", lines[0] + ' "10.0.0.1, 10.0.0.2"')):
    result = decide(access, write("same.log", lines + [line]), "--json").json
    equal((result["input"]["used"], result["input"]["bad"]["unparsable"]), (6001, 0), f"{name}_is_as_it_is_written")

# What most of the first lines look like is said with the error.
JSON = json.dumps({"time": START, "remote_addr": "192.0.2.1"})
for words, form, line in (
        ("vhost_combined", "combined", "www.example.com:443 " + lines[0]),
        ("'combined' with a list in place of the address", "combined", f"10.0.0.1, {lines[0]}"),
        ("'combined' with something before it", "combined", "2026-11-20T10:00:00.5Z stdout F " + lines[0]),
        ("ingress-nginx", "combined", lines[0] + " 89 0.001 [default-web-8080] [] - - - - 52"),
        ("Traefik", "combined", lines[0] + ' 262 "web" "http://172.19.0.3:5601" 2ms'),
        ("'combined' with more fields", "combined", lines[0] + " 0.012"),
        ("JSON, which 'format: ndjson' reads", "combined", JSON),
        ("JSON with something before it", "ndjson", "2026-11-20T10:00:00Z stdout F " + JSON),
        ("nginx's access log, which 'format: combined' reads", "ndjson", lines[0]),
        ("logfmt", "ndjson", "time=2026-11-20T10:00:00Z level=info status=200"),
        ("Envoy", "combined", '[2026-11-20T10:00:00.310Z] "POST /api HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "-"'),
        ("load balancer", "combined", 'http 2026-11-20T10:00:00.1Z app/lb 192.0.2.1:2817 10.0.0.1:80 0 0 0 200 200 34 366 "GET / HTTP/1.1"'),
        ("HAProxy", "combined", "haproxy[14389]: 10.0.1.2:33317 [20/Nov/2026:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750")):
    result = decide(access if form == "combined" else project("as-json", canary(BLOCK), base=BASE % "ndjson"),
                    write("alike.log", [line] * 60 + lines[:40] * (form == "combined")))
    ok(result.status == 2 and f"help: its first lines look like" in result.err and words in result.err,
       f"{words}_is_recognized", result.err)
ok("help:" not in decide(access, write("alike.log", ["panic: oh no", "  at main.c:12"] * 40)).err,
   "what_looks_like_nothing_is_not_guessed_at")

# What has no name is called by what it is.
told = decide(access, write("vhost.log", ["www.example.com " + line for line in lines[:9]])).err
ok("expected a name without blanks, and ' ' after it" in told and "''" not in told, "what_has_no_name_has_no_quotes", told)

# What a scanner sends instead of a request has a status, though no method.
strange = lines[0].split('"')[0] + '"\\x16\\x03\\x01" 400 0 "-" "-"'
result = decide(access, write("strange.log", lines + [strange]), "--json")
equal((result.json["input"]["used"], sum(result.json["input"]["bad"].values())), (6001, 0),
      "a_request_that_is_none_is_a_line_all_the_same")

cut = decide(access, "-", "--json", stdin=("\n".join(lines) + "\n" + lines[0][:40]).encode())
ok("the last line is incomplete and left out" in cut.err and
   cut.json["criteria"] == verdict["criteria"], "a_last_line_cut_short_is_left_out", cut.err)
finish()
