/* from_aggregates.c - see from_aggregates.h. */
#include "from_aggregates.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/base/calendar.h"
#include "compiler/base/memory.h"
#include "compiler/model/model.h"
#include "compiler/ledger/entry.h"
#include "compiler/ledger/former_names.h"
#include "compiler/ledger/ledger.h"
#include "tools/ffreplay/aggregate/replay_rows.h"

/* Rows of units come last: what cells keep of them, "unit/", and what experiments do, "units/". */
static bool is_of_unit(const char *key)
{
    return strncmp(key, "unit/", strlen("unit/")) == 0 ||
           strncmp(key, "units/", strlen("units/")) == 0;
}

bool from_time_or_aggregates(const struct command *command, struct option_texts *given,
                             int64_t *time)
{
    size_t count = 0;
    for (size_t i = 0; i < given->count; i++) {
        const char *text = given->items[i];
        if (option_time(text, time))
            continue;
        if (*text == '-' && text[1]) {
            usage_error(command,
                        "--from takes a time such as 2026-11-20T10:00:00Z or -7d, or a file of "
                        "aggregates, not '%s'",
                        text);
            return false;
        }
        given->items[count++] = text;
    }
    given->count = count;
    return true;
}

bool from_fail(const struct from_aggregates *from, struct buffer *error)
{
    job_error(from->command, "%s", error->bytes);
    buffer_release(error);
    return false;
}

/* -------------------------------------------------------------------------------------- head -- */

static void put_definitions(json_t *head, const struct project *project)
{
    struct buffer text = {0};
    buffer_append_text(&text, "{");
    entry_definitions(&text, project);
    buffer_append_text(&text, "}");
    json_t *read = json_loadb(text.bytes, text.length, 0, NULL);
    if (!read || json_object_update(head, read) != 0)
        out_of_memory();
    json_decref(read);
    buffer_release(&text);
}

json_t *aggregates_head(const struct replay *replay, const char *environment)
{
    const struct replay_times *times = &replay->times;
    json_t *head = json_pack("{si}", "format_version", AGGREGATE_VERSION);
    json_t *options = json_pack("{sIsI}", "settle",
                                (json_int_t)(times->served.is_asked ? times->served.settle : -1),
                                "window", (json_int_t)times->window);
    if (!head || !options || json_object_set_new(head, "options", options) != 0)
        out_of_memory();
    row_put_text(head, "environment", environment ? environment : "");
    put_definitions(head, replay->project);
    return head;
}

static const char *text_of(const json_t *head, const char *field)
{
    const char *text = json_string_value(json_object_get(head, field));
    return text ? text : "";
}

static bool differs(const json_t *head, const json_t *wanted, const char *field)
{
    return !json_equal(json_object_get(head, field), json_object_get(wanted, field));
}

/* Definitions in which a flag is called otherwise are others, too. */
static void note_renames(const json_t *head, struct project *project)
{
    struct buffer error = {0};
    const struct ledger_entries *entries = ledger_look(project->directory, &error);
    const json_t *flags = json_object_get(head, "flags");
    struct told_renames told = {.items = NULL};
    if (entries)
        told = told_renames(entries, &project->arena);
    for (size_t i = 0; i < json_array_size(flags); i++) {
        const char *name = json_string_value(json_array_get(flags, i));
        const struct told_rename *away =
            name && !project_flag(project, name) ? renamed_away(&told, name) : NULL;
        if (away)
            print_note("they are of '%s', which is called '%s' now", name,
                       last_name(&told, away->to, away->entry).name);
    }
    buffer_release(&error);
}

static bool check_head(const struct from_aggregates *from, const json_t *head, const json_t *wanted,
                       struct project *project)
{
    if (differs(head, wanted, "environment"))
        job_error(from->command, "the aggregates are of environment '%s', not of '%s'",
                  text_of(head, "environment"), text_of(wanted, "environment"));
    else if (differs(head, wanted, "definitions")) {
        job_error(from->command, "the aggregates were made by other definitions than these");
        note_renames(head, project);
        print_help("aggregate the logs again, or name the definitions of then: -C DIR");
    } else if (differs(head, wanted, "options")) {
        job_error(from->command,
                  "the aggregates were made with another --window or --settle than this");
        print_help("give both the same");
    } else
        return true;
    return false;
}

/* ----------------------------------------------------------------------------------- reading -- */

/* All rows before the first of a unit, which is then the row at hand. */
static bool read_rows(struct from_aggregates *from)
{
    struct buffer error = {0};
    enum aggregate_read read;
    while ((read = merged_next(&from->merged, &error)) == AGGREGATE_ROW &&
           !is_of_unit(from->merged.key))
        rows_add(&from->rows, from->merged.key,
                 json_incref((json_t *)(uintptr_t)merged_row(&from->merged)));
    rows_sort(&from->rows);
    return read != AGGREGATE_FAULT || from_fail(from, &error);
}

bool from_open(struct from_aggregates *from, const struct command *command,
               const struct replay *replay, const char *environment,
               const struct option_texts *paths, char **more, size_t more_count)
{
    *from = (struct from_aggregates){.command = command};
    size_t count = paths->count + more_count;
    if (count > MERGED_AT_ONCE) {
        job_error(command, "%zu files of aggregates are too many at a time, more than %d", count,
                  MERGED_AT_ONCE);
        print_help("merge them first: ffreplay merge FILE… -o ALL");
        return false;
    }
    const char **all = xcalloc(count + 1, sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[i] = i < paths->count ? paths->items[i] : more[i - paths->count];
    struct buffer error = {0};
    from->paths = all;
    from->count = count;
    if (!merged_open(&from->merged, all, (uint32_t)count, SAME_INPUT_REFUSED, &error))
        return from_fail(from, &error);
    if (!read_rows(from))
        return false;
    json_t *wanted = aggregates_head(replay, environment);
    bool fits = check_head(from, rows_find(&from->rows, AGGREGATE_HEAD), wanted, replay->project);
    json_decref(wanted);
    from->reads = replay_rows_read(replay, &from->rows);
    return fits;
}

bool from_has_units(const struct from_aggregates *from, const struct metric *metric)
{
    const json_t *head = rows_find(&from->rows, AGGREGATE_HEAD);
    if (!metric || json_integer_value(json_object_get(head, "units")) == 1)
        return true;
    job_error(from->command,
              "the aggregates have nothing of each unit, which metric '%s' is made of",
              metric->name.text);
    print_help("aggregate the logs with --units");
    return false;
}

bool from_has_times(const struct from_aggregates *from)
{
    const json_t *head = rows_find(&from->rows, AGGREGATE_HEAD);
    if (json_integer_value(json_object_get(head, "over_time")) == 1)
        return true;
    job_error(from->command,
              "the aggregates do not tell how it went over time, which a page shows");
    print_help("aggregate the logs with --over-time");
    return false;
}

bool from_units(struct from_aggregates *from, struct unit_cells *cells)
{
    struct buffer error = {0};
    enum aggregate_read read = from->merged.key ? AGGREGATE_ROW : AGGREGATE_END;
    unit_cells_sort(cells);
    while (read == AGGREGATE_ROW &&
           (strncmp(from->merged.key, "units/", strlen("units/")) == 0 ||
            unit_cells_read(cells, from->merged.key, merged_row(&from->merged), &error)))
        read = merged_next(&from->merged, &error);
    unit_cells_release(cells);
    return read == AGGREGATE_END || from_fail(from, &error);
}

bool from_can_read_again(const struct command *command, const char *path, const char *given)
{
    struct stat status;
    if (strcmp(path, "-") != 0 && (stat(path, &status) != 0 || S_ISREG(status.st_mode)))
        return true;
    job_error(command, "'%s' cannot be read twice, which an analysis takes", given);
    print_help("write it to a file first");
    return false;
}

bool from_read_again(struct from_aggregates *from)
{
    struct buffer error = {0};
    enum aggregate_read read;
    merged_close(&from->merged);
    if (!merged_open(&from->merged, from->paths, (uint32_t)from->count, SAME_INPUT_REFUSED, &error))
        return from_fail(from, &error);
    while ((read = merged_next(&from->merged, &error)) == AGGREGATE_ROW)
        if (is_of_unit(from->merged.key))
            break;
    return read != AGGREGATE_FAULT || from_fail(from, &error);
}

void from_close(struct from_aggregates *from)
{
    free(from->paths);
    from->paths = NULL;
    merged_close(&from->merged);
    rows_release(&from->rows);
}

/* -------------------------------------------------------------------------------------- time -- */

/* Lines later than now are in them, or lines that are not later are left out. */
static bool check_cut(const struct from_aggregates *from, int64_t now, bool now_given)
{
    char fault[ROW_FAULT] = "", text[32];
    struct row_reader used = row_reader(rows_find(&from->rows, "time/used"), fault);
    int64_t last = row_time(&used, "last", INT64_MIN), cut = row_time(&used, "cut", INT64_MAX);
    if (last <= now && now < cut)
        return true;
    format_time(now, text, sizeof text);
    if (last > now)
        job_error(from->command,
                  "the aggregates have lines later than %s, %s, which cannot be taken out of them",
                  text, now_given ? "the time that is given" : "which are from a wrong clock");
    else
        job_error(from->command, "lines are left out of the aggregates that are not later than %s",
                  text);
    print_help("aggregate every part with --now %s", text);
    return false;
}

bool from_settle(struct from_aggregates *from, struct replay *replay)
{
    struct buffer error = {0};
    bool again;
    if (!replay_read_rows(replay, &from->rows, &error))
        return from_fail(from, &error);
    return !replay_settle_now(replay, NULL, 0, &again) ||
           check_cut(from, replay->times.now, replay->now_given);
}

bool from_read_all(struct from_aggregates *from, struct replay *replay)
{
    struct buffer error = {0};
    char fault[ROW_FAULT] = "", text[32];
    struct row_reader used = row_reader(rows_find(&from->rows, "time/used"), fault);
    int64_t cut = row_time(&used, "cut", INT64_MAX);
    if (!replay_read_rows(replay, &from->rows, &error))
        return from_fail(from, &error);
    if (cut == INT64_MAX)
        return true;
    format_time(cut, text, sizeof text);
    job_error(from->command, "lines from %s on are left out of the aggregates", text);
    print_help("aggregate every part with a --now that is later than all lines");
    return false;
}
