/*
 * check_layers.c - members of a layer must not overlap, and must hash the same attribute, which had
 * better be that of their own shares.
 *
 * Each environment is checked separately; findings that several share are reported once.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/memory.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"
#include "check.h"

struct member {
    const struct layer *layer;
    const struct flag *flag;
    const struct targeting *targeting;
};

static int compare_members(const void *left, const void *right)
{
    const struct member *a = left, *b = right;
    int order = strcmp(a->layer->name.text, b->layer->name.text);
    if (order)
        return order;
    if (a->targeting->layer_from != b->targeting->layer_from)
        return a->targeting->layer_from < b->targeting->layer_from ? -1 : 1;
    return strcmp(a->flag->name.text, b->flag->name.text);
}

static void in_order(const struct member **first, const struct member **second)
{
    const struct span a = (*first)->targeting->layer_span, b = (*second)->targeting->layer_span;
    if (a.file < b.file || (a.file == b.file && a.begin < b.begin))
        return;
    const struct member *swapped = *first;
    *first = *second;
    *second = swapped;
}

static void report_overlap(const struct checker *checker, const struct member *first,
                           const struct member *second)
{
    in_order(&first, &second);
    diagnose(checker->diagnostics, FF0317, second->targeting->layer_span,
             "flags '%s' and '%s' share units of layer '%s'", first->flag->name.text,
             second->flag->name.text, first->layer->name.text);
    diagnose_note(checker->diagnostics, first->targeting->layer_span, "'%s' is here",
                  first->flag->name.text);
    diagnose_help(checker->diagnostics,
                  "let one end where the other begins: a unit is in at most one "
                  "member");
}

static const struct unit_key *hashed(const struct member *member)
{
    return member->layer->bucket_by ? member->layer->bucket_by : member->targeting->bucket_by;
}

static void report_buckets(const struct checker *checker, const struct member *first,
                           const struct member *second)
{
    in_order(&first, &second);
    diagnose(checker->diagnostics, FF0318, second->targeting->layer_span,
             "'%s' is bucketed by '%s' in layer '%s', but '%s' by '%s'", second->flag->name.text,
             hashed(second)->text, second->layer->name.text, first->flag->name.text,
             hashed(first)->text);
    diagnose_note(checker->diagnostics, first->targeting->layer_span, "'%s' is here",
                  first->flag->name.text);
    diagnose_help(checker->diagnostics,
                  "give the layer its own 'bucket_by'; only then is a unit in at "
                  "most one member");
}

/* Another attribute than the layer's that shares of the flag go by; NULL: none. */
static const struct unit_key *hashed_otherwise(const struct member *member)
{
    const struct targeting *targeting = member->targeting;
    const struct unit_key *layer = member->layer->bucket_by, *own = targeting->bucket_by;
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        bool share = rule_samples(rule) && !rule_is_for_nobody(rule);
        if ((share || rule->split) && rule->by && rule->by != layer)
            return rule->by;
    }
    const struct canary *canary = targeting->canary;
    bool hashes = targeting->experiment;
    for (uint32_t i = 0; canary && i < canary->stage_count; i++)
        hashes |= canary->stages[i].percent < PERCENT_ALL;
    return hashes && own != layer ? own : NULL;
}

static void check_unit(const struct checker *checker, const struct member *member)
{
    const struct unit_key *layer = member->layer->bucket_by;
    const struct unit_key *own = layer ? hashed_otherwise(member) : NULL;
    if (!own)
        return;
    const char *flag = member->flag->name.text;
    diagnose(checker->diagnostics, FF0336, member->targeting->layer_span,
             "'%s' goes by '%s', and its layer by '%s'", flag, own->text, layer->text);
    diagnose_note(checker->diagnostics, member->layer->name.span,
                  "one '%s' may be in several members, with one '%s' in each", own->text,
                  layer->text);
    diagnose_help(checker->diagnostics,
                  "let both go by one attribute; else compare its variants by '%s' only",
                  layer->text);
}

static void check_own_prerequisites(const struct checker *checker, const struct member *member,
                                    uint32_t environment)
{
    const struct targeting *targeting = member->targeting;
    for (uint32_t i = 0; i < targeting->requirement_count; i++) {
        const struct requirement *requirement = &targeting->requirements[i];
        const struct targeting *other = &requirement->flag->environments[environment];
        if (other->layer != member->layer || requirement->flag == member->flag)
            continue;
        diagnose(checker->diagnostics, FF0319, requirement->span,
                 "'%s' requires '%s', but layer '%s' gives a unit to at most one of them",
                 member->flag->name.text, requirement->flag->name.text, member->layer->name.text);
        diagnose_note(checker->diagnostics, other->layer_span, "'%s' joins the layer here",
                      requirement->flag->name.text);
        diagnose_help(checker->diagnostics, "take one of them out of the layer, or drop the "
                                            "requirement");
    }
}

static void check_members(const struct checker *checker, const struct member *members,
                          uint32_t count)
{
    const struct member *widest = NULL; /* of the previous members, the one that ends last */
    for (uint32_t i = 0; i < count; i++) {
        const struct member *member = &members[i];
        bool same = widest && widest->layer == member->layer;
        if (same && member->targeting->layer_from < widest->targeting->layer_to &&
            member->targeting->layer_from < member->targeting->layer_to)
            report_overlap(checker, widest, member);
        const struct member *before =
            i && members[i - 1].layer == member->layer ? member - 1 : NULL;
        if (before && hashed(before) && hashed(member) && hashed(before) != hashed(member))
            report_buckets(checker, before, member);
        if (!same || member->targeting->layer_to > widest->targeting->layer_to)
            widest = member;
    }
}

void check_layers(const struct checker *checker)
{
    const struct project *project = checker->project;
    struct member *members = xcalloc(project->flag_count, sizeof *members);
    for (uint32_t environment = 0; environment < project->environments.count; environment++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < project->flag_count; i++) {
            const struct flag *flag = project->flags[i];
            const struct targeting *targeting = &flag->environments[environment];
            if (targeting->layer)
                members[count++] = (struct member){targeting->layer, flag, targeting};
        }
        if (!count)
            continue;
        qsort(members, count, sizeof *members, compare_members);
        check_members(checker, members, count);
        for (uint32_t i = 0; i < count; i++) {
            check_unit(checker, &members[i]);
            check_own_prerequisites(checker, &members[i], environment);
        }
    }
    free(members);
}
