/* answer.c - answers for an environment that was compiled in memory. */
#include "answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/json.h"
#include "compiler/model/flag.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

/* Opens what was compiled, or says why nothing was. */
static int open_compiled(const struct command *command, struct project *project,
                         const struct project_choice *choice, bool compiled, struct buffer *bytes,
                         struct snapshot *snapshot)
{
    struct buffer problem = {0};
    int status = EXIT_FINE;
    *snapshot = (struct snapshot){0};
    if (!compiled) {
        show_diagnostics(project, choice->format, choice->color);
        status = EXIT_INPUT;
    } else if (snapshot_open_memory(snapshot, bytes, &problem)) {
        status = job_error(command, "what was compiled is not a sound snapshot: %s", problem.bytes);
    }
    buffer_release(bytes);
    buffer_release(&problem);
    return status;
}

int compile_snapshot(const struct command *command, struct project *project, uint32_t environment,
                     const struct project_choice *choice, struct snapshot *snapshot)
{
    struct buffer bytes = {0};
    bool compiled =
        project_compile(project, project->environments.items[environment].text, NULL, 0, &bytes);
    return open_compiled(command, project, choice, compiled, &bytes, snapshot);
}

int compile_programs(const struct command *command, struct project *project, uint32_t environment,
                     const struct project_choice *choice, struct snapshot *snapshot)
{
    struct buffer bytes = {0};
    bool compiled =
        project_compile_programs(project, project->environments.items[environment].text, &bytes);
    return open_compiled(command, project, choice, compiled, &bytes, snapshot);
}

void write_answer_value(const fflag_result *result, struct buffer *out)
{
    if (result->error || result->variant_index == FFLAG_NO_VARIANT) {
        buffer_append_text(out, "null");
        return;
    }
    switch (result->type) {
    case FFLAG_TYPE_BOOLEAN:
        buffer_append_text(out, result->value.boolean ? "true" : "false");
        return;
    case FFLAG_TYPE_INTEGER:
        buffer_format(out, "%" PRId64, result->value.integer);
        return;
    case FFLAG_TYPE_NUMBER:
        json_write_number(out, result->value.number);
        return;
    case FFLAG_TYPE_STRING:
        json_write_string(out, result->value.string.text);
        return;
    case FFLAG_TYPE_JSON:
        break;
    }
    write_json_text(result->value.string.text, out);
}

void write_answer_keys(const fflag_result *result, struct buffer *out)
{
    json_write_key(out, "value");
    write_answer_value(result, out);
    field_text(out, "variant", result->variant);
    field_text(out, "reason", fflag_reason_text(result->reason));
    field_text(out, "rule", result->rule);
    field_text(out, "error", fflag_error_code(result->error));
}

void write_answer_metadata(const fflag_result *result, struct buffer *out)
{
    if (!result->metadata)
        return;
    json_write_key(out, "metadata");
    write_json_text(result->metadata, out);
}

uint32_t served_variant(const struct targeting *targeting, const fflag_result *result)
{
    return declared_variant(targeting, result->variant_index);
}

static struct span place_of_rule(const struct project *project, const struct targeting *targeting,
                                 const char *rule, uint32_t variant, struct span otherwise)
{
    for (uint32_t i = 0; i < targeting->rule_count; i++)
        if (!strcmp(rule, targeting->rules[i].name.text))
            return targeting->rules[i].span;
    for (uint32_t i = 0; !strcmp(rule, "users") && i < targeting->user_list_count; i++)
        if (targeting->users[i].variant == variant)
            return targeting->users[i].span;
    const struct canary *canary = targeting->canary;
    for (uint32_t i = 0; canary && !strncmp(rule, "canary:", 7) && i < canary->stage_count; i++)
        if (!strcmp(rule + 7, canary->stages[i].name.text))
            return canary->stages[i].span;
    if (targeting->experiment && !strcmp(rule, "experiment"))
        return targeting->experiment->span;
    for (uint32_t i = 0; i < project->override_count; i++)
        if (!strcmp(rule, project->overrides[i]->name))
            return project->overrides[i]->span;
    return otherwise;
}

struct span deciding_place(const struct project *project, const struct flag *flag,
                           uint32_t environment, const fflag_result *result)
{
    const struct targeting *targeting = &flag->environments[environment];
    if (result->rule)
        return place_of_rule(project, targeting, result->rule, served_variant(targeting, result),
                             flag->name.span);
    if (result->reason == FFLAG_REASON_LAYER)
        return targeting->layer_span;
    if (result->reason == FFLAG_REASON_PREREQUISITE_FAILED && targeting->requirement_count == 1)
        return targeting->requirements[0].span;
    return flag->name.span;
}

const char *place_text(struct project *project, struct arena *arena, struct span span,
                       uint32_t *line)
{
    uint32_t number = source_position(&project->sources, span.file, span.begin).line;
    if (line)
        *line = number;
    return arena_format(arena, "%s:%u", project->sources.items[span.file].path, number);
}
