/*
 * standing.h - how a flag stands in an environment at a time: what decides for all of its units
 * now, in place of whatever it hides; in words, and in numbers.
 */
#ifndef FFC_COMMANDS_STANDING_H
#define FFC_COMMANDS_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/flag.h"
#include "compiler/rollout/possible.h"

struct buffer;
struct override;
struct project;

/* What is known of a project's flags at a time, for all environments. */
struct standings {
    const struct project *project;
    int64_t now;
    struct possibilities *possibilities; /* by environment */
};
void standings_init(struct standings *standings, const struct project *project, int64_t now);
void standings_release(struct standings *standings);

/* What does not apply is NULL. */
struct standing {
    const struct flag *flag;
    const struct targeting *targeting;
    int64_t now;
    const struct override *override;     /* in force: the first, for all units or for some */
    const struct requirement *unmet;     /* met by no unit, so that all get the default */
    const struct requirement *sometimes; /* met by some units */
};
struct standing standing_of(const struct standings *standings, const struct flag *flag,
                            uint32_t environment);

/* The text is for a screen: what others wrote is escaped. */

/* In a few words, as served now: "off by override:INC-12", "5%, requires: payments". */
void put_standing(struct buffer *out, const struct standing *standing);

/* The share of all units, in thousandths of a percent, that get something else than the default
 * now. False where conditions, several rules or other flags decide it, or nobody knows. */
bool standing_percent(const struct standing *standing, uint32_t *thousandths);
/* The variant that everybody gets now; UINT32_MAX where that is not one for all, or not known. */
uint32_t standing_variant(const struct standing *standing);
/* Whether everybody gets what the flag's rules, canary or experiment decide: it is enabled, no
 * override holds it off, and what it requires can be met. */
bool standing_is_effective(const struct standing *standing);
/* Where a gradual percentage is at a time, rounded down, in thousandths. */
uint32_t ramp_at(const struct ramp *ramp, int64_t now);

/* Of JSON: what a flag is, `"flag":…,"kind":…`, and how it stands, `"enabled":…`. */
void write_flag_fields(const struct project *project, const struct flag *flag, struct buffer *out);
void write_standing_fields(const struct standing *standing, struct buffer *out);

#endif
