#!/usr/bin/env python3
"""Answers Flagger's webhooks by what ffreplay decides; flagger.yaml says which answer is given when.

Usage: flagger-webhook.py PORT, in the folder that has the project. Each question is a run of
`ffreplay decide FLAG -e ENVIRONMENT --exit-code`, of the flag and the environment in the webhook's metadata.
"""
import http.server
import json
import subprocess
import sys

ADVANCE, ROLLBACK = 0, 20
NO = 403
UNKNOWN = 503
VERDICTS = (0, 10, 11, 20)


def ask(metadata):
    """ffreplay's exit status, and what it said."""
    flag, environment = metadata["flag"], metadata["environment"]
    if flag.startswith("-") or environment.startswith("-"):
        return 2, "a flag or an environment does not begin with a dash"
    done = subprocess.run(["ffreplay", "decide", flag, "-e", environment, "--exit-code", "--allow-commands"],
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Webhook(http.server.BaseHTTPRequestHandler):
    def reply(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(200, "ready\n")

    def do_POST(self):
        yes = {"/confirm": ADVANCE, "/rollback": ROLLBACK}.get(self.path)
        if yes is None:
            return self.reply(404, "there is /confirm and /rollback\n")
        try:
            length = int(self.headers["Content-Length"])
            status, text = ask(json.loads(self.rfile.read(length))["metadata"])
        except (KeyError, TypeError, ValueError, AttributeError):
            return self.reply(400, "expected Flagger's JSON, its metadata with a flag and an environment\n")
        self.reply(200 if status == yes else NO if status in VERDICTS else UNKNOWN, text)


http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Webhook).serve_forever()
