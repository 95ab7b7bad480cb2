/* choose_logs.h - the logs that a flag is measured by. */
#ifndef FFREPLAY_CHOOSE_LOGS_H
#define FFREPLAY_CHOOSE_LOGS_H

#include <stdint.h>

#include "tools/ffreplay/replay/replay.h"

struct flag;

/* Files without a log's name are of those that the flag's metrics are of. */
void choose_logs(struct replay *replay, const struct flag *flag, uint32_t environment);

#endif
