/*
 * layout.h - which fields of a log are read, and one line as their values.
 *
 * Code that needs a field registers it before the first line and keeps its place. A field that
 * several need is read once.
 */
#ifndef FFREPLAY_LAYOUT_H
#define FFREPLAY_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "block_part.h"
#include "line_parser.h"
#include "reading.h"
#include "unit_set.h"
#include "compiler/model/log.h"

struct arena;
struct project;

struct layout {
    const struct project *project;
    const struct log *log;
    struct arena *arena;
    const char **paths;
    bool *numeric; /* by place: somebody needs the number, which is parsed once a line */
    uint32_t count;
    /* The first places are made of others; what is there in a line follows them. */
    struct reading *readings;
    uint32_t reading_count;
    uint64_t asked; /* what layout_path() was asked for since somebody cleared it, as bits */
    uint32_t time;
    uint32_t unit, flag, variant, id; /* NO_PLACE where the log has none */
    bool hashes_units;                /* somebody needs the unit's hash of each line */
    bool takes_partial;               /* answers that say that they are not all there is */
};
#define NO_PLACE UINT32_MAX

/* A field as metrics name it. */
struct field {
    uint32_t place;
    double scale;
};

struct number {
    enum number_state state;
    double number; /* as logged, not scaled */
};

/* A line. `values` and `numbers` are by place. */
struct event {
    int64_t time;
    enum record_group group;
    struct value *values;
    struct number *numbers;
    bool has_unit; /* where the layout hashes units: whether the line has one, and its hash */
    struct unit_hash unit;
    uint32_t source; /* the file that it is from, and where it stands there */
    struct place place;
};

void layout_init(struct layout *layout, const struct project *project, const struct log *log,
                 struct arena *arena);
/* The place of a path. */
uint32_t layout_path(struct layout *layout, const char *path);
/* A field by the name that metrics use: one of the log's `fields`, else a path of the log itself.
 */
struct field layout_field(struct layout *layout, const char *name);
/* All fields as bits by their places, of which those beyond 64 have none. */
uint64_t layout_fields(const struct layout *layout);
/* Whether it has values that are not to be shown: the log maps it to a private attribute, or it is
 * the unit of a project whose units are known by one. */
bool layout_hides(const struct layout *layout, uint32_t place);
/* The number at this place is needed, too. */
void layout_use_number(struct layout *layout, uint32_t place);

/* How the log's files are split, for lines_open(). */
enum framing layout_framing(const struct layout *layout);
char layout_delimiter(const struct layout *layout);

/* NULL when the log's format has no such field, or is not read, after reporting. */
struct line_parser *layout_parser(const struct layout *layout);

#endif
