/* build.c - `ffc build`: compiles definitions into snapshots. */
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/commands/change.h"
#include "compiler/model/model.h"
#include "compiler/ledger/actor.h"
#include "compiler/rollout/emergency.h"
#include "compiler/publish/left_out.h"
#include "compiler/publish/publications.h"
#include "compiler/rollout/recovery.h"
#include "level.h"
#include "replacement.h"
#include "compiler/commands/snapshot.h"

#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/files/seal.h"
#include "compiler/files/place.h"
#include "compiler/files/publish.h"
#include "compiler/project/project.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int run(int argc, char **argv);

const struct command build_command = {
    .name = "build",
    .summary = "compile definitions into snapshots",
    .usage = "-e ENV -o FILE | --all -o DIR",
    .examples = "  ffc build -e production -o /run/flags/production.ffs\n"
                "  ffc build --all -o build/flags --label commit=$(git rev-parse HEAD)\n"
                "  ffc build -e production -o production.ffs --sign release.key \\\n"
                "    --generation $(git rev-list --count HEAD)\n"
                "  ffc build -e staging -o - | ssh host 'cat >staging.ffs'\n",
    .run = run,
};

struct options {
    struct project_choice project;
    const char *environment;
    bool all;
    const char *output;
    struct option_texts labels, dropped;
    const char *generation;
    const char *level;
    const char *key;
    const char *archive;
    const char *actor;
    bool record;
    bool allow_sparse;
    bool json;
};

/* A snapshot to be written. */
struct result {
    const char *environment;
    struct buffer path;
    struct buffer bytes;
    struct published published;
};

static bool parse_labels(const struct option_texts *texts, struct label *labels)
{
    for (size_t i = 0; i < texts->count; i++) {
        const char *equals = strchr(texts->items[i], '=');
        if (!equals || equals == texts->items[i]) {
            usage_error(&build_command, "a label is KEY=VALUE, not '%s'", texts->items[i]);
            return false;
        }
        char *key = strndup(texts->items[i], (size_t)(equals - texts->items[i]));
        if (!key)
            abort();
        labels[i] = (struct label){key, equals + 1};
        for (size_t j = 0; j < i; j++)
            if (!strcmp(labels[j].key, key)) {
                usage_error(&build_command, "label '%s' is given twice", key);
                return false;
            }
    }
    return true;
}

static void print_results(const struct project *project, const struct result *results,
                          uint32_t count, bool json, struct buffer *out)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct result *result = &results[i];
        if (!json) {
            bool to_stdout = !strcmp(result->path.bytes, "-");
            terminal_format(out, "%s: build %s, %zu bytes, %u flag%s\n",
                            to_stdout ? "(stdout)" : result->path.bytes, result->published.build,
                            result->bytes.length, project->flag_count,
                            project->flag_count == 1 ? "" : "s");
            continue;
        }
        buffer_append_text(out, "{\"format_version\":1,\"environment\":");
        json_write_string(out, result->environment);
        field_text(out, "path", result->path.bytes);
        field_text(out, "build", result->published.build);
        buffer_format(out, ",\"size\":%zu,\"flags\":%u}\n", result->bytes.length,
                      project->flag_count);
    }
}

static bool write_snapshot(const struct result *result)
{
    if (!strcmp(result->path.bytes, "-"))
        return write_stdout(&build_command, &result->bytes);
    struct buffer error = {0};
    bool done = publish_file(result->path.bytes, result->bytes.bytes, result->bytes.length,
                             verify_snapshot, &error);
    if (!done)
        job_error(&build_command, "%s", error.bytes);
    buffer_release(&error);
    return done;
}

/* Runs before the first file is written: the existing files may belong to somebody else. */
static int judge_replaced(const struct project *project, const struct options *options,
                          const struct secret_key *key, const struct result *results,
                          uint32_t count)
{
    if (!strcmp(options->output, "-"))
        return EXIT_FINE;
    struct replaced_files files = {xcalloc(count + 1u, sizeof *files.paths), count};
    for (uint32_t i = 0; i < count; i++)
        files.paths[i] = results[i].path.bytes;
    int dropped = replacement_judge_dropped(&build_command, project, &files, &options->dropped);
    free(files.paths);
    int worst = dropped;
    for (uint32_t i = 0; i < count && dropped == EXIT_FINE; i++) {
        const struct replacement replacement = {
            &build_command,         results[i].path.bytes,     project,
            results[i].environment, options->key ? key : NULL, &options->dropped};
        int status = replacement_judge(&replacement);
        worst = status > worst ? status : worst;
    }
    return worst;
}

/* -------------------------------------------------------------------------------- the record -- */

struct keeping {
    const struct options *options;
    const struct project *project;
    struct ledger *ledger;
    struct arena arena;
    const char *archive; /* or NULL */
    const char *commit;  /* or NULL */
    const char *actor;
};

static void keeping_begin(struct keeping *keeping)
{
    const struct options *options = keeping->options;
    const struct project *project = keeping->project;
    if (!strcmp(options->output, "-"))
        return; /* nobody knows whether it is published */
    keeping->archive =
        options->archive ? options->archive : project_archive(project, &keeping->arena);
    if (keeping->archive || options->record)
        keeping->commit = published_commit(project->directory, &keeping->arena);
    if (options->record)
        keeping->actor = actor_name(options->actor, project->directory);
}

static void keeping_end(struct keeping *keeping)
{
    arena_release(&keeping->arena);
}

/* Before it is published, so that whatever was served is there to be looked at. */
static bool keep(struct keeping *keeping, struct result *result)
{
    struct buffer error = {0};
    const char *environment = result->published.environment;
    bool kept = !keeping->archive ||
                ((keeping->options->archive ||
                  project_archive_is_inside(keeping->project, environment, &error)) &&
                 archive_keep(keeping->archive, &result->published, &result->bytes, &error));
    if (!kept)
        job_error(&build_command, "not published, since it cannot be kept: %s", error.bytes);
    buffer_release(&error);
    return kept;
}

static bool note(struct keeping *keeping, struct result *result)
{
    struct buffer error = {0};
    result->published.time = clock_now();
    result->published.commit = keeping->commit;
    const char *path = result->path.bytes;
    bool noted =
        (!keeping->archive || archive_note(keeping->archive, &result->published, &error)) &&
        (!keeping->options->record ||
         published_record(keeping->ledger, &result->published, path, keeping->actor, &error));
    if (!noted) {
        job_error(&build_command, "'%s' is published, but not recorded: %s", path, error.bytes);
        print_help("build again once that is mended: it is recorded then");
    }
    buffer_release(&error);
    return noted;
}

static int publish(const struct project *project, const struct options *options,
                   const struct secret_key *key, struct ledger *ledger, struct result *results,
                   uint32_t count)
{
    int status = judge_replaced(project, options, key, results, count);
    if (status != EXIT_FINE)
        return status;
    struct buffer error = {0};
    if (options->all && !make_folders(options->output, &error)) {
        status = job_error(&build_command, "%s", error.bytes);
        buffer_release(&error);
        return status;
    }
    struct keeping keeping = {.options = options, .project = project, .ledger = ledger};
    keeping_begin(&keeping);
    for (uint32_t i = 0; i < count && status == EXIT_FINE; i++)
        if (!keep(&keeping, &results[i]) || !write_snapshot(&results[i]) ||
            !note(&keeping, &results[i]))
            status = EXIT_JOB;
    keeping_end(&keeping);
    if (status != EXIT_FINE)
        return status;

    struct buffer text = {0};
    bool to_stdout = !strcmp(options->output, "-");
    print_results(project, results, count, options->json, &text);
    if (to_stdout)
        print_lines(&text);
    else if (!write_stdout(&build_command, &text))
        status = EXIT_JOB;
    buffer_release(&text);
    return status;
}

#define MOST_TRIES 100
#define STALE      (-1) /* not an exit status: the definitions must be read again */

/*
 * A build must not replace an emergency that was published meanwhile. Both take the project's lock;
 * a directory that cannot be locked goes without.
 */
static int publish_current(const struct project *project, const struct options *options,
                           const struct secret_key *key, struct result *results, uint32_t count)
{
    struct ledger ledger = {.lock = -1};
    struct buffer ignored = {0};
    bool locked = ledger_lock(&ledger, project->directory, &ignored);
    bool current = overrides_are_current(project);
    int status = !locked && options->record
                     ? job_error(&build_command, "--record needs the ledger: %s", ignored.bytes)
                 : current ? publish(project, options, key, &ledger, results, count)
                           : STALE;
    ledger_unlock(&ledger);
    buffer_release(&ignored);
    return status;
}

/* Derived from the options, once. */
struct stamp {
    struct label *labels;
    uint64_t generation;
    unsigned level;
    struct secret_key key;
};

static void seal(const struct options *options, const struct stamp *stamp, struct result *result)
{
    seal_generation(&result->bytes, stamp->generation);
    if (options->key)
        seal_sign(&result->bytes, &stamp->key);
}

/* Whether the intended readers know everything that the flags use. */
static bool fits_level(struct project *project, const struct stamp *stamp,
                       const struct result *result)
{
    struct buffer problem = {0};
    bool fits = fits_features(project, &result->bytes, level_features(stamp->level), &problem);
    if (!fits) {
        print_lines(&problem);
        print_help("readers of format level %u do not support that: leave it out, or raise "
                   "--format-level once all readers are newer",
                   stamp->level);
    }
    buffer_release(&problem);
    return fits;
}

/* Compiles everything before touching the first file. */
static int build(struct project *project, const struct options *options, const struct stamp *stamp,
                 struct result *results, uint32_t first, uint32_t count)
{
    bool fits = true;
    for (uint32_t i = 0; i < count; i++) {
        struct result *result = &results[i];
        result->environment = project->environments.items[first + i].text;
        if (!project_compile(project, result->environment, stamp->labels, options->labels.count,
                             &result->bytes))
            continue;
        fits &= fits_level(project, stamp, result);
        seal(options, stamp, result);
        published_identify(&result->published, &result->bytes);
        result->published.environment = result->environment;
        if (options->all)
            buffer_format(&result->path, "%s/%s.ffs", options->output, result->environment);
        else
            buffer_append_text(&result->path, options->output);
    }
    show_diagnostics(project, options->project.format, options->project.color);
    return project->diagnostics.errors || !fits
               ? EXIT_INPUT
               : publish_current(project, options, &stamp->key, results, count);
}

static int load_and_build_once(const struct options *options, const struct stamp *stamp)
{
    struct project *project = project_load(options->project.directory, clock_now());
    int status = require_sound(project, &options->project);
    if (status != EXIT_FINE) {
        project_free(project);
        return status;
    }
    uint32_t first = 0, count = project->environments.count;
    if (!options->all) {
        first = choose_environment(&build_command, project, options->environment);
        count = 1;
    }
    if (first == UINT32_MAX) {
        status = EXIT_JOB;
    } else {
        struct result *results = xcalloc(count + 1u, sizeof *results);
        status = build(project, options, stamp, results, first, count);
        for (uint32_t i = 0; i < count; i++) {
            buffer_release(&results[i].bytes);
            buffer_release(&results[i].path);
        }
        free(results);
    }
    project_free(project);
    return status;
}

/* A flag whose file is not there is not built, and services would answer their defaults for it. */
static int judge_sparse(const char *place)
{
    uint32_t count = definitions_left_out(place);
    if (count == 0)
        return EXIT_FINE;
    int status = job_error(&build_command,
                           "%u file%s of definitions %s not in this sparse checkout, so %s flags "
                           "would be in no snapshot",
                           count, count == 1 ? "" : "s", count == 1 ? "is" : "are",
                           count == 1 ? "its" : "their");
    print_help("git sparse-checkout disable; or --allow-sparse to build without them");
    return status;
}

/* First recovers a run that was killed: it may have published an emergency that the definitions do
 * not have yet. */
static int load_and_build(const struct options *options, const struct stamp *stamp)
{
    char *place = project_place(options->project.directory);
    struct buffer error = {0};
    int status = EXIT_FINE;
    if (!recover_before_reading(place, &error)) {
        status = job_error(&build_command, "%s", error.bytes);
        print_help("it may be an emergency that a build would undo: fix this first");
    }
    if (status == EXIT_FINE && !options->allow_sparse)
        status = judge_sparse(place);
    for (int i = 0; i < MOST_TRIES && status == EXIT_FINE; i++) {
        status = load_and_build_once(options, stamp);
        if (status != STALE)
            break;
        status = i + 1 < MOST_TRIES ? EXIT_FINE : EXIT_JOB;
    }
    buffer_release(&error);
    free(place);
    return status;
}

static bool parse_generation(const char *text, uint64_t *generation)
{
    size_t digits = strspn(text, "0123456789");
    errno = 0;
    *generation = strtoull(text, NULL, 10);
    if (digits > 0 && !text[digits] && errno == 0 && *generation > 0)
        return true;
    usage_error(&build_command, "a generation is a number from 1 to 2^64 - 1, not '%s'", text);
    return false;
}

static bool parse_level(const char *text, unsigned *level)
{
    char *end;
    errno = 0;
    unsigned long given = strtoul(text, &end, 10);
    *level = (unsigned)given;
    if (strspn(text, "0123456789") > 0 && !*end && errno == 0 && given >= 1 &&
        given <= NEWEST_LEVEL)
        return true;
    usage_error(&build_command, "a format level is a number from 1 to %u, not '%s'", NEWEST_LEVEL,
                text);
    return false;
}

/* Asks for the password before building anything, so that nothing waits for it later. */
static bool read_stamp(const struct options *options, struct stamp *stamp)
{
    if (!parse_labels(&options->labels, stamp->labels) ||
        (options->generation && !parse_generation(options->generation, &stamp->generation)) ||
        (options->level && !parse_level(options->level, &stamp->level)))
        return false;
    struct buffer error = {0};
    bool done = !options->key || secret_key_read(options->key, &stamp->key, &error);
    if (!done)
        job_error(&build_command, "%s", error.bytes);
    buffer_release(&error);
    return done;
}

static int check_usage(const struct options *options, int operands, char **argv)
{
    if (operands)
        return usage_error(&build_command, "unexpected argument '%s'", argv[1]);
    if (options->all && options->environment)
        return usage_error(&build_command, "--all and -e exclude each other");
    if (!options->output)
        return usage_error(&build_command, "where to? Give -o with a %s",
                           options->all ? "directory" : "file, or - for stdout");
    if (!strcmp(options->output, "-") && options->all)
        return usage_error(&build_command, "--all writes several files: give -o with a directory");
    if (options->actor && !options->record)
        return usage_error(&build_command, "--actor is whom --record names: give both");
    if (!strcmp(options->output, "-") && (options->archive || options->record))
        return usage_error(&build_command,
                           "-o - publishes nothing that --archive or --record could note");
    if (!strcmp(options->output, "-") && options->dropped.count)
        return usage_error(&build_command,
                           "--drop-override is about the file that is replaced, and "
                           "-o - replaces none");
    if (!strcmp(options->output, "-") && isatty(STDOUT_FILENO))
        return usage_error(&build_command, "a snapshot is binary: not written to a terminal");
    return EXIT_FINE;
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    const struct option table[] = {
        DIRECTORY_OPTION(options.project.directory),
        ENVIRONMENT_OPTION(options.environment, "compile for this environment"),
        {"all", 0, OPTION_FLAG, &options.all, NULL,
         "compile for every environment, as DIR/ENV.ffs; makes DIR"},
        OUTPUT_OPTION(options.output, "the file, or - for stdout"),
        {"label", 0, OPTION_TEXTS, &options.labels, "K=V", "store a label in the snapshot"},
        {"generation", 0, OPTION_TEXT, &options.generation, "N",
         "store an increasing number, for readers that refuse older builds"},
        {"format-level", 0, OPTION_TEXT, &options.level, "N",
         "refuse flags that readers of this level do not support [the newest]"},
        {"drop-override", 0, OPTION_TEXTS, &options.dropped, "ID",
         "drop this override, which only the file being replaced has"},
        {"allow-sparse", 0, OPTION_FLAG, &options.allow_sparse, NULL,
         "build without definitions that a sparse checkout leaves out"},
        SIGN_OPTION(options.key, ""),
        {"archive", 0, OPTION_TEXT, &options.archive, "DIR",
         "keep the snapshot, and when it was published, in DIR/ENV [project.archive]"},
        {"record", 0, OPTION_FLAG, &options.record, NULL,
         "add an entry to the ledger that says when it was published"},
        ACTOR_OPTIONS(options.actor),
        JSON_OPTION(options.json, "print what was built as JSON, one line each"),
        DIAGNOSTICS_OPTIONS(options.project),
    };
    int status;
    int operands =
        options_parse(&build_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    status = check_usage(&options, operands, argv);
    if (status != EXIT_FINE)
        return status;

    struct stamp stamp = {.labels = xcalloc(options.labels.count + 1, sizeof *stamp.labels),
                          .level = NEWEST_LEVEL};
    status = read_stamp(&options, &stamp) ? load_and_build(&options, &stamp) : EXIT_JOB;
    secret_key_forget(&stamp.key);
    for (size_t i = 0; i < options.labels.count; i++)
        free((void *)(uintptr_t)stamp.labels[i].key);
    free(stamp.labels);
    return status;
}
