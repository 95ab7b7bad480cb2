/*
 * gen.c - `ffc gen LANGUAGE`: accessors for flags and attributes in a language, so that a misspelt
 * name, or a flag that was removed, does not compile.
 *
 * What is written depends on names, types, defaults and descriptions alone, and never on a
 * rollout's state: the same definitions give the same bytes. Only a flag that has expired is
 * marked.
 */
#include "gen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/escape.h"
#include "compiler/base/file.h"
#include "compiler/base/match.h"
#include "compiler/base/words.h"
#include "compiler/files/publish.h"
#include "compiler/commands/commands.h"

#define MOST_OF_A_FILE ((size_t)256 << 20)
#define SHOWN_BEFORE   1u /* lines of a difference that are alike */

struct gen_options {
    struct project_choice project;
    const char *prefix, *package, *namespace, *class, *output; /* NULL: not given */
    struct option_texts renames;
    bool check, native;
    int64_t at;
    const struct idiom *idiom;
    char **globs;
    int glob_count;
};

/* ------------------------------------------------------------------------------------- check -- */

struct text_line {
    const char *at;
    size_t length;
};

/* The line at an offset, and where the next one begins. */
static struct text_line line_at(const struct buffer *text, size_t offset)
{
    const char *at = text->bytes + offset;
    const char *end = memchr(at, '\n', text->length - offset);
    return (struct text_line){at, end ? (size_t)(end - at) : text->length - offset};
}

static void print_sided(char side, const struct buffer *text, size_t offset)
{
    if (offset >= text->length) {
        print_line("%c (the end of the file)", side);
        return;
    }
    const struct text_line line = line_at(text, offset);
    print_line("%c %.*s", side, (int)(line.length < 200 ? line.length : 200), line.at);
}

/* The first line that differs, on both sides. */
static void show_difference(const char *path, const struct buffer *is, const struct buffer *wanted)
{
    size_t begin = 0, number = 1;
    for (size_t i = 0; i < is->length && i < wanted->length && is->bytes[i] == wanted->bytes[i];
         i++)
        if (is->bytes[i] == '\n') {
            begin = i + 1;
            number++;
        }
    print_line("%s: is not what the definitions give; the first difference is in line %zu", path,
               number);
    print_sided('-', is, begin);
    print_sided('+', wanted, begin);
    print_help("write it again: the same command without --check");
}

/* EXIT_INPUT if the file is not what would be written. */
static int check_file(const char *path, const struct buffer *wanted)
{
    struct buffer text = {0}, error = {0};
    int status = EXIT_FINE;
    if (!read_file(path, MOST_OF_A_FILE, &text, &error)) {
        status = job_error(&gen_command, "cannot read '%s': %s", path, error.bytes);
    } else if (text.length != wanted->length ||
               memcmp(text.bytes, wanted->bytes, wanted->length) != 0) {
        show_difference(path, &text, wanted);
        status = EXIT_INPUT;
    }
    buffer_release(&text);
    buffer_release(&error);
    return status;
}

static int write_file(const char *path, const struct buffer *text)
{
    struct stat like;
    struct buffer error = {0};
    int status = EXIT_FINE;
    bool there = stat(path, &like) == 0;
    if (!there)
        like = (struct stat){.st_mode = 0644, .st_uid = geteuid(), .st_gid = getegid()};
    const struct content content = {text->bytes, text->length, &like, NULL};
    if (replace_file(path, &content, &error) != REPLACED_SAFELY)
        status = job_error(&gen_command, "%s", error.bytes);
    buffer_release(&error);
    return status;
}

/* ------------------------------------------------------------------------------------- flags -- */

static int choose_flags(const struct gen_options *options, struct generation *generation)
{
    const struct project *project = generation->project;
    generation->selected = ARENA_ARRAY(&generation->arena, bool, project->flag_count + 1u);
    for (uint32_t i = 0; i < project->flag_count; i++)
        generation->selected[i] = options->glob_count == 0;
    for (int i = 0; i < options->glob_count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < project->flag_count; j++) {
            bool matches = match_name(options->globs[i], project->flags[j]->name.text);
            generation->selected[j] |= matches;
            found |= matches;
        }
        if (!found)
            return unknown_flag(&gen_command, project, options->globs[i]);
    }
    return EXIT_FINE;
}

static const char *given_or(const char *given, const char *usual)
{
    return given ? given : usual;
}

static int generate_for(const struct gen_options *options, struct project *project)
{
    struct generation generation = {.project = project,
                                    .idiom = options->idiom,
                                    .native = options->native,
                                    .prefix = given_or(options->prefix, GENERATED_PREFIX),
                                    .namespace = given_or(options->namespace, "flags"),
                                    .class = given_or(options->class, "Flags"),
                                    .package = options->package,
                                    .renames = options->renames,
                                    .now = options->at};
    if (!generation.package && options->idiom == &idioms[IDIOM_GO])
        generation.package = "flags";
    int status = choose_flags(options, &generation);
    if (status == EXIT_FINE)
        status = name_all(&generation);
    if (status == EXIT_INPUT)
        show_diagnostics(project, options->project.format, options->project.color);
    if (status == EXIT_FINE) {
        put_templates(&generation);
        if (options->check)
            status = check_file(options->output, &generation.out);
        else if (options->output)
            status = write_file(options->output, &generation.out);
        else if (!write_stdout(&gen_command, &generation.out))
            status = EXIT_JOB;
    }
    buffer_release(&generation.out);
    arena_release(&generation.arena);
    return status;
}

/* ----------------------------------------------------------------------------------- command -- */

/* Identifiers, with a text between two of them. */
static bool is_path_of_identifiers(const struct idiom *idiom, const char *text, const char *between)
{
    char part[256];
    for (;;) {
        const char *end = strstr(text, between);
        size_t length = end ? (size_t)(end - text) : strlen(text);
        if (length >= sizeof part)
            return false;
        memcpy(part, text, length);
        part[length] = '\0';
        if (!is_identifier(part) || idiom_reserves(idiom, part))
            return false;
        if (!end)
            return true;
        text = end + strlen(between);
    }
}

/* An option that some languages have, and what its value is there. */
struct naming_option {
    const char *name, *value, *between; /* NULL: a single identifier */
    enum idiom_member of[2];
};

static int check_naming(const struct idiom *idiom, const struct naming_option *option)
{
    if (!option->value)
        return EXIT_FINE;
    if (idiom != &idioms[option->of[0]] && idiom != &idioms[option->of[1]])
        return usage_error(&gen_command, "%s has no --%s", idiom->word, option->name);
    const char *between = given_or(option->between, "\n");
    if (!is_path_of_identifiers(idiom, option->value, between))
        return usage_error(&gen_command, "--%s: '%s' is no identifier of %s", option->name,
                           option->value, idiom->word);
    return EXIT_FINE;
}

static int check_names(const struct gen_options *options)
{
    const char *dots = options->idiom == &idioms[IDIOM_JAVA] ? "." : NULL;
    const struct naming_option naming[] = {
        {"prefix", options->prefix, NULL, {IDIOM_C, IDIOM_C}},
        {"namespace", options->namespace, "::", {IDIOM_CPP, IDIOM_CPP}},
        {"package", options->package, dots, {IDIOM_GO, IDIOM_JAVA}},
        {"class", options->class, NULL, {IDIOM_JAVA, IDIOM_JAVA}},
        {"native", options->native ? "x" : NULL, NULL, {IDIOM_JAVA, IDIOM_JAVA}}};
    int status = EXIT_FINE;
    for (size_t i = 0; i < sizeof naming / sizeof *naming && status == EXIT_FINE; i++)
        status = check_naming(options->idiom, &naming[i]);
    return status;
}

/* A public class has to be in a file of its name. */
static int check_file_of_class(const struct gen_options *options)
{
    const char *output = options->output, *class = given_or(options->class, "Flags");
    if (!output || options->idiom != &idioms[IDIOM_JAVA] || options->native)
        return EXIT_FINE;
    const char *slash = strrchr(output, '/'), *name = slash ? slash + 1 : output;
    size_t length = strcspn(name, ".");
    if (strlen(class) == length && memcmp(name, class, length) == 0)
        return EXIT_FINE;
    return usage_error(&gen_command,
                       "the class '%s' has to be in '%s.java', not in '%s': see --class", class,
                       class, name);
}

static int check_usage(struct gen_options *options, int count, char **argv)
{
    struct buffer known = {0};
    int status = EXIT_FINE;
    words_list(idiom_words, &known);
    int member = count < 1 ? -1 : words_find(idiom_words, argv[1]);
    if (count < 1)
        status = usage_error(&gen_command, "expected a language: %s", known.bytes);
    else if (member < 0)
        status = report_lack(&gen_command, "there is no language", argv[1], idiom_words,
                             words_count(idiom_words));
    else
        options->idiom = &idioms[member];
    buffer_release(&known);
    if (status == EXIT_FINE)
        status = check_names(options);
    if (status == EXIT_FINE)
        status = check_file_of_class(options);
    if (status == EXIT_FINE && options->check && !options->output)
        status = usage_error(&gen_command, "--check compares a file: give it with --output");
    return status;
}

static int run(int argc, char **argv)
{
    struct gen_options options = {.at = clock_now()};
    const struct option table[] = {
        DIRECTORY_OPTION(options.project.directory),
        OUTPUT_OPTION(options.output, "the file [stdout]"),
        {"check", 0, OPTION_FLAG, &options.check, NULL,
         "write nothing; exit 1 if the file is not what would be written"},
        {"name", 0, OPTION_TEXTS, &options.renames, "NAME=IDENTIFIER",
         "what a flag, variant or attribute is called; may be repeated"},
        {"prefix", 0, OPTION_TEXT, &options.prefix, "NAME",
         "of C: what its names begin with [" GENERATED_PREFIX "]"},
        {"namespace", 0, OPTION_TEXT, &options.namespace, "NAME",
         "of C++: what its names are in [flags]"},
        {"package", 0, OPTION_TEXT, &options.package, "NAME",
         "of Go and Java: its package [Go: flags, Java: none]"},
        {"class", 0, OPTION_TEXT, &options.class, "NAME", "of Java: its class [Flags]"},
        {"native", 0, OPTION_FLAG, &options.native, NULL,
         "of Java: the half in C, for the Java Native Interface"},
        AT_OPTION(options.at, "when a flag has expired, and is marked [now]"),
        DIAGNOSTICS_OPTIONS(options.project),
    };
    int status;
    int count =
        options_parse(&gen_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (count < 0)
        return status;
    status = check_usage(&options, count, argv);
    if (status != EXIT_FINE)
        return status;
    options.globs = argv + 2;
    options.glob_count = count - 1;
    struct project *project = project_load(options.project.directory, options.at);
    status = require_sound(project, &options.project);
    if (status == EXIT_FINE)
        status = generate_for(&options, project);
    project_free(project);
    return status;
}

const struct command gen_command = {
    .name = "gen",
    .summary = "write accessors, so that a misspelt flag does not compile",
    .usage = "c|cpp|go|java|python|rust|typescript [GLOB…] [-C DIR] [-o FILE [--check]]",
    .examples = "  ffc gen c -o src/flags.h           a header for C\n"
                "  ffc gen python -o shop/flags.py    a module; docs/gen.md has each language\n"
                "  ffc gen c -o src/flags.h --check   for CI: exits 1 if it is out of date\n"
                "  ffc gen cpp 'shop.*' --namespace shop -o shop.hpp     some flags\n",
    .run = run,
};
