/* read_metrics.c - metrics, and the logs that they are computed from. */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/percent.h"
#include "read_condition.h"
#include "read_log_fields.h"
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

static const char *const better_words[] = {"lower", "higher", NULL};
static const char *const per_words[] = {"event", "unit", NULL};

static void read_better(struct reader *reader, struct node *node, void *target)
{
    struct metric *metric = &((struct metric_keys *)target)->metric;
    unsigned choice;
    if (!read_choice(reader, node, better_words, &choice))
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
    unsigned choice;
    if (read_choice(reader, node, per_words, &choice))
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

/* "99%": few enough are beyond it, and many enough lie below. */
static void read_winsorize(struct reader *reader, struct node *node, void *target)
{
    double *quantile = &((struct metric_keys *)target)->metric.winsorize;
    uint32_t percent;
    if (!read_percent(reader, node, &percent))
        return;
    *quantile = percent / (double)PERCENT_ALL;
    if (*quantile >= 0.5 && *quantile < 1)
        return;
    diagnose(reader->diagnostics, FF0141, node->span,
             "expected a percentage from 50%% up to but not 100%%, found '%s'", node->text);
    diagnose_help(reader->diagnostics,
                  "'winsorize: 99%%' counts the 1 %% of greatest values as the 99th percentile");
}

/* `as_experiment` is what it means to leave it out. */
static void read_method(struct reader *reader, struct node *node, void *target)
{
    unsigned choice;
    if (read_choice(reader, node, metric_method_words + 1, &choice))
        ((struct metric_keys *)target)->metric.method = (enum metric_method)(choice + 1);
}

static void keep_log(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    ((struct metric_keys *)target)->log = node;
}

static const struct form better_form = {.kind = FORM_CHOICE, .words = better_words};
static const struct form per_form = {.kind = FORM_CHOICE, .words = per_words};
static const struct form method_form = {.kind = FORM_CHOICE, .words = metric_method_words + 1};
static const struct form winsorize_form = ALIAS("percentage", percent_form);
static const struct form field_condition_form =
    ALIAS("condition on fields", condition_form, .of_fields = true);
static const struct form quantile_form =
    FORM("number", "\"type\": \"number\", \"minimum\": 0, \"maximum\": 1");
static const struct form accuracy_form = ALIAS("number", quantity_form);
static const struct form cap_form = FORM("number", "\"type\": \"number\", \"exclusiveMinimum\": 0");

enum { COMMON_KEYS = 7 }; /* precede the keys that only some kinds have */
#define KEY(name) [COMMON_KEYS + METRIC_KEY_##name]
static const struct field metric_fields[] = {
    CHOICE("kind", struct metric_keys, metric.kind, metric_kind_names,
           "what it computes, which decides which of the keys from `of` on it has", .missing = ""),
    FIELD("description", FIELD_TEXT, struct metric_keys, metric.description, "for people"),
    FIELD("unit", FIELD_TEXT, struct metric_keys, metric.unit,
          "the unit of its values; thresholds with a unit of time are converted to it"),
    READ("better", read_better, better_form, "which way is an improvement"),
    READ("where", read_where, field_condition_form, "only events for which it holds count"),
    READ("log", keep_log, log_name_form, "what it is computed from; needed if there are several"),
    READ("method", read_method, method_form,
         "how an experiment judges it; default: as the experiment's `method` says. `mann_whitney` "
         "is "
         "`fixed`, by ranks: of a mean per unit"),
    KEY(OF) = READ("of", read_of, field_condition_form, "the events whose share it is"),
    KEY(VALUE) = FIELD("value", FIELD_PLACED, struct metric_keys, metric.value,
                       "the field that it measures", .form = &field_name_form),
    KEY(NUMERATOR) = FIELD("numerator", FIELD_PLACED, struct metric_keys, metric.numerator,
                           "the field whose sum is divided", .form = &field_name_form),
    KEY(DENOMINATOR) = FIELD("denominator", FIELD_PLACED, struct metric_keys, metric.denominator,
                             "the field whose sum it is divided by", .form = &field_name_form),
    KEY(Q) = READ("q", read_quantile, quantile_form, "which quantile: 0.95"),
    KEY(ACCURACY) = READ("accuracy", read_accuracy, accuracy_form,
                         "the relative error of the quantile; default 0.01"),
    KEY(CAP) = READ("cap", read_cap, cap_form, "values above it count as the cap"),
    KEY(WINSORIZE) = READ("winsorize", read_winsorize, winsorize_form,
                          "with `per: unit`, of an experiment: values above this percentile of all "
                          "arms' units count as it; `99%`"),
    KEY(AGG) = CHOICE("agg", struct metric_keys, metric.aggregate, metric_aggregate_words,
                      "with `per: unit`: how a unit's events become one value"),
    KEY(PER) = READ("per", read_per, per_form, "what is counted; default `event`"),
};
const struct form metric_form = KEYS("metric", "a metric", "metric", metric_fields);

static const char *key_name(enum metric_key key)
{
    return metric_fields[COMMON_KEYS + key].name;
}

/* `fitting` and `given` are bit sets by enum metric_key. */
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

static void check_winsorize(struct reader *reader, const struct metric *metric,
                            const struct node *body)
{
    if (!(metric->winsorize > 0))
        return;
    if (!metric->per_unit) {
        diagnose(reader->diagnostics, FF0364, find_entry(body, "winsorize")->key->span,
                 "'winsorize' has no meaning without 'per: unit'");
        diagnose_help(reader->diagnostics, "it caps units' values: add 'per: unit' and 'agg', or "
                                           "cap events' values with 'cap'");
    }
    if (metric->cap > 0) {
        diagnose(reader->diagnostics, FF0561, find_entry(body, "winsorize")->key->span,
                 "a metric with two caps");
        diagnose_note(reader->diagnostics, find_entry(body, "cap")->key->span, "the other is here");
        diagnose_help(reader->diagnostics, "leave one out: 'cap' is the same at every look, "
                                           "'winsorize' follows the values");
    }
}

static void check_kind_keys(struct reader *reader, const struct metric *metric,
                            const struct node *body, uint32_t given)
{
    const struct metric_traits *traits = metric_traits(metric);
    /* Keys of another kind stand there in place of its own. */
    bool other = given & ~(traits->required_keys | traits->further_keys);
    for (unsigned key = 0; key < METRIC_KEY_COUNT && !other; key++)
        if (traits->required_keys & ~given & metric_key_bit(key))
            report_missing(reader, metric->name.span,
                           arena_format(reader->arena, "a metric of kind %s", traits->name),
                           key_name(key),
                           arena_format(reader->arena, "add '%s': %s", key_name(key),
                                        metric_fields[COMMON_KEYS + key].help));
    check_needless_keys(reader, metric, body, given);
    if ((given & metric_key_bit(METRIC_KEY_AGG)) && !metric->per_unit) {
        diagnose(reader->diagnostics, FF0364, find_entry(body, "agg")->key->span,
                 "'agg' has no meaning without 'per: unit'");
        diagnose_help(reader->diagnostics, "it says how a unit's events become one value");
    }
    check_winsorize(reader, metric, body);
    if (metric->method == METRIC_MANN_WHITNEY &&
        (traits->bound != BOUND_MEAN || traits->over == OVER_UNITS || !metric->per_unit)) {
        diagnose(reader->diagnostics, FF0364, find_entry(body, "method")->value->span,
                 "'mann_whitney' has no meaning for %s%s", traits->noun,
                 traits->bound == BOUND_MEAN && traits->over != OVER_UNITS ? " of events" : "");
        diagnose_help(reader->diagnostics,
                      "it ranks units by one value each: a mean with 'per: unit' and 'agg'");
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
             "metric '%s' does not name which of the %u logs it is computed from",
             metric->name.text, project->log_count);
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
    uint64_t given = read_fields(reader, declaration->body, &metric_form, metric->name.span, &keys);
    *metric = keys.metric;
    metric->node = declaration->body;
    if (reader->diagnostics->errors == before)
        check_kind_keys(reader, metric, declaration->body, (uint32_t)(given >> COMMON_KEYS));
    settle_log(reader, metric, keys.log);
}

/* -------------------------------------------------------------------------------------- logs -- */

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
        *field = (struct log_field){
            .name = {entry->key->text, entry->key->span}, .from = from.text, .scale = 1};
    }
}

/* Where the log's format has no such key. */
static void report_needless(struct reader *reader, const struct log *log, struct node *body,
                            const char *key)
{
    const struct entry *entry = find_entry(body, key);
    if (!entry)
        return;
    diagnose(reader->diagnostics, FF0364, entry->key->span,
             "'%s' has no meaning for a log of format %s", key, log_format_words[log->format]);
    if (strcmp(key, "log_format") == 0)
        diagnose_help(reader->diagnostics,
                      "it is a string of a server's configuration: write 'pattern: nginx', "
                      "'pattern: apache' or 'pattern: gunicorn'");
    else if (strcmp(key, "wrap") == 0)
        diagnose_help(reader->diagnostics, "what is wrapped is a line: of ndjson, logfmt or a "
                                           "server's format");
    else
        diagnose_help(reader->diagnostics, "leave it out, or read the log as csv");
}

/* ------------------------------------------------------------------------- format strings -- */

/* Of those whose lines look as a string of their server's says. */
static const char *const pattern_words[] = {"nginx", "apache", "gunicorn", NULL};

static void read_pattern(struct reader *reader, struct node *node, void *target)
{
    static const enum log_format formats[] = {LOG_NGINX, LOG_APACHE, LOG_GUNICORN};
    unsigned choice;
    if (read_choice(reader, node, pattern_words, &choice))
        ((struct log *)target)->format = formats[choice];
}

static void add_form(struct reader *reader, struct log *log, enum dialect dialect, const char *text,
                     struct span span)
{
    struct format_string form;
    struct format_problem problem;
    if (format_string_compile(reader->arena, dialect, text, &form, &problem)) {
        *ARENA_APPEND(reader->arena, log->forms, log->form_count) = form;
        return;
    }
    diagnose(reader->diagnostics, FF0385, span, "%s", problem.text);
    if (problem.help)
        diagnose_help(reader->diagnostics, "%s", problem.help);
}

/* What its lines look like, and the fields that only those have. */
static void settle_forms(struct reader *reader, struct log *log, struct node *body)
{
    enum dialect dialect;
    const char *const *own = log_format_forms(log->format);
    for (; own && *own; own++)
        add_form(reader, log, DIALECT_OWN, *own, log->span);
    if (!log_format_dialect(log->format, &dialect)) {
        report_needless(reader, log, body, "log_format");
        return;
    }
    if (log->log_format.text)
        add_form(reader, log, dialect, log->log_format.text, log->log_format.span);
    else if (!find_entry(body, "log_format"))
        report_missing(reader, log->name.span, "a log with a 'pattern'", "log_format",
                       "paste the string of the server's log_format, LogFormat or "
                       "access_log_format; for their default, write 'format: combined' alone");
}

/* ------------------------------------------------------------------------------------- wraps -- */

/* `cri`, or `field NAME`. */
static bool read_wrap(struct reader *reader, const struct text *text, struct log_wrap *wrap)
{
    static const char *const fields[] = {[WRAP_DOCKER] = "log", [WRAP_JOURNALD] = "MESSAGE"};
    const char *name = NULL;
    size_t length = strcspn(text->text, " ");
    int kind = words_find(log_wrap_words, arena_copy(reader->arena, text->text, length));
    if (text->text[length])
        name = text->text + length + strspn(text->text + length, " ");
    bool takes_name = kind == WRAP_FIELD;
    if (kind < 0 || takes_name != (name && *name)) {
        diagnose(reader->diagnostics, FF0103, text->span,
                 "expected cri, docker, journald, kubectl, compose, syslog, ruby or 'field NAME', "
                 "found '%s'",
                 text->text);
        return false;
    }
    bool is_json = kind == WRAP_DOCKER || kind == WRAP_JOURNALD;
    *wrap = (struct log_wrap){(enum log_wrap_kind)kind, is_json ? fields[kind] : name};
    return true;
}

static void read_stream(struct reader *reader, struct node *node, void *target)
{
    struct log *log = target;
    unsigned choice;
    log->has_stream = read_choice(reader, node, log_stream_words, &choice);
    if (log->has_stream)
        log->stream = (enum log_stream)choice;
}

/* What a runtime wrote says which of the two a line came from. */
static void check_stream(struct reader *reader, const struct log *log, struct node *body)
{
    const struct entry *entry = find_entry(body, "stream");
    if (!entry || log_is_of_runtime(log) || may_mean(reader, body, &log_form, "wrap"))
        return;
    diagnose(reader->diagnostics, FF0364, entry->key->span,
             "'stream' has no meaning for a log that neither 'cri' nor 'docker' wraps");
    diagnose_help(reader->diagnostics, "remove it, or say in 'wrap' what is around the lines");
}

static void check_program(struct reader *reader, const struct log *log, struct node *body)
{
    const struct entry *entry = find_entry(body, "program");
    bool is_noted = false;
    for (uint32_t i = 0; i < log->wrap_count; i++)
        is_noted |= log->wraps[i].kind == WRAP_SYSLOG;
    if (!entry || is_noted || may_mean(reader, body, &log_form, "wrap"))
        return;
    diagnose(reader->diagnostics, FF0364, entry->key->span,
             "'program' has no meaning for a log that 'syslog' does not wrap");
    diagnose_help(reader->diagnostics, "remove it, or say 'wrap: syslog'");
}

static void settle_wraps(struct reader *reader, struct log *log, struct node *body)
{
    bool has_lines =
        log->format != LOG_CSV && log->format != LOG_TSV && !log_format_is_series(log->format);
    if (log->wrap_texts.count > 0 && !has_lines)
        report_needless(reader, log, body, "wrap");
    for (uint32_t i = 0; i < log->wrap_texts.count && has_lines; i++) {
        struct log_wrap wrap;
        if (read_wrap(reader, &log->wrap_texts.items[i], &wrap))
            *ARENA_APPEND(reader->arena, log->wraps, log->wrap_count) = wrap;
    }
    check_stream(reader, log, body);
    check_program(reader, log, body);
}

/* Of access logs, the client's address, unless the definition says otherwise. */
static void settle_unit(struct log *log)
{
    static const char client[] = "remote_addr";
    if (!log->unit && log_format_is_w3c(log->format))
        log->unit = "c-ip";
    if (!log->unit && log->format == LOG_CADDY)
        log->unit = "request.remote_ip";
    for (uint32_t i = 0; i < log->form_count && !log->unit; i++)
        if (format_string_field(&log->forms[i], client))
            log->unit = client;
}

/* Keys that only delimited text has. Tabs may be blanks, and nothing else. */
static void check_csv_keys(struct reader *reader, const struct log *log, struct node *body)
{
    bool is_csv = log->format == LOG_CSV;
    bool is_tsv = log->format == LOG_TSV;
    if (!is_csv && (!is_tsv || log->delimiter != DELIMITER_SPACE))
        report_needless(reader, log, body, "delimiter");
    if (!is_csv && !is_tsv)
        report_needless(reader, log, body, "comment");
    if (!log_format_has_columns(log->format))
        report_needless(reader, log, body, "columns");
}

static void read_comment(struct reader *reader, struct node *node, void *target)
{
    struct text text;
    if (!read_text(reader, node, &text))
        return;
    ((struct log *)target)->comment = text.text[0];
    if (strlen(text.text) != 1 || strchr(" \t\"", text.text[0]))
        diagnose(reader->diagnostics, FF0103, node->span,
                 "expected one character, such as \"#\", found '%s'", text.text);
}

/* What is in braces is filled in, or is a mistake. */
static void check_placeholders(struct reader *reader, const struct text *argument)
{
    size_t length;
    const char *word = placeholder_next(argument->text, &length);
    for (; word; word = placeholder_next(word + length, &length)) {
        if (placeholder_find(word, length) >= 0)
            continue;
        diagnose(reader->diagnostics, FF0688, argument->span,
                 "'%.*s' is nothing that is filled in: only '{from}' and '{to}' are", (int)length,
                 word);
        diagnose_help(reader->diagnostics,
                      "braces that are meant as they stand have a blank within: '{ %.*s }'",
                      (int)length - 2, word + 1);
        return;
    }
}

static void check_command(struct reader *reader, const struct log *log, struct node *body)
{
    if (find_entry(body, "command")) {
        report_conflict(reader, body, "path", "command");
        for (uint32_t i = 0; i < log->command.arguments.count; i++)
            check_placeholders(reader, &log->command.arguments.items[i]);
    } else if (find_entry(body, "timeout") && !may_mean(reader, body, &log_form, "command")) {
        diagnose(reader->diagnostics, FF0364, find_entry(body, "timeout")->key->span,
                 "'timeout' has no meaning for a log without a 'command'");
        diagnose_help(reader->diagnostics, "remove it, or name the program that prints the log");
    }
}

static const struct form log_context_form = {
    .kind = FORM_MAP, .takes = "mapping of attribute to field", .of = {&field_name_form}};
static const struct form wrap_form =
    FORM("wrapper", "\"type\": \"string\", \"pattern\": "
                    "\"^(cri|docker|journald|kubectl|compose|syslog|ruby|field [^ ].*)$\"");
static const struct form wraps_list_form = {.kind = FORM_LIST, .of = {&wrap_form}, .least = 1};
static const struct form wraps_form = {.kind = FORM_EITHER,
                                       .takes = "`cri` `docker` `journald` `kubectl` `compose` "
                                                "`syslog` `ruby` `field NAME`, or a list of them",
                                       .of = {&wrap_form, &wraps_list_form}};
static const struct form columns_form = ALIAS("names", texts_form);
static const struct form comment_form =
    FORM("character", "\"type\": \"string\", \"minLength\": 1, \"maxLength\": 1");
static const struct form stream_form = {.kind = FORM_CHOICE, .words = log_stream_words};
static const struct form pattern_form = {.kind = FORM_CHOICE, .words = pattern_words};
static const struct field log_fields[] = {
    CHOICE("format", struct log, format, log_format_words, "how its lines are read; or `pattern`"),
    READ("pattern", read_pattern, pattern_form,
         "whose string `log_format` is, in place of `format`"),
    FIELD("log_format", FIELD_PLACED, struct log, log_format,
          "the server's own string, pasted as it stands in its configuration"),
    FIELD("path", FIELD_PLACED, struct log, path,
          "where its files are, with wildcards, for `ffreplay` without a `LOG`; a relative path is "
          "below the project's directory"),
    FIELD("command", FIELD_PROGRAM, struct log, command.arguments,
          "in place of `path`: a program that prints it, run by `ffreplay --allow-commands`; "
          "`{from}` and `{to}` are filled in, and no shell reads the list"),
    FIELD("timeout", FIELD_DURATION, struct log, command.timeout,
          "how long the command may take; default `60s`"),
    READ("time", read_log_time, log_time_form, "when it happened"),
    FIELD("unit", FIELD_TEXT, struct log, unit, "the unit that it happened to",
          .form = &field_name_form),
    READ("zone", read_log_zone, log_zone_form,
         "the offset of times that say none, such as \"+01:00\""),
    READ("context", read_log_context, log_context_form,
         "lets flags be evaluated again at the line's time"),
    FIELD("flag", FIELD_TEXT, struct log, flag, "the field that names the flag",
          .form = &field_name_form),
    FIELD("variant", FIELD_TEXT, struct log, variant,
          "the field that names the variant that was served", .form = &field_name_form),
    FIELD("id", FIELD_TEXT, struct log, id, "lines with the same value are duplicates",
          .form = &field_name_form),
    READ("fields", read_log_fields, log_fields_form, "what metrics use"),
    FIELD("wrap", FIELD_TEXTS, struct log, wrap_texts, "what is around its lines, outermost first",
          .form = &wraps_form),
    READ("stream", read_stream, stream_form,
         "of what `cri` or `docker` wraps: the output whose lines are of this log; those of the "
         "other are counted, and not read"),
    FIELD("program", FIELD_TEXT, struct log, program,
          "of what `syslog` wraps: the program whose lines are of this log; those of others are "
          "counted, and not read"),
    CHOICE("delimiter", struct log, delimiter, log_delimiter_words,
           "of csv; of tsv, `space`: blanks and tabs, any number of them"),
    READ("comment", read_comment, comment_form,
         "of csv and tsv: lines that begin with this character say nothing"),
    FIELD("columns", FIELD_TEXTS, struct log, columns,
          "for csv and tsv files without a header, and w3c files without `#Fields:`",
          .form = &columns_form),
};
const struct form log_form = KEYS("log", "a log", "log", log_fields);

void read_log(struct reader *reader, struct declaration *declaration)
{
    struct log *log = declaration->thing;
    log->span = log->name.span;
    log->command.timeout = USUAL_TIMEOUT;
    if (!expect_map(reader, declaration->body, "a mapping for a log"))
        return;
    uint64_t given = read_fields(reader, declaration->body, &log_form, log->name.span, log);
    bool has_format = find_entry(declaration->body, "format");
    bool has_pattern = find_entry(declaration->body, "pattern");
    if (has_format && has_pattern)
        report_conflict(reader, declaration->body, "format", "pattern");
    else if (!has_format && !has_pattern &&
             !may_mean(reader, declaration->body, &log_form, "format"))
        report_missing(reader, log->name.span, log_form.what, "format",
                       choices_help(reader, log_format_words));
    check_command(reader, log, declaration->body);
    if (!(given & 3))
        return;
    check_csv_keys(reader, log, declaration->body);
    settle_forms(reader, log, declaration->body);
    settle_unit(log);
    settle_log_time(reader, log, declaration->body);
    settle_log_fields(reader, log, declaration->body);
    settle_wraps(reader, log, declaration->body);
}
