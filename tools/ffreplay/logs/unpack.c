/* unpack.c - see unpack.h. */
#include "unpack.h"

#include <isa-l/igzip_lib.h>
#include <stdint.h>
#include <stdlib.h>
#include <zstd.h>

#include "compiler/base/memory.h"

/* It looks back at what it wrote, which is faster in less memory than the caches of a processor. */
#define GZIP_AT_ONCE (128u << 10)

struct unpacker {
    enum packing packing;
    bool between;
    bool padded; /* zeros followed the last gzip stream, as padding of tapes and blocks */
    struct inflate_state *gzip;
    ZSTD_DStream *zstd;
};

static void open_gzip(struct unpacker *unpacker)
{
    unpacker->gzip = xcalloc(1, sizeof *unpacker->gzip);
    isal_inflate_init(unpacker->gzip);
    unpacker->gzip->crc_flag = ISAL_GZIP;
}

static void open_zstd(struct unpacker *unpacker)
{
    unpacker->zstd = ZSTD_createDStream();
    if (!unpacker->zstd)
        out_of_memory();
}

struct unpacker *unpacker_open(enum packing packing)
{
    struct unpacker *unpacker = xcalloc(1, sizeof *unpacker);
    unpacker->packing = packing;
    if (packing == PACKED_GZIP)
        open_gzip(unpacker);
    else
        open_zstd(unpacker);
    return unpacker;
}

void unpacker_close(struct unpacker *unpacker)
{
    if (!unpacker)
        return;
    free(unpacker->gzip);
    ZSTD_freeDStream(unpacker->zstd);
    free(unpacker);
}

bool unpacker_is_between(const struct unpacker *unpacker)
{
    return unpacker->between;
}

/* A stream may be followed by another one, or by zeros up to the end. */
static const char *begin_next(struct unpacker *unpacker, struct unpacking *data)
{
    while (data->in_size > 0 && *data->in == 0) {
        unpacker->padded = true;
        data->in++;
        data->in_size--;
    }
    if (data->in_size == 0)
        return NULL;
    if (unpacker->padded || *data->in != 0x1f)
        return "something else follows the gzip stream";
    unpacker->between = false;
    isal_inflate_reset(unpacker->gzip);
    unpacker->gzip->crc_flag = ISAL_GZIP;
    return NULL;
}

static uint32_t at_most(size_t size, uint32_t most)
{
    return size < most ? (uint32_t)size : most;
}

static const char *gzip_problem(int status)
{
    switch (status) {
    case ISAL_INVALID_WRAPPER:
        return "not a gzip stream";
    case ISAL_UNSUPPORTED_METHOD:
        return "it is packed by another method than gzip's";
    case ISAL_INCORRECT_CHECKSUM:
        return "incorrect checksum";
    case ISAL_INVALID_BLOCK:
        return "invalid block";
    case ISAL_INVALID_SYMBOL:
        return "invalid code";
    case ISAL_INVALID_LOOKBACK:
        return "a distance beyond the beginning";
    default:
        return "not a gzip stream";
    }
}

/* One step, which may consume no input: it first writes output that did not fit before. */
static const char *step_gzip(struct unpacker *unpacker, struct unpacking *data)
{
    struct inflate_state *stream = unpacker->gzip;
    if (unpacker->between) {
        const char *wrong = begin_next(unpacker, data);
        if (wrong || unpacker->between)
            return wrong;
    }
    stream->next_in = (uint8_t *)(uintptr_t)data->in;
    stream->avail_in = at_most(data->in_size, 1u << 30);
    stream->next_out = data->out;
    stream->avail_out = at_most(data->out_size, GZIP_AT_ONCE);
    int status = isal_inflate(stream);
    data->in_size -= (size_t)(stream->next_in - data->in);
    data->out_size -= (size_t)(stream->next_out - data->out);
    data->in = stream->next_in;
    data->out = stream->next_out;
    unpacker->between = status == ISAL_DECOMP_OK && stream->block_state == ISAL_BLOCK_FINISH;
    return status < 0 ? gzip_problem(status) : NULL;
}

static const char *step_zstd(struct unpacker *unpacker, struct unpacking *data)
{
    ZSTD_inBuffer in = {data->in, data->in_size, 0};
    ZSTD_outBuffer out = {data->out, data->out_size, 0};
    size_t status = ZSTD_decompressStream(unpacker->zstd, &out, &in);
    if (ZSTD_isError(status))
        return ZSTD_getErrorName(status);
    /* Without any progress, the status is about a stream that has not begun. */
    if (in.pos > 0 || out.pos > 0)
        unpacker->between = status == 0;
    data->in += in.pos;
    data->in_size -= in.pos;
    data->out += out.pos;
    data->out_size -= out.pos;
    return NULL;
}

const char *unpack(struct unpacker *unpacker, struct unpacking *data)
{
    while (data->out_size > 0) {
        size_t in_size = data->in_size, out_size = data->out_size;
        const char *wrong = unpacker->packing == PACKED_GZIP ? step_gzip(unpacker, data)
                                                             : step_zstd(unpacker, data);
        if (wrong)
            return wrong;
        if (data->in_size == in_size && data->out_size == out_size)
            return NULL;
    }
    return NULL;
}
