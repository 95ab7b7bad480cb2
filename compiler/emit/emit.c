/* emit.c - the file around the tables: section table, padding, hashes. */
#include "emit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/hash.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/model/model.h"

struct use {
    const struct attribute *attribute;
    uint16_t provisional;
};

static int compare_uses(const void *left, const void *right)
{
    const struct use *a = left, *b = right;
    return strcmp(a->attribute->name.text, b->attribute->name.text);
}

/* Writes ATTRIBUTES in order of name, and renumbers them in the programs. */
static void emit_attributes(struct image *image, struct buffer *out)
{
    size_t count = image->attributes.count;
    const struct attribute **in_use =
        (const struct attribute **)(void *)image->attributes.bytes.bytes;
    struct use *uses = xcalloc(count + 1, sizeof *uses);
    for (size_t i = 0; i < count; i++)
        uses[i] = (struct use){in_use[i], (uint16_t)i};
    qsort(uses, count, sizeof *uses, compare_uses);

    uint16_t *final = xcalloc(count + 1, sizeof *final);
    for (size_t i = 0; i < count; i++) {
        struct ffs_attribute entry = {.name = image_text(image, uses[i].attribute->name.text),
                                      .type = (uint8_t)uses[i].attribute->type};
        buffer_append(out, &entry, sizeof entry);
        final[uses[i].provisional] = (uint16_t)i;
    }
    struct ffs_instruction *code = (struct ffs_instruction *)(void *)image->programs.bytes.bytes;
    for (size_t i = 0; i < image->programs.bytes.length / sizeof *code; i++) {
        if (code[i].attribute < FFS_FIRST_KEY)
            code[i].attribute = final[code[i].attribute];
        if (ffs_operand_of(code[i].op) == FFS_OPERAND_ATTRIBUTE)
            code[i].operand = pair_operand(code[i].operand, final[(uint32_t)code[i].operand]);
    }
    struct ffs_key *keys = (struct ffs_key *)(void *)image->keys.bytes.bytes;
    for (size_t i = 0; i < image->keys.bytes.length / sizeof *keys; i++)
        for (uint32_t j = 0; j < keys[i].count; j++)
            keys[i].attributes[j] = final[keys[i].attributes[j]];
    free(final);
    free(uses);
}

static void write_sections(const struct section *sections, uint32_t count, size_t start,
                           struct buffer *out)
{
    struct ffs_section table[FFS_MAX_SECTIONS] = {{0}};
    uint64_t offset = sizeof(struct ffs_header) + sizeof *table * count;
    for (uint32_t i = 0; i < count; i++) {
        offset = (offset + FFS_ALIGNMENT - 1) / FFS_ALIGNMENT * FFS_ALIGNMENT;
        table[i] = (struct ffs_section){sections[i].id, sections[i].flags, offset,
                                        sections[i].content->length};
        offset += sections[i].content->length;
    }
    buffer_append(out, table, sizeof *table * count);
    for (uint32_t i = 0; i < count; i++) {
        size_t gap = table[i].offset - (out->length - start);
        static const char zeros[FFS_ALIGNMENT];
        buffer_append(out, zeros, gap);
        buffer_append(out, sections[i].content->bytes, sections[i].content->length);
    }
}

static void write_header(struct ffs_header *header, char *file, size_t size)
{
    header->file_size = size;
    hash128_bytes(hash128(file + sizeof *header, size - sizeof *header), header->content_hash);
    header->header_hash = hash64(header, offsetof(struct ffs_header, header_hash));
    memcpy(file, header, sizeof *header);
}

uint32_t image_sections(const struct image *image, const struct file_parts *parts,
                        struct section *sections)
{
    const struct section all[] = {{FFS_STRINGS, 0, &image->strings.bytes},
                                  {FFS_ATTRIBUTES, 0, &parts->attributes},
                                  {FFS_FLAGS, 0, &parts->flags},
                                  {FFS_NAMES, 0, &parts->names},
                                  {FFS_VARIANTS, 0, &image->variants.bytes},
                                  {FFS_CODE, 0, &image->programs.bytes},
                                  {FFS_SPLITS, 0, &image->splits.bytes},
                                  {FFS_RANGES, 0, &image->ranges.bytes},
                                  {FFS_RAMPS, 0, &image->ramps.bytes},
                                  {FFS_SETS, 0, &image->sets.bytes},
                                  {FFS_NETWORKS, 0, &image->networks.bytes},
                                  {FFS_AUTOMATA, FFS_SECTION_SKIPPABLE, &image->automata.bytes},
                                  {FFS_TAGS, 0, &image->tags.bytes},
                                  {FFS_KEYS, FFS_SECTION_SKIPPABLE, &image->keys.bytes},
                                  {FFS_ZONES, FFS_SECTION_SKIPPABLE, &image->zones.bytes},
                                  {FFS_PEOPLE, FFS_SECTION_SKIPPABLE, &parts->annex.people},
                                  {FFS_LABELS, FFS_SECTION_SKIPPABLE, &parts->annex.labels},
                                  {FFS_OVERRIDES, FFS_SECTION_SKIPPABLE, &parts->annex.overrides}};
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        bool of_a_feature =
            all[i].id == FFS_AUTOMATA || all[i].id == FFS_KEYS || all[i].id == FFS_ZONES;
        if (!of_a_feature || all[i].content->length)
            sections[count++] = all[i];
    }
    return count;
}

void sections_write(struct ffs_header *header, const struct section *sections, uint32_t count,
                    struct buffer *out)
{
    size_t start = out->length;
    header->section_count = count;
    buffer_append(out, header, sizeof *header);
    write_sections(sections, count, start, out);
    write_header(header, out->bytes + start, out->length - start);
}

void image_write(struct image *image, const struct project *project, uint32_t environment,
                 const struct annex *annex, struct buffer *out)
{
    struct section sections[FFS_MAX_SECTIONS];
    struct file_parts parts = {
        .flags = {(char *)image->flags, image->flag_count * sizeof *image->flags, 0},
        .annex = *annex};
    struct ffs_header header = {
        .magic = FFS_MAGIC,
        .major = FFS_MAJOR,
        .minor = FFS_MINOR,
        .header_size = sizeof header,
        .project = image_text(image, project->name ? project->name : ""),
        .environment = image_text(image, project->environments.items[environment].text)};
    emit_attributes(image, &parts.attributes);
    emit_names(image, &parts.names);
    sections_write(&header, sections, image_sections(image, &parts, sections), out);
    buffer_release(&parts.attributes);
    buffer_release(&parts.names);
}

void image_release(struct image *image)
{
    pool_release(&image->strings);
    pool_release(&image->variants);
    pool_release(&image->programs);
    pool_release(&image->splits);
    pool_release(&image->ranges);
    pool_release(&image->ramps);
    pool_release(&image->sets);
    pool_release(&image->networks);
    pool_release(&image->automata);
    pool_release(&image->keys);
    pool_release(&image->zones);
    pool_release(&image->tags);
    pool_release(&image->attributes);
    buffer_release(&image->scratch);
    free(image->flags);
    free(image->sources);
    *image = (struct image){0};
}
