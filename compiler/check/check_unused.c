/* check_unused.c - what is declared and nothing names, and variants that nobody is served. */
#include <string.h>

#include "compiler/read/read.h"

static void check_declared(struct reader *reader, enum declared kind, const char *what,
                           const char *help)
{
    const struct declarations *declared = &reader->declared[kind];
    for (uint32_t i = 0; i < declared->count; i++) {
        const struct text *name = declared->items[i]->thing;
        if (declared->items[i]->used)
            continue;
        diagnose(reader->diagnostics, FF0386, name->span, "%s '%s' is never used", what,
                 name->text);
        diagnose_help(reader->diagnostics, "%s", help);
    }
}

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

/* By what may be done when a flag is rolled back. */
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

/* Both variants of a boolean flag are there without being written. */
static void check_variants(struct reader *reader, const struct flag *flag)
{
    const struct project *project = reader->project;
    if (flag->type == FFLAG_TYPE_BOOLEAN || project->environments.count == 0)
        return;
    const struct targeting *targeting = &flag->environments[0];
    for (uint32_t i = 0; i < targeting->variant_count; i++) {
        const struct text *name = &targeting->variants[i].name;
        if (!name->text || is_served(project, flag, i))
            continue;
        diagnose(reader->diagnostics, FF0352, name->span,
                 "variant '%s' of flag '%s' is served to nobody", name->text, flag->name.text);
        diagnose_help(reader->diagnostics, "serve it in a rule or split, or remove it");
    }
}

void check_unused(struct reader *reader)
{
    check_declared(reader, ATTRIBUTE, "attribute", "remove it, or ask for it in a condition");
    check_declared(reader, SEGMENT, "segment", "remove it, or name it in a condition");
    check_declared(reader, LAYER, "layer", "remove it, or let flags join it");
    check_declared(reader, HOLDOUT, "holdout", "remove it, or let flags join it");
    check_declared(reader, METRIC, "metric", "remove it, or watch it in a guard");
    for (uint32_t i = 0; i < reader->project->flag_count; i++)
        check_variants(reader, reader->project->flags[i]);
}
