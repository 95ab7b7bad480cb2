/*
 * emit_people.c - the sections for people and tools: JSON that evaluation does not need.
 * docs/snapshot-format.md has their schemas.
 */
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "emit.h"
#include "compiler/base/json.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"

#include <stdlib.h>
#include <string.h>

struct writer {
    struct buffer *out;
    const struct project *project;
};

static void write_source(struct writer *writer, struct span span)
{
    if (span.file == NO_FILE)
        return;
    const struct source *source = &writer->project->sources.items[span.file];
    char line[16], *digit = line + sizeof line;
    *--digit = '"';
    uint32_t number = source_position(&writer->project->sources, span.file, span.begin).line;
    do
        *--digit = (char)('0' + number % 10);
    while (number /= 10);
    *--digit = ':';
    field_text(writer->out, "source", source->name);
    writer->out->length--; /* drop the closing quote */
    buffer_append(writer->out, digit, (size_t)(line + sizeof line - digit));
}

static void write_text(struct writer *writer, const char *key, const char *text)
{
    if (text)
        field_text(writer->out, key, text);
}

static void write_time(struct writer *writer, const char *key, int64_t time)
{
    if (time != INT64_MIN && time != INT64_MAX)
        field_time(writer->out, key, time);
}

static void write_percent(struct writer *writer, const char *key, uint32_t thousandths)
{
    char text[PERCENT_TEXT_SIZE];
    percent_format(thousandths, text);
    json_write_key(writer->out, key);
    buffer_append_text(writer->out, text);
}

static void open_object(struct writer *writer)
{
    json_write_comma(writer->out);
    buffer_append(writer->out, "{", 1);
}

static void finish(struct writer *writer, const char *bracket)
{
    buffer_append_text(writer->out, bracket);
}

/* ------------------------------------------------------------------------------------- flags -- */

static void write_canary(struct writer *writer, const struct canary *canary)
{
    field_object(writer->out, "canary");
    write_text(writer, "state", canary_state_words[canary->state]);
    if (canary->state != CANARY_PENDING)
        write_text(writer, "stage", canary->stages[canary->stage].name.text);
    write_time(writer, "since", canary->since);
    field_array(writer->out, "stages");
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        open_object(writer);
        write_text(writer, "name", canary->stages[i].name.text);
        write_percent(writer, "percent", canary->stages[i].percent);
        write_source(writer, canary->stages[i].span);
        finish(writer, "}");
    }
    finish(writer, "]");
    write_source(writer, canary->span);
    finish(writer, "}");
}

static void write_experiment(struct writer *writer, const struct targeting *targeting)
{
    const struct experiment *experiment = targeting->experiment;
    const struct variant *variants = targeting->variants;
    field_object(writer->out, "experiment");
    write_text(writer, "state", experiment_state_words[experiment->state]);
    write_text(writer, "hypothesis", experiment->hypothesis);
    write_text(writer, "control", variants[experiment->control].name.text);
    if (experiment->state == EXPERIMENT_CONCLUDED && experiment->has_winner)
        write_text(writer, "winner", variants[experiment->winner].name.text);
    write_percent(writer, "traffic", experiment->traffic);
    field_object(writer->out, "split");
    for (uint32_t i = 0; i < experiment->arm_count; i++)
        write_percent(writer, variants[experiment->arms[i].variant].name.text,
                      experiment->arms[i].percent);
    finish(writer, "}");
    write_source(writer, experiment->span);
    finish(writer, "}");
}

static void write_rules(struct writer *writer, const struct targeting *targeting)
{
    if (!targeting->rule_count)
        return;
    field_array(writer->out, "rules");
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        open_object(writer);
        write_text(writer, "name", targeting->rules[i].name.text);
        write_source(writer, targeting->rules[i].span);
        finish(writer, "}");
    }
    finish(writer, "]");
}

static void write_key(struct writer *writer, const struct unit_key *key)
{
    if (!key || (key->count == 1 && !key->joined)) {
        write_text(writer, "bucket_by", key ? key->text : NULL);
        return;
    }
    if (key->joined)
        field_object(writer->out, "bucket_by");
    field_array(writer->out, key->joined ? "join" : "bucket_by");
    for (uint32_t i = 0; i < key->count; i++) {
        json_write_comma(writer->out);
        json_write_string(writer->out, key->parts[i]->name.text);
    }
    finish(writer, "]");
    if (!key->joined)
        return;
    write_text(writer, "with", key->with);
    finish(writer, "}");
}

static void write_flag(struct writer *writer, const struct flag *flag, uint32_t environment)
{
    const struct targeting *targeting = &flag->environments[environment];
    field_object(writer->out, flag->name.text);
    write_text(writer, "description", flag->description);
    write_text(writer, "owner", flag->owner);
    write_time(writer, "expires", flag->expires);
    write_key(writer, targeting->bucket_by);
    if (strcmp(targeting->salt, flag->name.text) != 0)
        write_text(writer, "salt", targeting->salt);
    write_source(writer, flag->name.span);
    write_rules(writer, targeting);
    if (targeting->canary)
        write_canary(writer, targeting->canary);
    if (targeting->experiment)
        write_experiment(writer, targeting);
    finish(writer, "}");
}

/* ------------------------------------------------------------------------- overrides, labels -- */

void emit_override(const struct override *override, struct buffer *out)
{
    struct writer writer = {.out = out};
    write_text(&writer, "name", override->name);
    write_text(&writer, "reason", override->reason);
    write_text(&writer, "by", override->by);
    write_time(&writer, "at", override->at);
    write_time(&writer, "from", override->from);
    write_time(&writer, "until", override->until);
}

static void write_overrides(struct writer *writer, uint32_t environment)
{
    buffer_append_text(writer->out, "[");
    for (uint32_t i = 0; i < writer->project->override_count; i++) {
        const struct override *override = writer->project->overrides[i];
        if (!(override->environments >> environment & 1))
            continue;
        open_object(writer);
        emit_override(override, writer->out);
        write_source(writer, override->span);
        finish(writer, "}");
    }
    finish(writer, "]");
}

/* So that a reader can tell which salt a range belongs to. */
static void write_salted(struct writer *writer)
{
    const struct project *project = writer->project;
    field_array(writer->out, "layers");
    for (uint32_t i = 0; i < project->layer_count; i++) {
        json_write_comma(writer->out);
        json_write_string(writer->out, project->layers[i]->name.text);
    }
    finish(writer, "]");
    field_array(writer->out, "holdouts");
    for (uint32_t i = 0; i < project->holdout_count; i++) {
        json_write_comma(writer->out);
        json_write_string(writer->out, project->holdouts[i]->name.text);
    }
    finish(writer, "]");
}

/* So that tools know whose values not to show. */
static void write_private(struct writer *writer)
{
    const struct project *project = writer->project;
    bool any = false;
    for (uint32_t i = 0; i < project->attribute_count; i++) {
        if (!project->attributes[i]->is_private)
            continue;
        if (!any)
            field_array(writer->out, "private");
        any = true;
        json_write_comma(writer->out);
        json_write_string(writer->out, project->attributes[i]->name.text);
    }
    if (any)
        finish(writer, "]");
}

static int compare_labels(const void *left, const void *right)
{
    const struct label *a = left, *b = right;
    return strcmp(a->key, b->key);
}

static void write_labels(struct writer *writer, const struct label *labels, size_t count)
{
    struct label *sorted = xcalloc(count + 1, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = labels[i];
    qsort(sorted, count, sizeof *sorted, compare_labels);
    buffer_append_text(writer->out, "{");
    for (size_t i = 0; i < count; i++)
        write_text(writer, sorted[i].key, sorted[i].value);
    finish(writer, "}");
    free(sorted);
}

static void write_people(struct writer *writer, uint32_t environment)
{
    const struct project *project = writer->project;
    buffer_append_text(writer->out, "{");
    write_text(writer, "project", project->name);
    write_text(writer, "environment", project->environments.items[environment].text);
    write_salted(writer);
    write_private(writer);
    field_object(writer->out, "flags");
    for (uint32_t i = 0; i < project->flag_count; i++)
        write_flag(writer, project->flags[i], environment);
    finish(writer, "}}");
}

void emit_annex(const struct project *project, uint32_t environment, const struct label *labels,
                size_t label_count, struct annex *annex)
{
    write_people(&(struct writer){&annex->people, project}, environment);
    write_labels(&(struct writer){&annex->labels, project}, labels, label_count);
    write_overrides(&(struct writer){&annex->overrides, project}, environment);
}
