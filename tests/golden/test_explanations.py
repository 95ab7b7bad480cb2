#!/usr/bin/python3
"""Every explanation's example triggers its code, and the mended one does not.

Examples stand in the project of common/, as far as they do not bring their own sections. Those that
are cut short ("and so on") or are about files cannot be run; they have a case in diagnostics/.
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FFC = os.environ.get("FFC", "build/ffc")
NOW = "2026-11-20T12:00:00Z"
CUT_SHORT = re.compile(r"and so on|and two million|and sixty|a hundred thousand|forty thousand|"
                       r"each with thirty|PowerShell|as Latin-1 has|^# (chmod|ffc (?!gen )|ls|iconv)", re.M)
# What examples refer to and do not define.
COMMON = {
    "project": open(f"{HERE}/common/project.yaml").read(),
    "attributes": open(f"{HERE}/common/attributes.yaml").read(),
    "metrics": open(f"{HERE}/common/metrics.yaml").read(),
}


def codes(text):
    """The codes that `ffc check` reports, or what a first line `# ffc gen …` is; a comment line 'in another file' parts two files."""
    text = re.sub(r"<U\+([0-9A-F]{4})>", lambda code: chr(int(code[1], 16)), text)
    with tempfile.TemporaryDirectory() as directory:
        parts = text.split("# in another file\n")
        for name, section in COMMON.items():
            own = re.search(rf"^{name}:", text, re.M)
            if not own:
                # What is hashed is an attribute, and the example's may not have it.
                whole = "user_id" in text or not re.search(r"^attributes:", text, re.M)
                parts.append(section if whole else section.replace("  bucket_by: user_id\n", ""))
        for number, part in enumerate(parts):
            with open(f"{directory}/{number}.yaml", "w", encoding="utf-8") as file:
                file.write(part)
        os.mkdir(f"{directory}/lists")
        with open(f"{directory}/lists/vip.txt", "w", encoding="utf-8") as file:
            file.write("u1\n")
        gen = re.match(r"# ffc (gen .*)", text)
        command = [*shlex.split(gen[1]), "--at", NOW] if gen else ["check", "--now", NOW]
        run = subprocess.run([FFC, *command, "-C", directory], capture_output=True, text=True, check=False)
    return set(re.findall(r"\[(FF\d{4})\]$", run.stderr, re.M)), run.stderr


def main():
    page = subprocess.run([FFC, "explain", "--all", "--markdown"], capture_output=True, text=True,
                          check=True).stdout
    tests = failed = 0
    for part in page.split("\n## ")[1:]:
        code, name = re.match(r"(FF\d+) `(.*)`", part).groups()
        example, mended = re.findall(r"```yaml\n(.*?)\n```", part, re.S)
        # An example may leave out what the names in it are: only its own code counts.
        for what, text, wanted in (("the example", example, True), ("the mended one", mended, False)):
            tests += 1
            title = f"{code} {name}: {what} {'triggers it' if wanted else 'does not'}"
            if wanted and CUT_SHORT.search(text):
                print(f"ok {tests} - {title} # SKIP cut short; see diagnostics/")
                continue
            found, output = codes(text + "\n")
            if (code in found) == wanted:
                print(f"ok {tests} - {title}")
                continue
            failed += 1
            print(f"not ok {tests} - {title}")
            print("".join(f"# {line}\n" for line in (text + "\n" + output).splitlines()), end="")
    print(f"1..{tests}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
