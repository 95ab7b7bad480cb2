/* reasons_bound.c - see reasons_bound.h. */
#include "reasons_bound.h"

#include <inttypes.h>
#include <math.h>

#include "compiler/base/arena.h"
#include "compiler/model/criterion.h"
#include "compiler/base/scalar.h"

static const char *metric_name(const struct judgement *judgement)
{
    return judgement->criterion->metric->name.text;
}

const char *change_text(struct arena *arena, const struct judgement *judgement, double change)
{
    const struct criterion *criterion = judgement->criterion;
    const char *sign = change < 0 ? "-" : "+";
    if (!criterion_compares(criterion))
        return estimate_text(arena, criterion->metric, change);
    if (criterion->absolute)
        return difference_text(arena, criterion->metric, change);
    double percent = fabs(change) * 100;
    return arena_format(arena, percent < 100 ? "%s%.3g%%" : "%s%.0f%%", sign, percent);
}

const char *interval_text(struct arena *arena, const struct judgement *judgement)
{
    struct interval interval = judgement->comparison.interval;
    bool below = isfinite(interval.lower), above = isfinite(interval.upper);
    if (!judgement->comparison.method || (!below && !above))
        return "-";
    const char *lower = below ? change_text(arena, judgement, interval.lower) : NULL;
    const char *upper = above ? change_text(arena, judgement, interval.upper) : NULL;
    if (below && above)
        return arena_format(arena, "%s to %s", lower, upper);
    return below ? arena_format(arena, "%s or more", lower)
                 : arena_format(arena, "%s or less", upper);
}

/* "10%", "{abs: 0.5%}" */
static const char *threshold_text(struct arena *arena, const struct criterion *criterion)
{
    const char *written = criterion->written.text;
    return criterion->absolute ? arena_format(arena, "{abs: %s}", written) : written;
}

const char *wanted_text(struct arena *arena, const struct criterion *criterion)
{
    const char *form = criterion_form_words[criterion->form];
    const char *over = criterion->over > 0 ? duration_text(arena, criterion->over) : NULL;
    const char *base =
        arena_format(arena, "%s %s%s", form, threshold_text(arena, criterion),
                     criterion_compares(criterion) && criterion->versus_before ? " vs before" : "");
    if (criterion->confidence > 0)
        base = arena_format(arena, "%s at %g%%", base, criterion->confidence * 100);
    if (over)
        base = arena_format(arena, "%s over %s", base, over);
    if (criterion->for_windows > 1)
        base = arena_format(arena, "%s for %u", base, criterion->for_windows);
    return base;
}

/* "max_increase of 10%" */
static const char *limit_text(struct arena *arena, const struct judgement *judgement)
{
    const struct criterion *criterion = judgement->criterion;
    return arena_format(arena, "%s of %s", criterion_form_words[criterion->form],
                        threshold_text(arena, criterion));
}

/* "error_rate is 7.1% over 812 canary samples and 1.2% over 15320 of control: +490%" */
static const char *estimates_text(struct arena *arena, const struct judgement *judgement)
{
    const struct criterion *criterion = judgement->criterion;
    const struct metric *metric = criterion->metric;
    const char *canary =
        arena_format(arena, "%s is %s over %" PRIu64 " canary %s", metric->name.text,
                     estimate_text(arena, metric, judgement->estimate), judgement->samples,
                     sample_noun(metric, judgement->samples));
    if (!criterion_compares(criterion))
        return canary;
    const char *both = arena_format(arena, "%s and %s over %" PRIu64 " %s", canary,
                                    estimate_text(arena, metric, judgement->control_estimate),
                                    judgement->control_samples,
                                    criterion->versus_before ? "before the stage" : "of control");
    if (!isfinite(judgement->comparison.change))
        return both;
    return arena_format(arena, "%s: %s", both,
                        change_text(arena, judgement, judgement->comparison.change));
}

const char *bounded_text(struct arena *arena, const struct judgement *judgement)
{
    const struct criterion *criterion = judgement->criterion;
    struct interval interval = judgement->comparison.interval;
    bool above = criterion->form == CRITERION_MAX || criterion->form == CRITERION_MAX_INCREASE;
    const char *estimates = estimates_text(arena, judgement);
    const char *limit = limit_text(arena, judgement);
    if (judgement->impossible)
        return arena_format(arena, "%s, which cannot be held against its %s: %s", estimates, limit,
                            judgement->impossible);
    const char *sure =
        arena_format(arena, "%s, with %g%% confidence", estimates, judgement->confidence * 100);
    const char *lower = change_text(arena, judgement, interval.lower);
    const char *upper = change_text(arena, judgement, interval.upper);
    switch (judgement->finding.verdict) {
    case CRITERION_HARM:
        return arena_format(arena, "%s %s %s, beyond its %s", sure, above ? "at least" : "at most",
                            above ? lower : upper, limit);
    case CRITERION_PASS:
        return arena_format(arena, "%s %s %s, within its %s", sure, above ? "at most" : "at least",
                            above ? upper : lower, limit);
    case CRITERION_UNDECIDED:
    case CRITERION_NODATA:
    case CRITERION_INSUFFICIENT:
        break;
    }
    return arena_format(arena, "%s %s, which leaves its %s open", sure,
                        interval_text(arena, judgement), limit);
}

/* Two digits are precise enough for an estimate: "4100". */
static const char *about_text(struct arena *arena, double count)
{
    double step = count < 100 ? 1 : pow(10, floor(log10(count)) - 1);
    return arena_format(arena, "%.0f", ceil(count / step) * step);
}

const char *settled_text(struct verdict *verdict, const struct judgement *judgement)
{
    struct arena *arena = verdict->replay->texts;
    const char *within = arena_format(arena, "within its %s", limit_text(arena, judgement));
    const char *name = metric_name(judgement);
    if (judgement->finding.verdict == CRITERION_HARM)
        return arena_format(arena, "%s were %s", name, within);
    if (judgement->estimate_beyond)
        return arena_format(arena, "%s were %s, and shown to be (it is %s)", name, within,
                            change_text(arena, judgement, judgement->comparison.change));
    double samples = (double)judgement->samples, more = (judgement->growth - 1) * samples;
    if (!(judgement->growth < 1e5))
        return arena_format(arena, "%s were shown to be %s, to which these estimates are too close",
                            name, within);
    double wait = (double)verdict->elapsed / samples * more;
    return arena_format(arena,
                        "%s were shown to be %s: at these estimates that is settled after about %s "
                        "more canary %s (about %s at this rate)",
                        name, within, about_text(arena, more),
                        sample_noun(judgement->criterion->metric, 2),
                        duration_text(arena, (int64_t)fmin(wait, 3e14)));
}

const char *passed_text(struct arena *arena, const struct judgement *judgement)
{
    double change = judgement->comparison.change;
    const char *now = isfinite(change) ? change_text(arena, judgement, change) : "not known";
    return arena_format(arena, "%s were shown to be beyond its %s (it is %s)",
                        metric_name(judgement), limit_text(arena, judgement), now);
}
