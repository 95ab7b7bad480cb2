/* history_write.c - see history_write.h. */
#include "history_write.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/wrap.h"
#include "compiler/cli/messages.h"

#define MOST_NAMED 4 /* flags that change in the same way */
#define MOST_NOTES 5

/* ------------------------------------------------------------------------------------ shared -- */

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether they are of one commit, or one entry. */
static bool is_together(const struct flag_change *a, const struct flag_change *b)
{
    return a->is_committed == b->is_committed && a->time == b->time &&
           is_same(a->commit, b->commit) && is_same(a->entry, b->entry);
}

static bool says_the_same(const struct flag_change *a, const struct flag_change *b)
{
    if (a->what != b->what || a->unreadable != b->unreadable ||
        a->environment_count != b->environment_count || a->former || b->former || !a->flag ||
        !b->flag)
        return false;
    for (uint32_t i = 0; i < a->environment_count; i++)
        if (strcmp(a->environments[i], b->environments[i]) != 0)
            return false;
    return word_changes_are_same(a->said, a->said_count, b->said, b->said_count);
}

/* "a, b, c, d and 12 more" */
static void add_names(const char *const *names, uint32_t count, struct buffer *text)
{
    uint32_t shown = count <= MOST_NAMED + 1 ? count : MOST_NAMED;
    for (uint32_t i = 0; i < shown; i++)
        buffer_format(text, "%s%s", i ? ", " : "", names[i]);
    if (shown < count)
        buffer_format(text, " and %u more", count - shown);
}

/* Those from `first` on that are together, and say the same as it. */
static uint32_t count_alike(const struct history *history, uint32_t first, const char **names)
{
    uint32_t count = 0;
    for (uint32_t i = first;
         i < history->count && is_together(&history->items[first], &history->items[i]) &&
         (i == first || says_the_same(&history->items[first], &history->items[i]));
         i++)
        names[count++] = history->items[i].flag;
    return count;
}

/* "checkout in production", "a, b and 12 more are new" */
static void add_subject(const struct flag_change *change, const char *const *names, uint32_t count,
                        struct buffer *text)
{
    uint32_t all = change->flag ? count : change->flag_count;
    if (change->flag)
        add_names(names, count, text);
    else if (change->flag_count)
        add_names(change->flags, change->flag_count, text);
    else if (change->override)
        buffer_append_text(text, change->override);
    bool environment = !change->flag && !change->override && !change->flag_count;
    if (change->environment_count) {
        buffer_append_text(text, environment ? "environment " : " in ");
        add_names(change->environments, change->environment_count, text);
    } else if (environment) {
        buffer_append_text(text, "all flags");
    }
    if (change->override)
        return;
    switch (change->what) {
    case HAPPENED_NEW:
        buffer_append_text(text, all > 1 ? " are new" : " is new");
        break;
    case HAPPENED_GONE:
        buffer_append_text(text, all > 1 ? " are gone" : " is gone");
        break;
    case HAPPENED_RENAMED:
        buffer_format(text, " was %s until then, and keeps its units", change->former);
        break;
    case HAPPENED_CHANGED:
        break;
    }
}

/* -------------------------------------------------------------------------------------- text -- */

struct style {
    const char *bold, *yellow, *red, *green, *end;
};
static const struct style plain = {"", "", "", "", ""};
static const struct style colored = {"\33[1m", "\33[33m", "\33[31m", "\33[32m", "\33[0m"};

static void put_folded(struct buffer *out, size_t column, size_t indent, const char *text)
{
    struct buffer escaped = {0};
    terminal_append(&escaped, text);
    append_wrapped(out, HELP_WIDTH, column, indent, escaped.length ? escaped.bytes : "");
    buffer_release(&escaped);
}

/* "2026-11-29T09:00:00Z  advance by maria, 9ab12cd: error rate is fine" */
static void put_event(const struct flag_change *change, const struct style *style,
                      struct buffer *out)
{
    struct buffer text = {0};
    char time[32] = "not committed";
    if (change->time != INT64_MAX)
        format_time(change->time, time, sizeof time);
    buffer_append_text(out, style->yellow);
    buffer_append_text(out, time);
    buffer_append_text(out, style->end);
    if (change->action)
        buffer_format(&text, "%s ", change->action);
    if (change->who)
        buffer_format(&text, "by %s", change->who);
    else if (change->action)
        buffer_append_text(&text, "by somebody");
    if (change->commit)
        buffer_format(&text, "%s%s", text.length ? ", " : "", change->commit);
    if (!change->is_committed && change->time != INT64_MAX)
        buffer_append_text(&text, ", not committed");
    if (change->reason)
        buffer_format(&text, ": %s", change->reason);
    if (text.length) {
        buffer_append_text(out, "  ");
        put_folded(out, strlen(time) + 2, 6, text.bytes);
    }
    buffer_append_text(out, "\n");
    buffer_release(&text);
}

static void put_said(const struct word_change *said, const struct style *style, struct buffer *out)
{
    struct buffer text = {0};
    bool only = said->after && !said->before, gone = said->before && !said->after;
    const char *one = only ? said->after : said->before;
    buffer_append_text(&text, said->what);
    if ((only || gone) && strcmp(one, "yes") != 0)
        buffer_format(&text, ": %s", one);
    else if (!only && !gone)
        buffer_format(&text, ": %s -> %s", said->before, said->after);
    buffer_append_text(out, "  ");
    buffer_append_text(out, only ? style->green : gone ? style->red : "");
    buffer_append_text(out, only ? "+ " : gone ? "- " : "  ");
    put_folded(out, 4, 8, text.bytes);
    buffer_append_text(out, only || gone ? style->end : "");
    buffer_append_text(out, "\n");
    buffer_release(&text);
}

static void put_change(const struct flag_change *change, const char *const *names, uint32_t count,
                       const struct style *style, struct buffer *out)
{
    struct buffer text = {0};
    bool new = change->what == HAPPENED_NEW, gone = change->what == HAPPENED_GONE;
    add_subject(change, names, count, &text);
    buffer_append_text(out, "  ");
    buffer_append_text(out, new ? style->green : gone ? style->red : style->bold);
    put_folded(out, 2, 6, text.bytes);
    buffer_append_text(out, style->end);
    buffer_append_text(out, "\n");
    for (uint32_t i = 0; i < change->said_count; i++)
        put_said(&change->said[i], style, out);
    if (change->unreadable) {
        text.length = 0;
        buffer_format(&text,
                      change->unreadable == 1
                          ? "changed here or in the commit before, which does not compile"
                          : "changed here or in one of %u commits before, which do not compile",
                      change->unreadable);
        buffer_append_text(out, "    ");
        put_folded(out, 4, 8, text.bytes);
        buffer_append_text(out, "\n");
    }
    buffer_release(&text);
}

void write_changes_text(const struct history *history, bool color, struct buffer *out)
{
    const struct style *style = color ? &colored : &plain;
    const char **names = calloc(history->count + 1u, sizeof *names);
    for (uint32_t i = 0; names && i < history->count;) {
        const struct flag_change *change = &history->items[i];
        if (i == 0 || !is_together(&change[-1], change)) {
            buffer_append_text(out, i ? "\n" : "");
            put_event(change, style, out);
        }
        uint32_t count = count_alike(history, i, names);
        put_change(change, names, count, style, out);
        i += count;
    }
    free(names);
}

/* ---------------------------------------------------------------------------------- markdown -- */

static void put_markdown_said(const struct word_change *said, struct buffer *out)
{
    bool only = said->after && !said->before, gone = said->before && !said->after;
    const char *one = only ? said->after : said->before;
    markdown_append(out, only ? "+ " : gone ? "- " : "");
    markdown_append(out, said->what);
    if (!only && !gone) {
        buffer_append_text(out, ": ");
        markdown_append(out, said->before);
        buffer_append_text(out, " → ");
        markdown_append(out, said->after);
    } else if (strcmp(one, "yes") != 0) {
        buffer_append_text(out, ": ");
        markdown_append(out, one);
    }
}

static void put_row(const struct flag_change *change, const char *const *names, uint32_t count,
                    struct buffer *out)
{
    struct buffer subject = {0};
    char time[32] = "not committed";
    if (change->time != INT64_MAX)
        format_time(change->time, time, sizeof time);
    add_subject(change, names, count, &subject);
    terminal_format(out, "| %s | ", time);
    markdown_append(out, subject.bytes);
    buffer_append_text(out, " | ");
    for (uint32_t i = 0; i < change->said_count; i++) {
        buffer_append_text(out, i ? "<br>" : "");
        put_markdown_said(&change->said[i], out);
    }
    buffer_append_text(out, " | ");
    markdown_append(out, change->who ? change->who : "");
    buffer_append_text(out, " | ");
    if (change->action) {
        markdown_append(out, change->action);
        buffer_append_text(out, change->reason ? ": " : "");
    }
    markdown_append(out, change->reason ? change->reason : "");
    buffer_append_text(out, " | ");
    markdown_append(out, change->commit ? change->commit : "");
    buffer_append_text(out, " |\n");
    buffer_release(&subject);
}

void write_changes_markdown(const struct history *history, struct buffer *out)
{
    const char **names = calloc(history->count + 1u, sizeof *names);
    buffer_append_text(out, "| when | flag | what changed | who | why | commit |\n"
                            "|---|---|---|---|---|---|\n");
    for (uint32_t i = 0; names && i < history->count;) {
        uint32_t count = count_alike(history, i, names);
        put_row(&history->items[i], names, count, out);
        i += count;
    }
    free(names);
}

/* -------------------------------------------------------------------------------------- JSON -- */

static void put_texts(struct buffer *out, const char *key, const char *const *texts, uint32_t count)
{
    field_array(out, key);
    for (uint32_t i = 0; i < count; i++) {
        json_write_comma(out);
        json_write_string(out, texts[i]);
    }
    buffer_append_text(out, "]");
}

static void put_change_json(const struct flag_change *change, struct buffer *out)
{
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_time(out, "time", change->time);
    field_text(out, "what", happening_words[change->what]);
    field_text(out, "flag", change->flag);
    if (change->former)
        field_text(out, "former", change->former);
    if (change->flag_count)
        put_texts(out, "flags", change->flags, change->flag_count);
    if (change->override)
        field_text(out, "override", change->override);
    put_texts(out, "environments", change->environments, change->environment_count);
    field_word_changes(out, change->said, change->said_count);
    field_text(out, "action", change->action);
    field_text(out, "who", change->who);
    field_text(out, "reason", change->reason);
    field_text(out, "commit", change->commit);
    field_text(out, "entry", change->entry);
    field_truth(out, "committed", change->is_committed);
    if (change->unreadable)
        field_count(out, "commits_that_do_not_compile", change->unreadable);
    buffer_append_text(out, "}");
}

void write_changes_json(const struct history *history, struct buffer *out)
{
    field_array(out, "changes");
    for (uint32_t i = 0; i < history->count; i++)
        put_change_json(&history->items[i], out);
    buffer_append_text(out, "]");
    field_array(out, "unknown");
    for (uint32_t i = 0; i < history->unknown_count; i++) {
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_text(out, "commit", history->unknown[i].commit);
        put_texts(out, "flags", history->unknown[i].flags, history->unknown[i].flag_count);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]");
    field_truth(out, "shallow", history->shallow);
}

/* ------------------------------------------------------------------------------------- notes -- */

static void note_commit(const struct unknown_commit *unknown)
{
    struct buffer names = {0};
    for (uint32_t i = 0; i < unknown->flag_count && i < MOST_NAMED; i++)
        buffer_format(&names, "%s'%s'", i ? ", " : "", unknown->flags[i]);
    if (unknown->flag_count > MOST_NAMED)
        buffer_format(&names, " and %u more", unknown->flag_count - MOST_NAMED);
    if (!unknown->commit)
        print_note("the work tree does not compile: what it changes%s%s is not known",
                   names.length ? " of " : "", names.length ? names.bytes : "");
    else
        print_note("commit %s does not compile: what it changed%s%s is told with the next one "
                   "that does",
                   unknown->commit, names.length ? " of " : "", names.length ? names.bytes : "");
    buffer_release(&names);
}

void note_unknown_history(const struct history *history)
{
    if (!history->git)
        print_note(
            "git knows nothing of these definitions, or they are somebody else's (git config "
            "--global --add safe.directory): only the ledger's changes are shown");
    for (uint32_t i = 0; i < history->unknown_count && i < MOST_NOTES; i++)
        note_commit(&history->unknown[i]);
    if (history->unknown_count > MOST_NOTES)
        print_note("and %u more commits do not compile", history->unknown_count - MOST_NOTES);
    if (history->shallow)
        print_note("this clone is shallow, and what was changed before its first commit is not in "
                   "it: git fetch --unshallow");
    if (history->truncated)
        print_note("something could not be read of git or of the ledger, and is not shown");
}
