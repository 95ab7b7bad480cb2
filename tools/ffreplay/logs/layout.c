/* layout.c - see layout.h. */
#include "layout.h"

#include <string.h>

#include "compiler/base/nearest.h"
#include "compiler/base/arena.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "compiler/model/log.h"

static uint32_t optional_path(struct layout *layout, const char *path)
{
    return path ? layout_path(layout, path) : NO_PLACE;
}

/* The fields of a format that serve what a log's definition can name. */
static const struct usual_fields {
    const char *time, *unit, *flag, *variant;
} usual_fields[WORDS_COUNT(LOG_FORMATS)] = {
    [LOG_OTLP] = {NULL, "feature_flag.context.id", "feature_flag.key",
                  "feature_flag.result.variant"},
    [LOG_GO_FEATURE_FLAG] = {"creationDate", "userKey", GO_FEATURE_FLAG_FLAG, "variation"},
};

static const char *first_of(const char *given, const char *usual)
{
    return given ? given : usual;
}

void layout_init(struct layout *layout, const struct project *project, const struct log *log,
                 struct arena *arena)
{
    *layout = (struct layout){.project = project, .log = log, .arena = arena};
    const struct usual_fields *usual = &usual_fields[log->format];
    /* A context asks for flags to be evaluated again. */
    bool is_told = log->context_count == 0;
    layout->time = layout_path(layout, first_of(log->time, first_of(usual->time, "time")));
    layout->unit = optional_path(layout, first_of(log->unit, usual->unit));
    layout->flag = optional_path(layout, first_of(log->flag, is_told ? usual->flag : NULL));
    layout->variant =
        optional_path(layout, first_of(log->variant, is_told ? usual->variant : NULL));
    layout->id = optional_path(layout, log->id);
}

static uint64_t bit_of(uint32_t place)
{
    return place < 64 ? UINT64_C(1) << place : 0;
}

static uint32_t add_path(struct layout *layout, const char *path)
{
    uint32_t same = layout->count;
    *ARENA_APPEND(layout->arena, layout->numeric, same) = false;
    *ARENA_APPEND(layout->arena, layout->paths, layout->count) = path;
    return layout->count - 1;
}

uint32_t layout_path(struct layout *layout, const char *path)
{
    uint32_t place = 0;
    while (place < layout->count && strcmp(layout->paths[place], path) != 0)
        place++;
    if (place == layout->count)
        place = add_path(layout, path);
    layout->asked |= bit_of(place);
    return place;
}

uint64_t layout_fields(const struct layout *layout)
{
    return layout->count < 64 ? bit_of(layout->count) - 1 : UINT64_MAX;
}

static struct field mapped_field(struct layout *layout, const struct log_field *mapped)
{
    double scale = mapped->is_scaled ? mapped->scale : log_field_scale(layout->log, mapped->from);
    return (struct field){layout_path(layout, mapped->from), scale};
}

struct field layout_field(struct layout *layout, const char *name)
{
    const struct log *log = layout->log;
    for (uint32_t i = 0; i < log->field_count; i++)
        if (strcmp(log->fields[i].name.text, name) == 0)
            return mapped_field(layout, &log->fields[i]);
    return (struct field){layout_path(layout, name), log_field_scale(log, name)};
}

bool layout_hides(const struct layout *layout, uint32_t place)
{
    const struct log *log = layout->log;
    bool hides = place == layout->unit && key_is_private(layout->project->bucket_by);
    for (uint32_t i = 0; i < log->context_count && !hides; i++) {
        const struct attribute *attribute =
            project_attribute(layout->project, log->context[i].name.text);
        hides = attribute && attribute->is_private &&
                strcmp(log->context[i].from, layout->paths[place]) == 0;
    }
    return hides;
}

void layout_use_number(struct layout *layout, uint32_t place)
{
    layout->numeric[place] = true;
}

char layout_delimiter(const struct layout *layout)
{
    return layout->log->format == LOG_TSV ? '\t' : ",;|"[layout->log->delimiter];
}

/* Of these, a line may be in parts. */
static bool joins_lines(const struct log *log)
{
    bool joins = false;
    for (uint32_t i = 0; i < log->wrap_count; i++)
        joins |= log->wraps[i].kind == WRAP_CRI || log->wraps[i].kind == WRAP_DOCKER;
    return joins;
}

enum framing layout_framing(const struct layout *layout)
{
    switch (layout->log->format) {
    case LOG_NDJSON:
    case LOG_COMBINED:
    case LOG_COMMON:
    case LOG_VHOST_COMBINED:
    case LOG_INGRESS_NGINX:
    case LOG_TRAEFIK:
    case LOG_HAPROXY_HTTP:
    case LOG_ENVOY:
    case LOG_ALB:
    case LOG_NGINX:
    case LOG_APACHE:
    case LOG_LOGFMT:
    case LOG_OTLP:
    case LOG_GO_FEATURE_FLAG:
        break;
    case LOG_CSV:
    case LOG_TSV:
        return FRAMING_CSV;
    case LOG_PROMETHEUS:
    case LOG_KAYENTA:
        return FRAMING_JSON;
    }
    return joins_lines(layout->log) ? FRAMING_ROWS : FRAMING_LINES;
}

/* Reports the first path that is not among the names. */
static bool knows_paths(const struct layout *layout, const char *const *names, size_t count)
{
    const struct log *log = layout->log;
    for (uint32_t i = 0; i < layout->count; i++) {
        bool known = log_is_of_wrap(log, layout->paths[i]);
        for (size_t j = 0; j < count; j++)
            known |= strcmp(layout->paths[i], names[j]) == 0;
        if (known)
            continue;
        print_error_at(&layout->project->sources, log->span,
                       "log '%s' has no field '%s': its format is '%s'", log->name.text,
                       layout->paths[i], log_format_words[log->format]);
        const char *near = nearest_name(layout->paths[i], names, count);
        if (near)
            print_help("did you mean '%s'?", near);
        return false;
    }
    return true;
}

static struct line_parser *parser_of_csv(const struct layout *layout)
{
    const struct texts *columns = &layout->log->columns;
    const char **names = ARENA_ARRAY(layout->arena, const char *, columns->count);
    for (uint32_t i = 0; i < columns->count; i++)
        names[i] = columns->items[i].text;
    if (columns->count > 0 && !knows_paths(layout, names, columns->count))
        return NULL;
    return csv_parser(layout->paths, layout->count, layout_delimiter(layout), names,
                      columns->count);
}

static struct line_parser *parser_of_forms(const struct layout *layout)
{
    const struct log *log = layout->log;
    const char **names = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < log->form_count; i++)
        for (uint32_t j = 0; j < log->forms[i].field_count; j++)
            *ARENA_APPEND(layout->arena, names, count) = log->forms[i].fields[j].name;
    if (!knows_paths(layout, names, count))
        return NULL;
    return format_string_parser(layout->paths, layout->count, log->forms, log->form_count);
}

static struct line_parser *parser_of_format(const struct layout *layout)
{
    const struct log *log = layout->log;
    switch (log->format) {
    case LOG_NDJSON:
        return ndjson_parser(layout->paths, layout->count);
    case LOG_CSV:
    case LOG_TSV:
        return parser_of_csv(layout);
    case LOG_COMBINED:
    case LOG_COMMON:
    case LOG_VHOST_COMBINED:
    case LOG_INGRESS_NGINX:
    case LOG_TRAEFIK:
    case LOG_HAPROXY_HTTP:
    case LOG_ENVOY:
    case LOG_ALB:
    case LOG_NGINX:
    case LOG_APACHE:
        return parser_of_forms(layout);
    case LOG_LOGFMT:
        return logfmt_parser(layout->paths, layout->count);
    case LOG_OTLP:
        return otlp_parser(layout->paths, layout->count);
    case LOG_GO_FEATURE_FLAG:
        return go_feature_flag_parser(layout->paths, layout->count);
    case LOG_PROMETHEUS:
        return prometheus_parser(layout->paths, layout->count, layout->takes_partial);
    case LOG_KAYENTA:
        return kayenta_parser(layout->paths, layout->count);
    }
    return NULL;
}

struct line_parser *layout_parser(const struct layout *layout)
{
    const struct log *log = layout->log;
    struct line_parser *parser = parser_of_format(layout);
    for (uint32_t i = log->wrap_count; i-- > 0 && parser;)
        parser = wrapped_parser(layout->paths, layout->count, &log->wraps[i], parser);
    return parser;
}
