/* trace_bucket.c - a unit's bucket, in percent. */
#include "compiler/base/arena.h"
#include "trace.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compiler/base/percent.h"
#include "compiler/model/declaration.h"
#include "compiler/model/flag.h"

/* The unit's key as text; NULL if it has none. */
static const char *unit_key(struct tracer *tracer, const struct attribute *attribute)
{
    const json_t *value = attribute ? json_object_get(tracer->context, attribute->name.text) : NULL;
    if (!value)
        return NULL;
    if (attribute->type == FFLAG_ATTRIBUTE_STRING) {
        const char *text = json_string_value(value);
        return text && *text ? text : NULL;
    }
    double number = json_number_value(value);
    bool whole = attribute->type == FFLAG_ATTRIBUTE_NUMBER && number == trunc(number) &&
                 fabs(number) <= 9007199254740992.0;
    return whole ? arena_format(&tracer->arena, "%" PRId64, (int64_t)number) : NULL;
}

/* Rounded down, so that a bucket below a percentage also looks lower. */
static const char *share_text(struct tracer *tracer, uint64_t bucket, unsigned digits)
{
    uint64_t scale = digits == 3 ? 100000 : 100000000;
    uint64_t part = (uint64_t)(((unsigned __int128)bucket * scale) >> 64);
    uint64_t whole = scale / 100;
    return arena_format(&tracer->arena, "%" PRIu64 ".%0*" PRIu64 "%%", part / whole, (int)digits,
                        part % whole);
}

static const char *percent_text(struct tracer *tracer, uint32_t thousandths)
{
    char text[PERCENT_TEXT_SIZE];
    percent_format(thousandths, text);
    return arena_format(&tracer->arena, "%s%%", text);
}

static const char *no_key(struct tracer *tracer, const struct attribute *attribute)
{
    if (!attribute)
        return "no attribute to bucket by";
    return arena_format(&tracer->arena, "%s is %s: no key", attribute->name.text,
                        context_text(tracer, attribute->name.text));
}

static const char *bucket_text(struct tracer *tracer, const struct attribute *attribute,
                               uint64_t bucket, unsigned digits)
{
    return arena_format(&tracer->arena, "%s is at %s", context_text(tracer, attribute->name.text),
                        share_text(tracer, bucket, digits));
}

static uint64_t bucket_of(const char *key, const char *salt)
{
    return fflag_bucket(key, strlen(key), salt, strlen(salt));
}

static const char *by_text(const struct attribute *attribute)
{
    return attribute ? attribute->name.text : "units";
}

bool trace_exposure(struct tracer *tracer, struct step *parent, struct span span,
                    const struct attribute *attribute, const char *salt, uint32_t percent)
{
    const char *share = percent_text(tracer, percent);
    if (percent == 0 || percent >= PERCENT_ALL) {
        add_step(tracer, parent, span, "bucket", percent > 0,
                 arena_format(&tracer->arena, "%s of all", share));
        return percent > 0;
    }
    const char *key = unit_key(tracer, attribute);
    uint64_t bucket = key ? bucket_of(key, salt) : 0;
    bool holds = key && bucket < percent_threshold(percent);
    struct step *step =
        add_step(tracer, parent, span, "bucket", holds,
                 arena_format(&tracer->arena, "below %s, by %s", share, by_text(attribute)));
    step->value = key ? bucket_text(tracer, attribute, bucket, 3) : no_key(tracer, attribute);
    return holds;
}

/* The current value of a gradual percentage, as snapshot.h defines it: part / whole thousandths. */
struct standing {
    uint64_t part;
    uint64_t whole;
};

static struct standing ramp_standing(const struct ramp *ramp, int64_t now)
{
    bool rises = ramp->to >= ramp->from;
    uint64_t distance = rises ? ramp->to - ramp->from : ramp->from - ramp->to;
    uint64_t elapsed = now > ramp->start ? (uint64_t)now - (uint64_t)ramp->start : 0;
    uint64_t whole = 1, moved;
    if (ramp->step) {
        uint64_t steps = elapsed / (uint64_t)ramp->every;
        moved = steps > distance / ramp->step ? distance : steps * ramp->step;
    } else {
        whole = (uint64_t)ramp->end - (uint64_t)ramp->start;
        moved = distance * (elapsed < whole ? elapsed : whole);
    }
    uint64_t part = rises ? ramp->from * whole + moved : ramp->from * whole - moved;
    return (struct standing){part, whole};
}

/* Millionths of a percent, rounded down. */
static const char *standing_text(struct tracer *tracer, const struct standing *standing)
{
    uint64_t millionths = (uint64_t)((unsigned __int128)standing->part * 1000 / standing->whole);
    char *text = arena_format(&tracer->arena, "%" PRIu64 ".%06" PRIu64, millionths / 1000000,
                              millionths % 1000000);
    size_t length = strlen(text);
    while (text[length - 1] == '0')
        length--;
    text[length - (text[length - 1] == '.')] = '\0';
    return text;
}

bool trace_ramp(struct tracer *tracer, struct step *parent, const struct attribute *attribute,
                const char *salt, const struct ramp *ramp)
{
    if (!ramp->gradual)
        return trace_exposure(tracer, parent, ramp->span, attribute, salt, ramp->from);
    struct standing standing = ramp_standing(ramp, tracer->now);
    if (attribute && standing.part == PERCENT_ALL * standing.whole) {
        add_step(tracer, parent, ramp->span, "bucket", true, "100% of all by now");
        return true;
    }
    const char *key = unit_key(tracer, attribute);
    uint64_t threshold = 0, bucket = key ? bucket_of(key, salt) : 0;
    if (key)
        threshold =
            (uint64_t)(((unsigned __int128)standing.part << 64) / (PERCENT_ALL * standing.whole));
    bool holds = key && bucket < threshold;
    struct step *step =
        add_step(tracer, parent, ramp->span, "bucket", holds,
                 arena_format(&tracer->arena, "below %s%% by now, by %s",
                              standing_text(tracer, &standing), by_text(attribute)));
    step->value = key ? bucket_text(tracer, attribute, bucket, 6) : no_key(tracer, attribute);
    return holds;
}

static bool is_within(uint64_t bucket, uint32_t from, uint32_t to)
{
    return bucket >= (from < PERCENT_ALL ? percent_threshold(from) : UINT64_MAX) &&
           (to >= PERCENT_ALL || bucket < percent_threshold(to));
}

#define MOST_RANGES 6 /* shown of a list */

static const char *ranges_text(struct tracer *tracer, const struct unit_ranges *ranges)
{
    const char *text = "";
    for (uint32_t i = 0; i < ranges->count && i < MOST_RANGES; i++)
        text = arena_format(&tracer->arena, "%s%s%s to %s", text, i ? " or " : "",
                            percent_text(tracer, ranges->items[i].from),
                            percent_text(tracer, ranges->items[i].to));
    return ranges->count <= MOST_RANGES
               ? text
               : arena_format(&tracer->arena, "%s, or %u more", text, ranges->count - MOST_RANGES);
}

bool trace_ranges(struct tracer *tracer, struct step *parent, const struct attribute *attribute,
                  const char *salt, const struct unit_ranges *ranges)
{
    const char *key = unit_key(tracer, attribute);
    uint64_t bucket = key ? bucket_of(key, salt) : 0;
    bool holds = false;
    for (uint32_t i = 0; key && i < ranges->count; i++)
        holds |= is_within(bucket, ranges->items[i].from, ranges->items[i].to);
    struct step *step = add_step(tracer, parent, ranges->span, "bucket", holds,
                                 arena_format(&tracer->arena, "from %s, by %s",
                                              ranges_text(tracer, ranges), by_text(attribute)));
    step->value = key ? bucket_text(tracer, attribute, bucket, 3) : no_key(tracer, attribute);
    return holds;
}

bool trace_range(struct tracer *tracer, struct step *step, const struct attribute *attribute,
                 const char *salt, uint32_t from, uint32_t to, bool *keyed)
{
    const char *key = unit_key(tracer, attribute);
    *keyed = key != NULL;
    if (!key) {
        step->value = no_key(tracer, attribute);
        return false;
    }
    uint64_t bucket = bucket_of(key, salt);
    step->value = bucket_text(tracer, attribute, bucket, 3);
    return is_within(bucket, from, to);
}

uint32_t trace_split(struct tracer *tracer, struct step *parent, const struct flag *flag,
                     const struct attribute *attribute, const char *salt, const struct arm *arms,
                     uint32_t count, bool kept)
{
    struct arena *arena = &tracer->arena;
    const struct variant *variants = flag->environments[tracer->environment].variants;
    const char *key = unit_key(tracer, attribute);
    uint32_t low = 0, at = 0;
    const char *what = kept ? "a split that keeps a percentage" : "a split";
    uint64_t bucket = key ? bucket_of(key, kept ? salt : arena_format(arena, "%s/split", salt)) : 0;
    for (; key && at < count; low += arms[at++].percent) {
        uint32_t high = low + arms[at].percent;
        if (arms[at].percent && (high >= PERCENT_ALL || bucket < percent_threshold(high)))
            break;
    }
    if (!key) {
        struct step *step = add_step(tracer, parent, parent->span, "split", false,
                                     arena_format(arena, "%s by %s", what, by_text(attribute)));
        step->value = no_key(tracer, attribute);
        return UINT32_MAX;
    }
    const struct arm *arm = &arms[at];
    struct step *step =
        add_step(tracer, parent, arm->span, "split", true,
                 arena_format(arena, "%s from %s to %s of %s by %s",
                              variants[arm->variant].name.text, percent_text(tracer, low),
                              percent_text(tracer, low + arm->percent), what, by_text(attribute)));
    step->value = bucket_text(tracer, attribute, bucket, 3);
    return arm->variant;
}
