/* check_experiments.c - experiments that end before they can tell. */
#include <math.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/model/model.h"
#include "check.h"
#include "sample_size.h"

#define DAY 86400000.0

/* As a percentage that people would write. */
static double round_up(double share)
{
    return share < 0.1 ? ceil(share * 1000) / 10 : ceil(share * 100);
}

static void warn_of_few(const struct checker *checker, const struct experiment *experiment,
                        const struct sample_size *size)
{
    const char *primary = experiment->primary->name.text;
    diagnose(checker->diagnostics, FF0357, experiment->min_samples_span,
             "%llu units per variant cannot show an effect of %g%%",
             (unsigned long long)experiment->min_samples, experiment->mde * 100);
    if (!size->is_certain) {
        diagnose_help(checker->diagnostics,
                      "with this 'alpha' and 'power' it takes at least about %.0f, however common "
                      "'%s' is: raise 'min_samples' or 'mde'",
                      size->units, primary);
        return;
    }
    diagnose_note(checker->diagnostics, experiment->baseline.span,
                  "from this baseline of '%s', it takes %.0f", primary, size->units);
    double mde =
        detectable_effect(experiment, (double)experiment->min_samples * size->all / size->units);
    if (isnan(mde))
        diagnose_help(checker->diagnostics, "set 'min_samples: %.0f'", size->units);
    else
        diagnose_help(checker->diagnostics, "set 'min_samples: %.0f', or settle for 'mde: %g%%'",
                      size->units, round_up(mde));
}

/* One that may be looked at as often as anybody likes goes on until it can tell: `min_samples` is
 * where it may end at the earliest. */
static bool ends_at_min_samples(const struct experiment *experiment)
{
    return method_of_primary(experiment) != ANALYSIS_SEQUENTIAL;
}

/* Allow rounding: without a baseline, warn only below half the best-case size. */
static bool is_too_few(const struct experiment *experiment, const struct sample_size *size)
{
    double doubtful = size->is_certain ? 0.9 : 0.5;
    return experiment->min_samples && ends_at_min_samples(experiment) &&
           (double)experiment->min_samples < doubtful * size->units;
}

/* Only for drafts: when a running experiment began is not known. */
static void check_duration(const struct checker *checker, const struct flag *flag,
                           const struct experiment *experiment, const struct sample_size *size)
{
    double left = ((double)flag->expires - (double)checker->now) / DAY;
    if (experiment->state != EXPERIMENT_DRAFT || !size->is_certain || flag->expires == INT64_MIN ||
        left <= 0 || !(size->days > left))
        return;
    diagnose(checker->diagnostics, FF0353, experiment->mde_span,
             "an effect of %g%% takes %.0f units, which arrive in %.0f days", experiment->mde * 100,
             size->all, size->days);
    diagnose_note(checker->diagnostics, flag->expires_span, "the flag expires in %.0f days",
                  floor(left));
    double mde = detectable_effect(experiment, left * size->all / size->days);
    if (isnan(mde))
        diagnose_help(checker->diagnostics, "raise 'traffic', or move 'expires'");
    else
        diagnose_help(checker->diagnostics,
                      "settle for 'mde: %g%%', which can be found by then, raise 'traffic', or "
                      "move 'expires'",
                      round_up(mde));
}

void check_experiments(const struct checker *checker)
{
    const struct project *project = checker->project;
    /* Findings shared by several environments are reported once: repetitions are dropped. */
    for (uint32_t i = 0; i < project->flag_count; i++) {
        for (uint32_t j = 0; j < project->environments.count; j++) {
            const struct targeting *targeting = &project->flags[i]->environments[j];
            const struct experiment *experiment = targeting->experiment;
            struct sample_size size;
            if (!experiment || experiment->state == EXPERIMENT_CONCLUDED ||
                !sample_size(targeting, &size))
                continue;
            if (is_too_few(experiment, &size))
                warn_of_few(checker, experiment, &size);
            check_duration(checker, project->flags[i], experiment, &size);
        }
    }
}
