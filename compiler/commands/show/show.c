/* show.c - `ffc show`: all of one flag, and how it stands now. */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/percent.h"
#include "compiler/base/wrap.h"
#include "compiler/commands/commands.h"
#include "compiler/commands/answer.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "compiler/rollout/emergency.h"
#include "compiler/publish/publications.h"
#include "compiler/rollout/recovery.h"
#include "compiler/commands/history/history.h"
#include "compiler/commands/history/history_write.h"
#include "compiler/commands/in_words.h"
#include "show_tests.h"
#include "compiler/commands/standing.h"

#define SHOWN_CHANGES 10
#define DAY           86400000

struct showing {
    struct project *project;
    const struct flag *flag;
    const char *environment; /* NULL: all */
    int64_t now;
    enum color_choice color;
    struct standings standings;
    struct flag_tests tests;
    struct arena arena;
    const char *bold, *red, *dim, *end; /* of a terminal, or "" */
};

static bool shows(const struct showing *showing, uint32_t environment)
{
    const char *name = showing->project->environments.items[environment].text;
    return !showing->environment || strcmp(showing->environment, name) == 0;
}

static void put_day(struct buffer *out, int64_t ms)
{
    char time[32];
    format_time(ms, time, sizeof time);
    buffer_append(out, time, strcspn(time, "T"));
}

static void put_time(struct buffer *out, int64_t ms)
{
    char time[32];
    format_time(ms, time, sizeof time);
    buffer_append_text(out, time);
}

/* A line of the page, folded below its text. */
static void put_line(struct buffer *out, size_t column, size_t indent, const char *text)
{
    struct buffer escaped = {0};
    terminal_append(&escaped, text);
    append_wrapped(out, HELP_WIDTH, column, indent, escaped.length ? escaped.bytes : "");
    buffer_append_text(out, "\n");
    buffer_release(&escaped);
}

/* -------------------------------------------------------------------------------------- text -- */

#define LABEL_COLUMNS 14 /* before what stands beside a name */

static void put_label(struct buffer *out, const char *label)
{
    buffer_append_text(out, "  ");
    terminal_append(out, label);
    terminal_pad(out, label, LABEL_COLUMNS - 2);
    buffer_append_text(out, terminal_width(label) >= LABEL_COLUMNS - 2 ? " " : "");
}

static size_t column_after(const char *label)
{
    size_t width = terminal_width(label) + 3;
    return width > LABEL_COLUMNS ? width : LABEL_COLUMNS;
}

static void put_field(struct buffer *out, const char *label, const char *text)
{
    put_label(out, label);
    put_line(out, column_after(label), LABEL_COLUMNS + 2, text);
}

static void put_head(const struct showing *showing, struct buffer *out)
{
    const struct flag *flag = showing->flag;
    struct buffer text = {0};
    buffer_append_text(out, showing->bold);
    terminal_append(out, flag->name.text);
    buffer_append_text(out, showing->end);
    buffer_append_text(out, "\n");
    if (flag->description)
        put_field(out, "is", flag->description);
    buffer_format(&text, "%s, %s", flag_kind_words[flag->kind], flag_type_words[flag->type]);
    if (flag->client)
        buffer_append_text(&text, ", for clients");
    put_field(out, "kind", text.bytes);
    if (flag->owner)
        put_field(out, "owner", flag->owner);
    text.length = 0;
    for (uint32_t i = 0; i < flag->tags.count; i++)
        buffer_format(&text, "%s%s", i ? ", " : "", flag->tags.items[i].text);
    if (flag->tags.count)
        put_field(out, "tags", text.bytes);
    if (flag->metadata)
        put_field(out, "metadata", flag->metadata);
    if (flag->expires != INT64_MIN) {
        long long days = (flag->expires - showing->now) / DAY;
        text.length = 0;
        put_day(&text, flag->expires);
        if (flag->expires <= showing->now)
            buffer_format(&text, ", %lld day%s ago", -days, days == -1 ? "" : "s");
        else
            buffer_format(&text, ", in %lld day%s", days, days == 1 ? "" : "s");
        put_field(out, "expires", text.bytes);
    }
    buffer_release(&text);
}

/* Each override that is in force, or will be. */
static void put_overrides(const struct showing *showing, uint32_t environment, struct buffer *out)
{
    const struct selection *overrides = overrides_of(showing->project, showing->flag);
    for (uint32_t i = 0; i < overrides->count; i++) {
        const struct override *override = overrides->items[i];
        struct buffer text = {0};
        if (!(override->environments >> environment & 1) || override->until <= showing->now)
            continue;
        bool later = override->from > showing->now;
        buffer_format(&text, "%s %s: ", override->name, later ? "will hold it" : "holds it");
        override_in_words(override, NAMED_OPERANDS, &text);
        if (override->by)
            buffer_format(&text, ", by %s", override->by);
        if (override->reason)
            buffer_format(&text, ": %s", override->reason);
        buffer_append_text(out, "                ");
        buffer_append_text(out, later ? "" : showing->red);
        put_line(out, LABEL_COLUMNS + 2, LABEL_COLUMNS + 4, text.bytes);
        buffer_append_text(out, later ? "" : showing->end);
        buffer_release(&text);
    }
}

/* The last publication of an environment that is recorded; false: none is. */
static bool last_publication(const struct showing *showing, const char *environment,
                             struct arena *arena, struct publication_time *last)
{
    struct publications publications = {.items = NULL};
    struct buffer error = {0};
    const char *archive = project_archive(showing->project, arena);
    bool read = publications_read(&publications, archive, showing->project->directory, environment,
                                  arena, &error);
    if (!read)
        print_warning("%s", error.bytes);
    buffer_release(&error);
    bool found = false;
    for (uint32_t i = 0; read && i < publications.count; i++)
        if (publications.items[i].from <= showing->now) {
            *last = publications.items[i];
            found = true;
        }
    return found;
}

static void put_publication(const struct showing *showing, const char *environment,
                            struct buffer *out)
{
    struct arena arena = {0};
    struct publication_time last;
    struct buffer text = {0};
    if (last_publication(showing, environment, &arena, &last)) {
        buffer_append_text(&text, "published ");
        put_time(&text, last.from);
        buffer_format(&text, ", build %.12s", last.build);
        if (last.commit)
            buffer_format(&text, ", commit %.10s", last.commit);
        buffer_append_text(out, "                ");
        put_line(out, LABEL_COLUMNS + 2, LABEL_COLUMNS + 4, text.bytes);
    }
    buffer_release(&text);
    arena_release(&arena);
}

static void put_standings(const struct showing *showing, struct buffer *out)
{
    const struct project *project = showing->project;
    buffer_append_text(out, "\nNow\n");
    for (uint32_t i = 0; i < project->environments.count; i++) {
        if (!shows(showing, i))
            continue;
        struct buffer text = {0};
        const struct standing standing = standing_of(&showing->standings, showing->flag, i);
        const struct canary *canary = standing.targeting->canary;
        put_standing(&text, &standing);
        if (canary && canary->since != INT64_MIN && canary->state == CANARY_RUNNING) {
            buffer_append_text(&text, ", since ");
            put_time(&text, canary->since);
        }
        const char *name = project->environments.items[i].text;
        put_label(out, name);
        append_wrapped(out, HELP_WIDTH, column_after(name), LABEL_COLUMNS + 2, text.bytes);
        buffer_append_text(out, "\n");
        put_overrides(showing, i, out);
        put_publication(showing, name, out);
        buffer_release(&text);
    }
}

static void put_statements(struct showing *showing, uint32_t environment, struct buffer *out)
{
    const struct statements said = targeting_in_words(showing->project, showing->flag, environment,
                                                      NAMED_OPERANDS, &showing->arena);
    for (uint32_t i = 0; i < said.count; i++) {
        struct buffer text = {0};
        const struct statement *one = &said.items[i];
        buffer_append_text(&text, one->what);
        if (one->text)
            buffer_format(&text, ": %s", one->text);
        buffer_append_text(out, "  ");
        put_line(out, 2, 6, text.bytes);
        buffer_release(&text);
    }
}

/* Environments that say the same are told of together. */
static void put_definitions(struct showing *showing, struct buffer *out)
{
    const struct project *project = showing->project;
    uint32_t count = project->environments.count;
    struct buffer *bodies = calloc(count + 1u, sizeof *bodies);
    for (uint32_t i = 0; bodies && i < count; i++)
        if (shows(showing, i))
            put_statements(showing, i, &bodies[i]);
    for (uint32_t i = 0; bodies && i < count; i++) {
        bool first = bodies[i].length > 0;
        for (uint32_t j = 0; j < i && first; j++)
            first = bodies[j].length != bodies[i].length ||
                    memcmp(bodies[j].bytes, bodies[i].bytes, bodies[i].length) != 0;
        if (!first)
            continue;
        struct buffer names = {0};
        buffer_append_text(&names, "Defined in ");
        for (uint32_t j = i; j < count; j++)
            if (bodies[j].length == bodies[i].length &&
                memcmp(bodies[j].bytes, bodies[i].bytes, bodies[i].length) == 0)
                buffer_format(&names, "%s%s", j == i ? "" : ", ",
                              project->environments.items[j].text);
        buffer_append_text(out, "\n");
        put_line(out, 0, 2, names.bytes);
        buffer_append(out, bodies[i].bytes, bodies[i].length);
        buffer_release(&names);
    }
    for (uint32_t i = 0; bodies && i < count; i++)
        buffer_release(&bodies[i]);
    free(bodies);
}

struct test_lines {
    const struct showing *showing;
    struct buffer *out;
};

static void put_test_line(enum test_line kind, const char *text, void *user)
{
    static const char *const labels[] = {[TEST_FAILS] = "fails: ",
                                         [TEST_PASSES] = "",
                                         [TEST_NOT_RUN] = "",
                                         [TEST_LACKS] = "no test reaches "};
    const struct test_lines *lines = user;
    struct buffer line = {0};
    buffer_format(&line, "%s%s", labels[kind], text);
    buffer_append_text(lines->out, "  ");
    buffer_append_text(lines->out, kind == TEST_FAILS ? lines->showing->red : "");
    put_line(lines->out, 2, 4, line.bytes);
    buffer_append_text(lines->out, kind == TEST_FAILS ? lines->showing->end : "");
    buffer_release(&line);
}

static void put_tests(struct showing *showing, struct buffer *out)
{
    struct test_lines lines = {showing, out};
    struct buffer verdict = {0};
    buffer_append_text(&verdict, "Tests: ");
    flag_tests_verdict(&showing->tests, &verdict);
    buffer_append_text(out, "\n");
    put_line(out, 0, 2, verdict.bytes);
    flag_tests_lines(&showing->tests, put_test_line, &lines);
    buffer_release(&verdict);
}

static struct history history_of(struct showing *showing)
{
    const char *name = showing->flag->name.text;
    const struct history_choice choice = {.flags = &name,
                                          .flag_count = 1,
                                          .environment = showing->environment,
                                          .since = INT64_MIN,
                                          .until = INT64_MAX,
                                          .most = SHOWN_CHANGES,
                                          .now = showing->now};
    return flag_history(showing->project, &choice, &showing->arena);
}

static void put_changes(struct showing *showing, struct buffer *out)
{
    const struct history history = history_of(showing);
    terminal_format(out, "\nLast changes%s\n", history.count ? "" : ": none is known");
    write_changes_text(&history, use_color(showing->color, stdout), out);
    note_unknown_history(&history);
}

static void put_page(struct showing *showing, struct buffer *out)
{
    put_head(showing, out);
    put_standings(showing, out);
    put_definitions(showing, out);
    put_tests(showing, out);
    put_changes(showing, out);
    buffer_append_text(out, "\n");
    buffer_append_text(out, showing->dim);
    terminal_append(out,
                    place_text(showing->project, &showing->arena, showing->flag->name.span, NULL));
    buffer_append_text(out, showing->end);
    buffer_append_text(out, "\n");
}

/* -------------------------------------------------------------------------------------- JSON -- */

static void write_statements(struct showing *showing, uint32_t environment, struct buffer *out)
{
    const struct statements said = targeting_in_words(showing->project, showing->flag, environment,
                                                      ALL_SHOWN, &showing->arena);
    field_array(out, "says");
    for (uint32_t i = 0; i < said.count; i++) {
        const struct statement *one = &said.items[i];
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_text(out, "what", one->what);
        field_text(out, "text", one->text);
        field_text(out, "place",
                   one->span.file == NO_FILE
                       ? NULL
                       : place_text(showing->project, &showing->arena, one->span, NULL));
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]");
}

static void write_overrides(const struct showing *showing, uint32_t environment, struct buffer *out)
{
    const struct selection *overrides = overrides_of(showing->project, showing->flag);
    field_array(out, "overrides");
    for (uint32_t i = 0; i < overrides->count; i++) {
        const struct override *override = overrides->items[i];
        if (!(override->environments >> environment & 1))
            continue;
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_text(out, "name", override->name);
        field_text(out, "serve", override->serve.text);
        field_truth(out, "active",
                    override->from <= showing->now && showing->now < override->until);
        field_truth(out, "for_some", override->condition != NULL);
        field_time(out, "from", override->from);
        field_time(out, "until", override->until);
        field_text(out, "by", override->by);
        field_text(out, "reason", override->reason);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]");
}

static void write_publication(const struct showing *showing, const char *environment,
                              struct buffer *out)
{
    struct arena arena = {0};
    struct publication_time last;
    json_write_key(out, "published");
    if (last_publication(showing, environment, &arena, &last)) {
        buffer_append_text(out, "{");
        field_time(out, "time", last.from);
        field_text(out, "build", last.build);
        field_text(out, "commit", last.commit);
        buffer_append_text(out, "}");
    } else {
        buffer_append_text(out, "null");
    }
    arena_release(&arena);
}

static void write_changes(struct showing *showing, struct buffer *out)
{
    const struct history history = history_of(showing);
    write_changes_json(&history, out);
    field_truth(out, "git", history.git);
}

static void write_json(struct showing *showing, struct buffer *out)
{
    const struct project *project = showing->project;
    buffer_append_text(out, "{\"format_version\":1");
    write_flag_fields(project, showing->flag, out);
    field_object(out, "environments");
    for (uint32_t i = 0; i < project->environments.count; i++) {
        if (!shows(showing, i))
            continue;
        const struct standing standing = standing_of(&showing->standings, showing->flag, i);
        field_object(out, project->environments.items[i].text);
        write_standing_fields(&standing, out);
        write_overrides(showing, i, out);
        write_publication(showing, project->environments.items[i].text, out);
        write_statements(showing, i, out);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "}");
    flag_tests_json(&showing->tests, out);
    write_changes(showing, out);
    buffer_append_text(out, "}\n");
}

/* ----------------------------------------------------------------------------------- command -- */

static int show(struct showing *showing, bool json)
{
    struct buffer out = {0};
    standings_init(&showing->standings, showing->project, showing->now);
    flag_tests_run(&showing->tests, &show_command, showing->project, showing->flag,
                   showing->environment
                       ? project_environment(showing->project, showing->environment)
                       : UINT32_MAX,
                   showing->now);
    if (json)
        write_json(showing, &out);
    else
        put_page(showing, &out);
    int status = write_stdout(&show_command, &out) ? EXIT_FINE : EXIT_JOB;
    buffer_release(&out);
    flag_tests_release(&showing->tests);
    standings_release(&showing->standings);
    arena_release(&showing->arena);
    return status;
}

/* An unknown name is an error of the input. */
static int choose(struct showing *showing, const char *name)
{
    const struct project *project = showing->project;
    showing->flag = project_flag(project, name);
    if (!showing->flag && project->diagnostics.errors == 0) {
        unknown_flag(&show_command, project, name);
        return EXIT_INPUT;
    }
    if (!showing->flag)
        return job_error(&show_command, "no flag '%s' could be read", name);
    if (showing->environment &&
        choose_environment(&show_command, project, showing->environment) == UINT32_MAX)
        return EXIT_JOB;
    return EXIT_FINE;
}

static int run(int argc, char **argv)
{
    struct showing showing = {.now = clock_now(), .bold = "", .red = "", .dim = "", .end = ""};
    struct project_choice choice = {0};
    bool json = false;
    const struct option options[] = {
        DIRECTORY_OPTION(choice.directory),
        ENVIRONMENT_OPTION(showing.environment, "only this one [all]"),
        JSON_OPTION(json, "one JSON object"),
        AT_OPTION(showing.now, "the clock [now]"),
        DIAGNOSTICS_OPTIONS(choice),
    };
    int status;
    int count = options_parse(&show_command, options, sizeof options / sizeof *options, argc, argv,
                              &status);
    if (count < 0)
        return status;
    if (count != 1)
        return usage_error(&show_command, "which flag? Name one");
    showing.color = choice.color;
    if (use_color(choice.color, stdout)) {
        showing.bold = "\33[1m";
        showing.red = "\33[31m";
        showing.dim = "\33[2m";
        showing.end = "\33[0m";
    }
    showing.project = project_load(choice.directory, showing.now);
    note_aside(showing.project->directory);
    status = choose(&showing, argv[1]);
    if (status == EXIT_FINE)
        status = show(&showing, json);
    int unread = show_unread(showing.project, choice.format, choice.color);
    project_free(showing.project);
    return status == EXIT_FINE ? unread : status;
}

const struct command show_command = {
    .name = "show",
    .summary = "show everything about a flag, and how it stands now",
    .usage = "FLAG [-C DIR] [-e ENV] [--json] [--at TIME]",
    .examples = "  ffc show new-checkout\n"
                "  ffc show new-checkout -e production\n"
                "  ffc show new-checkout --json | jq .changes\n",
    .run = run,
};
