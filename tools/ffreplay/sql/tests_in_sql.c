/* tests_in_sql.c - see tests_in_sql.h. */
#include "tests_in_sql.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/percent.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "compiler/regex/regex.h"
#include "tools/ffreplay/logs/value.h"

static const char *refuse(struct table_columns *columns, struct span span, const char *what)
{
    print_error_at(&columns->layout->project->sources, span, "%s cannot be asked in a query of %s",
                   what, sql_dialect_name(columns->dialect));
    print_help("log what was served, and name its column: --variant-column; of a metric, give the "
               "table a column that has the answer");
    return NULL;
}

static const char *finish(struct arena *arena, struct buffer *sql)
{
    const char *text = arena_copy(arena, sql->bytes ? sql->bytes : "", sql->length);
    buffer_release(sql);
    return text;
}

static const char *never_null(struct arena *arena, const char *test, bool negate)
{
    return arena_format(arena, "%scoalesce(%s, false)", negate ? "NOT " : "", test);
}

/* "(a OR b)", of expressions; none: `empty`. */
static const char *joined(struct arena *arena, const char *const *parts, uint32_t count,
                          const char *with, const char *empty)
{
    struct buffer sql = {0};
    if (count < 2)
        return count ? parts[0] : empty;
    for (uint32_t i = 0; i < count; i++)
        buffer_format(&sql, "%s%s", i ? with : "(", parts[i]);
    buffer_append_text(&sql, ")");
    return finish(arena, &sql);
}

static const char *in_list(struct table_columns *columns, const char *text,
                           const char *const *texts, uint32_t count)
{
    struct buffer sql = {0};
    if (count == 0)
        return "false";
    if (count == 1)
        return arena_format(columns->arena, "%s = %s", text,
                            sql_text(columns->arena, columns->dialect, texts[0]));
    buffer_format(&sql, "%s IN (", text);
    for (uint32_t i = 0; i < count; i++)
        buffer_format(&sql, "%s%s", i ? ", " : "",
                      sql_text(columns->arena, columns->dialect, texts[i]));
    buffer_append_text(&sql, ")");
    return finish(columns->arena, &sql);
}

static const char *folded_text(struct arena *arena, const char *text)
{
    char *copy = arena_copy(arena, text, strlen(text));
    for (char *at = copy; *at; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    return copy;
}

/* One test's column, and its operands as texts, both folded where it folds. */
struct texts_of {
    const char *column;
    const char **items;
    uint32_t count;
};

static struct texts_of texts_of(struct table_columns *columns, const struct condition *test,
                                const char *column)
{
    struct arena *arena = columns->arena;
    uint32_t count = test->file ? test->file->count : test->operand_count;
    struct texts_of texts = {column, ARENA_ARRAY(arena, const char *, count + 1), count};
    if (test->ignore_case)
        texts.column = sql_folded(arena, column);
    for (uint32_t i = 0; i < count; i++) {
        const char *text = test->file        ? test->file->values[i]
                           : test->attribute ? test->operands[i].text
                                             : test->operands[i].source.text;
        texts.items[i] = test->ignore_case ? folded_text(arena, text) : text;
    }
    return texts;
}

static const char *order_sign(unsigned order)
{
    static const char *const signs[] = {[ORDER_EQUAL] = "=",
                                        [ORDER_LOWER] = "<",
                                        [ORDER_LOWER | ORDER_EQUAL] = "<=",
                                        [ORDER_HIGHER] = ">",
                                        [ORDER_HIGHER | ORDER_EQUAL] = ">="};
    return signs[order];
}

static const char *any_part(struct table_columns *columns, const struct condition *test,
                            const char *column, enum sql_part part)
{
    struct texts_of texts = texts_of(columns, test, column);
    const char **parts = ARENA_ARRAY(columns->arena, const char *, texts.count + 1);
    for (uint32_t i = 0; i < texts.count; i++)
        parts[i] = sql_has_part(columns->arena, columns->dialect, part, texts.column,
                                sql_text(columns->arena, columns->dialect, texts.items[i]));
    return joined(columns->arena, parts, texts.count, " OR ", "false");
}

static enum sql_part part_of_place(enum part_place place)
{
    return place == PART_AT_BEGIN ? SQL_BEGINS : place == PART_AT_END ? SQL_ENDS : SQL_CONTAINS;
}

static const char *entries(struct table_columns *columns, const struct condition *test,
                           const char *list)
{
    struct texts_of texts = texts_of(columns, test, list);
    const char **parts = ARENA_ARRAY(columns->arena, const char *, texts.count + 1);
    for (uint32_t i = 0; i < texts.count; i++)
        parts[i] = sql_has_entry(columns->arena, columns->dialect, list,
                                 sql_text(columns->arena, columns->dialect, texts.items[i]));
    bool all = operator_kinds[test->operator_kind].all;
    return joined(columns->arena, parts, texts.count, all ? " AND " : " OR ",
                  all ? "true" : "false");
}

static const char *numbers(struct table_columns *columns, const struct condition *test,
                           const char *column, const double *operands, uint32_t count)
{
    const char **parts = ARENA_ARRAY(columns->arena, const char *, count + 1);
    for (uint32_t i = 0; i < count; i++)
        parts[i] = arena_format(columns->arena, "%s %s %s", column,
                                order_sign(operator_kinds[test->operator_kind].order),
                                sql_double(columns->arena, columns->dialect, operands[i]));
    return joined(columns->arena, parts, count, " OR ", "false");
}

/* ---------------------------------------------------------------------- conditions on fields -- */

/* Beyond, a double stands for several integers, which are then told apart by their digits. */
#define EXACT_INTEGERS 0x1p53

static const char *compare_numbers(struct table_columns *columns, const struct condition *test)
{
    const char *column =
        column_of_field(columns, COLUMN_NUMBER, test->field.text, test->field.span);
    double *operands = ARENA_ARRAY(columns->arena, double, test->operand_count + 1);
    for (uint32_t i = 0; i < test->operand_count; i++) {
        const char *text = test->operands[i].source.text;
        if (!number_from_text(text, strlen(text), &operands[i]))
            operands[i] = test->operands[i].number;
        if (!(fabs(operands[i]) < EXACT_INTEGERS))
            return refuse(columns, test->span, "a comparison with so great a number");
    }
    return column ? numbers(columns, test, column, operands, test->operand_count) : NULL;
}

/* How many operands are numbers, with which a field's number is compared. */
static uint32_t count_numbers(const struct condition *test)
{
    uint32_t count = 0, all = test->file ? test->file->count : test->operand_count;
    for (uint32_t i = 0; i < all; i++) {
        double number;
        const char *text = test->file ? test->file->values[i] : test->operands[i].source.text;
        count += number_from_text(text, strlen(text), &number);
    }
    return count;
}

static const char *equal(struct table_columns *columns, const struct condition *test)
{
    uint32_t found = count_numbers(test),
             all = test->file ? test->file->count : test->operand_count;
    if (found > 0 && found == all && !test->file)
        return compare_numbers(columns, test);
    if (found > 0)
        return refuse(columns, test->span, "a test of one field as texts and as numbers");
    const char *column = column_of_field(columns, COLUMN_TEXT, test->field.text, test->field.span);
    struct texts_of texts = texts_of(columns, test, column);
    return column ? in_list(columns, texts.column, texts.items, texts.count) : NULL;
}

static const char *field_test(struct table_columns *columns, const struct condition *test)
{
    const struct operator_kind_info *asked = &operator_kinds[test->operator_kind];
    const char *column;
    if (test->other_field.text)
        return refuse(columns, test->span, "a comparison of two fields");
    switch (asked->log) {
    case LOG_EQUAL:
    case LOG_LISTED:
        return equal(columns, test);
    case LOG_ORDER:
        return compare_numbers(columns, test);
    case LOG_PART:
        column = column_of_field(columns, COLUMN_TEXT, test->field.text, test->field.span);
        return column ? any_part(columns, test, column, part_of_place(asked->place)) : NULL;
    case LOG_ENTRIES:
        if (test->ignore_case)
            return refuse(columns, test->span, "a list's entries in any case");
        column = column_of_field(columns, COLUMN_LIST, test->field.text, test->field.span);
        return column ? entries(columns, test, column) : NULL;
    case LOG_PRESENCE:
        column = column_of_field(columns, COLUMN_TEXT, test->field.text, test->field.span);
        return column ? arena_format(columns->arena, "%s IS NOT NULL", column) : NULL;
    case LOG_REMAINDER:
        return refuse(columns, test->span, "a remainder");
    case LOG_GLOB:
        return refuse(columns, test->span, "a glob");
    case LOG_PATTERN:
        return refuse(columns, test->span, "a regular expression, which it reads otherwise,");
    case LOG_SOME:
    case LOG_EVERY:
    case LOG_NO:
    case LOG_SIZE:
        return refuse(columns, test->span, "a test within a list");
    case LOG_NULL:
        return refuse(columns, test->span, "null, which a table does not tell from absent,");
    case LOG_NONE:
        break;
    }
    return refuse(columns, test->span, "this operator");
}

typedef const char *translate(struct table_columns *columns, const struct condition *condition,
                              const struct sql_units *units);

/* Of several conditions. */
static const char *children(struct table_columns *columns, const struct condition *condition,
                            const struct sql_units *units, translate *each)
{
    struct arena *arena = columns->arena;
    const char **parts = ARENA_ARRAY(arena, const char *, condition->child_count + 1);
    for (uint32_t i = 0; i < condition->child_count; i++)
        if (!(parts[i] = each(columns, condition->children[i], units)))
            return NULL;
    if (condition->kind == CONDITION_NOT)
        return arena_format(arena, "NOT (%s)", parts[0]);
    bool all = condition->kind == CONDITION_ALL;
    return joined(arena, parts, condition->child_count, all ? " AND " : " OR ",
                  all ? "true" : "false");
}

static const char *of_predicate(struct table_columns *columns, const struct condition *condition,
                                const struct sql_units *units)
{
    const char *test;
    switch (condition->kind) {
    case CONDITION_TEST:
        test = field_test(columns, condition);
        return test ? never_null(columns->arena, test, condition->negate) : NULL;
    case CONDITION_ALL:
    case CONDITION_ANY:
    case CONDITION_NOT:
        return children(columns, condition, units, of_predicate);
    case CONDITION_SEGMENT:
    case CONDITION_FLAG:
    case CONDITION_CLOCK:
    case CONDITION_PERCENT:
        break;
    }
    return refuse(columns, condition->span, "this condition");
}

const char *sql_of_predicate(struct table_columns *columns, const struct condition *condition)
{
    return of_predicate(columns, condition, NULL);
}

/* ------------------------------------------------------------------ conditions on attributes -- */

static const char *column_of_attribute(struct table_columns *columns,
                                       const struct attribute *attribute, enum column_as as,
                                       const char **column)
{
    const struct log *log = columns->layout->log;
    for (uint32_t i = 0; i < log->context_count; i++)
        if (strcmp(log->context[i].name.text, attribute->name.text) == 0)
            return *column =
                       column_of_path(columns, as, log->context[i].from, log->context[i].name.span);
    return *column = "NULL"; /* absent in every line */
}

static const char *in_order(struct table_columns *columns, const struct condition *test,
                            const struct texts_of *texts)
{
    struct arena *arena = columns->arena;
    const char *column = sql_by_bytes(arena, columns->dialect, texts->column);
    const char **parts = ARENA_ARRAY(arena, const char *, texts->count + 1);
    for (uint32_t i = 0; i < texts->count; i++)
        parts[i] = arena_format(arena, "%s %s %s", column,
                                order_sign(operator_kinds[test->operator_kind].order),
                                sql_text(arena, columns->dialect, texts->items[i]));
    return joined(arena, parts, texts->count, " OR ", "false");
}

static const char *string_test(struct table_columns *columns, const struct condition *test,
                               const char *column)
{
    const struct operator_kind_info *asked = &operator_kinds[test->operator_kind];
    struct texts_of texts = texts_of(columns, test, column);
    if (asked->log == LOG_EQUAL || asked->log == LOG_LISTED)
        return in_list(columns, texts.column, texts.items, texts.count);
    if (asked->log == LOG_ORDER)
        return in_order(columns, test, &texts);
    if (asked->log == LOG_PART)
        return any_part(columns, test, column, part_of_place(asked->place));
    if (asked->log == LOG_GLOB)
        return refuse(columns, test->span, "a glob");
    if (asked->log == LOG_PATTERN)
        return refuse(columns, test->span, "a regular expression, which it reads otherwise,");
    return refuse(columns, test->span, "this operator");
}

static const char *number_test(struct table_columns *columns, const struct condition *test,
                               const char *column)
{
    double *operands = ARENA_ARRAY(columns->arena, double, test->operand_count + 1);
    if (!operator_kinds[test->operator_kind].order || test->file)
        return refuse(columns, test->span, "this operator");
    for (uint32_t i = 0; i < test->operand_count; i++)
        operands[i] = test->operands[i].number;
    return numbers(columns, test, column, operands, test->operand_count);
}

static const char *attribute_test(struct table_columns *columns, const struct condition *test)
{
    struct arena *arena = columns->arena;
    const struct attribute *attribute = test->attribute;
    const char *column;
    enum column_as as = attribute->type == FFLAG_ATTRIBUTE_NUMBER    ? COLUMN_NUMBER
                        : attribute->type == FFLAG_ATTRIBUTE_STRINGS ? COLUMN_LIST
                                                                     : COLUMN_TEXT;
    if (test->other || attribute->list || test->within)
        return refuse(columns, test->span, "a test of two attributes, or within a list,");
    if (test->operator_kind == OPERATOR_IS_NULL)
        return refuse(columns, test->span, "null, which a table does not tell from absent,");
    if (!column_of_attribute(columns, attribute, as, &column))
        return NULL;
    if (strcmp(column, "NULL") == 0)
        return "false";
    if (test->operator_kind == OPERATOR_PRESENT && as != COLUMN_LIST &&
        attribute->type != FFLAG_ATTRIBUTE_VERSION && attribute->type != FFLAG_ATTRIBUTE_IP &&
        attribute->type != FFLAG_ATTRIBUTE_TIME)
        return arena_format(arena, "%s IS NOT NULL", column);
    switch (attribute->type) {
    case FFLAG_ATTRIBUTE_STRING:
        return string_test(columns, test, column);
    case FFLAG_ATTRIBUTE_NUMBER:
        return number_test(columns, test, column);
    case FFLAG_ATTRIBUTE_BOOLEAN:
        if (test->operator_kind == OPERATOR_EQ && test->operand_count == 1)
            return arena_format(arena, "%s = '%s'", column,
                                test->operands[0].boolean ? "true" : "false");
        break;
    case FFLAG_ATTRIBUTE_STRINGS:
        if ((test->operator_kind == OPERATOR_HAS_ANY || test->operator_kind == OPERATOR_HAS_ALL) &&
            !test->ignore_case)
            return entries(columns, test, column);
        break;
    case FFLAG_ATTRIBUTE_VERSION:
        return refuse(columns, test->span, "an order of versions");
    case FFLAG_ATTRIBUTE_TIME:
        return refuse(columns, test->span, "an attribute that is a time");
    case FFLAG_ATTRIBUTE_IP:
        return refuse(columns, test->span, "a block of addresses");
    }
    return refuse(columns, test->span, "this operator");
}

const char *sql_in_range(struct arena *arena, const char *bucket, uint32_t from, uint32_t to)
{
    if (from >= to)
        return "false";
    const char *above = arena_format(arena, "%s >= %" PRIu64, bucket, percent_threshold(from));
    const char *below = to >= PERCENT_ALL
                            ? arena_format(arena, "%s IS NOT NULL", bucket)
                            : arena_format(arena, "%s < %" PRIu64, bucket, percent_threshold(to));
    return from == 0           ? below
           : to >= PERCENT_ALL ? above
                               : arena_format(arena, "(%s AND %s)", above, below);
}

static const char *share(struct table_columns *columns, const struct condition *condition,
                         const struct sql_units *units)
{
    const struct share_test *share = &condition->share;
    if (share->percent == 0 || share->percent >= PERCENT_ALL)
        return share->percent > 0 ? "true" : "false";
    const struct unit_key *key = share->by ? share->by : units->key;
    if (!key)
        return "false";
    const char *bucket = units->bucket(units, key, share->salt ? share->salt : units->salt,
                                       share->salt ? "" : "/if", condition->span);
    if (!bucket)
        return NULL;
    return never_null(columns->arena, sql_in_range(columns->arena, bucket, 0, share->percent),
                      false);
}

static const char *clock(struct table_columns *columns, const struct condition *condition)
{
    const struct clock_test *test = &condition->clock;
    switch (test->kind) {
    case CLOCK_FROM:
    case CLOCK_UNTIL:
    case CLOCK_AFTER:
    case CLOCK_BEFORE:
        /* Each is "at that time or later"; those that say until are negated. */
        return arena_format(columns->arena, "%s(ms >= %" PRId64 ")",
                            condition->negate ? "NOT " : "", test->time);
    case CLOCK_WEEKDAY:
    case CLOCK_BETWEEN:
        break;
    }
    return refuse(columns, condition->span, "a time of the week, in a zone,");
}

static const char *of_condition(struct table_columns *columns, const struct condition *condition,
                                const struct sql_units *units)
{
    const char *test;
    switch (condition->kind) {
    case CONDITION_TEST:
        test = attribute_test(columns, condition);
        return test ? never_null(columns->arena, test, condition->negate) : NULL;
    case CONDITION_SEGMENT:
        return of_condition(columns, condition->segment->condition, units);
    case CONDITION_CLOCK:
        return clock(columns, condition);
    case CONDITION_PERCENT:
        return share(columns, condition, units);
    case CONDITION_FLAG:
        return refuse(columns, condition->span, "what another flag serves");
    case CONDITION_ALL:
    case CONDITION_ANY:
    case CONDITION_NOT:
        break;
    }
    return children(columns, condition, units, of_condition);
}

const char *sql_of_condition(struct table_columns *columns, const struct condition *condition,
                             const struct sql_units *units)
{
    return condition ? of_condition(columns, condition, units) : "true";
}
