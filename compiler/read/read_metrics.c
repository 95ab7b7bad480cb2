/* read_metrics.c - metrics, and the logs that they are measured from. */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "read_condition.h"
#include "read_map.h"
#include "read_metrics.h"
#include "read_names.h"
#include "read_scalar.h"
#include "reader.h"

/* ----------------------------------------------------------------------------------- metrics -- */

struct metric_keys {
    struct metric metric;
    struct node *log;
};

static void read_better(struct reader *reader, struct node *node, void *target)
{
    static const char *const choices[] = {"lower", "higher", NULL};
    struct metric *metric = &((struct metric_keys *)target)->metric;
    unsigned choice;
    if (!read_choice(reader, node, choices, &choice))
        return;
    metric->better_given = true;
    metric->lower_is_better = choice == 0;
}

static void read_where(struct reader *reader, struct node *node, void *target)
{
    ((struct metric_keys *)target)->metric.where = read_condition(reader, node, true);
}

static void read_of(struct reader *reader, struct node *node, void *target)
{
    ((struct metric_keys *)target)->metric.of = read_condition(reader, node, true);
}

static void read_per(struct reader *reader, struct node *node, void *target)
{
    static const char *const choices[] = {"event", "unit", NULL};
    unsigned choice;
    if (read_choice(reader, node, choices, &choice))
        ((struct metric_keys *)target)->metric.per_unit = choice == 1;
}

static void read_between(struct reader *reader, struct node *node, double most, double *value)
{
    if (!read_number(reader, node, value) || (*value > 0 && *value < most))
        return;
    diagnose(reader->diagnostics, FF0141, node->span,
             "expected a number between 0 and %g, found '%s'", most, node->text);
    if (*value >= 1 && *value < 100 && most >= 1)
        diagnose_help(reader->diagnostics, "write %g for the %gth percentile", *value / 100,
                      *value);
}

static void read_quantile(struct reader *reader, struct node *node, void *target)
{
    read_between(reader, node, 1, &((struct metric_keys *)target)->metric.quantile);
}

static void read_accuracy(struct reader *reader, struct node *node, void *target)
{
    read_between(reader, node, 0.5, &((struct metric_keys *)target)->metric.accuracy);
}

static void read_cap(struct reader *reader, struct node *node, void *target)
{
    double *cap = &((struct metric_keys *)target)->metric.cap;
    if (read_number(reader, node, cap) && !(*cap > 0))
        diagnose(reader->diagnostics, FF0141, node->span,
                 "expected a number greater than 0, found '%s'", node->text);
}

static void keep_log(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    ((struct metric_keys *)target)->log = node;
}

enum { COMMON_KEYS = 6 }; /* before those that only some kinds have */
#define KEY(name) [COMMON_KEYS + METRIC_KEY_##name]
static const struct field metric_fields[] = {
    CHOICE("kind", struct metric_keys, metric.kind, metric_kind_names),
    FIELD("description", FIELD_TEXT, struct metric_keys, metric.description),
    FIELD("unit", FIELD_TEXT, struct metric_keys, metric.unit),
    READ("better", read_better),
    READ("where", read_where),
    READ("log", keep_log),
    KEY(OF) = READ("of", read_of),
    KEY(VALUE) = FIELD("value", FIELD_PLACED, struct metric_keys, metric.value),
    KEY(NUMERATOR) = FIELD("numerator", FIELD_PLACED, struct metric_keys, metric.numerator),
    KEY(DENOMINATOR) = FIELD("denominator", FIELD_PLACED, struct metric_keys, metric.denominator),
    KEY(Q) = READ("q", read_quantile),
    KEY(ACCURACY) = READ("accuracy", read_accuracy),
    KEY(CAP) = READ("cap", read_cap),
    KEY(AGG) = CHOICE("agg", struct metric_keys, metric.aggregate, metric_aggregate_words),
    KEY(PER) = READ("per", read_per),
};

static const char *key_name(enum metric_key key)
{
    return metric_fields[COMMON_KEYS + key].name;
}

/* `fitting` and `given`: bits by enum metric_key. */
static void check_needless_keys(struct reader *reader, const struct metric *metric,
                                const struct node *body, uint32_t given)
{
    const struct metric_traits *traits = metric_traits(metric);
    uint32_t fitting = traits->required_keys | traits->further_keys;
    struct buffer names = {0};
    for (unsigned key = 0; key < METRIC_KEY_COUNT; key++)
        if (fitting & metric_key_bit(key))
            buffer_format(&names, "%s%s", names.length ? ", " : "", key_name(key));
    for (unsigned key = 0; key < METRIC_KEY_COUNT; key++) {
        if (!(given & ~fitting & metric_key_bit(key)))
            continue;
        diagnose(reader->diagnostics, FF0364, find_entry(body, key_name(key))->key->span,
                 "'%s' has no meaning for a metric of kind %s", key_name(key), traits->name);
        diagnose_help(reader->diagnostics, "keys of this kind: %s",
                      names.length ? names.bytes : "none but 'where', 'log' and 'unit'");
    }
    buffer_release(&names);
}

static void check_kind_keys(struct reader *reader, const struct metric *metric,
                            const struct node *body, uint32_t given)
{
    const struct metric_traits *traits = metric_traits(metric);
    for (unsigned key = 0; key < METRIC_KEY_COUNT; key++)
        if (traits->required_keys & ~given & metric_key_bit(key))
            report_missing(reader, metric->name.span,
                           arena_format(reader->arena, "a metric of kind %s", traits->name),
                           key_name(key), NULL);
    check_needless_keys(reader, metric, body, given);
    if ((given & metric_key_bit(METRIC_KEY_AGG)) && !metric->per_unit) {
        diagnose(reader->diagnostics, FF0364, find_entry(body, "agg")->key->span,
                 "'agg' has no meaning without 'per: unit'");
        diagnose_help(reader->diagnostics, "it says how a unit's events become one value");
    }
}

static void settle_log(struct reader *reader, struct metric *metric, const struct node *log)
{
    const struct project *project = reader->project;
    if (log) {
        metric->log = resolve(reader, LOG, log);
        return;
    }
    if (project->log_count < 2 || reader->incomplete)
        return;
    diagnose(reader->diagnostics, FF0361, metric->name.span,
             "metric '%s' does not say which of the %u logs it is measured from", metric->name.text,
             project->log_count);
    diagnose_help(reader->diagnostics, "add 'log: %s', or another of them",
                  project->logs[0]->name.text);
}

void read_metric(struct reader *reader, struct declaration *declaration)
{
    struct metric *metric = declaration->thing;
    struct metric_keys keys = {.metric = {.name = metric->name, .accuracy = 0.01}};
    if (!expect_map(reader, declaration->body, "a mapping for a metric"))
        return;
    uint32_t before = reader->diagnostics->errors;
    uint64_t given =
        read_fields(reader, declaration->body, "a metric", FIELDS(metric_fields), &keys);
    *metric = keys.metric;
    if (!(given & 1))
        report_missing(reader, metric->name.span, "a metric", "kind",
                       choices_help(reader, metric_kind_names));
    else if (reader->diagnostics->errors == before)
        check_kind_keys(reader, metric, declaration->body, (uint32_t)(given >> COMMON_KEYS));
    settle_log(reader, metric, keys.log);
}

/* -------------------------------------------------------------------------------------- logs -- */

struct time_keys {
    const char *from;
    enum time_unit unit;
};

static void read_log_time(struct reader *reader, struct node *node, void *target)
{
    static const struct field fields[] = {
        FIELD("from", FIELD_TEXT, struct time_keys, from),
        CHOICE("unit", struct time_keys, unit, time_unit_words),
    };
    struct log *log = target;
    struct text text;
    if (node->kind != NODE_MAP) {
        if (read_text(reader, node, &text))
            log->time = text.text;
        return;
    }
    struct time_keys keys = {0};
    uint64_t given = read_fields(reader, node, "a log's time", FIELDS(fields), &keys);
    if (!(given & 1))
        report_missing(reader, node->span, "a log's time", "from",
                       "name the field: {from: ts, unit: ms}");
    log->time = keys.from;
    log->time_unit = keys.unit;
}

static void read_log_context(struct reader *reader, struct node *node, void *target)
{
    struct log *log = target;
    if (!expect_map(reader, node, "a mapping of attribute to field"))
        return;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct entry *entry = &node->entries[i];
        struct text from;
        bool known = resolve(reader, ATTRIBUTE, entry->key) != NULL;
        if (!read_text(reader, entry->value, &from) || !known)
            continue;
        struct log_field *field = ARENA_APPEND(reader->arena, log->context, log->context_count);
        *field = (struct log_field){{entry->key->text, entry->key->span}, from.text, 1};
    }
}

static bool read_log_field(struct reader *reader, struct node *node, struct log_field *field)
{
    static const struct field fields[] = {
        FIELD("from", FIELD_TEXT, struct log_field, from),
        FIELD("scale", FIELD_NUMBER, struct log_field, scale),
    };
    struct text from;
    if (node->kind != NODE_MAP) {
        if (!read_text(reader, node, &from))
            return false;
        field->from = from.text;
        return true;
    }
    uint64_t given = read_fields(reader, node, "a field", FIELDS(fields), field);
    if (!(given & 1))
        report_missing(reader, node->span, "a field", "from",
                       "name the field of the log: {from: request_time, scale: 1000}");
    return given & 1;
}

static void read_log_fields(struct reader *reader, struct node *node, void *target)
{
    struct log *log = target;
    if (!expect_map(reader, node, "a mapping of name to field"))
        return;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct entry *entry = &node->entries[i];
        struct log_field field = {.name = {entry->key->text, entry->key->span}, .scale = 1};
        if (read_log_field(reader, entry->value, &field))
            *ARENA_APPEND(reader->arena, log->fields, log->field_count) = field;
    }
}

/* Keys that are about delimited text alone. */
static void check_csv_keys(struct reader *reader, const struct log *log, struct node *body)
{
    static const char *const keys[] = {"delimiter", "columns"};
    for (size_t i = 0; i < 2; i++) {
        const struct entry *entry = find_entry(body, keys[i]);
        if (!entry || log->format == LOG_CSV || (log->format == LOG_TSV && i > 0))
            continue;
        diagnose(reader->diagnostics, FF0364, entry->key->span,
                 "'%s' has no meaning for a log of format %s", keys[i],
                 log_format_words[log->format]);
        diagnose_help(reader->diagnostics, "leave it out, or read the log as csv");
    }
}

void read_log(struct reader *reader, struct declaration *declaration)
{
    static const struct field fields[] = {
        CHOICE("format", struct log, format, log_format_words),
        READ("time", read_log_time),
        FIELD("unit", FIELD_TEXT, struct log, unit),
        READ("context", read_log_context),
        FIELD("flag", FIELD_TEXT, struct log, flag),
        FIELD("variant", FIELD_TEXT, struct log, variant),
        FIELD("id", FIELD_TEXT, struct log, id),
        READ("fields", read_log_fields),
        CHOICE("delimiter", struct log, delimiter, log_delimiter_words),
        FIELD("columns", FIELD_TEXTS, struct log, columns),
    };
    struct log *log = declaration->thing;
    log->span = log->name.span;
    if (!expect_map(reader, declaration->body, "a mapping for a log"))
        return;
    uint64_t given = read_fields(reader, declaration->body, "a log", FIELDS(fields), log);
    if (!(given & 1))
        report_missing(reader, log->name.span, "a log", "format",
                       choices_help(reader, log_format_words));
    else
        check_csv_keys(reader, log, declaration->body);
}
