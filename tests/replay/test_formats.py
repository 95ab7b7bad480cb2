#!/usr/bin/env python3
"""Every format of lines: the same requests give the same verdict as in NDJSON, whatever clients sent in
them; a line of any other format is bad, and what a log looks like instead is said."""
import json
import os
import random
import subprocess

from formats import FORMATS, JSON, NGINX, TAME, WRAPPED, Format, alb, cri, docker, ndjson, quoted, requests
from lab import START, TOP, canary, decide, equal, finish, ok, project, write

BASE = """\
project: {name: lab, environments: [production], bucket_by: client}
attributes: {client: string}
logs:
  access:
    %s
    context: {client: %s}
    fields: {%s}
metrics:
  errors: {kind: proportion, of: {m_status: {gte: 500}}, better: lower}
  bytes: {kind: mean, value: m_bytes, better: lower}
"""
METRICS = {
    "path": "  searches: {kind: proportion, of: {m_path: /search}, better: higher}\n",
    "agent": "  bots: {kind: proportion, of: {m_agent: {contains: '\"bot\"'}}, better: lower}\n"
             "  anonymous: {kind: proportion, of: {m_agent: {present: false}}, better: lower}\n",
    "latency": "  latency_p95: {kind: quantile, q: 0.95, value: m_latency, unit: ms, better: lower}\n"
               "  latency: {kind: mean, value: m_latency, unit: ms, better: lower}\n",
}
NAMES = {"status": ["errors"], "bytes": ["bytes"], "path": ["searches"], "agent": ["bots", "anonymous"],
         "latency": ["latency_p95", "latency"]}


def block(fields):
    guards = "".join(f"  - {{metric: {name}, max: {100000000 if name.startswith(('bytes', 'lat')) else '100%'}, "
                     "action: alert}\n" for field in sorted(fields) for name in NAMES[field])
    return ("stages: [{name: first, percent: 20%, min_samples: 10}, {name: full, percent: 100%}]\n"
            f"guards:\n{guards}state: running\nstage: first\nsince: 2026-11-20T10:00:00Z\n")


def project_of(form, fields):
    keys = "\n    ".join(split_keys(form.log))
    mapped = ", ".join(f"m_{name}: {flow(form.fields[name])}" for name in sorted(fields))
    base = BASE % (keys, form.client, mapped) + "".join(METRICS[name] for name in sorted(fields) if name in METRICS)
    return project(f"{form.name}-{len(fields)}", canary(block(fields)), base=base)


def flow(field):
    return field if field.startswith("{") else f"'{field}'"


def split_keys(log):
    """`a: b, c: d` as lines; a quoted string may hold anything."""
    if "\n" in log:
        return log.split("\n")
    if "[" in log.partition("'")[0]:
        head, _, wrap = log.partition(", wrap: ")
        return head.split(", ") + [f"wrap: {wrap}"]
    head, quote, string = log.partition("'")
    keys = head.strip().rstrip(",").split(", ") if not quote else head.split(", ")
    return keys[:-1] + [keys[-1] + quote + string] if quote else keys


def judged(result):
    """What was found: not from which columns of which file."""
    found = result.json
    return (found["verdict"], found["criteria"], found["input"]["used"], found["input"]["bad"])


everything = {form.name: form for form in FORMATS}
json_form = everything["ndjson"]
wild, tame = list(requests(3000)), list(requests(3000, agents=TAME))
logs = {}
for form in FORMATS + WRAPPED:
    whole = wild if form.wild else tame
    # Where quotes are not escaped, a client's may be told from the server's, or the line is bad.
    logs[form.name] = form.lines(whole)
    fields = form.has & set(form.fields)
    result = decide(project_of(form, fields), write(f"{form.name}.log", logs[form.name]), "--json")
    if not ok(result.status == 0, f"{form.name}_is_read", result.err[-1500:]):
        continue
    other = decide(project_of(json_form, fields), write("same.ndjson", json_form.lines(whole)), "--json")
    equal(judged(result), judged(other), f"{form.name}_gives_the_same_as_ndjson")
    text = "\n".join(logs[form.name]).replace("\n", "\r\n")
    last = decide(project_of(form, fields), "-", "--json", stdin=text.encode())
    equal(judged(last), judged(result), f"{form.name}_with_other_line_ends")

# Each format refuses the lines of all others, except where they are lines of it, too.
SAME = {("combined", "common"), ("iis", "w3c"), ("w3c", "iis")}  # `combined` takes its own first part
rng = random.Random(5)
for form in FORMATS:
    fields = form.has & set(form.fields)
    own, total, directory = logs[form.name], 0, project_of(form, fields)
    strangers = []
    for other in FORMATS:
        if other is not form and (form.name, other.name) not in SAME:
            strangers += rng.sample(logs[other.name][len(other.head):], 20)
    if form.name == "ndjson":  # nginx's JSON is JSON, of other fields
        strangers = [line for line in strangers if not line.startswith("{")]
    mixed = own[:len(form.head)] + [line for pair in zip(own[len(form.head):], strangers) for line in pair]
    result = decide(directory, write("mixed.log", mixed), "--json", "--max-bad", "100%", "--now", "2026-11-20T12:00:00Z")
    count = len(strangers)
    ok(result.status == 0, f"{form.name}_with_others_between", result.err[-800:])
    # Words that are no pairs are logfmt, if one is a pair: what has no time is bad.
    bad = result.json["input"]["bad"] if result.status == 0 else {}
    equal((result.status == 0 and result.json["input"]["used"],
           sum(bad.values()) if form.name == "logfmt" else bad.get("unparsable")), (count, count),
          f"{form.name}_takes_no_line_of_another_format")

status = {"status", "bytes"}

# A wrapper takes nothing that it did not write, and its parts are a line once they are all there.
wrapped = {form.name: form for form in WRAPPED}
for name, strangers in (
        ("cri", ["2026-11-20T10:00:00Z stdout X {}", "2026-11-20 stdout F {}", "panic: oh", json_form.line(wild[0]),
                 "2026-11-20T10:00:00Z stdin F {}", "2026-11-20T10:00:00Z stdout FF {}"]),
        ("docker", ['{"stream":"stdout"}', '{"log":[1],"stream":"stdout"}', '{"log":"x', "panic: oh"]),
        ("compose", ["web-1 {}", "panic: oh", json_form.line(wild[0])]),
        ("syslog", ["Nov 20 10:00:00 web1 shop {}", "Nov 20 10:00 web1 shop: {}", "<192>Nov 20 10:00:00 web1 shop: {}",
                    "Nov 20 10:00:00 web1 shop: panic", "<134>2 2026-11-20T10:00:00Z web1 shop 7 - - {}",
                    "<134>1 2026-11-20T10:00:00Z web1 shop 7 - [a x=1] {}", "20 Nov 10:00:00 web1 shop: {}",
                    "Nov 20 10:00:00 web1 last message repeated 3 times", "shop: {}", json_form.line(wild[0]),
                    "Nov 20 10:00:00 web1 shop: message repeated 3 times: [ {}]"]),
        ("field", ['{"LOG":"{}"}', '{"log":{"status":200}}', "panic: oh", '{"log":"panic: oh"}']),
        ("cri-of-field", [cri_line for cri_line in ('2026-11-20T10:00:00Z stdout F {"log":7}',
                                                    '2026-11-20T10:00:00Z stdout F panic')])):
    form = wrapped[name]
    own = logs[name][:500]
    result = decide(project_of(form, status), write("mixed.log", own + strangers + own[:1]), "--json",
                    "--max-bad", "100%", "--now", "2026-11-20T12:00:00Z")
    equal(result.status == 0 and (result.json["input"]["used"], result.json["input"]["bad"]["unparsable"]),
          (501, len(strangers)), f"{name}_takes_nothing_else")
cut = decide(project_of(wrapped["cri"], status), write("cut.log", logs["cri"][:50] + ["2026-11-20T10:00:00Z stdout P {"]))
ok("cut.log:" in cut.err and "incomplete" in cut.err, "a_part_without_its_end_is_told_of", cut.err)
between = ["2026-11-20T10:00:00Z stdout P " + ndjson(wild[0])[:20], "2026-11-20T10:00:00Z stderr F " + ndjson(wild[1]),
           "2026-11-20T10:00:00Z stdout F " + ndjson(wild[0])[20:]]
result = decide(project_of(wrapped["cri"], status), write("between.log", between * 30), "--json")
equal((result.json["input"]["used"], result.json["input"]["bad"]["unparsable"]), (60, 0), "streams_are_joined_apart")

# Rubbish is bad, one line at a time, whatever it is.
for form in FORMATS + WRAPPED:
    own = logs[form.name][len(form.head):][:300]
    rubbish = [b"x" * (1 << 20), b"\0" * 50, bytes(range(1, 10)) + b"\x7f\xff", own[0].encode()[:25] + b"\0",
               b'" ' * 100000, b"- " * 1000]
    whole = ("\n".join(form.head + own) + "\n").encode() + b"\n".join(rubbish) + b"\n" + ("\n".join(own[:1]) + "\n").encode()
    result = decide(project_of(form, status), "-", "--json", "--max-bad", "100%", "--now", "2026-11-20T12:00:00Z",
                    stdin=whole)
    counts = result.json["input"] if result.status == 0 else None
    ok(counts and counts["used"] == 301 and sum(counts["bad"].values()) == len(rubbish), f"{form.name}_of_rubbish",
       result.err[-500:], counts)

# A time without an offset is not guessed at: the error has the line that says which it is.
local = [line.replace(str(START), '"2026-11-20 10:00:00"') for line in json_form.lines(wild[:1])] * 50
unsaid = decide(project_of(json_form, status), write("local.ndjson", local))
ok(unsaid.status == 2 and "'2026-11-20 10:00:00', which has no offset" in unsaid.err and 'zone: "+00:00"' in unsaid.err,
   "a_time_without_offset_shows_what_to_say", unsaid.err)
zoned = Format("zoned", 'format: ndjson, unit: remote_addr, zone: "-01:00"', ndjson, {"latency": "latency"})
said = decide(project_of(zoned, status), write("local.ndjson", local), "--json", "--now", "2026-11-20T12:00:00Z")
equal(said.json["input"]["used"], 50, "with_a_zone_it_is_a_time")

# Every format that the program knows has lines above, or a test of its own.
schema = json.loads(subprocess.run([os.environ.get("FFC", os.path.join(TOP, "build", "ffc")), "schema"],
                                   capture_output=True, text=True, check=True).stdout)


def words_of(node, key):
    """The words that a key may have, wherever the schema says so."""
    if isinstance(node, dict):
        properties = node.get("properties", {})
        if isinstance(properties, dict) and "log_format" in properties and key in properties:
            yield properties[key]
        for value in node.values():
            yield from words_of(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from words_of(value, key)


listed = set(next(iter(words_of(schema, "format")))["enum"])
tried = {word.strip() for form in FORMATS + WRAPPED for word in form.log.replace("\n", ",").split(",")}
tried = {word.partition(":")[2].strip() for word in tried if word.startswith(("format:", "pattern:"))}
# A file of its own, or one of the same lines in another form: test_csv, test_series, test_peers.
ELSEWHERE = {"csv", "prometheus", "kayenta", "go-feature-flag"}
equal(listed - tried - ELSEWHERE, set(), "every_format_has_lines_here")

# A quote that a client sent, as AWS writes it: as it is.
raw = Format("alb-raw", "format: alb", lambda request: alb(dict(request, agent=None)).replace(
    ' "-" ECDHE', f' "{request["agent"] or "-"}" ECDHE'), everything["alb"].fields, client="client", has={"status", "bytes", "agent"})
quoting = [dict(request, agent=agent) for request, agent in zip(wild, ['a "bot" of sorts', 'curl', '"', 'x "y', "a b"] * 600)]
result = decide(project_of(raw, {"status", "bytes", "agent"}), write("raw.log", raw.lines(quoting)), "--json")
other = decide(project_of(json_form, {"status", "bytes", "agent"}), write("same.ndjson", json_form.lines(quoting)), "--json")
ok(result.status == 0 and judged(result) == judged(other), "quotes_within_quotes_of_alb", result.err, result.out[:300])

# Of what a runtime wraps, one output may be the log, and the other what a person reads.
def streams(line, request):
    return cri(line, dict(request, ms=1 + 2 * (request["ms"] // 2))).replace("stderr", "stdout")


both = [streams(ndjson(request), request) for request in wild[:600]]
stderr = ["2026-11-20T10:00:00.5Z stderr F panic: index out of range", "2026-11-20T10:00:00.5Z stderr P goroutine 1",
          "2026-11-20T10:00:00.5Z stderr F  [running]:"]
mixed = [line for one in both for line in [one, *stderr]]
unsaid = decide(project_of(wrapped["cri"], status), write("streams.log", mixed))
equal(unsaid.status, 2, "other_lines_are_bad_where_nothing_is_said")
out = Format("cri-out", "format: ndjson, unit: remote_addr, wrap: cri, stream: stdout", None, JSON)
result = decide(project_of(out, status), write("streams.log", mixed), "--json")
ok(result.status == 0 and (result.json["input"]["lines"], result.json["input"]["bad"]["unparsable"],
                           result.json["input"]["other_stream"]) == (600, 0, 1800), "those_of_stderr_are_counted_apart",
   result.err, result.out[:600])
page = decide(project_of(out, status), write("streams.log", mixed))
ok("1800 of another stream or program" in " ".join(page.out.split()), "which_the_page_says", page.out[:600])
shipped = [json.dumps({"log": json.loads(line)["log"], "stream": "stderr" if number % 2 else "stdout",
                       "time": "2026-11-20T10:00:00Z"})
           for number, line in enumerate(docker(ndjson(dict(request, ms=1)), dict(request, ms=1)) for request in wild[:600])]
out = Format("docker-err", "format: ndjson, unit: remote_addr, wrap: docker, stream: stderr", None, JSON)
result = decide(project_of(out, status), write("docker.log", shipped), "--json")
equal(result.status == 0 and (result.json["input"]["lines"], result.json["input"]["other_stream"]), (300, 300),
      "docker_notes_streams_too")
# A file of syslog's may have the lines of all programs.
own = logs["syslog-of-nginx"][:600]
others = ["Nov 20 10:00:00 web1 sshd[7]: Accepted publickey for root", "Nov 20 10:00:00 web1 kernel: [1.2] oh",
          "<134>1 2026-11-20T10:00:00Z web1 shop-worker 7 - - busy"]
mixed = [line for one in own for line in [one, *others]]
of_shop = f"wrap: syslog, pattern: nginx, log_format: {quoted(NGINX)}"
unsaid = decide(project_of(Format("all-programs", of_shop, None, wrapped["syslog-of-nginx"].fields), status),
                write("programs.log", mixed))
ok(unsaid.status == 2 and "'sshd'" in unsaid.err and "'program: NAME'" in unsaid.err, "another_program's_lines_are_named",
   unsaid.err[:600])
result = decide(project_of(Format("one-program", "program: shop, " + of_shop, None, wrapped["syslog-of-nginx"].fields),
                           status), write("programs.log", mixed), "--json")
equal(result.status == 0 and (result.json["input"]["lines"], result.json["input"]["bad"]["unparsable"],
                              result.json["input"]["other_stream"]) if result.status == 0 else result.err, (600, 0, 1800), "and_left_out_where_one_is_asked_for")
unsaid = decide(project_of(json_form, status), write("all.log", logs["syslog"][:100]))
ok("'wrap: syslog'" in " ".join(unsaid.err.split()), "what_looks_like_syslog_is_told", unsaid.err[:900])
unsaid = decide(project_of(Format("inner", "format: combined, wrap: syslog", None, {}), status),
                write("all.log", logs["syslog"][:100]))
ok("'format: ndjson'" in " ".join(unsaid.err.split()), "and_what_is_within", unsaid.err[:900])
unsaid = decide(project_of(Format("year", "format: ndjson, wrap: syslog, unit: remote_addr, time: wrap.time", None, JSON), status),
                write("all.log", ["Nov  1 10:00:00 web1 shop: {}"]))
ok("has no year" in " ".join(unsaid.err.split()), "a_year_is_not_guessed", unsaid.err[:900])
result = decide(project_of(Format("said", "format: ndjson, wrap: syslog, unit: wrap.host, time: wrap.time", None,
                                  {"status": "wrap.pid", "bytes": "wrap.severity"}), status),
                write("said.log", ["<134>1 2026-11-20T10:00:00Z web1 shop 7 - - {}"] * 10), "--json")
equal(result.status == 0 and (result.json["input"]["lines"], result.json["input"]["bad"]["no_time"]), (10, 0),
      "what_syslog_says_are_fields")
for keys in ("format: ndjson, unit: remote_addr, stream: stdout", "format: ndjson, unit: remote_addr, wrap: cri, program: shop", "format: ndjson, unit: remote_addr, wrap: kubectl, stream: stdout",
             "format: ndjson, unit: remote_addr, wrap: cri, stream: both"):
    refused = decide(project_of(Format("refused", keys, None, JSON), status), write("docker.log", shipped))
    ok(refused.status == 1 and ("stream" in refused.err or "program" in refused.err), f"refused_{keys[-30:]}", refused.err)

# A line that no reader could hold is told of, and the others count.
long = ("\n".join(json_form.lines(wild[:200])) + "\n").encode()
whole = long + b'{"x":"' + b"y" * (50 << 20) + b'"}\n' + long
for form, name in ((json_form, "blocks"), (Format("rows", "format: ndjson, unit: remote_addr, wrap: cri", None, JSON), "rows")):
    text = whole if name == "blocks" else b"".join(b"2026-11-20T10:00:00Z stdout F " + line + b"\n" for line in whole.split(b"\n")[:-1])
    result = decide(project_of(form, status), "-", "--json", "--now", "2026-11-20T12:00:00Z", stdin=text)
    said = " ".join(result.err.split())
    ok(result.status == 0 and ":201:1: bad line: the line has 524" in said and "16 MiB" in said and
       (result.json["input"]["lines"], result.json["input"]["bad"]["unparsable"]) == (401, 1), f"a_line_of_50_MB_in_{name}",
       said[:600], result.out[:300])

finish()
