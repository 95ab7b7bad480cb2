/*
 * previous.h - flags that are sticky: a log line does not have what its unit was served before, so
 * they cannot be evaluated again.
 */
#ifndef FFREPLAY_PREVIOUS_H
#define FFREPLAY_PREVIOUS_H

#include <stdbool.h>

#include "fflag.h"
#include "tools/ffreplay/logs/layout.h"

/* Whether the flag, or one that it requires, is sticky. */
bool depends_on_previous(const fflag_view *view, const char *flag);
/* Whether lines of the log name the variant. False: it has been reported. */
bool log_names_variants(const struct layout *layout, const char *flag);

#endif
