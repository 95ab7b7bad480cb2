/*
 * yaml_mistake.c - explains mistakes in YAML.
 *
 * libyaml reports what its own grammar expected. For common mistakes, the text is searched for the
 * cause, because that is what the author has to change.
 */
#include "yaml_mistake.h"

#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/utf8.h"
#include "yaml_text.h"

static struct span line_span(const struct yaml_mistake *mistake, uint32_t at)
{
    const char *text = mistake->source->text;
    uint32_t begin = at, end = at;
    while (begin > 0 && text[begin - 1] != '\n')
        begin--;
    while (text[begin] == ' ' || text[begin] == '\t')
        begin++;
    while (text[end] && text[end] != '\n' && text[end] != '\r')
        end++;
    while (end > begin && (text[end - 1] == ' ' || text[end - 1] == '\t'))
        end--;
    return (struct span){mistake->file, begin, end > begin ? end : begin};
}

static struct span character_span(const struct yaml_mistake *mistake, uint32_t at)
{
    const struct source *source = mistake->source;
    if (at >= source->length)
        return (struct span){mistake->file, (uint32_t)source->length, (uint32_t)source->length};
    uint32_t length = utf8_length(source->text + at, source->length - at);
    return (struct span){mistake->file, at, at + (length ? length : 1)};
}

/* A tab that indents the line, or stands where something should begin; UINT32_MAX: none. */
static uint32_t find_tab(const struct yaml_mistake *mistake)
{
    const char *text = mistake->source->text;
    uint32_t at = mistake->at;
    if (text[at] == '\t')
        return at;
    while (at > 0 && text[at - 1] != '\n')
        at--;
    for (; text[at] == ' ' || text[at] == '\t'; at++) {
        if (text[at] == '\t')
            return at;
    }
    return UINT32_MAX;
}

static bool report_tab(const struct yaml_mistake *mistake, struct diagnostics *diagnostics)
{
    uint32_t tab = find_tab(mistake);
    if (tab == UINT32_MAX)
        return false;
    diagnose(diagnostics, FF0026, (struct span){mistake->file, tab, tab + 1},
             "a tab in the indentation, expected spaces");
    diagnose_help(diagnostics, "YAML is indented with spaces only; set the editor to insert them");
    return true;
}

static void report_quote(const struct yaml_mistake *mistake, struct diagnostics *diagnostics)
{
    uint32_t begin = mistake->context;
    const char *text = mistake->source->text;
    uint32_t end = begin;
    while (text[end] && text[end] != '\n' && text[end] != '\r')
        end++;
    diagnose(diagnostics, FF0028, (struct span){mistake->file, begin, end},
             "this quote is never closed");
    if (text[begin] == '\'')
        diagnose_help(diagnostics, "close it with ', and write '' for a quote in the text");
    else
        diagnose_help(diagnostics, "close it with \", and write \\\" for a quote in the text");
}

static void report_escape(const struct yaml_mistake *mistake, struct diagnostics *diagnostics)
{
    const char *text = mistake->source->text;
    uint32_t begin = mistake->at;
    while (begin > mistake->context && text[begin] != '\\')
        begin--;
    if (yaml_text_is_surrogate(text + begin)) {
        diagnose(diagnostics, FF0071, (struct span){mistake->file, begin, begin + 6},
                 "'%.6s' is half of a surrogate pair", text + begin);
        diagnose_help(diagnostics, "write both halves, the high one first, or the character");
        return;
    }
    uint32_t end = begin + 1;
    end = character_span(mistake, end).end;
    if (strstr(mistake->problem, "hexdec")) {
        char letter = text[begin + 1];
        diagnose(diagnostics, FF0071, (struct span){mistake->file, begin, end},
                 "'\\%c' without the %d hexadecimal digits that belong to it", letter,
                 letter == 'x'   ? 2
                 : letter == 'u' ? 4
                                 : 8);
        diagnose_help(diagnostics,
                      "write \\\\ for a backslash, or use single quotes, which have no "
                      "escapes");
        return;
    }
    diagnose(diagnostics, FF0071, (struct span){mistake->file, begin, end},
             "unknown escape '%.*s' in double quotes", (int)(end - begin), text + begin);
    diagnose_help(diagnostics, "write \\\\ for a backslash, or use single quotes, which have no "
                               "escapes");
}

static void report_bracket(const struct yaml_mistake *mistake, struct diagnostics *diagnostics)
{
    const char *text = mistake->source->text;
    bool list = text[mistake->open] == '[';
    struct span open = {mistake->file, mistake->open, mistake->open + 1};
    const char *close = list ? "]" : "}";
    if (mistake->at >= mistake->source->length) {
        diagnose(diagnostics, FF0037, open, "this '%s' is never closed", list ? "[" : "{");
    } else {
        diagnose(diagnostics, FF0037, character_span(mistake, mistake->at),
                 "expected ',' or '%s' here", close);
        diagnose_note(diagnostics, open, "the '%s' is here", list ? "[" : "{");
    }
    bool opens = mistake->at < mistake->source->length && strchr("[{", text[mistake->at]);
    diagnose_help(diagnostics, "close it with '%s', and put ',' between entries%s", close,
                  opens ? "; or quote the text that the bracket is part of" : "");
}

static uint32_t line_start(const char *text, uint32_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

/*
 * A line without a colon runs on into the next one, where the parser then finds an unexpected
 * colon. Returns whether that is what happened.
 */
static bool report_line_before(const struct yaml_mistake *mistake, struct diagnostics *diagnostics)
{
    const char *text = mistake->source->text;
    uint32_t begin = line_start(text, mistake->at);
    if (begin == 0)
        return false;
    uint32_t before = line_start(text, begin - 1);
    size_t indent = strspn(text + begin, " "), indent_before = strspn(text + before, " ");
    size_t length = begin - 1 - before;
    bool colon = memchr(text + before, ':', length) != NULL;
    if (indent != indent_before || colon || length <= indent || text[before + indent] == '#')
        return false;
    diagnose(diagnostics, FF0064, line_span(mistake, before), "a key without its ':'");
    diagnose_help(diagnostics, "write 'key: value', with a space after the colon");
    return true;
}

/* A second colon on a line, or a deeper line under a value: `a: b: c`. */
static void report_colon(const struct yaml_mistake *mistake, struct diagnostics *diagnostics)
{
    if (report_line_before(mistake, diagnostics))
        return;
    const char *text = mistake->source->text;
    struct span line = line_span(mistake, mistake->at);
    const char *first = memchr(text + line.begin, ':', mistake->at - line.begin);
    if (first) {
        diagnose(diagnostics, FF0069, (struct span){mistake->file, mistake->at, mistake->at + 1},
                 "a second ': ' on one line");
        diagnose_help(diagnostics, "quote the value when the colon belongs to it: 'a: b'");
        return;
    }
    diagnose(diagnostics, FF0031, line, "this line is indented too deeply");
    diagnose_help(diagnostics,
                  "align it with its sibling keys, or remove the value of the line above");
}

static void report_alias(const struct yaml_mistake *mistake, struct diagnostics *diagnostics)
{
    const char *text = mistake->source->text;
    uint32_t begin = mistake->context, end = begin;
    while (text[end] && !strchr(" \t\r\n,]}", text[end]))
        end++;
    int length = (int)(end - begin);
    bool star = text[begin] == '*';
    diagnose(diagnostics, star ? FF0043 : FF0041, (struct span){mistake->file, begin, end},
             star ? "a plain value cannot begin with '*', which stands for an alias"
                  : "a plain value cannot begin with '&', which stands for an anchor");
    diagnose_help(diagnostics, "quote it: '%.*s'", length, text + begin);
}

static void report_start(const struct yaml_mistake *mistake, struct diagnostics *diagnostics)
{
    struct span span = character_span(mistake, mistake->at);
    diagnose(diagnostics, FF0066, span, "a plain value cannot begin with '%.*s'",
             (int)(span.end - span.begin), mistake->source->text + span.begin);
    diagnose_help(diagnostics, "quote the value");
}

/* A value is missing, or something that is not a value takes its place. */
static void report_no_value(const struct yaml_mistake *mistake, struct diagnostics *diagnostics)
{
    struct span span = character_span(mistake, mistake->at);
    diagnose(diagnostics, FF0066, span, "expected a value, found '%.*s'",
             (int)(span.end - span.begin), mistake->source->text + span.begin);
    diagnose_help(diagnostics, "write the value, or quote it if the character belongs to it");
}

static void report_block_text(const struct yaml_mistake *mistake, struct diagnostics *diagnostics)
{
    if (strstr(mistake->problem, "equal to 0")) {
        diagnose(diagnostics, FF0066, character_span(mistake, mistake->at),
                 "a text that is to be indented by 0");
        diagnose_help(diagnostics, "leave the 0 out: the text's first line says how deep it is");
        return;
    }
    diagnose(diagnostics, FF0066, character_span(mistake, mistake->at),
             "text that begins with '|' or '>' begins on the next line");
    diagnose_help(diagnostics, "put the text below, indented; or quote the value");
}

/* What YAML allows before the colon of a key. */
#define LONGEST_KEY 1024

static bool report_long_key(const struct yaml_mistake *mistake, uint32_t at,
                            struct diagnostics *diagnostics)
{
    const char *line = mistake->source->text + line_start(mistake->source->text, at);
    const char *key = line + strspn(line, " ");
    size_t length = strcspn(key, ":\n#\"'{[");
    if (length <= LONGEST_KEY || key[length] != ':')
        return false;
    diagnose(diagnostics, FF0064, line_span(mistake, at), "a key of more than %d bytes",
             LONGEST_KEY);
    diagnose_help(diagnostics, "write a shorter one: a name has at most 128");
    return true;
}

static void report_missing_colon(const struct yaml_mistake *mistake,
                                 struct diagnostics *diagnostics)
{
    diagnose(diagnostics, FF0064, line_span(mistake, mistake->context), "a key without its ':'");
    diagnose_help(diagnostics, "write 'key: value', with a space after the colon");
}

static void report_indentation(const struct yaml_mistake *mistake, struct diagnostics *diagnostics)
{
    struct span at = character_span(mistake, mistake->at);
    bool list = strstr(mistake->problem, "'-'") != NULL;
    diagnose(diagnostics, FF0031, line_span(mistake, at.begin),
             list ? "this line belongs to no list: expected '-' here"
                  : "this line belongs to no key: its indentation fits none above");
    diagnose_note(diagnostics, character_span(mistake, mistake->context),
                  list ? "the list begins here" : "the keys above it begin here");
    diagnose_help(diagnostics, "give entries that belong together the same indentation");
}

/* `key: - item`: a list in block form begins on a line of its own. */
static void report_list_beside_key(const struct yaml_mistake *mistake,
                                   struct diagnostics *diagnostics)
{
    const char *text = mistake->source->text;
    uint32_t line = line_start(text, mistake->at);
    bool beside = memchr(text + line, ':', mistake->at - line) != NULL;
    diagnose(diagnostics, FF0031, character_span(mistake, mistake->at),
             beside ? "a list that begins on the line of its key"
                    : "a '-' where no list can begin");
    diagnose_help(diagnostics, beside
                                   ? "put each '-' on a line of its own below the key, indented, "
                                     "or write the list in brackets: [a, b]"
                                   : "indent it like the entries above, or quote the value");
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

void yaml_report_mistake(const struct yaml_mistake *mistake, struct diagnostics *diagnostics)
{
    bool at_end = mistake->at >= mistake->source->length;
    const char *problem = mistake->problem, *context = mistake->context_problem;
    if (mistake->source->text[line_start(mistake->source->text, mistake->at)] == '%') {
        diagnose(diagnostics, FF0034, line_span(mistake, mistake->at),
                 "a YAML directive that cannot stand here");
        diagnose_help(diagnostics, "remove the line; definitions need no directives");
    } else if (has(context, "quoted scalar") && !has(problem, "escape") &&
               !has(problem, "hexdec")) {
        report_quote(mistake, diagnostics);
    } else if (has(context, "quoted scalar")) {
        report_escape(mistake, diagnostics);
    } else if (has(problem, "tab character")) {
        report_tab(mistake, diagnostics);
    } else if (has(context, "block scalar")) {
        report_block_text(mistake, diagnostics);
    } else if (has(context, "an alias") || has(context, "an anchor")) {
        report_alias(mistake, diagnostics);
    } else if (has(problem, "cannot start any token")) {
        if (!report_tab(mistake, diagnostics))
            report_start(mistake, diagnostics);
    } else if (has(problem, "node content") && !at_end) {
        report_no_value(mistake, diagnostics);
    } else if (mistake->open != UINT32_MAX && (has(context, "flow") || at_end)) {
        report_bracket(mistake, diagnostics);
    } else if (has(problem, "tag") || has(context, "tag")) {
        diagnose(diagnostics, FF0044, character_span(mistake, mistake->at),
                 "a tag, which definitions do not allow");
        diagnose_help(diagnostics, "remove it; types come from the key");
    } else if (report_long_key(mistake, mistake->at, diagnostics) ||
               report_long_key(mistake, mistake->context, diagnostics)) {
        return;
    } else if (has(problem, "mapping values are not allowed")) {
        if (!report_tab(mistake, diagnostics))
            report_colon(mistake, diagnostics);
    } else if (has(problem, "expected ':'")) {
        if (!report_tab(mistake, diagnostics))
            report_missing_colon(mistake, diagnostics);
    } else if (has(problem, "block sequence entries")) {
        if (!report_tab(mistake, diagnostics))
            report_list_beside_key(mistake, diagnostics);
    } else if (has(problem, "mapping keys are not allowed")) {
        report_start(mistake, diagnostics);
    } else if (has(context, "block") || has(problem, "not allowed in this context")) {
        if (!report_tab(mistake, diagnostics))
            report_indentation(mistake, diagnostics);
    } else if (has(problem, "unexpected ':'")) {
        diagnose(diagnostics, FF0066, character_span(mistake, mistake->at),
                 "a ':' with no space after it, within brackets");
        diagnose_help(diagnostics, "write 'key: value', or quote the value that it belongs to");
    } else if (has(problem, "document start")) {
        diagnose(diagnostics, FF0034, line_span(mistake, mistake->at),
                 "this line follows the end of the file's only value");
        diagnose_help(diagnostics, "a file is sections at its left edge: 'flags:' and the like");
    } else {
        diagnose(diagnostics, FF0034, character_span(mistake, mistake->at),
                 at_end ? "the file ends where a value is expected" : "this is not YAML here");
        diagnose_help(diagnostics, "look at the quotes, brackets and colons from here upwards");
    }
}
