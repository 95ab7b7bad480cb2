/* compiled_store.h - the definitions, compiled and opened in memory as in a service. */
#ifndef FFREPLAY_COMPILED_STORE_H
#define FFREPLAY_COMPILED_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/project/project.h"
#include "fflag.h"

/* For one environment. False after reporting. The caller closes the store. */
bool compiled_store_open(struct project *project, uint32_t environment, fflag_store **store);

#define BUILD_TEXT 33
/* The content hash of what the definitions alone compile to, without past overrides. False: it has
 * been reported. */
bool compiled_build(struct project *project, uint32_t environment, char hex[BUILD_TEXT]);

#endif
