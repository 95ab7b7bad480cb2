#!/usr/bin/env python3
"""The receivers of docs/examples/alerts: what they post, run as hooks, and what comes of one that does not answer."""
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
from lab import FFREPLAY, TOP, canary, decide, equal, finish, ok, project, requests, skip, write  # noqa: E402

for tool in ("curl", "jq"):
    if not shutil.which(tool):
        skip("the receivers", f"there is no {tool}")
        finish()

posted = []
answer = 200


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        posted.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_address[1]}"
os.environ.update(SLACK_WEBHOOK=f"{url}/slack", PAGERDUTY_URL=f"{url}/pagerduty", PAGERDUTY_KEY="key",
                  ALERTMANAGER_URL=url, no_proxy="127.0.0.1")
failing = write("failing.ndjson", requests(4000, canary_errors=0.3))


def alert(name, at="2026-11-20T11:59:00Z"):
    directory = project(name, canary(f"""\
stages:
  - {{name: first, percent: 20%, hold: 1d, min_samples: 50}}
  - {{name: full, percent: 100%}}
guards:
  - {{metric: error_rate, max: 5%, action: alert, runbook: "https://wiki/errors?a=1&b=<2>"}}
hooks: {{on_alert: [./{name}.sh], timeout: 50s}}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""))
    shutil.copy(os.path.join(TOP, "docs", "examples", "alerts", f"{name}.sh"), directory)
    return directory, decide(directory, failing, "--now", at, "--apply", "--run-steps")


REASON = "error_rate is 32.43% over 814 canary samples, above the max of 5%"
for name, path, expected in (
        ("slack", "/slack", {"text": f"*canary.checkout in production: alert*\n{REASON}\n<https://wiki/errors?a=1&b=<2>|what to do>"}),
        ("pagerduty", "/pagerduty",
         {"routing_key": "key", "event_action": "trigger", "dedup_key": "canary.checkout/production/alert",
          "payload": {"summary": f"canary.checkout in production: alert: {REASON}", "source": "production",
                      "component": "canary.checkout", "severity": "critical"},
          "links": [{"href": "https://wiki/errors?a=1&b=<2>", "text": "what to do"}]}),
        ("alertmanager", "/api/v2/alerts",
         [{"labels": {"alertname": "ffc_alert", "flag": "canary.checkout", "environment": "production"},
           "annotations": {"summary": REASON, "runbook_url": "https://wiki/errors?a=1&b=<2>"}}])):
    posted.clear()
    directory, result = alert(name)
    ok(result.status == 0, f"{name}: the hook runs", result.err)
    equal(posted, [(path, "application/json", expected)], f"{name}: what it posts")

# A receiver that refuses is an error that the ledger has, and told nobody.
answer = 400
directory, result = alert("slack")
ok(result.status == 2 and "on_alert" in result.err, "one that refuses is an error", result.err)
history = subprocess.run([FFREPLAY, "history", "-C", directory, "--json"], capture_output=True, text=True).stdout
entries = [json.loads(line) for line in history.splitlines()]
ended = next(entry["step"] for entry in entries if entry.get("step", {}).get("state") == "failed")
ok(ended["status"] == 22 and "400" in ended["output"], "of which the ledger has the words", ended)
answer = 200
posted.clear()
decide(directory, failing, "--now", "2026-11-20T12:04:00Z", "--apply", "--run-steps")
equal(len(posted), 1, "it is asked again five minutes later")
del os.environ["SLACK_WEBHOOK"]
directory, result = alert("slack")
ok(result.status == 2 and "SLACK_WEBHOOK" in json.dumps([json.loads(line) for line in subprocess.run(
    [FFREPLAY, "history", "-C", directory, "--json"], capture_output=True, text=True).stdout.splitlines()]),
   "a secret that is missing is named", result.err)
finish()
