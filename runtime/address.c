/* SPDX-License-Identifier: Apache-2.0 */
/* address.c - parses IP addresses into two 64-bit halves, IPv4 as ::ffff:a.b.c.d. */
#include <arpa/inet.h>

#include "values.h"

static uint64_t read_half(const uint8_t *bytes)
{
    uint64_t half = 0;
    for (unsigned i = 0; i < 8; i++)
        half = half << 8 | bytes[i];
    return half;
}

bool runtime_parse_address(const char *text, size_t length, struct address *address)
{
    char terminated[INET6_ADDRSTRLEN];
    if (length >= sizeof terminated || memchr(text, '\0', length))
        return false;
    memcpy(terminated, text, length);
    terminated[length] = '\0';

    uint8_t bytes[16] = {[10] = 0xff, [11] = 0xff};
    if (inet_pton(AF_INET, terminated, bytes + 12) != 1 &&
        inet_pton(AF_INET6, terminated, bytes) != 1)
        return false;
    address->high = read_half(bytes);
    address->low = read_half(bytes + 8);
    return true;
}
