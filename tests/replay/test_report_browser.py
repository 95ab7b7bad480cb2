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


def browse(path, width, *options):
    """What the page itself measures. The probe is added to a copy, with its hash in the policy, so that what a
    browser refuses would still be refused."""
    text = Page(path).text
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


DARK = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"]
PAGES = [(path, 1280, "desk", []), (path, 390, "phone", []), (path, 390, "dark_phone", DARK),
         (arms_path, 1280, "desk_with_ten_arms", []), (arms_path, 390, "phone_with_ten_arms", [])]
for page, width, name, options in PAGES:
    found, messages = browse(page, width, *options)
    if not found:
        ok(False, f"{name}: the page was measured")
        continue
    equal(messages, [], f"on_a_{name}_there_is_nothing_in_the_console")
    equal(found["width"], width, f"on_a_{name}_the_page_is_as_wide_as_the_window")
    ok(found["scroll"] <= width, f"on_a_{name}_nothing_is_wider", found)
    equal(found["small"], [], f"on_a_{name}_no_text_is_under_11_pixels")
    equal(found["hidden_words"], 0, f"on_a_{name}_charts_have_one_form")
    ok(found["charts"] > 5, f"on_a_{name}_charts_are_seen", found)
    equal(found["overlap"], [], f"on_a_{name}_no_words_of_a_chart_lie_over_each_other")
    equal(found["outside"], [], f"on_a_{name}_no_words_leave_their_chart")
    ok(found["focused"] and found["readout"] and found["moved"] != found["readout"],
       f"on_a_{name}_the_keyboard_gives_numbers", found)
    equal(found["dark"], name.startswith("dark"), f"on_a_{name}_colours_are_those_asked_for")

finish()
