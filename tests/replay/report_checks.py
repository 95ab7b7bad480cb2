"""What holds for every report."""
import re

from lab import equal, ok
from page import XHTML


def check_page(name, page):
    """What holds for every page."""
    ok(page.is_balanced, f"{name}_is_the_same_as_HTML_and_as_XML")
    policy = page.policy()
    equal(policy.get("default-src"), ["'none'"], f"{name}_allows_nothing_by_itself")
    equal((policy.get("style-src"), policy.get("script-src")),
          ([page.hash_of(page.inline("style")[0])], [page.hash_of(page.inline("script")[0])]),
          f"{name}_has_the_hashes_of_its_style_and_script")
    equal((len(page.inline("style")), len(page.inline("script"))), (1, 1), f"{name}_has_one_of_each")
    ok(all(reference.startswith("#") for reference in page.references()),
       f"{name}_refers_to_nothing_elsewhere", page.references())
    ok(not any(key.startswith("on") or key == "style" for element in page.root.iter()
               for key in element.attrib), f"{name}_has_no_handlers_and_no_style_attributes")
    ids = [element.get("id") for element in page.root.iter() if element.get("id")]
    equal(len(ids), len(set(ids)), f"{name}_has_each_id_once")
    ok(all(page.all("*", chart=None)[i].find(XHTML + "figcaption") is not None
           for i in range(len(page.all("*", chart=None)))), f"{name}_has_captions")
    # What is drawn over points has a title each, and a table.
    for figure in page.all("figure", chart=None):
        points = [e for e in figure.iter() if e.get("class") == "pt"]
        if not points:
            continue
        titled = all(point.get("tabindex") == "0" and "".join(point[0].itertext()) for point in points)
        what = f"{figure.get('data-chart')} {figure.get('data-of') or ''}"
        if not titled:
            ok(False, f"{name}: points of {what} can be reached and say something")
        if figure.get("data-chart") != "timeline" and next(figure.iter(XHTML + "table"), None) is None:
            ok(False, f"{name}: {what} has a table")
    ok("nan" not in re.sub(r"[a-z_.]*nan[a-z]+|[a-z]+nan[a-z_]*", "", page.text.lower())
       and "NaN" not in page.text and ">inf<" not in page.text, f"{name}_has_no_numbers_that_are_none")
