/* check_sticky.c - what a sticky flag would keep from units. */
#include "check.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/model/model.h"

/* The variant that a unit had is served by its name alone. */
static void report_value_overrides(const struct checker *checker, const struct flag *flag,
                                   const struct targeting *targeting)
{
    diagnose(checker->diagnostics, FF0289, targeting->value_overrides_span,
             "'value_overrides' of '%s', which is sticky: a unit that keeps its variant would get "
             "its whole value",
             flag->name.text);
    diagnose_note(checker->diagnostics, targeting->sticky_span, "it is sticky by this");
    diagnose_help(checker->diagnostics, "remove one of the two, or move 'value_overrides' to the "
                                        "rules, whose values only new units get");
}

/* Once a flag, whichever of its environments inherit both. */
static void check_flag(const struct checker *checker, const struct flag *flag)
{
    for (uint32_t i = 0; i < checker->project->environments.count; i++) {
        const struct targeting *targeting = &flag->environments[i];
        if (targeting->sticky && targeting->value_override_count) {
            report_value_overrides(checker, flag, targeting);
            return;
        }
        if (!targeting->sticky || !targeting->canary)
            continue;
        diagnose(checker->diagnostics, FF0295, targeting->sticky_span,
                 "'%s' is sticky and has a canary, whose rollback has to reach everybody",
                 flag->name.text);
        diagnose_note(checker->diagnostics, targeting->canary->span, "the canary is defined here");
        diagnose_help(checker->diagnostics,
                      "remove 'sticky': a canary takes nobody out as its stages grow");
        return;
    }
}

void check_sticky(const struct checker *checker)
{
    for (uint32_t i = 0; i < checker->project->flag_count; i++)
        check_flag(checker, checker->project->flags[i]);
}
