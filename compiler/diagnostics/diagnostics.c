/* diagnostics.c - the list of findings. */
#include "diagnose.h"
#include "registry.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/escape.h"
#include "compiler/base/nearest.h"

static void count_in(struct diagnostics *diagnostics, enum severity severity)
{
    if (severity == SEVERITY_ERROR)
        diagnostics->errors++;
    else
        diagnostics->warnings++;
}

static void count_out(struct diagnostics *diagnostics, enum severity severity)
{
    if (severity == SEVERITY_ERROR)
        diagnostics->errors--;
    else
        diagnostics->warnings--;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_spans(const struct span *a, const struct span *b)
{
    /* A finding without a place is about the whole project, and comes last. */
    int order = compare_numbers(a->file, b->file);
    if (!order)
        order = compare_numbers(a->begin, b->begin);
    return order ? order : compare_numbers(a->end, b->end);
}

/* What is known of a code of which there are many. */
struct kept_code {
    uint32_t added;   /* to the list since it was sorted, and what was kept then */
    uint32_t dropped; /* only counted */
    enum diagnostic_level level;
    bool full; /* what comes after `last` is not kept */
    struct span last;
};

static struct kept_code *kept_code(struct diagnostics *diagnostics, unsigned code)
{
    if (!diagnostics->codes)
        diagnostics->codes = ARENA_ARRAY(diagnostics->arena, struct kept_code, DIAGNOSTIC_COUNT);
    return &diagnostics->codes[code];
}

/* Room for one more of the code, or NULL when it comes after all that are kept. */
static struct diagnostic *make_room(struct diagnostics *diagnostics, unsigned code,
                                    struct span span)
{
    struct kept_code *kept = kept_code(diagnostics, code);
    if (kept->added >= 2 * MOST_KEPT)
        diagnostics_sort(diagnostics);
    if (kept->full && compare_spans(&kept->last, &span) < 0) {
        kept->dropped++;
        return NULL;
    }
    kept->added++;
    struct diagnostic *room =
        ARENA_APPEND(diagnostics->arena, diagnostics->items, diagnostics->count);
    /* Something may have stood there that is kept no more. */
    *room = (struct diagnostic){.code = code, .span = span};
    return room;
}

static char *message_of(struct diagnostics *diagnostics, const char *format, va_list arguments)
{
    struct buffer text = {0};
    message_append_list(&text, format, arguments);
    char *copy = arena_copy(diagnostics->arena, text.bytes ? text.bytes : "", text.length);
    buffer_release(&text);
    return copy;
}

void diagnose(struct diagnostics *diagnostics, enum diagnostic_code code, struct span span,
              const char *format, ...)
{
    enum severity severity = diagnostic_info(code)->severity;
    struct diagnostic *added = make_room(diagnostics, code, span);
    count_in(diagnostics, severity);
    diagnostics->last = added;
    if (!added)
        return;
    added->severity = severity;
    va_list arguments;
    va_start(arguments, format);
    added->message = message_of(diagnostics, format, arguments);
    va_end(arguments);
}

void diagnose_note(struct diagnostics *diagnostics, struct span span, const char *format, ...)
{
    struct diagnostic *last = diagnostics->last;
    if (!last)
        return;
    struct diagnostic_note *note = ARENA_APPEND(diagnostics->arena, last->notes, last->note_count);
    note->span = span;
    va_list arguments;
    va_start(arguments, format);
    note->text = message_of(diagnostics, format, arguments);
    va_end(arguments);
}

void diagnose_help(struct diagnostics *diagnostics, const char *format, ...)
{
    if (!diagnostics->last)
        return;
    va_list arguments;
    va_start(arguments, format);
    diagnostics->last->help = message_of(diagnostics, format, arguments);
    va_end(arguments);
}

bool diagnose_helped(const struct diagnostics *diagnostics)
{
    return !diagnostics->last || diagnostics->last->help;
}

bool diagnose_is(const struct diagnostics *diagnostics, enum diagnostic_code code)
{
    return diagnostics->last && diagnostics->last->code == code;
}

void diagnose_hide(struct diagnostics *diagnostics, enum diagnostic_code code, struct span within,
                   const char *message)
{
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        struct diagnostic *item = &diagnostics->items[i];
        if (item->code != code || item->span.file != within.file ||
            item->span.begin < within.begin || item->span.end > within.end)
            continue;
        item->message = message;
        item->help = NULL;
        item->fix = NULL;
        item->hides = true;
    }
}

bool diagnose_reopen(struct diagnostics *diagnostics, enum diagnostic_code code, struct span span)
{
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        struct diagnostic *item = &diagnostics->items[i];
        if (item->code != code || compare_spans(&item->span, &span) != 0)
            continue;
        diagnostics->last = item;
        return true;
    }
    return false;
}

/* In quotes or not. */
static bool stands_at(const struct sources *sources, struct span span, const char *text)
{
    size_t length = strlen(text);
    if (!sources || span.file >= sources->count || span.begin > span.end ||
        span.end > sources->items[span.file].length)
        return false;
    const char *at = sources->items[span.file].text + span.begin;
    size_t all = span.end - span.begin;
    if (all == length + 2 && (at[0] == '"' || at[0] == '\'') && at[all - 1] == at[0]) {
        at++;
        all -= 2;
    }
    return all == length && memcmp(at, text, length) == 0;
}

void diagnose_fix(struct diagnostics *diagnostics, const char *written, const char *meant)
{
    struct diagnostic *last = diagnostics->last;
    if (!last || !stands_at(diagnostics->sources, last->span, written))
        return;
    struct diagnostic_fix *fix = ARENA_NEW(diagnostics->arena, struct diagnostic_fix);
    *fix =
        (struct diagnostic_fix){last->span, arena_copy(diagnostics->arena, meant, strlen(meant))};
    last->fix = fix;
}

void diagnostics_append(struct diagnostics *diagnostics, const struct diagnostics *more)
{
    for (uint32_t i = 0; i < more->count; i++) {
        struct diagnostic *added = make_room(diagnostics, more->items[i].code, more->items[i].span);
        if (added)
            *added = more->items[i];
    }
    for (unsigned code = 0; more->codes && code < DIAGNOSTIC_COUNT; code++)
        kept_code(diagnostics, code)->dropped += more->codes[code].dropped;
    diagnostics->last = NULL;
    diagnostics->errors += more->errors;
    diagnostics->warnings += more->warnings;
}

static int compare_places(const void *left, const void *right)
{
    const struct diagnostic *a = left, *b = right;
    int order = compare_spans(&a->span, &b->span);
    if (!order)
        order = compare_numbers(a->code, b->code);
    return order ? order : strcmp(a->message, b->message);
}

static void keep_first(struct diagnostics *diagnostics, uint32_t at, uint32_t *kept)
{
    const struct diagnostic *item = &diagnostics->items[at];
    if (*kept && compare_places(&diagnostics->items[*kept - 1], item) == 0) {
        count_out(diagnostics, item->severity);
        return;
    }
    struct kept_code *code = kept_code(diagnostics, item->code);
    if (code->added == MOST_KEPT) {
        code->full = true;
        code->dropped++;
        return;
    }
    code->added++;
    code->last = item->span;
    diagnostics->items[(*kept)++] = *item;
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
    if (!diagnostics->count)
        return;
    qsort(diagnostics->items, diagnostics->count, sizeof *diagnostics->items, compare_places);
    for (unsigned code = 0; code < DIAGNOSTIC_COUNT; code++)
        kept_code(diagnostics, code)->added = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < diagnostics->count; i++)
        keep_first(diagnostics, i, &kept);
    diagnostics->count = kept;
    diagnostics->last = NULL;
}

#define MOST_LISTED 17

uint32_t suggestible(const struct diagnostics *diagnostics, uint32_t count)
{
    return diagnostics->suggestions < MOST_SUGGESTIONS || count <= MOST_LISTED ? count : 0;
}

const char *suggest(struct diagnostics *diagnostics, const char *name, const char *const *known,
                    size_t count)
{
    const char *nearest = NULL;
    if (diagnostics->suggestions < MOST_SUGGESTIONS)
        nearest = nearest_name(name, known, count);
    diagnostics->suggestions++;
    if (nearest) {
        diagnose_help(diagnostics, "did you mean '%s'?", nearest);
        diagnose_fix(diagnostics, name, nearest);
        return nearest;
    }
    if (!count || count > MOST_LISTED)
        return NULL;
    struct buffer list = {0};
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(&list, i ? ", " : "");
        name_append(&list, known[i], strlen(known[i]));
    }
    diagnose_help(diagnostics, "known here: %s", list.bytes);
    buffer_release(&list);
    return NULL;
}

/* ------------------------------------------------------------------------------------ levels -- */

const char *const diagnostic_level_words[] = WORDS(DIAGNOSTIC_LEVELS);

static bool is_error(enum diagnostic_level level)
{
    return level == LEVEL_ERROR;
}

/* Of a code that is a warning by nature, with what is only counted. */
static void count_level(struct diagnostics *diagnostics, const struct kept_code *code,
                        uint32_t listed, bool in)
{
    uint32_t all = listed + code->dropped;
    uint32_t *count = is_error(code->level) ? &diagnostics->errors : &diagnostics->warnings;
    if (code->level != LEVEL_OFF)
        *count = in ? *count + all : *count - all;
}

/* Moves those of a code from one list to the end of another; returns how many. */
static uint32_t move_code(struct arena *arena, unsigned code, struct diagnostic **from,
                          uint32_t *from_count, struct diagnostic **to, uint32_t *to_count)
{
    uint32_t kept = 0, count = *from_count;
    for (uint32_t i = 0; i < count; i++) {
        const struct diagnostic item = (*from)[i];
        if (item.code == code)
            *ARENA_APPEND(arena, *to, *to_count) = item;
        else
            (*from)[kept++] = item;
    }
    *from_count = kept;
    return count - kept;
}

void diagnostics_set_level(struct diagnostics *diagnostics, enum diagnostic_code code,
                           enum diagnostic_level level)
{
    if (diagnostic_info(code)->severity == SEVERITY_ERROR)
        return;
    diagnostics_sort(diagnostics);
    struct kept_code *kept = kept_code(diagnostics, code);
    uint32_t listed = move_code(diagnostics->arena, code, &diagnostics->items, &diagnostics->count,
                                &diagnostics->off, &diagnostics->off_count);
    count_level(diagnostics, kept, listed, false);
    kept->level = level;
    if (level == LEVEL_OFF)
        return;
    uint32_t first = diagnostics->count;
    listed = move_code(diagnostics->arena, code, &diagnostics->off, &diagnostics->off_count,
                       &diagnostics->items, &diagnostics->count);
    count_level(diagnostics, kept, listed, true);
    for (uint32_t i = first; i < diagnostics->count; i++)
        diagnostics->items[i].severity = is_error(level) ? SEVERITY_ERROR : SEVERITY_WARNING;
    diagnostics_sort(diagnostics);
}

bool diagnostics_has_all(const struct diagnostics *diagnostics, enum diagnostic_code code)
{
    return !diagnostics->codes || !diagnostics->codes[code].dropped;
}

void diagnostics_deny_warnings(struct diagnostics *diagnostics)
{
    for (unsigned code = 0; code < DIAGNOSTIC_COUNT; code++) {
        enum diagnostic_level level = kept_code(diagnostics, code)->level;
        if (level == LEVEL_WARNING)
            diagnostics_set_level(diagnostics, code, LEVEL_ERROR);
    }
}

void diagnostics_silence(struct diagnostics *diagnostics,
                         bool (*silent)(const struct diagnostic *item, void *data), void *data)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];
        if (silent(item, data))
            count_out(diagnostics, item->severity);
        else
            diagnostics->items[kept++] = *item;
    }
    diagnostics->count = kept;
    diagnostics->last = NULL;
}
