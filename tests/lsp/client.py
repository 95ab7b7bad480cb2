"""A client of `ffc lsp` that can also say what no client should, and TAP for the tests that use it."""
import json
import os
import queue
import subprocess
import sys
import threading
import urllib.parse

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
PATIENCE = 240  # seconds: nothing waits that long, but a machine may be busy
sys.path.insert(0, os.path.join(TOP, "tests", "cli"))
from tap import finish, ok, skip  # for whoever imports this


def uri_of(path):
    return "file://" + urllib.parse.quote(path)


class Client:
    def __init__(self, root, *options, start=True, command=None):
        self.root = root
        self.process = subprocess.Popen([*(command or [FFC, "lsp"]), *options], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.messages = queue.Queue()
        self.number = 0
        self.diagnostics = {}
        self.versions = {}
        threading.Thread(target=self.receive, daemon=True).start()
        if start:
            self.capabilities = self.request("initialize", {"processId": os.getpid(), "rootUri": uri_of(root), "capabilities": {}})["capabilities"]
            self.notify("initialized", {})

    def receive(self):
        stream = self.process.stdout
        while True:
            length = None
            while (line := stream.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if length is None:
                self.messages.put(None)
                return
            self.messages.put(json.loads(stream.read(length)))

    def raw(self, data):
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def send(self, message):
        data = json.dumps(message).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(data) + data)

    def notify(self, method, params):
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def next(self):
        """The next message; None: the server is gone. Diagnostics are taken note of."""
        message = self.messages.get(timeout=PATIENCE)
        if message and message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        return message

    def ask(self, method, params):
        self.number += 1
        self.send({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params})
        return self.number

    def response(self, number):
        while (message := self.next()) is not None:
            if message.get("id") == number and "method" not in message:
                return message
        return None

    def request(self, method, params):
        answer = self.response(self.ask(method, params))
        return answer and answer.get("result", answer.get("error"))

    # ---- documents ----

    def uri(self, name):
        return uri_of(f"{self.root}/{name}")

    def open(self, name, text=None):
        if text is None:
            with open(f"{self.root}/{name}", encoding="utf-8", newline="") as file:
                text = file.read()
        self.versions[name] = 1
        self.notify("textDocument/didOpen", {"textDocument": {"uri": self.uri(name), "languageId": "yaml", "version": 1, "text": text}})
        return text

    def change(self, name, *changes):
        self.versions[name] += 1
        self.notify("textDocument/didChange", {"textDocument": {"uri": self.uri(name), "version": self.versions[name]}, "contentChanges": list(changes)})

    def close(self, name):
        self.notify("textDocument/didClose", {"textDocument": {"uri": self.uri(name)}})

    def settled(self, name, wanted):
        """Waits until what is published of a file is as wanted; returns it."""
        while not wanted(self.diagnostics.get(self.uri(name), [])):
            try:
                if self.next() is None:
                    break
            except queue.Empty:
                break
        return self.diagnostics.get(self.uri(name), [])

    def at(self, name, line, character, **more):
        return {"textDocument": {"uri": self.uri(name)}, "position": {"line": line, "character": character}, **more}

    def end(self):
        """Shuts it down; returns its exit status, and what it said on stderr."""
        self.request("shutdown", None)
        self.notify("exit", None)
        status = self.process.wait(timeout=PATIENCE)
        return status, self.process.stderr.read().decode()


def utf16(text):
    return len(text.encode("utf-16-le")) // 2


def position(text, offset):
    """Of an offset in characters, as the protocol counts."""
    before = text[:offset]
    line = before.count("\n")
    return {"line": line, "character": utf16(before[before.rfind("\n") + 1:])}


def edit(text, begin, end, new):
    """The change that puts `new` in the place of text[begin:end], and the text after it."""
    return {"range": {"start": position(text, begin), "end": position(text, end)}, "text": new}, text[:begin] + new + text[end:]


def apply_edits(text, edits):
    """What a text becomes by edits of the protocol."""
    def offset(place):
        lines = text.split("\n")
        at = sum(len(line) + 1 for line in lines[:place["line"]])
        if place["line"] >= len(lines):
            return len(text)
        units, index = place["character"], 0
        while units > 0 and index < len(lines[place["line"]]):
            units -= utf16(lines[place["line"]][index])
            index += 1
        return at + index
    spans = sorted(((offset(one["range"]["start"]), offset(one["range"]["end"]), one["newText"]) for one in edits), reverse=True)
    for begin, end, new in spans:
        text = text[:begin] + new + text[end:]
    return text
