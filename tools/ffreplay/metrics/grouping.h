/*
 * grouping.h - parses `--by`, and finds each line's group.
 *
 * A grouping is a list of dimensions: `variant`, `stage`, `window`, or a field of the log. A line's
 * values in them, one after the other, are the key of its group. Keys sort as their values do.
 */
#ifndef FFREPLAY_GROUPING_H
#define FFREPLAY_GROUPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/ffreplay/logs/layout.h"

struct arena;

enum dimension_kind { BY_VARIANT, BY_STAGE, BY_WINDOW, BY_FIELD };

#define MOST_DIMENSIONS 4
struct grouping {
    const char *text; /* as it was given: "variant,endpoint"; of all lines together, "" */
    struct dimension {
        enum dimension_kind kind;
        const char *name;
        uint32_t *places; /* BY_FIELD: in each log, NO_PLACE where nothing is read of it */
    } dimensions[MOST_DIMENSIONS];
    uint32_t count;
};

/* "variant,endpoint". False: it is no such list, and `why` says what is wrong. */
bool grouping_parse(struct grouping *grouping, const char *text, struct arena *arena,
                    const char **why);
bool grouping_has(const struct grouping *grouping, enum dimension_kind kind);
/* Registers the fields in a log that is read. */
void grouping_prepare(struct grouping *grouping, struct layout *layouts, uint32_t log,
                      uint32_t log_count);

/* What a line is, besides its fields. */
struct line_facts {
    const struct event *event;
    uint32_t log;
    uint32_t variant; /* its place; NO_PLACE: not known */
    uint32_t stage;   /* its place in the stage times */
    int64_t window;   /* when it begins */
};

/*
 * In a key, a variant and a stage are 4 bytes, a window's beginning is 8 with its sign turned, the
 * highest first. A field is one of these, and a text with a zero behind it.
 */
enum { PART_OF_NONE, PART_OF_TEXT, PART_OF_REST };

/* A value longer than that is cut, in whole characters. */
#define LONGEST_VALUE 200
#define LONGEST_KEY   (MOST_DIMENSIONS * (LONGEST_VALUE + 2))
/* Returns the key's length. */
size_t grouping_key(const struct grouping *grouping, const struct line_facts *facts,
                    unsigned char *key);

/* A part of a key, read again. */
struct part {
    bool known;       /* else: of lines without the field, or whose variant nothing tells */
    bool rest;        /* of BY_FIELD: of all values that are not told apart */
    const char *text; /* not NUL-terminated; of BY_FIELD */
    size_t length;
    uint32_t place; /* BY_VARIANT, BY_STAGE */
    int64_t window;
};
/* The part at *key, which is moved past it. */
struct part grouping_part(enum dimension_kind kind, const unsigned char **key);
/* Whether somebody else's bytes are such a key: each part is whole, and a place is below what there
 * is, or not known. */
struct key_limits {
    uint32_t variants, stages;
};
bool grouping_key_is_sound(const struct grouping *grouping, struct key_limits limits,
                           const unsigned char *key, size_t length);
/* Puts the part of the rest there. Returns its length. */
size_t grouping_put_rest(unsigned char *key);

#endif
