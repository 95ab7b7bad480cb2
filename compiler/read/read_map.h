/* read_map.h - mappings, read by a table of their keys. */
#ifndef FFC_READ_MAP_H
#define FFC_READ_MAP_H

#include <stddef.h>

#include "form.h"
#include "reader.h"

enum field_kind {
    FIELD_TEXT,     /* const char * */
    FIELD_PLACED,   /* struct text */
    FIELD_NAME,     /* struct text, checked as a name */
    FIELD_FREE,     /* struct text, checked as a name that is nearly free */
    FIELD_TEXTS,    /* struct texts */
    FIELD_BOOLEAN,  /* bool */
    FIELD_NUMBER,   /* double */
    FIELD_COUNT,    /* uint64_t */
    FIELD_PERCENT,  /* uint32_t */
    FIELD_DURATION, /* int64_t */
    FIELD_TIME,     /* int64_t */
    FIELD_PROGRAM,  /* struct texts: a program and its arguments */
    FIELD_CHOICE,   /* an enum, of `choices` */
    FIELD_READ      /* by `read`, which is given the target as a whole */
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    const char *const *choices; /* in the enum's order, ended by NULL */
    void (*read)(struct reader *reader, struct node *value, void *target);
    const struct form *form; /* NULL: as of all fields of the kind; see field_form() */
    const char *help;        /* what it means: a line of the reference, and of the schema */
    /* What to do where it is not given, which is reported; "": choose one. NULL: it need not be. */
    const char *missing;
    bool needed;  /* though something else reports that it is missing */
    bool chooses; /* of a flag: it chooses among variants, or has them */
};
/* `help` is never left out. After it may follow `.missing = "…"` and the like. */
#define FIELD(name_, kind_, type, member, help_, ...)                                              \
    {                                                                                              \
        .name = name_, .kind = kind_, .offset = offsetof(type, member), .help = help_, __VA_ARGS__ \
    }
#define CHOICE(name_, type, member, choices_, help_, ...)                      \
    {                                                                          \
        .name = name_, .kind = FIELD_CHOICE, .offset = offsetof(type, member), \
        .choices = choices_, .help = help_, __VA_ARGS__                        \
    }
#define READ(name_, read_, form_, help_, ...)                                            \
    {                                                                                    \
        .name = name_, .kind = FIELD_READ, .read = read_, .form = &form_, .help = help_, \
        __VA_ARGS__                                                                      \
    }
#define FIELD_LIMIT 64

/* Whether it has to be given. */
bool field_needed(const struct field *field);
/* What its value may be. Of a choice: `choice`, filled in. */
const struct form *field_form(const struct field *field, struct form *choice);

/*
 * Reads a mapping by the table of its form. Unknown keys are reported with what was meant, missing
 * ones at `place`, except where an unknown key may have meant them. Returns which fields were
 * given, as bits by their place in the table, also where their values are wrong.
 */
uint64_t read_fields(struct reader *reader, struct node *map, const struct form *form,
                     struct span place, void *target);
/* Which of the known keys was meant by an unknown one of the mapping, NULL at the top of a file: as
 * other systems call it, or the nearest; or NULL. */
const char *meant_key(struct reader *reader, const struct node *map, const char *name,
                      const char *const *known, size_t count);
/* Says so, as help for the last diagnostic. */
void help_key(struct reader *reader, const char *name, const char *meant, const char *const *known,
              size_t count);
/*
 * Unknown keys of one mapping of which nobody knows what they mean: they have one cause most often,
 * such as a line that was lost. The first is reported, the others are noted.
 */
#define UNEXPLAINED_SHOWN 3
struct unexplained {
    const struct node *shown[UNEXPLAINED_SHOWN];
    uint32_t count;
};
void add_unexplained(struct unexplained *keys, const struct node *key);
void note_unexplained(struct reader *reader, const struct unexplained *keys);
/* Reports key `name` as missing, at the place of what lacks it. */
void report_missing(struct reader *reader, struct span span, const char *what, const char *key,
                    const char *help);
/* Whether an unknown key of the mapping may have meant this one. */
bool may_mean(struct reader *reader, const struct node *map, const struct form *form,
              const char *key);
/* The entry itself, for its place; NULL when there is none. */
const struct entry *find_entry(const struct node *map, const char *key);
/* Two keys of one mapping of which only one may stand; true when both were given. */
bool report_conflict(struct reader *reader, const struct node *map, const char *first,
                     const char *second);
/* The same, where more helps than to keep one of them. */
bool report_conflict_of(struct reader *reader, const struct node *map, const char *first,
                        const char *second, const char *help);

#endif
