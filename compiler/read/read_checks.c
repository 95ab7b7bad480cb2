/* read_checks.c - see read_checks.h. */
#include "read_checks.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compiler/base/arena.h"
#include "compiler/base/name.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/diagnostics/registry.h"
#include "read_files.h"
#include "read_flag.h"
#include "read_map.h"
#include "read_scalar.h"

/* ------------------------------------------------------------------------------------ levels -- */

struct level_choice {
    enum diagnostic_code code;
    enum diagnostic_level level;
};

static const struct form level_form = {.kind = FORM_CHOICE, .words = diagnostic_level_words};
static const struct form code_form = FORM("code", "\"pattern\": \"^FF[0-9]{4}$\"");
const struct form checks_form = {.definition = "checks",
                                 .kind = FORM_MAP,
                                 .takes = "mapping of code to `off`, `warning` or `error`",
                                 .help = "What to make of warnings: {FF0386: off, FF0327: error}",
                                 .of = {&level_form},
                                 .names = &code_form};

/* A warning, by its code. DIAGNOSTIC_COUNT: reported. */
static enum diagnostic_code find_warning(struct reader *reader, const char *name, struct span span)
{
    enum diagnostic_code code = diagnostic_find(name);
    if (code == DIAGNOSTIC_COUNT) {
        diagnose(reader->diagnostics, FF0128, span, "no diagnostic has the code '%s'", name);
        diagnose_help(reader->diagnostics, "the code stands in brackets at the end of a message; "
                                           "`ffc explain --all` lists them");
        return code;
    }
    if (diagnostic_info(code)->severity == SEVERITY_WARNING)
        return code;
    diagnose(reader->diagnostics, FF0129, span, "%s is an error, which nothing can allow",
             diagnostic_info(code)->code);
    diagnose_help(reader->diagnostics,
                  "only warnings can be allowed: `ffc explain %s` says what "
                  "to mend",
                  diagnostic_info(code)->code);
    return DIAGNOSTIC_COUNT;
}

void read_checks(struct reader *reader, struct node *node, void *target)
{
    (void)target;
    if (!expect_map(reader, node, "a mapping of code to level"))
        return;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct entry *entry = &node->entries[i];
        enum diagnostic_code code = find_warning(reader, entry->key->text, entry->key->span);
        unsigned level;
        if (!read_choice(reader, entry->value, diagnostic_level_words, &level) ||
            code == DIAGNOSTIC_COUNT)
            continue;
        *ARENA_APPEND(reader->arena, reader->levels, reader->level_count) =
            (struct level_choice){code, (enum diagnostic_level)level};
    }
}

/* ---------------------------------------------------------------------------------- required -- */

struct required_key {
    struct text key;
    uint64_t kinds; /* bits of enum flag_kind; 0: all */
};
/* Those that were meant are not known: a kind that no flag has. */
#define NO_KIND (UINT64_C(1) << 63)

static const struct form kind_list_form = {.kind = FORM_LIST, .of = {&flag_kind_form}, .least = 1};
static const struct form kinds_form = {.kind = FORM_EITHER,
                                       .of = {&flag_kind_form, &kind_list_form}};
static const struct form required_of_form = {.kind = FORM_MAP, .of = {&kinds_form}, .least = 1};
static const struct form required_form = {.kind = FORM_EITHER,
                                          .of = {&text_form, &required_of_form}};
const struct form require_form = {
    .definition = "require",
    .kind = FORM_LIST,
    .takes = "list of keys, or of `{key: [kinds]}`",
    .help = "Keys that every flag must have, or those of some kinds: [owner, {expires: [release]}]",
    .of = {&required_form}};

static void add_required(struct reader *reader, const struct node *key, uint64_t kinds)
{
    const char *known[FIELD_LIMIT];
    size_t count = flag_form.field_count;
    if (text_is_blank(key->text)) {
        expected(reader, key, "a key of a flag");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        known[i] = flag_form.fields[i].name;
        if (strcmp(known[i], key->text) != 0)
            continue;
        *ARENA_APPEND(reader->arena, reader->required, reader->required_count) =
            (struct required_key){{key->text, key->span}, kinds};
        return;
    }
    diagnose(reader->diagnostics, FF0102, key->span, "a flag has no key '%s'", key->text);
    suggest(reader->diagnostics, key->text, known, count);
}

static void read_required_of(struct reader *reader, struct node *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        struct node **items;
        uint32_t count;
        uint64_t kinds = 0;
        unsigned kind;
        uint32_t before = faults(reader);
        const struct node *value = map->entries[i].value;
        if (read_items(reader, map->entries[i].value, "a kind of flag, or a list of them", &items,
                       &count)) {
            for (uint32_t at = 0; at < count; at++)
                if (read_choice(reader, items[at], flag_kind_words, &kind))
                    kinds |= UINT64_C(1) << kind;
        }
        if (!kinds && faults(reader) == before) {
            expected(reader, value, "a kind of flag, or a list of them");
            diagnose_help(reader->diagnostics,
                          "for flags of every kind, write the key alone: require: [%s]",
                          map->entries[i].key->text);
        }
        add_required(reader, map->entries[i].key, kinds ? kinds : NO_KIND);
    }
}

void read_require(struct reader *reader, struct node *node, void *target)
{
    (void)target;
    if (!expect_list(reader, node, "a list of keys")) {
        diagnose_help(reader->diagnostics, "write it in brackets: require: [owner, {expires: "
                                           "[release]}]");
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        struct node *item = node->items[i];
        if (item->kind == NODE_MAP)
            read_required_of(reader, item);
        else if (item->kind == NODE_SCALAR && !is_null(item))
            add_required(reader, item, 0);
        else
            expected(reader, item, "a key, or {key: [kinds]}");
    }
}

/* Whether it says nothing: a blank text, or a list or mapping of such. */
static bool is_blank(const struct node *node)
{
    if (node->kind == NODE_SCALAR)
        return is_null(node) || text_is_blank(node->text);
    bool blank = node->kind != NODE_BROKEN;
    for (uint32_t i = 0; blank && node->kind == NODE_LIST && i < node->count; i++)
        blank = is_blank(node->items[i]);
    return blank && (node->kind == NODE_LIST || node->count == 0);
}

static void report_required(struct reader *reader, const struct flag *flag,
                            const struct required_key *required, const struct node *blank)
{
    struct diagnostics *diagnostics = reader->diagnostics;
    if (blank)
        diagnose(diagnostics, FF0305, blank->span, "'%s' of flag '%s' is empty", required->key.text,
                 flag->name.text);
    else
        diagnose(diagnostics, FF0305, flag->name.span, "flag '%s' has no '%s'", flag->name.text,
                 required->key.text);
    if (required->kinds)
        diagnose_note(diagnostics, required->key.span,
                      "the project requires it of every flag of kind %s",
                      flag_kind_words[flag->kind]);
    else
        diagnose_note(diagnostics, required->key.span, "the project requires it of every flag");
    if (blank)
        diagnose_help(diagnostics, "say what it is; nobody can go by an empty one");
    else
        diagnose_help(diagnostics, "add '%s:' to the flag", required->key.text);
}

void check_required(struct reader *reader, const struct flag *flag, const struct node *body)
{
    /* What is wrong may be that very key, misspelt, or what the flag's kind follows from. */
    bool faulty = faults(reader) > reader->flag_faults;
    for (uint32_t i = 0; i < reader->required_count; i++) {
        const struct required_key *required = &reader->required[i];
        bool concerned = !required->kinds || required->kinds >> flag->kind & 1;
        const struct entry *entry = find_entry(body, required->key.text);
        if (!concerned || (entry && !is_blank(entry->value)))
            continue;
        if (faulty) {
            reader->silent++;
            continue;
        }
        report_required(reader, flag, required,
                        entry && !is_null(entry->value) ? entry->value : NULL);
    }
}

/* ----------------------------------------------------------------------------------- allowed -- */

/* A code in a comment, and the line that it is about. */
struct allowed {
    struct span span; /* of the code */
    enum diagnostic_code code;
    uint32_t line;
    bool used;
};
struct allowances {
    struct reader *reader;
    struct allowed *items; /* by file and line */
    uint32_t count;
};

#define MARK "ffc: allow"

/* The next '#' that begins such a comment, or what is in quotes and looks like one; NULL: none. */
static const char *next_mark(const struct source *source, const char *from)
{
    const char *end = source->text + source->length, *mark;
    while ((mark = memmem(from, (size_t)(end - from), MARK, strlen(MARK)))) {
        from = mark + strlen(MARK);
        const char *begin = mark;
        while (begin > source->text && (begin[-1] == ' ' || begin[-1] == '\t'))
            begin--;
        if (begin > source->text && begin[-1] == '#' && (*from == ' ' || *from == '\n' || !*from))
            return begin - 1;
    }
    return NULL;
}

bool allows_warnings(const struct source *source)
{
    return next_mark(source, source->text) != NULL;
}

/* Whether a scalar of the tree has the offset in it; the tree's scalars are in order. */
static bool is_text(const struct node *node, uint32_t at)
{
    if (!node)
        return false;
    if (node->kind == NODE_SCALAR)
        return node->span.begin <= at && at < node->span.end;
    uint32_t low = 0, high = node->count; /* the last child that begins before it */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct node *first =
            node->kind == NODE_MAP ? node->entries[middle].key : node->items[middle];
        if (first->span.begin <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low || node->kind == NODE_BROKEN)
        return false;
    if (node->kind == NODE_LIST)
        return is_text(node->items[low - 1], at);
    return is_text(node->entries[low - 1].key, at) || is_text(node->entries[low - 1].value, at);
}

/* The line that a comment is about: its own, or the next with a definition where it is alone. */
static uint32_t line_about(const struct source *source, uint32_t at, uint32_t line)
{
    const char *text = source->text;
    uint32_t start = at;
    while (start > 0 && (text[start - 1] == ' ' || text[start - 1] == '\t'))
        start--;
    if (start > 0 && text[start - 1] != '\n')
        return line;
    for (;;) {
        at += (uint32_t)strcspn(text + at, "\n");
        if (!text[at])
            return line;
        line++;
        at++;
        uint32_t word = at + (uint32_t)strspn(text + at, " \t\r");
        if (text[word] != '#' && text[word] != '\n')
            return line;
    }
}

static void read_allowance(struct allowances *allowances, uint32_t file, uint32_t at)
{
    struct reader *reader = allowances->reader;
    const struct source *source = &reader->project->sources.items[file];
    uint32_t line = source_position(&reader->project->sources, file, at).line;
    uint32_t about = line_about(source, at, line);
    const char *text = source->text, *word = strstr(text + at, MARK) + strlen(MARK);
    uint32_t codes = 0;
    for (;; codes++) {
        word += strspn(word, " \t,");
        size_t length = strcspn(word, " \t,\r\n");
        if (length != strlen("FF0000") || strncasecmp(word, "FF", 2) != 0 ||
            strspn(word + 2, "0123456789") != 4)
            break;
        struct span span = {file, (uint32_t)(word - text), (uint32_t)(word - text + (long)length)};
        enum diagnostic_code code =
            find_warning(reader, arena_copy(reader->arena, word, length), span);
        if (code != DIAGNOSTIC_COUNT)
            *ARENA_APPEND(reader->arena, allowances->items, allowances->count) =
                (struct allowed){.span = span, .code = code, .line = about};
        word += length;
    }
    if (codes && *word && *word != '\n' && *word != '\r')
        return;
    uint32_t end = at + (uint32_t)strcspn(text + at, "\r\n");
    diagnose(reader->diagnostics, FF0131, (struct span){file, at, end},
             codes ? "this comment gives no reason" : "this comment names no code to allow");
    diagnose_help(reader->diagnostics, "write: # ffc: allow FF0386 why it is right here");
}

static void read_allowances(struct allowances *allowances, const struct document *documents,
                            uint32_t count)
{
    const struct sources *sources = &allowances->reader->project->sources;
    for (uint32_t file = 0; file < count; file++) {
        const struct source *source = &sources->items[file];
        const char *mark = source->text;
        bool may_have = documents[file].complete && !documents[file].allows_none;
        while (may_have && (mark = next_mark(source, mark))) {
            uint32_t at = (uint32_t)(mark - source->text);
            if (!is_text(documents[file].root, at))
                read_allowance(allowances, file, at);
            mark = strstr(mark, MARK) + strlen(MARK);
        }
    }
}

static int compare_allowed(const void *left, const void *right)
{
    const struct allowed *a = left, *b = right;
    if (a->span.file != b->span.file)
        return a->span.file < b->span.file ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

static bool is_allowed(const struct diagnostic *item, void *data)
{
    struct allowances *allowances = data;
    if (item->span.file == NO_FILE || item->severity == SEVERITY_ERROR)
        return false;
    struct sources *sources = &allowances->reader->project->sources;
    struct allowed key = {.span = item->span};
    key.line = source_position(sources, item->span.file, item->span.begin).line;
    struct allowed *found = bsearch(&key, allowances->items, allowances->count,
                                    sizeof *allowances->items, compare_allowed);
    if (!found)
        return false;
    while (found > allowances->items && compare_allowed(found - 1, &key) == 0)
        found--;
    bool allowed = false;
    const struct allowed *end = allowances->items + allowances->count;
    for (; found < end && compare_allowed(found, &key) == 0; found++) {
        bool same = found->code == item->code;
        found->used |= same;
        allowed |= same;
    }
    return allowed;
}

/* An error may keep the warning from being found. */
static void report_unused_allowances(const struct allowances *allowances, uint32_t errors)
{
    struct diagnostics *diagnostics = allowances->reader->diagnostics;
    for (uint32_t i = 0; i < allowances->count && !errors; i++) {
        const struct allowed *allowed = &allowances->items[i];
        if (allowed->used || !diagnostics_has_all(diagnostics, allowed->code))
            continue;
        diagnose(diagnostics, FF0399, allowed->span, "there is no %s in this line to allow",
                 diagnostic_info(allowed->code)->code);
        diagnose_help(diagnostics, "remove the comment, or move it to the line of the warning");
    }
}

void apply_checks(struct reader *reader, const struct document *documents, uint32_t count)
{
    struct allowances allowances = {.reader = reader};
    read_allowances(&allowances, documents, count);
    if (allowances.count) {
        qsort(allowances.items, allowances.count, sizeof *allowances.items, compare_allowed);
        diagnostics_sort(reader->diagnostics);
        diagnostics_silence(reader->diagnostics, is_allowed, &allowances);
        report_unused_allowances(&allowances, reader->diagnostics->errors);
    }
    for (uint32_t i = 0; i < reader->level_count; i++)
        diagnostics_set_level(reader->diagnostics, reader->levels[i].code, reader->levels[i].level);
}
