/*
 * selection.h - which overrides select which flags, for many of both at once.
 *
 * Cost: linear in the flags, the overrides and the pairs that are found. A pattern is held against
 * the flags whose names have its longest literal part, which are found by their order.
 */
#ifndef FFC_MODEL_SELECTION_H
#define FFC_MODEL_SELECTION_H

#include <stdint.h>

struct arena;
struct flag;
struct override;
struct project;

/* The flags that one override selects, by their places, in no order. */
struct selected_flags {
    uint32_t *items;
    uint32_t count;
};

/* One for each override. The flags are sorted by name. In the arena. */
struct selected_flags *select_flags(struct arena *arena, struct flag *const *flags,
                                    uint32_t flag_count, struct override *const *overrides,
                                    uint32_t override_count);

/* The overrides that select one flag, in their order. */
struct selection {
    const struct override **items;
    uint32_t count;
};

/* The same by flag: one for each. */
struct selection *select_overrides(struct arena *arena, struct flag *const *flags,
                                   uint32_t flag_count, struct override *const *overrides,
                                   uint32_t override_count);
/* The project's own, for overrides_of(): again whenever its overrides or flags change. */
void project_select(struct project *project, struct arena *arena);
const struct selection *overrides_of(const struct project *project, const struct flag *flag);

#endif
