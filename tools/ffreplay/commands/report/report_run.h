/*
 * report_run.h - what the files of `ffreplay report` share: one run, which writes a page for each
 * flag and a line of the index.
 */
#ifndef FFREPLAY_REPORT_RUN_H
#define FFREPLAY_REPORT_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "tools/ffreplay/commands/log_options.h"
#include "tools/ffreplay/html/html.h"
#include "tools/ffreplay/replay/log_paths.h"
#include "tools/ffreplay/report/report_parts.h"

struct course;
struct flag;
struct project;
struct verdict;

struct report_options {
    const char *directory, *environment, *output;
    struct option_texts by, from;
    bool all, show_private, exit_code;
    int64_t now;
    struct log_options logs;
};

/* A flag's line of the index. Texts are the run's. */
struct index_row {
    const char *flag, *description;
    const char *page;           /* the id of its section; NULL: it has none */
    const char *served, *stage; /* what is served now; the state it is in */
    const char *verdict;        /* NULL: there is none */
    enum html_tone tone;
    const char *why;     /* why there is none, or the first reason; or NULL */
    const char *spark;   /* markup; NULL: nothing was measured */
    const char *changed; /* when, by whom, how; NULL: nobody knows */
};

struct report_run {
    const struct report_options *options;
    const char *command;      /* how the page is made again */
    struct option_texts from; /* aggregates in place of the logs */
    const char **aggregated;  /* the flags that they are of */
    uint32_t aggregated_count;
    struct log_arguments logs; /* each "NAME=FILE" */
    struct arena arena;        /* of the rows */
    struct buffer pages;
    struct html html; /* that writes there; its arena is that of the flag at hand */
    struct index_row *rows;
    uint32_t row_count, page_count;
    bool has_index;  /* there is a table of flags */
    int worst;       /* exit status of the flags with a page, for --exit-code */
    bool no_verdict; /* of some flag, since too many of its lines are bad */
};

/* What of the run's logs a flag may be measured by, in memory of the project. False after
 * reporting. */
bool report_logs_of(const struct report_run *run, struct project *project, const char *flag,
                    struct log_arguments *logs);

/* A page on a canary, or on an experiment. An exit status. */
int report_canary(struct report_run *run, const char *flag, struct index_row *row);
int report_experiment(struct report_run *run, const char *flag, struct index_row *row);

/* What a page ends in, with --exit-code: of several, the worst. */
void report_note_exit(struct report_run *run, int status);

/* The rest of its row. */
void report_canary_row(struct report_run *run, const struct verdict *verdict,
                       const struct course *courses, const struct report_words *words,
                       struct index_row *row);

/* What is served now, how it stands, and what changed it last. */
bool report_describe(const struct report_run *run, const struct project *project,
                     const struct flag *flag, uint32_t environment, struct index_row *row);

/* The table of all rows. */
void report_index(const struct report_run *run, const struct html *html, const char *project,
                  const char *environment);

/* In memory of the run. */
const char *report_kept(struct report_run *run, const char *text);

#endif
