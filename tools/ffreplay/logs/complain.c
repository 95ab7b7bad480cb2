/* complain.c - see complain.h. */
#include "complain.h"

#include <stdarg.h>
#include <stdio.h>

#include <string.h>

#include "compiler/model/model.h"

static void show_line(const struct project *project, struct span span, struct position place)
{
    int length = (int)strcspn(place.line_text, "\n");
    fprintf(stderr, "%5u | %.*s\n      | ", place.line, length, place.line_text);
    /* Tabs are kept, so that the caret stands under what it points to. */
    const char *text = project->sources.items[span.file].text;
    for (const char *at = place.line_text; at < text + span.begin; at++)
        if (((unsigned char)*at & 0xc0) != 0x80)
            fputc(*at == '\t' ? '\t' : ' ', stderr);
    fputc('^', stderr);
    const char *line_end = place.line_text + length;
    for (const char *at = text + span.begin + 1; at < text + span.end && at < line_end; at++)
        if (((unsigned char)*at & 0xc0) != 0x80)
            fputc('~', stderr);
    fputc('\n', stderr);
}

bool complain(const struct project *project, struct span span, const char *format, ...)
{
    struct position place = {0};
    if (span.file != NO_FILE) {
        place = source_position(&project->sources, span.file, span.begin);
        fprintf(stderr, "%s:%u:%u: ", project->sources.items[span.file].path, place.line,
                place.column);
    }
    fputs("error: ", stderr);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    if (span.file != NO_FILE)
        show_line(project, span, place);
    return false;
}

void complain_help(const char *format, ...)
{
    fputs("      = help: ", stderr);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}
