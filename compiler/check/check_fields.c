/*
 * check_fields.c - metrics and contexts without a field of the log to come from.
 *
 * How much is known depends on the format: the fields of `combined`, and of csv whose columns are
 * listed, are all there are; GO Feature Flag may come to write more than it does; of the others
 * only a name that is nearly a mapped one is doubted.
 */
#include <string.h>

#include "compiler/read/read.h"

const char *const combined_field_names[] = {"remote_addr", "remote_user", "time",       "request",
                                            "method",      "path",        "protocol",   "status",
                                            "bytes",       "referer",     "user_agent", NULL};

/* Of its evaluations and tracking events; `flag` is what ffreplay calls the `key` of the former. */
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

/* Of a point; what else it has are labels, which are texts. */
static const char *const point_names[] = {"time", "value", NULL};

struct names {
    const char **items;
    size_t count;
};

static bool has_name(const struct names *names, const char *name, size_t length)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strncmp(names->items[i], name, length) == 0 && !names->items[i][length])
            return true;
    }
    return false;
}

static void add_name(struct reader *reader, struct names *names, const char *name)
{
    if (name && !has_name(names, name, strlen(name)))
        *ARENA_APPEND(reader->arena, names->items, names->count) = name;
}

static void add_names(struct reader *reader, struct names *names, const char *const *more)
{
    while (*more)
        add_name(reader, names, *more++);
}

/* All that lines of the format have; none where they may have anything. */
static struct names own_names(struct reader *reader, const struct log *log)
{
    struct names names = {0};
    if (log->format == LOG_COMBINED)
        add_names(reader, &names, combined_field_names);
    if (log->format == LOG_GO_FEATURE_FLAG)
        add_names(reader, &names, go_feature_flag_names);
    if (log->format == LOG_CSV || log->format == LOG_TSV) {
        for (uint32_t i = 0; i < log->columns.count; i++)
            add_name(reader, &names, log->columns.items[i].text);
    }
    return names;
}

static void add_mapped(struct reader *reader, struct names *names, const struct log *log)
{
    for (uint32_t i = 0; i < log->field_count; i++)
        add_name(reader, names, log->fields[i].name.text);
}

/* Of GO Feature Flag, what is behind a dot is the service's own. */
static bool is_known(const struct log *log, const struct names *names, const char *name)
{
    size_t length = log->format == LOG_GO_FEATURE_FLAG ? strcspn(name, ".") : strlen(name);
    return has_name(names, name, length) || has_name(names, name, strlen(name));
}

static void report(struct reader *reader, const struct log *log, const char *name, struct span span,
                   const struct names *names)
{
    static const char *const written[] = {[LOG_COMBINED] = "its lines are of the format 'combined'",
                                          [LOG_CSV] = "its columns are listed",
                                          [LOG_TSV] = "its columns are listed"};
    if (log->format == LOG_GO_FEATURE_FLAG)
        diagnose(reader->diagnostics, FF0362, span, "GO Feature Flag writes no field '%s'", name);
    else {
        diagnose(reader->diagnostics, FF0363, span, "log '%s' has no field '%s'", log->name.text,
                 name);
        if (memcmp(&span, &log->span, sizeof span) != 0)
            diagnose_note(reader->diagnostics, log->span, "%s", written[log->format]);
    }
    suggest(reader, name, names->items, names->count);
}

/* ----------------------------------------------------------------------------------- metrics -- */

/* A line may have any field, so what differs from a mapped one by a slip is all that is doubted;
 * a dotted path was spelt out on purpose. */
static void check_spelling(struct reader *reader, const struct log *log, const struct text *field)
{
    struct names mapped = {0};
    add_mapped(reader, &mapped, log);
    if (strchr(field->text, '.') || has_name(&mapped, field->text, strlen(field->text)))
        return;
    for (uint32_t i = 0; i < log->field_count; i++) {
        if (strcmp(log->fields[i].from, field->text) == 0)
            return;
    }
    const char *near = nearest_name(field->text, mapped.items, mapped.count);
    if (!near)
        return;
    diagnose(reader->diagnostics, FF0362, field->span, "log '%s' maps no field '%s'",
             log->name.text, field->text);
    for (uint32_t i = 0; i < log->field_count; i++) {
        if (log->fields[i].name.text == near)
            diagnose_note(reader->diagnostics, log->fields[i].name.span, "'%s' is mapped here",
                          near);
    }
    diagnose_help(reader->diagnostics,
                  "did you mean '%s'? If lines do have a field '%s', map it, too: '%s: %s'", near,
                  field->text, field->text, field->text);
}

static void check_field(struct reader *reader, const struct log *log, const struct text *field)
{
    if (!field->text)
        return;
    struct names names = own_names(reader, log);
    if (!names.count) {
        check_spelling(reader, log, field);
        return;
    }
    add_mapped(reader, &names, log);
    if (!is_known(log, &names, field->text))
        report(reader, log, field->text, field->span, &names);
}

static bool is_series(const struct log *log)
{
    return log->format == LOG_PROMETHEUS || log->format == LOG_KAYENTA;
}

/* What is a number in a line. Labels of a time series are texts. */
static void check_number(struct reader *reader, const struct log *log, const struct text *field)
{
    struct names names = {0};
    add_names(reader, &names, point_names);
    add_mapped(reader, &names, log);
    if (!field->text || !is_series(log)) {
        check_field(reader, log, field);
        return;
    }
    if (is_known(log, &names, field->text))
        return;
    diagnose(reader->diagnostics, FF0362, field->span,
             "a point of a time series has no number '%s'", field->text);
    diagnose_note(reader->diagnostics, log->span, "what it has besides 'value' are labels");
    diagnose_help(reader->diagnostics, "write 'value: value', and choose the series by 'where'");
}

static void check_condition(struct reader *reader, const struct log *log,
                            const struct condition *condition)
{
    if (!condition)
        return;
    check_field(reader, log, &condition->field);
    for (uint32_t i = 0; i < condition->child_count; i++)
        check_condition(reader, log, condition->children[i]);
}

static void check_metric(struct reader *reader, const struct metric *metric)
{
    const struct project *project = reader->project;
    const struct log *log = metric->log;
    if (!log && project->log_count == 1)
        log = project->logs[0];
    if (!log)
        return;
    check_number(reader, log, &metric->value);
    check_number(reader, log, &metric->numerator);
    check_number(reader, log, &metric->denominator);
    check_condition(reader, log, metric->where);
    check_condition(reader, log, metric->of);
}

/* -------------------------------------------------------------------------------------- logs -- */

/* A place in the log itself, where a name that is listed under `fields` means nothing. */
static void check_source(struct reader *reader, const struct log *log, const char *from,
                         struct span span)
{
    struct names names = own_names(reader, log);
    if (from && names.count && !is_known(log, &names, from))
        report(reader, log, from, span, &names);
}

static void check_log(struct reader *reader, const struct log *log)
{
    bool has_columns = log->columns.count && (log->format == LOG_CSV || log->format == LOG_TSV);
    check_source(reader, log, log->time || !has_columns ? log->time : "time", log->span);
    check_source(reader, log, log->unit, log->span);
    check_source(reader, log, log->flag, log->span);
    check_source(reader, log, log->variant, log->span);
    check_source(reader, log, log->id, log->span);
    for (uint32_t i = 0; i < log->field_count; i++)
        check_source(reader, log, log->fields[i].from, log->fields[i].name.span);
    for (uint32_t i = 0; i < log->context_count; i++)
        check_source(reader, log, log->context[i].from, log->context[i].name.span);
}

void check_fields(struct reader *reader)
{
    const struct project *project = reader->project;
    for (uint32_t i = 0; i < project->log_count; i++)
        check_log(reader, project->logs[i]);
    for (uint32_t i = 0; i < project->metric_count; i++)
        check_metric(reader, project->metrics[i]);
}
