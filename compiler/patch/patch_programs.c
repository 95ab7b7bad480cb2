/*
 * patch_programs.c - adds decisions to programs, and removes them.
 *
 * A decision is the instructions after the previous decision, up to and including the one that
 * decides. Its tests jump no further than its end, and jumps are relative, so a decision can be
 * added or removed without changing any other instruction.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/lower/lower.h"
#include "compiler/model/model.h"
#include "patch_parts.h"

struct decision {
    uint32_t begin, end; /* its instructions; the last one decides */
    const struct ffs_instruction *decides;
    const char *rule; /* or NULL */
};

/* The next decision, from decision->end on; false at the end of the program. */
static bool next_decision(const struct patch *patch, const struct patched_program *program,
                          struct decision *decision)
{
    decision->begin = decision->end;
    for (uint32_t i = decision->begin; i < program->count; i++) {
        const struct ffs_instruction *at = &program->code[i];
        if (!(ffs_uses_of(at->op) & FFS_USES_REASON))
            continue;
        bool split = ffs_operand_of(at->op) == FFS_OPERAND_SPLIT;
        ffs_string rule = (ffs_string)(split ? at->operand >> 32 : at->operand);
        decision->end = i + 1;
        decision->decides = at;
        decision->rule = rule == FFS_NONE ? NULL : patch_string(patch, rule);
        return true;
    }
    return false;
}

static bool is_override(const struct decision *decision)
{
    return decision->decides->op == FFS_SERVE && decision->decides->flags == FFLAG_REASON_OVERRIDE;
}

static void take_out(struct patch *patch, uint32_t flag, const struct decision *decision)
{
    struct patched_program *program = &patch->programs[flag];
    uint32_t count = program->count - (decision->end - decision->begin);
    struct ffs_instruction *code = ARENA_ARRAY(&patch->arena, struct ffs_instruction, count + 1u);
    memcpy(code, program->code, decision->begin * sizeof *code);
    memcpy(code + decision->begin, program->code + decision->end,
           (program->count - decision->end) * sizeof *code);
    *program = (struct patched_program){code, count};
}

/* ----------------------------------------------------------------------------------- looking -- */

/* Whether two of a flag's variants are values of one. */
static bool same_name(const struct patch *patch, const struct ffs_flag *flag, uint16_t a,
                      uint16_t b)
{
    const struct ffs_variant *variants =
        (const struct ffs_variant *)(const void *)patch->image.variants.bytes.bytes +
        flag->first_variant;
    return a == b ||
           (a != FFS_NO_VARIANT && b != FFS_NO_VARIANT && variants[a].name == variants[b].name);
}

bool patch_serves_default(const struct patch *patch, uint32_t flag)
{
    struct decision decision = {0};
    const struct ffs_flag *own = &patch->image.flags[flag];
    while (next_decision(patch, &patch->programs[flag], &decision))
        if (decision.decides->op != FFS_SERVE ||
            !same_name(patch, own, decision.decides->variant, own->default_variant))
            return false;
    return true;
}

const char *patch_overridden_by(const struct patch *patch, uint32_t flag, int64_t at,
                                const char *except)
{
    struct decision decision = {0};
    while (next_decision(patch, &patch->programs[flag], &decision) && is_override(&decision))
        if (decision.rule && (!except || strcmp(decision.rule, except) != 0) &&
            annex_is_active(patch, decision.rule, at))
            return decision.rule;
    return NULL;
}

/* FFS_NO_VARIANT if the flag has no variant of that name. */
static uint16_t variant_of(const struct patch *patch, uint32_t index, const char *name)
{
    const struct ffs_flag *flag = &patch->image.flags[index];
    const struct ffs_variant *variants =
        (const struct ffs_variant *)(const void *)patch->image.variants.bytes.bytes +
        flag->first_variant;
    for (uint16_t i = 0; i < flag->variant_count; i++)
        if (variants[i].name != FFS_NONE &&
            strcmp(patch_string(patch, variants[i].name), name) == 0)
            return i;
    return FFS_NO_VARIANT;
}

bool patch_has_variant(const struct patch *patch, uint32_t flag, const char *name)
{
    return strcmp(name, NO_VARIANT_NAME) == 0 || variant_of(patch, flag, name) != FFS_NO_VARIANT;
}

/* ---------------------------------------------------------------------------------- override -- */

/* An override as lowered, for one flag after another. */
struct adding {
    struct patch *patch;
    const struct override *override;
    struct lowering lowering;
    struct expression *when;
    ffs_string rule;
    size_t keys; /* bytes of KEYS before */
    struct program program;
};

static void begin_lowering(struct adding *adding, const struct project *project)
{
    struct lowering *lowering = &adding->lowering;
    *lowering = (struct lowering){.project = project,
                                  .project_name =
                                      patch_string(adding->patch, adding->patch->header->project),
                                  .image = adding->patch->image};
    uint32_t flags = project ? project->flag_count : 0;
    adding->keys = lowering->image.keys.bytes.length;
    lowering->flags = xcalloc(flags + 1u, sizeof *lowering->flags);
    lowering->segments =
        xcalloc(project ? project->segment_count + 1u : 1, sizeof(struct expression *));
    for (uint32_t i = 0; i < flags; i++)
        lowering->flags[i].index = patch_find_flag(adding->patch, project->flags[i]->name.text);
    if (project)
        lowering->environment = project_environment(project, patch_environment(adding->patch));
    struct expression *parts[] = {
        lower_condition(lowering, adding->override->condition),
        lower_clock(lowering, adding->override->from, adding->override->until)};
    adding->when = expression_all(lowering, parts, 2);
    adding->rule = image_text(&lowering->image, adding->override->name);
    adding->patch->image = lowering->image;
}

/* Adds all missing attributes to the file before any is looked up, because adding moves others. */
static bool take_attributes(struct adding *adding, struct buffer *why)
{
    const struct pool *used = &adding->patch->image.attributes;
    const struct attribute *const *attributes =
        (const struct attribute *const *)(const void *)used->bytes.bytes;
    uint16_t place;
    if (adding->keys < adding->patch->image.keys.bytes.length) {
        buffer_append_text(why, "its condition is bucketed by several attributes");
        return false;
    }
    for (size_t i = 0; i < used->count; i++)
        if (!patch_attribute(adding->patch, attributes[i], &place, why))
            return false;
    return true;
}

static void end_lowering(struct adding *adding)
{
    program_release(&adding->program);
    arena_release(&adding->lowering.arena);
    free(adding->lowering.flags);
    free(adding->lowering.segments);
}

static bool find_variant(const struct adding *adding, uint32_t index, uint16_t *variant,
                         struct buffer *why)
{
    const struct patch *patch = adding->patch;
    const struct ffs_flag *flag = &patch->image.flags[index];
    const char *serve = adding->override->serve.text;
    *variant =
        strcmp(serve, "default") == 0 ? flag->default_variant : variant_of(patch, index, serve);
    if (strcmp(serve, "default") == 0 || patch_has_variant(patch, index, serve))
        return true;
    buffer_format(why, "flag '%s' has no variant '%s'", patch_string(patch, flag->name), serve);
    return false;
}

/* Replaces the numbers that lowering gave attributes by those of the file. */
static bool settle(struct adding *adding, uint32_t index, struct buffer *why)
{
    struct patch *patch = adding->patch;
    const struct attribute *const *used =
        (const struct attribute *const *)(const void *)patch->image.attributes.bytes.bytes;
    for (uint32_t i = 0; i < adding->program.count; i++) {
        struct ffs_instruction *at = &adding->program.code[i];
        if (ffs_operand_of(at->op) == FFS_OPERAND_FLAG && at->operand >= index) {
            buffer_format(why, "its condition depends on a flag that comes after '%s' in it",
                          patch_string(patch, patch->image.flags[index].name));
            return false;
        }
        if (at->attribute < FFS_FIRST_KEY &&
            !patch_attribute(patch, used[at->attribute], &at->attribute, why))
            return false;
        uint16_t other;
        if (ffs_operand_of(at->op) != FFS_OPERAND_ATTRIBUTE)
            continue;
        if (!patch_attribute(patch, used[(uint32_t)at->operand], &other, why))
            return false;
        at->operand = pair_operand(at->operand, other);
    }
    return true;
}

/* After overrides that were made later: this maker's clock may be slow. */
static uint32_t place_in(const struct adding *adding, const struct patched_program *old)
{
    struct decision decision = {0};
    uint32_t place = 0;
    while (next_decision(adding->patch, old, &decision) && is_override(&decision) &&
           decision.rule && annex_is_newer(adding->patch, decision.rule, adding->override))
        place = decision.end;
    return place;
}

/* The values of a default that nothing else stood before: now something could decide. */
static void give_reasons(struct ffs_instruction *code, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (code[i].op == FFS_SERVE && code[i].flags == FFLAG_REASON_STATIC &&
            code[i].operand == FFS_NONE)
            code[i].flags = FFLAG_REASON_DEFAULT;
}

static void put_before(struct adding *adding, uint32_t index)
{
    struct patch *patch = adding->patch;
    const struct program *added = &adding->program;
    struct patched_program old = patch->programs[index];
    uint32_t place = place_in(adding, &old);
    /* An override for everybody decides whatever the flag's own decisions are, so it may replace a
     * program that has no room for it. */
    if (old.count + added->count > FFS_MAX_PROGRAM && !adding->override->condition)
        old.count = place = 0;
    uint32_t count = old.count + added->count;
    struct ffs_instruction *code = ARENA_ARRAY(&patch->arena, struct ffs_instruction, count + 1u);
    memcpy(code, old.code, place * sizeof *code);
    memcpy(code + place, added->code, added->count * sizeof *code);
    memcpy(code + place + added->count, old.code + place, (old.count - place) * sizeof *code);
    give_reasons(code, count);
    patch->programs[index] = (struct patched_program){code, count};
}

static bool add_to(struct adding *adding, uint32_t index, struct buffer *why)
{
    struct ffs_instruction decision = {.op = FFS_SERVE,
                                       .flags = FFLAG_REASON_OVERRIDE,
                                       .attribute = FFS_NO_ATTRIBUTE,
                                       .operand = adding->rule};
    if (!find_variant(adding, index, &decision.variant, why))
        return false;
    program_reset(&adding->program);
    program_decide(&adding->program, adding->when, decision);
    program_finish(&adding->program);
    if (adding->program.too_long || adding->lowering.segments_too_deep) {
        buffer_append_text(why, "its condition is too long");
        return false;
    }
    if (!settle(adding, index, why))
        return false;
    put_before(adding, index);
    return true;
}

bool patch_add_override(struct patch *patch, const struct override *override,
                        const struct project *project, uint32_t *selected, struct buffer *why)
{
    struct adding adding = {.patch = patch, .override = override};
    begin_lowering(&adding, project);
    bool added = take_attributes(&adding, why);
    *selected = 0;
    if (added && adding.when->kind == EXPRESSION_NEVER) {
        buffer_append_text(why, "it would never be active");
        added = false;
    }
    for (uint32_t i = 0; i < patch->image.flag_count && added; i++) {
        if (!override_selects(override, patch_flag(patch, i)))
            continue;
        added = add_to(&adding, i, why);
        ++*selected;
    }
    if (added)
        annex_add_override(patch, override);
    end_lowering(&adding);
    return added;
}

/* -------------------------------------------------------------------------------- taking out -- */

/* Values of the default stand at the end, and their reason is that of what stood before them. */
static bool has_values_of_default(const struct patch *patch, uint32_t flag)
{
    struct decision decision = {0};
    const struct ffs_flag *own = &patch->image.flags[flag];
    while (next_decision(patch, &patch->programs[flag], &decision))
        if (decision.decides->op == FFS_SERVE && !decision.rule &&
            decision.decides->flags == FFLAG_REASON_DEFAULT &&
            decision.decides->variant != own->default_variant)
            return true;
    return false;
}

bool patch_lift(struct patch *patch, const char *name, uint32_t *selected, struct buffer *why)
{
    *selected = 0;
    for (uint32_t i = 0; i < patch->image.flag_count; i++) {
        struct decision decision = {0};
        while (next_decision(patch, &patch->programs[i], &decision) && is_override(&decision)) {
            if (!decision.rule || strcmp(decision.rule, name) != 0)
                continue;
            if (decision.end - decision.begin == 1) {
                buffer_format(why, "it has no time, and what it hides is not in the file");
                return false;
            }
            if (has_values_of_default(patch, i)) {
                buffer_append_text(why, "a default has several values");
                return false;
            }
            take_out(patch, i, &decision);
            ++*selected;
            break;
        }
    }
    if (!*selected)
        buffer_append_text(why, "the file does not have it");
    else
        annex_lift(patch, name);
    return *selected > 0;
}

bool patch_roll_back(struct patch *patch, uint32_t flag, int64_t at, bool *served,
                     struct buffer *why)
{
    struct decision decision = {0};
    *served = false;
    if (patch->image.flags[flag].features & ~FFS_FEATURES) {
        buffer_append_text(why, "its program is from a later version");
        return false;
    }
    if (has_values_of_default(patch, flag)) {
        buffer_append_text(why, "a default has several values");
        return false;
    }
    while (next_decision(patch, &patch->programs[flag], &decision)) {
        if (!decision.rule || strncmp(decision.rule, "canary:", 7) != 0)
            continue;
        take_out(patch, flag, &decision);
        decision.end = decision.begin;
        *served = true;
    }
    const char *name = patch_string(patch, patch->image.flags[flag].name);
    if (*served) {
        annex_roll_back(patch, name, at);
    } else if (annex_has_rollout(patch, name)) {
        /* It is folded, and what is left has the reason that it has beside it. */
        buffer_append_text(why, "its canary reaches nobody");
        return false;
    }
    return true;
}

/* -------------------------------------------------------------------------------- everybody -- */

/* What a test of the stage's percentage compares a bucket with; 0: it is no such test. */
static uint64_t stage_threshold(const struct patch *patch, uint32_t flag,
                                const struct ffs_instruction *test)
{
    if (test->flags & FFS_NEGATE)
        return 0;
    if (test->op == FFS_EXPOSED)
        return test->operand;
    if (test->op != FFS_IN_RANGE && test->op != FFS_KEY_IN_RANGE)
        return 0;
    const struct ffs_range *ranges =
        (const struct ffs_range *)(const void *)patch->image.ranges.bytes.bytes;
    const struct ffs_range *range = &ranges[test->operand];
    bool of_flag = range->salt == patch->image.flags[flag].exposure_salt && range->from == 0;
    return of_flag ? range->to : 0;
}

/* The test that everything else depends on: where it fails, the decision is over. UINT32_MAX: there
 * is none. */
static uint32_t find_stage_test(const struct patch *patch, uint32_t flag,
                                const struct decision *decision, uint64_t *threshold)
{
    const struct ffs_instruction *code = patch->programs[flag].code;
    for (uint32_t i = decision->begin; i + 1 < decision->end; i++) {
        *threshold = stage_threshold(patch, flag, &code[i]);
        if (*threshold && i + code[i].jump == decision->end)
            return i;
    }
    *threshold = 0;
    return UINT32_MAX;
}

static void take_out_test(struct patch *patch, uint32_t flag, uint32_t begin, uint32_t test)
{
    struct patched_program *program = &patch->programs[flag];
    struct ffs_instruction *code =
        ARENA_ARRAY(&patch->arena, struct ffs_instruction, program->count);
    memcpy(code, program->code, test * sizeof *code);
    memcpy(code + test, program->code + test + 1, (program->count - test - 1) * sizeof *code);
    for (uint32_t i = begin; i < test; i++)
        if (code[i].jump && i + code[i].jump > test)
            code[i].jump--;
    *program = (struct patched_program){code, program->count - 1};
}

void patch_enrol_everybody(struct patch *patch, uint32_t flag, uint64_t *threshold)
{
    struct decision decision = {0};
    bool found = false;
    *threshold = 0;
    if (patch->image.flags[flag].features & ~FFS_FEATURES)
        return;
    while (!found && next_decision(patch, &patch->programs[flag], &decision))
        found = decision.rule && strncmp(decision.rule, "canary:", 7) == 0;
    uint32_t test = found ? find_stage_test(patch, flag, &decision, threshold) : UINT32_MAX;
    if (test != UINT32_MAX)
        take_out_test(patch, flag, decision.begin, test);
}
