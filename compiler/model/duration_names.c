/* duration_names.c - see duration_names.h. */
#include "duration_names.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Names that several programs have, with durations in several units, such as `duration`, `elapsed`
 * and `latency`, are not among them. */
static const struct {
    const char *name;
    enum time_unit unit;
    const char *program;
} known_names[] = {
    {"request_time", TIME_SECONDS, "nginx"},
    {"upstream_connect_time", TIME_SECONDS, "nginx"},
    {"upstream_header_time", TIME_SECONDS, "nginx"},
    {"upstream_response_time", TIME_SECONDS, "nginx"},
    {"Duration", TIME_NANOSECONDS, "Traefik"},
    {"OriginDuration", TIME_NANOSECONDS, "Traefik"},
    {"Overhead", TIME_NANOSECONDS, "Traefik"},
    {"event.duration", TIME_NANOSECONDS, "ECS"},
    {"latencies.kong", TIME_MILLISECONDS, "Kong"},
    {"latencies.proxy", TIME_MILLISECONDS, "Kong"},
    {"latencies.request", TIME_MILLISECONDS, "Kong"},
    {"responseTime", TIME_MILLISECONDS, "pino-http"},
    {"OriginResponseTime", TIME_NANOSECONDS, "Cloudflare"},
    {"properties.timeTaken", TIME_SECONDS, "Azure Front Door"},
};

/* Of one letter is none: "requests" and "tries_s" are no seconds. */
static const struct {
    const char *word;
    enum time_unit unit;
} unit_words[] = {
    {"sec", TIME_SECONDS},
    {"secs", TIME_SECONDS},
    {"second", TIME_SECONDS},
    {"seconds", TIME_SECONDS},
    {"ms", TIME_MILLISECONDS},
    {"msec", TIME_MILLISECONDS},
    {"msecs", TIME_MILLISECONDS},
    {"milli", TIME_MILLISECONDS},
    {"millis", TIME_MILLISECONDS},
    {"millisecond", TIME_MILLISECONDS},
    {"us", TIME_MICROSECONDS},
    {"milliseconds", TIME_MILLISECONDS},
    {"usec", TIME_MICROSECONDS},
    {"usecs", TIME_MICROSECONDS},
    {"micro", TIME_MICROSECONDS},
    {"micros", TIME_MICROSECONDS},
    {"ns", TIME_NANOSECONDS},
    {"microsecond", TIME_MICROSECONDS},
    {"nsec", TIME_NANOSECONDS},
    {"microseconds", TIME_MICROSECONDS},
    {"nano", TIME_NANOSECONDS},
    {"nsecs", TIME_NANOSECONDS},
    {"nanos", TIME_NANOSECONDS},
    {"nanosecond", TIME_NANOSECONDS},
    {"nanoseconds", TIME_NANOSECONDS},
};

/* The last word of "took_ms", "took-ms" and "tookMs"; NULL: the name is one word. */
static const char *last_word(const char *name)
{
    const char *word = NULL;
    for (const char *at = name; *at; at++) {
        if (strchr("_-.", *at))
            word = at + 1;
        else if (at > name && isupper((unsigned char)*at) && islower((unsigned char)at[-1]))
            word = at;
    }
    return word;
}

enum time_unit duration_unit_of_name(const char *name, const char **program)
{
    *program = NULL;
    for (size_t i = 0; i < sizeof known_names / sizeof *known_names; i++)
        if (strcmp(known_names[i].name, name) == 0) {
            *program = known_names[i].program;
            return known_names[i].unit;
        }
    const char *word = last_word(name);
    for (size_t i = 0; i < sizeof unit_words / sizeof *unit_words && word; i++)
        if (strcasecmp(unit_words[i].word, word) == 0)
            return unit_words[i].unit;
    return TIME_AUTO;
}
