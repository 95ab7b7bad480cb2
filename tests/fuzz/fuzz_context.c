/*
 * fuzz_context.c - any bytes as the JSON of a context, nested as it may be: its attributes are
 * found, or it is said what is wrong.
 *
 * What is found has the attribute's name, once. Read again under those names, it is the same; and a
 * name that is a key of the object itself has that key's value. The flags are evaluated with it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/commands/answer.h"
#include "compiler/commands/commands.h"
#include "compiler/commands/context.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char definitions[] =
    "project: {name: lab, environments: [production], bucket_by: user.id}\n"
    "attributes: {user: string, user.id: string, user.plan: string, user.plan.since: time,\n"
    "  user.app.os: {type: version, scheme: loose}, user.app: version, a.b.c.d: number,\n"
    "  a.b: boolean, groups: strings, geo.ip: ip}\n"
    "flags:\n"
    "  f: {rules: [{if: {user.plan: pro, user.app: {gte: 1.2.0}}}, {if: {a.b: true}},\n"
    "    {if: {a.b.c.d: {gt: 1}}}, {if: {user.app.os: {gt: 2}}}, {if: {groups: {any: {eq: x}}}},\n"
    "    {if: {user.plan.since: {within: 7d}}}, {if: {geo.ip: {in: [10.0.0.0/8]}}}, {if: {user: "
    "x}},\n"
    "    {percent: 50%}]}\n";

static struct project *project;
static struct context_reader reader;
static struct snapshot snapshot;

static void prepare(void)
{
    project = project_load_text("a.yaml", definitions, sizeof definitions - 1, 1795176000000);
    assert(project->diagnostics.errors == 0);
    int status =
        compile_snapshot(&eval_command, project, 0, &(struct project_choice){0}, &snapshot);
    assert(status == EXIT_FINE);
    context_reader_init(&reader, project, &snapshot);
}

/* What it gives; NULL: it was refused. */
static json_t *read(json_t *object, fflag_result *result)
{
    struct arena arena = {0};
    struct buffer warnings = {0}, problem = {0};
    fflag_context context;
    fflag_context_init(&context);
    fflag_set_now(&context, 1795176000000);
    json_t *flat = NULL;
    if (read_context(&reader, object, &arena, &context, &warnings, &problem)) {
        flat = flat_context(&reader);
        *result = fflag_evaluate_name(snapshot.view, "f", &context);
    }
    assert(!flat == (problem.length > 0));
    buffer_release(&warnings);
    buffer_release(&problem);
    arena_release(&arena);
    return flat;
}

static void check(json_t *object, json_t *flat)
{
    const char *name;
    json_t *value;
    json_object_foreach(flat, name, value)
    {
        size_t at = 0;
        while (at < reader.count && strcmp(reader.names[at], name) != 0)
            at++;
        assert(at < reader.count);
        json_t *literal = json_object_get(object, name);
        assert(!literal || json_is_object(literal) || literal == value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!reader.count)
        prepare();
    char *text = malloc(size + 1);
    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    json_t *object = parse_context(&eval_command, text, size, "-c");
    fflag_result first, second;
    json_t *flat = object ? read(object, &first) : NULL;
    if (flat) {
        check(object, flat);
        json_t *again = read(flat, &second);
        assert(again && json_equal(flat, again));
        assert(first.variant_index == second.variant_index && first.reason == second.reason);
        json_decref(again);
    }
    json_decref(flat);
    json_decref(object);
    free(text);
    return 0;
}
