/* shared.c - functions shared by several commands. */
#include "compiler/base/nearest.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/model/model.h"
#include "commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void show_diagnostics(struct project *project, enum diagnostic_format format,
                      enum color_choice color)
{
    if (project->diagnostics.count)
        diagnostics_write(&project->diagnostics, format, use_color(color, stderr), stderr);
}

/* A file that could not be read is not an error in the input. */
int diagnostics_status(const struct diagnostics *diagnostics)
{
    int status = EXIT_FINE;
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];
        if (item->code == FF0401 || item->code == FF0403 || item->code == FF0404)
            return EXIT_JOB;
        if (item->severity == SEVERITY_ERROR)
            status = EXIT_INPUT;
    }
    return status;
}

#define MOST_NAMED 3 /* files listed in a note */

/* Diagnostics are sorted by file. */
static void note_unread(const struct project *project)
{
    const struct diagnostics *diagnostics = &project->diagnostics;
    struct buffer files = {0};
    uint32_t last = NO_FILE, count = 0;
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];
        if (item->severity != SEVERITY_ERROR || item->span.file == NO_FILE ||
            item->span.file == last)
            continue;
        last = item->span.file;
        if (count++ < MOST_NAMED)
            buffer_format(&files, "%s'%s'", count > 1 ? ", " : "",
                          project->sources.items[last].path);
    }
    if (count > MOST_NAMED)
        buffer_format(&files, " and %u more", count - MOST_NAMED);
    print_note("what could not be read%s%s is not shown%s", count ? " of " : "",
               count ? files.bytes : "",
               project->environments.count ? "" : ", and no environment is known");
    buffer_release(&files);
}

int show_unread(struct project *project, enum diagnostic_format format, enum color_choice color)
{
    if (project->diagnostics.errors == 0)
        return EXIT_FINE;
    show_diagnostics(project, format, color);
    note_unread(project);
    return diagnostics_status(&project->diagnostics);
}

int require_sound(struct project *project, const struct project_choice *choice)
{
    if (project->diagnostics.errors == 0)
        return EXIT_FINE;
    show_diagnostics(project, choice->format, choice->color);
    return diagnostics_status(&project->diagnostics);
}

static const char **environment_names(const struct project *project)
{
    const char **names = xcalloc(project->environments.count + 1u, sizeof *names);
    for (uint32_t i = 0; i < project->environments.count; i++)
        names[i] = project->environments.items[i].text;
    return names;
}

uint32_t choose_environment(const struct command *command, const struct project *project,
                            const char *name, int *status)
{
    uint32_t count = project->environments.count;
    uint32_t index = name ? project_environment(project, name) : count == 1 ? 0 : UINT32_MAX;
    if (index != UINT32_MAX)
        return index;

    struct buffer list = {0};
    const char **names = environment_names(project);
    for (uint32_t i = 0; i < count; i++)
        buffer_format(&list, "%s%s", i ? ", " : "", names[i]);
    const char *near = name ? nearest_name(name, names, count) : NULL;
    if (!name)
        *status = usage_error(command, "which environment? Say -e with one of: %s", list.bytes);
    else if (near)
        *status =
            usage_error(command, "there is no environment '%s'; did you mean '%s'?", name, near);
    else
        *status = usage_error(command, "there is no environment '%s'; the project has: %s", name,
                              count ? list.bytes : "none");
    free(names);
    buffer_release(&list);
    return UINT32_MAX;
}
