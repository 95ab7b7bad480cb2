#!/usr/bin/env python3
"""Says on a pull request, or a merge request, what it changes about flags and whom that touches, in one
comment that is kept up to date. On GitHub in a step of the action, on GitLab in a job; needs git, and ffc.

  BASE   the commit to compare with
  FLAGS  the project's folder
  TOKEN  that may write comments; without one, or where it may not, the job's own page has the text

A change without effect on flags gets no comment, unless there is one already.
"""
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

MARK = "<!-- ffc: what this change does to flags -->"
MOST = 60000  # characters; GitHub takes 65,536


def say(text):
    print(f"review.py: {text}", file=sys.stderr)


def fetch_base(base):
    """A shallow checkout has the newest commit alone."""
    if subprocess.run(["git", "cat-file", "-e", base + "^{commit}"], stderr=subprocess.DEVNULL).returncode:
        subprocess.run(["git", "fetch", "--quiet", "--no-tags", "--depth=1", "origin", base], check=True)


def compare(base, flags):
    """The comment's text, and whether anything changes."""
    done = subprocess.run(["ffc", "diff", base, "HEAD", "-C", flags, "--format", "markdown", "--exit-code"],
                          capture_output=True, text=True)
    if done.returncode == 0 or (done.returncode == 1 and done.stdout):
        return done.stdout, done.returncode != 0
    say(done.stderr.rstrip())
    fence = "~" * 8
    return f"**What this changes about flags cannot be told: they have errors**\n\n{fence}\n{done.stderr}{fence}\n", True


def shorten(text):
    """Whole lines, so that a table stays one."""
    if len(text) <= MOST:
        return text
    return text[:text.rindex("\n", 0, MOST)] + "\n\n*… and more: the job's page has all of it.*\n"


class Service:
    def __init__(self, header, comments):
        self.header = header
        self.comments = comments

    def ask(self, method, url, body=None):
        headers = {**self.header, "Content-Type": "application/json"}
        data = None if body is None else json.dumps({"body": body}).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def own(self):
        """The comment of an earlier run; only one that this token wrote, since others can write the mark, too."""
        page = 1
        while found := self.ask("GET", f"{self.comments}?per_page=100&page={page}"):
            for comment in found:
                if comment["body"].startswith(MARK) and self.wrote(comment):
                    return f"{self.one}/{comment['id']}"
            page += 1
        return None

    def put(self, text, changes):
        own = self.own()
        if own:
            self.ask(self.update, own, text)
        elif changes:
            self.ask("POST", self.comments, text)


class GitHub(Service):
    update = "PATCH"

    def __init__(self, token):
        issues = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
        super().__init__({"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
                         f"{issues}/{os.environ['NUMBER']}/comments")
        self.one = f"{issues}/comments"

    def wrote(self, comment):
        return comment["user"]["type"] == "Bot"


class GitLab(Service):
    update = "PUT"

    def __init__(self, token):
        api = os.environ["CI_API_V4_URL"]
        super().__init__({"PRIVATE-TOKEN": token},
                         f"{api}/projects/{os.environ['CI_PROJECT_ID']}/merge_requests/"
                         f"{os.environ['CI_MERGE_REQUEST_IID']}/notes")
        self.one = self.comments
        self.me = self.ask("GET", f"{api}/user")["id"]

    def wrote(self, comment):
        return comment["author"]["id"] == self.me


def main():
    base = os.environ["BASE"]
    fetch_base(base)
    text, changes = compare(base, os.environ.get("FLAGS", "flags"))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a") as page:
            page.write(text)
    else:
        print(text, end="")
    token = os.environ.get("TOKEN")
    if not token:
        say("without a token there is no comment; this job's page has the text")
        return
    try:
        service = (GitHub if os.environ.get("GITHUB_ACTIONS") else GitLab)(token)
        service.put(f"{MARK}\n{shorten(text)}", changes)
    except urllib.error.HTTPError as error:
        # Of a pull request from a fork, the token may only read.
        if error.code not in (401, 403, 404):
            raise
        say(f"the token may not write comments ({error.code}); this job's page has the text")


main()
