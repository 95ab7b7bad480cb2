/* check_unused.c - variants that are never served. */
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/table.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/model/model.h"
#include "check.h"

static void add_served(struct variant_set *served, const struct targeting *targeting)
{
    variant_set_add(served, targeting->default_variant);
    for (uint32_t i = 0; i < targeting->user_list_count; i++)
        variant_set_add(served, targeting->users[i].variant);
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        variant_set_add(served, rule->split ? UINT32_MAX : rule->serve);
        variant_set_add_arms(served, rule->arms, rule->arm_count);
    }
    if (targeting->canary)
        variant_set_add(served, targeting->canary->serve);
    const struct experiment *experiment = targeting->experiment;
    if (experiment)
        variant_set_add_arms(served, experiment->arms, experiment->arm_count);
    if (experiment && experiment->has_winner)
        variant_set_add(served, experiment->winner);
}

/* What overrides serve to one flag, those of rollback plans among them, by name. */
static void add_overrides(const struct checker *checker, struct table *served,
                          const struct selection *overrides)
{
    for (uint32_t i = 0; i < overrides->count; i++)
        table_add(served, checker->arena, overrides->items[i]->serve.text, served);
}

/* Whether one variant is for everybody, which people change when they want another. */
static bool is_set_by_hand(const struct targeting *targeting)
{
    bool by_hand = targeting->user_list_count == 0 && !targeting->canary && !targeting->experiment;
    for (uint32_t i = 0; i < targeting->rule_count && by_hand; i++) {
        const struct rule *rule = &targeting->rules[i];
        by_hand = !rule->condition && !rule->split && !rule_samples(rule);
    }
    return by_hand;
}

#define MOST_NAMED 4

/* All in one, at the first; `names` has as many as are shown. */
static void report_unserved(const struct checker *checker, const struct flag *flag,
                            const struct text *const *names, uint32_t count)
{
    uint32_t shown = count < MOST_NAMED ? count : MOST_NAMED;
    struct buffer list = {0};
    for (uint32_t i = 0; i < shown; i++)
        buffer_format(&list, "%s'%s'", i ? ", " : "", names[i]->text);
    if (count > shown)
        buffer_format(&list, " and %u more", count - shown);
    if (count == 1)
        diagnose(checker->diagnostics, FF0352, names[0]->span,
                 "variant '%s' of flag '%s' is never served", names[0]->text, flag->name.text);
    else
        diagnose(checker->diagnostics, FF0352, names[0]->span,
                 "%u variants of flag '%s' are never served: %.*s", count, flag->name.text,
                 (int)list.length, list.bytes);
    diagnose_help(checker->diagnostics, "serve %s in a rule or split, or remove %s",
                  count == 1 ? "it" : "them", count == 1 ? "it" : "them");
    buffer_release(&list);
}

/* A boolean flag has both variants, even if they are not written; one that is set by hand has those
 * that it may be set to. */
static void check_variants(const struct checker *checker, const struct flag *flag,
                           const struct selection *planned)
{
    const struct project *project = checker->project;
    bool by_hand = true, kept = false;
    for (uint32_t i = 0; i < project->environments.count; i++) {
        by_hand &= is_set_by_hand(&flag->environments[i]);
        kept |= flag->environments[i].sticky; /* for those who have it */
    }
    if (flag->type == FFLAG_TYPE_BOOLEAN || by_hand || kept)
        return;
    const struct targeting *targeting = &flag->environments[0];
    struct variant_set served = {{0}};
    for (uint32_t i = 0; i < project->environments.count; i++)
        add_served(&served, &flag->environments[i]);
    struct table overridden = {0};
    add_overrides(checker, &overridden, overrides_of(project, flag));
    add_overrides(checker, &overridden, planned);
    const struct text *unserved[MOST_NAMED];
    uint32_t count = 0;
    for (uint32_t i = 0; i < targeting->variant_count; i++) {
        const struct text *name = &targeting->variants[i].name;
        if (!name->text || variant_set_has(&served, i) || table_get(&overridden, name->text))
            continue;
        if (count < MOST_NAMED)
            unserved[count] = name;
        count++;
    }
    if (count)
        report_unserved(checker, flag, unserved, count);
}

/* What flags' rollback plans may do, by the flag to which they may do it. */
static const struct selection *select_planned(const struct checker *checker)
{
    const struct project *project = checker->project;
    struct override **planned = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < project->flag_count; i++) {
        const struct flag *flag = project->flags[i];
        for (uint32_t j = 0; j < flag->rollback_count; j++)
            if (flag->rollback[j].override)
                *ARENA_APPEND(checker->arena, planned, count) = flag->rollback[j].override;
    }
    return select_overrides(checker->arena, project->flags, project->flag_count, planned, count);
}

void check_unused(const struct checker *checker)
{
    const struct selection *planned = select_planned(checker);
    for (uint32_t i = 0; i < checker->project->flag_count; i++)
        check_variants(checker, checker->project->flags[i], &planned[i]);
}
