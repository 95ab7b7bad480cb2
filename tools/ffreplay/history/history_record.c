/* history_record.c - an entry of the ledger, read again and shown. See history.h. */
#include "history.h"

#include <string.h>

#include "compiler/base/calendar.h"

/* ----------------------------------------------------------------------------------- reading -- */

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

bool record_parse(struct recorded *record, const json_t *json)
{
    const json_t *from = json_object_get(json, "from"), *to = json_object_get(json, "to");
    *record = (struct recorded){.json = json,
                                .time_text = text_at(json, "time"),
                                .actor = text_at(json, "actor"),
                                .verdict = text_at(json, "verdict"),
                                .rule = text_at(json, "rule"),
                                .reason = text_at(json, "reason"),
                                .flag = text_at(json, "flag"),
                                .environment = text_at(json, "environment"),
                                .from = text_at(from, "stage"),
                                .from_state = text_at(from, "state"),
                                .since = text_at(from, "since"),
                                .to = text_at(to, "stage"),
                                .to_state = text_at(to, "state"),
                                .step = json_object_get(json, "step"),
                                .override = json_object_get(json, "override"),
                                .acknowledges = json_object_get(json, "acknowledges")};
    bool change = record->from && record->from_state && record->to && record->to_state &&
                  record->flag && record->environment;
    if (!change)
        record->from = record->from_state = record->to = record->to_state = NULL;
    return record->time_text && parse_time(record->time_text, &record->time) && record->actor &&
           record->verdict && record->rule && record->reason &&
           (change || record->step || record->override || record->acknowledges);
}

static bool lists(const json_t *list, const char *text)
{
    size_t index;
    const json_t *item;
    json_array_foreach((json_t *)(uintptr_t)list, index, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
            return true;
    }
    return false;
}

/* Of an override that is not of all; NULL: it is. */
static const json_t *environments_of(const struct recorded *record)
{
    const json_t *list = json_object_get(record->override, "environments");
    return json_array_size(list) ? list : NULL;
}

bool record_is_about(const struct recorded *record, const char *flag, const char *environment)
{
    bool of_flag = !flag || (record->flag && strcmp(record->flag, flag) == 0) ||
                   lists(json_object_get(record->json, "flags"), flag);
    bool everywhere = !record->environment && !environments_of(record);
    bool there = !environment || everywhere ||
                 (record->environment && strcmp(record->environment, environment) == 0) ||
                 lists(environments_of(record), environment) ||
                 lists(json_object_get(record->json, "also"), environment);
    return of_flag && there;
}

bool record_takes_back(const struct recorded *record)
{
    return strcmp(record->verdict, "rollback") == 0 || strcmp(record->verdict, "override") == 0;
}

/* ---------------------------------------------------------------------------------- recovery -- */

static bool is_lift_of(const struct recorded *record, const struct recorded *override)
{
    const char *lifted = text_at(record->override, "id"), *id = text_at(override->override, "id");
    return strcmp(record->verdict, "lift") == 0 && lifted && id && strcmp(lifted, id) == 0;
}

const struct recorded *record_recovery(const struct recorded *records, size_t count, size_t index)
{
    const struct recorded *harm = &records[index];
    bool rolled_back = harm->to_state && strcmp(harm->to_state, "rolled_back") == 0;
    bool overridden = harm->override && strcmp(harm->verdict, "override") == 0;
    for (size_t i = index + 1; i < count && (rolled_back || overridden); i++) {
        const struct recorded *later = &records[i];
        if (overridden && is_lift_of(later, harm))
            return later;
        if (rolled_back && strcmp(later->verdict, "start") == 0 &&
            record_is_about(later, harm->flag, harm->environment))
            return later;
    }
    return NULL;
}

/* -------------------------------------------------------------------------------------- page -- */

static const char *color_of(const struct recorded *record)
{
    static const char *const red[] = {"rollback", "override", NULL};
    static const char *const yellow[] = {"pause", "step", NULL};
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
    const json_t *list = environments_of(record);
    size_t count = json_array_size(list);
    if (record->environment)
        buffer_format(page->out, " in %s", record->environment);
    else if (!list)
        buffer_append_text(page->out, " everywhere");
    for (size_t i = 0; i < count && !record->environment; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        buffer_format(page->out, "%s%s",
                      i == 0          ? " in "
                      : i + 1 < count ? ", "
                                      : " and ",
                      name ? name : "?");
    }
    buffer_append_text(page->out, "\n");
}

static void write_headline(const struct page *page, const struct recorded *record)
{
    const char *what = strcmp(record->rule, "policy-changed") == 0 ? "begin anew" : record->verdict;
    buffer_format(page->out, "%s  ", record->time_text);
    page_put(page, color_of(record), what, 0);
    buffer_append_text(page->out, "  ");
    size_t flags = json_array_size(json_object_get(record->json, "flags"));
    if (record->acknowledges) {
        buffer_append_text(page->out, "a break of the ledger\n");
        return;
    }
    if (record->flag)
        buffer_append_text(page->out, record->flag);
    else
        buffer_format(page->out, "%zu flags", flags);
    write_where(page, record);
}

/* A line below the headline. */
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
                          text_at(json_object_get(record->json, "to"), "approved"));
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
    buffer_format(page->out, "    %s %lld of %lld: %s%s%s %s", text_at(step, "plan"),
                  (long long)json_integer_value(json_object_get(step, "number")),
                  (long long)json_integer_value(json_object_get(step, "of")), text_at(step, "does"),
                  program ? " " : "", program ? json_string_value(program) : "",
                  text_at(step, "state"));
    if (status)
        buffer_format(page->out, ", status %lld", (long long)json_integer_value(status));
    if (json_object_get(step, "took_ms"))
        buffer_format(
            page->out, ", after %s",
            duration_text(page->arena, json_integer_value(json_object_get(step, "took_ms"))));
    buffer_format(page->out, ", by %s\n", record->actor);
    if (text_at(step, "error"))
        line(page, text_at(step, "error"));
}

static void write_override(const struct page *page, const struct recorded *record)
{
    line(page, arena_format(page->arena, "%s %s, by %s", text_at(record->override, "id"),
                            text_at(record->override, "definition"), record->actor));
    line(page, record->reason);
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

static void write_recovery(const struct page *page, const struct recorded *records, size_t count,
                           size_t index)
{
    const struct recorded *harm = &records[index];
    const struct recorded *recovery = record_recovery(records, count, index);
    const char *until = text_at(harm->override, "until");
    int64_t end;
    bool ended = until && strcmp(harm->verdict, "override") == 0 && parse_time(until, &end) &&
                 (!recovery || end <= recovery->time);
    if (ended)
        buffer_format(page->out, "    for %s, until %s\n",
                      duration_text(page->arena, end - harm->time), until);
    else if (recovery)
        buffer_format(page->out, "    recovered after %s, by the %s at %s\n",
                      duration_text(page->arena, recovery->time - harm->time), recovery->verdict,
                      recovery->time_text);
    else if (record_takes_back(harm))
        buffer_append_text(page->out, "    not recovered from in this ledger\n");
}

bool history_write_record(const struct page *page, const struct recorded *records, size_t count,
                          size_t index)
{
    const struct recorded *record = &records[index];
    const char *state = text_at(record->step, "state");
    if (state && strcmp(state, "started") == 0)
        return false;
    write_headline(page, record);
    if (record->acknowledges)
        write_acknowledged(page, record);
    else if (record->step)
        write_step(page, record);
    else if (record->override)
        write_override(page, record);
    else
        write_change(page, record);
    write_recovery(page, records, count, index);
    return true;
}
