/* quality_ratio.c - whether units are in the arms as they should be, and if not, since when. See
 * quality.h. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/memory.h"
#include "compiler/base/parallel.h"
#include "compiler/statistics/heterogeneity.h"
#include "quality.h"

/* ------------------------------------------------------------------------------------- ratio -- */

#define MISMATCH_P      0.001
#define LEAST_CROSSOVER 10
#define CROSSOVER_SHARE 0.01

bool conclusion_ratio_is_off(const struct conclusion *conclusion)
{
    return conclusion->ratio.anytime_p < MISMATCH_P && !isnan(conclusion->ratio.fit.p);
}

void judge_ratio(struct conclusion *conclusion, struct arena *arena)
{
    const struct arms *arms = conclusion->arms;
    double observed[ARMS_MOST], shares[ARMS_MOST], known = 0;
    for (uint32_t i = 0; i < arms->count; i++) {
        observed[i] = (double)conclusion->units.by_arm[i];
        shares[i] = arms->shares[i];
        known += shares[i];
    }
    conclusion->ratio = (struct sample_ratio){.fit.p = NAN, .anytime_p = NAN};
    if (known > 0)
        conclusion->ratio = sample_ratio(observed, shares, arms->count);
    conclusion->ratio_log_e = NAN;
    if (!isnan(conclusion->ratio.fit.p)) {
        conclusion->ratio_log_e = sample_ratio_log_e(observed, shares, arms->count);
        conclusion->ratio.anytime_p = fmin(1, exp(-conclusion->ratio_log_e));
    }
    if (!conclusion_ratio_is_off(conclusion))
        return;
    const char *counts = "";
    double all = (double)conclusion->units.all;
    for (uint32_t i = 0; i < arms->count; i++)
        counts = arena_format(arena, "%s%s%" PRIu64 " in %s where %.0f belong", counts,
                              i > 0 ? ", " : "", conclusion->units.by_arm[i], conclusion->names[i],
                              all * shares[i] / known);
    conclusion_say(
        &conclusion->issues, arena,
        arena_format(arena,
                     "sample ratio mismatch: %s (p = %.2g): units of one arm are lost or counted "
                     "twice, and no difference can be trusted",
                     counts, conclusion->ratio.anytime_p));
}

/* ----------------------------------------------------------------------------- ratio, by day -- */

#define DAYS_MOST 400
/* Of days that are each looked at: of all together, one in a hundred. */
#define DAY_P        0.01
#define NEARLY_EVERY 0.8

struct days {
    const struct exposures *exposures;
    const struct zone *zone;
    int64_t first, count;
    struct day_ratio *of_workers[MOST_WORKERS]; /* those that each has counted; NULL */
};

/* Where clocks go back past midnight, a later time may be of an earlier day: it counts for the
 * first, or the last. */
static int64_t place_of_day(const struct days *days, int64_t time)
{
    int64_t place = local_day(days->zone, time) - days->first;
    return place < 0 ? 0 : place < days->count ? place : days->count - 1;
}

static void count_shard(void *context, uint32_t worker, uint32_t shard)
{
    struct days *days = context;
    uint32_t count = days->exposures->store->shards[shard].count;
    if (!days->of_workers[worker])
        days->of_workers[worker] = xcalloc((size_t)days->count, sizeof **days->of_workers);
    for (uint32_t i = 0; i < count; i++) {
        const struct exposure *exposure = exposure_at(days->exposures, shard, i);
        uint32_t arm = exposure_arm(exposure);
        if (arm != NO_ARM)
            days->of_workers[worker][place_of_day(days, exposure->first)].by_arm[arm]++;
    }
}

static void add_days(struct days *days, struct day_ratio *ratios)
{
    unit_store_for_shards(days->exposures->store, count_shard, days);
    for (uint32_t worker = 0; worker < MOST_WORKERS; worker++) {
        for (int64_t day = 0; days->of_workers[worker] && day < days->count; day++)
            for (uint32_t arm = 0; arm < ARMS_MOST; arm++)
                ratios[day].by_arm[arm] += days->of_workers[worker][day].by_arm[arm];
        free(days->of_workers[worker]);
    }
}

static void count_days(struct conclusion *conclusion, struct arena *arena)
{
    const struct exposures *exposures = conclusion->exposures;
    const struct zone *zone = conclusion->terms.zone;
    if (exposures->lines == 0)
        return;
    int64_t first = local_day(zone, exposures->first),
            days = local_day(zone, exposures->last) - first + 1;
    if (days < 1 || days > DAYS_MOST)
        return;
    struct day_ratio *ratios = ARENA_ARRAY(arena, struct day_ratio, (size_t)days);
    struct days counted = {exposures, zone, first, days, {NULL}};
    add_days(&counted, ratios);
    conclusion->days = ratios;
    for (int64_t day = 0; day < days; day++) {
        double observed[ARMS_MOST], all = 0;
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
            all += observed[arm] = (double)ratios[day].by_arm[arm];
        if (!(all > 0))
            continue;
        struct day_ratio *kept = &ratios[conclusion->day_count++];
        *kept = ratios[day];
        kept->day = local_day_begins(zone, first + day);
        kept->p = sample_ratio(observed, conclusion->arms->shares, conclusion->arms->count).fit.p;
    }
}

/* Whether the days differ in their ratio, whatever it should be. */
static double p_of_days(const struct conclusion *conclusion, struct arena *arena)
{
    uint32_t arms = conclusion->arms->count;
    double *counts = ARENA_ARRAY(arena, double, (size_t)conclusion->day_count *arms), p;
    size_t known = 0;
    for (uint32_t i = 0; i < conclusion->day_count; i++) {
        for (uint32_t arm = 0; arm < arms; arm++)
            counts[known * arms + arm] = (double)conclusion->days[i].by_arm[arm];
        known += isnan(conclusion->days[i].p) ? 0 : 1;
    }
    p = homogeneity(counts, known, arms).p;
    return isnan(p) ? 1 : p;
}

/* Since when, or on which days: what has changed then is the cause. NULL: too few days. */
static const char *days_text(const struct conclusion *conclusion, struct arena *arena)
{
    uint32_t known = 0, off = 0, since = UINT32_MAX, known_since = 0;
    const char *dates = "";
    for (uint32_t i = 0; i < conclusion->day_count; i++)
        known += isnan(conclusion->days[i].p) ? 0 : 1;
    if (known < 2)
        return NULL;
    if (p_of_days(conclusion, arena) >= DAY_P)
        return arena_format(arena,
                            "by about as much on each of %u days: the split is another, or a log "
                            "loses one arm's lines",
                            known);
    for (uint32_t i = 0; i < conclusion->day_count; i++) {
        const struct day_ratio *day = &conclusion->days[i];
        bool is_off = day->p * known < DAY_P;
        if (is_off && since == UINT32_MAX)
            since = i;
        known_since += since != UINT32_MAX && !isnan(day->p) ? 1 : 0;
        if (is_off && off++ < 5)
            dates = arena_format(arena, "%s%s%s", dates, *dates ? ", " : "",
                                 local_date(conclusion->terms.zone, day->day, arena));
    }
    if (off == 0)
        return arena_format(arena, "by different amounts on %u days, none of which stands out",
                            known);
    if (off >= NEARLY_EVERY * known_since && known_since > 1)
        return arena_format(arena, "from %s on: what was changed then?",
                            local_date(conclusion->terms.zone, conclusion->days[since].day, arena));
    return arena_format(arena, "on %u of %u days: %s%s", off, known, dates, off > 5 ? ", …" : "");
}

void diagnose_ratio(struct conclusion *conclusion, struct arena *arena)
{
    double shares = 0;
    for (uint32_t i = 0; i < conclusion->arms->count; i++)
        shares += conclusion->arms->shares[i];
    if (!(shares > 0))
        return;
    count_days(conclusion, arena);
    const char *when = conclusion->issues.count > 0 ? days_text(conclusion, arena) : NULL;
    if (when)
        conclusion_say(&conclusion->issues, arena,
                       arena_format(arena, "the ratio is off %s", when));
}

void judge_crossovers(struct conclusion *conclusion, struct arena *arena)
{
    const struct exposed_units *units = &conclusion->units;
    if (units->crossover < LEAST_CROSSOVER ||
        (double)units->crossover < CROSSOVER_SHARE * (double)(units->all + units->crossover))
        return;
    conclusion_say(&conclusion->issues, arena,
                   arena_format(arena,
                                "%" PRIu64
                                " units were seen in more than one arm: the log's unit is not what "
                                "the flag is bucketed by, or its salt or split has changed",
                                units->crossover));
}
