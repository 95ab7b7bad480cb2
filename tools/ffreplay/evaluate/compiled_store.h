/* compiled_store.h - the definitions as a service would have them: compiled, opened, in memory. */
#ifndef FFREPLAY_COMPILED_STORE_H
#define FFREPLAY_COMPILED_STORE_H

#include "compiler/project.h"
#include "fflag.h"

/* For one environment. False: it has been reported. The caller closes the store. */
bool compiled_store_open(struct project *project, uint32_t environment, fflag_store **store);

#endif
