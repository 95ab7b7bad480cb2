/* report.c - see report.h. */
#include "report.h"

#include <stdlib.h>

#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/base/memory.h"
#include "compiler/diagnostics/registry.h"
#include "compiler/files/edit.h"
#include "compiler/model/model.h"
#include "server.h"

struct reporting {
    const struct workspace *workspace;
    const struct project *project;
    struct text_index *indices; /* by file, made as they are needed */
};

static const struct text_index *index_of(const struct reporting *reporting, uint32_t file)
{
    struct text_index *index = &reporting->indices[file];
    const struct source *source = &reporting->project->sources.items[file];
    if (!index->lines)
        text_index_make(index, source->text ? source->text : "", source->length);
    return index;
}

static void put_span(const struct reporting *reporting, struct span span, struct buffer *out)
{
    const struct text_index *index = index_of(reporting, span.file);
    bool whole = span.begin == UINT32_MAX;
    write_range(out, "range", index, whole ? 0 : span.begin, whole ? 0 : span.end);
}

static void put_notes(const struct reporting *reporting, const struct diagnostic *item,
                      struct buffer *out)
{
    bool any = false;
    for (uint32_t i = 0; i < item->note_count; i++) {
        const struct diagnostic_note *note = &item->notes[i];
        if (note->span.file == NO_FILE)
            continue;
        if (!any)
            field_array(out, "relatedInformation");
        any = true;
        const char *name = reporting->project->sources.items[note->span.file].name;
        struct workspace_file file;
        struct buffer uri = {0};
        if (workspace_find(reporting->workspace, name, &file))
            workspace_uri(reporting->workspace, &file, &uri);
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_object(out, "location");
        field_text(out, "uri", uri.bytes);
        put_span(reporting, note->span, out);
        buffer_append_text(out, "}");
        field_text(out, "message", note->text);
        buffer_append_text(out, "}");
        buffer_release(&uri);
    }
    if (any)
        buffer_append_text(out, "]");
}

/* For a code action, without asking again what was meant. */
static void put_fix(const struct reporting *reporting, const struct diagnostic_fix *fix,
                    struct buffer *out)
{
    struct buffer written = {0}, title = {0};
    if (!fix)
        return;
    edit_write_text(fix->text, &written);
    buffer_format(&title, "write %s", written.bytes);
    field_object(out, "data");
    field_object(out, "fix");
    field_text(out, "title", title.bytes);
    put_span(reporting, fix->span, out);
    field_text(out, "newText", written.bytes);
    buffer_append_text(out, "}}");
    buffer_release(&written);
    buffer_release(&title);
}

static void put_diagnostic(const struct reporting *reporting, const struct diagnostic *item,
                           uint32_t file, struct buffer *out)
{
    struct buffer message = {0};
    buffer_append_text(&message, item->message);
    for (uint32_t i = 0; i < item->note_count; i++)
        if (item->notes[i].span.file == NO_FILE)
            buffer_format(&message, "\nnote: %s", item->notes[i].text);
    if (item->help)
        buffer_format(&message, "\nhelp: %s", item->help);
    json_write_comma(out);
    buffer_append_text(out, "{");
    if (item->span.file == NO_FILE)
        write_range(out, "range", index_of(reporting, file), 0, 0);
    else
        put_span(reporting, item->span, out);
    field_count(out, "severity", item->severity == SEVERITY_ERROR ? 1 : 2);
    field_text(out, "code", diagnostic_info(item->code)->code);
    field_text(out, "source", "ffc");
    field_text(out, "message", message.bytes);
    put_notes(reporting, item, out);
    put_fix(reporting, item->fix, out);
    buffer_append_text(out, "}");
    buffer_release(&message);
}

void report_by_file(const struct workspace *workspace, struct project *project,
                    bool (*keep)(const struct diagnostic *item, const void *user), const void *user,
                    struct buffer *out)
{
    uint32_t count = project->sources.count;
    struct reporting reporting = {workspace, project,
                                  xcalloc(count + 1u, sizeof(struct text_index))};
    struct buffer *files = xcalloc(count + 1u, sizeof *files);
    const struct diagnostics *diagnostics = &project->diagnostics;
    for (uint32_t i = 0; count && i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];
        uint32_t file = item->span.file == NO_FILE ? 0 : item->span.file;
        if (keep && !keep(item, user))
            continue;
        if (!files[file].length)
            buffer_append_text(&files[file], "[");
        put_diagnostic(&reporting, item, file, &files[file]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (files[i].length) {
            buffer_format(out, "%u\t", i);
            buffer_append(out, files[i].bytes, files[i].length);
            buffer_append_text(out, "]\n");
        }
        buffer_release(&files[i]);
        text_index_release(&reporting.indices[i]);
    }
    free(files);
    free(reporting.indices);
}
