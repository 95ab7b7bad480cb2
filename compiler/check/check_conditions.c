/*
 * check_conditions.c - conditions that never or always hold. What no unit reaches is in reach.h.
 *
 * prove.h does the proving; this file asks the questions, and finds the part of a condition that is
 * to blame. One cause is reported once: a part that never holds makes the whole never hold, and
 * only the part is shown.
 */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "prove.h"
#include "reach.h"
#include "check.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"

#define MOST_PARTS  64
#define LONGEST_SAY 40

struct parts {
    const struct condition *items[MOST_PARTS];
    uint32_t count;
};

struct checking {
    const struct checker *checker;
    struct prover prover;
    struct reach reach;
    bool *never; /* by segment: proved never to hold */
    bool *over;  /* by segment: proved never to hold from now on */
};

static bool never_together(struct checking *checking, const struct parts *parts)
{
    return prove_impossible(&checking->prover, parts->items, parts->count, NULL, 0);
}

/* ------------------------------------------------------------------------------------- blame -- */

static void add_part(struct parts *parts, const struct condition *condition)
{
    if (parts->count < MOST_PARTS)
        parts->items[parts->count++] = condition;
}

/* Adds what must hold for the condition to hold, as far as it is a conjunction. */
static void add_parts(struct parts *parts, const struct condition *condition)
{
    if (condition->kind != CONDITION_ALL) {
        add_part(parts, condition);
        return;
    }
    for (uint32_t i = 0; i < condition->child_count; i++)
        add_parts(parts, condition->children[i]);
}

/* Replaces segments by their conditions, so that the failing test inside is shown. */
static void open_segments(struct parts *parts)
{
    struct parts opened = {.count = 0};
    for (uint32_t i = 0; i < parts->count; i++) {
        const struct condition *part = parts->items[i];
        while (part->kind == CONDITION_SEGMENT)
            part = part->segment->condition;
        add_parts(&opened, part);
    }
    *parts = opened;
}

/* Drops what the contradiction does not need, earlier parts first. */
static void reduce(struct checking *checking, struct parts *parts)
{
    for (uint32_t i = 0; i < parts->count && parts->count > 1;) {
        struct parts fewer = {.count = 0};
        for (uint32_t j = 0; j < parts->count; j++) {
            if (j != i)
                add_part(&fewer, parts->items[j]);
        }
        if (never_together(checking, &fewer))
            *parts = fewer;
        else
            i++;
    }
}

/* The condition as written, if it is short. */
static const char *say(const struct checking *checking, struct span span)
{
    const struct source *source = &checking->checker->project->sources.items[span.file];
    size_t length = span.end - span.begin;
    const char *text = source->text + span.begin;
    if (length > LONGEST_SAY || memchr(text, '\n', length))
        return "this";
    return arena_format(checking->checker->arena, "'%.*s'", (int)length, text);
}

static void report_never(struct checking *checking, const struct condition *condition,
                         const struct parts *given)
{
    struct diagnostics *diagnostics = checking->checker->diagnostics;
    struct parts parts = *given;
    add_parts(&parts, condition);
    reduce(checking, &parts);
    open_segments(&parts);
    reduce(checking, &parts);
    struct span span = parts.count == 1 ? parts.items[0]->span : condition->span;
    /* Report the last one written; the others contradict it. */
    uint32_t last = 0;
    for (uint32_t i = 0; i < parts.count; i++) {
        const struct span *one = &parts.items[i]->span;
        const struct span *other = &parts.items[last]->span;
        if (one->file == condition->span.file &&
            (other->file != one->file || one->begin >= other->begin))
            last = i;
    }
    if (parts.count > 1 && parts.items[last]->span.file == condition->span.file)
        span = parts.items[last]->span;
    if (parts.count < 2) {
        diagnose(diagnostics, FF0322, span, "this condition never holds");
    } else {
        const char *against =
            parts.count == 2 ? say(checking, parts.items[last ? 0 : 1]->span) : "the others here";
        const char *it = say(checking, span);
        diagnose(diagnostics, FF0322, span, "%s never holds together with %s", it,
                 strcmp(against, "this") == 0 ? "the rest of the condition" : against);
    }
    for (uint32_t i = 0; i < parts.count; i++) {
        if (i != last)
            diagnose_note(diagnostics, parts.items[i]->span, "%s is required here",
                          say(checking, parts.items[i]->span));
    }
    diagnose_help(
        diagnostics,
        parts.count == 2
            ? "if either is enough, put them into a list under 'any'; otherwise remove one"
            : "remove it, or what contradicts it");
}

/* -------------------------------------------------------------------------------- conditions -- */

static bool check_part(struct checking *checking, const struct condition *condition,
                       const struct parts *given);

static bool check_children(struct checking *checking, const struct condition *condition,
                           const struct parts *given)
{
    bool reported = false;
    for (uint32_t i = 0; i < condition->child_count; i++) {
        struct parts known = {.count = 0};
        if (condition->kind != CONDITION_NOT)
            known = *given;
        for (uint32_t j = 0; condition->kind == CONDITION_ALL && j < condition->child_count; j++) {
            if (j != i && condition->children[j]->kind != CONDITION_ANY)
                add_part(&known, condition->children[j]);
        }
        const struct condition *child = condition->children[i];
        if (child->kind == CONDITION_ALL || child->kind == CONDITION_ANY ||
            child->kind == CONDITION_NOT || condition->kind == CONDITION_ANY)
            reported |= check_part(checking, child, &known);
    }
    return reported;
}

/* True if some part never holds, and was reported. `given` holds wherever the part is tested. */
static bool check_part(struct checking *checking, const struct condition *condition,
                       const struct parts *given)
{
    if (condition->kind == CONDITION_SEGMENT && checking->never[condition->segment->index])
        return true;
    /* A part that contradicts its surroundings is reported with them, unless it is an
     * alternative. */
    static const struct parts nothing = {.count = 0};
    if (check_children(checking, condition, given) ||
        (condition->within && check_part(checking, condition->within, &nothing)))
        return true;
    struct parts all = *given;
    add_part(&all, condition);
    if (!never_together(checking, &all))
        return false;
    report_never(checking, condition, given);
    return true;
}

/* -------------------------------------------------------------------------------------- over -- */

static bool asks_the_clock(const struct condition *condition)
{
    if (condition->kind == CONDITION_SEGMENT)
        return asks_the_clock(condition->segment->condition);
    bool asks = condition->kind == CONDITION_CLOCK;
    for (uint32_t i = 0; i < condition->child_count && !asks; i++)
        asks = asks_the_clock(condition->children[i]);
    return asks;
}

static void report_over(struct checking *checking, const struct condition *condition)
{
    const struct checker *checker = checking->checker;
    bool closed = condition->kind == CONDITION_CLOCK && condition->negate &&
                  !clock_is_local(&condition->clock);
    diagnose(checker->diagnostics, FF0343, condition->span,
             closed ? "this time passed %s ago" : "no time to come makes this hold",
             closed ? days_between(checker->arena, condition->clock.time, checker->now) : "");
    diagnose_help(checker->diagnostics, "remove what it is for, or give it another time");
}

/* True if no time from now on makes it hold. `condition` can hold at some time. */
static bool check_over(struct checking *checking, const struct condition *condition)
{
    const struct condition later = {
        .kind = CONDITION_CLOCK, .span = NO_SPAN, .clock = {CLOCK_FROM, checking->checker->now}};
    struct parts all = {.count = 0};
    if (!asks_the_clock(condition))
        return false;
    add_part(&all, &later);
    add_part(&all, condition);
    if (!never_together(checking, &all))
        return false;
    struct parts parts = {.count = 0};
    add_parts(&parts, condition);
    for (uint32_t i = 0; i < parts.count; i++) {
        const struct condition *part = parts.items[i];
        if (part->kind == CONDITION_SEGMENT && checking->over[part->segment->index])
            return true;
        all.items[1] = part;
        if (never_together(checking, &all))
            condition = part;
    }
    report_over(checking, condition);
    return true;
}

/* Not by proof, but as written: `{}`, or a segment that is that, which names everybody. */
static bool says_everybody(const struct condition *condition)
{
    if (condition->kind == CONDITION_SEGMENT)
        return says_everybody(condition->segment->condition);
    if (condition->kind != CONDITION_ALL)
        return false;
    for (uint32_t i = 0; i < condition->child_count; i++) {
        if (!says_everybody(condition->children[i]))
            return false;
    }
    return true;
}

static bool check_condition(struct checking *checking, const struct condition *condition)
{
    static const struct parts nothing = {.count = 0};
    if (!condition)
        return false;
    if (check_part(checking, condition, &nothing))
        return true;
    const struct condition *failing[] = {condition};
    if (!says_everybody(condition) && prove_impossible(&checking->prover, NULL, 0, failing, 1)) {
        diagnose(checking->checker->diagnostics, FF0323, condition->span,
                 "this condition always holds");
        diagnose_help(checking->checker->diagnostics, "remove it, or make it stricter");
    }
    return false;
}

/* So of a condition that decides: it is also reported when its time is over. */
static bool check_deciding(struct checking *checking, const struct condition *condition)
{
    return check_condition(checking, condition) || (condition && check_over(checking, condition));
}

/* ------------------------------------------------------------------------------------- rules -- */

/* Environments share rules unless they have their own. */
static bool was_checked(const struct flag *flag, uint32_t environment, const struct rule *rule,
                        uint32_t place)
{
    for (uint32_t i = 0; i < environment; i++) {
        const struct targeting *other = &flag->environments[i];
        if (place < other->rule_count && other->rules[place].span.begin == rule->span.begin &&
            other->rules[place].span.file == rule->span.file)
            return true;
    }
    return false;
}

static void check_rules(struct checking *checking, const struct flag *flag, uint32_t environment)
{
    const struct targeting *targeting = &flag->environments[environment];
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        if (was_checked(flag, environment, rule, i) || check_deciding(checking, rule->condition))
            continue;
        if (!check_reach(&checking->reach, flag, environment, (struct asked){ASKED_RULE, i}) &&
            !rule->condition && !rule_samples(rule) && !rule->split)
            return; /* what follows it was reported when the rules were read */
    }
}

/* Those for one variant are to each other as rules are. */
static void check_value_overrides(struct checking *checking, const struct flag *flag,
                                  uint32_t environment)
{
    const struct targeting *targeting = &flag->environments[environment];
    uint32_t count = targeting->value_override_count;
    if (!count ||
        (environment > 0 && targeting->value_overrides == flag->environments[0].value_overrides))
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct value_override *own = &targeting->value_overrides[i];
        if (!check_deciding(checking, own->condition))
            check_reach_of_value(&checking->reach, own, targeting->value_overrides, i);
    }
}

/* Stages for everybody were compared when they were read. */
static void check_audiences(struct checking *checking, const struct canary *canary)
{
    struct diagnostics *diagnostics = checking->checker->diagnostics;
    for (uint32_t i = 1; i < canary->stage_count; i++) {
        const struct stage *before = &canary->stages[i - 1], *stage = &canary->stages[i];
        bool compared = before->percent > 0 && before->condition && stage->condition;
        if (!compared || stage->percent < before->percent)
            continue;
        const struct condition *both[] = {before->condition, stage->condition};
        bool apart = prove_impossible(&checking->prover, both, 2, NULL, 0);
        if (!apart && !prove_possible(&checking->prover, before->condition, stage->condition))
            continue;
        diagnose(diagnostics, FF0344, stage->condition->span,
                 apart ? "stage '%s' includes nobody from the stage before it"
                       : "stage '%s' excludes some units of the stage before it",
                 stage->name.text);
        diagnose_note(diagnostics, before->condition->span, "stage '%s' is for these",
                      before->name.text);
        diagnose_help(diagnostics, "units that had the new variant would lose it; put both "
                                   "audiences under 'any'");
    }
}

/* Those that are still to come: of several that nobody reaches, the first. */
static void check_stages(struct checking *checking, const struct flag *flag, uint32_t environment)
{
    const struct canary *canary = flag->environments[environment].canary;
    bool over = canary->instant || canary->state == CANARY_COMPLETE;
    bool found =
        check_reach(&checking->reach, flag, environment, (struct asked){.kind = ASKED_CANARY});
    for (uint32_t i = 0; i < canary->stage_count && !found && !over; i++)
        found = check_reach(&checking->reach, flag, environment, (struct asked){ASKED_STAGE, i});
}

static void check_blocks(struct checking *checking, const struct flag *flag, uint32_t environment)
{
    const struct targeting *targeting = &flag->environments[environment];
    const struct targeting *first = &flag->environments[0];
    const struct canary *canary = targeting->canary;
    const struct experiment *experiment = targeting->experiment;
    if (canary && (environment == 0 || canary != first->canary)) {
        bool never = false;
        for (uint32_t i = 0; i < canary->stage_count; i++)
            never |= check_deciding(checking, canary->stages[i].condition);
        if (!never)
            check_audiences(checking, canary);
        if (!never)
            check_stages(checking, flag, environment);
    }
    if (experiment && (environment == 0 || experiment != first->experiment)) {
        if (!check_deciding(checking, experiment->condition))
            check_reach(&checking->reach, flag, environment,
                        (struct asked){.kind = ASKED_EXPERIMENT});
    }
}

static void check_plan(struct checking *checking, const struct flag *flag)
{
    for (uint32_t i = 0; i < flag->rollback_count; i++) {
        if (flag->rollback[i].override)
            check_condition(checking, flag->rollback[i].override->condition);
    }
}

void check_conditions(const struct checker *checker)
{
    const struct project *project = checker->project;
    struct checking checking = {.checker = checker};
    checking.reach = (struct reach){.checker = checker, .prover = &checking.prover};
    checking.never = ARENA_ARRAY(checker->arena, bool, project->segment_count + 1u);
    checking.over = ARENA_ARRAY(checker->arena, bool, project->segment_count + 1u);
    for (uint32_t i = 0; i < project->segment_count; i++) {
        const struct segment *segment = project->segments[i];
        checking.never[i] = check_condition(&checking, segment->condition);
        checking.over[i] = !checking.never[i] && check_over(&checking, segment->condition);
    }
    for (uint32_t i = 0; i < project->flag_count; i++) {
        for (uint32_t j = 0; j < project->environments.count; j++) {
            check_rules(&checking, project->flags[i], j);
            check_value_overrides(&checking, project->flags[i], j);
            check_blocks(&checking, project->flags[i], j);
        }
        check_plan(&checking, project->flags[i]);
    }
    for (uint32_t i = 0; i < project->override_count; i++)
        check_condition(&checking, project->overrides[i]->condition);
    reach_release(&checking.reach);
    prover_release(&checking.prover);
}
