/* test.c - see test.h. */
#include "test.h"

bool test_sees(const struct test *test, const struct override *override)
{
    const struct named_overrides *named = &test->overrides;
    bool sees = named->active;
    for (uint32_t i = 0; i < named->count; i++)
        sees |= named->items[i] == override;
    return sees;
}
