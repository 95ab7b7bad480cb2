/* read_clock.c - see read_clock.h. */
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/zone.h"
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
    unsigned weekdays;
    uint32_t from, until;
    const struct zone *zone;
};

static void read_weekdays(struct reader *reader, struct node *node, void *target)
{
    unsigned *weekdays = &((struct now_keys *)target)->weekdays;
    struct node **items;
    uint32_t count;
    if (!read_items(reader, node, "a weekday, or a list of them", &items, &count))
        return;
    warn_duplicates(reader, items, count);
    for (uint32_t i = 0; i < count; i++) {
        unsigned weekday;
        if (read_choice(reader, items[i], weekday_words, &weekday))
            *weekdays |= 1u << weekday;
    }
    if (!count) {
        diagnose(reader->diagnostics, FF0143, node->span, "an empty list: the test never holds");
        diagnose_help(reader->diagnostics, "name the weekdays, or remove the test");
    }
}

static bool read_time_of_day(struct reader *reader, const struct node *node, uint32_t most,
                             uint32_t *minutes)
{
    struct text text;
    if (!read_text(reader, node, &text))
        return false;
    if (parse_time_of_day(text.text, minutes) && *minutes <= most)
        return true;
    diagnose(reader->diagnostics, FF0266, node->span, "expected a time of day, found '%s'",
             text.text);
    diagnose_help(reader->diagnostics, "write hours and minutes, 00:00 to 23:59; at the end also "
                                       "24:00");
    return false;
}

static void read_between(struct reader *reader, struct node *node, void *target)
{
    struct now_keys *keys = target;
    if (node->kind != NODE_LIST || node->count != 2) {
        if (node->kind == NODE_LIST)
            diagnose(reader->diagnostics, FF0103, node->span, "expected two times of day, found %u",
                     node->count);
        else
            expected(reader, node, "a list of two times of day");
        diagnose_help(reader->diagnostics, "write [\"09:00\", \"17:00\"]");
        return;
    }
    if (!read_time_of_day(reader, node->items[0], MINUTES_OF_DAY - 1, &keys->from) ||
        !read_time_of_day(reader, node->items[1], MINUTES_OF_DAY, &keys->until))
        return;
    if (keys->from == keys->until) {
        diagnose(reader->diagnostics, FF0266, node->span, "no time between '%s' and '%s'",
                 node->items[0]->text, node->items[1]->text);
        diagnose_help(reader->diagnostics, "the whole day is [\"00:00\", \"24:00\"]");
    }
}

static const struct zone *fixed_zone(struct reader *reader, const char *text, int32_t offset)
{
    struct zone *zone = table_get(&reader->zones, text);
    if (!zone) {
        zone = ARENA_NEW(reader->arena, struct zone);
        zone->offset = offset;
        table_add(&reader->zones, reader->arena, text, zone);
    }
    return zone;
}

static void read_offset(struct reader *reader, struct node *node, void *target)
{
    struct text text;
    int32_t offset;
    if (!read_text(reader, node, &text))
        return;
    if (parse_offset(text.text, &offset)) {
        ((struct now_keys *)target)->zone = fixed_zone(reader, text.text, offset);
        return;
    }
    diagnose(reader->diagnostics, FF0267, node->span, "expected an offset from UTC, found '%s'",
             text.text);
    diagnose_help(reader->diagnostics, strpbrk(text.text, "/")
                                           ? "a name of a time zone is written after 'zone'"
                                           : OFFSET_HELP);
}

static void report_zone(struct reader *reader, const struct text *name, const char *unusable)
{
    uint32_t count;
    const char **names = zone_names(reader->arena, &count);
    if (*unusable) {
        diagnose(reader->diagnostics, FF0268, name->span, "the time zone '%s': %s", name->text,
                 unusable);
        return;
    }
    diagnose(reader->diagnostics, FF0268, name->span, "unknown time zone '%s'", name->text);
    if (count)
        suggest(reader->diagnostics, name->text, names, count);
    else
        diagnose_help(reader->diagnostics,
                      "there is no time zone database in %s: install tzdata, "
                      "or set TZDIR",
                      zone_directory());
}

const struct zone *read_zone_name(struct reader *reader, struct node *node)
{
    struct text name;
    struct buffer unusable = {0};
    if (!read_text(reader, node, &name))
        return NULL;
    struct zone *zone = table_get(&reader->zones, name.text);
    if (!zone) {
        zone = ARENA_NEW(reader->arena, struct zone);
        buffer_append_text(&unusable, "");
        if (zone_load(reader->arena, name.text, zone, &unusable)) {
            table_add(&reader->zones, reader->arena, name.text, zone);
        } else {
            report_zone(reader, &name, unusable.bytes);
            zone = NULL;
        }
    }
    buffer_release(&unusable);
    return zone;
}

static void read_zone(struct reader *reader, struct node *node, void *target)
{
    ((struct now_keys *)target)->zone = read_zone_name(reader, node);
}

static const struct form weekday_form = {
    .definition = "weekday", .kind = FORM_CHOICE, .words = weekday_words};
static const struct form weekday_list_form = {.kind = FORM_LIST, .of = {&weekday_form}, .least = 1};
static const struct form time_of_day_form =
    FORM("time of day", "\"type\": \"string\", \"pattern\": \"^[0-9]{2}:[0-9]{2}$\"");
static const struct form weekdays_form = {.kind = FORM_EITHER,
                                          .takes = "weekday or list: `mon` `tue` `wed` `thu` "
                                                   "`fri` `sat` `sun`",
                                          .of = {&weekday_form, &weekday_list_form}};
static const struct form between_form = {.kind = FORM_LIST,
                                         .takes = "list of two times of day",
                                         .of = {&time_of_day_form},
                                         .least = 2,
                                         .most = 2};
static const struct form offset_form =
    FORM("offset", "\"type\": \"string\", \"pattern\": \"" OFFSET_PATTERN "\"");
const struct form zone_form = FORM("name of a time zone", "\"type\": \"string\"");
static const struct field now_fields[] = {
    FIELD("before", FIELD_TIME, struct now_keys, before, "it is earlier"),
    FIELD("after", FIELD_TIME, struct now_keys, after, "it is later"),
    READ("weekday", read_weekdays, weekdays_form, "it is one of these days, in local time"),
    READ("between", read_between, between_form,
         "it is between these times of day, the second excluded, in local time; over midnight "
         "where the second is earlier"),
    READ("offset", read_offset, offset_form,
         "how far local time is ahead of UTC: `+01:00`, `-03:30`; from -12:00 to +14:00. Default "
         "UTC"),
    READ("zone", read_zone, zone_form,
         "instead of `offset`: an IANA time zone, such as `Europe/Oslo`"),
};
enum {
    GIVEN_BEFORE = 1,
    GIVEN_AFTER = 2,
    GIVEN_WEEKDAY = 4,
    GIVEN_BETWEEN = 8,
    GIVEN_OFFSET = 16,
    GIVEN_ZONE = 32
};
const struct form now_form = KEYS("now", "a test of the clock", "test of the clock", now_fields,
                                  .help = "What holds at the time of the evaluation");

static void check_local(struct reader *reader, const struct node *map, uint64_t given)
{
    if (given & (GIVEN_WEEKDAY | GIVEN_BETWEEN) || !(given & (GIVEN_OFFSET | GIVEN_ZONE)))
        return;
    const char *key = given & GIVEN_OFFSET ? "offset" : "zone";
    diagnose(reader->diagnostics, FF0364, find_entry(map, key)->key->span,
             "'%s' has no effect without 'weekday' or 'between'", key);
    diagnose_help(reader->diagnostics, "the times of 'before' and 'after' have offsets themselves");
}

/* "fri" from 22:00 to 02:00: meant may be the night that begins on Friday. */
static void check_night(struct reader *reader, const struct node *map, uint64_t given,
                        const struct now_keys *keys)
{
    bool night = given & GIVEN_WEEKDAY && given & GIVEN_BETWEEN && keys->from > keys->until &&
                 keys->until > 0 && keys->weekdays != EVERY_DAY;
    if (!night)
        return;
    const struct node *between = find_entry(map, "between")->value;
    diagnose(reader->diagnostics, FF0345, between->span,
             "past midnight, 'weekday' asks for the day after");
    diagnose_note(reader->diagnostics, find_entry(map, "weekday")->value->span,
                  "so it holds on the evenings and in the small hours of these");
    diagnose_help(reader->diagnostics,
                  "put each part under 'any', with its own days: until 24:00, and from 00:00");
}

static void add_local(struct reader *reader, struct condition *all, const struct node *map,
                      enum clock_test_kind kind, const struct now_keys *keys)
{
    struct clock_test *clock = &add_test(reader, all, map, kind)->clock;
    clock->weekdays = keys->weekdays;
    clock->from = keys->from;
    clock->until = keys->until;
    clock->zone = keys->zone ? keys->zone : fixed_zone(reader, "Z", 0);
}

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
    report_conflict(reader, map, "offset", "zone");
    if (faults(reader) == before)
        check_local(reader, map, given);
    if (faults(reader) != before)
        return NULL;
    check_night(reader, map, given, &keys);
    struct condition *all = new_all(reader, map->span);
    if (given & GIVEN_AFTER)
        add_from(reader, all, map, CLOCK_AFTER, keys.after + 1);
    if (given & GIVEN_BEFORE)
        add_until(reader, all, map, CLOCK_BEFORE, keys.before);
    if (given & GIVEN_WEEKDAY)
        add_local(reader, all, map, CLOCK_WEEKDAY, &keys);
    if (given & GIVEN_BETWEEN)
        add_local(reader, all, map, CLOCK_BETWEEN, &keys);
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
                              const struct window *window, struct condition *condition)
{
    if (!window->has_from && !window->has_until)
        return condition;
    if (window->has_from && window->has_until)
        check_window(reader, map, window);
    struct condition *all = new_all(reader, condition ? condition->span : map->span);
    if (window->has_from)
        add_from(reader, all, map, CLOCK_FROM, window->from);
    if (window->has_until)
        add_until(reader, all, map, CLOCK_UNTIL, window->until);
    if (condition)
        add(reader, all, condition);
    return all->child_count == 1 ? all->children[0] : all;
}
