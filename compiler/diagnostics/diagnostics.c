/* diagnostics.c - the list of findings. */
#include "diagnose.h"
#include "registry.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/nearest.h"

static void count_in(struct diagnostics *diagnostics, enum severity severity)
{
    if (severity == SEVERITY_ERROR)
        diagnostics->errors++;
    else
        diagnostics->warnings++;
}

void diagnose(struct diagnostics *diagnostics, enum diagnostic_code code, struct span span,
              const char *format, ...)
{
    struct diagnostic *added =
        ARENA_APPEND(diagnostics->arena, diagnostics->items, diagnostics->count);
    added->code = code;
    added->severity = diagnostic_info(code)->severity;
    added->span = span;
    va_list arguments;
    va_start(arguments, format);
    added->message = arena_vformat(diagnostics->arena, format, arguments);
    va_end(arguments);
    count_in(diagnostics, added->severity);
}

void diagnose_note(struct diagnostics *diagnostics, struct span span, const char *format, ...)
{
    struct diagnostic *last = &diagnostics->items[diagnostics->count - 1];
    struct diagnostic_note *note = ARENA_APPEND(diagnostics->arena, last->notes, last->note_count);
    note->span = span;
    va_list arguments;
    va_start(arguments, format);
    note->text = arena_vformat(diagnostics->arena, format, arguments);
    va_end(arguments);
}

void diagnose_help(struct diagnostics *diagnostics, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diagnostics->items[diagnostics->count - 1].help =
        arena_vformat(diagnostics->arena, format, arguments);
    va_end(arguments);
}

bool diagnose_helped(const struct diagnostics *diagnostics)
{
    return diagnostics->items[diagnostics->count - 1].help != NULL;
}

void diagnostics_append(struct diagnostics *diagnostics, const struct diagnostics *more)
{
    for (uint32_t i = 0; i < more->count; i++) {
        *ARENA_APPEND(diagnostics->arena, diagnostics->items, diagnostics->count) = more->items[i];
        count_in(diagnostics, more->items[i].severity);
    }
}

void diagnostics_raise(struct diagnostics *diagnostics, enum diagnostic_code code)
{
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        struct diagnostic *item = &diagnostics->items[i];
        if (item->code != code || item->severity == SEVERITY_ERROR)
            continue;
        item->severity = SEVERITY_ERROR;
        diagnostics->warnings--;
        diagnostics->errors++;
    }
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_places(const void *left, const void *right)
{
    const struct diagnostic *a = left, *b = right;
    /* A finding without a place is about the whole project, and comes last. */
    int order = compare_numbers(a->span.file, b->span.file);
    if (!order)
        order = compare_numbers(a->span.begin, b->span.begin);
    if (!order)
        order = compare_numbers(a->span.end, b->span.end);
    if (!order)
        order = compare_numbers(a->code, b->code);
    return order ? order : strcmp(a->message, b->message);
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
    if (!diagnostics->count)
        return;
    qsort(diagnostics->items, diagnostics->count, sizeof *diagnostics->items, compare_places);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < diagnostics->count; i++) {
        if (compare_places(&diagnostics->items[kept - 1], &diagnostics->items[i]) != 0)
            diagnostics->items[kept++] = diagnostics->items[i];
    }
    diagnostics->count = kept;
    diagnostics->errors = diagnostics->warnings = 0;
    for (uint32_t i = 0; i < kept; i++)
        count_in(diagnostics, diagnostics->items[i].severity);
}

#define MOST_LISTED 16

void suggest(struct diagnostics *diagnostics, const char *name, const char *const *known,
             size_t count)
{
    const char *nearest = NULL;
    if (diagnostics->suggestions < MOST_SUGGESTIONS)
        nearest = nearest_name(name, known, count);
    diagnostics->suggestions++;
    if (nearest) {
        diagnose_help(diagnostics, "did you mean '%s'?", nearest);
        return;
    }
    if (!count || count > MOST_LISTED)
        return;
    struct buffer list = {0};
    for (size_t i = 0; i < count; i++)
        buffer_format(&list, "%s%s", i ? ", " : "", known[i]);
    diagnose_help(diagnostics, "known here: %s", list.bytes);
    buffer_release(&list);
}
