/* check_unused.c - variants that are never served. */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/model/model.h"
#include "check.h"

static bool serves(const struct targeting *targeting, uint32_t variant)
{
    bool found = targeting->default_variant == variant;
    for (uint32_t i = 0; i < targeting->user_list_count; i++)
        found |= targeting->users[i].variant == variant;
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        found |= !rule->split && rule->serve == variant;
        for (uint32_t j = 0; j < rule->arm_count; j++)
            found |= rule->arms[j].variant == variant && rule->arms[j].percent > 0;
    }
    found |= targeting->canary && targeting->canary->serve == variant;
    const struct experiment *experiment = targeting->experiment;
    for (uint32_t i = 0; experiment && i < experiment->arm_count; i++)
        found |= experiment->arms[i].variant == variant && experiment->arms[i].percent > 0;
    return found || (experiment && experiment->has_winner && experiment->winner == variant);
}

static bool override_serves(const struct override *override, const struct flag *flag,
                            const char *variant)
{
    return strcmp(override->serve.text, variant) == 0 && override_selects(override, flag);
}

/* By what a flag's rollback plan may do. */
static bool plan_serves(const struct project *project, const struct flag *flag, const char *variant)
{
    for (uint32_t i = 0; i < project->flag_count; i++) {
        const struct flag *planned = project->flags[i];
        for (uint32_t j = 0; j < planned->rollback_count; j++) {
            const struct override *override = planned->rollback[j].override;
            if (override && override_serves(override, flag, variant))
                return true;
        }
    }
    return false;
}

static bool is_served(const struct project *project, const struct flag *flag, uint32_t variant)
{
    for (uint32_t i = 0; i < project->environments.count; i++) {
        if (serves(&flag->environments[i], variant))
            return true;
    }
    const char *name = flag->environments[0].variants[variant].name.text;
    for (uint32_t i = 0; i < project->override_count; i++) {
        if (override_serves(project->overrides[i], flag, name))
            return true;
    }
    return plan_serves(project, flag, name);
}

/* A boolean flag has both variants, even if they are not written. */
static void check_variants(const struct checker *checker, const struct flag *flag)
{
    const struct project *project = checker->project;
    if (flag->type == FFLAG_TYPE_BOOLEAN || project->environments.count == 0)
        return;
    const struct targeting *targeting = &flag->environments[0];
    for (uint32_t i = 0; i < targeting->variant_count; i++) {
        const struct text *name = &targeting->variants[i].name;
        if (!name->text || is_served(project, flag, i))
            continue;
        diagnose(checker->diagnostics, FF0352, name->span,
                 "variant '%s' of flag '%s' is never served", name->text, flag->name.text);
        diagnose_help(checker->diagnostics, "serve it in a rule or split, or remove it");
    }
}

void check_unused(const struct checker *checker)
{
    for (uint32_t i = 0; i < checker->project->flag_count; i++)
        check_variants(checker, checker->project->flags[i]);
}
