/* row.c - see row.h. */
#include "row.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/calendar.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/base/memory.h"
#include "compiler/statistics/exact_sum_text.h"

/* ----------------------------------------------------------------------------------- writing -- */

static void put(json_t *row, const char *field, json_t *value)
{
    if (!value || json_object_set_new(row, field, value) != 0)
        out_of_memory();
}

void row_put_count(json_t *row, const char *field, uint64_t count)
{
    if (count > 0)
        put(row, field, json_integer((json_int_t)count));
}

void row_put_time(json_t *row, const char *field, int64_t time)
{
    if (time != INT64_MIN && time != INT64_MAX)
        put(row, field, json_integer(time));
}

void row_put_truth(json_t *row, const char *field, bool truth)
{
    if (truth)
        put(row, field, json_integer(1));
}

/* What is no UTF-8 has been replaced before: a field's value is shown by terminal_copy(). */
void row_put_text(json_t *row, const char *field, const char *text)
{
    json_t *value = json_string(text);
    put(row, field, value ? value : json_string("?"));
}

void row_put_number(json_t *row, const char *field, double number)
{
    struct buffer text = {0};
    json_write_number(&text, number);
    row_put_text(row, field, text.bytes);
    buffer_release(&text);
}

void row_put_sum(json_t *row, const char *field, const struct exact_sum *sum)
{
    struct buffer text = {0};
    exact_sum_write(sum, &text);
    if (strcmp(text.bytes, "0") != 0)
        row_put_text(row, field, text.bytes);
    buffer_release(&text);
}

bool wide_fits(__int128 number)
{
    const __int128 limit = (__int128)1 << 126;
    return number < limit && number > -limit;
}

void row_put_wide(json_t *row, const char *field, __int128 number)
{
    char digits[48], *at = digits + sizeof digits;
    unsigned __int128 left = number < 0 ? -(unsigned __int128)number : (unsigned __int128)number;
    if (number == 0)
        return;
    *--at = '\0';
    for (; left > 0; left /= 10)
        *--at = (char)('0' + (int)(left % 10));
    if (number < 0)
        *--at = '-';
    row_put_text(row, field, at);
}

void row_put_digest(json_t *row, const char *field, const struct input_digest *digest)
{
    char hex[INPUT_DIGEST_TEXT];
    input_digest_text(digest, hex);
    if (digest->low || digest->high)
        row_put_text(row, field, hex);
}

void row_put_row(json_t *row, const char *field, json_t *inner)
{
    if (inner && json_object_size(inner) == 0)
        json_decref(inner);
    else
        put(row, field, inner);
}

static void put_side(json_t *row, const char *field, const struct sketch_side *side)
{
    json_t *buckets = json_object();
    for (uint32_t i = 0; i < side->size; i++) {
        char bucket[16];
        snprintf(bucket, sizeof bucket, "%" PRIu32, side->first + i);
        row_put_count(buckets, bucket, side->counts[i]);
    }
    row_put_row(row, field, buckets);
}

void row_put_sketch(json_t *row, const char *field, const struct sketch *sketch)
{
    if (sketch->count == 0)
        return;
    json_t *inner = json_object();
    put(inner, "bits", json_integer(sketch->bits));
    row_put_count(inner, "zeros", sketch->zeros);
    put_side(inner, "positive", &sketch->positive);
    put_side(inner, "negative", &sketch->negative);
    row_put_row(row, field, inner);
}

void row_put_slices(json_t *row, const char *field, const struct slices *slices)
{
    if (slices->first > slices->last)
        return;
    json_t *inner = json_object(), *items = json_object();
    for (int64_t i = slices->first; i <= slices->last; i++) {
        const struct slice *slice = &slices->items[i & (SLICES_MOST - 1)];
        char stretch[24];
        snprintf(stretch, sizeof stretch, "%" PRId64, i);
        if (slice->n > 0)
            put(items, stretch, json_pack("[II]", (json_int_t)slice->n, (json_int_t)slice->events));
    }
    put(inner, "doublings", json_integer(slices->doublings));
    put(inner, "items", items);
    row_put_row(row, field, inner);
}

void row_put_traffic(json_t *row, const char *field, const struct traffic *traffic)
{
    if (traffic->count == 0)
        return;
    json_t *inner = json_object(), *bins = json_array();
    for (uint32_t i = 0; i < traffic->count; i++) {
        const struct traffic_bin *bin = &traffic->bins[i];
        json_t *one = json_pack("[III]", (json_int_t)bin->first, (json_int_t)bin->last,
                                (json_int_t)bin->lines);
        if (!one || json_array_append_new(bins, one) != 0)
            out_of_memory();
    }
    put(inner, "shift", json_integer(traffic->shift));
    put(inner, "bins", bins);
    row_put_row(row, field, inner);
}

/* ----------------------------------------------------------------------------------- reading -- */

struct row_reader row_reader(const json_t *row, char fault[ROW_FAULT])
{
    return (struct row_reader){.row = row, .fault = fault};
}

bool row_is_sound(const struct row_reader *reader)
{
    return !*reader->fault;
}

void row_fault(struct row_reader *reader, const char *format, ...)
{
    if (*reader->fault)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->fault, ROW_FAULT, format, arguments);
    va_end(arguments);
}

bool row_end(struct row_reader *reader)
{
    if (reader->row && json_object_size(reader->row) > reader->known)
        row_fault(reader, "it has a field that this version does not know there");
    return row_is_sound(reader);
}

bool row_has(const struct row_reader *reader, const char *field)
{
    return json_object_get(reader->row, field) != NULL;
}

static const json_t *get(struct row_reader *reader, const char *field)
{
    const json_t *value = json_object_get(reader->row, field);
    reader->known += value != NULL;
    return value;
}

bool json_count(const json_t *value, uint64_t *count)
{
    json_int_t number = json_integer_value(value);
    *count = (uint64_t)number;
    return json_is_integer(value) && number > 0 && number <= MOST_COUNTED;
}

bool json_time(const json_t *value, int64_t *time)
{
    *time = json_integer_value(value);
    return json_is_integer(value) && *time >= -TIME_MOST && *time <= TIME_MOST;
}

bool json_wide(const json_t *value, __int128 *number)
{
    const char *text = json_string_value(value);
    bool negative = text && *text == '-';
    const char *digits = text ? text + negative : "";
    *number = 0;
    if (!*digits || strlen(digits) > 38 || strspn(digits, "0123456789") != strlen(digits) ||
        (*digits == '0' && digits[1]))
        return false;
    for (; *digits; digits++)
        *number = *number * 10 + (*digits - '0');
    *number = negative ? -*number : *number;
    return wide_fits(*number);
}

__int128 row_wide(struct row_reader *reader, const char *field)
{
    __int128 number = 0;
    const json_t *value = get(reader, field);
    if (value && !json_wide(value, &number))
        row_fault(reader, "'%s' is not an integer of so many digits", field);
    return number;
}

uint64_t row_count(struct row_reader *reader, const char *field)
{
    uint64_t count = 0;
    const json_t *value = get(reader, field);
    if (value && !json_count(value, &count)) {
        row_fault(reader, "'%s' is not a count", field);
        return 0;
    }
    return value ? count : 0;
}

int64_t row_time(struct row_reader *reader, const char *field, int64_t none)
{
    int64_t time;
    const json_t *value = get(reader, field);
    if (!value)
        return none;
    if (!json_time(value, &time))
        row_fault(reader, "'%s' is not a time in milliseconds", field);
    return time;
}

int64_t row_width(struct row_reader *reader, const char *field)
{
    const json_t *value = get(reader, field);
    int64_t width = json_integer_value(value);
    if (!value)
        return 0;
    if (!json_is_integer(value) || width < 1 || width > INT64_MAX / 4) {
        row_fault(reader, "'%s' is no width", field);
        return 0;
    }
    return width;
}

bool row_truth(struct row_reader *reader, const char *field)
{
    uint64_t count = row_count(reader, field);
    if (count > 1)
        row_fault(reader, "'%s' is not 1", field);
    return count == 1;
}

const char *row_text(struct row_reader *reader, const char *field)
{
    const json_t *value = get(reader, field);
    if (value && !json_is_string(value))
        row_fault(reader, "'%s' is not a text", field);
    return json_string_value(value);
}

double row_number(struct row_reader *reader, const char *field)
{
    const char *text = row_text(reader, field);
    char *end = NULL;
    double number = text ? strtod(text, &end) : 0;
    if (text && (end == text || *end || !isfinite(number) || strlen(text) > 32))
        row_fault(reader, "'%s' is not a number", field);
    return number;
}

void row_sum(struct row_reader *reader, const char *field, struct exact_sum *sum)
{
    const char *text = row_text(reader, field);
    if (text && !exact_sum_read(sum, text, strlen(text)))
        row_fault(reader, "'%s' is not an exact sum", field);
}

bool unit_from_text(const char *hex, struct unit_hash *unit)
{
    char half[17] = "";
    if (strlen(hex) != UNIT_TEXT - 1 || strspn(hex, "0123456789abcdef") != UNIT_TEXT - 1)
        return false;
    memcpy(half, hex, 16);
    unit->high = strtoull(half, NULL, 16);
    unit->low = strtoull(hex + 16, NULL, 16);
    return true;
}

void unit_text(struct unit_hash unit, char hex[UNIT_TEXT])
{
    snprintf(hex, UNIT_TEXT, "%016" PRIx64 "%016" PRIx64, unit.high, unit.low);
}

void row_digest(struct row_reader *reader, const char *field, struct input_digest *digest)
{
    struct unit_hash sum = {0, 0};
    const char *text = row_text(reader, field);
    if (text && !unit_from_text(text, &sum))
        row_fault(reader, "'%s' is not a digest", field);
    *digest = (struct input_digest){sum.low, sum.high};
}

bool text_integer(const char *text, int64_t *number)
{
    char again[24];
    errno = 0;
    *number = strtoll(text, NULL, 10);
    snprintf(again, sizeof again, "%" PRId64, *number);
    return errno == 0 && strcmp(again, text) == 0;
}

struct row_reader row_inner(struct row_reader *reader, const char *field)
{
    const json_t *value = get(reader, field);
    if (value && !json_is_object(value))
        row_fault(reader, "'%s' is not an object", field);
    return row_reader(json_is_object(value) ? value : NULL, reader->fault);
}

const json_t *row_named(struct row_reader *reader, const char *field)
{
    return row_inner(reader, field).row;
}

/* Buckets of a sketch of so many bits: the upper bits of doubles that are finite. */
static void read_side(struct row_reader *reader, const char *field, struct sketch *sketch,
                      struct sketch_side *side)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)row_named(reader, field), name, value)
    {
        int64_t bucket;
        uint64_t count;
        if (!text_integer(name, &bucket) || bucket < 0 ||
            bucket >= INT64_C(0x7ff) << sketch->bits || !json_count(value, &count)) {
            row_fault(reader, "'%s' has a bucket that is none", field);
            return;
        }
        sketch_reserve(side, (uint32_t)bucket);
        side->counts[(uint32_t)bucket - side->first] += count;
        sketch->count += count;
    }
}

void row_sketch(struct row_reader *reader, const char *field, struct sketch *sketch)
{
    if (!row_has(reader, field))
        return;
    struct row_reader inner = row_inner(reader, field);
    int64_t bits = row_time(&inner, "bits", -1);
    if (bits != (int64_t)sketch->bits)
        row_fault(reader, "'%s' is of another accuracy", field);
    sketch->zeros = row_count(&inner, "zeros");
    sketch->count += sketch->zeros;
    if (!row_is_sound(reader))
        return;
    read_side(&inner, "positive", sketch, &sketch->positive);
    read_side(&inner, "negative", sketch, &sketch->negative);
    row_end(&inner);
}

static bool pair_of(const json_t *value, uint64_t *n, uint64_t *events)
{
    *events = (uint64_t)json_integer_value(json_array_get(value, 1));
    return json_array_size(value) == 2 && json_count(json_array_get(value, 0), n) &&
           json_is_integer(json_array_get(value, 1)) && *events <= *n;
}

static void read_stretches(struct row_reader *reader, const char *field, struct slices *slices)
{
    const char *name;
    json_t *value;
    json_t *items = (json_t *)(uintptr_t)row_named(reader, "items");
    json_object_foreach(items, name, value)
    {
        int64_t at, least = INT64_MIN >> (SLICE_BITS + slices->doublings);
        if (!text_integer(name, &at) || at < least || at > -1 - least) {
            row_fault(reader, "'%s' has a stretch of time that is none", field);
            return;
        }
        slices->first = at < slices->first ? at : slices->first;
        slices->last = at > slices->last ? at : slices->last;
    }
    if (slices->first > slices->last ||
        (uint64_t)slices->last - (uint64_t)slices->first >= SLICES_MOST) {
        row_fault(reader, "'%s' is not of %d stretches of time at most", field, SLICES_MOST);
        return;
    }
    json_object_foreach(items, name, value)
    {
        int64_t at = 0;
        (void)text_integer(name, &at);
        struct slice *slice = &slices->items[at & (SLICES_MOST - 1)];
        if (!pair_of(value, &slice->n, &slice->events))
            row_fault(reader, "'%s' has counts that are none", field);
    }
}

void row_slices(struct row_reader *reader, const char *field, struct slices *slices)
{
    if (!row_has(reader, field))
        return;
    struct row_reader inner = row_inner(reader, field);
    int64_t doublings = row_time(&inner, "doublings", -1);
    if (doublings < 0 || doublings > 62 - SLICE_BITS)
        row_fault(reader, "'%s' is of stretches of time of no width", field);
    if (!row_is_sound(reader))
        return;
    slices->doublings = (unsigned)doublings;
    read_stretches(&inner, field, slices);
    row_end(&inner);
}

static bool read_bin(const json_t *value, unsigned shift, struct traffic_bin *bin)
{
    bool sound = json_array_size(value) == 3 && json_time(json_array_get(value, 0), &bin->first) &&
                 json_time(json_array_get(value, 1), &bin->last) &&
                 json_count(json_array_get(value, 2), &bin->lines) && bin->first <= bin->last;
    bin->place = bin->first >> shift;
    return sound && bin->last >> shift == bin->place;
}

void row_traffic(struct row_reader *reader, const char *field, struct traffic *traffic)
{
    if (!row_has(reader, field))
        return;
    struct row_reader inner = row_inner(reader, field);
    int64_t shift = row_time(&inner, "shift", -1);
    const json_t *bins = get(&inner, "bins");
    if (shift < 10 || shift > 62 || json_array_size(bins) == 0)
        row_fault(reader, "'%s' is not of bins of time", field);
    if (!row_end(&inner))
        return;
    struct traffic read = {.shift = (unsigned)shift};
    read.capacity = (uint32_t)json_array_size(bins);
    read.bins = xcalloc(read.capacity, sizeof *read.bins);
    for (; read.count < read.capacity; read.count++) {
        struct traffic_bin *bin = &read.bins[read.count];
        if (!read_bin(json_array_get(bins, read.count), read.shift, bin) ||
            (read.count > 0 && bin->place <= bin[-1].place))
            row_fault(reader, "'%s' has a bin of time that is none", field);
    }
    if (row_is_sound(reader))
        traffic_join(traffic, &read);
    traffic_release(&read);
}
