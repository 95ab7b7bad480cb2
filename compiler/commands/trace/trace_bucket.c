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
#include "runtime/ramp.h"

/* The key of one attribute as text; NULL if it has none. */
static const char *part_key(struct tracer *tracer, const struct attribute *attribute)
{
    const json_t *value = json_object_get(tracer->context, attribute->name.text);
    if (!value)
        return NULL;
    if (attribute->type == FFLAG_ATTRIBUTE_BOOLEAN)
        return json_is_boolean(value) ? (json_is_true(value) ? "true" : "false") : NULL;
    if (attribute->type == FFLAG_ATTRIBUTE_STRING) {
        const char *text = json_string_value(value);
        return text && *text ? text : NULL;
    }
    double number = json_number_value(value);
    bool whole = attribute->type == FFLAG_ATTRIBUTE_NUMBER && json_is_number(value) &&
                 number == trunc(number) && fabs(number) <= 9007199254740992.0;
    return whole ? arena_format(&tracer->arena, "%" PRId64, (int64_t)number) : NULL;
}

/* The unit's key as text; NULL if it has none. */
static const char *unit_key(struct tracer *tracer, const struct unit_key *by)
{
    const char *joined = NULL;
    for (uint32_t i = 0; by && i < by->count; i++) {
        const char *part = part_key(tracer, by->parts[i]);
        if (!by->joined && part)
            return part;
        if (by->joined && !part)
            return NULL;
        joined = !part    ? joined
                 : joined ? arena_format(&tracer->arena, "%s%s%s", joined, by->with, part)
                          : part;
    }
    return joined;
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

static const char *no_key(struct tracer *tracer, const struct unit_key *by)
{
    if (!by)
        return "no attribute to bucket by";
    const char *text = "";
    for (uint32_t i = 0; i < by->count; i++)
        text = arena_format(&tracer->arena, "%s%s%s is %s", text, i ? ", " : "",
                            by->parts[i]->name.text, context_text(tracer, by->parts[i]->name.text));
    return arena_format(&tracer->arena, "%s: no key", text);
}

/* What stands in the context, or of several attributes the key. */
static const char *bucket_text(struct tracer *tracer, const struct unit_key *by, const char *key,
                               uint64_t bucket, unsigned digits)
{
    const char *share = share_text(tracer, bucket, digits);
    if (by->count == 1)
        return arena_format(&tracer->arena, "%s is at %s",
                            context_text(tracer, by->parts[0]->name.text), share);
    for (uint32_t i = 0; i < by->count; i++)
        if (is_hidden(tracer, by->parts[i]))
            return arena_format(&tracer->arena, "%s is at %s", HIDDEN_VALUE, share);
    return arena_format(&tracer->arena, "\"%s\" is at %s", key, share);
}

static uint64_t bucket_of(const char *key, const char *salt)
{
    return fflag_bucket(key, strlen(key), salt, strlen(salt));
}

static const char *by_text(const struct unit_key *by)
{
    return by ? by->text : "units";
}

bool trace_exposure(struct tracer *tracer, struct step *parent, struct span span,
                    const struct unit_key *by, const char *salt, uint32_t percent)
{
    const char *share = percent_text(tracer, percent);
    if (percent == 0 || percent >= PERCENT_ALL) {
        add_step(tracer, parent, span, "bucket", percent > 0,
                 arena_format(&tracer->arena, "%s of all", share));
        return percent > 0;
    }
    const char *key = unit_key(tracer, by);
    uint64_t bucket = key ? bucket_of(key, salt) : 0;
    bool holds = key && bucket < percent_threshold(percent);
    struct step *step =
        add_step(tracer, parent, span, "bucket", holds,
                 arena_format(&tracer->arena, "below %s, by %s", share, by_text(by)));
    step->value = key ? bucket_text(tracer, by, key, bucket, 3) : no_key(tracer, by);
    return holds;
}

/* The current value of a gradual percentage, as snapshot.h defines it: part / whole thousandths. */
struct standing {
    uint64_t part;
    uint64_t whole;
};

static struct standing ramp_standing(const struct ramp *ramp, int64_t now)
{
    const struct ffs_ramp as_lowered = {.from = ramp->from,
                                        .to = ramp->to,
                                        .step = ramp->step,
                                        .every = ramp->every,
                                        .start = ramp->start,
                                        .end = ramp->end};
    struct standing standing;
    ramp_part(&as_lowered, now, &standing.part, &standing.whole);
    return standing;
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

bool trace_ramp(struct tracer *tracer, struct step *parent, const struct unit_key *by,
                const char *salt, const struct ramp *ramp)
{
    if (!ramp->gradual)
        return trace_exposure(tracer, parent, ramp->span, by, salt, ramp->from);
    struct standing standing = ramp_standing(ramp, tracer->now);
    if (by && standing.part == PERCENT_ALL * standing.whole) {
        add_step(tracer, parent, ramp->span, "bucket", true, "100% of all by now");
        return true;
    }
    const char *key = unit_key(tracer, by);
    uint64_t threshold = 0, bucket = key ? bucket_of(key, salt) : 0;
    if (key)
        threshold =
            (uint64_t)(((unsigned __int128)standing.part << 64) / (PERCENT_ALL * standing.whole));
    bool holds = key && bucket < threshold;
    struct step *step = add_step(tracer, parent, ramp->span, "bucket", holds,
                                 arena_format(&tracer->arena, "below %s%% by now, by %s",
                                              standing_text(tracer, &standing), by_text(by)));
    step->value = key ? bucket_text(tracer, by, key, bucket, 6) : no_key(tracer, by);
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

bool trace_ranges(struct tracer *tracer, struct step *parent, const struct unit_key *by,
                  const char *salt, const struct unit_ranges *ranges)
{
    const char *key = unit_key(tracer, by);
    uint64_t bucket = key ? bucket_of(key, salt) : 0;
    bool holds = false;
    for (uint32_t i = 0; key && i < ranges->count; i++)
        holds |= is_within(bucket, ranges->items[i].from, ranges->items[i].to);
    struct step *step = add_step(
        tracer, parent, ranges->span, "bucket", holds,
        arena_format(&tracer->arena, "from %s, by %s", ranges_text(tracer, ranges), by_text(by)));
    step->value = key ? bucket_text(tracer, by, key, bucket, 3) : no_key(tracer, by);
    return holds;
}

bool trace_range(struct tracer *tracer, struct step *step, const struct unit_key *by,
                 const char *salt, uint32_t from, uint32_t to, bool *keyed)
{
    const char *key = unit_key(tracer, by);
    *keyed = key != NULL;
    if (!key) {
        step->value = no_key(tracer, by);
        return false;
    }
    uint64_t bucket = bucket_of(key, salt);
    step->value = bucket_text(tracer, by, key, bucket, 3);
    return is_within(bucket, from, to);
}

uint32_t trace_split(struct tracer *tracer, struct step *parent, const struct flag *flag,
                     const struct split *split)
{
    struct arena *arena = &tracer->arena;
    const struct variant *variants = flag->environments[tracer->environment].variants;
    const struct unit_key *by = split->by;
    const char *key = unit_key(tracer, by);
    uint32_t low = 0, at = 0;
    const char *what = *split->suffix ? "a split" : "a split that keeps a percentage";
    uint64_t bucket =
        key ? bucket_of(key, arena_format(arena, "%s%s", split->salt, split->suffix)) : 0;
    for (; key && at < split->arm_count; low += split->arms[at++].percent) {
        uint32_t percent = split->arms[at].percent, high = low + percent;
        if (percent && (high >= PERCENT_ALL || bucket < percent_threshold(high)))
            break;
    }
    if (!key) {
        struct step *step = add_step(tracer, parent, parent->span, "split", false,
                                     arena_format(arena, "%s by %s", what, by_text(by)));
        step->value = no_key(tracer, by);
        return UINT32_MAX;
    }
    const struct arm *arm = &split->arms[at];
    struct step *step =
        add_step(tracer, parent, arm->span, "split", true,
                 arena_format(arena, "%s from %s to %s of %s by %s",
                              variants[arm->variant].name.text, percent_text(tracer, low),
                              percent_text(tracer, low + arm->percent), what, by_text(by)));
    step->value = bucket_text(tracer, by, key, bucket, 3);
    return arm->variant;
}
