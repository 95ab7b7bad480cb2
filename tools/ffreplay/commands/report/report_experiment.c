/* report_experiment.c - the page on an experiment: as `analyze` finds it, and how that came about.
 */
#include <time.h>

#include "compiler/choose/choose.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "report_run.h"
#include "tools/ffreplay/commands/analyze/analyze_html.h"
#include "tools/ffreplay/commands/analyze/analyze_run.h"
#include "tools/ffreplay/commands/commands.h"

struct experiment_run {
    struct report_run *report;
    struct index_row *row;
};

static int write_page(const struct analyze_page *page, void *user)
{
    struct experiment_run *run = user;
    struct report_run *report = run->report;
    struct arena *arena = page->replay->texts;
    const struct html html = {arena, &report->pages, 0};
    const struct report_origin origin = {report->command};
    const struct conclusion *conclusion = page->conclusion;
    analyze_html(page, &origin, run->row->page, &html);
    const struct report_words words = analyze_words_of(conclusion, arena);
    const struct sentence_list *why =
        conclusion->issues.count > 0 ? &conclusion->issues : &conclusion->reasons;
    run->row->verdict = report_kept(report, words.word);
    run->row->tone = words.tone;
    if (why->count > 0)
        run->row->why = report_kept(report, report_sentence(arena, why->items[0]));
    run->row->spark = report_kept(report, analyze_spark(page, arena));
    report_note_exit(report, analyze_exit(conclusion));
    return EXIT_FINE;
}

int report_experiment(struct report_run *report, const char *name, struct index_row *row)
{
    const struct report_options *options = report->options;
    struct experiment_run run = {report, row};
    struct analyze_options asked = {
        .command = &report_command,
        .directory = options->directory,
        .environment = options->environment,
        .by = options->by,
        .aggregates = report->from,
        .show_private = options->show_private,
        .keeps_series = true,
        .from = INT64_MIN,
        .to = options->now == INT64_MIN || report->from.count > 0 ? INT64_MAX : options->now + 1,
        .logs = options->logs};
    struct replay replay = {0};
    if (!log_options_apply(&options->logs, &report_command, &replay))
        return EXIT_JOB;
    struct project *project = replay.project =
        project_load(options->directory, (int64_t)time(NULL) * 1000);
    struct log_arguments logs = {0};
    int status = EXIT_JOB;
    if (report_logs_of(report, project, name, &logs))
        status = analyze_flag(&asked, &replay, name, &logs, write_page, &run);
    replay_release(&replay);
    project_free(project);
    return status;
}
