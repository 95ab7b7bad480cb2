/* explain.c - `ffc explain`: explains a diagnostic or an operator, from their registries. */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/wrap.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/diagnostics/registry.h"
#include "compiler/model/operators.h"
#include "commands.h"

#define EXAMPLE_INDENT 4

/* Where a line of YAML may go on in the next one: the last blank before `room` that follows a comma
 * outside quotes, in as few brackets as any does; or that precedes a comment. 0: nowhere. */
static size_t fold_of(const char *line, size_t length, size_t room)
{
    size_t fold = 0, depth = 0, best = SIZE_MAX;
    char quote = '\0';
    for (size_t i = 0; i < length && i <= room; i++) {
        char c = line[i];
        bool follows = c == ' ' && i > 0;
        depth += !quote && strchr("{[", c);
        depth -= !quote && depth > 0 && strchr("}]", c);
        if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (follows && line[i + 1] == '#')
            return i;
        else if (follows && line[i - 1] == ',' && depth <= best) {
            fold = i;
            best = depth;
        }
    }
    return fold;
}

/* Longer ones go on within their first brace. */
static void put_example_line(struct buffer *out, const char *line, size_t length)
{
    size_t brace = 0, indent = EXAMPLE_INDENT;
    while (brace + 1 < length && line[brace] != '{')
        brace++;
    for (;;) {
        size_t room = HELP_WIDTH - indent;
        size_t fold = length > room ? fold_of(line, length, room) : 0;
        size_t shown = fold ? fold : length;
        while (shown > 0 && line[shown - 1] == ' ')
            shown--;
        buffer_format(out, "%*s%.*s\n", (int)indent, "", (int)shown, line);
        if (!fold)
            return;
        fold += strspn(line + fold, " ");
        line += fold;
        length -= fold;
        indent = EXAMPLE_INDENT + brace + 1;
    }
}

static void put_indented(const char *text)
{
    struct buffer out = {0};
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        if (length)
            put_example_line(&out, line, length);
        else
            buffer_append_text(&out, "\n");
        line += length;
        line += *line == '\n';
    }
    fwrite(out.bytes, 1, out.length, stdout);
    buffer_release(&out);
}

static const char *severity_text(const struct diagnostic_info *info)
{
    return info->severity == SEVERITY_ERROR ? "error" : "warning";
}

/* They are wrapped for a wider page, and wrapped anew: but for lines that are indented. */
static void append_paragraphs(struct buffer *out, const char *text)
{
    struct buffer flowing = {0};
    for (; *text; text++) {
        bool breaks = *text != '\n' || text[1] == '\n' || text[1] == ' ' || text[-1] == '\n';
        buffer_append(&flowing, breaks ? text : " ", 1);
    }
    append_wrapped(out, HELP_WIDTH, 0, 0, flowing.bytes ? flowing.bytes : "");
    buffer_release(&flowing);
}

static void explain(const struct diagnostic_info *info)
{
    struct buffer title = {0}, text = {0};
    buffer_format(&title, "%s: %s (%s, %s)", info->code, info->title, info->name,
                  severity_text(info));
    append_wrapped(&text, HELP_WIDTH, 0, 8, title.bytes);
    buffer_append_text(&text, "\n\n");
    buffer_release(&title);
    append_paragraphs(&text, info->explanation);
    printf("%s\n\nFor example:\n\n", text.bytes);
    buffer_release(&text);
    put_indented(info->example);
    printf("\nInstead:\n\n");
    put_indented(info->fix);
}

static int compare_codes(const void *left, const void *right)
{
    const struct diagnostic_info *const *a = left, *const *b = right;
    return strcmp((*a)->code, (*b)->code);
}

static void list_one(const struct diagnostic_info *info)
{
    struct buffer line = {0};
    buffer_format(&line, "%s  %-7s  ", info->code, severity_text(info));
    append_wrapped(&line, HELP_WIDTH, line.length, 17, info->title);
    printf("%s\n", line.bytes);
    buffer_release(&line);
}

static void list_all(bool markdown)
{
    const struct diagnostic_info *sorted[DIAGNOSTIC_COUNT];
    for (unsigned i = 0; i < DIAGNOSTIC_COUNT; i++)
        sorted[i] = diagnostic_info((enum diagnostic_code)i);
    qsort(sorted, DIAGNOSTIC_COUNT, sizeof *sorted, compare_codes);
    if (markdown)
        printf("# Diagnostics\n\n"
               "Everything that `ffc` can report about definitions, by code. Codes are permanent. "
               "This page is\n"
               "`ffc explain --all --markdown`; `ffc explain CODE` prints a single one.\n");
    for (unsigned i = 0; i < DIAGNOSTIC_COUNT; i++) {
        const struct diagnostic_info *info = sorted[i];
        if (markdown)
            printf("\n## %s `%s`\n\n%s: "
                   "%s.\n\n%s\n\n```yaml\n%s\n```\n\nInstead:\n\n```yaml\n%s\n```\n",
                   info->code, info->name, info->severity == SEVERITY_ERROR ? "Error" : "Warning",
                   info->title, info->explanation, info->example, info->fix);
        else
            list_one(info);
    }
}

static void append_types(struct buffer *out, unsigned types)
{
    unsigned every = 0;
    for (unsigned type = 0; attribute_type_words[type]; type++)
        every |= TYPE_BIT(type);
    if (types == every) {
        buffer_append_text(out, "all");
        return;
    }
    const char *comma = "";
    for (unsigned type = 1; attribute_type_words[type]; type++) {
        if (types & TYPE_BIT(type)) {
            buffer_format(out, "%s%s", comma, attribute_type_words[type]);
            comma = ", ";
        }
    }
    if (types & TYPE_BIT(A_FIELD))
        buffer_format(out, "%s%s", comma, attribute_type_words[A_FIELD]);
}

#define OPERATOR_COLUMN 14

static void list_operators(bool markdown)
{
    struct buffer out = {0}, types = {0}, line = {0};
    if (markdown)
        buffer_append_text(&out, "| operator | types | operand | holds when the attribute |\n"
                                 "| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        const struct operator_info *one = &operators[i];
        const char *operand = operand_forms[one->form].words;
        types.length = line.length = 0;
        append_types(&types, one->types);
        buffer_format(&line, "%s (%s; %s)", one->help, types.bytes, operand);
        if (markdown) {
            buffer_format(&out, "| `%s` | %s | %s | %s |\n", one->name, types.bytes, operand,
                          one->help);
            continue;
        }
        buffer_format(&out, "%-12s  ", one->name);
        append_wrapped(&out, HELP_WIDTH, OPERATOR_COLUMN, OPERATOR_COLUMN, line.bytes);
        buffer_append_text(&out, "\n");
    }
    fwrite(out.bytes, 1, out.length, stdout);
    buffer_release(&out);
    buffer_release(&types);
    buffer_release(&line);
}

static int explain_codes(int count, char **codes)
{
    for (int i = 0; i < count; i++) {
        enum diagnostic_code code = diagnostic_find(codes[i]);
        if (code == DIAGNOSTIC_COUNT)
            return usage_error(
                &explain_command,
                "there is no diagnostic '%s'; codes look like FF0231, and '--all' lists them",
                codes[i]);
        if (i > 0)
            putchar('\n');
        explain(diagnostic_info(code));
    }
    return EXIT_FINE;
}

static int run(int argc, char **argv)
{
    bool all = false, list = false, markdown = false;
    const struct option options[] = {
        {"all", 0, OPTION_FLAG, &all, NULL, "list all codes"},
        {"operators", 0, OPTION_FLAG, &list, NULL, "list the operators of conditions"},
        {"markdown", 0, OPTION_FLAG, &markdown, NULL, "in Markdown; with --all, the full texts"},
    };
    int status;
    int operands = options_parse(&explain_command, options, sizeof options / sizeof *options, argc,
                                 argv, &status);
    if (operands < 0)
        return status;
    if (all + list + (operands > 0) != 1)
        return usage_error(&explain_command,
                           all + list + (operands > 0)
                               ? "a code, --all or --operators, not several of them"
                               : "which code? Name one, e.g. FF0231, or --all");
    if (all)
        list_all(markdown);
    if (list)
        list_operators(markdown);
    return explain_codes(operands, argv + 1);
}

const struct command explain_command = {
    .name = "explain",
    .summary = "explain a diagnostic",
    .usage = "CODE… | --all [--markdown] | --operators [--markdown]",
    .examples = "  ffc explain FF0231        why it is an error, an example, and a fix\n"
                "  ffc explain --all         every code with its title\n"
                "  ffc explain --operators   the operators of conditions\n",
    .run = run,
};
