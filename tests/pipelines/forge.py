"""What the tests of pipelines share: a repository with flags and its bare remote, a release, and a server that stands
for GitHub, GitLab, the place of releases, and the service whose log is asked for."""
import fcntl
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "replay"))
from lab import SCRATCH, TOP, ok, requests, skip, finish, equal  # noqa: E402,F401

BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
TOKEN = "secret-token"
PEOPLE = {"PATH": "/usr/bin:/bin", "HOME": SCRATCH, "GIT_AUTHOR_NAME": "ann", "GIT_AUTHOR_EMAIL": "ann@example.com",
          "GIT_COMMITTER_NAME": "ann", "GIT_COMMITTER_EMAIL": "ann@example.com"}


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            skip("pipelines", f"there is no {program}")
            finish()


def git(directory, *arguments, check=True):
    done = subprocess.run(["git", "-C", directory, *arguments], env=PEOPLE, capture_output=True, text=True)
    assert done.returncode == 0 or not check, (arguments, done.stdout, done.stderr)
    return done.stdout.strip()


def make_release():
    """`make release`, of the programs that are there; the folder that has it, and its version."""
    place = os.path.join(SCRATCH, "release")
    passed = [f"{name}={os.environ.get(name, '')}" for name in ("SANITIZE", "SIGNATURES")]
    os.makedirs(place)
    # Several tests pack it, into the same folder.
    with open(os.path.join(BUILD, "release.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["make", "-s", "-C", TOP, f"BUILD={BUILD}", *passed, "release"], capture_output=True, text=True)
        if not ok(done.returncode == 0, "the release is packed", done.stdout, done.stderr):
            finish()
        for name in os.listdir(os.path.join(BUILD, "release")):
            if name.endswith((".tar.gz", ".sha256", ".sh")):
                shutil.copy(os.path.join(BUILD, "release", name), place)
    packed = done.stdout.split()[-1]
    return place, re.search(r"ffc-([0-9.]+)-linux", packed)[1]


class Forge:
    """Comments of one pull request or merge request, releases, and a log."""

    def __init__(self, releases=None):
        self.comments = []  # {"id", "body", "user"}
        self.asked = []
        self.refuses = None
        self.log = ""
        self.releases = releases
        forge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status, body):
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def handle_all(self):
                url = urllib.parse.urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                forge.asked.append((self.command, url.path))
                if "/releases/download/" in url.path:
                    return self.answer(*forge.release(url.path))
                if url.path == "/log":
                    return self.answer(200, forge.log.encode())
                if forge.refuses:
                    return self.answer(forge.refuses, {"message": "no"})
                allowed = (self.headers.get("Authorization") == f"Bearer {TOKEN}" or self.headers.get("PRIVATE-TOKEN") == TOKEN)
                if not allowed:
                    return self.answer(401, {"message": "no token"})
                return self.answer(*forge.comment(self.command, url, body))

            do_GET = do_POST = do_PATCH = do_PUT = handle_all

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def release(self, path):
        file = os.path.join(self.releases or "", os.path.basename(path))
        if not self.releases or not os.path.exists(file):
            return 404, {}
        with open(file, "rb") as opened:
            return 200, opened.read()

    def comment(self, method, url, body):
        if url.path.endswith("/user"):
            return 200, {"id": 7}
        query = urllib.parse.parse_qs(url.query)
        if method == "GET":
            page, size = int(query["page"][0]), int(query["per_page"][0])
            return 200, self.comments[(page - 1) * size:page * size]
        if method == "POST":
            self.comments.append({"id": 1000 + len(self.comments), "body": body["body"],
                                  "user": {"type": "Bot"}, "author": {"id": 7}})
            return 201, self.comments[-1]
        for comment in self.comments:
            if url.path.endswith(f"/{comment['id']}"):
                comment["body"] = body["body"]
                return 200, comment
        return 404, {}


def stamp(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms / 1000))


def shop(log_url=None, started=None):
    """The definitions of the repository: a flag, a canary that its log decides on, an experiment."""
    command = f"command: [curl, --fail, --silent, '{log_url}'], " if log_url else ""
    started = stamp(started if started is not None else (time.time() - 2 * 3600) * 1000)
    return f"""\
project:
  name: shop
  environments: [staging, production]
  bucket_by: user_id
attributes: {{user_id: string, country: string}}
logs:
  requests:
    {{{command}format: ndjson, time: ts, unit: user_id, context: {{user_id: user_id, country: geo.country}}, fields: {{status: status}}}}
metrics:
  error_rate: {{kind: proportion, of: {{status: {{gte: 500}}}}, better: lower}}
  failing_users: {{kind: proportion, of: {{status: {{gte: 500}}}}, per: unit, better: lower}}
flags:
  new-checkout:
    description: Checkout on one page
    owner: web
    environments:
      staging: {{serve: on}}
      production:
        percent: 20%
  canary.checkout:
    owner: payments
    environments:
      production:
        canary:
          stages: [{{name: first, percent: 20%, hold: 1d, min_samples: 50}}, {{name: full, percent: 100%}}]
          guards: [{{metric: error_rate, max: 5%}}]
          state: running
          stage: first
          since: {started}
  cta-button:
    kind: experiment
    owner: web
    type: string
    variants: {{control: blue, treatment: green}}
    default: control
    environments:
      staging: {{}}
      production:
        experiment:
          control: control
          primary: failing_users
          split: {{control: 50%, treatment: 50%}}
          state: running
"""


def repository(name, definitions, more=()):
    """A clone in which ann works, and its bare remote, which gives any commit that is asked for, as forges do."""
    root = os.path.join(SCRATCH, name)
    os.makedirs(os.path.join(root, "flags"))
    with open(os.path.join(root, "flags", "shop.yaml"), "w") as file:
        file.write(definitions)
    for path, text in more:
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w") as file:
            file.write(text)
    git(root, "init", "-q", "-b", "main")
    subprocess.run([os.path.join(BUILD, "ffc"), "fmt", "-C", os.path.join(root, "flags")], check=True, capture_output=True)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "flags")
    remote = root + ".git"
    git(root, "clone", "-q", "--bare", root, remote)
    git(remote, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(root, "remote", "add", "origin", remote)
    git(root, "fetch", "-q", "origin")
    git(root, "branch", "-q", "--set-upstream-to=origin/main")
    return root, remote


def log_of(errors=0.01, canary_errors=0.01):
    """What the service wrote in the last hour."""
    start = int((time.time() - 3600) * 1000)
    return "".join(json.dumps(line) + "\n"
                   for line in requests(4000, errors=errors, canary_errors=canary_errors, start=start, length=3590 * 1000))
