/* read_operands.c - what a test compares with: values of the attribute's type, patterns. */
#include <string.h>
#include <strings.h>

#include "fflag/snapshot.h"
#include "compiler/base/glob.h"
#include "read_condition.h"

static bool same_text(const char *a, const char *b, bool ignore_case)
{
    return (ignore_case ? strcasecmp(a, b) : strcmp(a, b)) == 0;
}

/* A value that the attribute's `enum` does not have can never be equal to it. */
void check_choice(struct reader *reader, const struct attribute *attribute, const struct node *node,
                  bool ignore_case)
{
    const struct texts *choices = &attribute->choices;
    for (uint32_t i = 0; i < choices->count; i++) {
        if (same_text(choices->items[i].text, node->text, ignore_case))
            return;
    }
    if (!choices->count)
        return;
    const char **known = ARENA_ARRAY(reader->arena, const char *, choices->count);
    for (uint32_t i = 0; i < choices->count; i++)
        known[i] = choices->items[i].text;
    diagnose(reader->diagnostics, FF0226, node->span, "'%s' is not among the values of '%s'",
             node->text, attribute->name.text);
    diagnose_note(reader->diagnostics, attribute->name.span, "'%s' is declared here",
                  attribute->name.text);
    suggest(reader, node->text, known, choices->count);
}

static bool read_string_operand(struct reader *reader, const struct condition_subject *subject,
                                const struct operator_info *info, const struct node *node,
                                struct operand *operand)
{
    if (!read_text(reader, node, &operand->source))
        return false;
    if (info->kind == OPERATOR_MATCHES)
        return read_pattern(reader, node, subject->ignore_case, operand);
    operand->text = operand->source.text;
    if (subject->ignore_case && node->count > FFS_MAX_FOLDED) {
        diagnose(reader->diagnostics, FF0141, node->span,
                 "a text of %u bytes beside 'ignore_case', expected at most %d", node->count,
                 FFS_MAX_FOLDED);
        return false;
    }
    if (info->kind == OPERATOR_GLOB) {
        const char *problem = glob_problem(node->text);
        if (problem) {
            diagnose(reader->diagnostics, FF0251, node->span, "the pattern '%s' %s", node->text,
                     problem);
            diagnose_help(reader->diagnostics,
                          "write '\\' before a character that stands for itself");
            return false;
        }
    }
    if (info->kind == OPERATOR_EQ && subject->attribute)
        check_choice(reader, subject->attribute, node, subject->ignore_case);
    return true;
}

static bool read_operand(struct reader *reader, const struct condition_subject *subject,
                         const struct operator_info *info, const struct node *node,
                         struct operand *operand)
{
    bool ordering = info->kind >= OPERATOR_LT && info->kind <= OPERATOR_GE;
    operand->source = (struct text){node->text, node->span};
    switch (condition_subject_type(subject)) {
    case FFLAG_ATTRIBUTE_NUMBER:
        return read_number(reader, node, &operand->number);
    case FFLAG_ATTRIBUTE_BOOLEAN:
        return read_boolean(reader, node, &operand->boolean);
    case FFLAG_ATTRIBUTE_VERSION:
        return read_version(reader, node, &operand->text);
    case FFLAG_ATTRIBUTE_TIME:
        return read_time(reader, node, &operand->time);
    case FFLAG_ATTRIBUTE_IP:
        return read_network(reader, node, &operand->network);
    case 0:
        if (ordering)
            return read_number(reader, node, &operand->number);
        return read_string_operand(reader, subject, info, node, operand);
    default:
        return read_string_operand(reader, subject, info, node, operand);
    }
}

bool read_operands(struct reader *reader, const struct condition_subject *subject,
                   const struct operator_info *info, struct node *node, struct condition *test)
{
    struct node **items;
    uint32_t count;
    if (info->operands == LIST && node->kind == NODE_SCALAR) {
        expected(reader, node, "a list");
        if (node->kind == NODE_SCALAR && !is_null(node))
            diagnose_help(reader->diagnostics, "'%s' takes a list: %s: [%s]", info->name,
                          info->name, node->text);
        return false;
    }
    if (info->operands == ONE && node->kind != NODE_SCALAR) {
        expected(reader, node, "one value");
        const char *many = info->kind == OPERATOR_EQ ? (info->negate ? "not_in" : "in") : "has_any";
        if (node->kind == NODE_LIST &&
            (info->kind == OPERATOR_EQ || info->kind == OPERATOR_HAS_ANY))
            diagnose_help(reader->diagnostics, "'%s' takes a list", many);
        return false;
    }
    if (!read_items(reader, node, "a value or a list of values", &items, &count))
        return false;
    if (!count) {
        diagnose(reader->diagnostics, FF0143, node->span,
                 info->negate || info->kind == OPERATOR_HAS_ALL
                     ? "an empty list: the test always holds"
                     : "an empty list: the test never holds");
        diagnose_help(reader->diagnostics, "name the values, or remove the test");
    }
    test->operands = ARENA_ARRAY(reader->arena, struct operand, count);
    bool sound = true;
    for (uint32_t i = 0; i < count; i++) {
        if (read_operand(reader, subject, info, items[i], &test->operands[test->operand_count]))
            test->operand_count++;
        else
            sound = false;
    }
    return sound;
}
