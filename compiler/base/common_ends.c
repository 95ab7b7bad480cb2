/* common_ends.c - see common_ends.h. */
#include "common_ends.h"

#include <string.h>

#define STRIDE 8 /* bytes compared at a time */

size_t common_prefix(const char *a, const char *b, size_t most)
{
    size_t same = 0;
    while (most - same >= STRIDE && memcmp(a + same, b + same, STRIDE) == 0)
        same += STRIDE;
    while (same < most && a[same] == b[same])
        same++;
    return same;
}

size_t common_suffix(const char *a_end, const char *b_end, size_t most)
{
    size_t same = 0;
    while (most - same >= STRIDE &&
           memcmp(a_end - same - STRIDE, b_end - same - STRIDE, STRIDE) == 0)
        same += STRIDE;
    while (same < most && *(a_end - same - 1) == *(b_end - same - 1))
        same++;
    return same;
}
