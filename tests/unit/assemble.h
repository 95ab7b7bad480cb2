/*
 * assemble.h - builds snapshots byte by byte, for tests that must not depend on the compiler.
 *
 * Nothing is checked: a test can build what no compiler would. assemble() lays out the sections and
 * seals the hashes; reseal() seals them again after a test has damaged the bytes.
 */
#ifndef TESTS_ASSEMBLE_H
#define TESTS_ASSEMBLE_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "compiler/base/buffer.h"
#include "fflag.h"
#include "fflag/private.h"
#include "fflag/snapshot.h"

struct bytes {
    uint8_t *data;
    size_t length;
};

/* Of a format to come: written, skippable, where a test puts something in. */
#define FUTURE_SECTION 31

struct assembler {
    struct bytes section[FUTURE_SECTION + 1];
    ffs_string project, environment;
};

#define UNUSED  __attribute__((unused))
#define PROJECT "sample"

static inline size_t append_bytes(struct bytes *bytes, const void *data, size_t length)
{
    size_t offset = bytes->length;
    bytes->data = realloc(bytes->data, bytes->length + length + 1);
    assert(bytes->data);
    if (length)
        memcpy(bytes->data + offset, data, length);
    bytes->length += length;
    return offset;
}

static inline ffs_string add_bytes_string(struct assembler *assembler, const char *text,
                                          size_t text_length)
{
    struct bytes *strings = &assembler->section[FFS_STRINGS];
    uint32_t length = (uint32_t)text_length;
    size_t offset = append_bytes(strings, &length, sizeof length);
    append_bytes(strings, text, text_length);
    append_bytes(strings, "\0\0\0\0", 4 - text_length % 4);
    return (ffs_string)(offset / 4);
}

static inline ffs_string add_string(struct assembler *assembler, const char *text)
{
    return add_bytes_string(assembler, text, strlen(text));
}

/* The operand of FFS_STRING_EQ and FFS_STRINGS_HAS. */
static UNUSED uint64_t add_tagged(struct assembler *assembler, const char *text)
{
    return add_string(assembler, text) | XXH3_64bits(text, strlen(text)) << 32;
}

/* Attributes must be added in the order of their names. */
static inline uint16_t add_attribute(struct assembler *assembler, const char *name,
                                     enum fflag_attribute_type type)
{
    struct ffs_attribute attribute = {.name = add_string(assembler, name), .type = (uint8_t)type};
    return (
        uint16_t)(append_bytes(&assembler->section[FFS_ATTRIBUTES], &attribute, sizeof attribute) /
                  sizeof attribute);
}

static inline uint32_t add_variant(struct assembler *assembler, const char *name, uint64_t value)
{
    struct ffs_variant variant = {.name = name ? add_string(assembler, name) : FFS_NONE,
                                  .value = value};
    return (uint32_t)(append_bytes(&assembler->section[FFS_VARIANTS], &variant, sizeof variant) /
                      sizeof variant);
}

static inline uint32_t add_code(struct assembler *assembler, const struct ffs_instruction *code,
                                size_t count)
{
    return (uint32_t)(append_bytes(&assembler->section[FFS_CODE], code, count * sizeof *code) /
                      sizeof *code);
}

/* The features are those of its own program; of flags it requires, the caller adds them. */
static inline uint32_t add_flag(struct assembler *assembler, const char *name, struct ffs_flag flag)
{
    const struct ffs_instruction *code = (const void *)assembler->section[FFS_CODE].data;
    for (uint32_t i = 0; i < flag.code_count; i++)
        flag.features |= ffs_features_of(code[flag.first_code + i].op);

    char split[256];
    size_t length = strlen(name);
    memcpy(split, name, length);
    memcpy(split + length, "/split", 6);
    flag.name = add_string(assembler, name);
    flag.metadata = flag.metadata ? flag.metadata : FFS_NONE;
    flag.tags = FFS_NONE;
    flag.kind = flag.kind ? flag.kind : FFS_KIND_RELEASE;
    flag.exposure_salt = XXH3_64bits(name, length);
    flag.split_salt = XXH3_64bits(split, length + 6);
    return (uint32_t)(append_bytes(&assembler->section[FFS_FLAGS], &flag, sizeof flag) /
                      sizeof flag);
}

/* A boolean flag with variants off and on (0 and 1), off by default. */
static inline uint32_t add_boolean(struct assembler *assembler, const char *name,
                                   const struct ffs_instruction *code, size_t count)
{
    struct ffs_flag flag = {.type = FFLAG_TYPE_BOOLEAN, .variant_count = 2};
    flag.first_variant = add_variant(assembler, "off", 0);
    add_variant(assembler, "on", 1);
    flag.code_count = (uint32_t)count;
    flag.first_code = count ? add_code(assembler, code, count) : 0;
    return add_flag(assembler, name, flag);
}

static UNUSED struct ffs_flag *flag_at(struct assembler *assembler, uint32_t index)
{
    return (struct ffs_flag *)assembler->section[FFS_FLAGS].data + index;
}

static inline uint32_t pilot_place(uint64_t hash, uint64_t pilot, uint32_t slots)
{
    return (uint32_t)((unsigned __int128)ffs_spread(hash, pilot) * slots >> 64);
}

static inline struct ffs_set *new_set(uint32_t capacity, uint32_t buckets, uint32_t width)
{
    struct ffs_set *set = calloc(1, sizeof *set + 8 * (size_t)buckets + (size_t)capacity * width);
    assert(set);
    *set = (struct ffs_set){.capacity = capacity, .buckets = buckets, .width = width};
    for (uint32_t i = 0; i < capacity; i++)
        ((struct ffs_set_slot *)(uintptr_t)ffs_set_slot_at(set, i))->length = FFS_NONE;
    return set;
}

/* False when the slot is taken. */
static inline bool fill_slot(struct assembler *assembler, struct ffs_set *set, uint32_t place,
                             const char *text)
{
    struct ffs_set_slot *slot = (struct ffs_set_slot *)(uintptr_t)ffs_set_slot_at(set, place);
    uint32_t length = (uint32_t)strlen(text);
    if (slot->length != FFS_NONE)
        return false;
    slot->length = length;
    if (ffs_set_holds_inline(set, length))
        memcpy(&slot->ref, text, length);
    else
        slot->ref = add_string(assembler, text);
    if (length > set->longest)
        set->longest = length;
    set->count++;
    return true;
}

/* Frees the set; the operand of FFS_STRING_IN. */
static inline uint64_t append_set(struct assembler *assembler, struct ffs_set *set)
{
    size_t size = sizeof *set + 8 * (size_t)set->buckets + (size_t)set->capacity * set->width;
    size_t offset = append_bytes(&assembler->section[FFS_SETS], set, size);
    free(set);
    return offset / sizeof(uint64_t);
}

/* A set that is probed. */
static UNUSED uint64_t add_set(struct assembler *assembler, const char *const *texts,
                               uint32_t count)
{
    uint32_t capacity = 4;
    while (capacity < 2 * count)
        capacity *= 2;
    struct ffs_set *set = new_set(capacity, 0, 8);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = (uint32_t)XXH3_64bits(texts[i], strlen(texts[i])) & (capacity - 1);
        while (!fill_slot(assembler, set, place, texts[i]))
            place = (place + 1) & (capacity - 1);
    }
    return append_set(assembler, set);
}

/* The digests of texts, as values of an attribute of this project. */
static UNUSED uint64_t add_digests(struct assembler *assembler, const char *attribute,
                                   const char *const *texts, uint32_t count)
{
    char digests[8][FFS_DIGEST + 1];
    const char *list[8];
    assert(count <= 8);
    for (uint32_t i = 0; i < count; i++) {
        ffs_private_digest(XXH3_64bits(PROJECT, strlen(PROJECT)),
                           XXH3_64bits(attribute, strlen(attribute)), texts[i], strlen(texts[i]),
                           FFS_CASE_KEPT, digests[i]);
        digests[i][FFS_DIGEST] = '\0';
        list[i] = digests[i];
    }
    return add_set(assembler, list, count);
}

/* A few texts that one pilot sends to slots of their own. */
static UNUSED uint64_t add_perfect_set(struct assembler *assembler, const char *const *texts,
                                       uint32_t count)
{
    uint32_t capacity = 4 * count;
    for (uint64_t pilot = 0;; pilot++) {
        assert(pilot <= UINT16_MAX);
        struct ffs_set *set = new_set(capacity, 1, 16);
        uint64_t *bucket = (uint64_t *)(set + 1);
        *bucket = pilot;
        uint32_t i = 0;
        for (; i < count; i++) {
            uint64_t hash = XXH3_64bits(texts[i], strlen(texts[i]));
            *bucket |= ffs_filter_bits(hash);
            if (!fill_slot(assembler, set, pilot_place(hash, pilot, capacity), texts[i]))
                break;
        }
        if (i == count)
            return append_set(assembler, set);
        free(set);
    }
}

static UNUSED uint32_t add_tags(struct assembler *assembler, const char *const *tags,
                                uint32_t count)
{
    uint32_t run[16] = {count};
    assert(count < 16);
    for (uint32_t i = 0; i < count; i++)
        run[1 + i] = add_string(assembler, tags[i]);
    size_t offset = append_bytes(&assembler->section[FFS_TAGS], run, (count + 1) * sizeof *run);
    return (uint32_t)(offset / sizeof *run);
}

/* Joined, if there is a text to stand between the parts. What an instruction reads of it. */
static UNUSED uint16_t add_key(struct assembler *assembler, const char *with,
                               const uint16_t *attributes, uint8_t count)
{
    struct ffs_key key = {.with = with ? add_string(assembler, with) : FFS_NONE,
                          .count = count,
                          .kind = with ? FFS_KEY_JOINED : FFS_KEY_FIRST};
    for (uint32_t i = 0; i < FFS_MAX_KEY_PARTS; i++)
        key.attributes[i] = i < count ? attributes[i] : FFS_NO_ATTRIBUTE;
    size_t offset = append_bytes(&assembler->section[FFS_KEYS], &key, sizeof key);
    return (uint16_t)(FFS_FIRST_KEY + offset / sizeof key);
}

static UNUSED uint64_t add_split(struct assembler *assembler, const uint64_t (*arms)[2],
                                 uint64_t count)
{
    size_t offset = append_bytes(&assembler->section[FFS_SPLITS], &count, sizeof count);
    append_bytes(&assembler->section[FFS_SPLITS], arms, count * sizeof *arms);
    return offset / sizeof(uint64_t);
}

static UNUSED uint64_t add_range(struct assembler *assembler, const char *salt, uint64_t from,
                                 uint64_t to)
{
    struct ffs_range range = {.salt = XXH3_64bits(salt, strlen(salt)), .from = from, .to = to};
    return append_bytes(&assembler->section[FFS_RANGES], &range, sizeof range) / sizeof range;
}

static UNUSED uint64_t add_remainders(struct assembler *assembler, uint64_t divisor, uint64_t from,
                                      uint64_t to)
{
    struct ffs_range range = {.divisor = divisor, .from = from, .to = to};
    return append_bytes(&assembler->section[FFS_RANGES], &range, sizeof range) / sizeof range;
}

static UNUSED uint64_t add_ramp(struct assembler *assembler, struct ffs_ramp ramp)
{
    return append_bytes(&assembler->section[FFS_RAMPS], &ramp, sizeof ramp) / sizeof ramp;
}

/* An IPv4 network as an operand of FFS_IP_IN; networks that follow each other make one run. */
static UNUSED uint64_t add_network(struct assembler *assembler, uint32_t first, uint32_t last)
{
    const uint64_t mapped = UINT64_C(0xffff00000000);
    struct ffs_network network = {0, mapped | first, 0, mapped | last};
    size_t offset = append_bytes(&assembler->section[FFS_NETWORKS], &network, sizeof network);
    return offset / sizeof network | UINT64_C(1) << 32;
}

/* The low half of an operand of FFS_STRING_MATCHES. `rows` are of automaton.state_count states. */
static UNUSED uint64_t add_automaton(struct assembler *assembler, struct ffs_automaton automaton,
                                     const uint16_t *rows)
{
    struct bytes *section = &assembler->section[FFS_AUTOMATA];
    size_t count = (size_t)automaton.state_count * automaton.class_count;
    size_t offset = append_bytes(section, &automaton, sizeof automaton);
    append_bytes(section, rows, count * sizeof *rows);
    append_bytes(section, "\0", count % 2 * sizeof *rows);
    return offset / sizeof(uint32_t);
}

/* The low half of an operand of FFS_CLOCK_IN. */
static UNUSED uint64_t add_zone(struct assembler *assembler, struct ffs_zone zone,
                                const struct ffs_zone_change *changes)
{
    struct bytes *section = &assembler->section[FFS_ZONES];
    size_t offset = append_bytes(section, &zone, sizeof zone);
    if (changes)
        append_bytes(section, changes, zone.change_count * sizeof *changes);
    return offset / sizeof(uint64_t);
}

/* floor(thousandths * 2^64 / 100000), below 100 %. */
static UNUSED uint64_t threshold(uint32_t thousandths)
{
    return (uint64_t)(((unsigned __int128)thousandths << 64) / 100000);
}

#define CODE(...)                                  \
    (const struct ffs_instruction[]){__VA_ARGS__}, \
        sizeof((const struct ffs_instruction[]){__VA_ARGS__}) / sizeof(struct ffs_instruction)

static UNUSED struct ffs_instruction serve(uint16_t variant, enum fflag_reason reason,
                                           ffs_string rule)
{
    return (struct ffs_instruction){.op = FFS_SERVE,
                                    .flags = (uint8_t)reason,
                                    .attribute = FFS_NO_ATTRIBUTE,
                                    .variant = variant,
                                    .operand = rule};
}

static UNUSED struct ffs_instruction test(enum ffs_op op, unsigned flags, uint16_t attribute,
                                          uint16_t jump, uint64_t operand)
{
    return (struct ffs_instruction){.op = (uint8_t)op,
                                    .flags = (uint8_t)flags,
                                    .attribute = attribute,
                                    .jump = jump,
                                    .operand = operand};
}

/* Finds pilots one bucket after the other; with half the slots empty, every bucket finds one. */
static inline void build_names(struct assembler *assembler)
{
    const struct ffs_flag *flags = (const struct ffs_flag *)assembler->section[FFS_FLAGS].data;
    uint32_t count = (uint32_t)(assembler->section[FFS_FLAGS].length / sizeof *flags);
    struct ffs_names names = {
        .seed = 7, .bucket_count = (count / 3 + 1) | 1, .slot_count = 2 * count + 1};
    uint16_t *pilots = calloc(names.bucket_count + 2, sizeof *pilots);
    uint32_t *slots = malloc(names.slot_count * sizeof *slots);
    uint64_t *hashes = malloc((count + 1) * sizeof *hashes);
    assert(pilots && slots && hashes);
    memset(slots, 0xff, names.slot_count * sizeof *slots);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = assembler->section[FFS_STRINGS].data + (size_t)flags[i].name * 4;
        uint32_t length;
        memcpy(&length, entry, sizeof length);
        hashes[i] = XXH3_64bits_withSeed(entry + 4, length, names.seed);
    }
    for (uint32_t bucket = 0; bucket < names.bucket_count; bucket++) {
        for (uint32_t pilot = 0;; pilot++) {
            assert(pilot <= UINT16_MAX);
            uint32_t i = 0;
            for (; i < count; i++) {
                if ((hashes[i] >> 32) * names.bucket_count >> 32 != bucket)
                    continue;
                uint32_t place = pilot_place(hashes[i], pilot, names.slot_count);
                if (slots[place] != FFS_NONE)
                    break;
                slots[place] = i;
            }
            pilots[bucket] = (uint16_t)pilot;
            if (i == count)
                break;
            for (uint32_t k = 0; k < i; k++)
                if ((hashes[k] >> 32) * names.bucket_count >> 32 == bucket)
                    slots[pilot_place(hashes[k], pilot, names.slot_count)] = FFS_NONE;
        }
    }
    struct bytes *section = &assembler->section[FFS_NAMES];
    append_bytes(section, &names, sizeof names);
    append_bytes(section, pilots, (names.bucket_count * sizeof *pilots + 3) & ~(size_t)3);
    append_bytes(section, slots, names.slot_count * sizeof *slots);
    free(pilots);
    free(slots);
    free(hashes);
}

static inline void reseal_header(uint8_t *bytes)
{
    struct ffs_header *header = (struct ffs_header *)bytes;
    header->header_hash = XXH3_64bits(bytes, offsetof(struct ffs_header, header_hash));
}

/* Makes both hashes fit the bytes again, and the size the length. */
static inline void reseal(uint8_t *bytes, size_t length)
{
    struct ffs_header *header = (struct ffs_header *)bytes;
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical,
                             XXH3_128bits(bytes + sizeof *header, length - sizeof *header));
    memcpy(header->content_hash, canonical.digest, sizeof header->content_hash);
    header->file_size = length;
    reseal_header(bytes);
}

/* The whole snapshot, to be freed; the assembler is used up. */
static inline uint8_t *assemble(struct assembler *assembler, size_t *length)
{
    assembler->project = add_string(assembler, PROJECT);
    assembler->environment = add_string(assembler, "production");
    build_names(assembler);

    uint32_t ids[FUTURE_SECTION], count = 0;
    for (uint32_t id = 1; id <= FUTURE_SECTION; id++)
        if (id <= FFS_TAGS || assembler->section[id].length > 0)
            ids[count++] = id;
    struct ffs_section sections[FUTURE_SECTION] = {{0}};
    size_t end = sizeof(struct ffs_header) + count * sizeof *sections;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = ids[i];
        bool skippable =
            id == FFS_AUTOMATA || id == FFS_KEYS || id == FFS_ZONES || id == FUTURE_SECTION;
        end = (end + FFS_ALIGNMENT - 1) & ~(size_t)(FFS_ALIGNMENT - 1);
        sections[i] = (struct ffs_section){.id = id,
                                           .flags = skippable ? FFS_SECTION_SKIPPABLE : 0,
                                           .offset = end,
                                           .size = assembler->section[id].length};
        end += assembler->section[id].length;
    }
    /* Aligned like a mapping, so that tests may use it in place. */
    uint8_t *bytes = aligned_alloc(FFS_ALIGNMENT, (end + 63) & ~(size_t)63);
    assert(bytes);
    memset(bytes, 0, (end + 63) & ~(size_t)63);
    struct ffs_header header = {.major = FFS_MAJOR,
                                .minor = 0,
                                .header_size = sizeof header,
                                .section_count = count,
                                .project = assembler->project,
                                .environment = assembler->environment};
    memcpy(header.magic, FFS_MAGIC, FFS_MAGIC_SIZE);
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + sizeof header, sections, count * sizeof *sections);
    for (uint32_t i = 0; i < count; i++) {
        struct bytes *section = &assembler->section[sections[i].id];
        if (section->length)
            memcpy(bytes + sections[i].offset, section->data, section->length);
        free(section->data);
    }
    memset(assembler, 0, sizeof *assembler);
    reseal(bytes, end);
    *length = end;
    return bytes;
}

/* Where a section of an assembled snapshot begins. */
static UNUSED void *section_at(uint8_t *bytes, enum ffs_section_id id)
{
    return bytes + ffs_find_section(bytes, id)->offset;
}

#endif
