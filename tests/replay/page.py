"""A report as its tests read it: parsed twice, as XML and as HTML; its policy, its colours."""
import base64
import hashlib
import html.parser
import re
import xml.etree.ElementTree as ET

XHTML, SVG = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/2000/svg}"
VOID = {"meta", "br", "link", "img", "input", "hr"}


class _Balanced(html.parser.HTMLParser):
    """Whether an HTML parser sees the same elements: none that is left open, none that is foreign."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.wrong, self.names = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.names.add(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


class Page:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        self.text = self.bytes.decode()
        self.root = ET.fromstring(self.bytes)
        parser = _Balanced()
        parser.feed(self.text)
        parser.close()
        self.is_balanced = not parser.open and not parser.wrong
        self.elements = parser.names

    def all(self, name, **wanted):
        """Elements with these data attributes; None: whatever the value."""
        found = []
        for element in self.root.iter():
            if element.tag.split("}")[-1] != name and name != "*":
                continue
            if all(element.get("data-" + key.replace("_", "-")) is not None and
                   (value is None or element.get("data-" + key.replace("_", "-")) == value)
                   for key, value in wanted.items()):
                found.append(element)
        return found

    def one(self, name, **wanted):
        found = self.all(name, **wanted)
        assert len(found) == 1, f"{len(found)} of {name} {wanted}"
        return found[0]

    @staticmethod
    def words(element):
        return " ".join("".join(element.itertext()).split())

    @staticmethod
    def table(element):
        """Rows of an element's first table."""
        table = next(element.iter(XHTML + "table"))
        return [[" ".join("".join(cell.itertext()).split()) for cell in row]
                for row in table.iter(XHTML + "tr")]

    # ------------------------------------------------------------------------------------ policy

    def policy(self):
        for meta in self.root.iter(XHTML + "meta"):
            if meta.get("http-equiv") == "Content-Security-Policy":
                return dict((rule.split() + [""])[0:1] + [rule.split()[1:]]
                            for rule in meta.get("content").split(";"))
        return {}

    def inline(self, name):
        return [element.text for element in self.root.iter(XHTML + name)]

    @staticmethod
    def hash_of(text):
        digest = hashlib.sha256(text.encode()).digest()
        return "'sha256-" + base64.b64encode(digest).decode() + "'"

    def references(self):
        """Whatever a browser might fetch or go to."""
        found = []
        for element in self.root.iter():
            for key, value in element.attrib.items():
                if key.split("}")[-1] in ("href", "src", "srcset", "action", "data", "poster",
                                          "formaction", "background", "ping", "manifest"):
                    found.append(value)
        return found + re.findall(r"url\(|@import|image-set", "".join(self.inline("style")))

    # ----------------------------------------------------------------------------------- colours

    def colours(self):
        """By "light" and "dark" and "print": names to colours."""
        style = self.inline("style")[0]
        roots = re.findall(r"(@media[^{]*\{\s*)?:root\{([^}]*)\}", style)
        found = {}
        for media, body in roots:
            name = "dark" if "dark" in media else "print" if "print" in media else "light"
            found[name] = dict(re.findall(r"--([a-z0-9]+):(#[0-9a-f]{6})", body))
        return found


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
