/* SPDX-License-Identifier: Apache-2.0 */
/* value_tests.c - tests one value against an operand. */
#include "value_tests.h"

#include "match.h"
#include "values.h"

bool test_presence(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                   const struct fflag_slot *slot, uint8_t declared)
{
    (void)snapshot, (void)instruction;
    return is_usable(slot, declared);
}

bool test_contains(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                   const struct fflag_slot *slot, uint8_t declared)
{
    (void)declared;
    ffs_string part = (ffs_string)instruction->operand;
    return runtime_contains(slot->value.pointer, slot->length, string_bytes(snapshot, part),
                            string_length(snapshot, part), instruction->flags & FFS_IGNORE_CASE);
}

bool test_glob(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
               const struct fflag_slot *slot, uint8_t declared)
{
    (void)declared;
    ffs_string glob = (ffs_string)instruction->operand;
    return runtime_match_glob(string_bytes(snapshot, glob), string_length(snapshot, glob),
                              slot->value.pointer, slot->length,
                              instruction->flags & FFS_IGNORE_CASE);
}

/* Whether the text at that place equals the operand, which has that length. */
static inline bool stands_at(const struct snapshot *snapshot,
                             const struct ffs_instruction *instruction, const char *text,
                             uint32_t length)
{
    const char *part = string_bytes(snapshot, (ffs_string)instruction->operand);
    return instruction->flags & FFS_IGNORE_CASE ? runtime_equals_folded(text, part, length)
                                                : memcmp(text, part, length) == 0;
}

bool test_prefix(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                 const struct fflag_slot *slot, uint8_t declared)
{
    (void)declared;
    uint32_t length = string_length(snapshot, (ffs_string)instruction->operand);
    return length <= slot->length && stands_at(snapshot, instruction, slot->value.pointer, length);
}

bool test_suffix(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                 const struct fflag_slot *slot, uint8_t declared)
{
    (void)declared;
    uint32_t length = string_length(snapshot, (ffs_string)instruction->operand);
    const char *text = slot->value.pointer;
    return length <= slot->length &&
           stands_at(snapshot, instruction, text + (slot->length - length), length);
}

bool test_pattern(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                  const struct fflag_slot *slot, uint8_t declared)
{
    (void)declared;
    const uint32_t *words = snapshot->automata + (uint32_t)instruction->operand;
    return ffs_automaton_matches((const struct ffs_automaton *)words, slot->value.pointer,
                                 slot->length);
}

bool test_strings(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                  const struct fflag_slot *slot, uint8_t declared)
{
    (void)declared;
    const char *const *values = slot->value.pointer;
    const char *wanted = string_bytes(snapshot, (ffs_string)instruction->operand);
    for (uint32_t i = 0; i < slot->length; i++)
        if (strcmp(values[i], wanted) == 0)
            return true;
    return false;
}

bool test_boolean(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                  const struct fflag_slot *slot, uint8_t declared)
{
    (void)snapshot, (void)declared;
    return slot->value.word == instruction->operand;
}

/* Of an integer that is exactly known; 0 to the divisor - 1, also of a negative one. */
bool test_remainder(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                    const struct fflag_slot *slot, uint8_t declared)
{
    (void)declared;
    const struct ffs_range *range = &snapshot->ranges[instruction->operand];
    double number = slot->value.number;
    if (!(number >= -0x1p53 && number <= 0x1p53) || (double)(int64_t)number != number)
        return false;
    int64_t divisor = (int64_t)range->divisor, remainder = (int64_t)number % divisor;
    uint64_t least = (uint64_t)(remainder < 0 ? remainder + divisor : remainder);
    return least >= range->from && least < range->to;
}

/* `order` compares the value with the operand. */
static bool test_order(enum ffs_comparison comparison, int order)
{
    switch (comparison) {
    case FFS_EQ:
        return order == 0;
    case FFS_LT:
        return order < 0;
    case FFS_LE:
        return order <= 0;
    case FFS_GT:
        return order > 0;
    case FFS_GE:
        return order >= 0;
    }
    return false;
}

static int compare_texts(const char *text, size_t text_length, const char *operand, size_t length,
                         bool ignore_case)
{
    size_t common = text_length < length ? text_length : length;
    if (!ignore_case) {
        int order = memcmp(text, operand, common);
        return order ? order : (text_length > length) - (text_length < length);
    }
    for (size_t i = 0; i < common; i++) {
        uint8_t a = (uint8_t)fold_ascii(text[i]), b = (uint8_t)fold_ascii(operand[i]);
        if (a != b)
            return a < b ? -1 : 1;
    }
    return (text_length > length) - (text_length < length);
}

bool test_text_order(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                     const struct fflag_slot *slot, uint8_t declared)
{
    (void)declared;
    ffs_string operand = (ffs_string)instruction->operand;
    return test_order(
        (enum ffs_comparison)(instruction->op - FFS_STRING_ORDER),
        compare_texts(slot->value.pointer, slot->length, string_bytes(snapshot, operand),
                      string_length(snapshot, operand), instruction->flags & FFS_IGNORE_CASE));
}

bool test_version(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                  const struct fflag_slot *slot, uint8_t declared)
{
    (void)declared;
    struct version version, operand;
    ffs_string string = (ffs_string)instruction->operand;
    return read_version(slot, &version) &&
           runtime_parse_version(string_bytes(snapshot, string), string_length(snapshot, string),
                                 &operand) &&
           test_order((enum ffs_comparison)(instruction->op - FFS_VERSION_EQ),
                      runtime_compare_versions(&version, &operand));
}

bool test_loose_version(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                        const struct fflag_slot *slot, uint8_t declared)
{
    (void)declared;
    struct loose_version version, operand;
    ffs_string string = (ffs_string)instruction->operand;
    return read_loose_version(slot, &version) &&
           runtime_parse_loose_version(string_bytes(snapshot, string),
                                       string_length(snapshot, string), &operand) &&
           test_order((enum ffs_comparison)(instruction->op - FFS_LOOSE_EQ),
                      runtime_compare_loose_versions(&version, &operand));
}

bool test_loose_presence(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                         const struct fflag_slot *slot, uint8_t declared)
{
    (void)snapshot, (void)instruction, (void)declared;
    struct loose_version version;
    return read_loose_version(slot, &version);
}

bool test_time(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
               const struct fflag_slot *slot, uint8_t declared)
{
    (void)snapshot, (void)declared;
    int64_t ms, operand = (int64_t)instruction->operand;
    return read_time(slot, &ms) && test_order((enum ffs_comparison)(instruction->op - FFS_TIME_EQ),
                                              (ms > operand) - (ms < operand));
}

/* Values of one declared type; false if either cannot be read as that. */
static bool compare_values(const struct fflag_slot *slot, const struct fflag_slot *other,
                           enum fflag_attribute_type type, bool ignore_case, int *order)
{
    struct version version, version2;
    int64_t ms, ms2;
    double number, number2;
    switch (type) {
    case FFLAG_ATTRIBUTE_STRING:
        *order = compare_texts(slot->value.pointer, slot->length, other->value.pointer,
                               other->length, ignore_case);
        return true;
    case FFLAG_ATTRIBUTE_NUMBER:
        number = slot->value.number, number2 = other->value.number;
        *order = (number > number2) - (number < number2);
        return true;
    case FFLAG_ATTRIBUTE_BOOLEAN:
        *order = (slot->value.word > other->value.word) - (slot->value.word < other->value.word);
        return true;
    case FFLAG_ATTRIBUTE_VERSION:
        if (!read_version(slot, &version) || !read_version(other, &version2))
            return false;
        *order = runtime_compare_versions(&version, &version2);
        return true;
    case FFLAG_ATTRIBUTE_TIME:
        if (!read_time(slot, &ms) || !read_time(other, &ms2))
            return false;
        *order = (ms > ms2) - (ms < ms2);
        return true;
    case FFLAG_ATTRIBUTE_STRINGS:
    case FFLAG_ATTRIBUTE_IP:
        break;
    }
    return false;
}

static bool compare_loose(const struct fflag_slot *slot, const struct fflag_slot *other, int *order)
{
    struct loose_version version, version2;
    if (!read_loose_version(slot, &version) || !read_loose_version(other, &version2))
        return false;
    *order = runtime_compare_loose_versions(&version, &version2);
    return true;
}

bool test_pair(const struct ffs_instruction *instruction, const struct fflag_slot *slot,
               const struct fflag_slot *other, uint8_t declared)
{
    int order;
    bool readable = instruction->operand & FFS_PAIR_LOOSE
                        ? compare_loose(slot, other, &order)
                        : compare_values(slot, other, (enum fflag_attribute_type)declared,
                                         instruction->flags & FFS_IGNORE_CASE, &order);
    return readable && test_order((enum ffs_comparison)(instruction->op - FFS_PAIR_EQ), order);
}

bool test_week(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
               int64_t now)
{
    const uint64_t operand = instruction->operand;
    const void *zone = snapshot->zones + (uint32_t)operand;
    uint32_t minute = ffs_minute_of_week((const struct ffs_zone *)zone, now);
    uint32_t day = minute / 1440, time = minute % 1440;
    return FFS_WEEKLY_DAYS(operand) >> day & 1 && time >= FFS_WEEKLY_FROM(operand) &&
           time < FFS_WEEKLY_UNTIL(operand);
}

bool test_age(const struct ffs_instruction *instruction, const struct fflag_slot *slot, int64_t now)
{
    int64_t ms;
    if (!read_time(slot, &ms) || ms > now)
        return false;
    bool older = (uint64_t)now - (uint64_t)ms > instruction->operand;
    return older == (instruction->op == FFS_TIME_OLDER);
}

static bool is_after(const struct address *address, uint64_t high, uint64_t low)
{
    return address->high > high || (address->high == high && address->low > low);
}

bool test_address(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                  const struct fflag_slot *slot, uint8_t declared)
{
    (void)declared;
    struct address address;
    if (!read_address(slot, &address))
        return false;
    /* Only the first network that does not end before the address can contain it. */
    const struct ffs_network *networks = snapshot->networks + (uint32_t)instruction->operand;
    uint32_t low = 0, count = (uint32_t)(instruction->operand >> 32), high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (is_after(&address, networks[middle].last_high, networks[middle].last_low))
            low = middle + 1;
        else
            high = middle;
    }
    return low < count &&
           (address.high > networks[low].first_high ||
            (address.high == networks[low].first_high && address.low >= networks[low].first_low));
}
