/* analyze_keep.c - see analyze_keep.h. */
#include "analyze_keep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze_by.h"
#include "analyze_task.h"
#include "compiler/base/arena.h"
#include "compiler/base/memory.h"
#include "compiler/choose/choose.h"
#include "compiler/model/model.h"
#include "kept_lines.h"
#include "tools/ffreplay/aggregate/row.h"
#include "tools/ffreplay/canary/origins_row.h"

/* Of one flag. */
struct kept_trial {
    struct task task; /* its exposures only have what those of all logs have in common */
    struct flag_variants variants;
    bool is_kept;             /* the flag has arms, and its logs say which units they are of */
    bool *tells, *measures;   /* by log, of those that are read */
    struct exposures *by_log; /* those that tell are prepared */
    struct kept_lines lines;
    struct buffer prefix;
};

/* ----------------------------------------------------------------------------------- metrics -- */

static bool is_taken(const struct task *task, const struct metric *metric)
{
    for (uint32_t i = 0; i < task->metric_count; i++)
        if (task->outcomes.measures[i].metric == metric)
            return true;
    return false;
}

/* Those of logs that are not read are named all the same: every part keeps the same. */
static bool add_metric(struct kept_trial *trial, const struct metric *metric)
{
    struct task *task = &trial->task;
    struct replay *replay = task->replay;
    uint32_t log;
    if (!metric || is_taken(task, metric) || !task_log_of(replay->project, metric, &log))
        return true;
    struct measure *measure = &task->outcomes.measures[task->metric_count];
    *measure = (struct measure){.metric = metric};
    task->metric_logs[task->metric_count++] = log;
    trial->measures[log] |= task->reads[log];
    return true;
}

static bool add_experiment(struct kept_trial *trial, const struct experiment *experiment)
{
    bool added = add_metric(trial, experiment->primary);
    for (uint32_t i = 0; i < experiment->metric_count && added; i++)
        added = add_metric(trial, experiment->metrics[i]);
    for (uint32_t i = 0; i < experiment->guards.count && added; i++)
        added = add_metric(trial, experiment->guards.items[i].metric);
    return added;
}

/* Those of its experiment, or all that can be compared; and those named. */
static bool choose_metrics(struct kept_trial *trial, const struct kept_wish *wish)
{
    struct task *task = &trial->task;
    struct project *project = task->replay->project;
    const struct experiment *experiment = task->variants->targeting->experiment;
    size_t most = wish->metrics->count + project->metric_count + 1;
    if (experiment)
        most += 1 + experiment->metric_count + experiment->guards.count;
    task->outcomes.measures = ARENA_ARRAY(&project->arena, struct measure, most);
    task->metric_logs = ARENA_ARRAY(&project->arena, uint32_t, most);
    if (experiment && !add_experiment(trial, experiment))
        return false;
    for (uint32_t i = 0; i < project->metric_count && !experiment; i++) {
        enum metric_bound bound = metric_traits(project->metrics[i])->bound;
        if (bound != BOUND_NONE && bound != BOUND_RATE && !add_metric(trial, project->metrics[i]))
            return false;
    }
    for (size_t i = 0; i < wish->metrics->count; i++) {
        const struct metric *metric =
            choose_metric(wish->command, project, wish->metrics->items[i]);
        if (!metric || !add_metric(trial, metric))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------- preparation -- */

/* Whether each log that is needed says which unit a line is of. */
static bool find_units(struct kept_trial *trial, bool *known)
{
    struct task *task = &trial->task;
    struct replay *replay = task->replay;
    *known = true;
    for (uint32_t log = 0; log < replay->project->log_count; log++) {
        struct layout *layout = &replay->layouts[log];
        struct line_context line = {0};
        if (!trial->tells[log] && !trial->measures[log])
            continue;
        if (trial->tells[log]) {
            struct variant_reader *reader = &task->exposures.readers[log];
            if (!variant_reader_prepare(reader, task->variants, layout))
                return false;
            line = reader->line;
        } else if (!line_context_prepare(&line, layout, NULL, 0)) {
            return false;
        }
        if (!task_knows_unit(task, log, &line)) {
            *known = false;
            if (task->variants->targeting->experiment)
                task_report_no_unit(task, log);
            return !task->variants->targeting->experiment;
        }
    }
    return true;
}

/* Metrics per unit are per the one that the flag is bucketed by, whatever the log calls its own;
 * others who read the log go by that. */
static bool prepare_measures(struct kept_trial *trial)
{
    struct task *task = &trial->task;
    bool prepared = true;
    for (uint32_t i = 0; i < task->metric_count && prepared; i++) {
        struct measure *measure = &task->outcomes.measures[i];
        uint32_t log = task->metric_logs[i];
        struct layout *layout = &task->replay->layouts[log];
        uint32_t unit = layout->unit;
        bool hashes = layout->hashes_units;
        if (!task->reads[log])
            continue;
        task_settle_unit(task, log);
        prepared = measure_prepare(measure, measure->metric, layout);
        layout->unit = unit;
        layout->hashes_units = hashes;
    }
    return prepared;
}

static bool shows_private(const struct kept_trial *trial, const struct kept_wish *wish,
                          const char *field)
{
    const struct replay *replay = trial->task.replay;
    for (uint32_t log = 0; log < replay->project->log_count && !wish->show_private; log++) {
        struct layout *layout = &replay->layouts[log];
        if (!trial->tells[log] || !layout_hides(layout, unit_field_place(layout, field)))
            continue;
        job_error(wish->command, "values of a private attribute would be kept: '%s' of log '%s'",
                  field, layout->log->name.text);
        print_help("--show-private keeps them");
        return true;
    }
    return false;
}

static bool add_field(struct kept_trial *trial, const struct kept_wish *wish, const char *field)
{
    struct exposures *exposures = &trial->task.exposures;
    for (uint32_t i = 0; i < exposures->fields.count; i++)
        if (strcmp(exposures->fields.items[i].name, field) == 0)
            return true;
    if (exposures->fields.count == UNIT_FIELDS_MOST) {
        job_error(wish->command,
                  "values of at most %d fields are kept of units, and '%s' is one more",
                  UNIT_FIELDS_MOST, field);
        return false;
    }
    (void)analyze_by_stratify(field, trial->task.replay, exposures);
    return !shows_private(trial, wish, field);
}

static bool add_fields(struct kept_trial *trial, const struct kept_wish *wish)
{
    const struct experiment *experiment = trial->task.variants->targeting->experiment;
    bool added = true;
    for (uint32_t i = 0; i < wish->field_count && added; i++)
        added = add_field(trial, wish, wish->fields[i]);
    if (experiment && experiment->stratify.text && added)
        added = add_field(trial, wish, experiment->stratify.text);
    return added;
}

/* What comes before its last run, after its end, or later than was asked, is left out. */
static bool find_end(struct kept_trial *trial, const struct kept_wish *wish)
{
    struct task *task = &trial->task;
    struct exposures *exposures = &task->exposures;
    struct trial_start start = {0};
    struct buffer error = {0};
    exposures->from = INT64_MIN;
    exposures->to = exposures->until = INT64_MAX;
    if (!trial_start_find(task->replay->project, task->flag, task->environment, task->replay->texts,
                          &start, &error)) {
        job_error(wish->command, "%s", error.bytes);
        buffer_release(&error);
        return false;
    }
    if (start.ran_before) /* each run has arms and units of its own */
        exposures->from = start.at;
    if (task_has_ended(task, &start))
        exposures->to = exposures->until = start.end - 1;
    if (wish->to != INT64_MAX && wish->to - 1 < exposures->to)
        exposures->to = wish->to - 1;
    return true;
}

/* One for each log, so that which of them tell can be chosen later. */
static void begin_exposures(struct kept_trial *trial)
{
    struct task *task = &trial->task;
    struct replay *replay = task->replay;
    uint32_t logs = replay->project->log_count;
    for (uint32_t log = 0; log < logs; log++) {
        if (!trial->tells[log])
            continue;
        bool *tells = ARENA_ARRAY(replay->texts, bool, logs);
        struct exposures *exposures = &trial->by_log[log];
        tells[log] = true;
        *exposures = task->exposures;
        exposures->tells = tells;
        exposures_init(exposures);
        replay_add_consumer(replay, &exposures->consumer);
    }
}

/* Which comes first among the keys of rows. */
static const uint32_t *rank_logs(struct replay *replay)
{
    uint32_t logs = replay->project->log_count;
    uint32_t *ranks = ARENA_ARRAY(replay->texts, uint32_t, logs + 1);
    struct buffer own = {0}, other = {0};
    for (uint32_t i = 0; i < logs; i++)
        for (uint32_t j = 0; j < logs; j++) {
            KEY(&own, replay->project->logs[i]->name.text, "");
            KEY(&other, replay->project->logs[j]->name.text, "");
            ranks[i] += strcmp(other.bytes, own.bytes) < 0;
        }
    buffer_release(&own);
    buffer_release(&other);
    return ranks;
}

static void begin_lines(struct kept_trial *trial, const struct kept_wish *wish)
{
    struct task *task = &trial->task;
    struct replay *replay = task->replay;
    KEY(&trial->prefix, "units", task->flag->name.text);
    trial->lines = (struct kept_lines){.layouts = replay->layouts,
                                       .keys = task->keys,
                                       .measures = task->outcomes.measures,
                                       .measure_logs = task->metric_logs,
                                       .measure_count = task->metric_count,
                                       .log_count = replay->project->log_count,
                                       .ranks = rank_logs(replay),
                                       .prefix = trial->prefix.bytes,
                                       .to = task->exposures.to,
                                       .runs = wish->runs};
    kept_lines_init(&trial->lines);
    replay_add_consumer(replay, &trial->lines.consumer);
}

static void find_logs(struct kept_trial *trial)
{
    const struct project *project = trial->task.replay->project;
    for (uint32_t i = 0; i < project->log_count; i++)
        trial->tells[i] = trial->task.reads[i] &&
                          (project->logs[i]->variant || project->logs[i]->context_count > 0);
}

/* False after reporting. */
static bool prepare(struct kept_trial *trial, const struct kept_wish *wish)
{
    struct task *task = &trial->task;
    struct replay *replay = task->replay;
    const struct targeting *targeting = &task->flag->environments[task->environment];
    struct served_record record = replay->times.served;
    bool known;
    record.is_quiet = true; /* it was said of the same flag already */
    if (targeting->variant_count < 2 || targeting->canary)
        return true;
    if (!flag_variants_open(&trial->variants, replay->project, task->flag, task->environment,
                            &record))
        return false;
    if (!targeting->experiment && !task_has_few_arms(task))
        return true;
    if (!task_find_arms(task) || !choose_metrics(trial, wish))
        return false;
    find_logs(trial);
    task->exposures.tells = trial->tells;
    task_lay_out(task);
    if (!find_units(trial, &known))
        return false;
    if (!known)
        return true;
    task->exposures.zone = targeting->experiment ? targeting->experiment->zone : NULL;
    if (!prepare_measures(trial) || !add_fields(trial, wish) || !find_end(trial, wish))
        return false;
    trial->is_kept = true;
    begin_exposures(trial);
    begin_lines(trial, wish);
    return true;
}

struct kept_trial *kept_trial_prepare(struct replay *replay, const struct flag *flag,
                                      uint32_t environment, const bool *reads,
                                      const struct kept_wish *wish)
{
    struct arena *arena = replay->texts;
    uint32_t logs = replay->project->log_count;
    struct kept_trial *trial = xcalloc(1, sizeof *trial);
    trial->tells = ARENA_ARRAY(arena, bool, logs);
    trial->measures = ARENA_ARRAY(arena, bool, logs);
    trial->by_log = ARENA_ARRAY(arena, struct exposures, logs);
    trial->task = (struct task){.command = wish->command,
                                .replay = replay,
                                .variants = &trial->variants,
                                .reads = reads,
                                .flag = flag,
                                .environment = environment,
                                .strata_field = NO_FIELD};
    if (prepare(trial, wish))
        return trial;
    kept_trial_free(trial);
    return NULL;
}

void kept_trial_free(struct kept_trial *trial)
{
    if (!trial)
        return;
    for (uint32_t i = 0; trial->is_kept && i < trial->lines.log_count; i++)
        if (trial->tells[i])
            exposures_release(&trial->by_log[i]);
    if (trial->is_kept)
        kept_lines_release(&trial->lines);
    flag_variants_close(&trial->variants);
    buffer_release(&trial->prefix);
    free(trial);
}

/* -------------------------------------------------------------------------------------- rows -- */

static void add_text(json_t *array, const char *text)
{
    if (json_array_append_new(array, json_string(text)) != 0)
        out_of_memory();
}

/* What every part has to keep alike. */
static json_t *kept_row(const struct kept_trial *trial)
{
    const struct task *task = &trial->task;
    json_t *row = json_object(), *kept = json_object();
    json_t *fields = json_array(), *metrics = json_array();
    for (uint32_t i = 0; i < task->exposures.fields.count; i++)
        add_text(fields, task->exposures.fields.items[i].name);
    for (uint32_t i = 0; i < task->metric_count; i++)
        add_text(metrics, task->outcomes.measures[i].metric->name.text);
    json_object_set_new(kept, "fields", fields);
    json_object_set_new(kept, "metrics", metrics);
    if (task->exposures.to != INT64_MAX)
        row_put_time(kept, "to", task->exposures.to + 1);
    json_object_set_new(row, "kept", kept);
    return row;
}

static void put_days(json_t *row, const struct line_days *days)
{
    json_t *counts = json_object();
    for (uint32_t i = 0; i < days->count && !days->too_many; i++) {
        char name[24];
        snprintf(name, sizeof name, "%lld", (long long)days->items[i].day);
        row_put_count(counts, name, days->items[i].lines);
    }
    row_put_row(row, "days", counts);
    row_put_truth(row, "beyond", days->too_many);
}

static void put_words(json_t *row, const char *field, const char *const *words,
                      const uint64_t *counts, uint32_t count)
{
    json_t *inner = json_object();
    for (uint32_t i = 0; i < count; i++)
        row_put_count(inner, words[i], counts[i]);
    row_put_row(row, field, inner);
}

static void put_exposing(json_t *row, const struct exposures *exposures, uint32_t log)
{
    json_t *seen = json_object();
    row_put_count(row, "exposing", exposures->lines);
    row_put_count(row, "as_logged", exposures->as_logged);
    row_put_count(row, "exposing_fractions", exposures->fractions);
    put_words(row, "not_exposing", not_exposed_words, exposures->not_exposed, NOT_EXPOSED_CAUSES);
    origins_put(row, &exposures->origins);
    row_put_digest(row, "digest", &exposures->digest);
    put_days(row, &exposures->days[log]);
    row_put_time(row, "first", exposures->first);
    row_put_time(row, "last", exposures->last);
    row_put_time(row, "last_other", exposures->last_other);
    row_put_time(row, "later", exposures->later);
    for (uint32_t i = 0; i < exposures->fields.count; i++)
        row_put_truth(seen, exposures->fields.items[i].name, exposures->names[i].names.count > 0);
    row_put_row(row, "seen", seen);
}

void kept_trial_put(struct kept_trial *trial, struct rows *rows)
{
    struct buffer key = {0};
    const char *flag = trial->is_kept ? trial->task.flag->name.text : "";
    if (trial->is_kept) {
        KEY(&key, "experiment", flag);
        rows_add(rows, key.bytes, kept_row(trial));
    }
    for (uint32_t i = 0; trial->is_kept && i < trial->lines.log_count; i++) {
        if (!trial->tells[i] && !trial->measures[i])
            continue;
        json_t *row = json_object();
        if (trial->tells[i]) {
            exposures_settle(&trial->by_log[i]);
            put_exposing(row, &trial->by_log[i], i);
        }
        put_words(row, "left_out", outcome_left_out_words, trial->lines.left_out[i],
                  OUTCOME_LEFT_OUT_CAUSES);
        row_put_count(row, "fractions", trial->lines.fractions[i]);
        KEY(&key, "experiment", flag, trial->lines.layouts[i].log->name.text);
        rows_add(rows, key.bytes, row);
    }
    buffer_release(&key);
}

/* ------------------------------------------------------------------------------------- units -- */

/* Exposures of a shard by one log, by unit. */
struct cursor {
    const struct exposures *exposures;
    const char *log;
    struct unit_row **rows;
    uint32_t count, at;
};

static bool is_before(struct unit_hash a, struct unit_hash b)
{
    return a.high != b.high ? a.high < b.high : a.low < b.low;
}

static bool is_same(struct unit_hash a, struct unit_hash b)
{
    return a.high == b.high && a.low == b.low;
}

static const struct exposure *exposure_of(const struct cursor *cursor)
{
    return (const struct exposure *)cursor->rows[cursor->at];
}

static void put_hex(json_t *row, const char *field, const char *text)
{
    struct buffer hex = {0};
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        buffer_format(&hex, "%02x", *at);
    row_put_text(row, field, hex.length > 0 ? hex.bytes : "");
    buffer_release(&hex);
}

static json_t *exposed_value(const struct kept_trial *trial, const struct cursor *cursor)
{
    const struct exposure *exposure = exposure_of(cursor);
    const struct exposures *exposures = cursor->exposures;
    json_t *row = json_object(), *values = json_object();
    uint32_t arm = exposure_arm(exposure);
    row_put_time(row, "first", exposure->first);
    if (arm != NO_ARM)
        row_put_text(row, "arm", trial->task.names[arm]);
    row_put_truth(row, "crossover", exposure->place == PLACE_CROSSOVER);
    row_put_truth(row, "forced", exposure->place == PLACE_FORCED);
    for (uint32_t i = 0; i < exposures->fields.count; i++) {
        const char *text = value_names_text(&exposures->names[i].names, exposure->values[i]);
        if (text)
            put_hex(values, exposures->fields.items[i].name, text);
    }
    row_put_row(row, "values", values);
    return row;
}

/* The first unit that a cursor or the lines are at, in the shard. False: there is none left. */
static bool next_unit(const struct kept_trial *trial, const struct cursor *cursors, uint32_t count,
                      size_t line, uint32_t shard, struct unit_hash *unit)
{
    bool found = false;
    *unit = (struct unit_hash){0, 0};
    if (line < trial->lines.count) {
        *unit = kept_lines_unit(&trial->lines, line);
        found = unit->high >> (64 - UNIT_SHARD_BITS) == shard;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (cursors[i].at == cursors[i].count)
            continue;
        struct unit_hash own = exposure_of(&cursors[i])->row.unit;
        if (!found || is_before(own, *unit))
            *unit = own;
        found = true;
    }
    return found;
}

static bool write_exposures(struct kept_trial *trial, struct cursor *cursors, uint32_t count,
                            struct unit_hash unit, struct aggregate_writer *writer,
                            struct buffer *error)
{
    struct buffer key = {0};
    json_t *row = json_object(), *exposed = json_object();
    for (uint32_t i = 0; i < count; i++)
        if (cursors[i].at < cursors[i].count && is_same(exposure_of(&cursors[i])->row.unit, unit)) {
            row_put_row(exposed, cursors[i].log, exposed_value(trial, &cursors[i]));
            cursors[i].at++;
        }
    bool any = json_object_size(exposed) > 0, written = true;
    row_put_row(row, "exposed", exposed);
    kept_unit_key(&key, trial->prefix.bytes, unit);
    if (any)
        written = aggregate_put(writer, key.bytes, row, error);
    json_decref(row);
    buffer_release(&key);
    return written;
}

static void move_to_shard(struct cursor *cursor, uint32_t shard)
{
    const struct unit_store *store = cursor->exposures->store;
    cursor->at = 0;
    cursor->count = store->shards[shard].count;
    cursor->rows = xrealloc(cursor->rows, ((size_t)cursor->count + 1) * sizeof *cursor->rows);
    unit_store_sorted(store, shard, cursor->rows);
}

static bool write_shard(struct kept_trial *trial, struct cursor *cursors, uint32_t count,
                        uint32_t shard, size_t *line, struct aggregate_writer *writer,
                        struct buffer *error)
{
    struct unit_hash unit;
    while (next_unit(trial, cursors, count, *line, shard, &unit)) {
        if (!write_exposures(trial, cursors, count, unit, writer, error))
            return false;
        if (*line < trial->lines.count && is_same(kept_lines_unit(&trial->lines, *line), unit))
            *line = kept_lines_write(&trial->lines, *line, writer, error);
        if (*line == SIZE_MAX)
            return false;
    }
    return true;
}

static bool write_units(struct kept_trial *trial, struct aggregate_writer *writer,
                        struct buffer *error)
{
    struct cursor *cursors = xcalloc((size_t)trial->lines.log_count + 1, sizeof *cursors);
    uint32_t count = 0;
    size_t line = 0;
    bool written = true;
    kept_lines_sort(&trial->lines);
    for (uint32_t i = 0; i < trial->lines.log_count; i++)
        if (trial->tells[i])
            cursors[count++] = (struct cursor){.exposures = &trial->by_log[i],
                                               .log = trial->lines.layouts[i].log->name.text};
    for (uint32_t shard = 0; shard < UNIT_SHARDS && written; shard++) {
        for (uint32_t i = 0; i < count; i++)
            move_to_shard(&cursors[i], shard);
        written = write_shard(trial, cursors, count, shard, &line, writer, error);
    }
    for (uint32_t i = 0; i < count; i++)
        free(cursors[i].rows);
    free(cursors);
    return written;
}

/* As their rows' keys are. */
static int by_prefix(const void *left, const void *right)
{
    const struct kept_trial *a = *(struct kept_trial *const *)left;
    const struct kept_trial *b = *(struct kept_trial *const *)right;
    struct buffer own = {0}, other = {0};
    buffer_format(&own, "%s/", a->prefix.bytes);
    buffer_format(&other, "%s/", b->prefix.bytes);
    int order = strcmp(own.bytes, other.bytes);
    buffer_release(&own);
    buffer_release(&other);
    return order;
}

bool kept_trials_write(struct kept_trial *const *trials, uint32_t count,
                       struct aggregate_writer *writer, struct buffer *error)
{
    struct kept_trial **kept = xcalloc((size_t)count + 1, sizeof *kept);
    uint32_t kept_count = 0;
    bool written = true;
    for (uint32_t i = 0; i < count; i++)
        if (trials[i] && trials[i]->is_kept)
            kept[kept_count++] = trials[i];
    if (kept_count > 1)
        qsort(kept, kept_count, sizeof *kept, by_prefix);
    for (uint32_t i = 0; i < kept_count && written; i++)
        written = write_units(kept[i], writer, error);
    free(kept);
    return written;
}
