/* load.c - loads the current definitions and logs. See watch.h. */
#include "compiler/base/buffer.h"
#include "tools/ffreplay/commands/choose_canaries.h"
#include "tools/ffreplay/commands/choose_logs.h"
#include "tools/ffreplay/commands/commands.h"
#include "watch.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

void watch_end(struct watch *watch, int status)
{
    watch->over = true;
    watch->status = status;
}

/* ------------------------------------------------------------------------------- definitions -- */

/* Of the definitions, and of an archive elsewhere that says what was published. */
static uint64_t mark_now(const struct watch *watch)
{
    const char *archive = watch->options->logs.archive;
    return definitions_mark(watch->directory) + (archive ? definitions_mark(archive) : 0);
}

void watch_unload(struct watch *watch)
{
    if (!watch->loaded)
        return;
    for (size_t i = 0; i < watch->log_count; i++)
        follower_stop(&watch->followers[i]);
    holdback_close(&watch->holdback);
    analyses_release(&watch->analyses);
    replay_release(&watch->replay);
    project_free(watch->replay.project);
    watch->loaded = false;
}

/* False: reported, and the watch ends. */
static bool begin_logs(struct watch *watch)
{
    for (size_t i = 0; i < watch->log_count; i++) {
        if (!follower_begin(&watch->followers[i], &watch->replay, watch->logs[i],
                            &watch->holdback.consumer)) {
            watch_end(watch, EXIT_JOB);
            return false;
        }
        if (!watch->followers[i].is_stdin)
            changes_add_parent(&watch->changes, watch->followers[i].path);
    }
    return true;
}

static bool prepare(struct watch *watch, struct project *project)
{
    const struct watch_options *options = watch->options;
    struct replay *replay = &watch->replay;
    *replay = (struct replay){.now_given = true};
    (void)log_options_apply(&options->logs, &watch_command, replay);
    replay->times.now = clock_now();
    bool known = past_overrides_put_back(project);
    replay_init(replay, project);
    replay->texts = &watch->texts;
    holdback_open(&watch->holdback, replay, &watch->analyses);
    watch->loaded = true;
    struct buffer error = {0};
    if (!publication_fits(&watch->publication, project, options->environment, &error)) {
        watch_end(watch, job_error(&watch_command, "%s", error.bytes));
        buffer_release(&error);
        return false;
    }
    if (!known || !choose_canaries(project, &watch_command, options->flag, options->environment,
                                   &watch->analyses)) {
        watch_end(watch, EXIT_JOB);
        return false;
    }
    if (!analyses_prepare(&watch->analyses, replay)) {
        watch_end(watch, EXIT_INPUT);
        return false;
    }
    for (uint32_t i = 0; i < watch->analyses.count; i++)
        choose_logs(replay, watch->analyses.items[i].subject.flag,
                    watch->analyses.items[i].subject.environment);
    return begin_logs(watch);
}

bool watch_load(struct watch *watch)
{
    watch->mark = mark_now(watch);
    struct project *project = project_load(watch->options->directory, clock_now());
    if (project->diagnostics.errors == 0) {
        watch->broken = false;
        watch_unload(watch);
        return prepare(watch, project);
    }
    diagnostics_write(&project->diagnostics, DIAGNOSTIC_TEXT,
                      use_color(watch->options->color, stderr), stderr);
    project_free(project);
    watch->broken = true;
    if (watch->loaded)
        job_error(NULL, "the last definitions that compiled stay in force");
    else
        watch_end(watch, EXIT_INPUT);
    return watch->loaded;
}

bool watch_is_outdated(const struct watch *watch)
{
    return mark_now(watch) != watch->mark;
}

/* -------------------------------------------------------------------------------------- logs -- */

/* The earliest time that a stage may need when it is read again. */
static int64_t needed(const struct watch *watch)
{
    int64_t earliest = INT64_MAX;
    for (uint32_t i = 0; i < watch->analyses.count; i++) {
        const struct analysis *analysis = &watch->analyses.items[i];
        int64_t since = analysis->compares_before ? INT64_MIN : analysis->since;
        if (since < earliest)
            earliest = since;
    }
    return earliest;
}

bool watch_read(struct watch *watch)
{
    watch->replay.times.now = clock_now();
    holdback_release(&watch->holdback);
    for (size_t i = 0; i < watch->log_count; i++)
        if (!follower_read(&watch->followers[i], watch->replay.times.now, needed(watch))) {
            watch_end(watch, EXIT_JOB);
            return false;
        }
    return true;
}
