/*
 * random.h - random numbers that a seed gives again: SEED=, which random_begin() prints.
 */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t random_state = 1;

static inline void random_begin(uint64_t usual)
{
    const char *text = getenv("SEED");
    random_state = text ? strtoull(text, NULL, 10) : usual;
    printf("# SEED=%llu\n", (unsigned long long)random_state);
}

/* As a group's set-up, for cmocka. */
static inline int random_setup(void **state)
{
    (void)state;
    random_begin(20261120);
    return 0;
}

/* All 64 bits; xorshift64, whose state is never 0. */
static inline uint64_t random_bits(void)
{
    random_state += random_state == 0;
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

/* 0 to limit - 1; Knuth's MMIX generator, of which the upper bits are good. */
static inline uint32_t random_below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % limit;
}

#endif
