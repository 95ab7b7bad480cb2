/* analyze_tell.c - `ffreplay analyze --run-steps`: tells people that an experiment is decided. */
#include <stddef.h>
#include <time.h>

#include "analyze_run.h"
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/model/model.h"
#include "compiler/ledger/actor.h"
#include "tools/ffreplay/apply/notices.h"
#include "tools/ffreplay/commands/commands.h"

static void write_page(const void *what, struct buffer *out)
{
    analyze_json(what, out);
}

/* "ship green"; "stop". */
static const char *decision_of(const struct conclusion *conclusion, struct arena *arena)
{
    const char *word = analysis_decision_words[conclusion->decision];
    if (conclusion->winner == NO_ARM)
        return word;
    return arena_format(arena, "%s %s", word, conclusion->names[conclusion->winner]);
}

/* Nothing is told of an analysis that was asked for in another way than the experiment is defined:
 * what it finds may be picked. */
static bool is_as_defined(const struct analyze_page *page)
{
    const struct settled *settled = page->settled;
    return settled->is_experiment && settled->departures.count == 0 && settled->from == INT64_MIN &&
           settled->to == INT64_MAX;
}

bool analyze_tell(const struct analyze_page *page, const struct analyze_options *options)
{
    const struct conclusion *conclusion = page->conclusion;
    const struct trial_start *start = &page->settled->start;
    struct arena *arena = page->replay->texts;
    struct buffer error = {0};
    if (!is_as_defined(page)) {
        print_note("nobody is told: this is not the analysis that the experiment is defined with");
        return true;
    }
    bool is_running = page->variants->targeting->experiment->state == EXPERIMENT_RUNNING;
    bool is_ready = is_running && conclusion->status == STATUS_READY;
    bool is_unhealthy = is_running && conclusion->status == STATUS_UNHEALTHY;
    const struct experiment_notices found = {
        .arena = arena,
        .project = page->replay->project,
        .flag = page->variants->flag,
        .environment = page->environment,
        .now = (int64_t)time(NULL) * 1000,
        .since = start->found ? start->at : INT64_MIN,
        .decision = is_ready ? decision_of(conclusion, arena) : NULL,
        .reason = headline_of(conclusion, arena),
        .issue = is_unhealthy && conclusion->issues.count > 0 ? conclusion->issues.items[0] : NULL,
        .write_input = write_page,
        .what = page};
    bool told = notices_tell_experiment(&found, actor_name(NULL, options->directory), NULL, &error);
    if (!told)
        job_error(&analyze_command, "%s", error.bytes);
    buffer_release(&error);
    return told;
}
