/*
 * effect.h - effects that improve or worsen outcomes: for a variant, a region, or the whole
 * service; always, or for a time, as an incident.
 */
#ifndef SERVICELOG_EFFECT_H
#define SERVICELOG_EFFECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/servicelog/service.h"

struct arena;
struct buffer;

struct effect {
    int64_t from, until; /* ms since the log began; until: not any more */
    const char *variant, *country, *region, *endpoint, *app_version; /* NULL: any */
    struct factors factors;
};

/*
 * Parses "at=10m,for=5m,variant=on,errors=x5". False: *error says what is wrong, and how it would
 * be right. Texts go into the arena.
 */
bool parse_effect(const char *text, struct arena *arena, struct effect *effect,
                  struct buffer *error);

/* Whether there is anybody whom the scope could mean; a variant is not looked at. */
bool effect_fits(const struct effect *effect, const struct service *service, struct buffer *error);

/* All effects on a request at `elapsed` ms, together: factors multiply, the last rate replaces. */
struct factors factors_of(const struct effect *effects, size_t count, const struct request *request,
                          int64_t elapsed);

#endif
