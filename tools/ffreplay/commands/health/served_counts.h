/*
 * served_counts.h - what a flag served over a log: lines and units by variant, and why.
 *
 * A consumer of the records of logs. Memory is bounded, as that of unit_shares.h is.
 */
#ifndef FFREPLAY_SERVED_COUNTS_H
#define FFREPLAY_SERVED_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/ffreplay/canary/unit_shares.h"
#include "tools/ffreplay/evaluate/division.h"
#include "tools/ffreplay/evaluate/line_key.h"
#include "tools/ffreplay/evaluate/served_variants.h"
#include "tools/ffreplay/logs/input_digest.h"
#include "tools/ffreplay/replay/consumer.h"

#define REASONS (FFLAG_REASON_STICKY + 1)

struct served_counts {
    struct consumer consumer;
    const struct flag_variants *variants;
    struct variant_reader *readers; /* one per log */
    struct line_key *keys;          /* by log: what the flag hashes of its lines */
    uint32_t log_count;
    struct division division;
    int64_t now; /* later lines do not count */

    struct input_digest digest;  /* of the lines that are about the flag */
    uint64_t lines[UNIT_GROUPS]; /* by variant */
    struct variant_set seen;     /* those of lines that the definitions of now account for */
    struct unit_shares shares;   /* the same of units */
    struct unit_shares divided;  /* units in the division, by the place of their arm */
    uint64_t reasons[REASONS];   /* of what was evaluated again */
    struct unknown_variants unknown;
    struct origins origins;                             /* of what was evaluated again */
    uint64_t in_transition, of_gone, divided_otherwise; /* lines; see enum served_kind */
};

/* False after reporting. */
bool served_counts_prepare(struct served_counts *counted, struct project *project,
                           struct layout *layouts, const bool *reads,
                           const struct flag_variants *variants, int64_t now);
void served_counts_release(struct served_counts *counted);

#endif
