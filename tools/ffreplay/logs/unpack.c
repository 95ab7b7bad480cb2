/* unpack.c - see unpack.h. */
#include "unpack.h"

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "compiler/base/memory.h"

#define GZIP_ONLY (15 + 16) /* zlib's windowBits: the widest window, in gzip's wrapping */

struct unpacker {
    enum packing packing;
    bool between;
    bool padded; /* zeros followed the last gzip stream, as padding of tapes and blocks */
    z_stream gzip;
    ZSTD_DStream *zstd;
};

struct unpacker *unpacker_open(enum packing packing)
{
    struct unpacker *unpacker = xcalloc(1, sizeof *unpacker);
    unpacker->packing = packing;
    bool opened = packing == PACKED_GZIP ? inflateInit2(&unpacker->gzip, GZIP_ONLY) == Z_OK
                                         : (unpacker->zstd = ZSTD_createDStream()) != NULL;
    if (!opened)
        abort(); /* no memory, as in xcalloc() */
    return unpacker;
}

void unpacker_close(struct unpacker *unpacker)
{
    if (!unpacker)
        return;
    if (unpacker->packing == PACKED_GZIP)
        inflateEnd(&unpacker->gzip);
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
    inflateReset(&unpacker->gzip);
    return NULL;
}

static unsigned at_most(size_t size)
{
    return size < 1u << 30 ? (unsigned)size : 1u << 30;
}

/* One step, which may consume no input: it first writes output that did not fit before. */
static const char *step_gzip(struct unpacker *unpacker, struct unpacking *data)
{
    z_stream *stream = &unpacker->gzip;
    if (unpacker->between) {
        const char *wrong = begin_next(unpacker, data);
        if (wrong || unpacker->between)
            return wrong;
    }
    stream->next_in = (Bytef *)(uintptr_t)data->in;
    stream->avail_in = at_most(data->in_size);
    stream->next_out = data->out;
    stream->avail_out = at_most(data->out_size);
    int status = inflate(stream, Z_NO_FLUSH);
    data->in_size -= (size_t)(stream->next_in - data->in);
    data->out_size -= (size_t)(stream->next_out - data->out);
    data->in = stream->next_in;
    data->out = stream->next_out;
    unpacker->between = status == Z_STREAM_END;
    if (status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR)
        return NULL;
    return stream->msg ? stream->msg : "not a gzip stream";
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
