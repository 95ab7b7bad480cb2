/* layout.c - see layout.h. */
#include "layout.h"

#include <string.h>

#include "complain.h"

static const char *const format_names[] = {"ndjson", "combined",        "csv",        "tsv",
                                           "otlp",   "go-feature-flag", "prometheus", "kayenta"};

static uint32_t optional_path(struct layout *layout, const char *path)
{
    return path ? layout_path(layout, path) : NO_PLACE;
}

void layout_init(struct layout *layout, const struct project *project, const struct log *log,
                 struct arena *arena)
{
    *layout = (struct layout){.project = project, .log = log, .arena = arena};
    layout->time = layout_path(layout, log->time ? log->time : "time");
    layout->unit = optional_path(layout, log->unit);
    layout->flag = optional_path(layout, log->flag);
    layout->variant = optional_path(layout, log->variant);
    layout->id = optional_path(layout, log->id);
}

uint32_t layout_path(struct layout *layout, const char *path)
{
    for (uint32_t i = 0; i < layout->count; i++)
        if (strcmp(layout->paths[i], path) == 0)
            return i;
    uint32_t same = layout->count;
    *ARENA_APPEND(layout->arena, layout->uses, same) = NUMBER_UNUSED;
    *ARENA_APPEND(layout->arena, layout->paths, layout->count) = path;
    return layout->count - 1;
}

struct field layout_field(struct layout *layout, const char *name)
{
    const struct log *log = layout->log;
    for (uint32_t i = 0; i < log->field_count; i++)
        if (strcmp(log->fields[i].name.text, name) == 0)
            return (struct field){layout_path(layout, log->fields[i].from), log->fields[i].scale};
    return (struct field){layout_path(layout, name), 1};
}

void layout_use_number(struct layout *layout, uint32_t place, enum number_use use)
{
    if (use > layout->uses[place])
        layout->uses[place] = use;
}

struct line_parser *layout_parser(const struct layout *layout)
{
    const struct log *log = layout->log;
    if (log->format == LOG_NDJSON)
        return ndjson_parser(layout->paths, layout->count);
    if (log->format != LOG_COMBINED) {
        complain(layout->project, log->span, "log '%s' is of format '%s', which is not read yet",
                 log->name.text, format_names[log->format]);
        complain_help("this version reads 'ndjson' and 'combined'");
        return NULL;
    }
    struct line_parser *parser = combined_parser(layout->paths, layout->count);
    for (uint32_t i = 0; !parser && i < layout->count; i++) {
        bool known = false;
        for (size_t j = 0; j < combined_field_count; j++)
            known |= strcmp(layout->paths[i], combined_field_names[j]) == 0;
        if (known)
            continue;
        complain(layout->project, log->span, "log '%s' has no field '%s': its format is 'combined'",
                 log->name.text, layout->paths[i]);
        const char *near =
            nearest_name(layout->paths[i], combined_field_names, combined_field_count);
        if (near)
            complain_help("did you mean '%s'?", near);
    }
    return parser;
}
