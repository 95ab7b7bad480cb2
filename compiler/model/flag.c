/* flag.c - see flag.h. */
#include "flag.h"

#include <stddef.h>

const char *const flag_kind_names[] = {"release", "experiment", "canary", "ops",
                                       "config",  "permission", NULL};
