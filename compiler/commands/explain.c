/* explain.c - `ffc explain`: what a diagnostic means, from the registry. */
#include <stdlib.h>
#include <string.h>

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

static int run(int argc, char **argv)
{
    bool all = false, markdown = false;
    const struct option options[] = {
        {"all", 0, OPTION_FLAG, &all, NULL, "list all codes"},
        {"markdown", 0, OPTION_FLAG, &markdown, NULL, "with --all: the long texts, in Markdown"},
    };
    int status;
    int operands = options_parse(&explain_command, options, sizeof options / sizeof *options, argc,
                                 argv, &status);
    if (operands < 0)
        return status;
    if (all != (operands == 0))
        return usage_error(&explain_command, all ? "a code or --all, not both"
                                                 : "which code? Name one, e.g. FF0231, or --all");
    if (all) {
        list_all(markdown);
        return EXIT_FINE;
    }
    for (int i = 1; i <= operands; i++) {
        enum diagnostic_code code = diagnostic_find(argv[i]);
        if (code == DIAGNOSTIC_COUNT)
            return usage_error(&explain_command,
                               "there is no diagnostic '%s'; a code is as in FF0231, and '--all' "
                               "lists them",
                               argv[i]);
        if (i > 1)
            putchar('\n');
        explain(diagnostic_info(code));
    }
    return EXIT_FINE;
}

const struct command explain_command = {
    .name = "explain",
    .summary = "say more about a diagnostic",
    .usage = "CODE… | --all [--markdown]",
    .examples = "  ffc explain FF0231   why it is an error, an example, and the same mended\n"
                "  ffc explain --all    every code with its title\n",
    .run = run,
};
