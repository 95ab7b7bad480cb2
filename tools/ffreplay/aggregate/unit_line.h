/*
 * unit_line.h - a row of what an experiment keeps of a unit, read from its line without a tree.
 *
 * There are millions of them, and each is written the same way: fields in order, no spaces, no
 * escapes. A line that is exactly so is read in place. Every other one, sound or not, is none, and
 * is for whoever reads rows of any kind: so nothing is told in two ways, and a line that is one can
 * be written again as it stands.
 */
#ifndef FFREPLAY_UNIT_LINE_H
#define FFREPLAY_UNIT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/ffreplay/logs/unit_set.h"

/* A part of the line, without its quotes and without an end. */
struct line_text {
    const char *at;
    size_t length;
};
/* Whether it says the same. */
bool line_text_is(struct line_text text, const char *name);

/* A field of the unit with its value in hexadecimal bytes, or a metric with what was said to it. */
struct unit_pair {
    struct line_text name;
    enum unit_said { SAID_TRUTH, SAID_NOTHING, SAID_NUMBER, SAID_TWO } kind;
    struct line_text text, second; /* a value; "0" or "1" of a truth; a number, or two */
};

/* By a log: when and where the unit was first exposed. */
struct unit_exposed {
    struct line_text log;
    struct line_text arm; /* at NULL: one of the next two */
    bool crossover, forced;
    int64_t first;
    size_t pairs, pair_count; /* from this place of the line's pairs on */
};
/* What lines of the same time said: so many, alike. */
struct unit_saying {
    int64_t time;
    uint64_t count;
    struct unit_hash digest;
    size_t pairs, pair_count;
    struct line_text said; /* the whole object */
};

struct unit_line {
    struct line_text line, key;
    size_t exposed_count, saying_count; /* one of them is 0 */
    struct unit_exposed *exposed;
    struct unit_saying *sayings;
    struct unit_pair *pairs;
    size_t pair_count;
    /* Room for these; it is used again. */
    size_t exposed_room, saying_room, pair_room;
};

/* False: it is none. What is read points into the line. */
bool unit_line_read(struct unit_line *unit, const char *line, size_t length);
void unit_line_release(struct unit_line *unit);

/* A number that was said. */
double line_text_number(struct line_text text);
/* 32 hexadecimal digits at the place. */
bool unit_from_digits(const char *digits, struct unit_hash *unit);

#endif
