/* canary.c - see canary.h. */
#include "canary.h"

#include <stddef.h>

const char *const canary_state_names[] = {"pending",     "running",  "paused",
                                          "rolled_back", "complete", NULL};

const char *canary_state_text(enum canary_state state)
{
    return canary_state_names[state];
}
