/*
 * gen.c - `ffc gen c`: a header with an accessor for each flag and attribute, so that a misspelt
 * name, or a flag that was removed, does not compile.
 *
 * What is written depends on names, types, defaults and descriptions alone, and never on a
 * rollout's state: the same definitions give the same bytes. Only a flag that has expired is
 * marked.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/file.h"
#include "compiler/base/hash.h"
#include "compiler/base/json.h"
#include "compiler/base/match.h"
#include "compiler/base/memory.h"
#include "compiler/base/table.h"
#include "compiler/base/wrap.h"
#include "compiler/files/publish.h"
#include "compiler/model/model.h"
#include "commands.h"
#include "gen.h"

#define MOST_OF_A_HEADER ((size_t)64 << 20)
#define COMMENT_WIDTH    98

#define GEN_LANGUAGES(X) X(GEN_C, "c")
enum gen_language { GEN_LANGUAGES(WORDS_MEMBER) };
static const char *const gen_language_words[] = WORDS(GEN_LANGUAGES);

struct generation {
    struct arena arena;
    const struct project *project;
    const char *prefix; /* "flags" */
    int64_t now;
    bool *selected; /* by flag */
    /* Identifiers, without the prefix; those of variants by flag, NULL where it has none. */
    const char **flags, **attributes, ***variants;
    struct buffer out;
};

/* ------------------------------------------------------------------------------- identifiers -- */

/* Letters and digits stay; whatever else stands between them is an underscore. */
static char *plain_identifier(struct arena *arena, const char *name)
{
    struct buffer text = {0};
    for (const char *at = name; *at; at++) {
        bool stays = isalnum((unsigned char)*at) && (unsigned char)*at < 0x80;
        if (stays)
            buffer_append(&text, at, 1);
        else if (text.length == 0 || text.bytes[text.length - 1] != '_')
            buffer_append_text(&text, "_");
    }
    char *made = arena_copy(arena, text.bytes, text.length);
    buffer_release(&text);
    return made;
}

/* Names that would have one identifier each get some digits of their own hash, so that none of them
 * depends on which others there are in which order. */
static const char **identifiers_of(struct arena *arena, const char *const *names, uint32_t count)
{
    struct table first = {0};
    const char **made = ARENA_ARRAY(arena, const char *, count + 1u);
    bool *shared = ARENA_ARRAY(arena, bool, count + 1u);
    for (uint32_t i = 0; i < count; i++) {
        made[i] = plain_identifier(arena, names[i]);
        bool *other = table_add(&first, arena, made[i], &shared[i]);
        if (other)
            *other = shared[i] = true;
    }
    for (uint32_t i = 0; i < count; i++)
        if (shared[i])
            made[i] = arena_format(arena, "%s_%08x", made[i],
                                   (unsigned)(hash64(names[i], strlen(names[i])) >> 32));
    return made;
}

/* Texts and numbers have variants that one may ask for by name. */
static bool has_variants(const struct generation *generation, uint32_t index)
{
    const struct flag *flag = generation->project->flags[index];
    return generation->selected[index] && flag->type != FFLAG_TYPE_BOOLEAN &&
           flag->environments[0].variants[0].name.text;
}

/* Of all flags together, since `a-b` of `c` and `b` of `c-a` would be one. */
static void name_variants(struct generation *generation)
{
    struct arena *arena = &generation->arena;
    const struct project *project = generation->project;
    const char **names = NULL;
    uint32_t count = 0, next = 0;
    generation->variants = ARENA_ARRAY(arena, const char **, project->flag_count + 1u);
    for (uint32_t i = 0; i < project->flag_count; i++) {
        const struct targeting *targeting = &project->flags[i]->environments[0];
        for (uint32_t j = 0; has_variants(generation, i) && j < targeting->variant_count; j++)
            *ARENA_APPEND(arena, names, count) =
                arena_format(arena, "%s\nis\n%s", project->flags[i]->name.text,
                             targeting->variants[j].name.text);
    }
    const char **made = identifiers_of(arena, names, count);
    for (uint32_t i = 0; i < project->flag_count; i++)
        if (has_variants(generation, i)) {
            generation->variants[i] = made + next;
            next += project->flags[i]->environments[0].variant_count;
        }
}

static void name_all(struct generation *generation)
{
    const struct project *project = generation->project;
    struct arena *arena = &generation->arena;
    uint32_t most = project->flag_count + project->attribute_count + 1u;
    const char **names = ARENA_ARRAY(arena, const char *, most);
    for (uint32_t i = 0; i < project->flag_count; i++)
        names[i] = project->flags[i]->name.text;
    generation->flags = identifiers_of(arena, names, project->flag_count);
    for (uint32_t i = 0; i < project->attribute_count; i++)
        names[i] = project->attributes[i]->name.text;
    generation->attributes = identifiers_of(arena, names, project->attribute_count);
    name_variants(generation);
}

/* ------------------------------------------------------------------------------------ values -- */

/* A text as C has it. Octal, since hexadecimal escapes have no end; no trigraph begins. */
static void put_text(struct buffer *out, const char *text)
{
    buffer_append_text(out, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || c == '?')
            buffer_format(out, "\\%c", c);
        else if (c >= 0x20 && c < 0x7F)
            buffer_append(out, text, 1);
        else
            buffer_format(out, "\\%03o", c);
    }
    buffer_append_text(out, "\"");
}

static void put_value(struct buffer *out, enum fflag_type type, const struct variant *variant)
{
    switch (type) {
    case FFLAG_TYPE_BOOLEAN:
        buffer_append_text(out, variant->boolean ? "true" : "false");
        break;
    case FFLAG_TYPE_INTEGER:
        if (variant->integer == INT64_MIN)
            buffer_append_text(out, "INT64_MIN");
        else
            buffer_format(out, "INT64_C(%lld)", (long long)variant->integer);
        break;
    case FFLAG_TYPE_NUMBER:
        json_write_number(out, variant->number);
        break;
    case FFLAG_TYPE_STRING:
    case FFLAG_TYPE_JSON:
        put_text(out, variant->string);
        break;
    }
}

/* What counts where there is no value: the default's, if that is one in all environments. */
static bool put_fallback(const struct generation *generation, const struct flag *flag,
                         struct buffer *out)
{
    bool same = true;
    struct buffer text = {0};
    for (uint32_t i = 0; i < generation->project->environments.count && same; i++) {
        const struct targeting *targeting = &flag->environments[i];
        uint32_t variant = targeting->default_variant;
        if (variant >= targeting->variant_count) {
            same = false;
            break;
        }
        text.length = 0;
        put_value(i ? &text : out, flag->type, &targeting->variants[variant]);
        same = i == 0 ||
               (text.length == out->length && memcmp(text.bytes, out->bytes, text.length) == 0);
    }
    buffer_release(&text);
    return same;
}

/* ---------------------------------------------------------------------------------- comments -- */

/* What somebody wrote, in a comment: it neither ends it nor begins another, and an editor shows it
 * in the order in which it is written. */
static void put_words(struct buffer *text, const char *words)
{
    const char *end = words + strlen(words);
    while (words < end) {
        const struct character character = character_at(words, end);
        char before = text->length > 0 ? text->bytes[text->length - 1] : ' ';
        char c = *words == '\\' ? '/' : *words;
        if (c == '\n' || c == '\t' || (before == '*' && c == '/') || (before == '/' && c == '*'))
            buffer_append_text(text, " ");
        if (c == '/')
            buffer_append_text(text, "/");
        else if (!character_is_unsafe(&character))
            buffer_append(text, words, character.bytes);
        words += character.bytes;
    }
}

static void put_comment(struct generation *generation, const struct buffer *text)
{
    buffer_append_text(&generation->out, "/* ");
    append_wrapped(&generation->out, COMMENT_WIDTH, 3, 3, text->bytes);
    buffer_append_text(&generation->out, " */\n");
}

static void describe_flag(struct generation *generation, const struct flag *flag, bool fallback)
{
    struct buffer text = {0};
    put_words(&text, flag->name.text);
    if (flag->description) {
        buffer_append_text(&text, ": ");
        put_words(&text, flag->description);
    }
    if (flag->owner) {
        buffer_append_text(&text, ". Owner: ");
        put_words(&text, flag->owner);
    }
    if (flag->expires != INT64_MIN) {
        char time[32];
        format_time(flag->expires, time, sizeof time);
        buffer_format(&text, ". Expires: %.*s", (int)strcspn(time, "T"), time);
    }
    if (!fallback)
        buffer_append_text(&text, ". Its default differs by environment: `fallback` is what counts "
                                  "without a value");
    put_comment(generation, &text);
    buffer_release(&text);
}

/* ------------------------------------------------------------------------------ declarations -- */

struct accessor {
    const char *returns, *function;
    bool has_length;
};
static const struct accessor accessors[] = {
    [FFLAG_TYPE_BOOLEAN] = {"bool ", "fflag_bool", false},
    [FFLAG_TYPE_STRING] = {"const char *", "fflag_string", true},
    [FFLAG_TYPE_INTEGER] = {"int64_t ", "fflag_integer", false},
    [FFLAG_TYPE_NUMBER] = {"double ", "fflag_number", false},
    [FFLAG_TYPE_JSON] = {"const char *", "fflag_json", true}};

/* A setter's parameters behind the context, and what it passes on. */
struct setter {
    const char *function, *parameters, *arguments;
};
static const struct setter setters[] = {
    [FFLAG_ATTRIBUTE_STRING] = {"fflag_set_string", "const char *value, size_t length",
                                "value, length"},
    [FFLAG_ATTRIBUTE_NUMBER] = {"fflag_set_number", "double value", "value"},
    [FFLAG_ATTRIBUTE_BOOLEAN] = {"fflag_set_boolean", "bool value", "value"},
    [FFLAG_ATTRIBUTE_VERSION] = {"fflag_set_version", "const char *value, size_t length",
                                 "value, length"},
    [FFLAG_ATTRIBUTE_TIME] = {"fflag_set_time", "int64_t ms", "ms"},
    [FFLAG_ATTRIBUTE_STRINGS] = {"fflag_set_strings", "const char *const *values, size_t count",
                                 "values, count"},
    [FFLAG_ATTRIBUTE_IP] = {"fflag_set_ip", "const char *value, size_t length", "value, length"}};

/* `scheme: loose` is set as a text. */
static const struct setter *setter_of(const struct attribute *attribute)
{
    bool loose = attribute->type == FFLAG_ATTRIBUTE_VERSION && attribute->scheme == SCHEME_LOOSE;
    return &setters[loose ? FFLAG_ATTRIBUTE_STRING : attribute->type];
}

static bool is_declared(const struct attribute *attribute)
{
    return !attribute->list;
}

static void put_struct(struct generation *generation)
{
    struct buffer *out = &generation->out;
    const struct project *project = generation->project;
    terminal_format(out, "/* Handles, of one store. */\nstruct %s_handles {\n", generation->prefix);
    for (uint32_t i = 0; i < project->flag_count; i++)
        if (generation->selected[i])
            terminal_format(out, "    fflag_id flag_%s;\n", generation->flags[i]);
    for (uint32_t i = 0; i < project->attribute_count; i++)
        if (is_declared(project->attributes[i]))
            terminal_format(out, "    fflag_attr attribute_%s;\n", generation->attributes[i]);
    buffer_append_text(out, "};\n\n");
}

static void put_finder(struct generation *generation)
{
    struct buffer *out = &generation->out;
    const struct project *project = generation->project;
    const char *prefix = generation->prefix;
    terminal_format(
        out,
        "/* Once for each store, before anything else. Cost: a lock and a probe for each "
        "name. */\n"
        "static inline void %s_find(struct %s_handles *handles, fflag_store *store)\n{\n",
        prefix, prefix);
    for (uint32_t i = 0; i < project->flag_count; i++) {
        if (!generation->selected[i])
            continue;
        terminal_format(out, "    handles->flag_%s = fflag_flag(store, ", generation->flags[i]);
        put_text(out, project->flags[i]->name.text);
        buffer_append_text(out, ");\n");
    }
    for (uint32_t i = 0; i < project->attribute_count; i++) {
        if (!is_declared(project->attributes[i]))
            continue;
        terminal_format(out, "    handles->attribute_%s = fflag_attribute(store, ",
                        generation->attributes[i]);
        put_text(out, project->attributes[i]->name.text);
        buffer_append_text(out, ");\n");
    }
    buffer_append_text(out, "}\n");
}

static void put_accessor(struct generation *generation, uint32_t index)
{
    struct buffer fallback = {0}, *out = &generation->out;
    const struct flag *flag = generation->project->flags[index];
    const struct accessor *accessor = &accessors[flag->type];
    const char *prefix = generation->prefix, *name = generation->flags[index];
    bool given = put_fallback(generation, flag, &fallback);
    buffer_append_text(out, "\n");
    describe_flag(generation, flag, given);
    if (flag->expires != INT64_MIN && flag->expires <= generation->now) {
        char time[32];
        format_time(flag->expires, time, sizeof time);
        terminal_format(out, "__attribute__((deprecated(\"it expired on %.*s\")))\n",
                        (int)strcspn(time, "T"), time);
    }
    terminal_format(out,
                    "static inline %s%s" GETTER
                    "%s(\n    const struct %s_handles *handles, const fflag_view "
                    "*view,\n    const fflag_context *context",
                    accessor->returns, prefix, name, prefix);
    if (!given)
        terminal_format(out, ", %sfallback", accessor->returns);
    buffer_append_text(out, accessor->has_length ? ", size_t *length)\n{\n" : ")\n{\n");
    terminal_format(out, "    return %s(view, handles->flag_%s, context, ", accessor->function,
                    name);
    if (given)
        buffer_append(out, fallback.bytes, fallback.length);
    else
        buffer_append_text(out, "fallback");
    buffer_append_text(out, accessor->has_length ? ", length);\n}\n" : ");\n}\n");
    buffer_release(&fallback);
}

/* Names of variants, to compare with `fflag_result.variant`. */
static void put_variants(struct generation *generation, uint32_t index)
{
    const struct targeting *targeting = &generation->project->flags[index]->environments[0];
    for (uint32_t i = 0; generation->variants[index] && i < targeting->variant_count; i++) {
        terminal_format(&generation->out, "#define %s_%s ", generation->prefix,
                        generation->variants[index][i]);
        put_text(&generation->out, targeting->variants[i].name.text);
        buffer_append_text(&generation->out, "\n");
    }
}

static void put_setter(struct generation *generation, uint32_t index)
{
    struct buffer text = {0};
    const struct attribute *attribute = generation->project->attributes[index];
    const struct setter *setter = setter_of(attribute);
    const char *prefix = generation->prefix, *name = generation->attributes[index];
    put_words(&text, attribute->name.text);
    if (attribute->description) {
        buffer_append_text(&text, ": ");
        put_words(&text, attribute->description);
    }
    buffer_append_text(&generation->out, "\n");
    put_comment(generation, &text);
    buffer_release(&text);
    terminal_format(
        &generation->out,
        "static inline enum fflag_error %s_set_%s(\n    const struct %s_handles *handles, "
        "fflag_context *context, %s)\n{\n"
        "    return %s(context, handles->attribute_%s, %s);\n}\n",
        prefix, name, prefix, setter->parameters, setter->function, name, setter->arguments);
}

static void put_head(struct generation *generation)
{
    struct buffer text = {0};
    const char *prefix = generation->prefix;
    buffer_append_text(&text, "The flags of ");
    put_words(&text, generation->project->name);
    buffer_append_text(&text, ", " GENERATED_BY ": definitions are edited, not this. Texts "
                              "that it returns live as long as the view.");
    put_comment(generation, &text);
    buffer_release(&text);
    terminal_format(&generation->out,
                    "#ifndef %s" GENERATED_GUARD "\n#define %s" GENERATED_GUARD
                    "\n\n#include <fflag.h>\n\n"
                    "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n",
                    prefix, prefix);
}

static void generate(struct generation *generation)
{
    const struct project *project = generation->project;
    name_all(generation);
    put_head(generation);
    put_struct(generation);
    put_finder(generation);
    for (uint32_t i = 0; i < project->flag_count; i++) {
        if (!generation->selected[i])
            continue;
        put_accessor(generation, i);
        put_variants(generation, i);
    }
    for (uint32_t i = 0; i < project->attribute_count; i++)
        if (is_declared(project->attributes[i]))
            put_setter(generation, i);
    buffer_append_text(&generation->out, "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}

/* ----------------------------------------------------------------------------------- command -- */

struct gen_options {
    struct project_choice project;
    const char *prefix, *output;
    bool check;
    int64_t at;
    char **globs;
    int glob_count;
};

static bool is_identifier(const char *text)
{
    bool fine = isalpha((unsigned char)*text) || *text == '_';
    for (; *text; text++)
        fine &= (isalnum((unsigned char)*text) || *text == '_') && (unsigned char)*text < 0x80;
    return fine;
}

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

/* EXIT_INPUT if the file is not what would be written. */
static int check_file(const char *path, const struct buffer *wanted)
{
    struct buffer text = {0}, error = {0};
    int status = EXIT_FINE;
    if (!read_file(path, MOST_OF_A_HEADER, &text, &error)) {
        status = job_error(&gen_command, "cannot read '%s': %s", path, error.bytes);
    } else if (text.length != wanted->length ||
               memcmp(text.bytes, wanted->bytes, wanted->length) != 0) {
        print_line("%s: is not what the definitions give", path);
        print_help("write it again: the same command without --check");
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

static int generate_for(const struct gen_options *options, const struct project *project)
{
    struct generation generation = {
        .project = project, .prefix = options->prefix, .now = options->at};
    int status = choose_flags(options, &generation);
    if (status == EXIT_FINE) {
        generate(&generation);
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

static int check_usage(const struct gen_options *options, int count, char **argv)
{
    if (count < 1)
        return usage_error(&gen_command, "expected a language: c");
    if (words_find(gen_language_words, argv[1]) < 0)
        return report_lack(&gen_command, "there is no language", argv[1], gen_language_words,
                           words_count(gen_language_words));
    if (!is_identifier(options->prefix))
        return usage_error(&gen_command, "the prefix '%s' is no identifier of C", options->prefix);
    if (options->check && !options->output)
        return usage_error(&gen_command, "--check compares a file: give it with --output");
    return EXIT_FINE;
}

static int run(int argc, char **argv)
{
    struct gen_options options = {.prefix = GENERATED_PREFIX, .at = clock_now()};
    const struct option table[] = {
        DIRECTORY_OPTION(options.project.directory),
        OUTPUT_OPTION(options.output, "the header [stdout]"),
        {"check", 0, OPTION_FLAG, &options.check, NULL,
         "write nothing; exit 1 if the file is not what would be written"},
        {"prefix", 0, OPTION_TEXT, &options.prefix, "NAME",
         "what its names begin with [" GENERATED_PREFIX "]"},
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
    .summary = "write a header, so that a misspelt flag does not compile",
    .usage = "c [GLOB…] [-C DIR] [-o FILE [--check]] [--prefix NAME]",
    .examples = "  ffc gen c -o src/flags.h          a header for C and C++\n"
                "  ffc gen c -o src/flags.h --check  for CI: exits 1 if it is out of date\n"
                "  ffc gen c 'shop.*' --prefix shop  some flags, under another prefix\n",
    .run = run,
};
