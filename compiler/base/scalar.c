/* scalar.c - see scalar.h. */
#include "scalar.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "arena.h"
#include "percent.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *at)
{
    while (is_digit(*at))
        at++;
    return at;
}

bool parse_number(const char *text, double *value)
{
    const char *at = text + (*text == '-');
    const char *digits = at;
    at = skip_digits(at);
    if (at == digits)
        return false;
    if (*at == '.') {
        digits = ++at;
        at = skip_digits(at);
        if (at == digits)
            return false;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        digits = at;
        at = skip_digits(at);
        if (at == digits)
            return false;
    }
    if (*at)
        return false;
    double parsed = strtod(text, NULL);
    if (!isfinite(parsed))
        return false;
    *value = parsed;
    return true;
}

bool parse_integer(const char *text, int64_t *value)
{
    const char *at = text + (*text == '-');
    if (!is_digit(*at) || *skip_digits(at))
        return false;
    errno = 0;
    long long parsed = strtoll(text, NULL, 10);
    if (errno)
        return false;
    *value = parsed;
    return true;
}

bool parse_percent(const char *text, uint32_t *thousandths)
{
    uint32_t value = 0;
    const char *at = text;
    if (!is_digit(*at))
        return false;
    for (; is_digit(*at); at++) {
        value = value * 10 + (uint32_t)(*at - '0');
        if (value > 100)
            return false;
    }
    value *= 1000;
    if (*at == '.') {
        at++;
        if (!is_digit(*at))
            return false;
        uint32_t unit = 100;
        for (; is_digit(*at); at++, unit /= 10) {
            if (!unit && *at != '0')
                return false;
            value += unit * (uint32_t)(*at - '0');
        }
    }
    at += *at == '%';
    if (*at || value > PERCENT_ALL)
        return false;
    *thousandths = value;
    return true;
}

bool parse_duration(const char *text, int64_t *ms)
{
    static const struct {
        char letter;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}, {'w', 604800000}};
    const char *at = skip_digits(text);
    /* Ten digits of weeks are beyond any time that can be represented. */
    if (at == text || at - text > 10 || !at[0] || at[1])
        return false;
    int64_t count = strtoll(text, NULL, 10);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (units[i].letter == *at) {
            *ms = count * units[i].ms;
            return true;
        }
    }
    return false;
}

static bool version_number(const char **at)
{
    const char *begin = *at;
    *at = skip_digits(begin);
    /* No leading zeros, and nothing that overflows 64 bits. */
    return *at > begin && *at - begin <= 18 && (*begin != '0' || *at == begin + 1);
}

static bool version_identifiers(const char **at, bool numbers_checked)
{
    do {
        const char *begin = *at;
        bool number = true;
        for (; is_digit(**at) || (**at >= 'a' && **at <= 'z') || (**at >= 'A' && **at <= 'Z') ||
               **at == '-';
             ++*at)
            number &= is_digit(**at);
        if (*at == begin)
            return false;
        if (numbers_checked && number && *begin == '0' && *at > begin + 1)
            return false;
    } while (**at == '.' && ++*at);
    return true;
}

bool parse_version(const char *text, struct buffer *canonical)
{
    const char *at = text + (*text == 'v');
    const char *begin = at;
    int parts = 0;
    do {
        if (!version_number(&at))
            return false;
        parts++;
    } while (parts < 3 && *at == '.' && ++at);
    const char *numbers_end = at;
    const char *prerelease_end = at;
    if (*at == '-') {
        at++;
        if (!version_identifiers(&at, true))
            return false;
        prerelease_end = at;
    }
    if (*at == '+') {
        at++;
        if (!version_identifiers(&at, false))
            return false;
    }
    if (*at)
        return false;
    buffer_append(canonical, begin, (size_t)(numbers_end - begin));
    for (; parts < 3; parts++)
        buffer_append_text(canonical, ".0");
    buffer_append(canonical, numbers_end, (size_t)(prerelease_end - numbers_end));
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Numbers without leading zeros, and without parts of zero at the end. */
static bool loose_parts(const char **at, struct buffer *canonical)
{
    size_t kept = 0;
    for (bool first = true; is_digit(**at); first = false) {
        const char *begin = *at, *end = skip_digits(begin);
        while (end - begin > 1 && *begin == '0')
            begin++;
        if (!first)
            buffer_append_text(canonical, ".");
        buffer_append(canonical, begin, (size_t)(end - begin));
        if (first || *begin != '0')
            kept = canonical->length;
        *at = end;
        if (*end != '.' || !is_digit(end[1]))
            break;
        ++*at;
    }
    if (kept > 0)
        canonical->bytes[canonical->length = kept] = '\0';
    return kept > 0;
}

/* Runs of digits and of letters; false if there are none. */
static bool loose_runs(const char **at, struct buffer *canonical)
{
    bool any = false;
    while (is_digit(**at) || is_letter(**at) || (**at && strchr(".-_", **at))) {
        const char *begin = *at;
        bool digits = is_digit(*begin);
        if (!digits && !is_letter(*begin)) {
            ++*at;
            continue;
        }
        while (digits ? is_digit(**at) : is_letter(**at))
            ++*at;
        while (digits && *at - begin > 1 && *begin == '0')
            begin++;
        buffer_append_text(canonical, any ? "." : "-");
        for (; begin < *at; begin++)
            buffer_append(canonical, &(char){(char)(digits ? *begin : *begin | 0x20)}, 1);
        any = true;
    }
    return any;
}

bool parse_loose_version(const char *text, struct buffer *canonical)
{
    const char *at = text + (*text == 'v' || *text == 'V');
    struct buffer build = {0};
    if (!loose_parts(&at, canonical))
        return false;
    if (*at && *at != '+' && ((*at == '.' && !is_letter(at[1])) || !loose_runs(&at, canonical)))
        return false;
    bool sound = *at != '+' || (++at, loose_runs(&at, &build));
    buffer_release(&build);
    return sound && !*at;
}

/* Without leading zeros, the longer number is the greater. */
static int compare_digits(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    return memcmp(a, b, a_length);
}

static int compare_identifiers(const char *a, size_t a_length, const char *b, size_t b_length)
{
    bool a_number = strspn(a, "0123456789") >= a_length;
    bool b_number = strspn(b, "0123456789") >= b_length;
    if (a_number != b_number)
        return a_number ? -1 : 1;
    if (a_number)
        return compare_digits(a, a_length, b, b_length);
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

int compare_versions(const char *a, const char *b)
{
    while (is_digit(*a) || is_digit(*b)) {
        size_t a_length = strspn(a, "0123456789"), b_length = strspn(b, "0123456789");
        int order = compare_digits(a_length ? a : "0", a_length ? a_length : 1, b_length ? b : "0",
                                   b_length ? b_length : 1);
        if (order)
            return order;
        a += a_length + (a[a_length] == '.');
        b += b_length + (b[b_length] == '.');
    }
    if (*a != '-' || *b != '-')
        return (*a != '-') - (*b != '-');
    while (*a == '-' || *a == '.') {
        if (*b != '-' && *b != '.')
            return 1;
        size_t a_length = strcspn(++a, ".+"), b_length = strcspn(++b, ".+");
        int order = compare_identifiers(a, a_length, b, b_length);
        if (order)
            return order;
        a += a_length;
        b += b_length;
    }
    return *b == '.' ? -1 : 0;
}

static bool parse_address(const char *text, uint8_t address[16], unsigned *bits)
{
    memset(address, 0, 16);
    if (strchr(text, ':')) {
        *bits = 128;
        return inet_pton(AF_INET6, text, address) == 1;
    }
    *bits = 32;
    address[10] = address[11] = 0xFF;
    return inet_pton(AF_INET, text, address + 12) == 1;
}

bool parse_network(const char *text, struct network *network, bool *exact)
{
    char address[64];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    if (length >= sizeof address)
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    unsigned bits;
    if (!parse_address(address, network->first, &bits))
        return false;
    unsigned prefix = bits;
    if (slash) {
        const char *digits = slash + 1;
        const char *end = skip_digits(digits);
        if (end == digits || end - digits > 3 || *end || (*digits == '0' && end - digits > 1))
            return false;
        prefix = (unsigned)strtoul(digits, NULL, 10);
        if (prefix > bits)
            return false;
    }
    prefix += 128 - bits;
    *exact = true;
    memcpy(network->last, network->first, 16);
    for (unsigned bit = prefix; bit < 128; bit++) {
        uint8_t mask = (uint8_t)(0x80u >> bit % 8);
        *exact &= !(network->first[bit / 8] & mask);
        network->first[bit / 8] &= (uint8_t)~mask;
        network->last[bit / 8] |= mask;
    }
    return true;
}

const char *duration_text(struct arena *arena, int64_t ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
    if (ms < 1000)
        return ms <= 0 ? "0s" : arena_format(arena, "%lldms", (long long)ms);
    /* The two largest units are precise enough. Days start at two, so that 24h stays 24h. */
    size_t unit = ms < 2 * units[0].ms;
    while (ms < units[unit].ms)
        unit++;
    int64_t whole = ms / units[unit].ms;
    int64_t rest = unit < 3 ? ms % units[unit].ms / units[unit + 1].ms : 0;
    if (rest == 0)
        return arena_format(arena, "%lld%s", (long long)whole, units[unit].name);
    return arena_format(arena, "%lld%s %lld%s", (long long)whole, units[unit].name, (long long)rest,
                        units[unit + 1].name);
}
