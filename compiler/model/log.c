/* log.c - see log.h. */
#include "log.h"

#include <stddef.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "declaration.h"

/* The names in evaluations and tracking events; ffreplay calls the former's `key` `flag`. */
static const char *const go_feature_flag_names[] = {"kind",
                                                    "contextKind",
                                                    "userKey",
                                                    "creationDate",
                                                    "key",
                                                    "variation",
                                                    "value",
                                                    "default",
                                                    "version",
                                                    "source",
                                                    "flag",
                                                    "metadata",
                                                    "evaluationContext",
                                                    "trackingEventDetails",
                                                    NULL};

const char *const point_field_names[] = {"time", "value", NULL};

const char *const *log_format_fields(enum log_format format)
{
    switch (format) {
    case LOG_GO_FEATURE_FLAG:
        return go_feature_flag_names;
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
    case LOG_W3C:
    case LOG_IIS:
    case LOG_CLOUDFRONT:
    case LOG_CADDY:
    case LOG_CSV:
    case LOG_TSV:
    case LOG_OTLP:
    case LOG_PROMETHEUS:
    case LOG_KAYENTA:
        return NULL;
    }
    return NULL;
}

/* CLIENT IDENT USER: a user's name may have blanks where nobody asked for the IDENT. */
#define CLIENT       "{remote_addr:host} - {remote_user:user} "
#define CLIENT_IDENT "{remote_addr:host} {:ident} {remote_user:word} "
#define REQUEST      "[{time:clf}] \"{request:request}\" {status:status} {bytes:bytes}"
#define BROWSER      " \"{referer:text}\" \"{user_agent:text}\""

/* Syslog's part, or only the program's; then the timers of `option httplog`. */
#define HAPROXY_BEGIN                                                                     \
    "{remote_addr:endpoint} [{:strftime:%d/%b/%Y:%H:%M:%S}.{:fraction}] {frontend:word} " \
    "{backend:name}/{server:word} {request_time:integer:ms}/{queue_time:integer:ms}/"     \
    "{connect_time:integer:ms}/{response_time:integer:ms}/{duration:integer:ms} "         \
    "{status:integer} {bytes:integer} {request_cookie:word} {response_cookie:word} "      \
    "{termination_state:word} {actconn:integer}/{feconn:integer}/{beconn:integer}/"       \
    "{srv_conn:integer}/{retries:integer} {srv_queue:integer}/{backend_queue:integer} "
#define HAPROXY_END  "\"{request:request}\""
#define HAPROXY_LEAD "{:lead}haproxy[{:integer}]: "
/* It writes quotes, and braces in captured headers, as '#' and their code. */
#define HAPROXY_CODES "escape=codes "

#define ALB_BEGIN                                                                                \
    "{type:word} {time:iso} {elb:word} {client:endpoint} {target:endpoint} "                     \
    "{request_processing_time:decimal:s} {target_processing_time:decimal:s} "                    \
    "{response_processing_time:decimal:s} {elb_status_code:status} {target_status_code:status} " \
    "{received_bytes:integer} {sent_bytes:integer} \"{request:request}\" \"{user_agent:text}\" "
#define ALB_END(text)                                                                        \
    "{ssl_cipher:word} {ssl_protocol:word} {target_group_arn:word} \"{trace_id:" text "}\" " \
    "\"{domain_name:" text "}\" \"{chosen_cert_arn:" text "}\" "                             \
    "{matched_rule_priority:integer} {request_creation_time:iso} "                           \
    "\"{actions_executed:" text "}\" \"{redirect_url:" text "}\" \"{error_reason:" text "}\""
#define ALB_TARGETS(text)                                                                     \
    " \"{target_port_list:text}\" \"{target_status_code_list:text}\" \"{classification:" text \
    "}\" "                                                                                    \
    "\"{classification_reason:" text "}\"{:rest}"

/* `common` is its first part; nginx's `main` has the header X-Forwarded-For after it. */
static const char *const combined_forms[] = {CLIENT REQUEST BROWSER,
                                             CLIENT REQUEST BROWSER " \"{:text}\"",
                                             CLIENT REQUEST,
                                             CLIENT_IDENT REQUEST BROWSER,
                                             CLIENT_IDENT REQUEST BROWSER " \"{:text}\"",
                                             CLIENT_IDENT REQUEST,
                                             NULL};
static const char *const common_forms[] = {CLIENT REQUEST, CLIENT_IDENT REQUEST, NULL};
static const char *const vhost_combined_forms[] = {
    "{vhost:name}:{port:integer} " CLIENT REQUEST BROWSER,
    "{vhost:name}:{port:integer} " CLIENT_IDENT REQUEST BROWSER,
    "{vhost:name} " CLIENT REQUEST BROWSER, "{vhost:name} " CLIENT_IDENT REQUEST BROWSER, NULL};
static const char *const ingress_nginx_forms[] = {
    "{remote_addr:address} - {remote_user:user} [{time:clf}] \"{request:request}\" "
    "{status:status} {bytes:integer} \"{referer:text}\" \"{user_agent:text}\" "
    "{request_length:integer} {request_time:decimal:s} [{proxy_upstream_name:word}] "
    "[{proxy_alternative_upstream_name:text}] {upstream_addr:words} "
    "{upstream_response_length:decimals} {upstream_response_time:decimals:s} "
    "{upstream_status:decimals} {req_id:word}",
    NULL};
static const char *const traefik_forms[] = {
    "escape=none {remote_addr:host} - {remote_user:user} [{time:clf}] \"{request:request}\" "
    "{status:integer} {bytes:integer} \"{referer:text}\" \"{user_agent:text}\" "
    "{request_count:integer} \"{router:text}\" \"{server_url:text}\" {duration:integer:ms}ms",
    NULL};
static const char *const haproxy_http_forms[] = {
    HAPROXY_CODES HAPROXY_LEAD HAPROXY_BEGIN HAPROXY_END,
    HAPROXY_CODES HAPROXY_LEAD HAPROXY_BEGIN "{{request_headers:captured}} " HAPROXY_END,
    HAPROXY_CODES HAPROXY_LEAD HAPROXY_BEGIN
    "{{request_headers:captured}} {{response_headers:captured}} " HAPROXY_END,
    HAPROXY_CODES HAPROXY_BEGIN HAPROXY_END,
    HAPROXY_CODES HAPROXY_BEGIN "{{request_headers:captured}} " HAPROXY_END,
    HAPROXY_CODES HAPROXY_BEGIN
    "{{request_headers:captured}} {{response_headers:captured}} " HAPROXY_END,
    NULL};
static const char *const envoy_forms[] = {
    "escape=none [{time:iso}] \"{request:request}\" {status:integer} {response_flags:word} "
    "{bytes_received:integer} {bytes:integer} {duration:integer:ms} "
    "{upstream_service_time:integer:ms} \"{x_forwarded_for:text}\" \"{user_agent:text}\" "
    "\"{request_id:text}\" \"{authority:text}\" \"{upstream_host:text}\"",
    NULL};
/* A client's request and browser may have quotes that are written as they are; nothing else. */
#define ALB_UNESCAPED "escape=none "
static const char *const alb_forms[] = {ALB_BEGIN ALB_END("text") ALB_TARGETS("text"),
                                        ALB_BEGIN ALB_END("text"),
                                        ALB_UNESCAPED ALB_BEGIN ALB_END("word") ALB_TARGETS("word"),
                                        ALB_UNESCAPED ALB_BEGIN ALB_END("word"), NULL};

const char *const *log_format_forms(enum log_format format)
{
    static const char *const *const forms[WORDS_COUNT(LOG_FORMATS)] = {
        [LOG_COMBINED] = combined_forms,
        [LOG_COMMON] = common_forms,
        [LOG_VHOST_COMBINED] = vhost_combined_forms,
        [LOG_INGRESS_NGINX] = ingress_nginx_forms,
        [LOG_TRAEFIK] = traefik_forms,
        [LOG_HAPROXY_HTTP] = haproxy_http_forms,
        [LOG_ENVOY] = envoy_forms,
        [LOG_ALB] = alb_forms,
    };
    return forms[format];
}

bool log_format_dialect(enum log_format format, enum dialect *dialect)
{
    static const struct {
        enum log_format format;
        enum dialect dialect;
    } servers[] = {
        {LOG_NGINX, DIALECT_NGINX},
        {LOG_APACHE, DIALECT_APACHE},
        {LOG_GUNICORN, DIALECT_GUNICORN},
    };
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
        if (servers[i].format == format) {
            *dialect = servers[i].dialect;
            return true;
        }
    return false;
}

bool log_is_of_wrap(const struct log *log, const char *path)
{
    return log->wrap_count > 0 && strncmp(path, WRAP_PREFIX, sizeof WRAP_PREFIX - 1) == 0;
}

/* Durations of formats that are no format strings. */
static const struct known_duration {
    enum log_format format;
    const char *path;
    enum time_unit unit;
} known_durations[] = {
    {LOG_W3C, "time-taken", TIME_MILLISECONDS}, /* CloudFront's is refused there */
    {LOG_IIS, "time-taken", TIME_MILLISECONDS},
    {LOG_CLOUDFRONT, "time-taken", TIME_SECONDS},
    {LOG_CLOUDFRONT, "time-to-first-byte", TIME_SECONDS},
    {LOG_CLOUDFRONT, "origin-fbl", TIME_SECONDS},
    {LOG_CLOUDFRONT, "origin-lbl", TIME_SECONDS},
    {LOG_CADDY, "duration", TIME_SECONDS},
    {LOG_OTLP, "duration", TIME_MILLISECONDS},
};

enum time_unit log_duration_unit(const struct log *log, const char *path)
{
    for (size_t i = 0; i < sizeof known_durations / sizeof *known_durations; i++)
        if (known_durations[i].format == log->format && strcmp(known_durations[i].path, path) == 0)
            return known_durations[i].unit;
    for (uint32_t i = 0; i < log->form_count; i++) {
        const struct format_field *field = format_string_field(&log->forms[i], path);
        if (field)
            return log->forms[i].parts[field->part].unit;
    }
    return TIME_AUTO;
}

double time_unit_ratio(enum time_unit from, enum time_unit to)
{
    static const int thousandths[] = {[TIME_SECONDS] = 0,
                                      [TIME_MILLISECONDS] = 1,
                                      [TIME_MICROSECONDS] = 2,
                                      [TIME_NANOSECONDS] = 3};
    static const double ratios[] = {1e-9, 1e-6, 1e-3, 1, 1e3, 1e6, 1e9};
    return ratios[3 + thousandths[to] - thousandths[from]];
}

double log_field_scale(const struct log *log, const char *path)
{
    enum time_unit unit = log_duration_unit(log, path);
    return unit == TIME_AUTO ? 1 : time_unit_ratio(unit, TIME_MILLISECONDS);
}

bool log_field_is_read(const struct log_field *field)
{
    return field->parse != PARSE_NUMBER || field->decimal != DECIMAL_POINT ||
           field->missing.count > 0;
}

enum time_unit log_mapped_from(const struct log *log, const struct log_field *field)
{
    if (field->from_unit != TIME_AUTO)
        return field->from_unit;
    enum time_unit known = log_duration_unit(log, field->from);
    return known == TIME_AUTO && field->parse == PARSE_DURATION ? TIME_SECONDS : known;
}

enum time_unit log_mapped_unit(const struct log *log, const struct log_field *field)
{
    if (field->is_scaled || log_mapped_from(log, field) == TIME_AUTO)
        return TIME_AUTO;
    return field->unit == TIME_AUTO ? TIME_MILLISECONDS : field->unit;
}

bool log_leaves_unit_open(const struct log *log, const char *name, const char **path)
{
    for (uint32_t i = 0; i < log->field_count; i++) {
        const struct log_field *field = &log->fields[i];
        *path = field->from;
        if (strcmp(field->name.text, name) == 0)
            return !field->is_scaled && log_mapped_from(log, field) == TIME_AUTO;
    }
    *path = name;
    return log_duration_unit(log, name) == TIME_AUTO;
}

const char *log_unit_mapping(struct arena *arena, const char *name, const char *path,
                             enum time_unit from, enum time_unit unit)
{
    bool is_usual = unit == TIME_MILLISECONDS;
    return arena_format(arena, "%s: {from: %s, from_unit: %s%s%s}", name, path,
                        time_unit_words[from],
                        is_usual ? "" : ", unit: ", is_usual ? "" : time_unit_words[unit]);
}

double log_mapped_scale(const struct log *log, const struct log_field *field)
{
    enum time_unit unit = log_mapped_unit(log, field);
    if (field->is_scaled || unit == TIME_AUTO)
        return field->scale;
    return time_unit_ratio(log_mapped_from(log, field), unit);
}

bool log_format_is_w3c(enum log_format format)
{
    return format == LOG_W3C || format == LOG_IIS || format == LOG_CLOUDFRONT;
}

bool log_format_has_columns(enum log_format format)
{
    return format == LOG_CSV || format == LOG_TSV || log_format_is_w3c(format);
}

bool log_format_is_series(enum log_format format)
{
    return format == LOG_PROMETHEUS || format == LOG_KAYENTA;
}

bool log_format_has_lists(enum log_format format)
{
    switch (format) {
    case LOG_NDJSON:
    case LOG_OTLP:
    case LOG_CADDY:
    case LOG_GO_FEATURE_FLAG:
        return true;
    case LOG_W3C:
    case LOG_IIS:
    case LOG_CLOUDFRONT:
    case LOG_CSV:
    case LOG_TSV:
    case LOG_COMBINED:
    case LOG_COMMON:
    case LOG_VHOST_COMBINED:
    case LOG_INGRESS_NGINX:
    case LOG_TRAEFIK:
    case LOG_HAPROXY_HTTP:
    case LOG_ENVOY:
    case LOG_ALB:
    case LOG_LOGFMT:
    case LOG_NGINX:
    case LOG_APACHE:
    case LOG_GUNICORN:
    case LOG_PROMETHEUS:
    case LOG_KAYENTA:
        break;
    }
    return false;
}

/* OpenTelemetry's and others' names for the unit that a flag was evaluated for. */
static bool is_targeting_key(const char *path)
{
    static const char *const names[] = {"feature_flag.context.id", "targetingKey", "userKey"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(path, names[i]) == 0)
            return true;
    return false;
}

static bool ends_with_name(const char *path, const char *name)
{
    const char *dot = strrchr(path, '.');
    return strcmp(path, name) == 0 || (dot && strcmp(dot + 1, name) == 0);
}

static bool has_context(const struct log *log, const char *attribute)
{
    for (uint32_t i = 0; i < log->context_count; i++)
        if (strcmp(log->context[i].name.text, attribute) == 0)
            return true;
    return false;
}

const struct attribute *log_lacks(const struct log *log, const struct unit_key *key)
{
    for (uint32_t i = 0; key && i < key->count; i++)
        if (!has_context(log, key->parts[i]->name.text))
            return key->parts[i];
    return NULL;
}

enum log_units log_units(const struct log *log, const struct unit_key *bucket_by)
{
    if (!log->unit || !bucket_by)
        return UNITS_ARE_BUCKETED;
    if (bucket_by->count > 1 && !log_lacks(log, bucket_by) && !is_targeting_key(log->unit))
        return UNITS_BESIDE_BUCKETED;
    for (uint32_t i = 0; bucket_by->count == 1 && i < log->context_count; i++)
        if (strcmp(log->context[i].name.text, bucket_by->text) == 0)
            return strcmp(log->context[i].from, log->unit) == 0 ? UNITS_ARE_BUCKETED
                                                                : UNITS_BESIDE_BUCKETED;
    return is_targeting_key(log->unit) || ends_with_name(log->unit, bucket_by->text)
               ? UNITS_ARE_BUCKETED
               : UNITS_UNKNOWN;
}

static bool is_runtime(enum log_wrap_kind kind)
{
    switch (kind) {
    case WRAP_CRI:
    case WRAP_DOCKER:
        return true;
    case WRAP_JOURNALD:
    case WRAP_KUBECTL:
    case WRAP_COMPOSE:
    case WRAP_SYSLOG:
    case WRAP_RUBY:
    case WRAP_FIELD:
        return false;
    }
    return false;
}

bool log_is_of_runtime(const struct log *log)
{
    bool found = false;
    for (uint32_t i = 0; i < log->wrap_count; i++)
        found |= is_runtime(log->wraps[i].kind);
    return found;
}
