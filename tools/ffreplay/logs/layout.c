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
    [LOG_CADDY] = {"ts", NULL, NULL, NULL},
    [LOG_GO_FEATURE_FLAG] = {"creationDate", "userKey", GO_FEATURE_FLAG_FLAG, "variation"},
};

static const char *first_of(const char *given, const char *usual)
{
    return given ? given : usual;
}

static uint32_t add_path(struct layout *layout, const char *path)
{
    uint32_t same = layout->count;
    *ARENA_APPEND(layout->arena, layout->numeric, same) = false;
    *ARENA_APPEND(layout->arena, layout->paths, layout->count) = path;
    return layout->count - 1;
}

static bool is_read_time(const struct log *log)
{
    return log->time_rest || log->time_format;
}

/* The time first, where it is one of them; then fields, in their order. */
static void add_readings(struct layout *layout)
{
    const struct log *log = layout->log;
    struct reading none = {NULL, NO_PLACE, NO_PLACE, false};
    if (is_read_time(log)) {
        const char *name = log->time_rest
                               ? arena_format(layout->arena, "%s and %s", log->time, log->time_rest)
                               : log->time;
        *ARENA_APPEND(layout->arena, layout->readings, layout->reading_count) = none;
        (void)add_path(layout, name ? name : "time");
    }
    for (uint32_t i = 0; i < log->field_count; i++) {
        if (!log_field_is_read(&log->fields[i]))
            continue;
        none.field = &log->fields[i];
        *ARENA_APPEND(layout->arena, layout->readings, layout->reading_count) = none;
        (void)add_path(layout, log->fields[i].from);
    }
}

static uint32_t place_of_time(struct layout *layout, const char *usual)
{
    const struct log *log = layout->log;
    uint32_t from = layout_path(layout, first_of(log->time, first_of(usual, "time")));
    if (!is_read_time(log))
        return from;
    struct reading *reading = &layout->readings[0];
    reading->from = from;
    reading->rest = optional_path(layout, log->time_rest);
    reading->is_used = true;
    return 0;
}

void layout_init(struct layout *layout, const struct project *project, const struct log *log,
                 struct arena *arena)
{
    *layout = (struct layout){.project = project, .log = log, .arena = arena};
    const struct usual_fields *usual = &usual_fields[log->format];
    /* A context asks for flags to be evaluated again. */
    bool is_told = log->context_count == 0;
    add_readings(layout);
    layout->time = place_of_time(layout, usual->time);
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

uint32_t layout_path(struct layout *layout, const char *path)
{
    uint32_t place = layout->reading_count;
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

static uint32_t place_of_reading(struct layout *layout, const struct log_field *mapped)
{
    uint32_t place = 0;
    while (layout->readings[place].field != mapped)
        place++;
    struct reading *reading = &layout->readings[place];
    if (!reading->is_used) {
        uint64_t asked = layout->asked;
        reading->from = layout_path(layout, mapped->from);
        layout->asked = asked; /* for the reading, which has its name */
        reading->is_used = true;
    }
    layout->asked |= bit_of(place);
    return place;
}

static struct field mapped_field(struct layout *layout, const struct log_field *mapped)
{
    if (log_field_is_read(mapped))
        return (struct field){place_of_reading(layout, mapped), 1};
    return (struct field){layout_path(layout, mapped->from), log_mapped_scale(layout->log, mapped)};
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
    bool is_unit =
        layout->unit != NO_PLACE && strcmp(layout->paths[place], layout->paths[layout->unit]) == 0;
    bool hides = is_unit && key_is_private(layout->project->bucket_by);
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
    const struct log *log = layout->log;
    return log->format == LOG_TSV && log->delimiter != DELIMITER_SPACE ? '\t'
                                                                       : ",;| "[log->delimiter];
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
    case LOG_GUNICORN:
    case LOG_LOGFMT:
    case LOG_CADDY:
    case LOG_OTLP:
    case LOG_GO_FEATURE_FLAG:
        break;
    case LOG_W3C:
    case LOG_IIS:
    case LOG_CLOUDFRONT:
        return FRAMING_ROWS;
    case LOG_CSV:
    case LOG_TSV:
        if (layout->log->delimiter == DELIMITER_SPACE)
            break;
        return FRAMING_CSV;
    case LOG_PROMETHEUS:
    case LOG_KAYENTA:
        return FRAMING_JSON;
    }
    return log_is_of_runtime(layout->log) ? FRAMING_ROWS : FRAMING_LINES;
}

/* Reports the first path that is not among the names. */
static bool knows_paths(const struct layout *layout, const char *const *names, size_t count)
{
    const struct log *log = layout->log;
    for (uint32_t i = layout->reading_count; i < layout->count; i++) {
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
        else if (log->log_format.text && i == layout->time)
            print_help("its 'log_format' has no time: have the server log one, or take that of "
                       "what is around the lines, 'time: wrap.time'");
        return false;
    }
    return true;
}

/* Of the fields that a parser finds. */
static const char *const *parsed_paths(const struct layout *layout)
{
    return layout->paths + layout->reading_count;
}

static uint32_t parsed_count(const struct layout *layout)
{
    return layout->count - layout->reading_count;
}

static const char **listed_columns(const struct layout *layout)
{
    const struct texts *columns = &layout->log->columns;
    const char **names = ARENA_ARRAY(layout->arena, const char *, columns->count);
    for (uint32_t i = 0; i < columns->count; i++)
        names[i] = columns->items[i].text;
    return names;
}

static struct line_parser *parser_of_w3c(const struct layout *layout)
{
    const struct log *log = layout->log;
    enum w3c_kind kind = log->format == LOG_IIS          ? W3C_IIS
                         : log->format == LOG_CLOUDFRONT ? W3C_CLOUDFRONT
                                                         : W3C_ANY;
    return w3c_parser(parsed_paths(layout), parsed_count(layout), kind, listed_columns(layout),
                      log->columns.count);
}

static struct line_parser *parser_of_csv(const struct layout *layout)
{
    const struct texts *columns = &layout->log->columns;
    const char **names = listed_columns(layout);
    if (columns->count > 0 && !knows_paths(layout, names, columns->count))
        return NULL;
    struct csv_form form = {.delimiter = layout_delimiter(layout),
                            .comment = layout->log->comment,
                            .kind = layout->log->delimiter == DELIMITER_SPACE ? CSV_BLANKS
                                                                              : CSV_QUOTED};
    return csv_parser(parsed_paths(layout), parsed_count(layout), form, names, columns->count);
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
    return format_string_parser(parsed_paths(layout), parsed_count(layout), log->forms,
                                log->form_count);
}

static struct line_parser *parser_of_format(const struct layout *layout)
{
    const struct log *log = layout->log;
    switch (log->format) {
    case LOG_NDJSON:
        return ndjson_parser(parsed_paths(layout), parsed_count(layout));
    case LOG_CADDY:
        return caddy_parser(parsed_paths(layout), parsed_count(layout));
    case LOG_W3C:
    case LOG_IIS:
    case LOG_CLOUDFRONT:
        return parser_of_w3c(layout);
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
    case LOG_GUNICORN:
        return parser_of_forms(layout);
    case LOG_LOGFMT:
        return logfmt_parser(parsed_paths(layout), parsed_count(layout));
    case LOG_OTLP:
        return otlp_parser(parsed_paths(layout), parsed_count(layout));
    case LOG_GO_FEATURE_FLAG:
        return go_feature_flag_parser(parsed_paths(layout), parsed_count(layout));
    case LOG_PROMETHEUS:
        return prometheus_parser(parsed_paths(layout), parsed_count(layout), layout->takes_partial);
    case LOG_KAYENTA:
        return kayenta_parser(parsed_paths(layout), parsed_count(layout));
    }
    return NULL;
}

struct line_parser *layout_parser(const struct layout *layout)
{
    const struct log *log = layout->log;
    struct line_parser *parser = parser_of_format(layout);
    for (uint32_t i = log->wrap_count; i-- > 0 && parser;)
        parser =
            wrapped_parser(parsed_paths(layout), parsed_count(layout), log, &log->wraps[i], parser);
    return parser;
}
