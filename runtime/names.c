/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.c - maps a flag's name to its index in a snapshot, and to the word that its handle caches.
 */
#include "names.h"

#include "counters.h"
#include "plan.h"
#include "result.h"
#include "wide_plan.h"

const struct ffs_flag *runtime_find_flag(const struct snapshot *snapshot, const char *name,
                                         size_t length)
{
    uint32_t index = only_index(snapshot, name, length);
    if (index == FFS_NONE)
        return NULL;
    const struct ffs_flag *flag = &snapshot->flags[index];
    return is_named(snapshot, flag, name, length) ? flag : NULL;
}

static uint16_t constant_variant(const struct snapshot *snapshot, const struct ffs_flag *flag)
{
    return flag->code_count ? snapshot->code[flag->first_code].variant : flag->default_variant;
}

static uint64_t word_of(const struct snapshot *snapshot, const struct ffs_flag *flag)
{
    if (!flag)
        return 0;
    uint64_t word = (uint64_t)(flag - snapshot->flags) << 32;
    if (!runtime_is_supported(flag))
        return word | WORD_UNSUPPORTED << 8;
    word |= (uint64_t)flag->type << 8;
    if (flag->flags & FFS_FLAG_SERVES_NONE)
        word |= WORD_MAY_BE_NONE << 8;
    else if (flag->type == FFLAG_TYPE_BOOLEAN && is_constant(snapshot, flag))
        word |= WORD_CONSTANT |
                (variant_of(snapshot, flag, constant_variant(snapshot, flag))->value & WORD_VALUE);
    return word;
}

uint64_t runtime_flag_word(const struct snapshot *snapshot, const char *name, size_t length)
{
    return word_of(snapshot, runtime_find_flag(snapshot, name, length));
}

/* The kind of test that a shortcut can replace: WORD_ROLLOUT or WORD_LIST; otherwise 0. */
static uint64_t find_test(const struct snapshot *snapshot, const struct ffs_flag *flag,
                          struct shortcut *shortcut)
{
    const struct ffs_instruction *test = &snapshot->code[flag->first_code];
    if (test->op == FFS_EXPOSED) {
        shortcut->salt = flag->exposure_salt;
        shortcut->threshold = test->operand;
        return WORD_ROLLOUT;
    }
    /* A number's key would first have to be formatted. */
    if (test->op != FFS_STRING_IN || shortcut->type != FFLAG_ATTRIBUTE_STRING)
        return 0;
    shortcut->set = (const struct ffs_set *)(snapshot->sets + test->operand);
    return WORD_LIST;
}

/* Whether the flag is a single test of its units, by an attribute that has a slot. */
static uint64_t find_shortcut(const struct snapshot *snapshot, const struct ffs_flag *flag,
                              struct shortcut *shortcut)
{
    const struct ffs_instruction *code = &snapshot->code[flag->first_code];
    if (flag->code_count != 2 || code[0].attribute >= FFS_FIRST_KEY || code[0].flags != 0 ||
        code[0].jump != 2 || code[1].op != FFS_SERVE)
        return 0;
    unsigned input =
        atomic_load_explicit(&snapshot->inputs[code[0].attribute], memory_order_relaxed);
    unsigned slot = input & 0xff;
    if (slot == INPUT_NO_SLOT)
        return 0;
    const struct ffs_variant *variants = &snapshot->variants[flag->first_variant];
    *shortcut = (struct shortcut){
        .present = UINT64_C(1) << slot % 64,
        .presence = (uint16_t)(offsetof(fflag_context, present) + slot / 64 * sizeof(uint64_t)),
        .unit = (uint16_t)(offsetof(fflag_context, slot) + slot * sizeof(struct fflag_slot)),
        .type = (uint8_t)(input >> 8),
        .value = {variants[flag->default_variant].value, variants[code[1].variant].value}};
    return find_test(snapshot, flag, shortcut);
}

/* If the store counts, replaces the word's fast answers by those that count. */
static uint64_t bind_cells(struct snapshot *snapshot, fflag_id handle, uint64_t word)
{
    const struct ffs_flag *flag = &snapshot->flags[word_index(word)];
    uint32_t first = snapshot->counters->first[word_index(word)];
    struct shortcut_cells *cells = &snapshot->shortcut_cells[handle];
    if (word & (WORD_ROLLOUT | WORD_LIST)) {
        uint16_t served = snapshot->code[flag->first_code + 1].variant;
        *cells = (struct shortcut_cells){{first + flag->default_variant, first + served}};
    } else if (word & WORD_CONSTANT) {
        cells->cell[1] = first + constant_variant(snapshot, flag);
    }
    return (word & ~WORD_ANSWERED) | WORD_COUNTED(word & WORD_ANSWERED);
}

uint32_t runtime_bind_flag(struct snapshot *snapshot, fflag_id flag, const char *name,
                           size_t length, uint32_t guess)
{
    uint64_t known = atomic_load_explicit(&snapshot->words[flag], memory_order_relaxed);
    uint64_t test = WORD_ROLLOUT | WORD_LIST | WORD_PLAN;
    if (known & (test | WORD_COUNTED(test) | WORD_OTHER_PLAN | WORD_WIDE_PLAN))
        return word_index(known); /* it may be in use, and slots never change */
    const struct ffs_flag *found =
        guess < snapshot->flag_count && is_named(snapshot, &snapshot->flags[guess], name, length)
            ? &snapshot->flags[guess]
            : runtime_find_flag(snapshot, name, length);
    uint64_t word = word_of(snapshot, found);
    if (word_type(word) == FFLAG_TYPE_BOOLEAN)
        word |= find_shortcut(snapshot, found, &snapshot->shortcuts[flag]);
    if (word && snapshot->counters)
        word = bind_cells(snapshot, flag, word);
    /* Release pairs with the acquire in fflag_bool(): seeing the word implies seeing the
     * shortcut. */
    atomic_store_explicit(&snapshot->words[flag], word, memory_order_release);
    return found ? (uint32_t)(found - snapshot->flags) : FFS_NONE;
}

void runtime_bind_plan(struct snapshot *snapshot, fflag_id flag)
{
    uint64_t word = atomic_load_explicit(&snapshot->words[flag], memory_order_relaxed);
    uint64_t answered =
        WORD_ANSWERED | WORD_COUNTED(WORD_ANSWERED) | WORD_OTHER_PLAN | WORD_WIDE_PLAN;
    if (!word || word & answered || word_type(word) == WORD_UNSUPPORTED)
        return;
    const struct ffs_flag *record = &snapshot->flags[word_index(word)];
    const struct plan *plan = runtime_make_plan(snapshot, record);
    const struct wide_plan *wide = plan ? NULL : runtime_make_wide_plan(snapshot, record);
    if (plan) {
        snapshot->shortcuts[flag].plan = plan;
        if (word_type(word) != FFLAG_TYPE_BOOLEAN)
            word |= WORD_OTHER_PLAN;
        else
            word |= snapshot->counters ? WORD_COUNTED(WORD_PLAN) : WORD_PLAN;
    } else if (wide) {
        snapshot->shortcuts[flag].wide = wide;
        word |= WORD_WIDE_PLAN;
    }
    /* Release pairs with the acquires in fflag_bool() and find_word(). */
    atomic_store_explicit(&snapshot->words[flag], word, memory_order_release);
}
