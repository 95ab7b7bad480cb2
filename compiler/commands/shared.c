/* shared.c - functions shared by several commands. */
#include "compiler/diagnostics/diagnose.h"
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
