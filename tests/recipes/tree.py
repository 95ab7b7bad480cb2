"""A copy of the project beside it, built as far as the project is, to be changed and built further.

Edits go beside a line that is found by its text, so that they outlive whatever moves around it; where
it is gone, AnchorGone says so.
"""
import os
import shutil
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class AnchorGone(Exception):
    pass


def _built(build):
    """What of a build is worth taking along: objects, and what is made of them alone; no test programs."""
    for folder in ("gen", "obj"):
        for path, _, names in os.walk(os.path.join(build, folder)):
            yield from (os.path.relpath(os.path.join(path, name), TOP) for name in names)
    yield from (os.path.join("build", name) for name in os.listdir(build) if name.endswith(".a"))


class Tree:
    """Below `top`. Files are copied with their times, by which make knows what is up to date."""

    def __init__(self, top):
        self.top = top
        listed = subprocess.run(["git", "-C", TOP, "ls-files", "-co", "--exclude-standard", "-z"],
                                capture_output=True, text=True, check=True).stdout.split("\0")
        for path in [*filter(None, listed), *_built(os.path.join(TOP, "build"))]:
            if os.path.lexists(os.path.join(TOP, path)):
                os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
                shutil.copy2(os.path.join(TOP, path), self.path(path), follow_symlinks=False)

    def path(self, path):
        return os.path.join(self.top, path)

    def read(self, path):
        with open(self.path(path), encoding="utf-8") as file:
            return file.read()

    def write(self, path, text):
        with open(self.path(path), "w", encoding="utf-8") as file:
            file.write(text)

    def _anchor(self, path, anchor):
        text = self.read(path)
        if text.count(anchor) != 1:
            raise AnchorGone(f"{path} has {text.count(anchor)} times {anchor!r}: mend the recipe's patch")
        return text, text.index(anchor)

    def insert_after(self, path, anchor, added):
        """Lines, below the line in which the anchor ends."""
        text, at = self._anchor(path, anchor)
        at = text.index("\n", at + len(anchor)) + 1
        self.write(path, text[:at] + added + text[at:])

    def insert_before(self, path, anchor, added):
        """Lines, above the line in which the anchor begins."""
        text, at = self._anchor(path, anchor)
        at = text.rfind("\n", 0, at) + 1
        self.write(path, text[:at] + added + text[at:])

    def replace(self, path, anchor, by):
        text, at = self._anchor(path, anchor)
        self.write(path, text[:at] + by + text[at + len(anchor):])

    def run(self, *command, **variables):
        """What a command prints, on either stream, and its status; with the variables of tests/run.sh."""
        environment = {name: value for name, value in os.environ.items() if "MAKE" not in name and name != "MFLAGS"}
        environment.update(LC_ALL="C.UTF-8", NO_COLOR="1", CMOCKA_MESSAGE_OUTPUT="STDOUT", FFC=self.path("build/ffc"),
                           FFREPLAY=self.path("build/ffreplay"), BUILD=self.path("build"))
        environment.update(variables)
        run = subprocess.run(command, cwd=self.top, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace", timeout=300, check=False)
        return run.returncode, run.stdout

    def make(self, *targets):
        """Without optimizing: what is not rebuilt is there already, and what is, is for a moment."""
        return self.run("make", "-k", f"-j{os.cpu_count()}", "CFLAGS=-O0", "CXXFLAGS=-O0", *targets)
