/* read_overrides.c - overrides: they precede everything else in the flags they select. */
#include <stdlib.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/base/match.h"
#include "read_condition.h"
#include "read_map.h"
#include "read_names.h"
#include "read_overrides.h"
#include "read_scalar.h"
#include "reader.h"

static void read_globs(struct reader *reader, struct node *node, void *target)
{
    struct texts *globs = &((struct override *)target)->flags;
    read_texts(reader, node, globs);
    for (uint32_t i = 0; i < globs->count; i++) {
        const char *problem = glob_problem(globs->items[i].text);
        if (!problem)
            continue;
        diagnose(reader->diagnostics, FF0251, globs->items[i].span, "the pattern '%s' %s",
                 globs->items[i].text, problem);
        diagnose_help(reader->diagnostics, "write '\\' before a character that is meant literally");
        globs->items[i].text = "*"; /* reported: select everything */
    }
}

static void read_kinds(struct reader *reader, struct node *node, void *target)
{
    struct texts *kinds = &((struct override *)target)->kinds;
    struct node **items;
    uint32_t count;
    if (!read_items(reader, node, "a kind of flag, or a list of them", &items, &count))
        return;
    kinds->items = ARENA_ARRAY(reader->arena, struct text, count);
    for (uint32_t i = 0; i < count; i++) {
        unsigned ignored;
        if (read_choice(reader, items[i], flag_kind_words, &ignored))
            kinds->items[kinds->count++] = (struct text){items[i]->text, items[i]->span};
    }
}

static void read_override_environments(struct reader *reader, struct node *node, void *target)
{
    struct override *override = target;
    struct node **items;
    uint32_t count;
    if (!read_items(reader, node, "the name of an environment, or a list of them", &items, &count))
        return;
    override->environments = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t environment = resolve_environment(reader, items[i]);
        if (environment != UINT32_MAX)
            override->environments |= UINT64_C(1) << environment;
    }
}

static void read_override_condition(struct reader *reader, struct node *node, void *target)
{
    reader->share_salt = "override";
    reader->shares_are_of_project = true;
    ((struct override *)target)->condition = read_audience(reader, node);
    reader->share_salt = NULL;
    reader->shares_are_of_project = false;
}

static void check_window(struct reader *reader, const struct override *override,
                         const struct node *node)
{
    if (override->from < override->until)
        return;
    diagnose(reader->diagnostics, FF0339, node_get(node, "until")->span,
             "'until' is not after 'from': the override is never active");
    diagnose_note(reader->diagnostics, node_get(node, "from")->span, "it begins here");
}

static const struct form globs_form = NAMES("pattern or list", texts_form, NAMED_FLAG);
static const struct form kinds_form = ALIAS("kind or list", texts_form);
static const struct form served_form = NAMES("`default` or variant", free_name_form, NAMED_VARIANT);
static const struct field override_fields[] = {
    READ("flags", read_globs, globs_form, "selects flags by name, as `glob` does"),
    FIELD("tags", FIELD_TEXTS, struct override, tags, "selects flags that have one of them"),
    READ("kinds", read_kinds, kinds_form, "selects flags of one of these kinds"),
    FIELD("all", FIELD_BOOLEAN, struct override, all, "`true` selects every flag"),
    FIELD("serve", FIELD_PLACED, struct override, serve,
          "a variant must exist in every flag selected; `none` leaves the value to the caller",
          .form = &served_form, .missing = "write 'serve: default', or name a variant"),
    READ("environments", read_override_environments, environments_form, "only there"),
    READ("if", read_override_condition, condition_form, "only for units for which it holds"),
    FIELD("from", FIELD_TIME, struct override, from,
          "active from then on, by the clock of the evaluation"),
    FIELD("until", FIELD_TIME, struct override, until, "active until then"),
    FIELD("reason", FIELD_TEXT, struct override, reason, "for people"),
    FIELD("by", FIELD_TEXT, struct override, by, "for people: who wrote it"),
    FIELD("at", FIELD_TIME, struct override, at,
          "when it was written: the order of those in `overrides/`"),
    FIELD("id", FIELD_NAME, struct override, id,
          "what `ffc rollback --lift` takes; `ffc rollback` writes one. Results call the override "
          "`override:ID`; without an id, they and `--lift` use its index among those outside "
          "`overrides/`: `override[0]` …"),
};
const struct form override_form =
    KEYS("override", "an override", "[override](#overrides)", override_fields);

struct override *read_override(struct reader *reader, struct node *node)
{
    struct override *override = ARENA_NEW(reader->arena, struct override);
    if (!expect_map(reader, node, "a mapping for an override"))
        return NULL;
    override->node = node;
    override->span = node->span;
    override->environments = UINT64_MAX;
    override->from = override->at = INT64_MIN;
    override->until = INT64_MAX;
    uint32_t before = faults(reader);
    uint64_t given = read_fields(reader, node, &override_form, node->span, override);
    bool selects = (given & 7) || ((given & 0xF) && override->all);
    if (!selects && faults(reader) == before) {
        diagnose(reader->diagnostics, FF0338, node->span,
                 "an override that does not say which flags it is for");
        diagnose_help(reader->diagnostics,
                      "select them: flags: [canary.*], tags: [payments], kinds: "
                      "[ops], or all: true");
    }
    check_window(reader, override, node);
    return override;
}

/* ------------------------------------------------------------------------------------- order -- */

struct placed {
    struct override *override;
    uint32_t place; /* position as read: by file, and within it */
    bool hurried;   /* from the overrides folder */
};

/* The id of an override in the folder that does not give one. */
static const char *id_of_file(struct arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    return arena_copy(arena, base, strcspn(base, "."));
}

static int compare_placed(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    if (a->hurried != b->hurried)
        return a->hurried ? -1 : 1;
    if (a->hurried && a->override->at != b->override->at)
        return a->override->at > b->override->at ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* The first active override decides. Adding one in an emergency renumbers no other. */
void order_overrides(struct reader *reader)
{
    struct project *project = reader->project;
    uint32_t count = project->override_count, by_hand = 0;
    struct placed *placed = ARENA_ARRAY(reader->arena, struct placed, count + 1u);
    for (uint32_t i = 0; i < count; i++) {
        struct override *override = project->overrides[i];
        bool hurried = override_is_hurried(project, override);
        if (hurried && !override->id.text)
            override->id.text =
                id_of_file(reader->arena, project->sources.items[override->span.file].name);
        override->name = override->id.text
                             ? arena_format(reader->arena, "override:%s", override->id.text)
                             : arena_format(reader->arena, "override[%u]", by_hand);
        by_hand += !hurried;
        placed[i] = (struct placed){override, i, hurried};
    }
    if (count)
        qsort(placed, count, sizeof *placed, compare_placed);
    for (uint32_t i = 0; i < count; i++)
        project->overrides[i] = placed[i].override;
    project_select(project, &project->arena);
}

/* Lifting an override needs its id. */
static void check_id(struct reader *reader, struct override *override)
{
    if (!override->id.text)
        return;
    const struct override *earlier =
        table_add(&reader->override_ids, reader->arena, override->id.text, override);
    if (earlier)
        report_twice(reader, "override", &override->id, earlier->id.span);
}

void read_overrides(struct reader *reader, struct node *section)
{
    uint32_t before = faults(reader);
    if (!expect_list(reader, section, "a list of overrides")) {
        reader->overrides_lost = true;
        return;
    }
    struct project *project = reader->project;
    for (uint32_t i = 0; i < section->count; i++) {
        reader->definition++;
        struct override *override = read_override(reader, section->items[i]);
        if (!override)
            continue;
        check_id(reader, override);
        *ARENA_APPEND(reader->arena, project->overrides, project->override_count) = override;
    }
    reader->overrides_lost |= faults(reader) > before;
}
