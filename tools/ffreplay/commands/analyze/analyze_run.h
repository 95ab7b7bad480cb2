/*
 * analyze_run.h - an analysis for whoever writes one: `ffreplay analyze`, and reports.
 */
#ifndef FFREPLAY_ANALYZE_RUN_H
#define FFREPLAY_ANALYZE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze_page.h"
#include "compiler/cli/options.h"
#include "tools/ffreplay/commands/log_options.h"
#include "tools/ffreplay/replay/log_paths.h"

#define ANALYZE_FORMS(X) \
    X(FORM_TEXT, "text") \
    X(FORM_JSON, "json") \
    X(FORM_MARKDOWN, "markdown")
enum analyze_form { ANALYZE_FORMS(WORDS_MEMBER) };

struct analyze_options {
    const struct command *command; /* that asks, for what it reports */
    const char *directory, *environment, *control, *prior, *since, *units, *stratify;
    struct option_word format, method;
    struct option_texts metrics, by;
    struct option_texts aggregates;    /* at first with the time that --from may be, too */
    const char *report, *command_line; /* a page, and how it is made again */
    bool keeps_series;                 /* effects over time, too */
    bool json, exit_code, cuped, show_private, run_steps;
    enum analyze_form form;
    int64_t from, to;
    enum color_choice color;
    struct log_options logs;
};
#define ANALYZE_OPTIONS_INIT                                         \
    {                                                                \
        .from = INT64_MIN, .to = INT64_MAX, .logs = LOG_OPTIONS_INIT \
    }

/* With --exit-code. */
int analyze_exit(const struct conclusion *conclusion);

/* Takes what was found, while it is there; an exit status. */
typedef int analyze_taker(const struct analyze_page *page, void *user);

/*
 * Reads the logs and analyzes the flag, in the replay's project, whose `texts` have what is said.
 * An exit status: what `take` returned, or that of a failure, which has been reported.
 */
int analyze_flag(const struct analyze_options *options, struct replay *replay, const char *name,
                 struct log_arguments *logs, analyze_taker *take, void *user);

/* Runs the hooks of what people should know of a running experiment, each once. False: one failed,
 * which has been reported. */
bool analyze_tell(const struct analyze_page *page, const struct analyze_options *options);

#endif
