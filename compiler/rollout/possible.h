/*
 * possible.h - which variants of a flag somebody may get, judging by the definitions alone.
 *
 * Never too few: it assumes that any condition, and any percentage other than 0 and 100 %, may hold
 * for some and not for others. Nobody gets a variant that is not among them.
 */
#ifndef FFC_POSSIBLE_H
#define FFC_POSSIBLE_H

#include <stdint.h>

#include "compiler/model/model.h"

/* Of what a flag requires. NULL: there is none such. */
enum met { MET_BY_NOBODY, MET_BY_SOME };
const struct requirement *first_requirement(const struct project *project, const struct flag *flag,
                                            uint32_t environment, int64_t at, enum met met);

#endif
