/* log.c - see log.h. */
#include "log.h"

#include <stddef.h>
#include <string.h>

#include "declaration.h"

const char *const combined_field_names[] = {"remote_addr", "remote_user", "time",       "request",
                                            "method",      "path",        "protocol",   "status",
                                            "bytes",       "referer",     "user_agent", NULL};

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
    case LOG_COMBINED:
        return combined_field_names;
    case LOG_GO_FEATURE_FLAG:
        return go_feature_flag_names;
    case LOG_NDJSON:
    case LOG_CSV:
    case LOG_TSV:
    case LOG_OTLP:
    case LOG_PROMETHEUS:
    case LOG_KAYENTA:
        return NULL;
    }
    return NULL;
}

bool log_format_is_series(enum log_format format)
{
    return format == LOG_PROMETHEUS || format == LOG_KAYENTA;
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
