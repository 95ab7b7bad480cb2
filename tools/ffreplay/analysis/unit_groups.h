/*
 * unit_groups.h - the units of an experiment in groups, by the value that each had in a field at
 * its first exposure.
 *
 * The values with the most units have a group each; the others share one, and so do the units
 * without a value: each unit that counts is in one group of each field.
 */
#ifndef FFREPLAY_UNIT_GROUPS_H
#define FFREPLAY_UNIT_GROUPS_H

#include <stdint.h>

#include "exposures.h"

struct arena;

/* Values that have a group of their own, of each field. */
#define UNIT_GROUPS_LARGEST 20

enum unit_group_kind { GROUP_OF_VALUE, GROUP_OF_OTHERS, GROUP_WITHOUT_VALUE };

struct unit_group {
    enum unit_group_kind kind;
    const char *text; /* the value; "(other)", "(none)" */
    uint32_t values;  /* how many it has: 1; of the others, that many; 0 */
    uint64_t by_arm[ARMS_MOST], units;
};

/* By one field: the largest group first, then the others, then those without a value. */
struct field_groups {
    const char *name;
    struct unit_group *items;
    uint32_t count;
    uint32_t first;     /* of all fields' groups, the number of its first one */
    uint32_t *of_value; /* by the value's number: its group */
};

struct unit_groups {
    struct field_groups fields[UNIT_FIELDS_MOST];
    uint32_t count;
    uint32_t shown; /* of these, in a breakdown: a last one only stratifies */
};

/* Of exposures that are settled, whose texts are used; the rest is the arena's. */
void unit_groups_find(struct unit_groups *groups, const struct exposures *exposures,
                      struct arena *arena);

/* Of all fields. */
static inline uint32_t unit_groups_all(const struct unit_groups *groups)
{
    if (groups->count == 0)
        return 0;
    const struct field_groups *last = &groups->fields[groups->count - 1];
    return last->first + last->count;
}

/* The set of cells of the group that a value is in; 0 is that of all units. */
static inline uint32_t unit_group_set(const struct field_groups *field, uint32_t value)
{
    return 1 + field->first + field->of_value[value];
}

#endif
