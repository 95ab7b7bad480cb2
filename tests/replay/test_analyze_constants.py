#!/usr/bin/env python3
"""`ffreplay analyze` against what scipy, statsmodels, gbstats and R compute over the same 600 units: each constant
whose method is here, from the JSON. Those that are not held are listed, with the reason."""
import json
import math
import os
import subprocess

import lab
from lab import FFREPLAY, Result, finish, ok, skip, write

START = 1_700_000_000
RESEARCH = os.path.join(os.path.dirname(__file__), "../../../shared/research")
TABLE, CONSTANTS = (os.path.join(RESEARCH, name) for name in ("statistics-data.tsv", "statistics-constants.tsv"))

DEFINITIONS = """\
project: {{name: lab, environments: [production], bucket_by: user_id}}
attributes: {{user_id: string, country: string}}
logs:
  exposures: {{format: ndjson, time: t, unit: user_id, flag: flag, variant: variant}}
  outcomes: {{format: ndjson, time: t, unit: user_id}}
metrics:
  post: {{kind: mean, value: post, per: unit, agg: sum, log: outcomes}}
  capped: {{kind: mean, value: post, per: unit, agg: sum, log: outcomes, winsorize: 99%}}
  ranked: {{kind: mean, value: post, per: unit, agg: sum, log: outcomes, method: mann_whitney}}
  sessions: {{kind: mean, value: sessions, per: unit, agg: sum, log: outcomes}}
  clicks: {{kind: mean, value: clicks, per: unit, agg: sum, log: outcomes}}
  converted: {{kind: mean, value: converted, per: unit, agg: sum, log: outcomes}}
  share: {{kind: proportion, of: {{converted: 1}}, per: unit, log: outcomes}}
  ctr: {{kind: ratio, numerator: clicks, denominator: sessions, log: outcomes}}
  p90: {{kind: quantile, q: 0.9, value: post, per: unit, agg: sum, log: outcomes}}
flags:
  plain: {{owner: lab, type: string, variants: {{control: control, b: b, c: c}}, default: control}}
  button:
    owner: lab
    type: string
    variants: {{control: control, b: b, c: c}}
    default: control
    experiment:
      split: {split}
      control: control
      primary: post
      state: running
{keys}"""


def project(name, keys, split):
    directory = os.path.join(lab.SCRATCH, name)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "flags.yaml"), "w", encoding="utf-8") as file:
        file.write(DEFINITIONS.format(split=split, keys="".join(f"      {row}\n" for row in keys.splitlines())))
    return directory


def analyze(directory, *arguments, flag="button"):
    result = Result(subprocess.run([FFREPLAY, "analyze", flag, "-C", directory, "-e", "production", "--json", *arguments],
                                   capture_output=True))
    ok(result.status == 0, "analyzed", result.err)
    return result.json


if not os.path.exists(CONSTANTS):
    skip("constants_of_others", "the data are not here")
    finish()

with open(CONSTANTS, encoding="utf-8") as file:
    rows = [row.rstrip("\n").split("\t") for row in file][1:]
known = {row[0]: float(row[1]) for row in rows}
held = set()


def hold(name, value, tolerance=1e-9):
    if name not in known:
        return
    held.add(name)
    wanted = known[name]
    ok(value is not None and abs(value - wanted) <= tolerance * max(1, abs(wanted)), f"constant_{name}",
       f"{value} is not {wanted}")


with open(TABLE, encoding="utf-8") as file:
    head, *lines = [row.rstrip("\n").split("\t") for row in file]
data = [dict(zip(head, row)) for row in lines]


def logs(name, arms):
    exposed, measured = [], []
    for unit in data:
        if unit["arm"] not in arms:
            continue
        user = unit["unit"]
        for flag in "button", "plain":
            exposed.append(json.dumps({"t": START, "user_id": user, "flag": flag, "variant": unit["arm"],
                                       "country": unit["country"]}))
        measured.append(json.dumps({"t": START - 9, "user_id": user, "post": float(unit["pre"])}))
        measured.append(json.dumps({"t": START + 9, "user_id": user, "post": float(unit["post"]),
                                    "sessions": int(unit["sessions"]), "clicks": int(unit["clicks"]),
                                    "converted": int(unit["converted"])}))
    return [f"exposures={write(name + '-e.ndjson', exposed)}", f"outcomes={write(name + '-o.ndjson', measured)}"]


THREE = "{control: 50%, b: 33.333%, c: 16.667%}"
TWO = "{control: 60%, b: 40%}"
three, two = logs("three", ("control", "b", "c")), logs("two", ("control", "b"))


def of(found, name, variant="b"):
    metric = next(metric for metric in found["metrics"] if metric["name"] == name)
    return next(entry for entry in metric["variants"] if entry["name"] == variant)


def metrics(*names):
    return [argument for name in names for argument in ("-m", name)]


fixed = analyze(project("fixed", "method: fixed", THREE), *three,
                *metrics("post", "share", "ctr", "p90", "ranked"))
post, share, ctr = of(fixed, "post"), of(fixed, "share"), of(fixed, "ctr")
hold("welch_post_t", post["difference"] / post["difference_error"])
hold("r_welch_t", post["difference"] / post["difference_error"])
hold("r_welch_df", post["degrees"])
hold("r_welch_ci_1", post["difference_interval"][0])
hold("r_welch_ci_2", post["difference_interval"][1])
hold("conv_ratio_score_lower", 1 + share["relative_interval"][0])
hold("conv_ratio_score_upper", 1 + share["relative_interval"][1])
hold("r_ratio_control_1", next(m for m in fixed["metrics"] if m["name"] == "ctr")["control"]["value"])
hold("r_ratio_b_1", ctr["value"])
hold("r_ratio_b_2", ctr["variance"] / ctr["n"])
hold("r_ratio_diff_se", ctr["difference_error"])
p90 = of(fixed, "p90")
hold("p90_control_quantile_hat", next(m for m in fixed["metrics"] if m["name"] == "p90")["control"]["value"])
for change, key in ("absolute", "difference"), ("relative", "relative"):
    hold(f"p90_{change}_lift", p90[key])
    hold(f"p90_{change}_se", p90[key + "_error"])
    hold(f"p90_{change}_lower", p90[key + "_interval"][0])
    hold(f"p90_{change}_upper", p90[key + "_interval"][1])
ok(abs(p90["difference_error"] - 0.685015413652) < 1e-11, "the_error_of_a_quantile", p90["difference_error"])
ranked = of(fixed, "ranked")
hold("mw_post_U", ranked["superiority"] * 200 * 300)
hold("r_wilcox_W", ranked["superiority"] * 200 * 300)
hold("hl_post_exact_median", ranked["difference"])
# R looks for these roots to 1e-4, and stops beside the step that is exact.
hold("r_wilcox_hl", ranked["difference"], 1e-4)
hold("r_wilcox_ci_1", ranked["difference_interval"][0], 1e-4)

for method, short in ("fixed", "fixed"), ("sequential", "seq"):
    for cuped, name, prefix in ((), "post", "mean"), (("--cuped",), "post", "cuped"), ((), "ctr", "ratio"):
        effect = of(analyze(project(method, f"method: {method}", THREE), *three, *metrics("post", "ctr"), *cuped), name)
        for change, key in ("absolute", "difference"), ("relative", "relative"):
            hold(f"{prefix}_{change}_{short}_lift", effect[key])
            hold(f"{prefix}_{change}_{short}_se", effect[key + "_error"])
            hold(f"{prefix}_{change}_{short}_lower", effect[key + "_interval"][0])
            hold(f"{prefix}_{change}_{short}_upper", effect[key + "_interval"][1])
        hold(f"{prefix}_absolute_{short}_p", effect["p"])
        if method == "sequential" and prefix == "mean":
            hold("acs_abs_lower", effect["difference_interval"][0])
            hold("acs_abs_p", effect["p"])
        if prefix == "cuped":
            hold("cuped_theta", effect["slope"])
# One-sided at 5 % is two-sided at 10 %.
hold("r_noninf_mean_lower", of(analyze(project("onesided", "method: fixed\nalpha: 0.1", THREE), *three), "post")
     ["difference_interval"][0])

guarded = analyze(project("guarded", "method: fixed\nguards:\n  - {metric: clicks, max_decrease: 10%}\n"
                          "  - {metric: capped, max_decrease: {abs: 0.1}}\n"
                          "  - {metric: share, max_decrease: {abs: 5%}}", TWO), *two)
# statsmodels 0.13 gives 0.106056 and 0.025323 for these: not at the shares that are likeliest. By hand, over a grid
# that closes in on them:
def score(delta):
    events, units = (54, 73), (200, 300)
    low, high = max(0, -delta), min(1, 1 - delta)

    def slope(q):
        return sum(k / max(p, 1e-300) - (n - k) / max(1 - p, 1e-300) for k, n, p in zip(events, units, (q + delta, q)))
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    shares = (low + delta, low)
    variance = sum(p * (1 - p) / n for p, n in zip(shares, units)) * 500 / 499
    return (54 / 200 - 73 / 300 - delta) / math.sqrt(variance)


p_within = 0.5 * math.erfc(score(-0.05) / math.sqrt(2))
ok(abs(of(guarded, "share")["p_within"] - p_within) < 1e-12, "a_margin_of_shares", of(guarded, "share")["p_within"], p_within)
ok(abs(score(share["difference_interval"][1]) + 1.959963984540054) < 1e-9, "a_bound_of_shares", share["difference_interval"])
noninferior = analyze(project("noninferior", "method: fixed\nguards: [{metric: post, max_decrease: {abs: 0.1}}]", TWO),
                      *two)
hold("noninf_post_margin_-0.1_p", noninferior["metrics"][-1]["variants"][0]["p_within"])

# Of the arms that are compared: the constant is that of two.
winsorized = analyze(project("two", "method: fixed", TWO), *two, *metrics("capped"))
capped = of(winsorized, "capped")
ok(abs(winsorized["metrics"][0]["winsorized"]["cap"] - 11.772) < 1e-12, "the_cap_of_all_arms", winsorized["metrics"][0])
hold("winsor_welch_t", capped["difference"] / capped["difference_error"])
hold("winsor_welch_p", capped["p"])

# A flag that is no experiment: all metrics are alike, and adjusted together.
names = ("post", "sessions", "clicks", "converted")
every = analyze(project("fixed", "method: fixed", THREE), *three, "--control", "control", "--method", "fixed", flag="plain")
for number, (name, variant) in enumerate((name, variant) for variant in ("b", "c") for name in names):
    hold(f"p{number}", of(every, name, variant)["p"])
only = analyze(project("fixed", "method: fixed\nmetrics: [post, sessions, clicks, converted]", THREE),
               *three, *metrics("share", *names))
for number, (name, variant) in enumerate((name, variant) for variant in ("b", "c") for name in names):
    adjusted = of(only, name, variant)["p_adjusted"]
    hold(f"adj_fdr_bh_{number}", adjusted)
    hold(f"r_bh_{number + 1}", adjusted)

for prior, prefix in ("0.3", "bayes_n0_0.3"), ("flat", "bayes_flat"):
    believed = of(analyze(project("bayesian", "method: bayesian", THREE), *three, *metrics("post"), "--prior", prior), "post")
    lower, upper = believed["relative_interval"]
    hold(f"{prefix}_lower", lower)
    hold(f"{prefix}_upper", upper)
    hold(f"{prefix}_mean", (lower + upper) / 2)
    hold(f"{prefix}_sd", (upper - lower) / 2 / 1.959963984540054)
    hold(f"{prefix}_chance_to_win", believed["chance_to_be_better"])
    hold(f"{prefix}_risk_treatment", believed["expected_loss"])
    hold(f"{prefix}_risk_control", believed["expected_loss_of_control"])

for method, name in ("fixed", "False"), ("sequential", "True"):
    planned = of(analyze(project("power", f"method: {method}\nmde: 10%\npower: 80%", TWO), *two), "post")
    hold(f"midpower_seq_{name}_power_now", planned["power_now"])
    hold(f"midpower_seq_{name}_scaling", planned["units_times_for_power"] - 1, 1e-3)

stratified = of(analyze(project("strata", "method: fixed\nstratify: country", TWO), *two), "post")
for change, key in ("absolute", "difference"), ("relative", "relative"):
    hold(f"poststrat_{change}_lift", stratified[key])
    hold(f"poststrat_{change}_se", stratified[key + "_error"])
    hold(f"poststrat_{change}_lower", stratified[key + "_interval"][0])
    hold(f"poststrat_{change}_upper", stratified[key + "_interval"][1])
hold("poststrat_absolute_p", stratified["p"])

broken = analyze(project("fixed", "method: fixed", THREE), *three, *metrics("post"), "--by", "country")
quality = broken["quality"]
hold("ssrm_log_bf_arms_a100", quality["sample_ratio"]["log_e"], 1e-4)  # shares are thousandths of a percent
hold("srm_arms_chi2", quality["sample_ratio"]["chi_square"], 1e-6)
hold("srm_by_country_p", quality["balance"][0]["p_fixed"])
hold("r_srm_country_p", quality["balance"][0]["p_fixed"])
ok(abs(quality["balance"][0]["chi_square"] - 2.8453195102) < 1e-9 and quality["balance"][0]["df"] == 4, "balance_by_country")
by = broken["breakdowns"][0]
interaction = next(test for test in by["interactions"] if test["variant"] == "b")
hold("heterogeneity_cochran_Q", interaction["q"])
hold("heterogeneity_p", interaction["p"])
for group in by["groups"]:
    effect = next(entry for entry in group["metrics"][0]["variants"] if entry["name"] == "b")
    hold(f"lift_abs_{group['value']}", effect["difference"])
    hold(f"lift_se_{group['value']}", effect["difference_error"])

# Sample ratios of given counts.
for name, counts in (("two", (44700, 45489)), ("uneven", (9463, 7681)), ("weighted", (510, 9490))):
    if f"ssrm_log_bf_{name}_a100" not in known:
        continue
    exposed = [json.dumps({"t": START, "user_id": f"{arm}{i}", "flag": "button", "variant": arm})
               for arm, count in zip(("control", "b", "c"), counts) for i in range(count)]
    split = "{control: 5%, b: 95%}" if name == "weighted" else "{control: 50%, b: 50%}"
    seen = analyze(project("ratio", "method: fixed", split), f"exposures={write('ratio.ndjson', exposed)}", two[1],
                   *metrics("share"))
    hold(f"ssrm_log_bf_{name}_a100", seen["quality"]["sample_ratio"]["log_e"])

for name in known:
    if name not in held:
        print(f"# not held here: {name}")
print(f"# {len(held)} of {len(known)} constants are held here")
finish()
