/* flag_history.c - see flag_history.h. */
#include "flag_history.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json_read.h"
#include "compiler/files/git.h"
#include "compiler/model/model.h"
#include "compiler/rollout/ledger.h"

struct history {
    struct arena *arena;
    struct flag_change *items;
    uint32_t count;
};

static const char *kept(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

/* ------------------------------------------------------------------------------------ ledger -- */

static bool names_flag(const json_t *entry, const char *flag)
{
    const char *named = json_text_at(entry, "flag");
    const json_t *flags = json_object_get(entry, "flags");
    for (size_t i = 0; i < json_array_size(flags); i++) {
        const char *one = json_string_value(json_array_get(flags, i));
        if (one && strcmp(one, flag) == 0)
            return true;
    }
    return named && strcmp(named, flag) == 0;
}

/* "advance to early": where a rollout is entered. */
static const char *what_of(struct arena *arena, const json_t *entry)
{
    const char *verdict = json_text_at(entry, "verdict");
    const char *stage = json_text_at(json_object_get(entry, "to"), "stage");
    const char *winner =
        json_text_at(json_object_get(json_object_get(entry, "experiment"), "to"), "winner");
    if (verdict && winner)
        return arena_format(arena, "%s: %s", verdict, winner);
    bool moves = verdict && stage && (!strcmp(verdict, "advance") || !strcmp(verdict, "start"));
    if (moves)
        return arena_format(arena, "%s: %s", verdict, stage);
    return kept(arena, verdict ? verdict : "change");
}

static void add_entry(struct history *history, const json_t *entry)
{
    int64_t time;
    const char *text = json_text_at(entry, "time"), *verdict = json_text_at(entry, "verdict");
    if (!text || !parse_time(text, &time) || (verdict && strcmp(verdict, "step") == 0))
        return;
    *ARENA_APPEND(history->arena, history->items, history->count) = (struct flag_change){
        .time = time,
        .what = what_of(history->arena, entry),
        .reason = kept(history->arena, json_text_at(entry, "reason")),
        .who = kept(history->arena, json_text_at(entry, "actor")),
        .environment = kept(history->arena, json_text_at(entry, "environment"))};
}

static void read_ledger(struct history *history, const struct project *project,
                        const struct flag *flag)
{
    struct ledger_entries entries = {.items = NULL};
    struct buffer error = {0};
    if (ledger_read(project->directory, &entries, &error))
        for (uint32_t i = 0; i < entries.count; i++) {
            json_t *entry = ledger_json(&entries, i, flag->name.text);
            if (entry && names_flag(entry, flag->name.text))
                add_entry(history, entry);
            json_decref(entry);
        }
    ledger_release(&entries);
    buffer_release(&error);
}

/* --------------------------------------------------------------------------------------- git -- */

static size_t indentation_of(const char *line)
{
    return strspn(line, " ");
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

/* Lines that belong to nothing. */
static bool is_empty(const char *line)
{
    const char *text = line + indentation_of(line);
    return *text == '\n' || *text == '\r' || *text == '#' || *text == '\0';
}

/* The lines of a definition, by the beginning of its first one: up to the next that is not deeper.
 * False if the text has none. */
static bool find_lines(const char *text, const char *begin, size_t length, unsigned long *first,
                       unsigned long *last)
{
    unsigned long number = 1;
    const char *line = text;
    while (*line && (strncmp(line, begin, length) != 0 || line[length] != ':')) {
        line = next_line(line);
        number++;
    }
    if (!*line)
        return false;
    *first = *last = number;
    size_t indentation = indentation_of(line);
    for (line = next_line(line); *line; line = next_line(line)) {
        number++;
        if (is_empty(line))
            continue;
        if (indentation_of(line) <= indentation)
            return true;
        *last = number;
    }
    return true;
}

#define FIELDS 4 /* of a commit, each with a NUL after it */

static void add_commits(struct history *history, const struct buffer *out)
{
    const char *at = out->bytes, *end = out->bytes + out->length;
    while (at < end) {
        const char *fields[FIELDS];
        at += strspn(at, "\n");
        for (int i = 0; i < FIELDS; i++) {
            if (at >= end)
                return;
            fields[i] = at;
            at += strlen(at) + 1;
        }
        *ARENA_APPEND(history->arena, history->items, history->count) =
            (struct flag_change){.time = strtoll(fields[1], NULL, 10) * 1000,
                                 .what = "commit",
                                 .reason = kept(history->arena, fields[3]),
                                 .who = kept(history->arena, fields[2]),
                                 .commit = kept(history->arena, fields[0])};
    }
}

/* False if git cannot be asked. A definition that was never committed has no changes. */
static bool read_git(struct history *history, const struct project *project,
                     const struct flag *flag, uint32_t most)
{
    struct arena *arena = history->arena;
    struct buffer text = {0}, out = {0}, error = {0};
    const struct source *source = &project->sources.items[flag->name.span.file];
    const char *begin = source->text + flag->name.span.begin;
    while (begin > source->text && begin[-1] != '\n')
        begin--;
    size_t length = (size_t)(source->text + flag->name.span.end - begin);
    unsigned long first, last;
    const char *committed = arena_format(arena, "HEAD:./%s", source->name);
    const char *const show[] = {"show", "--no-textconv", committed, NULL};
    enum git_answer answer = git_run(project->directory, show, NULL, &text, &error);
    if (answer == GIT_DONE && find_lines(text.bytes, begin, length, &first, &last)) {
        const char *range = arena_format(arena, "-L%lu,%lu:%s", first, last, source->name);
        const char *number = arena_format(arena, "-n%u", most);
        const char *const log[] = {
            "log", "--no-patch", "--no-color", number, "--format=%h%x00%at%x00%an%x00%s%x00",
            range, NULL};
        answer = git_run(project->directory, log, NULL, &out, &error);
        add_commits(history, &out);
    }
    buffer_release(&text);
    buffer_release(&out);
    buffer_release(&error);
    return answer == GIT_DONE;
}

static int newest_first(const void *left, const void *right)
{
    const struct flag_change *a = left, *b = right;
    return (a->time < b->time) - (a->time > b->time);
}

struct flag_change *flag_history(const struct project *project, const struct flag *flag,
                                 uint32_t most, struct arena *arena, uint32_t *count, bool *git)
{
    struct history history = {.arena = arena};
    read_ledger(&history, project, flag);
    *git = read_git(&history, project, flag, most);
    if (history.count)
        qsort(history.items, history.count, sizeof *history.items, newest_first);
    *count = history.count < most ? history.count : most;
    return history.items;
}
