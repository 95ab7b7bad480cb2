/* choose_groupings.c - see choose_groupings.h. */
#include "choose_groupings.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/usage_checks.h"

bool choose_groupings(const struct command *command, struct arena *arena,
                      const struct option_texts *by, struct grouping **groupings, uint32_t *count)
{
    const char *why;
    struct grouping *items = ARENA_ARRAY(arena, struct grouping, by->count + ALWAYS_GROUPED);
    items[0].text = "";
    grouping_parse(&items[1], "variant", arena, &why);
    *count = ALWAYS_GROUPED;
    for (size_t i = 0; i < by->count; i++) {
        bool twice = false;
        for (uint32_t j = 0; j < *count; j++)
            twice |= strcmp(by->items[i], items[j].text) == 0 && j > 0;
        if (twice)
            continue;
        if (!grouping_parse(&items[*count], by->items[i], arena, &why)) {
            usage_error(command, "--by '%s': %s", by->items[i], why);
            return false;
        }
        ++*count;
    }
    *groupings = items;
    return true;
}

bool grouping_shows_private(const struct command *command, const struct replay *replay,
                            const struct grouping *grouping)
{
    const struct project *project = replay->project;
    for (uint32_t i = 0; i < grouping->count; i++) {
        const struct dimension *dimension = &grouping->dimensions[i];
        for (uint32_t log = 0; dimension->places && log < project->log_count; log++) {
            uint32_t place = dimension->places[log];
            if (place == NO_PLACE || !layout_hides(&replay->layouts[log], place))
                continue;
            report_private(command, grouping->text, dimension->name, project->logs[log]);
            return true;
        }
    }
    return false;
}
