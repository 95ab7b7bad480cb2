/* effect.c - see effect.h. */
#include "tools/servicelog/effect.h"

#include <string.h>

#include "compiler/base/buffer.h"
#include "tools/servicelog/pairs.h"

/* From the third on, these are scopes, in the order of scope_of(). */
static const char *const names[] = {"at",      "for",      "variant",   "country",
                                    "region",  "endpoint", "version",   "errors",
                                    "latency", "cache",    "purchases", "pressure"};
#define NAME_COUNT (sizeof names / sizeof *names)

/* The scope of that name, or NULL. */
static const char **scope_of(struct effect *effect, const char *name)
{
    const char **scopes[] = {&effect->variant, &effect->country, &effect->region, &effect->endpoint,
                             &effect->app_version};
    for (size_t i = 0; i < 5; i++) {
        if (strcmp(names[2 + i], name) == 0)
            return scopes[i];
    }
    return NULL;
}

/* "x5" multiplies, "30%" replaces. */
static bool read_rate(struct pair pair, double *factor, double *rate, struct buffer *error)
{
    if (pair.value && pair.value[0] != 'x' && strchr(pair.value, '%'))
        return read_share(pair.name, pair.value, rate, error);
    if (pair.value && pair.value[0] == 'x')
        return read_factor(pair.name, pair.value, factor, error);
    buffer_format(error, "%s takes a factor such as x5, or a percentage such as 30%%, not '%s'",
                  pair.name, pair.value ? pair.value : "");
    return false;
}

static bool read_pair(struct pair pair, struct effect *effect, int64_t *lasts, struct buffer *error)
{
    struct factors *factors = &effect->factors;
    const char **scope = scope_of(effect, pair.name);
    if (scope) {
        *scope = pair.value;
        if (!pair.value || !*pair.value)
            buffer_format(error, "%s needs a value", pair.name);
        return pair.value && *pair.value;
    }
    if (strcmp(pair.name, "at") == 0)
        return read_span("at", pair.value, &effect->from, error);
    if (strcmp(pair.name, "for") == 0)
        return read_span("for", pair.value, lasts, error);
    if (strcmp(pair.name, "errors") == 0)
        return read_rate(pair, &factors->errors, &factors->error_rate, error);
    if (strcmp(pair.name, "cache") == 0)
        return read_rate(pair, &factors->cache_hits, &factors->cache_hit_rate, error);
    if (strcmp(pair.name, "purchases") == 0)
        return read_rate(pair, &factors->purchases, &factors->purchase_rate, error);
    if (strcmp(pair.name, "latency") == 0)
        return read_factor("latency", pair.value, &factors->latency, error);
    if (strcmp(pair.name, "pressure") == 0)
        return read_factor("pressure", pair.value, &factors->pressure, error);
    return unknown_name("part of an effect", pair.name, names, NAME_COUNT, error);
}

bool parse_effect(const char *text, struct arena *arena, struct effect *effect,
                  struct buffer *error)
{
    *effect = (struct effect){.factors = no_factors};
    int64_t lasts = INT64_MAX;
    while (text) {
        if (!read_pair(next_pair(&text, arena), effect, &lasts, error))
            return false;
    }
    effect->until = lasts > INT64_MAX - effect->from ? INT64_MAX : effect->from + lasts;
    return true;
}

static bool fits(const char *scope, const char *actual)
{
    return !scope || (actual && strcmp(scope, actual) == 0);
}

/* ----------------------------------------------------------------------------------- scopes -- */

#define MOST_VALUES 32
#define ASKED       1000u /* users; every value occurs among that many */

struct values {
    const char *items[MOST_VALUES];
    size_t count;
};

static void add_value(struct values *values, const char *value)
{
    for (size_t i = 0; i < values->count; i++) {
        if (strcmp(values->items[i], value) == 0)
            return;
    }
    if (values->count < MOST_VALUES)
        values->items[values->count++] = value;
}

static bool is_value(const char *what, const char *scope, const struct values *values,
                     struct buffer *error)
{
    for (size_t i = 0; i < values->count; i++) {
        if (fits(scope, values->items[i]))
            return true;
    }
    return unknown_name(what, scope, values->items, values->count, error);
}

bool effect_fits(const struct effect *effect, const struct service *service, struct buffer *error)
{
    struct values countries = {.count = 0}, regions = countries, versions = countries;
    struct values endpoints = countries;
    for (uint32_t i = 0; i < ASKED; i++) {
        struct person person;
        describe_person(&person, i);
        add_value(&countries, person.country);
        add_value(&regions, person.region);
        add_value(&versions, person.app_version);
    }
    for (size_t i = 0; i < service->endpoint_count; i++)
        add_value(&endpoints, service->endpoints[i].path);
    return is_value("country", effect->country, &countries, error) &&
           is_value("region", effect->region, &regions, error) &&
           is_value("version", effect->app_version, &versions, error) &&
           is_value("endpoint", effect->endpoint, &endpoints, error);
}

static bool applies(const struct effect *effect, const struct request *request, int64_t elapsed)
{
    const struct person *person = &request->person;
    return effect->from <= elapsed && elapsed < effect->until &&
           fits(effect->variant, request->variant) && fits(effect->country, person->country) &&
           fits(effect->region, person->region) && fits(effect->app_version, person->app_version) &&
           fits(effect->endpoint, request->endpoint->path);
}

static void replace(double *rate, double by)
{
    if (by >= 0)
        *rate = by;
}

struct factors factors_of(const struct effect *effects, size_t count, const struct request *request,
                          int64_t elapsed)
{
    struct factors together = no_factors;
    for (const struct effect *effect = effects; effect < effects + count; effect++) {
        if (!applies(effect, request, elapsed))
            continue;
        const struct factors *factors = &effect->factors;
        together.errors *= factors->errors;
        together.latency *= factors->latency;
        together.cache_hits *= factors->cache_hits;
        together.purchases *= factors->purchases;
        together.pressure *= factors->pressure;
        replace(&together.error_rate, factors->error_rate);
        replace(&together.cache_hit_rate, factors->cache_hit_rate);
        replace(&together.purchase_rate, factors->purchase_rate);
    }
    return together;
}
