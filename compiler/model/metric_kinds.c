/* metric_kinds.c - see metric_kinds.h. */
#include "metric.h"

#define KEY(name) (UINT32_C(1) << METRIC_KEY_##name)

static const struct metric_traits traits[] = {
#define METRIC_KIND(NAME, name, required, further, scale, bound, over, sizing, noun, computes) \
    [METRIC_##NAME] = {#name, required, further, scale, bound, over, sizing, noun, computes},
#include "metric_kinds.def"
};

const char *const metric_kind_names[] = {
#define METRIC_KIND(NAME, name, ...) [METRIC_##NAME] = #name,
#include "metric_kinds.def"
    NULL};

const struct metric_traits *metric_traits(const struct metric *metric)
{
    return &traits[metric->kind];
}

bool metric_may_have(const struct metric *metric, enum metric_key key)
{
    const struct metric_traits *its = metric_traits(metric);
    return (its->required_keys | its->further_keys) & metric_key_bit(key);
}
