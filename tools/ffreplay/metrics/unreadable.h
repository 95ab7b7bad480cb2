/*
 * unreadable.h - samples that a metric could not take, because a value is not what it needs.
 *
 * How many, and one to show: the earliest by time, so that it does not depend on who read which
 * line. Its place in a file does, of course.
 */
#ifndef FFREPLAY_UNREADABLE_H
#define FFREPLAY_UNREADABLE_H

#include <stdint.h>

#include "tools/ffreplay/logs/layout.h"

struct unreadable_value {
    int64_t time;
    uint32_t source; /* the file, and where in it */
    struct place place;
    const char *field; /* as the log calls it; the layout's */
    char text[64];     /* escaped, and cut to what fits */
};

struct unreadable {
    uint64_t count;
    int64_t newest;                 /* of their times, where there are any */
    struct unreadable_value *shown; /* NULL: none is known */
};

void unreadable_add(struct unreadable *unreadable, int64_t time);
/* The event has that value: it is shown, where it is the earliest. */
void unreadable_show(struct unreadable *unreadable, const struct layout *layout,
                     const struct event *event, uint32_t place);
void unreadable_merge(struct unreadable *unreadable, const struct unreadable *other);
void unreadable_release(struct unreadable *unreadable);

#endif
