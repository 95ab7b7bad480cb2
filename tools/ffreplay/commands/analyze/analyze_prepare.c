/* analyze_prepare.c - see analyze_task.h. */
#include <stdlib.h>
#include <string.h>

#include "analyze_by.h"
#include "analyze_task.h"
#include "compiler/base/arena.h"
#include "compiler/base/percent.h"
#include "compiler/choose/choose.h"
#include "compiler/model/model.h"

/* -------------------------------------------------------------------------------------- arms -- */

static uint32_t variant_named(const struct task *task, const char *name)
{
    const struct targeting *targeting = task->variants->targeting;
    for (uint32_t i = 0; i < targeting->variant_count; i++)
        if (strcmp(variant_text(task->variants, i), name) == 0)
            return i;
    const char **names =
        ARENA_ARRAY(task->replay->texts, const char *, targeting->variant_count + 1);
    for (uint32_t i = 0; i < targeting->variant_count; i++)
        names[i] = variant_text(task->variants, i);
    report_unknown(task->command, "variant", name, names, targeting->variant_count);
    return UINT32_MAX;
}

static bool choose_control(struct task *task, uint32_t control)
{
    for (uint32_t i = 0; i < task->arms.count; i++)
        if (task->arms.variants[i] == control) {
            task->arms.control = i;
            return true;
        }
    job_error(task->command, "'%s' has no share of the experiment: it cannot be the control",
              variant_text(task->variants, control));
    return false;
}

static bool has_too_many(const struct task *task, uint32_t count)
{
    if (count <= ARMS_MOST)
        return false;
    job_error(task->command, "'%s' has %u variants; 'analyze' compares at most %d",
              task->flag->name.text, count, ARMS_MOST);
    return true;
}

static struct division division_of_task(const struct task *task)
{
    return division_while_it_ran(task->replay->texts, task->flag, task->environment);
}

static uint32_t count_arms(const struct task *task, const struct division *division)
{
    return division->count > 0 ? division->count : task->variants->targeting->variant_count;
}

bool task_has_few_arms(const struct task *task)
{
    struct division division = division_of_task(task);
    return count_arms(task, &division) <= ARMS_MOST;
}

bool task_find_arms(struct task *task)
{
    struct division *division = &task->exposures.division;
    *division = division_of_task(task);
    uint32_t count = count_arms(task, division);
    if (has_too_many(task, count))
        return false;
    task->arms.count = count;
    task->arms.divides = division->count > 0;
    task->arms.alone = division->is_all;
    for (uint32_t i = 0; i < count; i++) {
        task->arms.variants[i] = division->count > 0 ? division->arms[i].variant : i;
        if (division->count > 0)
            task->arms.shares[i] = division->arms[i].percent / (double)PERCENT_ALL;
    }
    task->names = ARENA_ARRAY(task->replay->texts, const char *, count + 1);
    for (uint32_t i = 0; i < count; i++)
        task->names[i] = variant_text(task->variants, task->arms.variants[i]);
    return true;
}

bool task_find_control(struct task *task)
{
    const struct targeting *targeting = task->variants->targeting;
    uint32_t control = UINT32_MAX;
    if (task->options->control)
        control = variant_named(task, task->options->control);
    else if (targeting->experiment)
        control = targeting->experiment->control;
    else
        job_error(task->command, "'%s' is no experiment, so nothing says what to compare with",
                  task->flag->name.text);
    if (control == UINT32_MAX && !task->options->control)
        print_help("name the variant: --control %s",
                   variant_text(task->variants, targeting->default_variant));
    return control != UINT32_MAX && choose_control(task, control);
}

/* ----------------------------------------------------------------------------------- metrics -- */

bool task_log_of(const struct project *project, const struct metric *metric, uint32_t *log)
{
    for (*log = 0; *log < project->log_count; (*log)++)
        if (project->logs[*log] == metric->log || (!metric->log && project->log_count == 1))
            return true;
    return false;
}

static bool add_metric(struct task *task, const struct metric *metric, enum metric_role role,
                       const struct criterion *guard)
{
    struct project *project = task->replay->project;
    uint32_t log;
    if (!task_log_of(project, metric, &log) || !task->reads[log]) {
        job_error(task->command, "no file is given of log '%s', which metric '%s' is computed from",
                  metric->log ? metric->log->name.text : "?", metric->name.text);
        print_help("add it: %s=FILE, or name the metrics to analyze: --metric NAME",
                   metric->log ? metric->log->name.text : "NAME");
        return false;
    }
    struct outcomes *outcomes = &task->outcomes;
    struct measure *measure = &outcomes->measures[task->metric_count];
    task->metric_logs[task->metric_count] = log;
    task->metrics[task->metric_count++] =
        (struct judged_metric){.measure = measure, .role = role, .guard = guard};
    outcomes->measure_count = task->metric_count;
    return measure_prepare(measure, metric, &task->replay->layouts[log]);
}

static bool is_taken(const struct task *task, const struct metric *metric)
{
    for (uint32_t i = 0; i < task->metric_count; i++)
        if (task->metrics[i].measure->metric == metric)
            return true;
    return false;
}

static bool add_experiment(struct task *task, const struct experiment *experiment)
{
    if (experiment->primary && !add_metric(task, experiment->primary, ROLE_PRIMARY, NULL))
        return false;
    for (uint32_t i = 0; i < experiment->metric_count; i++)
        if (!is_taken(task, experiment->metrics[i]) &&
            !add_metric(task, experiment->metrics[i], ROLE_SECONDARY, NULL))
            return false;
    for (uint32_t i = 0; i < experiment->guards.count; i++)
        if (!add_metric(task, experiment->guards.items[i].metric, ROLE_GUARD,
                        &experiment->guards.items[i]))
            return false;
    return true;
}

/* Those named, the first as the primary one; else the experiment's; else all of the logs given.
 * False after reporting. */
static bool task_choose_metrics(struct task *task)
{
    struct project *project = task->replay->project;
    const struct experiment *experiment = task->variants->targeting->experiment;
    const struct option_texts *named = &task->options->metrics;
    size_t most = named->count + project->metric_count + 1;
    if (experiment)
        most += 1 + experiment->metric_count + experiment->guards.count;
    task->metrics = ARENA_ARRAY(&project->arena, struct judged_metric, most);
    task->outcomes.measures = ARENA_ARRAY(&project->arena, struct measure, most);
    task->outcomes.measure_logs = task->metric_logs = ARENA_ARRAY(&project->arena, uint32_t, most);
    for (size_t i = 0; i < named->count; i++) {
        const struct metric *metric = choose_metric(task->command, project, named->items[i]);
        if (!metric || !add_metric(task, metric, i == 0 ? ROLE_PRIMARY : ROLE_SECONDARY, NULL))
            return false;
    }
    if (named->count > 0)
        return true;
    if (experiment)
        return add_experiment(task, experiment);
    for (uint32_t i = 0; i < project->metric_count; i++) {
        uint32_t log;
        enum metric_bound bound = metric_traits(project->metrics[i])->bound;
        if (bound != BOUND_NONE && bound != BOUND_RATE &&
            task_log_of(project, project->metrics[i], &log) && task->reads[log] &&
            !add_metric(task, project->metrics[i], ROLE_SECONDARY, NULL))
            return false;
    }
    if (task->metric_count == 0)
        job_error(task->command, "no metric is computed from these logs");
    return task->metric_count > 0;
}

/* ------------------------------------------------------------------------------- preparation -- */

void task_lay_out(struct task *task)
{
    struct project *project = task->replay->project;
    struct exposures *exposures = &task->exposures;
    uint32_t logs = project->log_count;
    exposures->variants = task->variants;
    exposures->arms = &task->arms;
    exposures->log_count = logs;
    exposures->readers = ARENA_ARRAY(&project->arena, struct variant_reader, logs);
    exposures->keys = task->keys = ARENA_ARRAY(&project->arena, struct line_key, logs);
    exposures->layouts = task->replay->layouts;
}

/* What the flag is bucketed by: units are those that chance assigned. */
bool task_knows_unit(struct task *task, uint32_t log, const struct line_context *line)
{
    const struct layout *layout = &task->replay->layouts[log];
    const struct unit_key *bucket_by = task->variants->targeting->bucket_by;
    struct line_key *key = &task->keys[log];
    *key = line_key_of(line, layout, bucket_by);
    return key->whole ||
           (key->field != NO_PLACE && log_units(layout->log, bucket_by) == UNITS_ARE_BUCKETED);
}

void task_report_no_unit(const struct task *task, uint32_t log)
{
    const struct layout *layout = &task->replay->layouts[log];
    const struct unit_key *bucket_by = task->variants->targeting->bucket_by;
    const struct attribute *lacks = log_lacks(layout->log, bucket_by);
    job_error(task->command, "log '%s' does not say which unit a line is of",
              layout->log->name.text);
    print_help("the flag is bucketed by %s: say which field has it, as in 'context: {%s: FIELD}'",
               bucket_by->text, (lacks ? lacks : bucket_by->parts[0])->name.text);
}

/* Of several fields, the first stands for the unit. */
void task_settle_unit(struct task *task, uint32_t log)
{
    struct layout *layout = &task->replay->layouts[log];
    const struct line_key *key = &task->keys[log];
    if (key->field != NO_PLACE)
        layout->unit = key->field;
    else if (layout->unit == NO_PLACE)
        layout->unit = key->places[0];
    layout->hashes_units = true;
}

static bool settle_unit(struct task *task, uint32_t log, const struct line_context *line)
{
    bool known = task_knows_unit(task, log, line);
    if (known)
        task_settle_unit(task, log);
    else
        task_report_no_unit(task, log);
    return known;
}

/*
 * The logs whose lines expose units: those that name variants. Only if none does, those with a
 * context, which are evaluated again: of a log of orders, only who ordered would be in it.
 */
static bool find_telling_logs(struct task *task)
{
    const struct project *project = task->replay->project;
    bool *tells = ARENA_ARRAY(task->replay->texts, bool, project->log_count);
    bool named = false, any = false;
    for (uint32_t i = 0; i < project->log_count; i++)
        named |= task->reads[i] && project->logs[i]->variant;
    for (uint32_t i = 0; i < project->log_count; i++) {
        const struct log *log = project->logs[i];
        tells[i] = task->reads[i] && (named ? log->variant != NULL : log->context_count > 0);
        any |= tells[i];
    }
    task->exposures.tells = tells;
    if (any)
        return true;
    job_error(task->command, "no log that is given says who was served what");
    const struct log *exposures = NULL;
    for (uint32_t i = 0; i < project->log_count && !exposures; i++)
        exposures = project->logs[i]->variant ? project->logs[i] : NULL;
    if (exposures)
        print_help("log '%s' names variants: give its file as %s=FILE", exposures->name.text,
                   exposures->name.text);
    else
        print_help(
            "a log of exposures has 'flag' and 'variant'; one with 'context' is evaluated again");
    return false;
}

static bool prepare_log(struct task *task, uint32_t log)
{
    struct layout *layout = &task->replay->layouts[log];
    struct variant_reader *reader = &task->exposures.readers[log];
    struct line_context line = {0};
    if (task->exposures.tells[log])
        return variant_reader_prepare(reader, task->variants, layout) &&
               settle_unit(task, log, &reader->line);
    return line_context_prepare(&line, layout, NULL, 0) && settle_unit(task, log, &line);
}

bool task_prepare(struct task *task)
{
    struct project *project = task->replay->project;
    struct exposures *exposures = &task->exposures;
    const struct experiment *experiment = task->variants->targeting->experiment;
    task_lay_out(task);
    exposures->from = task->options->from;
    exposures->until = INT64_MIN;
    exposures->to = task->options->to - (task->options->to < INT64_MAX);
    if (!find_telling_logs(task))
        return false;
    for (uint32_t i = 0; i < project->log_count; i++)
        if (task->reads[i] && !prepare_log(task, i))
            return false;
    exposures->zone = experiment ? experiment->zone : NULL;
    if (!analyze_by_prepare(&task->options->by, task->options->show_private, task->replay,
                            exposures, &task->outcomes.keeps_ages))
        return false;
    const char *strata = task->options->stratify;
    if (!strata && experiment)
        strata = experiment->stratify.text;
    task->strata_field = strata ? analyze_by_stratify(strata, task->replay, exposures) : NO_FIELD;
    exposures_init(exposures);
    return task_choose_metrics(task);
}

/* --------------------------------------------------------------------------------------- end -- */

bool task_is_concluded(const struct task *task)
{
    const struct experiment *experiment = task->variants->targeting->experiment;
    return experiment && experiment->state == EXPERIMENT_CONCLUDED;
}

bool task_has_ended(const struct task *task, const struct trial_start *start)
{
    return task_is_concluded(task) && start->has_ended && start->end > task->exposures.from;
}
