/* actor.c - see actor.h. */
#include "actor.h"

#include <stdlib.h>

const char *actor_name(const char *given, const char *program)
{
    const char *name = given ? given : getenv("USER");
    return name && *name ? name : program;
}
