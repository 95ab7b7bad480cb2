#!/usr/bin/python3
"""Computes the constants of tests/unit/statistics_constants.h again, with scipy and R, and compares.

Nothing here shares code with ffreplay: what scipy and R have is asked of them, what they have not is
written out the slow way. `--write` prints the header instead. Where scipy, R or its package rpact are
not installed, the constants that need them are skipped, saying so."""

import math
import os
import re
import subprocess
import sys

HEADER = os.path.join(os.path.dirname(__file__), "../unit/statistics_constants.h")
TOLERANCE = 1e-10

try:
    import numpy as np
    import scipy.optimize
    import scipy.stats as st
except ImportError:
    st = None

constants = {}


def put(name, value):
    constants[name] = float(value)


# ------------------------------------------------------------------------------------------ data --

# Two samples of revenue a user, by n, sum and sum of squares, of an experiment platform's tests.
REVENUE_A = (3407, 1396.87, 52377.9767)
REVENUE_B = (3461, 2422.7, 134698.29)
# Cookie Cats, gate_30 and gate_40: n, sum and sum of squares of rounds played; players after a week.
COOKIES_A = (44700, 2344795, 3068811771)
COOKIES_B = (45489, 2333530, 605052202)
WEEK_A, WEEK_B = 8502, 8279

X = [1.1, 2.2, 2.2, 3.7, 5.0, 8.1]
Y = [0.9, 2.2, 2.5, 2.6, 3.1, 4.4, 4.4]
# No two values are the same, and the arms are too small for the normal distribution.
DISTINCT_X = [0.5 + 1.7 * i for i in range(11)]
DISTINCT_Y = [0.1 + 1.3 * i for i in range(14)]
# Many ties, and arms large enough for it.
TIED_X = sorted((i * i + 3) % 23 for i in range(60))
TIED_Y = sorted((i * i + 5 * i) % 19 for i in range(75))

P_VALUES = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269,
            0.275, 0.34, 0.341, 0.384, 0.569, 0.594, 0.696, 0.762, 0.94, 0.942, 0.975, 0.986]

# Requests and errors of ten users.
REQUESTS = [12, 3, 40, 7, 7, 1, 19, 22, 5, 64]
ERRORS = [2, 0, 9, 1, 0, 1, 3, 7, 0, 22]


def moments(sums):
    n, total, squares = sums
    return n, total / n, (squares - total * total / n) / (n - 1)


# --------------------------------------------------------------------------------- with scipy --


def distributions():
    put("NORMAL_UPPER_8", st.norm.sf(8))
    put("NORMAL_LOWER_MINUS_3", st.norm.cdf(-3))
    put("NORMAL_QUANTILE_1E_MINUS_10", st.norm.ppf(1e-10))
    put("STUDENT_UPPER_4_AT_7_5", st.t.sf(4, 7.5))
    put("STUDENT_QUANTILE_975_AT_55", st.t.ppf(0.975, 55.7))
    put("STUDENT_SHIFTED_UPPER", st.nct.sf(1.97, 300, 2.8))
    put("CHI_SQUARE_UPPER_40_AT_3", st.chi2.sf(40, 3))
    put("CHI_SQUARE_QUANTILE_05_AT_63", st.chi2.ppf(0.05, 63))
    put("BETA_QUANTILE_01", st.beta.ppf(0.01, 3, 998))


def welch(prefix, difference, a, b, degrees):
    error = math.sqrt(a + b)
    t = difference / error
    reach = st.t.ppf(0.975, degrees) * error
    put(prefix + "_ESTIMATE", difference)
    put(prefix + "_DEGREES", degrees)
    put(prefix + "_STATISTIC", t)
    put(prefix + "_P", 2 * st.t.sf(abs(t), degrees))
    put(prefix + "_LOWER", difference - reach)
    put(prefix + "_UPPER", difference + reach)


def means():
    na, ma, va = moments(REVENUE_A)
    nb, mb, vb = moments(REVENUE_B)
    a, b = va / na, vb / nb
    degrees = (a + b) ** 2 / (a * a / (na - 1) + b * b / (nb - 1))
    # scipy has the test itself: the formula is checked against it, too.
    whole = st.ttest_ind_from_stats(mb, vb ** 0.5, nb, ma, va ** 0.5, na, equal_var=False)
    assert abs(whole.statistic - (mb - ma) / math.sqrt(a + b)) < 1e-12
    welch("REVENUE", mb - ma, a, b, degrees)
    put("REVENUE_P", whole.pvalue)
    welch("REVENUE_RELATIVE", (mb - ma) / ma, b / ma ** 2, a * mb ** 2 / ma ** 4, degrees)

    na, ma, va = moments(COOKIES_A)
    nb, mb, vb = moments(COOKIES_B)
    rounds = st.ttest_ind_from_stats(mb, vb ** 0.5, nb, ma, va ** 0.5, na, equal_var=False)
    put("ROUNDS_STATISTIC", rounds.statistic)
    put("ROUNDS_P", rounds.pvalue)

    # 14 of 28 and 16 of 30, relative, with the variance of a proportion.
    p, q = 14 / 28, 16 / 30
    a, b = p * (1 - p) / 28, q * (1 - q) / 30
    degrees = (a + b) ** 2 / (a * a / 27 + b * b / 29)
    welch("SHARE_RELATIVE", (q - p) / p, b / p ** 2, a * q ** 2 / p ** 4, degrees)

    small = st.ttest_ind(X, Y, equal_var=False)
    put("SMALL_WELCH_P", small.pvalue)


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


def wilson(events, n):
    return st.binomtest(events, n).proportion_ci(method="wilson")


def proportions():
    n, m = COOKIES_A[0], COOKIES_B[0]
    p, q = WEEK_A / n, WEEK_B / m
    pooled = (WEEK_A + WEEK_B) / (n + m)
    z = (q - p) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    put("WEEK_Z", z)
    put("WEEK_P", 2 * st.norm.sf(abs(z)))
    # The pooled z squared is the chi-square of the table.
    table = [[WEEK_A, n - WEEK_A], [WEEK_B, m - WEEK_B]]
    chi = st.chi2_contingency(table, correction=False)
    assert abs(chi[0] - z * z) < 1e-9
    put("WEEK_CHI_SQUARE", chi[0])
    error = math.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    put("WEEK_LOWER", q - p - st.norm.ppf(0.975) * error)
    put("WEEK_UPPER", q - p + st.norm.ppf(0.975) * error)
    put("WEEK_Z_UNPOOLED", (q - p) / error)
    a, b = wilson(3, 40), wilson(9, 70)
    p, q = 3 / 40, 9 / 70
    put("NEWCOMBE_LOWER", p - q - math.hypot(p - a.low, b.high - q))
    put("NEWCOMBE_UPPER", p - q + math.hypot(a.high - p, q - b.low))
    put("WILSON_LOWER", a.low)
    put("WILSON_UPPER", a.high)
    exact = st.binomtest(3, 40).proportion_ci(method="exact")
    put("CLOPPER_LOWER", exact.low)
    put("CLOPPER_UPPER", exact.high)


def chi_squares():
    for name, seen, weights in (("TWO", [44700, 45489], [1, 1]), ("UNEVEN", [9463, 7681], [1, 1]),
                                ("THREE", [166080, 171180, 166300], [1, 1, 1]),
                                ("WEIGHTED", [510, 9490], [5, 95])):
        expected = [sum(seen) * w / sum(weights) for w in weights]
        chi = st.chisquare(seen, expected)
        put(f"SAMPLE_RATIO_{name}", chi.statistic)
        put(f"SAMPLE_RATIO_{name}_P", chi.pvalue)
    table = st.chi2_contingency([[10, 20, 30], [25, 15, 5]], correction=False)
    put("TABLE_STATISTIC", table[0])
    put("TABLE_P", table[1])


def ranks():
    def two(x, y, method, correct=True):
        return st.mannwhitneyu(x, y, use_continuity=correct, method=method)

    put("RANK_SMALL_P", two(X, Y, "asymptotic").pvalue)
    put("RANK_DISTINCT_P", two(DISTINCT_X, DISTINCT_Y, "exact").pvalue)
    put("RANK_DISTINCT_U", two(DISTINCT_X, DISTINCT_Y, "exact").statistic)
    put("RANK_TIED_P", two(TIED_X, TIED_Y, "asymptotic").pvalue)
    put("RANK_TIED_U", two(TIED_X, TIED_Y, "asymptotic").statistic)
    for name, x, y in (("SMALL", X, Y), ("DISTINCT", DISTINCT_X, DISTINCT_Y), ("TIED", TIED_X, TIED_Y)):
        put(f"SHIFT_{name}", np.median(np.subtract.outer(np.array(x), np.array(y))))


def power():
    # Two-sided power of Student's test, both tails; shares of 10 and 90 %.
    def of(n, difference, share):
        shift = difference * math.sqrt(n * share * (1 - share))
        bound = st.t.ppf(0.975, n - 2)
        return st.nct.sf(bound, n - 2, shift) + st.nct.cdf(-bound, n - 2, shift)

    put("POWER_OF_1000_AT_10_PERCENT", of(1000, 0.2, 0.1))
    put("SIZE_AT_10_PERCENT", scipy.optimize.brentq(lambda n: of(n, 0.2, 0.1) - 0.8, 100, 10000, xtol=1e-9))


# ------------------------------------------------------------------ what scipy and R do not have --


def asymptotic():
    def multiplier(n, alpha, tuned):
        rho2 = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / tuned
        return math.sqrt(n) * math.sqrt(2 * (n * rho2 + 1) * math.log(math.sqrt(n * rho2 + 1) / alpha)
                                        / (n * n * rho2))

    def one_sided(n, alpha, tuned):
        rho2 = (-2 * math.log(2 * alpha) + math.log(-2 * math.log(2 * alpha) + 1)) / tuned
        return math.sqrt(n) * math.sqrt(2 * (n * rho2 + 1) / (n * n * rho2)
                                        * math.log(1 + math.sqrt(n * rho2 + 1) / (2 * alpha)))

    for n in (100, 1000, 10000, 100000, 1000000):
        put(f"MULTIPLIER_{n}", multiplier(n, 0.05, 5000))
    put("MULTIPLIER_6461", multiplier(6461, 0.05, 5000))
    put("MULTIPLIER_ONE_SIDED_6461", one_sided(6461, 0.05, 5000))

    # Relative lift of revenue, A with 3000 users of the same sums.
    na, ma, va = moments((3000,) + REVENUE_A[1:])
    nb, mb, vb = moments(REVENUE_B)
    lift = mb / ma - 1
    error = math.sqrt(vb / nb / ma ** 2 + va / na * mb ** 2 / ma ** 4)
    put("LIFT", lift)
    put("LIFT_ERROR", error)
    reach = multiplier(na + nb, 0.05, 1000) * error
    put("LIFT_LOWER_1000", lift - reach)
    put("LIFT_UPPER_1000", lift + reach)
    put("LIFT_LOWER_ONE_SIDED", lift - one_sided(na + nb, 0.05, 5000) * error)
    put("DIFFERENCE_LOWER_ONE_SIDED",
        mb - ma - one_sided(na + nb, 0.05, 5000) * math.sqrt(va / na + vb / nb))
    # Of shares of 1396 / 3000 and 2422 / 3461.
    p, q = 1396 / 3000, 2422 / 3461
    a, b = p * (1 - p) / 3000, q * (1 - q) / 3461
    lift = q / p - 1
    error = math.sqrt(b / p ** 2 + a * q ** 2 / p ** 4)
    reach = multiplier(6461, 0.05, 5000) * error
    put("SHARE_LIFT_LOWER", lift - reach)
    put("SHARE_LIFT_UPPER", lift + reach)
    rho2 = (-2 * math.log(0.05) + math.log(-2 * math.log(0.05) + 1)) / 5000
    spread = 6461 * rho2
    put("SHARE_LIFT_LOG_P",
        math.log(math.sqrt(spread + 1)) - spread * (lift / error) ** 2 / (2 * (spread + 1)))


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


def many_looks():
    """O'Brien-Fleming's bounds at 20 looks, where rpact's own integration is good to 1e-5 only: by
    Gauss and Legendre, piece by piece."""
    looks, alpha = 20, 0.025
    spent = [2 * st.norm.sf(st.norm.isf(alpha / 2) / math.sqrt((k + 1) / looks)) for k in range(looks)]
    nodes, weights = np.polynomial.legendre.leggauss(16)

    def grid(low, high):
        edges = np.linspace(low, high, 81)
        half = np.diff(edges)[:, None] / 2
        return (edges[:-1, None] + half + half * nodes).ravel(), (half * weights).ravel()

    sd = math.sqrt(1 / looks)
    bound = st.norm.isf(spent[0])
    bounds = [bound]
    points, width = grid(-9 * sd, min(bound, 9) * sd)
    mass = st.norm.pdf(points / sd) / sd * width
    for k in range(1, looks):
        scale = math.sqrt((k + 1) / looks)
        score = root(lambda s: float(mass @ st.norm.sf((s - points) / sd)) - (spent[k] - spent[k - 1]),
                     0, 9 * scale)
        bounds.append(score / scale)
        to, width = grid(-9 * scale, score)
        mass = (st.norm.pdf((to[:, None] - points) / sd) @ mass) / sd * width
        points = to
    for look in (5, 10, 20):
        put(f"TWENTY_LOOKS_{look}", bounds[look - 1])


# ------------------------------------------------------------------------------------- with R --

R_CODE = """
options(digits = 15)
put <- function(name, values) cat(sprintf("%s %.15g\\n", name, values), sep = "")
p <- c({p_values})
put(sprintf("HOLM_%d", c(1, 2, 3, 5, 25)), p.adjust(p, "holm")[c(1, 2, 3, 5, 25)])
put(sprintf("BH_%d", c(1, 2, 3, 5, 6, 25)), p.adjust(p, "BH")[c(1, 2, 3, 5, 6, 25)])
put("SIZE_EVEN", power.t.test(delta = 0.2, power = 0.8, strict = TRUE, tol = 1e-12)$n)
put("SIZE_OF_SHARES", power.prop.test(p1 = 0.05, p2 = 0.06, power = 0.8, tol = 1e-14)$n)
put("SIZE_OF_SHARES_OF_THREE",
    power.prop.test(p1 = 0.05, p2 = 0.06, power = 0.8, sig.level = 0.025, tol = 1e-14)$n)
put("POWER_OF_SHARES", power.prop.test(n = 5000, p1 = 0.05, p2 = 0.06)$power)
distinct <- suppressWarnings(wilcox.test(c({x}), c({y}), exact = TRUE, conf.int = TRUE))
put("DISTINCT_LOWER", distinct$conf.int[1])
put("DISTINCT_UPPER", distinct$conf.int[2])
if (requireNamespace("rpact", quietly = TRUE)) {{
  bounds <- function(name, type, rates) {{
    design <- rpact::getDesignGroupSequential(sided = 1, alpha = 0.025, informationRates = rates,
      typeOfDesign = type, tolerance = 1e-10)
    put(sprintf("%s_%d", name, seq_along(rates)), design$criticalValues)
  }}
  bounds("OBRIEN_FLEMING_TWO", "asOF", c(0.5, 1))
  bounds("OBRIEN_FLEMING_FIVE", "asOF", c(0.2, 0.4, 0.6, 0.8, 1))
  bounds("OBRIEN_FLEMING_UNEVEN", "asOF", c(0.1, 0.35, 0.6, 1))
  bounds("POCOCK_FIVE", "asP", c(0.2, 0.4, 0.6, 0.8, 1))
}}
"""


def with_r():
    code = R_CODE.format(p_values=",".join(map(str, P_VALUES)), x=",".join(map(str, DISTINCT_X)),
                         y=",".join(map(str, DISTINCT_Y)))
    try:
        out = subprocess.run(["Rscript", "--vanilla", "-e", code], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    for line in out.stdout.splitlines():
        name, value = line.split()
        put(name, value)
    return True


FROM_R = ("HOLM_", "BH_", "SIZE_EVEN", "SIZE_OF_SHARES", "POWER_OF_SHARES", "DISTINCT_LOWER", "DISTINCT_UPPER")
FROM_RPACT = ("OBRIEN_FLEMING_", "POCOCK_")


def compute():
    if st:
        for part in (distributions, means, ratio, grouped, proportions, chi_squares, ranks, power, asymptotic,
                     processes, by_rates, many_looks):
            part()
    return with_r()


def write():
    print("/*\n * statistics_constants.h - what scipy and R compute, for statistics_checks.h. Made by\n"
          " * tests/statistics/test_constants.py --write, which also has the data.\n */\n"
          "#ifndef STATISTICS_CONSTANTS_H\n#define STATISTICS_CONSTANTS_H\n")
    for name, value in constants.items():
        print(f"#define {name} {value!r}")
    print("\n#endif")


def tolerance(name):
    # rpact's own integration is good to that.
    return 1e-6 if name.startswith(FROM_RPACT) else TOLERANCE


def needs(name, has_r):
    """What would have computed the constant, and is not installed; None: nothing."""
    if name.startswith(FROM_RPACT):
        return "rpact" if has_r else "R"
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
        if abs(constants[name] - value) <= tolerance(name) * abs(value):
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
