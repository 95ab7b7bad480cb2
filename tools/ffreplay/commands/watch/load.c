/* load.c - loads the current definitions and logs. See watch.h. */
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/buffer.h"
#include "compiler/base/hash.h"
#include "compiler/base/memory.h"
#include "compiler/choose/choose.h"
#include "tools/ffreplay/commands/choose_canaries.h"
#include "tools/ffreplay/commands/choose_logs.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/logs/source_name.h"
#include "tools/ffreplay/replay/log_paths.h"
#include "watch.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

#define MOMENT      5000
#define LEAST_LOOKS 25

void watch_end(struct watch *watch, int status)
{
    watch->over = true;
    watch->status = status;
}

/* ------------------------------------------------------------------------------- definitions -- */

static bool is_followed(const struct watch *watch, const char *path)
{
    for (size_t i = 0; i < watch->follower_count; i++) {
        const struct follower *follower = &watch->followers[i];
        if (!follower->is_idle && follower->path &&
            (follower->is_pattern ? fnmatch(follower->path, path, FNM_PATHNAME | FNM_PERIOD)
                                  : strcmp(follower->path, path)) == 0)
            return true;
    }
    return false;
}

static bool is_status_file(const struct stat *status, const struct file_mark *mark)
{
    return status->st_mode != 0 && status->st_ino == mark->inode;
}

/* Logs and the status file may lie in the project's directory, too: they change no definition. */
static uint64_t mark_below(const struct watch *watch, const char *directory)
{
    struct file_marks marks = {0};
    const char *status_file = watch->options->status_file;
    struct stat status;
    uint64_t sum = 0;
    if (!status_file || stat(status_file, &status) != 0)
        status.st_mode = 0;
    file_marks_read(&marks, directory, NULL);
    for (size_t i = 0; i < marks.count; i++)
        if (!is_followed(watch, marks.items[i].path) && !is_status_file(&status, &marks.items[i]))
            sum += hash64_seeded(marks.items[i].path, strlen(marks.items[i].path),
                                 marks.items[i].content);
    file_marks_release(&marks);
    return sum;
}

/* Of the definitions, and of an archive elsewhere that says what was published. */
static uint64_t mark_now(const struct watch *watch)
{
    const char *archive = watch->options->logs.archive;
    return mark_below(watch, watch->directory) + (archive ? mark_below(watch, archive) : 0);
}

void watch_unload(struct watch *watch)
{
    if (!watch->loaded)
        return;
    for (size_t i = 0; i < watch->follower_count; i++)
        follower_stop(&watch->followers[i]);
    holdback_close(&watch->holdback);
    analyses_release(&watch->analyses);
    replay_release(&watch->replay);
    project_free(watch->replay.project);
    watch->loaded = false;
}

/* One that follows the pattern already, perhaps for definitions before these; or a new one. */
static struct follower *follower_of(struct watch *watch, const char *pattern)
{
    for (size_t i = watch->log_count; i < watch->follower_count; i++) {
        struct follower *follower = &watch->followers[i];
        if (follower->is_idle && follower->path && strcmp(follower->path, pattern) == 0)
            return follower;
    }
    size_t count = ++watch->follower_count;
    watch->followers = xrealloc(watch->followers, count * sizeof *watch->followers);
    watch->followers[count - 1] = (struct follower){0};
    return &watch->followers[count - 1];
}

/* Where its files may appear, as far as they are there. */
static void wait_for_files(struct watch *watch, const struct follower *follower)
{
    struct log_files files = {0};
    if (follower->is_stdin)
        return;
    changes_add_parent(&watch->changes, follower->path);
    if (follower->is_pattern)
        log_files_find(&files, follower->path);
    for (size_t i = 0; i < files.count; i++)
        changes_add_parent(&watch->changes, files.paths[i]);
    log_files_release(&files);
}

static bool begin_given(struct watch *watch)
{
    for (size_t i = 0; i < watch->log_count; i++)
        if (!follower_begin(&watch->followers[i], &watch->replay, watch->logs[i],
                            &watch->holdback.consumer))
            return false;
    return true;
}

/* Those of the logs that are asked about, and no argument is a file of. */
static bool begin_chosen(struct watch *watch, const struct asked_times *asked)
{
    struct project *project = watch->replay.project;
    const struct log_arguments given = {.items = watch->logs, .count = watch->log_count};
    const bool *wanted = log_paths_choose(&watch->replay, &given, asked);
    bool *polled = ARENA_ARRAY(&project->arena, bool, project->log_count), any = given.count > 0;
    uint32_t *sources = ARENA_ARRAY(&project->arena, uint32_t, project->log_count);
    watch->polled.asked = polled;
    watch->polled.sources = sources;
    watch->polled.any = false;
    for (size_t i = watch->log_count; i < watch->follower_count; i++)
        watch->followers[i].is_idle = true;
    for (uint32_t i = 0; wanted && i < project->log_count; i++) {
        polled[i] = wanted[i] && project->logs[i]->command.arguments.count > 0;
        sources[i] = UINT32_MAX;
        watch->polled.any |= polled[i];
        any |= wanted[i];
        if (wanted[i] && !polled[i] &&
            !follower_begin_log(follower_of(watch, log_pattern(project, i)), &watch->replay, i,
                                &watch->holdback.consumer))
            return false;
    }
    for (size_t i = watch->log_count; i < watch->follower_count; i++)
        if (watch->followers[i].is_idle)
            follower_close(&watch->followers[i]);
    if (wanted && !any)
        log_paths_report_none();
    return wanted && any;
}

/* False: reported, and the watch ends. */
static bool begin_logs(struct watch *watch, const struct asked_times *asked)
{
    if (!begin_given(watch) || !begin_chosen(watch, asked)) {
        watch_end(watch, EXIT_JOB);
        return false;
    }
    for (size_t i = 0; i < watch->follower_count; i++)
        if (!watch->followers[i].is_idle)
            wait_for_files(watch, &watch->followers[i]);
    return true;
}

/* What commands of logs are asked for, now. */
static struct asked_times asked_now(const struct watch *watch)
{
    struct asked_times asked = asked_from_canary(&watch->replay);
    for (uint32_t i = 0; i < watch->analyses.count; i++)
        ask_for_canary(&asked, watch->analyses.items[i].subject.canary);
    return asked;
}

static bool prepare(struct watch *watch, struct project *project)
{
    const struct watch_options *options = watch->options;
    struct replay *replay = &watch->replay;
    *replay = (struct replay){.now_given = true};
    (void)log_options_apply(&options->logs, &watch_command, replay);
    replay->steps = (struct permission){options->apply.run_steps, options->logs.commands.list};
    replay->times.now = clock_now();
    replay->times.served.is_quiet = watch->was_loaded;
    bool known = past_overrides_put_back(project);
    replay_init(replay, project);
    replay->texts = &watch->texts;
    holdback_open(&watch->holdback, replay, &watch->analyses);
    watch->loaded = watch->was_loaded = true;
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
    if (!hold_canaries(watch)) {
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
    const struct asked_times asked = asked_now(watch);
    return begin_logs(watch, &asked);
}

/* Whether what is watched is there. */
static bool has_subject(const struct watch *watch, const struct project *project)
{
    uint32_t environment = find_environment(project, watch->options->environment);
    if (environment == UINT32_MAX || !watch->options->flag)
        return environment != UINT32_MAX;
    const struct flag *flag = project_flag(project, watch->options->flag);
    return flag && flag->environments[environment].canary;
}

/* While git or an editor writes a project, files of it are not there for a moment, and what is left
 * may compile. A moment has many looks, lest one that was spent asleep, as by a machine that was
 * suspended with the writer on it, end a watch. */
static struct project *load_settled(struct watch *watch)
{
    int64_t until = clock_steady() + MOMENT;
    for (int looks = 1;; looks++) {
        int64_t began = clock_steady();
        watch->mark = mark_now(watch);
        struct project *project = project_load(watch->options->directory, clock_now());
        if (!watch->loaded || project->diagnostics.errors > 0 || has_subject(watch, project) ||
            watch_is_interrupted() || (looks >= LEAST_LOOKS && began >= until))
            return project;
        project_free(project);
        changes_wait(&watch->changes, false, MOMENT / 50, &watch->signals);
    }
}

bool watch_load(struct watch *watch)
{
    struct project *project = load_settled(watch);
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
    for (size_t i = 0; i < watch->follower_count; i++)
        if (!watch->followers[i].is_idle &&
            !follower_read(&watch->followers[i], &watch->heartbeat, watch->replay.times.now,
                           needed(watch))) {
            watch_end(watch, EXIT_JOB);
            return false;
        }
    return true;
}

/* ---------------------------------------------------------------------------------- commands -- */

static bool take_output(struct watch *watch, uint32_t log, const struct command_output *output,
                        struct consumer *consumer)
{
    struct stream stream;
    struct replay *replay = &watch->replay;
    struct project *project = replay->project;
    uint32_t *source = &watch->polled.sources[log];
    if (*source == UINT32_MAX)
        *source = replay_add_source(replay, log_command_name(&project->arena, project->logs[log]));
    const struct stream_file file = {output->path, replay->sources[*source].path, source};
    if (!stream_open(&stream, replay, file, log, false, consumer))
        return false;
    if (replay->layouts[log].id != NO_PLACE)
        stream.worker.ids = &replay->ids[log];
    while (stream_step(&stream))
        ;
    bool sound = stream_is_sound(&stream);
    stream_close(&stream);
    return sound;
}

/* Signals are let through meanwhile: one ends the command, and the watch. */
static bool poll_log(struct watch *watch, uint32_t log, struct consumer *consumer)
{
    struct project *project = watch->replay.project;
    struct command_output output = {.is_quiet = watch->polled.is_silent};
    const struct asked_times asked = asked_now(watch);
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, &watch->signals, &blocked);
    bool ran = log_command_run(project, &watch->texts, project->logs[log], &asked, &output);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    if (output.was_cancelled)
        watch_end(watch, EXIT_JOB);
    bool taken = ran && take_output(watch, log, &output, consumer);
    log_command_release(&output);
    return taken;
}

bool watch_poll(struct watch *watch)
{
    struct polled_logs *polled = &watch->polled;
    if (!polled->any)
        return true;
    struct holdback holdback;
    bool taken = true;
    polled->mark = replay_mark(&watch->replay);
    layers_open(&polled->layers, &watch->analyses);
    holdback_open(&holdback, &watch->replay, &polled->layers.analyses);
    for (uint32_t i = 0; i < watch->replay.project->log_count && taken; i++)
        taken = !polled->asked[i] || poll_log(watch, i, &holdback.consumer);
    polled->ahead = holdback.ahead;
    holdback_close(&holdback); /* what waits is printed again by then */
    layers_lay(&polled->layers, polled->asked);
    if (watch->over)
        return false;
    watch_announce_silence(watch, !taken);
    return taken;
}

void watch_end_poll(struct watch *watch)
{
    struct polled_logs *polled = &watch->polled;
    if (!polled->any)
        return;
    layers_close(&polled->layers);
    replay_go_back(&watch->replay, &polled->mark, polled->asked);
    polled->ahead = (struct stray_lines){0};
}

struct analyses *watch_judged(struct watch *watch)
{
    return watch->polled.any ? &watch->polled.layers.analyses : &watch->analyses;
}

struct stray_lines watch_ahead(const struct watch *watch)
{
    const struct stray_lines *followed = &watch->holdback.ahead, *printed = &watch->polled.ahead;
    return (struct stray_lines){followed->lines + printed->lines,
                                followed->by > printed->by ? followed->by : printed->by};
}
