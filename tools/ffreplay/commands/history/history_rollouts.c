/*
 * history_rollouts.c - the lines of the ledger as rollouts, each from start to end.
 *
 * A rollout belongs to one canary: it begins with a `start`, or with the first line about it, and
 * ends when the canary is complete or rolled back.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "compiler/base/json.h"
#include "compiler/base/calendar.h"
#include "compiler/ledger/entry.h"
#include "history.h"
#include "compiler/base/scalar.h"
#include "compiler/base/json_read.h"

struct one_rollout {
    const struct recorded *first, *last;
    size_t last_index;
    uint32_t changes;
    const json_t *evidence; /* of the last line that has any, or NULL */
    bool over;
};

struct rollouts {
    struct arena *arena;
    struct one_rollout *items;
    size_t count;
};

/* The latest rollout of the same canary, or NULL. */
static struct one_rollout *newest_of(struct rollouts *rollouts, const struct recorded *record)
{
    for (size_t i = rollouts->count; i-- > 0;) {
        struct one_rollout *rollout = &rollouts->items[i];
        if (record_is_of(record, rollout->first->flags, rollout->first->environment))
            return rollout;
    }
    return NULL;
}

static struct one_rollout *open_rollout(struct rollouts *rollouts, const struct recorded *record)
{
    struct one_rollout *newest = newest_of(rollouts, record);
    return newest && !newest->over && strcmp(record->verdict, "start") != 0 ? newest : NULL;
}

static void collect(struct rollouts *rollouts, const struct recorded *records, size_t count,
                    const struct rollouts_wish *wish)
{
    for (size_t i = 0; i < count; i++) {
        const struct recorded *record = &records[i];
        if (!record->to_state || !record_is_of(record, wish->flag, wish->environment))
            continue;
        struct one_rollout *rollout = open_rollout(rollouts, record);
        if (!rollout) {
            rollout = ARENA_APPEND(rollouts->arena, rollouts->items, rollouts->count);
            rollout->first = record;
        }
        const json_t *evidence = json_object_get(record->json, "evidence");
        if (json_array_size(evidence) > 0)
            rollout->evidence = evidence;
        rollout->last = record;
        rollout->last_index = i;
        rollout->changes++;
        rollout->over = strcmp(record->to_state, "rolled_back") == 0 ||
                        strcmp(record->to_state, "complete") == 0;
    }
}

/* When it began: a canary already running at the first line began at that line's `since`, or
 * earlier. */
static int64_t began(const struct one_rollout *rollout)
{
    int64_t since;
    bool running = strcmp(rollout->first->verdict, "start") != 0 && rollout->first->since &&
                   parse_time(rollout->first->since, &since);
    return running ? since : rollout->first->time;
}

/* Whether an override's entry is in force, by its own `from` and `until`. */
static bool is_in_force(const struct recorded *record, int64_t now)
{
    const char *from = json_string_value(json_object_get(record->override, "from"));
    const char *until = json_string_value(json_object_get(record->override, "until"));
    int64_t begin, end;
    return !(from && parse_time(from, &begin) && begin > now) &&
           !(until && parse_time(until, &end) && end <= now);
}

/* The override that is served instead of the rollout: the newest that is in force and was not
 * lifted; or NULL. */
static const struct recorded *held_by(const struct recorded *records, size_t count,
                                      const struct one_rollout *rollout)
{
    const struct recorded *last = rollout->last;
    int64_t now = clock_now();
    for (size_t i = count; i-- > 0;) {
        const struct recorded *record = &records[i];
        if (record->override && strcmp(record->verdict, "override") == 0 &&
            is_in_force(record, now) && record_is_of(record, last->flags, last->environment) &&
            !record_recovery(records, count, i))
            return record;
    }
    return NULL;
}

/* -------------------------------------------------------------------------------- for people -- */

static void put_estimate(struct buffer *out, const json_t *group)
{
    const json_t *estimate = json_object_get(group, "estimate");
    if (json_is_number(estimate))
        terminal_format(out, "%.4g over %lld", json_number_value(estimate),
                        (long long)json_integer_value(json_object_get(group, "n")));
    else
        buffer_append_text(out, "not measured");
}

static void put_criterion(struct buffer *out, const json_t *criterion)
{
    const char *metric = json_text_at(criterion, "metric");
    const char *form = json_text_at(criterion, "form");
    const char *verdict = json_text_at(criterion, "verdict");
    const json_t *threshold = json_object_get(criterion, "threshold");
    const json_t *control = json_object_get(criterion, "control");
    terminal_format(out, "    %-12s %s %s %g: ", verdict ? verdict : "", metric ? metric : "",
                    form ? form : "", json_number_value(threshold));
    put_estimate(out, json_object_get(criterion, "canary"));
    if (json_is_object(control)) {
        buffer_append_text(out, ", control ");
        put_estimate(out, control);
    }
    buffer_append_text(out, "\n");
}

static void put_text(const struct page *page, const struct one_rollout *rollout,
                     const struct recorded *recovery, const struct recorded *holder)
{
    const struct recorded *last = rollout->last;
    char from[32];
    int64_t begin = began(rollout);
    format_time(begin, from, sizeof from);
    terminal_format(page->out, "%s in %s: %s in stage '%s'\n    %s to %s, %s, %u change%s\n",
                    last->flag, last->environment, last->to_state, last->to, from, last->time_text,
                    duration_text(page->arena, last->time - begin), rollout->changes,
                    rollout->changes == 1 ? "" : "s");
    buffer_append_text(page->out, "    ");
    page_wrap(page, 4, 6,
              arena_format(page->arena, "%s: %s, by %s", last->verdict, last->reason, last->actor));
    if (recovery)
        terminal_format(page->out, "    recovered after %s\n",
                        duration_text(page->arena, recovery->time - last->time));
    if (holder) {
        buffer_append_text(page->out, "    ");
        page_wrap(page, 4, 6,
                  arena_format(page->arena, "held back since %s by override:%s: %s, by %s",
                               holder->time_text, json_text_at(holder->override, "id"),
                               holder->reason, holder->actor));
    }
    size_t index;
    const json_t *criterion;
    json_array_foreach((json_t *)(uintptr_t)rollout->evidence, index, criterion)
    {
        put_criterion(page->out, criterion);
    }
}

/* ------------------------------------------------------------------------------ for programs -- */

static void put_json(struct buffer *out, const struct one_rollout *rollout,
                     const struct recorded *recovery, const struct recorded *holder)
{
    const struct recorded *last = rollout->last;
    buffer_append_text(out, "{\"format_version\":1");
    field_text(out, "flag", last->flag);
    field_text(out, "environment", last->environment);
    field_time(out, "began", began(rollout));
    field_time(out, "last", last->time);
    field_text(out, "state", last->to_state);
    field_text(out, "stage", last->to);
    field_integer(out, "changes", rollout->changes);
    field_text(out, "verdict", last->verdict);
    field_text(out, "rule", last->rule);
    field_text(out, "reason", last->reason);
    field_text(out, "actor", last->actor);
    json_write_key(out, "recovered_after_ms");
    if (recovery)
        terminal_format(out, "%lld", (long long)(recovery->time - last->time));
    else
        buffer_append_text(out, "null");
    field_text(out, "override", holder ? json_text_at(holder->override, "id") : NULL);
    char *evidence = rollout->evidence ? json_dumps(rollout->evidence, JSON_COMPACT) : NULL;
    json_write_key(out, "criteria");
    json_write_document(out, evidence ? evidence : "[]", strlen(evidence ? evidence : "[]"));
    buffer_append_text(out, "}\n");
    free(evidence);
}

void history_write_rollouts(const struct page *page, const struct recorded *records, size_t count,
                            const struct rollouts_wish *wish)
{
    struct rollouts rollouts = {.arena = page->arena};
    collect(&rollouts, records, count, wish);
    size_t first = rollouts.count > wish->most ? rollouts.count - wish->most : 0;
    for (size_t i = first; i < rollouts.count; i++) {
        const struct one_rollout *rollout = &rollouts.items[i];
        const struct recorded *recovery = record_recovery(records, count, rollout->last_index);
        bool newest = newest_of(&rollouts, rollout->first) == rollout;
        const struct recorded *holder = newest ? held_by(records, count, rollout) : NULL;
        if (wish->json)
            put_json(page->out, rollout, recovery, holder);
        else
            put_text(page, rollout, recovery, holder);
    }
    if (!wish->json && !rollouts.count)
        buffer_append_text(page->out, "no rollout in the ledger fits\n");
}
