/* word_changes.c - see word_changes.h. */
#include "word_changes.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/common_ends.h"
#include "compiler/base/json.h"
#include "compiler/model/model.h"

#define NOWHERE UINT32_MAX

struct told told_of(const struct project *project, const struct flag *flag, uint32_t environment,
                    struct arena *arena)
{
    return (struct told){targeting_in_words(project, flag, environment, SIZE_MAX, arena),
                         targeting_in_words(project, flag, environment, ALL_SHOWN, arena),
                         targeting_in_words(project, flag, environment, NAMED_OPERANDS, arena)};
}

/* ------------------------------------------------------------------------------------- pairs -- */

struct pairing {
    const struct statements *old, *new;
    const struct statements *full_old, *full_new; /* as they may be shown */
    uint32_t *of_new;                             /* by statement of `new`, its place in `old` */
    bool *taken;                                  /* by statement of `old` */
};

static bool is_rule(const struct statement *said)
{
    return strncmp(said->what, "rule ", 5) == 0;
}

static bool is_unnamed(const struct statement *said)
{
    return strncmp(said->what, "rule rules[", 11) == 0;
}

static bool says_the_same(const struct statement *a, const struct statement *b)
{
    return a->text == b->text || (a->text && b->text && strcmp(a->text, b->text) == 0);
}

static void pair(struct pairing *pairing, uint32_t old, uint32_t new)
{
    pairing->of_new[new] = old;
    pairing->taken[old] = true;
}

static void pair_named(struct pairing *pairing)
{
    for (uint32_t i = 0; i < pairing->new->count; i++)
        for (uint32_t j = 0; j < pairing->old->count && pairing->of_new[i] == NOWHERE; j++)
            if (!pairing->taken[j] && !is_unnamed(&pairing->new->items[i]) &&
                strcmp(pairing->new->items[i].what, pairing->old->items[j].what) == 0)
                pair(pairing, j, i);
}

static uint32_t next_unnamed(const struct statements *statements, uint32_t at)
{
    while (at < statements->count && !is_unnamed(&statements->items[at]))
        at++;
    return at;
}

/* Those that say the same, the longest beginning and end first, then whichever comes next. */
static void pair_unnamed(struct pairing *pairing)
{
    const struct statements *old = pairing->old, *new = pairing->new;
    uint32_t i = next_unnamed(new, 0), j = next_unnamed(old, 0);
    while (i < new->count && j < old->count &&says_the_same(&new->items[i], &old->items[j])) {
        pair(pairing, j, i);
        i = next_unnamed(new, i + 1);
        j = next_unnamed(old, j + 1);
    }
    uint32_t end = new->count, other = old->count;
    for (;;) {
        while (end > i && !is_unnamed(&new->items[end - 1]))
            end--;
        while (other > j && !is_unnamed(&old->items[other - 1]))
            other--;
        if (end <= i || other <= j || !says_the_same(&new->items[end - 1], &old->items[other - 1]))
            break;
        pair(pairing, --other, --end);
    }
    for (; i < end; i = next_unnamed(new, i + 1))
        for (uint32_t at = j; at < other; at = next_unnamed(old, at + 1))
            if (!pairing->taken[at] && says_the_same(&new->items[i], &old->items[at])) {
                pair(pairing, at, i);
                break;
            }
    j = next_unnamed(old, 0);
    for (i = next_unnamed(new, 0); i < new->count; i = next_unnamed(new, i + 1)) {
        while (j < old->count && pairing->taken[j])
            j = next_unnamed(old, j + 1);
        if (pairing->of_new[i] == NOWHERE && j < old->count)
            pair(pairing, j, i);
    }
}

/* ------------------------------------------------------------------------------------- texts -- */

#define LONGEST 160 /* bytes of a text that is shown whole */
#define AROUND  32  /* bytes before and after what differs */

static const char *text_of(const struct statement *said)
{
    return !said ? NULL : said->text ? said->text : "yes";
}

static bool is_inside_character(const char *text, size_t at)
{
    return ((unsigned char)text[at] & 0xc0) == 0x80;
}

/* Without what both begin and end with, but for some of it. */
static const char *cut(const char *text, size_t before, size_t after, struct arena *arena)
{
    size_t length = strlen(text);
    size_t from = before > AROUND ? before - AROUND : 0;
    size_t to = after > AROUND ? length - (after - AROUND) : length;
    while (from > 0 && is_inside_character(text, from))
        from--;
    while (to < length && is_inside_character(text, to))
        to++;
    return arena_format(arena, "%s%.*s%s", from ? "…" : "", (int)(to - from), text + from,
                        to < length ? "…" : "");
}

static void cut_both(struct word_change *change, struct arena *arena)
{
    const char *a = change->before, *b = change->after;
    size_t first = strlen(a), second = strlen(b);
    if (first <= LONGEST && second <= LONGEST)
        return;
    size_t most = first < second ? first : second;
    size_t before = common_prefix(a, b, most);
    size_t after = common_suffix(a + first, b + second, most - before);
    change->before = cut(a, before, after, arena);
    change->after = cut(b, before, after, arena);
}

/* As they are shown; in full where they differ only there, and of private values that they do. */
static void set_texts(struct word_change *change, const struct told *old, uint32_t at_old,
                      const struct told *new, uint32_t at_new, struct arena *arena)
{
    bool was = at_old != NOWHERE, is = at_new != NOWHERE;
    change->before = was ? text_of(&old->shown.items[at_old]) : NULL;
    change->after = is ? text_of(&new->shown.items[at_new]) : NULL;
    if (!was || !is || strcmp(change->before, change->after) != 0)
        return;
    change->before = text_of(&old->full.items[at_old]);
    change->after = text_of(&new->full.items[at_new]);
    if (strcmp(change->before, change->after) == 0)
        change->after = arena_format(arena, "%s, others", change->after);
    cut_both(change, arena);
}

/* ------------------------------------------------------------------------------------- order -- */

/* The rules that both have, in the order of one of them. */
static const char *listed(const struct pairing *pairing, bool old, struct arena *arena)
{
    const struct statements *statements = old ? pairing->old : pairing->new;
    struct buffer list = {0};
    for (uint32_t i = 0; i < statements->count; i++) {
        const struct statement *said = &(old ? pairing->full_old : pairing->full_new)->items[i];
        if (!is_rule(said) || (old ? !pairing->taken[i] : pairing->of_new[i] == NOWHERE))
            continue;
        buffer_format(&list, "%s%s", list.length ? ", " : "",
                      is_unnamed(said) && said->text ? said->text : said->what + 5);
    }
    const char *text = arena_copy(arena, list.length ? list.bytes : "", list.length);
    buffer_release(&list);
    return text;
}

/* The first rule that holds decides. */
static bool find_moved(const struct pairing *pairing, struct arena *arena,
                       struct word_change *change)
{
    uint32_t last = NOWHERE;
    for (uint32_t i = 0; i < pairing->new->count; i++) {
        const struct statement *said = &pairing->new->items[i];
        uint32_t at = pairing->of_new[i];
        if (!is_rule(said) || at == NOWHERE)
            continue;
        if (last != NOWHERE && at < last) {
            *change = (struct word_change){.what = "order of rules",
                                           .before = listed(pairing, true, arena),
                                           .after = listed(pairing, false, arena),
                                           .span = said->span};
            cut_both(change, arena);
            return true;
        }
        last = at;
    }
    return false;
}

struct word_change *words_changed(const struct told *old, const struct told *new,
                                  struct arena *arena, uint32_t *count)
{
    struct word_change *changes = NULL, moved;
    struct pairing pairing = {&old->all,
                              &new->all,
                              &old->full,
                              &new->full,
                              ARENA_ARRAY(arena, uint32_t, new->all.count + 1),
                              ARENA_ARRAY(arena, bool, old->all.count + 1)};
    *count = 0;
    for (uint32_t i = 0; i < new->all.count; i++)
        pairing.of_new[i] = NOWHERE;
    pair_named(&pairing);
    pair_unnamed(&pairing);
    for (uint32_t i = 0; i < new->all.count; i++) {
        uint32_t at = pairing.of_new[i];
        if (at != NOWHERE && says_the_same(&new->all.items[i], &old->all.items[at]))
            continue;
        struct word_change *change = ARENA_APPEND(arena, changes, *count);
        change->what = new->all.items[i].what;
        change->span = new->all.items[i].span;
        set_texts(change, old, at, new, i, arena);
    }
    for (uint32_t i = 0; i < old->all.count; i++) {
        if (pairing.taken[i])
            continue;
        struct word_change *change = ARENA_APPEND(arena, changes, *count);
        change->what = old->all.items[i].what;
        change->span = old->all.items[i].span;
        change->is_gone = true;
        set_texts(change, old, i, new, NOWHERE, arena);
    }
    if (find_moved(&pairing, arena, &moved))
        *ARENA_APPEND(arena, changes, *count) = moved;
    return changes;
}

struct word_change *flag_words_changed(const struct flag_versions *versions,
                                       const char *environment, struct arena *arena,
                                       uint32_t *count)
{
    struct told old = {.all = {0}}, new = {.all = {0}};
    *count = 0;
    if (!environment) {
        old.all = old.full = old.shown = flag_in_words(versions->old, arena);
        new.all = new.full = new.shown = flag_in_words(versions->new, arena);
    } else {
        uint32_t from = project_environment(versions->before, environment);
        uint32_t to = project_environment(versions->after, environment);
        if (from == UINT32_MAX || to == UINT32_MAX)
            return NULL;
        old = told_of(versions->before, versions->old, from, arena);
        new = told_of(versions->after, versions->new, to, arena);
    }
    return words_changed(&old, &new, arena, count);
}

bool is_of_override(const struct word_change *said)
{
    return strncmp(said->what, "override:", 9) == 0 || strncmp(said->what, "override[", 9) == 0;
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool word_changes_are_same(const struct word_change *a, uint32_t a_count,
                           const struct word_change *b, uint32_t b_count)
{
    bool same = a_count == b_count;
    for (uint32_t i = 0; i < a_count && same; i++)
        same = is_same_text(a[i].what, b[i].what) && is_same_text(a[i].before, b[i].before) &&
               is_same_text(a[i].after, b[i].after);
    return same;
}

void field_word_changes(struct buffer *out, const struct word_change *said, uint32_t count)
{
    field_array(out, "says");
    for (uint32_t i = 0; i < count; i++) {
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_text(out, "what", said[i].what);
        field_text(out, "before", said[i].before);
        field_text(out, "after", said[i].after);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]");
}
