/* check_overrides.c - overrides that match no flag, or serve a variant that does not exist. */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "check.h"

/* Whether the flag can serve what the override asks for; what is not known of it is no mistake. */
static bool has_served(const struct flag *flag, const char *serve)
{
    return !flag->environments || !flag->environments->variant_count ||
           targeting_variant(flag->environments, serve) != UINT32_MAX;
}

/* The first flag, in their order, that has no such variant; NULL: none. */
static const struct flag *first_without(const struct project *project, const char *serve,
                                        const struct selected_flags *selected)
{
    uint32_t first = UINT32_MAX;
    if (!serve || strcmp(serve, "default") == 0 || !project->environments.count)
        return NULL;
    for (uint32_t i = 0; i < selected->count; i++)
        if (selected->items[i] < first && !has_served(project->flags[selected->items[i]], serve))
            first = selected->items[i];
    return first == UINT32_MAX ? NULL : project->flags[first];
}

static void check_override(const struct checker *checker, const struct override *override,
                           const struct selected_flags *selected)
{
    const struct project *project = checker->project;
    const char *serve = override->serve.text;
    const struct flag *without = first_without(project, serve, selected);
    if (without) {
        diagnose(checker->diagnostics, FF0341, override->serve.span,
                 "'%s' is not a variant of every flag that this override selects", serve);
        diagnose_note(checker->diagnostics, without->name.span, "'%s' has none of that name",
                      without->name.text);
        diagnose_help(checker->diagnostics, "write 'serve: default', or select fewer flags");
        return;
    }
    bool scoped = override->flags.count || override->tags.count || override->kinds.count;
    if (selected->count || !scoped || checker->incomplete)
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
    uint32_t count = suggestible(checker->diagnostics, project->flag_count);
    const char **names = ARENA_ARRAY(checker->arena, const char *, count);
    for (uint32_t i = 0; i < count; i++)
        names[i] = project->flags[i]->name.text;
    if (scope == &override->flags)
        suggest(checker->diagnostics, scope->items[0].text, names, count);
    else
        diagnose_help(checker->diagnostics, "no flag has the %s '%s'",
                      scope == &override->tags ? "tag" : "kind", scope->items[0].text);
}

void check_overrides(const struct checker *checker)
{
    const struct project *project = checker->project;
    struct override **all = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < project->override_count; i++)
        *ARENA_APPEND(checker->arena, all, count) = project->overrides[i];
    for (uint32_t i = 0; i < project->flag_count; i++) {
        const struct flag *flag = project->flags[i];
        for (uint32_t j = 0; j < flag->rollback_count; j++) {
            if (flag->rollback[j].override)
                *ARENA_APPEND(checker->arena, all, count) = flag->rollback[j].override;
        }
    }
    const struct selected_flags *selected =
        select_flags(checker->arena, project->flags, project->flag_count, all, count);
    for (uint32_t i = 0; i < count; i++)
        check_override(checker, all[i], &selected[i]);
}
