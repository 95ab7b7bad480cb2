"""The night of the incident: a service that is simulated, its access log as nginx writes it as JSON, and what truly happened.

The service has ten hosts. It asks for the flag `new-search` with every request and serves what the snapshot
says at that moment, so the simulation is told when an override began and ended (`Night.hold_back`). From the
same draws come the log and the truth: who was served what, and what failed.

    20:30  the log begins
    21:00  the canary starts, at 10 %
    21:20  the clock of web-7 jumps three hours ahead; it is set right at 21:40
    22:40  the canary begins to fail: a third of its requests; each failure tries a second upstream and leaves a
           stack trace among the lines
    23:20  the index is rebuilt: the canary is well again
    00:10  and fails once more
"""
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab

MINUTE = 60_000
EVENING = 1795204800000  # 2026-11-20T20:00:00Z
HOSTS, USERS, PER_MINUTE = 10, 600, 40
PERCENT, FLAG = 10, "new-search"


def at(clock, day=0):
    """Milliseconds of "22:41" on the evening of the incident, or after midnight where that is earlier."""
    hours, minutes = map(int, clock.split(":"))
    return EVENING + ((hours - 20) % 24 * 60 + minutes) * MINUTE


def rfc3339(time):
    import datetime
    return datetime.datetime.fromtimestamp(time / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def fails(time):
    """Whether the new index is broken."""
    return at("22:40") <= time < at("23:20") or at("00:10") <= time


class Request:
    def __init__(self, time, user, host, draw, latency):
        self.time, self.user, self.host, self.draw, self.latency = time, user, host, draw, latency


class Night:
    def __init__(self, seed=11):
        rng = random.Random(seed)
        self.requests = []
        for minute in range(int((at("01:00") - at("20:30")) / MINUTE)):
            for i in range(PER_MINUTE):
                self.requests.append(Request(
                    at("20:30") + minute * MINUTE + i * MINUTE // PER_MINUTE, f"u{rng.randrange(USERS)}",
                    f"web-{rng.randrange(HOSTS)}", rng.random(), 0.01 + 0.03 * rng.random()))
        self.held_back = []  # [from, until) while an override served the default
        self.percents = [(at("21:00"), PERCENT)]

    def hold_back(self, start, end=None):
        """An override is served from then on; with `end`, until then."""
        if self.held_back and self.held_back[-1][1] is None:
            self.held_back[-1][1] = end
        else:
            self.held_back.append([start, end])

    def roll_back(self, time):
        self.percents.append((time, 0))

    def is_held_back(self, time):
        return any(start <= time and (end is None or time < end) for start, end in self.held_back)

    def served(self, request):
        percent = max(((since, percent) for since, percent in self.percents if since <= request.time),
                      default=(0, 0))[1]
        return percent > 0 and not self.is_held_back(request.time) and lab.exposed(request.user, FLAG, percent)

    def failed(self, request):
        return request.draw < (0.33 if self.served(request) and fails(request.time) else 0.01)

    def is_ahead(self, request):
        return request.host == "web-7" and at("21:20") <= request.time < at("21:40")

    def lines(self, until):
        """The access log as it is at that time."""
        lines = []
        for request in self.requests:
            if request.time >= until:
                break
            failed = self.failed(request)
            ahead = 3 * 60 * MINUTE if self.is_ahead(request) else 0
            upstream = f"{request.latency / 2:.3f}"
            lines.append(json.dumps({
                "msec": request.time + ahead,
                "remote_addr": "10.2.0.9", "host": request.host, "user": request.user,
                "request": "GET /search?q=boots HTTP/1.1", "status": "502" if failed else "200",
                "request_time": f"{request.latency:.3f}",
                "upstream_response_time": f"{upstream}, {upstream}" if failed else upstream,
            }, separators=(",", ":")))
            if failed and self.served(request):
                lines += ["Traceback (most recent call last):",
                          '  File "/srv/search/index.py", line 88, in look_up',
                          "IndexError: shard 3 is not loaded"]
        return lines

    def truth(self, start, end):
        """(requests, failures) of those who were served the canary, and of those who were not, while nothing
        held it back; without the lines whose time is wrong."""
        groups = {"canary": [], "control": []}
        for request in self.requests:
            if start <= request.time < end and not self.is_held_back(request.time) and not self.is_ahead(request):
                groups["canary" if self.served(request) else "control"].append(self.failed(request))
        return {name: (len(group), sum(group)) for name, group in groups.items()}


PROJECT = """\
project: {name: shop, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
logs:
  access:
    format: ndjson
    time: {from: msec, unit: ms}
    unit: user
    context: {user_id: user}
    fields:
      upstream: {from: upstream_response_time, scale: 1000}
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
  upstream_p95: {kind: quantile, q: 0.95, value: upstream, unit: ms, better: lower}
"""
SEARCH = """\
flags:
  new-search:
    description: Search by the new index
    owner: search
    tags: [search]
    canary:
      serve: on
      stages:
        - {name: small, percent: 10%, hold: 2h, min_samples: 100}
        - {name: half, percent: 50%, hold: 1h}
        - {name: everyone, percent: 100%}
      guards:
        - {metric: error_rate, max: 10%, over: 10m, min_samples: 20, action: rollback}
        - {metric: upstream_p95, max: 500ms, action: alert, on_nodata: ignore}
      advance_when:
        - {metric: error_rate, max: 3%}
      state: pending
tests:
  - {name: a tenth, flag: new-search, environment: production, stage: small, expect_share: {on: 10%, off: 90%}}
"""
PAYMENTS = """\
flags:
  pay-by-link:
    description: Pay by a link in a mail
    owner: payments
    tags: [payments]
    percent: 25%
  invoices:
    description: Invoices as PDF
    owner: payments
    tags: [payments]
    serve: on
tests:
  - {name: a quarter, flag: pay-by-link, environment: production, expect_share: {on: 25%, off: 75%}}
  - {name: everybody, flag: invoices, environment: production, expect: on}
"""
# What stands in the payments team's file while they are in the middle of an edit.
HALF_AN_EDIT = PAYMENTS.replace("percent: 25%", "percent: [25%")
