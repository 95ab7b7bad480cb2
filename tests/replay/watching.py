"""A watch that runs beside a test, and what it prints."""
import itertools
import json
import os
import signal
import subprocess
import time

from lab import FFREPLAY, SCRATCH

PATIENCE = 120  # seconds: nothing waits that long, but a machine may be busy
_serial = itertools.count()


def until(holds, patience=PATIENCE):
    """Whether it comes true, while others are busy, too."""
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Watch:
    """`ffreplay watch` of one canary of a project, in production."""

    def __init__(self, directory, *arguments, flag="canary.checkout", **more):
        self.directory = directory
        self.out, self.err = (os.path.join(SCRATCH, f"watch-{next(_serial)}.{end}") for end in ("out", "err"))
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(
                [FFREPLAY, "watch", flag, "-C", directory, "-e", "production", "--interval", "1s", *arguments],
                **{"stdin": subprocess.DEVNULL, "stdout": out, "stderr": err, **more})

    def text(self):
        with open(self.out) as out:
            return out.read()

    def errors(self):
        with open(self.err) as err:
            return err.read()

    def said(self):
        """All that it printed, in one line."""
        return " ".join((self.text() + self.errors()).split())

    def looks(self):
        """With --json: each look that is written to its end."""
        return [json.loads(line) for line in self.text().splitlines() if line.endswith("}")]

    def look(self):
        looks = self.looks()
        return looks[-1] if looks else None

    def until(self, holds):
        return until(holds)

    def ends(self):
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "it does not end"

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.ends()
