/* pairs.c - see pairs.h. */
#include "tools/servicelog/pairs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/nearest.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/scalar.h"
#include "compiler/diagnostics/diagnostics.h"

struct pair next_pair(const char **text, struct arena *arena)
{
    const char *comma = strchr(*text, ',');
    size_t length = comma ? (size_t)(comma - *text) : strlen(*text);
    char *name = arena_copy(arena, *text, length);
    char *equals = strchr(name, '=');
    if (equals)
        *equals = '\0';
    *text = comma ? comma + 1 : NULL;
    return (struct pair){name, equals ? equals + 1 : NULL};
}

bool read_share(const char *name, const char *value, double *share, struct buffer *error)
{
    uint32_t thousandths;
    if (!value || !parse_percent(value, &thousandths)) {
        buffer_format(error, "%s takes a percentage such as 2.5%%, not '%s'", name,
                      value ? value : "");
        return false;
    }
    *share = (double)thousandths / 100000;
    return true;
}

bool read_number(const char *name, const char *value, double least, double *number,
                 struct buffer *error)
{
    if (!value || !parse_number(value, number) || *number < least) {
        buffer_format(error, "%s takes a number of at least %g, not '%s'", name, least,
                      value ? value : "");
        return false;
    }
    return true;
}

bool read_count(const char *name, const char *value, uint64_t most, uint64_t *count,
                struct buffer *error)
{
    int64_t number;
    if (!value || !parse_integer(value, &number) || number < 1 || (uint64_t)number > most) {
        buffer_format(error, "%s takes a number from 1 to %" PRIu64 ", not '%s'", name, most,
                      value ? value : "");
        return false;
    }
    *count = (uint64_t)number;
    return true;
}

bool read_span(const char *name, const char *value, int64_t *ms, struct buffer *error)
{
    if (!value || !parse_duration(value, ms)) {
        buffer_format(error, "%s takes a time span such as 90s or 24h, not '%s'", name,
                      value ? value : "");
        return false;
    }
    return true;
}

bool read_factor(const char *name, const char *value, double *factor, struct buffer *error)
{
    if (!value || value[0] != 'x' || !parse_number(value + 1, factor) || *factor < 0 ||
        *factor > 1000) {
        buffer_format(error, "%s takes a factor from x0 to x1000, such as x1.5, not '%s'", name,
                      value ? value : "");
        return false;
    }
    return true;
}

bool unknown_name(const char *what, const char *name, const char *const *names, size_t count,
                  struct buffer *error)
{
    const char *near = nearest_name(name, names, count);
    buffer_format(error, "no %s is called '%s'", what, name);
    if (near)
        buffer_format(error, "; did you mean '%s'?", near);
    buffer_append_text(error, "; there are");
    for (size_t i = 0; i < count; i++)
        buffer_format(error, "%s %s", i ? "," : "", names[i]);
    return false;
}
