/*
 * line_key.h - the unit that a log line is about, as flags are bucketed by it.
 *
 * A key is put together from the line's fields as the library puts it together from a context (see
 * docs/evaluation.md, "Bucketing"): the first of several attributes that has one, or all of them
 * joined. Where the log's `context` does not have all of its attributes, the key is not known:
 * which of several is the first cannot be told without the others.
 */
#ifndef FFREPLAY_LINE_KEY_H
#define FFREPLAY_LINE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/declaration.h"
#include "line_context.h"
#include "tools/ffreplay/logs/unit_set.h"

struct line_key {
    const struct unit_key *key; /* NULL: nothing is bucketed */
    bool whole;                 /* the log has all of its attributes: the key is known */
    uint32_t field; /* that has it as it is, or stands for one that is not known; or NO_PLACE */
    uint32_t places[MOST_KEY_PARTS]; /* by attribute; NO_PLACE: the log does not have it */
};

/* For one that is not known, the log's `unit` stands; but for several attributes only one that is
 * called like the key of an evaluation: see log_units(). */
struct line_key line_key_of(const struct line_context *line, const struct layout *layout,
                            const struct unit_key *key);

/* Whether the line has a key, as far as its fields tell. */
bool line_key_is_given(const struct line_key *key, const struct event *event);
/* The first field of an attribute that is there and gives no key; NO_PLACE: there is none. */
uint32_t line_key_fault(const struct line_key *key, const struct event *event);

/* The unit of a key that is known. False: the line has none. Cost: a hash. */
bool line_key_unit(const struct line_key *key, const struct event *event, struct unit_hash *unit);

/* The same, or of what stands for it. */
static inline bool line_unit_is_known(const struct line_key *key)
{
    return key->whole || key->field != NO_PLACE;
}
bool line_unit(const struct line_key *key, const struct layout *layout, const struct event *event,
               struct unit_hash *unit);
/* Whether the unit is a whole number that is written like 4.0, as programs do to whom a column with
 * gaps is one of floating point. It is another unit than 4 is. */
bool line_unit_is_fraction(const struct line_key *key, const struct event *event);

#endif
