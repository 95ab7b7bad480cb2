/* eval.c - `ffc eval`: evaluates flags, from definitions or from a snapshot. */
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/file.h"
#include "compiler/base/arena.h"
#include "answer.h"
#include "compiler/model/model.h"
#include "compiler/rollout/recovery.h"
#include "commands.h"
#include "context.h"

#include "compiler/base/json.h"
#include "compiler/project/project.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int run(int argc, char **argv);

const struct command eval_command = {
    .name = "eval",
    .summary = "evaluate flags for a context",
    .usage = "FLAG… [-e ENV | -s FILE] -c JSON | --all …",
    .examples = "  ffc eval feature.new-dashboard -e production -c '{\"user_id\": \"u1\"}'\n"
                "  ffc eval --all -s /run/flags/production.ffs -c - <who.json\n"
                "  ffc eval canary.payments -e production --contexts users.ndjson --json\n",
    .run = run,
};

struct options {
    struct project_choice project;
    const char *environment;
    const char *snapshot;
    const char *context;
    const char *contexts;
    struct option_texts previous;
    bool all;
    bool json;
    int64_t at;
};

struct evaluation {
    const struct options *options;
    struct project *project; /* or NULL */
    struct snapshot snapshot;
    struct context_reader reader;
    struct arena arena;
    struct previous_variants previous;
    const char **flags;
    size_t flag_count;
    bool erred;
};

/* ----------------------------------------------------------------------------------- results -- */

static void write_json(const struct evaluation *evaluation, const char *flag, size_t line,
                       const fflag_result *result, struct buffer *out)
{
    buffer_append_text(out, "{\"format_version\":1,\"flag\":");
    json_write_string(out, flag);
    field_text(out, "environment", evaluation->snapshot.info.environment);
    write_answer_keys(result, out);
    write_answer_metadata(result, out);
    if (line)
        terminal_format(out, ",\"line\":%zu", line);
    buffer_append_text(out, "}\n");
}

static void write_text(const char *flag, size_t line, const fflag_result *result,
                       struct buffer *out)
{
    if (line)
        terminal_format(out, "%zu: ", line);
    terminal_format(out, "%s = ", flag);
    if (result->error) {
        terminal_format(out, "(ERROR, %s)\n", fflag_error_code(result->error));
        return;
    }
    write_answer_value(result, out);
    buffer_append_text(out, "  (");
    if (result->variant)
        terminal_format(out, "variant %s, ", result->variant);
    buffer_append_text(out, fflag_reason_text(result->reason));
    if (result->rule)
        terminal_format(out, ", %s", result->rule);
    buffer_append_text(out, ")\n");
}

/* ----------------------------------------------------------------------------------- context -- */

/* `where` locates the context in messages. */
static bool evaluate(struct evaluation *evaluation, json_t *object, const char *where, size_t line)
{
    struct arena arena = {0};
    struct buffer warnings = {0}, problem = {0}, out = {0};
    fflag_context context;
    fflag_context_init(&context);
    if (evaluation->options->at != INT64_MIN)
        fflag_set_now(&context, evaluation->options->at);

    bool fine = read_context(&evaluation->reader, object, &arena, &context, &warnings, &problem);
    bool known =
        set_previous(&eval_command, &evaluation->snapshot, &evaluation->previous, &arena, &context);
    write_warnings(where, &warnings);
    if (!fine)
        job_error(&eval_command, "%s: %s", where, problem.bytes);
    fine &= known;
    for (size_t i = 0; fine && i < evaluation->flag_count; i++) {
        fflag_result result =
            fflag_evaluate_name(evaluation->snapshot.view, evaluation->flags[i], &context);
        evaluation->erred |= result.error != FFLAG_OK;
        if (evaluation->options->json)
            write_json(evaluation, evaluation->flags[i], line, &result, &out);
        else
            write_text(evaluation->flags[i], line, &result, &out);
    }
    if (out.length)
        fwrite(out.bytes, 1, out.length, stdout);
    buffer_release(&out);
    buffer_release(&problem);
    buffer_release(&warnings);
    arena_release(&arena);
    return fine;
}

static int evaluate_one(struct evaluation *evaluation)
{
    const char *where;
    int status;
    json_t *object = load_context(&eval_command, evaluation->options->context, &where, &status);
    if (object && evaluate(evaluation, object, where, 0))
        status = evaluation->erred ? EXIT_INPUT : EXIT_FINE;
    json_decref(object);
    return status;
}

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t\r\n")] == '\0';
}

static int evaluate_lines(struct evaluation *evaluation)
{
    const char *path = evaluation->options->contexts;
    const char *why;
    FILE *file = open_stream_to_read(path, &why);
    if (!file)
        return job_error(&eval_command, "cannot read '%s': %s", path, why);
    if (file == stdin)
        path = "(stdin)";

    struct buffer line = {0};
    bool bad = false;
    size_t number = 1;
    for (; context_line(file, &line); number++) {
        if (is_blank(line.bytes))
            continue;
        struct buffer where = {0};
        terminal_format(&where, "%s:%zu", path, number);
        json_t *object = parse_context(&eval_command, line.bytes, line.length, where.bytes);
        bad |= !object || !evaluate(evaluation, object, where.bytes, number);
        json_decref(object);
        buffer_release(&where);
    }
    int error = errno;
    int status = bad || evaluation->erred ? EXIT_INPUT : EXIT_FINE;
    if (error == EFBIG)
        status = job_error(&eval_command, "%s:%zu: a line of more than %u MiB", path, number,
                           MAX_CONTEXT >> 20);
    else if (ferror(file))
        status = job_error(&eval_command, "cannot read '%s': %s", path, strerror(error));
    buffer_release(&line);
    if (file != stdin)
        fclose(file);
    return status;
}

/* ------------------------------------------------------------------------------------- flags -- */

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static const char **all_flags(const struct snapshot *snapshot)
{
    const char **names = xcalloc(snapshot->info.flags + 1u, sizeof *names);
    for (uint32_t i = 0; i < snapshot->info.flags; i++)
        names[i] = fflag_view_flag(snapshot->view, i, NULL);
    qsort(names, snapshot->info.flags, sizeof *names, compare_names);
    return names;
}

/* A misspelt flag has its own error in the results; this only suggests what may have been meant. */
static void suggest_flags(const struct evaluation *evaluation)
{
    const char **names = all_flags(&evaluation->snapshot);
    for (size_t i = 0; i < evaluation->flag_count; i++) {
        const char *flag = evaluation->flags[i];
        uint32_t count = evaluation->snapshot.info.flags;
        if (bsearch(&flag, names, count, sizeof *names, compare_names))
            continue;
        report_unknown(&eval_command, "flag", flag, names, count);
    }
    free(names);
}

static int evaluate_flags(struct evaluation *evaluation, char **flags, size_t count)
{
    if (evaluation->options->all) {
        evaluation->flag_count = evaluation->snapshot.info.flags;
        evaluation->flags = all_flags(&evaluation->snapshot);
    } else {
        evaluation->flag_count = count;
        evaluation->flags = xcalloc(count + 1, sizeof *evaluation->flags);
        for (size_t i = 0; i < count; i++)
            evaluation->flags[i] = flags[i];
        suggest_flags(evaluation);
    }
    context_reader_init(&evaluation->reader, evaluation->project, &evaluation->snapshot);
    int status =
        evaluation->options->contexts ? evaluate_lines(evaluation) : evaluate_one(evaluation);
    if (fflush(stdout) != 0 || ferror(stdout))
        status = job_error(&eval_command, "cannot write to stdout: %s", strerror(errno));
    context_reader_release(&evaluation->reader);
    free(evaluation->flags);
    return status;
}

/* ---------------------------------------------------------------------------------- snapshot -- */

static int open_file(struct evaluation *evaluation)
{
    struct buffer problem = {0};
    enum fflag_error error =
        snapshot_open(&evaluation->snapshot, evaluation->options->snapshot, &problem);
    int status =
        error ? job_error(&eval_command, "%s: %s", evaluation->options->snapshot, problem.bytes)
              : EXIT_FINE;
    buffer_release(&problem);
    return is_unsound(error) ? EXIT_INPUT : status;
}

static int compile(struct evaluation *evaluation)
{
    const struct options *options = evaluation->options;
    struct project *project = project_load(options->project.directory, clock_now());
    evaluation->project = project;
    note_aside(project->directory);
    int status = require_sound(project, &options->project);
    if (status != EXIT_FINE)
        return status;
    uint32_t environment = choose_environment(&eval_command, project, options->environment);
    if (environment == UINT32_MAX)
        return EXIT_JOB;
    return compile_snapshot(&eval_command, project, environment, &options->project,
                            &evaluation->snapshot);
}

static int check_usage(const struct options *options, int flags)
{
    if (flags == 0 && !options->all)
        return usage_error(&eval_command, "which flags? Name them, or give --all");
    if (flags > 0 && options->all)
        return usage_error(&eval_command, "--all and names of flags exclude each other");
    if (options->snapshot && (options->environment || options->project.directory))
        return usage_error(&eval_command, "-s is one environment already: leave out -C and -e");
    if (!options->context == !options->contexts)
        return usage_error(
            &eval_command,
            "for whom? Give -c with a JSON object, or --contexts with a file of them");
    const char *contexts = options->context ? options->context : options->contexts;
    if (options->snapshot && !strcmp(options->snapshot, "-") && !strcmp(contexts, "-"))
        return usage_error(&eval_command, "the snapshot and the context cannot both be stdin");
    return EXIT_FINE;
}

static int run(int argc, char **argv)
{
    struct options options = {.at = INT64_MIN};
    const struct option table[] = {
        DIRECTORY_OPTION(options.project.directory),
        ENVIRONMENT_OPTION(options.environment, "evaluate as compiled for this environment"),
        SNAPSHOT_OPTION(options.snapshot, "evaluate a snapshot instead, or - for stdin"),
        CONTEXT_OPTION(options.context),
        {"contexts", 0, OPTION_TEXT, &options.contexts, "FILE",
         "one context per line, or - for stdin; one result per line"},
        {"all", 0, OPTION_FLAG, &options.all, NULL, "every flag, sorted by name"},
        AT_OPTION(options.at, "the clock [now]"),
        PREVIOUS_OPTION(options.previous),
        JSON_OPTION(options.json, "one JSON object per line"),
        DIAGNOSTICS_OPTIONS(options.project),
    };
    int status;
    int flags =
        options_parse(&eval_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (flags < 0)
        return status;
    status = check_usage(&options, flags);
    if (status != EXIT_FINE)
        return status;

    struct evaluation evaluation = {.options = &options};
    status = EXIT_JOB;
    if (parse_previous(&eval_command, &options.previous, &evaluation.arena, &evaluation.previous))
        status = options.snapshot ? open_file(&evaluation) : compile(&evaluation);
    if (status == EXIT_FINE)
        status = evaluate_flags(&evaluation, argv + 1, (size_t)flags);
    snapshot_close(&evaluation.snapshot);
    if (evaluation.project)
        project_free(evaluation.project);
    arena_release(&evaluation.arena);
    return status;
}
