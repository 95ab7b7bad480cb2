/* trace.c - `ffc trace`: how a flag's answer comes about. */
#include "trace.h"

#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/model/model.h"
#include "compiler/rollout/recovery.h"
#include "compiler/commands/commands.h"
#include "compiler/commands/what_if.h"
#include "compiler/project/project.h"

static int run(int argc, char **argv);

const struct command trace_command = {
    .name = "trace",
    .summary = "explain a flag's answer, step by step",
    .usage = "FLAG -c JSON [-e ENV | -s FILE] [-C DIR] [--at TIME] [--stage STAGE] [--json]",
    .examples =
        "  ffc trace feature.new-dashboard -e production -c '{\"user_id\": \"u1\"}'\n"
        "  ffc trace canary.payments -s /run/flags/production.ffs -c - <who.json\n"
        "  ffc trace canary.payments -e production --stage half -c '{\"user_id\": \"u1\"}'\n"
        "  ffc trace gradual-rollout -e production -c '{}' --at 2026-12-05T00:00:00Z\n",
    .run = run,
};

#define STATE_WORD(member, word) word,
static const char *const state_words[] = {CANARY_STATES(STATE_WORD) EXPERIMENT_STATES(STATE_WORD)
                                              NULL};

struct options {
    struct project_choice project;
    const char *environment;
    const char *snapshot;
    const char *context;
    struct option_word state;
    const char *stage;
    struct option_texts previous;
    bool json;
    bool show_private;
    int64_t at;
};

/* ----------------------------------------------------------------------------------- answers -- */

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static void write_head(struct tracer *tracer, const struct options *options, const char *flag,
                       struct buffer *out)
{
    const char *name;
    json_t *value;
    char now[32];
    format_time(tracer->now, now, sizeof now);
    terminal_format(out, "%s in %s at %s", flag,
                    tracer->project->environments.items[tracer->environment].text, now);
    const char *separator = "\n  for ";
    json_object_foreach(tracer->context, name, value)
    {
        buffer_append_text(out, separator);
        terminal_append(out, name);
        buffer_append(out, " ", 1);
        terminal_append(out, context_text(tracer, name));
        separator = ", ";
    }
    for (size_t i = 0; i < tracer->previous->count; i++)
        terminal_format(out, "\n  who had %s of %s", tracer->previous->items[i].variant,
                        tracer->previous->items[i].flag);
    if (options->state.text)
        terminal_format(out, "\n  assuming state %s", options->state.text);
    if (options->stage)
        terminal_format(out, "\n  assuming stage %s", options->stage);
    buffer_append_text(out, "\n\n");
}

static void write_text(struct tracer *tracer, const struct options *options,
                       const struct flag *flag, const struct step *steps,
                       const fflag_result *result, struct buffer *out)
{
    bool color = use_color(options->project.color, stdout);
    write_head(tracer, options, flag->name.text, out);
    write_steps_text(tracer, steps, color, out);
    terminal_format(out, "\n%s = ", flag->name.text);
    write_answer_value(result, out);
    buffer_append_text(out, "  (");
    if (result->variant)
        terminal_format(out, "variant %s, ", result->variant);
    terminal_format(out, "%s%s%s)\n", fflag_reason_text(result->reason), result->rule ? ", " : "",
                    result->rule ? result->rule : "");
}

static void write_json(struct tracer *tracer, const struct flag *flag, const struct step *steps,
                       const fflag_result *result, struct buffer *out)
{
    char now[32];
    format_time(tracer->now, now, sizeof now);
    buffer_append_text(out, "{\"format_version\":1,\"flag\":");
    json_write_string(out, flag->name.text);
    field_text(out, "environment", tracer->project->environments.items[tracer->environment].text);
    field_text(out, "at", now);
    json_write_key(out, "steps");
    write_steps_json(tracer, steps, out);
    write_answer_keys(result, out);
    write_answer_metadata(result, out);
    buffer_append_text(out, "}\n");
}

/* Warns about oddities in the context, as `ffc eval` does, and flattens it. */
static bool evaluate(struct tracer *tracer, const struct snapshot *snapshot, const char *flag,
                     const char *where, fflag_result *result)
{
    struct context_reader reader;
    struct buffer warnings = {0}, problem = {0};
    fflag_context context;
    context_reader_init(&reader, tracer->project, snapshot);
    fflag_context_init(&context);
    fflag_set_now(&context, tracer->now);
    bool fine =
        read_context(&reader, tracer->context, &tracer->arena, &context, &warnings, &problem);
    write_warnings(where, &warnings);
    bool known = set_previous(&trace_command, snapshot, tracer->previous, &tracer->arena, &context);
    if (fine && known)
        *result = fflag_evaluate_name(snapshot->view, flag, &context);
    else if (!fine)
        job_error(&trace_command, "%s: %s", where, problem.bytes);
    json_t *given = tracer->context;
    tracer->context = flat_context(&reader);
    json_decref(given);
    context_reader_release(&reader);
    buffer_release(&warnings);
    buffer_release(&problem);
    return fine && known;
}

static int trace(struct tracer *tracer, const struct options *options,
                 const struct snapshot *snapshot, const struct flag *flag, const char *where)
{
    fflag_result result;
    struct answer answer;
    if (!evaluate(tracer, snapshot, flag->name.text, where, &result))
        return EXIT_INPUT;
    const struct step *steps = trace_flag(tracer, flag, &answer);
    uint32_t served = served_variant(&flag->environments[tracer->environment], &result);
    if (result.error || answer.variant != served || answer.reason != result.reason ||
        !same_text(answer.rule, result.rule))
        return job_error(&trace_command,
                         "the steps lead to variant %u, %s, and the evaluation to variant %u, %s: "
                         "this is a defect of ffc",
                         answer.variant, fflag_reason_text(answer.reason), served,
                         fflag_reason_text(result.reason));
    struct buffer out = {0};
    if (options->json)
        write_json(tracer, flag, steps, &result, &out);
    else
        write_text(tracer, options, flag, steps, &result, &out);
    int status = write_stdout(&trace_command, &out) ? EXIT_FINE : EXIT_JOB;
    buffer_release(&out);
    return status;
}

/* ---------------------------------------------------------------------------------- snapshot -- */

static bool same_section(const struct snapshot *left, const struct snapshot *right, uint32_t id)
{
    size_t left_size, right_size;
    const void *a = snapshot_section(left, id, &left_size);
    const void *b = snapshot_section(right, id, &right_size);
    return left_size == right_size && (!left_size || !memcmp(a, b, left_size));
}

/* Whether two snapshots give the same answers: all sections except those for people are equal. */
static bool same_answers(const struct snapshot *left, const struct snapshot *right)
{
    const struct ffs_header *header = snapshot_header(left);
    const struct ffs_section *sections = (const struct ffs_section *)(header + 1);
    if (header->section_count != snapshot_header(right)->section_count)
        return false;
    for (uint32_t i = 0; i < header->section_count; i++)
        if (sections[i].id < FFS_PEOPLE && !same_section(left, right, sections[i].id))
            return false;
    return true;
}

/* A snapshot has instructions, not conditions as written: tracing needs the definitions, and they
 * must be those it was built from. */
static int check_same(const struct tracer *tracer, const struct options *options,
                      const struct snapshot *given, const struct snapshot *compiled)
{
    if (same_answers(given, compiled))
        return EXIT_FINE;
    return job_error(&trace_command,
                     "'%s' was not built from '%s' as it is now, so its steps cannot be shown; "
                     "check out the version it was built from, name it with -C, or leave out -s",
                     options->snapshot, tracer->project->directory);
}

static int open_given(const struct options *options, struct snapshot *given)
{
    struct buffer problem = {0};
    enum fflag_error error = snapshot_open(given, options->snapshot, &problem);
    int status =
        error ? job_error(&trace_command, "%s: %s", options->snapshot, problem.bytes) : EXIT_FINE;
    buffer_release(&problem);
    return is_unsound(error) ? EXIT_INPUT : status;
}

/* ----------------------------------------------------------------------------------- command -- */

/* From here on, the flag is as assumed in this project. */
static const struct flag *trace_what_if(struct tracer *tracer, const struct options *options,
                                        const struct flag *flag)
{
    struct what_if what_if;
    if (!parse_what_if(&trace_command, flag, tracer->environment, options->state.text,
                       options->stage, &what_if))
        return NULL;
    struct project *copy = ARENA_NEW(&tracer->arena, struct project);
    *copy = *tracer->project;
    copy->flags = ARENA_ARRAY(&tracer->arena, struct flag *, copy->flag_count);
    memcpy(copy->flags, tracer->project->flags, copy->flag_count * sizeof *copy->flags);
    struct flag *changed = what_if_flag(&tracer->arena, copy, flag, tracer->environment, &what_if);
    copy->flags[flag->index] = changed;
    tracer->project = copy;
    return changed;
}

static int trace_project(struct tracer *tracer, const struct options *options, const char *name,
                         struct snapshot *given, struct snapshot *compiled)
{
    struct project *project = tracer->project;
    if (options->snapshot && !options->project.directory &&
        diagnostics_status(&project->diagnostics) == EXIT_JOB)
        return job_error(&trace_command,
                         "a snapshot has no definitions, and there are none in '%s': name the "
                         "project that it was built from with -C",
                         project->directory);
    int status = require_sound(project, &options->project);
    if (status != EXIT_FINE)
        return status;
    const char *environment = options->environment;
    if (options->snapshot) {
        status = open_given(options, given);
        if (status != EXIT_FINE)
            return status;
        environment = given->info.environment;
    }
    tracer->environment = choose_environment(&trace_command, project, environment);
    if (tracer->environment == UINT32_MAX)
        return EXIT_JOB;
    const struct flag *flag = choose_flag(&trace_command, project, name);
    if (!flag)
        return EXIT_INPUT;
    if (options->state.text || options->stage)
        flag = trace_what_if(tracer, options, flag);
    if (!flag)
        return EXIT_JOB;
    status = compile_snapshot(&trace_command, tracer->project, tracer->environment,
                              &options->project, compiled);
    if (status == EXIT_FINE && options->snapshot)
        status = check_same(tracer, options, given, compiled);
    const char *where;
    if (status == EXIT_FINE)
        tracer->context = load_context(&trace_command, options->context, &where, &status);
    if (!tracer->context)
        return status;
    tracer->answers = ARENA_ARRAY(&tracer->arena, struct answer *, project->flag_count);
    return trace(tracer, options, compiled, flag, where);
}

static int run(int argc, char **argv)
{
    struct options options = {.state = {NULL, state_words}, .at = INT64_MIN};
    const struct option table[] = {
        DIRECTORY_OPTION(options.project.directory),
        ENVIRONMENT_OPTION(options.environment, "as compiled for this environment"),
        SNAPSHOT_OPTION(options.snapshot, "require that the project compiles to this snapshot"),
        CONTEXT_OPTION(options.context),
        AT_OPTION(options.at, "the clock [now]"),
        PREVIOUS_OPTION(options.previous),
        {"state", 0, OPTION_WORD, &options.state, "STATE",
         "assume the flag's canary or experiment is in this state"},
        {"stage", 0, OPTION_TEXT, &options.stage, "STAGE",
         "assume the canary is running in this stage"},
        SHOW_PRIVATE_OPTION(options.show_private),
        JSON_OPTION(options.json, "one JSON object"),
        DIAGNOSTICS_OPTIONS(options.project),
    };
    int status;
    int flags =
        options_parse(&trace_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (flags < 0)
        return status;
    if (flags != 1)
        return usage_error(&trace_command, flags ? "one flag at a time" : "which flag? Name it");
    if (!options.context)
        return usage_error(&trace_command, "for whom? Give -c with a JSON object");
    if (options.snapshot && options.environment)
        return usage_error(&trace_command, "-s is one environment already: leave out -e");
    if (options.snapshot && (options.state.text || options.stage))
        return usage_error(&trace_command, "-s fixes the state: leave out --state and --stage");
    if (options.snapshot && !strcmp(options.snapshot, "-") && !strcmp(options.context, "-"))
        return usage_error(&trace_command, "the snapshot and the context cannot both be stdin");

    struct tracer tracer = {.now = options.at != INT64_MIN ? options.at : clock_now(),
                            .show_private = options.show_private};
    struct previous_variants previous;
    tracer.previous = &previous;
    if (!parse_previous(&trace_command, &options.previous, &tracer.arena, &previous)) {
        arena_release(&tracer.arena);
        return EXIT_JOB;
    }
    struct snapshot given = {0}, compiled = {0};
    struct project *project = project_load(options.project.directory, clock_now());
    tracer.project = project;
    if (!options.snapshot)
        note_aside(project->directory);
    status = trace_project(&tracer, &options, argv[1], &given, &compiled);
    json_decref(tracer.context);
    snapshot_close(&given);
    snapshot_close(&compiled);
    project_free(project);
    arena_release(&tracer.arena);
    return status;
}
