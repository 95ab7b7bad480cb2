/* unit_values.c - see unit_values.h. */
#include "unit_values.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/hash.h"
#include "compiler/base/memory.h"

uint32_t unit_field_place(struct layout *layout, const char *name)
{
    const struct log *log = layout->log;
    bool is_field = false;
    for (uint32_t i = 0; i < log->field_count; i++)
        is_field |= strcmp(log->fields[i].name.text, name) == 0;
    for (uint32_t i = 0; i < log->context_count && !is_field; i++)
        if (strcmp(log->context[i].name.text, name) == 0)
            return layout_path(layout, log->context[i].from);
    return layout_field(layout, name).place;
}

static uint32_t *slot_of(const struct value_names *names, const char *text, size_t length)
{
    uint32_t mask = names->capacity - 1;
    for (uint32_t at = (uint32_t)hash64(text, length) & mask;; at = (at + 1) & mask) {
        const char *there = names->slots[at] ? names->texts[names->slots[at] - 1] : NULL;
        if (!there || (strlen(there) == length && memcmp(there, text, length) == 0))
            return &names->slots[at];
    }
}

static void grow(struct value_names *names)
{
    free(names->slots);
    names->capacity = names->capacity ? names->capacity * 2 : 64;
    names->slots = xcalloc(names->capacity, sizeof *names->slots);
    names->texts = xrealloc(names->texts, names->capacity / 2 * sizeof *names->texts);
    for (uint32_t i = 0; i < names->count; i++)
        *slot_of(names, names->texts[i], strlen(names->texts[i])) = i + 1;
}

uint32_t value_names_number(struct value_names *names, const char *text, size_t length)
{
    if (names->count >= names->capacity / 2)
        grow(names);
    uint32_t *slot = slot_of(names, text, length);
    if (*slot)
        return *slot;
    if (names->count == UNIT_VALUES_MOST) {
        names->too_many = true;
        return NO_VALUE;
    }
    char *kept = xcalloc(length + 1, 1);
    memcpy(kept, text, length);
    names->texts[names->count++] = kept;
    return *slot = names->count;
}

/* The number of what a field of a line says; NO_VALUE: it has none, or a list or an object. */
static uint32_t value_names_take(struct value_names *names, const struct event *event,
                                 uint32_t place)
{
    const struct value *value = place == NO_PLACE ? NULL : &event->values[place];
    if (!value || !value_is_text(value) || value_is_nothing(value))
        return NO_VALUE;
    return value_names_number(names, value->text, value_text_within(value, UNIT_VALUE_LONGEST));
}

const char *value_names_text(const struct value_names *names, uint32_t number)
{
    return number == NO_VALUE ? NULL : names->texts[number - 1];
}

static void value_names_release(struct value_names *names)
{
    for (uint32_t i = 0; i < names->count; i++)
        free(names->texts[i]);
    free(names->texts);
    free(names->slots);
    *names = (struct value_names){0};
}

/* -------------------------------------------------------------------------------- of threads -- */

struct shared_names *shared_names_new(uint32_t count)
{
    struct shared_names *names = xcalloc((size_t)count + 1, sizeof *names);
    for (uint32_t i = 0; i < count; i++)
        pthread_mutex_init(&names[i].lock, NULL);
    return names;
}

void shared_names_free(struct shared_names *names, uint32_t count)
{
    for (uint32_t i = 0; names && i < count; i++) {
        value_names_release(&names[i].names);
        pthread_mutex_destroy(&names[i].lock);
    }
    free(names);
}

uint32_t shared_names_first(struct shared_names *names, uint32_t a, uint32_t b)
{
    if (a == NO_VALUE || b == NO_VALUE || a == b)
        return a == NO_VALUE ? b : a;
    pthread_mutex_lock(&names->lock);
    bool a_first = strcmp(names->names.texts[a - 1], names->names.texts[b - 1]) <= 0;
    pthread_mutex_unlock(&names->lock);
    return a_first ? a : b;
}

/* Of a text that is new to the thread. */
static void find_number(struct names_seen *seen, struct shared_names *names, uint32_t number)
{
    const char *text = value_names_text(&seen->names, number);
    if (number >= seen->capacity) {
        seen->capacity = seen->capacity ? seen->capacity * 2 : 64;
        seen->numbers = xrealloc(seen->numbers, seen->capacity * sizeof *seen->numbers);
    }
    pthread_mutex_lock(&names->lock);
    seen->numbers[number] = value_names_number(&names->names, text, strlen(text));
    pthread_mutex_unlock(&names->lock);
}

uint32_t names_seen_take(struct names_seen *seen, struct shared_names *names,
                         const struct event *event, uint32_t place)
{
    uint32_t known = seen->names.count;
    uint32_t number = value_names_take(&seen->names, event, place);
    if (seen->names.too_many) {
        pthread_mutex_lock(&names->lock);
        names->names.too_many = true;
        pthread_mutex_unlock(&names->lock);
    }
    if (number == NO_VALUE)
        return NO_VALUE;
    if (seen->names.count > known)
        find_number(seen, names, number);
    return seen->numbers[number];
}

void names_seen_release(struct names_seen *seen)
{
    value_names_release(&seen->names);
    free(seen->numbers);
    *seen = (struct names_seen){0};
}
