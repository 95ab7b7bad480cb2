/*
 * exposures.h - the units in an experiment: which arm each was in, and since when.
 *
 * A consumer of the records of logs that tell variants. A unit is exposed from its first line that
 * says so. Neither that nor anything else here depends on the order of the lines. Memory: 32 bytes
 * for each unit, 4 for each field that its values are kept of, and as much again for free slots.
 */
#ifndef FFREPLAY_EXPOSURES_H
#define FFREPLAY_EXPOSURES_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/ffreplay/evaluate/division.h"
#include "tools/ffreplay/evaluate/line_key.h"
#include "tools/ffreplay/logs/input_digest.h"
#include "tools/ffreplay/logs/unit_set.h"
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
    struct unit_hash unit; /* all zero: a free slot */
    int64_t first;         /* the time of its first line in the experiment */
    uint32_t arms;         /* as bits: those that it was seen in */
    uint32_t forced;       /* not 0: a list, an override or a holdout decided for it */
};

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

#define EXPOSURES_WAITING 64

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
    struct unit_fields fields;

    struct exposure *slots;
    uint32_t *values; /* by slot, of each field: a unit's value at its first exposure */
    struct value_names names[UNIT_FIELDS_MOST]; /* of these values */
    uint64_t capacity, count;
    /* Added in batches, so that their slots are fetched in parallel. */
    struct exposure waiting[EXPOSURES_WAITING];
    uint32_t waiting_values[EXPOSURES_WAITING][UNIT_FIELDS_MOST];
    uint32_t waiting_count;
    uint64_t lines;     /* that expose a unit */
    uint64_t as_logged; /* of those, lines that say which variant, but not why */
    uint64_t not_exposed[NOT_EXPOSED_CAUSES];
    struct origins origins; /* of lines that were evaluated again */
    struct input_digest digest;
    struct line_days *days; /* by log: of lines that expose */
    int64_t first, last;    /* times of lines that expose; INT64_MAX, INT64_MIN: none do */
};

/* Its consumer takes records from then on; the readers are prepared by the caller. */
void exposures_init(struct exposures *exposures);
void exposures_release(struct exposures *exposures);
/* Once released: as nothing had been read. */
void exposures_forget(struct exposures *exposures);

/* Once all is read: what waits is added, and the table stays as it is. */
void exposures_settle(struct exposures *exposures);

/* NULL: the unit is not exposed. Cost: a look-up in a table of all units, which waits for memory
 * unless it was prefetched some look-ups before. */
const struct exposure *exposures_find(const struct exposures *exposures, struct unit_hash unit);
static inline void exposures_prefetch(const struct exposures *exposures, struct unit_hash unit)
{
    uint64_t slot = unit.low & (exposures->capacity - 1);
    __builtin_prefetch(&exposures->slots[slot]);
    if (exposures->values)
        __builtin_prefetch(&exposures->values[slot * exposures->fields.count]);
}

/* The number of the value that the unit had in a field at its first exposure; NO_VALUE. */
static inline uint32_t exposure_value(const struct exposures *exposures,
                                      const struct exposure *exposure, uint32_t field)
{
    uint64_t slot = (uint64_t)(exposure - exposures->slots);
    return exposures->values[slot * exposures->fields.count + field];
}

/* Its arm; NO_ARM for one that was forced, or seen in several. */
static inline uint32_t exposure_arm(const struct exposure *exposure)
{
    bool one = exposure->arms && !(exposure->arms & (exposure->arms - 1));
    return one && !exposure->forced ? (uint32_t)__builtin_ctz(exposure->arms) : NO_ARM;
}

struct exposed_units {
    uint64_t by_arm[ARMS_MOST], all; /* that count */
    uint64_t crossover, forced;      /* that are left out: forced ones are not crossovers, too */
};
struct exposed_units exposures_count(const struct exposures *exposures);

#endif
