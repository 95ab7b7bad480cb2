/* emit_tables.c - the tables of a snapshot that programs refer to. */
#include "compiler/base/buffer.h"
#include "compiler/base/memory.h"
#include "emit.h"
#include "compiler/base/hash.h"
#include "compiler/base/percent.h"
#include "compiler/base/zone.h"
#include "compiler/model/declaration.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

uint64_t salt_hash(const char *text, const char *suffix)
{
    struct buffer joined = {0};
    buffer_append_text(&joined, text);
    buffer_append_text(&joined, suffix);
    uint64_t hash = hash64(joined.bytes, joined.length);
    buffer_release(&joined);
    return hash;
}

ffs_string image_string(struct image *image, const char *bytes, size_t length)
{
    assert(length < UINT32_MAX - 8);
    uint32_t prefix = (uint32_t)length;
    struct buffer *entry = &image->scratch;
    entry->length = 0;
    buffer_append(entry, &prefix, sizeof prefix);
    buffer_append(entry, bytes, length);
    buffer_append(entry, "", 1);
    buffer_pad(entry, 4);
    return (ffs_string)(pool_add(&image->strings, entry->bytes, entry->length) / 4);
}

ffs_string image_text(struct image *image, const char *text)
{
    return image_string(image, text, strlen(text));
}

uint64_t image_tagged_text(struct image *image, const char *text)
{
    size_t length = strlen(text);
    return image_string(image, text, length) | hash64(text, length) << 32;
}

uint32_t image_tags(struct image *image, const struct texts *tags)
{
    struct buffer run = {0};
    if (!tags->count)
        return FFS_NONE;
    buffer_append(&run, &tags->count, sizeof tags->count);
    for (uint32_t i = 0; i < tags->count; i++) {
        ffs_string tag = image_text(image, tags->items[i].text);
        buffer_append(&run, &tag, sizeof tag);
    }
    size_t at = pool_add(&image->tags, run.bytes, run.length);
    buffer_release(&run);
    return (uint32_t)(at / sizeof(uint32_t));
}

/* ----------------------------------------------------------------------------------- buckets -- */

uint64_t image_range(struct image *image, uint64_t salt, uint64_t from, uint64_t to)
{
    struct ffs_range range = {.salt = salt, .from = from, .to = to};
    return pool_add(&image->ranges, &range, sizeof range) / sizeof range;
}

uint64_t image_ramp(struct image *image, const struct ramp *ramp, const uint64_t *salt)
{
    bool linear = !ramp->step;
    struct ffs_ramp packed = {.start = ramp->start,
                              .end = linear ? ramp->end : 0,
                              .every = linear ? 0 : ramp->every,
                              .from = ramp->from,
                              .to = ramp->to,
                              .step = ramp->step,
                              .flags = salt ? FFS_RAMP_SALTED : 0,
                              .salt = salt ? *salt : 0};
    return pool_add(&image->ramps, &packed, sizeof packed) / sizeof packed;
}

uint64_t image_split(struct image *image, const struct arm *arms, uint32_t count,
                     const uint64_t *salt)
{
    struct buffer *split = &image->scratch;
    uint64_t arm_count = salt ? FFS_SPLIT_SALTED : 0;
    uint32_t sum = 0;
    split->length = 0;
    buffer_append(split, &arm_count, sizeof arm_count);
    if (salt)
        buffer_append(split, salt, sizeof *salt);
    for (uint32_t i = 0; i < count; i++) {
        if (!arms[i].percent)
            continue;
        sum += arms[i].percent;
        uint64_t upper = sum < PERCENT_ALL ? percent_threshold(sum) : UINT64_MAX;
        uint64_t words[2] = {upper, arms[i].variant};
        buffer_append(split, words, sizeof words);
        arm_count++;
    }
    memcpy(split->bytes, &arm_count, sizeof arm_count);
    return pool_add(&image->splits, split->bytes, split->length) / sizeof(uint64_t);
}

/* ---------------------------------------------------------------------------------- networks -- */

static int compare_addresses(uint64_t high_a, uint64_t low_a, uint64_t high_b, uint64_t low_b)
{
    if (high_a != high_b)
        return high_a < high_b ? -1 : 1;
    return low_a < low_b ? -1 : low_a > low_b;
}

static int compare_networks(const void *left, const void *right)
{
    const struct ffs_network *a = left, *b = right;
    int order = compare_addresses(a->first_high, a->first_low, b->first_high, b->first_low);
    return order ? order : compare_addresses(a->last_high, a->last_low, b->last_high, b->last_low);
}

/* Whether `next`, which does not begin before `range`, overlaps or adjoins it. */
static bool continues(const struct ffs_network *range, const struct ffs_network *next)
{
    uint64_t low = range->last_low + 1;
    uint64_t high = range->last_high + (low == 0);
    bool reaches_the_end = low == 0 && high == 0;
    return reaches_the_end || compare_addresses(next->first_high, next->first_low, high, low) <= 0;
}

uint64_t image_networks(struct image *image, struct ffs_network *networks, size_t count)
{
    qsort(networks, count, sizeof *networks, compare_networks);
    size_t merged = 0;
    for (size_t i = 0; i < count; i++) {
        struct ffs_network *last = merged ? &networks[merged - 1] : NULL;
        if (!last || !continues(last, &networks[i])) {
            networks[merged++] = networks[i];
        } else if (compare_addresses(last->last_high, last->last_low, networks[i].last_high,
                                     networks[i].last_low) < 0) {
            last->last_high = networks[i].last_high;
            last->last_low = networks[i].last_low;
        }
    }
    uint64_t index =
        pool_add(&image->networks, networks, sizeof *networks * merged) / sizeof *networks;
    return index | (uint64_t)merged << 32;
}

uint64_t image_automaton(struct image *image, const struct automaton *automaton,
                         const char *pattern)
{
    uint64_t index = pool_add(&image->automata, automaton->table, automaton->size);
    return index / sizeof(uint32_t) | (uint64_t)image_text(image, pattern) << 32;
}

uint64_t image_zone(struct image *image, const struct zone *zone)
{
    struct ffs_zone head = {.name = zone->name ? image_text(image, zone->name) : FFS_NONE,
                            .change_count = zone->change_count,
                            .offset = zone->offset};
    struct buffer *bytes = &image->scratch;
    bytes->length = 0;
    buffer_append(bytes, &head, sizeof head);
    for (uint32_t i = 0; i < zone->change_count; i++) {
        struct ffs_zone_change change = {.at = zone->changes[i].at,
                                         .offset = zone->changes[i].offset};
        buffer_append(bytes, &change, sizeof change);
    }
    return pool_add(&image->zones, bytes->bytes, bytes->length) / sizeof(uint64_t);
}

/* ------------------------------------------------------------------------ programs, variants -- */

uint32_t image_attribute(struct image *image, const struct attribute *attribute)
{
    return (uint32_t)(pool_add(&image->attributes, &attribute, sizeof(const struct attribute *)) /
                      sizeof(const struct attribute *));
}

uint16_t image_key(struct image *image, const struct unit_key *key)
{
    struct ffs_key entry = {.with = key->joined ? image_text(image, key->with) : FFS_NONE,
                            .count = (uint8_t)key->count,
                            .kind = key->joined ? FFS_KEY_JOINED : FFS_KEY_FIRST};
    for (uint32_t i = 0; i < FFS_MAX_KEY_PARTS; i++)
        entry.attributes[i] =
            i < key->count ? (uint16_t)image_attribute(image, key->parts[i]) : FFS_NO_ATTRIBUTE;
    size_t at = pool_add(&image->keys, &entry, sizeof entry) / sizeof entry;
    assert(at < FFS_NO_ATTRIBUTE - FFS_FIRST_KEY);
    return (uint16_t)(FFS_FIRST_KEY + at);
}

uint32_t image_program(struct image *image, const struct ffs_instruction *code, uint32_t count)
{
    if (!count)
        return 0;
    return (uint32_t)(pool_add(&image->programs, code, sizeof *code * count) / sizeof *code);
}

static uint64_t variant_value(struct image *image, enum fflag_type type,
                              const struct variant *variant)
{
    uint64_t bits = 0;
    switch (type) {
    case FFLAG_TYPE_BOOLEAN:
        return variant->boolean;
    case FFLAG_TYPE_INTEGER:
        return (uint64_t)variant->integer;
    case FFLAG_TYPE_NUMBER:
        memcpy(&bits, &variant->number, sizeof bits);
        return bits;
    case FFLAG_TYPE_STRING:
    case FFLAG_TYPE_JSON:
        break;
    }
    return image_text(image, variant->string);
}

uint32_t image_variants(struct image *image, enum fflag_type type, const struct variant *variants,
                        uint32_t count)
{
    assert(count >= 1 && count <= FFS_MAX_VARIANTS);
    struct ffs_variant *list = xcalloc(count, sizeof *list);
    for (uint32_t i = 0; i < count; i++)
        list[i] = (struct ffs_variant){
            .name = variants[i].name.text ? image_text(image, variants[i].name.text) : FFS_NONE,
            .value = variant_value(image, type, &variants[i])};
    size_t at = pool_add(&image->variants, list, sizeof *list * count);
    free(list);
    return (uint32_t)(at / sizeof *list);
}
