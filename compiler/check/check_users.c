/*
 * check_users.c - users that no unit can be.
 *
 * A list is compared with keys, which docs/evaluation.md, "Bucketing", defines: of a number, its
 * decimal digits; and an empty string is none. Other text in a list is no mistake that an
 * evaluation could notice: nobody ever matches it.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/scalar.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/model/model.h"
#include "check.h"

#define GREATEST_KEY 9007199254740992.0 /* 2^53, either way */

/* The number as a key; false where it is none. */
static bool number_key(const char *text, char key[32])
{
    double number;
    int64_t whole;
    if (!parse_number(text, &number) || trunc(number) != number || fabs(number) > GREATEST_KEY)
        return false;
    /* One that a double cannot hold was rounded to one that it can. */
    if (parse_integer(text, &whole) && whole != (int64_t)number)
        return false;
    snprintf(key, 32, "%" PRId64, (int64_t)number);
    return true;
}

/* Whether the text can be what an attribute has as a key. */
static bool part_can_match(const struct attribute *part, const char *user)
{
    char key[32];
    if (part->type == FFLAG_ATTRIBUTE_NUMBER)
        return number_key(user, key) && strcmp(key, user) == 0;
    if (part->type == FFLAG_ATTRIBUTE_BOOLEAN)
        return strcmp(user, "true") == 0 || strcmp(user, "false") == 0;
    return *user;
}

static bool can_match(const struct unit_key *unit, const char *user)
{
    bool can = false;
    for (uint32_t i = 0; i < unit->count && !can; i++)
        can = part_can_match(unit->parts[i], user);
    return can;
}

/* Whether all keys are those of numbers. */
static bool is_number(const struct unit_key *unit)
{
    const struct attribute *attribute = key_attribute(unit);
    return attribute && attribute->type == FFLAG_ATTRIBUTE_NUMBER;
}

static void help(const struct checker *checker, const struct unit_key *unit, const char *user)
{
    char key[32];
    double number;
    if (!is_number(unit) && *user)
        diagnose_help(checker->diagnostics, "write what '%s' may have", unit->text);
    else if (!is_number(unit) && unit->parts[0]->type != FFLAG_ATTRIBUTE_STRING)
        diagnose_help(checker->diagnostics, "leave it out");
    else if (!is_number(unit))
        diagnose_help(checker->diagnostics,
                      "who has an empty one is found by a rule: if: {%s: \"\"}",
                      unit->parts[0]->name.text);
    else if (number_key(user, key))
        diagnose_help(checker->diagnostics, "write %s, as its digits are", key);
    else if (parse_number(user, &number) && trunc(number) == number)
        diagnose_help(checker->diagnostics, "beyond 2^53 a number is no key: make '%s' a string",
                      unit->text);
    else
        diagnose_help(checker->diagnostics, "write a whole number, or make '%s' a string",
                      unit->text);
}

static const char *why(const struct checker *checker, const struct unit_key *unit, const char *user)
{
    return is_number(unit) ? arena_format(checker->arena, "'%s' is a number", unit->text)
           : *user         ? "it is no key"
                           : "an empty string is no key";
}

static void check_file(const struct checker *checker, const struct unit_key *unit,
                       const struct user_list *list)
{
    const char *first = NULL;
    uint32_t found = 0;
    for (uint32_t i = 0; i < list->file->count; i++) {
        if (can_match(unit, list->file->values[i]))
            continue;
        first = first ? first : list->file->values[i];
        found++;
    }
    if (!found)
        return;
    diagnose(checker->diagnostics, FF0328, list->span,
             "%u user%s of '%s' match%s nobody, as '%s': %s", found, found == 1 ? "" : "s",
             list->file->path, found == 1 ? "es" : "", first, why(checker, unit, first));
    help(checker, unit, first);
}

static void check_list(const struct checker *checker, const struct unit_key *unit,
                       const struct user_list *list)
{
    if (unit->joined) {
        diagnose(checker->diagnostics, FF0398, list->span,
                 "'users' lists keys of one attribute, but units are known by %s", unit->text);
        diagnose_help(checker->diagnostics, "ask for them in a rule: if: {%s: [...], %s: [...]}",
                      unit->parts[0]->name.text, unit->parts[1]->name.text);
        return;
    }
    if (list->file)
        check_file(checker, unit, list);
    for (uint32_t i = 0; i < list->users.count; i++) {
        const struct text *user = &list->users.items[i];
        if (can_match(unit, user->text))
            continue;
        diagnose(checker->diagnostics, FF0328, user->span, "user '%s' matches nobody: %s",
                 user->text, why(checker, unit, user->text));
        help(checker, unit, user->text);
    }
}

/* What was said of users by whom they are, in a list of private ones. */
static void hide_users(const struct checker *checker, const struct user_list *list)
{
    struct span span = list->span;
    if (list->users.count)
        span.end = list->users.items[list->users.count - 1].span.end;
    diagnose_hide(checker->diagnostics, FF0328, span, "a user, who is private, matches nobody");
    diagnose_hide(checker->diagnostics, FF0329, span, "a user, who is private, is listed twice");
}

/* Lists that an environment inherits are looked at once: a file may have millions of lines. */
static bool is_inherited(const struct flag *flag, uint32_t environment)
{
    const struct targeting *targeting = &flag->environments[environment];
    return environment > 0 && targeting->users == targeting[-1].users &&
           targeting->bucket_by == targeting[-1].bucket_by;
}

void check_users(const struct checker *checker)
{
    for (uint32_t i = 0; i < checker->project->flag_count; i++) {
        const struct flag *flag = checker->project->flags[i];
        for (uint32_t e = 0; e < checker->project->environments.count; e++) {
            const struct targeting *targeting = &flag->environments[e];
            for (uint32_t j = 0; j < targeting->user_list_count; j++) {
                if (targeting->bucket_by && !is_inherited(flag, e))
                    check_list(checker, targeting->bucket_by, &targeting->users[j]);
                if (key_is_private(targeting->bucket_by))
                    hide_users(checker, &targeting->users[j]);
            }
        }
    }
}
