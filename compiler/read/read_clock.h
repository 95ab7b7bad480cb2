/* read_clock.h - what is asked of the time of an evaluation: `now`, and the windows of rules. */
#ifndef FFC_READ_CLOCK_H
#define FFC_READ_CLOCK_H

#include "form.h"
#include "reader.h"

/* A rule's window, as its keys `from` and `until` give it. */
struct window {
    int64_t from, until;
};

/* The value of `now`: a test for each of its keys, all of which must hold; NULL after reporting. */
struct condition *read_now(struct reader *reader, struct node *map);

/* `condition`, which may be NULL, within the window of the rule `map`. `given`: its keys were
 * read. */
struct condition *read_window(struct reader *reader, const struct node *map,
                              const struct window *window, bool given_from, bool given_until,
                              struct condition *condition);

extern const struct form now_form;

#endif
