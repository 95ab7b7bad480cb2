/* fields.c - see fields.h. */
#include "tools/servicelog/fields.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "tools/servicelog/pairs.h"

enum source { SOURCES(WORDS_MEMBER) };
static const char *const source_words[] = WORDS(SOURCES);

bool is_plain(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~' || strchr("\"',\\", text[i]))
            return false;
    }
    return length > 0 && length <= LONGEST_TEXT;
}

static bool add_field(struct pair pair, struct arena *arena, struct line_form *form,
                      struct buffer *error)
{
    const char *source = pair.value ? pair.value : pair.name;
    int number = words_find(source_words, source);
    if (number < 0)
        return unknown_name("source of a field", source, source_words, words_count(source_words),
                            error);
    if (!is_plain(pair.name) || form->field_count == MOST_FIELDS) {
        buffer_format(error,
                      "--fields takes up to %d names of up to %d characters, without quotes, not "
                      "'%s'",
                      MOST_FIELDS, LONGEST_TEXT, pair.name);
        return false;
    }
    const char *comma = form->field_count ? "," : "";
    const char *lead = comma;
    if (form->kind == LINE_NDJSON)
        lead = arena_format(arena, "%s\"%s\":", form->field_count ? "," : "{", pair.name);
    form->fields[form->field_count++] = (struct field){number, lead, strlen(lead), pair.name};
    return true;
}

bool parse_fields(const char *text, struct arena *arena, struct line_form *form,
                  struct buffer *error)
{
    while (text) {
        if (!add_field(next_pair(&text, arena), arena, form, error))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------ values -- */

static char *put(char *out, const char *text, size_t length)
{
    memcpy(out, text, length);
    return out + length;
}

static char *put_text(char *out, const char *text)
{
    return put(out, text, strlen(text));
}

static char *put_number(char *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    return put(out, digits + at, sizeof digits - at);
}

/* With `places` decimals; the number was multiplied by 10^places. */
static char *put_decimal(char *out, uint64_t scaled, int places)
{
    uint64_t unit = 1;
    for (int i = 0; i < places; i++)
        unit *= 10;
    out = put_number(out, scaled / unit);
    *out++ = '.';
    for (uint64_t rest = scaled % unit; unit > 1; rest %= unit) {
        unit /= 10;
        *out++ = (char)('0' + rest / unit);
    }
    return out;
}

/* With leading zeros. */
static char *put_digits(char *out, int number, int count)
{
    for (int i = count - 1; i >= 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
    return out + count;
}

static char *put_clock(char *out, const struct tm *parts)
{
    out = put_digits(out, parts->tm_hour, 2);
    *out++ = ':';
    out = put_digits(out, parts->tm_min, 2);
    *out++ = ':';
    return put_digits(out, parts->tm_sec, 2);
}

static struct tm parts_of(int64_t at)
{
    time_t seconds = (time_t)(at / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    return parts;
}

/* 2026-11-20T10:00:01.250Z */
static char *put_timestamp(char *out, int64_t at)
{
    struct tm parts = parts_of(at);
    out = put_digits(out, parts.tm_year + 1900, 4);
    *out++ = '-';
    out = put_digits(out, parts.tm_mon + 1, 2);
    *out++ = '-';
    out = put_digits(out, parts.tm_mday, 2);
    *out++ = 'T';
    out = put_clock(out, &parts);
    *out++ = '.';
    out = put_digits(out, (int)(at % 1000), 3);
    *out++ = 'Z';
    return out;
}

/* 20/Nov/2026:10:00:01 +0000 */
static char *put_log_time(char *out, int64_t at)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm parts = parts_of(at);
    out = put_digits(out, parts.tm_mday, 2);
    *out++ = '/';
    out = put(out, months + (size_t)parts.tm_mon * 3, 3);
    *out++ = '/';
    out = put_digits(out, parts.tm_year + 1900, 4);
    *out++ = ':';
    return put_text(put_clock(out, &parts), " +0000");
}

static char *put_quoted(char *out, const char *text, size_t length, bool json)
{
    if (json)
        *out++ = '"';
    out = put(out, text, length);
    if (json)
        *out++ = '"';
    return out;
}

/* In CSV an empty field is an absent one. */
static char *put_optional(char *out, const char *text, bool json)
{
    if (!text)
        return json ? put_text(out, "null") : out;
    return put_quoted(out, text, strlen(text), json);
}

static const char *method_of(const struct request *request)
{
    return request->purchase ? "POST" : "GET";
}

static const char *outcome_of(const struct request *request)
{
    return request->status == 200 ? "accepted" : request->status == 404 ? "refused" : "failed";
}

static char *put_groups(char *out, const struct person *person, bool json)
{
    if (json)
        return put_text(out, person->beta_tester ? "[\"beta-testers\"]" : "[]");
    return put_text(out, person->beta_tester ? "beta-testers" : "");
}

static char *put_boolean(char *out, bool value)
{
    return put_text(out, value ? "true" : "false");
}

static char *put_value(char *out, const struct line_form *form, const struct request *request,
                       enum source source)
{
    bool json = form->kind == LINE_NDJSON;
    switch (source) {
    case SOURCE_TIME:
        return put_number(out, (uint64_t)request->at);
    case SOURCE_TIMESTAMP: {
        char text[32];
        return put_quoted(out, text, (size_t)(put_timestamp(text, request->at) - text), json);
    }
    case SOURCE_REQUEST:
        return put_number(out, request->id);
    case SOURCE_USER:
        return put_quoted(out, request->person.name, request->person.name_length, json);
    case SOURCE_GROUPS:
        return put_groups(out, &request->person, json);
    case SOURCE_STATUS:
        return put_number(out, (uint64_t)request->status);
    case SOURCE_OK:
        return put_boolean(out, request->status < 500);
    case SOURCE_LATENCY_MS:
        return put_decimal(out, (uint64_t)request->latency, 3);
    case SOURCE_LATENCY_S:
        return put_decimal(out, (uint64_t)request->latency, 6);
    case SOURCE_BYTES:
        return put_number(out, request->bytes);
    case SOURCE_CACHE_HIT:
        return put_boolean(out, request->cache_hit);
    case SOURCE_MEMORY:
        return put_decimal(out, (uint64_t)(request->memory * 10000 + 0.5), 4);
    case SOURCE_CPU:
        return put_decimal(out, (uint64_t)(request->cpu * 10000 + 0.5), 4);
    case SOURCE_POOL_FREE:
        return put_number(out, (uint64_t)request->pool_free);
    case SOURCE_COUNTRY:
        return put_optional(out, request->person.country, json);
    case SOURCE_REGION:
        return put_optional(out, request->person.region, json);
    case SOURCE_PLAN:
        return put_optional(out, request->person.plan, json);
    case SOURCE_APP_VERSION:
        return put_optional(out, request->person.app_version, json);
    case SOURCE_METHOD:
        return put_optional(out, method_of(request), json);
    case SOURCE_ENDPOINT:
        return put_optional(out, request_path(request), json);
    case SOURCE_OUTCOME:
        return put_optional(out, outcome_of(request), json);
    case SOURCE_EVENT:
        return put_optional(out, request->purchase ? "purchase" : "view", json);
    case SOURCE_FLAG:
        return put_optional(out, form->flag, json);
    case SOURCE_VARIANT:
        return put_optional(out, request->variant, json);
    }
    assert(!"not a source");
    return out;
}

/* ------------------------------------------------------------------------------------- lines -- */

static char *put_combined(char *out, const struct request *request)
{
    out = put_text(out, request->person.address);
    out = put_text(out, " - ");
    out = put(out, request->person.name, request->person.name_length);
    out = put_text(out, " [");
    out = put_log_time(out, request->at);
    out = put_text(out, "] \"");
    out = put_text(out, method_of(request));
    *out++ = ' ';
    out = put_text(out, request_path(request));
    out = put_text(out, " HTTP/1.1\" ");
    out = put_number(out, (uint64_t)request->status);
    *out++ = ' ';
    out = put_number(out, request->bytes);
    out = put_text(out, " \"-\" \"app/");
    out = put_text(out, request->person.app_version);
    return put_text(out, "\"");
}

size_t write_header(const struct line_form *form, char *out)
{
    char *at = out;
    if (form->kind != LINE_CSV)
        return 0;
    for (const struct field *field = form->fields; field < form->fields + form->field_count;
         field++) {
        at = put(at, field->lead, field->lead_length);
        at = put_text(at, field->name);
    }
    *at++ = '\n';
    return (size_t)(at - out);
}

size_t write_line(const struct line_form *form, const struct request *request, char *out)
{
    char *at = out;
    if (form->kind == LINE_COMBINED) {
        at = put_combined(at, request);
    } else {
        for (const struct field *field = form->fields; field < form->fields + form->field_count;
             field++) {
            at = put(at, field->lead, field->lead_length);
            at = put_value(at, form, request, (enum source)field->source);
        }
        if (form->kind == LINE_NDJSON)
            *at++ = '}';
    }
    *at++ = '\n';
    return (size_t)(at - out);
}
