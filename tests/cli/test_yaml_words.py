#!/usr/bin/python3
"""libyaml's own words never reach a user: each thing that its reader, scanner and parser can say, with ours.

The messages are those of the library that is installed, so one that a later version has must get its words here.
That a text makes libyaml say the message is held against libyaml itself, by Python's binding.
"""
import os
import re
import subprocess
import sys
import tempfile

from tap import finish, ok

FFC = os.environ["FFC"]

# What libyaml says: a text for which it does, and what is said here.
ROWS = {
    "block sequence entries are not allowed in this context": ("a: - b\n", "a list that begins on the line of its key"),
    "control characters are not allowed": (b"a: \x01\n", "control character U+0001 in the text"),
    "could not find expected ':'": ("a:\n  - b\n  c\n", "a key without its ':'"),
    "could not find expected directive name": ("% x\n---\na: b\n", "a YAML directive that cannot stand here"),
    "did not find URI escaped octet": ("a: !<x%zz> b\n", "a tag, which definitions do not allow"),
    "did not find expected '!'": ("%TAG !a b\n---\na: b\n", "a %TAG directive"),
    "did not find expected ',' or ']'": ('a: ["b" "c"]\n', "expected ',' or ']' here"),
    "did not find expected ',' or '}'": ('a: {b: "c" "d"}\n', "expected ',' or '}' here"),
    "did not find expected '-' indicator": ("a:\n  - b\n  c: d\n", "this line belongs to no list: expected '-' here"),
    "did not find expected <document start>": ("{a: b}\nc: d\n", "this line follows the end of the file's only value"),
    "did not find expected alphabetic or numeric character": ("a: *\n", "a plain value cannot begin with '*', which stands for an alias"),
    "did not find expected comment or line break": ("a: | b\n", "text that begins with '|' or '>' begins on the next line"),
    "did not find expected digit or '.' character": ("%YAML 1\n---\na: b\n", "a YAML directive that cannot stand here"),
    "did not find expected hexdecimal number": ('a: "\\xZZ"\n', "'\\x' without the 2 hexadecimal digits that belong to it"),
    "did not find expected key": ("a:\n    b: 1\n  c: 2\n", "this line belongs to no key: its indentation fits none above"),
    "did not find expected node content": ("a: [,]\n", "expected a value, found ','"),
    "did not find expected tag URI": ("a: !<> b\n", "a tag, which definitions do not allow"),
    "did not find expected version number": ("%YAML x\n---\na: b\n", "a YAML directive that cannot stand here"),
    "did not find expected whitespace": ("%TAG !!x y\n---\na: b\n", "a %TAG directive"),
    "did not find expected whitespace or line break": ("%TAG ! tag:x{\n---\na: b\n", "a %TAG directive"),
    "did not find the expected '>'": ("a: !<b c\n", "a tag, which definitions do not allow"),
    "found a tab character that violates indentation": ("a:\n  b\n\tc\n", "a tab in the indentation, expected spaces"),
    "found a tab character where an indentation space is expected": ("a: |\n\tb\n", "a tab in the indentation, expected spaces"),
    "found an incorrect leading UTF-8 octet": ("a: !<%ff> b\n", "a tag, which definitions do not allow"),
    "found an incorrect trailing UTF-8 octet": ("a: !<%c3%41> b\n", "a tag, which definitions do not allow"),
    "found an indentation indicator equal to 0": ("a: |0\n  b\n", "a text that is to be indented by 0"),
    "found character that cannot start any token": ("a: @b\n", "a plain value cannot begin with '@'"),
    "found duplicate %TAG directive": ("%TAG ! x\n%TAG ! x\n---\na: b\n", "a %TAG directive"),
    "found duplicate %YAML directive": ("%YAML 1.1\n%YAML 1.1\n---\na: b\n", "a YAML directive that cannot stand here"),
    "found extremely long version number": ("%YAML 1.12345678901234567890\n---\na: b\n", "a YAML directive that cannot stand here"),
    "found incompatible YAML document": ("%YAML 2.0\n---\na: b\n", "a YAML directive that cannot stand here"),
    "found invalid Unicode character escape code": ('a: "\\ud800"\n', "'\\ud800' is half of a surrogate pair"),
    "found undefined tag handle": ("a: !b!c d\n", "a tag, which definitions do not allow"),
    "found unexpected ':'": ("a: [b:]\n", "a key without its ':'"),
    "found unexpected document indicator": ('a: "b\n---\nc"\n', "this quote is never closed"),
    "found unexpected end of stream": ('a: "b\n', "this quote is never closed"),
    "found unexpected non-alphabetical character": ("%YA=ML 1.1\n---\na: b\n", "a YAML directive that cannot stand here"),
    "found unknown directive name": ("%FOO\n---\na: b\n", "a YAML directive that cannot stand here"),
    "found unknown escape character": ('a: "\\q"\n', "unknown escape '\\q' in double quotes"),
    "mapping keys are not allowed in this context": ("a: ? b\n", "a plain value cannot begin with '?'"),
    "mapping values are not allowed in this context": ("a: b: c\n", "a second ': ' on one line"),
    "incomplete UTF-8 octet sequence": (b"a: \xc3", "byte 0xC3 is not UTF-8 here"),
    "invalid leading UTF-8 octet": (b"a: \xff\n", "byte 0xFF is not UTF-8 here"),
    "invalid trailing UTF-8 octet": (b"a: \xc3\x28\n", "byte 0xC3 is not UTF-8 here"),
    "invalid Unicode character": (b"a: \xed\xa0\x80\n", "byte 0xED is not UTF-8 here"),
    "invalid length of a UTF-8 sequence": (b"a: \xc0\x80\n", "byte 0xC0 is not UTF-8 here"),
    "incomplete UTF-16 character": (b"\xff\xfea\x00:", "this file is UTF-16, expected UTF-8"),
    "incomplete UTF-16 surrogate pair": (b"\xff\xfea\x00\x00\xd8", "this file is UTF-16, expected UTF-8"),
    "unexpected low surrogate area": (b"\xff\xfea\x00\x00\xdc\x00\x00", "this file is UTF-16, expected UTF-8"),
    "expected low surrogate area": (b"\xff\xfea\x00\x00\xd8a\x00", "this file is UTF-16, expected UTF-8"),
}
# What cannot be said of a file: by those parts of the library that ffc does not use, or of no input there is.
OTHERS = {
    "did not find expected <stream-start>", "found undefined alias", "found duplicate anchor; first occurrence",
    "input error", "input is too long",
}


def messages(library):
    """All that the library can say of a text; contexts ("while …") stand before these."""
    with open(library, "rb") as file:
        texts = re.findall(rb"[\x20-\x7e]{8,}(?=\0)", file.read())
    said = {text.decode() for text in texts}
    return {text for text in said if re.match(
        r"(could not find|did not find|found|block|control|mapping (keys|values)|in(complete|valid|put)|(un)?expected low) .*[a-z>'\"\]}:0-9]$", text)
        and "->" not in text and " && " not in text}


def check(text):
    with tempfile.TemporaryDirectory() as directory:
        with open(f"{directory}/a.yaml", "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return subprocess.run([FFC, "check", "-C", "."], cwd=directory, capture_output=True, text=True, errors="replace",
                              check=False).stderr


def said_by_libyaml(yaml, text):
    try:
        list(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.reader.ReaderError as error:
        return str(error.reason)
    except yaml.YAMLError as error:
        return str(error.problem)
    return "nothing"


def main():
    try:
        import yaml
        assert yaml.CSafeLoader
    except (ImportError, AttributeError):
        print("ok 1 - the words of libyaml # SKIP Python has no binding of libyaml\n1..1")
        return 0
    with open("/proc/self/maps", encoding="utf-8") as file:
        libraries = set(re.findall(r"(/\S*/libyaml-0\S*)", file.read()))
    everything = messages(next(iter(libraries))) if libraries else set()
    ok(len(everything) > 40, "the messages of libyaml are found", everything)
    known = set(ROWS) | OTHERS
    ok(not everything - known, "each has a row", sorted(everything - known))
    if sys.argv[1:] == ["-v"]:
        print(sorted(known - everything))
    for message, (text, ours) in ROWS.items():
        theirs = said_by_libyaml(yaml, text)
        said = check(text)
        if sys.argv[1:] == ["-v"]:
            print("##", message, "|", theirs if theirs != message else "=", "|", said.split("\n\n")[0])
            continue
        ok(theirs == message, f"libyaml says: {message}", theirs)
        ok(ours in said, f"ffc says: {ours}", said)
        ok("help: " in said and re.search(r"^a\.yaml(:\d+:\d+)?: error: .* \[FF\d+\]$", said, re.M), "where, and what to do", said)
        ok(not [words for words in known if words in said], "in no word of libyaml's", said)
    return finish()


sys.exit(main())
