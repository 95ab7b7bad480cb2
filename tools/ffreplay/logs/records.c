/* records.c - see records.h. */
#include "records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/hash.h"
#include "compiler/base/memory.h"
#include "compiler/base/text_lines.h"
#include "compiler/base/utf8.h"
#include "digits.h"
#include "log_time.h"
#include "syslog_prefix.h"

const char *const bad_cause_words[] = WORDS(BAD_CAUSES);

void log_counts_add(struct log_counts *counts, const struct log_counts *other)
{
    counts->lines += other->lines;
    counts->pieces += other->pieces;
    counts->elsewhere += other->elsewhere;
    for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
        counts->bad[cause] += other->bad[cause];
    for (int i = 0; i < LOOKALIKE_COUNT; i++)
        counts->lookalikes[i] += other->lookalikes[i];
    counts->fields |= other->fields;
}

uint64_t log_counts_bad(const struct log_counts *counts)
{
    uint64_t bad = 0;
    for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
        bad += counts->bad[cause];
    return bad;
}

void bad_line_keep_first(struct bad_line *bad, const struct bad_line *other)
{
    if (other->found && (!bad->found || place_is_before(other->place, bad->place)))
        *bad = *other;
}

bool piece_is_blank(const struct piece *piece)
{
    for (size_t i = 0; i < piece->length; i++)
        if (piece->text[i] != ' ' && piece->text[i] != '\t')
            return false;
    return !piece->overlong;
}

void piece_skip_byte_order_mark(struct piece *piece)
{
    uint32_t mark = text_mark(piece->text, piece->length);
    piece->text += mark;
    piece->length -= mark;
}

const struct misfit *misfit_of_piece(const struct piece *piece)
{
    const char *end = piece->text + piece->length;
    end += *end == '\r';
    return misfit_of_line(piece->text, piece->length, *end == '\n' ? end + 1 : NULL);
}

static void use_lane(struct records *records, uint32_t lane)
{
    records->lane = lane;
    records->event.values = records->lanes[lane].values;
}

bool records_open(struct records *records, const struct layout *layout, uint32_t log,
                  uint32_t source)
{
    *records = (struct records){.layout = layout, .log = log, .event.source = source};
    records->parser = layout_parser(layout);
    if (!records->parser)
        return false;
    for (size_t i = 0; i < LINES_ABREAST; i++) {
        records->lanes[i].values = xcalloc((size_t)layout->count + records->parser->spare,
                                           sizeof *records->lanes[i].values);
        records->lanes[i].times.unit = layout->log->time_unit;
        records->lanes[i].times.zone = (struct time_zone){layout->log->has_zone, layout->log->zone};
    }
    use_lane(records, 0);
    records_begin_row(records);
    records->fields = layout_fields(layout);
    records->event.numbers = xcalloc(layout->count, sizeof *records->event.numbers);
    records->numeric = xcalloc(layout->count, sizeof *records->numeric);
    records->times = xcalloc(READING_TEXTS, sizeof *records->times);
    for (uint32_t i = layout->reading_count; i < layout->count; i++)
        if (layout->numeric[i])
            records->numeric[records->numeric_count++] = i;
    return true;
}

void records_close(struct records *records)
{
    if (records->parser)
        records->parser->close(records->parser);
    for (size_t i = 0; i < LINES_ABREAST; i++)
        free(records->lanes[i].values);
    for (size_t i = 0; i < READING_TEXTS && records->times; i++)
        buffer_release(&records->times[i]);
    free(records->times);
    free(records->event.numbers);
    free(records->numeric);
    *records = (struct records){0};
}

void records_begin_row(struct records *records)
{
    for (size_t i = 0; i < LINES_ABREAST; i++)
        records->rows[i] = (struct part_time){.time = INT64_MIN};
}

void records_end_row(struct records *records)
{
    int64_t time = INT64_MIN;
    for (size_t i = LINES_ABREAST; i-- > 0;)
        time = records->rows[i].time != INT64_MIN ? records->rows[i].time : time;
    for (size_t i = 0; i < LINES_ABREAST; i++) {
        struct part_time *row = &records->rows[i];
        time = row->time != INT64_MIN ? row->time : time;
        if (row->bad_untimed > 0 && time != INT64_MIN)
            records->take_bad(records->context, time, row->bad_untimed);
        row->bad_untimed = 0;
    }
}

static void take_none_bad(void *context, int64_t time, uint64_t lines)
{
    (void)context;
    (void)time;
    (void)lines;
}

void records_begin_trial(struct records *records, struct records_trial *trial,
                         void (*take)(void *context, struct record *record))
{
    trial->counts = records->counts;
    memcpy(trial->bad, records->bad, sizeof trial->bad);
    trial->take = records->take;
    trial->take_bad = records->take_bad;
    records->take = take;
    records->take_bad = take_none_bad;
}

void records_end_trial(struct records *records, const struct records_trial *trial)
{
    records->counts = trial->counts;
    memcpy(records->bad, trial->bad, sizeof trial->bad);
    records->take = trial->take;
    records->take_bad = trial->take_bad;
    records_begin_row(records);
}

static void take_bad(struct records *records)
{
    struct part_time *row = &records->rows[records->row];
    if (row->time == INT64_MIN)
        row->bad_untimed++;
    else
        records->take_bad(records->context, row->time, 1);
}

static void count_bad(struct records *records, enum bad_cause cause, struct place place,
                      size_t column, const char *text)
{
    records->counts.bad[cause]++;
    take_bad(records);
    struct bad_line bad = {.found = true, .place = place, .column = column};
    snprintf(bad.text, sizeof bad.text, "%s", text);
    bad_line_keep_first(&records->bad[cause], &bad);
}

/* The column of the value in the line; 1 if it was unescaped elsewhere. */
static size_t column_of(const struct value *value, const struct piece *piece)
{
    bool inside = value->text >= piece->text && value->text <= piece->text + piece->length;
    return !value_is_absent(value) && inside ? (size_t)(value->text - piece->text) + 1 : 1;
}

/* For values other than short plain numbers, which most are. */
static enum number_state read_number(const struct value *value, double *number)
{
    if (value_number(value, number))
        return NUMBER_GIVEN;
    return value_is_nothing(value) ? NUMBER_ABSENT : NUMBER_UNREADABLE;
}

static void take_numbers(struct records *records)
{
    const uint32_t *place = records->numeric, *end = place + records->numeric_count;
    const struct value *values = records->event.values;
    struct number *numbers = records->event.numbers;
    for (; place < end; place++) {
        const struct value *value = &values[*place];
        struct number *number = &numbers[*place];
        if ((value->kind == VALUE_NUMBER || value->kind == VALUE_STRING) &&
            digits_number(value->text, value->length, &number->number))
            number->state = NUMBER_GIVEN;
        else
            number->state = read_number(value, &number->number);
    }
}

/* Of the places that are made of others. */
static void take_readings(struct records *records)
{
    const struct layout *layout = records->layout;
    struct value *values = records->event.values;
    for (uint32_t place = 0; place < layout->reading_count; place++) {
        const struct reading *reading = &layout->readings[place];
        struct number *number = &records->event.numbers[place];
        if (reading->is_used && reading->field)
            number->state = reading_number(layout->log, reading->field, &values[reading->from],
                                           &number->number, &values[place]);
    }
}

static void take_time_text(struct records *records)
{
    const struct layout *layout = records->layout;
    const struct reading *reading = &layout->readings[layout->time];
    struct value *values = records->event.values;
    reading_time(layout->log, &values[reading->from],
                 reading->rest == NO_PLACE ? NULL : &values[reading->rest], records->times,
                 &values[layout->time]);
}

/* It would be one if the log said of which zone. */
static bool is_local_time(const struct log *log, const struct value *value)
{
    int64_t ms;
    return !log->has_zone &&
           value_local_time(value, log->time_unit, (struct time_zone){true, 0}, &ms);
}

/* As the log has it, for a person. */
struct logged_time {
    const char *field;
    char text[64], raw[64]; /* escaped, and as it is */
    const struct value *value;
};

static struct logged_time logged_time(const struct records *records)
{
    const struct layout *layout = records->layout;
    const struct value *values = records->event.values;
    struct logged_time time = {.field = layout->paths[layout->time],
                               .value = &values[layout->time]};
    if (layout->time < layout->reading_count) {
        const struct reading *reading = &layout->readings[layout->time];
        const struct value *rest = reading->rest == NO_PLACE ? NULL : &values[reading->rest];
        time.value = &values[reading->from];
        if (rest && value_is_nothing(rest) && !value_is_nothing(time.value))
            time.value = rest;
        else if (rest && value_is_text(rest) && value_is_text(time.value))
            snprintf(time.raw, sizeof time.raw, "%.*s %.*s", (int)time.value->length,
                     time.value->text, (int)rest->length, rest->text);
    }
    if (!*time.raw && value_is_text(time.value))
        snprintf(time.raw, sizeof time.raw, "%.*s", (int)time.value->length, time.value->text);
    terminal_copy(time.text, 48, time.raw, strlen(time.raw));
    return time;
}

/* "time: {from: ts, format: …}" and what else would read it. */
static void explain_form(const struct log *log, const struct logged_time *time, char *text,
                         size_t size)
{
    const char *other, *guess = reading_guess(time->raw, strlen(time->raw), &other);
    char from[96];
    snprintf(from, sizeof from, log->time_rest ? "[%.30s, %.30s]" : "%.60s",
             log->time ? log->time : time->field, log->time_rest);
    if (!guess && log->time_format)
        snprintf(text, size, "expected '%.40s'%s", log->time_format,
                 strcmp(log->time_format, TIME_EXCEL) == 0 ? ", days since 1899-12-30" : "");
    else if (!guess)
        snprintf(text, size, "expected RFC 3339 or a number");
    else
        snprintf(text, size,
                 "none of RFC 3339, 17/May/2015:10:05:03 +0000 and a number; write "
                 "time: {from: %s, format: \"%s\"}%s%s%s%s",
                 from, guess, other ? ", or \"" : "", other ? other : "",
                 other ? "\", whichever it is" : "",
                 log->has_zone || strstr(guess, "%z") ? "" : ", and zone: \"+00:00\" for UTC");
}

/* RFC 3164's, "Nov 20 10:00:00". */
static bool is_syslog_time(const char *field, const char *text)
{
    return strcmp(field, WRAP_PREFIX "time") == 0 && *text >= 'A' && *text <= 'Z' &&
           strlen(text) > 9 && text[3] == ' ' && text[9] == ':';
}

static void count_no_time(struct records *records, const struct piece *piece)
{
    const struct layout *layout = records->layout;
    const struct log *log = layout->log;
    struct logged_time time = logged_time(records);
    const struct value *read = &records->event.values[layout->time];
    char text[400], form[256];
    bool may_be_of_wrap =
        log->wrap_count > 0 && strncmp(time.field, WRAP_PREFIX, sizeof WRAP_PREFIX - 1) != 0;
    if (value_is_absent(time.value) && may_be_of_wrap)
        snprintf(text, sizeof text,
                 "no time: there is no '%.60s' in what is wrapped; the wrapper's is '" WRAP_PREFIX
                 "%.60s'",
                 time.field, time.field);
    else if (value_is_absent(time.value))
        snprintf(text, sizeof text,
                 "no time: there is no '%.60s'; 'time: FIELD' says which field it is in",
                 time.field);
    else if (is_local_time(log, read))
        snprintf(text, sizeof text,
                 "no time: '%.40s' is '%s', which has no offset; say which it is: zone: \"+00:00\"",
                 time.field, time.text);
    else if (is_syslog_time(time.field, time.text))
        snprintf(text, sizeof text,
                 "no time: '%.40s' is '%s', which has no year: take the time of the line itself, "
                 "or have the daemon write RFC 3339's, rsyslog by RSYSLOG_FileFormat",
                 time.field, time.text);
    else {
        explain_form(log, &time, form, sizeof form);
        snprintf(text, sizeof text, "no time: '%.40s' is '%s', %s", time.field,
                 *time.raw ? time.text : "{…}", form);
    }
    count_bad(records, BAD_NO_TIME, piece->place, column_of(time.value, piece), text);
}

static void take_unit(struct records *records)
{
    struct event *event = &records->event;
    const struct value *unit = &event->values[records->layout->unit];
    event->has_unit = value_identifies(unit);
    if (event->has_unit)
        event->unit = unit_hash_of(unit->text, unit->length);
}

/* Most logs have all of them within a few lines. */
static void note_fields(struct records *records, uint64_t missing)
{
    const struct value *values = records->event.values;
    for (; missing; missing &= missing - 1) {
        int place = __builtin_ctzll(missing);
        records->counts.fields |= (uint64_t)!value_is_absent(&values[place]) << place;
    }
}

/* Bad lines that began the part have this time, too. */
static inline void note_time(struct records *records)
{
    struct part_time *row = &records->rows[records->row];
    row->time = records->event.time;
    if (row->bad_untimed > 0)
        records->take_bad(records->context, row->time, row->bad_untimed);
    row->bad_untimed = 0;
}

static void read_record(struct records *records, const struct piece *piece, const char *digested,
                        size_t digested_length)
{
    const struct layout *layout = records->layout;
    records->counts.lines++;
    if (layout->time < layout->reading_count)
        take_time_text(records);
    const struct value *time = &records->event.values[layout->time];
    if (!times_read(&records->lanes[records->lane].times, time, &records->event.time)) {
        count_no_time(records, piece);
        return;
    }
    note_time(records);
    if (layout->reading_count > 0)
        take_readings(records);
    uint64_t missing = records->fields & ~records->counts.fields;
    if (missing)
        note_fields(records, missing);
    take_numbers(records);
    if (layout->hashes_units)
        take_unit(records);
    records->event.group = records->parser->group;
    records->event.place = piece->place;
    struct record record = {.event = &records->event,
                            .log = records->log,
                            .digested = digested,
                            .digested_length = digested_length};
    records->take(records->context, &record);
}

/* A batch is hashed once, however many records it has: they are identified by its hash and their
 * place. */
static void read_batch(struct records *records, const struct piece *piece)
{
    struct line_parser *parser = records->parser;
    struct {
        uint8_t batch[HASH128_SIZE], place[8];
    } digested;
    hash128_bytes(hash128(piece->text, piece->length), digested.batch);
    struct value *values = records->event.values + records->layout->reading_count;
    for (uint64_t place = 0; parser->next(parser, values); place++) {
        for (size_t i = 0; i < sizeof digested.place; i++)
            digested.place[i] = (uint8_t)(place >> (56 - 8 * i));
        read_record(records, piece, (const char *)&digested, sizeof digested);
    }
}

/* Looks at the first lines of the first block's parts. */
static void note_lookalike(struct records *records, const struct piece *piece)
{
    if (piece->place.part >= LINES_ABREAST || piece->place.line >= LOOKALIKE_LINES)
        return;
    const struct log *log = records->layout->log;
    const char *text = piece->text, *end = text + piece->length;
    struct syslog_prefix prefix;
    if (log->wrap_count > 0 && log->wraps[0].kind == WRAP_SYSLOG) {
        const char *message = syslog_skip(text, end, &prefix);
        text = message ? message : text;
    }
    records->counts.lookalikes[lookalike_of(text, (size_t)(end - text))]++;
}

static bool is_document(const struct records *records)
{
    return layout_framing(records->layout) == FRAMING_JSON;
}

static bool is_misfit(struct records *records, const struct piece *piece)
{
    if (piece->place.part != 0 || piece->place.line != 0)
        return false;
    records->misfit = misfit_of_piece(piece);
    return records->misfit != NULL;
}

static bool parses_to(struct records *records, const struct piece *piece, size_t length)
{
    struct value *values = records->event.values + records->layout->reading_count;
    return records->parser->parse(records->parser, piece->text, length, values, &records->problem);
}

/* Blanks at the end may be the server's, or only an editor's. A line that is still being written
 * may end in one, too, and one of a container runtime may be a part. */
static bool parses(struct records *records, const struct piece *piece)
{
    if (parses_to(records, piece, piece->length))
        return true;
    size_t shorter = text_line_length(piece->text, piece->length);
    if (shorter == piece->length || piece->cut_short || log_is_of_runtime(records->layout->log))
        return false;
    return parses_to(records, piece, shorter) || parses_to(records, piece, piece->length);
}

void records_begin_block(struct records *records, const char *before, size_t length)
{
    struct line_parser *parser = records->parser;
    if (parser->restart)
        parser->restart(parser);
    for (const char *line = before, *end = before + length; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        struct piece piece = {.text = line, .length = (size_t)(newline - line)};
        (void)parses_to(records, &piece, piece.length);
        line = newline + 1;
    }
}

static enum piece_verdict refuse_length(struct records *records, const struct piece *piece)
{
    char text[160];
    snprintf(text, sizeof text,
             "the line has %" PRIu64
             " bytes, more than the %u MiB that are read of one: if no line "
             "end is missing before it, keep such lines out of this log",
             piece->overlong, LONGEST_LINE >> 20);
    records->counts.lines++;
    count_bad(records, BAD_UNPARSABLE, piece->place, 1, text);
    return PIECE_BAD;
}

enum piece_verdict records_read(struct records *records, const struct piece *piece)
{
    struct line_parser *parser = records->parser;
    records->counts.pieces++;
    records->row = (uint32_t)(piece->place.part % LINES_ABREAST);
    if (piece->overlong)
        return refuse_length(records, piece);
    if (!parses(records, piece)) {
        records->counts.lines++;
        if (is_document(records))
            return PIECE_REFUSED;
        if (is_misfit(records, piece))
            return PIECE_MISFIT;
        if (piece->cut_short)
            return PIECE_INCOMPLETE;
        note_lookalike(records, piece);
        count_bad(records, BAD_UNPARSABLE, piece->place, records->problem.column,
                  records->problem.text);
        return PIECE_BAD;
    }
    records->counts.elsewhere += parser->is_elsewhere;
    if (parser->empty)
        records->counts.pieces--;
    else if (parser->next)
        read_batch(records, piece);
    else if (parser->joined)
        read_record(records, piece, parser->joined, parser->joined_length);
    else
        read_record(records, piece, piece->text, piece->length);
    return PIECE_READ;
}

static bool read_part(struct records *records, struct block_part *part, size_t length)
{
    size_t line_end = length + (part->text[length] == '\r');
    if (length == 0 || part->text[line_end] != '\n')
        return false;
    struct piece piece = {.text = part->text, .length = length, .place = part->place};
    records->counts.pieces++;
    read_record(records, &piece, piece.text, length);
    part->text += line_end + 1;
    part->place.line++;
    return true;
}

uint32_t records_read_abreast(struct records *records, struct block_part parts[LINES_ABREAST])
{
    struct line_parser *parser = records->parser;
    const char *texts[LINES_ABREAST];
    struct value *values[LINES_ABREAST];
    size_t lengths[LINES_ABREAST];
    for (size_t i = 0; i < LINES_ABREAST; i++) {
        texts[i] = parts[i].text;
        values[i] = records->lanes[i].values + records->layout->reading_count;
    }
    parser->read_abreast(parser, texts, values, lengths);
    uint32_t unread = 0;
    for (uint32_t i = 0; i < LINES_ABREAST; i++) {
        use_lane(records, i);
        records->row = i;
        unread |= (uint32_t)!read_part(records, &parts[i], lengths[i]) << i;
    }
    use_lane(records, 0);
    return unread;
}
