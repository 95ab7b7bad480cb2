/* choose_groupings.h - groupings by what a command line says, `--by`. */
#ifndef FFREPLAY_CHOOSE_GROUPINGS_H
#define FFREPLAY_CHOOSE_GROUPINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/cli/options.h"
#include "tools/ffreplay/metrics/grouping.h"
#include "tools/ffreplay/replay/replay.h"

/* Those of aggregates: of all lines, by variant, and what `by` names, each once. In memory of the
 * arena. False after reporting. */
#define ALWAYS_GROUPED 2
bool choose_groupings(const struct command *command, struct arena *arena,
                      const struct option_texts *by, struct grouping **groupings, uint32_t *count);

/* Whether groups would be named by values of a private attribute, which is reported. Once fields
 * are laid out. */
bool grouping_shows_private(const struct command *command, const struct replay *replay,
                            const struct grouping *grouping);

#endif
