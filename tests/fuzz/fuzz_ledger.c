/*
 * fuzz_ledger.c - any bytes as a ledger: `ffreplay history` finds its lines and rollouts, or says
 * that they are none.
 */
#include "compiler/base/memory.h"
#include "tools/ffreplay/history/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
    struct arena arena;
    struct recorded *records;
    size_t count;
};

static void read_lines(struct reading *reading, const struct buffer *ledger)
{
    struct ledger_line line;
    for (size_t at = 0; ledger_next(ledger, &at, &line);) {
        struct recorded record;
        char hash[LEDGER_HASH];
        ledger_hash(&line, hash);
        if (record_parse(&record, &line))
            *ARENA_APPEND(&reading->arena, reading->records, reading->count) = record;
        else
            json_decref(record.json);
    }
}

static void write_all(struct reading *reading)
{
    struct buffer out = {0};
    const struct page page = {.arena = &reading->arena, .out = &out, .width = 80};
    struct rollouts_wish wish = {.most = 8};
    for (size_t i = 0; i < reading->count; i++) {
        history_write_record(&page, reading->records, reading->count, i);
        record_is_about(&reading->records[i], "a", "production");
    }
    history_write_rollouts(&page, reading->records, reading->count, &wish);
    wish.json = true;
    history_write_rollouts(&page, reading->records, reading->count, &wish);
    buffer_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading reading = {0};
    struct buffer ledger = {0};
    buffer_append(&ledger, (const char *)data, size);
    read_lines(&reading, &ledger);
    write_all(&reading);
    for (size_t i = 0; i < reading.count; i++)
        json_decref(reading.records[i].json);
    arena_release(&reading.arena);
    buffer_release(&ledger);
    return 0;
}
