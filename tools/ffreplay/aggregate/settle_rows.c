/* settle_rows.c - rows of queries as they are written otherwise. See merge_rows.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/statistics/exact_sum_text.h"
#include "merge_rows.h"
#include "row_rules.h"

#define LEAST_NAME 81 /* bytes of the name of an unknown variant, with its end */

#define FOREACH(object, name, value) json_object_foreach((json_t *)(uintptr_t)(object), name, value)

static bool is_scaled(const json_t *value)
{
    const char *text = json_string_value(value);
    return text && strchr(text, 'p');
}

static bool settle_sum(json_t *row, const char *field, const json_t *value)
{
    struct exact_sum sum = {0};
    const char *text = json_string_value(value);
    if (!exact_sum_read_scaled(&sum, text, strlen(text)))
        return false;
    json_object_del(row, field);
    row_put_sum(row, field, &sum);
    return true;
}

/* "12p96": modulo 2^128. */
static bool settle_digest(json_t *row, const char *field, const json_t *value)
{
    const char *text = json_string_value(value), *at = text;
    unsigned __int128 sum = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        sum = sum * 10 + (unsigned)(*at - '0');
    char *end;
    unsigned long shift = *at == 'p' && at > text ? strtoul(at + 1, &end, 10) : 128;
    if (shift >= 128 || *end || end == at + 1)
        return false;
    sum <<= shift;
    struct input_digest digest = {(uint64_t)sum, (uint64_t)(sum >> 64)};
    json_object_del(row, field);
    row_put_digest(row, field, &digest);
    return true;
}

static void settle_number(json_t *row, const char *field, const json_t *value)
{
    char *end;
    const char *text = json_string_value(value);
    double number = text ? strtod(text, &end) : 0;
    if (text && end > text && !*end && isfinite(number))
        row_put_number(row, field, number + 0.0);
}

static void settle_name(json_t *row, const char *field, const json_t *value)
{
    char shown[LEAST_NAME];
    const char *text = json_string_value(value);
    if (!text)
        return;
    terminal_copy(shown, sizeof shown, text, strlen(text));
    row_put_text(row, field, shown);
}

static void settle_sample(json_t *sample)
{
    json_t *units = json_object_get(sample, "units");
    int64_t halvings = json_integer_value(json_object_get(sample, "halvings"));
    if (json_object_size(units) <= SAMPLE_MOST)
        return;
    while (json_object_size(units) > SAMPLE_MOST && halvings < 63)
        row_keep_sampled(units, ++halvings);
    row_put_count(sample, "halvings", (uint64_t)halvings);
}

static bool settle_field(json_t *row, const struct row_rule *rule, json_t *value)
{
    if (rule->operation == SUM && is_scaled(value))
        return settle_sum(row, rule->field, value);
    if (rule->operation == DIGEST && is_scaled(value))
        return settle_digest(row, rule->field, value);
    if (rule->operation == LEAST || rule->operation == MOST)
        settle_number(row, rule->field, value);
    if (rule->operation == NEWEST && json_is_object(value))
        settle_number(value, "value", json_object_get(value, "value"));
    if (strcmp(rule->field, "least_name") == 0)
        settle_name(row, rule->field, value);
    if (rule->operation == SAMPLE)
        settle_sample(value);
    return true;
}

static bool settle(json_t *row, uint32_t depth, char *fault);

/* Rows by name. */
static bool settle_each(json_t *rows, uint32_t depth, char *fault)
{
    const char *name;
    json_t *row;
    FOREACH(rows, name, row)
    if (json_is_object(row) && !settle(row, depth, fault))
        return false;
    return true;
}

static bool settle(json_t *row, uint32_t depth, char *fault)
{
    const char *name;
    json_t *value;
    void *next;
    if (depth > ROW_DEEPEST) {
        snprintf(fault, ROW_FAULT, "its objects are within one another too often");
        return false;
    }
    json_object_foreach_safe(row, next, name, value)
    {
        const struct row_rule *rule = row_rule_of(name);
        if (!rule)
            continue;
        if (!settle_field(row, rule, value)) {
            snprintf(fault, ROW_FAULT, "'%.60s' is not what it should be", rule->field);
            return false;
        }
        bool sound = true;
        if (rule->operation == ROW && json_is_object(value))
            sound = settle(value, depth + 1, fault);
        if (rule->operation == ROWS)
            sound = settle_each(value, depth + 1, fault);
        if (rule->operation == WINDOWS)
            sound = settle_each(json_object_get(value, "items"), depth + 1, fault);
        if (!sound)
            return false;
    }
    return true;
}

bool row_settle(json_t *row, char fault[ROW_FAULT])
{
    return settle(row, 0, fault);
}
