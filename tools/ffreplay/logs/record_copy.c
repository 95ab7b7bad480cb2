/* record_copy.c - see record_copy.h. */
#include "record_copy.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/hash.h"
#include "compiler/base/memory.h"

static size_t list_size(const struct value *value)
{
    size_t size = value->length * sizeof *value->items;
    for (uint32_t i = 0; i < value->length; i++)
        size += strlen(value->items[i]) + 1;
    return size;
}

static bool has_text(const struct value *value)
{
    return !value_is_absent(value) && value->kind < VALUE_LIST && value->text;
}

static bool has_items(const struct value *value)
{
    return value->kind == VALUE_LIST || (value->kind == VALUE_OTHER && value->items);
}

/* What the values point to: lists first, because they are aligned. */
static size_t size_of_values(const struct event *event, uint32_t count)
{
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct value *value = &event->values[i];
        if (has_items(value))
            size += (list_size(value) + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
        else if (has_text(value))
            size += value->length;
    }
    return size;
}

static char *keep_list(struct value *value, char *memory)
{
    const char **items = (const char **)(void *)memory;
    char *text = memory + value->length * sizeof *items;
    for (uint32_t i = 0; i < value->length; i++) {
        size_t size = strlen(value->items[i]) + 1;
        items[i] = memcpy(text, value->items[i], size);
        text += size;
    }
    value->items = items;
    size_t used = (size_t)(text - memory);
    return memory + (used + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
}

static char *keep_text(const char **text, size_t length, char *memory)
{
    if (length > 0)
        memcpy(memory, *text, length);
    *text = memory;
    return memory + length;
}

struct record_copy *copy_record(const struct record *record, uint32_t field_count)
{
    const struct event *event = record->event;
    size_t values = field_count * sizeof *event->values;
    size_t numbers = field_count * sizeof *event->numbers;
    struct record_copy *copy =
        xcalloc(1, sizeof *copy + values + numbers + size_of_values(event, field_count) +
                       record->digested_length);
    char *memory = (char *)(copy + 1);
    copy->record = *record;
    copy->event = *event;
    copy->record.event = &copy->event;
    copy->order = hash64(record->digested, record->digested_length);
    copy->event.numbers = memcpy(memory, event->numbers, numbers);
    copy->event.values = memcpy(memory + numbers, event->values, values);
    memory += numbers + values;
    for (uint32_t i = 0; i < field_count; i++)
        if (has_items(&copy->event.values[i]))
            memory = keep_list(&copy->event.values[i], memory);
    for (uint32_t i = 0; i < field_count; i++)
        if (has_text(&copy->event.values[i]))
            memory = keep_text(&copy->event.values[i].text, copy->event.values[i].length, memory);
    keep_text(&copy->record.digested, record->digested_length, memory);
    return copy;
}

void record_copies_add(struct record_copies *list, struct record_copy *copy)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 16;
        list->items = xrealloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = copy;
}

static int compare(const void *left, const void *right)
{
    const struct record_copy *a = *(struct record_copy *const *)left,
                             *b = *(struct record_copy *const *)right;
    if (a->event.time != b->event.time)
        return a->event.time < b->event.time ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

void record_copies_sort(struct record_copies *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare);
}

void record_copies_release(struct record_copies *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct record_copies){0};
}
