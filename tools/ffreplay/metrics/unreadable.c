/* unreadable.c - see unreadable.h. */
#include "unreadable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/base/memory.h"

void unreadable_add(struct unreadable *unreadable, int64_t time)
{
    if (unreadable->count++ == 0 || time > unreadable->newest)
        unreadable->newest = time;
}

/* If two have the same time, orders them by their text, and then by their place. */
static bool comes_before(const struct unreadable_value *a, const struct unreadable_value *b)
{
    if (a->time != b->time)
        return a->time < b->time;
    int order = strcmp(a->text, b->text);
    if (order != 0)
        return order < 0;
    return a->source != b->source ? a->source < b->source : place_is_before(a->place, b->place);
}

static void show(struct unreadable *unreadable, const struct unreadable_value *value)
{
    if (!unreadable->shown)
        unreadable->shown = xcalloc(1, sizeof *unreadable->shown);
    else if (!comes_before(value, unreadable->shown))
        return;
    *unreadable->shown = *value;
}

void unreadable_show(struct unreadable *unreadable, const struct layout *layout,
                     const struct event *event, uint32_t place)
{
    if (unreadable->shown && unreadable->shown->time < event->time)
        return;
    struct unreadable_value value = {event->time, event->source, event->place, layout->paths[place],
                                     ""};
    const struct value *logged = &event->values[place];
    if (layout_hides(layout, place))
        snprintf(value.text, sizeof value.text, "(private)");
    else if (value_is_text(logged))
        terminal_copy(value.text, sizeof value.text, logged->text, logged->length);
    else
        snprintf(value.text, sizeof value.text, logged->kind == VALUE_LIST ? "[…]" : "{…}");
    show(unreadable, &value);
}

void unreadable_merge(struct unreadable *unreadable, const struct unreadable *other)
{
    if (other->count == 0)
        return;
    if (unreadable->count == 0 || other->newest > unreadable->newest)
        unreadable->newest = other->newest;
    unreadable->count += other->count;
    if (other->shown)
        show(unreadable, other->shown);
}

void unreadable_release(struct unreadable *unreadable)
{
    free(unreadable->shown);
    *unreadable = (struct unreadable){0};
}
