/*
 * descent.h - dotted names, and where nested objects have their values.
 *
 * A dot of a name is part of a key, or descends into an object: `user.plan` finds
 * {"user.plan": "pro"} and {"user": {"plan": "pro"}}. Where it finds several, the one counts that
 * has the longer key at the first difference: a literal key beats a descent. One that is null
 * counts like any other.
 */
#ifndef FFC_DESCENT_H
#define FFC_DESCENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOST_DESCENTS 64 /* dots beyond these are part of a key */

/* Which dots of a name descend, as bits, the first dot the highest: of two ways the lesser counts.
 * 0: the name itself is the key. */
typedef uint64_t descent_way;

/* The way of what stands in an object at that path, whose own way is given. */
static inline descent_way descent_way_below(descent_way way, const char *path, size_t length)
{
    unsigned dots = 0;
    for (size_t i = 0; i < length; i++)
        dots += path[i] == '.';
    return dots < MOST_DESCENTS ? way | UINT64_C(1) << (MOST_DESCENTS - 1 - dots) : way;
}

/* ---------------------------------------------------------------------------------- contexts -- */

struct descent_member {
    const char *key;
    enum descent_kind {
        MEMBER_VALUE, /* a list, too: no name descends into one */
        MEMBER_OBJECT,
        MEMBER_EITHER /* an object that is a value where a name calls for one */
    } kind;
    void *value;  /* what is found */
    void *object; /* what is descended into */
};

/* A value by one of the names. */
struct descent_value {
    size_t name;
    void *value;
    descent_way way;
};

struct descent {
    const char *const *names; /* sorted by their bytes, each once */
    size_t count;
    /* The member after *at (NULL: the first), which it moves; false after the last. */
    bool (*next)(void *object, void **at, struct descent_member *member);

    /* What is odd; paths are good during the call. NULL: nobody asks. */
    void *context;
    /* No name is this one; of an object, none begins with it. */
    void (*unknown)(void *context, const char *path, const struct descent_member *member);
    /* There are names below it, as `below`, but it is no object. */
    void (*no_object)(void *context, const char *path, const char *below,
                      const struct descent_member *member);
    /* Another value of a name; whether it or the earlier one counts, has been settled. */
    void (*twice)(void *context, const char *name, const struct descent_member *member);

    /* In the order they were found. */
    struct descent_value *values;
    size_t value_count, value_capacity;
    size_t *slots; /* by name: its place among the values, from 1 */
};

void descent_init(struct descent *descent, const char *const *names, size_t count);
void descent_release(struct descent *descent);

/*
 * Finds the values of an object, in place of those of the one before. Objects that no name leads
 * into are not searched, except for what may have been meant: their first 64 members, to a depth of
 * 8; a near one is reported as unknown, in place of the object. Cost: linear in the members, each a
 * binary search.
 */
void descent_find(struct descent *descent, void *object);
/* As if of an empty object. */
void descent_clear(struct descent *descent);

#ifdef __cplusplus
}
#endif
#endif
