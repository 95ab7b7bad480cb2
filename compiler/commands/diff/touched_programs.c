/* touched_programs.c - what programs of two versions are asked for, beside whom they touch. */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/hash.h"
#include "touched_parts.h"

/* ------------------------------------------------------------------------------------- times -- */

struct times {
    struct arena *arena;
    int64_t now;
    int64_t *items;
    uint32_t count;
};

#define MOST_TIMES    4096
#define MOST_OF_RAMP  64
#define HOURS_OF_WEEK 168

static void add_time(struct times *times, int64_t time)
{
    if (time > times->now && times->count < MOST_TIMES)
        *ARENA_APPEND(times->arena, times->items, times->count) = time;
}

static void add_ramp_times(struct times *times, const struct ffs_ramp *ramp)
{
    if (ramp->step == 0) {
        add_time(times, ramp->start + (ramp->end - ramp->start) / 2);
        add_time(times, ramp->end);
        return;
    }
    int64_t every = ramp->every, time = ramp->start;
    uint32_t distance = ramp->to > ramp->from ? ramp->to - ramp->from : ramp->from - ramp->to;
    for (uint32_t i = 0; i < MOST_OF_RAMP && i <= distance / ramp->step; i++) {
        if (__builtin_add_overflow(time, every, &time))
            return;
        add_time(times, time);
    }
}

static void find_times(struct times *times, const struct program_side *side, uint32_t index)
{
    const struct ffs_flag *flag = &side->listing->flags[index];
    const struct ffs_instruction *code = side->listing->code + flag->first_code;
    for (uint32_t i = 0; i < flag->code_count; i++) {
        uint64_t operand = code[i].operand;
        if (code[i].op == FFS_CLOCK_GE)
            add_time(times, (int64_t)operand);
        else if (ffs_operand_of(code[i].op) == FFS_OPERAND_RAMP)
            add_ramp_times(times, &side->ramps[operand]);
        else if (ffs_operand_of(code[i].op) == FFS_OPERAND_FLAG)
            find_times(times, side, (uint32_t)operand);
        for (int64_t hour = 1; code[i].op == FFS_CLOCK_IN && hour <= 4 * HOURS_OF_WEEK; hour++)
            add_time(times, (times->now / 900000 + hour) * 900000);
    }
}

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

int64_t *comparison_times(struct comparison *comparison, uint32_t old, uint32_t new, int64_t now,
                          uint32_t most, uint32_t *count)
{
    struct times times = {.arena = &comparison->arena, .now = now};
    if (old != NO_FLAG)
        find_times(&times, comparison->sides[VERSION_OLD], old);
    if (new != NO_FLAG)
        find_times(&times, comparison->sides[VERSION_NEW], new);
    if (times.count)
        qsort(times.items, times.count, sizeof *times.items, compare_times);
    *count = 0;
    for (uint32_t i = 0; i < times.count && *count < most; i++)
        if (*count == 0 || times.items[*count - 1] != times.items[i])
            times.items[(*count)++] = times.items[i];
    return times.items;
}

static bool is_boolean_key(const struct program_side *side, uint16_t by)
{
    const struct ffs_attribute *attributes = side->listing->attributes;
    if (by < FFS_FIRST_KEY)
        return attributes[by].type == FFLAG_ATTRIBUTE_BOOLEAN;
    const struct ffs_key *key = &side->keys[by - FFS_FIRST_KEY];
    for (uint32_t i = 0; i < key->count; i++)
        if (attributes[key->attributes[i]].type != FFLAG_ATTRIBUTE_BOOLEAN)
            return false;
    return true;
}

bool has_key(const struct unit_keys *keys, const char *name)
{
    for (uint32_t i = 0; name && i < keys->count; i++)
        if (strcmp(keys->names[i], name) == 0)
            return true;
    return false;
}

bool has_number_key(const struct unit_keys *keys, const char *name)
{
    for (uint32_t i = 0; i < keys->count; i++)
        if (keys->is_number[i] && (!name || strcmp(keys->names[i], name) == 0))
            return true;
    return false;
}

void find_keys(struct unit_keys *keys, const struct program_side *side, struct arena *arena,
               uint32_t index)
{
    const struct ffs_flag *flag = &side->listing->flags[index];
    const struct ffs_instruction *code = side->listing->code + flag->first_code;
    for (uint32_t i = 0; i < flag->code_count; i++) {
        if (ffs_operand_of(code[i].op) == FFS_OPERAND_FLAG)
            find_keys(keys, side, arena, (uint32_t)code[i].operand);
        if (!reads_bucket(code[i].op))
            continue;
        uint16_t by = code[i].attribute;
        const char *name = key_words(side, arena, by);
        if (has_key(keys, name) || keys->count == MOST_KEYS)
            continue;
        keys->is_number[keys->count] =
            by < FFS_FIRST_KEY && side->listing->attributes[by].type == FFLAG_ATTRIBUTE_NUMBER;
        keys->names[keys->count++] = name;
    }
}

bool program_has_boolean_key(const struct program_side *side, uint32_t index)
{
    const struct ffs_flag *flag = &side->listing->flags[index];
    const struct ffs_instruction *code = side->listing->code + flag->first_code;
    for (uint32_t i = 0; i < flag->code_count; i++) {
        if (ffs_operand_of(code[i].op) == FFS_OPERAND_FLAG &&
            program_has_boolean_key(side, (uint32_t)code[i].operand))
            return true;
        if (reads_bucket(code[i].op) && is_boolean_key(side, code[i].attribute))
            return true;
    }
    return false;
}

bool is_in_week(const struct program_side *side, uint64_t operand, int64_t now)
{
    const void *at = side->zones + (uint32_t)operand;
    uint32_t minute = ffs_minute_of_week(at, now);
    uint32_t of_day = minute % 1440;
    return FFS_WEEKLY_DAYS(operand) >> minute / 1440 & 1 && of_day >= FFS_WEEKLY_FROM(operand) &&
           of_day < FFS_WEEKLY_UNTIL(operand);
}

/* ---------------------------------------------------------------------------------- variants -- */

uint16_t variant_named(const struct program_side *side, const struct ffs_flag *flag,
                       const char *name)
{
    const struct listing *listing = side->listing;
    for (uint16_t i = 0; i < flag->variant_count; i++) {
        const char *found =
            snapshot_string(listing->snapshot, listing->variants[flag->first_variant + i].name);
        if (found && strcmp(found, name) == 0)
            return i;
    }
    return FFS_NO_VARIANT;
}

/* ------------------------------------------------------------------------- parts of programs -- */

/* A flag's own instructions. */
struct program_view {
    const struct program_side *side;
    const struct ffs_flag *flag;
    const struct ffs_instruction *code;
    uint32_t count;
};

static struct program_view program_of(const struct comparison *comparison, enum version version,
                                      uint32_t flag)
{
    struct program_view program = {.side = comparison->sides[version]};
    if (flag == NO_FLAG)
        return program;
    program.flag = &program.side->listing->flags[flag];
    program.code = program.side->listing->code + program.flag->first_code;
    program.count = program.flag->code_count;
    return program;
}

const char **comparison_asked(struct comparison *comparison, uint32_t old, uint32_t new,
                              uint32_t *count)
{
    const char **names = NULL;
    const uint32_t flags[] = {[VERSION_OLD] = old, [VERSION_NEW] = new};
    *count = 0;
    for (int i = 0; i < 2; i++) {
        struct program_view program = program_of(comparison, (enum version)i, flags[i]);
        for (uint32_t at = 0; at < program.count; at++) {
            if (ffs_operand_of(program.code[at].op) != FFS_OPERAND_FLAG)
                continue;
            const struct ffs_flag *asked = &program.side->listing->flags[program.code[at].operand];
            const char *name = snapshot_string(program.side->listing->snapshot, asked->name);
            bool known = false;
            for (uint32_t j = 0; j < *count && !known; j++)
                known = strcmp(names[j], name) == 0;
            if (!known &&
                !comparison_same(comparison, comparison_find(comparison, VERSION_OLD, name),
                                 comparison_find(comparison, VERSION_NEW, name)))
                *ARENA_APPEND(&comparison->arena, names, *count) = name;
        }
    }
    return names;
}

const char *comparison_keys(struct comparison *comparison, enum version version, uint32_t flag)
{
    struct arena *arena = &comparison->arena;
    struct program_view program = program_of(comparison, version, flag);
    const char *words = "";
    struct table known = {.slots = NULL};
    for (uint32_t i = 0; i < program.count; i++) {
        if (!reads_bucket(program.code[i].op))
            continue;
        const char *key = key_words(program.side, arena, program.code[i].attribute);
        if (!table_add(&known, arena, key, arena))
            words = arena_format(arena, "%s%s%s", words, *words ? ", " : "", key);
    }
    return words;
}

/* Outside of the layer's part, units are served the default by the one or two ranges before. */
uint64_t comparison_layer(const struct comparison *comparison, enum version version, uint32_t flag)
{
    struct program_view program = program_of(comparison, version, flag);
    uint64_t hash = 0;
    for (uint32_t i = 0; i < program.count; i++) {
        const struct ffs_instruction *at = &program.code[i];
        if (at->op != FFS_SERVE || at->flags != FFLAG_REASON_LAYER)
            continue;
        for (uint32_t j = i; j-- > 0 && ffs_operand_of(program.code[j].op) == FFS_OPERAND_RANGE;)
            hash = ffs_mix(hash ^ hash64(&program.side->ranges[program.code[j].operand],
                                         sizeof(struct ffs_range)));
    }
    return hash;
}

uint64_t comparison_experiment(const struct comparison *comparison, enum version version,
                               uint32_t flag)
{
    struct program_view program = program_of(comparison, version, flag);
    for (uint32_t i = 0; i < program.count; i++) {
        const struct ffs_instruction *at = &program.code[i];
        if (ffs_operand_of(at->op) != FFS_OPERAND_SPLIT || at->operand >> 32 == FFS_NONE)
            continue;
        const char *rule =
            snapshot_string(program.side->listing->snapshot, (ffs_string)(at->operand >> 32));
        const uint64_t *words = program.side->splits + (uint32_t)at->operand;
        bool salted = words[0] & FFS_SPLIT_SALTED;
        if (strcmp(rule, "experiment") == 0)
            return hash64(words, ((uint32_t)words[0] * 2u + 1 + salted) * sizeof *words);
    }
    return 0;
}

bool comparison_keeps(const struct comparison *comparison, enum version version, uint32_t flag)
{
    struct program_view program = program_of(comparison, version, flag);
    bool keeps = false;
    for (uint32_t i = 0; i < program.count; i++)
        keeps |= program.code[i].op == FFS_PREVIOUS;
    return keeps;
}

bool comparison_salt(const struct comparison *comparison, enum version version, uint32_t flag,
                     uint64_t *salt)
{
    struct program_view program = program_of(comparison, version, flag);
    bool used = false;
    *salt = program.flag ? program.flag->exposure_salt : 0;
    for (uint32_t i = 0; i < program.count; i++) {
        const struct ffs_instruction *at = &program.code[i];
        enum ffs_operand operand = ffs_operand_of(at->op);
        used |= operand == FFS_OPERAND_THRESHOLD;
        if (operand == FFS_OPERAND_RAMP)
            used |= !(program.side->ramps[at->operand].flags & FFS_RAMP_SALTED);
        if (operand == FFS_OPERAND_RANGE)
            used |= program.side->ranges[at->operand].salt == *salt;
        if (operand == FFS_OPERAND_SPLIT)
            used |= !(program.side->splits[(uint32_t)at->operand] & FFS_SPLIT_SALTED);
    }
    return used;
}
