/* history_record.c - an entry of the ledger, for people. See history.h. */
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "history.h"

#include <string.h>

#include "compiler/base/calendar.h"
#include "compiler/base/scalar.h"
#include "compiler/base/json_read.h"
#include "compiler/model/invocation.h"
#include "compiler/ledger/entry.h"

static const char *color_of(const struct recorded *record)
{
    static const char *const red[] = {"rollback", "override", NULL};
    static const char *const yellow[] = {"pause", "step", "stop", NOTICE_VERDICT, NULL};
    for (size_t i = 0; red[i]; i++)
        if (strcmp(record->verdict, red[i]) == 0)
            return PAGE_BOLD PAGE_RED;
    for (size_t i = 0; yellow[i]; i++)
        if (strcmp(record->verdict, yellow[i]) == 0)
            return PAGE_BOLD PAGE_YELLOW;
    return PAGE_BOLD PAGE_GREEN;
}

/* " in staging and production" */
static void write_where(const struct page *page, const struct recorded *record)
{
    const json_t *list = record_environments(record);
    size_t count = json_array_size(list);
    if (record->environment)
        terminal_format(page->out, " in %s", record->environment);
    else if (!list)
        buffer_append_text(page->out, " everywhere");
    for (size_t i = 0; i < count && !record->environment; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        terminal_format(page->out, "%s%s",
                        i == 0          ? " in "
                        : i + 1 < count ? ", "
                                        : " and ",
                        name ? name : "?");
    }
    buffer_append_text(page->out, "\n");
}

/* "alert", "alert over" */
static const char *notice_words(const struct page *page, const json_t *notice)
{
    const char *word = json_text_at(notice, "hook"), *state = json_text_at(notice, "state");
    int hook = word ? words_find(hook_words, word) : -1;
    bool begun = !state || strcmp(state, "begun") == 0;
    return arena_format(page->arena, "%s%s%s",
                        hook < 0 ? NOTICE_VERDICT : hook_event((enum hook)hook), begun ? "" : " ",
                        begun ? "" : state);
}

static void write_headline(const struct page *page, const struct recorded *record)
{
    const char *what = strcmp(record->rule, "policy-changed") == 0 ? "begin anew" : record->verdict;
    if (record->notice)
        what = notice_words(page, record->notice);
    terminal_format(page->out, "%s  ", record->time_text);
    page_put(page, color_of(record), what, 0);
    buffer_append_text(page->out, "  ");
    size_t flags = json_array_size(json_object_get(record->json, "flags"));
    if (record->acknowledges) {
        buffer_append_text(page->out, "a break of the ledger\n");
        return;
    }
    if (record->publication)
        buffer_append_text(page->out, "a snapshot");
    else if (record->flag)
        terminal_append(page->out, record->flag);
    else if (record->edit && !flags)
        buffer_append_text(page->out, "all flags");
    else
        terminal_format(page->out, "%zu flags", flags);
    write_where(page, record);
}

/* Writes a line below the headline. */
static void line(const struct page *page, const char *text)
{
    buffer_append_text(page->out, "    ");
    page_wrap(page, 4, 6, text);
}

/* "after 3h 12m in stage 'first'" */
static void write_change(const struct page *page, const struct recorded *record)
{
    int64_t began;
    bool starts = strcmp(record->verdict, "start") == 0;
    bool known =
        !starts && record->since && parse_time(record->since, &began) && record->time >= began;
    const char *to = "";
    if (strcmp(record->verdict, "advance") == 0)
        to = arena_format(page->arena, "to stage '%s' ", record->to);
    if (strcmp(record->verdict, "approve") == 0)
        to = arena_format(page->arena, "stage '%s' ",
                          json_text_at(json_object_get(record->json, "to"), "approved"));
    const char *after = "";
    if (known)
        after = arena_format(page->arena, "after %s ",
                             duration_text(page->arena, record->time - began));
    line(page, arena_format(page->arena, "%s%sin stage '%s', by %s (%s)", to, after,
                            starts ? record->to : record->from, record->actor, record->rule));
    line(page, record->reason);
}

static void write_step(const struct page *page, const struct recorded *record)
{
    const json_t *step = record->step;
    const json_t *program = json_array_get(json_object_get(step, "arguments"), 0);
    const json_t *status = json_object_get(step, "status");
    terminal_format(page->out, "    %s %lld of %lld: %s%s%s %s", json_text_at(step, "plan"),
                    (long long)json_integer_value(json_object_get(step, "number")),
                    (long long)json_integer_value(json_object_get(step, "of")),
                    json_text_at(step, "does"), program ? " " : "",
                    program ? json_string_value(program) : "", json_text_at(step, "state"));
    if (status)
        terminal_format(page->out, ", status %lld", (long long)json_integer_value(status));
    if (json_object_get(step, "took_ms"))
        terminal_format(
            page->out, ", after %s",
            duration_text(page->arena, json_integer_value(json_object_get(step, "took_ms"))));
    terminal_format(page->out, ", by %s\n", record->actor);
    if (json_text_at(step, "error"))
        line(page, json_text_at(step, "error"));
}

static void write_override(const struct page *page, const struct recorded *record)
{
    line(page, arena_format(page->arena, "%s %s, by %s", json_text_at(record->override, "id"),
                            json_text_at(record->override, "definition"), record->actor));
    line(page, record->reason);
}

/* "from draft to running, decided by bought, by amira" and what the analysis said. */
static void write_trial(const struct page *page, const struct recorded *record)
{
    const json_t *of = record->experiment, *analysis = json_object_get(of, "analysis");
    const char *winner = json_text_at(json_object_get(of, "to"), "winner");
    const char *primary = json_text_at(of, "primary");
    const char *decision = json_text_at(analysis, "decision");
    const char *because =
        json_string_value(json_array_get(json_object_get(analysis, "reasons"), 0));
    bool starts = strcmp(record->verdict, "start") == 0;
    const char *what = winner              ? arena_format(page->arena, "winner %s, ", winner)
                       : starts && primary ? arena_format(page->arena, "decided by %s, ", primary)
                       : starts            ? ""
                                           : "no winner, ";
    line(page, arena_format(page->arena, "%sby %s (%s)", what, record->actor, record->rule));
    line(page, record->reason);
    if (decision)
        line(page,
             arena_format(page->arena, "analysis %.*s: %s%s%s", LEDGER_DIGITS,
                          json_text_at(analysis, "digest") ? json_text_at(analysis, "digest") : "",
                          decision, because ? ": " : "", because ? because : ""));
    else if (winner)
        line(page, "without evidence");
}

static void write_edit(const struct page *page, const struct recorded *record)
{
    line(page, arena_format(page->arena, "%s, by %s", record->edit, record->actor));
    line(page, record->reason);
}

static void write_notice(const struct page *page, const struct recorded *record)
{
    const char *of = json_text_at(record->notice, "of");
    const char *runbook = json_text_at(record->notice, "runbook");
    line(page, arena_format(page->arena, "%s%sby %s", of ? of : "", of ? ", " : "", record->actor));
    line(page, record->reason);
    if (runbook)
        line(page, arena_format(page->arena, "runbook: %s", runbook));
}

static void write_acknowledged(const struct page *page, const struct recorded *record)
{
    size_t index;
    const json_t *hash;
    json_array_foreach((json_t *)(uintptr_t)record->acknowledges, index, hash)
    {
        if (json_is_string(hash))
            line(page, arena_format(page->arena, "%.*s, by %s", LEDGER_DIGITS,
                                    json_string_value(hash), record->actor));
    }
    line(page, record->reason);
}

static void write_publication(const struct page *page, const struct recorded *record)
{
    const char *build = json_text_at(record->publication, "build");
    const char *commit = json_text_at(record->publication, "commit");
    line(page, arena_format(page->arena, "build %s%s%.*s, by %s", build ? build : "not known",
                            commit ? " of commit " : "", LEDGER_DIGITS, commit ? commit : "",
                            record->actor));
    line(page, record->reason);
}

static void write_recovery(const struct page *page, const struct recorded *records, size_t count,
                           size_t index)
{
    const struct recorded *harm = &records[index];
    const struct recorded *recovery = record_recovery(records, count, index);
    const char *until = json_text_at(harm->override, "until");
    int64_t end;
    bool ended = until && strcmp(harm->verdict, "override") == 0 && parse_time(until, &end) &&
                 (!recovery || end <= recovery->time);
    if (ended)
        terminal_format(page->out, "    for %s, until %s\n",
                        duration_text(page->arena, end - harm->time), until);
    else if (recovery)
        terminal_format(page->out, "    recovered after %s, by the %s at %s\n",
                        duration_text(page->arena, recovery->time - harm->time), recovery->verdict,
                        recovery->time_text);
    else if (record_takes_back(harm))
        buffer_append_text(page->out, "    not recovered from in this ledger\n");
}

bool history_write_record(const struct page *page, const struct recorded *records, size_t count,
                          size_t index)
{
    const struct recorded *record = &records[index];
    const char *state = json_text_at(record->step, "state");
    if (state && strcmp(state, "started") == 0)
        return false;
    write_headline(page, record);
    if (record->acknowledges)
        write_acknowledged(page, record);
    else if (record->step)
        write_step(page, record);
    else if (record->override)
        write_override(page, record);
    else if (record->experiment)
        write_trial(page, record);
    else if (record->publication)
        write_publication(page, record);
    else if (record->notice)
        write_notice(page, record);
    else if (record->edit)
        write_edit(page, record);
    else
        write_change(page, record);
    write_recovery(page, records, count, index);
    return true;
}
