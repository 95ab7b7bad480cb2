#!/usr/bin/env python3
"""Reports in headless Chromium, as on a desk and on a phone, in light and dark: nothing is wider than the page, no
text is under 11 pixels, and the browser has nothing to complain of."""
import html
import json
import os
import re
import shutil
import subprocess

import lab
from lab import FFREPLAY, HOUR, SCRATCH, canary, equal, finish, ok, project, requests, skip, write
from page import Page
from browser_probe import PROBE

CHROMIUM = shutil.which("chromium")
if not CHROMIUM:
    skip("reports_in_a_browser", "chromium is not installed")
    finish()

BLOCK = """\
stages:
  - {name: first, percent: 5%, hold: 30m, min_samples: 100}
  - {name: a-stage-with-a-long-name, percent: 20%, hold: 1h, min_samples: 100}
  - {name: half, percent: 50%, hold: 1h}
  - {name: full, percent: 100%}
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: error_rate, max_increase: 50%, action: rollback}
  - {metric: latency_p95, max_increase: 20%, action: rollback}
advance_when:
  - {metric: success_rate, min: 97%, confidence: 95%}
state: running
stage: a-stage-with-a-long-name
since: 2026-11-20T10:00:00Z
"""
LONG = "a/path/that/goes/on/and/on/" * 8
directory = project("canary", canary(BLOCK, more="description: " + json.dumps(LONG)))
log = write("bad.ndjson", requests(3000, canary_errors=0.2, length=HOUR))
path = os.path.join(SCRATCH, "report.html")
subprocess.run([FFREPLAY, "report", "--all", log, "-C", directory, "-e", "production", "-o", path], check=True,
               capture_output=True)

# An experiment of ten arms, whose names are longer than a phone is wide.
ARMS = [f"variant-{i}-whose-name-somebody-made-up-in-a-hurry" for i in range(10)]
EXPERIMENT = f"""\
project: {{name: lab, environments: [production], bucket_by: user_id}}
attributes: {{user_id: string}}
logs:
  exposures: {{format: ndjson, time: t, unit: user_id, flag: flag, variant: variant}}
  outcomes: {{format: ndjson, time: t, unit: user_id}}
metrics:
  bought: {{kind: proportion, of: {{event: buy}}, per: unit, log: outcomes}}
  spent_in_all_shops_including_those_abroad_and_refunds: {{kind: mean, value: amount, per: unit, log: outcomes}}
flags:
  button:
    owner: lab
    type: string
    variants: {{{", ".join(f"{arm}: {arm}" for arm in ARMS)}}}
    default: {ARMS[0]}
    experiment:
      split: {{{", ".join(f"{arm}: 10%" for arm in ARMS)}}}
      control: {ARMS[0]}
      primary: bought
      metrics: [spent_in_all_shops_including_those_abroad_and_refunds]
      state: running
"""
shop = os.path.join(SCRATCH, "shop")
os.makedirs(shop)
with open(os.path.join(shop, "flags.yaml"), "w") as file:
    file.write(EXPERIMENT)
START = 1795165200
exposed = [{"t": START + 40 * i, "user_id": f"u{i}", "flag": "button", "variant": ARMS[i % 10]} for i in range(3000)]
came = [{"t": START + 40 * i + 5, "user_id": f"u{i}", "event": "buy" if i % 7 < 2 else "see", "amount": i % 13}
        for i in range(3000)]
arms_path = os.path.join(SCRATCH, "arms.html")
subprocess.run([FFREPLAY, "report", "button", "exposures=" + write("exposed.ndjson", exposed),
                "outcomes=" + write("came.ndjson", came), "-C", shop, "-e", "production", "-o", arms_path], check=True,
               capture_output=True)


# Without a line; with one; with a day.
bare = {}
for name, lines in (("no_data", []), ("one_line", requests(1)), ("a_day", requests(400, length=24 * HOUR))):
    bare[name] = os.path.join(SCRATCH, f"{name}.html")
    subprocess.run([FFREPLAY, "report", "canary.checkout", write(f"{name}.ndjson", lines), "-C", directory, "-e", "production",
                    "-o", bare[name], "--now", "2026-11-21T10:00:00Z"], check=True, capture_output=True)
for name, share in (("an_experiment_of_one_unit", 1 / 3000), ("an_experiment_of_a_day", 0.6)):
    bare[name] = os.path.join(SCRATCH, f"{name}.html")
    some = int(3000 * share)
    subprocess.run([FFREPLAY, "report", "button", "exposures=" + write(f"{name}-e.ndjson", exposed[:some]),
                    "outcomes=" + write(f"{name}-o.ndjson", came[:some]), "-C", shop, "-e", "production", "-o",
                    bare[name]], check=True, capture_output=True)


def browse(path, width, *options, repaint=()):
    """What the page itself measures. The probe is added to a copy, with its hash in the policy, so that what a
    browser refuses would still be refused."""
    text, style = Page(path).text, Page(path).inline("style")[0]
    for old, new in repaint:
        assert old in style
        text = text.replace(Page.hash_of(style)[1:-1], Page.hash_of(style.replace(old, new))[1:-1]).replace(old, new)
        style = style.replace(old, new)
    policy = f"script-src {html.escape(Page.hash_of(PROBE), quote=True).replace('&#x27;', '&#39;')} "
    text = text.replace("script-src ", policy, 1)
    text = text.replace("</main>", "</main><script>" + PROBE + "</script>", 1)
    # A frame is as narrow as a phone; a window of Chromium is not.
    probed = os.path.join(SCRATCH, f"probe-{width}.html")
    with open(probed, "w") as file:
        file.write(text)
    frame = os.path.join(SCRATCH, f"frame-{width}.html")
    with open(frame, "w") as file:
        file.write(f"<!doctype html><body style='margin:0'><iframe width={width} height=3000 "
                   f"style='border:0' src='probe-{width}.html'></iframe>"
                   "<script>addEventListener('message', event => {"
                   "document.body.setAttribute('data-found', event.data)})</script>")
    done = subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
                           "--virtual-time-budget=3000", f"--user-data-dir={SCRATCH}/profile",
                           "--window-size=1400,3000", *options, "--dump-dom", f"file://{frame}"],
                          capture_output=True, text=True, timeout=240)
    found = re.search(r'data-found="([^"]*)"', done.stdout)
    messages = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return (json.loads(html.unescape(found[1])) if found else None), messages


# The test itself: a colour that is too faint is found, in texts and in what is drawn.
for name, old, new, what in (("a_text", "--dim:#56606b", "--dim:#8d96a0", "words of t"),
                             ("a_line", "--v1:#a84c06", "--v1:#e0a070", "path of v,v1")):
    found, messages = browse(path, 1280, repaint=[(old, new)])
    ok(found and not messages and any(what in fault for fault in found["faint"]), f"{name}_that_is_too_faint_is_found",
       messages, found and found["faint"][:5])

DARK = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"]
PAGES = [(path, 1280, "desk", []), (path, 390, "phone", []), (path, 390, "dark_phone", DARK),
         (path, 1280, "dark_desk", DARK), (arms_path, 1280, "desk_with_ten_arms", []),
         (arms_path, 390, "phone_with_ten_arms", []), (arms_path, 1280, "dark_desk_with_ten_arms", DARK)]
for page, width, name, options in PAGES:
    found, messages = browse(page, width, *options)
    if not found:
        ok(False, f"{name}: the page was measured")
        continue
    equal(messages, [], f"on_a_{name}_there_is_nothing_in_the_console")
    equal(found["width"], width, f"on_a_{name}_the_page_is_as_wide_as_the_window")
    ok(found["scroll"] <= width, f"on_a_{name}_nothing_is_wider", found)
    equal(found["faint"], [], f"on_a_{name}_all_that_is_said_stands_out")
    ok(found["texts"] > 300 and found["shapes"] > 100, f"on_a_{name}_contrast_was_computed", found["texts"], found["shapes"])
    equal(found["small"], [], f"on_a_{name}_no_text_is_under_11_pixels")
    equal(found["hidden_words"], 0, f"on_a_{name}_charts_have_one_form")
    ok(found["charts"] > 5, f"on_a_{name}_charts_are_seen", found)
    equal(found["overlap"], [], f"on_a_{name}_no_words_of_a_chart_lie_over_each_other")
    equal(found["outside"], [], f"on_a_{name}_no_words_leave_their_chart")
    ok(found["focused"] and found["readout"] and found["moved"] != found["readout"],
       f"on_a_{name}_the_keyboard_gives_numbers", found)
    equal(found["dark"], name.startswith("dark"), f"on_a_{name}_colours_are_those_asked_for")

for name, page in bare.items():
    for width in (1280, 390):
        found, messages = browse(page, width)
        if not found:
            ok(False, f"{name}: the page was measured", messages)
            continue
        equal((messages, found["faint"], found["small"], found["overlap"], found["outside"], found["hidden_words"]),
              ([], [], [], [], [], 0), f"{name}_at_{width}_has_no_fault")
        ok(found["scroll"] <= width, f"{name}_at_{width}_is_no_wider")
    words = " ".join(Page(page).root.itertext())
    ok(not re.search(r"\.:|\.\.|: \.|\(-\)| - \(", words), f"{name}_has_whole_sentences",
       re.findall(r".{30}(?:\.:|\.\.|\(-\)).{20}", words)[:3])

finish()
