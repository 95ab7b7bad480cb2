/*
 * emit_sets.c - sets of strings, as hash tables.
 *
 * A small set is probed: it fits in one or two cache lines anyway. A larger one is a perfect hash
 * behind a filter: a member is looked up in one place, and anything else mostly in none. The width
 * of the slots minimises the file; for keys of similar length that means that the slots hold the
 * keys.
 */
#include "compiler/base/hash.h"
#include "compiler/base/memory.h"
#include "emit.h"

#include <stdlib.h>
#include <string.h>

#include "perfect_hash.h"

#define MOST_PROBED 16
#define MOST_ROOM   8

struct member {
    uint64_t hash;
    const char *text;
    uint32_t length;
};

struct set {
    struct member *members; /* sorted by hash, without duplicates */
    uint32_t count;
    struct ffs_set head;
    uint32_t *slots; /* an index of `members`, or FFS_NONE */
    uint64_t *buckets;
};

static int compare_members(const void *left, const void *right)
{
    const struct member *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return strcmp(a->text, b->text);
}

static void collect_members(struct set *set, const char *const *texts, size_t count)
{
    set->members = xcalloc(count, sizeof *set->members);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(texts[i]);
        set->members[i] = (struct member){hash64(texts[i], length), texts[i], (uint32_t)length};
    }
    qsort(set->members, count, sizeof *set->members, compare_members);
    for (size_t i = 0; i < count; i++)
        if (!i || compare_members(&set->members[set->count - 1], &set->members[i]) != 0)
            set->members[set->count++] = set->members[i];
}

/* There is always an empty slot, to end a probe. Small sets may be more than three quarters full:
 * there are many of them, and a cache line holds all of a set's slots. */
static uint32_t probed_capacity(uint32_t count)
{
    uint32_t capacity = 4;
    while (capacity <= count + (capacity > 8 ? capacity / 4 : 0))
        capacity *= 2;
    return capacity;
}

/* False if a look-up would probe more than FFS_MAX_PROBES slots. */
static bool probe_all(struct set *set)
{
    uint32_t mask = set->head.capacity - 1;
    for (uint32_t i = 0; i <= mask; i++)
        set->slots[i] = FFS_NONE;
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t at = (uint32_t)set->members[i].hash & mask;
        while (set->slots[at] != FFS_NONE)
            at = (at + 1) & mask;
        set->slots[at] = i;
    }
    uint32_t run = 0;
    for (uint32_t i = 0; i < mask + FFS_MAX_PROBES && run < FFS_MAX_PROBES; i++)
        run = set->slots[i & mask] == FFS_NONE ? 0 : run + 1;
    return run < FFS_MAX_PROBES;
}

/* If the hashes cluster, somebody chose the keys to: try a few times the room, and then give up. */
static bool place_probed(struct set *set)
{
    uint32_t least = probed_capacity(set->count);
    set->slots = xcalloc((size_t)least * MOST_ROOM, sizeof *set->slots);
    for (set->head.capacity = least; set->head.capacity <= least * MOST_ROOM;
         set->head.capacity *= 2)
        if (probe_all(set))
            return true;
    return false;
}

/* False if two members have the same hash, which somebody may have arranged. */
static bool place_perfectly(struct set *set)
{
    uint64_t *hashes = xcalloc(set->count, sizeof *hashes);
    for (uint32_t i = 0; i < set->count; i++)
        hashes[i] = set->members[i].hash;
    struct perfect_hash perfect;
    bool found = perfect_hash_make(hashes, set->count, &perfect);
    if (found) {
        set->head.capacity = perfect.slot_count;
        set->head.buckets = perfect.bucket_count;
        set->buckets = xcalloc(perfect.bucket_count, sizeof *set->buckets);
        for (uint32_t i = 0; i < perfect.bucket_count; i++)
            set->buckets[i] = perfect.pilots[i];
        for (uint32_t i = 0; i < set->count; i++)
            set->buckets[perfect_hash_bucket(hashes[i], perfect.bucket_count)] |=
                ffs_filter_bits(hashes[i]);
        set->slots = perfect.slots;
        perfect.slots = NULL;
        perfect_hash_release(&perfect);
    }
    free(hashes);
    return found;
}

/* The slot width that minimises the slots plus the strings that do not fit into them. */
static uint32_t best_width(const struct set *set)
{
    uint64_t outside[FFS_MAX_WIDTH / 8 + 1] = {0}; /* bytes in STRINGS, indexed by width / 8 */
    for (uint32_t i = 0; i < set->count; i++)
        for (uint32_t width = 8; width <= FFS_MAX_WIDTH && set->members[i].length > width - 4;
             width += 8)
            outside[width / 8] += (uint64_t)set->members[i].length + 8;
    uint32_t best = 8;
    uint64_t least = UINT64_MAX;
    for (uint32_t width = 8; width <= FFS_MAX_WIDTH; width += 8) {
        uint64_t size = (uint64_t)set->head.capacity * width + outside[width / 8];
        if (size < least) {
            least = size;
            best = width;
        }
    }
    return best;
}

/* `member` NULL: an empty slot. */
static void write_slot(struct image *image, const struct set *set, const struct member *member,
                       char *slot)
{
    uint32_t length = member ? member->length : FFS_NONE;
    memcpy(slot, &length, sizeof length);
    slot += sizeof length;
    if (member && ffs_set_holds_inline(&set->head, length)) {
        memcpy(slot, member->text, length);
    } else if (member) {
        ffs_string ref = image_string(image, member->text, length);
        memcpy(slot, &ref, sizeof ref);
    }
}

uint64_t image_set(struct image *image, const char *const *texts, size_t count)
{
    struct set set = {.count = 0};
    collect_members(&set, texts, count);
    if ((set.count <= MOST_PROBED || !place_perfectly(&set)) && !place_probed(&set)) {
        free(set.members);
        free(set.slots);
        return IMAGE_NO_SET;
    }
    set.head.count = set.count;
    set.head.width = best_width(&set);
    for (uint32_t i = 0; i < set.count; i++)
        if (set.members[i].length > set.head.longest)
            set.head.longest = set.members[i].length;

    size_t buckets = set.head.buckets * sizeof *set.buckets;
    size_t size = sizeof set.head + buckets + (size_t)set.head.capacity * set.head.width;
    char *bytes = xcalloc(1, size);
    memcpy(bytes, &set.head, sizeof set.head);
    if (buckets)
        memcpy(bytes + sizeof set.head, set.buckets, buckets);
    char *slot = bytes + sizeof set.head + buckets;
    for (uint32_t i = 0; i < set.head.capacity; i++, slot += set.head.width)
        write_slot(image, &set, set.slots[i] == FFS_NONE ? NULL : &set.members[set.slots[i]], slot);
    uint64_t index = pool_add(&image->sets, bytes, size) / sizeof(uint64_t);
    free(bytes);
    free(set.members);
    free(set.slots);
    free(set.buckets);
    return index;
}
