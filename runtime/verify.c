/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c - the header, the section table, and the order in which everything is verified.
 *
 * Damage is distinguished from malice: a truncated or altered file fails a length or hash check
 * here; a file that passes those and is still wrong was written that way, and the passes over its
 * sections refuse it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "hash.h"
#include "signature.h"
#include "verify.h"

enum fflag_error malformed(struct verifier *verifier, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verifier->problem->text, sizeof verifier->problem->text, format, arguments);
    va_end(arguments);
    return FFLAG_ERROR_MALFORMED;
}

static enum fflag_error verify_header(struct snapshot *snapshot, struct problem *problem)
{
    const struct ffs_header *header = (const struct ffs_header *)snapshot->bytes;
    size_t known = snapshot->length < FFS_MAGIC_SIZE ? snapshot->length : FFS_MAGIC_SIZE;
    if (memcmp(snapshot->bytes, FFS_MAGIC, known) != 0) {
        bool text = known >= 4 && memcmp(snapshot->bytes, FFS_MAGIC, 4) == 0;
        runtime_describe(problem, text ? "the line ends were changed: it was transferred as text"
                                       : "it does not begin like a snapshot");
        return FFLAG_ERROR_NOT_SNAPSHOT;
    }
    if (snapshot->length < sizeof *header) {
        runtime_describe(problem, "it has %zu bytes, less than a header's %zu", snapshot->length,
                         sizeof *header);
        return FFLAG_ERROR_TRUNCATED;
    }
    if (header->major != FFS_MAJOR) {
        runtime_describe(problem, "format version %u.%u, expected %d: %s", header->major,
                         header->minor, FFS_MAJOR,
                         header->major < FFS_MAJOR ? "build it again" : "it needs a newer library");
        return FFLAG_ERROR_UNSUPPORTED;
    }
    if (hash_bytes(header, offsetof(struct ffs_header, header_hash)) != header->header_hash) {
        runtime_describe(problem, "the hash of the header does not match");
        return FFLAG_ERROR_CHECKSUM;
    }
    if (header->must_understand || header->header_size != sizeof *header) {
        runtime_describe(problem, "it uses features this library does not know (bits 0x%llx)",
                         (unsigned long long)header->must_understand);
        return FFLAG_ERROR_UNSUPPORTED;
    }
    if (snapshot->length < header->file_size) {
        runtime_describe(problem, "it has %zu of its %llu bytes", snapshot->length,
                         (unsigned long long)header->file_size);
        return FFLAG_ERROR_TRUNCATED;
    }
    if (header->file_size < sizeof *header) {
        runtime_describe(problem, "it says that it has %llu bytes, less than a header's %zu",
                         (unsigned long long)header->file_size, sizeof *header);
        return FFLAG_ERROR_MALFORMED;
    }
    snapshot->length = header->file_size;
    return verify_signature_structure(snapshot, problem);
}

static enum fflag_error verify_content(struct snapshot *snapshot, struct problem *problem)
{
    const struct ffs_header *header = (const struct ffs_header *)snapshot->bytes;
    uint8_t *hash = snapshot->content_hash;
    if (!snapshot->is_hashed)
        hash_content(header + 1, snapshot->length - sizeof *header, hash);
    snapshot->is_hashed = true;
    if (memcmp(hash, header->content_hash, sizeof header->content_hash) != 0) {
        runtime_describe(problem, "the hash of the content does not match");
        return FFLAG_ERROR_CHECKSUM;
    }
    for (unsigned i = 0; i < 16; i++) {
        snapshot->build[2 * i] = "0123456789abcdef"[hash[i] >> 4];
        snapshot->build[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
    }
    snapshot->build[32] = '\0';
    return FFLAG_OK;
}

/* The sections that this library knows; without a name, it does not. */
static const struct {
    const char *name;
    uint32_t flags;
} known_sections[] = {
    [FFS_STRINGS] = {"STRINGS", 0},
    [FFS_ATTRIBUTES] = {"ATTRIBUTES", 0},
    [FFS_FLAGS] = {"FLAGS", 0},
    [FFS_NAMES] = {"NAMES", 0},
    [FFS_VARIANTS] = {"VARIANTS", 0},
    [FFS_CODE] = {"CODE", 0},
    [FFS_SPLITS] = {"SPLITS", 0},
    [FFS_RANGES] = {"RANGES", 0},
    [FFS_RAMPS] = {"RAMPS", 0},
    [FFS_SETS] = {"SETS", 0},
    [FFS_NETWORKS] = {"NETWORKS", 0},
    [FFS_AUTOMATA] = {"AUTOMATA", FFS_SECTION_SKIPPABLE},
    [FFS_TAGS] = {"TAGS", 0},
    [FFS_KEYS] = {"KEYS", FFS_SECTION_SKIPPABLE},
    [FFS_ZONES] = {"ZONES", FFS_SECTION_SKIPPABLE},
    [FFS_PEOPLE] = {"PEOPLE", FFS_SECTION_SKIPPABLE},
    [FFS_LABELS] = {"LABELS", FFS_SECTION_SKIPPABLE},
    [FFS_OVERRIDES] = {"OVERRIDES", FFS_SECTION_SKIPPABLE},
};
#define SECTIONS (sizeof known_sections / sizeof known_sections[0])

struct layout {
    uint64_t size[SECTIONS];
    const uint8_t *at[SECTIONS];
};

/* An entry of the section table, on its own. */
static enum fflag_error verify_section(struct verifier *verifier, struct layout *layout,
                                       const struct ffs_section *section)
{
    if (section->id == 0 || section->flags & ~FFS_SECTION_SKIPPABLE)
        return malformed(verifier, "section %u: unknown flags 0x%x", section->id, section->flags);
    if (section->id >= SECTIONS || !known_sections[section->id].name) {
        if (section->flags & FFS_SECTION_SKIPPABLE)
            return FFLAG_OK;
        runtime_describe(verifier->problem, "section %u is not known", section->id);
        return FFLAG_ERROR_UNSUPPORTED;
    }
    if (section->flags != known_sections[section->id].flags)
        return malformed(verifier, "section %s: flags 0x%x, expected 0x%x",
                         known_sections[section->id].name, section->flags,
                         known_sections[section->id].flags);
    layout->at[section->id] = verifier->snapshot->bytes + section->offset;
    layout->size[section->id] = section->size;
    return FFLAG_OK;
}

/* Finds the sections. Absent ones are empty. */
static enum fflag_error verify_sections(struct verifier *verifier, struct layout *layout)
{
    const struct snapshot *snapshot = verifier->snapshot;
    const struct ffs_header *header = (const struct ffs_header *)snapshot->bytes;
    const struct ffs_section *sections = (const struct ffs_section *)(header + 1);
    if (header->minor <= FFS_MINOR &&
        (header->reserved0 || !is_zero(header->reserved1, sizeof header->reserved1)))
        return malformed(verifier, "a reserved field of the header is not zero");
    if (header->section_count > FFS_MAX_SECTIONS ||
        header->section_count > (snapshot->length - sizeof *header) / sizeof *sections)
        return malformed(verifier, "%u sections do not fit", header->section_count);

    uint64_t end = sizeof *header + header->section_count * sizeof *sections;
    for (uint32_t i = 0; i < header->section_count; i++) {
        const struct ffs_section *section = &sections[i];
        if (i > 0 && section->id <= sections[i - 1].id)
            return malformed(verifier, "section %u follows section %u", section->id,
                             sections[i - 1].id);
        if (section->offset % FFS_ALIGNMENT)
            return malformed(verifier, "section %u is not aligned to %d", section->id,
                             FFS_ALIGNMENT);
        if (section->offset < end || section->offset > snapshot->length ||
            section->size > snapshot->length - section->offset)
            return malformed(verifier, "section %u is out of bounds or overlaps another",
                             section->id);
        if (!is_zero(snapshot->bytes + end, section->offset - end))
            return malformed(verifier, "the gap before section %u is not zero", section->id);
        end = section->offset + section->size;
        enum fflag_error error = verify_section(verifier, layout, section);
        if (error)
            return error;
    }
    if (!is_zero(snapshot->bytes + end, snapshot->length - end))
        return malformed(verifier, "the gap after the last section is not zero");
    return FFLAG_OK;
}

/* Sets *count to the number of entries of a section, which may not be more than `limit`. */
static enum fflag_error count_entries(struct verifier *verifier, const struct layout *layout,
                                      enum ffs_section_id id, size_t width, uint64_t limit,
                                      uint32_t *count)
{
    if (layout->size[id] % width)
        return malformed(verifier, "section %s is not a whole number of entries",
                         known_sections[id].name);
    if (layout->size[id] / width > limit)
        return malformed(verifier, "section %s has too many entries", known_sections[id].name);
    *count = (uint32_t)(layout->size[id] / width);
    return FFLAG_OK;
}

static enum fflag_error find_tables(struct verifier *verifier, const struct layout *layout)
{
    struct snapshot *snapshot = verifier->snapshot;
    snapshot->strings = layout->at[FFS_STRINGS];
    snapshot->attributes = (const struct ffs_attribute *)layout->at[FFS_ATTRIBUTES];
    snapshot->flags = (const struct ffs_flag *)layout->at[FFS_FLAGS];
    snapshot->variants = (const struct ffs_variant *)layout->at[FFS_VARIANTS];
    snapshot->code = (const struct ffs_instruction *)layout->at[FFS_CODE];
    snapshot->splits = (const uint64_t *)layout->at[FFS_SPLITS];
    snapshot->ranges = (const struct ffs_range *)layout->at[FFS_RANGES];
    snapshot->ramps = (const struct ffs_ramp *)layout->at[FFS_RAMPS];
    snapshot->sets = (const uint64_t *)layout->at[FFS_SETS];
    snapshot->networks = (const struct ffs_network *)layout->at[FFS_NETWORKS];
    snapshot->automata = (const uint32_t *)layout->at[FFS_AUTOMATA];
    snapshot->keys = (const struct ffs_key *)layout->at[FFS_KEYS];
    snapshot->zones = (const uint64_t *)layout->at[FFS_ZONES];
    snapshot->names = (const struct ffs_names *)layout->at[FFS_NAMES];
    verifier->tags = (const uint32_t *)layout->at[FFS_TAGS];

    const struct {
        enum ffs_section_id id;
        size_t width;
        uint64_t limit;
        uint32_t *count;
    } tables[] = {
        {FFS_ATTRIBUTES, sizeof(struct ffs_attribute), FFS_FIRST_KEY, &snapshot->attribute_count},
        {FFS_FLAGS, sizeof(struct ffs_flag), FFS_NONE, &snapshot->flag_count},
        {FFS_VARIANTS, sizeof(struct ffs_variant), UINT32_MAX, &verifier->variant_count},
        {FFS_CODE, sizeof(struct ffs_instruction), UINT32_MAX - 1, &verifier->code_count},
        {FFS_RANGES, sizeof(struct ffs_range), UINT32_MAX, &verifier->range_count},
        {FFS_RAMPS, sizeof(struct ffs_ramp), UINT32_MAX, &verifier->ramp_count},
        {FFS_NETWORKS, sizeof(struct ffs_network), UINT32_MAX, &verifier->network_count},
        {FFS_SPLITS, sizeof *snapshot->splits, UINT32_MAX, &verifier->split_words},
        {FFS_SETS, sizeof *snapshot->sets, UINT32_MAX, &verifier->set_words},
        {FFS_AUTOMATA, sizeof *snapshot->automata, UINT32_MAX, &verifier->automaton_words},
        {FFS_ZONES, sizeof *snapshot->zones, UINT32_MAX, &verifier->zone_words},
        {FFS_TAGS, sizeof *verifier->tags, UINT32_MAX - 1, &verifier->tag_words},
        {FFS_KEYS, sizeof *snapshot->keys, FFS_NO_ATTRIBUTE - FFS_FIRST_KEY, &snapshot->key_count},
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        enum fflag_error error = count_entries(verifier, layout, tables[i].id, tables[i].width,
                                               tables[i].limit, tables[i].count);
        if (error)
            return error;
    }
    return FFLAG_OK;
}

static enum fflag_error verify_header_strings(struct verifier *verifier)
{
    const struct ffs_header *header = (const struct ffs_header *)verifier->snapshot->bytes;
    if (!is_string(verifier, header->project) || !is_string(verifier, header->environment))
        return malformed(verifier, "the project or environment is not a string");
    return FFLAG_OK;
}

static enum fflag_error verify_content_of_sections(struct verifier *verifier)
{
    struct layout layout = {{0}, {NULL}};
    enum fflag_error error;
    if ((error = verify_sections(verifier, &layout)) || (error = find_tables(verifier, &layout)) ||
        (error = verify_strings(verifier, layout.size[FFS_STRINGS])) ||
        (error = verify_header_strings(verifier)) || (error = verify_attributes(verifier)) ||
        (error = verify_variants(verifier)) || (error = verify_splits(verifier)) ||
        (error = verify_ramps(verifier)) || (error = verify_sets(verifier)) ||
        (error = verify_networks(verifier)) || (error = verify_automata(verifier)) ||
        (error = verify_keys(verifier)) || (error = verify_zones(verifier)) ||
        (error = verify_tags(verifier)) || (error = verify_flags(verifier)) ||
        (error = verify_names(verifier, layout.size[FFS_NAMES])))
        return error;
    return FFLAG_OK;
}

enum fflag_error runtime_verify(struct snapshot *snapshot, struct problem *problem)
{
    enum fflag_error error;
    problem->text[0] = '\0';
    if ((error = verify_header(snapshot, problem)) || (error = verify_content(snapshot, problem)))
        return error;

    struct verifier verifier = {.snapshot = snapshot, .problem = problem};
    error = verify_content_of_sections(&verifier);
    if (error == FFLAG_ERROR_NO_MEMORY)
        runtime_describe(problem, "out of memory while verifying it");
    free(verifier.string_starts);
    free(verifier.strings_before);
    free(verifier.string_hashes);
    free(verifier.string_traits);
    free(verifier.split_variants);
    free(verifier.set_kinds);
    free(verifier.network_runs);
    free(verifier.automaton_starts);
    free(verifier.zone_starts);
    free(verifier.tag_starts);
    free(verifier.program_at);
    free(verifier.programs);
    free(verifier.costs);
    return error;
}
