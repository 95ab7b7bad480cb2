/*
 * own_fields.h - for a format of JSON lines that looks at fields of its own: they are read along
 * with those that the caller wants, each once, into the parser's spare values behind them.
 */
#ifndef FFREPLAY_OWN_FIELDS_H
#define FFREPLAY_OWN_FIELDS_H

#include <stdint.h>

#include "line_parser.h"

struct own_fields {
    struct line_parser *json;
    uint32_t count;     /* of what the caller wants */
    const char **paths; /* those, followed by what else this format needs */
};

/* `places` gets, for each of the format's own names, where its value is. The names are borrowed. */
void own_fields_open(struct own_fields *fields, const char *const *paths, uint32_t count,
                     const char *const *own, uint32_t own_count, uint32_t *places);
void own_fields_close(struct own_fields *fields);

/* Of a name among `count` paths; `count` if it is none of them. */
uint32_t path_place(const char *const *paths, uint32_t count, const char *name);

#endif
