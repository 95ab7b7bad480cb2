/* diff_changes.c - finds what changed, flag by flag and environment by environment. */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/memory.h"
#include "compiler/base/parallel.h"
#include "compiler/model/model.h"
#include "diff.h"

const char *const change_kind_words[] = WORDS(CHANGE_KINDS);

#define MOST_TIMES 1024 /* that are tried for a change that touches nobody now */

/* ------------------------------------------------------------------------------------ places -- */

const char *change_name(const struct diff *diff, const struct change *change, enum version version)
{
    bool old = version == VERSION_OLD && change->former && diff->sides->rename_count == 0;
    return old ? change->former : change->flag;
}

const struct flag *change_flag(const struct diff *diff, const struct change *change,
                               enum version version)
{
    const struct project *project = diff->sides->items[version].project;
    return project ? project_flag(project, change_name(diff, change, version)) : NULL;
}

const char *diff_place(struct diff *diff, enum version version, struct span span)
{
    const struct diff_side *side = &diff->sides->items[version];
    if (span.file == NO_FILE || !side->project)
        return NULL;
    const struct sources *sources = &side->project->sources;
    return arena_format(&diff->arena, "%s%s%s:%u", side->folder, *side->folder ? "/" : "",
                        sources->items[span.file].name,
                        source_position(sources, span.file, span.begin).line);
}

/* ------------------------------------------------------------------------------------ causes -- */

static struct told tell_version(struct diff *diff, const struct change *change,
                                enum version version)
{
    const struct flag *flag = change_flag(diff, change, version);
    const struct project *project = diff->sides->items[version].project;
    uint32_t environment = project ? project_environment(project, change->environment) : UINT32_MAX;
    return !flag || environment == UINT32_MAX ? (struct told){.all = {0}}
                                              : told_of(project, flag, environment, &diff->arena);
}

static void find_said(struct diff *diff, struct change *change)
{
    const struct told old = tell_version(diff, change, VERSION_OLD);
    const struct told new = tell_version(diff, change, VERSION_NEW);
    uint32_t count;
    const struct word_change *said = words_changed(&old, &new, &diff->arena, &count);
    for (uint32_t i = 0; i < count; i++)
        /* A salt that is kept under another name is no news. */
        if (!change->former || strcmp(said[i].what, "salt") != 0)
            *ARENA_APPEND(&diff->arena, change->causes, change->cause_count) = (struct cause){
                .what = said[i].what,
                .before = said[i].before,
                .after = said[i].after,
                .place =
                    diff_place(diff, said[i].is_gone ? VERSION_OLD : VERSION_NEW, said[i].span)};
}

/* A flag that this one asks, and that changes itself. */
static void find_asked(struct diff *diff, struct comparison *comparison, struct change *change)
{
    uint32_t count;
    const char **names = comparison_asked(comparison, change->old, change->new, &count);
    for (uint32_t i = 0; i < count; i++)
        *ARENA_APPEND(&diff->arena, change->causes, change->cause_count) =
            (struct cause){.what = arena_format(&diff->arena, "flag %s", names[i]),
                           .after = "changes, and this one asks it"};
}

static void find_causes(struct diff *diff, struct comparison *comparison, struct change *change)
{
    if (change->former) {
        const struct flag *flag = change_flag(diff, change, VERSION_NEW);
        *ARENA_APPEND(&diff->arena, change->causes, change->cause_count) =
            (struct cause){.what = "name",
                           .before = change->former,
                           .after = change->flag,
                           .place = flag ? diff_place(diff, VERSION_NEW, flag->name.span) : NULL};
    }
    if (change_is_of_both(change)) {
        find_said(diff, change);
        if (comparison)
            find_asked(diff, comparison, change);
        return;
    }
    const struct flag *flag =
        change_flag(diff, change, change->kind == CHANGE_ADDED ? VERSION_NEW : VERSION_OLD);
    if (flag)
        *ARENA_APPEND(&diff->arena, change->causes, change->cause_count) = (struct cause){
            .what = change->kind == CHANGE_ADDED ? "new flag" : "removed flag",
            .place = diff_place(diff, change->kind == CHANGE_ADDED ? VERSION_NEW : VERSION_OLD,
                                flag->name.span)};
}

/* ----------------------------------------------------------------------------------- changes -- */

static bool touches(const struct touched *touched)
{
    for (uint32_t i = 0; i < touched->region_count; i++)
        if (touched->regions[i].share_count > 0)
            return true;
    return touched->keyless_count > 0 || touched->kept_count > 0 || touched->unknown;
}

/* Now or, where that is nobody, from when on somebody is. */
static void find_touched(const struct diff *diff, struct comparison *comparison,
                         struct change *change)
{
    change->later = INT64_MIN;
    change->touched = comparison_touched(comparison, change->old, change->new, diff->now);
    if (touches(change->touched) || !change->touched->reads_clock)
        return;
    uint32_t count;
    int64_t *times =
        comparison_times(comparison, change->old, change->new, diff->now, MOST_TIMES, &count);
    for (uint32_t i = 0; i < count; i++) {
        struct touched *touched =
            comparison_touched(comparison, change->old, change->new, times[i]);
        if (touches(touched)) {
            change->touched = touched;
            change->later = times[i];
            return;
        }
    }
}

static struct change *new_change(struct diff *diff, struct diff_pair *pair, const char *flag,
                                 const char *former, uint32_t old, uint32_t new)
{
    struct change *change = ARENA_APPEND(&diff->arena, diff->changes, diff->change_count);
    *change = (struct change){.flag = flag,
                              .former = former,
                              .environment = pair->name,
                              .kind = old == NO_FLAG   ? CHANGE_ADDED
                                      : new == NO_FLAG ? CHANGE_REMOVED
                                      : former         ? CHANGE_RENAMED
                                                       : CHANGE_CHANGED,
                              .old = old,
                              .new = new};
    pair->changes++;
    return change;
}

/* The same answers to everybody, for now: a stage that has not begun, a guard or an experiment's
 * metrics may be another. */
static bool is_judged(const struct diff *diff, enum version version, const char *name,
                      const struct diff_pair *pair)
{
    const struct project *project = diff->sides->items[version].project;
    const struct flag *flag = project ? project_flag(project, name) : NULL;
    uint32_t environment = version == VERSION_OLD ? pair->old : pair->new;
    return flag &&
           (flag->environments[environment].canary || flag->environments[environment].experiment);
}

static void compare_same(struct diff *diff, struct diff_pair *pair, struct comparison *comparison,
                         const char *name, uint32_t old, uint32_t new)
{
    if (!is_judged(diff, VERSION_OLD, name, pair) || !is_judged(diff, VERSION_NEW, name, pair))
        return;
    struct change found = {.flag = name,
                           .environment = pair->name,
                           .kind = CHANGE_CHANGED,
                           .old = old,
                           .new = new,
                           .later = INT64_MIN};
    find_risks(diff, pair, comparison, &found);
    find_causes(diff, NULL, &found);
    if (found.risk_count == 0 && found.cause_count == 0)
        return;
    found.touched = ARENA_NEW(&diff->arena, struct touched);
    (void)ARENA_APPEND(&diff->arena, found.touched->regions, found.touched->region_count);
    *new_change(diff, pair, name, NULL, old, new) = found;
}

static void compare_flag(struct diff *diff, struct diff_pair *pair, struct comparison *comparison,
                         const char *name, const char *former, uint32_t old, uint32_t new)
{
    if (!former && comparison_same(comparison, old, new)) {
        compare_same(diff, pair, comparison, name, old, new);
        return;
    }
    struct change found = {.later = INT64_MIN};
    found = *new_change(diff, pair, name, former, old, new);
    find_touched(diff, comparison, &found);
    find_risks(diff, pair, comparison, &found);
    find_causes(diff, comparison, &found);
    /* Written another way, and the same to everybody, whenever. */
    if (!touches(found.touched) && found.risk_count == 0 && !found.touched->reads_clock &&
        found.kind == CHANGE_CHANGED) {
        diff->change_count--;
        pair->changes--;
        return;
    }
    diff->changes[diff->change_count - 1] = found;
}

static const struct listing *listing_of(const struct diff *diff, enum version version,
                                        uint32_t environment)
{
    return environment == UINT32_MAX ? NULL : &diff->sides->items[version].listings[environment];
}

/* NULL: it was not asked for. */
static struct comparison *prepare_pair(struct diff *diff, const struct diff_pair *pair)
{
    const struct listing *old = listing_of(diff, VERSION_OLD, pair->old);
    const struct listing *new = listing_of(diff, VERSION_NEW, pair->new);
    if ((old && !old->snapshot) || (new && !new->snapshot))
        return NULL;
    struct comparison *comparison = ARENA_NEW(&diff->arena, struct comparison);
    comparison_init(comparison, old, new);
    return comparison;
}

/* Of snapshots, only salts tell that a flag goes on under another name: that of one that is gone,
 * which no other new flag has. NO_FLAG: it is new. */
static uint32_t find_former(const struct comparison *comparison, const struct listing *old,
                            const struct listing *new, uint32_t index)
{
    const struct ffs_flag *flag = &new->flags[index];
    uint32_t former = NO_FLAG;
    for (uint32_t i = 0; i < new->flag_count; i++)
        if (i != index && new->flags[i].exposure_salt == flag->exposure_salt)
            return NO_FLAG;
    for (uint32_t i = 0; i < old->flag_count; i++) {
        const struct ffs_flag *other = &old->flags[i];
        if (other->exposure_salt != flag->exposure_salt)
            continue;
        const char *name = snapshot_string(old->snapshot, other->name);
        if (former != NO_FLAG || other->type != flag->type ||
            comparison_find(comparison, VERSION_NEW, name) != NO_FLAG)
            return NO_FLAG;
        former = i;
    }
    return former;
}

static void compare_pair(struct diff *diff, struct diff_pair *pair, struct comparison *comparison)
{
    const struct listing *old = listing_of(diff, VERSION_OLD, pair->old);
    const struct listing *new = listing_of(diff, VERSION_NEW, pair->new);
    const struct diff_sides *sides = diff->sides;
    bool projects = sides->items[VERSION_OLD].project && sides->items[VERSION_NEW].project;
    bool *renamed = ARENA_ARRAY(&diff->arena, bool, (old ? old->flag_count : 0) + 1u);
    pair->compared = true;
    for (uint32_t i = 0; new &&i < new->flag_count; i++) {
        const char *name = snapshot_string(new->snapshot, new->flags[i].name);
        const char *former = former_name(sides->renames, sides->rename_count, name);
        uint32_t before = comparison_find(comparison, VERSION_OLD, name);
        if (before == NO_FLAG && old && !projects) {
            before = find_former(comparison, old, new, i);
            former =
                before == NO_FLAG ? NULL : snapshot_string(old->snapshot, old->flags[before].name);
        }
        if (before != NO_FLAG)
            renamed[before] = former != NULL;
        compare_flag(diff, pair, comparison, name, before == NO_FLAG ? NULL : former, before, i);
    }
    for (uint32_t i = 0; old && i < old->flag_count; i++) {
        const char *name = snapshot_string(old->snapshot, old->flags[i].name);
        if (!renamed[i] && comparison_find(comparison, VERSION_NEW, name) == NO_FLAG)
            compare_flag(diff, pair, comparison, name, NULL, i, NO_FLAG);
    }
}

/* A version of an environment: they share nothing that changes. */
static void prepare_version(void *context, uint32_t worker, uint32_t index)
{
    struct diff *diff = context;
    (void)worker;
    if (diff->comparisons[index / 2])
        comparison_prepare(diff->comparisons[index / 2], (enum version)(index % 2));
}

/* ------------------------------------------------------------------------------------- order -- */

bool change_share(const struct change *change, double *share)
{
    const struct touched *touched = change->touched;
    *share = 0;
    if (touched->region_count != 1 || touched->regions[0].where || touched->unknown ||
        touched->incomplete)
        return false;
    for (uint32_t i = 0; i < touched->regions[0].share_count; i++)
        *share += touched->regions[0].shares[i].share;
    return true;
}

static int compare_changes(const void *left, const void *right)
{
    const struct change *a = left, *b = right;
    int first = a->risk_count ? (int)a->risks[0].kind : INT32_MAX;
    int other = b->risk_count ? (int)b->risks[0].kind : INT32_MAX;
    double share, second;
    if (first != other)
        return first < other ? -1 : 1;
    if (!change_share(a, &share))
        share = 1;
    if (!change_share(b, &second))
        second = 1;
    if (share != second)
        return share > second ? -1 : 1;
    int order = strcmp(a->flag, b->flag);
    return order ? order : strcmp(a->environment, b->environment);
}

static void add_pair(struct diff *diff, const char *name, uint32_t old, uint32_t new)
{
    *ARENA_APPEND(&diff->arena, diff->pairs, diff->pair_count) =
        (struct diff_pair){.name = name, .old = old, .new = new};
}

/* By name; two snapshots are compared whatever environments they are of. */
static void find_pairs(struct diff *diff)
{
    const struct diff_side *old = &diff->sides->items[VERSION_OLD];
    const struct diff_side *new = &diff->sides->items[VERSION_NEW];
    bool snapshots = !old->project && !new->project && !old->is_empty && !new->is_empty;
    if (snapshots) {
        add_pair(diff, new->environments[0], 0, 0);
        return;
    }
    for (uint32_t i = 0; i < new->environment_count; i++)
        add_pair(diff, new->environments[i], side_environment(old, new->environments[i]), i);
    for (uint32_t i = 0; i < old->environment_count; i++)
        if (side_environment(new, old->environments[i]) == UINT32_MAX)
            add_pair(diff, old->environments[i], i, UINT32_MAX);
}

void diff_find(struct diff *diff, struct diff_sides *sides, int64_t now)
{
    *diff = (struct diff){.sides = sides, .now = now};
    find_pairs(diff);
    diff->comparisons = ARENA_ARRAY(&diff->arena, struct comparison *, diff->pair_count + 1);
    for (uint32_t i = 0; i < diff->pair_count; i++)
        diff->comparisons[i] = prepare_pair(diff, &diff->pairs[i]);
    parallel_for(2 * diff->pair_count, 1, prepare_version, diff);
    for (uint32_t i = 0; i < diff->pair_count; i++)
        if (diff->comparisons[i])
            compare_pair(diff, &diff->pairs[i], diff->comparisons[i]);
    if (diff->change_count)
        qsort(diff->changes, diff->change_count, sizeof *diff->changes, compare_changes);
}

void diff_release(struct diff *diff)
{
    for (uint32_t i = 0; i < diff->pair_count; i++)
        if (diff->comparisons[i])
            comparison_release(diff->comparisons[i]);
    arena_release(&diff->arena);
}
