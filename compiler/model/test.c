/* test.c - see test.h. */
#include "test.h"

bool test_supposes(const struct test *test, const struct override *override)
{
    const struct supposed_overrides *supposed = &test->overrides;
    bool named = supposed->active;
    for (uint32_t i = 0; i < supposed->count; i++)
        named |= supposed->items[i] == override;
    return named;
}
