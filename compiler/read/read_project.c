/* read_project.c - the project's own section, and the small declarations. */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "read_condition.h"
#include "read_criteria.h"
#include "read_hooks.h"
#include "read_map.h"
#include "read_names.h"
#include "read_project.h"
#include "read_scalar.h"
#include "reader.h"

static void read_environments(struct reader *reader, struct node *node, void *target)
{
    (void)target;
    struct texts *environments = &reader->project->environments;
    if (!expect_list(reader, node, "a list of environments"))
        return;
    if (node->count > MOST_ENVIRONMENTS) {
        diagnose(reader->diagnostics, FF0377, node->items[MOST_ENVIRONMENTS]->span,
                 "%u environments, expected at most %d", node->count, MOST_ENVIRONMENTS);
        diagnose_help(reader->diagnostics, "places that differ only in whom they serve can be one "
                                           "environment with an attribute");
        return;
    }
    environments->items = ARENA_ARRAY(reader->arena, struct text, node->count);
    for (uint32_t i = 0; i < node->count; i++) {
        struct text name;
        if (!read_text(reader, node->items[i], &name))
            continue;
        check_name(reader, node->items[i], "an environment");
        uint32_t earlier = project_environment(reader->project, name.text);
        if (earlier == UINT32_MAX) {
            environments->items[environments->count++] = name;
            continue;
        }
        report_twice(reader, "environment", &name, environments->items[earlier].span);
    }
}

void read_bucket_by(struct reader *reader, const struct node *node,
                    const struct attribute **bucket_by)
{
    const struct attribute *attribute = resolve(reader, ATTRIBUTE, node);
    reader->bucket_broken |= !attribute || !attribute->type;
    if (!attribute || !attribute->type)
        return;
    if (attribute->type != FFLAG_ATTRIBUTE_STRING && attribute->type != FFLAG_ATTRIBUTE_NUMBER) {
        reader->bucket_broken = true;
        diagnose(reader->diagnostics, FF0315, node->span,
                 "'%s' cannot be hashed, expected a string or number attribute",
                 attribute->name.text);
        diagnose_note(reader->diagnostics, attribute->name.span, "'%s' is declared here",
                      attribute->name.text);
        diagnose_help(reader->diagnostics, "name one that tells units apart, such as a user's id");
        return;
    }
    *bucket_by = attribute;
}

static void read_project_bucket_by(struct reader *reader, struct node *node, void *target)
{
    (void)target;
    read_bucket_by(reader, node, &reader->project->bucket_by);
}

static void read_automatic(struct reader *reader, struct node *node, void *target)
{
    (void)target;
    read_boolean(reader, node, &reader->project->automatic);
}

static void read_rollout_confidence(struct reader *reader, struct node *node, void *target)
{
    (void)target;
    read_confidence(reader, node, &reader->project->rollout_confidence);
}

static void read_project_hooks(struct reader *reader, struct node *node, void *target)
{
    (void)target;
    read_hooks(reader, node, &reader->project->hooks);
}

struct project_keys {
    struct text name;
    const char *description;
};

void read_project_section(struct reader *reader, struct node *section)
{
    static const struct field fields[] = {
        FIELD("name", FIELD_NAME, struct project_keys, name),
        FIELD("description", FIELD_TEXT, struct project_keys, description),
        READ("environments", read_environments),
        READ("bucket_by", read_project_bucket_by),
        READ("automatic", read_automatic),
        READ("rollout_confidence", read_rollout_confidence),
        READ("hooks", read_project_hooks),
    };
    struct project_keys keys = {0};
    read_fields(reader, section, "the project", FIELDS(fields), &keys);
    if (keys.name.text)
        reader->project->name = keys.name.text;
}

/* -------------------------------------------------------------------------------- attributes -- */

static void read_attribute_type(struct reader *reader, struct node *node, void *target)
{
    struct attribute *attribute = target;
    unsigned type;
    if (read_choice(reader, node, attribute_type_words + 1, &type))
        attribute->type = (enum fflag_attribute_type)(type + 1);
}

void read_attribute(struct reader *reader, struct declaration *declaration)
{
    static const struct field fields[] = {
        READ("type", read_attribute_type),
        FIELD("enum", FIELD_TEXTS, struct attribute, choices),
        FIELD("description", FIELD_TEXT, struct attribute, description),
    };
    struct attribute *attribute = declaration->thing;
    struct node *body = declaration->body;
    if (body->kind != NODE_MAP) {
        read_attribute_type(reader, body, attribute);
        return;
    }
    uint64_t given = read_fields(reader, body, "an attribute", FIELDS(fields), attribute);
    if (!(given & 1))
        report_missing(reader, attribute->name.span, "an attribute", "type",
                       choices_help(reader, attribute_type_words + 1));
    if (attribute->choices.count && attribute->type && attribute->type != FFLAG_ATTRIBUTE_STRING) {
        diagnose(reader->diagnostics, FF0364, find_entry(body, "enum")->key->span,
                 "'enum' has no meaning for an attribute of type %s",
                 attribute_type_words[attribute->type]);
        diagnose_help(reader->diagnostics, "only string attributes have an 'enum'");
    }
}

/* ---------------------------------------------------------------- segments, layers, holdouts -- */

static void read_segment_condition(struct reader *reader, struct node *node, void *target)
{
    ((struct segment *)target)->condition = read_condition(reader, node, false);
}

void read_segment(struct reader *reader, struct declaration *declaration)
{
    static const struct field fields[] = {
        FIELD("description", FIELD_TEXT, struct segment, description),
        READ("if", read_segment_condition),
    };
    struct segment *segment = declaration->thing;
    if (!expect_map(reader, declaration->body, "a mapping for a segment"))
        return;
    uint64_t given = read_fields(reader, declaration->body, "a segment", FIELDS(fields), segment);
    if (!(given & 2))
        report_missing(reader, segment->name.span, "a segment", "if",
                       "its condition says who belongs to it: if: {country: [US, CA]}");
}

/* For people only: nothing reads it. */
static void read_description(struct reader *reader, struct node *node, void *target)
{
    (void)target;
    struct text ignored;
    read_text(reader, node, &ignored);
}

static void read_layer_bucket_by(struct reader *reader, struct node *node, void *target)
{
    read_bucket_by(reader, node, &((struct layer *)target)->bucket_by);
}

void read_layer(struct reader *reader, struct declaration *declaration)
{
    static const struct field fields[] = {
        READ("bucket_by", read_layer_bucket_by),
        READ("description", read_description),
    };
    read_fields(reader, declaration->body, "a layer", FIELDS(fields), declaration->thing);
}

static void read_holdout_bucket_by(struct reader *reader, struct node *node, void *target)
{
    read_bucket_by(reader, node, &((struct holdout *)target)->bucket_by);
}

void read_holdout(struct reader *reader, struct declaration *declaration)
{
    static const struct field fields[] = {
        FIELD("percent", FIELD_PERCENT, struct holdout, percent),
        READ("bucket_by", read_holdout_bucket_by),
        READ("description", read_description),
    };
    struct holdout *holdout = declaration->thing;
    if (!expect_map(reader, declaration->body, "a mapping for a holdout"))
        return;
    uint64_t given = read_fields(reader, declaration->body, "a holdout", FIELDS(fields), holdout);
    if (!(given & 1))
        report_missing(reader, holdout->name.span, "a holdout", "percent",
                       "say how many units are held out: percent: 2%");
}
