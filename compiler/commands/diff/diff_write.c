/*
 * diff_write.c - tells of changes: on a screen of 80 columns, in a pull request, to programs.
 *
 * The first line answers, the rest explains. A flag that changes in the same way in several
 * environments is told of once.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/wrap.h"
#include "diff.h"

#define ABSENT       "-" /* in place of a variant, where there is no such flag */
#define MOST_REGIONS 64  /* that are told of */
#define PLACE_COLUMN 79

/* "15.0 %" */
static void add_share(struct buffer *out, double share)
{
    double percent = share * 100;
    if (!(share > 0))
        buffer_append_text(out, "0 %");
    else if (percent < 0.01)
        buffer_append_text(out, "<0.01 %");
    else if (share < 1 && percent > 99.99)
        buffer_append_text(out, ">99.99 %");
    else
        terminal_format(out,
                        percent < 9.995   ? "%.2f %%"
                        : percent < 99.95 ? "%.1f %%"
                                          : "%.0f %%",
                        percent);
}

/* Of a region. */
static void add_part(struct buffer *out, const struct share *share)
{
    if (share->unknown)
        buffer_append_text(out, "0-100 %");
    else
        add_share(out, share->share);
}

static bool is_value(const struct share *share)
{
    return share->from && share->to && strcmp(share->from, share->to) == 0;
}

static const char *label(const char *variant)
{
    return variant ? variant : ABSENT;
}

/* ------------------------------------------------------------------------------------ shared -- */

/* Those of `changes` that change in the same way, at their places; the first of them is told of. */
struct group {
    uint32_t first;
    struct buffer environments; /* "staging, production" */
    struct buffer body;
};

struct groups {
    struct group *items;
    uint32_t count;
};

typedef void write_body(const struct diff *diff, const struct change *change, bool color,
                        struct buffer *out);

static void find_groups(const struct diff *diff, write_body *write, bool color,
                        struct groups *groups)
{
    groups->items = calloc(diff->change_count + 1u, sizeof *groups->items);
    for (uint32_t i = 0; groups->items && i < diff->change_count; i++) {
        const struct change *change = &diff->changes[i];
        struct buffer body = {0};
        write(diff, change, color, &body);
        struct group *group = NULL;
        for (uint32_t j = 0; j < groups->count && !group; j++)
            if (strcmp(diff->changes[groups->items[j].first].flag, change->flag) == 0 &&
                groups->items[j].body.length == body.length &&
                memcmp(groups->items[j].body.bytes, body.bytes, body.length) == 0)
                group = &groups->items[j];
        if (group) {
            terminal_format(&group->environments, ", %s", change->environment);
            buffer_release(&body);
            continue;
        }
        group = &groups->items[groups->count++];
        group->first = i;
        group->body = body;
        terminal_append(&group->environments, change->environment);
    }
}

static void release_groups(struct groups *groups)
{
    for (uint32_t i = 0; i < groups->count; i++) {
        buffer_release(&groups->items[i].environments);
        buffer_release(&groups->items[i].body);
    }
    free(groups->items);
}

/* "3 flags change in production, 1 in staging, none in development" */
static void add_headline(const struct diff *diff, struct buffer *out)
{
    bool first = true;
    for (int pass = 0; pass < 2; pass++) {
        const char *none = first ? "No flag changes in " : "; none in ";
        for (uint32_t i = 0; i < diff->pair_count; i++) {
            const struct diff_pair *pair = &diff->pairs[i];
            if (!pair->compared || (pair->changes > 0) != (pass == 0))
                continue;
            if (pass == 0)
                terminal_format(out, first ? "%u flag%s %s in %s" : ", %u%.0s%.0s in %s",
                                pair->changes, pair->changes == 1 ? "" : "s",
                                pair->changes == 1 ? "changes" : "change", pair->name);
            else
                terminal_format(out, "%s%s", none, pair->name);
            none = ", ";
            first = false;
        }
    }
    if (first)
        buffer_append_text(out, "Nothing was compared");
}

static const char *risk_of_environment(const struct diff_pair *pair)
{
    return pair->old == UINT32_MAX ? "new" : pair->new == UINT32_MAX ? "gone" : NULL;
}

/* How many units, in a sentence without its end. */
static void add_summary(const struct change *change, struct buffer *out)
{
    const struct touched *touched = change->touched;
    double share;
    if (change->kind == CHANGE_ADDED)
        buffer_append_text(out, "is new");
    else if (change->kind == CHANGE_REMOVED)
        buffer_append_text(out, "is gone: code that asks for it gets its own default");
    else if (touched->unknown)
        buffer_append_text(out, "may touch anybody");
    else if (!change_share(change, &share))
        buffer_append_text(out, "depends on who asks");
    else if (share > 0) {
        add_share(out, share);
        buffer_append_text(out, " of all units get another answer");
    } else if (touched->kept_count > 0)
        buffer_append_text(out, "changes for units that had a variant before");
    else if (touched->keyless_count > 0)
        buffer_append_text(out, "changes only for contexts without a key");
    else if (touched->reads_clock)
        buffer_append_text(out, "nobody gets another answer now; it depends on the clock (--at)");
    else
        buffer_append_text(out, "nobody gets another answer");
}

static bool has_later(const struct change *change)
{
    return change->later != INT64_MIN;
}

static void add_when(int64_t ms, struct buffer *out)
{
    char time[32];
    format_time(ms, time, sizeof time);
    buffer_append_text(out, time);
}

/* Environments that are only in one version are told of as a whole. */
static bool is_told_with_environment(const struct diff *diff, const struct change *change)
{
    for (uint32_t i = 0; i < diff->pair_count; i++)
        if (strcmp(diff->pairs[i].name, change->environment) == 0)
            return risk_of_environment(&diff->pairs[i]) != NULL;
    return false;
}

/* -------------------------------------------------------------------------------------- text -- */

struct style {
    const char *bold, *red, *dim, *end;
};
static const struct style plain = {"", "", "", ""};
static const struct style colored = {"\33[1m", "\33[31m", "\33[2m", "\33[0m"};

static void add_wrapped(struct buffer *out, size_t column, size_t indent, const char *text)
{
    struct buffer escaped = {0};
    terminal_append(&escaped, text);
    append_wrapped(out, HELP_WIDTH, column, indent, escaped.length ? escaped.bytes : "");
    buffer_release(&escaped);
}

/* "  off -> on      15.0 %", in columns. */
static void add_shares_text(const struct share *shares, uint32_t count, const char *of, size_t most,
                            struct buffer *out)
{
    size_t widest = 0;
    struct buffer *moves = calloc(count + 1u, sizeof *moves);
    for (uint32_t i = 0; moves && i < count; i++) {
        if (is_value(&shares[i]))
            terminal_format(&moves[i], "%s -> another value", shares[i].from);
        else
            terminal_format(&moves[i], "%s -> %s", label(shares[i].from), label(shares[i].to));
        size_t width = terminal_width(moves[i].bytes);
        widest = width > widest && width <= most ? width : widest;
    }
    for (uint32_t i = 0; moves && i < count; i++) {
        struct buffer share = {0};
        add_part(&share, &shares[i]);
        buffer_append_text(out, "    ");
        buffer_append_text(out, moves[i].bytes);
        terminal_pad(out, moves[i].bytes, widest);
        terminal_format(out, "  %8s%s\n", share.bytes, of);
        buffer_release(&share);
        buffer_release(&moves[i]);
    }
    free(moves);
}

#define LONGEST_MOVE 50

static void add_regions_text(const struct change *change, struct buffer *out)
{
    const struct touched *touched = change->touched;
    if (touched->region_count == 1 && !touched->regions[0].where) {
        add_shares_text(touched->regions[0].shares, touched->regions[0].share_count, "",
                        LONGEST_MOVE, out);
        return;
    }
    uint32_t shown = touched->region_count < MOST_REGIONS ? touched->region_count : MOST_REGIONS;
    for (uint32_t i = 0; i < shown; i++) {
        const struct region *region = &touched->regions[i];
        struct buffer text = {0};
        if (region->where)
            buffer_format(&text, "where %s", region->where);
        else
            buffer_append_text(&text, i ? "elsewhere" : "everywhere");
        buffer_append_text(&text, region->share_count ? "" : ": unchanged");
        buffer_append_text(out, "  ");
        add_wrapped(out, 2, 6, text.bytes);
        buffer_append_text(out, "\n");
        add_shares_text(region->shares, region->share_count, " of them", LONGEST_MOVE, out);
        buffer_release(&text);
    }
    if (shown < touched->region_count)
        terminal_format(out, "  and %u more cases\n", touched->region_count - shown);
}

static void add_line(const char *line, struct buffer *out)
{
    buffer_append_text(out, "  ");
    append_wrapped(out, HELP_WIDTH, 2, 6, line);
    buffer_append_text(out, "\n");
}

static void add_moves_text(const char *whose, const struct share *moves, uint32_t count,
                           struct buffer *out)
{
    for (uint32_t i = 0; i < count; i++) {
        struct buffer text = {0};
        terminal_format(&text, "%s: ", whose);
        if (is_value(&moves[i]))
            terminal_format(&text, "%s -> another value", moves[i].from);
        else
            terminal_format(&text, "%s -> %s", label(moves[i].from), label(moves[i].to));
        add_line(text.bytes, out);
        buffer_release(&text);
    }
}

static const char *other_keyless(const struct touched *touched)
{
    return touched->key_is_number ? ", or with one that is no integer" : "";
}

static void add_keyless_text(const struct change *change, struct buffer *out)
{
    const struct touched *touched = change->touched;
    if (touched->keyless_count == 0)
        return;
    struct buffer whose = {0};
    buffer_format(&whose, "without %s%s", touched->key, other_keyless(touched));
    add_moves_text(whose.bytes, touched->keyless, touched->keyless_count, out);
    buffer_release(&whose);
}

#define KEPT_WORDS "among units that had a variant before" /* it is sticky */
#define ALL_KEPT   "units that had a variant before keep it: the shares are of the others"

static bool keeps_all(const struct touched *touched)
{
    return touched->keeps && touched->kept_count == 0;
}

static void add_kept_text(const struct change *change, struct buffer *out)
{
    const struct touched *touched = change->touched;
    add_moves_text(KEPT_WORDS, touched->kept, touched->kept_count, out);
    if (keeps_all(touched))
        add_line(ALL_KEPT, out);
}

/* At the end of a line, or on one of its own. */
static void add_place(const char *place, size_t column, struct buffer *out)
{
    size_t width = place ? terminal_width(place) : 0;
    if (place) {
        buffer_append_text(out, column + 2 + width <= PLACE_COLUMN ? "  " : "\n      ");
        terminal_append(out, place);
    }
    buffer_append_text(out, "\n");
}

/* Where the last line ends, paint not counted. */
static size_t last_column(const struct buffer *out)
{
    size_t begin = out->length, column = 0;
    while (begin > 0 && out->bytes[begin - 1] != '\n')
        begin--;
    for (const char *at = out->bytes + begin, *end = out->bytes + out->length; at < end;) {
        const char *paint = memchr(at, '\33', (size_t)(end - at));
        const char *after = paint ? memchr(paint, 'm', (size_t)(end - paint)) : NULL;
        column += terminal_width_of(at, (size_t)((after ? paint : end) - at));
        at = after ? after + 1 : end;
    }
    return column;
}

static void add_causes_text(const struct change *change, struct buffer *out)
{
    for (uint32_t i = 0; i < change->cause_count; i++) {
        const struct cause *cause = &change->causes[i];
        struct buffer text = {0};
        buffer_append_text(&text, cause->what);
        if (cause->before && cause->after)
            buffer_format(&text, ": %s -> %s", cause->before, cause->after);
        else if (cause->after)
            buffer_format(&text, ": %s", cause->after);
        else if (cause->before)
            buffer_format(&text, ": no longer %s", cause->before);
        buffer_append_text(out, "  ");
        add_wrapped(out, 2, 6, text.bytes);
        add_place(cause->place, last_column(out), out);
        buffer_release(&text);
    }
}

static void add_counted_text(const struct change *change, struct buffer *out)
{
    for (uint32_t i = 0; i < change->counted_count; i++) {
        const struct counted *counted = &change->counted[i];
        terminal_format(out, "  in %s%s: %llu of %llu", counted->name ? "log " : "the contexts",
                        counted->name ? counted->name : "", (unsigned long long)counted->changed,
                        (unsigned long long)counted->total);
        if (counted->total > 0) {
            buffer_append_text(out, " (");
            add_share(out, (double)counted->changed / (double)counted->total);
            buffer_append_text(out, ")");
        }
        buffer_append_text(out, "\n");
    }
}

/* All but the flag's and the environment's name. */
static void write_change_text(const struct diff *diff, const struct change *change, bool color,
                              struct buffer *out)
{
    const struct style *style = color ? &colored : &plain;
    (void)diff;
    if (has_later(change)) {
        buffer_append_text(out, "nobody now; by ");
        add_when(change->later, out);
        buffer_append_text(out, ":\n  ");
    }
    add_summary(change, out);
    buffer_append_text(out, "\n");
    for (uint32_t i = 0; i < change->risk_count; i++) {
        const struct risk *risk = &change->risks[i];
        buffer_append_text(out, style->red);
        buffer_append_text(out, "  ! ");
        add_wrapped(out, 4, 6, risk->text);
        buffer_append_text(out, style->end);
        add_place(risk->place, last_column(out), out);
    }
    add_regions_text(change, out);
    add_keyless_text(change, out);
    add_kept_text(change, out);
    add_causes_text(change, out);
    add_counted_text(change, out);
}

static void add_environments_text(const struct diff *diff, struct buffer *out)
{
    for (uint32_t i = 0; i < diff->pair_count; i++) {
        const char *how = risk_of_environment(&diff->pairs[i]);
        if (how && diff->pairs[i].compared)
            terminal_format(out, "\nenvironment %s is %s, with %u flag%s\n", diff->pairs[i].name,
                            how, diff->pairs[i].changes, diff->pairs[i].changes == 1 ? "" : "s");
    }
}

void write_diff_text(const struct diff *diff, bool color, struct buffer *out)
{
    const struct style *style = color ? &colored : &plain;
    struct buffer headline = {0};
    struct groups groups = {.items = NULL};
    add_headline(diff, &headline);
    buffer_append_text(&headline, diff->change_count > 1 ? ". Riskiest first." : ".");
    append_wrapped(out, HELP_WIDTH, 0, 0, headline.bytes);
    buffer_append_text(out, "\n");
    buffer_release(&headline);
    add_environments_text(diff, out);
    find_groups(diff, write_change_text, color, &groups);
    bool told = false;
    for (uint32_t i = 0; i < groups.count; i++) {
        const struct change *change = &diff->changes[groups.items[i].first];
        if (is_told_with_environment(diff, change))
            continue;
        told = true;
        buffer_append_text(out, "\n");
        buffer_append_text(out, style->bold);
        terminal_append(out, change->flag);
        buffer_append_text(out, style->end);
        if (change->former)
            terminal_format(out, " (was %s)", change->former);
        terminal_format(out, " in %s:", groups.items[i].environments.bytes);
        struct buffer *body = &groups.items[i].body;
        size_t first = strcspn(body->bytes, "\n");
        size_t column = last_column(out);
        bool fits = column + 1 + terminal_width_of(body->bytes, first) <= HELP_WIDTH;
        buffer_append_text(out, fits ? " " : "\n  ");
        buffer_append(out, body->bytes, body->length);
    }
    if (told)
        buffer_append_text(out, "\nffc diff --contexts FILE counts yours; ffc trace FLAG -c … "
                                "explains one\n");
    release_groups(&groups);
}

/* ---------------------------------------------------------------------------------- markdown -- */

/* A text in a table's cell, as code: nothing of it is markup, and none of it ends the cell. */
static void add_code(struct buffer *out, const char *text)
{
    struct buffer escaped = {0};
    terminal_append(&escaped, text);
    size_t ticks = 1, run = 0;
    for (const char *at = escaped.bytes; at && *at; at++) {
        run = *at == '`' ? run + 1 : 0;
        ticks = run >= ticks ? run + 1 : ticks;
    }
    for (size_t i = 0; i < ticks; i++)
        buffer_append_text(out, "`");
    buffer_append_text(out, ticks > 1 ? " " : "");
    for (const char *at = escaped.bytes; at && *at; at++) {
        if (*at == '|')
            buffer_append_text(out, "\\");
        buffer_append(out, at, 1);
    }
    buffer_append_text(out, ticks > 1 ? " " : "");
    for (size_t i = 0; i < ticks; i++)
        buffer_append_text(out, "`");
    buffer_release(&escaped);
}

/* Words of ours, in which a name may stand. */
static void add_plain(struct buffer *out, const char *text)
{
    struct buffer escaped = {0};
    terminal_append(&escaped, text);
    for (const char *at = escaped.bytes; at && *at; at++) {
        if (strchr("\\`*_{}[]<>#|~@&!", *at))
            buffer_append_text(out, "\\");
        buffer_append(out, at, 1);
    }
    buffer_release(&escaped);
}

static void add_move(struct buffer *out, const struct share *share)
{
    add_code(out, label(share->from));
    buffer_append_text(out, " → ");
    if (is_value(share))
        buffer_append_text(out, "another value");
    else
        add_code(out, label(share->to));
}

static void add_region_markdown(const struct region *region, bool only, struct buffer *out)
{
    for (uint32_t i = 0; i < region->share_count; i++) {
        buffer_append_text(out, i ? ", " : "");
        add_part(out, &region->shares[i]);
        buffer_append_text(out, " ");
        add_move(out, &region->shares[i]);
    }
    if (region->share_count == 0)
        buffer_append_text(out, "unchanged");
    if (only)
        return;
    if (region->where) {
        buffer_append_text(out, " where ");
        add_code(out, region->where);
    } else {
        buffer_append_text(out, " elsewhere");
    }
}

#define CELL_REGIONS 4 /* that are told of in a cell of the table */

/* Such as a stage that has not begun. */
static bool is_nobodys(const struct change *change)
{
    const struct touched *touched = change->touched;
    double share;
    return change_is_of_both(change) && !touched->unknown && !touched->keyless_count &&
           !touched->kept_count && !touched->reads_clock && change_share(change, &share) &&
           !(share > 0);
}

static void add_who(const struct change *change, struct buffer *out)
{
    const struct touched *touched = change->touched;
    double share;
    if (has_later(change)) {
        buffer_append_text(out, "nobody now; by ");
        add_when(change->later, out);
        buffer_append_text(out, ": ");
    }
    if (is_nobodys(change)) {
        buffer_append_text(out, "nobody");
        return;
    }
    if (!change_is_of_both(change) || touched->unknown ||
        (change_share(change, &share) && !(share > 0))) {
        add_summary(change, out);
        return;
    }
    uint32_t shown = touched->region_count < CELL_REGIONS ? touched->region_count : CELL_REGIONS;
    for (uint32_t i = 0; i < shown; i++) {
        buffer_append_text(out, i ? "<br>" : "");
        add_region_markdown(&touched->regions[i], touched->region_count == 1, out);
    }
    if (shown < touched->region_count)
        terminal_format(out, "<br>and %u more cases", touched->region_count - shown);
}

static void add_cause_markdown(const struct cause *cause, struct buffer *out)
{
    add_plain(out, cause->what);
    if (cause->before) {
        buffer_append_text(out, " ");
        add_code(out, cause->before);
    }
    if (cause->before && cause->after)
        buffer_append_text(out, " →");
    if (cause->after) {
        buffer_append_text(out, " ");
        add_code(out, cause->after);
    } else if (cause->before) {
        buffer_append_text(out, " is gone");
    }
    if (cause->place) {
        buffer_append_text(out, " (");
        add_code(out, cause->place);
        buffer_append_text(out, ")");
    }
}

#define CELL_CAUSES 3

/* Whether anything belongs into the last column. */
static bool has_warnings(const struct diff *diff)
{
    for (uint32_t i = 0; i < diff->change_count; i++)
        if (diff->changes[i].risk_count || diff->changes[i].counted_count)
            return true;
    return false;
}

/* The cells of a row after the flag's name. */
static void write_row(const struct diff *diff, const struct change *change, bool color,
                      struct buffer *out)
{
    (void)color;
    add_who(change, out);
    buffer_append_text(out, " | ");
    for (uint32_t i = 0; i < change->cause_count && i < CELL_CAUSES; i++) {
        buffer_append_text(out, i ? "<br>" : "");
        add_cause_markdown(&change->causes[i], out);
    }
    if (change->cause_count > CELL_CAUSES)
        terminal_format(out, "<br>and %u more", change->cause_count - CELL_CAUSES);
    if (!has_warnings(diff))
        return;
    buffer_append_text(out, " | ");
    for (uint32_t i = 0; i < change->risk_count; i++) {
        buffer_append_text(out, i ? "<br>" : "");
        buffer_append_text(out, "⚠ ");
        add_plain(out, change->risks[i].text);
    }
    for (uint32_t i = 0; i < change->counted_count; i++) {
        const struct counted *counted = &change->counted[i];
        buffer_append_text(out, i || change->risk_count ? "<br>" : "");
        terminal_format(out, "%llu of %llu in ", (unsigned long long)counted->changed,
                        (unsigned long long)counted->total);
        add_plain(out, counted->name ? counted->name : "the contexts");
    }
}

/* Only in a table does '|' have to be escaped; in code elsewhere, the backslash would show. */
static void add_outside_table(const struct buffer *text, struct buffer *out)
{
    for (size_t i = 0; i < text->length; i++)
        if (text->bytes[i] != '\\' || i + 1 == text->length || text->bytes[i + 1] != '|')
            buffer_append(out, text->bytes + i, 1);
}

static void add_details(const struct diff *diff, const struct groups *groups, struct buffer *page)
{
    struct buffer text = {0}, *out = &text;
    buffer_append_text(out, "\n<details><summary>What each change says</summary>\n");
    for (uint32_t i = 0; i < groups->count; i++) {
        const struct change *change = &diff->changes[groups->items[i].first];
        const struct touched *touched = change->touched;
        if (is_told_with_environment(diff, change))
            continue;
        buffer_append_text(out, "\n**");
        add_code(out, change->flag);
        buffer_append_text(out, "** in ");
        add_plain(out, groups->items[i].environments.bytes);
        buffer_append_text(out, "\n\n");
        for (uint32_t j = 0; j < change->cause_count; j++) {
            buffer_append_text(out, "- ");
            add_cause_markdown(&change->causes[j], out);
            buffer_append_text(out, "\n");
        }
        bool only = touched->region_count == 1 && !touched->regions[0].where;
        for (uint32_t j = 0; j < touched->region_count && j < MOST_REGIONS && !is_nobodys(change);
             j++) {
            buffer_append_text(out, "- ");
            add_region_markdown(&touched->regions[j], only, out);
            buffer_append_text(out, "\n");
        }
        if (touched->region_count > MOST_REGIONS)
            terminal_format(out, "- and %u more cases\n", touched->region_count - MOST_REGIONS);
        for (uint32_t j = 0; j < touched->keyless_count; j++) {
            buffer_append_text(out, "- without ");
            add_code(out, touched->key);
            buffer_append_text(out, other_keyless(touched));
            buffer_append_text(out, ": ");
            add_move(out, &touched->keyless[j]);
            buffer_append_text(out, "\n");
        }
        for (uint32_t j = 0; j < touched->kept_count; j++) {
            buffer_append_text(out, "- " KEPT_WORDS ": ");
            add_move(out, &touched->kept[j]);
            buffer_append_text(out, "\n");
        }
        if (keeps_all(touched))
            buffer_append_text(out, "- " ALL_KEPT "\n");
    }
    buffer_append_text(out, "\n</details>\n");
    add_outside_table(&text, page);
    buffer_release(&text);
}

void write_diff_markdown(const struct diff *diff, struct buffer *out)
{
    struct buffer headline = {0};
    struct groups groups = {.items = NULL};
    add_headline(diff, &headline);
    buffer_append_text(out, "**");
    add_plain(out, headline.bytes);
    buffer_append_text(out, "**\n");
    buffer_release(&headline);
    for (uint32_t i = 0; i < diff->pair_count; i++) {
        const struct diff_pair *pair = &diff->pairs[i];
        if (risk_of_environment(pair) && pair->compared) {
            buffer_append_text(out, "\nEnvironment ");
            add_code(out, pair->name);
            terminal_format(out, " is %s, with %u flag%s.\n", risk_of_environment(pair),
                            pair->changes, pair->changes == 1 ? "" : "s");
        }
    }
    find_groups(diff, write_row, false, &groups);
    bool told = false;
    for (uint32_t i = 0; i < groups.count; i++) {
        const struct change *change = &diff->changes[groups.items[i].first];
        if (is_told_with_environment(diff, change))
            continue;
        if (!told)
            buffer_append_text(out, has_warnings(diff)
                                        ? "\n| flag | in | who gets another answer | why | |\n"
                                          "|---|---|---|---|---|\n"
                                        : "\n| flag | in | who gets another answer | why |\n"
                                          "|---|---|---|---|\n");
        told = true;
        buffer_append_text(out, "| ");
        add_code(out, change->flag);
        if (change->former) {
            buffer_append_text(out, " (was ");
            add_code(out, change->former);
            buffer_append_text(out, ")");
        }
        buffer_append_text(out, " | ");
        add_plain(out, groups.items[i].environments.bytes);
        buffer_append_text(out, " | ");
        buffer_append(out, groups.items[i].body.bytes, groups.items[i].body.length);
        buffer_append_text(out, " |\n");
    }
    if (told)
        add_details(diff, &groups, out);
    release_groups(&groups);
}

/* -------------------------------------------------------------------------------------- JSON -- */

/* As exact as a share is: a product of lengths of 2^64ths, where a threshold is rounded down. */
static void field_share(struct buffer *out, const struct share *of)
{
    double share = of->share;
    if (of->unknown) {
        field_text(out, "share", NULL);
        return;
    }
    double rounded = round(share * 1e12) / 1e12;
    json_write_key(out, "share");
    json_write_number(out, share > 0 && !(rounded > 0) ? share : rounded);
}

static void add_shares_json(const struct share *shares, uint32_t count, struct buffer *out)
{
    field_array(out, "shares");
    for (uint32_t i = 0; i < count; i++) {
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_text(out, "from", shares[i].from);
        field_text(out, "to", shares[i].to);
        field_share(out, &shares[i]);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]");
}

static void add_moves_json(const char *name, const struct share *moves, uint32_t count,
                           struct buffer *out)
{
    field_array(out, name);
    for (uint32_t i = 0; i < count; i++) {
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_text(out, "from", moves[i].from);
        field_text(out, "to", moves[i].to);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]");
}

static void add_touched_json(const struct touched *touched, struct buffer *out)
{
    if (touched->unknown) {
        field_text(out, "unknown", touched->unknown);
    } else if (touched->region_count == 1 && !touched->regions[0].where) {
        add_shares_json(touched->regions[0].shares, touched->regions[0].share_count, out);
    } else {
        field_array(out, "regions");
        for (uint32_t i = 0; i < touched->region_count && i < MOST_REGIONS; i++) {
            json_write_comma(out);
            buffer_append_text(out, "{");
            field_text(out, "if", touched->regions[i].where);
            add_shares_json(touched->regions[i].shares, touched->regions[i].share_count, out);
            buffer_append_text(out, "}");
        }
        buffer_append_text(out, "]");
        if (touched->region_count > MOST_REGIONS)
            field_count(out, "more", touched->region_count - MOST_REGIONS);
        if (touched->incomplete)
            field_truth(out, "incomplete", true);
    }
    if (touched->keyless_count > 0) {
        field_object(out, "without_key");
        field_text(out, "key", touched->key);
        add_moves_json("moves", touched->keyless, touched->keyless_count, out);
        buffer_append_text(out, "}");
    }
    if (touched->keeps)
        add_moves_json("kept", touched->kept, touched->kept_count, out);
}

static void add_counted_json(const struct counted *counted, struct buffer *out)
{
    field_count(out, "total", counted->total);
    field_count(out, "changed", counted->changed);
}

static void add_contexts_json(const struct change *change, struct buffer *out)
{
    bool logs = false;
    if (change->counted_count == 0)
        return;
    field_object(out, "contexts");
    for (uint32_t i = 0; i < change->counted_count; i++) {
        if (!change->counted[i].name)
            add_counted_json(&change->counted[i], out);
        logs |= change->counted[i].name != NULL;
    }
    if (logs)
        field_object(out, "logs");
    for (uint32_t i = 0; i < change->counted_count; i++) {
        if (!change->counted[i].name)
            continue;
        field_object(out, change->counted[i].name);
        add_counted_json(&change->counted[i], out);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, logs ? "}}" : "}");
}

static void add_change_json(const struct change *change, struct buffer *out)
{
    static const struct touched nobody = {.region_count = 0};
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "flag", change->flag);
    field_text(out, "environment", change->environment);
    field_text(out, "kind", change_kind_words[change->kind]);
    if (change->former)
        field_text(out, "former", change->former);
    if (has_later(change)) {
        add_shares_json(NULL, 0, out);
        field_object(out, "later");
        field_time(out, "at", change->later);
        add_touched_json(change->touched ? change->touched : &nobody, out);
        buffer_append_text(out, "}");
    } else {
        add_touched_json(change->touched, out);
    }
    add_contexts_json(change, out);
    field_array(out, "risks");
    for (uint32_t i = 0; i < change->risk_count; i++) {
        json_write_comma(out);
        json_write_string(out, change->risks[i].text);
    }
    buffer_append_text(out, "]");
    field_array(out, "causes");
    for (uint32_t i = 0; i < change->cause_count; i++) {
        const struct cause *cause = &change->causes[i];
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_text(out, "what", cause->what);
        field_text(out, "before", cause->before);
        field_text(out, "after", cause->after);
        field_text(out, "place", cause->place);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]}");
}

void write_diff_json(const struct diff *diff, struct buffer *out)
{
    buffer_append_text(out, "{\"format_version\":1");
    field_array(out, "changes");
    for (uint32_t i = 0; i < diff->change_count; i++)
        add_change_json(&diff->changes[i], out);
    buffer_append_text(out, "]}\n");
}
