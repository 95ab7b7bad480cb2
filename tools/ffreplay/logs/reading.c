/* reading.c - see reading.h. */
#include "reading.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "format_value.h"
#include "layout.h"
#include "log_time.h"

/* ----------------------------------------------------------------------------------- numbers -- */

#define LONGEST 64 /* of what is one number and its unit */

struct slice {
    const char *begin, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct slice trimmed(struct slice text)
{
    while (text.begin < text.end && is_blank(*text.begin))
        text.begin++;
    while (text.begin < text.end && is_blank(text.end[-1]))
        text.end--;
    return text;
}

static size_t length_of(struct slice text)
{
    return (size_t)(text.end - text.begin);
}

static bool is_text(struct slice text, const char *expected)
{
    size_t length = strlen(expected);
    return length_of(text) == length && memcmp(text.begin, expected, length) == 0;
}

static bool is_missing(const struct log_field *field, struct slice text)
{
    for (uint32_t i = 0; i < field->missing.count; i++)
        if (is_text(text, field->missing.items[i].text))
            return true;
    return text.begin == text.end || is_text(text, "-");
}

/* With its decimal sign. "1.234" would be a thousand where that is a comma, or not: it is none. */
static bool read_plain(const struct log_field *field, struct slice text, double *number)
{
    char copy[LONGEST];
    size_t length = length_of(text);
    if (field->decimal == DECIMAL_POINT)
        return number_from_text(text.begin, length, number);
    if (length >= sizeof copy || memchr(text.begin, '.', length))
        return false;
    memcpy(copy, text.begin, length);
    char *comma = memchr(copy, ',', length);
    if (comma)
        *comma = '.';
    return number_from_text(copy, length, number);
}

/* The number that a text begins with; moves behind it. */
static bool take_number(const struct log_field *field, struct slice *text, double *number)
{
    const char *at = text->begin;
    at += at < text->end && (*at == '-' || *at == '+');
    while (at < text->end && ((*at >= '0' && *at <= '9') || *at == '.' || *at == ','))
        at++;
    bool exponent = text->end - at > 1 && (*at == 'e' || *at == 'E') &&
                    ((at[1] >= '0' && at[1] <= '9') || at[1] == '-' || at[1] == '+');
    for (at += exponent ? 2 : 0; exponent && at < text->end && *at >= '0' && *at <= '9';)
        at++;
    struct slice digits = {text->begin, at};
    text->begin = at;
    return digits.begin < at && read_plain(field, digits, number);
}

struct unit {
    const char *name;
    double worth;
};

static const struct unit *find_unit(const struct unit *units, struct slice text)
{
    while (units->name && !is_text(text, units->name))
        units++;
    return units->name ? units : NULL;
}

/* In nanoseconds, so that each is a whole number; the largest first: parts of a duration come in
 * that order. */
static const struct unit durations[] = {
    {"d", 86400e9}, {"h", 3600e9}, {"min", 60e9},      {"m", 60e9},        {"s", 1e9}, {"sec", 1e9},
    {"ms", 1e6},    {"us", 1e3},   {"\xc2\xb5s", 1e3}, {"\xce\xbcs", 1e3}, {"ns", 1},  {NULL, 0}};

/* "1m3s", "12.5ms", "3 ms", or a bare number in the unit that it is logged in. */
static bool read_duration(const struct log_field *field, enum time_unit from, struct slice text,
                          double *nanoseconds)
{
    double last = INFINITY, number;
    *nanoseconds = 0;
    if (text.begin < text.end && *text.begin == '-')
        return false;
    while (text.begin < text.end) {
        if (!take_number(field, &text, &number))
            return false;
        while (text.begin < text.end && is_blank(*text.begin))
            text.begin++;
        const char *name = text.begin;
        while (text.begin < text.end && !is_blank(*text.begin) &&
               !(*text.begin >= '0' && *text.begin <= '9'))
            text.begin++;
        if (name == text.begin && last == INFINITY && text.begin == text.end) {
            *nanoseconds = number * time_unit_ratio(from, TIME_NANOSECONDS);
            return true;
        }
        const struct unit *unit = find_unit(durations, (struct slice){name, text.begin});
        if (!unit || unit->worth >= last)
            return false;
        last = unit->worth;
        *nanoseconds += number * unit->worth;
        while (text.begin < text.end && is_blank(*text.begin))
            text.begin++;
    }
    return last != INFINITY;
}

/* In bytes. A bare "K" or "M" may be either kind, so it is neither. */
static const struct unit sizes[] = {
    {"", 1},         {"B", 1},        {"kB", 1e3},     {"KB", 1e3},     {"MB", 1e6},
    {"GB", 1e9},     {"TB", 1e12},    {"PB", 1e15},    {"KiB", 0x1p10}, {"MiB", 0x1p20},
    {"GiB", 0x1p30}, {"TiB", 0x1p40}, {"PiB", 0x1p50}, {NULL, 0}};

static const struct unit percent[] = {{"", 1e-2}, {"%", 1e-2}, {NULL, 0}};

static bool read_with_unit(const struct log_field *field, const struct unit *units,
                           struct slice text, double *number)
{
    if (!take_number(field, &text, number))
        return false;
    const struct unit *unit = find_unit(units, trimmed(text));
    if (unit)
        *number = unit->worth == 1e-2 ? *number / 100 : *number * unit->worth;
    return unit != NULL;
}

/* One number, as it comes out. */
static enum number_state read_one(const struct log *log, const struct log_field *field,
                                  struct slice text, double *number)
{
    bool read = false;
    *number = 0;
    enum time_unit from = log_mapped_from(log, field);
    text = trimmed(text);
    if (is_missing(field, text))
        return NUMBER_ABSENT;
    switch (field->parse) {
    case PARSE_PERCENT:
        read = read_with_unit(field, percent, text, number);
        break;
    case PARSE_SIZE:
        read = read_with_unit(field, sizes, text, number);
        break;
    case PARSE_DURATION:
        read = read_duration(field, from, text, number);
        if (read && !field->is_scaled)
            *number /= time_unit_ratio(log_mapped_unit(log, field), TIME_NANOSECONDS);
        else if (read) /* what is scaled is in the unit that it is logged in */
            *number = *number / time_unit_ratio(from, TIME_NANOSECONDS) * field->scale;
        return read && isfinite(*number) ? NUMBER_GIVEN : NUMBER_UNREADABLE;
    case PARSE_NUMBER:
    case PARSE_FIRST:
    case PARSE_LAST:
    case PARSE_SUM:
    case PARSE_MAX:
        read = read_plain(field, text, number);
        break;
    }
    *number *= log_mapped_scale(log, field);
    return read && isfinite(*number) ? NUMBER_GIVEN : NUMBER_UNREADABLE;
}

/* ------------------------------------------------------------------------------------- lists -- */

/* The entries of a list: JSON's, or what a text has between its separators. */
struct entries {
    const struct value *list;
    uint32_t next;
    struct slice rest;
    bool is_over, commas_are_decimal;
};

static struct entries entries_of(const struct log_field *field, const struct value *logged)
{
    bool has_items = logged->kind == VALUE_LIST || logged->kind == VALUE_OTHER;
    struct slice text = {logged->text, logged->text + logged->length};
    return (struct entries){.list = has_items ? logged : NULL,
                            .rest = has_items ? (struct slice){0} : trimmed(text),
                            .commas_are_decimal = field->decimal == DECIMAL_COMMA};
}

/* The length of the separator: ",", or ", " where commas are decimal; and " : ", of nginx. */
static size_t separator_at(const struct entries *entries, const char *at)
{
    size_t left = (size_t)(entries->rest.end - at);
    if (*at == ',' && (!entries->commas_are_decimal || (left > 1 && at[1] == ' ')))
        return 1;
    return left > 3 && memcmp(at, " : ", 3) == 0 ? 3 : 0;
}

static bool next_entry(struct entries *entries, struct slice *entry)
{
    if (entries->list) {
        if (entries->next == entries->list->length)
            return false;
        const char *text = entries->list->items[entries->next++];
        *entry = (struct slice){text, text + strlen(text)};
        return true;
    }
    if (entries->is_over)
        return false;
    size_t length = 0;
    const char *at = entries->rest.begin;
    while (at < entries->rest.end && !(length = separator_at(entries, at)))
        at++;
    *entry = trimmed((struct slice){entries->rest.begin, at});
    entries->is_over = at == entries->rest.end;
    entries->rest.begin = at + length;
    return true;
}

/* Their sum, or the greatest: of those that have a value. */
static enum number_state read_all(const struct log *log, const struct log_field *field,
                                  struct entries entries, double *number)
{
    struct slice entry;
    enum number_state state = NUMBER_ABSENT;
    while (next_entry(&entries, &entry)) {
        double one;
        enum number_state found = read_one(log, field, entry, &one);
        if (found == NUMBER_UNREADABLE)
            return found;
        if (found == NUMBER_ABSENT)
            continue;
        if (state == NUMBER_ABSENT)
            *number = one;
        else if (field->parse == PARSE_SUM)
            *number += one;
        else
            *number = one > *number ? one : *number;
        state = NUMBER_GIVEN;
    }
    return state == NUMBER_GIVEN && !isfinite(*number) ? NUMBER_UNREADABLE : state;
}

static enum number_state read_entry(const struct log *log, const struct log_field *field,
                                    struct entries entries, double *number, struct value *value)
{
    struct slice entry, found = {0};
    while (next_entry(&entries, &entry)) {
        found = entry;
        if (field->parse == PARSE_FIRST)
            break;
    }
    if (!found.begin || is_missing(field, found)) {
        value->kind = VALUE_ABSENT;
        return NUMBER_ABSENT;
    }
    *value = (struct value){
        .kind = VALUE_STRING, .text = found.begin, .length = (uint32_t)length_of(found)};
    return read_one(log, field, found, number);
}

enum number_state reading_number(const struct log *log, const struct log_field *field,
                                 const struct value *logged, double *number, struct value *value)
{
    *value = *logged;
    if (value_is_absent(logged))
        return NUMBER_ABSENT;
    bool has_items = (logged->kind == VALUE_LIST || logged->kind == VALUE_OTHER) && logged->items;
    bool has_text = logged->kind == VALUE_STRING || logged->kind == VALUE_NUMBER;
    struct slice text = {logged->text, logged->text + logged->length};
    if (has_text && is_missing(field, trimmed(text))) {
        /* "-" and "" are texts still, where only texts are asked for. */
        if (field->missing.count > 0 && text.begin < text.end)
            value->kind = VALUE_ABSENT;
        return NUMBER_ABSENT;
    }
    switch (field->parse) {
    case PARSE_FIRST:
    case PARSE_LAST:
        if (has_items || has_text)
            return read_entry(log, field, entries_of(field, logged), number, value);
        break;
    case PARSE_SUM:
    case PARSE_MAX:
        if (has_items || has_text)
            return read_all(log, field, entries_of(field, logged), number);
        break;
    case PARSE_NUMBER:
    case PARSE_DURATION:
    case PARSE_PERCENT:
    case PARSE_SIZE:
        if (has_text)
            return read_one(log, field, text, number);
        break;
    }
    return NUMBER_UNREADABLE;
}

/* ------------------------------------------------------------------------------------- times -- */

#define EXCEL_EPOCH        25569.0 /* days from 1899-12-30 to 1970-01-01 */
#define EXCEL_FIRST        61.0    /* before, its days are off by one: it has a 1900-02-29 */
#define EXCEL_LAST         2958466.0
#define MILLISECONDS_A_DAY 86400000.0

/* With a decimal comma as well: of five digits, it separates no thousands. */
static bool read_days(const struct value *from, double *days)
{
    char copy[32];
    const char *comma = from->kind == VALUE_STRING ? memchr(from->text, ',', from->length) : NULL;
    if (!comma || comma - from->text < 5 || from->length >= sizeof copy)
        return value_number(from, days);
    memcpy(copy, from->text, from->length);
    copy[comma - from->text] = '.';
    struct value value = *from;
    value.text = copy;
    return value_number(&value, days);
}

/* Local time, so it is written without an offset. */
static bool write_excel(const struct value *from, struct buffer *text)
{
    double days;
    if (!read_days(from, &days) || !(days >= EXCEL_FIRST && days < EXCEL_LAST))
        return false;
    int64_t ms = llround((days - EXCEL_EPOCH) * MILLISECONDS_A_DAY);
    char written[32];
    format_time(ms, written, sizeof written);
    buffer_append(text, written, strcspn(written, "Z"));
    return true;
}

static bool write_by_form(const char *form, const char *begin, const char *end, struct buffer *text)
{
    struct time_pieces pieces = no_time_pieces;
    pieces.hour = pieces.minute = 0; /* of a form that has none */
    struct slice slice = trimmed((struct slice){begin, end});
    if (format_value_time(form, DIGITS_ANY, slice.begin, slice.end, &pieces) != slice.end)
        return false;
    size_t before = text->length;
    time_pieces_write(&pieces, text);
    return text->length > before;
}

static bool write_by_log(const struct log *log, const struct value *from, struct buffer *text)
{
    return strcmp(log->time_format, TIME_EXCEL) == 0
               ? write_excel(from, text)
               : write_by_form(log->time_format, from->text, from->text + from->length, text);
}

static bool has_text(const struct value *value)
{
    return value->kind == VALUE_STRING || value->kind == VALUE_NUMBER;
}

static void set_text(struct value *value, const struct buffer *text)
{
    *value =
        (struct value){.kind = VALUE_STRING, .text = text->bytes, .length = (uint32_t)text->length};
}

void reading_time(const struct log *log, const struct value *from, const struct value *rest,
                  struct buffer *texts, struct value *time)
{
    struct value joined;
    *time = (struct value){.kind = VALUE_ABSENT};
    if (value_is_nothing(from) || (rest && value_is_nothing(rest)))
        return;
    time->kind = VALUE_OTHER;
    if (!has_text(from) || (rest && !has_text(rest)))
        return;
    if (rest) {
        texts[0].length = 0;
        buffer_append(&texts[0], from->text, from->length);
        buffer_append(&texts[0], " ", 1);
        buffer_append(&texts[0], rest->text, rest->length);
        set_text(&joined, &texts[0]);
        from = &joined;
    }
    texts[1].length = 0;
    if (!log->time_format)
        *time = *from;
    else if (write_by_log(log, from, &texts[1]))
        set_text(time, &texts[1]);
}

/* ----------------------------------------------------------------------------------- guesses -- */

/* As people, spreadsheets and locales write them; "/" is tried behind a month first. */
static const char *const guessed[] = {"%d.%m.%Y", "%m/%d/%Y",  "%d/%m/%Y", "%Y/%m/%d", "%Y.%m.%d",
                                      "%d-%m-%Y", "%d-%b-%Y",  "%d %b %Y", "%d %B %Y", "%b %d, %Y",
                                      "%b %d %Y", "%B %d, %Y", "%d/%b/%Y", "%Y%m%d",   "%Y-%m-%d",
                                      "%d.%m.%y", "%m/%d/%y",  "%d/%m/%y"};
static const char *const guessed_clocks[] = {
    "",           " %H:%M",     " %H:%M:%S",     " %I:%M %p",    " %I:%M:%S %p", ", %H:%M",
    ", %H:%M:%S", ", %I:%M %p", ", %I:%M:%S %p", " %H:%M:%S.%f", " %H:%M:%S,%f", ":%H:%M:%S",
    "T%H%M%S",    "T%H%M%SZ",   " %H:%M:%S %z"};
#define GUESS_SIZE 40

static const char *guess_from(size_t first, const char *text, const char *end,
                              char form[GUESS_SIZE], size_t *found)
{
    struct buffer ignored = {0};
    const size_t count = sizeof guessed / sizeof *guessed;
    const size_t clocks = sizeof guessed_clocks / sizeof *guessed_clocks;
    bool reads = false;
    for (size_t i = first; i < count * clocks && !reads; i++) {
        snprintf(form, GUESS_SIZE, "%s%s", guessed[i / clocks], guessed_clocks[i % clocks]);
        ignored.length = 0;
        struct value value = {.kind = VALUE_STRING};
        int64_t ms;
        reads = write_by_form(form, text, end, &ignored);
        value.text = ignored.bytes;
        value.length = (uint32_t)ignored.length;
        reads = reads && value_local_time(&value, TIME_AUTO, (struct time_zone){true, 0}, &ms);
        *found = i;
    }
    buffer_release(&ignored);
    return reads ? form : NULL;
}

const char *reading_guess(const char *text, size_t length, const char **other)
{
    static _Thread_local char one[GUESS_SIZE], two[GUESS_SIZE];
    size_t found;
    struct value value = {.kind = VALUE_STRING, .text = text, .length = (uint32_t)length};
    double days;
    *other = NULL;
    if (value_number(&value, &days))
        return days >= 20000 && days < 80000 ? TIME_EXCEL : NULL;
    const char *guess = guess_from(0, text, text + length, one, &found);
    const size_t clocks = sizeof guessed_clocks / sizeof *guessed_clocks;
    if (guess)
        *other = guess_from((found / clocks + 1) * clocks, text, text + length, two, &found);
    return guess;
}
