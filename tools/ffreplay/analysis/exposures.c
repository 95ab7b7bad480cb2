/* exposures.c - see exposures.h. */
#include "exposures.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/parallel.h"

const char *const not_exposed_words[] = WORDS(NOT_EXPOSED_WORDS);

/* -------------------------------------------------------------------------------------- rows -- */

/* What waits: an exposure but for the unit, which is before it. */
struct seen {
    int64_t first;
    uint32_t place;
    uint32_t values[];
};

static size_t size_of_seen(const struct exposures *exposures)
{
    size_t size = sizeof(struct seen) + exposures->fields.count * sizeof(uint32_t);
    return (size + 7) / 8 * 8;
}

/* Of two places of a unit, the one that stands, in whatever order they come. */
static uint32_t joined_place(uint32_t a, uint32_t b)
{
    uint32_t greater = a > b ? a : b, less = a > b ? b : a;
    bool in_two = less >= 1 && greater <= ARMS_MOST && less != greater;
    return in_two ? PLACE_CROSSOVER : greater;
}

static void add_to_row(void *context, struct unit_row *row, struct unit_hash unit, void *entry)
{
    const struct exposures *exposures = context;
    struct exposure *exposure = (struct exposure *)row;
    const struct seen *seen = entry;
    bool is_earlier = exposure->place == 0 || seen->first < exposure->first;
    (void)unit;
    if (exposures->fields.count > 0 && (is_earlier || seen->first == exposure->first))
        for (uint32_t i = 0; i < exposures->fields.count; i++)
            exposure->values[i] = is_earlier
                                      ? seen->values[i]
                                      : shared_names_first(&exposures->names[i],
                                                           exposure->values[i], seen->values[i]);
    if (is_earlier)
        exposure->first = seen->first;
    exposure->place = joined_place(exposure->place, seen->place);
}

void exposures_settle(struct exposures *exposures)
{
    unit_writer_settle(&exposures->writer);
    unit_writer_release(&exposures->writer);
}

void exposures_visit(const struct exposures *exposures, exposure_visit *visit, void *context)
{
    const struct unit_store *store = exposures->store;
    for (uint32_t shard = 0; shard < store->shard_count; shard++)
        for (uint32_t i = 0; i < store->shards[shard].count; i++)
            visit(context, exposure_at(exposures, shard, i));
}

struct counting {
    const struct exposures *exposures;
    struct exposed_units units[MOST_WORKERS];
};

static void count_unit(struct exposed_units *units, const struct exposure *exposure)
{
    if (exposure->place == PLACE_FORCED)
        units->forced++;
    else if (exposure_arm(exposure) == NO_ARM)
        units->crossover++;
    else
        units->by_arm[exposure_arm(exposure)]++;
}

static void count_shard(void *context, uint32_t worker, uint32_t shard)
{
    struct counting *counting = context;
    uint32_t count = counting->exposures->store->shards[shard].count;
    for (uint32_t i = 0; i < count; i++)
        count_unit(&counting->units[worker], exposure_at(counting->exposures, shard, i));
}

struct exposed_units exposures_count(const struct exposures *exposures)
{
    struct counting *counting = xcalloc(1, sizeof *counting);
    struct exposed_units all = {0};
    counting->exposures = exposures;
    unit_store_for_shards(exposures->store, count_shard, counting);
    for (uint32_t worker = 0; worker < MOST_WORKERS; worker++) {
        const struct exposed_units *units = &counting->units[worker];
        all.forced += units->forced;
        all.crossover += units->crossover;
        for (uint32_t i = 0; i < ARMS_MOST; i++) {
            all.by_arm[i] += units->by_arm[i];
            all.all += units->by_arm[i];
        }
    }
    free(counting);
    return all;
}

/* ------------------------------------------------------------------------------------ taking -- */

static bool is_forced(const struct served *served)
{
    if (!served->evaluated)
        return served->kind == SERVED_OVERRIDE;
    switch (served->reason) {
    case FFLAG_REASON_OVERRIDE:
    case FFLAG_REASON_HOLDOUT:
        return true;
    case FFLAG_REASON_TARGETING_MATCH:
        return served->rule && strcmp(served->rule, "users") == 0;
    case FFLAG_REASON_ERROR:
    case FFLAG_REASON_STATIC:
    case FFLAG_REASON_DEFAULT:
    case FFLAG_REASON_SPLIT:
    case FFLAG_REASON_DISABLED:
    case FFLAG_REASON_PREREQUISITE_FAILED:
    case FFLAG_REASON_LAYER:
    case FFLAG_REASON_STICKY:
        break;
    }
    return false;
}

static uint32_t arm_of_variant(const struct arms *arms, uint32_t variant)
{
    for (uint32_t i = 0; i < arms->count; i++)
        if (arms->variants[i] == variant)
            return i;
    return NO_ARM;
}

/* A line that names its variant does not say what decided: it is taken at its word. */
static uint32_t arm_of(const struct exposures *exposures, const struct served *served)
{
    if (served->evaluated && exposures->arms->divides)
        return division_arm(&exposures->division, served);
    return arm_of_variant(exposures->arms, served->variant);
}

static enum not_exposed place_line(const struct exposures *exposures, const struct served *served,
                                   uint32_t *place)
{
    if (is_forced(served)) {
        *place = PLACE_FORCED;
        return NOT_EXPOSED_FORCED;
    }
    if (served->kind == SERVED_TRANSITION)
        return NOT_EXPOSED_TRANSITION;
    if (served->kind == SERVED_UNKNOWN || served->kind == SERVED_GONE)
        return NOT_EXPOSED_UNKNOWN;
    if (served->kind != SERVED_VARIANT)
        return NOT_EXPOSED_NOTHING;
    uint32_t arm = arm_of(exposures, served);
    if (arm == NO_ARM)
        return NOT_EXPOSED_OUTSIDE;
    *place = 1 + arm;
    return NOT_EXPOSED_CAUSES;
}

static void take_exposure(struct exposures *exposures, const struct record *record,
                          const struct served *served)
{
    const struct event *event = record->event;
    exposures->lines++;
    exposures->as_logged += !served->evaluated;
    exposures->fractions += line_unit_is_fraction(&exposures->keys[record->log], event);
    input_digest_add(&exposures->digest, record);
    line_days_add(&exposures->days[record->log], event->time);
    if (event->time < exposures->first)
        exposures->first = event->time;
    if (event->time > exposures->last)
        exposures->last = event->time;
}

void exposures_add(struct exposures *exposures, struct unit_hash unit, int64_t first,
                   uint32_t place, const uint32_t *values)
{
    struct seen *seen = unit_writer_add(&exposures->writer, unit);
    seen->first = first;
    seen->place = place;
    memcpy(seen->values, values, exposures->fields.count * sizeof *values);
}

/* A line that is left out, though it may be the last that exposes a unit. */
static void note_later(struct exposures *exposures, const struct record *record)
{
    const struct event *event = record->event;
    struct unit_hash unit;
    uint32_t place = 0;
    if (event->time > exposures->until || event->time <= exposures->later)
        return;
    struct served served = served_of(&exposures->readers[record->log], event);
    if (served.kind != SERVED_OTHER_FLAG &&
        line_unit(&exposures->keys[record->log], &exposures->layouts[record->log], event, &unit) &&
        place_line(exposures, &served, &place) == NOT_EXPOSED_CAUSES)
        exposures->later = event->time;
}

static void take(struct consumer *consumer, const struct record *record)
{
    struct exposures *exposures = (struct exposures *)consumer;
    const struct event *event = record->event;
    if (!exposures->tells[record->log] || record->duplicate || event->time < exposures->from)
        return;
    if (event->time > exposures->to) {
        note_later(exposures, record);
        return;
    }
    struct served served = served_of(&exposures->readers[record->log], event);
    if (served.kind == SERVED_OTHER_FLAG && event->time > exposures->last_other)
        exposures->last_other = event->time;
    if (served.kind == SERVED_OTHER_FLAG)
        return;
    if (served.evaluated)
        origins_count(&exposures->origins, served.origin, served.age);
    struct unit_hash unit;
    if (!line_unit(&exposures->keys[record->log], &exposures->layouts[record->log], event, &unit)) {
        exposures->not_exposed[NOT_EXPOSED_NO_UNIT]++;
        return;
    }
    uint32_t place = 0;
    enum not_exposed cause = place_line(exposures, &served, &place);
    if (cause == NOT_EXPOSED_CAUSES)
        take_exposure(exposures, record, &served);
    else
        exposures->not_exposed[cause]++;
    if (!place)
        return;
    uint32_t values[UNIT_FIELDS_MOST];
    for (uint32_t i = 0; i < exposures->fields.count; i++)
        values[i] = names_seen_take(&exposures->seen[i], &exposures->names[i], event,
                                    exposures->fields.items[i].places[record->log]);
    exposures_add(exposures, unit, event->time, place, values);
}

static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    (void)consumer;
    (void)log;
}

/* ----------------------------------------------------------------------------- fork and join -- */

static_assert(offsetof(struct exposures, consumer) == 0, "a consumer is what it begins");

static struct consumer *fork_exposures(struct consumer *consumer);
static void join_exposures(struct consumer *consumer, struct consumer *other);

/* One thread's part. */
static void begin(struct exposures *exposures)
{
    exposures->consumer = (struct consumer){take, note_incomplete, fork_exposures, join_exposures};
    exposures->first = INT64_MAX;
    exposures->last = exposures->later = exposures->last_other = INT64_MIN;
    exposures->days = xcalloc(exposures->log_count, sizeof *exposures->days);
    for (uint32_t i = 0; i < exposures->log_count; i++)
        exposures->days[i].zone = exposures->zone;
    unit_writer_init(&exposures->writer, exposures->store, UNITS_MADE, size_of_seen(exposures),
                     add_to_row, exposures);
}

static void end(struct exposures *exposures)
{
    unit_writer_release(&exposures->writer);
    for (uint32_t i = 0; i < UNIT_FIELDS_MOST; i++)
        names_seen_release(&exposures->seen[i]);
    for (uint32_t i = 0; exposures->days && i < exposures->log_count; i++)
        line_days_release(&exposures->days[i]);
    free(exposures->days);
    exposures->days = NULL;
}

static struct consumer *fork_exposures(struct consumer *consumer)
{
    const struct exposures *exposures = (const struct exposures *)consumer;
    struct exposures *fork = xcalloc(1, sizeof *fork);
    fork->variants = exposures->variants;
    fork->arms = exposures->arms;
    fork->division = exposures->division;
    fork->tells = exposures->tells;
    fork->keys = exposures->keys;
    fork->layouts = exposures->layouts;
    fork->log_count = exposures->log_count;
    fork->from = exposures->from;
    fork->to = exposures->to;
    fork->until = exposures->until;
    fork->zone = exposures->zone;
    fork->fields = exposures->fields;
    fork->readers = xcalloc(exposures->log_count, sizeof *fork->readers);
    variant_readers_copy(fork->readers, exposures->readers, exposures->log_count);
    fork->store = exposures->store;
    fork->names = exposures->names;
    begin(fork);
    return &fork->consumer;
}

static void join_exposures(struct consumer *consumer, struct consumer *other)
{
    struct exposures *exposures = (struct exposures *)consumer, *fork = (struct exposures *)other;
    exposures_settle(fork);
    exposures->lines += fork->lines;
    exposures->as_logged += fork->as_logged;
    exposures->fractions += fork->fractions;
    if (fork->last_other > exposures->last_other)
        exposures->last_other = fork->last_other;
    origins_join(&exposures->origins, &fork->origins);
    for (uint32_t i = 0; i < NOT_EXPOSED_CAUSES; i++)
        exposures->not_exposed[i] += fork->not_exposed[i];
    input_digest_join(&exposures->digest, &fork->digest);
    for (uint32_t i = 0; i < exposures->log_count; i++)
        line_days_join(&exposures->days[i], &fork->days[i]);
    if (fork->first < exposures->first)
        exposures->first = fork->first;
    if (fork->last > exposures->last)
        exposures->last = fork->last;
    if (fork->later > exposures->later)
        exposures->later = fork->later;
    end(fork);
    free(fork->readers);
    free(fork);
}

static void begin_with(struct exposures *exposures, size_t row_size)
{
    exposures->store = unit_store_new(UNITS_OF_ALL_THREADS, row_size);
    exposures->names = shared_names_new(exposures->fields.count);
    begin(exposures);
}

void exposures_init(struct exposures *exposures)
{
    begin_with(exposures,
               offsetof(struct exposure, values) + exposures->fields.count * sizeof(uint32_t));
}

void exposures_release(struct exposures *exposures)
{
    end(exposures);
    unit_store_leave(exposures->store);
    exposures->store = NULL;
    shared_names_free(exposures->names, exposures->fields.count);
    exposures->names = NULL;
}

void exposures_forget(struct exposures *exposures)
{
    size_t row_size = exposures->store->row_size;
    exposures_release(exposures);
    exposures->lines = exposures->as_logged = exposures->fractions = 0;
    for (uint32_t i = 0; i < NOT_EXPOSED_CAUSES; i++)
        exposures->not_exposed[i] = 0;
    exposures->origins = (struct origins){.before_edit = 0};
    exposures->digest = (struct input_digest){0};
    begin_with(exposures, row_size);
}
