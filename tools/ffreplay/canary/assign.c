/* assign.c - see assign.h. */
#include "assign.h"

#include <math.h>
#include <string.h>

#include "tools/ffreplay/evaluate/compiled_store.h"
#include "tools/ffreplay/evaluate/previous.h"
#include "compiler/cli/messages.h"
#include "compiler/ledger/former_names.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"

const char *const assignment_words[] = WORDS(ASSIGNMENTS);

/* --------------------------------------------------------------------------------- snapshots -- */

/* Lines from before it was renamed name it as it was called then. */
static void name_lines(struct subject *subject, struct project *project)
{
    uint32_t count;
    const char *const *former = former_names(project, subject->flag, &project->arena, &count);
    subject->name_count = count + 1;
    subject->names = ARENA_ARRAY(&project->arena, struct spelling, subject->name_count);
    subject->names[0] = spelling_of(subject->flag->name.text);
    for (uint32_t i = 0; i < count; i++)
        subject->names[i + 1] = spelling_of(former[i]);
}

bool subject_open(struct subject *subject, struct project *project,
                  const struct served_record *record)
{
    const char *name = subject->flag->name.text;
    uint32_t count = subject->targeting->variant_count + 1;
    name_lines(subject, project);
    subject->variant_names = ARENA_ARRAY(&project->arena, struct spelling, count);
    for (uint32_t i = 0; i < count; i++)
        subject->variant_names[i] = spelling_of(subject->targeting->variants[i].name.text);
    if (!in_force_open(&subject->force, project, subject->flag, subject->environment, record) ||
        !compiled_store_open(project, subject->environment, &subject->store))
        return false;
    subject->view = fflag_acquire(subject->store);
    subject->id = fflag_flag(subject->store, name);
    subject->keeps = depends_on_previous(subject->view, name);
    struct fflag_snapshot_info info = {.size = sizeof info};
    fflag_view_info(subject->view, &info);
    memcpy(subject->build, info.build, sizeof subject->build);
    if (past_overrides_are_put_back(project) &&
        !compiled_build(project, subject->environment, subject->build))
        return false;
    subject->held = held_times_of(project, subject->flag, subject->environment);

    struct stage *stage = &subject->canary->stages[subject->stage];
    subject->shares_known = true;
    subject->takes_everybody = subject->canary->instant ||
                               subject->canary->state == CANARY_COMPLETE ||
                               stage->percent == PERCENT_ALL;
    if (subject->takes_everybody)
        return true;
    uint32_t percent = stage->percent;
    subject->threshold = percent_threshold(percent);
    stage->percent = PERCENT_ALL;
    bool opened = compiled_store_open(project, subject->environment, &subject->everybody);
    stage->percent = percent;
    if (!opened)
        return false;
    subject->everybody_view = fflag_acquire(subject->everybody);
    subject->everybody_id = fflag_flag(subject->everybody, name);
    return true;
}

double subject_share(const struct subject *subject)
{
    if (subject->takes_everybody)
        return 1;
    return subject->canary->stages[subject->stage].percent / (double)PERCENT_ALL;
}

void subject_close(struct subject *subject)
{
    in_force_close(subject->force);
    subject->force = NULL;
    if (subject->view)
        fflag_release(subject->view);
    if (subject->everybody_view)
        fflag_release(subject->everybody_view);
    fflag_close(subject->store);
    fflag_close(subject->everybody);
    subject->view = subject->everybody_view = NULL;
    subject->store = subject->everybody = NULL;
}

/* ----------------------------------------------------------------------------------- context -- */

/*
 * If the log names the variant, the default is also that of everybody else: units outside the
 * audience, or decided before the canary was asked. Lines from an override's time are left out.
 */
static bool decides_alone(const struct subject *subject)
{
    const struct targeting *targeting = subject->targeting;
    return !subject->canary->stages[subject->stage].condition && targeting->enabled &&
           targeting->user_list_count == 0 && targeting->rule_count == 0 && !targeting->layer &&
           targeting->holdout_count == 0 && targeting->requirement_count == 0;
}

bool assigner_prepare(struct assigner *assigner, struct subject *subject, struct layout *layout)
{
    const struct log *log = layout->log;
    fflag_store *const stores[] = {subject->store, subject->everybody};
    *assigner = (struct assigner){.subject = subject, .layout = layout};
    if (!line_context_prepare(&assigner->line, layout, stores, subject->everybody ? 2 : 1))
        return false;
    in_force_prepare(subject->force, &assigner->line);
    assigner->key = line_key_of(&assigner->line, layout, subject->targeting->bucket_by);
    enum log_units units = log_units(log, subject->targeting->bucket_by);
    assigner->clusters = assigner->key.whole && units == UNITS_BESIDE_BUCKETED;
    /* Units that are not randomised have no expected share. */
    subject->shares_known &= assigner->key.whole || units == UNITS_ARE_BUCKETED;
    subject->shares_known &=
        !subject->takes_everybody && (layout->variant == NO_PLACE || decides_alone(subject));
    const struct attribute *lacks = log_lacks(log, subject->targeting->bucket_by);
    if (layout->variant == NO_PLACE && log->context_count > 0 && lacks &&
        !subject->takes_everybody) {
        print_error_at(&layout->project->sources, log->span,
                       "log '%s' has no context '%s', which flag '%s' is bucketed by",
                       log->name.text, lacks->name.text, subject->flag->name.text);
        print_help("name the field: context: {%s: FIELD}", lacks->name.text);
        return false;
    }
    return log_tells_variants(layout) &&
           (!subject->keeps || log_names_variants(layout, subject->flag->name.text));
}

/* -------------------------------------------------------------------------------- assignment -- */

static bool is_canary(const fflag_result *result)
{
    return result->rule && strncmp(result->rule, "canary:", 7) == 0;
}

/* Why a decision by something other than the canary is left out. */
static enum assignment left_out(const fflag_result *result)
{
    switch (result->reason) {
    case FFLAG_REASON_OVERRIDE:
        return LEFT_OUT_OVERRIDE;
    case FFLAG_REASON_DISABLED:
        return LEFT_OUT_DISABLED;
    case FFLAG_REASON_PREREQUISITE_FAILED:
        return LEFT_OUT_PREREQUISITE;
    case FFLAG_REASON_HOLDOUT:
        return LEFT_OUT_HOLDOUT;
    case FFLAG_REASON_LAYER:
        return LEFT_OUT_LAYER;
    case FFLAG_REASON_ERROR:
        return LEFT_OUT_ERROR;
    case FFLAG_REASON_STATIC:
    case FFLAG_REASON_DEFAULT:
    case FFLAG_REASON_TARGETING_MATCH:
    case FFLAG_REASON_SPLIT:
    case FFLAG_REASON_STICKY:
        break;
    }
    if (!result->rule)
        return LEFT_OUT_NOT_IN_AUDIENCE;
    return strcmp(result->rule, "users") == 0 ? LEFT_OUT_USERS : LEFT_OUT_RULES;
}

/* With the definitions as they are. */
static enum assignment assume(struct assigner *assigner, const struct event *event)
{
    const struct subject *subject = assigner->subject;
    const fflag_context *context = &assigner->line.context;
    if (!line_context_fill(&assigner->line, event))
        return LEFT_OUT_UNREADABLE;
    fflag_result result = fflag_evaluate(subject->view, subject->id, context);
    if (is_canary(&result))
        return ASSIGNED_CANARY;
    if (result.rule || !subject->everybody || result.reason == FFLAG_REASON_ERROR)
        return left_out(&result);
    fflag_result everybody =
        fflag_evaluate(subject->everybody_view, subject->everybody_id, context);
    if (!is_canary(&everybody))
        return left_out(&everybody);
    return line_key_is_given(&assigner->key, event) ? ASSIGNED_CONTROL : LEFT_OUT_NO_KEY;
}

static enum assignment evaluate_known(struct assigner *assigner, const struct event *event,
                                      const struct definition *definition)
{
    const struct subject *subject = assigner->subject;
    const fflag_context *context = &assigner->line.context;
    if (definition->is_absent || definition->keeps)
        return definition->is_absent ? LEFT_OUT_NO_FLAG : LEFT_OUT_NO_VARIANT;
    if (!line_context_fill(&assigner->line, event))
        return LEFT_OUT_UNREADABLE;
    fflag_result result = fflag_evaluate(definition->view, definition->id, context);
    assigner->other_share = definition->threshold != subject->threshold;
    if (is_canary(&result))
        return ASSIGNED_CANARY;
    if (result.rule || !definition->everybody || subject->takes_everybody ||
        result.reason == FFLAG_REASON_ERROR)
        return left_out(&result);
    fflag_result everybody =
        fflag_evaluate(definition->everybody, definition->everybody_id, context);
    if (!is_canary(&everybody))
        return left_out(&everybody);
    return line_key_is_given(&assigner->key, event) ? ASSIGNED_CONTROL : LEFT_OUT_NO_KEY;
}

static bool is_held(struct assigner *assigner, const struct event *event);

/* With what was in force then. An override that the ledger knows of counts, even where it was never
 * published. */
static enum assignment evaluate(struct assigner *assigner, const struct event *event)
{
    const struct definition *definition;
    if (!assigner->cursor)
        assigner->cursor = in_force_cursor(assigner->subject->force);
    enum in_force_at at = in_force_at(assigner->cursor, event->time, &definition);
    if (at != IN_FORCE_ASSUMED && is_held(assigner, event))
        return LEFT_OUT_OVERRIDE;
    switch (at) {
    case IN_FORCE_TRANSITION:
        return LEFT_OUT_TRANSITION;
    case IN_FORCE_KNOWN:
        origins_count(&assigner->origins, definition->origin, AGE_ANY);
        return evaluate_known(assigner, event, definition);
    case IN_FORCE_ASSUMED:
        break;
    }
    origins_count(&assigner->origins, ORIGIN_ASSUMED, in_force_age(assigner->cursor, event->time));
    return assume(assigner, event);
}

static enum assignment evaluate_past(struct assigner *assigner, const struct event *event,
                                     enum past past)
{
    switch (past) {
    case PAST_AS_SERVED:
        return evaluate(assigner, event);
    case PAST_AS_DEFINED:
        break;
    }
    return assume(assigner, event);
}

void subject_join(struct subject *subject, const struct subject *other)
{
    variant_set_join(&subject->variants_seen, &other->variants_seen);
    unknown_variants_join(&subject->unknown, &other->unknown);
}

static enum assignment by_variant(struct subject *subject, uint32_t variant)
{
    variant_set_add(&subject->variants_seen, variant);
    if (variant == subject->canary->serve)
        return ASSIGNED_CANARY;
    return variant == subject->targeting->default_variant ? ASSIGNED_CONTROL
                                                          : LEFT_OUT_OTHER_VARIANT;
}

static enum assignment by_logged_variant(struct subject *subject, const struct value *logged)
{
    const struct targeting *targeting = subject->targeting;
    for (uint32_t i = 0; i <= targeting->variant_count; i++)
        if (value_has_spelling(logged, &subject->variant_names[i]))
            return by_variant(subject, i);
    uint32_t variant = variant_of_value(subject->flag, targeting, logged);
    if (variant != UINT32_MAX)
        return by_variant(subject, variant);
    unknown_variants_add(&subject->unknown, logged);
    return LEFT_OUT_OTHER_VARIANT;
}

/* For a line that names its variant. If an override is for some units, and the line does not show
 * which, it may apply to this one. */
static bool is_held(struct assigner *assigner, const struct event *event)
{
    bool some;
    if (assigner->subject->held.count == 0 ||
        !held_at(&assigner->subject->held, event->time, &some))
        return false;
    if (!some || assigner->line.count == 0)
        return true;
    enum assignment now = assume(assigner, event);
    return now == LEFT_OUT_OVERRIDE || now == LEFT_OUT_ERROR || now == LEFT_OUT_UNREADABLE;
}

/* A line that does not name its variant. */
static bool can_evaluate(const struct assigner *assigner)
{
    return assigner->line.count > 0 && !assigner->subject->keeps;
}

static bool is_named(const struct subject *subject, const struct value *name)
{
    for (uint32_t i = 0; i < subject->name_count; i++)
        if (value_has_spelling(name, &subject->names[i]))
            return true;
    return false;
}

enum assignment assign(struct assigner *assigner, const struct event *event, enum past past)
{
    const struct layout *layout = assigner->layout;
    assigner->other_share = false;
    if (event->group == RECORD_OF_CANARY || event->group == RECORD_OF_CONTROL) {
        if (is_held(assigner, event))
            return LEFT_OUT_OVERRIDE;
        return event->group == RECORD_OF_CANARY ? ASSIGNED_CANARY : ASSIGNED_CONTROL;
    }
    if (layout->flag != NO_PLACE) {
        const struct value *flag = &event->values[layout->flag];
        if (value_is_text(flag) && !is_named(assigner->subject, flag))
            return LEFT_OUT_OTHER_FLAG;
        if (!value_is_text(flag))
            return can_evaluate(assigner) ? evaluate_past(assigner, event, past)
                                          : LEFT_OUT_NO_VARIANT;
    }
    if (event->group == RECORD_FAILED)
        return LEFT_OUT_ERROR;
    if (layout->variant != NO_PLACE && value_is_text(&event->values[layout->variant]))
        return is_held(assigner, event)
                   ? LEFT_OUT_OVERRIDE
                   : by_logged_variant(assigner->subject, &event->values[layout->variant]);
    if (can_evaluate(assigner))
        return evaluate_past(assigner, event, past);
    /* About this flag, and without a variant, though the log names them: the caller's default. */
    if (layout->flag == NO_PLACE || layout->variant == NO_PLACE ||
        !assigner->subject->flag->serves_none)
        return LEFT_OUT_NO_VARIANT;
    return is_held(assigner, event)
               ? LEFT_OUT_OVERRIDE
               : by_variant(assigner->subject, assigner->subject->targeting->variant_count);
}
