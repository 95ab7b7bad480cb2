/* stale_write.c - what `ffc stale` found: for people, for programs, and as annotations. */
#include "stale.h"

#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/wrap.h"
#include "compiler/model/model.h"
#include "compiler/commands/in_words.h"

#define DAY           86400000
#define SHOWN_USES    4  /* of a flag; the others are counted */
#define LABEL_COLUMNS 14 /* before what stands beside a word */

static struct position place_of(const struct stale *stale, const struct flag *flag)
{
    struct span span = flag->name.span;
    return source_position(&stale->project->sources, span.file, span.begin);
}

static const char *path_of(const struct stale *stale, const struct flag *flag)
{
    return stale->project->sources.items[flag->name.span.file].path;
}

/* --------------------------------------------------------------------------------- sentences -- */

static void put_day(struct buffer *out, int64_t ms)
{
    char time[32];
    format_time(ms, time, sizeof time);
    buffer_append(out, time, strcspn(time, "T"));
}

static void put_days(struct buffer *out, int64_t ms)
{
    long long days = ms / DAY;
    terminal_format(out, "%lld day%s", days, days == 1 ? "" : "s");
}

/* "on in staging, off in production" */
static void put_variants(const struct stale *stale, const struct stale_flag *found,
                         struct buffer *out)
{
    bool first = true;
    for (uint32_t i = 0; i < stale->project->environments.count; i++) {
        const struct standing standing = standing_of(&stale->standings, found->flag, i);
        if (!stale_shows_environment(stale, i))
            continue;
        buffer_append_text(out, first ? "" : ", ");
        variant_in_words(found->flag, standing.targeting, standing_variant(&standing), out);
        terminal_format(out, " in %s", stale->project->environments.items[i].text);
        first = false;
    }
}

static void put_settled(const struct stale *stale, const struct stale_flag *found,
                        struct buffer *out)
{
    buffer_append_text(out, "everybody gets ");
    if (found->same)
        variant_in_words(found->flag, &found->flag->environments[0], found->variant, out);
    else
        put_variants(stale, found, out);
    if (found->since == INT64_MIN) {
        buffer_append_text(out, "; for how long is not known");
        return;
    }
    buffer_append_text(out, ", for at least ");
    put_days(out, stale->now - found->since);
}

/* What is said of a flag; as it was written. */
static void put_finding(const struct stale *stale, const struct stale_flag *found,
                        enum stale_kind kind, struct buffer *out)
{
    switch (kind) {
    case STALE_EXPIRED:
        put_day(out, found->flag->expires);
        buffer_append_text(out, ", ");
        put_days(out, stale->now - found->flag->expires);
        buffer_append_text(out, " ago");
        break;
    case STALE_CONCLUDED:
        buffer_append_text(out, "its experiment has ended: ");
        put_variants(stale, found, out);
        break;
    case STALE_SETTLED:
        put_settled(stale, found, out);
        break;
    case STALE_UNASKED:
        buffer_append_text(out, "the counters were never asked for it");
        break;
    case STALE_UNNAMED:
        buffer_append_text(out, "no code that was read names it");
        break;
    }
}

static void put_use(const struct use *use, struct buffer *out)
{
    terminal_format(out, "%s:%u", use->path, use->line);
}

static void put_uses(const struct uses *uses, struct buffer *out)
{
    for (uint32_t i = 0; i < uses->count && i < SHOWN_USES; i++) {
        buffer_append_text(out, i ? ", " : "");
        put_use(&uses->items[i], out);
    }
    if (uses->count > SHOWN_USES)
        buffer_format(out, " and %u more", uses->count - SHOWN_USES);
}

/* What code has to be changed for it to go. */
static bool shows_uses(const struct stale *stale, const struct stale_flag *found)
{
    return stale->has_code && found->uses.count > 0;
}

/* -------------------------------------------------------------------------------------- text -- */

static void put_field(struct buffer *out, const char *label, struct buffer *text)
{
    struct buffer escaped = {0};
    terminal_append(&escaped, text->bytes ? text->bytes : "");
    terminal_format(out, "  %-*s", LABEL_COLUMNS - 2, label);
    append_wrapped(out, HELP_WIDTH, LABEL_COLUMNS, LABEL_COLUMNS + 2,
                   escaped.bytes ? escaped.bytes : "");
    buffer_append_text(out, "\n");
    buffer_release(&escaped);
    text->length = 0;
}

static void put_flag(const struct stale *stale, const struct stale_flag *found, bool color,
                     struct buffer *out)
{
    struct buffer text = {0};
    const struct flag *flag = found->flag;
    terminal_format(out, "%s%s%s  %s:%u", color ? "\033[1m" : "", flag->name.text,
                    color ? "\033[0m" : "", path_of(stale, flag), place_of(stale, flag).line);
    if (flag->owner)
        terminal_format(out, "  %s", flag->owner);
    buffer_append_text(out, "\n");
    for (uint32_t i = 0; i < STALE_COUNT; i++) {
        if (!found->found[i])
            continue;
        put_finding(stale, found, (enum stale_kind)i, &text);
        put_field(out, stale_kind_words[i], &text);
    }
    if (shows_uses(stale, found)) {
        put_uses(&found->uses, &text);
        put_field(out, "code", &text);
    }
    buffer_release(&text);
}

static void put_unknown(const struct stale *stale, struct buffer *out)
{
    struct buffer text = {0};
    buffer_append_text(out, "Code asks for what is no flag:\n");
    for (uint32_t i = 0; i < stale->unknown_count; i++) {
        const struct unknown_name *unknown = &stale->unknown[i];
        terminal_format(out, "%s\n", unknown->name);
        put_uses(unknown->uses, &text);
        put_field(out, "code", &text);
        if (unknown->nearest) {
            buffer_format(&text, "did you mean '%s'?", unknown->nearest);
            put_field(out, "", &text);
        }
    }
    buffer_append_text(out, "\n");
    buffer_release(&text);
}

static uint32_t stale_count(const struct stale *stale, const bool *selected)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < stale->project->flag_count; i++)
        count += selected[i] && is_stale(&stale->flags[i]);
    return count;
}

static uint32_t selected_count(const struct stale *stale, const bool *selected)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < stale->project->flag_count; i++)
        count += selected[i];
    return count;
}

void write_stale_text(const struct stale *stale, const bool *selected, bool color,
                      struct buffer *out)
{
    struct buffer text = {0};
    for (uint32_t i = 0; i < stale->project->flag_count; i++) {
        if (!selected[i] || !is_stale(&stale->flags[i]))
            continue;
        put_flag(stale, &stale->flags[i], color, out);
        buffer_append_text(out, "\n");
    }
    if (stale->unknown_count)
        put_unknown(stale, out);
    uint32_t count = stale_count(stale, selected), all = selected_count(stale, selected);
    buffer_format(&text, "%u of %u flag%s %s stale.", count, all, all == 1 ? "" : "s",
                  count == 1 ? "is" : "are");
    if (stale->has_code)
        buffer_format(&text, " %llu file%s of code read.", (unsigned long long)stale->files,
                      stale->files == 1 ? "" : "s");
    append_wrapped(out, HELP_WIDTH, 0, 0, text.bytes);
    buffer_append_text(out, "\n");
    buffer_release(&text);
}

/* -------------------------------------------------------------------------------------- JSON -- */

static void write_use(const struct use *use, struct buffer *out)
{
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "file", use->path);
    field_count(out, "line", use->line);
    field_count(out, "column", use->column);
    field_text(out, "as", mention_kind_words[use->kind]);
    field_text(out, "call", use->call);
    buffer_append_text(out, "}");
}

static void write_uses(const char *key, const struct uses *uses, struct buffer *out)
{
    field_array(out, key);
    for (uint32_t i = 0; i < uses->count; i++)
        write_use(&uses->items[i], out);
    buffer_append_text(out, "]");
}

static void write_served(const struct stale *stale, const struct stale_flag *found,
                         struct buffer *out)
{
    field_object(out, "served");
    for (uint32_t i = 0; i < stale->project->environments.count; i++) {
        const struct standing standing = standing_of(&stale->standings, found->flag, i);
        uint32_t variant = standing_variant(&standing);
        struct buffer text = {0};
        if (!stale_shows_environment(stale, i))
            continue;
        if (variant != UINT32_MAX)
            variant_in_words(found->flag, standing.targeting, variant, &text);
        field_text(out, stale->project->environments.items[i].text, text.bytes);
        buffer_release(&text);
    }
    buffer_append_text(out, "}");
}

static void write_flag(const struct stale *stale, const struct stale_flag *found,
                       struct buffer *out)
{
    json_write_comma(out);
    buffer_append_text(out, "{");
    write_flag_fields(stale->project, found->flag, out);
    field_array(out, "stale");
    for (uint32_t i = 0; i < STALE_COUNT; i++) {
        if (!found->found[i])
            continue;
        json_write_comma(out);
        json_write_string(out, stale_kind_words[i]);
    }
    buffer_append_text(out, "]");
    field_time(out, "unchanged_since", found->changed ? INT64_MIN : found->since);
    field_truth(out, "changed_lately", found->changed);
    write_served(stale, found, out);
    if (stale->has_code)
        write_uses("uses", &found->uses, out);
    buffer_append_text(out, "}");
}

void write_stale_json(const struct stale *stale, const bool *selected, struct buffer *out)
{
    buffer_append_text(out, "{\"format_version\":1");
    field_time(out, "at", stale->now);
    field_truth(out, "dated", stale->dated);
    field_array(out, "flags");
    for (uint32_t i = 0; i < stale->project->flag_count; i++)
        if (selected[i] && is_stale(&stale->flags[i]))
            write_flag(stale, &stale->flags[i], out);
    buffer_append_text(out, "]");
    if (stale->has_code) {
        field_array(out, "unknown");
        for (uint32_t i = 0; i < stale->unknown_count; i++) {
            json_write_comma(out);
            buffer_append_text(out, "{");
            field_text(out, "name", stale->unknown[i].name);
            field_text(out, "nearest", stale->unknown[i].nearest);
            write_uses("uses", stale->unknown[i].uses, out);
            buffer_append_text(out, "}");
        }
        buffer_append_text(out, "]");
        write_uses("computed", &stale->computed, out);
        field_count(out, "files", stale->files);
        field_count(out, "files_too_large", stale->large_files);
    }
    field_count(out, "flag_count", selected_count(stale, selected));
    field_count(out, "stale_count", stale_count(stale, selected));
    buffer_append_text(out, "}\n");
}

/* ------------------------------------------------------------------------------------ GitHub -- */

static void annotate(const char *file, uint32_t line, const char *title, const char *message,
                     struct buffer *out)
{
    buffer_append_text(out, "::warning file=");
    github_append_property(out, file);
    buffer_format(out, ",line=%u,title=", line);
    github_append_property(out, title);
    buffer_append_text(out, "::");
    github_append(out, message);
    buffer_append_text(out, "\n");
}

void write_stale_github(const struct stale *stale, const bool *selected, struct buffer *out)
{
    struct buffer text = {0};
    for (uint32_t i = 0; i < stale->project->flag_count; i++) {
        const struct stale_flag *found = &stale->flags[i];
        for (uint32_t j = 0; j < STALE_COUNT; j++) {
            if (!selected[i] || !found->found[j])
                continue;
            text.length = 0;
            buffer_format(&text, "flag '%s' is stale, %s: ", found->flag->name.text,
                          stale_kind_words[j]);
            put_finding(stale, found, (enum stale_kind)j, &text);
            annotate(path_of(stale, found->flag), place_of(stale, found->flag).line, "stale flag",
                     text.bytes, out);
        }
    }
    for (uint32_t i = 0; i < stale->unknown_count; i++) {
        const struct unknown_name *unknown = &stale->unknown[i];
        text.length = 0;
        buffer_format(&text, "no flag is called '%s'", unknown->name);
        if (unknown->nearest)
            buffer_format(&text, "; did you mean '%s'?", unknown->nearest);
        for (uint32_t j = 0; j < unknown->uses->count; j++)
            annotate(unknown->uses->items[j].path, unknown->uses->items[j].line, "unknown flag",
                     text.bytes, out);
    }
    buffer_release(&text);
}
