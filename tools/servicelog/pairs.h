/*
 * pairs.h - the values of options: "a=1,b=2" taken apart, and numbers with their units.
 */
#ifndef SERVICELOG_PAIRS_H
#define SERVICELOG_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buffer;

struct pair {
    const char *name;
    const char *value; /* NULL: there is no '=' */
};

/* Takes the next pair off *text, which becomes NULL after the last one. It goes into the arena. */
struct pair next_pair(const char **text, struct arena *arena);

/* These are false, with *error in words, where the value is not of that kind. */
bool read_share(const char *name, const char *value, double *share, struct buffer *error);
bool read_number(const char *name, const char *value, double least, double *number,
                 struct buffer *error);
bool read_count(const char *name, const char *value, uint64_t most, uint64_t *count,
                struct buffer *error);
bool read_span(const char *name, const char *value, int64_t *ms, struct buffer *error);
/* "x1.5" */
bool read_factor(const char *name, const char *value, double *factor, struct buffer *error);
/* Says that there is no such name, and which there are. Returns false. */
bool unknown_name(const char *what, const char *name, const char *const *names, size_t count,
                  struct buffer *error);

#endif
