/*
 * check_fields.c - metrics and contexts whose field the log does not have.
 *
 * How much is known depends on the format. `combined`, and csv whose columns are listed, have no
 * other fields; GO Feature Flag may write more in future; for the others, only a near miss of a
 * mapped name is suspicious.
 *
 * What names a log has is found once, and whether a field is one of them by a table. A near miss is
 * looked for among all of them, so there is a limit to how often.
 */
#include <string.h>

#include "compiler/base/nearest.h"
#include "compiler/base/table.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/model/duration_names.h"
#include "compiler/model/model.h"
#include "check.h"

struct names {
    const char **items;
    size_t count;
    struct table all; /* of them */
};

/* Names of a log, be they of its format or mapped. */
struct log_names {
    const struct log *log;
    struct names own;    /* see own_names() */
    struct names fields; /* these and what is mapped */
    struct names mapped;
    struct table by_name; /* what they are: struct log_field */
    struct table sources; /* what they are mapped from */
};

#define MOST_COMPARED 4000000u /* a field with a name */

struct field_checker {
    const struct checker *checker;
    struct log_names *logs; /* as in the project */
    struct table by_name;   /* to these */
    uint64_t compared;
};

static bool has_name(const struct names *names, const char *name)
{
    return table_get(&names->all, name);
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

static struct log_names names_of_log(const struct checker *checker, const struct log *log)
{
    struct log_names names = {.log = log, .own = own_names(checker, log)};
    names.fields = own_names(checker, log);
    add_mapped(checker, &names.fields, log);
    add_mapped(checker, &names.mapped, log);
    for (uint32_t i = 0; i < log->field_count; i++) {
        table_add(&names.by_name, checker->arena, log->fields[i].name.text, &log->fields[i]);
        if (log->fields[i].from)
            table_add(&names.sources, checker->arena, log->fields[i].from,
                      (void *)(uintptr_t)log->fields[i].from);
    }
    return names;
}

/* In GO Feature Flag's logs, what follows a dot is the service's own. */
static bool is_known(const struct checker *checker, const struct log *log,
                     const struct names *names, const char *name)
{
    if (log_is_of_wrap(log, name) || has_name(names, name))
        return true;
    const char *dot = log->format == LOG_GO_FEATURE_FLAG ? strchr(name, '.') : NULL;
    return dot && has_name(names, arena_copy(checker->arena, name, (size_t)(dot - name)));
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
static void check_spelling(struct field_checker *fields, const struct log_names *names,
                           const struct text *field)
{
    const struct checker *checker = fields->checker;
    const struct log *log = names->log;
    if (strchr(field->text, '.') || has_name(&names->mapped, field->text) ||
        table_get(&names->sources, field->text) || fields->compared > MOST_COMPARED)
        return;
    fields->compared += names->mapped.count;
    const char *near = nearest_name(field->text, names->mapped.items, names->mapped.count);
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

static void check_field(struct field_checker *fields, const struct log_names *names,
                        const struct text *field)
{
    if (!field->text)
        return;
    if (!names->own.count) {
        check_spelling(fields, names, field);
        return;
    }
    if (!is_known(fields->checker, names->log, &names->fields, field->text))
        report(fields->checker, names->log, field->text, field->span, &names->fields);
}

/* A number in a line. The labels of a time series are texts. */
static void check_number(struct field_checker *fields, const struct log_names *names,
                         const struct text *field)
{
    const struct checker *checker = fields->checker;
    if (!field->text || !log_format_is_series(names->log->format)) {
        check_field(fields, names, field);
        return;
    }
    if (is_known(checker, names->log, &names->mapped, field->text))
        return;
    for (const char *const *name = point_field_names; *name; name++)
        if (strcmp(*name, field->text) == 0)
            return;
    diagnose(checker->diagnostics, FF0362, field->span,
             "a point of a time series has no number '%s'", field->text);
    diagnose_note(checker->diagnostics, names->log->span, "everything except 'value' is a label");
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

static void check_condition(struct field_checker *fields, const struct log_names *names,
                            const struct condition *condition)
{
    if (!condition)
        return;
    check_field(fields, names, &condition->field);
    check_field(fields, names, &condition->other_field);
    check_list(fields->checker, names->log, condition);
    for (uint32_t i = 0; i < condition->child_count; i++)
        check_condition(fields, names, condition->children[i]);
}

static const struct log_names *log_of_metric(const struct field_checker *fields,
                                             const struct metric *metric)
{
    const struct project *project = fields->checker->project;
    if (metric->log)
        return table_get(&fields->by_name, metric->log->name.text);
    return project->log_count == 1 ? &fields->logs[0] : NULL;
}

/* The unit that a field's durations come out in; TIME_AUTO: nothing says that they are any. */
static enum time_unit unit_of(const struct log_names *names, const struct text *field,
                              const struct log_field **mapped)
{
    *mapped = table_get(&names->by_name, field->text);
    if (*mapped)
        return log_mapped_unit(names->log, *mapped);
    return log_duration_unit(names->log, field->text) == TIME_AUTO ? TIME_AUTO : TIME_MILLISECONDS;
}

/* A mean of milliseconds is none of seconds, whatever it is called. */
static void check_unit(const struct checker *checker, const struct log_names *names,
                       const struct metric *metric)
{
    const struct log_field *mapped;
    int said = metric->unit ? words_find(time_unit_words, metric->unit) : -1;
    if (!metric->value.text || said <= TIME_AUTO)
        return;
    enum time_unit unit = unit_of(names, &metric->value, &mapped);
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

/* Where nothing says what a metric's durations are logged in, they are taken to be in its unit. */
static void check_name(const struct checker *checker, const struct log *log,
                       const struct metric *metric)
{
    const char *path, *program;
    int unit = metric->unit ? words_find(time_unit_words, metric->unit) : -1;
    if (!metric->value.text || unit <= TIME_AUTO ||
        !log_leaves_unit_open(log, metric->value.text, &path))
        return;
    enum time_unit named = duration_unit_of_name(path, &program);
    if (named == TIME_AUTO || named == (enum time_unit)unit)
        return;
    const char *of =
        program ? arena_format(checker->arena, "what %s logs in", program) : "by its name in";
    diagnose(checker->diagnostics, FF0437, metric->value.span,
             "metric '%s' is in %s, and '%s' is %s %s", metric->name.text, metric->unit, path, of,
             time_unit_words[named]);
    diagnose_help(
        checker->diagnostics,
        "map it, under the log's 'fields': %s; or else, if it is logged in %s: %s",
        log_unit_mapping(checker->arena, metric->value.text, path, named, (enum time_unit)unit),
        metric->unit,
        log_unit_mapping(checker->arena, metric->value.text, path, (enum time_unit)unit,
                         (enum time_unit)unit));
}

static void check_metric(struct field_checker *fields, const struct metric *metric)
{
    const struct log_names *names = log_of_metric(fields, metric);
    if (!names)
        return;
    check_number(fields, names, &metric->value);
    check_number(fields, names, &metric->numerator);
    check_number(fields, names, &metric->denominator);
    check_unit(fields->checker, names, metric);
    check_name(fields->checker, names->log, metric);
    check_condition(fields, names, metric->where);
    check_condition(fields, names, metric->of);
}

/* -------------------------------------------------------------------------------------- logs -- */

/* A field of the log itself, where the names under `fields` have no meaning. */
static void check_source(const struct checker *checker, const struct log_names *names,
                         const char *from, struct span span)
{
    if (from && names->own.count && !is_known(checker, names->log, &names->own, from))
        report(checker, names->log, from, span, &names->own);
}

static void check_log(const struct checker *checker, const struct log_names *names)
{
    const struct log *log = names->log;
    bool has_columns = log->columns.count && (log->format == LOG_CSV || log->format == LOG_TSV);
    check_source(checker, names, log->time || !has_columns ? log->time : "time", log->span);
    check_source(checker, names, log->unit, log->span);
    check_source(checker, names, log->flag, log->span);
    check_source(checker, names, log->variant, log->span);
    check_source(checker, names, log->id, log->span);
    for (uint32_t i = 0; i < log->field_count; i++)
        check_source(checker, names, log->fields[i].from, log->fields[i].name.span);
    for (uint32_t i = 0; i < log->context_count; i++)
        check_source(checker, names, log->context[i].from, log->context[i].name.span);
}

void check_fields(const struct checker *checker)
{
    const struct project *project = checker->project;
    struct field_checker fields = {
        .checker = checker,
        .logs = ARENA_ARRAY(checker->arena, struct log_names, project->log_count)};
    for (uint32_t i = 0; i < project->log_count; i++) {
        fields.logs[i] = names_of_log(checker, project->logs[i]);
        table_add(&fields.by_name, checker->arena, project->logs[i]->name.text, &fields.logs[i]);
        check_log(checker, &fields.logs[i]);
    }
    for (uint32_t i = 0; i < project->metric_count; i++)
        check_metric(&fields, project->metrics[i]);
}
