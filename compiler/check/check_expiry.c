/* check_expiry.c - flags that have expired, or will soon. */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "check.h"

#define EXPIRES_SOON ((int64_t)14 * 86400000)

const char *days_between(struct arena *arena, int64_t first, int64_t second)
{
    int64_t days = (first < second ? second - first : first - second) / 86400000;
    return days == 0   ? "less than a day"
           : days == 1 ? "a day"
                       : arena_format(arena, "%d days", (int)days);
}

void check_expiry(const struct checker *checker)
{
    for (uint32_t i = 0; i < checker->project->flag_count; i++) {
        const struct flag *flag = checker->project->flags[i];
        if (flag->expires == INT64_MIN || flag->expires - EXPIRES_SOON > checker->now)
            continue;
        bool past = flag->expires <= checker->now;
        const char *when = days_between(checker->arena, flag->expires, checker->now);
        if (past)
            diagnose(checker->diagnostics, FF0331, flag->expires_span, "flag '%s' expired %s ago",
                     flag->name.text, when);
        else
            diagnose(checker->diagnostics, FF0332, flag->expires_span, "flag '%s' expires in %s",
                     flag->name.text, when);
        diagnose_help(checker->diagnostics, "remove the flag, or move its date");
    }
}
