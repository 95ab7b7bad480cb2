/* read_project.c - the project's own section, and the small declarations. */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "read_checks.h"
#include "read_condition.h"
#include "read_criteria.h"
#include "read_hooks.h"
#include "read_map.h"
#include "read_names.h"
#include "read_naming.h"
#include "read_project.h"
#include "read_scalar.h"
#include "reader.h"

static void read_environments(struct reader *reader, struct node *node, void *target)
{
    (void)target;
    struct texts *environments = &reader->project->environments;
    uint32_t before = faults(reader);
    reader->environments_lost = true;
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
        check_name(reader, node->items[i], NAME_WORD, "an environment");
        uint32_t earlier = project_environment(reader->project, name.text);
        if (earlier == UINT32_MAX) {
            environments->items[environments->count++] = name;
            continue;
        }
        report_twice(reader, "environment", &name, environments->items[earlier].span);
    }
    reader->environments_lost = faults(reader) > before;
}

static const struct attribute *read_key_part(struct reader *reader, const struct node *node)
{
    const struct attribute *attribute = resolve(reader, ATTRIBUTE, node);
    if (!attribute || !attribute->type)
        return NULL;
    if (attribute->type == FFLAG_ATTRIBUTE_STRING || attribute->type == FFLAG_ATTRIBUTE_NUMBER ||
        attribute->type == FFLAG_ATTRIBUTE_BOOLEAN)
        return attribute;
    diagnose(reader->diagnostics, FF0315, node->span,
             "'%s' cannot be hashed, expected a string, number or boolean attribute",
             attribute->name.text);
    diagnose_note(reader->diagnostics, attribute->name.span, "'%s' is declared here",
                  attribute->name.text);
    diagnose_help(reader->diagnostics, "name one that identifies a unit, such as a user's id");
    return NULL;
}

static bool same_keys(const struct unit_key *a, const struct unit_key *b)
{
    if (a->count != b->count || a->joined != b->joined ||
        (a->joined && strcmp(a->with, b->with) != 0))
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (a->parts[i] != b->parts[i])
            return false;
    return true;
}

static const struct unit_key *only_key(struct reader *reader, const struct unit_key *key)
{
    for (uint32_t i = 0; i < reader->key_count; i++)
        if (same_keys(reader->keys[i], key))
            return reader->keys[i];
    struct unit_key *kept = ARENA_NEW(reader->arena, struct unit_key);
    *kept = *key;
    kept->text = key->parts[0]->name.text;
    for (uint32_t i = 1; i < key->count; i++)
        kept->text = key->joined ? arena_format(reader->arena, "%s + \"%s\" + %s", kept->text,
                                                key->with, key->parts[i]->name.text)
                                 : arena_format(reader->arena, "%s or %s", kept->text,
                                                key->parts[i]->name.text);
    *ARENA_APPEND(reader->arena, reader->keys, reader->key_count) = kept;
    return kept;
}

static bool report_parts(struct reader *reader, struct span span, const char *fact,
                         const char *help)
{
    diagnose(reader->diagnostics, FF0397, span, "%s", fact);
    diagnose_help(reader->diagnostics, "%s", help);
    return false;
}

static bool read_parts(struct reader *reader, const struct node *list, struct unit_key *key)
{
    if (!expect_list(reader, list, "a list of attributes"))
        return false;
    if (list->count < (key->joined ? 2 : 1) || list->count > MOST_KEY_PARTS)
        return report_parts(reader, list->span,
                            arena_format(reader->arena, "%u attribute%s, expected %d to %d",
                                         list->count, list->count == 1 ? "" : "s",
                                         key->joined ? 2 : 1, MOST_KEY_PARTS),
                            key->joined && list->count == 1
                                ? "one attribute needs no 'join': name it alone"
                                : "name the attributes: [user_id, session_id], the first that is "
                                  "given; or {join: [company, user]}");
    key->parts = ARENA_ARRAY(reader->arena, const struct attribute *, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct attribute *part = read_key_part(reader, list->items[i]);
        if (!part)
            return false;
        for (uint32_t j = 0; j < key->count; j++)
            if (key->parts[j] == part)
                return report_parts(
                    reader, list->items[i]->span,
                    arena_format(reader->arena, "'%s' stands twice", part->name.text),
                    key->joined ? "it would add nothing to the key: name each attribute once"
                                : "where it is absent, it is so both times: name it once");
        key->parts[key->count++] = part;
    }
    return true;
}

struct join_keys {
    struct node *list;
    struct text with;
};

static void keep_join(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    ((struct join_keys *)target)->list = node;
}

static void read_with(struct reader *reader, struct node *node, void *target)
{
    struct text with;
    if (!read_text(reader, node, &with))
        return;
    if (strlen(with.text) <= MOST_WITH)
        ((struct join_keys *)target)->with = with;
    else
        report_parts(reader, node->span, "more than 16 bytes between two parts",
                     "it only keeps the parts apart: a character that no part has is enough");
}

static const struct form key_list_form = {
    .kind = FORM_LIST, .of = {&attribute_name_form}, .least = 1, .most = MOST_KEY_PARTS};
static const struct field join_fields[] = {
    READ("join", keep_join, key_list_form, "all of these, in this order; a unit needs all of them",
         .missing = "name what is joined: {join: [company, user]}"),
    READ("with", read_with, text_form, "what stands between two; default a dot"),
};
static const struct form join_form = KEYS("joined_key", "a joined key", "joined key", join_fields);
const struct form key_form = {.definition = "bucket_by",
                              .kind = FORM_EITHER,
                              .takes = "attribute, list, or joined key",
                              .help = "An attribute; the first of a list that is given; or several "
                                      "joined",
                              .of = {&attribute_name_form, &key_list_form, &join_form}};

static bool read_key(struct reader *reader, struct node *node, struct unit_key *key)
{
    if (node->kind == NODE_LIST)
        return read_parts(reader, node, key);
    if (node->kind == NODE_MAP) {
        struct join_keys keys = {.with = {.text = "."}};
        uint32_t before = faults(reader);
        read_fields(reader, node, &join_form, node->span, &keys);
        key->joined = true;
        key->with = keys.with.text;
        return keys.list && read_parts(reader, keys.list, key) && faults(reader) == before;
    }
    const struct attribute *part = read_key_part(reader, node);
    if (!part)
        return false;
    key->parts = ARENA_NEW(reader->arena, const struct attribute *);
    key->parts[key->count++] = part;
    return true;
}

void read_bucket_by(struct reader *reader, struct node *node, const struct unit_key **bucket_by)
{
    struct unit_key key = {.count = 0};
    if (read_key(reader, node, &key))
        *bucket_by = only_key(reader, &key);
    else
        reader->bucket_broken = true;
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

/* Nobody's definitions make a build write elsewhere. */
static void read_archive(struct reader *reader, struct node *node, void *target)
{
    (void)target;
    struct text text;
    if (!read_text(reader, node, &text))
        return;
    const char *path = text.text;
    size_t length = strlen(path);
    bool leads_out = path[0] == '/' || strncmp(path, "../", 3) == 0 || strstr(path, "/../") ||
                     strcmp(path, "..") == 0 ||
                     (length > 2 && strcmp(path + length - 3, "/..") == 0);
    if (!*path || leads_out) {
        diagnose(reader->diagnostics, FF0689, node->span,
                 "'archive' is a directory below the project's, not '%s'", path);
        diagnose_help(reader->diagnostics,
                      "whoever builds names one elsewhere: ffc build --archive DIR");
    } else {
        reader->project->archive = path;
    }
}

static void read_project_names(struct reader *reader, struct node *node, void *target)
{
    (void)target;
    read_naming(reader, node);
}

static const struct form environment_name_form = NAMES("environment", name_form, NAMED_ENVIRONMENT);

struct project_keys {
    struct text name;
    const char *description;
    struct node *default_environment;
};

/* The environments may stand below it. */
static void keep_default_environment(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    ((struct project_keys *)target)->default_environment = node;
}

static const struct form environment_list_form = {.kind = FORM_LIST,
                                                  .takes = "list of names",
                                                  .of = {&name_form},
                                                  .least = 1,
                                                  .most = MOST_ENVIRONMENTS};
static const struct field project_fields[] = {
    FIELD("name", FIELD_NAME, struct project_keys, name, "appears in snapshots and logs",
          .needed = true),
    FIELD("description", FIELD_TEXT, struct project_keys, description, "for people"),
    READ("environments", read_environments, environment_list_form,
         "at least one, at most 64; a snapshot is for one of them", .needed = true),
    READ("names", read_project_names, naming_form,
         "which names there are, of those that the language allows: see [names](#names)"),
    READ("bucket_by", read_project_bucket_by, key_form,
         "what percentages are bucketed by, unless a flag says otherwise"),
    READ("automatic", read_automatic, boolean_form,
         "`false`: canaries report a rollback and leave it to a person. Default `true`"),
    READ("rollout_confidence", read_rollout_confidence, percent_form,
         "the confidence of all bounds that a rollout's guards judge, over all its stages: see "
         "[replay.md](replay.md#bounds). Default: each bound has its own"),
    READ("hooks", read_project_hooks, hooks_form, "programs to run when a rollout has changed"),
    READ("archive", read_archive, text_form,
         "a directory below the project's that keeps each published snapshot: see "
         "[replay.md](replay.md#what-was-served-when)"),
    READ("default_environment", keep_default_environment, environment_name_form,
         "the one that a command is about where it names none with `-e`"),
    READ("require", read_require, require_form,
         "keys that every flag must have, or every flag of some kinds"),
    READ("checks", read_checks, checks_form, "what to make of warnings: see [checks](#checks)"),
};
const struct form project_form = KEYS("project", "the project", "project", project_fields);

void read_project_section(struct reader *reader, struct node *section)
{
    struct project_keys keys = {0};
    uint32_t before = faults(reader);
    read_fields(reader, section, &project_form, section->span, &keys);
    reader->bucket_broken |= faults(reader) > before;
    if (keys.name.text)
        reader->project->name = keys.name.text;
    if (keys.default_environment)
        reader->project->default_environment =
            resolve_environment(reader, keys.default_environment);
}

/* -------------------------------------------------------------------------------- attributes -- */

/* What other systems call a value with values in it, which no condition can test here. */
static const char *const object_words[] = {"object", "json", "map", "dict", "struct", NULL};

static void read_attribute_type(struct reader *reader, struct node *node, void *target)
{
    struct attribute *attribute = target;
    unsigned type;
    if (read_choice(reader, node, attribute_type_words + 1, &type))
        attribute->type = (enum fflag_attribute_type)(type + 1);
    else if (node->kind == NODE_SCALAR && words_find(object_words, node->text) >= 0)
        diagnose_help(reader->diagnostics,
                      "declare what rules read of it, each as an attribute of its own: %s.name: "
                      "string",
                      attribute->name.text);
}

static const struct form attribute_type_form = {
    .definition = "attribute_type", .kind = FORM_CHOICE, .words = attribute_type_words + 1};
static const struct field attribute_fields[] = {
    READ("type", read_attribute_type, attribute_type_form, "of its values in a context",
         .missing = ""),
    FIELD("enum", FIELD_TEXTS, struct attribute, choices,
          "all values that a string attribute may have in definitions"),
    CHOICE("scheme", struct attribute, scheme, version_scheme_words,
           "how a version is read: by SemVer 2.0, the default, or `loose`: [any number of "
           "parts](#versions)"),
    FIELD("private", FIELD_BOOLEAN, struct attribute, is_private,
          "`true`: snapshots have hashes in place of its values, and nothing shows them: see "
          "[private attributes](#private-attributes). Default `false`"),
    FIELD("description", FIELD_TEXT, struct attribute, description, "for people"),
};
static const struct form attribute_keys_form = KEYS(
    "attribute", "an attribute", "`{type, enum, scheme, private, description}`", attribute_fields);
const struct form attribute_form = {.kind = FORM_EITHER,
                                    .takes =
                                        "type, or `{type, enum, scheme, private, description}`",
                                    .of = {&attribute_type_form, &attribute_keys_form}};

/* What has other values than texts and numbers cannot be hashed, and what has few, not hidden. */
static void check_private(struct reader *reader, struct attribute *attribute,
                          const struct node *body)
{
    struct span span = find_entry(body, "private")->key->span;
    bool fits = attribute->type == FFLAG_ATTRIBUTE_STRING ||
                attribute->type == FFLAG_ATTRIBUTE_NUMBER ||
                attribute->type == FFLAG_ATTRIBUTE_STRINGS;
    if (attribute->type && !fits) {
        diagnose(reader->diagnostics, FF0296, span, "an attribute of type %s cannot be private",
                 attribute_type_words[attribute->type]);
        diagnose_help(reader->diagnostics,
                      attribute->type == FFLAG_ATTRIBUTE_BOOLEAN
                          ? "there is nothing to hide in a list of two values: remove 'private'"
                          : "its tests compare parts or order, which hashes do not have; string, "
                            "number and strings attributes can be private");
    }
    if (attribute->choices.count) {
        diagnose(reader->diagnostics, FF0296, span,
                 "an attribute with an 'enum' cannot be private");
        diagnose_note(reader->diagnostics, find_entry(body, "enum")->key->span,
                      "whoever knows these values can try them all");
        diagnose_help(reader->diagnostics, "remove one of the two");
    }
}

void read_attribute(struct reader *reader, struct declaration *declaration)
{
    struct attribute *attribute = declaration->thing;
    struct node *body = declaration->body;
    if (body->kind != NODE_MAP) {
        read_attribute_type(reader, body, attribute);
        return;
    }
    read_fields(reader, body, &attribute_keys_form, attribute->name.span, attribute);
    if (attribute->choices.count && attribute->type && attribute->type != FFLAG_ATTRIBUTE_STRING) {
        diagnose(reader->diagnostics, FF0364, find_entry(body, "enum")->key->span,
                 "'enum' has no meaning for an attribute of type %s",
                 attribute_type_words[attribute->type]);
        diagnose_help(reader->diagnostics, "only string attributes have an 'enum'");
    }
    if (attribute->is_private)
        check_private(reader, attribute, body);
    const struct entry *scheme = find_entry(body, "scheme");
    if (scheme && attribute->type && attribute->type != FFLAG_ATTRIBUTE_VERSION) {
        diagnose(reader->diagnostics, FF0364, scheme->key->span,
                 "'scheme' has no meaning for an attribute of type %s",
                 attribute_type_words[attribute->type]);
        diagnose_help(reader->diagnostics, "only version attributes have a 'scheme'");
    }
}

/* ---------------------------------------------------------------- segments, layers, holdouts -- */

static void read_segment_condition(struct reader *reader, struct node *node, void *target)
{
    struct segment *segment = target;
    reader->share_salt = arena_format(reader->arena, "segment/%s", segment->name.text);
    reader->shares_are_of_project = true;
    segment->condition = read_condition(reader, node, false);
    reader->share_salt = NULL;
    reader->shares_are_of_project = false;
}

static const struct field segment_fields[] = {
    FIELD("description", FIELD_TEXT, struct segment, description, "for people"),
    READ("if", read_segment_condition, condition_form,
         "which units belong to it. Segments may use other segments, without cycles",
         .missing = "its condition says which units belong to it: if: {country: [US, CA]}"),
};
const struct form segment_form = KEYS("segment", "a segment", "segment", segment_fields);

void read_segment(struct reader *reader, struct declaration *declaration)
{
    struct segment *segment = declaration->thing;
    if (!expect_map(reader, declaration->body, "a mapping for a segment"))
        return;
    read_fields(reader, declaration->body, &segment_form, segment->name.span, segment);
}

/* For people only: the value is not used. */
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

static const struct field layer_fields[] = {
    READ("bucket_by", read_layer_bucket_by, key_form,
         "what its shares are bucketed by; without it, all its flags must bucket by the same "
         "attribute"),
    READ("description", read_description, text_form, "for people"),
};
static const struct form layer_keys_form = KEYS("layer", "a layer", "layer", layer_fields);
const struct form layer_form = {
    .kind = FORM_EITHER, .takes = "layer", .of = {&layer_keys_form, &null_form}};

void read_layer(struct reader *reader, struct declaration *declaration)
{
    read_fields(reader, declaration->body, &layer_keys_form, declaration->body->span,
                declaration->thing);
}

static void read_holdout_bucket_by(struct reader *reader, struct node *node, void *target)
{
    read_bucket_by(reader, node, &((struct holdout *)target)->bucket_by);
}

static const struct field holdout_fields[] = {
    FIELD("percent", FIELD_PERCENT, struct holdout, percent,
          "the units that get the default of every flag that names the holdout",
          .missing = "say how many units are held out: percent: 2%"),
    READ("bucket_by", read_holdout_bucket_by, key_form,
         "what `percent` is bucketed by; default: as in the flag"),
    READ("description", read_description, text_form, "for people"),
};
const struct form holdout_form = KEYS("holdout", "a holdout", "holdout", holdout_fields);

void read_holdout(struct reader *reader, struct declaration *declaration)
{
    struct holdout *holdout = declaration->thing;
    if (!expect_map(reader, declaration->body, "a mapping for a holdout"))
        return;
    read_fields(reader, declaration->body, &holdout_form, holdout->name.span, holdout);
}
