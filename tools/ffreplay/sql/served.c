/* served.c - the part of a query that says who was served what. See view.h. */
#include <inttypes.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/hash.h"
#include "compiler/base/json.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "view.h"

static const char *path_column(struct view *view, uint32_t place)
{
    return column_of_path(&view->log->columns, COLUMN_TEXT, view->log->layout->paths[place],
                          view->log->log->span);
}

static struct decided_flag decided_of(const struct view *view)
{
    return (struct decided_flag){view->query->project, view->flag->flag, view->query->environment,
                                 view->flag->variants->targeting};
}

/* Its name, and those that it had. */
static const char *names_of_flag(const struct view *view)
{
    const struct flag_variants *variants = view->flag->variants;
    const char *names = literal(view->query, view->flag->flag->name.text);
    for (uint32_t i = 0; i < variants->former_count; i++)
        names = arena_format(view->query->arena, "%s, %s", names,
                             literal(view->query, variants->former[i]));
    return names;
}

/* What the log says: "other_flag", "none", "override", "variant", "unknown"; or "evaluate". */
static const char *told_of(struct view *view, const char *flag, const char *variant,
                           const char *names)
{
    const struct query *query = view->query;
    struct buffer sql = {0};
    const char *otherwise = view->evaluates ? "evaluate" : "none";
    const struct view_units units = units_of(view);
    const struct decided_flag decided = decided_of(view);
    bool asks = view->log->log->context_count > 0;
    const char *held =
        variant ? sql_held(&view->log->columns, &decided, asks ? &units.units : NULL) : "false";
    if (!held)
        return NULL;
    if (!flag && !variant)
        return arena_format(query->arena, "'%s'", otherwise);
    buffer_append_text(&sql, "CASE\n");
    if (flag) {
        buffer_format(&sql, "      WHEN %s NOT IN (%s) THEN 'other_flag'\n", flag,
                      names_of_flag(view));
        buffer_format(&sql, "      WHEN %s IS NULL THEN '%s'\n", flag, otherwise);
    }
    bool serves_none = flag && variant && !asks && view->flag->flag->serves_none;
    if (variant && !serves_none)
        buffer_format(&sql, "      WHEN %s IS NULL THEN '%s'\n", variant, otherwise);
    if (variant && strcmp(held, "false") != 0)
        buffer_format(&sql, "      WHEN %s THEN 'override'\n", held);
    if (variant && serves_none)
        buffer_format(&sql, "      WHEN %s IS NULL THEN 'variant'\n", variant);
    if (variant)
        buffer_format(&sql, "      WHEN %s IN (%s) THEN 'variant'\n", variant, names);
    buffer_format(&sql, "      ELSE '%s'\n    END", variant ? "unknown" : otherwise);
    return finish_text(query->arena, &sql);
}

/* Texts that name a variant, and its place; as `assign` reads them. */
static void name_variants(const struct view *view, struct buffer *names, struct buffer *places)
{
    static const char *const spelt[2][3] = {{"false", "False", "FALSE"}, {"true", "True", "TRUE"}};
    const struct targeting *targeting = view->flag->variants->targeting;
    for (uint32_t i = 0; i <= targeting->variant_count; i++) {
        const char *name = targeting->variants[i].name.text;
        if (!name)
            continue;
        buffer_format(names, "%s%s", names->length ? ", " : "", literal(view->query, name));
        buffer_format(places, " WHEN %s THEN %u", literal(view->query, name), i);
    }
    if (view->flag->flag->type != FFLAG_TYPE_BOOLEAN)
        return;
    for (int truth = 0; truth < 2; truth++) {
        uint32_t found = UINT32_MAX, count = 0;
        for (uint32_t i = 0; i < targeting->variant_count; i++)
            if (targeting->variants[i].boolean == (truth == 1)) {
                found = i;
                count++;
            }
        for (int i = 0; i < 3 && count == 1; i++) {
            buffer_format(names, "%s'%s'", names->length ? ", " : "", spelt[truth][i]);
            buffer_format(places, " WHEN '%s' THEN %u", spelt[truth][i], found);
        }
    }
}

/* The decision at each time: as the canary or experiment stood then. */
static const char *decision_over_time(struct view *view, const struct view_units *units)
{
    const struct stage_times *stages = &view->flag->variants->stages;
    const struct targeting *targeting = view->flag->variants->targeting;
    struct canary *canary = targeting->canary;
    struct experiment *experiment = targeting->experiment;
    struct buffer sql = {0};
    const struct decided_flag decided = decided_of(view);
    bool several = stages->count > 1, sound = true;
    for (uint32_t i = stages->count; i-- > 0 && sound;) {
        const struct stage_time *time = &stages->items[i];
        struct canary kept = canary ? *canary : (struct canary){0};
        struct experiment kept_experiment = experiment ? *experiment : (struct experiment){0};
        if (canary) {
            canary->state = time->state;
            canary->stage = time->stage;
        }
        if (experiment) {
            experiment->state = time->trial;
            experiment->has_winner = time->winner != UINT32_MAX;
            experiment->winner = time->winner;
        }
        const char *decision = sql_decision(&view->log->columns, &decided, &units->units,
                                            &view->outcomes, several ? 8 : 4);
        if (canary)
            *canary = kept;
        if (experiment)
            *experiment = kept_experiment;
        sound = decision;
        if (sound && several && i > 0)
            buffer_format(&sql, "%s      WHEN ms >= %" PRId64 " THEN %s\n",
                          sql.length ? "" : "CASE\n", time->from, decision);
        else if (sound)
            buffer_format(&sql, several ? "      ELSE %s\n    END" : "%s", decision);
    }
    if (!sound) {
        buffer_release(&sql);
        return NULL;
    }
    return finish_text(view->query->arena, &sql);
}

/* The CASE of a number of an outcome. `say` has what is said of one; NULL: nothing. */
static const char *of_outcome(struct view *view, const char *number,
                              const char *(*say)(struct view *view, const struct outcome *outcome),
                              const char *otherwise)
{
    struct buffer sql = {0};
    for (uint32_t i = 0; i < view->outcomes.count; i++) {
        const char *said = say(view, &view->outcomes.items[i]);
        if (said)
            buffer_format(&sql, " WHEN %u THEN %s", i, said);
    }
    const char *found = sql.length ? arena_format(view->query->arena, "CASE %s%s ELSE %s END",
                                                  number, sql.bytes, otherwise)
                                   : otherwise;
    buffer_release(&sql);
    return found;
}

static const char *say_kind(struct view *view, const struct outcome *outcome)
{
    (void)view;
    return outcome->reason == FFLAG_REASON_OVERRIDE ? "'override'" : NULL;
}

static const char *say_variant(struct view *view, const struct outcome *outcome)
{
    return outcome->reason == FFLAG_REASON_OVERRIDE
               ? NULL
               : arena_format(view->query->arena, "%u", outcome->variant);
}

static const char *say_reason(struct view *view, const struct outcome *outcome)
{
    return arena_format(view->query->arena, "%d", (int)outcome->reason);
}

static const char *say_arm(struct view *view, const struct outcome *outcome)
{
    const struct division *division = &view->flag->division;
    if (outcome->reason != FFLAG_REASON_SPLIT || !outcome->rule || division->count == 0 ||
        strcmp(outcome->rule, division->rule) != 0)
        return NULL;
    for (uint32_t i = 0; i < division->count; i++)
        if (division->arms[i].variant == outcome->variant)
            return arena_format(view->query->arena, "%u", i);
    return NULL;
}

/* Who is control: in the stage's audience, with a key, and not enrolled. */
static const char *audience_of(struct view *view)
{
    const struct targeting *targeting = view->flag->variants->targeting;
    const struct canary *canary = targeting->canary;
    const struct subject *subject = &view->flag->canary->subject;
    bool stands = canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED;
    struct view_units units = units_of(view);
    if (!stands || subject->takes_everybody)
        return "'not_in_audience'";
    const char *when = sql_of_condition(&view->log->columns,
                                        canary->stages[subject->stage].condition, &units.units);
    const char *key = targeting->bucket_by
                          ? units.units.text(&units.units, targeting->bucket_by, canary->span)
                          : "NULL";
    if (!when || !key)
        return NULL;
    const char *others =
        strcmp(when, "true") == 0
            ? ""
            : arena_format(view->query->arena, "WHEN NOT (%s) THEN 'not_in_audience' ", when);
    return arena_format(view->query->arena,
                        "CASE %sWHEN %s IS NULL THEN 'no_key' ELSE 'control' END", others, key);
}

static const char *say_assignment(struct view *view, const struct outcome *outcome)
{
    static const enum assignment causes[] = {
        [FFLAG_REASON_OVERRIDE] = LEFT_OUT_OVERRIDE,
        [FFLAG_REASON_DISABLED] = LEFT_OUT_DISABLED,
        [FFLAG_REASON_HOLDOUT] = LEFT_OUT_HOLDOUT,
        [FFLAG_REASON_LAYER] = LEFT_OUT_LAYER,
        [FFLAG_REASON_STICKY] = 0,
    };
    enum assignment cause = causes[outcome->reason];
    switch (outcome->by) {
    case BY_CANARY:
        cause = ASSIGNED_CANARY;
        break;
    case BY_USERS:
        cause = LEFT_OUT_USERS;
        break;
    case BY_RULE:
    case BY_EXPERIMENT:
        cause = LEFT_OUT_RULES;
        break;
    case BY_OVERRIDE:
        break;
    case BY_NOTHING:
        if (cause == 0)
            return "audience";
        break;
    }
    return arena_format(view->query->arena, "'%s'", assignment_words[cause]);
}

bool write_served(struct view *view, struct buffer *sql)
{
    const struct query *query = view->query;
    const struct layout *layout = view->log->layout;
    struct buffer names = {0}, places = {0};
    bool has_flag = layout->flag != NO_PLACE, has_variant = layout->variant != NO_PLACE;
    const char *flag = has_flag ? path_column(view, layout->flag) : NULL;
    const char *variant = has_variant ? path_column(view, layout->variant) : NULL;
    if ((has_flag && !flag) || (has_variant && !variant))
        return false;
    name_variants(view, &names, &places);
    const char *told = told_of(view, flag, variant, names.length ? names.bytes : "NULL");
    bool sound = told;
    if (sound) {
        buffer_format(sql, "-- Who was served what of flag ");
        terminal_append(sql, view->flag->flag->name.text);
        buffer_format(sql, ": as logged, else as evaluated.\n%s AS (\n  SELECT *,\n    %s AS told",
                      part(view, "served"), told);
        buffer_format(sql, ",\n    %s AS logged",
                      variant && places.length
                          ? arena_format(query->arena, "CASE %s%s END", variant, places.bytes)
                          : sql_null_integer(query->dialect));
    }
    buffer_release(&names);
    buffer_release(&places);
    if (sound && view->evaluates) {
        struct view_units units = units_of(view);
        const struct decided_flag decided = decided_of(view);
        const char *outcome = decision_over_time(view, &units);
        const char *current =
            outcome && view->has_canary
                ? sql_decision(&view->log->columns, &decided, &units.units, &view->outcomes, 4)
                : "";
        const char *audience = current && view->has_canary ? audience_of(view) : "";
        sound = outcome && current && audience;
        if (sound)
            buffer_format(sql, ",\n    %s AS outcome", outcome);
        if (sound && view->has_canary)
            buffer_format(sql, ",\n    %s AS of_canary,\n    %s AS audience", current, audience);
    }
    buffer_format(sql, "\n  FROM %s\n  WHERE ms IS NOT NULL\n),\n", view->lines);
    return sound;
}

/* "'canary'", and the like, of what is logged. */
static const char *assigned_of(struct view *view)
{
    struct buffer sql = {0};
    const struct canary *canary = view->flag->variants->targeting->canary;
    uint32_t control = view->flag->variants->targeting->default_variant;
    if (!view->has_canary)
        return "''";
    buffer_append_text(&sql, "CASE");
    if (canary->since != INT64_MIN)
        buffer_format(&sql, "\n      WHEN ms < %" PRId64 " THEN 'before_stage'", canary->since);
    buffer_format(&sql,
                  "\n      WHEN told = 'other_flag' THEN 'other_flag'"
                  "\n      WHEN told = 'none' THEN 'no_variant'"
                  "\n      WHEN told = 'override' THEN 'override'"
                  "\n      WHEN told = 'variant' AND logged = %u THEN 'canary'",
                  canary->serve);
    if (control != canary->serve)
        buffer_format(&sql, "\n      WHEN told = 'variant' AND logged = %u THEN 'control'",
                      control);
    if (view->evaluates)
        buffer_format(&sql, "\n      WHEN told = 'evaluate' THEN %s",
                      of_outcome(view, "of_canary", say_assignment, "audience"));
    buffer_append_text(&sql, "\n      ELSE 'other_variant'\n    END");
    return finish_text(view->query->arena, &sql);
}

static const char *stage_of(const struct view *view)
{
    const struct stage_times *stages = &view->flag->variants->stages;
    struct buffer sql = {0};
    if (stages->count < 2)
        return "0";
    buffer_append_text(&sql, "CASE");
    for (uint32_t i = stages->count; i-- > 1;)
        buffer_format(&sql, " WHEN ms >= %" PRId64 " THEN %u", stages->items[i].from,
                      stages->items[i].same);
    buffer_format(&sql, " ELSE %u END", stages->items[0].same);
    return finish_text(view->query->arena, &sql);
}

/* The arm that a logged variant is of. */
static const char *logged_arm(const struct view *view)
{
    const struct division *division = &view->flag->division;
    struct buffer sql = {0};
    if (division->count == 0 || !division->is_all || view->log->layout->variant == NO_PLACE)
        return NULL;
    buffer_append_text(&sql, "CASE logged");
    for (uint32_t i = 0; i < division->count; i++)
        buffer_format(&sql, " WHEN %u THEN %u", division->arms[i].variant, i);
    buffer_append_text(&sql, " END");
    return finish_text(view->query->arena, &sql);
}

struct group_columns group_columns(struct view *view)
{
    struct arena *arena = view->query->arena;
    const struct query *query = view->query;
    const char *kind =
        view->evaluates ? arena_format(arena, "CASE WHEN told = 'evaluate' THEN %s ELSE told END",
                                       of_outcome(view, "outcome", say_kind, "'variant'"))
                        : "told";
    const char *variant =
        view->evaluates
            ? arena_format(
                  arena,
                  "CASE WHEN told = 'evaluate' THEN %s WHEN told = 'variant' THEN logged END",
                  of_outcome(view, "outcome", say_variant, "NULL"))
            : "CASE WHEN told = 'variant' THEN logged END";
    const char *reason = view->evaluates
                             ? arena_format(arena, "CASE WHEN told = 'evaluate' THEN %s END",
                                            of_outcome(view, "outcome", say_reason, "NULL"))
                             : sql_null_integer(query->dialect);
    const char *of_log = logged_arm(view);
    const char *of_split = view->evaluates && view->flag->division.count
                               ? of_outcome(view, "outcome", say_arm, "NULL")
                               : NULL;
    const char *arm =
        !of_log && !of_split
            ? sql_null_integer(query->dialect)
            : arena_format(arena, "CASE%s%s%s%s END", of_log ? " WHEN told = 'variant' THEN " : "",
                           of_log ? of_log : "", of_split ? " WHEN told = 'evaluate' THEN " : "",
                           of_split ? of_split : "");
    return (struct group_columns){assigned_of(view), kind, variant, reason, arm, stage_of(view)};
}
