/* read_canary.c - canaries: stages, guards, and where the rollout is. */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/base/percent.h"
#include "draft.h"
#include "read_canary.h"
#include "read_condition.h"
#include "read_criteria.h"
#include "read_hooks.h"
#include "read_map.h"
#include "read_names.h"
#include "read_scalar.h"
#include "read_variants.h"
#include "reader.h"

struct canary_keys {
    struct canary canary;
    struct draft *draft;
    struct node *stage;
    struct node *approval;
    struct node *approved;
};

/* ------------------------------------------------------------------------------------ stages -- */

static void read_stage_condition(struct reader *reader, struct node *node, void *target)
{
    ((struct stage *)target)->condition = read_audience(reader, node);
}

static void read_stage_guards(struct reader *reader, struct node *node, void *target)
{
    read_criteria(reader, node, true, &((struct stage *)target)->guards);
}

static void read_stage_advance(struct reader *reader, struct node *node, void *target)
{
    read_criteria(reader, node, false, &((struct stage *)target)->advance_when);
}

static const struct stage *find_stage(const struct canary *canary, const char *name)
{
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        if (strcmp(canary->stages[i].name.text, name) == 0)
            return &canary->stages[i];
    }
    return NULL;
}

static const struct field stage_fields[] = {
    FIELD("name", FIELD_NAME, struct stage, name, "default `stages[0]` and so on"),
    FIELD("percent", FIELD_PERCENT, struct stage, percent, "how many units it exposes",
          .missing = "set how many units it exposes: percent: 5%"),
    FIELD("hold", FIELD_DURATION, struct stage, hold, "at least this long in the stage"),
    FIELD("max_hold", FIELD_DURATION, struct stage, max_hold,
          "how long it may wait; default the canary's"),
    FIELD("min_samples", FIELD_COUNT, struct stage, min_samples,
          "of each group, before its criteria are judged"),
    READ("if", read_stage_condition, condition_form, "its audience; default everybody"),
    READ("guards", read_stage_guards, guards_form, "in addition to the canary's"),
    READ("advance_when", read_stage_advance, criteria_form, "in addition to the canary's"),
};
static const struct form stage_form = KEYS("stage", "a stage", "stage", stage_fields);

/* A guard has a metric, and a stage has none. */
static bool is_guard(const struct node *node)
{
    return node->kind == NODE_MAP && find_entry(node, "metric") && !find_entry(node, "percent");
}

/* What stands among the stages because the line above it, 'guards:', is missing. */
static bool report_guards(struct reader *reader, const struct node *stages)
{
    const struct node *first = NULL;
    for (uint32_t i = 0; i < stages->count; i++) {
        if (!is_guard(stages->items[i]))
            continue;
        reader->silent += first != NULL;
        first = first ? first : stages->items[i];
    }
    if (!first)
        return false;
    diagnose(reader->diagnostics, FF0031, find_entry(first, "metric")->key->span,
             "a guard stands among the stages");
    diagnose_help(reader->diagnostics,
                  "write 'guards:' on a line above it, indented like the keys of the %s",
                  first == stages->items[0] ? "canary" : "stage before it, or of the canary");
    return true;
}

static void read_stage(struct reader *reader, struct node *node, struct canary *canary)
{
    struct stage stage = {.span = node->span};
    if (!expect_map(reader, node, "a mapping for a stage"))
        return;
    read_fields(reader, node, &stage_form, node->span, &stage);
    if (!stage.name.text)
        stage.name = (struct text){arena_format(reader->arena, "stages[%u]", canary->stage_count),
                                   node->span};
    const struct stage *earlier = find_stage(canary, stage.name.text);
    if (earlier) {
        report_twice(reader, "stage", &stage.name, earlier->name.span);
    }
    if (stage.max_hold && stage.max_hold < stage.hold) {
        diagnose(reader->diagnostics, FF0141, node_get(node, "max_hold")->span,
                 "'max_hold' is shorter than 'hold'");
        diagnose_note(reader->diagnostics, node_get(node, "hold")->span,
                      "the stage holds this long");
    }
    *ARENA_APPEND(reader->arena, canary->stages, canary->stage_count) = stage;
}

static void warn_shrinking(struct reader *reader, const struct canary *canary)
{
    for (uint32_t i = 1; i < canary->stage_count; i++) {
        const struct stage *before = &canary->stages[i - 1], *stage = &canary->stages[i];
        bool narrower = stage->condition && !before->condition;
        if (stage->percent >= before->percent && !narrower)
            continue;
        diagnose(reader->diagnostics, FF0344, narrower ? stage->condition->span : stage->span,
                 narrower ? "stage '%s' has an audience, but the stage before it is for everybody"
                          : "stage '%s' exposes fewer units than the stage before it",
                 stage->name.text);
        diagnose_note(reader->diagnostics, before->span, "stage '%s' is here", before->name.text);
        diagnose_help(reader->diagnostics, "units that had the new variant would lose it; let "
                                           "stages grow");
    }
}

static void read_stages(struct reader *reader, struct node *node, void *target)
{
    struct canary *canary = &((struct canary_keys *)target)->canary;
    if (!expect_list(reader, node, "a list of stages"))
        return;
    if (!node->count) {
        diagnose(reader->diagnostics, FF0144, node->span, "no stage in 'stages'");
        diagnose_help(reader->diagnostics,
                      "a canary has at least one: {name: full, percent: 100%%}");
    }
    if (node->count > MOST_STAGES) {
        diagnose(reader->diagnostics, FF0379, node->items[MOST_STAGES]->span,
                 "%u stages, expected at most %d", node->count, MOST_STAGES);
        diagnose_help(reader->diagnostics, "double the share from stage to stage: from 0.1%% to "
                                           "100%%, that takes eleven");
        return;
    }
    uint32_t before = faults(reader);
    bool guards = report_guards(reader, node);
    for (uint32_t i = 0; i < node->count; i++)
        if (!guards || !is_guard(node->items[i]))
            read_stage(reader, node->items[i], canary);
    if (faults(reader) == before)
        warn_shrinking(reader, canary);
}

/* -------------------------------------------------------------------------------- the canary -- */

static void read_canary_serve(struct reader *reader, struct node *node, void *target)
{
    struct canary_keys *keys = target;
    keys->canary.serve = resolve_compared(reader, keys->draft, node, "a canary");
}

static void read_guards(struct reader *reader, struct node *node, void *target)
{
    read_criteria(reader, node, true, &((struct canary_keys *)target)->canary.guards);
}

static void read_advance(struct reader *reader, struct node *node, void *target)
{
    read_criteria(reader, node, false, &((struct canary_keys *)target)->canary.advance_when);
}

static void keep_stage(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    ((struct canary_keys *)target)->stage = node;
}

static void keep_approval(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    ((struct canary_keys *)target)->approval = node;
}

static void keep_approved(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    ((struct canary_keys *)target)->approved = node;
}

/* It was looked at before all others: see with_template(). */
static void pass_over(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    (void)node;
    (void)target;
}

static void read_canary_hooks(struct reader *reader, struct node *node, void *target)
{
    read_hooks(reader, node, &((struct canary_keys *)target)->canary.hooks);
    const struct entry *ready =
        node->kind == NODE_MAP ? find_entry(node, hook_words[HOOK_EXPERIMENT_READY]) : NULL;
    if (!ready)
        return;
    diagnose(reader->diagnostics, FF0800, ready->key->span,
             "a canary is no experiment: '%s' is "
             "never run",
             hook_words[HOOK_EXPERIMENT_READY]);
    diagnose_help(reader->diagnostics, "give it to the project: 'project: {hooks: {%s: …}}'",
                  hook_words[HOOK_EXPERIMENT_READY]);
}

/* Where a stage was renamed, the advice must not be one that exposes everybody. */
static void report_stage(struct reader *reader, const struct canary *canary,
                         const struct node *name)
{
    const char **known = ARENA_ARRAY(reader->arena, const char *, canary->stage_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < canary->stage_count; i++)
        if (canary->stages[i].percent < PERCENT_ALL)
            known[count++] = canary->stages[i].name.text;
    diagnose(reader->diagnostics, FF0221, name->span, "unknown stage '%s'", name->text);
    suggest(reader->diagnostics, name->text, known, count);
    if (!diagnose_helped(reader->diagnostics))
        diagnose_help(reader->diagnostics, "name one of the canary's own stages");
}

static struct stage *resolve_stage(struct reader *reader, struct canary *canary,
                                   const struct node *name)
{
    if (name->kind != NODE_SCALAR || is_null(name)) {
        expected(reader, name, "the name of a stage");
        return NULL;
    }
    const struct stage *found = find_stage(canary, name->text);
    if (found)
        return &canary->stages[found - canary->stages];
    if (!canary->stage_count)
        return NULL; /* reported elsewhere */
    report_stage(reader, canary, name);
    return NULL;
}

/* An approval names a stage, and that stage must require one. */
static void settle_approved(struct reader *reader, struct canary_keys *keys)
{
    struct canary *canary = &keys->canary;
    const struct stage *stage = resolve_stage(reader, canary, keys->approved);
    if (!stage)
        return;
    canary->approved = stage->name.text;
    if (stage->approval)
        return;
    diagnose(reader->diagnostics, FF0348, keys->approved->span,
             "stage '%s' is approved, but needs no approval", stage->name.text);
    if (keys->approval)
        diagnose_note(reader->diagnostics, keys->approval->span, "the stages that need it");
    diagnose_help(reader->diagnostics, "remove 'approved', or name the stage in 'approval'");
}

static void settle_stage_names(struct reader *reader, struct canary_keys *keys)
{
    struct canary *canary = &keys->canary;
    if (keys->stage) {
        const struct stage *stage = resolve_stage(reader, canary, keys->stage);
        if (stage)
            canary->stage = (uint32_t)(stage - canary->stages);
    }
    struct node **names;
    uint32_t count = 0;
    if (keys->approval && !read_items(reader, keys->approval,
                                      "the name of a stage, or a list of them", &names, &count))
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct stage *stage = resolve_stage(reader, canary, names[i]);
        if (stage)
            stage->approval = true;
    }
    if (keys->approved)
        settle_approved(reader, keys);
}

static void check_since(struct reader *reader, const struct canary *canary)
{
    bool runs = canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED;
    if (!runs || node_get(canary->node, "since"))
        return;
    diagnose(reader->diagnostics, FF0349, node_get(canary->node, "state")->span,
             "the canary is %s, but has no 'since'", canary_state_words[canary->state]);
    diagnose_help(reader->diagnostics, "add 'since:', the time at which its stage began");
}

static void warn_unguarded(struct reader *reader, const struct canary *canary, struct span span)
{
    uint32_t guards = canary->guards.count;
    for (uint32_t i = 0; i < canary->stage_count; i++)
        guards += canary->stages[i].guards.count;
    if (guards)
        return;
    diagnose(reader->diagnostics, FF0346, span,
             "a canary without guards: nothing can roll it back");
    diagnose_help(reader->diagnostics, "watch a metric: guards: [{metric: error_rate, max: 5%%, "
                                       "action: rollback}]");
}

static const struct form stage_list_form = {.kind = FORM_LIST,
                                            .takes = "list of stages",
                                            .of = {&stage_form},
                                            .least = 1,
                                            .most = MOST_STAGES};
static const struct form rollout_name_form = NAMES("rollout", name_form, NAMED_ROLLOUT);
/* First those that a template has as well. */
static const struct field canary_fields[] = {
    READ("stages", read_stages, stage_list_form,
         "needed, here or in the rollout that it uses; at most 100, from the smallest to the "
         "largest"),
    READ("guards", read_guards, guards_form, "what must not happen, in any stage"),
    READ("advance_when", read_advance, criteria_form, "what must hold before the next stage"),
    READ("approval", keep_approval, stages_form, "stages that need a person's approval"),
    READ("hooks", read_canary_hooks, hooks_form,
         "programs to run when the rollout has changed; default the project's"),
    CHOICE("on_timeout", struct canary_keys, canary.on_timeout, timeout_policy_words,
           "what happens after `max_hold`; default `hold`"),
    CHOICE("on_unhealthy", struct canary_keys, canary.on_unhealthy, nodata_policy_words,
           "what an unhealthy log does; default `hold`"),
    FIELD("max_hold", FIELD_DURATION, struct canary_keys, canary.max_hold,
          "how long a stage may wait"),
    FIELD("automatic", FIELD_BOOLEAN, struct canary_keys, canary.automatic,
          "`false` leaves a rollback to a person; default the project's"),
#define CANARY_OWN 7 /* that follow */
    READ("use", pass_over, rollout_name_form,
         "a [rollout](#rollouts) that has all keys above that are not given here; its guards and "
         "`advance_when` count besides those given here"),
    READ("serve", read_canary_serve, variant_form,
         "what is under test; default `on` for booleans. Everybody else gets the default: the "
         "control"),
    READ("approved", keep_approved, stage_name_form,
         "the stage that a person has approved; `ffc canary approve` writes it, and entering a "
         "stage removes it"),
    FIELD("instant", FIELD_BOOLEAN, struct canary_keys, canary.instant,
          "`true` skips the stages: everybody at once, guards still watched"),
    CHOICE("state", struct canary_keys, canary.state, canary_state_words,
           "the rollout's state; default `pending`"),
    READ("stage", keep_stage, stage_name_form, "the current one; default the first"),
    FIELD("since", FIELD_TIME, struct canary_keys, canary.since,
          "when it began; needed while it is `running` or `paused`"),
};
const struct form canary_form = KEYS("canary", "a canary", "[canary](#canary)", canary_fields);
const struct form rollout_form = {.kind = FORM_KEYS,
                                  .definition = "rollout",
                                  .what = "a rollout",
                                  .takes = "rollout",
                                  .fields = canary_fields,
                                  .field_count =
                                      sizeof canary_fields / sizeof *canary_fields - CANARY_OWN,
                                  .reference = REFERENCE_NAMES};

/* --------------------------------------------------------------------------------- templates -- */

static void require_stages(struct reader *reader, const struct node *map, const struct form *form,
                           struct span span)
{
    if (!find_entry(map, "stages") && !may_mean(reader, map, form, "stages"))
        report_missing(reader, span, form->what, "stages",
                       "list them, from the smallest: stages: [{name: canary, percent: 5%}, "
                       "{name: full, percent: 100%}]");
}

void read_rollout(struct reader *reader, struct declaration *declaration)
{
    struct canary_keys keys = {.draft = NULL};
    struct rollout *rollout = declaration->thing;
    uint32_t before = faults(reader);
    if (expect_map(reader, declaration->body, "a mapping for a rollout")) {
        read_fields(reader, declaration->body, &rollout_form, rollout->name.span, &keys);
        /* One of guards alone is for canaries that each have stages of their own. */
        if (!declaration->body->count)
            require_stages(reader, declaration->body, &rollout_form, rollout->name.span);
        settle_stage_names(reader, &keys);
    }
    rollout->faulty = faults(reader) > before;
}

static bool adds_up(const struct node *key)
{
    return strcmp(key->text, "guards") == 0 || strcmp(key->text, "advance_when") == 0;
}

/* The items of one list, then those of the other. */
static struct node *join_lists(struct reader *reader, const struct node *first,
                               const struct node *second)
{
    struct node *joined = ARENA_NEW(reader->arena, struct node);
    *joined = *second;
    joined->count = first->count + second->count;
    joined->items = ARENA_ARRAY(reader->arena, struct node *, joined->count);
    memcpy(joined->items, first->items, first->count * sizeof *joined->items);
    memcpy(joined->items + first->count, second->items, second->count * sizeof *joined->items);
    return joined;
}

/* The block with what its template adds; NULL: reported. */
static struct node *with_template(struct reader *reader, struct node *own)
{
    const struct node *name = node_get(own, "use");
    if (!name)
        return own;
    const struct declaration *rollout = find_declared(reader, ROLLOUT, name);
    if (!rollout)
        return NULL;
    if (((const struct rollout *)rollout->thing)->faulty) {
        reader->silent++;
        return NULL;
    }
    const struct node *body = rollout->body;
    struct node *whole = ARENA_NEW(reader->arena, struct node);
    *whole = *own;
    whole->entries = ARENA_ARRAY(reader->arena, struct entry, own->count + body->count);
    memcpy(whole->entries, own->entries, own->count * sizeof *own->entries);
    for (uint32_t i = 0; i < body->count; i++) {
        const struct entry *entry = &body->entries[i];
        uint32_t at = 0;
        while (at < own->count && strcmp(own->entries[at].key->text, entry->key->text) != 0)
            at++;
        struct entry *given = &whole->entries[at];
        /* An approval is for the stages that it names. */
        if (at == own->count && strcmp(entry->key->text, "approval") == 0 &&
            find_entry(own, "stages"))
            continue;
        if (at == own->count)
            whole->entries[whole->count++] = *entry;
        else if (adds_up(entry->key) && given->value->kind == NODE_LIST)
            given->value = join_lists(reader, entry->value, given->value);
    }
    return whole;
}

struct canary *read_canary(struct reader *reader, struct node *node, struct draft *draft)
{
    struct canary_keys keys = {.draft = draft};
    struct span span = reader->key->span;
    struct canary *canary = &keys.canary;
    if (!expect_map(reader, node, "a mapping for a canary"))
        return NULL;
    canary->serve = usual_variant(draft);
    canary->automatic = reader->project->automatic;
    canary->hooks = reader->project->hooks;
    canary->since = INT64_MIN;
    canary->node = node;
    canary->whole = node = with_template(reader, node);
    if (!node)
        return NULL;
    canary->span = span;
    uint32_t before = faults(reader);
    read_fields(reader, node, &canary_form, span, &keys);
    require_stages(reader, node, &canary_form, span);
    bool sound = faults(reader) == before;
    if (sound && !find_entry(node, "serve") && canary->serve == UINT32_MAX &&
        draft->targeting.variant_count) {
        report_missing(reader, span, "a canary", "serve",
                       "name the variant under test; only a boolean flag has 'on' by default");
        suspect_doubled(reader, &draft->flag->name);
    }
    settle_stage_names(reader, &keys);
    if (sound) {
        check_since(reader, canary);
        warn_unguarded(reader, canary, span);
    }
    struct canary *kept = ARENA_NEW(reader->arena, struct canary);
    *kept = *canary;
    return kept;
}
