#!/usr/bin/python3
"""Computes the constants of tests/unit/statistics_constants.h again, with scipy and R, and compares.

Nothing here shares code with ffreplay: what scipy and R have is asked of them, what they have not is
written out the slow way. `--write` prints the header instead. Where scipy or R is not installed, the
constants that need it are skipped, saying so."""

import math
import os
import re
import subprocess
import sys

HEADER = os.path.join(os.path.dirname(__file__), "../unit/statistics_constants.h")
TOLERANCE = 1e-10

try:
    import numpy as np
    import scipy.integrate
    import scipy.optimize
    import scipy.special
    import scipy.stats as st
except ImportError:
    st = None

constants = {}


def put(name, value):
    constants[name] = float(value)


# ------------------------------------------------------------------------------------------ data --

# Requests and errors of ten users.
REQUESTS = [12, 3, 40, 7, 7, 1, 19, 22, 5, 64]
ERRORS = [2, 0, 9, 1, 0, 1, 3, 7, 0, 22]


# --------------------------------------------------------------------------------- with scipy --


def student_upper(t, degrees):
    """By the incomplete beta function; of scipy's own, large degrees have ten digits."""
    if degrees > 1e5:
        density = lambda x: math.exp(-(degrees + 1) / 2 * math.log1p(x * x / degrees))
        whole, tail = (scipy.integrate.quad(density, start, start + 40, epsabs=0, epsrel=1e-13, limit=500)[0]
                       for start in (0, t))
        return tail / (2 * whole)
    return scipy.special.betainc(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2


def distributions():
    put("NORMAL_QUANTILE_975", st.norm.ppf(0.975))
    put("NORMAL_QUANTILE_2", st.norm.ppf(0.2))
    put("NORMAL_QUANTILE_1E_MINUS_10", st.norm.ppf(1e-10))
    put("NORMAL_QUANTILE_1E_MINUS_300", st.norm.ppf(1e-300))
    put("STUDENT_UPPER_2_AT_10", student_upper(2, 10))
    put("STUDENT_UPPER_4_2_AT_388_3", student_upper(4.19747272583788, 388.343676732194))
    put("STUDENT_UPPER_40_AT_3_3", student_upper(40, 3.3))
    put("STUDENT_UPPER_2_AT_1E7", student_upper(2, 1e7))
    put("STUDENT_QUANTILE_975_AT_388_3", st.t.ppf(0.975, 388.343676732194))
    put("CHI_SQUARE_UPPER_40_AT_3", st.chi2.sf(40, 3))
    put("CHI_SQUARE_UPPER_2000_AT_1000", st.chi2.sf(2000, 1000))
    put("CHI_SQUARE_QUANTILE_05_AT_63", st.chi2.ppf(0.05, 63))


def ratio():
    e, r = np.array(ERRORS, float), np.array(REQUESTS, float)
    value = e.mean() / r.mean()
    put("RATIO_VALUE", value)
    # The delta method is the variance of what is left of the numerator.
    variance = np.var(e - value * r, ddof=1) / r.mean() ** 2
    put("RATIO_VARIANCE", variance)
    put("RATIO_EFFECT", variance / len(e) / (value * (1 - value) / r.sum()))
    put("RATIO_THIRD_MOMENT", np.mean((e - value * r) ** 3))
    put("OTHER_THIRD_MOMENT", np.mean((e - 0.375 * r) ** 3))


def grouped():
    """Two arms of forty groups: what each is off its arm's share, of what independent events would be."""
    variation, requests = 0, 0
    for step in (3, 5):
        n = np.array([20 + 7 * i % 31 for i in range(40)], float)
        events = np.array([(step * i * i + 5 * i) % 13 for i in range(40)], float)
        share = events.sum() / n.sum()
        expected = sum(m * share * (1 - share) * (1 - m / n.sum()) for m in n)
        variation += sum((events - share * n) ** 2) / expected * n.sum()
        requests += n.sum()
    put("GROUPED_EFFECT", variation / requests * 78 / st.chi2.ppf(0.05, 78))


def chi_squares():
    for name, seen, weights in (("TWO", [44700, 45489], [1, 1]), ("UNEVEN", [9463, 7681], [1, 1]),
                                ("THREE", [166080, 171180, 166300], [1, 1, 1]),
                                ("WEIGHTED", [510, 9490], [5, 95])):
        expected = [sum(seen) * w / sum(weights) for w in weights]
        chi = st.chisquare(seen, expected)
        put(f"SAMPLE_RATIO_{name}", chi.statistic)
        put(f"SAMPLE_RATIO_{name}_P", chi.pvalue)


def sizes():
    """Of two-sided tests by Student's t, which do not count a difference in the wrong direction."""
    def size(share, alpha, power, difference):
        def off(n):
            shift = difference * math.sqrt(n * share * (1 - share))
            return st.nct.sf(st.t.ppf(1 - alpha / 2, n - 2), n - 2, shift) - power
        about = ((st.norm.ppf(1 - alpha / 2) + st.norm.ppf(power)) / difference) ** 2 / (share * (1 - share))
        return scipy.optimize.brentq(off, max(2.5, about / 2), 2 * about + 100, xtol=1e-9)

    put("SIZE_EVEN", size(0.5, 0.05, 0.8, 0.2) / 2)
    put("SIZE_AT_10_PERCENT", size(0.1, 0.05, 0.8, 0.2))
    put("SIZE_OF_LITTLE", size(0.5, 0.05, 0.8, 0.01))
    put("SIZE_OF_MUCH", size(0.2, 0.001, 0.95, 0.7))
    put("SIZE_OF_TWO", size(0.5, 0.05, 0.8, 2))


# ------------------------------------------------------------------ what scipy and R do not have --


def asymptotic():
    def multiplier(n, alpha, tuned):
        rho2 = (-2 * math.log(2 * alpha) + math.log(-2 * math.log(2 * alpha) + 1)) / tuned
        return math.sqrt(n) * math.sqrt(2 * (n * rho2 + 1) / (n * n * rho2)
                                        * math.log(1 + math.sqrt(n * rho2 + 1) / (2 * alpha)))

    for n in (100, 1000, 6461, 10000, 100000, 1000000):
        put(f"MULTIPLIER_{n}", multiplier(n, 0.05, 5000))


def mixture():
    effects = [1 + 2.0 ** j for j in range(-10, 5)]
    raw = [1 / (1 + ((j - 0.5) / 1.5) ** 2) for j in range(-10, 5)]
    return effects, [w / sum(raw) for w in raw]


def log_sum(terms):
    top = max(terms)
    return top + math.log(math.fsum(math.exp(t - top) for t in terms))


def betting(strata, above, ratio, difference):
    """One request after the other would do; per request of a kind, the stake's factor to the power."""
    terms = []
    for center, share_of_bets in ((0, 0.8), (0.5, 0.1), (1, 0.1)):
        for k, weight in zip(*mixture()):
            log = math.log(weight * share_of_bets)
            for x, n, y, m in strata:
                w = n / (n + m)
                up = k if above else 1 / k
                if center == 0:
                    stake = (up - 1) * (1 - w) / (up * ratio * w + 1 - w)
                elif center == 1:
                    stake = (up - 1) * (1 - w) / (w + up * (1 - w))
                else:
                    stake = (1 if above else -1) * 1.5 * (1 - w) * (1 - 1 / k)
                counter = stake * ratio * w / (1 - w)
                target = ratio * center + difference
                for count, factor in ((x, 1 + stake * (1 - target)), (n - x, 1 - stake * target),
                                      (y, 1 - counter * (1 - center)), (m - y, 1 + counter * center)):
                    if count:
                        log += count * math.log(factor) if factor > 0 else -math.inf
            terms.append(log)
    return log_sum(terms)


def root(function, low, high):
    return scipy.optimize.brentq(function, low, high, xtol=1e-14, rtol=1e-14)


def processes():
    rare = [(15, 2500, 95, 47500)]
    put("RARE_LOG_E", betting(rare, True, 1, 0))
    put("RARE_LOG_E_BELOW", betting(rare, False, 1, 0))
    put("RARE_LOG_E_MARGIN", betting(rare, True, 1.5, 0))
    put("RARE_LOG_E_POINTS", betting(rare, True, 1, 0.001))
    common = [(780, 1000, 7400, 9000), (1500, 2000, 6300, 8000)]
    put("COMMON_LOG_E", betting(common, False, 1, 0))
    threshold = math.log(20)
    put("RARE_RATIO_LOWER", root(lambda r: betting(rare, True, r, 0) - threshold, 0.1, 3) - 1)
    put("RARE_RATIO_UPPER", root(lambda r: betting(rare, False, r, 0) - threshold, 3, 30) - 1)
    put("RARE_POINTS_LOWER", root(lambda d: betting(rare, True, 1, d) - threshold, -0.01, 0.004))
    put("RARE_POINTS_UPPER", root(lambda d: betting(rare, False, 1, d) - threshold, 0.004, 0.1))
    put("COMMON_POINTS_UPPER", root(lambda d: betting(common, False, 1, d) - threshold, -0.04, 0.1))

    def alone(events, n, above, value):
        terms = []
        for k, weight in zip(*mixture()):
            odds = (k if above else 1 / k) * value / (1 - value)
            p = odds / (1 + odds)
            terms.append(math.log(weight) + events * math.log(p / value)
                         + (n - events) * math.log((1 - p) / (1 - value)))
        return log_sum(terms)

    put("ALONE_LOG_E", alone(30, 400, True, 0.05))
    put("ALONE_LOWER", root(lambda v: alone(30, 400, True, v) - threshold, 0.005, 0.075))
    put("ALONE_UPPER", root(lambda v: alone(30, 400, False, v) - threshold, 0.075, 0.3))

    for name, a, b in (("TWO", 44700, 45489), ("UNEVEN", 9463, 7681)):
        log_e = log_sum([alone(n, a + b, above, 0.5) for n in (a, b) for above in (True, False)])
        put(f"SAMPLE_RATIO_{name}_ANYTIME_P", min(1, 4 * math.exp(-log_e)))

    # The median of 1 to 1000, each once: the first places that are not rejected.
    put("MEDIAN_LOWER", max(v for v in range(1, 1001) if alone(v - 1, 1000, False, 0.5) >= threshold))
    put("MEDIAN_UPPER", min(v for v in range(1, 1001) if alone(v, 1000, True, 0.5) >= threshold))
    # P90 of the same against 20 of each of 1, 9, 17 … 833: the place that speaks least against it.
    def partly_kept(log_e):
        return log_sum([math.log(0.1), math.log(0.9) + log_e])

    put("QUANTILES_LOG_E", min(
        partly_kept(alone(min(v, 1000), 1000, False, 0.9))
        + partly_kept(alone(20 * sum(u < v for u in range(1, 840, 8)), 2100, True, 0.9))
        for v in range(0, 1200)))


def by_rates():
    terms = []
    for k, weight in zip(*mixture()):
        w = 100 / 1900
        terms.append(math.log(weight) + 40 * math.log(k / (k * w + 1 - w)) - 360 * math.log(k * w + 1 - w))
    put("RATES_LOG_E", log_sum(terms))


# ------------------------------------------------------------------------------------- with R --

R_CODE = """
options(digits = 15)
put <- function(name, value) cat(sprintf("%s %.15g\\n", name, value))
size <- function(alpha)
  power.prop.test(p1 = 0.05, p2 = 0.06, power = 0.8, sig.level = alpha, tol = 1e-14)$n
put("SIZE_OF_SHARES", size(0.05))
put("SIZE_OF_SHARES_OF_THREE", size(0.025))
"""


def with_r():
    try:
        out = subprocess.run(["Rscript", "--vanilla", "-e", R_CODE], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    for line in out.stdout.splitlines():
        name, value = line.split()
        put(name, value)
    return True


FROM_R = ("SIZE_OF_SHARES",)


def compute():
    if st:
        for part in (distributions, ratio, grouped, chi_squares, sizes, asymptotic, processes, by_rates):
            part()
    return with_r()


def write():
    print("/*\n * statistics_constants.h - what scipy and R compute, for statistics_checks.h. Made by\n"
          " * tests/statistics/test_constants.py --write, which also has the data.\n */\n"
          "#ifndef STATISTICS_CONSTANTS_H\n#define STATISTICS_CONSTANTS_H\n")
    for name, value in constants.items():
        print(f"#define {name} {value!r}")
    print("\n#endif")


def needs(name, has_r):
    """What would have computed the constant, and is not installed; None: nothing."""
    if name.startswith(FROM_R):
        return None if has_r else "R"
    return None if st else "scipy"


def check(has_r):
    with open(HEADER, encoding="utf-8") as header:
        written = dict(re.findall(r"^#define ([A-Z]\w+) +(\S+)$", header.read(), re.MULTILINE))
    lines, skipped = [], {}
    for name, text in written.items():
        if name not in constants:
            missing = needs(name, has_r)
            if missing:
                skipped[missing] = skipped.get(missing, 0) + 1
            else:
                lines.append(f"not ok - {name}: nothing computes it")
            continue
        value = float(text)
        if abs(constants[name] - value) <= TOLERANCE * abs(value):
            lines.append(f"ok - {name}")
        else:
            lines.append(f"not ok - {name}: written {text}, computed {constants[name]!r}")
    for name in constants.keys() - written.keys():
        lines.append(f"not ok - {name} is computed, but not in the header")
    for missing, count in skipped.items():
        lines.append(f"ok - {count} constants # SKIP {missing} is not installed")
    print("\n".join(lines))
    print(f"1..{len(lines)}")


if __name__ == "__main__":
    R_IS_THERE = compute()
    if "--write" in sys.argv:
        write()
    else:
        check(R_IS_THERE)
