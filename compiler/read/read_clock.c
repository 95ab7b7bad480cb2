/* read_clock.c - see read_clock.h. */
#include "compiler/base/arena.h"
#include "compiler/diagnostics/diagnose.h"
#include "read_clock.h"
#include "read_map.h"
#include "read_scalar.h"
#include "reader.h"

static struct condition *new_all(struct reader *reader, struct span span)
{
    struct condition *all = ARENA_NEW(reader->arena, struct condition);
    all->kind = CONDITION_ALL;
    all->span = span;
    return all;
}

static void add(struct reader *reader, struct condition *all, struct condition *child)
{
    *ARENA_APPEND(reader->arena, all->children, all->child_count) = child;
}

/* Adds the test that a key of the mapping makes. */
static struct condition *add_test(struct reader *reader, struct condition *all,
                                  const struct node *map, enum clock_test_kind kind)
{
    const struct entry *entry = find_entry(map, clock_test_words[kind]);
    struct condition *test = ARENA_NEW(reader->arena, struct condition);
    test->kind = CONDITION_CLOCK;
    test->span = entry->key->span;
    test->span.end = entry->value->span.end;
    test->clock.kind = kind;
    add(reader, all, test);
    return test;
}

static void add_from(struct reader *reader, struct condition *all, const struct node *map,
                     enum clock_test_kind kind, int64_t time)
{
    add_test(reader, all, map, kind)->clock.time = time;
}

static void add_until(struct reader *reader, struct condition *all, const struct node *map,
                      enum clock_test_kind kind, int64_t time)
{
    struct condition *test = add_test(reader, all, map, kind);
    test->clock.time = time;
    test->negate = true;
}

/* --------------------------------------------------------------------------------------- now -- */

struct now_keys {
    int64_t before, after;
};

static const struct field now_fields[] = {
    FIELD("before", FIELD_TIME, struct now_keys, before, "it is earlier"),
    FIELD("after", FIELD_TIME, struct now_keys, after, "it is later"),
};
enum { GIVEN_BEFORE = 1, GIVEN_AFTER = 2 };
const struct form now_form = KEYS("now", "a test of the clock", "test of the clock", now_fields,
                                  .help = "What holds at the time of the evaluation");

struct condition *read_now(struct reader *reader, struct node *map)
{
    struct now_keys keys = {0};
    if (!expect_map(reader, map, "a mapping that says when it holds")) {
        diagnose_help(reader->diagnostics, "as in {after: 2026-12-24T00:00:00Z}");
        return NULL;
    }
    uint32_t before = faults(reader);
    uint64_t given = read_fields(reader, map, &now_form, map->span, &keys);
    if (!map->count)
        expected(reader, map, "a key, such as 'after'");
    if (faults(reader) != before)
        return NULL;
    struct condition *all = new_all(reader, map->span);
    if (given & GIVEN_AFTER)
        add_from(reader, all, map, CLOCK_AFTER, keys.after + 1);
    if (given & GIVEN_BEFORE)
        add_until(reader, all, map, CLOCK_BEFORE, keys.before);
    return all->child_count == 1 ? all->children[0] : all;
}

/* ----------------------------------------------------------------------------------- windows -- */

static void check_window(struct reader *reader, const struct node *map, const struct window *window)
{
    if (window->from < window->until)
        return;
    diagnose(reader->diagnostics, FF0342, node_get(map, "until")->span,
             "'until' is not after 'from': the rule never applies");
    diagnose_note(reader->diagnostics, node_get(map, "from")->span, "it begins here");
    diagnose_help(reader->diagnostics, "a rule applies from 'from' on, until just before 'until'");
}

struct condition *read_window(struct reader *reader, const struct node *map,
                              const struct window *window, bool given_from, bool given_until,
                              struct condition *condition)
{
    if (!given_from && !given_until)
        return condition;
    if (given_from && given_until)
        check_window(reader, map, window);
    struct condition *all = new_all(reader, condition ? condition->span : map->span);
    if (given_from)
        add_from(reader, all, map, CLOCK_FROM, window->from);
    if (given_until)
        add_until(reader, all, map, CLOCK_UNTIL, window->until);
    if (condition)
        add(reader, all, condition);
    return all->child_count == 1 ? all->children[0] : all;
}
