/* unit_groups.c - see unit_groups.h. */
#include "unit_groups.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/memory.h"

/* The units with a value. */
struct ranked {
    uint32_t value;
    const char *text; /* NULL: of those without one */
    uint64_t units;
};

/* By size; those without a value behind all others. */
static int by_units(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (!a->text != !b->text)
        return a->text ? -1 : 1;
    if (a->units != b->units)
        return a->units > b->units ? -1 : 1;
    return a->text ? strcmp(a->text, b->text) : 0;
}

struct ranking {
    struct ranked *items;
    uint32_t field;
};

static void rank_unit(void *context, const struct exposure *exposure)
{
    struct ranking *ranking = context;
    if (exposure_arm(exposure) != NO_ARM)
        ranking->items[exposure->values[ranking->field]].units++;
}

static struct ranked *rank(const struct exposures *exposures, uint32_t field, uint32_t *count)
{
    const struct value_names *names = &exposures->names[field].names;
    *count = names->count + 1;
    struct ranked *ranked = xcalloc(*count, sizeof *ranked);
    for (uint32_t i = 0; i < *count; i++)
        ranked[i] = (struct ranked){.value = i, .text = value_names_text(names, i)};
    struct ranking ranking = {ranked, field};
    exposures_visit(exposures, rank_unit, &ranking);
    qsort(ranked, *count, sizeof *ranked, by_units);
    return ranked;
}

static struct unit_group *group_for(struct field_groups *groups, const struct ranked *ranked)
{
    enum unit_group_kind kind = !ranked->text                         ? GROUP_WITHOUT_VALUE
                                : groups->count < UNIT_GROUPS_LARGEST ? GROUP_OF_VALUE
                                                                      : GROUP_OF_OTHERS;
    struct unit_group *last = groups->count > 0 ? &groups->items[groups->count - 1] : NULL;
    if (kind != GROUP_OF_OTHERS || last->kind != GROUP_OF_OTHERS) {
        last = &groups->items[groups->count++];
        last->kind = kind;
        last->text = kind == GROUP_OF_VALUE    ? ranked->text
                     : kind == GROUP_OF_OTHERS ? "(other)"
                                               : "(none)";
    }
    return last;
}

struct grouping {
    struct field_groups *groups;
    uint32_t field;
};

static void count_unit(void *context, const struct exposure *exposure)
{
    struct grouping *grouping = context;
    uint32_t arm = exposure_arm(exposure);
    if (arm == NO_ARM)
        return;
    uint32_t group = grouping->groups->of_value[exposure->values[grouping->field]];
    grouping->groups->items[group].by_arm[arm]++;
    grouping->groups->items[group].units++;
}

static void find_groups(struct field_groups *groups, const struct exposures *exposures,
                        uint32_t field, struct arena *arena)
{
    uint32_t count;
    struct ranked *ranked = rank(exposures, field, &count);
    groups->items = ARENA_ARRAY(arena, struct unit_group, UNIT_GROUPS_LARGEST + 2);
    groups->of_value = ARENA_ARRAY(arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++) {
        if (ranked[i].units == 0) /* of units that do not count */
            continue;
        struct unit_group *group = group_for(groups, &ranked[i]);
        group->values += ranked[i].text ? 1 : 0;
        groups->of_value[ranked[i].value] = (uint32_t)(group - groups->items);
    }
    free(ranked);
    struct grouping grouping = {groups, field};
    exposures_visit(exposures, count_unit, &grouping);
}

void unit_groups_find(struct unit_groups *groups, const struct exposures *exposures,
                      struct arena *arena)
{
    uint32_t first = 0;
    groups->count = exposures->fields.count;
    groups->shown = exposures->fields.shown;
    for (uint32_t i = 0; i < groups->count; i++) {
        struct field_groups *field = &groups->fields[i];
        *field = (struct field_groups){.name = exposures->fields.items[i].name, .first = first};
        find_groups(field, exposures, i, arena);
        first += field->count;
    }
}
