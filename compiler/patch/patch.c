/* patch.c - takes a published snapshot apart, and puts it together again. */
#include "patch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/base/arena.h"
#include "fflag.h"
#include "patch_parts.h"

/* -------------------------------------------------------------------------------------- open -- */

static bool is_sound(const struct buffer *bytes, struct buffer *why)
{
    fflag_store *store;
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    enum fflag_error error = fflag_open_memory(&store, bytes->bytes, bytes->length, &options);
    if (!error)
        fflag_close(store);
    else
        buffer_append_text(why, fflag_error_text(error));
    return !error;
}

static const struct ffs_section *find_section(const struct patch *patch, uint32_t id)
{
    const struct ffs_section *table =
        (const struct ffs_section *)(const void *)(patch->bytes.bytes + patch->header->header_size);
    for (uint32_t i = 0; i < patch->header->section_count; i++)
        if (table[i].id == id)
            return &table[i];
    return NULL;
}

static const void *section(const struct patch *patch, uint32_t id, size_t *size)
{
    const struct ffs_section *found = find_section(patch, id);
    *size = found ? found->size : 0;
    return patch->bytes.bytes + (found ? found->offset : 0);
}

static void copy_section(const struct patch *patch, uint32_t id, struct buffer *out)
{
    size_t size;
    const void *bytes = section(patch, id, &size);
    buffer_append(out, bytes, size);
}

/* Tables that grow; additions are not deduplicated against the existing entries. */
static void load_tables(struct patch *patch)
{
    struct image *image = &patch->image;
    const struct {
        uint32_t id;
        struct pool *pool;
    } tables[] = {
        {FFS_STRINGS, &image->strings},   {FFS_VARIANTS, &image->variants},
        {FFS_SPLITS, &image->splits},     {FFS_RANGES, &image->ranges},
        {FFS_RAMPS, &image->ramps},       {FFS_SETS, &image->sets},
        {FFS_NETWORKS, &image->networks}, {FFS_AUTOMATA, &image->automata},
        {FFS_ZONES, &image->zones},       {FFS_TAGS, &image->tags},
        {FFS_KEYS, &image->keys},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        copy_section(patch, tables[i].id, &tables[i].pool->bytes);
}

static void load_flags(struct patch *patch)
{
    size_t size;
    const void *flags = section(patch, FFS_FLAGS, &size);
    patch->image.flag_count = (uint32_t)(size / sizeof *patch->image.flags);
    patch->image.flags = xcalloc(patch->image.flag_count + 1u, sizeof *patch->image.flags);
    memcpy(patch->image.flags, flags, size);

    const struct ffs_instruction *code = section(patch, FFS_CODE, &size);
    patch->programs =
        ARENA_ARRAY(&patch->arena, struct patched_program, patch->image.flag_count + 1u);
    for (uint32_t i = 0; i < patch->image.flag_count; i++)
        patch->programs[i] = (struct patched_program){code + patch->image.flags[i].first_code,
                                                      patch->image.flags[i].code_count};

    for (uint32_t i = 0; i < patch->image.flag_count; i++)
        table_add(&patch->by_name, &patch->arena, patch_string(patch, patch->image.flags[i].name),
                  &patch->programs[i]);

    const void *attributes = section(patch, FFS_ATTRIBUTES, &size);
    patch->attribute_count = (uint32_t)(size / sizeof *patch->attributes);
    patch->attributes =
        ARENA_ARRAY(&patch->arena, struct ffs_attribute, patch->attribute_count + 1u);
    memcpy(patch->attributes, attributes, size);
}

static json_t *load_json(const struct patch *patch, uint32_t id, json_t *otherwise)
{
    size_t size;
    const char *text = section(patch, id, &size);
    json_t *json = json_loadb(text, size, 0, NULL);
    if (json && json_typeof(json) == json_typeof(otherwise)) {
        json_decref(otherwise);
        return json;
    }
    json_decref(json);
    return otherwise;
}

bool patch_open(struct patch *patch, const struct buffer *bytes, struct buffer *why)
{
    *patch = (struct patch){.labels = NULL};
    buffer_append(&patch->bytes, bytes->bytes, bytes->length);
    patch->header = (const struct ffs_header *)(const void *)patch->bytes.bytes;
    if (!is_sound(bytes, why))
        return false;
    if (patch->header->major != FFS_MAJOR || patch->header->minor > FFS_MINOR) {
        buffer_format(why, "it has format %u.%u, and this program writes %d.%d",
                      patch->header->major, patch->header->minor, FFS_MAJOR, FFS_MINOR);
        return false;
    }
    patch->strings = section(patch, FFS_STRINGS, &patch->strings_size);
    load_tables(patch);
    load_flags(patch);
    copy_section(patch, FFS_NAMES, &patch->names);
    copy_section(patch, FFS_PEOPLE, &patch->people);
    patch->labels = load_json(patch, FFS_LABELS, json_object());
    patch->overrides = load_json(patch, FFS_OVERRIDES, json_array());
    return true;
}

void patch_release(struct patch *patch)
{
    image_release(&patch->image);
    buffer_release(&patch->bytes);
    buffer_release(&patch->names);
    buffer_release(&patch->people);
    json_decref(patch->labels);
    json_decref(patch->overrides);
    arena_release(&patch->arena);
}

/* ----------------------------------------------------------------------------------- looking -- */

const char *patch_string(const struct patch *patch, ffs_string string)
{
    size_t at = (size_t)string * 4;
    const char *entries =
        at < patch->strings_size ? patch->strings : patch->image.strings.bytes.bytes;
    return entries + at + sizeof(uint32_t);
}

const char *patch_environment(const struct patch *patch)
{
    return patch_string(patch, patch->header->environment);
}

void patch_build(const struct patch *patch, char hex[33])
{
    for (size_t i = 0; i < sizeof patch->header->content_hash; i++)
        snprintf(hex + 2 * i, 3, "%02x", patch->header->content_hash[i]);
}

uint32_t patch_flag_count(const struct patch *patch)
{
    return patch->image.flag_count;
}

const struct flag *patch_flag(struct patch *patch, uint32_t index)
{
    const struct ffs_flag *own = &patch->image.flags[index];
    struct flag *flag = ARENA_NEW(&patch->arena, struct flag);
    flag->name = (struct text){patch_string(patch, own->name), NO_SPAN};
    flag->index = index;
    flag->kind = (enum flag_kind)(own->kind - FFS_KIND_RELEASE);
    if (own->tags == FFS_NONE)
        return flag;
    const uint32_t *tags =
        (const uint32_t *)(const void *)patch->image.tags.bytes.bytes + own->tags;
    flag->tags.count = *tags;
    flag->tags.items = ARENA_ARRAY(&patch->arena, struct text, *tags);
    for (uint32_t i = 0; i < *tags; i++)
        flag->tags.items[i] = (struct text){patch_string(patch, tags[i + 1]), NO_SPAN};
    return flag;
}

uint32_t patch_find_flag(const struct patch *patch, const char *name)
{
    const struct patched_program *found = table_get(&patch->by_name, name);
    return found ? (uint32_t)(found - patch->programs) : UINT32_MAX;
}

/* -------------------------------------------------------------------------------- attributes -- */

static void renumber_from(struct patch *patch, uint32_t place)
{
    for (uint32_t i = 0; i < patch->image.flag_count; i++) {
        struct patched_program *program = &patch->programs[i];
        struct ffs_instruction *code =
            ARENA_ARRAY(&patch->arena, struct ffs_instruction, program->count + 1u);
        for (uint32_t j = 0; j < program->count; j++) {
            code[j] = program->code[j];
            if (code[j].attribute < FFS_FIRST_KEY && code[j].attribute >= place)
                code[j].attribute++;
            uint32_t other = (uint32_t)code[j].operand;
            if (ffs_operand_of(code[j].op) == FFS_OPERAND_ATTRIBUTE && other >= place)
                code[j].operand = pair_operand(code[j].operand, other + 1);
        }
        program->code = code;
    }
    struct ffs_key *keys = (struct ffs_key *)(void *)patch->image.keys.bytes.bytes;
    for (size_t i = 0; i < patch->image.keys.bytes.length / sizeof *keys; i++)
        for (uint32_t j = 0; j < keys[i].count; j++)
            if (keys[i].attributes[j] >= place)
                keys[i].attributes[j]++;
}

bool patch_attribute(struct patch *patch, const struct attribute *attribute, uint16_t *place,
                     struct buffer *why)
{
    uint32_t at = 0;
    int order = 1;
    while (at < patch->attribute_count &&
           (order = strcmp(patch_string(patch, patch->attributes[at].name), attribute->name.text)) <
               0)
        at++;
    *place = (uint16_t)at;
    if (at < patch->attribute_count && order == 0) {
        if (patch->attributes[at].type == (uint8_t)attribute->type)
            return true;
        buffer_format(why, "attribute '%s' has a different type in it", attribute->name.text);
        return false;
    }
    struct ffs_attribute *grown =
        ARENA_ARRAY(&patch->arena, struct ffs_attribute, patch->attribute_count + 1u);
    memcpy(grown, patch->attributes, at * sizeof *grown);
    memcpy(grown + at + 1, patch->attributes + at, (patch->attribute_count - at) * sizeof *grown);
    grown[at] = (struct ffs_attribute){.name = image_text(&patch->image, attribute->name.text),
                                       .type = (uint8_t)attribute->type};
    patch->attributes = grown;
    patch->attribute_count++;
    renumber_from(patch, at);
    return true;
}

/* ------------------------------------------------------------------------------------- write -- */

/* The values of a flag that the reader checks against its program and the flags it depends on. */
static bool measure(struct patch *patch, uint32_t index, uint64_t *costs, struct buffer *why)
{
    const struct patched_program *program = &patch->programs[index];
    struct ffs_flag *flag = &patch->image.flags[index];
    uint64_t unknown = flag->features & ~FFS_FEATURES;
    bool reads_clock = unknown && flag->flags & FFS_FLAG_READS_CLOCK;
    bool serves_none =
        flag->default_variant == FFS_NO_VARIANT || (unknown && flag->flags & FFS_FLAG_SERVES_NONE);
    uint8_t depth = 0;
    costs[index] = program->count;
    flag->features = unknown;
    for (uint32_t i = 0; i < program->count; i++) {
        const struct ffs_instruction *instruction = &program->code[i];
        reads_clock |= (ffs_uses_of(instruction->op) & FFS_USES_CLOCK) != 0;
        flag->features |= ffs_features_of(instruction->op);
        serves_none |= instruction->op == FFS_SERVE && instruction->variant == FFS_NO_VARIANT;
        if (ffs_operand_of(instruction->op) != FFS_OPERAND_FLAG || instruction->operand >= index)
            continue;
        const struct ffs_flag *other = &patch->image.flags[instruction->operand];
        costs[index] += costs[instruction->operand];
        flag->features |= other->features;
        reads_clock |= other->flags & FFS_FLAG_READS_CLOCK;
        if (depth <= other->depth)
            depth = (uint8_t)(other->depth + 1);
    }
    flag->depth = unknown && flag->depth > depth ? flag->depth : depth;
    flag->flags = (uint8_t)((flag->flags & ~(FFS_FLAG_READS_CLOCK | FFS_FLAG_SERVES_NONE)) |
                            (reads_clock ? FFS_FLAG_READS_CLOCK : 0) |
                            (serves_none ? FFS_FLAG_SERVES_NONE : 0));
    if (program->count <= FFS_MAX_PROGRAM && costs[index] <= FFS_MAX_COST &&
        flag->depth <= FFS_MAX_DEPTH)
        return true;
    buffer_format(why, "flag '%s' would take more instructions than a snapshot may",
                  patch_string(patch, flag->name));
    return false;
}

static bool place_programs(struct patch *patch, struct buffer *why)
{
    uint64_t *costs = xcalloc(patch->image.flag_count + 1u, sizeof *costs);
    bool placed = true;
    for (uint32_t i = 0; i < patch->image.flag_count && placed; i++) {
        const struct patched_program *program = &patch->programs[i];
        struct ffs_flag *flag = &patch->image.flags[i];
        placed = measure(patch, i, costs, why);
        flag->first_code = image_program(&patch->image, program->code, program->count);
        flag->code_count = program->count;
    }
    free(costs);
    return placed;
}

/* Sections of a later minor version, which a reader that does not know them may skip. */
static uint32_t add_unknown(const struct patch *patch, struct section *sections, uint32_t count,
                            struct buffer *contents)
{
    const struct ffs_section *table =
        (const struct ffs_section *)(const void *)(patch->bytes.bytes + patch->header->header_size);
    for (uint32_t i = 0; i < patch->header->section_count; i++) {
        uint32_t at = 0;
        while (at < count && sections[at].id < table[i].id)
            at++;
        if ((at < count && sections[at].id == table[i].id) || count == FFS_MAX_SECTIONS)
            continue;
        memmove(sections + at + 1, sections + at, (count - at) * sizeof *sections);
        contents[i] = (struct buffer){patch->bytes.bytes + table[i].offset, table[i].size, 0};
        sections[at] = (struct section){table[i].id, table[i].flags, &contents[i]};
        count++;
    }
    return count;
}

static void put_json(json_t *json, size_t flags, struct buffer *out)
{
    char *text = json_dumps(json, JSON_COMPACT | flags);
    json_write_document(out, text, strlen(text));
    free(text);
}

bool patch_write(struct patch *patch, struct buffer *out, struct buffer *why)
{
    if (!place_programs(patch, why))
        return false;
    struct buffer contents[FFS_MAX_SECTIONS] = {{0}};
    struct section sections[FFS_MAX_SECTIONS];
    const struct image *image = &patch->image;
    struct file_parts parts = {
        .attributes = {(char *)patch->attributes,
                       patch->attribute_count * sizeof *patch->attributes, 0},
        .flags = {(char *)image->flags, image->flag_count * sizeof *image->flags, 0},
        .names = patch->names,
        .annex.people = patch->people};
    put_json(patch->labels, JSON_SORT_KEYS, &parts.annex.labels);
    put_json(patch->overrides, 0, &parts.annex.overrides);
    uint32_t count = image_sections(image, &parts, sections);
    count = add_unknown(patch, sections, count, contents);
    struct ffs_header header = *patch->header;
    sections_write(&header, sections, count, out);
    buffer_release(&parts.annex.labels);
    buffer_release(&parts.annex.overrides);
    return true;
}
