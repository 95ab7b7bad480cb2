"""Comparison with what was recorded. UPDATE=1 records what is printed; read it before committing it."""
import os
import re

from lab import HERE, ok


def golden(name, ending, text):
    """Figures of the build are not the test's business: they change with the compiler."""
    text = re.sub(r'"build":"[0-9a-f]{32}"', '"build":"…"', text)
    text = re.sub(r"build [0-9a-f]{12}…", "build …", text)
    path = os.path.join(HERE, "golden", f"{name}.{ending}")
    if os.environ.get("UPDATE"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    try:
        with open(path) as file:
            expected = file.read()
    except FileNotFoundError:
        expected = ""
    ok(text == expected, f"{name}_{ending}_is_as_recorded", f"got:\n{text}", f"expected:\n{expected}")
