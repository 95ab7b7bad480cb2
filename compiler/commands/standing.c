/* standing.c - see standing.h. */
#include "standing.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/memory.h"
#include "compiler/base/calendar.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"
#include "compiler/rollout/emergency.h"
#include "in_words.h"

void standings_init(struct standings *standings, const struct project *project, int64_t now)
{
    *standings = (struct standings){.project = project, .now = now};
    standings->possibilities =
        xcalloc(project->environments.count + 1u, sizeof *standings->possibilities);
    for (uint32_t i = 0; i < project->environments.count; i++)
        possibilities_init(&standings->possibilities[i], project, i, now);
}

void standings_release(struct standings *standings)
{
    for (uint32_t i = 0; i < standings->project->environments.count; i++)
        possibilities_release(&standings->possibilities[i]);
    free(standings->possibilities);
}

uint32_t ramp_at(const struct ramp *ramp, int64_t now)
{
    if (!ramp->gradual || now <= ramp->start)
        return ramp->from;
    bool rises = ramp->to >= ramp->from;
    uint64_t distance = rises ? ramp->to - ramp->from : ramp->from - ramp->to;
    uint64_t elapsed = (uint64_t)now - (uint64_t)ramp->start, moved;
    if (ramp->step) {
        uint64_t steps = elapsed / (uint64_t)ramp->every;
        moved = steps > distance / ramp->step ? distance : steps * ramp->step;
    } else {
        uint64_t whole = (uint64_t)ramp->end - (uint64_t)ramp->start;
        moved =
            elapsed >= whole ? distance : (uint64_t)((unsigned __int128)distance * elapsed / whole);
    }
    return (uint32_t)(rises ? ramp->from + moved : ramp->from - moved);
}

/* ----------------------------------------------------------------------------- how it stands -- */

static const char *variant_name(const struct targeting *targeting, uint32_t variant)
{
    const char *name = targeting->variants[variant].name.text;
    return name ? name : "value";
}

#define LONGEST_VALUE 24

/* Shows the value itself if its variant has no name. */
static void put_default(struct buffer *out, const struct flag *flag,
                        const struct targeting *targeting)
{
    const struct variant *variant = &targeting->variants[targeting->default_variant];
    if (variant->name.text)
        terminal_append(out, variant->name.text);
    else if (flag->type == FFLAG_TYPE_BOOLEAN)
        buffer_append_text(out, variant->boolean ? "true" : "false");
    else if (flag->type == FFLAG_TYPE_INTEGER)
        terminal_format(out, "%lld", (long long)variant->integer);
    else if (flag->type == FFLAG_TYPE_NUMBER)
        json_write_number(out, variant->number);
    else if (strlen(variant->string) <= LONGEST_VALUE)
        terminal_append(out, variant->string);
    else
        buffer_append_text(out, "value");
}

static void put_percent(struct buffer *out, uint32_t thousandths)
{
    char text[PERCENT_TEXT_SIZE];
    percent_format(thousandths, text);
    terminal_format(out, "%s%%", text);
}

static void put_canary(struct buffer *out, const struct canary *canary)
{
    buffer_append_text(out, canary_state_words[canary->state]);
    if (canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED) {
        const struct stage *stage = &canary->stages[canary->stage];
        terminal_format(out, " %s ", stage->name.text);
        put_percent(out, canary->instant ? PERCENT_ALL : stage->percent);
    }
}

static void put_experiment(struct buffer *out, const struct targeting *targeting)
{
    const struct experiment *experiment = targeting->experiment;
    buffer_append_text(out, experiment_state_words[experiment->state]);
    if (experiment->state == EXPERIMENT_RUNNING) {
        buffer_append_text(out, " ");
        put_percent(out, experiment->traffic);
    } else if (experiment->state == EXPERIMENT_CONCLUDED && experiment->has_winner) {
        terminal_format(out, " %s", variant_name(targeting, experiment->winner));
    }
}

/* How much of the units a rule is for at a time. */
static uint32_t share_of(const struct rule *rule, int64_t now)
{
    uint32_t share = 0;
    for (uint32_t i = 0; i < rule->ranges.count; i++)
        share += rule->ranges.items[i].to - rule->ranges.items[i].from;
    return rule->has_percent ? ramp_at(&rule->percent, now) : share ? share : PERCENT_ALL;
}

static bool is_moving(const struct rule *rule, int64_t now)
{
    return rule->has_percent && rule->percent.gradual &&
           ramp_at(&rule->percent, now) != rule->percent.to;
}

static void put_rules(struct buffer *out, const struct targeting *targeting, int64_t now)
{
    const struct rule *rule = targeting->rules;
    if (targeting->rule_count > 1 || rule->condition) {
        terminal_format(out, "%u rule%s", targeting->rule_count,
                        targeting->rule_count == 1 ? "" : "s");
        return;
    }
    if (rule->split) {
        buffer_append_text(out, rule->keep.given ? "kept split" : "split");
        if (share_of(rule, now) != PERCENT_ALL) {
            buffer_append_text(out, " ");
            put_percent(out, share_of(rule, now));
        }
    } else {
        uint32_t share = share_of(rule, now);
        put_percent(out, share);
        if (share > 0 && strcmp(variant_name(targeting, rule->serve), "on") != 0)
            terminal_format(out, " %s", variant_name(targeting, rule->serve));
    }
    if (is_moving(rule, now)) {
        buffer_append_text(out, " on its way to ");
        put_percent(out, rule->percent.to);
    }
}

/* As defined: "off", "5%", "running early 20%", "3 rules". */
/* "off", "5%", "running early 20%", "3 rules": as defined, a gradual percentage as of now. */
static void put_defined(struct buffer *out, const struct standing *standing)
{
    const struct flag *flag = standing->flag;
    const struct targeting *targeting = standing->targeting;
    if (!targeting->enabled)
        buffer_append_text(out, "disabled");
    else if (targeting->canary)
        put_canary(out, targeting->canary);
    else if (targeting->experiment)
        put_experiment(out, targeting);
    else if (targeting->rule_count > 0)
        put_rules(out, targeting, standing->now);
    else
        put_default(out, flag, targeting);
    if (targeting->enabled && targeting->user_list_count > 0)
        buffer_append_text(out, " + users");
}

struct standing standing_of(const struct standings *standings, const struct flag *flag,
                            uint32_t environment)
{
    struct possibilities *possibilities = &standings->possibilities[environment];
    struct standing standing = {
        .flag = flag,
        .targeting = &flag->environments[environment],
        .now = standings->now,
        .override = override_in_force(standings->project, flag, environment, standings->now, NULL)};
    if (flag->faulty || !standing.targeting->enabled)
        return standing;
    standing.unmet = first_requirement(possibilities, flag, MET_BY_NOBODY);
    if (!standing.unmet)
        standing.sometimes = first_requirement(possibilities, flag, MET_BY_SOME);
    return standing;
}

/* What all units get, or those that an override is for; as written if it is unknown. */
/* What all units get, or those that an override in force is for; as written if it is unknown. */
static void put_served(struct buffer *out, const struct standing *standing)
{
    const struct override *override = standing->override;
    const char *serve = override ? override->serve.text : "default";
    if (serve && (strcmp(serve, "default") != 0 || standing->flag->faulty))
        terminal_append(out, serve);
    else
        put_default(out, standing->flag, standing->targeting);
}

#define UNKNOWN "?" /* for a flag that could not be read */

/* In a few words, as served now: what decides for all units replaces what it hides, and what
 * decides for some is added to it. */
void put_standing(struct buffer *out, const struct standing *standing)
{
    const struct override *override = standing->override;
    if (override && !override->condition) {
        put_served(out, standing);
        terminal_format(out, " by %s", override->name);
        return;
    }
    if (standing->flag->faulty) {
        buffer_append_text(out, UNKNOWN);
    } else if (standing->unmet) {
        put_default(out, standing->flag, standing->targeting);
        terminal_format(out, " by requires: %s", standing->unmet->flag->name.text);
    } else {
        put_defined(out, standing);
        if (standing->sometimes)
            terminal_format(out, ", requires: %s", standing->sometimes->flag->name.text);
    }
    if (override) {
        buffer_append_text(out, ", ");
        put_served(out, standing);
        terminal_format(out, " by %s for some", override->name);
    }
}

/* ----------------------------------------------------------------------------------- numbers -- */

bool standing_is_effective(const struct standing *standing)
{
    const struct override *override = standing->override;
    return !standing->flag->faulty && standing->targeting->enabled && !standing->unmet &&
           (!override || override->condition);
}

/* Of the only rule, or of none: what it serves to how many. False where more than that decides. */
static bool decided_share(const struct standing *standing, uint32_t *variant, uint32_t *share)
{
    const struct targeting *targeting = standing->targeting;
    const struct canary *canary = targeting->canary;
    const struct experiment *experiment = targeting->experiment;
    *variant = targeting->default_variant;
    *share = 0;
    if (targeting->holdout_count || targeting->layer || targeting->rule_count > 1)
        return false;
    if (targeting->rule_count == 1) {
        const struct rule *rule = &targeting->rules[0];
        *variant = rule->split ? UINT32_MAX : rule->serve;
        *share = share_of(rule, standing->now);
        return !rule->condition && !canary && !experiment;
    }
    if (canary && (canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED)) {
        const struct stage *stage = &canary->stages[canary->stage];
        *variant = canary->serve;
        *share = canary->instant ? PERCENT_ALL : stage->percent;
        return !stage->condition || canary->instant;
    }
    if (canary && canary->state == CANARY_COMPLETE) {
        *variant = canary->serve;
        *share = PERCENT_ALL;
    }
    if (experiment && experiment->state == EXPERIMENT_RUNNING) {
        *variant = UINT32_MAX;
        *share = experiment->traffic;
        return !experiment->condition;
    }
    if (experiment && experiment->state == EXPERIMENT_CONCLUDED && experiment->has_winner) {
        *variant = experiment->winner;
        *share = PERCENT_ALL;
    }
    return true;
}

/* What an override serves for all; UINT32_MAX if the flag has no such variant. */
static uint32_t overriding_variant(const struct standing *standing)
{
    return override_variant(standing->targeting, standing->override->serve.text);
}

bool standing_percent(const struct standing *standing, uint32_t *thousandths)
{
    uint32_t variant;
    const struct override *override = standing->override;
    *thousandths = 0;
    if (standing->flag->faulty || (override && override->condition))
        return false;
    if (override) {
        variant = overriding_variant(standing);
        *thousandths = variant == standing->targeting->default_variant ? 0 : PERCENT_ALL;
        return variant != UINT32_MAX;
    }
    if (!standing->targeting->enabled || standing->unmet)
        return true;
    if (standing->sometimes || !decided_share(standing, &variant, thousandths))
        return false;
    if (variant == standing->targeting->default_variant)
        *thousandths = 0;
    return true;
}

uint32_t standing_variant(const struct standing *standing)
{
    uint32_t variant, share;
    const struct override *override = standing->override;
    if (standing->flag->faulty || (override && override->condition))
        return UINT32_MAX;
    if (override)
        return overriding_variant(standing);
    if (!standing->targeting->enabled || standing->unmet)
        return standing->targeting->default_variant;
    if (standing->sometimes || standing->targeting->user_list_count ||
        !decided_share(standing, &variant, &share))
        return UINT32_MAX;
    return share == PERCENT_ALL ? variant
           : share == 0         ? standing->targeting->default_variant
                                : UINT32_MAX;
}

/* "running", "draft": of a canary or experiment; else "enabled" or "disabled". NULL: not known. */
static const char *standing_state(const struct standing *standing)
{
    const struct targeting *targeting = standing->targeting;
    if (standing->flag->faulty)
        return NULL;
    if (targeting->enabled && targeting->canary)
        return canary_state_words[targeting->canary->state];
    if (targeting->enabled && targeting->experiment)
        return experiment_state_words[targeting->experiment->state];
    return targeting->enabled ? "enabled" : "disabled";
}

/* -------------------------------------------------------------------------------------- JSON -- */

void write_flag_fields(const struct project *project, const struct flag *flag, struct buffer *out)
{
    struct span span = flag->name.span;
    bool expires = flag->expires != INT64_MIN;
    char when[32] = "";
    if (expires)
        format_time(flag->expires, when, sizeof when);
    field_text(out, "flag", flag->name.text);
    field_text(out, "kind", flag_kind_words[flag->kind]);
    field_text(out, "type", flag_type_words[flag->type]);
    field_text(out, "owner", flag->owner);
    field_text(out, "description", flag->description);
    field_array(out, "tags");
    for (uint32_t i = 0; i < flag->tags.count; i++) {
        json_write_comma(out);
        json_write_string(out, flag->tags.items[i].text);
    }
    buffer_append_text(out, "]");
    if (flag->metadata) {
        json_write_key(out, "metadata");
        json_write_document(out, flag->metadata, strlen(flag->metadata));
    }
    field_truth(out, "client", flag->client);
    field_text(out, "expires", expires ? when : NULL);
    field_text(out, "file", project->sources.items[span.file].path);
    field_count(out, "line", source_position(&project->sources, span.file, span.begin).line);
}

void write_standing_fields(const struct standing *standing, struct buffer *out)
{
    const struct override *override = standing->override;
    const struct requirement *unmet = standing->unmet;
    struct buffer text = {0}, defined = {0}, served = {0};
    uint32_t thousandths, variant = standing_variant(standing);
    put_standing(&text, standing);
    if (!standing->flag->faulty)
        put_defined(&defined, standing);
    if (override || unmet)
        put_served(&served, standing);
    else if (variant != UINT32_MAX)
        variant_in_words(standing->flag, standing->targeting, variant, &served);
    json_write_key(out, "enabled");
    buffer_append_text(out, standing->flag->faulty         ? "null"
                            : standing->targeting->enabled ? "true"
                                                           : "false");
    field_text(out, "standing", text.bytes);
    field_text(out, "defined", defined.bytes);
    field_text(out, "override", override ? override->name : NULL);
    field_text(out, "unmet", unmet ? unmet->flag->name.text : NULL);
    field_text(out, "served", served.bytes);
    field_text(out, "state", standing_state(standing));
    bool known = standing_percent(standing, &thousandths);
    field_number(out, "percent", known, thousandths / 1000.0);
    buffer_release(&text);
    buffer_release(&defined);
    buffer_release(&served);
}
