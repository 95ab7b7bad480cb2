/* exposure.c - see exposure.h. */
#include "exposure.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "compiler/base/percent.h"

/* ---------------------------------------------------------------------------------- division -- */

/* Lines of an override's time are left out. */
static bool is_asked_alone(const struct targeting *targeting)
{
    return targeting->enabled && targeting->user_list_count == 0 && !targeting->layer &&
           targeting->holdout_count == 0 && targeting->requirement_count == 0;
}

struct division division_of(const struct flag *flag, uint32_t environment)
{
    const struct targeting *targeting = &flag->environments[environment];
    const struct experiment *experiment = targeting->experiment;
    bool alone = is_asked_alone(targeting);
    if (experiment && experiment->state == EXPERIMENT_RUNNING)
        return (struct division){experiment->arms, experiment->arm_count, "experiment",
                                 alone && targeting->rule_count == 0 && !experiment->condition &&
                                     experiment->traffic == PERCENT_ALL};
    const struct rule *split = NULL;
    for (uint32_t i = 0; i < targeting->rule_count; i++)
        if (targeting->rules[i].split) {
            if (split)
                return (struct division){0};
            split = &targeting->rules[i];
        }
    if (!split)
        return (struct division){0};
    return (struct division){split->arms, split->arm_count, split->name.text,
                             alone && split == targeting->rules && !split->condition &&
                                 !split->has_percent};
}

/* The arm's bit; 0: the line says nothing of the division. */
static uint64_t arm_of(const struct division *division, const struct served *served)
{
    if (division->count == 0)
        return 0;
    bool is_in = served->evaluated ? served->reason == FFLAG_REASON_SPLIT && served->rule &&
                                         strcmp(served->rule, division->rule) == 0
                                   : division->is_all;
    for (uint32_t i = 0; is_in && i < division->count; i++)
        if (division->arms[i].variant == served->variant)
            return UINT64_C(1) << i;
    return 0;
}

/* ------------------------------------------------------------------------------------ taking -- */

static void count_unit(struct exposure_taker *exposure, const struct record *record,
                       const struct served *served)
{
    uint32_t place = exposure->units[record->log];
    if (place == NO_PLACE)
        return;
    const struct value *unit = &record->event->values[place];
    if (unit->kind != VALUE_STRING && unit->kind != VALUE_NUMBER)
        return;
    struct unit_hash hash = unit_hash_of(unit->text, unit->length);
    unit_shares_add(&exposure->shares, hash, UINT64_C(1) << served->variant);
    uint64_t arm = arm_of(&exposure->division, served);
    if (arm)
        unit_shares_add(&exposure->divided, hash, arm);
}

static void take_served(struct exposure_taker *exposure, const struct record *record,
                        const struct served *served)
{
    const struct layout *layout = exposure->readers[record->log].layout;
    if (served->evaluated)
        exposure->reasons[served->reason]++;
    else if (served->kind == SERVED_OVERRIDE)
        exposure->reasons[FFLAG_REASON_OVERRIDE]++;
    switch (served->kind) {
    case SERVED_VARIANT:
        exposure->lines[served->variant]++;
        count_unit(exposure, record, served);
        break;
    case SERVED_UNKNOWN:
        unknown_variants_add(&exposure->unknown, &record->event->values[layout->variant]);
        break;
    default:
        break;
    }
}

static void take(struct taker *taker, const struct record *record)
{
    struct exposure_taker *exposure = (struct exposure_taker *)taker;
    if (record->duplicate || record->event->time > exposure->now)
        return;
    struct served served = served_of(&exposure->readers[record->log], record->event);
    if (served.kind != SERVED_OTHER_FLAG)
        input_digest_add(&exposure->digest, record);
    take_served(exposure, record, &served);
}

static void note_incomplete(struct taker *taker, uint32_t log)
{
    (void)taker;
    (void)log;
}

/* ----------------------------------------------------------------------------- fork and join -- */

static struct taker *fork_taker(struct taker *taker);

static void join_taker(struct taker *taker, struct taker *other)
{
    struct exposure_taker *exposure = (struct exposure_taker *)taker;
    struct exposure_taker *fork = (struct exposure_taker *)other;
    for (uint32_t i = 0; i < UNIT_GROUPS; i++)
        exposure->lines[i] += fork->lines[i];
    for (uint32_t i = 0; i < REASONS; i++)
        exposure->reasons[i] += fork->reasons[i];
    input_digest_join(&exposure->digest, &fork->digest);
    unit_shares_merge(&exposure->shares, &fork->shares);
    unit_shares_merge(&exposure->divided, &fork->divided);
    unknown_variants_join(&exposure->unknown, &fork->unknown);
    exposure_release(fork);
    free(fork);
}

static_assert(offsetof(struct exposure_taker, taker) == 0, "a taker is what it begins");

static struct taker *fork_taker(struct taker *taker)
{
    const struct exposure_taker *exposure = (const struct exposure_taker *)taker;
    struct exposure_taker *fork = xcalloc(1, sizeof *fork);
    fork->taker = exposure->taker;
    fork->variants = exposure->variants;
    fork->units = exposure->units;
    fork->division = exposure->division;
    fork->now = exposure->now;
    fork->log_count = exposure->log_count;
    fork->readers = xcalloc(exposure->log_count, sizeof *fork->readers);
    memcpy(fork->readers, exposure->readers, exposure->log_count * sizeof *fork->readers);
    return &fork->taker;
}

bool exposure_prepare(struct exposure_taker *exposure, struct project *project,
                      struct layout *layouts, const bool *reads,
                      const struct flag_variants *variants, int64_t now)
{
    uint32_t logs = project->log_count;
    *exposure =
        (struct exposure_taker){.taker = {take, note_incomplete, fork_taker, join_taker},
                                .variants = variants,
                                .log_count = logs,
                                .now = now,
                                .division = division_of(variants->flag, variants->environment)};
    exposure->readers = xcalloc(logs, sizeof *exposure->readers);
    exposure->units = ARENA_ARRAY(&project->arena, uint32_t, logs);
    for (uint32_t i = 0; i < logs; i++) {
        if (!reads[i])
            continue;
        struct variant_reader *reader = &exposure->readers[i];
        if (!variant_reader_prepare(reader, variants, &layouts[i]))
            return false;
        uint32_t key = line_context_place(&reader->line, variants->targeting->bucket_by);
        exposure->units[i] = key != NO_PLACE ? key : layouts[i].unit;
    }
    return true;
}

void exposure_release(struct exposure_taker *exposure)
{
    unit_shares_release(&exposure->shares);
    unit_shares_release(&exposure->divided);
    free(exposure->readers);
    exposure->readers = NULL;
}
