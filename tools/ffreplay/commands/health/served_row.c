/* served_row.c - see served_row.h. */
#include "served_row.h"

#include <inttypes.h>
#include <stdio.h>

#include "compiler/base/escape.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/aggregate/row.h"
#include "tools/ffreplay/canary/analysis_row.h"

static void put_numbered(json_t *row, const char *field, const uint64_t *counts, uint32_t count)
{
    json_t *inner = json_object();
    for (uint32_t i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%" PRIu32, i);
        row_put_count(inner, name, counts[i]);
    }
    row_put_row(row, field, inner);
}

static void read_numbered(struct row_reader *reader, const char *field, uint64_t *counts,
                          uint32_t count)
{
    struct row_reader inner = row_inner(reader, field);
    for (uint32_t i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%" PRIu32, i);
        counts[i] = row_count(&inner, name);
    }
    row_end(&inner);
}

static void key_of_flag(struct buffer *key, const struct served_counts *counted)
{
    KEY(key, "health", counted->variants->flag->name.text);
}

void served_counts_put(struct served_counts *counted, struct rows *rows)
{
    struct buffer key = {0};
    json_t *row = json_object();
    row_put_digest(row, "digest", &counted->digest);
    put_numbered(row, "variants", counted->lines, UNIT_GROUPS);
    put_numbered(row, "reasons", counted->reasons, REASONS);
    variants_seen_put(row, &counted->seen, counted->variants->targeting->variant_count);
    unit_shares_put(row, "shares", &counted->shares);
    unit_shares_put(row, "divided", &counted->divided);
    unknown_variants_put(row, &counted->unknown);
    origins_put(row, &counted->origins);
    row_put_count(row, "in_transition", counted->in_transition);
    row_put_count(row, "of_gone", counted->of_gone);
    row_put_count(row, "divided_otherwise", counted->divided_otherwise);
    key_of_flag(&key, counted);
    rows_add(rows, key.bytes, row);
    buffer_release(&key);
}

static void read(struct row_reader *reader, struct served_counts *counted)
{
    row_digest(reader, "digest", &counted->digest);
    read_numbered(reader, "variants", counted->lines, UNIT_GROUPS);
    read_numbered(reader, "reasons", counted->reasons, REASONS);
    variants_seen_read(reader, &counted->seen, counted->variants->targeting->variant_count);
    unit_shares_read(reader, "shares", &counted->shares);
    unit_shares_read(reader, "divided", &counted->divided);
    unknown_variants_read(reader, &counted->unknown);
    origins_read(reader, &counted->origins);
    counted->in_transition = row_count(reader, "in_transition");
    counted->of_gone = row_count(reader, "of_gone");
    counted->divided_otherwise = row_count(reader, "divided_otherwise");
    row_end(reader);
}

bool served_counts_read_rows(struct served_counts *counted, const struct rows *rows,
                             struct buffer *error)
{
    char fault[ROW_FAULT] = "";
    struct buffer key = {0};
    key_of_flag(&key, counted);
    struct row_reader reader = row_reader(rows_find(rows, key.bytes), fault);
    if (reader.row)
        read(&reader, counted);
    if (!reader.row)
        terminal_format(error, "these aggregates are not of flag '%s'",
                        counted->variants->flag->name.text);
    else if (*fault)
        terminal_format(error, "the aggregates' row '%s' cannot be used: %s", key.bytes, fault);
    buffer_release(&key);
    return error->length == 0;
}
