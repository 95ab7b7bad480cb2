/* check_sticky.c - rollouts whose end a sticky flag would keep from units. */
#include "check.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/model/model.h"

/* Once a flag, whichever of its environments inherit both. */
static void check_flag(const struct checker *checker, const struct flag *flag)
{
    for (uint32_t i = 0; i < checker->project->environments.count; i++) {
        const struct targeting *targeting = &flag->environments[i];
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
