/* read_scalar.c - single values: their type comes from the schema, never from the spelling. */
#include "compiler/base/nearest.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/percent.h"
#include "compiler/base/scalar.h"
#include "foreign.h"
#include "read_scalar.h"
#include "reader.h"

bool is_null(const struct node *node)
{
    return node->kind == NODE_SCALAR && node->plain &&
           (!node->count || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

static const char *found(struct reader *reader, const struct node *node)
{
    if (node->kind == NODE_LIST)
        return node->count ? "a list" : "an empty list";
    if (node->kind == NODE_MAP)
        return node->count ? "a mapping" : "an empty mapping";
    if (is_null(node))
        return "nothing";
    struct buffer text = {0};
    buffer_append_text(&text, node->plain ? "'" : "the text '");
    name_append(&text, node->text, strlen(node->text));
    buffer_append_text(&text, "'");
    const char *shown = arena_copy(reader->arena, text.bytes, text.length);
    buffer_release(&text);
    return shown;
}

bool expected(struct reader *reader, const struct node *node, const char *what)
{
    if (node->kind == NODE_BROKEN)
        return false;
    /* The first line is enough to locate a long block. */
    diagnose(reader->diagnostics, FF0103, node->span, "expected %s, found %s", what,
             found(reader, node));
    const char *colon = node->kind == NODE_SCALAR && node->plain ? strchr(node->text, ':') : NULL;
    if (colon && colon[1] && strncmp(what, "a mapping", 9) == 0)
        diagnose_help(reader->diagnostics, "a key needs a space after its colon: '%.*s: %s'",
                      (int)(colon - node->text), node->text, colon + 1);
    return false;
}

bool expect_map(struct reader *reader, const struct node *node, const char *what)
{
    return node->kind == NODE_MAP || expected(reader, node, what);
}

bool expect_list(struct reader *reader, const struct node *node, const char *what)
{
    return node->kind == NODE_LIST || expected(reader, node, what);
}

/* A non-empty scalar; it may be quoted if its form is not plain YAML's. */
static bool expect_scalar(struct reader *reader, const struct node *node, const char *what)
{
    return (node->kind == NODE_SCALAR && !is_null(node)) || expected(reader, node, what);
}

bool read_text(struct reader *reader, const struct node *node, struct text *text)
{
    /* `null` and `~` are texts where a text is expected; an empty plain value was forgotten. */
    if (node->kind != NODE_SCALAR || (node->plain && !node->count))
        return expected(reader, node, "text");
    *text = (struct text){node->text, node->span};
    return true;
}

bool read_boolean(struct reader *reader, const struct node *node, bool *value)
{
    if (!expect_scalar(reader, node, "true or false"))
        return false;
    bool yes = strcmp(node->text, "true") == 0;
    if (node->plain && (yes || strcmp(node->text, "false") == 0)) {
        *value = yes;
        return true;
    }
    static const char *const words[] = {"yes", "on", "y", "no", "off", "n"};
    diagnose(reader->diagnostics, FF0111, node->span, "expected true or false, found %s",
             found(reader, node));
    if (!node->plain && (yes || strcmp(node->text, "false") == 0))
        diagnose_help(reader->diagnostics, "remove the quotes");
    else if (strcasecmp(node->text, "true") == 0 || strcasecmp(node->text, "false") == 0)
        diagnose_help(reader->diagnostics, "write it in lower case, without quotes");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(node->text, words[i]) == 0)
            diagnose_help(reader->diagnostics, "write '%s'", i < 3 ? "true" : "false");
    }
    return false;
}

static void help_number(struct reader *reader, const struct node *node)
{
    double ignored;
    if (!node->plain && parse_number(node->text, &ignored))
        diagnose_help(reader->diagnostics, "remove the quotes");
    else if (strpbrk(node->text, "_, "))
        diagnose_help(reader->diagnostics, "write the digits without separators");
    else if (node->text[0] == '.' || node->text[0] == '+')
        diagnose_help(reader->diagnostics, "numbers are decimal: -2, 0.5, 1e6");
}

bool read_number(struct reader *reader, const struct node *node, double *value)
{
    if (!expect_scalar(reader, node, "a number"))
        return false;
    if (node->plain && parse_number(node->text, value))
        return true;
    diagnose(reader->diagnostics, FF0112, node->span, "expected a number, found %s",
             found(reader, node));
    help_number(reader, node);
    return false;
}

bool read_integer(struct reader *reader, const struct node *node, int64_t *value)
{
    if (!expect_scalar(reader, node, "an integer"))
        return false;
    if (node->plain && parse_integer(node->text, value))
        return true;
    double number;
    diagnose(reader->diagnostics, FF0114, node->span, "expected an integer, found %s",
             found(reader, node));
    help_number(reader, node);
    if (node->plain && parse_number(node->text, &number))
        diagnose_help(reader->diagnostics, "integers have 64 bits and no fraction; 'type: number' "
                                           "has fractions");
    return false;
}

bool read_count(struct reader *reader, const struct node *node, uint64_t *value)
{
    int64_t number;
    if (!expect_scalar(reader, node, "a count"))
        return false;
    if (node->plain && parse_integer(node->text, &number) && number >= 0) {
        *value = (uint64_t)number;
        return true;
    }
    diagnose(reader->diagnostics, FF0114, node->span, "expected a count, 0 or more, found %s",
             found(reader, node));
    help_number(reader, node);
    return false;
}

bool read_share_percent(struct reader *reader, const struct node *node, uint32_t *thousandths)
{
    if (!expect_scalar(reader, node, "a percentage"))
        return false;
    if (parse_percent(node->text, thousandths))
        return true;
    char *end;
    double number = strtod(node->text, &end);
    bool numeric = end != node->text && (!*end || (*end == '%' && !end[1]));
    if (numeric && number >= 0 && number <= 100 && strchr(node->text, '.'))
        diagnose(reader->diagnostics, FF0116, node->span,
                 "'%s' has more than the three decimals a percentage can have", node->text);
    else if (numeric && (number < 0 || number > 100))
        diagnose(reader->diagnostics, FF0116, node->span,
                 "a percentage of '%s', expected 0%% to 100%%", node->text);
    else
        diagnose(reader->diagnostics, FF0116, node->span, "expected a percentage, found %s",
                 found(reader, node));
    diagnose_help(reader->diagnostics, "write it as 25%%, 25 or 0.125%%");
    return false;
}

bool read_percent(struct reader *reader, const struct node *node, uint32_t *thousandths)
{
    if (!read_share_percent(reader, node, thousandths))
        return false;
    if (*thousandths == 0 || *thousandths >= PERCENT_ALL / 100 || strchr(node->text, '%'))
        return true;
    diagnose(reader->diagnostics, FF0118, node->span, "'%s' is %s %%, less than one in a hundred",
             node->text, node->text);
    diagnose_help(reader->diagnostics, "write %s%% if that is meant, and %g%% for the fraction",
                  node->text, *thousandths / 10.0);
    return true;
}

bool read_duration(struct reader *reader, const struct node *node, int64_t *ms)
{
    if (!expect_scalar(reader, node, "a duration"))
        return false;
    if (parse_duration(node->text, ms))
        return true;
    int64_t number;
    diagnose(reader->diagnostics, FF0117, node->span, "expected a duration, found %s",
             found(reader, node));
    if (parse_integer(node->text, &number) && number >= 0)
        diagnose_help(reader->diagnostics, "add a unit: %ss, %sm, %sh, %sd or %sw", node->text,
                      node->text, node->text, node->text, node->text);
    else
        diagnose_help(reader->diagnostics,
                      "a duration is a whole number and one unit: 90s 30m 24h 7d 2w");
    return false;
}

bool read_time(struct reader *reader, const struct node *node, int64_t *ms)
{
    if (!expect_scalar(reader, node, "a time"))
        return false;
    if (parse_time(node->text, ms))
        return true;
    diagnose(reader->diagnostics, FF0119, node->span, "expected a time, found %s",
             found(reader, node));
    const char *with_zone = arena_format(reader->arena, "%sZ", node->text);
    const char *with_clock = arena_format(reader->arena, "%sT00:00:00Z", node->text);
    int64_t ignored;
    if (parse_time(with_zone, &ignored)) {
        diagnose_help(reader->diagnostics, "add a time zone: '%s' for UTC", with_zone);
        diagnose_fix(reader->diagnostics, node->text, with_zone);
    } else if (parse_time(with_clock, &ignored)) {
        diagnose_help(reader->diagnostics, "add a time of day: '%s'", with_clock);
        diagnose_fix(reader->diagnostics, node->text, with_clock);
    } else
        diagnose_help(reader->diagnostics,
                      "a time is written as 2026-11-20T10:00:00Z or with an offset, "
                      "+01:00");
    return false;
}

bool is_version(const char *text, enum version_scheme scheme, struct buffer *canonical)
{
    return scheme == SCHEME_LOOSE ? parse_loose_version(text, canonical)
                                  : parse_version(text, canonical);
}

static void help_version(struct reader *reader, const struct node *node, enum version_scheme scheme)
{
    struct buffer ignored = {0};
    if (scheme == SCHEME_LOOSE)
        diagnose_help(reader->diagnostics,
                      "a version begins with a number: 10.15.7.1, v2.0b3, 2026.11");
    else if (is_version(node->text, SCHEME_LOOSE, &ignored))
        diagnose_help(reader->diagnostics, "the attribute goes by SemVer 2.0; declared as {type: "
                                           "version, scheme: loose}, it takes any number of parts");
    else
        diagnose_help(reader->diagnostics, "versions follow SemVer 2.0: 1.2.3, v1.2, 2.0.0-rc.1");
    buffer_release(&ignored);
}

bool read_version(struct reader *reader, const struct node *node, enum version_scheme scheme,
                  const char **canonical)
{
    if (!expect_scalar(reader, node, "a version"))
        return false;
    struct buffer buffer = {0};
    bool parsed = is_version(node->text, scheme, &buffer);
    if (parsed) {
        *canonical = arena_copy(reader->arena, buffer.bytes, buffer.length);
    } else {
        diagnose(reader->diagnostics, FF0121, node->span, "'%s' is not a version", node->text);
        help_version(reader, node, scheme);
    }
    buffer_release(&buffer);
    return parsed;
}

bool read_network(struct reader *reader, const struct node *node, struct network *network)
{
    if (!expect_scalar(reader, node, "an address"))
        return false;
    bool exact;
    if (!parse_network(node->text, network, &exact)) {
        diagnose(reader->diagnostics, FF0123, node->span,
                 "'%s' is neither an address nor a CIDR block", node->text);
        diagnose_help(reader->diagnostics, "write it as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32");
        return false;
    }
    if (!exact) {
        diagnose(reader->diagnostics, FF0124, node->span,
                 "'%s' has bits set beyond its prefix, which are ignored", node->text);
        diagnose_help(reader->diagnostics, "write the block by its first address, or the whole "
                                           "address without the prefix");
    }
    return true;
}

const char *choices_help(struct reader *reader, const char *const *choices)
{
    struct buffer list = {0};
    words_list(choices, &list);
    const char *help = arena_format(reader->arena, "it is one of %s", list.bytes);
    buffer_release(&list);
    return help;
}

bool read_choice(struct reader *reader, const struct node *node, const char *const *choices,
                 unsigned *value)
{
    int choice = node->kind == NODE_SCALAR ? words_find(choices, node->text) : -1;
    if (choice >= 0) {
        *value = (unsigned)choice;
        return true;
    }
    struct buffer known = {0};
    words_list(choices, &known);
    const char *what = arena_format(reader->arena, "one of %s", known.bytes);
    buffer_release(&known);
    if (!expect_scalar(reader, node, what))
        return false;
    diagnose(reader->diagnostics, FF0127, node->span, "expected %s, found %s", what,
             found(reader, node));
    const char *nearest = foreign_word(node->text, choices, words_count(choices), NULL);
    if (!nearest)
        nearest = nearest_name(node->text, choices, words_count(choices));
    for (unsigned i = 0; choices[i] && !nearest; i++)
        nearest = strcasecmp(node->text, choices[i]) == 0 ? choices[i] : NULL;
    if (nearest) {
        diagnose_help(reader->diagnostics, "did you mean '%s'?", nearest);
        diagnose_fix(reader->diagnostics, node->text, nearest);
    }
    return false;
}

#define FEW 16 /* up to this many, a linear search is cheaper than a table */

static const struct node *earlier_item(struct node *const *items, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++) {
        if (items[i]->kind == NODE_SCALAR && strcmp(items[i]->text, items[at]->text) == 0)
            return items[i];
    }
    return NULL;
}

void warn_duplicates(struct reader *reader, struct node *const *items, uint32_t count)
{
    struct table seen = {0};
    for (uint32_t i = 0; i < count && count > 1; i++) {
        struct node *item = items[i];
        if (item->kind != NODE_SCALAR)
            continue;
        const struct node *earlier = count <= FEW
                                         ? earlier_item(items, i)
                                         : table_add(&seen, reader->arena, item->text, item);
        if (!earlier)
            continue;
        diagnose(reader->diagnostics, FF0329, item->span, "'%s' is listed twice", item->text);
        diagnose_note(reader->diagnostics, earlier->span, "first here");
    }
}

bool read_items(struct reader *reader, struct node *node, const char *what, struct node ***items,
                uint32_t *count)
{
    if (node->kind == NODE_LIST) {
        *items = node->items;
        *count = node->count;
        warn_duplicates(reader, node->items, node->count);
        return true;
    }
    if (!expect_scalar(reader, node, what))
        return false;
    *items = ARENA_NEW(reader->arena, struct node *);
    (*items)[0] = node;
    *count = 1;
    return true;
}

bool read_texts(struct reader *reader, struct node *node, struct texts *texts)
{
    struct node **items;
    uint32_t count;
    if (!read_items(reader, node, "text or a list of texts", &items, &count))
        return false;
    texts->items = ARENA_ARRAY(reader->arena, struct text, count);
    texts->count = 0;
    bool sound = true;
    for (uint32_t i = 0; i < count; i++) {
        if (read_text(reader, items[i], &texts->items[texts->count]))
            texts->count++;
        else
            sound = false;
    }
    return sound;
}

bool read_salt_text(struct reader *reader, const struct node *node, const char *otherwise,
                    const char **salt)
{
    struct text text = {.text = NULL};
    if (!read_text(reader, node, &text))
        return false;
    *salt = text.text;
    if (*text.text)
        return true;
    diagnose(reader->diagnostics, FF0141, node->span, "an empty salt");
    diagnose_help(reader->diagnostics,
                  "flags with the same salt choose the same units; leave it out for %s", otherwise);
    return false;
}
