/* read_flag.c - the keys of a flag, and an environment's keys, which override them. */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/percent.h"
#include "draft.h"
#include "read_canary.h"
#include "read_checks.h"
#include "read_experiment.h"
#include "read_flag.h"
#include "read_list_file.h"
#include "read_map.h"
#include "read_metadata.h"
#include "read_names.h"
#include "read_project.h"
#include "read_rollback.h"
#include "read_rules.h"
#include "read_scalar.h"
#include "read_targeting.h"
#include "read_value_overrides.h"
#include "read_variants.h"
#include "reader.h"

static void read_default(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    if (draft->has_value)
        return;
    uint32_t variant = resolve_variant(reader, draft, node);
    /* An unknown variant was reported: do not report it again. */
    draft->default_variant = variant == UINT32_MAX ? 0 : variant;
}

static void read_flag_bucket_by(struct reader *reader, struct node *node, void *target)
{
    read_bucket_by(reader, node, &((struct draft *)target)->targeting.bucket_by);
}

static void read_salt(struct reader *reader, struct node *node, void *target)
{
    (void)read_salt_text(reader, node, "the flag's name",
                         &((struct draft *)target)->targeting.salt);
}

static void read_requires(struct reader *reader, struct node *node, void *target)
{
    struct targeting *targeting = &((struct draft *)target)->targeting;
    targeting->requirements = NULL;
    targeting->requirement_count = 0;
    if (!expect_map(reader, node, "a mapping of flag to variant"))
        return;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct entry *entry = &node->entries[i];
        const struct declaration *found = find_declared(reader, FLAG, entry->key);
        ((struct draft *)target)->flag->faulty |= !found;
        if (!found)
            continue;
        const struct variant_set *variants = resolve_variants(reader, found->draft, entry->value);
        if (!variants)
            continue;
        struct requirement *requirement =
            ARENA_APPEND(reader->arena, targeting->requirements, targeting->requirement_count);
        requirement->flag = found->draft->flag;
        requirement->variants = variants;
        requirement->span = entry->key->span;
        requirement->span.end = entry->value->span.end;
    }
}

struct layer_keys {
    const struct layer *layer;
    uint32_t from, to;
};

static void read_layer_name(struct reader *reader, struct node *node, void *target)
{
    ((struct layer_keys *)target)->layer = resolve(reader, LAYER, node);
}

static const struct form layer_name_form = NAMES("layer", name_form, NAMED_LAYER);
static const struct field range_fields[] = {
    READ("name", read_layer_name, layer_name_form, "which layer",
         .missing = "write {name: checkout, from: 0%, to: 50%}"),
    FIELD("from", FIELD_PERCENT, struct layer_keys, from, "default 0 %"),
    FIELD("to", FIELD_PERCENT, struct layer_keys, to, "default 100 %"),
};
static const struct form range_form = KEYS("range", "a flag's layer", "`{name, from, to}`",
                                           range_fields, .reference = REFERENCE_NONE);

static void read_layer_range(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    struct layer_keys keys = {.to = PERCENT_ALL};
    if (!expect_map(reader, node, "a mapping for a layer")) {
        if (node->kind == NODE_LIST)
            diagnose_help(reader->diagnostics, "a flag is in one layer at most");
        return;
    }
    read_fields(reader, node, &range_form, node->span, &keys);
    if (keys.from >= keys.to) {
        diagnose(reader->diagnostics, FF0321, node->span,
                 "an empty share of the layer: 'from' is not below 'to'");
        diagnose_help(reader->diagnostics, "a flag gets the units from 'from' up to 'to'");
    }
    draft->targeting.layer = keys.layer;
    draft->targeting.layer_from = keys.from;
    draft->targeting.layer_to = keys.to;
    draft->targeting.layer_span = node->span;
}

static void read_holdouts(struct reader *reader, struct node *node, void *target)
{
    struct targeting *targeting = &((struct draft *)target)->targeting;
    struct node **names;
    uint32_t count;
    targeting->holdouts = NULL;
    targeting->holdout_count = 0;
    if (!read_items(reader, node, "the name of a holdout, or a list of them", &names, &count))
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct holdout *holdout = resolve(reader, HOLDOUT, names[i]);
        if (holdout)
            *ARENA_APPEND(reader->arena, targeting->holdouts, targeting->holdout_count) = holdout;
    }
}

/* ------------------------------------------------------------------------------------- users -- */

static void read_user_file(struct reader *reader, struct node *node, void *target)
{
    ((struct user_list *)target)->file = read_list_file(reader, node);
}

static const struct form path_form = FORM("path", "\"type\": \"string\"");
static const struct field user_file_fields[] = {
    READ("file", read_user_file, path_form, "path path of a list file, relative to the project",
         .missing = "write {file: lists/vip.txt}, or list the users"),
};
static const struct form user_file_form =
    KEYS(NULL, "a list of users", "`{file: path}`", user_file_fields);
static const struct form user_list_form = {.kind = FORM_EITHER,
                                           .of = {&texts_form, &user_file_form}};

static void read_user_list(struct reader *reader, struct node *node, struct user_list *list)
{
    if (node->kind != NODE_MAP) {
        read_texts(reader, node, &list->users);
        return;
    }
    read_fields(reader, node, &user_file_form, node->span, list);
}

/* A unit listed under two variants gets the first. */
static void warn_listed_twice(struct reader *reader, const struct targeting *targeting)
{
    struct table seen = {0};
    for (uint32_t i = 0; targeting->user_list_count > 1 && i < targeting->user_list_count; i++) {
        struct texts *users = &targeting->users[i].users;
        for (uint32_t j = 0; j < users->count; j++) {
            struct text *user = &users->items[j];
            const struct text *earlier = table_add(&seen, reader->arena, user->text, user);
            bool same_list = earlier >= users->items && earlier < users->items + users->count;
            if (!earlier || same_list)
                continue;
            diagnose(reader->diagnostics, FF0329, user->span,
                     "user '%s' is listed under two variants, and gets the first", user->text);
            diagnose_note(reader->diagnostics, earlier->span, "first listed here");
            diagnose_help(reader->diagnostics, "leave the user in one of the lists");
        }
    }
}

static void read_users(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    struct targeting *targeting = &draft->targeting;
    targeting->users = NULL;
    targeting->user_list_count = 0;
    if (draft->has_value || !expect_map(reader, node, "a mapping of variant to users"))
        return;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct entry *entry = &node->entries[i];
        uint32_t variant = resolve_variant(reader, draft, entry->key);
        struct user_list list = {.variant = variant, .span = entry->key->span};
        read_user_list(reader, entry->value, &list);
        if (variant != UINT32_MAX)
            *ARENA_APPEND(reader->arena, targeting->users, targeting->user_list_count) = list;
    }
    warn_listed_twice(reader, targeting);
}

/* -------------------------------------------------------------------------- rules and blocks -- */

static void read_sticky(struct reader *reader, struct node *node, void *target)
{
    struct targeting *targeting = &((struct draft *)target)->targeting;
    if (read_boolean(reader, node, &targeting->sticky))
        targeting->sticky_span = node->span;
}

static void read_flag_rules(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    if (!draft->has_value)
        read_rules(reader, node, draft);
}

static void read_serve(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    if (draft->has_value)
        return;
    draft->serve = resolve_variant(reader, draft, node);
    draft->has_serve = true;
    draft->shorthand = node->span;
}

static void read_shorthand_percent(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    read_ramp(reader, node, &draft->percent);
    draft->has_percent = true;
    draft->shorthand = node->span;
}

static void read_shorthand_split(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    if (draft->has_value)
        return;
    read_split(reader, node, draft, &draft->arms, &draft->arm_count);
    draft->has_split = true;
    draft->shorthand = node->span;
}

static void read_shorthand_keep(struct reader *reader, struct node *node, void *target)
{
    read_keep(reader, node, &((struct draft *)target)->keep);
}

static void read_flag_canary(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    if (!draft->has_value)
        draft->targeting.canary = read_canary(reader, node, draft);
}

static void read_flag_experiment(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    if (!draft->has_value)
        draft->targeting.experiment = read_experiment(reader, node, draft);
}

/* ---------------------------------------------------------------------------------- the keys -- */

static void read_in_head(struct reader *reader, struct node *node, void *target)
{
    (void)reader, (void)node, (void)target;
}

static void read_expires(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    draft->expires_span = node->span;
    read_time(reader, node, &draft->expires);
}

static void read_kind(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    unsigned kind;
    if (!read_choice(reader, node, flag_kind_words, &kind))
        return;
    draft->kind = (enum flag_kind)kind;
    draft->kind_given = true;
    draft->kind_span = node->span;
}

static void read_environments_key(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    ((struct draft *)target)->environments = node;
}

static void read_variants_again(struct reader *reader, struct node *node, void *target)
{
    read_environment_variants(reader, node, target);
}

static void read_value_again(struct reader *reader, struct node *node, void *target)
{
    read_environment_value(reader, node, target);
}

static const struct form values_form = {.kind = FORM_MAP,
                                        .takes = "mapping of name to value",
                                        .of = {&any_form},
                                        .names = &free_name_form,
                                        .least = 1};
static const struct form requires_form = {.kind = FORM_MAP,
                                          .takes = "mapping of flag to variant or list",
                                          .of = {&variant_names_form},
                                          .keys_named = NAMED_FLAG,
                                          .least = 1};
static const struct form users_form = {.kind = FORM_MAP,
                                       .takes = "mapping of variant to list or `{file: path}`",
                                       .of = {&user_list_form},
                                       .keys_named = NAMED_VARIANT};
static const struct form flag_type_form = {.kind = FORM_CHOICE,
                                           .words = flag_type_words + FFLAG_TYPE_BOOLEAN};
const struct form flag_kind_form = {.kind = FORM_CHOICE, .words = flag_kind_words};
static const struct form shape_form = {.kind = FORM_CHOICE, .words = shape_words};

/* The fields that an environment of a flag may override. */
#define VARIANT_FIELDS(read_variants, read_value)                                                  \
    READ("variants", read_variants, values_form,                                                   \
         "what it can serve; at most 4096. A boolean flag has `on: true` and `off: false` unless " \
         "it says otherwise",                                                                      \
         .chooses = true),                                                                         \
        READ("value", read_value, any_form,                                                        \
             "instead of `variants`: a plain configuration value, without rules")
#define TARGETING_FIELDS                                                                          \
    FIELD("enabled", FIELD_BOOLEAN, struct draft, targeting.enabled,                              \
          "`false` serves the default, reason `DISABLED`"),                                       \
        READ("default", read_default, variant_form,                                               \
             "what is served when nothing else decides, or `none`. `off` for a boolean flag "     \
             "that has it; needed for all others that have variants",                             \
             .chooses = true),                                                                    \
        READ("bucket_by", read_flag_bucket_by, key_form,                                          \
             "what percentages are bucketed by: see [bucketing](#bucketing). Default: the "       \
             "project's"),                                                                        \
        READ("salt", read_salt, text_form,                                                        \
             "what is hashed with the unit; default: the flag's name. A renamed flag with its "   \
             "old name as salt moves nobody"),                                                    \
        READ("requires", read_requires, requires_form,                                            \
             "unless each of these flags serves that variant, the default is served"),            \
        READ("layer", read_layer_range, range_form,                                               \
             "the flag is only for this share of the layer; `from` defaults to 0 %, `to` to "     \
             "100 %"),                                                                            \
        READ("holdout", read_holdouts, holdouts_form, "units of these holdouts get the default"), \
        READ("users", read_users, users_form,                                                     \
             "these units get that variant; matched with the `bucket_by` attribute. A unit that " \
             "is listed twice gets the first",                                                    \
             .chooses = true),                                                                    \
        READ("sticky", read_sticky, boolean_form,                                                 \
             "`true`: a unit keeps the variant that it had, where the service says which: see "   \
             "[sticky](#sticky). Default `false`",                                                \
             .chooses = true),                                                                    \
        READ("value_overrides", read_variant_overrides, variant_overrides_form,                   \
             "for some units, parts of a variant's JSON value replaced, whatever serves it: see " \
             "[parts of a value](#parts-of-a-value)",                                             \
             .chooses = true),                                                                    \
        READ("rules", read_flag_rules, rules_form, "the first that decides wins",                 \
             .chooses = true),                                                                    \
        READ("serve", read_serve, variant_form,                                                   \
             "as in a rule: shorthand for a single one without a condition", .chooses = true),    \
        READ("percent", read_shorthand_percent, percent_or_ramp_form, "likewise",                 \
             .chooses = true),                                                                    \
        READ("split", read_shorthand_split, split_form, "likewise", .chooses = true),             \
        READ("keep", read_shorthand_keep, kept_form, "likewise", .chooses = true),                \
        READ("canary", read_flag_canary, canary_form, "a rollout in stages", .chooses = true),    \
        READ("experiment", read_flag_experiment, experiment_form, "variants compared",            \
             .chooses = true)

static const struct field environment_fields[] = {
    TARGETING_FIELDS,
    VARIANT_FIELDS(read_variants_again, read_value_again),
};
const struct form environment_form = KEYS("environment", "an environment of a flag", "environment",
                                          environment_fields, .reference = REFERENCE_NAMES);
static const struct form environment_or_null_form = {.kind = FORM_EITHER,
                                                     .of = {&environment_form, &null_form}};
static const struct form enabled_in_form = {.kind = FORM_LIST,
                                            .help = "Enabled only there",
                                            .of = {&name_form},
                                            .named = NAMED_ENVIRONMENT};
static const struct form by_environment_form = {
    .kind = FORM_MAP,
    .help = "For an environment, these keys replace the flag's own",
    .of = {&environment_or_null_form},
    .keys_named = NAMED_ENVIRONMENT};
static const struct form environments_key_form = {.kind = FORM_EITHER,
                                                  .takes = "list or mapping",
                                                  .of = {&enabled_in_form, &by_environment_form}};

static const struct field flag_fields[] = {
    FIELD("description", FIELD_TEXT, struct draft, description, "for people and reports"),
    FIELD("owner", FIELD_TEXT, struct draft, owner, "for people and reports"),
    FIELD("tags", FIELD_TEXTS, struct draft, tags, "what overrides and filters select it by"),
    READ("expires", read_expires, time_form,
         "how long the flag is meant to live: reported from 14 days before, and an error with `ffc "
         "check --strict` after"),
    READ("metadata", read_metadata, metadata_form,
         "what else results, exposures and tools say of it; at most 4096 bytes"),
    READ("links", read_links, links_form, "likewise: where to read on; http or https"),
    FIELD("client", FIELD_BOOLEAN, struct draft, client,
          "`true`: the flag may leave the server, for browsers and apps; default `false`"),
    READ("kind", read_kind, flag_kind_form,
         "default `release`; follows from a `canary` or `experiment` block"),
    READ("type", read_in_head, flag_type_form, "of its values; default `boolean`"),
    READ("shape", read_in_head, shape_form,
         "whether all values of a JSON flag have the same keys and types; default `same`"),
    VARIANT_FIELDS(read_in_head, read_in_head),
    TARGETING_FIELDS,
    READ("environments", read_environments_key, environments_key_form,
         "where it is enabled, or its keys there: see [environments](#environments)"),
    READ("rollback", read_rollback, rollback_form,
         "what else to do, in this order, when the flag is rolled back"),
};
const struct form flag_form = KEYS("flag", "a flag", "flag", flag_fields);

/* A plain value leaves nothing to decide. */
static void check_value_keys(struct reader *reader, const struct draft *draft,
                             const struct node *map)
{
    for (size_t i = 0; draft->has_value && i < flag_form.field_count; i++) {
        const struct entry *entry =
            flag_fields[i].chooses ? find_entry(map, flag_fields[i].name) : NULL;
        if (!entry)
            continue;
        diagnose(reader->diagnostics, FF0109, entry->key->span,
                 "'%s' needs variants, but '%s' is a plain value", flag_fields[i].name,
                 draft->flag->name.text);
        diagnose_note(reader->diagnostics, draft->value_span, "'value' is given here");
        diagnose_help(reader->diagnostics, "name the values under 'variants' to choose among them");
        suspect_doubled(reader, &draft->flag->name);
    }
}

static void check_conflicts(struct reader *reader, const struct draft *draft,
                            const struct node *map)
{
    check_value_keys(reader, draft, map);
    static const char *const shorthand[] = {"serve", "percent", "split", "keep"};
    bool ruled = false;
    for (size_t i = 0; i < sizeof shorthand / sizeof *shorthand && !ruled; i++)
        ruled = report_conflict_of(reader, map, "rules", shorthand[i],
                                   "move it to the end of 'rules', where it decides for the "
                                   "rest, or keep one of the two");
    if (!ruled)
        ruled = report_conflict(reader, map, "serve", "split");
    if (ruled && map == draft->node)
        suspect_doubled(reader, &draft->flag->name);
    if (report_conflict(reader, map, "canary", "experiment") && map == draft->node)
        suspect_doubled(reader, &draft->flag->name);
}

/* ------------------------------------------------------------------------------ environments -- */

/* A value that an environment gives in one spelling is not inherited in the other. */
static void drop_replaced(struct draft *draft, const struct node *map)
{
    bool rules = node_get(map, "rules");
    bool serve = node_get(map, "serve"), split = node_get(map, "split");
    if (rules)
        draft->has_serve = draft->has_percent = draft->has_split = draft->keep.given = false;
    if (serve)
        draft->has_split = draft->keep.given = false;
    if (split)
        draft->has_serve = false;
    if (serve || split || node_get(map, "percent"))
        draft->targeting.rules = NULL, draft->targeting.rule_count = 0;
    if (node_get(map, "canary"))
        draft->targeting.experiment = NULL;
    if (node_get(map, "experiment"))
        draft->targeting.canary = NULL;
}

void read_environment(struct reader *reader, struct node *node, struct draft *draft)
{
    check_conflicts(reader, draft, node);
    drop_replaced(draft, node);
    read_fields(reader, node, &environment_form, node->span, draft);
}

/* --------------------------------------------------------------------------- the flag itself -- */

/* `a: on` tells what was meant; `a:` may be a flag whose keys are not indented. */
static void explain_flag(struct reader *reader, const struct node *node)
{
    if (node->kind != NODE_SCALAR || strchr(node->text, ':'))
        return;
    if (is_null(node))
        diagnose_help(reader->diagnostics, "indent its keys below it; a flag without any is '{}'");
    else
        diagnose_help(reader->diagnostics, "say what it serves: {serve: %s}", node->text);
}

void read_flag_head(struct reader *reader, struct declaration *declaration)
{
    struct draft *draft = ARENA_NEW(reader->arena, struct draft);
    declaration->draft = draft;
    draft->flag = declaration->thing;
    draft->node = declaration->body;
    draft->default_variant = UINT32_MAX;
    draft->expires = INT64_MIN;
    draft->targeting.enabled = true;
    draft->targeting.salt = draft->flag->name.text;
    draft->targeting.bucket_by = reader->project->bucket_by;
    draft->flag->type = FFLAG_TYPE_BOOLEAN;
    draft->flag->expires = INT64_MIN;
    if (!expect_map(reader, draft->node, "a mapping for a flag")) {
        explain_flag(reader, draft->node);
        return;
    }
    read_variants(reader, draft);
}

#define MOST_LISTED 17u

static void settle_default(struct reader *reader, struct draft *draft)
{
    struct targeting *targeting = &draft->targeting;
    if (draft->default_variant != UINT32_MAX || draft->has_value || !targeting->variant_count)
        return;
    for (uint32_t i = 0; draft->flag->type == FFLAG_TYPE_BOOLEAN && i < targeting->variant_count;
         i++) {
        if (strcmp(targeting->variants[i].name.text, "off") == 0) {
            draft->default_variant = i;
            return;
        }
    }
    struct buffer names = {0};
    uint32_t listed =
        targeting->variant_count < MOST_LISTED ? targeting->variant_count : MOST_LISTED;
    for (uint32_t i = 0; i < listed; i++)
        buffer_format(&names, "%s%s", i ? ", " : "", targeting->variants[i].name.text);
    if (listed < targeting->variant_count)
        buffer_append_text(&names, ", …");
    diagnose(reader->diagnostics, FF0302, draft->flag->name.span,
             "flag '%s' has no default variant", draft->flag->name.text);
    diagnose_help(reader->diagnostics,
                  "add 'default:' with the variant served when nothing else "
                  "decides: %s",
                  names.bytes);
    suspect_doubled(reader, &draft->flag->name);
    buffer_release(&names);
}

static void settle_kind(struct reader *reader, struct draft *draft)
{
    struct flag *flag = draft->flag;
    bool canary = draft->targeting.canary != NULL;
    bool experiment = draft->targeting.experiment != NULL;
    for (uint32_t i = 0; i < reader->project->environments.count; i++) {
        canary |= flag->environments[i].canary != NULL;
        experiment |= flag->environments[i].experiment != NULL;
    }
    flag->kind = canary ? KIND_CANARY : experiment ? KIND_EXPERIMENT : KIND_RELEASE;
    if (!draft->kind_given)
        return;
    bool contradicts = (canary && draft->kind != KIND_CANARY && !experiment) ||
                       (experiment && draft->kind != KIND_EXPERIMENT && !canary);
    if (contradicts && faults(reader) == reader->flag_faults) {
        const char *block = canary ? "canary" : "experiment";
        diagnose(reader->diagnostics, FF0371, draft->kind_span,
                 "this kind contradicts the flag's '%s' block", block);
        diagnose_help(reader->diagnostics, "remove 'kind'; it follows from the block");
    }
    flag->kind = draft->kind;
}

void read_flag(struct reader *reader, struct declaration *declaration)
{
    struct draft *draft = declaration->draft;
    struct flag *flag = draft->flag;
    uint32_t count = reader->project->environments.count;
    flag->environments = ARENA_ARRAY(reader->arena, struct targeting, count);
    if (draft->node->kind != NODE_MAP)
        return;
    check_conflicts(reader, draft, draft->node);
    uint32_t before = faults(reader);
    read_fields(reader, draft->node, &flag_form, draft->flag->name.span, draft);
    if (faults(reader) == before)
        settle_default(reader, draft);

    read_targetings(reader, draft);
    flag->description = draft->description;
    flag->owner = draft->owner;
    flag->tags = draft->tags;
    flag->metadata = settle_metadata(reader, draft);
    flag->client = draft->client;
    flag->expires = draft->expires;
    flag->expires_span = draft->expires_span;
    for (uint32_t i = 0; i < count; i++)
        flag->serves_none |= targeting_serves_none(&flag->environments[i]);
    settle_kind(reader, draft);
    check_required(reader, flag, draft->node);
}
