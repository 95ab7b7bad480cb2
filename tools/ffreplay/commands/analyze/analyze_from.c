/* analyze_from.c - see analyze_from.h. */
#include "analyze_from.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/calendar.h"
#include "compiler/base/arena.h"
#include "compiler/base/escape.h"
#include "compiler/base/memory.h"
#include "compiler/choose/choose.h"
#include "compiler/model/model.h"
#include "kept_lines.h"
#include "tools/ffreplay/aggregate/replay_rows.h"
#include "tools/ffreplay/aggregate/row.h"
#include "tools/ffreplay/canary/origins_row.h"

static bool fail_row(const struct from_aggregates *from, const char *key, const char *fault)
{
    struct buffer error = {0};
    terminal_format(&error, "the aggregates' row '%s' cannot be used: %s", key, fault);
    return from_fail(from, &error);
}

/* ----------------------------------------------------------------------------------- opening -- */

bool analyze_from_open(struct task *task, struct from_aggregates *from)
{
    const struct analyze_options *options = task->options;
    for (size_t i = 0; i < options->aggregates.count; i++)
        if (!from_can_read_again(task->command, options->aggregates.items[i],
                                 options->aggregates.items[i]))
            return false;
    for (size_t i = 0; i < task->log_count; i++)
        if (!from_can_read_again(task->command, task->logs[i], task->logs[i]))
            return false;
    if (!from_open(from, task->command, task->replay, options->environment, &options->aggregates,
                   task->logs, task->log_count))
        return false;
    task->reads = from->reads;
    return true;
}

static const json_t *kept_of(const struct task *task, const struct from_aggregates *from)
{
    struct buffer key = {0};
    KEY(&key, "experiment", task->flag->name.text);
    const json_t *row = rows_find(&from->rows, key.bytes);
    buffer_release(&key);
    return json_object_get(row, "kept");
}

int64_t analyze_from_end(const struct task *task, const struct from_aggregates *from)
{
    int64_t time;
    const json_t *to = json_object_get(kept_of(task, from), "to");
    return json_time(to, &time) ? time : INT64_MAX;
}

static bool names(const json_t *list, const char *name)
{
    size_t at;
    const json_t *item;
    json_array_foreach(list, at, item)
    {
        const char *text = json_string_value(item);
        if (text && strcmp(text, name) == 0)
            return true;
    }
    return false;
}

static bool has_kept(const struct task *task, const struct from_aggregates *from)
{
    const json_t *kept = kept_of(task, from);
    const struct unit_fields *fields = &task->exposures.fields;
    if (!kept) {
        job_error(task->command, "the aggregates do not tell who was exposed to '%s'",
                  task->flag->name.text);
        print_help("aggregate the logs with --units: ffreplay aggregate %s --units",
                   task->flag->name.text);
        return false;
    }
    for (uint32_t i = 0; i < fields->count; i++)
        if (!names(json_object_get(kept, "fields"), fields->items[i].name)) {
            job_error(task->command, "the aggregates do not have the units' values of '%s'",
                      fields->items[i].name);
            print_help("aggregate the logs with --by %s", fields->items[i].name);
            return false;
        }
    for (uint32_t i = 0; i < task->metric_count; i++) {
        const char *metric = task->metrics[i].measure->metric->name.text;
        if (names(json_object_get(kept, "metrics"), metric))
            continue;
        job_error(task->command, "the aggregates have nothing of metric '%s'", metric);
        print_help("aggregate the logs with --metric %s", metric);
        return false;
    }
    return true;
}

/* ---------------------------------------------------------------------------------- counters -- */

static void read_days(struct row_reader *reader, struct line_days *days)
{
    const char *name;
    json_t *item;
    const json_t *counts = row_named(reader, "days");
    struct day_lines *items = xcalloc(json_object_size(counts) + 1, sizeof *items);
    struct line_days read = {.items = items, .too_many = row_truth(reader, "beyond")};
    json_object_foreach((json_t *)(uintptr_t)counts, name, item)
    {
        struct day_lines *day = &items[read.count++];
        if (!text_integer(name, &day->day) || day->day < local_day(NULL, -TIME_MOST) ||
            day->day > local_day(NULL, TIME_MOST) || !json_count(item, &day->lines))
            row_fault(reader, "'days' has a day that is none");
    }
    if (row_is_sound(reader))
        line_days_join(days, &read);
    free(items);
}

static void read_words(struct row_reader *reader, const char *field, const char *const *words,
                       uint64_t *counts, uint32_t count)
{
    struct row_reader inner = row_inner(reader, field);
    for (uint32_t i = 0; i < count; i++)
        counts[i] += row_count(&inner, words[i]);
    row_end(&inner);
}

/* A field that some line had, though not at a unit's first exposure, is one all the same. */
static void note_fields(struct exposures *exposures, const json_t *seen)
{
    for (uint32_t i = 0; i < exposures->fields.count; i++)
        if (json_object_get(seen, exposures->fields.items[i].name))
            value_names_number(&exposures->names[i].names, "", 0);
}

static void read_exposing(struct row_reader *reader, struct exposures *exposures, uint32_t log)
{
    struct input_digest digest;
    struct origins origins = {0};
    exposures->lines += row_count(reader, "exposing");
    exposures->as_logged += row_count(reader, "as_logged");
    exposures->fractions += row_count(reader, "exposing_fractions");
    read_words(reader, "not_exposing", not_exposed_words, exposures->not_exposed,
               NOT_EXPOSED_CAUSES);
    origins_read(reader, &origins);
    origins_join(&exposures->origins, &origins);
    row_digest(reader, "digest", &digest);
    input_digest_join(&exposures->digest, &digest);
    read_days(reader, &exposures->days[log]);
    int64_t first = row_time(reader, "first", INT64_MAX);
    int64_t last = row_time(reader, "last", INT64_MIN);
    int64_t later = row_time(reader, "later", INT64_MIN);
    exposures->first = first < exposures->first ? first : exposures->first;
    exposures->last = last > exposures->last ? last : exposures->last;
    int64_t other = row_time(reader, "last_other", INT64_MIN);
    exposures->last_other = other > exposures->last_other ? other : exposures->last_other;
    exposures->later = later > exposures->later ? later : exposures->later;
    note_fields(exposures, row_named(reader, "seen"));
}

static bool is_measured(const struct task *task, uint32_t log)
{
    for (uint32_t i = 0; i < task->metric_count; i++)
        if (task->metric_logs[i] == log)
            return true;
    return false;
}

bool analyze_from_begin(struct task *task, struct from_aggregates *from)
{
    struct replay *replay = task->replay;
    struct buffer error = {0}, key = {0};
    bool read = has_kept(task, from);
    if (read && !replay_read_rows(replay, &from->rows, &error))
        return from_fail(from, &error);
    for (uint32_t i = 0; i < replay->project->log_count && read; i++) {
        if (!task->exposures.tells[i] && !is_measured(task, i))
            replay->counts[i] = (struct log_counts){0};
        if (!task->exposures.tells[i])
            continue;
        char fault[ROW_FAULT] = "";
        KEY(&key, "experiment", task->flag->name.text, replay->project->logs[i]->name.text);
        struct row_reader reader = row_reader(rows_find(&from->rows, key.bytes), fault);
        read_exposing(&reader, &task->exposures, i);
        read = row_is_sound(&reader) || fail_row(from, key.bytes, fault);
    }
    buffer_release(&key);
    return read && !replay_is_too_bad(replay);
}

/* ------------------------------------------------------------------------------------- units -- */

/* "units/FLAG/HASH", and behind it, where it is of lines, "LOG/MINUTE". */
struct unit_key_parts {
    struct unit_hash unit;
    const char *rest; /* NULL: of exposures */
};

/*
 * A pass over all rows of units. One that is written as usual is taken from its line, any other one
 * from its fields: what both say is the same. False: `fault` says why.
 */
struct unit_pass {
    struct task *task;
    bool (*take_line)(struct unit_pass *pass, const struct unit_key_parts *parts,
                      const struct unit_line *line, char *fault);
    bool (*take_row)(struct unit_pass *pass, const struct unit_key_parts *parts, const json_t *row,
                     char *fault);
    const char **logs;      /* by log: its name as it stands in keys; NULL: it is not measured */
    struct said_line *said; /* room for one */
};

/* False: it is of another flag, or of none. */
static bool take_apart(const struct buffer *prefix, const char *key, struct unit_key_parts *parts)
{
    if (strncmp(key, prefix->bytes, prefix->length) != 0 || key[prefix->length] != '/')
        return false;
    key += prefix->length + 1;
    if (strnlen(key, UNIT_TEXT - 1) < UNIT_TEXT - 1)
        return false;
    bool is_unit = unit_from_digits(key, &parts->unit);
    key += UNIT_TEXT - 1;
    parts->rest = *key == '/' ? key + 1 : NULL;
    return is_unit && (*key == '/' || *key == '\0');
}

static bool for_rows(struct unit_pass *pass, struct from_aggregates *from)
{
    struct buffer error = {0}, prefix = {0};
    struct merged_rows *rows = &from->merged;
    enum aggregate_read read = rows->key ? AGGREGATE_ROW : AGGREGATE_END;
    bool taken = true;
    KEY(&prefix, "units", pass->task->flag->name.text);
    for (; read == AGGREGATE_ROW && taken; read = merged_next(rows, &error)) {
        char fault[ROW_FAULT] = "";
        struct unit_key_parts parts;
        if (take_apart(&prefix, rows->key, &parts))
            taken = (rows->unit ? pass->take_line(pass, &parts, rows->unit, fault)
                                : pass->take_row(pass, &parts, merged_row(rows), fault)) ||
                    fail_row(from, rows->key, fault);
        if (!taken)
            break;
    }
    buffer_release(&prefix);
    return taken && (read == AGGREGATE_END || from_fail(from, &error));
}

static bool from_hex(const char *hex, char *bytes, size_t most)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = strlen(hex) / 2;
    if (strlen(hex) % 2 || length > most || strspn(hex, digits) != strlen(hex))
        return false;
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)((strchr(digits, hex[2 * i]) - digits) * 16 +
                          (strchr(digits, hex[2 * i + 1]) - digits));
    bytes[length] = '\0';
    return true;
}

static uint32_t number_of_value(struct exposures *exposures, uint32_t field, const char *hex,
                                struct row_reader *reader)
{
    char text[UNIT_VALUE_LONGEST + 1];
    if (!hex)
        return NO_VALUE;
    if (!from_hex(hex, text, UNIT_VALUE_LONGEST)) {
        row_fault(reader, "'values' has one that is none");
        return NO_VALUE;
    }
    return value_names_number(&exposures->names[field].names, text, strlen(text));
}

static uint32_t arm_named(const struct task *task, const char *name)
{
    for (uint32_t i = 0; i < task->arms.count; i++)
        if (strcmp(task->names[i], name) == 0)
            return i;
    return NO_ARM;
}

/* Of a unit whose arm, by its number or NO_ARM, has been found; 0: it is nowhere. */
static uint32_t place_of(uint32_t arm, const struct unit_exposed *exposed)
{
    if (exposed->forced)
        return PLACE_FORCED;
    if (exposed->crossover)
        return PLACE_CROSSOVER;
    return arm == NO_ARM ? 0 : 1 + arm;
}

static void add_exposure(struct task *task, struct unit_hash unit, int64_t first, uint32_t place,
                         const uint32_t *numbers, struct row_reader *reader)
{
    if (place == 0 || first == INT64_MIN)
        row_fault(reader, "a unit is in no arm that there is");
    else if (place != PLACE_FORCED &&
             (first < task->exposures.first || first > task->exposures.last))
        row_fault(reader, "a unit was first exposed when no line exposes any");
    if (row_is_sound(reader))
        exposures_add(&task->exposures, unit, first, place, numbers);
}

static void take_exposure(struct task *task, struct unit_hash unit, struct row_reader *reader)
{
    struct exposures *exposures = &task->exposures;
    uint32_t numbers[UNIT_FIELDS_MOST] = {0};
    const char *arm = row_text(reader, "arm");
    const struct unit_exposed exposed = {.first = row_time(reader, "first", INT64_MIN),
                                         .crossover = row_truth(reader, "crossover"),
                                         .forced = row_truth(reader, "forced")};
    struct row_reader values = row_inner(reader, "values");
    for (uint32_t i = 0; i < exposures->fields.count; i++)
        numbers[i] = number_of_value(exposures, i,
                                     row_text(&values, exposures->fields.items[i].name), reader);
    (void)row_end(reader);
    add_exposure(task, unit, exposed.first, place_of(arm ? arm_named(task, arm) : NO_ARM, &exposed),
                 numbers, reader);
}

static bool take_exposures(struct unit_pass *pass, const struct unit_key_parts *parts,
                           const json_t *row, char *fault)
{
    struct task *task = pass->task;
    const struct project *project = task->replay->project;
    struct row_reader reader = row_reader(row, fault);
    if (parts->rest)
        return true;
    const json_t *logs = row_named(&reader, "exposed");
    for (uint32_t i = 0; i < project->log_count; i++) {
        const json_t *exposed = json_object_get(logs, project->logs[i]->name.text);
        struct row_reader inner = row_reader(exposed, fault);
        if (exposed && task->exposures.tells[i])
            take_exposure(task, parts->unit, &inner);
    }
    return row_end(&reader);
}

static const struct unit_pair *pair_named(const struct unit_line *line, size_t from, size_t count,
                                          const char *name)
{
    for (size_t i = from; i < from + count; i++)
        if (line_text_is(line->pairs[i].name, name))
            return &line->pairs[i];
    return NULL;
}

/* Copied, with an end; what is longer than that is no value, and is left as long. */
static const char *text_copy(struct line_text text, char *copy, size_t size)
{
    size_t length = text.length < size ? text.length : size - 1;
    memcpy(copy, text.at, length);
    copy[length] = '\0';
    return copy;
}

static void take_exposed(struct task *task, struct unit_hash unit, const struct unit_line *line,
                         const struct unit_exposed *exposed, struct row_reader *reader)
{
    struct exposures *exposures = &task->exposures;
    uint32_t numbers[UNIT_FIELDS_MOST] = {0}, arm = NO_ARM;
    char hex[2 * UNIT_VALUE_LONGEST + 3];
    for (uint32_t i = 0; i < task->arms.count && exposed->arm.at; i++)
        if (line_text_is(exposed->arm, task->names[i]))
            arm = i;
    for (uint32_t i = 0; i < exposures->fields.count; i++) {
        const struct unit_pair *value =
            pair_named(line, exposed->pairs, exposed->pair_count, exposures->fields.items[i].name);
        if (value)
            numbers[i] =
                number_of_value(exposures, i, text_copy(value->text, hex, sizeof hex), reader);
    }
    add_exposure(task, unit, exposed->first, place_of(arm, exposed), numbers, reader);
}

static bool take_exposed_line(struct unit_pass *pass, const struct unit_key_parts *parts,
                              const struct unit_line *line, char *fault)
{
    struct task *task = pass->task;
    const struct project *project = task->replay->project;
    struct row_reader reader = row_reader(NULL, fault);
    if (parts->rest)
        return true;
    if (line->exposed_count == 0)
        row_fault(&reader, "it has a field that this version does not know there");
    for (size_t i = 0; i < line->exposed_count; i++)
        for (uint32_t log = 0; log < project->log_count; log++)
            if (task->exposures.tells[log] &&
                line_text_is(line->exposed[i].log, project->logs[log]->name.text))
                take_exposed(task, parts->unit, line, &line->exposed[i], &reader);
    return row_is_sound(&reader);
}

bool analyze_from_exposures(struct task *task, struct from_aggregates *from)
{
    struct unit_pass pass = {
        .task = task, .take_line = take_exposed_line, .take_row = take_exposures};
    if (!for_rows(&pass, from))
        return false;
    exposures_settle(&task->exposures);
    return true;
}

/* ------------------------------------------------------------------------------------- lines -- */

/* The log of "LOG/MINUTE", if it is measured. */
static bool log_of_rest(const struct unit_pass *pass, const char *rest, uint32_t *log)
{
    for (*log = 0; *log < pass->task->replay->project->log_count; (*log)++) {
        const char *name = pass->logs[*log];
        size_t length = name ? strlen(name) : 0;
        if (name && strncmp(rest, name, length) == 0 && rest[length] == '/')
            return true;
    }
    return false;
}

static void name_logs(struct unit_pass *pass)
{
    const struct project *project = pass->task->replay->project;
    struct arena *arena = &pass->task->replay->project->arena;
    pass->logs = ARENA_ARRAY(arena, const char *, project->log_count + 1);
    for (uint32_t i = 0; i < project->log_count; i++) {
        struct buffer name = {0};
        KEY(&name, project->logs[i]->name.text);
        pass->logs[i] = is_measured(pass->task, i) ? arena_format(arena, "%s", name.bytes) : NULL;
        buffer_release(&name);
    }
}

static void read_said(const struct task *task, const json_t *said, struct said_line *line,
                      struct row_reader *reader)
{
    const struct outcomes *outcomes = &task->outcomes;
    for (uint32_t i = 0; i < outcomes->measure_count; i++) {
        struct said *one = &line->said[outcomes->columns[i].place];
        if (outcomes->measure_logs[i] != line->log)
            continue;
        const json_t *value = json_object_get(said, outcomes->measures[i].metric->name.text);
        *one = (struct said){.state = NUMBER_ABSENT};
        if (value && !said_read(value, one))
            row_fault(reader, "a line says what cannot be read of metric '%s'",
                      outcomes->measures[i].metric->name.text);
    }
}

/* So many lines that are alike. */
static void add_lines(struct task *task, struct unit_hash unit, struct unit_hash digest,
                      uint64_t count, struct said_line *line)
{
    line->digest = (struct input_digest){digest.low, digest.high};
    for (uint64_t i = 0; i < count; i++) {
        outcomes_add(&task->outcomes, unit, line);
        line->digest = (struct input_digest){0}; /* it is that of all of them */
    }
}

/* [time, count, digest, said]; row_check() knows that it is. */
static void take_item(struct task *task, struct unit_hash unit, const json_t *item,
                      struct said_line *line, struct row_reader *reader)
{
    struct unit_hash digest = {0};
    uint64_t count = 0;
    (void)json_time(json_array_get(item, 0), &line->time);
    (void)json_count(json_array_get(item, 1), &count);
    (void)unit_from_text(json_string_value(json_array_get(item, 2)), &digest);
    read_said(task, json_array_get(item, 3), line, reader);
    if (row_is_sound(reader))
        add_lines(task, unit, digest, count, line);
}

static bool take_lines(struct unit_pass *pass, const struct unit_key_parts *parts,
                       const json_t *row, char *fault)
{
    struct row_reader reader = row_reader(row, fault);
    const json_t *lines = json_object_get(row, "said"), *item;
    size_t at;
    if (!parts->rest || !log_of_rest(pass, parts->rest, &pass->said->log))
        return true;
    json_array_foreach(lines, at, item)
        take_item(pass->task, parts->unit, item, pass->said, &reader);
    return row_is_sound(&reader);
}

static void take_saying(struct unit_pass *pass, struct unit_hash unit, const struct unit_line *line,
                        const struct unit_saying *saying)
{
    const struct outcomes *outcomes = &pass->task->outcomes;
    pass->said->time = saying->time;
    for (uint32_t i = 0; i < outcomes->measure_count; i++) {
        if (outcomes->measure_logs[i] != pass->said->log)
            continue;
        const struct unit_pair *pair = pair_named(line, saying->pairs, saying->pair_count,
                                                  outcomes->measures[i].metric->name.text);
        pass->said->said[outcomes->columns[i].place] =
            pair ? said_of_pair(pair) : (struct said){.state = NUMBER_ABSENT};
    }
    add_lines(pass->task, unit, saying->digest, saying->count, pass->said);
}

static bool take_said_line(struct unit_pass *pass, const struct unit_key_parts *parts,
                           const struct unit_line *line, char *fault)
{
    (void)fault;
    if (parts->rest && log_of_rest(pass, parts->rest, &pass->said->log))
        for (size_t i = 0; i < line->saying_count; i++)
            take_saying(pass, parts->unit, line, &line->sayings[i]);
    return true;
}

bool analyze_from_outcomes(struct task *task, struct from_aggregates *from)
{
    struct replay *replay = task->replay;
    struct buffer key = {0};
    bool read = from_read_again(from);
    for (uint32_t i = 0; i < replay->project->log_count && read; i++) {
        char fault[ROW_FAULT] = "";
        if (!is_measured(task, i))
            continue;
        KEY(&key, "experiment", task->flag->name.text, replay->project->logs[i]->name.text);
        struct row_reader reader = row_reader(rows_find(&from->rows, key.bytes), fault);
        read_words(&reader, "left_out", outcome_left_out_words, task->outcomes.left_out,
                   OUTCOME_LEFT_OUT_CAUSES);
        task->outcomes.fractions += row_count(&reader, "fractions");
        read = row_is_sound(&reader) || fail_row(from, key.bytes, fault);
    }
    buffer_release(&key);
    struct unit_pass pass = {.task = task,
                             .take_line = take_said_line,
                             .take_row = take_lines,
                             .said = xcalloc(1, outcomes_line_size(&task->outcomes))};
    name_logs(&pass);
    read = read && for_rows(&pass, from);
    free(pass.said);
    if (read)
        outcomes_settle(&task->outcomes);
    return read;
}
