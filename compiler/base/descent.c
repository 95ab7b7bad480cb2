/* descent.c - see descent.h. */
#include "descent.h"

#include <stdlib.h>

#include "buffer.h"
#include "memory.h"
#include "nearest.h"

#define MOST_LOOKED_AT 64
#define DEEPEST_LOOK   8

static void cut(struct buffer *path, size_t length)
{
    path->length = length;
    path->bytes[length] = '\0';
}

void descent_init(struct descent *descent, const char *const *names, size_t count)
{
    *descent = (struct descent){.names = names, .count = count};
    descent->slots = xcalloc(count + 1, sizeof *descent->slots);
}

void descent_release(struct descent *descent)
{
    free(descent->values);
    free(descent->slots);
    *descent = (struct descent){0};
}

/* The first name that is not less. */
static size_t lower_bound(const struct descent *descent, const char *path)
{
    size_t low = 0, high = descent->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(descent->names[middle], path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* SIZE_MAX: there is none. */
static size_t name_at(const struct descent *descent, const char *path)
{
    size_t at = lower_bound(descent, path);
    return at < descent->count && strcmp(descent->names[at], path) == 0 ? at : SIZE_MAX;
}

/* A name that begins with the path and a dot; or NULL. */
static const char *name_below(const struct descent *descent, struct buffer *path)
{
    buffer_append(path, ".", 1);
    size_t at = lower_bound(descent, path->bytes);
    const char *below =
        at < descent->count && strncmp(descent->names[at], path->bytes, path->length) == 0
            ? descent->names[at]
            : NULL;
    cut(path, path->length - 1);
    return below;
}

static void add(struct descent *descent, size_t name, descent_way way,
                const struct descent_member *member)
{
    size_t *slot = &descent->slots[name];
    if (*slot) {
        struct descent_value *known = &descent->values[*slot - 1];
        if (way < known->way) {
            known->way = way;
            known->value = member->value;
        }
        if (descent->twice)
            descent->twice(descent->context, descent->names[name], member);
        return;
    }
    if (descent->value_count == descent->value_capacity) {
        descent->value_capacity = 2 * descent->value_capacity + 16;
        descent->values =
            xrealloc(descent->values, descent->value_capacity * sizeof *descent->values);
    }
    descent->values[descent->value_count++] =
        (struct descent_value){.name = name, .value = member->value, .way = way};
    *slot = descent->value_count;
}

/* Reports what in an object looks like a name. */
static bool report_near(struct descent *descent, void *object, struct buffer *path, unsigned depth,
                        unsigned *looked_at)
{
    struct descent_member member;
    size_t length = path->length;
    bool found = false;
    void *at = NULL;
    while (*looked_at < MOST_LOOKED_AT && descent->next(object, &at, &member)) {
        ++*looked_at;
        buffer_append(path, ".", 1);
        buffer_append_text(path, member.key);
        if (member.kind == MEMBER_VALUE) {
            bool near = nearest_name(path->bytes, descent->names, descent->count) != NULL;
            if (near)
                descent->unknown(descent->context, path->bytes, &member);
            found |= near;
        } else if (depth < DEEPEST_LOOK) {
            found |= report_near(descent, member.object, path, depth + 1, looked_at);
        }
        cut(path, length);
    }
    return found;
}

static void report_unknown(struct descent *descent, const struct descent_member *member,
                           struct buffer *path)
{
    unsigned looked_at = 0;
    if (!descent->unknown)
        return;
    if (member->kind == MEMBER_VALUE || !report_near(descent, member->object, path, 1, &looked_at))
        descent->unknown(descent->context, path->bytes, member);
}

static void find_in(struct descent *descent, void *object, struct buffer *path, descent_way way);

static void take(struct descent *descent, const struct descent_member *member, struct buffer *path,
                 descent_way way)
{
    size_t name = name_at(descent, path->bytes);
    const char *below = name_below(descent, path);
    bool is_value =
        member->kind == MEMBER_VALUE || (member->kind == MEMBER_EITHER && name != SIZE_MAX);
    if (!is_value && below) {
        descent_way inner = descent_way_below(way, path->bytes, path->length);
        buffer_append(path, ".", 1);
        find_in(descent, member->object, path, inner);
    } else if (name != SIZE_MAX) {
        add(descent, name, way, member);
    } else if (below) {
        if (descent->no_object)
            descent->no_object(descent->context, path->bytes, below, member);
    } else {
        report_unknown(descent, member, path);
    }
}

/* The path is "", or ends in a dot. No deeper than the names have dots. */
static void find_in(struct descent *descent, void *object, struct buffer *path, descent_way way)
{
    struct descent_member member;
    size_t length = path->length;
    void *at = NULL;
    while (descent->next(object, &at, &member)) {
        buffer_append_text(path, member.key);
        take(descent, &member, path, way);
        cut(path, length);
    }
}

void descent_clear(struct descent *descent)
{
    for (size_t i = 0; i < descent->value_count; i++)
        descent->slots[descent->values[i].name] = 0;
    descent->value_count = 0;
}

void descent_find(struct descent *descent, void *object)
{
    descent_clear(descent);
    struct buffer path = {0};
    buffer_append(&path, "", 0);
    find_in(descent, object, &path, 0);
    buffer_release(&path);
}
