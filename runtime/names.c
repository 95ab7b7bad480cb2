/*
 * names.c - from a flag's name to its place in a snapshot, and to the word that a handle keeps of
 * it.
 */
#include "hash.h"
#include "internal.h"

const struct ffs_flag *runtime_find_flag(const struct snapshot *snapshot, const char *name,
                                         size_t length)
{
    const struct ffs_names *names = snapshot->names;
    uint64_t hash = hash_bytes_seeded(name, length, names->seed);
    uint32_t bucket = (uint32_t)((hash >> 32) * names->bucket_count >> 32);
    uint64_t placed = ffs_mix(hash ^ snapshot->pilots[bucket] * FFS_PILOT);
    uint32_t index = snapshot->name_slots[hash_to_range(placed, names->slot_count)];
    if (index == FFS_NONE)
        return NULL;
    const struct ffs_flag *flag = &snapshot->flags[index];
    if (string_length(snapshot, flag->name) != length ||
        memcmp(string_bytes(snapshot, flag->name), name, length) != 0)
        return NULL;
    return flag;
}

/* A flag that is one percentage of its units, by a key they have or have not. */
static bool is_rollout(const struct snapshot *snapshot, const struct ffs_flag *flag)
{
    const struct ffs_instruction *code = &snapshot->code[flag->first_code];
    return flag->code_count == 2 && code[0].op == FFS_EXPOSED && code[0].flags == 0 &&
           code[0].jump == 2 && code[1].op == FFS_SERVE;
}

uint64_t runtime_flag_word(const struct snapshot *snapshot, const char *name, size_t length)
{
    const struct ffs_flag *flag = runtime_find_flag(snapshot, name, length);
    if (!flag)
        return 0;
    uint64_t word = (uint64_t)(flag - snapshot->flags) << 32 | (uint64_t)flag->type << 8;
    if (flag->type != FFLAG_TYPE_BOOLEAN)
        return word;
    if (flag->code_count == 0)
        word |=
            WORD_CONSTANT |
            (snapshot->variants[flag->first_variant + flag->default_variant].value & WORD_VALUE);
    else if (is_rollout(snapshot, flag))
        word |= WORD_ROLLOUT;
    return word;
}
