/* explain.c - `ffc explain`: explains a diagnostic or an operator, from their registries. */
#include <stdlib.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/diagnostics/registry.h"
#include "compiler/model/operators.h"
#include "commands.h"

static void put_indented(const char *text)
{
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        printf(length ? "    %.*s\n" : "%.*s\n", (int)length, line);
        line += length;
        line += *line == '\n';
    }
}

static const char *severity_text(const struct diagnostic_info *info)
{
    return info->severity == SEVERITY_ERROR ? "error" : "warning";
}

static void explain(const struct diagnostic_info *info)
{
    printf("%s: %s (%s, %s)\n\n%s\n\nFor example:\n\n", info->code, info->title, info->name,
           severity_text(info), info->explanation);
    put_indented(info->example);
    printf("\nInstead:\n\n");
    put_indented(info->fix);
}

static int compare_codes(const void *left, const void *right)
{
    const struct diagnostic_info *const *a = left, *const *b = right;
    return strcmp((*a)->code, (*b)->code);
}

static void list_all(bool markdown)
{
    const struct diagnostic_info *sorted[DIAGNOSTIC_COUNT];
    for (unsigned i = 0; i < DIAGNOSTIC_COUNT; i++)
        sorted[i] = diagnostic_info((enum diagnostic_code)i);
    qsort(sorted, DIAGNOSTIC_COUNT, sizeof *sorted, compare_codes);
    if (markdown)
        printf("# Diagnostics\n\n"
               "Everything that `ffc` can say about definitions, by code. Codes are permanent. "
               "This page is\n"
               "`ffc explain --all --markdown`; the same texts, one by one, are `ffc explain "
               "CODE`.\n");
    for (unsigned i = 0; i < DIAGNOSTIC_COUNT; i++) {
        const struct diagnostic_info *info = sorted[i];
        if (markdown)
            printf("\n## %s `%s`\n\n%s: "
                   "%s.\n\n%s\n\n```yaml\n%s\n```\n\nInstead:\n\n```yaml\n%s\n```\n",
                   info->code, info->name, info->severity == SEVERITY_ERROR ? "Error" : "Warning",
                   info->title, info->explanation, info->example, info->fix);
        else
            printf("%s  %-7s  %s\n", info->code, severity_text(info), info->title);
    }
}

static void put_types(unsigned types)
{
    unsigned every = 0;
    for (unsigned type = 0; attribute_type_words[type]; type++)
        every |= TYPE_BIT(type);
    if (types == every) {
        printf("all");
        return;
    }
    const char *comma = "";
    for (unsigned type = 1; attribute_type_words[type]; type++) {
        if (types & TYPE_BIT(type)) {
            printf("%s%s", comma, attribute_type_words[type]);
            comma = ", ";
        }
    }
    if (types & TYPE_BIT(A_FIELD))
        printf("%s%s", comma, attribute_type_words[A_FIELD]);
}

static void list_operators(bool markdown)
{
    if (markdown)
        printf("| operator | types | operand | holds when the attribute |\n"
               "| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        const struct operator_info *one = &operators[i];
        printf(markdown ? "| `%s` | " : "%-12s  ", one->name);
        if (!markdown)
            printf("%s (", one->help);
        put_types(one->types);
        if (markdown)
            printf(" | %s | %s |\n", operand_forms[one->form].words, one->help);
        else
            printf("; %s)\n", operand_forms[one->form].words);
    }
}

static int explain_codes(int count, char **codes)
{
    for (int i = 0; i < count; i++) {
        enum diagnostic_code code = diagnostic_find(codes[i]);
        if (code == DIAGNOSTIC_COUNT)
            return usage_error(&explain_command,
                               "there is no diagnostic '%s'; a code is as in FF0231, and '--all' "
                               "lists them",
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
