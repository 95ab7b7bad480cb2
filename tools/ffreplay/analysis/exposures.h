/*
 * exposures.h - the units in an experiment: which arm each was in, and since when.
 *
 * A consumer of the records of logs that tell variants. A unit is exposed from its first line that
 * says so. Neither that nor anything else here depends on the order of the lines. Exposures are
 * rows of a store, whose further columns are what came of the units: 28 bytes for each unit, and 4
 * for each field that its values are kept of; see unit_store.h for what it takes besides.
 */
#ifndef FFREPLAY_EXPOSURES_H
#define FFREPLAY_EXPOSURES_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/ffreplay/evaluate/division.h"
#include "tools/ffreplay/evaluate/line_key.h"
#include "tools/ffreplay/logs/input_digest.h"
#include "tools/ffreplay/metrics/unit_store.h"
#include "tools/ffreplay/replay/consumer.h"
#include "line_days.h"
#include "unit_values.h"

#define ARMS_MOST 32

/* What is compared, and the shares by which units were assigned, where they are known. */
struct arms {
    uint32_t count, control;
    uint32_t variants[ARMS_MOST]; /* their places in the flag's list */
    double shares[ARMS_MOST];     /* 0 to 1; all 0: nothing says what they should be */
    bool alone;                   /* nothing else decides; see struct division */
    bool divides;                 /* an experiment or a split divides units among them */
};

struct exposure {
    struct unit_row row;
    int64_t first;     /* the time of its first line in the experiment */
    uint32_t place;    /* in the experiment: see below */
    uint32_t values[]; /* of each field: the number of its value at its first exposure; NO_VALUE */
};
/* 0: no line has said where; 1 + its arm; or one of these, of which the greater one stands. */
#define PLACE_CROSSOVER (ARMS_MOST + 1) /* seen in several arms */
#define PLACE_FORCED    (ARMS_MOST + 2) /* a list, an override or a holdout decided for it */

/* Why lines of the flag expose nobody. */
#define NOT_EXPOSED_WORDS(X)                    \
    X(NOT_EXPOSED_FORCED, "forced")             \
    X(NOT_EXPOSED_OUTSIDE, "not_in_experiment") \
    X(NOT_EXPOSED_UNKNOWN, "other_variant")     \
    X(NOT_EXPOSED_NO_UNIT, "no_unit")           \
    X(NOT_EXPOSED_NOTHING, "no_variant")        \
    X(NOT_EXPOSED_TRANSITION, "transition")
enum not_exposed { NOT_EXPOSED_WORDS(WORDS_MEMBER) };
#define NOT_EXPOSED_CAUSES WORDS_COUNT(NOT_EXPOSED_WORDS)
extern const char *const not_exposed_words[];

struct exposures {
    struct consumer consumer;
    const struct flag_variants *variants;
    const struct layout *layouts; /* by log */
    const struct arms *arms;
    struct division division;
    struct variant_reader *readers; /* by log; of those that tell variants */
    const bool *tells;              /* by log */
    const struct line_key *keys;    /* by log: the unit of a line */
    uint32_t log_count;
    const struct zone *zone; /* where a day begins; NULL: UTC */
    int64_t from, to;        /* lines before and after are left out */
    int64_t until;           /* of those after, up to when it is noted that they would expose */
    struct unit_fields fields;

    struct unit_store *store;                 /* of all threads */
    struct unit_writer writer;                /* until it is settled */
    struct shared_names *names;               /* of all threads, by field: of units' values */
    struct names_seen seen[UNIT_FIELDS_MOST]; /* by this thread */
    uint64_t lines;                           /* that expose a unit */
    uint64_t as_logged; /* of those, lines that say which variant, but not why */
    uint64_t fractions; /* and those whose unit is written like 4.0 */
    uint64_t not_exposed[NOT_EXPOSED_CAUSES];
    int64_t last_other;     /* the time of the last line of another flag; INT64_MIN */
    struct origins origins; /* of lines that were evaluated again */
    struct input_digest digest;
    struct line_days *days; /* by log: of lines that expose */
    int64_t first, last;    /* times of lines that expose; INT64_MAX, INT64_MIN: none do */
    int64_t later;          /* that of the last one that is left out as later; INT64_MIN */
};

/* Its consumer takes records from then on; the readers and fields are prepared by the caller, who
 * may reserve columns in the store until the first one is taken. */
void exposures_init(struct exposures *exposures);
void exposures_release(struct exposures *exposures);
/* What lines would have made of a unit that were read elsewhere: from its first time, which has
 * these values, by field. Their counts are the caller's to add. */
void exposures_add(struct exposures *exposures, struct unit_hash unit, int64_t first,
                   uint32_t place, const uint32_t *values);
/* As if nothing had been read: columns that were reserved stay. */
void exposures_forget(struct exposures *exposures);

/* Once all is read: what waits is added, and the units stay as they are. */
void exposures_settle(struct exposures *exposures);

/* Row `number` of a shard of the store. */
static inline const struct exposure *exposure_at(const struct exposures *exposures, uint32_t shard,
                                                 uint32_t number)
{
    return (const struct exposure *)unit_store_row(exposures->store, shard, number);
}
/* Calls `visit` for each, in no order. */
typedef void exposure_visit(void *context, const struct exposure *exposure);
void exposures_visit(const struct exposures *exposures, exposure_visit *visit, void *context);

/* Its arm; NO_ARM for one that was forced, or seen in several. */
static inline uint32_t exposure_arm(const struct exposure *exposure)
{
    return exposure->place >= 1 && exposure->place <= ARMS_MOST ? exposure->place - 1 : NO_ARM;
}

struct exposed_units {
    uint64_t by_arm[ARMS_MOST], all; /* that count */
    uint64_t crossover, forced;      /* that are left out: forced ones are not crossovers, too */
};
struct exposed_units exposures_count(const struct exposures *exposures);

#endif
