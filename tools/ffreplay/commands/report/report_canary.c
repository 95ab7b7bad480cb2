/* report_canary.c - the page on a canary: as `decide` judges it, and how that came about. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "compiler/choose/choose.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "report_run.h"
#include "tools/ffreplay/apply/apply_options.h"
#include "tools/ffreplay/canary/verdict.h"
#include "tools/ffreplay/commands/choose_canaries.h"
#include "tools/ffreplay/commands/choose_logs.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/from_aggregates.h"
#include "tools/ffreplay/canary/analysis_row.h"
#include "tools/ffreplay/replay/replay.h"
#include "tools/ffreplay/report/report_html.h"

struct canary_run {
    struct report_run *report;
    struct replay replay;
    struct analyses analyses;
    struct rollout_past past;
    const struct rollout_change *end; /* of a rollout that is over */
    const char *flag;
};

/* One that is over is put back to where it ended. */
static bool put_back(struct canary_run *run, const struct flag *flag, uint32_t environment)
{
    struct buffer error = {0};
    struct replay *replay = &run->replay;
    bool read = rollout_past_read(&run->past, replay->project, flag, environment,
                                  &replay->project->arena, &error);
    if (!read)
        job_error(&report_command, "%s", error.bytes);
    buffer_release(&error);
    if (!read || run->report->options->now != INT64_MIN)
        return read;
    run->end = rollout_past_end(&run->past, flag, environment);
    if (!run->end)
        return true;
    if (rollout_put_back(run->end, flag, environment)) {
        replay->times.now = run->end->at;
        replay->now_given = true;
    } else {
        run->end = NULL;
    }
    return true;
}

/* In place of the logs. */
static int read_aggregates(struct canary_run *run)
{
    struct replay *replay = &run->replay;
    struct analysis *analysis = &run->analyses.items[0];
    struct from_aggregates from = {0};
    struct unit_cells cells = {0};
    struct buffer error = {0};
    if (run->end) {
        job_error(&report_command,
                  "the rollout of '%s' is over: aggregates are of how it stands now, and a page "
                  "shows how it stood at its end",
                  run->flag);
        print_help("give the logs themselves, or --now");
        return EXIT_JOB;
    }
    bool read = from_open(&from, &report_command, replay, run->report->options->environment,
                          &run->report->from, NULL, 0) &&
                from_has_times(&from) && from_has_units(&from, analysis_metric_of_units(analysis));
    read = read &&
           (analysis_read_rows(analysis, replay, &from.rows, &error) || from_fail(&from, &error));
    if (read)
        analysis_unit_cells(analysis, &cells);
    read = read && from_units(&from, &cells) && from_settle(&from, replay);
    unit_cells_release(&cells);
    from_close(&from);
    return read && replay_has_time(replay) ? EXIT_FINE : EXIT_JOB;
}

static int read_logs(struct canary_run *run)
{
    struct replay *replay = &run->replay;
    if (!choose_canaries(replay->project, &report_command, run->flag,
                         run->report->options->environment, &run->analyses))
        return EXIT_JOB;
    struct analysis *analysis = &run->analyses.items[0];
    analysis->keeps_series = true;
    if (!analyses_prepare(&run->analyses, replay))
        return EXIT_INPUT;
    if (run->report->from.count > 0)
        return read_aggregates(run);
    struct log_arguments logs;
    struct asked_times asked = asked_from_canary(replay);
    const struct subject *subject = &analysis->subject;
    if (!report_logs_of(run->report, replay->project, run->flag, &logs))
        return EXIT_JOB;
    choose_logs(replay, subject->flag, subject->environment);
    if (!ask_for_whole_canary(&asked, replay->project, subject->flag, subject->environment))
        return EXIT_JOB;
    replay_add_consumer(replay, &analysis->consumer);
    if (!log_paths_add(replay, &logs, &asked) || !replay_read(replay, logs.items, logs.count))
        return EXIT_JOB;
    bool again = false;
    (void)replay_settle_now(replay, logs.items, logs.count, &again);
    if (!replay_has_time(replay))
        return EXIT_JOB;
    if (!again)
        return EXIT_FINE;
    analyses_release(&run->analyses);
    replay_begin_anew(replay);
    return read_logs(run);
}

static int write_page(struct canary_run *run, struct index_row *row)
{
    struct report_run *report = run->report;
    struct buffer error = {0};
    struct verdict verdict;
    struct arena *arena = run->replay.texts;
    const struct html html = {arena, &report->pages, 0};
    const struct report_origin origin = {report->command};
    verdict_reach(&verdict, &run->replay, &run->analyses.items[0]);
    bool holds = verdict_holds(&verdict);
    if (!holds)
        replay_report_too_bad(&run->replay, "no verdict");
    report->no_verdict |= !holds;
    if (!run->end)
        report_note_exit(report, verdict_exit(&verdict));
    const struct course *courses = courses_of(&verdict, arena);
    bool written = report_html(&verdict, run->end, courses, &origin, row->page, &html, &error);
    if (!written)
        job_error(&report_command, "%s", error.bytes);
    buffer_release(&error);
    const struct report_words words = report_words_of(&verdict, run->end);
    report_canary_row(report, &verdict, courses, &words, row);
    return written ? EXIT_FINE : EXIT_JOB;
}

int report_canary(struct report_run *report, const char *name, struct index_row *row)
{
    const struct report_options *options = report->options;
    struct canary_run run = {
        .report = report,
        .flag = name,
        .replay = {.times.now = options->now, .now_given = options->now != INT64_MIN}};
    if (!log_options_apply(&options->logs, &report_command, &run.replay))
        return EXIT_JOB;
    int64_t today = options->now != INT64_MIN ? options->now : (int64_t)time(NULL) * 1000;
    struct project *project = run.replay.project = project_load(options->directory, today);
    int status = EXIT_JOB;
    if (project->diagnostics.errors == 0 && past_overrides_put_back(project)) {
        replay_init(&run.replay, project);
        const struct flag *flag = choose_flag(&report_command, project, name);
        uint32_t environment = choose_environment(&report_command, project, options->environment);
        if (flag && environment != UINT32_MAX && put_back(&run, flag, environment))
            status = read_logs(&run);
    }
    if (status == EXIT_FINE)
        status = write_page(&run, row);
    analyses_release(&run.analyses);
    replay_release(&run.replay);
    project_free(project);
    return status;
}
