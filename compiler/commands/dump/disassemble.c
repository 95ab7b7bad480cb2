/* disassemble.c - prints the instructions of a verified snapshot for people. */
#include "disassemble.h"

#include "compiler/base/percent.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/emit/emit.h"
#include "compiler/base/json.h"
#include "compiler/base/calendar.h"
#include "compiler/base/zone.h"
#include "compiler/model/clock.h"
#include "compiler/base/json_read.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* NULL if the section is missing, or is not JSON: verification does not check that. */
static json_t *read_json(const struct snapshot *snapshot, enum ffs_section_id id)
{
    size_t size;
    const char *text = snapshot_section(snapshot, id, &size);
    return text ? json_loadb(text, size, 0, NULL) : NULL;
}

void listing_init_programs(struct listing *listing, const struct snapshot *snapshot)
{
    size_t size;
    *listing = (struct listing){.snapshot = snapshot};
    listing->flags = snapshot_section(snapshot, FFS_FLAGS, &size);
    listing->flag_count = (uint32_t)(size / sizeof *listing->flags);
    listing->attributes = snapshot_section(snapshot, FFS_ATTRIBUTES, &size);
    listing->attribute_count = (uint32_t)(size / sizeof *listing->attributes);
    listing->variants = snapshot_section(snapshot, FFS_VARIANTS, &size);
    listing->code = snapshot_section(snapshot, FFS_CODE, &size);
    listing->tags = snapshot_section(snapshot, FFS_TAGS, &size);
}

void listing_init(struct listing *listing, const struct snapshot *snapshot)
{
    listing_init_programs(listing, snapshot);
    listing->people = read_json(snapshot, FFS_PEOPLE);
    listing->labels = read_json(snapshot, FFS_LABELS);
    listing->overrides = read_json(snapshot, FFS_OVERRIDES);
}

void listing_release(struct listing *listing)
{
    json_decref(listing->people);
    json_decref(listing->labels);
    json_decref(listing->overrides);
}

const char *operation_name(uint8_t op)
{
    switch ((enum ffs_op)op) {
#define FFS_OPERATION(number, name, ...) \
    case FFS_##name:                     \
        return #name;
#include "fflag/operations.def"
    }
    return "?";
}

/* The words between the attribute and the operand. */
static const char *operation_words(uint8_t op)
{
    switch ((enum ffs_op)op) {
#define FFS_OPERATION(number, name, operand, uses, reads, cost, folded, feature, words) \
    case FFS_##name:                                                                    \
        return words;
#include "fflag/operations.def"
    }
    return "?";
}

/* ---------------------------------------------------------------------------------- variants -- */

static const struct ffs_variant *variant_of(const struct listing *listing,
                                            const struct ffs_flag *flag, uint64_t variant)
{
    return &listing->variants[flag->first_variant + variant];
}

void write_variant_name(const struct listing *listing, const struct ffs_flag *flag,
                        uint64_t variant, struct buffer *out)
{
    if (variant == FFS_NO_VARIANT) {
        buffer_append_text(out, "(none)");
        return;
    }
    const struct ffs_variant *variants = variant_of(listing, flag, 0);
    const char *name = snapshot_string(listing->snapshot, variants[variant].name);
    bool repeated = false;
    for (uint64_t i = 0; i < variant && !repeated; i++)
        repeated = variants[i].name == variants[variant].name;
    terminal_append(out, name ? name : "(value)");
    if (repeated)
        terminal_format(out, " #%u", (unsigned)variant);
}

static double number_of(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

void write_variant_value(const struct listing *listing, const struct ffs_flag *flag,
                         uint32_t variant, struct buffer *out)
{
    uint64_t value = variant_of(listing, flag, variant)->value;
    switch ((enum fflag_type)flag->type) {
    case FFLAG_TYPE_BOOLEAN:
        buffer_append_text(out, value ? "true" : "false");
        return;
    case FFLAG_TYPE_INTEGER:
        buffer_format(out, "%" PRId64, (int64_t)value);
        return;
    case FFLAG_TYPE_NUMBER:
        json_write_number(out, number_of(value));
        return;
    case FFLAG_TYPE_STRING:
        json_write_string(out, snapshot_string(listing->snapshot, (ffs_string)value));
        return;
    case FFLAG_TYPE_JSON:
        write_json_text(snapshot_string(listing->snapshot, (ffs_string)value), out);
        return;
    }
}

/* ------------------------------------------------------------------------------------- salts -- */

static bool write_if_salt(uint64_t salt, const char *prefix, const char *name, const char *suffix,
                          struct buffer *out)
{
    struct buffer text = {0};
    buffer_format(&text, "%s%s%s", prefix, name, suffix);
    bool same = salt_hash(text.bytes, "") == salt;
    if (same)
        json_write_string(out, text.bytes);
    buffer_release(&text);
    return same;
}

static bool write_if_among(uint64_t salt, const char *prefix, const json_t *names,
                           struct buffer *out)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        if (write_if_salt(salt, prefix, json_string_value(json_array_get(names, i)), "", out))
            return true;
    return false;
}

void write_salt(const struct listing *listing, const struct ffs_flag *flag, uint64_t salt,
                struct buffer *out)
{
    const char *name = snapshot_string(listing->snapshot, flag->name);
    const json_t *about = json_object_get(json_object_get(listing->people, "flags"), name);
    const char *own = json_text_at(about, "salt");
    if (!own)
        own = name;
    if (write_if_salt(salt, "", own, "", out) || write_if_salt(salt, "", own, SPLIT_SUFFIX, out) ||
        write_if_among(salt, "layer/", json_object_get(listing->people, "layers"), out) ||
        write_if_among(salt, "holdout/", json_object_get(listing->people, "holdouts"), out))
        return;
    buffer_format(out, "#%016" PRIx64, salt);
}

static void write_thousandths(uint32_t thousandths, struct buffer *out)
{
    char text[PERCENT_TEXT_SIZE];
    percent_format(thousandths, text);
    terminal_format(out, "%s%%", text);
}

static void write_threshold(uint64_t threshold, struct buffer *out)
{
    uint32_t thousandths;
    if (percent_of_threshold(threshold, &thousandths))
        write_thousandths(thousandths, out);
    else
        buffer_format(out, "0x%016" PRIx64, threshold);
}

/* ---------------------------------------------------------------------------------- operands -- */

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void write_set(const struct listing *listing, uint64_t index, size_t most,
                      struct buffer *out)
{
    size_t size, count = 0;
    const uint64_t *words = snapshot_section(listing->snapshot, FFS_SETS, &size);
    const struct ffs_set *set = (const struct ffs_set *)(words + index);
    char **texts = xcalloc(set->count + 1u, sizeof *texts);
    for (uint32_t i = 0; i < set->capacity; i++) {
        const struct ffs_set_slot *slot = ffs_set_slot_at(set, i);
        if (slot->length == FFS_NONE)
            continue;
        const char *text = ffs_set_holds_inline(set, slot->length)
                               ? (const char *)&slot->ref
                               : snapshot_string(listing->snapshot, slot->ref);
        texts[count] = xcalloc(slot->length + 1u, 1);
        memcpy(texts[count++], text, slot->length);
    }
    qsort(texts, count, sizeof *texts, compare_texts);
    buffer_append_text(out, "{");
    for (size_t i = 0; i < count && i < most; i++) {
        if (i)
            buffer_append_text(out, ", ");
        json_write_string(out, texts[i]);
    }
    if (count > most)
        buffer_format(out, ", … %zu more", count - most);
    buffer_append_text(out, "}");
    while (count > 0)
        free(texts[--count]);
    free(texts);
}

static void write_address(uint64_t high, uint64_t low, struct buffer *out)
{
    uint8_t bytes[16];
    char text[INET6_ADDRSTRLEN];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(high >> (56 - 8 * i));
        bytes[8 + i] = (uint8_t)(low >> (56 - 8 * i));
    }
    bool v4 = high == 0 && low >> 32 == 0xFFFF;
    inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? bytes + 12 : bytes, text, sizeof text);
    buffer_append_text(out, text);
}

void write_network(const struct ffs_network *network, struct buffer *out)
{
    write_address(network->first_high, network->first_low, out);
    if (network->first_high == network->last_high && network->first_low == network->last_low)
        return;
    buffer_append_text(out, "-");
    write_address(network->last_high, network->last_low, out);
}

static void write_networks(const struct listing *listing, uint64_t operand, size_t most,
                           struct buffer *out)
{
    size_t size;
    const struct ffs_network *networks = snapshot_section(listing->snapshot, FFS_NETWORKS, &size);
    uint32_t first = (uint32_t)operand, count = (uint32_t)(operand >> 32);
    buffer_append_text(out, "{");
    for (uint32_t i = 0; i < count && i < most; i++) {
        if (i)
            buffer_append_text(out, ", ");
        write_network(&networks[first + i], out);
    }
    if (count > most)
        buffer_format(out, ", … %zu more", count - most);
    buffer_append_text(out, "}");
}

static void write_range(const struct listing *listing, const struct ffs_flag *flag, uint64_t index,
                        struct buffer *out)
{
    size_t size;
    const struct ffs_range *ranges = snapshot_section(listing->snapshot, FFS_RANGES, &size);
    write_threshold(ranges[index].from, out);
    buffer_append_text(out, " to ");
    if (ranges[index].to)
        write_threshold(ranges[index].to, out);
    else
        buffer_append_text(out, "100%");
    buffer_append_text(out, " of salt ");
    write_salt(listing, flag, ranges[index].salt, out);
}

static void write_remainders(const struct listing *listing, uint64_t index, struct buffer *out)
{
    size_t size;
    const struct ffs_range *ranges = snapshot_section(listing->snapshot, FFS_RANGES, &size);
    const struct ffs_range *range = &ranges[index];
    buffer_format(out, "%" PRIu64 " in %" PRIu64, range->divisor, range->from);
    if (range->to > range->from + 1)
        buffer_format(out, " to %" PRIu64, range->to - 1);
}

static void write_time(int64_t time, struct buffer *out)
{
    char text[32];
    format_time(time, text, sizeof text);
    buffer_append_text(out, text);
}

static void write_duration(int64_t ms, struct buffer *out)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{604800000, "w"}, {86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (ms % units[i].ms == 0) {
            terminal_format(out, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
            return;
        }
    buffer_format(out, "%" PRId64 "ms", ms);
}

static void write_minute(uint64_t minute, struct buffer *out)
{
    buffer_format(out, "%02u:%02u", (unsigned)(minute / 60), (unsigned)(minute % 60));
}

/* "mon, tue 09:00 to 17:00 in Europe/Oslo" */
static void write_weekly(const struct listing *listing, uint64_t operand, struct buffer *out)
{
    size_t size;
    const uint64_t *words = snapshot_section(listing->snapshot, FFS_ZONES, &size);
    const void *bytes = words + (uint32_t)operand;
    const struct ffs_zone *zone = (const struct ffs_zone *)bytes;
    const char *comma = "";
    for (unsigned day = 0; weekday_words[day]; day++)
        if (FFS_WEEKLY_DAYS(operand) != 127 && FFS_WEEKLY_DAYS(operand) >> day & 1) {
            terminal_format(out, "%s%s", comma, weekday_words[day]);
            comma = ", ";
        }
    if (FFS_WEEKLY_FROM(operand) > 0 || FFS_WEEKLY_UNTIL(operand) < 1440 ||
        FFS_WEEKLY_DAYS(operand) == 127) {
        buffer_append_text(out, *comma ? " " : "");
        write_minute(FFS_WEEKLY_FROM(operand), out);
        buffer_append_text(out, " to ");
        write_minute(FFS_WEEKLY_UNTIL(operand), out);
    }
    buffer_append_text(out, " in ");
    if (zone->name != FFS_NONE) {
        terminal_append(out, snapshot_string(listing->snapshot, zone->name));
        return;
    }
    char offset[16];
    format_offset(zone->offset, offset, sizeof offset);
    buffer_append_text(out, offset);
}

static void write_ramp(const struct listing *listing, const struct ffs_flag *flag, uint64_t index,
                       struct buffer *out)
{
    size_t size;
    const struct ffs_ramp *ramps = snapshot_section(listing->snapshot, FFS_RAMPS, &size);
    const struct ffs_ramp *ramp = &ramps[index];
    write_thousandths(ramp->from, out);
    buffer_append_text(out, " from ");
    write_time(ramp->start, out);
    if (ramp->step) {
        buffer_append_text(out, " by ");
        write_thousandths(ramp->step, out);
        buffer_append_text(out, " every ");
        write_duration(ramp->every, out);
    }
    buffer_append_text(out, " to ");
    write_thousandths(ramp->to, out);
    if (!ramp->step) {
        buffer_append_text(out, " at ");
        write_time(ramp->end, out);
    }
    if (ramp->flags & FFS_RAMP_SALTED) {
        buffer_append_text(out, " of salt ");
        write_salt(listing, flag, ramp->salt, out);
    }
}

static void write_accepted(const struct listing *listing, const struct ffs_instruction *test,
                           struct buffer *out)
{
    const struct ffs_flag *other = &listing->flags[test->operand];
    terminal_format(out, "%s is ", snapshot_string(listing->snapshot, other->name));
    bool first = true;
    for (uint32_t i = 0; i <= other->variant_count; i++) {
        if (!(test[1 + i / 64].operand >> i % 64 & 1))
            continue;
        buffer_append_text(out, first ? "" : " or ");
        write_variant_name(listing, other, i < other->variant_count ? i : FFS_NO_VARIANT, out);
        first = false;
    }
}

static void write_split(const struct listing *listing, const struct ffs_flag *flag,
                        const struct ffs_instruction *split, struct buffer *out)
{
    size_t size;
    const uint64_t *words = snapshot_section(listing->snapshot, FFS_SPLITS, &size);
    const uint64_t *at = words + (uint32_t)split->operand;
    bool salted = *at & FFS_SPLIT_SALTED;
    uint64_t count = *at & ~FFS_SPLIT_SALTED;
    const uint64_t *arms = at + (salted ? 2 : 1);
    for (uint64_t i = 0; i < count; i++) {
        buffer_append_text(out, i ? ", " : "");
        write_variant_name(listing, flag, arms[2 * i + 1], out);
        buffer_append_text(out, " up to ");
        if (i + 1 < count)
            write_threshold(arms[2 * i], out);
        else
            buffer_append_text(out, "100%");
    }
    if (salted) {
        buffer_append_text(out, " of salt ");
        write_salt(listing, flag, at[1], out);
    }
}

void write_input(const struct listing *listing, uint16_t attribute, struct buffer *out)
{
    const struct snapshot *snapshot = listing->snapshot;
    if (attribute < FFS_FIRST_KEY) {
        terminal_append(out, snapshot_string(snapshot, listing->attributes[attribute].name));
        return;
    }
    size_t size;
    const struct ffs_key *keys = snapshot_section(snapshot, FFS_KEYS, &size);
    const struct ffs_key *key = &keys[attribute - FFS_FIRST_KEY];
    for (uint32_t i = 0; i < key->count; i++) {
        if (i > 0 && key->kind == FFS_KEY_FIRST)
            buffer_append_text(out, " or ");
        else if (i > 0)
            terminal_format(out, " + \"%s\" + ", snapshot_string(snapshot, key->with));
        terminal_append(out,
                        snapshot_string(snapshot, listing->attributes[key->attributes[i]].name));
    }
}

static void write_operand(const struct listing *listing, const struct ffs_flag *flag,
                          const struct ffs_instruction *instruction, size_t most,
                          struct buffer *out)
{
    uint64_t operand = instruction->operand;
    switch (ffs_operand_of(instruction->op)) {
    case FFS_OPERAND_NONE:
    case FFS_OPERAND_BODY:         /* printed as the instructions it is */
    case FFS_OPERAND_VARIANT_BITS: /* printed with the flag they belong to */
        return;
    case FFS_OPERAND_RULE:
        if (ffs_uses_of(instruction->op) & FFS_USES_VARIANT)
            write_variant_name(listing, flag, instruction->variant, out);
        return;
    case FFS_OPERAND_SPLIT:
        write_split(listing, flag, instruction, out);
        return;
    case FFS_OPERAND_STRING:
    case FFS_OPERAND_TAGGED_STRING:
    case FFS_OPERAND_GLOB:
        json_write_string(out, snapshot_string(listing->snapshot, (ffs_string)operand));
        return;
    case FFS_OPERAND_VERSION:
    case FFS_OPERAND_LOOSE_VERSION:
        terminal_append(out, snapshot_string(listing->snapshot, (ffs_string)operand));
        return;
    case FFS_OPERAND_SET:
    case FFS_OPERAND_DIGESTS:
        write_set(listing, operand, most, out);
        return;
    case FFS_OPERAND_NUMBER:
        json_write_number(out, number_of(operand));
        return;
    case FFS_OPERAND_BOOLEAN:
        buffer_append_text(out, operand ? "true" : "false");
        return;
    case FFS_OPERAND_TIME:
        write_time((int64_t)operand, out);
        return;
    case FFS_OPERAND_DURATION:
        write_duration((int64_t)operand, out);
        return;
    case FFS_OPERAND_WEEKLY:
        write_weekly(listing, operand, out);
        return;
    case FFS_OPERAND_NETWORKS:
        write_networks(listing, operand, most, out);
        return;
    case FFS_OPERAND_AUTOMATON:
        json_write_string(out, snapshot_string(listing->snapshot, (ffs_string)(operand >> 32)));
        return;
    case FFS_OPERAND_THRESHOLD:
        write_threshold(operand, out);
        return;
    case FFS_OPERAND_RANGE:
        write_range(listing, flag, operand, out);
        return;
    case FFS_OPERAND_REMAINDERS:
        write_remainders(listing, operand, out);
        return;
    case FFS_OPERAND_RAMP:
        write_ramp(listing, flag, operand, out);
        return;
    case FFS_OPERAND_ATTRIBUTE:
        write_input(listing, (uint16_t)operand, out);
        return;
    case FFS_OPERAND_FLAG:
        write_accepted(listing, instruction, out);
        return;
    }
}

static bool reads_number(const struct listing *listing, const struct ffs_instruction *instruction)
{
    if (ffs_operand_of(instruction->op) == FFS_OPERAND_ATTRIBUTE)
        return listing->attributes[(uint32_t)instruction->operand].type == FFLAG_ATTRIBUTE_NUMBER;
    switch ((enum ffs_op)instruction->op) {
#define FFS_OPERATION(number, name, operand, uses, reads, ...) \
    case FFS_##name:                                           \
        return strcmp(#reads, "NUMBER") == 0;
#include "fflag/operations.def"
    }
    return false;
}

/* What of a list an instruction of a body reads. */
static const char *part_words(const struct listing *listing,
                              const struct ffs_instruction *instruction)
{
    if (!(ffs_uses_of(instruction->op) & FFS_USES_VALUE) ||
        listing->attributes[instruction->attribute].type != FFLAG_ATTRIBUTE_STRINGS)
        return "";
    return reads_number(listing, instruction) ? "size of " : "entry of ";
}

void write_instruction(const struct listing *listing, const struct ffs_flag *flag,
                       const struct ffs_instruction *instruction, size_t most, struct buffer *out)
{
    if (instruction->attribute != FFS_NO_ATTRIBUTE) {
        buffer_append_text(out, part_words(listing, instruction));
        write_input(listing, instruction->attribute, out);
    }
    buffer_append_text(out, operation_words(instruction->op));
    write_operand(listing, flag, instruction, most, out);
    if (ffs_uses_of(instruction->op) & FFS_USES_IGNORE_CASE && instruction->flags & FFS_IGNORE_CASE)
        buffer_append_text(out, " ignoring case");
}
