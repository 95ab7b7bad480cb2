/*
 * check_fields.c - metrics and contexts whose field the log does not have.
 *
 * How much is known depends on the format. `combined`, and csv whose columns are listed, have no
 * other fields; GO Feature Flag may write more in future; for the others, only a near miss of a
 * mapped name is suspicious.
 */
#include <string.h>

#include "compiler/base/nearest.h"
#include "compiler/base/table.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "check.h"

struct names {
    const char **items;
    size_t count;
    struct table all; /* of them */
};

static bool has_name(const struct names *names, const char *name, size_t length)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strncmp(names->items[i], name, length) == 0 && !names->items[i][length])
            return true;
    }
    return false;
}

static void add_name(const struct checker *checker, struct names *names, const char *name)
{
    if (name && !table_add(&names->all, checker->arena, name, (void *)(uintptr_t)name))
        *ARENA_APPEND(checker->arena, names->items, names->count) = name;
}

static void add_names(const struct checker *checker, struct names *names, const char *const *more)
{
    while (*more)
        add_name(checker, names, *more++);
}

/* All fields that the format has; empty if its lines may have any field. */
static struct names own_names(const struct checker *checker, const struct log *log)
{
    struct names names = {0};
    const char *const *fields = log_format_fields(log->format);
    if (fields)
        add_names(checker, &names, fields);
    if (log->format == LOG_CSV || log->format == LOG_TSV) {
        for (uint32_t i = 0; i < log->columns.count; i++)
            add_name(checker, &names, log->columns.items[i].text);
    }
    for (uint32_t i = 0; i < log->form_count; i++) {
        for (uint32_t j = 0; j < log->forms[i].field_count; j++)
            add_name(checker, &names, log->forms[i].fields[j].name);
    }
    return names;
}

static void add_mapped(const struct checker *checker, struct names *names, const struct log *log)
{
    for (uint32_t i = 0; i < log->field_count; i++)
        add_name(checker, names, log->fields[i].name.text);
}

/* In GO Feature Flag's logs, what follows a dot is the service's own. */
static bool is_known(const struct log *log, const struct names *names, const char *name)
{
    if (log_is_of_wrap(log, name))
        return true;
    size_t length = log->format == LOG_GO_FEATURE_FLAG ? strcspn(name, ".") : strlen(name);
    return has_name(names, name, length) || has_name(names, name, strlen(name));
}

static void note_own_names(const struct checker *checker, const struct log *log)
{
    if (log->format == LOG_CSV || log->format == LOG_TSV)
        diagnose_note(checker->diagnostics, log->span, "its columns are listed");
    else if (log->log_format.text)
        diagnose_note(checker->diagnostics, log->log_format.span,
                      "its fields are those of its 'log_format'");
    else
        diagnose_note(checker->diagnostics, log->span, "its lines are of the format '%s'",
                      log_format_words[log->format]);
}

static void report(const struct checker *checker, const struct log *log, const char *name,
                   struct span span, const struct names *names)
{
    if (log->format == LOG_GO_FEATURE_FLAG)
        diagnose(checker->diagnostics, FF0362, span, "GO Feature Flag writes no field '%s'", name);
    else {
        diagnose(checker->diagnostics, FF0363, span, "log '%s' has no field '%s'", log->name.text,
                 name);
        if (memcmp(&span, &log->span, sizeof span) != 0)
            note_own_names(checker, log);
    }
    suggest(checker->diagnostics, name, names->items, names->count);
}

/* ----------------------------------------------------------------------------------- metrics -- */

/* A line may have any field, so only a near miss of a mapped name is suspicious; a dotted path was
 * spelt out on purpose. */
static void check_spelling(const struct checker *checker, const struct log *log,
                           const struct text *field)
{
    struct names mapped = {0};
    add_mapped(checker, &mapped, log);
    if (strchr(field->text, '.') || has_name(&mapped, field->text, strlen(field->text)))
        return;
    for (uint32_t i = 0; i < log->field_count; i++) {
        if (log->fields[i].from && strcmp(log->fields[i].from, field->text) == 0)
            return;
    }
    const char *near = nearest_name(field->text, mapped.items, mapped.count);
    if (!near)
        return;
    diagnose(checker->diagnostics, FF0362, field->span, "log '%s' maps no field '%s'",
             log->name.text, field->text);
    for (uint32_t i = 0; i < log->field_count; i++) {
        if (log->fields[i].name.text == near)
            diagnose_note(checker->diagnostics, log->fields[i].name.span, "'%s' is mapped here",
                          near);
    }
    diagnose_help(checker->diagnostics,
                  "did you mean '%s'? If lines do have a field '%s', map it, too: '%s: %s'", near,
                  field->text, field->text, field->text);
}

static void check_field(const struct checker *checker, const struct log *log,
                        const struct text *field)
{
    if (!field->text)
        return;
    struct names names = own_names(checker, log);
    if (!names.count) {
        check_spelling(checker, log, field);
        return;
    }
    add_mapped(checker, &names, log);
    if (!is_known(log, &names, field->text))
        report(checker, log, field->text, field->span, &names);
}

/* A number in a line. The labels of a time series are texts. */
static void check_number(const struct checker *checker, const struct log *log,
                         const struct text *field)
{
    struct names names = {0};
    if (!field->text || !log_format_is_series(log->format)) {
        check_field(checker, log, field);
        return;
    }
    add_names(checker, &names, point_field_names);
    add_mapped(checker, &names, log);
    if (is_known(log, &names, field->text))
        return;
    diagnose(checker->diagnostics, FF0362, field->span,
             "a point of a time series has no number '%s'", field->text);
    diagnose_note(checker->diagnostics, log->span, "everything except 'value' is a label");
    diagnose_help(checker->diagnostics, "write 'value: value', and select the series with 'where'");
}

static bool asks_of_list(const struct condition *condition)
{
    switch (operator_kinds[condition->operator_kind].log) {
    case LOG_ENTRIES:
    case LOG_SOME:
    case LOG_EVERY:
    case LOG_NO:
    case LOG_SIZE:
        return true;
    case LOG_EQUAL:
    case LOG_LISTED:
    case LOG_ORDER:
    case LOG_PART:
    case LOG_GLOB:
    case LOG_PATTERN:
    case LOG_REMAINDER:
    case LOG_PRESENCE:
    case LOG_NULL:
    case LOG_NONE:
        break;
    }
    return false;
}

static void check_list(const struct checker *checker, const struct log *log,
                       const struct condition *condition)
{
    if (condition->kind != CONDITION_TEST || !asks_of_list(condition) ||
        log_format_has_lists(log->format))
        return;
    diagnose(checker->diagnostics, FF0393, condition->span,
             "'%s' is no list: no field of log '%s' is one", condition->field.text, log->name.text);
    diagnose_note(checker->diagnostics, log->name.span, "its format is '%s'",
                  log_format_words[log->format]);
    diagnose_help(checker->diagnostics,
                  "arrays of JSON are lists; here, ask for a part of the text: "
                  "%s: {contains: TEXT}, or {matches: PATTERN}",
                  condition->field.text);
}

static void check_condition(const struct checker *checker, const struct log *log,
                            const struct condition *condition)
{
    if (!condition)
        return;
    check_field(checker, log, &condition->field);
    check_field(checker, log, &condition->other_field);
    check_list(checker, log, condition);
    for (uint32_t i = 0; i < condition->child_count; i++)
        check_condition(checker, log, condition->children[i]);
}

/* The unit that a field's durations come out in; TIME_AUTO: nothing says that they are any. */
static enum time_unit unit_of(const struct log *log, const struct text *field,
                              const struct log_field **mapped)
{
    *mapped = NULL;
    for (uint32_t i = 0; i < log->field_count; i++)
        if (strcmp(log->fields[i].name.text, field->text) == 0)
            *mapped = &log->fields[i];
    if (*mapped)
        return log_mapped_unit(log, *mapped);
    return log_duration_unit(log, field->text) == TIME_AUTO ? TIME_AUTO : TIME_MILLISECONDS;
}

/* A mean of milliseconds is none of seconds, whatever it is called. */
static void check_unit(const struct checker *checker, const struct log *log,
                       const struct metric *metric)
{
    const struct log_field *mapped;
    int said = metric->unit ? words_find(time_unit_words, metric->unit) : -1;
    if (!metric->value.text || said <= TIME_AUTO)
        return;
    enum time_unit unit = unit_of(log, &metric->value, &mapped);
    if (unit == TIME_AUTO || unit == (enum time_unit)said)
        return;
    diagnose(checker->diagnostics, FF0389, metric->value.span,
             "metric '%s' is in %s, and its field '%s' is in %s", metric->name.text, metric->unit,
             metric->value.text, time_unit_words[unit]);
    if (mapped)
        diagnose_note(checker->diagnostics, mapped->name.span, "'%s' is mapped here",
                      metric->value.text);
    if (mapped)
        diagnose_help(checker->diagnostics, "give the metric 'unit: %s', or the field 'unit: %s'",
                      time_unit_words[unit], metric->unit);
    else
        diagnose_help(checker->diagnostics,
                      "give the metric 'unit: %s', or map the field: %s: {from: %s, unit: %s}",
                      time_unit_words[unit], metric->value.text, metric->value.text, metric->unit);
}

static void check_metric(const struct checker *checker, const struct metric *metric)
{
    const struct project *project = checker->project;
    const struct log *log = metric->log;
    if (!log && project->log_count == 1)
        log = project->logs[0];
    if (!log)
        return;
    check_number(checker, log, &metric->value);
    check_number(checker, log, &metric->numerator);
    check_number(checker, log, &metric->denominator);
    check_unit(checker, log, metric);
    check_condition(checker, log, metric->where);
    check_condition(checker, log, metric->of);
}

/* -------------------------------------------------------------------------------------- logs -- */

/* A field of the log itself, where the names under `fields` have no meaning. */
static void check_source(const struct checker *checker, const struct log *log, const char *from,
                         struct span span)
{
    struct names names = own_names(checker, log);
    if (from && names.count && !is_known(log, &names, from))
        report(checker, log, from, span, &names);
}

static void check_log(const struct checker *checker, const struct log *log)
{
    bool has_columns = log->columns.count && (log->format == LOG_CSV || log->format == LOG_TSV);
    check_source(checker, log, log->time || !has_columns ? log->time : "time", log->span);
    check_source(checker, log, log->unit, log->span);
    check_source(checker, log, log->flag, log->span);
    check_source(checker, log, log->variant, log->span);
    check_source(checker, log, log->id, log->span);
    for (uint32_t i = 0; i < log->field_count; i++)
        check_source(checker, log, log->fields[i].from, log->fields[i].name.span);
    for (uint32_t i = 0; i < log->context_count; i++)
        check_source(checker, log, log->context[i].from, log->context[i].name.span);
}

void check_fields(const struct checker *checker)
{
    const struct project *project = checker->project;
    for (uint32_t i = 0; i < project->log_count; i++)
        check_log(checker, project->logs[i]);
    for (uint32_t i = 0; i < project->metric_count; i++)
        check_metric(checker, project->metrics[i]);
}
