/*
 * read_condition.c - conditions on the attributes of a context and on the fields of a log.
 *
 * An operator is a row of model/operators.def. `ne` and its kin are stored as the negated test, so
 * they are exact negations by construction.
 */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "draft.h"
#include "foreign.h"
#include "read_clock.h"
#include "read_condition.h"
#include "read_list_file.h"
#include "read_map.h"
#include "read_names.h"
#include "read_operands.h"
#include "read_project.h"
#include "read_rules.h"
#include "read_scalar.h"
#include "read_variants.h"
#include "reader.h"

enum condition_key { CONDITION_KEYS(WORDS_MEMBER) };
const char *const condition_key_words[] = WORDS(CONDITION_KEYS);

static struct condition *new_condition(struct reader *reader, enum condition_kind kind,
                                       struct span span)
{
    struct condition *condition = ARENA_NEW(reader->arena, struct condition);
    condition->kind = kind;
    condition->span = span;
    return condition;
}

static void add_child(struct reader *reader, struct condition *parent, struct condition *child)
{
    if (child)
        *ARENA_APPEND(reader->arena, parent->children, parent->child_count) = child;
}

static struct span join(struct span first, struct span second)
{
    first.end = second.end;
    return first;
}

static struct span entry_span(const struct entry *entry)
{
    return join(entry->key->span, entry->value->span);
}

/* ------------------------------------------------------------------------------------- tests -- */

/* Entries of a list, and their number, are there wherever the list is. */
static bool fits_subject(const struct operator_info *info, const struct condition_subject *subject)
{
    return info->types & TYPE_BIT(condition_subject_type(subject)) &&
           (subject->part == SUBJECT_WHOLE || info->form != OPERAND_PRESENCE);
}

/* Among the fields of a log, `now` is one like the others, and none is a time. */
static bool help_time(struct reader *reader, const struct condition_subject *subject,
                      const struct operator_info *info)
{
    if (!subject->fields || subject->part != SUBJECT_WHOLE)
        return false;
    bool is_now = strcmp(subject->name.text, condition_key_words[KEY_NOW]) == 0;
    bool of_times = info && info->types == TYPE_BIT(FFLAG_ATTRIBUTE_TIME);
    if (is_now)
        diagnose_help(reader->diagnostics,
                      "'now' is a field of the log here; a line cannot be asked about the clock");
    else if (of_times)
        diagnose_help(reader->diagnostics,
                      "a field of a log has no type, so it is no time; 'over' of a criterion says "
                      "how old the lines are that it counts");
    return is_now || of_times;
}

static void report_operator_type(struct reader *reader, const struct condition_subject *subject,
                                 const struct operator_info *info, struct span span)
{
    unsigned type = condition_subject_type(subject);
    diagnose(reader->diagnostics, FF0233, span, "operator '%s' does not fit %s", info->name,
             subject_words(reader, subject));
    if (subject->attribute && !subject->fields)
        diagnose_note(reader->diagnostics, subject->attribute->name.span, "'%s' is declared here",
                      subject->name.text);
    if (help_time(reader, subject, info))
        return;
    struct buffer fitting = {0};
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        if (fits_subject(&operators[i], subject))
            buffer_format(&fitting, "%s%s", fitting.length ? ", " : "", operators[i].name);
    }
    diagnose_help(reader->diagnostics, "operators of %s: %s", attribute_type_words[type],
                  fitting.bytes);
    buffer_release(&fitting);
}

/* Whether what the operator compares with would stand readable in every snapshot. */
static bool report_private(struct reader *reader, const struct condition_subject *subject,
                           const struct operator_info *info, const struct entry *entry)
{
    bool other = entry->value->kind == NODE_MAP && operator_compares(info); /* it has no value */
    if (!subject->attribute || !subject->attribute->is_private || operator_hides(info->kind) ||
        other)
        return false;
    diagnose(reader->diagnostics, FF0297, entry->key->span,
             "operator '%s' would show in every snapshot what private '%s' is compared with",
             info->name, subject->name.text);
    diagnose_note(reader->diagnostics, subject->attribute->name.span, "'%s' is declared here",
                  subject->name.text);
    struct buffer hiding = {0};
    for (size_t i = 0; i < OPERATOR_COUNT; i++)
        if (fits_subject(&operators[i], subject) && operator_hides(operators[i].kind))
            buffer_format(&hiding, "%s%s", hiding.length ? ", " : "", operators[i].name);
    diagnose_help(reader->diagnostics,
                  "a hash can only tell whether values are equal: %s; or let services set another "
                  "attribute with the part that matters, such as the domain of an address",
                  hiding.bytes);
    buffer_release(&hiding);
    return true;
}

static void read_tests_of(struct reader *reader, struct condition_subject *subject,
                          struct node *value, struct span span, struct condition *parent);

/* A list of values after `all` may mean either of two things, and `has_all` only one. */
static bool expect_operators(struct reader *reader, const struct operator_info *info,
                             struct node *value)
{
    static const char *const listed[] = {[OPERATOR_ANY_ENTRY] = "has_any",
                                         [OPERATOR_ALL_ENTRIES] = "has_all",
                                         [OPERATOR_NO_ENTRY] = "has_none"};
    if (info->form != OPERAND_ENTRY || value->kind == NODE_MAP)
        return true;
    expected(reader, value, "operators, which test an entry");
    if (value->kind == NODE_LIST)
        diagnose_help(reader->diagnostics,
                      "'%s' takes values; to say what entries are, write {%s: {in: [...]}}",
                      listed[info->kind], info->name);
    else if (!is_null(value))
        diagnose_help(reader->diagnostics, "write {%s: {eq: %s}}", info->name, value->text);
    return false;
}

/* The condition on an entry of a list, or on their number; NULL after reporting. */
static struct condition *read_within(struct reader *reader, const struct condition_subject *list,
                                     const struct operator_info *info, struct node *value)
{
    if (!expect_operators(reader, info, value))
        return NULL;
    bool entry = info->form == OPERAND_ENTRY;
    struct condition_subject subject = *list;
    subject.part = entry ? SUBJECT_ENTRY : SUBJECT_SIZE;
    struct attribute *part = ARENA_NEW(reader->arena, struct attribute);
    part->name = list->attribute ? list->attribute->name : list->name;
    part->type = entry ? FFLAG_ATTRIBUTE_STRING : FFLAG_ATTRIBUTE_NUMBER;
    part->list = list->attribute;
    part->is_private = entry && list->attribute && list->attribute->is_private;
    subject.attribute = part;
    struct condition *all = new_condition(reader, CONDITION_ALL, value->span);
    read_tests_of(reader, &subject, value, value->span, all);
    if (!all->child_count)
        return NULL;
    return all->child_count == 1 ? all->children[0] : all;
}

static struct condition *read_test(struct reader *reader, const struct condition_subject *subject,
                                   const struct operator_info *info, struct node *value,
                                   struct span span)
{
    struct condition *test = new_condition(reader, CONDITION_TEST, span);
    test->operator_kind = info->kind;
    test->negate = info->negate;
    test->ignore_case = subject->ignore_case;
    test->attribute = subject->attribute;
    test->field = subject->name;
    bool present;
    switch (operand_forms[info->form].shape) {
    case SHAPE_FILE:
        test->file = read_list_file(reader, value);
        return test->file ? test : NULL;
    case SHAPE_PRESENCE:
        if (!read_boolean(reader, value, &present))
            return NULL;
        test->negate = !present;
        return test;
    case SHAPE_WITHIN:
        test->within = read_within(reader, subject, info, value);
        return test->within ? test : NULL;
    case SHAPE_ONE:
    case SHAPE_LIST:
    case SHAPE_ONE_OR_LIST:
    case SHAPE_MAP:
        break;
    }
    return read_operands(reader, subject, info, value, test) ? test : NULL;
}

/* By what other systems negate a test. */
static bool is_negation(const char *word)
{
    static const char *const words[] = {"not", "$not", "negate", "negated", "inverted", "inverse"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

static bool is_any_case(const char *word)
{
    static const char *const words[] = {"caseInsensitive", "case_insensitive", "ignoreCase",
                                        "insensitive"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

/* What others call a test that ignores case, by the operator; or NULL. */
static const char *of_any_case(const char *word)
{
    static const char *const words[][2] = {
        {"$ini", "in"},   {"$nini", "not_in"},       {"$regexi", "matches"},
        {"iexact", "eq"}, {"icontains", "contains"}, {"not_icontains", "not_contains"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i][0]) == 0)
            return words[i][1];
    }
    return NULL;
}

/* What others say by an operator, and is said otherwise here; or NULL. */
static const char *in_other_words(const char *word, unsigned type)
{
    static const struct {
        const char *word;
        unsigned types; /* TYPE_BIT()s */
        const char *ours;
    } words[] = {
        {"empty", TYPE_BIT(FFLAG_ATTRIBUTE_STRING), "{eq: \"\"}"},
        {"isempty", TYPE_BIT(FFLAG_ATTRIBUTE_STRING), "{eq: \"\"}"},
        {"notempty", TYPE_BIT(FFLAG_ATTRIBUTE_STRING), "{present: true, ne: \"\"}"},
        {"isnotempty", TYPE_BIT(FFLAG_ATTRIBUTE_STRING), "{present: true, ne: \"\"}"},
        {"empty", TYPE_BIT(FFLAG_ATTRIBUTE_STRINGS), "{size: 0}"},
        {"isempty", TYPE_BIT(FFLAG_ATTRIBUTE_STRINGS), "{size: 0}"},
        {"notempty", TYPE_BIT(FFLAG_ATTRIBUTE_STRINGS), "{size: {gte: 1}}"},
        {"isnotempty", TYPE_BIT(FFLAG_ATTRIBUTE_STRINGS), "{size: {gte: 1}}"},
        {"between", ~TYPE_BIT(FFLAG_ATTRIBUTE_STRINGS), "{gte: …, lte: …}"},
        {"percentagesplit", ~0u, "{percent: 10%}, beside the attributes"},
        {"semver", TYPE_BIT(FFLAG_ATTRIBUTE_VERSION), "{gte: 1.2.3}, or another comparison"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].types & TYPE_BIT(type) && is_same_word(words[i].word, word))
            return words[i].ours;
    return NULL;
}

static void report_operator(struct reader *reader, const struct condition_subject *subject,
                            const struct node *key)
{
    const char *known[OPERATOR_COUNT + 1];
    size_t count = 0;
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        if (fits_subject(&operators[i], subject))
            known[count++] = operators[i].name;
    }
    known[count++] = "ignore_case";
    diagnose(reader->diagnostics, FF0238, key->span, "unknown operator '%s'", key->text);
    if (help_time(reader, subject, NULL))
        return;
    unsigned type = condition_subject_type(subject);
    const char *here = operator_known_as(key->text, type);
    const char *negated = here ? NULL : operator_negated_as(key->text, type);
    if (in_other_words(key->text, type))
        diagnose_help(reader->diagnostics, "write %s", in_other_words(key->text, type));
    else if (of_any_case(key->text))
        diagnose_help(reader->diagnostics, "write '%s', and 'ignore_case: true' beside it",
                      of_any_case(key->text));
    else if (strcmp(key->text, subject->fields ? "field" : "attribute") == 0)
        diagnose_help(reader->diagnostics, "say how to compare with another %s: {eq: {%s: other}}",
                      key->text, key->text);
    else if (here)
        diagnose_help(reader->diagnostics, "the operator is called '%s' here", here);
    else if (negated && operator_find(negated)->kind == OPERATOR_PRESENT)
        diagnose_help(reader->diagnostics, "write '%s: false'", negated);
    else if (negated)
        diagnose_help(reader->diagnostics, "write {not: {%s: {%s: …}}}", subject->name.text,
                      negated);
    else if (is_any_case(key->text))
        diagnose_help(reader->diagnostics, "it is called 'ignore_case' here");
    else if (is_negation(key->text))
        diagnose_help(reader->diagnostics, "'not' stands before the attribute: {not: {%s: …}}",
                      subject->name.text);
    else
        suggest(reader->diagnostics, key->text, known, count);
}

/* `ignore_case` applies to all operators next to it; true only if each of them can fold case. */
static void read_ignore_case(struct reader *reader, struct condition_subject *subject,
                             struct node *map)
{
    const struct entry *entry = find_entry(map, "ignore_case");
    bool value;
    if (!entry || !read_boolean(reader, entry->value, &value))
        return;
    unsigned type = condition_subject_type(subject);
    bool has_case = !type || type == FFLAG_ATTRIBUTE_STRING || type == FFLAG_ATTRIBUTE_STRINGS;
    bool foldable = false;
    for (uint32_t i = 0; i < map->count; i++) {
        const struct operator_info *info = operator_find(map->entries[i].key->text);
        foldable |= info && operator_folds_case(info, type);
    }
    if (!has_case || !foldable) {
        diagnose(reader->diagnostics, FF0241, entry->key->span, "'ignore_case' has no effect on %s",
                 has_case ? "these operators"
                 : subject->part == SUBJECT_SIZE
                     ? "a number"
                     : arena_format(reader->arena, "an attribute of type %s",
                                    attribute_type_words[type]));
        diagnose_help(reader->diagnostics, "it goes with a string operator: {eq: red, "
                                           "ignore_case: true}");
        return;
    }
    subject->ignore_case = value;
}

static void read_operator_map(struct reader *reader, struct condition_subject *subject,
                              struct node *map, struct condition *parent)
{
    if (!map->count)
        expected(reader, map, "an operator");
    read_ignore_case(reader, subject, map);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct entry *entry = &map->entries[i];
        const struct operator_info *info = operator_find(entry->key->text);
        if (strcmp(entry->key->text, "ignore_case") == 0)
            continue;
        if (!info) {
            report_operator(reader, subject, entry->key);
        } else if (!fits_subject(info, subject)) {
            report_operator_type(reader, subject, info, entry->key->span);
        } else if (!report_private(reader, subject, info, entry)) {
            add_child(reader, parent,
                      read_test(reader, subject, info, entry->value, entry_span(entry)));
        }
    }
}

/* A value, a list of values, or operators. */
static void read_tests_of(struct reader *reader, struct condition_subject *subject,
                          struct node *value, struct span span, struct condition *parent)
{
    if (value->kind == NODE_MAP) {
        read_operator_map(reader, subject, value, parent);
        return;
    }
    bool list = value->kind == NODE_LIST;
    if (!list && is_null(value)) {
        expected(reader, value, "a value, a list of values or operators");
        if (*value->text)
            diagnose_help(reader->diagnostics, "whether it is null is asked by {is_null: true}");
        return;
    }
    unsigned type = condition_subject_type(subject);
    const struct operator_info *info = operator_of_bare(list);
    bool addresses = type == FFLAG_ATTRIBUTE_IP;
    if (!addresses && !(info->types & TYPE_BIT(type))) {
        if (type == FFLAG_ATTRIBUTE_STRINGS)
            diagnose(reader->diagnostics, FF0233, value->span,
                     "'%s' is a list of strings, which never equals a value", subject->name.text);
        else
            diagnose(reader->diagnostics, FF0233, value->span,
                     "a list of values does not fit '%s', an attribute of type %s",
                     subject->name.text, attribute_type_words[type]);
        if (type == FFLAG_ATTRIBUTE_STRINGS && value->kind == NODE_SCALAR)
            diagnose_help(reader->diagnostics, "write {has: %s}", value->text);
        else if (type == FFLAG_ATTRIBUTE_STRINGS)
            diagnose_help(reader->diagnostics, "write {has_any: [...]} or {has_all: [...]}");
        else if (value->count == 1)
            diagnose_help(reader->diagnostics, "write the value alone, without brackets");
        else
            diagnose_help(reader->diagnostics, "where either will do, write {present: true}");
        return;
    }
    add_child(reader, parent, read_test(reader, subject, info, value, span));
}

/* True of a key that is no attribute, but what other systems call a keyword, which is reported. */
static bool help_keyword(struct reader *reader, const struct node *key)
{
    /* Not `percent` and what stands beside it: weight and seed may well be attributes. */
    static const char *const keywords[] = {"any", "all", "not", "segment", "flag"};
    const char *ours = foreign_word(key->text, keywords, sizeof keywords / sizeof *keywords, NULL);
    if (!ours || table_get(&reader->declared[ATTRIBUTE].table, key->text))
        return false;
    diagnose(reader->diagnostics, FF0207, key->span, "unknown attribute '%s'", key->text);
    diagnose_help(reader->diagnostics, "'%s' is called '%s' here", key->text, ours);
    return true;
}

static void read_tests(struct reader *reader, const struct entry *entry, bool fields,
                       struct condition *parent)
{
    struct condition_subject subject = {.name = {entry->key->text, entry->key->span},
                                        .fields = fields};
    if (!fields && help_keyword(reader, entry->key))
        return;
    if (!fields) {
        subject.attribute = resolve(reader, ATTRIBUTE, entry->key);
        if (!subject.attribute || !subject.attribute->type)
            return; /* nothing can be checked about the test without its type */
    }
    read_tests_of(reader, &subject, entry->value, entry_span(entry), parent);
}

/* --------------------------------------------------------------------------------- structure -- */

static void read_group(struct reader *reader, const struct entry *entry, bool fields,
                       enum condition_kind kind, struct condition *parent)
{
    struct node *list = entry->value;
    if (!expect_list(reader, list, "a list of conditions"))
        return;
    struct condition *group = new_condition(reader, kind, entry_span(entry));
    if (!list->count && kind == CONDITION_ANY) {
        diagnose(reader->diagnostics, FF0143, list->span, "an empty list: 'any' never holds");
        diagnose_help(reader->diagnostics, "list its conditions, or remove it");
    }
    for (uint32_t i = 0; i < list->count; i++)
        add_child(reader, group, read_condition(reader, list->items[i], fields));
    add_child(reader, parent, group);
}

static void read_negated(struct reader *reader, const struct entry *entry, bool fields,
                         struct condition *parent)
{
    struct condition *child = read_condition(reader, entry->value, fields);
    if (entry->value->kind == NODE_LIST)
        diagnose_help(reader->diagnostics,
                      "'not' takes one condition; where none of several may hold, 'any' with their "
                      "list");
    struct condition *negated = new_condition(reader, CONDITION_NOT, entry_span(entry));
    add_child(reader, negated, child);
    add_child(reader, parent, child ? negated : NULL);
}

static void read_segments(struct reader *reader, const struct entry *entry,
                          struct condition *parent)
{
    struct node **names;
    uint32_t count;
    if (!read_items(reader, entry->value, "the name of a segment, or a list of them", &names,
                    &count))
        return;
    if (!count) {
        diagnose(reader->diagnostics, FF0143, entry->value->span,
                 "an empty list: no segment holds");
        diagnose_help(reader->diagnostics, "name the segments, or remove the key");
    }
    struct condition *any = new_condition(reader, CONDITION_ANY, entry_span(entry));
    for (uint32_t i = 0; i < count; i++) {
        struct condition *one = new_condition(reader, CONDITION_SEGMENT, names[i]->span);
        one->segment = resolve(reader, SEGMENT, names[i]);
        if (one->segment)
            add_child(reader, any, one);
    }
    add_child(reader, parent, any->child_count == 1 ? any->children[0] : any);
}

static void read_flags(struct reader *reader, const struct entry *entry, struct condition *parent)
{
    struct node *map = entry->value;
    if (!expect_map(reader, map, "a mapping of flag to variant"))
        return;
    for (uint32_t i = 0; i < map->count; i++) {
        const struct entry *test = &map->entries[i];
        const struct declaration *found = find_declared(reader, FLAG, test->key);
        if (!found)
            continue;
        struct condition *one = new_condition(reader, CONDITION_FLAG, entry_span(test));
        one->flag = found->draft->flag;
        one->variants = resolve_variants(reader, found->draft, test->value);
        if (one->variants)
            add_child(reader, parent, one);
    }
}

/* `percent`, and beside it `salt` and `bucket_by`. */
static void read_percent_of_units(struct reader *reader, const struct node *map,
                                  const struct entry *entry, struct condition *parent)
{
    struct condition *share = new_condition(reader, CONDITION_PERCENT, entry_span(entry));
    struct node *salt = node_get(map, condition_key_words[KEY_SALT]);
    struct node *by = node_get(map, condition_key_words[KEY_BUCKET_BY]);
    const char *text = reader->share_salt;
    uint32_t before = faults(reader);
    bool sound = read_percent(reader, entry->value, &share->share.percent);
    if (salt)
        sound &= read_salt_text(reader, salt, "one of its own", &text);
    if (by)
        read_bucket_by(reader, by, &share->share.by);
    else if (reader->shares_are_of_project)
        share->share.by = reader->project->bucket_by;
    share->share.salt = text;
    if (reader->shares_are_of_project && sound && faults(reader) == before && !share->share.by &&
        condition_samples(share))
        report_no_bucket(reader, entry->value->span, "this percentage");
    if (sound)
        add_child(reader, parent, share);
}

static void read_beside_percent(struct reader *reader, const struct node *map,
                                const struct entry *entry)
{
    if (!node_get(map, condition_key_words[KEY_PERCENT]))
        report_missing(reader, entry->key->span,
                       arena_format(reader->arena, "a '%s'", entry->key->text), "percent",
                       "it says how the units of a percentage are found: {percent: 20%, salt: s}");
}

static const struct form conditions_form = {.kind = FORM_LIST, .of = {&condition_form}};
static const struct form flag_variants_form = {
    .kind = FORM_MAP, .of = {&variant_names_form}, .keys_named = NAMED_FLAG};
static const struct form test_form = {
    .definition = "test",
    .kind = FORM_TEST,
    .help = "A value (equal), a list (any of), or operators, which must all hold"};
#define KEYWORD(word, form_, help_)                                     \
    {                                                                   \
        .name = word, .kind = FIELD_READ, .form = &form_, .help = help_ \
    }
static const struct field condition_fields[WORDS_COUNT(CONDITION_KEYS)] = {
    [KEY_ANY] = KEYWORD("any", conditions_form, "at least one of the conditions holds"),
    [KEY_ALL] = KEYWORD("all", conditions_form, "all of them hold"),
    [KEY_NOT] = KEYWORD("not", condition_form, "the condition does not hold"),
    [KEY_SEGMENT] = KEYWORD("segment", segment_names_form, "at least one of the segments holds"),
    [KEY_FLAG] = KEYWORD("flag", flag_variants_form,
                         "that flag serves that variant, or one of them, for whatever reason"),
    [KEY_NOW] = KEYWORD("now", now_form, "all of it holds at the time of the evaluation"),
    [KEY_PERCENT] = KEYWORD("percent", percent_form, "the unit is in this share of the units"),
    [KEY_SALT] =
        KEYWORD("salt", text_form,
                "beside `percent`: what is hashed with the unit; default the flag's salt and "
                "`/if`; in a segment `segment/` and its name"),
    [KEY_BUCKET_BY] = KEYWORD("bucket_by", key_form,
                              "beside `percent`: default the flag's; in a segment or override the "
                              "project's"),
};
const struct form condition_form =
    KEYS("condition", "a condition", "condition", condition_fields, .others = &test_form,
         .keys_named = NAMED_ATTRIBUTE, .reference = REFERENCE_NONE,
         .help = "Every entry must hold: an attribute's test, any, all, not, segment, flag, now, "
                 "percent");

/* Whether a value, or an entry of a list, names what is declared. */
static const char *named_in(const struct reader *reader, enum declared kind,
                            const struct node *value)
{
    if (value->kind == NODE_SCALAR && table_get(&reader->declared[kind].table, value->text))
        return value->text;
    for (uint32_t i = 0; value->kind == NODE_LIST && i < value->count; i++) {
        const struct node *item = value->items[i];
        if (item->kind == NODE_SCALAR && table_get(&reader->declared[kind].table, item->text))
            return item->text;
    }
    return NULL;
}

static bool ends_in_percent(const struct node *value)
{
    size_t length = value->kind == NODE_SCALAR ? strlen(value->text) : 0;
    return length > 1 && value->text[length - 1] == '%';
}

/*
 * Among the fields of a log, `segment`, `flag` and `percent` are fields like the others. Whoever
 * names a segment, a flag or a share meant none: the metric would silently count nothing.
 */
static bool report_no_context(struct reader *reader, const struct node *map,
                              const struct entry *entry, enum condition_key key)
{
    const struct node *value = entry->value;
    const char *named = key == KEY_SEGMENT ? named_in(reader, SEGMENT, value) : NULL;
    for (uint32_t i = 0; key == KEY_FLAG && !named && value->kind == NODE_MAP && i < value->count;
         i++)
        if (table_get(&reader->declared[FLAG].table, value->entries[i].key->text))
            named = value->entries[i].key->text;
    bool share = key == KEY_PERCENT &&
                 (ends_in_percent(value) || node_get(map, condition_key_words[KEY_SALT]) ||
                  node_get(map, condition_key_words[KEY_BUCKET_BY]));
    if (!named && !share)
        return false;
    const char *word = condition_key_words[key];
    if (named)
        diagnose(reader->diagnostics, FF0490, entry_span(entry), "a line of a log has no %s '%s'",
                 word, named);
    else
        diagnose(reader->diagnostics, FF0490, entry_span(entry),
                 "a line of a log is in no share of the units");
    if (key == KEY_SEGMENT)
        diagnose_help(reader->diagnostics,
                      "test the fields that the segment is about; a field that is called "
                      "'segment': {segment: {eq: %s}}",
                      named);
    else if (key == KEY_FLAG)
        diagnose_help(
            reader->diagnostics,
            "test the field that has the variant; 'ffreplay metrics --by' groups lines by "
            "what a flag served");
    else
        diagnose_help(reader->diagnostics,
                      "leave it out; a field that is called 'percent' is tested with an operator: "
                      "{percent: {gte: 20}}");
    return true;
}

static bool is_of_fields(enum condition_key key)
{
    return key == KEY_ANY || key == KEY_ALL || key == KEY_NOT;
}

static void read_entry(struct reader *reader, const struct node *map, const struct entry *entry,
                       bool fields, struct condition *parent)
{
    int key = words_find(condition_key_words, entry->key->text);
    if (key < 0 || (fields && !is_of_fields((enum condition_key)key))) {
        if (key >= 0 && report_no_context(reader, map, entry, (enum condition_key)key))
            return;
        read_tests(reader, entry, fields, parent);
        return;
    }
    switch ((enum condition_key)key) {
    case KEY_ANY:
        read_group(reader, entry, fields, CONDITION_ANY, parent);
        break;
    case KEY_ALL:
        read_group(reader, entry, fields, CONDITION_ALL, parent);
        break;
    case KEY_NOT:
        read_negated(reader, entry, fields, parent);
        break;
    case KEY_SEGMENT:
        read_segments(reader, entry, parent);
        break;
    case KEY_FLAG:
        read_flags(reader, entry, parent);
        break;
    case KEY_NOW:
        add_child(reader, parent, read_now(reader, entry->value));
        break;
    case KEY_PERCENT:
        read_percent_of_units(reader, map, entry, parent);
        break;
    case KEY_SALT:
    case KEY_BUCKET_BY:
        read_beside_percent(reader, map, entry);
        break;
    }
}

/* A text where a condition belongs: an expression, as other systems have it, or a segment. */
static void help_condition(struct reader *reader, const struct node *node)
{
    static const char *const signs[][2] = {{"==", NULL}, {"!=", "ne"}, {">=", "gte"}, {"<=", "lte"},
                                           {">", "gt"},  {"<", "lt"},  {"=", NULL}};
    if (node->kind != NODE_SCALAR || diagnose_helped(reader->diagnostics))
        return;
    if (table_get(&reader->declared[SEGMENT].table, node->text)) {
        diagnose_help(reader->diagnostics, "a segment is named as such: {segment: %s}", node->text);
        return;
    }
    if (strcmp(node->text, "*") == 0 || strcmp(node->text, "everyone") == 0) {
        diagnose_help(reader->diagnostics, "for everybody, leave 'if' out, or write {}");
        return;
    }
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const char *sign = strstr(node->text, signs[i][0]);
        if (!sign)
            continue;
        const char *value = sign + strlen(signs[i][0]);
        int length = (int)(sign - node->text);
        value += strspn(value, " ");
        while (length > 0 && node->text[length - 1] == ' ')
            length--;
        if (length > 40 || strlen(value) > 40)
            break;
        diagnose_help(reader->diagnostics,
                      signs[i][1] ? "conditions are mappings: {%.*s: {%s: %s}}"
                                  : "conditions are mappings: {%.*s: %s%s}",
                      length, node->text, signs[i][1] ? signs[i][1] : "", value);
        return;
    }
    diagnose_help(reader->diagnostics,
                  "say what is asked of which attribute, as in {country: [CH, DE]}");
}

struct condition *read_condition(struct reader *reader, struct node *node, bool fields)
{
    if (!expect_map(reader, node,
                    fields ? "a mapping of fields to tests" : "a mapping of attributes to tests")) {
        help_condition(reader, node);
        return NULL;
    }
    struct condition *all = new_condition(reader, CONDITION_ALL, node->span);
    for (uint32_t i = 0; i < node->count; i++)
        read_entry(reader, node, &node->entries[i], fields, all);
    return all->child_count == 1 ? all->children[0] : all;
}

struct condition *read_audience(struct reader *reader, struct node *node)
{
    struct condition *condition = read_condition(reader, node, false);
    return condition ? condition : new_condition(reader, CONDITION_ALL, node->span);
}
