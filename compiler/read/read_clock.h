/* read_clock.h - what is asked of the time of an evaluation: `now`, and the windows of rules. */
#ifndef FFC_READ_CLOCK_H
#define FFC_READ_CLOCK_H

#include "form.h"
#include "reader.h"

/* A rule's window, as its keys `from` and `until` give it, and which of them it has. */
struct window {
    int64_t from, until;
    bool has_from, has_until;
};

/* The value of `now`: a test for each of its keys, all of which must hold; NULL after reporting. */
struct condition *read_now(struct reader *reader, struct node *map);

/* `condition`, which may be NULL, within the window of the rule `map`. */
struct condition *read_window(struct reader *reader, const struct node *map,
                              const struct window *window, struct condition *condition);

/* A time zone by its IANA name; NULL after reporting. */
struct zone;
const struct zone *read_zone_name(struct reader *reader, struct node *node);

extern const struct form now_form, zone_form;

#endif
