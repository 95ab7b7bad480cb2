/* exact_sum_text.c - see exact_sum_text.h. Both halves of the number are converted nine decimal
 * digits at a time, by schoolbook arithmetic on 32-bit limbs. */
#include "exact_sum_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compiler/base/buffer.h"

#define FRACTION_LIMBS (-EXACT_SUM_LOWEST_EXPONENT / EXACT_SUM_LIMB_BITS)
#define WHOLE_LIMBS    (EXACT_SUM_LIMBS - FRACTION_LIMBS)
#define GROUP          UINT32_C(1000000000)
#define GROUP_DIGITS   9
/* 2^1152 has 347 digits, and each bit of a fraction is one digit. */
#define MOST_WHOLE_GROUPS    39
#define MOST_FRACTION_GROUPS ((FRACTION_LIMBS * EXACT_SUM_LIMB_BITS + GROUP_DIGITS) / GROUP_DIGITS)

/* Its absolute value, as limbs below 2^32, the least first. Returns whether it is negative. */
static bool magnitude_of(const struct exact_sum *sum, uint32_t limbs[EXACT_SUM_LIMBS])
{
    struct exact_sum exact = *sum;
    exact_sum_normalise(&exact);
    bool negative = exact.limbs[EXACT_SUM_LIMBS - 1] < 0;
    for (int i = 0; i < EXACT_SUM_LIMBS && negative; i++)
        exact.limbs[i] = -exact.limbs[i];
    if (negative)
        exact_sum_normalise(&exact);
    for (int i = 0; i < EXACT_SUM_LIMBS; i++)
        limbs[i] = (uint32_t)exact.limbs[i];
    return negative;
}

static bool is_zero(const uint32_t *limbs, int count)
{
    for (int i = 0; i < count; i++)
        if (limbs[i])
            return false;
    return true;
}

/* ----------------------------------------------------------------------------------- writing -- */

static void write_whole(uint32_t *limbs, struct buffer *out)
{
    uint32_t groups[MOST_WHOLE_GROUPS];
    int count = 0;
    do {
        uint64_t rest = 0;
        for (int i = WHOLE_LIMBS; i-- > 0;) {
            uint64_t part = rest << EXACT_SUM_LIMB_BITS | limbs[i];
            limbs[i] = (uint32_t)(part / GROUP);
            rest = part % GROUP;
        }
        groups[count++] = (uint32_t)rest;
    } while (count < MOST_WHOLE_GROUPS && !is_zero(limbs, WHOLE_LIMBS));
    buffer_format(out, "%" PRIu32, groups[--count]);
    while (count > 0)
        buffer_format(out, "%09" PRIu32, groups[--count]);
}

static void write_fraction(uint32_t *limbs, struct buffer *out)
{
    if (is_zero(limbs, FRACTION_LIMBS))
        return;
    buffer_append_text(out, ".");
    while (!is_zero(limbs, FRACTION_LIMBS)) {
        uint64_t carry = 0;
        for (int i = 0; i < FRACTION_LIMBS; i++) {
            carry += (uint64_t)limbs[i] * GROUP;
            limbs[i] = (uint32_t)carry;
            carry >>= EXACT_SUM_LIMB_BITS;
        }
        buffer_format(out, "%09" PRIu64, carry);
    }
    while (out->bytes[out->length - 1] == '0')
        out->bytes[--out->length] = '\0';
}

void exact_sum_write(const struct exact_sum *sum, struct buffer *out)
{
    uint32_t limbs[EXACT_SUM_LIMBS];
    if (magnitude_of(sum, limbs))
        buffer_append_text(out, "-");
    write_whole(limbs + FRACTION_LIMBS, out);
    write_fraction(limbs, out);
}

/* ----------------------------------------------------------------------------------- reading -- */

static size_t digits_at(const char *text, size_t length)
{
    size_t digits = 0;
    while (digits < length && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    return digits;
}

/* False: it is beyond all sums. */
static bool read_whole(uint32_t *limbs, const char *digits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t carry = (uint64_t)(digits[i] - '0');
        for (int limb = 0; limb < WHOLE_LIMBS; limb++) {
            carry += (uint64_t)limbs[limb] * 10;
            limbs[limb] = (uint32_t)carry;
            carry >>= EXACT_SUM_LIMB_BITS;
        }
        if (carry)
            return false;
    }
    return limbs[WHOLE_LIMBS - 1] == 0; /* room for others to be added to it */
}

/* False: it has no finite binary form that is long enough. */
static bool read_fraction(uint32_t *limbs, const char *digits, size_t count)
{
    uint32_t groups[MOST_FRACTION_GROUPS] = {0};
    size_t group_count = (count + GROUP_DIGITS - 1) / GROUP_DIGITS;
    if (group_count > MOST_FRACTION_GROUPS)
        return false;
    for (size_t i = 0; i < group_count * GROUP_DIGITS; i++)
        groups[i / GROUP_DIGITS] =
            groups[i / GROUP_DIGITS] * 10 + (i < count ? (uint32_t)(digits[i] - '0') : 0);
    for (int limb = FRACTION_LIMBS; limb-- > 0;) {
        uint64_t carry = 0;
        for (size_t i = group_count; i-- > 0;) {
            carry += (uint64_t)groups[i] << EXACT_SUM_LIMB_BITS;
            groups[i] = (uint32_t)(carry % GROUP);
            carry /= GROUP;
        }
        limbs[limb] = (uint32_t)carry;
        while (group_count > 0 && groups[group_count - 1] == 0)
            group_count--;
    }
    return group_count == 0;
}

static void set_sum(struct exact_sum *sum, const uint32_t *limbs, bool negative)
{
    *sum = (struct exact_sum){.pending = 1};
    for (int i = 0; i < EXACT_SUM_LIMBS; i++)
        sum->limbs[i] = negative ? -(__int128)limbs[i] : (__int128)limbs[i];
}

bool exact_sum_read(struct exact_sum *sum, const char *text, size_t length)
{
    uint32_t limbs[EXACT_SUM_LIMBS] = {0};
    bool negative = length > 0 && *text == '-';
    text += negative;
    length -= negative;
    size_t whole = digits_at(text, length);
    const char *fraction = text + whole + 1;
    size_t places = whole < length ? length - whole - 1 : 0;
    bool sound =
        whole > 0 && (text[0] != '0' || whole == 1) && whole <= 400 &&
        (whole == length || (text[whole] == '.' && places > 0 &&
                             digits_at(fraction, places) == places && fraction[places - 1] != '0'));
    if (!sound || !read_whole(limbs + FRACTION_LIMBS, text, whole) ||
        !read_fraction(limbs, fraction, places))
        return false;
    bool zero = is_zero(limbs, EXACT_SUM_LIMBS);
    set_sum(sum, limbs, negative);
    return !(negative && zero);
}

#define MOST_HALVINGS 80

/* "p-80": how often it is halved; false: it is none. */
static bool read_halvings(const char *text, size_t length, unsigned *halvings)
{
    *halvings = 0;
    if (length == 2 && text[0] == 'p' && text[1] == '0')
        return true;
    if (length < 3 || text[0] != 'p' || text[1] != '-' || text[2] == '0' ||
        digits_at(text + 2, length - 2) != length - 2)
        return false;
    for (size_t i = 2; i < length && *halvings <= MOST_HALVINGS; i++)
        *halvings = *halvings * 10 + (unsigned)(text[i] - '0');
    return *halvings <= MOST_HALVINGS;
}

/* There is room for what is shifted out of the whole part. */
static void halve(uint32_t *limbs, unsigned halvings)
{
    int words = (int)(halvings / EXACT_SUM_LIMB_BITS);
    unsigned bits = halvings % EXACT_SUM_LIMB_BITS;
    for (int i = 0; i < EXACT_SUM_LIMBS; i++) {
        uint64_t low = i + words < EXACT_SUM_LIMBS ? limbs[i + words] : 0;
        uint64_t high = i + words + 1 < EXACT_SUM_LIMBS ? limbs[i + words + 1] : 0;
        limbs[i] = (uint32_t)((high << EXACT_SUM_LIMB_BITS | low) >> bits);
    }
}

bool exact_sum_read_scaled(struct exact_sum *sum, const char *text, size_t length)
{
    uint32_t limbs[EXACT_SUM_LIMBS] = {0};
    unsigned halvings;
    bool negative = length > 0 && *text == '-';
    text += negative;
    length -= negative;
    size_t whole = digits_at(text, length);
    if (whole == 0 || whole > 400 || (text[0] == '0' && whole > 1) ||
        !read_halvings(text + whole, length - whole, &halvings) ||
        !read_whole(limbs + FRACTION_LIMBS, text, whole))
        return false;
    bool zero = is_zero(limbs, EXACT_SUM_LIMBS);
    halve(limbs, halvings);
    set_sum(sum, limbs, negative);
    return !(negative && zero);
}
