/* read_operands.c - operands of tests: values of the attribute's type, patterns. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "fflag/snapshot.h"
#include "compiler/base/match.h"
#include "read_condition.h"
#include "read_map.h"
#include "read_operands.h"
#include "read_names.h"
#include "read_pattern.h"
#include "read_scalar.h"
#include "reader.h"

/* The values of an attribute's `enum`, as they are written and without regard to case. */
struct choices {
    struct table written, folded;
};

static const struct choices *choices_of(struct reader *reader, const struct attribute *attribute)
{
    struct choices *choices = table_get(&reader->choices, attribute->name.text);
    if (choices)
        return choices;
    choices = ARENA_NEW(reader->arena, struct choices);
    table_add(&reader->choices, reader->arena, attribute->name.text, choices);
    for (uint32_t i = 0; i < attribute->choices.count; i++) {
        const char *text = attribute->choices.items[i].text;
        table_add(&choices->written, reader->arena, text, choices);
        table_add(&choices->folded, reader->arena, folded_copy(reader->arena, text, strlen(text)),
                  choices);
    }
    return choices;
}

static bool is_choice(struct reader *reader, const struct attribute *attribute,
                      const struct node *node, bool ignore_case)
{
    const struct choices *choices = choices_of(reader, attribute);
    if (!ignore_case)
        return table_get(&choices->written, node->text) != NULL;
    return table_get(&choices->folded, folded_copy(reader->arena, node->text, node->count)) != NULL;
}

/* The attribute never equals a value that its `enum` lacks. */
void check_choice(struct reader *reader, const struct attribute *attribute, const struct node *node,
                  bool ignore_case)
{
    const struct texts *choices = &attribute->choices;
    if (!choices->count || is_choice(reader, attribute, node, ignore_case))
        return;
    if (is_repeated(reader, FF0226, node->span, node->text, attribute->name.text))
        return;
    uint32_t count = suggestible(reader->diagnostics, choices->count);
    const char **known = ARENA_ARRAY(reader->arena, const char *, count);
    for (uint32_t i = 0; i < count; i++)
        known[i] = choices->items[i].text;
    diagnose(reader->diagnostics, FF0226, node->span, "'%s' is not among the values of '%s'",
             node->text, attribute->name.text);
    diagnose_note(reader->diagnostics, attribute->name.span, "'%s' is declared here",
                  attribute->name.text);
    suggest(reader->diagnostics, node->text, known, count);
}

static bool check_glob(struct reader *reader, const struct node *node)
{
    const char *problem = glob_problem(node->text);
    if (!problem)
        return true;
    diagnose(reader->diagnostics, FF0251, node->span, "the pattern '%s' %s", node->text, problem);
    diagnose_help(reader->diagnostics, "write '\\' before a character that is meant literally");
    return false;
}

/* An operand that is the empty text, for which no test asks on purpose: each text contains it. */
static void check_empty(struct reader *reader, const struct operator_info *info,
                        const struct node *node)
{
    const struct operator_kind_info *kind = &operator_kinds[info->kind];
    const char *fact = NULL, *help = "{present: true} asks whether there is a text, {ne: \"\"} "
                                     "whether it is another";
    if (kind->proof == PROOF_PART && kind->place == PART_AT_BEGIN)
        fact = "every text begins with the empty one";
    else if (kind->proof == PROOF_PART && kind->place == PART_AT_END)
        fact = "every text ends with the empty one";
    else if (kind->proof == PROOF_PART)
        fact = "every text contains the empty one";
    else if (kind->proof == PROOF_ORDER && kind->order == ORDER_LOWER)
        fact = "no text is before the empty one";
    else if (kind->proof == PROOF_ORDER && kind->order == (ORDER_HIGHER | ORDER_EQUAL))
        fact = "every text is the empty one, or after it";
    if (kind->proof == PROOF_GLOB ||
        (kind->proof == PROOF_ORDER && kind->order & ORDER_LOWER && kind->order & ORDER_EQUAL)) {
        fact = kind->proof == PROOF_GLOB ? "only the empty text matches this"
                                         : "only the empty text is not after the empty one";
        help = "ask for it by {eq: \"\"}";
    }
    if (!fact)
        return;
    diagnose(reader->diagnostics, FF0470, node->span, "%s", fact);
    diagnose_help(reader->diagnostics, "write the text that is meant; %s", help);
}

static bool read_string_operand(struct reader *reader, const struct condition_subject *subject,
                                const struct operator_info *info, const struct node *node,
                                struct operand *operand)
{
    if (!read_text(reader, node, &operand->source))
        return false;
    if (info->form == OPERAND_PATTERNS)
        return read_pattern(reader, node, subject->ignore_case, operand);
    operand->text = operand->source.text;
    if (subject->ignore_case && node->count > FFS_MAX_FOLDED) {
        diagnose(reader->diagnostics, FF0141, node->span,
                 "a text of %u bytes with 'ignore_case', expected at most %d", node->count,
                 FFS_MAX_FOLDED);
        return false;
    }
    if (info->form == OPERAND_GLOBS && !check_glob(reader, node))
        return false;
    if (!*operand->text)
        check_empty(reader, info, node);
    if (operator_kinds[info->kind].proof == PROOF_EQUAL && subject->attribute)
        check_choice(reader, subject->attribute, node, subject->ignore_case);
    return true;
}

/* A log's field has no type: the operand is a number if the test reads the field as one. */
static bool read_field_operand(struct reader *reader, const struct condition_subject *subject,
                               const struct operator_info *info, const struct node *node,
                               struct operand *operand)
{
    if (operator_kinds[info->kind].log == LOG_ORDER)
        return read_number(reader, node, &operand->number);
    return read_string_operand(reader, subject, info, node, operand);
}

/* ------------------------------------------------------------------------------- remainders -- */

/* Every integer up to it is a number of its own. */
#define GREATEST_DIVISOR (INT64_C(1) << 53)

static void read_below(struct reader *reader, struct node *node, void *target)
{
    (void)reader, (void)node, (void)target; /* by read_divisor(), which looks at `by` first */
}

static const struct form divisor_form =
    FORM("integer", "\"type\": \"integer\", \"minimum\": 1, \"maximum\": 9007199254740992");
static const struct form remainders_form =
    FORM("list of integers", "\"type\": [\"array\", \"integer\"], "
                             "\"items\": {\"type\": \"integer\", \"minimum\": 0}");
static const struct field mod_fields[] = {
    READ("by", read_below, divisor_form, "what the value is divided by: 1 to 2^53",
         .missing = "say what to divide by: {by: 10, in: [0, 1]}"),
    READ("in", read_below, remainders_form,
         "the remainders, 0 to `by` - 1, also of negative numbers",
         .missing = "say which remainders: {by: 10, in: [0, 1]}"),
};
static const struct form mod_form = KEYS(NULL, "'mod'", "`{by, in}`", mod_fields);

const struct form *operand_map(enum operand_form form)
{
    return form == OPERAND_REMAINDERS ? &mod_form : NULL;
}

/* Returns the remainders; NULL after reporting. */
static struct node *read_divisor(struct reader *reader, struct node *node, struct condition *test)
{
    uint32_t before = faults(reader);
    int64_t divisor;
    if (!expect_map(reader, node, "{by: …, in: […]}"))
        return NULL;
    read_fields(reader, node, &mod_form, node->span, NULL);
    const struct node *by = node_get(node, "by");
    if (faults(reader) > before || !read_integer(reader, by, &divisor))
        return NULL;
    if (divisor < 1 || divisor > GREATEST_DIVISOR) {
        diagnose(reader->diagnostics, FF0141, by->span,
                 "a divisor of '%s', expected 1 to 9007199254740992", by->text);
        return NULL;
    }
    test->divisor = (uint64_t)divisor;
    return node_get(node, "in");
}

static bool read_remainder(struct reader *reader, const struct node *node, uint64_t divisor,
                           struct operand *operand)
{
    int64_t remainder;
    if (!read_integer(reader, node, &remainder))
        return false;
    operand->number = (double)remainder;
    if (remainder >= 0 && (uint64_t)remainder < divisor)
        return true;
    diagnose(reader->diagnostics, FF0141, node->span,
             "a remainder of '%s', but divided by %" PRIu64 " it is 0 to %" PRIu64, node->text,
             divisor, divisor - 1);
    if (remainder < 0 && (uint64_t)-remainder < divisor)
        diagnose_help(reader->diagnostics,
                      "negative numbers leave positive ones, too: write %" PRIu64,
                      divisor - (uint64_t)-remainder);
    return false;
}

/* -------------------------------------------------------------------------- other attributes -- */

const char *subject_words(struct reader *reader, const struct condition_subject *subject)
{
    const char *name = subject->name.text;
    switch (subject->part) {
    case SUBJECT_ENTRY:
        return arena_format(reader->arena, "an entry of '%s', a string", name);
    case SUBJECT_SIZE:
        return arena_format(reader->arena, "the size of '%s', a number", name);
    case SUBJECT_WHOLE:
        break;
    }
    return arena_format(reader->arena, "'%s', %s %s", name,
                        subject->attribute ? "an attribute of type" : "which is a",
                        attribute_type_words[condition_subject_type(subject)]);
}

static void keep_name(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    *(struct node **)target = node;
}

static const struct field other_fields[] = {
    READ("attribute", keep_name, attribute_name_form, "whose value it is compared with",
         .missing = "name the attribute: {eq: {attribute: other}}"),
};
const struct form other_form =
    KEYS("other_attribute", "another attribute", "{attribute}", other_fields,
         .reference = REFERENCE_NONE, .help = "The value of another attribute, of the same type");
static const struct field other_field_fields[] = {
    READ("field", keep_name, field_name_form, "whose value it is compared with",
         .missing = "name the field: {gt: {field: other}}"),
};
const struct form other_field_form =
    KEYS("other_field", "another field", "{field}", other_field_fields, .reference = REFERENCE_NONE,
         .help = "The value of another field, in a metric's condition");

static bool report_itself(struct reader *reader, const struct condition_subject *subject,
                          const struct node *name)
{
    diagnose(reader->diagnostics, FF0299, name->span, "'%s' is compared with itself", name->text);
    diagnose_help(
        reader->diagnostics,
        "it equals itself wherever it is given, which {%s: {present: true}} asks; or name "
        "another %s",
        subject->name.text, subject->attribute ? "attribute" : "field");
    return false;
}

static bool expect_same_type(struct reader *reader, const struct condition_subject *subject,
                             const struct attribute *other, const struct node *name)
{
    const struct attribute *own = subject->attribute;
    if (own->type != other->type) {
        diagnose(reader->diagnostics, FF0298, name->span,
                 "%s, cannot be compared with '%s', an attribute of type %s",
                 subject_words(reader, subject), name->text, attribute_type_words[other->type]);
        diagnose_note(reader->diagnostics, other->name.span, "'%s' is declared here", name->text);
        if (other->type == FFLAG_ATTRIBUTE_STRINGS && own->type == FFLAG_ATTRIBUTE_STRING)
            diagnose_help(reader->diagnostics,
                          "to ask whether a list has it, test the list's entries: {%s: {any: {eq: "
                          "{attribute: %s}}}}",
                          name->text, subject->name.text);
        else
            diagnose_help(reader->diagnostics, "name an attribute of type %s",
                          attribute_type_words[own->type]);
        return false;
    }
    if (own->type == FFLAG_ATTRIBUTE_VERSION && own->scheme != other->scheme) {
        diagnose(reader->diagnostics, FF0298, name->span,
                 "'%s', a version of scheme %s, cannot be compared with '%s', of scheme %s",
                 subject->name.text, version_scheme_words[own->scheme], name->text,
                 version_scheme_words[other->scheme]);
        diagnose_note(reader->diagnostics, other->name.span, "'%s' is declared here", name->text);
        diagnose_help(reader->diagnostics, "give both the same 'scheme'");
        return false;
    }
    return true;
}

/* In place of a value. */
static bool read_other(struct reader *reader, const struct condition_subject *subject,
                       struct node *map, struct condition *test)
{
    struct node *name = NULL;
    uint32_t before = faults(reader);
    const struct form *form = subject->attribute ? &other_form : &other_field_form;
    read_fields(reader, map, form, map->span, &name);
    if (!name || faults(reader) > before)
        return false;
    if (subject->fields && subject->part != SUBJECT_WHOLE) {
        diagnose(reader->diagnostics, FF0298, name->span,
                 "%s, cannot be compared with what else the line has",
                 subject_words(reader, subject));
        diagnose_help(reader->diagnostics, "compare it with values");
        return false;
    }
    if (!subject->attribute)
        return read_text(reader, name, &test->other_field) &&
               (strcmp(test->other_field.text, subject->name.text) != 0 ||
                report_itself(reader, subject, name));
    test->other = resolve(reader, ATTRIBUTE, name);
    if (!test->other || !test->other->type)
        return false;
    if (test->other == subject->attribute)
        return report_itself(reader, subject, name);
    return expect_same_type(reader, subject, test->other, name);
}

static bool names_other(const struct condition_subject *subject, const struct node *map)
{
    return find_entry(map, subject->attribute ? other_fields[0].name : other_field_fields[0].name);
}

/* `in: {attribute: other}`, of an operator that compares with more or other than a value. */
static bool refuse_other(struct reader *reader, const struct condition_subject *subject,
                         const struct operator_info *info, const struct node *map)
{
    diagnose(reader->diagnostics, FF0298, map->span,
             "'%s' does not compare with the value of another %s", info->name,
             subject->attribute ? "attribute" : "field");
    if (subject->attribute)
        diagnose_help(reader->diagnostics,
                      "eq, ne, gt, gte, lt, lte, before and after do, also within 'any', 'all', "
                      "'none' and 'size' of a list");
    else
        diagnose_help(reader->diagnostics, "eq, ne, gt, gte, lt and lte do");
    return false;
}

/* ---------------------------------------------------------------------------------- operands -- */

static bool read_size(struct reader *reader, const struct node *node, double *size)
{
    uint64_t count;
    if (!read_count(reader, node, &count))
        return false;
    *size = (double)count;
    return true;
}

/* Of a private attribute, a number with a key: others have no digits to be hashed. */
static bool read_attribute_number(struct reader *reader, const struct attribute *attribute,
                                  const struct node *node, double *number)
{
    if (!read_number(reader, node, number))
        return false;
    if (!attribute->is_private || (*number == trunc(*number) && fabs(*number) <= 0x1p53))
        return true;
    diagnose(reader->diagnostics, FF0296, node->span,
             "'%s' is not an integer of at most 2^53, as values of private '%s' are", node->text,
             attribute->name.text);
    diagnose_help(reader->diagnostics, "numbers are hashed as the digits of an id");
    return false;
}

/* Others compare with null, or have it in a list. Here it would be the text of four letters. */
static bool report_null(struct reader *reader, const struct node *node)
{
    expected(reader, node, "a value");
    diagnose_help(reader->diagnostics,
                  "whether it is null is asked by {is_null: true}; quote it if the text is meant");
    return false;
}

static bool is_written_null(const struct node *node)
{
    return is_null(node) && *node->text;
}

static bool read_operand(struct reader *reader, const struct condition_subject *subject,
                         const struct operator_info *info, const struct condition *test,
                         const struct node *node, struct operand *operand)
{
    operand->source = (struct text){node->text, node->span};
    if (is_written_null(node))
        return report_null(reader, node);
    if (info->form == OPERAND_REMAINDERS)
        return read_remainder(reader, node, test->divisor, operand);
    if (!subject->attribute)
        return read_field_operand(reader, subject, info, node, operand);
    switch (subject->attribute->type) {
    case FFLAG_ATTRIBUTE_NUMBER:
        return subject->part == SUBJECT_SIZE
                   ? read_size(reader, node, &operand->number)
                   : read_attribute_number(reader, subject->attribute, node, &operand->number);
    case FFLAG_ATTRIBUTE_BOOLEAN:
        return read_boolean(reader, node, &operand->boolean);
    case FFLAG_ATTRIBUTE_VERSION:
        return read_version(reader, node, subject->attribute->scheme, &operand->text);
    case FFLAG_ATTRIBUTE_TIME:
        return info->form == OPERAND_DURATION ? read_duration(reader, node, &operand->duration)
                                              : read_time(reader, node, &operand->time);
    case FFLAG_ATTRIBUTE_IP:
        return read_network(reader, node, &operand->network);
    case FFLAG_ATTRIBUTE_STRING:
    case FFLAG_ATTRIBUTE_STRINGS:
        break;
    }
    return read_string_operand(reader, subject, info, node, operand);
}

static bool expect_shape(struct reader *reader, const struct condition_subject *subject,
                         const struct operator_info *info, const struct node *node)
{
    enum operand_shape shape = operand_forms[info->form].shape;
    if (shape == SHAPE_LIST && node->kind == NODE_SCALAR) {
        expected(reader, node, "a list");
        if (!is_null(node))
            diagnose_help(reader->diagnostics, "'%s' takes a list: %s: [%s]", info->name,
                          info->name, node->text);
        return false;
    }
    if (shape == SHAPE_ONE && node->kind != NODE_SCALAR) {
        const struct operator_info *other =
            operator_for_list(info, condition_subject_type(subject));
        expected(reader, node, "one value");
        if (node->kind == NODE_LIST && other)
            diagnose_help(reader->diagnostics, "'%s' takes a list", other->name);
        return false;
    }
    return true;
}

bool read_operands(struct reader *reader, const struct condition_subject *subject,
                   const struct operator_info *info, struct node *node, struct condition *test)
{
    struct node **items;
    uint32_t count;
    if (node->kind == NODE_MAP && operator_compares(info))
        return read_other(reader, subject, node, test);
    if (node->kind == NODE_MAP && names_other(subject, node))
        return refuse_other(reader, subject, info, node);
    if (operand_forms[info->form].shape == SHAPE_MAP)
        node = read_divisor(reader, node, test);
    if (node && is_written_null(node))
        return report_null(reader, node);
    if (!node || !expect_shape(reader, subject, info, node))
        return false;
    if (!read_items(reader, node, "a value or a list of values", &items, &count))
        return false;
    if (!count) {
        diagnose(reader->diagnostics, FF0143, node->span,
                 info->negate != operator_kinds[info->kind].all
                     ? "an empty list: the test always holds"
                     : "an empty list: the test never holds");
        diagnose_help(reader->diagnostics, "name the values, or remove the test");
    }
    test->operands = ARENA_ARRAY(reader->arena, struct operand, count);
    bool sound = true;
    for (uint32_t i = 0; i < count; i++) {
        if (read_operand(reader, subject, info, test, items[i],
                         &test->operands[test->operand_count]))
            test->operand_count++;
        else
            sound = false;
    }
    return sound;
}
