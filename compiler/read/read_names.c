/* read_names.c - declared names: one meaning for each name, and suggestions for unknown ones. */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/memory.h"
#include "compiler/base/nearest.h"
#include "compiler/base/arena.h"

#include <stdlib.h>
#include <string.h>
#include "read_condition.h"
#include "read_names.h"
#include "read_scalar.h"
#include "reader.h"

static const struct {
    const char *noun;
    const char *article; /* with a trailing space */
    enum diagnostic_code unknown;
    enum name_rule rule;
    char separator; /* that is usual in such names */
} declarations_info[DECLARED_COUNT] = {
    [ATTRIBUTE] = {"attribute", "an ", FF0207, NAME_FREE, '_'},
    [SEGMENT] = {"segment", "a ", FF0208, NAME_FREE, '-'},
    [LAYER] = {"layer", "a ", FF0214, NAME_WORD, '-'},
    [HOLDOUT] = {"holdout", "a ", FF0215, NAME_WORD, '-'},
    [METRIC] = {"metric", "a ", FF0217, NAME_WORD, '_'},
    [LOG] = {"log", "a ", FF0223, NAME_WORD, '-'},
    [ROLLOUT] = {"rollout", "a ", FF0216, NAME_WORD, '-'},
    [FLAG] = {"flag", "a ", FF0211, NAME_FREE, '-'},
};

/* "newCart" and "New Cart" as "new-cart". */
static const char *valid_name(struct reader *reader, const char *name, char separator)
{
    struct buffer valid = {0};
    for (const char *at = name; *at; at++) {
        bool upper = *at >= 'A' && *at <= 'Z';
        bool after_lower = at > name && at[-1] >= 'a' && at[-1] <= 'z';
        if (*at == ' ' || (upper && after_lower))
            buffer_append(&valid, &separator, 1);
        char lower = upper ? (char)(*at + ('a' - 'A')) : *at;
        if (*at != ' ')
            buffer_append(&valid, &lower, 1);
    }
    const char *copy = arena_copy(reader->arena, valid.bytes, valid.length);
    buffer_release(&valid);
    return copy;
}

static void help_name(struct reader *reader, const struct node *name, enum name_rule rule,
                      char separator)
{
    char why[NAME_WHY];
    const char *valid = rule == NAME_WORD ? valid_name(reader, name->text, separator) : "";
    if (name->count <= LONGEST_NAME && name_is_sound(NAME_WORD, valid, strlen(valid), why))
        diagnose_help(reader->diagnostics, "write '%s'", valid);
    else
        diagnose_help(reader->diagnostics, "%s", name_rule_help[rule]);
}

static bool check_name_of(struct reader *reader, const struct node *name, enum name_rule rule,
                          const char *article, const char *noun, char separator)
{
    char why[NAME_WHY];
    if (name_is_sound(rule, name->text, name->count, why))
        return true;
    if (name->count > LONGEST_NAME)
        diagnose(reader->diagnostics, FF0125, name->span,
                 "a name of %u bytes, more than the limit of %d", name->count, LONGEST_NAME);
    else if (!name->count)
        diagnose(reader->diagnostics, FF0125, name->span, "an empty name, expected %s%s%s",
                 noun ? "the name of " : "a name", article, noun ? noun : "");
    else if (!noun)
        diagnose(reader->diagnostics, FF0125, name->span, "'%s' cannot be a name%s%s", name->text,
                 *why ? ": " : "", why);
    else
        diagnose(reader->diagnostics, FF0125, name->span, "'%s' cannot be the name of %s%s%s%s",
                 name->text, article, noun, *why ? ": " : "", why);
    help_name(reader, name, rule, separator);
    return false;
}

bool check_name(struct reader *reader, const struct node *name, enum name_rule rule,
                const char *what)
{
    return check_name_of(reader, name, rule, "", what, '-');
}

static bool is_reserved(enum declared kind, const char *name)
{
    return kind == ATTRIBUTE && words_find(condition_key_words, name) >= 0;
}

void report_twice(struct reader *reader, const char *noun, const struct text *name,
                  struct span first)
{
    diagnose(reader->diagnostics, FF0203, name->span, "%s '%s' is defined twice", noun, name->text);
    diagnose_note(reader->diagnostics, first, "first defined here");
    diagnose_help(reader->diagnostics, "keep one of the two, or give one another name");
}

void declare_all(struct reader *reader, enum declared kind, struct node *section, size_t thing_size)
{
    const char *noun = declarations_info[kind].noun;
    struct declarations *declared = &reader->declared[kind];
    for (uint32_t i = 0; i < section->count; i++) {
        struct node *name = section->entries[i].key;
        bool named =
            check_name_of(reader, name, declarations_info[kind].rule,
                          declarations_info[kind].article, noun, declarations_info[kind].separator);
        if (is_reserved(kind, name->text)) {
            diagnose(reader->diagnostics, FF0126, name->span,
                     "'%s' cannot be the name of an attribute: it is a keyword of conditions",
                     name->text);
            diagnose_help(reader->diagnostics, "choose another name");
        }
        struct declaration *declaration = ARENA_NEW(reader->arena, struct declaration);
        struct text *thing = arena_alloc(reader->arena, thing_size);
        *thing = (struct text){name->text, name->span};
        *declaration = (struct declaration){
            .thing = thing, .body = section->entries[i].value, .misnamed = !named};
        if (!named && is_null(declaration->body))
            declaration->body->kind = NODE_BROKEN;
        if (!named && declared->misnamed_count < sizeof declared->misnamed / sizeof(char *))
            declared->misnamed[declared->misnamed_count++] = name->text;
        const struct declaration *earlier =
            table_add(&declared->table, reader->arena, name->text, declaration);
        if (earlier) {
            report_twice(reader, noun, thing, ((const struct text *)earlier->thing)->span);
            continue;
        }
        *ARENA_APPEND(reader->arena, declared->items, declared->count) = declaration;
    }
}

#define MOST_LISTED 16

void lose_names(struct reader *reader, const struct entry *entry)
{
    const struct node *value = entry->value;
    table_add(&reader->lost, reader->arena, entry->key->text, entry->key);
    for (uint32_t i = 0; value->kind == NODE_MAP && i < value->count; i++)
        table_add(&reader->lost, reader->arena, value->entries[i].key->text, value->entries[i].key);
}

bool is_repeated(struct reader *reader, enum diagnostic_code code, struct span span,
                 const char *what, const char *of)
{
    struct repeated_list *list = &reader->repeated;
    const char *key = arena_format(reader->arena, "%d %s\n%s", (int)code, of, what);
    struct repeated *reported = table_get(&list->table, key);
    if (reported) {
        if (reported->count < 2)
            reported->again[reported->count] = span;
        reported->count++;
        reader->silent++;
        return true;
    }
    reported = ARENA_NEW(reader->arena, struct repeated);
    *reported = (struct repeated){.code = code, .first = span};
    table_add(&list->table, reader->arena, key, reported);
    *ARENA_APPEND(reader->arena, list->items, list->count) = reported;
    return false;
}

static void note_repeated(struct reader *reader, const struct repeated *reported)
{
    if (!reported->count || !diagnose_reopen(reader->diagnostics, reported->code, reported->first))
        return;
    diagnose_note(reader->diagnostics, reported->again[0], "and here");
    if (reported->count == 2)
        diagnose_note(reader->diagnostics, reported->again[1], "and here");
    else if (reported->count > 2)
        diagnose_note(reader->diagnostics, reported->again[1], "and here, and at %u more place%s",
                      reported->count - 2, reported->count == 3 ? "" : "s");
}

void suspect_doubled(struct reader *reader, const struct text *flag)
{
    struct doubled_flag *doubled = &reader->doubled;
    const struct diagnostic *last = reader->diagnostics->last;
    if (!reader->flag || flag != reader->flag->thing)
        return;
    doubled->several |= doubled->name && doubled->name != flag;
    doubled->name = flag;
    if (last && doubled->count < sizeof doubled->signs / sizeof *doubled->signs)
        doubled->signs[doubled->count++] =
            (struct sign){(enum diagnostic_code)last->code, last->span, last->message};
}

/* The only flag that places name, that is not defined, and is no misspelt one. */
static const struct repeated *missing_flag(const struct reader *reader)
{
    const struct repeated *missing = NULL;
    for (uint32_t i = 0; i < reader->repeated.count; i++) {
        const struct repeated *reported = reader->repeated.items[i];
        if (reported->name && missing)
            return NULL;
        if (reported->name)
            missing = reported;
    }
    return missing;
}

static bool is_sign(const struct diagnostic *item, void *data)
{
    const struct doubled_flag *doubled = data;
    for (uint32_t i = 0; i < doubled->count; i++) {
        const struct sign *sign = &doubled->signs[i];
        if (item->code == sign->code && item->span.file == sign->span.file &&
            item->span.begin == sign->span.begin && item->span.end == sign->span.end)
            return true;
    }
    return false;
}

/* One cause: without the line that names a flag, its keys are those of the flag above, where they
 * fit as may be, and what names it names nothing. Both places are shown. */
static void join_lost_flag(struct reader *reader)
{
    struct doubled_flag *doubled = &reader->doubled;
    const struct repeated *missing = missing_flag(reader);
    if (!missing || !doubled->count || doubled->several ||
        !diagnose_reopen(reader->diagnostics, FF0211, missing->first))
        return;
    for (uint32_t i = 0; i < doubled->count && i < 2; i++)
        diagnose_note(reader->diagnostics, doubled->signs[i].span, "%s", doubled->signs[i].message);
    diagnose_help(reader->diagnostics,
                  "if the line '%s:' is missing within '%s', write it above its keys",
                  missing->name, doubled->name->text);
    uint32_t before = reader->diagnostics->errors;
    diagnostics_silence(reader->diagnostics, is_sign, doubled);
    reader->silent += before - reader->diagnostics->errors;
}

void report_repeated(struct reader *reader)
{
    for (uint32_t i = 0; i < reader->repeated.count && i < MOST_KEPT; i++)
        note_repeated(reader, reader->repeated.items[i]);
    join_lost_flag(reader);
}

/* Whether something that was reported is the reason why there is no such name. */
static bool is_consequence(struct reader *reader, enum declared kind, const struct node *name)
{
    const struct declarations *declared = &reader->declared[kind];
    return reader->incomplete || declared->lost || table_get(&reader->lost, name->text) ||
           nearest_name(name->text, declared->misnamed, declared->misnamed_count);
}

/* Whether something is like it. */
static bool suggest_declared(struct reader *reader, enum declared kind, const struct node *name)
{
    const struct declarations *declared = &reader->declared[kind];
    const char *noun = declarations_info[kind].noun, *nearest = NULL;
    if (reader->diagnostics->suggestions < MOST_SUGGESTIONS) {
        const char **names = xcalloc(declared->count, sizeof *names);
        uint32_t count = 0;
        for (uint32_t i = 0; i < declared->count; i++)
            if (!declared->items[i]->misnamed)
                names[count++] = ((const struct text *)declared->items[i]->thing)->text;
        nearest = suggest(reader->diagnostics, name->text, names, count);
        free(names);
    }
    if (!declared->count)
        diagnose_help(reader->diagnostics, "the project declares no %ss: add it under '%ss:'", noun,
                      noun);
    else if (declared->count > MOST_LISTED && !diagnose_helped(reader->diagnostics))
        diagnose_help(reader->diagnostics, "declare it under '%ss:'", noun);
    return nearest;
}

struct declaration *find_declared(struct reader *reader, enum declared kind,
                                  const struct node *name)
{
    const char *noun = declarations_info[kind].noun;
    if (name->kind != NODE_SCALAR || is_null(name)) {
        expected(
            reader, name,
            arena_format(reader->arena, "the name of %s%s", declarations_info[kind].article, noun));
        return NULL;
    }
    struct declaration *found = table_get(&reader->declared[kind].table, name->text);
    if (found) {
        found->used = true;
        return found;
    }
    if (is_consequence(reader, kind, name)) {
        reader->silent++;
        return NULL;
    }
    if (is_repeated(reader, declarations_info[kind].unknown, name->span, name->text, ""))
        return NULL;
    diagnose(reader->diagnostics, declarations_info[kind].unknown, name->span, "unknown %s '%s'",
             noun, name->text);
    if (!suggest_declared(reader, kind, name) && kind == FLAG)
        reader->repeated.items[reader->repeated.count - 1]->name = name->text;
    return NULL;
}

void *resolve(struct reader *reader, enum declared kind, const struct node *name)
{
    struct declaration *found = find_declared(reader, kind, name);
    return found ? found->thing : NULL;
}

uint32_t resolve_environment(struct reader *reader, const struct node *name)
{
    const struct project *project = reader->project;
    if (name->kind != NODE_SCALAR || is_null(name)) {
        expected(reader, name, "the name of an environment");
        return UINT32_MAX;
    }
    uint32_t found = project_environment(project, name->text);
    /* If no environments are declared, that was reported. */
    if (found != UINT32_MAX)
        return found;
    if (reader->incomplete || reader->environments_lost || !project->environments.count) {
        reader->silent++;
        return found;
    }
    if (is_repeated(reader, FF0218, name->span, name->text, ""))
        return found;
    const char *known[64];
    for (uint32_t i = 0; i < project->environments.count; i++)
        known[i] = project->environments.items[i].text;
    diagnose(reader->diagnostics, FF0218, name->span, "unknown environment '%s'", name->text);
    suggest(reader->diagnostics, name->text, known, project->environments.count);
    return UINT32_MAX;
}

static void report_unused_of(struct reader *reader, enum declared kind, const char *what,
                             const char *help)
{
    const struct declarations *declared = &reader->declared[kind];
    for (uint32_t i = 0; i < declared->count; i++) {
        const struct text *name = declared->items[i]->thing;
        if (declared->items[i]->used)
            continue;
        diagnose(reader->diagnostics, FF0386, name->span, "%s '%s' is never used", what,
                 name->text);
        diagnose_help(reader->diagnostics, "%s", help);
    }
}

/* An attribute says what services send, be it asked for yet or not; a metric may be for reports. */
void report_unused(struct reader *reader)
{
    report_unused_of(reader, SEGMENT, "segment", "remove it, or name it in a condition");
    report_unused_of(reader, LAYER, "layer", "remove it, or let flags join it");
    report_unused_of(reader, HOLDOUT, "holdout", "remove it, or let flags join it");
    report_unused_of(reader, ROLLOUT, "rollout", "remove it, or let canaries use it");
}
