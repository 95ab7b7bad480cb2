/* check_overrides.c - overrides that match no flag, or serve a variant that does not exist. */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "check.h"

static void check_override(const struct checker *checker, const struct override *override)
{
    const struct project *project = checker->project;
    const char *serve = override->serve.text;
    bool named = serve && strcmp(serve, "default") != 0;
    uint32_t selected = 0;
    for (uint32_t i = 0; i < project->flag_count; i++) {
        const struct flag *flag = project->flags[i];
        if (!override_selects(override, flag))
            continue;
        selected++;
        if (!named || !project->environments.count || !flag->environments->variant_count ||
            targeting_variant(flag->environments, serve) != UINT32_MAX)
            continue;
        diagnose(checker->diagnostics, FF0341, override->serve.span,
                 "'%s' is not a variant of every flag that this override selects", serve);
        diagnose_note(checker->diagnostics, flag->name.span, "'%s' has none of that name",
                      flag->name.text);
        diagnose_help(checker->diagnostics, "write 'serve: default', or select fewer flags");
        return;
    }
    bool scoped = override->flags.count || override->tags.count || override->kinds.count;
    if (selected || !scoped || checker->incomplete)
        return;
    const struct texts *scope = override->flags.count  ? &override->flags
                                : override->tags.count ? &override->tags
                                                       : &override->kinds;
    if (override->span.file != NO_FILE && override_is_hurried(project, override)) {
        diagnose(checker->diagnostics, FF0340, scope->items[0].span,
                 "this override no longer selects any flag");
        diagnose_help(checker->diagnostics, "ffc rollback --lift %s --reason …",
                      override->id.text ? override->id.text : override->name);
        return;
    }
    diagnose(checker->diagnostics, FF0337, scope->items[0].span, "this override selects no flag");
    const char **names = ARENA_ARRAY(checker->arena, const char *, project->flag_count);
    for (uint32_t i = 0; i < project->flag_count; i++)
        names[i] = project->flags[i]->name.text;
    if (scope == &override->flags)
        suggest(checker->diagnostics, scope->items[0].text, names, project->flag_count);
    else
        diagnose_help(checker->diagnostics, "no flag has the %s '%s'",
                      scope == &override->tags ? "tag" : "kind", scope->items[0].text);
}

void check_overrides(const struct checker *checker)
{
    const struct project *project = checker->project;
    for (uint32_t i = 0; i < project->override_count; i++)
        check_override(checker, project->overrides[i]);
    for (uint32_t i = 0; i < project->flag_count; i++) {
        const struct flag *flag = project->flags[i];
        for (uint32_t j = 0; j < flag->rollback_count; j++) {
            if (flag->rollback[j].override)
                check_override(checker, flag->rollback[j].override);
        }
    }
}
