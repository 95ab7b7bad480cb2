/*
 * diff_risks.c - what is dangerous about a change.
 *
 * Most of it shows in the programs, and so for snapshots, too. Guards and metrics are in
 * definitions alone.
 */
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/model/metric.h"
#include "compiler/model/model.h"
#include "compiler/rollout/policy.h"
#include "diff.h"

struct finding {
    struct diff *diff;
    struct comparison *comparison;
    struct change *change;
    const struct targeting *old, *new; /* NULL: a snapshot, or it is not there */
};

static void add_risk(const struct finding *finding, enum risk_kind kind, const char *text,
                     struct span span)
{
    struct change *change = finding->change;
    *ARENA_APPEND(&finding->diff->arena, change->risks, change->risk_count) = (struct risk){
        .kind = kind, .text = text, .place = diff_place(finding->diff, VERSION_NEW, span)};
}

static const char *text_of(const struct finding *finding, struct buffer *text)
{
    const char *kept = arena_copy(&finding->diff->arena, text->bytes, text->length);
    buffer_release(text);
    return kept;
}

static struct span span_of_flag(const struct finding *finding)
{
    const struct flag *flag = change_flag(finding->diff, finding->change, VERSION_NEW);
    return flag ? flag->name.span : NO_SPAN;
}

/* ------------------------------------------------------------------------------------- units -- */

static bool any_loses(const struct share *shares, uint32_t count)
{
    bool loses = false;
    for (uint32_t i = 0; i < count; i++)
        loses |= shares[i].loses && shares[i].to && shares[i].from_id != shares[i].to_id &&
                 strcmp(shares[i].from, shares[i].to) != 0;
    return loses;
}

static void find_losses(const struct finding *finding)
{
    const struct touched *touched = finding->change->touched;
    bool loses = touched && any_loses(touched->kept, touched->kept_count);
    for (uint32_t i = 0; touched && i < touched->region_count; i++)
        loses |= any_loses(touched->regions[i].shares, touched->regions[i].share_count);
    if (loses)
        add_risk(finding, RISK_LOSES, "units lose a variant", NO_SPAN);
    if (touched && touched->unknown)
        add_risk(finding, RISK_UNKNOWN,
                 arena_format(&finding->diff->arena, "whom it touches is not known: %s",
                              touched->unknown),
                 NO_SPAN);
}

/* Nobody is told of whom the service knows to have had a variant: that is not in the files. */
static void find_sticky(const struct finding *finding)
{
    const struct change *change = finding->change;
    if (!change_is_of_both(change))
        return;
    bool before = comparison_keeps(finding->comparison, VERSION_OLD, change->old);
    bool after = comparison_keeps(finding->comparison, VERSION_NEW, change->new);
    if (before == after)
        return;
    add_risk(finding, RISK_STICKY,
             after ? "it is sticky now: units keep a variant that they had before"
                   : "it is no longer sticky: units leave a variant that they had kept",
             finding->new && finding->new->sticky ? finding->new->sticky_span
                                                  : span_of_flag(finding));
}

static void find_salt(const struct finding *finding)
{
    const struct change *change = finding->change;
    uint64_t old, new;
    if (!change_is_of_both(change))
        return;
    bool before = comparison_salt(finding->comparison, VERSION_OLD, change->old, &old);
    bool after = comparison_salt(finding->comparison, VERSION_NEW, change->new, &new);
    if (before && after && old != new) {
        bool named = finding->old && finding->new;
        add_risk(finding, RISK_SALT,
                 named ? arena_format(&finding->diff->arena,
                                      "its salt changed: keep 'salt: %s' to move nobody",
                                      finding->old->salt)
                       : "its salt changed, so other units are chosen",
                 span_of_flag(finding));
    }
    const char *keys = comparison_keys(finding->comparison, VERSION_OLD, change->old);
    const char *others = comparison_keys(finding->comparison, VERSION_NEW, change->new);
    if (*keys && *others && strcmp(keys, others) != 0)
        add_risk(finding, RISK_BUCKET_BY,
                 arena_format(&finding->diff->arena, "bucket_by changed: %s -> %s", keys, others),
                 span_of_flag(finding));
    uint64_t layer = comparison_layer(finding->comparison, VERSION_OLD, change->old);
    uint64_t moved = comparison_layer(finding->comparison, VERSION_NEW, change->new);
    if (layer && moved && layer != moved)
        add_risk(finding, RISK_LAYER, "its place in a layer moved",
                 finding->new ? finding->new->layer_span : NO_SPAN);
}

/* A rule may have a salt of its own. */
static void find_rule_salts(const struct finding *finding)
{
    if (!finding->old || !finding->new || strcmp(finding->old->salt, finding->new->salt) != 0)
        return;
    for (uint32_t i = 0; i < finding->new->rule_count; i++) {
        const struct rule *rule = &finding->new->rules[i];
        for (uint32_t j = 0; j < finding->old->rule_count; j++) {
            const struct rule *before = &finding->old->rules[j];
            if (strcmp(rule->name.text, before->name.text) != 0 || !rule_samples(rule) ||
                !rule_samples(before))
                continue;
            const char *salt = rule_salt(finding->old, before);
            if (strcmp(salt, rule_salt(finding->new, rule)) != 0)
                add_risk(finding, RISK_SALT,
                         arena_format(&finding->diff->arena,
                                      "the salt of rule %s changed: keep 'salt: %s' to move nobody",
                                      rule->name.text, salt),
                         rule->span);
        }
    }
}

static void find_type(const struct finding *finding)
{
    const struct flag *old = change_flag(finding->diff, finding->change, VERSION_OLD);
    const struct flag *new = change_flag(finding->diff, finding->change, VERSION_NEW);
    if (old && new && old->type != new->type)
        add_risk(finding, RISK_TYPE,
                 arena_format(&finding->diff->arena,
                              "its type changed, %s -> %s: code that asks for the old one gets its "
                              "own default",
                              flag_type_words[old->type], flag_type_words[new->type]),
                 new->name.span);
}

/* ------------------------------------------------------------------------------- experiments -- */

static bool has_metric(const struct experiment *experiment, const char *name)
{
    for (uint32_t i = 0; i < experiment->metric_count; i++)
        if (strcmp(experiment->metrics[i]->name.text, name) == 0)
            return true;
    return experiment->primary && strcmp(experiment->primary->name.text, name) == 0;
}

static bool has_same_text(const struct condition *a, const struct condition *b)
{
    struct buffer one = {0}, other = {0};
    condition_in_words(a, SIZE_MAX, &one);
    condition_in_words(b, SIZE_MAX, &other);
    bool same = one.length == other.length &&
                (one.length == 0 || memcmp(one.bytes, other.bytes, one.length) == 0);
    buffer_release(&one);
    buffer_release(&other);
    return same;
}

/* "its split"; NULL: nothing of it was edited. */
static const char *edited_part(const struct targeting *old_targeting,
                               const struct targeting *new_targeting)
{
    const struct experiment *old = old_targeting->experiment, *new = new_targeting->experiment;
    if (old->traffic != new->traffic)
        return "its traffic";
    if (old->arm_count != new->arm_count)
        return "its split";
    for (uint32_t i = 0; i < old->arm_count; i++) {
        const char *name = old_targeting->variants[old->arms[i].variant].name.text;
        const char *other = new_targeting->variants[new->arms[i].variant].name.text;
        if (old->arms[i].percent != new->arms[i].percent ||
            strcmp(name ? name : "", other ? other : "") != 0)
            return "its split";
    }
    if (!has_same_text(old->condition, new->condition))
        return "whom it is for";
    if (!old->primary != !new->primary ||
        (old->primary && strcmp(old->primary->name.text, new->primary->name.text) != 0))
        return "its primary metric";
    for (uint32_t i = 0; i < old->metric_count; i++)
        if (!has_metric(new, old->metrics[i]->name.text))
            return "its metrics";
    if (old->alpha < new->alpha || new->alpha < old->alpha || old->control != new->control)
        return "how it is analysed";
    return NULL;
}

static bool is_running(const struct targeting *targeting)
{
    return targeting && targeting->enabled && targeting->experiment &&
           targeting->experiment->state == EXPERIMENT_RUNNING;
}

static void find_experiment(const struct finding *finding)
{
    if (is_running(finding->old) && is_running(finding->new)) {
        const char *part = edited_part(finding->old, finding->new);
        if (part)
            add_risk(finding, RISK_EXPERIMENT,
                     arena_format(&finding->diff->arena,
                                  "a running experiment was edited: %s; its results are of both",
                                  part),
                     finding->new->experiment->span);
        return;
    }
    if (finding->old || finding->new)
        return;
    const struct change *change = finding->change;
    uint64_t old = comparison_experiment(finding->comparison, VERSION_OLD, change->old);
    uint64_t new = comparison_experiment(finding->comparison, VERSION_NEW, change->new);
    if (old && new &&old != new)
        add_risk(finding, RISK_EXPERIMENT, "the split of a running experiment was edited", NO_SPAN);
}

/* ------------------------------------------------------------------------------------ guards -- */

static bool is_same_guard(const struct criterion *a, const struct criterion *b)
{
    return strcmp(a->metric->name.text, b->metric->name.text) == 0 && a->form == b->form &&
           a->absolute == b->absolute && a->versus_before == b->versus_before;
}

static bool has_higher_limit(const struct criterion *old, const struct criterion *new)
{
    switch (old->form) {
    case CRITERION_MIN:
        return new->threshold < old->threshold;
    case CRITERION_MAX:
    case CRITERION_MAX_INCREASE:
    case CRITERION_MAX_DECREASE:
        break;
    }
    return new->threshold > old->threshold;
}

/* What lets more pass than before; NULL: nothing does. Actions stand in the order of strength. */
static const char *loosened(const struct finding *finding, const struct criterion *old,
                            const struct criterion *new)
{
    struct arena *arena = &finding->diff->arena;
    if (!old->of_flag && !new->of_flag && has_higher_limit(old, new))
        return arena_format(arena, "%s -> %s", old->written.text, new->written.text);
    if (new->action > old->action)
        return arena_format(arena, "%s -> %s", criterion_action_words[old->action],
                            criterion_action_words[new->action]);
    if (new->for_windows > old->for_windows)
        return arena_format(arena, "for %u windows -> %u", old->for_windows, new->for_windows);
    if (new->confidence > old->confidence)
        return "it needs more confidence";
    if (new->min_samples > old->min_samples)
        return "it needs more samples";
    if (old->on_nodata == NODATA_ROLLBACK && new->on_nodata != NODATA_ROLLBACK)
        return "without data it no longer rolls back";
    return NULL;
}

/* Whether it counts the same, by what a policy's digest has of it. */
static bool is_same_metric(const struct metric *old, const struct metric *new)
{
    char before[POLICY_DIGEST], after[POLICY_DIGEST];
    metric_digest(old, before);
    metric_digest(new, after);
    return strcmp(before, after) == 0;
}

static void compare_guards(const struct finding *finding, const char *of,
                           const struct criteria *old, const struct criteria *new,
                           struct span otherwise)
{
    for (uint32_t i = 0; i < old->count; i++) {
        const struct criterion *before = &old->items[i], *after = NULL;
        for (uint32_t j = 0; j < new->count && !after; j++)
            if (is_same_guard(before, &new->items[j]))
                after = &new->items[j];
        const char *how = after ? loosened(finding, before, after) : "it is gone";
        bool edited = !how && !is_same_metric(before->metric, after->metric);
        if (!how && !edited)
            continue;
        struct buffer text = {0};
        buffer_format(&text, "a guard %s: %s %s%s: %s", edited ? "may be looser" : "was loosened",
                      before->metric->name.text, criterion_form_words[before->form], of,
                      edited ? "what its metric counts was edited" : how);
        add_risk(finding, RISK_GUARD, text_of(finding, &text), after ? after->span : otherwise);
    }
}

static void find_guards(const struct finding *finding)
{
    if (!finding->old || !finding->new)
        return;
    const struct canary *old = finding->old->canary, *new = finding->new->canary;
    if (old && new) {
        compare_guards(finding, "", &old->guards, &new->guards, new->span);
        for (uint32_t i = 0; i < old->stage_count; i++)
            for (uint32_t j = 0; j < new->stage_count; j++)
                if (strcmp(old->stages[i].name.text, new->stages[j].name.text) == 0)
                    compare_guards(finding,
                                   arena_format(&finding->diff->arena, " of stage %s",
                                                old->stages[i].name.text),
                                   &old->stages[i].guards, &new->stages[j].guards,
                                   new->stages[j].span);
        if (old->automatic && !new->automatic)
            add_risk(finding, RISK_GUARD, "its canary no longer decides by itself", new->span);
    }
    if (finding->old->experiment && finding->new->experiment)
        compare_guards(finding, "", &finding->old->experiment->guards,
                       &finding->new->experiment->guards, finding->new->experiment->span);
}

static const struct targeting *targeting_of(const struct finding *finding, enum version version)
{
    const struct flag *flag = change_flag(finding->diff, finding->change, version);
    const struct project *project = finding->diff->sides->items[version].project;
    uint32_t environment =
        flag ? project_environment(project, finding->change->environment) : UINT32_MAX;
    return environment == UINT32_MAX ? NULL : &flag->environments[environment];
}

void find_risks(struct diff *diff, const struct diff_pair *pair, struct comparison *comparison,
                struct change *change)
{
    struct finding finding = {.diff = diff, .comparison = comparison, .change = change};
    (void)pair;
    finding.old = targeting_of(&finding, VERSION_OLD);
    finding.new = targeting_of(&finding, VERSION_NEW);
    find_losses(&finding);
    find_sticky(&finding);
    find_salt(&finding);
    find_rule_salts(&finding);
    find_experiment(&finding);
    find_guards(&finding);
    find_type(&finding);
    if (change->former)
        add_risk(&finding, RISK_NAME,
                 arena_format(&diff->arena, "code that asks for '%s' gets its own default",
                              change->former),
                 NO_SPAN);
}
