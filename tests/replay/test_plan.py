#!/usr/bin/env python3
"""`ffreplay plan`: what it foresees is what comes. Sound canaries are settled when it says, an effect that
it says is found, is found; and what cannot be foreseen is said to be so."""
import random
import subprocess

import lab
from golden import golden
from lab import FFREPLAY, HOUR, START, Result, canary, decide, equal, exposed, finish, ok, project, write

BLOCK = """\
stages: [{name: first, percent: 20%, hold: 1h}, {name: half, percent: 50%, hold: 1h}, {name: full, percent: 100%}]
guards:
  - {metric: error_rate, max: 9%, action: alert}
  - {metric: error_rate, max: 5%, over: 1m, min_samples: 100, action: rollback}
  - {metric: error_rate, max_increase: {abs: 2%}, action: rollback}
advance_when:
  - {metric: latency_mean, max_increase: 10%, min_samples: 50}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
BASE = lab.PROJECT.replace("    id: request\n", "")


def plan(directory, *arguments, flag="canary.checkout"):
    command = [FFREPLAY, "plan", flag, "-C", directory, "-e", "production", *arguments]
    return Result(subprocess.run(command, capture_output=True))


def lines(count, seed, errors=0.03, canary_errors=0.03, length=HOUR, salt="canary.checkout"):
    """Every line is another user's, so that nothing is clustered."""
    rng = random.Random(seed)
    for i in range(count):
        user = f"u{seed}-{i}"
        rate = canary_errors if exposed(user, salt, 20) else errors
        yield ('{"ts":%d,"user_id":"%s","status":%d,"request_time":%.6f}' %
               (START + length * i // count, user, 503 if rng.random() < rate else 200,
                0.1 * (0.5 + rng.random())))


directory = project("plan", canary(BLOCK), base=BASE)
log = write("plan.ndjson", lines(20000, 0))
result = plan(directory, log, "--json")
ok(result.status == 0 and not result.err, "it_is_planned", result.err)
golden("plan", "txt", plan(directory, log).out)
golden("plan", "json", result.out)
page = result.json
equal([stage["name"] for stage in page["stages"]], ["first", "half", "full"], "every_stage")
equal(round(page["lines_per_second"], 3), round(20000 / 3600, 3), "the_traffic_of_the_log")
first = page["stages"][0]
guard, window, increase, mean = first["criteria"]
equal((guard["samples"], guard["seconds"]), (0, 0), "an_estimate_without_min_samples_waits_for_nothing")
ok(window["never"] and "1m has about 66 of the 100 samples" in window["note"] and first["never"],
   "a_window_that_never_has_enough", window)
equal([len(stage["criteria"]) for stage in page["stages"]], [4, 4, 2], "nobody_is_left_to_compare_with")

# --------------------------------------------------------------- what is foreseen, is what comes

ROUNDS = 40


def verdicts(count, canary_errors=0.03, metric=2):
    found = []
    for seed in range(1, ROUNDS + 1):
        path = write("seen.ndjson", lines(count, seed, canary_errors=canary_errors))
        found.append(decide(directory, path, "--json").json["criteria"][metric]["verdict"])
    return found


def lines_for(samples):
    return int(samples / 0.2)


settled = verdicts(lines_for(increase["samples"])).count("PASS")
early = verdicts(lines_for(increase["samples"] / 3)).count("PASS")
ok(settled >= 0.65 * ROUNDS and early <= 0.6 * settled, "four_of_five_are_settled_when_it_says",
   f"{settled} of {ROUNDS} at {increase['samples']} samples, {early} at a third")
in_an_hour = 20000
found = verdicts(in_an_hour, 0.03 + increase["effect"]).count("HARM")
less = verdicts(in_an_hour, 0.02 + 0.03 + (increase["effect"] - 0.02) / 4).count("HARM")
ok(found >= 0.65 * ROUNDS and less <= 0.5 * found, "four_of_five_such_effects_are_found_in_the_hold",
   f"{found} of {ROUNDS} at +{increase['effect']}, {less} at a quarter of what is beyond the margin")
of_means = verdicts(lines_for(mean["samples"]), metric=3).count("PASS")
ok(of_means >= 0.65 * ROUNDS, "so_are_means", f"{of_means} of {ROUNDS} at {mean['samples']} samples")

more = plan(directory, log, "--json", "--power", "95%").json["stages"][0]["criteria"][2]
ok(more["samples"] > increase["samples"] and more["effect"] > increase["effect"], "more_power_takes_more")
faster = plan(directory, log, "--json", "--traffic", "100/s").json["stages"][0]["criteria"][2]
ok(abs(faster["seconds"] * 100 - increase["seconds"] * 20000 / 3600) < 0.05 * faster["seconds"] * 100 and
   abs(faster["samples"] - increase["samples"]) < 0.05 * increase["samples"] and
   faster["effect"] < increase["effect"], "more_traffic_takes_less_time", faster, increase)
given = plan(directory, "--json", "--traffic", "5.5555/s", "--baseline", "error_rate=3%").json["stages"][0]
ok(abs(given["criteria"][2]["samples"] / increase["samples"] - 1) < 0.1, "a_baseline_says_what_a_log_says",
   given["criteria"][2], increase)
equal(given["criteria"][3]["note"], "not known: give a log, or its baseline", "what_was_not_given_is_not_known")
ok(given["at_least"], "and_may_take_longer")
shuffled = list(lines(20000, 0))
random.Random(3).shuffle(shuffled)
equal(plan(directory, write("shuffled.ndjson", shuffled), "--json").out, result.out, "in_any_order")
held = project("held", canary(BLOCK.replace("advance_when:", "max_hold: 30m\non_timeout: pause\nadvance_when:")), base=BASE)
ok(any("max_hold of 30m ends sooner: on_timeout is pause" in note
       for note in plan(held, log, "--json").json["stages"][0]["notes"]), "a_stage_that_ends_before")

# ------------------------------------------------------------------------------------ experiments

TRIAL = """\
flags:
  button:
    owner: web
    kind: experiment
    experiment: {hypothesis: h, split: {on: 50%, off: 50%}, control: off, primary: PRIMARY, mde: 5%, state: running}
"""
share = project("share", TRIAL.replace("PRIMARY", "error_rate"), base=BASE)
known = plan(share, "--json", "--traffic", "30000/d", "--baseline", "error_rate=4%", "--method", "fixed", flag="button").json
# Two proportions, 0.04 and 0.038, two-sided 5 %, power 80 %: the bound by the pooled variance.
expected = 2 * (1.959964 * (2 * 0.039 * 0.961) ** 0.5 +
                0.841621 * (0.04 * 0.96 + 0.038 * 0.962) ** 0.5) ** 2 / 0.002 ** 2
ok(abs(known["units"] / expected - 1) < 2e-6 and known["days"] == -(-known["units"] // 30000),
   "the_size_of_a_trial_by_the_formula", known, expected)
golden("plan-trial", "txt", plan(share, "--traffic", "30000/d", "--baseline", "error_rate=4%", flag="button").out)
basket = project("basket", TRIAL.replace("PRIMARY", "wait_a_user"), base=BASE)
unknown = plan(basket, "--json", flag="button").json
ok(unknown["units"] is None and "give 'baseline'" in unknown["unknown"], "a_mean_needs_its_deviation", unknown)
known = plan(basket, "--json", "--baseline", "wait_a_user=30:22", "--power", "90%", "--method", "fixed", flag="button").json
expected = 4 * (1.959964 + 1.281552) ** 2 * 22 ** 2 / 1.5 ** 2
ok(abs(known["units"] / expected - 1) < 1e-3 and known["days"] is None, "of_a_mean", known, expected)

GIVEN = ["--traffic", "30000/d", "--baseline", "error_rate=4%"]
known = plan(share, "--json", *GIVEN, flag="button").json
for name, block, arguments in (("said_by_the_option", TRIAL.replace(", mde: 5%", ""), ["--mde", "5%"]),
                               ("said_in_the_definition", TRIAL, []),
                               ("said_in_both", TRIAL.replace("mde: 5%", "mde: 20%"), ["--mde", "5%"])):
    asked = project("mde", block.replace("PRIMARY", "error_rate"), base=BASE)
    equal(plan(asked, "--json", *GIVEN, *arguments, flag="button").json, known, f"an_effect_{name}")
aimless = project("aimless", TRIAL.replace("PRIMARY", "error_rate").replace(", mde: 5%", ""), base=BASE)
found = plan(aimless, "--json", *GIVEN, flag="button").json
ok(found["units"] is None and found["finds"] == known["finds"] and
   [each["days"] for each in found["finds"]] == [7, 14, 28], "without_one_it_says_what_weeks_find", found)
for each in found["finds"]:
    size = plan(aimless, "--json", *GIVEN, "--mde", f"{each['effect'] * 100:.3f}%", flag="button").json
    ok(abs(size["days"] - each["days"]) <= 1, f"which_takes_{each['days']}_days", size)
text = plan(aimless, *GIVEN, flag="button").out
ok("give --mde" in text and text.count("an effect of") == 3, "on_the_page_too", text)
text = plan(aimless, *GIVEN[2:], flag="button").out
ok("not known: give 'units_per_day', or --traffic" in text, "without_traffic_it_says_what_it_lacks", text)

# For the method that will be used. 5 to 6 %, power 80 %, both arms together: of R and rpact; and where the sequence's
# bound is as far as all but a fifth of estimates come.
for method, units in (("fixed", 16316), ("sequential", 33782), ("group_sequential", 16719), ("bayesian", 16316)):
    size = plan(share, "--json", "--baseline", "error_rate=6%", "--mde", "16.667%", "--method", method, flag="button").json
    ok(abs(size["units"] / units - 1) < 1e-3 and size["method"] == method and
       abs(size["units_at_a_fixed_end"] / 16316 - 1) < 1e-3, f"a_plan_for_{method}", size)
rare = plan(share, "--baseline", "error_rate=0.01%", "--mde", "90%", flag="button").out
ok("by the mixture e-process" in rare, "so_rare_that_counts_decide", rare)
whole = plan(share, "--json", *GIVEN, flag="button").json
GUARDED = TRIAL.replace("state: running", "state: running,\n      guards: [{metric: latency_mean, max_increase: 5%}, "
                        "{metric: slowest, max: 1000}]")
guarded = project("guarded", GUARDED.replace("PRIMARY", "error_rate"), base=BASE)
size = plan(guarded, "--json", *GIVEN, flag="button").json
ok(abs(size["power_of_primary"] - (1 - 0.2 / 3)) < 1e-12 and size["guards"] == 2 and size["units"] > 1.2 * whole["units"] and
   plan(guarded, "--json", *GIVEN, "--power", "93.333%", flag="button").json["units"] > size["units"],
   "guards_take_power", size, whole)
ok("2, shown to be kept as well" in plan(guarded, *GIVEN, flag="button").out, "and_the_page_says_so")

# ---------------------------------------------------------------------------------------- errors

for name, arguments, words in (
        ("no_flag", ["-e", "production"], "expected a flag"),
        ("no_environment", ["canary.checkout"], "expected an environment"),
        ("an_unknown_flag", ["canary.chekout", "-e", "production"], "did you mean 'canary.checkout'?"),
        ("a_bad_traffic", ["canary.checkout", "-e", "production", "--traffic", "many"], "--traffic is like 2000/s"),
        ("a_traffic_without_a_time", ["canary.checkout", "-e", "production", "--traffic", "50"], "--traffic is like"),
        ("a_bad_mde", ["button", "-e", "production", "--mde", "0%"], "--mde is a percentage above 0"),
        ("an_mde_for_a_canary", ["canary.checkout", "-e", "production", "--mde", "5%"], "--mde is of experiments"),
        ("a_bad_method", ["button", "-e", "production", "--method", "guess"], "--method is sequential, fixed"),
        ("a_method_for_a_canary", ["canary.checkout", "-e", "production", "--method", "fixed"], "--method is of experiments"),
        ("a_bad_power", ["canary.checkout", "-e", "production", "--power", "40%"], "above 50 and below 100"),
        ("a_bad_baseline", ["canary.checkout", "-e", "production", "--baseline", "error_rate"], "--baseline is like"),
        ("a_share_beyond_one", ["canary.checkout", "-e", "production", "--baseline", "error_rate=4"], "at most 100%"),
        ("an_unknown_metric", ["canary.checkout", "-e", "production", "--baseline", "errors=4%"], "no metric is called 'errors'")):
    done = Result(subprocess.run([FFREPLAY, "plan", *arguments, "-C", directory], capture_output=True))
    ok(done.status == 2 and words in done.err and not done.out, name, done.status, done.err)
ok("no log" in plan(share, log, flag="button").err, "a_trial_takes_no_log")
plain = project("plain", "flags:\n  search:\n    owner: web\n")
ok("neither a canary nor an experiment" in plan(plain, flag="search").err, "a_flag_with_nothing_to_plan")
finish()
