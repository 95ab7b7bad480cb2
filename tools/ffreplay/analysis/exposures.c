/* exposures.c - see exposures.h. */
#include "exposures.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

const char *const not_exposed_words[] = WORDS(NOT_EXPOSED_WORDS);

/* ------------------------------------------------------------------------------------- table -- */

static struct exposure *slot_of(const struct exposures *exposures, struct unit_hash unit)
{
    uint64_t mask = exposures->capacity - 1;
    for (uint64_t at = unit.low & mask;; at = (at + 1) & mask) {
        struct exposure *slot = &exposures->slots[at];
        bool is_free = slot->unit.low == 0 && slot->unit.high == 0;
        if (is_free || (slot->unit.low == unit.low && slot->unit.high == unit.high))
            return slot;
    }
}

/* One for each field. */
static uint32_t *values_of(const struct exposures *exposures, const struct exposure *slot)
{
    return exposures->values + (uint64_t)(slot - exposures->slots) * exposures->fields.count;
}

static void copy_values(const struct exposures *exposures, const struct exposure *slot,
                        const uint32_t *values)
{
    for (uint32_t i = 0; i < exposures->fields.count; i++)
        values_of(exposures, slot)[i] = values[i];
}

static void grow(struct exposures *exposures)
{
    struct exposures larger = {.capacity = exposures->capacity ? exposures->capacity * 2 : 64,
                               .fields = exposures->fields};
    larger.slots = xrenew_table(NULL, larger.capacity, sizeof *larger.slots);
    if (larger.fields.count > 0)
        larger.values =
            xrenew_table(NULL, larger.capacity * larger.fields.count, sizeof *larger.values);
    for (uint64_t i = 0; i < exposures->capacity; i++) {
        const struct exposure *exposure = &exposures->slots[i];
        if (!exposure->arms && !exposure->forced)
            continue;
        struct exposure *slot = slot_of(&larger, exposure->unit);
        *slot = *exposure;
        copy_values(&larger, slot, values_of(exposures, exposure));
    }
    free(exposures->slots);
    free(exposures->values);
    exposures->slots = larger.slots;
    exposures->values = larger.values;
    exposures->capacity = larger.capacity;
}

static void add_now(struct exposures *exposures, const struct exposure *seen,
                    const uint32_t *values)
{
    struct exposure *slot = slot_of(exposures, seen->unit);
    if (!slot->arms && !slot->forced) {
        *slot = *seen;
        copy_values(exposures, slot, values);
        exposures->count++;
        return;
    }
    slot->arms |= seen->arms;
    slot->forced |= seen->forced;
    if (seen->first < slot->first) {
        slot->first = seen->first;
        copy_values(exposures, slot, values);
    } else if (seen->first == slot->first) {
        uint32_t *kept = values_of(exposures, slot);
        for (uint32_t i = 0; i < exposures->fields.count; i++)
            kept[i] = value_names_first(&exposures->names[i], kept[i], values[i]);
    }
}

void exposures_settle(struct exposures *exposures)
{
    while ((exposures->count + exposures->waiting_count) * 2 >= exposures->capacity)
        grow(exposures);
    for (uint32_t i = 0; i < exposures->waiting_count; i++)
        exposures_prefetch(exposures, exposures->waiting[i].unit);
    for (uint32_t i = 0; i < exposures->waiting_count; i++)
        add_now(exposures, &exposures->waiting[i], exposures->waiting_values[i]);
    exposures->waiting_count = 0;
}

/* `values`: one for each field. */
static void add(struct exposures *exposures, const struct exposure *seen, const uint32_t *values)
{
    if (exposures->waiting_count == EXPOSURES_WAITING)
        exposures_settle(exposures);
    for (uint32_t i = 0; i < exposures->fields.count; i++)
        exposures->waiting_values[exposures->waiting_count][i] = values[i];
    exposures->waiting[exposures->waiting_count++] = *seen;
}

const struct exposure *exposures_find(const struct exposures *exposures, struct unit_hash unit)
{
    if (exposures->count == 0)
        return NULL;
    const struct exposure *slot = slot_of(exposures, unit);
    return slot->arms || slot->forced ? slot : NULL;
}

struct exposed_units exposures_count(const struct exposures *exposures)
{
    struct exposed_units units = {0};
    for (uint64_t i = 0; i < exposures->capacity; i++) {
        const struct exposure *exposure = &exposures->slots[i];
        if (!exposure->arms) /* a free slot, or one that was never anything but forced */
            units.forced += exposure->forced != 0;
        else if (exposure->forced)
            units.forced++;
        else if (exposure_arm(exposure) == NO_ARM)
            units.crossover++;
        else
            units.by_arm[exposure_arm(exposure)]++;
    }
    for (uint32_t i = 0; i < ARMS_MOST; i++)
        units.all += units.by_arm[i];
    return units;
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
                                   struct exposure *seen)
{
    if (is_forced(served)) {
        seen->forced = 1;
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
    seen->arms = UINT32_C(1) << arm;
    return NOT_EXPOSED_CAUSES;
}

static void take_exposure(struct exposures *exposures, const struct record *record,
                          const struct served *served)
{
    const struct event *event = record->event;
    exposures->lines++;
    exposures->as_logged += !served->evaluated;
    input_digest_add(&exposures->digest, record);
    line_days_add(&exposures->days[record->log], event->time);
    if (event->time < exposures->first)
        exposures->first = event->time;
    if (event->time > exposures->last)
        exposures->last = event->time;
}

static void take(struct consumer *consumer, const struct record *record)
{
    struct exposures *exposures = (struct exposures *)consumer;
    const struct event *event = record->event;
    if (!exposures->tells[record->log] || record->duplicate || event->time < exposures->from ||
        event->time > exposures->to)
        return;
    struct served served = served_of(&exposures->readers[record->log], event);
    if (served.kind == SERVED_OTHER_FLAG)
        return;
    if (served.evaluated)
        exposures->origins.lines[served.origin]++;
    struct exposure seen = {.first = event->time};
    if (!line_unit(&exposures->keys[record->log], &exposures->layouts[record->log], event,
                   &seen.unit)) {
        exposures->not_exposed[NOT_EXPOSED_NO_UNIT]++;
        return;
    }
    enum not_exposed cause = place_line(exposures, &served, &seen);
    if (cause == NOT_EXPOSED_CAUSES)
        take_exposure(exposures, record, &served);
    else
        exposures->not_exposed[cause]++;
    if (!seen.arms && !seen.forced)
        return;
    uint32_t values[UNIT_FIELDS_MOST];
    for (uint32_t i = 0; i < exposures->fields.count; i++)
        values[i] = value_names_take(&exposures->names[i], event,
                                     exposures->fields.items[i].places[record->log]);
    add(exposures, &seen, values);
}

static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    (void)consumer;
    (void)log;
}

/* ----------------------------------------------------------------------------- fork and join -- */

static_assert(offsetof(struct exposures, consumer) == 0, "a consumer is what it begins");

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
    fork->zone = exposures->zone;
    fork->fields = exposures->fields;
    fork->readers = xcalloc(exposures->log_count, sizeof *fork->readers);
    variant_readers_copy(fork->readers, exposures->readers, exposures->log_count);
    exposures_init(fork);
    return &fork->consumer;
}

/* By field, a fork's numbers of values as those here, in memory that the caller frees. */
static void adopt_names(struct exposures *exposures, const struct exposures *fork,
                        uint32_t *numbers[UNIT_FIELDS_MOST])
{
    for (uint32_t i = 0; i < exposures->fields.count; i++) {
        const struct value_names *names = &fork->names[i];
        numbers[i] = xcalloc((size_t)names->count + 1, sizeof *numbers[i]);
        for (uint32_t j = 0; j < names->count; j++)
            numbers[i][j + 1] =
                value_names_number(&exposures->names[i], names->texts[j], strlen(names->texts[j]));
        exposures->names[i].too_many |= names->too_many;
    }
}

static void add_all(struct exposures *exposures, const struct exposures *fork)
{
    uint32_t *numbers[UNIT_FIELDS_MOST], values[UNIT_FIELDS_MOST];
    adopt_names(exposures, fork, numbers);
    for (uint64_t i = 0; i < fork->capacity; i++) {
        const struct exposure *exposure = &fork->slots[i];
        if (!exposure->arms && !exposure->forced)
            continue;
        for (uint32_t j = 0; j < fork->fields.count; j++)
            values[j] = numbers[j][exposure_value(fork, exposure, j)];
        add(exposures, exposure, values);
    }
    for (uint32_t i = 0; i < exposures->fields.count; i++)
        free(numbers[i]);
}

static void join_exposures(struct consumer *consumer, struct consumer *other)
{
    struct exposures *exposures = (struct exposures *)consumer, *fork = (struct exposures *)other;
    exposures_settle(fork);
    add_all(exposures, fork);
    exposures->lines += fork->lines;
    exposures->as_logged += fork->as_logged;
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
    exposures_release(fork);
    free(fork->readers);
    free(fork);
}

void exposures_init(struct exposures *exposures)
{
    exposures->consumer = (struct consumer){take, note_incomplete, fork_exposures, join_exposures};
    exposures->first = INT64_MAX;
    exposures->last = INT64_MIN;
    exposures->days = xcalloc(exposures->log_count, sizeof *exposures->days);
    for (uint32_t i = 0; i < exposures->log_count; i++)
        exposures->days[i].zone = exposures->zone;
}

void exposures_forget(struct exposures *exposures)
{
    exposures->waiting_count = 0;
    exposures->lines = exposures->as_logged = 0;
    for (uint32_t i = 0; i < NOT_EXPOSED_CAUSES; i++)
        exposures->not_exposed[i] = 0;
    exposures->origins = (struct origins){0};
    exposures->digest = (struct input_digest){0};
    exposures_init(exposures);
}

void exposures_release(struct exposures *exposures)
{
    free(exposures->slots);
    free(exposures->values);
    for (uint32_t i = 0; i < UNIT_FIELDS_MOST; i++)
        value_names_release(&exposures->names[i]);
    for (uint32_t i = 0; exposures->days && i < exposures->log_count; i++)
        line_days_release(&exposures->days[i]);
    free(exposures->days);
    exposures->days = NULL;
    exposures->slots = NULL;
    exposures->values = NULL;
    exposures->capacity = exposures->count = 0;
}
