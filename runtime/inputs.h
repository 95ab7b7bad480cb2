/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inputs.h - what an evaluation is told by its context.
 */
#ifndef FFLAG_RUNTIME_INPUTS_H
#define FFLAG_RUNTIME_INPUTS_H

#include "faults.h"

/* Stands for a context that is not given. */
static const fflag_context nobody = {.now = INT64_MIN};

/* The context's value for an attribute of the snapshot, NULL where it has none. */
static inline const struct fflag_slot *find_input(const struct snapshot *snapshot,
                                                  const fflag_context *context, uint16_t attribute,
                                                  uint8_t *declared)
{
    unsigned input = atomic_load_explicit(&snapshot->inputs[attribute], memory_order_relaxed);
    unsigned slot = input & 0xff;
    *declared = (uint8_t)(input >> 8);
    if (slot == INPUT_NO_SLOT || !(context->present[slot / 64] >> slot % 64 & 1))
        return NULL;
    return &context->slot[slot];
}

/* The same for a test of that flag; what is of a type that cannot be meant counts as absent. */
static inline const struct fflag_slot *find_fitting(const fflag_view *view,
                                                    const struct ffs_flag *flag,
                                                    const fflag_context *context,
                                                    uint16_t attribute, uint8_t *declared)
{
    const struct fflag_slot *slot = find_input(view->snapshot, context, attribute, declared);
    if (LIKELY(!slot || attribute_fits(slot->type, *declared)))
        return slot;
    fault_of_attribute(view, flag, attribute, slot->type);
    return NULL;
}

/* The unit's bucket under a salt; false where the unit has no key. */
static inline bool find_bucket(const fflag_view *view, const struct ffs_flag *flag,
                               const fflag_context *context, uint16_t attribute, uint64_t salt,
                               uint64_t *bucket)
{
    uint8_t declared;
    const struct fflag_slot *unit = find_input(view->snapshot, context, attribute, &declared);
    if (UNLIKELY(!unit || unit->key_type != declared)) {
        if (unit && !attribute_fits(unit->type, declared))
            fault_of_attribute(view, flag, attribute, unit->type);
        return false;
    }
    *bucket = ffs_mix(unit->bits ^ salt);
    return true;
}

#endif
