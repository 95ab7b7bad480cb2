/*
 * served_variants.h - which variants of a flag the definitions serve to anybody.
 *
 * A log that has another one comes from a service that runs something else.
 */
#ifndef FFREPLAY_SERVED_VARIANTS_H
#define FFREPLAY_SERVED_VARIANTS_H

#include "compiler/project.h"

/* As bits, by their place. */
uint64_t served_variants(const struct project *project, const struct flag *flag,
                         uint32_t environment);

#endif
