/* bounds.c - see bounds.h. */
#include "bounds.h"

#include <inttypes.h>
#include <stdio.h>

#include "compiler/diagnostics/diagnose.h"
#include "model.h"

/* The tightest bounds of a metric over a window; NULL: none. */
struct window {
    const struct criterion *most, *least;
};

/* "METRIC 3600000": no name has a space. */
static const char *name_window(const struct criterion *criterion, char *name, size_t size)
{
    snprintf(name, size, "%s %" PRId64, criterion->metric->name.text, criterion->over);
    return name;
}
#define LONGEST_WINDOW (128 + 1 + 20 + 1) /* of a metric that has a name */

static bool is_bound(const struct criterion *criterion)
{
    return criterion->metric &&
           (criterion->form == CRITERION_MAX || criterion->form == CRITERION_MIN);
}

const struct criterion *bounds_conflict(const struct bounds *bounds,
                                        const struct criterion *criterion)
{
    char name[LONGEST_WINDOW];
    const struct window *window =
        is_bound(criterion) ? table_get(&bounds->windows, name_window(criterion, name, sizeof name))
                            : NULL;
    if (!window)
        return NULL;
    bool most = criterion->form == CRITERION_MAX;
    const struct criterion *other = most ? window->least : window->most;
    if (!other)
        return NULL;
    bool apart =
        most ? criterion->threshold < other->threshold : criterion->threshold > other->threshold;
    return apart ? other : NULL;
}

void bounds_add(struct bounds *bounds, struct arena *arena, const struct criterion *criterion)
{
    char name[LONGEST_WINDOW];
    if (!is_bound(criterion))
        return;
    struct window *window = table_get(&bounds->windows, name_window(criterion, name, sizeof name));
    if (!window) {
        window = ARENA_NEW(arena, struct window);
        table_add(&bounds->windows, arena, arena_format(arena, "%s", name), window);
    }
    if (criterion->form == CRITERION_MAX) {
        if (!window->most || criterion->threshold < window->most->threshold)
            window->most = criterion;
    } else if (!window->least || criterion->threshold > window->least->threshold)
        window->least = criterion;
}

void bounds_report_conflict(struct diagnostics *diagnostics, const struct criterion *criterion,
                            const struct criterion *other, const char *note)
{
    const struct criterion *least = criterion->form == CRITERION_MIN ? criterion : other;
    const struct criterion *most = least == criterion ? other : criterion;
    diagnose(diagnostics, FF0358, criterion->written.span,
             "no value of '%s' is at least %s and at most %s", least->metric->name.text,
             least->written.text, most->written.text);
    diagnose_note(diagnostics, other->written.span, "%s", note);
    diagnose_help(diagnostics,
                  "one of the two is always violated: make room between them, or remove one");
}
