/* outcomes.c - see outcomes.h. */
#include "outcomes.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/parallel.h"
#include "compiler/model/model.h"

const char *const outcome_left_out_words[] = WORDS(OUTCOME_LEFT_OUT_WORDS);

/* ----------------------------------------------------------------------------------- columns -- */

bool metric_counts_idle_units(const struct metric *metric)
{
    return !metric->per_unit || metric->aggregate == AGGREGATE_SUM ||
           metric->aggregate == AGGREGATE_COUNT;
}

enum spread_cubes outcome_cubes(const struct metric *metric)
{
    if (metric_traits(metric)->bound != BOUND_MEAN)
        return CUBES_NONE;
    return metric->per_unit ? CUBES_OF_FIRST : CUBES_OF_BOTH;
}

/* Only a mean over all units can be explained by what they did before. */
static bool can_have_before(const struct metric *metric)
{
    return metric->per_unit && metric_traits(metric)->bound == BOUND_MEAN &&
           metric_counts_idle_units(metric);
}

static void reserve(struct outcomes *outcomes, uint32_t i, struct unit_store *store)
{
    struct outcome_columns *columns = &outcomes->columns[i];
    struct measure *measure = &outcomes->measures[i];
    struct cell like; /* what such a cell keeps, its kind knows */
    cell_init(&like, measure);
    cell_gather_spread(&like, measure, NULL);
    columns->is_kept = like.totals;
    columns->is_kept_before =
        like.totals && outcomes->takes_before && can_have_before(measure->metric);
    if (columns->is_kept)
        columns->kept = unit_totals_columns(store, like.totals->keeps);
    if (columns->is_kept_before)
        columns->before = unit_totals_columns(store, like.totals->keeps);
    cell_release(&like);
    for (uint32_t j = 0; j < i; j++)
        columns->place += outcomes->measure_logs[j] == outcomes->measure_logs[i];
}

void outcomes_reserve(struct outcomes *outcomes, const struct exposures *exposures)
{
    outcomes->exposures = exposures;
    outcomes->columns = xcalloc((size_t)outcomes->measure_count + 1, sizeof *outcomes->columns);
    for (uint32_t i = 0; i < outcomes->measure_count; i++)
        reserve(outcomes, i, exposures->store);
}

/* ------------------------------------------------------------------------------------- cells -- */

static uint32_t set_count(const struct outcomes *outcomes)
{
    return 1 + unit_groups_all(outcomes->groups);
}

static void begin_cell(struct cell *cell, struct measure *measure, bool is_kept,
                       const struct unit_columns *columns)
{
    cell_init(cell, measure);
    cell_gather_spread(cell, measure, NULL);
    if (is_kept)
        unit_totals_place(cell->totals, columns);
    else
        cell_keep_no_units(cell);
}

enum time_of_values { VALUES_AFTER, VALUES_BEFORE };

static void begin_set(struct outcomes *outcomes, struct cell *set, enum time_of_values time)
{
    for (uint32_t i = 0; i < outcomes->measure_count; i++) {
        const struct outcome_columns *columns = &outcomes->columns[i];
        bool before = time == VALUES_BEFORE;
        for (uint32_t arm = 0; arm < outcomes->exposures->arms->count; arm++)
            begin_cell(outcome_cell(set, i, arm), &outcomes->measures[i],
                       before ? columns->is_kept_before : columns->is_kept,
                       before ? &columns->before : &columns->kept);
    }
}

static struct cell *new_cells(struct outcomes *outcomes, enum time_of_values time)
{
    size_t a_set = (size_t)outcomes->measure_count * ARMS_MOST;
    struct cell *cells = xcalloc(set_count(outcomes) * a_set + 1, sizeof *cells);
    for (uint32_t set = 0; set < set_count(outcomes); set++)
        begin_set(outcomes, outcome_set(outcomes, cells, set), time);
    return cells;
}

static void release_set(struct outcomes *outcomes, struct cell *set)
{
    for (uint32_t arm = 0; arm < outcomes->exposures->arms->count; arm++)
        for (uint32_t i = 0; i < outcomes->measure_count; i++)
            cell_release(outcome_cell(set, i, arm));
}

static void release_cells(struct outcomes *outcomes, struct cell **cells)
{
    for (uint32_t set = 0; *cells && set < set_count(outcomes); set++)
        release_set(outcomes, outcome_set(outcomes, *cells, set));
    free(*cells);
    *cells = NULL;
}

static void merge_set(struct outcomes *outcomes, struct cell *set, struct cell *other)
{
    for (uint32_t arm = 0; arm < outcomes->exposures->arms->count; arm++)
        for (uint32_t i = 0; i < outcomes->measure_count; i++)
            cell_merge(outcome_cell(set, i, arm), &outcomes->measures[i],
                       outcome_cell(other, i, arm));
}

static void merge_cells(struct outcomes *outcomes, struct cell *cells, struct cell *others)
{
    for (uint32_t set = 0; cells && set < set_count(outcomes); set++)
        merge_set(outcomes, outcome_set(outcomes, cells, set), outcome_set(outcomes, others, set));
}

/* ------------------------------------------------------------------------------------ taking -- */

/* Lines wait for their units' exposures to be fetched. */
size_t outcomes_line_size(const struct outcomes *outcomes)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < outcomes->measure_count; i++)
        if (outcomes->columns[i].place >= most)
            most = outcomes->columns[i].place + 1;
    return sizeof(struct said_line) + most * sizeof(struct said);
}

static enum outcome_left_out place_line(const struct outcomes *outcomes,
                                        const struct said_line *line,
                                        const struct exposure *exposure, uint32_t *arm)
{
    if (!exposure || exposure->place == 0)
        return OUTCOME_NOT_EXPOSED;
    if (exposure->place == PLACE_FORCED)
        return OUTCOME_FORCED;
    *arm = exposure_arm(exposure);
    if (*arm == NO_ARM)
        return OUTCOME_CROSSOVER;
    if (line->time < exposure->first)
        return OUTCOME_BEFORE;
    return line->time < outcomes->from ? OUTCOME_EARLIER : OUTCOME_LEFT_OUT_CAUSES;
}

/* `row`: where what is kept of the unit is put; NULL: it is there, or the cell has its own. */
static void add_said(struct cell *cell, const struct outcomes *outcomes, uint32_t i,
                     const struct said_line *line, struct unit_hash unit, struct unit_row *row)
{
    const struct said *said = &line->said[outcomes->columns[i].place];
    struct sample sample = {.state = said->state,
                            .hit = said->hit,
                            .number = said->number,
                            .denominator = said->denominator,
                            .time = line->time,
                            .unit = unit,
                            .row = row};
    if (said->state == NUMBER_GIVEN)
        cell_add(cell, &outcomes->measures[i], &sample);
    else if (said->state == NUMBER_UNREADABLE)
        cell_add_unreadable(cell, &outcomes->measures[i], &sample, NULL);
}

static void add_to_set(struct outcomes *outcomes, struct cell *cells, uint32_t arm,
                       const struct said_line *line, struct unit_hash unit, struct unit_row *row)
{
    for (uint32_t i = 0; i < outcomes->measure_count; i++)
        if (outcomes->measure_logs[i] == line->log)
            add_said(outcome_cell(cells, i, arm), outcomes, i, line, unit, row);
}

/* To those of all units, and to those of the unit's group in each field. */
static void add_to_cells(struct outcomes *outcomes, struct cell *cells, uint32_t arm,
                         struct exposure *exposure, const struct said_line *line)
{
    add_to_set(outcomes, cells, arm, line, exposure->row.unit, &exposure->row);
    for (uint32_t i = 0; i < outcomes->groups->count; i++) {
        uint32_t set = unit_group_set(&outcomes->groups->fields[i], exposure->values[i]);
        add_to_set(outcomes, outcome_set(outcomes, cells, set), arm, line, exposure->row.unit,
                   NULL);
    }
}

/* In the cells of its time, or of its unit's exposure: only then is it known whose it is. They
 * keep what they need of units by themselves. */
static __attribute__((noinline)) void
add_to_series(struct outcomes *outcomes, struct series *series, uint32_t arm, int64_t time,
              bool before, struct unit_hash unit, const struct said_line *line)
{
    uint32_t arms = outcomes->exposures->arms->count;
    struct cell *cells = series_cells(series, time);
    for (uint32_t i = 0; i < outcomes->measure_count; i++) {
        struct cell *cell = &cells[(before ? outcomes->measure_count * arms : 0) + i * arms + arm];
        if (outcomes->measure_logs[i] == line->log)
            add_said(cell, outcomes, i, line, unit, NULL);
    }
}

static void take_line(void *context, struct unit_row *row, struct unit_hash unit, void *entry)
{
    struct outcomes *outcomes = context;
    struct exposure *exposure = (struct exposure *)row;
    const struct said_line *line = entry;
    uint32_t arm;
    enum outcome_left_out cause = place_line(outcomes, line, exposure, &arm);
    bool before = cause == OUTCOME_BEFORE && outcomes->before;
    if (before)
        add_to_cells(outcomes, outcomes->before, arm, exposure, line);
    if (cause == OUTCOME_LEFT_OUT_CAUSES)
        add_to_cells(outcomes, outcomes->cells, arm, exposure, line);
    if (outcomes->keeps_series && (before || cause == OUTCOME_LEFT_OUT_CAUSES))
        add_to_series(outcomes, &outcomes->series, arm, before ? exposure->first : line->time,
                      before, unit, line);
    if (outcomes->keeps_ages && cause == OUTCOME_LEFT_OUT_CAUSES) {
        int64_t age = (line->time - exposure->first) / AGE_DAY;
        if (age < AGES_MOST && age_is_known(exposure->first, age, outcomes->known_to))
            add_to_series(outcomes, &outcomes->ages, arm, age * AGE_DAY, false, unit, line);
    }
    if (before || cause == OUTCOME_LEFT_OUT_CAUSES)
        input_digest_join(&outcomes->digest, &line->digest);
    outcomes->lines += cause == OUTCOME_LEFT_OUT_CAUSES;
    if (cause == OUTCOME_LEFT_OUT_CAUSES)
        line_days_add(&outcomes->days[line->log], line->time);
    if (cause != OUTCOME_LEFT_OUT_CAUSES)
        outcomes->left_out[cause]++;
}

static bool is_measured(const struct outcomes *outcomes, uint32_t log)
{
    for (uint32_t i = 0; i < outcomes->measure_count; i++)
        if (outcomes->measure_logs[i] == log)
            return true;
    return false;
}

void said_of(const struct measure *measure, const struct event *event, struct said *said)
{
    struct sample sample = {0};
    measure_sample(measure, event, &sample);
    *said = (struct said){sample.number, sample.denominator, sample.state, sample.hit};
}

void outcomes_add(struct outcomes *outcomes, struct unit_hash unit, const struct said_line *line)
{
    memcpy(unit_writer_add(&outcomes->writer, unit), line, outcomes_line_size(outcomes));
}

/* `event` is the record's, with the unit that the flag is bucketed by. */
static void wait(struct outcomes *outcomes, const struct record *record, const struct event *event)
{
    struct said_line *line = unit_writer_add(&outcomes->writer, event->unit);
    line->digest = (struct input_digest){0};
    input_digest_add(&line->digest, record);
    line->time = event->time;
    line->log = record->log;
    for (uint32_t i = 0; i < outcomes->measure_count; i++) {
        if (outcomes->measure_logs[i] == record->log)
            said_of(&outcomes->measures[i], event, &line->said[outcomes->columns[i].place]);
    }
}

static void take(struct consumer *consumer, const struct record *record)
{
    struct outcomes *outcomes = (struct outcomes *)consumer;
    const struct exposures *exposures = outcomes->exposures;
    if (!is_measured(outcomes, record->log))
        return;
    struct event event = *record->event;
    event.has_unit = line_unit(&exposures->keys[record->log], &exposures->layouts[record->log],
                               record->event, &event.unit);
    if (record->duplicate)
        outcomes->left_out[OUTCOME_DOUBLE]++;
    else if (event.time > outcomes->to)
        outcomes->left_out[OUTCOME_LATER]++;
    else if (!event.has_unit)
        outcomes->left_out[OUTCOME_NO_UNIT]++;
    else {
        outcomes->fractions += line_unit_is_fraction(&exposures->keys[record->log], record->event);
        wait(outcomes, record, &event);
    }
}

static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    (void)consumer;
    (void)log;
}

/* ----------------------------------------------------------------------------- fork and join -- */

static_assert(offsetof(struct outcomes, consumer) == 0, "a consumer is what it begins");

static void end(struct outcomes *outcomes);

static struct consumer *fork_outcomes(struct consumer *consumer)
{
    const struct outcomes *outcomes = (const struct outcomes *)consumer;
    struct outcomes *fork = xcalloc(1, sizeof *fork);
    *fork = (struct outcomes){.exposures = outcomes->exposures,
                              .measures = outcomes->measures,
                              .measure_logs = outcomes->measure_logs,
                              .measure_count = outcomes->measure_count,
                              .takes_before = outcomes->takes_before,
                              .keeps_series = outcomes->keeps_series,
                              .window = outcomes->window,
                              .keeps_ages = outcomes->keeps_ages,
                              .known_to = outcomes->known_to,
                              .groups = outcomes->groups,
                              .columns = outcomes->columns,
                              .from = outcomes->from,
                              .to = outcomes->to};
    outcomes_init(fork);
    return &fork->consumer;
}

static void join_outcomes(struct consumer *consumer, struct consumer *other)
{
    struct outcomes *outcomes = (struct outcomes *)consumer, *fork = (struct outcomes *)other;
    unit_writer_settle(&fork->writer);
    merge_cells(outcomes, outcomes->cells, fork->cells);
    merge_cells(outcomes, outcomes->before, fork->before);
    series_merge(&outcomes->series, &fork->series);
    series_merge(&outcomes->ages, &fork->ages);
    outcomes->lines += fork->lines;
    outcomes->fractions += fork->fractions;
    for (uint32_t i = 0; i < OUTCOME_LEFT_OUT_CAUSES; i++)
        outcomes->left_out[i] += fork->left_out[i];
    input_digest_join(&outcomes->digest, &fork->digest);
    for (uint32_t i = 0; i < outcomes->exposures->log_count; i++)
        line_days_join(&outcomes->days[i], &fork->days[i]);
    end(fork);
    free(fork);
}

static void begin_series(struct outcomes *outcomes)
{
    uint32_t arms = outcomes->exposures->arms->count, once = outcomes->measure_count * arms;
    uint32_t count = outcomes->takes_before ? 2 * once : once;
    outcomes->series_columns = xcalloc(count + 1, sizeof *outcomes->series_columns);
    for (uint32_t i = 0; i < count; i++)
        outcomes->series_columns[i] =
            (struct series_column){&outcomes->measures[i % once / arms], .spread = true};
    if (outcomes->keeps_series)
        series_init(&outcomes->series, outcomes->series_columns, count, outcomes->window);
    if (outcomes->keeps_ages)
        series_init(&outcomes->ages, outcomes->series_columns, once, AGE_DAY);
}

void outcomes_init(struct outcomes *outcomes)
{
    outcomes->consumer = (struct consumer){take, note_incomplete, fork_outcomes, join_outcomes};
    outcomes->cells = new_cells(outcomes, VALUES_AFTER);
    outcomes->before = outcomes->takes_before ? new_cells(outcomes, VALUES_BEFORE) : NULL;
    if (outcomes->keeps_series || outcomes->keeps_ages)
        begin_series(outcomes);
    outcomes->days = xcalloc(outcomes->exposures->log_count, sizeof *outcomes->days);
    for (uint32_t i = 0; i < outcomes->exposures->log_count; i++)
        outcomes->days[i].zone = outcomes->exposures->zone;
    unit_writer_init(&outcomes->writer, outcomes->exposures->store, UNITS_SOUGHT,
                     outcomes_line_size(outcomes), take_line, outcomes);
}

/* One thread's part. */
static void end(struct outcomes *outcomes)
{
    unit_writer_release(&outcomes->writer);
    release_cells(outcomes, &outcomes->cells);
    release_cells(outcomes, &outcomes->before);
    series_release(&outcomes->series);
    series_release(&outcomes->ages);
    free(outcomes->series_columns);
    outcomes->series_columns = NULL;
    for (uint32_t i = 0; outcomes->days && i < outcomes->exposures->log_count; i++)
        line_days_release(&outcomes->days[i]);
    free(outcomes->days);
    outcomes->days = NULL;
}

void outcomes_release(struct outcomes *outcomes)
{
    if (!outcomes->columns)
        return;
    end(outcomes);
    free(outcomes->before_sums);
    free(outcomes->columns);
    outcomes->before_sums = NULL;
    outcomes->columns = NULL;
}

/* --------------------------------------------------------------------------------- adding up -- */

/* Of units, in no order. */
struct number_list {
    double *items;
    size_t count, capacity;
};

static void add_number(struct number_list *list, double number)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->items = xrealloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = number;
}

/* What a thread has added up of the units of its shards, in the order of the cells. */
struct tally {
    struct spread *spreads;
    struct seen_units {
        uint64_t seen, marked;
    } * units;
    struct number_list *values; /* of metrics that take each unit's */
    struct before_sums *before; /* NULL: none is taken */
};

struct pass {
    const struct outcomes *outcomes;
    struct tally tallies[MOST_WORKERS];
};

static size_t tally_size(const struct outcomes *outcomes)
{
    return (size_t)set_count(outcomes) * outcomes->measure_count * ARMS_MOST;
}

/* Where a cell is in a tally. */
static size_t place_of(const struct outcomes *outcomes, uint32_t set, uint32_t measure,
                       uint32_t arm)
{
    return ((size_t)set * outcomes->measure_count + measure) * ARMS_MOST + arm;
}

/* The places of arms that there are not are never touched, and so take no memory. */
static bool is_used(const struct outcomes *outcomes, size_t place)
{
    return place % ARMS_MOST < outcomes->exposures->arms->count;
}

static void begin_tally(const struct outcomes *outcomes, struct tally *tally)
{
    size_t size = tally_size(outcomes);
    tally->spreads = xcalloc(size, sizeof *tally->spreads);
    tally->units = xcalloc(size, sizeof *tally->units);
    tally->values = xcalloc(size, sizeof *tally->values);
    if (outcomes->before)
        tally->before = xcalloc(size, sizeof *tally->before);
    for (size_t i = 0; i < size; i++)
        if (is_used(outcomes, i))
            tally->spreads[i].takes_cubes =
                outcome_cubes(outcomes->measures[i / ARMS_MOST % outcomes->measure_count].metric);
}

static void free_tally(const struct outcomes *outcomes, struct tally *tally)
{
    for (size_t i = 0; tally->values && i < tally_size(outcomes); i++)
        free(tally->values[i].items);
    free(tally->spreads);
    free(tally->units);
    free(tally->values);
    free(tally->before);
}

void before_sums_add(struct before_sums *sums, double before, double after)
{
    exact_sum_add(&sums->value, before);
    bool fits = exact_sum_add_product(&sums->squared, before, before);
    fits &= exact_sum_add_product(&sums->product, before, after);
    sums->beyond |= !fits;
}

/* Quantiles and ranks are of each unit's value. */
static bool takes_values(const struct metric *metric)
{
    return metric->per_unit && (metric_traits(metric)->bound == BOUND_QUANTILE ||
                                metric->method == METRIC_MANN_WHITNEY);
}

static void tally_unit(const struct outcomes *outcomes, struct tally *tally, uint32_t set,
                       const struct exposure *exposure)
{
    uint32_t arm = exposure_arm(exposure);
    for (uint32_t i = 0; i < outcomes->measure_count; i++) {
        if (!outcomes->columns[i].is_kept)
            continue;
        const struct unit_totals *totals = outcome_cell(outcomes->cells, i, arm)->totals;
        size_t place = place_of(outcomes, set, i, arm);
        double first = 0, second, before, unused;
        if (unit_totals_read(totals, &exposure->row, &first, &second)) {
            tally->units[place].seen++;
            if (totals->keeps == UNIT_MARKS)
                tally->units[place].marked += first > 0;
            else
                spread_add(&tally->spreads[place], first, second);
            if (takes_values(outcomes->measures[i].metric))
                add_number(&tally->values[place], first);
        }
        if (outcomes->columns[i].is_kept_before &&
            unit_totals_read(outcome_cell(outcomes->before, i, arm)->totals, &exposure->row,
                             &before, &unused))
            before_sums_add(&tally->before[place], before, first);
    }
}

/* All units are those of the groups of any one field. */
static void tally_shard(void *context, uint32_t worker, uint32_t shard)
{
    struct pass *pass = context;
    const struct outcomes *outcomes = pass->outcomes;
    const struct unit_groups *groups = outcomes->groups;
    const struct unit_store *store = outcomes->exposures->store;
    struct tally *tally = &pass->tallies[worker];
    if (!tally->spreads)
        begin_tally(outcomes, tally);
    for (uint32_t i = 0; i < store->shards[shard].count; i++) {
        const struct exposure *exposure = exposure_at(outcomes->exposures, shard, i);
        if (exposure_arm(exposure) == NO_ARM)
            continue;
        for (uint32_t field = 0; field < groups->count; field++)
            tally_unit(outcomes, tally,
                       unit_group_set(&groups->fields[field], exposure->values[field]), exposure);
        if (groups->count == 0)
            tally_unit(outcomes, tally, 0, exposure);
    }
}

static void merge_place(struct tally *tally, size_t place, const struct tally *other, size_t from)
{
    spread_merge(&tally->spreads[place], &other->spreads[from]);
    tally->units[place].seen += other->units[from].seen;
    tally->units[place].marked += other->units[from].marked;
    for (size_t i = 0; i < other->values[from].count; i++)
        add_number(&tally->values[place], other->values[from].items[i]);
    if (!tally->before)
        return;
    exact_sum_merge(&tally->before[place].value, &other->before[from].value);
    exact_sum_merge(&tally->before[place].squared, &other->before[from].squared);
    exact_sum_merge(&tally->before[place].product, &other->before[from].product);
    tally->before[place].beyond |= other->before[from].beyond;
}

static void merge_tallies(const struct outcomes *outcomes, struct tally *tally,
                          const struct pass *pass)
{
    size_t a_set = (size_t)outcomes->measure_count * ARMS_MOST;
    for (uint32_t i = 0; i < MOST_WORKERS; i++)
        for (size_t place = 0; pass->tallies[i].spreads && place < tally_size(outcomes); place++)
            if (is_used(outcomes, place))
                merge_place(tally, place, &pass->tallies[i], place);
    for (uint32_t group = 0;
         outcomes->groups->count > 0 && group < outcomes->groups->fields[0].count; group++)
        for (size_t place = 0; place < a_set; place++)
            if (is_used(outcomes, place))
                merge_place(tally, place, tally, (1 + group) * a_set + place);
}

static void give_cell(struct outcomes *outcomes, struct tally *tally, size_t place)
{
    struct unit_totals *totals = outcomes->cells[place].totals;
    if (!totals)
        return;
    free(totals->spread);
    totals->spread = xcalloc(1, sizeof *totals->spread);
    *totals->spread = tally->spreads[place];
    free(totals->values);
    totals->values = tally->values[place].items;
    tally->values[place].items = NULL;
    totals->units = tally->units[place].seen;
    totals->marked = tally->units[place].marked;
    if (outcomes->before && outcomes->before[place].totals)
        tally->before[place].beyond |= outcomes->before[place].totals->beyond;
}

void outcomes_add_up(struct outcomes *outcomes)
{
    struct pass pass = {.outcomes = outcomes};
    struct tally all = {0};
    unit_store_for_shards(outcomes->exposures->store, tally_shard, &pass);
    begin_tally(outcomes, &all);
    merge_tallies(outcomes, &all, &pass);
    for (size_t place = 0; place < tally_size(outcomes); place++)
        give_cell(outcomes, &all, place);
    free(outcomes->before_sums);
    outcomes->before_sums = all.before;
    all.before = NULL;
    free_tally(outcomes, &all);
    for (uint32_t i = 0; i < MOST_WORKERS; i++)
        free_tally(outcomes, &pass.tallies[i]);
}

void outcomes_settle(struct outcomes *outcomes)
{
    unit_writer_settle(&outcomes->writer);
    unit_writer_release(&outcomes->writer);
    outcomes_add_up(outcomes);
}
