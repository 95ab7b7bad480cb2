/* blocks.c - see blocks.h. */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/base/memory.h"
#include "source_name.h"

#define BLOCK (1u << 20)

bool blocks_open(struct blocks *blocks, const char *path)
{
    *blocks = (struct blocks){.path = source_name(path)};
    if (!byte_source_open(&blocks->source, path))
        return false;
    pthread_mutex_init(&blocks->lock, NULL);
    return true;
}

void blocks_close(struct blocks *blocks)
{
    pthread_mutex_destroy(&blocks->lock);
    byte_source_close(&blocks->source);
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

static void take_whole_lines(struct blocks *blocks, struct block *block)
{
    size_t capacity = BLOCK, searched = 0, length = 0;
    reserve(block, blocks->rest_length > BLOCK ? blocks->rest_length : BLOCK);
    if (blocks->rest_length > 0)
        memcpy(block->text, blocks->rest, blocks->rest_length);
    block->length = blocks->rest_length;
    blocks->rest_length = 0;
    for (; length == 0; capacity *= 2) {
        fill(blocks, block, capacity);
        length = whole_lines(block, searched);
        if (blocks->at_end || (length == 0 && block->length >= LONGEST_LINE))
            length = block->length;
        if (blocks->at_end)
            break;
        searched = block->length;
    }
    keep_rest(blocks, block, length);
}

/* Into parts of about the same size. */
static void part_block(struct block *block, uint64_t number)
{
    const char *begin = block->text, *end = block->text + block->length;
    for (size_t i = 0; i < LINES_ABREAST; i++) {
        const char *stop = block->text + block->length / LINES_ABREAST * (i + 1);
        stop = stop > begin ? stop : begin;
        const char *newline =
            i + 1 < LINES_ABREAST ? memchr(stop, '\n', (size_t)(end - stop)) : NULL;
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

bool blocks_next(struct blocks *blocks, struct block *block)
{
    pthread_mutex_lock(&blocks->lock);
    bool more = !blocks->source.error[0] && !(blocks->at_end && blocks->rest_length == 0);
    if (more) {
        take_whole_lines(blocks, block);
        memset(block->text + block->length, 0, LINE_PADDING);
        block->ends_file = blocks->at_end && blocks->rest_length == 0;
        part_block(block, blocks->count);
        count_block(blocks);
    }
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
