/* choose_logs.h - the logs that a flag is measured by. */
#ifndef FFREPLAY_CHOOSE_LOGS_H
#define FFREPLAY_CHOOSE_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/ffreplay/replay/log_command.h"
#include "tools/ffreplay/replay/replay.h"

struct canary;
struct flag;
struct project;

/* Files without a log's name are of those that the flag's metrics are of. */
void choose_logs(struct replay *replay, const struct flag *flag, uint32_t environment);

/* What commands of logs are asked for about canaries: until now, or the time that was given. */
struct asked_times asked_from_canary(const struct replay *replay);
/* And from when on: since its stage began, or a day before where a criterion compares with the time
 * before; of several, the earliest. */
void ask_for_canary(struct asked_times *asked, const struct canary *canary);
/* Or since the first of its stages: for a page, which draws all. False after reporting. */
bool ask_for_whole_canary(struct asked_times *asked, struct project *project,
                          const struct flag *flag, uint32_t environment);

#endif
