/* references.c - which flags a flag depends on. */
#include "references.h"

#include <stdlib.h>

#include "compiler/base/memory.h"
#include "compiler/model/model.h"

void references_init(struct references *references, const struct project *project,
                     uint32_t environment)
{
    *references = (struct references){.project = project, .environment = environment};
    references->seen_segments = xcalloc(project->segment_count + 1u, sizeof(uint32_t));
}

void references_release(struct references *references)
{
    free(references->seen_segments);
}

static void follow(struct references *references, const struct condition *condition);

static void follow_segment(struct references *references, const struct segment *segment)
{
    uint32_t *seen = &references->seen_segments[segment->index];
    if (*seen == references->needing + 1)
        return;
    *seen = references->needing + 1;
    follow(references, segment->condition);
}

static void follow(struct references *references, const struct condition *condition)
{
    if (!condition)
        return;
    switch (condition->kind) {
    case CONDITION_TEST:
    case CONDITION_CLOCK:
    case CONDITION_PERCENT:
        break;
    case CONDITION_FLAG:
        references->found(references->user, condition->flag);
        break;
    case CONDITION_SEGMENT:
        follow_segment(references, condition->segment);
        break;
    case CONDITION_ALL:
    case CONDITION_ANY:
    case CONDITION_NOT:
        for (uint32_t i = 0; i < condition->child_count; i++)
            follow(references, condition->children[i]);
        break;
    }
}

void references_of(struct references *references, const struct flag *flag)
{
    const struct targeting *targeting = &flag->environments[references->environment];
    references->needing = flag->index;
    const struct selection *overrides = overrides_of(references->project, flag);
    for (uint32_t i = 0; i < overrides->count; i++) {
        const struct override *override = overrides->items[i];
        if (override->condition && override->environments >> references->environment & 1)
            follow(references, override->condition);
    }
    for (uint32_t i = 0; i < targeting->requirement_count; i++)
        references->found(references->user, targeting->requirements[i].flag);
    for (uint32_t i = 0; i < targeting->rule_count; i++)
        follow(references, targeting->rules[i].condition);
    for (uint32_t i = 0; i < targeting->value_override_count; i++)
        follow(references, targeting->value_overrides[i].condition);
    if (targeting->canary)
        for (uint32_t i = 0; i < targeting->canary->stage_count; i++)
            follow(references, targeting->canary->stages[i].condition);
    if (targeting->experiment)
        follow(references, targeting->experiment->condition);
}
