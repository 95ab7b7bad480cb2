/*
 * Every byte of a snapshot is either checked, or content on which only the answers depend.
 *
 * A map states for each byte which of the two it is, based on docs/snapshot-format.md and on no
 * code of the verifier. Then every bit is flipped, with the hashes adjusted. If the byte is to be
 * checked, the verifier must refuse the file. Whatever it accepts is evaluated, dumped and signed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "compiler/base/buffer.h"
#include "compiler/commands/dump/dump.h"
#include "compiler/files/seal.h"
#include "compiler/cli/options.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "sample.h"

enum byte_class { UNKNOWN, CHECKED, CONTENT, SEALED };

struct map {
    const uint8_t *bytes;
    size_t length;
    uint8_t *classes;
};

static void mark(struct map *map, const void *at, size_t size, enum byte_class class)
{
    size_t offset = (size_t)((const uint8_t *)at - map->bytes);
    assert_true(offset <= map->length && size <= map->length - offset);
    for (size_t i = offset; i < offset + size; i++) {
        assert_int_equal(map->classes[i], UNKNOWN);
        map->classes[i] = (uint8_t) class;
    }
}
#define MARK(map, field, class) mark(map, &(field), sizeof(field), class)

static const void *section(const struct map *map, uint32_t id, size_t *size)
{
    const struct ffs_section *found = ffs_find_section(map->bytes, id);
    *size = found ? found->size : 0;
    return found ? map->bytes + found->offset : NULL;
}

static void map_header(struct map *map)
{
    const struct ffs_header *header = (const void *)map->bytes;
    MARK(map, header->magic, CHECKED);
    MARK(map, header->major, CHECKED);
    MARK(map, header->minor, CONTENT);
    MARK(map, header->header_size, CHECKED);
    MARK(map, header->file_size, SEALED);
    MARK(map, header->must_understand, CHECKED);
    MARK(map, header->section_count, CHECKED);
    MARK(map, header->project, CONTENT);
    MARK(map, header->environment, CONTENT);
    MARK(map, header->reserved0, CHECKED);
    MARK(map, header->content_hash, SEALED);
    MARK(map, header->generation, CONTENT);
    MARK(map, header->reserved1, CHECKED);
    MARK(map, header->header_hash, SEALED);
}

/* An empty section may be anywhere; a section may end in zeros that would otherwise be a gap. */
static void map_sections(struct map *map)
{
    const struct ffs_header *header = (const void *)map->bytes;
    const struct ffs_section *sections = (const void *)(header + 1);
    size_t end = sizeof *header + header->section_count * sizeof *sections;
    for (uint32_t i = 0; i < header->section_count; i++) {
        bool skippable = sections[i].flags & FFS_SECTION_SKIPPABLE;
        MARK(map, sections[i].id, skippable ? CONTENT : CHECKED);
        MARK(map, sections[i].flags, CHECKED);
        MARK(map, sections[i].offset, sections[i].size ? CHECKED : CONTENT);
        MARK(map, sections[i].size, CONTENT);
        mark(map, map->bytes + end, sections[i].offset - end, CHECKED);
        end = sections[i].offset + sections[i].size;
        if (sections[i].id >= FFS_PEOPLE)
            mark(map, map->bytes + sections[i].offset, sections[i].size, CONTENT);
    }
    mark(map, map->bytes + end, map->length - end, CHECKED);
}

static void map_strings(struct map *map)
{
    size_t size;
    const uint8_t *strings = section(map, FFS_STRINGS, &size);
    for (size_t at = 0; at < size;) {
        uint32_t length;
        memcpy(&length, strings + at, sizeof length);
        mark(map, strings + at, sizeof length, CHECKED);
        mark(map, strings + at + 4, length, CONTENT);
        mark(map, strings + at + 4 + length, 4 - length % 4, CHECKED);
        at += 4 + length / 4 * 4 + 4;
    }
}

static void map_attributes(struct map *map)
{
    size_t size;
    const struct ffs_attribute *attributes = section(map, FFS_ATTRIBUTES, &size);
    for (size_t i = 0; i < size / sizeof *attributes; i++) {
        MARK(map, attributes[i].name, CONTENT);
        MARK(map, attributes[i].type, CONTENT);
        MARK(map, attributes[i].reserved, CHECKED);
    }
}

static void map_flags(struct map *map)
{
    size_t size;
    const struct ffs_flag *flags = section(map, FFS_FLAGS, &size);
    for (size_t i = 0; i < size / sizeof *flags; i++) {
        MARK(map, flags[i].name, CONTENT);
        MARK(map, flags[i].type, CONTENT);
        MARK(map, flags[i].flags, CONTENT);
        MARK(map, flags[i].default_variant, CONTENT);
        MARK(map, flags[i].first_variant, CONTENT);
        MARK(map, flags[i].variant_count, CONTENT);
        MARK(map, flags[i].depth, CHECKED);
        MARK(map, flags[i].kind, CONTENT);
        MARK(map, flags[i].first_code, flags[i].code_count ? CONTENT : CHECKED);
        MARK(map, flags[i].code_count, CONTENT);
        MARK(map, flags[i].exposure_salt, CONTENT);
        MARK(map, flags[i].split_salt, CONTENT);
        MARK(map, flags[i].features, CONTENT);
        MARK(map, flags[i].tags, CONTENT);
        MARK(map, flags[i].metadata, CONTENT);
    }
}

static void map_names(struct map *map)
{
    size_t size;
    const struct ffs_names *names = section(map, FFS_NAMES, &size);
    const uint16_t *pilots = (const uint16_t *)(names + 1);
    MARK(map, names->seed, CONTENT);
    MARK(map, names->bucket_count, CHECKED);
    MARK(map, names->slot_count, CHECKED);
    mark(map, pilots, names->bucket_count * sizeof *pilots, CONTENT);
    size_t padding = names->bucket_count % 2;
    mark(map, pilots + names->bucket_count, padding * sizeof *pilots, CHECKED);
    mark(map, pilots + names->bucket_count + padding, names->slot_count * sizeof(uint32_t),
         CHECKED);
}

static void map_variants(struct map *map)
{
    size_t size;
    const struct ffs_variant *variants = section(map, FFS_VARIANTS, &size);
    for (size_t i = 0; i < size / sizeof *variants; i++) {
        MARK(map, variants[i].name, CONTENT);
        MARK(map, variants[i].reserved, CHECKED);
        MARK(map, variants[i].value, CONTENT);
    }
}

static void map_code(struct map *map)
{
    size_t size;
    const struct ffs_instruction *code = section(map, FFS_CODE, &size);
    for (size_t i = 0; i < size / sizeof *code; i++) {
        unsigned uses = ffs_uses_of(code[i].op);
        bool reads = code[i].attribute != FFS_NO_ATTRIBUTE;
        MARK(map, code[i].op, CONTENT);
        MARK(map, code[i].flags, CONTENT);
        MARK(map, code[i].attribute, reads ? CONTENT : CHECKED);
        MARK(map, code[i].jump, uses & FFS_USES_JUMP ? CONTENT : CHECKED);
        MARK(map, code[i].variant, uses & FFS_USES_VARIANT ? CONTENT : CHECKED);
        bool none = ffs_operand_of(code[i].op) == FFS_OPERAND_NONE;
        MARK(map, code[i].operand, none ? CHECKED : CONTENT);
    }
}

static void map_splits(struct map *map)
{
    size_t size;
    const uint64_t *words = section(map, FFS_SPLITS, &size);
    for (size_t at = 0; at < size / sizeof *words;) {
        uint32_t count = (uint32_t)words[at], salt = (uint32_t)(words[at] >> 32);
        MARK(map, words[at], CHECKED);
        mark(map, &words[at + 1], (salt + 2 * count) * sizeof *words, CONTENT);
        at += 1 + salt + 2 * count;
    }
}

static void map_ramps(struct map *map)
{
    size_t size;
    const struct ffs_ramp *ramps = section(map, FFS_RAMPS, &size);
    for (size_t i = 0; i < size / sizeof *ramps; i++) {
        enum byte_class steps = ramps[i].step ? CONTENT : CHECKED;
        MARK(map, ramps[i].start, CONTENT);
        MARK(map, ramps[i].end, ramps[i].step ? CHECKED : CONTENT);
        MARK(map, ramps[i].every, steps);
        MARK(map, ramps[i].from, CONTENT);
        MARK(map, ramps[i].to, CONTENT);
        MARK(map, ramps[i].step, steps);
        MARK(map, ramps[i].flags, CONTENT);
        MARK(map, ramps[i].salt, ramps[i].flags ? CONTENT : CHECKED);
    }
}

static void map_sets(struct map *map)
{
    size_t size;
    const uint64_t *words = section(map, FFS_SETS, &size);
    for (size_t at = 0; at < size / sizeof *words;) {
        const struct ffs_set *set = (const void *)(words + at);
        MARK(map, *set, CHECKED);
        mark(map, set + 1, set->buckets * sizeof *words, CONTENT);
        for (uint32_t i = 0; i < set->capacity; i++) {
            const struct ffs_set_slot *slot = ffs_set_slot_at(set, i);
            size_t used = slot->length == FFS_NONE                  ? 0
                          : ffs_set_holds_inline(set, slot->length) ? slot->length
                                                                    : sizeof slot->ref;
            MARK(map, slot->length, CHECKED);
            mark(map, &slot->ref, used, CONTENT);
            mark(map, (const uint8_t *)&slot->ref + used, set->width - 4 - used, CHECKED);
        }
        at += (sizeof *set + (size_t)set->capacity * set->width) / sizeof *words + set->buckets;
    }
}

static void map_automata(struct map *map)
{
    size_t size;
    const uint32_t *words = section(map, FFS_AUTOMATA, &size);
    for (size_t at = 0; at < size / sizeof *words;) {
        const struct ffs_automaton *automaton = (const void *)(words + at);
        size_t rows = (size_t)automaton->state_count * automaton->class_count;
        const uint16_t *end = (const uint16_t *)(automaton + 1) + rows;
        MARK(map, automaton->state_count, CHECKED);
        MARK(map, automaton->class_count, CHECKED);
        MARK(map, automaton->start, CONTENT);
        MARK(map, automaton->accepting, CONTENT);
        MARK(map, automaton->class_of, CONTENT);
        mark(map, automaton + 1, rows * sizeof *end, CONTENT);
        mark(map, end, rows % 2 * sizeof *end, CHECKED);
        at += sizeof *automaton / sizeof *words + (rows + 1) / 2;
    }
}

static void map_zones(struct map *map)
{
    size_t size;
    const uint64_t *words = section(map, FFS_ZONES, &size);
    for (size_t at = 0; at < size / sizeof *words;) {
        const struct ffs_zone *zone = (const void *)(words + at);
        const struct ffs_zone_change *changes = (const void *)(zone + 1);
        MARK(map, zone->name, CONTENT);
        MARK(map, zone->change_count, CHECKED);
        MARK(map, zone->offset, CONTENT);
        MARK(map, zone->reserved, CHECKED);
        for (uint32_t i = 0; i < zone->change_count; i++) {
            MARK(map, changes[i].at, CONTENT);
            MARK(map, changes[i].offset, CONTENT);
            MARK(map, changes[i].reserved, CHECKED);
        }
        at += (zone->change_count + 1u) * sizeof *zone / sizeof *words;
    }
}

static void map_tags(struct map *map)
{
    size_t size;
    const uint32_t *words = section(map, FFS_TAGS, &size);
    for (size_t at = 0; at < size / sizeof *words; at += 1 + words[at]) {
        MARK(map, words[at], CHECKED);
        mark(map, &words[at + 1], words[at] * sizeof *words, CONTENT);
    }
}

/* Sections that consist of numbers. */
static void map_numbers(struct map *map, enum ffs_section_id id)
{
    size_t size;
    const void *at = section(map, id, &size);
    if (size)
        mark(map, at, size, CONTENT);
}

static struct map map_snapshot(const uint8_t *bytes, size_t length)
{
    struct map map = {bytes, length, calloc(length, 1)};
    assert_non_null(map.classes);
    map_header(&map);
    map_sections(&map);
    map_strings(&map);
    map_attributes(&map);
    map_flags(&map);
    map_names(&map);
    map_variants(&map);
    map_code(&map);
    map_splits(&map);
    map_numbers(&map, FFS_RANGES);
    map_ramps(&map);
    map_sets(&map);
    map_numbers(&map, FFS_NETWORKS);
    map_automata(&map);
    map_zones(&map);
    map_tags(&map);
    for (size_t i = 0; i < length; i++)
        if (map.classes[i] == UNKNOWN)
            fail_msg("byte 0x%zx is neither checked nor content", i);
    return map;
}

/* -------------------------------------------------------------------------- what is accepted -- */

static void evaluate_flags(const fflag_view *view, fflag_store *store)
{
    fflag_result results[64];
    fflag_context context;
    fflag_context_init(&context);
    fflag_set_now(&context, INT64_C(1795176000000));
    for (uint32_t i = 0; i < 64; i++) {
        enum fflag_attribute_type type;
        const char *name = fflag_view_attribute(view, i, &type);
        if (name && type != FFLAG_ATTRIBUTE_NUMBER && type != FFLAG_ATTRIBUTE_BOOLEAN)
            assert_int_equal(fflag_set_string(&context, fflag_attribute(store, name), "1.2.3.4", 7),
                             FFLAG_OK);
    }
    fflag_evaluate_all(view, NULL, 64, &context, results);
    for (uint32_t i = 0; i < 64 && results[i].error != FFLAG_ERROR_FLAG_NOT_FOUND; i++) {
        char line[512];
        fflag_exposure(view, &results[i], "u", 1, 0, line, sizeof line);
        fflag_bool(view, fflag_flag(store, results[i].flag), &context, false);
    }
}

static void dump(const struct snapshot *snapshot)
{
    struct buffer text = {0}, json = {0};
    dump_snapshot(snapshot, false, &text);
    dump_snapshot(snapshot, true, &json);
    assert_true(text.length > 0);
    json_error_t error;
    json_t *value = json_loadb(json.bytes, json.length, JSON_DECODE_INT_AS_REAL, &error);
    if (!value)
        fail_msg("dumped what is no JSON: %s", error.text);
    json_decref(value);
    buffer_release(&text);
    buffer_release(&json);
}

/* Nothing in the file can say more in the comment than it should. */
static void sign(const struct buffer *bytes, const struct secret_key *key)
{
    struct buffer copy = {0}, problem = {0};
    struct snapshot snapshot;
    buffer_append(&copy, bytes->bytes, bytes->length);
    seal_sign(&copy, key);
    assert_int_equal(snapshot_open_memory(&snapshot, &copy, &problem), FFLAG_OK);
    struct ffs_signature signature;
    const char *comment;
    assert_true(snapshot_signature(&snapshot, &signature, &comment));
    size_t tabs = 0;
    for (uint32_t i = 0; i < signature.comment_length; i++)
        tabs += comment[i] == '\t';
    assert_int_equal(tabs, snapshot.info.generation ? 4 : 3);
    snapshot_close(&snapshot);
    buffer_release(&copy);
    buffer_release(&problem);
}

static bool is_accepted(const uint8_t *bytes, size_t length, const struct secret_key *key)
{
    struct buffer given = {0}, problem = {0};
    struct snapshot snapshot;
    buffer_append(&given, (const char *)bytes, length);
    bool accepted = snapshot_open_memory(&snapshot, &given, &problem) == FFLAG_OK;
    if (accepted) {
        evaluate_flags(snapshot.view, snapshot.store);
        dump(&snapshot);
        sign(&given, key);
    }
    snapshot_close(&snapshot);
    buffer_release(&given);
    buffer_release(&problem);
    return accepted;
}

static void turn_every_bit(const uint8_t *bytes, size_t length)
{
    struct map map = map_snapshot(bytes, length);
    struct secret_key key = {{0}, {0}};
    uint8_t public[crypto_sign_PUBLICKEYBYTES];
    size_t accepted = 0, wrong = 0;
    assert_true(sodium_init() >= 0);
    assert_int_equal(crypto_sign_keypair(public, key.bytes), 0);
    uint8_t *turned = malloc(length);
    assert_non_null(turned);
    assert_true(is_accepted(bytes, length, &key));
    for (size_t i = 0; i < length; i++)
        for (unsigned bit = 0; bit < 8 && map.classes[i] != SEALED; bit++) {
            memcpy(turned, bytes, length);
            turned[i] ^= (uint8_t)(1u << bit);
            reseal(turned, length);
            bool sound = is_accepted(turned, length, &key);
            accepted += sound;
            if (sound && map.classes[i] == CHECKED && wrong++ < 20)
                print_error("bit %u of byte 0x%zx is not checked\n", bit, i);
        }
    print_message("# %zu of %zu accepted\n", accepted, length * 8);
    assert_int_equal(wrong, 0);
    assert_true(accepted > length / 4);
    free(turned);
    free(map.classes);
}

static void of_a_snapshot_with_every_operation(void **state)
{
    (void)state;
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    turn_every_bit(bytes, length);
    free(bytes);
}

static void of_what_the_compiler_writes(void **state)
{
    (void)state;
    static const char text[] =
        "project: {name: test, environments: [production], bucket_by: user_id}\n"
        "attributes: {user_id: string, country: string, name: string, age: number, beta: boolean,\n"
        "  app_version: version, signup_at: time, groups: strings, client_ip: ip}\n"
        "layers: {cart: {}}\n"
        "holdouts: {q4: {percent: 5%}}\n"
        "segments: {nordic: {if: {country: [\"NO\", SE, DK]}}}\n"
        "flags:\n"
        "  gate: {percent: 20%, kind: ops, tags: [a, b]}\n"
        "  many:\n"
        "    requires: {gate: 'on'}\n"
        "    holdout: [q4]\n"
        "    layer: {name: cart, from: 0%, to: 50%}\n"
        "    tags: [b]\n"
        "    type: string\n"
        "    variants: {a: one, b: two, c: \"3\"}\n"
        "    default: c\n"
        "    rules:\n"
        "      - {if: {segment: nordic, app_version: {gte: 1.2.0}}, serve: a}\n"
        "      - {if: {any: [{age: {gt: 3}}, {groups: {has: x}}, {signup_at: {lt: "
        "2026-01-01T00:00:00Z}}]}, split: {a: 20%, b: 80%}}\n"
        "      - {if: {name: {matches: 'a+b', ignore_case: true}}, serve: b}\n"
        "      - {if: {client_ip: {in: [10.0.0.0/8]}, beta: true, country: {present: true}}, "
        "percent: {from: 0%, to: 100%, start: 2026-11-01T00:00:00Z, end: 2026-12-01T00:00:00Z}, "
        "serve: a}\n"
        "  timed:\n"
        "    rules:\n"
        "      - {from: 2026-11-01T00:00:00Z, if: {signup_at: {within: 7d}}}\n"
        "      - {if: {now: {weekday: fri, between: [\"09:00\", \"17:00\"], offset: "
        "\"+01:00\"}}}\n"
        "  config: {type: json, value: {a: [1, 2]}}\n"
        "overrides:\n"
        "  - {flags: [gate], serve: default, until: 2026-12-24T00:00:00Z, reason: drill}\n";
    const struct label labels[] = {{"commit", "abc"}};
    struct buffer bytes = {0};
    struct project *project = project_load_text("flags.yaml", text, sizeof text - 1, 0);
    bool built =
        !project->diagnostics.errors && project_compile(project, "production", labels, 1, &bytes);
    if (!built)
        diagnostics_write(&project->diagnostics, DIAGNOSTIC_TEXT, false, stderr);
    assert_true(built);
    turn_every_bit((const uint8_t *)bytes.bytes, bytes.length);
    buffer_release(&bytes);
    project_free(project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_snapshot_with_every_operation),
        cmocka_unit_test(of_what_the_compiler_writes),
    };
    return cmocka_run_group_tests_name("every_byte_is_checked_or_content", tests, NULL, NULL);
}
