/* read_map.h - mappings, read by a table of their keys. */
#ifndef FFC_READ_MAP_H
#define FFC_READ_MAP_H

#include <stddef.h>

#include "reader.h"

enum field_kind {
    FIELD_TEXT,     /* const char * */
    FIELD_PLACED,   /* struct text */
    FIELD_NAME,     /* struct text, checked as a name */
    FIELD_TEXTS,    /* struct texts */
    FIELD_BOOLEAN,  /* bool */
    FIELD_NUMBER,   /* double */
    FIELD_COUNT,    /* uint64_t */
    FIELD_PERCENT,  /* uint32_t */
    FIELD_DURATION, /* int64_t */
    FIELD_TIME,     /* int64_t */
    FIELD_CHOICE,   /* an enum, of `choices` */
    FIELD_READ      /* by `read`, which is given the target as a whole */
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    const char *const *choices; /* NULL-terminated, in the enum's order */
    void (*read)(struct reader *reader, struct node *value, void *target);
};
#define FIELD(name, kind, type, member)                \
    {                                                  \
        name, kind, offsetof(type, member), NULL, NULL \
    }
#define CHOICE(name, type, member, choices)                       \
    {                                                             \
        name, FIELD_CHOICE, offsetof(type, member), choices, NULL \
    }
#define READ(name, read)                \
    {                                   \
        name, FIELD_READ, 0, NULL, read \
    }
#define FIELD_LIMIT 64

/*
 * Reads a mapping by a table. Unknown keys are reported with what was meant; `what` names the thing
 * in messages, with its article: "a stage". Returns which fields were given, as bits by their place
 * in the table, also where their values were no good.
 */
uint64_t read_fields(struct reader *reader, struct node *map, const char *what,
                     const struct field *fields, size_t count, void *target);
#define FIELDS(fields) (fields), sizeof(fields) / sizeof *(fields)
/* Reports key `name` as missing, at the place of what lacks it. */
void report_missing(struct reader *reader, struct span span, const char *what, const char *key,
                    const char *help);
/* The entry itself, for its place; NULL when there is none. */
const struct entry *find_entry(const struct node *map, const char *key);
/* Two keys of one mapping of which only one may stand; true when both were given. */
bool report_conflict(struct reader *reader, const struct node *map, const char *first,
                     const char *second);

#endif
