/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_flags.c - the flags.
 *
 * A program is verified once, however many flags share it; each flag is then checked against what
 * its program needs. Flags require only flags before them, so costs and depths are known in index
 * order.
 */
#include <math.h>
#include <stdlib.h>

#include "verify.h"

/* Sets *program to the verified program of a flag. */
static enum fflag_error program_of(struct verifier *verifier, uint32_t index,
                                   const struct program **program)
{
    const struct ffs_flag *flag = &verifier->snapshot->flags[index];
    static const struct program empty = {0};
    *program = &empty;
    if (flag->code_count == 0)
        return FFLAG_OK;
    const char *name = string_bytes(verifier->snapshot, flag->name);
    uint32_t known = verifier->program_at[flag->first_code];
    if (known) {
        *program = &verifier->programs[known - 1];
        if ((*program)->first != flag->first_code || (*program)->count != flag->code_count)
            return malformed(verifier, "flag '%s': the program overlaps another", name);
        return FFLAG_OK;
    }
    struct program *fresh = &verifier->programs[verifier->program_count++];
    *fresh = (struct program){.first = flag->first_code,
                              .count = flag->code_count,
                              .before = index,
                              .cost = flag->code_count};
    *program = fresh;
    return verify_program(verifier, fresh);
}

static enum fflag_error verify_values(struct verifier *verifier, const struct ffs_flag *flag)
{
    const struct ffs_variant *variants = &verifier->snapshot->variants[flag->first_variant];
    for (uint32_t i = 0; i < flag->variant_count; i++) {
        uint64_t value = variants[i].value;
        bool fits = true;
        double number;
        switch ((enum fflag_type)flag->type) {
        case FFLAG_TYPE_BOOLEAN:
            fits = value <= 1;
            break;
        case FFLAG_TYPE_INTEGER:
            break;
        case FFLAG_TYPE_NUMBER:
            memcpy(&number, &value, sizeof number);
            fits = isfinite(number);
            break;
        case FFLAG_TYPE_STRING:
        case FFLAG_TYPE_JSON:
            fits = value <= UINT32_MAX && is_string(verifier, (ffs_string)value);
            break;
        }
        if (variants[i].name == FFS_NONE && flag->variant_count > 1)
            return malformed(verifier, "flag '%s': variant %u of several has no name",
                             string_bytes(verifier->snapshot, flag->name), i);
        if (!fits)
            return malformed(verifier, "flag '%s': the value of variant %u is not of its type",
                             string_bytes(verifier->snapshot, flag->name), i);
    }
    return FFLAG_OK;
}

/* A line of a log has the metadata as it is: a line break in it would forge another. */
static bool is_one_line(const struct verifier *verifier, ffs_string string)
{
    const char *bytes = string_bytes(verifier->snapshot, string);
    uint32_t length = string_length(verifier->snapshot, string);
    for (uint32_t i = 0; i < length; i++)
        if ((unsigned char)bytes[i] < ' ')
            return false;
    return true;
}

/* Verifies what accompanies a flag's program: its tags and metadata, its kind and who may have
 * it. */
static enum fflag_error verify_about(struct verifier *verifier, const struct ffs_flag *flag)
{
    const struct ffs_header *header = (const struct ffs_header *)verifier->snapshot->bytes;
    const char *name = string_bytes(verifier->snapshot, flag->name);
    /* A kind affects no decision, so a newer writer may add one. */
    if (flag->kind == 0 || (flag->kind > FFS_KIND_PERMISSION && header->minor <= FFS_MINOR))
        return malformed(verifier, "flag '%s': unknown kind %u", name, flag->kind);
    if (flag->tags != FFS_NONE && (flag->tags >= verifier->tag_words ||
                                   !(verifier->tag_starts[flag->tags / 64] >> flag->tags % 64 & 1)))
        return malformed(verifier, "flag '%s': the tags are not a run of them", name);
    if (flag->metadata != FFS_NONE && !is_string(verifier, flag->metadata))
        return malformed(verifier, "flag '%s': the metadata is not a string", name);
    if (flag->metadata != FFS_NONE && !is_one_line(verifier, flag->metadata))
        return malformed(verifier, "flag '%s': the metadata has a control character", name);
    return FFLAG_OK;
}

/* What a reader relies on even if it does not know the flag's features. */
static enum fflag_error verify_record(struct verifier *verifier, uint32_t index)
{
    const struct ffs_flag *flag = &verifier->snapshot->flags[index];
    if (!is_string(verifier, flag->name))
        return malformed(verifier, "flag %u: the name is not a string", index);
    const char *name = string_bytes(verifier->snapshot, flag->name);
    if (flag->type < FFLAG_TYPE_BOOLEAN || flag->type > FFLAG_TYPE_JSON)
        return malformed(verifier, "flag '%s': unknown type %u", name, flag->type);
    if (flag->variant_count == 0 || flag->variant_count > FFS_MAX_VARIANTS ||
        flag->first_variant > verifier->variant_count ||
        flag->variant_count > verifier->variant_count - flag->first_variant)
        return malformed(verifier, "flag '%s': the variants are out of bounds", name);
    if (flag->default_variant != FFS_NO_VARIANT && flag->default_variant >= flag->variant_count)
        return malformed(verifier, "flag '%s': the default is not a variant", name);
    if (flag->code_count > FFS_MAX_PROGRAM || flag->first_code > verifier->code_count ||
        flag->code_count > verifier->code_count - flag->first_code ||
        (flag->code_count == 0 && flag->first_code != 0))
        return malformed(verifier, "flag '%s': the program is out of bounds", name);
    enum fflag_error error = verify_about(verifier, flag);
    return error ? error : verify_values(verifier, flag);
}

/* For a flag whose features are known: its record must agree with its program. */
static enum fflag_error verify_needs(struct verifier *verifier, uint32_t index)
{
    const struct ffs_flag *flag = &verifier->snapshot->flags[index];
    const char *name = string_bytes(verifier->snapshot, flag->name);
    const struct program *program;
    enum fflag_error error = program_of(verifier, index, &program);
    if (error)
        return error;
    if (program->variants > flag->variant_count)
        return malformed(verifier, "flag '%s' serves a variant it does not have", name);
    if (program->depth > FFS_MAX_DEPTH || flag->depth != program->depth)
        return malformed(verifier, "flag '%s': depth %u, expected %u and at most %d", name,
                         flag->depth, program->depth, FFS_MAX_DEPTH);
    bool none = program->serves_none || flag->default_variant == FFS_NO_VARIANT;
    unsigned flags = (program->uses & FFS_USES_CLOCK ? FFS_FLAG_READS_CLOCK : 0) |
                     (none ? FFS_FLAG_SERVES_NONE : 0);
    if ((flag->flags & ~FFS_FLAG_CLIENT) != flags)
        return malformed(verifier, "flag '%s': its flags 0x%x do not fit its program", name,
                         flag->flags);
    if (flag->features != program->features)
        return malformed(verifier, "flag '%s': its features 0x%llx do not fit its program", name,
                         (unsigned long long)flag->features);
    verifier->costs[index] = program->cost;
    return FFLAG_OK;
}

static enum fflag_error verify_flag(struct verifier *verifier, uint32_t index)
{
    const struct ffs_flag *flag = &verifier->snapshot->flags[index];
    enum fflag_error error = verify_record(verifier, index);
    if (error)
        return error;
    verifier->costs[index] = 0;
    /* A flag that requires this one has the same features, so its cost is never read. */
    return runtime_is_supported(flag) ? verify_needs(verifier, index) : FFLAG_OK;
}

enum fflag_error verify_flags(struct verifier *verifier)
{
    size_t flags = (size_t)verifier->snapshot->flag_count + 1;
    size_t instructions = (size_t)verifier->code_count + 1;
    verifier->program_at = calloc(instructions, sizeof *verifier->program_at);
    verifier->programs = malloc(flags * sizeof *verifier->programs);
    verifier->costs = malloc(flags * sizeof *verifier->costs);
    if (!verifier->program_at || !verifier->programs || !verifier->costs)
        return FFLAG_ERROR_NO_MEMORY;
    for (uint32_t i = 0; i < verifier->snapshot->flag_count; i++) {
        enum fflag_error error = verify_flag(verifier, i);
        if (error)
            return error;
    }
    return FFLAG_OK;
}
