/* blocks.c - see blocks.h. */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/base/memory.h"
#include "csv_record.h"
#include "line_parser.h"
#include "source_name.h"

#define BLOCK (1u << 20)

static const char padding[LINE_PADDING];

bool blocks_open(struct blocks *blocks, const char *path)
{
    *blocks = (struct blocks){.path = source_name(path)};
    if (!byte_source_open(&blocks->source, path))
        return false;
    pthread_mutex_init(&blocks->lock, NULL);
    pthread_cond_init(&blocks->changed, NULL);
    return true;
}

void blocks_close(struct blocks *blocks)
{
    pthread_cond_destroy(&blocks->changed);
    pthread_mutex_destroy(&blocks->lock);
    for (uint32_t i = 0; i < BLOCKS_AHEAD; i++) {
        block_release(&blocks->ready[i]);
        block_release(&blocks->spare[i]);
    }
    byte_source_close(&blocks->source);
    buffer_release(&blocks->carry);
    free(blocks->rest);
    free(blocks->line_counts);
}

size_t blocks_size(const struct blocks *blocks)
{
    struct stat status;
    bool plain =
        !blocks->source.packed && fstat(blocks->source.fd, &status) == 0 && S_ISREG(status.st_mode);
    return plain ? (size_t)status.st_size : SIZE_MAX;
}

void block_release(struct block *block)
{
    free(block->text);
    buffer_release(&block->before);
    *block = (struct block){0};
}

static void reserve(struct block *block, size_t capacity)
{
    if (block->capacity >= capacity)
        return;
    block->capacity = capacity;
    block->text = xrealloc(block->text, capacity + LINE_PADDING);
}

/* Reads up to `capacity`. A pipe may return less, so it reads until the block is full. */
static void fill(struct blocks *blocks, struct block *block, size_t capacity)
{
    reserve(block, capacity);
    while (!blocks->at_end && block->length < capacity) {
        size_t got = byte_source_read(&blocks->source, block->text + block->length,
                                      capacity - block->length);
        block->length += got;
        blocks->at_end = got == 0;
    }
}

/* Where the last whole line ends; 0 if there is none. */
static size_t whole_lines(const struct block *block, size_t searched)
{
    const char *newline = memrchr(block->text + searched, '\n', block->length - searched);
    return newline ? (size_t)(newline - block->text) + 1 : 0;
}

static void keep_rest(struct blocks *blocks, struct block *block, size_t length)
{
    size_t rest = block->length - length;
    if (blocks->rest_capacity < rest) {
        blocks->rest_capacity = rest * 2;
        blocks->rest = xrealloc(blocks->rest, blocks->rest_capacity);
    }
    if (rest > 0)
        memcpy(blocks->rest, block->text + length, rest);
    blocks->rest_length = rest;
    block->length = length;
}

/* Nobody parses a line that is longer than LONGEST_LINE, but where it is, and how long, is told. */
static void drop_rest_of_line(struct blocks *blocks, struct block *block)
{
    char *some = xcalloc(1, BLOCK);
    const char *newline = NULL;
    size_t got = 0;
    block->overlong = block->length;
    while (!newline && (got = byte_source_read(&blocks->source, some, BLOCK)) > 0) {
        newline = memchr(some, '\n', got);
        block->overlong += newline ? (size_t)(newline - some) : got;
    }
    blocks->at_end = got == 0;
    reserve(block, block->length + 1);
    if (newline) {
        block->text[block->length++] = '\n';
        struct block rest = {.text = some, .length = got};
        keep_rest(blocks, &rest, (size_t)(newline - some) + 1);
    }
    free(some);
}

static void take_whole_lines(struct blocks *blocks, struct block *block)
{
    size_t capacity = BLOCK, searched = 0, length = 0;
    block->overlong = 0;
    reserve(block, blocks->rest_length > BLOCK ? blocks->rest_length : BLOCK);
    if (blocks->rest_length > 0)
        memcpy(block->text, blocks->rest, blocks->rest_length);
    block->length = blocks->rest_length;
    blocks->rest_length = 0;
    for (; length == 0; capacity *= 2) {
        fill(blocks, block, capacity);
        length = whole_lines(block, searched);
        if (blocks->at_end)
            length = block->length;
        if (blocks->at_end)
            break;
        if (length == 0 && block->length >= LONGEST_LINE) {
            drop_rest_of_line(blocks, block);
            return;
        }
        searched = block->length;
    }
    keep_rest(blocks, block, length);
}

/* ----------------------------------------------------------------------------------- records -- */

/* How long a record is, without its line end. One that does not end within LONGEST_RECORD, or in
 * the file, has a quote left open by mistake: its line alone is taken, and the next may be valid.
 * `*is_whole`: more of the text would not change that. */
static size_t record_length(const struct blocks *blocks, const char *text, size_t length,
                            bool *is_whole)
{
    size_t most = length < LONGEST_RECORD ? length : LONGEST_RECORD;
    size_t end = csv_record_end(text, most, blocks->delimiter, blocks->comment);
    *is_whole = end != CSV_NO_END || most == LONGEST_RECORD;
    if (end != CSV_NO_END)
        return end;
    const char *newline = memchr(text, '\n', most);
    return newline ? (size_t)(newline - text) : most;
}

/* Where the records end that are whole, in a text that begins with one and has a quote. */
static size_t whole_records(const struct blocks *blocks, const struct block *block,
                            const char *quote)
{
    const char *text = block->text, *end = text + block->length;
    const char *newline = memrchr(text, '\n', (size_t)(quote - text));
    text = newline ? newline + 1 : text;
    while (text < end) {
        bool is_whole;
        size_t length = record_length(blocks, text, (size_t)(end - text), &is_whole);
        if (!is_whole)
            break;
        text += length;
        text += text < end && *text == '\n';
    }
    return (size_t)(text - block->text);
}

static void take_whole_records(struct blocks *blocks, struct block *block)
{
    reserve(block, BLOCK);
    if (blocks->rest_length > 0)
        memcpy(block->text, blocks->rest, blocks->rest_length);
    block->length = blocks->rest_length;
    blocks->rest_length = 0;
    fill(blocks, block, BLOCK);
    const char *quote = memchr(block->text, '"', block->length);
    size_t length = quote ? whole_records(blocks, block, quote) : whole_lines(block, 0);
    bool all = blocks->at_end || length == 0;
    block->in_order = quote != NULL;
    keep_rest(blocks, block, all ? block->length : length);
}

size_t block_take_piece(const struct blocks *blocks, const struct block *block,
                        struct block_part *part, bool *ended)
{
    const char *text = part->text;
    size_t left = (size_t)(part->end - text), length;
    uint64_t lines = 0;
    if (blocks->framing == FRAMING_CSV && block->in_order) {
        bool is_whole;
        length = record_length(blocks, text, left, &is_whole);
        for (const char *at = text; (at = memchr(at, '\n', (size_t)(text + length - at))); at++)
            lines++;
    } else {
        const char *newline = memchr(text, '\n', left);
        length = newline ? (size_t)(newline - text) : left;
    }
    *ended = length < left && text[length] == '\n';
    part->text = text + length + *ended;
    part->place.line += lines + *ended;
    return length;
}

/* ------------------------------------------------------------------------------------- parts -- */

/* Into parts of about the same size; where only the end of a record shows where the next begins,
 * into one. */
static void part_block(struct block *block, uint64_t number)
{
    const char *begin = block->text, *end = block->text + block->length;
    for (size_t i = 0; i < LINES_ABREAST; i++) {
        const char *stop = block->text + block->length / LINES_ABREAST * (i + 1);
        stop = stop > begin ? stop : begin;
        bool is_last = i + 1 == LINES_ABREAST || block->in_order;
        const char *newline = is_last ? NULL : memchr(stop, '\n', (size_t)(end - stop));
        stop = newline ? newline + 1 : end;
        block->parts[i] = (struct block_part){begin, stop, {number * LINES_ABREAST + i, 0}};
        begin = stop;
    }
}

static void count_block(struct blocks *blocks)
{
    uint64_t before = blocks->count++;
    if ((before & (before - 1)) == 0)
        blocks->line_counts = xrealloc(blocks->line_counts, (before * 2 + 1) * LINES_ABREAST *
                                                                sizeof *blocks->line_counts);
}

static void look_ahead(struct blocks *blocks, struct block *block)
{
    block->before.length = 0;
    buffer_append(&block->before, blocks->carry.bytes, blocks->carry.length);
    buffer_append(&block->before, padding, sizeof padding);
    block->before.length -= sizeof padding;
    block->in_order =
        blocks->scout->look_ahead(blocks->scout, block->text, block->length, &blocks->carry);
}

/* By one thread at a time. False: there is none. */
static bool read_block(struct blocks *blocks, struct block *block)
{
    if (blocks->source.error[0] || (blocks->at_end && blocks->rest_length == 0))
        return false;
    if (blocks->framing == FRAMING_CSV)
        take_whole_records(blocks, block);
    else
        take_whole_lines(blocks, block);
    memset(block->text + block->length, 0, LINE_PADDING);
    if (blocks->scout)
        look_ahead(blocks, block);
    block->ends_file = blocks->at_end && blocks->rest_length == 0;
    return true;
}

/* With the lock. */
static void number_block(struct blocks *blocks, struct block *block)
{
    part_block(block, blocks->count);
    count_block(blocks);
}

void blocks_share(struct blocks *blocks)
{
    blocks->is_shared = blocks->source.packed != NULL;
}

/* ------------------------------------------------------------------------------------- ahead -- */

/* With the lock, which is let go in between. */
static void unpack_ahead(struct blocks *blocks)
{
    while (!blocks->ended && blocks->ready_count < BLOCKS_AHEAD) {
        struct block block = {0};
        if (blocks->spare_count > 0)
            block = blocks->spare[--blocks->spare_count];
        blocks->spare[blocks->spare_count] = (struct block){0};
        pthread_mutex_unlock(&blocks->lock);
        bool more = read_block(blocks, &block);
        pthread_mutex_lock(&blocks->lock);
        if (more) {
            number_block(blocks, &block);
            blocks->ready[blocks->ready_count++] = block;
        } else {
            block_release(&block);
        }
        blocks->ended = !more;
        pthread_cond_broadcast(&blocks->changed);
    }
}

/* Exchanges the block for the first that is ready. */
static void take_ready(struct blocks *blocks, struct block *block)
{
    struct block used = *block;
    *block = blocks->ready[0];
    blocks->ready_count--;
    memmove(blocks->ready, blocks->ready + 1, blocks->ready_count * sizeof *blocks->ready);
    blocks->ready[blocks->ready_count] = (struct block){0};
    if (blocks->spare_count < BLOCKS_AHEAD)
        blocks->spare[blocks->spare_count++] = used;
    else
        block_release(&used);
}

static bool next_ready(struct blocks *blocks, struct block *block, uint32_t thread)
{
    pthread_mutex_lock(&blocks->lock);
    if (thread == 0)
        unpack_ahead(blocks);
    while (blocks->ready_count == 0 && !blocks->ended)
        pthread_cond_wait(&blocks->changed, &blocks->lock);
    bool more = blocks->ready_count > 0;
    if (more)
        take_ready(blocks, block);
    pthread_mutex_unlock(&blocks->lock);
    return more;
}

bool blocks_next(struct blocks *blocks, struct block *block, uint32_t thread)
{
    if (blocks->is_shared)
        return next_ready(blocks, block, thread);
    pthread_mutex_lock(&blocks->lock);
    bool more = read_block(blocks, block);
    if (more)
        number_block(blocks, block);
    pthread_mutex_unlock(&blocks->lock);
    return more;
}

void blocks_note_lines(struct blocks *blocks, const struct block *block)
{
    pthread_mutex_lock(&blocks->lock);
    for (size_t i = 0; i < LINES_ABREAST; i++)
        blocks->line_counts[block->parts[i].place.part] = block->parts[i].place.line;
    pthread_mutex_unlock(&blocks->lock);
}

uint64_t blocks_line_number(const struct blocks *blocks, struct place place)
{
    uint64_t number = place.line + 1;
    for (uint64_t i = 0; i < place.part; i++)
        number += blocks->line_counts[i];
    return number;
}
