/* flag_variants.c - see flag_variants.h. */
#include "flag_variants.h"

#include <stdio.h>
#include <string.h>

#include "compiler/ledger/former_names.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiled_store.h"
#include "previous.h"
#include "served_variants.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"

/* --------------------------------------------------------------------------------- snapshots -- */

/* The snapshot of an earlier time at which the canary or experiment stood the same; or NULL. */
static const struct opened *opened_alike(const struct flag_variants *variants, uint32_t place)
{
    const struct stage_time *times = variants->stages.items;
    for (uint32_t i = 0; i < place; i++)
        if (times[i].state == times[place].state && times[i].stage == times[place].stage &&
            times[i].trial == times[place].trial && times[i].winner == times[place].winner)
            return &variants->opened[i];
    return NULL;
}

static bool open_at(struct flag_variants *variants, struct project *project, uint32_t place)
{
    struct opened *opened = &variants->opened[place];
    const struct opened *alike = opened_alike(variants, place);
    if (alike) {
        *opened = *alike;
        return true;
    }
    struct canary *canary = variants->targeting->canary;
    struct experiment *experiment = variants->targeting->experiment;
    const struct stage_time *time = &variants->stages.items[place];
    struct canary kept = {0};
    struct experiment kept_experiment = {0};
    if (canary) {
        kept = *canary;
        canary->state = time->state;
        canary->stage = time->stage;
    }
    if (experiment) {
        kept_experiment = *experiment;
        experiment->state = time->trial;
        experiment->has_winner = time->winner != UINT32_MAX;
        experiment->winner = time->winner;
    }
    bool done = compiled_store_open(project, variants->environment, &opened->store);
    if (canary)
        *canary = kept;
    if (experiment)
        *experiment = kept_experiment;
    if (!done)
        return false;
    *ARENA_APPEND(&project->arena, variants->stores, variants->store_count) = opened->store;
    opened->view = fflag_acquire(opened->store);
    opened->id = fflag_flag(opened->store, variants->flag->name.text);
    return true;
}

static bool find_stages(struct flag_variants *variants, struct project *project)
{
    const struct targeting *targeting = variants->targeting;
    if (!targeting->canary && !targeting->experiment) {
        variants->stages.items = ARENA_NEW(&project->arena, struct stage_time);
        variants->stages.items[0].from = INT64_MIN;
        variants->stages.count = 1;
        return true;
    }
    struct buffer error = {0};
    bool read = (targeting->canary ? stage_times_read : trial_times_read)(
        &variants->stages, project, variants->flag, variants->environment, &error);
    if (!read)
        job_error(NULL, "%s", error.bytes);
    buffer_release(&error);
    return read;
}

bool flag_variants_open(struct flag_variants *variants, struct project *project,
                        const struct flag *flag, uint32_t environment,
                        const struct served_record *record)
{
    *variants = (struct flag_variants){
        .flag = flag, .environment = environment, .targeting = &flag->environments[environment]};
    variants->former = former_names(project, flag, &project->arena, &variants->former_count);
    variants->held = held_times_of(project, flag, environment);
    if (!find_stages(variants, project) || (past_overrides_are_put_back(project) &&
                                            !compiled_build(project, environment, variants->build)))
        return false;
    variants->opened = ARENA_ARRAY(&project->arena, struct opened, variants->stages.count);
    for (uint32_t i = 0; i < variants->stages.count; i++)
        if (!open_at(variants, project, i))
            return false;
    for (uint32_t i = 0; i < variants->stages.count && !variants->keeps; i++)
        variants->keeps = depends_on_previous(variants->opened[i].view, flag->name.text);
    return in_force_open(&variants->force, project, flag, environment, record);
}

void flag_variants_close(struct flag_variants *variants)
{
    in_force_close(variants->force);
    variants->force = NULL;
    for (uint32_t i = 0; i < variants->store_count; i++)
        for (uint32_t j = 0; j < variants->stages.count; j++)
            if (variants->opened[j].store == variants->stores[i]) {
                fflag_release(variants->opened[j].view);
                break;
            }
    for (uint32_t i = 0; i < variants->store_count; i++)
        fflag_close(variants->stores[i]);
    variants->store_count = 0;
}

void flag_variants_build(const struct flag_variants *variants, char hex[FLAG_BUILD_TEXT])
{
    if (variants->build[0]) {
        memcpy(hex, variants->build, FLAG_BUILD_TEXT);
        return;
    }
    const struct canary *canary = variants->targeting->canary;
    const struct stage_time *times = variants->stages.items;
    uint32_t place = variants->stages.count - 1;
    /* A canary that was set back to pending by hand is where it was first. */
    if (canary && times[place].state != canary->state)
        place = 0;
    struct fflag_snapshot_info info = {.size = sizeof info};
    fflag_view_info(variants->opened[place].view, &info);
    memcpy(hex, info.build, FLAG_BUILD_TEXT);
}

/* ------------------------------------------------------------------------------------- lines -- */

bool variant_reader_prepare(struct variant_reader *reader, const struct flag_variants *variants,
                            struct layout *layout)
{
    *reader = (struct variant_reader){.variants = variants, .layout = layout};
    if (!line_context_prepare(&reader->line, layout, variants->stores, variants->store_count))
        return false;
    in_force_prepare(variants->force, &reader->line);
    return log_tells_variants(layout) &&
           (!variants->keeps || log_names_variants(layout, variants->flag->name.text));
}

void variant_readers_copy(struct variant_reader *copies, const struct variant_reader *readers,
                          uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        copies[i] = readers[i];
        copies[i].cursor = NULL;
    }
}

/* With the definitions as they are. */
static struct served assume(struct variant_reader *reader, const struct event *event)
{
    if (reader->line.count == 0)
        return (struct served){.kind = SERVED_NONE};
    const struct flag_variants *variants = reader->variants;
    const struct stage_time *time = stage_times_at(&variants->stages, event->time);
    const struct opened *opened = &variants->opened[time - variants->stages.items];
    if (!line_context_fill(&reader->line, event))
        return (struct served){.kind = SERVED_NONE};
    fflag_result result = fflag_evaluate(opened->view, opened->id, &reader->line.context);
    return (struct served){.kind = result.error                             ? SERVED_NONE
                                   : result.reason == FFLAG_REASON_OVERRIDE ? SERVED_OVERRIDE
                                                                            : SERVED_VARIANT,
                           .variant = declared_variant(variants->targeting, result.variant_index),
                           .evaluated = true,
                           .origin = ORIGIN_ASSUMED,
                           .is_as_now = true,
                           .age =
                               reader->cursor ? in_force_age(reader->cursor, event->time) : AGE_ANY,
                           .reason = result.reason,
                           .error = result.error,
                           .rule = result.rule};
}

/* Of an override that the ledger knows of, and what was published does not. */
static bool is_held(struct variant_reader *reader, const struct event *event);

static struct served evaluate_known(struct variant_reader *reader, const struct event *event,
                                    const struct definition *definition)
{
    if (definition->is_absent || definition->keeps || !line_context_fill(&reader->line, event))
        return (struct served){.kind = SERVED_NONE};
    fflag_result result = fflag_evaluate(definition->view, definition->id, &reader->line.context);
    uint32_t variant = result.error ? 0 : definition_variant(definition, &result);
    return (struct served){.kind = result.error                             ? SERVED_NONE
                                   : result.reason == FFLAG_REASON_OVERRIDE ? SERVED_OVERRIDE
                                   : variant == UINT32_MAX                  ? SERVED_GONE
                                                                            : SERVED_VARIANT,
                           .variant = variant,
                           .evaluated = true,
                           .origin = definition->origin,
                           .is_as_now = definition->is_as_now,
                           .reason = result.reason,
                           .error = result.error,
                           .rule = result.rule};
}

/* With what was in force then. */
static struct served evaluate(struct variant_reader *reader, const struct event *event)
{
    const struct definition *definition;
    if (reader->line.count == 0)
        return (struct served){.kind = SERVED_NONE};
    if (!reader->cursor)
        reader->cursor = in_force_cursor(reader->variants->force);
    switch (in_force_at(reader->cursor, event->time, &definition)) {
    case IN_FORCE_TRANSITION:
        return (struct served){.kind =
                                   is_held(reader, event) ? SERVED_OVERRIDE : SERVED_TRANSITION};
    case IN_FORCE_KNOWN:
        return is_held(reader, event) ? (struct served){.kind = SERVED_OVERRIDE}
                                      : evaluate_known(reader, event, definition);
    case IN_FORCE_ASSUMED:
        break;
    }
    return assume(reader, event);
}

/* For a line that names its variant; see assign.c. */
static bool is_held(struct variant_reader *reader, const struct event *event)
{
    bool some;
    if (reader->variants->held.count == 0 || !held_at(&reader->variants->held, event->time, &some))
        return false;
    if (!some || reader->line.count == 0)
        return true;
    struct served now = assume(reader, event);
    return now.kind != SERVED_VARIANT;
}

static struct served logged(const struct flag_variants *variants, const struct value *value)
{
    const struct targeting *targeting = variants->targeting;
    for (uint32_t i = 0; i <= targeting->variant_count; i++) {
        const char *name = targeting->variants[i].name.text;
        if (name && value_spells(value, name))
            return (struct served){.kind = SERVED_VARIANT, .variant = i};
    }
    uint32_t variant = variant_of_value(variants->flag, targeting, value);
    return variant == UINT32_MAX ? (struct served){.kind = SERVED_UNKNOWN}
                                 : (struct served){.kind = SERVED_VARIANT, .variant = variant};
}

/* A line about this flag that has no variant, though the log names them. */
static struct served none(const struct flag_variants *variants)
{
    return (struct served){.kind = SERVED_VARIANT, .variant = variants->targeting->variant_count};
}

/* For Kayenta's pairs, which are all the data of their time. */
static struct served grouped(const struct flag_variants *variants, enum record_group group)
{
    const struct targeting *targeting = variants->targeting;
    if (group == RECORD_OF_CANARY && targeting->canary)
        return (struct served){.kind = SERVED_VARIANT, .variant = targeting->canary->serve};
    return (struct served){.kind = SERVED_VARIANT, .variant = targeting->default_variant};
}

static bool names_flag(const struct flag_variants *variants, const struct value *name)
{
    bool named = value_spells(name, variants->flag->name.text);
    for (uint32_t i = 0; i < variants->former_count && !named; i++)
        named = value_spells(name, variants->former[i]);
    return named;
}

struct served served_of(struct variant_reader *reader, const struct event *event)
{
    const struct layout *layout = reader->layout;
    const struct flag_variants *variants = reader->variants;
    if (event->group == RECORD_OF_CANARY || event->group == RECORD_OF_CONTROL)
        return is_held(reader, event) ? (struct served){.kind = SERVED_OVERRIDE}
                                      : grouped(variants, event->group);
    bool about = true, is_named = false;
    if (layout->flag != NO_PLACE) {
        const struct value *flag = &event->values[layout->flag];
        about = value_is_text(flag);
        if (about && !names_flag(variants, flag))
            return (struct served){.kind = SERVED_OTHER_FLAG};
        is_named = about;
    }
    if (event->group == RECORD_FAILED)
        return (struct served){.kind = SERVED_NONE};
    if (about && layout->variant != NO_PLACE && value_is_text(&event->values[layout->variant]))
        return is_held(reader, event) ? (struct served){.kind = SERVED_OVERRIDE}
                                      : logged(variants, &event->values[layout->variant]);
    if (is_named && layout->variant != NO_PLACE && reader->line.count == 0 &&
        variants->flag->serves_none)
        return is_held(reader, event) ? (struct served){.kind = SERVED_OVERRIDE} : none(variants);
    return variants->keeps ? (struct served){.kind = SERVED_NONE} : evaluate(reader, event);
}

const char *variant_text(const struct flag_variants *variants, uint32_t variant)
{
    const char *name = variants->targeting->variants[variant].name.text;
    return name ? name : "default";
}
