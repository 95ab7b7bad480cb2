/* served_counts.c - see exposure.h. */
#include "served_counts.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "compiler/model/model.h"

/* ------------------------------------------------------------------------------------ taking -- */

static void count_unit(struct served_counts *counted, const struct record *record,
                       const struct served *served)
{
    const struct layout *layout = counted->readers[record->log].layout;
    struct unit_hash hash;
    if (!line_unit(&counted->keys[record->log], layout, record->event, &hash))
        return;
    unit_shares_add(&counted->shares, hash, UINT64_C(1) << served->variant);
    uint32_t arm = division_arm(&counted->division, served);
    bool by_these_shares = !served->evaluated || served->is_as_now;
    counted->divided_otherwise += !by_these_shares;
    if (arm != NO_ARM && by_these_shares)
        unit_shares_add(&counted->divided, hash, UINT64_C(1) << arm);
}

static void take_served(struct served_counts *counted, const struct record *record,
                        const struct served *served)
{
    const struct layout *layout = counted->readers[record->log].layout;
    if (served->evaluated) {
        counted->reasons[served->reason]++;
        origins_count(&counted->origins, served->origin, served->age);
    }
    if (!served->evaluated && served->kind == SERVED_OVERRIDE)
        counted->reasons[FFLAG_REASON_OVERRIDE]++;
    switch (served->kind) {
    case SERVED_VARIANT:
        counted->lines[served->variant]++;
        if (!served->evaluated || served->is_as_now)
            variant_set_add(&counted->seen, served->variant);
        count_unit(counted, record, served);
        break;
    case SERVED_UNKNOWN:
        unknown_variants_add(&counted->unknown, &record->event->values[layout->variant]);
        break;
    case SERVED_TRANSITION:
        counted->in_transition++;
        break;
    case SERVED_GONE:
        counted->of_gone++;
        break;
    case SERVED_NONE:
    case SERVED_OVERRIDE:
    case SERVED_OTHER_FLAG:
        break;
    }
}

static void take(struct consumer *consumer, const struct record *record)
{
    struct served_counts *counted = (struct served_counts *)consumer;
    if (record->duplicate || record->event->time > counted->now)
        return;
    struct served served = served_of(&counted->readers[record->log], record->event);
    if (served.kind != SERVED_OTHER_FLAG)
        input_digest_add(&counted->digest, record);
    take_served(counted, record, &served);
}

static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    (void)consumer;
    (void)log;
}

/* ----------------------------------------------------------------------------- fork and join -- */

static struct consumer *fork_consumer(struct consumer *consumer);

static void join_consumer(struct consumer *consumer, struct consumer *other)
{
    struct served_counts *counted = (struct served_counts *)consumer;
    struct served_counts *fork = (struct served_counts *)other;
    for (uint32_t i = 0; i < UNIT_GROUPS; i++)
        counted->lines[i] += fork->lines[i];
    for (uint32_t i = 0; i < REASONS; i++)
        counted->reasons[i] += fork->reasons[i];
    input_digest_join(&counted->digest, &fork->digest);
    variant_set_join(&counted->seen, &fork->seen);
    unit_shares_merge(&counted->shares, &fork->shares);
    unit_shares_merge(&counted->divided, &fork->divided);
    unknown_variants_join(&counted->unknown, &fork->unknown);
    origins_join(&counted->origins, &fork->origins);
    counted->divided_otherwise += fork->divided_otherwise;
    counted->in_transition += fork->in_transition;
    counted->of_gone += fork->of_gone;
    served_counts_release(fork);
    free(fork);
}

static_assert(offsetof(struct served_counts, consumer) == 0, "a consumer is what it begins");

static struct consumer *fork_consumer(struct consumer *consumer)
{
    const struct served_counts *counted = (const struct served_counts *)consumer;
    struct served_counts *fork = xcalloc(1, sizeof *fork);
    fork->consumer = counted->consumer;
    fork->variants = counted->variants;
    fork->keys = counted->keys;
    fork->division = counted->division;
    fork->now = counted->now;
    fork->log_count = counted->log_count;
    fork->readers = xcalloc(counted->log_count, sizeof *fork->readers);
    variant_readers_copy(fork->readers, counted->readers, counted->log_count);
    return &fork->consumer;
}

bool served_counts_prepare(struct served_counts *counted, struct project *project,
                           struct layout *layouts, const bool *reads,
                           const struct flag_variants *variants, int64_t now)
{
    uint32_t logs = project->log_count;
    *counted = (struct served_counts){
        .consumer = {take, note_incomplete, fork_consumer, join_consumer},
        .variants = variants,
        .log_count = logs,
        .now = now,
        .division = division_of(&project->arena, variants->flag, variants->environment)};
    counted->readers = xcalloc(logs, sizeof *counted->readers);
    counted->keys = ARENA_ARRAY(&project->arena, struct line_key, logs);
    for (uint32_t i = 0; i < logs; i++) {
        if (!reads[i])
            continue;
        struct variant_reader *reader = &counted->readers[i];
        if (!variant_reader_prepare(reader, variants, &layouts[i]))
            return false;
        counted->keys[i] = line_key_of(&reader->line, &layouts[i], variants->targeting->bucket_by);
    }
    return true;
}

void served_counts_release(struct served_counts *counted)
{
    unit_shares_release(&counted->shares);
    unit_shares_release(&counted->divided);
    free(counted->readers);
    counted->readers = NULL;
}
