/*
 * compiled.h - for unit tests: definitions as text, compiled and opened, and evaluations as text.
 *
 * A context is words of `name=value`, by the attributes below; lists are parted by commas, and
 * `now=` sets the clock. A result is `variant REASON rule`, with `-` for what is NULL.
 */
#ifndef TESTS_COMPILED_H
#define TESTS_COMPILED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/cli/options.h"
#include "compiler/base/calendar.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "fflag.h"

#define DECLARATIONS                                                                               \
    "project: {name: test, environments: [production, staging], bucket_by: user_id}\n"             \
    "attributes: {user_id: string, account: number, country: string, name: string, age: number,\n" \
    "  beta: boolean, app_version: version, signup_at: time, groups: strings, client_ip: ip,\n"    \
    "  os_version: {type: version, scheme: loose}, least_os: {type: version, scheme: loose},\n"    \
    "  city: string, limit: number, least_version: version, ends_at: time,\n"                      \
    "  secret: {type: string, private: true},\n"                                                   \
    "  number: {type: number, private: true}, secrets: {type: strings, private: true},\n"          \
    "  b0: boolean, b1: boolean, b2: boolean, b3: boolean}\n"

struct compiled {
    struct project *project;
    struct buffer bytes;
    fflag_store *store;
    const fflag_view *view;
};

static char compiled_directory[] = "/tmp/test_compiled.XXXXXX";

static int compiled_set_up(void **state)
{
    (void)state;
    return mkdtemp(compiled_directory) ? 0 : -1;
}

static int compiled_tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", compiled_directory);
    return system(command);
}

static void write_definition(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", compiled_directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* Compiles for `environment` the attributes above and what `text` adds to them. */
static struct compiled compile_for(const char *environment, const char *text)
{
    struct compiled compiled = {0};
    write_definition("declarations.yaml", DECLARATIONS);
    write_definition("flags.yaml", text);
    compiled.project = project_load(compiled_directory, 0);
    bool built = !compiled.project->diagnostics.errors &&
                 project_compile(compiled.project, environment, NULL, 0, &compiled.bytes);
    if (!built)
        diagnostics_write(&compiled.project->diagnostics, DIAGNOSTIC_TEXT, false, stderr);
    assert_true(built);
    enum fflag_error error =
        fflag_open_memory(&compiled.store, compiled.bytes.bytes, compiled.bytes.length, NULL);
    assert_string_equal(fflag_error_text(error), fflag_error_text(FFLAG_OK));
    compiled.view = fflag_acquire(compiled.store);
    return compiled;
}

static struct compiled compile(const char *text)
{
    return compile_for("production", text);
}

static void release(struct compiled *compiled)
{
    fflag_release(compiled->view);
    fflag_close(compiled->store);
    buffer_release(&compiled->bytes);
    project_free(compiled->project);
}

static void set_strings(fflag_context *context, fflag_attr attribute, char *value)
{
    static const char *items[16];
    size_t count = 0;
    char *next = NULL;
    for (char *item = strtok_r(value, ",", &next); item; item = strtok_r(NULL, ",", &next))
        items[count++] = item;
    assert_int_equal(fflag_set_strings(context, attribute, items, count), 0);
}

static void set_attribute(const struct compiled *compiled, fflag_context *context, const char *name,
                          char *value)
{
    fflag_attr attribute = fflag_attribute(compiled->store, name);
    enum fflag_error error = FFLAG_OK;
    int64_t ms;
    if (!strcmp(value, "~null"))
        error = fflag_set_null(context, attribute);
    else if (!strcmp(name, "age") || !strcmp(name, "account") || !strcmp(name, "limit") ||
             !strcmp(name, "number"))
        error = fflag_set_number(context, attribute, strtod(value, NULL));
    else if (name[0] == 'b')
        error = fflag_set_boolean(context, attribute, !strcmp(value, "true"));
    else if (!strcmp(name, "app_version"))
        error = fflag_set_version(context, attribute, value, strlen(value));
    else if (!strcmp(name, "client_ip"))
        error = fflag_set_ip(context, attribute, value, strlen(value));
    else if (!strcmp(name, "signup_at") && parse_time(value, &ms))
        error = fflag_set_time(context, attribute, ms);
    else if (!strcmp(name, "now") && parse_time(value, &ms))
        fflag_set_now(context, ms);
    else if (!strcmp(name, "groups") || !strcmp(name, "secrets"))
        set_strings(context, attribute, value);
    else
        error = fflag_set_string(context, attribute, value, strlen(value));
    assert_int_equal(error, FFLAG_OK);
}

/* The words are kept until the next call. */
static void read_words(const struct compiled *compiled, const char *words, fflag_context *context)
{
    static char copy[1024];
    char *next = NULL;
    assert_true(strlen(words) < sizeof copy);
    memcpy(copy, words, strlen(words) + 1);
    fflag_context_init(context);
    for (char *word = strtok_r(copy, " ", &next); word; word = strtok_r(NULL, " ", &next)) {
        char *equals = strchr(word, '=');
        assert_non_null(equals);
        *equals = '\0';
        set_attribute(compiled, context, word, equals + 1);
    }
}

static __attribute__((unused)) const char *evaluated(const struct compiled *compiled,
                                                     const char *flag, const char *words)
{
    static char text[256];
    fflag_context context;
    read_words(compiled, words, &context);
    fflag_result result = fflag_evaluate_name(compiled->view, flag, &context);
    snprintf(text, sizeof text, "%s %s %s", result.variant ? result.variant : "-",
             fflag_reason_text(result.reason), result.rule ? result.rule : "-");
    return text;
}

#define EXPECT(compiled, flag, words, expected) \
    assert_string_equal(evaluated(compiled, flag, words), expected)

#endif
