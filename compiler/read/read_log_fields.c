/* read_log_fields.c - see read_log_fields.h. */
#include "read_log_fields.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/zone.h"
#include "compiler/diagnostics/diagnose.h"
#include "read_map.h"
#include "read_scalar.h"

/* -------------------------------------------------------------------------------------- time -- */

static void read_time_from(struct reader *reader, struct node *node, void *target)
{
    struct log *log = target;
    struct text texts[2] = {{0}};
    uint32_t count = node->kind == NODE_LIST ? node->count : 1;
    if (node->kind == NODE_LIST && count != 2) {
        expected(reader, node, "a field, or two of them: the date and the time of day");
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        if (!read_text(reader, node->kind == NODE_LIST ? node->items[i] : node, &texts[i]))
            return;
    log->time = texts[0].text;
    log->time_rest = texts[1].text;
}

/* What a time's form has to say: a day, whether by month or in the year; or all of it. */
static bool says_a_day(const char *format)
{
    bool year = false, day = false, month = false;
    for (; (format = strchr(format, '%')) && format[1]; format += 2) {
        year |= strchr("YyDFs", format[1]) != NULL;
        month |= strchr("mbBhDFjs", format[1]) != NULL;
        day |= strchr("deDFjs", format[1]) != NULL;
    }
    return year && month && day;
}

static bool knows_conversions(const char *format)
{
    for (; (format = strchr(format, '%')); format += 2)
        if (!format[1] || !strchr("aAbBdDefFhHIjmMpRsSTyYzZ%", format[1]))
            return false;
    return true;
}

static void read_time_format(struct reader *reader, struct node *node, void *target)
{
    struct log *log = target;
    struct text text;
    if (!read_text(reader, node, &text))
        return;
    log->time_format = text.text;
    bool is_half = strstr(text.text, "%I") && !strstr(text.text, "%p");
    bool is_sound = strcmp(text.text, TIME_EXCEL) == 0 ||
                    (knows_conversions(text.text) && says_a_day(text.text) && !is_half);
    if (is_sound)
        return;
    diagnose(
        reader->diagnostics, FF0103, node->span,
        "expected strftime's conversions with a year, a month and a day, and %%p beside %%I, or "
        "'%s', found '%s'",
        TIME_EXCEL, text.text);
    diagnose_help(reader->diagnostics, "31.12.2026 13:05 is \"%%d.%%m.%%Y %%H:%%M\", and "
                                       "12/31/2026 1:05 PM is \"%%m/%%d/%%Y %%I:%%M %%p\"");
}

void read_log_zone(struct reader *reader, struct node *node, void *target)
{
    struct log *log = target;
    struct text text;
    if (!read_text(reader, node, &text))
        return;
    log->has_zone = parse_offset(text.text, &log->zone);
    if (log->has_zone)
        return;
    diagnose(reader->diagnostics, FF0103, node->span,
             "expected an offset from UTC, such as \"+01:00\", found '%s'", text.text);
    diagnose_help(reader->diagnostics, strpbrk(text.text, "+-0123456789")
                                           ? OFFSET_HELP
                                           : "a zone's name would leave open which of two hours is "
                                             "meant where its clocks are set back");
}

const struct form log_zone_form =
    FORM("offset", "\"type\": \"string\", \"pattern\": \"" OFFSET_PATTERN "\"");
static const struct form two_fields_form = {
    .kind = FORM_LIST, .of = {&field_name_form}, .least = 2, .most = 2};
static const struct form time_from_form = {
    .kind = FORM_EITHER, .takes = "field, or a list of two", .of = {&text_form, &two_fields_form}};
static const struct form time_format_form = ALIAS("text", text_form);
static const struct field time_fields[] = {
    READ("from", read_time_from, time_from_form,
         "which field it is, or which two: the date and the time of day",
         .missing = "name the field: {from: ts, unit: ms}"),
    CHOICE("unit", struct log, time_unit, time_unit_words, "for a number; default `auto`"),
    READ("format", read_time_format, time_format_form,
         "strftime's conversions, or `excel` for days since 1899-12-30"),
    READ("zone", read_log_zone, log_zone_form, "as the log's `zone`"),
};
static const struct form time_keys_form =
    KEYS(NULL, "a log's time", "`{from, unit, format, zone}`", time_fields);
const struct form log_time_form = {.kind = FORM_EITHER,
                                   .takes = "field, a list of two, or `{from, unit, format, zone}`",
                                   .of = {&text_form, &two_fields_form, &time_keys_form}};

void read_log_time(struct reader *reader, struct node *node, void *target)
{
    if (node->kind == NODE_MAP)
        read_fields(reader, node, &time_keys_form, node->span, target);
    else
        read_time_from(reader, node, target);
}

/* The W3C's logs say that their times are of UTC, and in which columns. */
void settle_log_time(struct reader *reader, struct log *log, const struct node *body)
{
    if (log_format_is_w3c(log->format) && !log->time) {
        log->time = "date";
        log->time_rest = "time";
    }
    log->has_zone |= log_format_is_w3c(log->format);
    bool says_zone = !log->time_format || strstr(log->time_format, "%z") ||
                     strstr(log->time_format, "%Z") || strstr(log->time_format, "%s");
    const struct entry *time = find_entry(body, "time");
    if (says_zone || log->has_zone || !time)
        return;
    report_missing(reader, time->value->span, "a time whose 'format' says no offset", "zone",
                   "say which it is: zone: \"+00:00\" for UTC");
}

/* ------------------------------------------------------------------------------------ fields -- */

static void read_from_unit(struct reader *reader, struct node *node, void *target)
{
    unsigned choice;
    if (read_choice(reader, node, time_unit_words + 1, &choice))
        ((struct log_field *)target)->from_unit = (enum time_unit)(choice + 1);
}

static void read_unit(struct reader *reader, struct node *node, void *target)
{
    unsigned choice;
    if (read_choice(reader, node, time_unit_words + 1, &choice))
        ((struct log_field *)target)->unit = (enum time_unit)(choice + 1);
}

static const struct form duration_unit_form = {.kind = FORM_CHOICE, .words = time_unit_words + 1};
enum { FIELD_FROM = 1, FIELD_SCALE = 2 }; /* bits of the first */
static const struct field log_field_fields[] = {
    FIELD("from", FIELD_TEXT, struct log_field, from, "the field in the log; dots descend",
          .missing = "name the field of the log: {from: request_time, scale: 1000}"),
    FIELD("scale", FIELD_NUMBER, struct log_field, scale,
          "what its number is multiplied by, as it is logged"),
    READ("from_unit", read_from_unit, duration_unit_form,
         "it is a duration, logged in this unit; default as the format says"),
    READ("unit", read_unit, duration_unit_form, "what durations come out in; default `ms`"),
    CHOICE("parse", struct log_field, parse, field_parse_words,
           "what its text is: a `number` (default), a `duration` with its units (`1m3s`), a "
           "`percent` or a `size`; or which of a list's entries counts: `first`, `last`, their "
           "`sum`, the greatest (`max`)"),
    CHOICE("decimal", struct log_field, decimal, field_decimal_words,
           "the decimal sign; default `.`"),
    FIELD("missing", FIELD_TEXTS, struct log_field, missing,
          "texts that mean that there is no value, beside `-` and an empty one"),
};
static const struct form log_field_keys_form = KEYS(
    NULL, "a field", "`{from, scale, from_unit, unit, parse, decimal, missing}`", log_field_fields);
static const struct form log_field_form = {.definition = "log_field",
                                           .kind = FORM_EITHER,
                                           .takes = "field, or a mapping",
                                           .of = {&text_form, &log_field_keys_form}};
const struct form log_fields_form = {
    .kind = FORM_MAP,
    .takes = "mapping of name to field, or to `{from, scale, from_unit, unit, parse, …}`",
    .of = {&log_field_form}};

static bool read_log_field(struct reader *reader, struct node *node, struct log_field *field)
{
    struct text from;
    if (node->kind != NODE_MAP) {
        if (!read_text(reader, node, &from))
            return false;
        field->from = from.text;
        return true;
    }
    uint64_t given = read_fields(reader, node, &log_field_keys_form, node->span, field);
    field->is_scaled = given & FIELD_SCALE;
    return given & FIELD_FROM;
}

void read_log_fields(struct reader *reader, struct node *node, void *target)
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

/* A percentage or a size has no unit of time. */
static bool takes_units(const struct log_field *field)
{
    return field->parse != PARSE_PERCENT && field->parse != PARSE_SIZE;
}

static void settle_field(struct reader *reader, const struct log *log,
                         const struct log_field *field, const struct node *map)
{
    static const char multiplied[] = "'scale' multiplies what is logged; units convert it: keep "
                                     "what you mean";
    bool conflicts = report_conflict_of(reader, map, "scale", "from_unit", multiplied) ||
                     report_conflict_of(reader, map, "scale", "unit", multiplied);
    const struct entry *unit = find_entry(map, "unit"), *from = find_entry(map, "from_unit");
    if (conflicts || (!unit && !from))
        return;
    const struct entry *entry = unit ? unit : from;
    if (!takes_units(field))
        diagnose(reader->diagnostics, FF0364, entry->key->span,
                 "'%s' has no meaning for 'parse: %s'", entry->key->text,
                 field_parse_words[field->parse]);
    else if (log_mapped_from(log, field) == TIME_AUTO) {
        diagnose(reader->diagnostics, FF0364, entry->key->span,
                 "'unit' has no meaning: nothing says that '%s' is a duration", field->from);
        diagnose_help(reader->diagnostics,
                      "say what it is logged in, 'from_unit: ms', or 'parse: duration' where its "
                      "text has units");
    }
}

void settle_log_fields(struct reader *reader, const struct log *log, const struct node *body)
{
    const struct entry *fields = find_entry(body, "fields");
    for (uint32_t i = 0; fields && i < log->field_count; i++) {
        const struct entry *entry = find_entry(fields->value, log->fields[i].name.text);
        if (entry && entry->value->kind == NODE_MAP)
            settle_field(reader, log, &log->fields[i], entry->value);
    }
}
