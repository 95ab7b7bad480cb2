/* diagnostic.c - the registry of codes, and the list of what was found. */
#include "diagnostic.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"

static const struct diagnostic_info registry[] = {
#define ERROR   SEVERITY_ERROR
#define WARNING SEVERITY_WARNING
#define DIAGNOSTIC(code, severity, name, title, explanation, example, fix) \
    {"FF" #code, severity, name, title, explanation, example, fix},
#include "diagnostics.def"

#undef DIAGNOSTIC
#undef WARNING
#undef ERROR
};

const struct diagnostic_info *diagnostic_info(enum diagnostic_code code)
{
    return &registry[code];
}

enum diagnostic_code diagnostic_find(const char *code)
{
    for (unsigned i = 0; i < DIAGNOSTIC_COUNT; i++) {
        if (strcasecmp(registry[i].code, code) == 0)
            return (enum diagnostic_code)i;
    }
    return DIAGNOSTIC_COUNT;
}

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
    added->severity = registry[code].severity;
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
    /* What has no place is about the project as a whole, and comes last. */
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

#define LONGEST_NAME 128

/* A letter that is missing, added or swapped is likelier than one that is another. */
enum { SLIP = 2, SUBSTITUTION = 3 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Weighted edit distance, blind to case, with transpositions, or `bound` + 1 when it is beyond. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length,
                            size_t bound)
{
    size_t difference = a_length > b_length ? a_length - b_length : b_length - a_length;
    if (difference * SLIP > bound)
        return bound + 1;
    size_t rows[3][LONGEST_NAME + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        last[j] = j * SLIP;
    for (size_t i = 1; i <= a_length; i++) {
        now[0] = i * SLIP;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]) ? SUBSTITUTION : 0);
            if (last[j] + SLIP < best)
                best = last[j] + SLIP;
            if (now[j - 1] + SLIP < best)
                best = now[j - 1] + SLIP;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + SLIP < best)
                best = before[j - 2] + SLIP;
            now[j] = best;
        }
        size_t *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[b_length];
}

const char *nearest_name(const char *name, const char *const *names, size_t count)
{
    size_t length = strlen(name);
    if (length > LONGEST_NAME)
        return NULL;
    /* A third of the letters wrong is another word. */
    size_t best = (length / 3 + (length < 6)) * SLIP;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(names[i]);
        if (other > LONGEST_NAME)
            continue;
        size_t distance = edit_distance(name, length, names[i], other, best);
        /* What is cut short, "prod", is as good as one slip. */
        if (length >= 3 && strncmp(name, names[i], length) == 0)
            distance = SLIP;
        if (distance <= best && (!nearest || distance < best)) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
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
