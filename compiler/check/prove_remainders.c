/*
 * prove_remainders.c - see prove_remainders.h.
 *
 * Remainders of several divisors repeat after the divisors' least common multiple. If that is too
 * far, integers can still stand for all as long as there is only one divisor: one for each
 * remainder that is named, and one for the others.
 */
#include "prove_remainders.h"

#include <math.h>

#include "compiler/base/arena.h"

#define LONGEST_PERIOD 1024
#define MOST_NAMED     256

struct divisors {
    uint64_t period; /* 0: too long */
    uint64_t only;   /* 0: there are several */
    uint64_t named;  /* remainders, in all tests */
};

static bool asks_for_remainder(const struct condition *test)
{
    return proof_of(test) == PROOF_REMAINDER;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b > 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static struct divisors divisors_of(const struct subject *subject)
{
    struct divisors divisors = {.period = 1};
    bool several = false;
    for (uint32_t i = 0; i < subject->atom_count; i++) {
        const struct condition *test = subject->atoms[i];
        if (!asks_for_remainder(test))
            continue;
        several |= divisors.only && divisors.only != test->divisor;
        divisors.only = test->divisor;
        divisors.named += test->operand_count;
        if (divisors.period > 0 && test->divisor <= LONGEST_PERIOD)
            divisors.period *= test->divisor / common_divisor(divisors.period, test->divisor);
        if (divisors.period > LONGEST_PERIOD || test->divisor > LONGEST_PERIOD)
            divisors.period = 0;
    }
    if (several)
        divisors.only = 0;
    return divisors;
}

struct integral integral_of(double number)
{
    if (!(fabs(number) <= 0x1p53) || number != trunc(number))
        return (struct integral){NO_INTEGER, 0};
    return (struct integral){AN_INTEGER, (int64_t)number};
}

bool leaves_remainder(const struct condition *test, struct integral number)
{
    int64_t divisor = (int64_t)test->divisor, left = number.value % divisor;
    double remainder = (double)(left < 0 ? left + divisor : left);
    for (uint32_t i = 0; number.kind == AN_INTEGER && i < test->operand_count; i++) {
        if (test->operands[i].number == remainder)
            return true;
    }
    return false;
}

static void add(struct integrals *numbers, struct arena *arena, int64_t value)
{
    *ARENA_APPEND(arena, numbers->items, numbers->count) = (struct integral){AN_INTEGER, value};
}

static bool is_named(const struct subject *subject, int64_t value)
{
    bool named = false;
    for (uint32_t i = 0; i < subject->atom_count && !named; i++)
        named = asks_for_remainder(subject->atoms[i]) &&
                leaves_remainder(subject->atoms[i], (struct integral){AN_INTEGER, value});
    return named;
}

/* From `low` to `high`, of a single divisor: the first that leaves each named remainder, and the
 * first that leaves another. */
static void add_named(const struct subject *subject, struct arena *arena, int64_t low, int64_t high,
                      struct integrals *numbers)
{
    for (uint32_t i = 0; i < subject->atom_count; i++) {
        const struct condition *test = subject->atoms[i];
        for (uint32_t j = 0; asks_for_remainder(test) && j < test->operand_count; j++) {
            int64_t divisor = (int64_t)test->divisor;
            int64_t away = ((int64_t)test->operands[j].number - low % divisor) % divisor;
            away += away < 0 ? divisor : 0;
            if (away <= high - low)
                add(numbers, arena, low + away);
        }
    }
    int64_t other = low;
    while (other <= high && is_named(subject, other))
        other++;
    if (other <= high)
        add(numbers, arena, other);
}

struct integrals integrals_between(const struct subject *subject, struct arena *arena, double low,
                                   double high)
{
    struct divisors divisors = divisors_of(subject);
    struct integrals numbers = {0};
    struct integral *first = ARENA_APPEND(arena, numbers.items, numbers.count);
    bool few = divisors.period && divisors.named <= LONGEST_PERIOD;
    *first = (struct integral){ANY_NUMBER, 0};
    if (!divisors.named || !(few || (divisors.only && divisors.named <= MOST_NAMED)))
        return numbers;
    first->kind = NO_INTEGER;
    if (low >= 0x1p53 || high <= -0x1p53)
        return numbers;
    int64_t from = low < -0x1p53 ? -(INT64_C(1) << 53) : (int64_t)floor(low) + 1;
    int64_t to = high > 0x1p53 ? INT64_C(1) << 53 : (int64_t)ceil(high) - 1;
    if (!few)
        add_named(subject, arena, from, to, &numbers);
    for (int64_t i = 0; few && i < (int64_t)divisors.period && i <= to - from; i++)
        add(&numbers, arena, from + i);
    return numbers;
}
