/*
 * fuzz_rpc.c - any bytes from an editor or an assistant: each message is answered or skipped, and
 * which ones there are does not depend on how the bytes arrive.
 *
 * The first byte chooses the form: odd, headers; even, lines.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/rpc/frames.h"
#include "compiler/rpc/rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What frames there are, as text, of bytes that arrive so many at a time. */
static void append_frames(const char *bytes, size_t length, size_t step, bool lines,
                          struct buffer *out)
{
    struct frames frames = {.taken = 0};
    struct frame frame;
    for (size_t at = 0; at < length; at += step) {
        frames_add(&frames, bytes + at, length - at < step ? length - at : step);
        while (frames_next(&frames, lines, &frame)) {
            bool is_message = frame.kind == FRAME_MESSAGE;
            buffer_format(out, "%d %zu:", (int)frame.kind, is_message ? frame.length : 0);
            if (is_message)
                buffer_append(out, frame.text, frame.length);
        }
    }
    frames_release(&frames);
}

static void check_frames(const char *bytes, size_t length, bool lines)
{
    struct buffer whole = {0}, pieces = {0};
    append_frames(bytes, length, length + 1, lines, &whole);
    for (size_t step = 1; step <= 7; step += 3) {
        append_frames(bytes, length, step, lines, &pieces);
        if (whole.length != pieces.length ||
            (whole.length > 0 && memcmp(whole.bytes, pieces.bytes, whole.length) != 0))
            abort();
        buffer_release(&pieces);
    }
    buffer_release(&whole);
}

/* Each request is answered with its parameters. */
static void serve(int in, int out, bool lines)
{
    static const struct rpc_style editor = {RPC_HEADERS, "$/cancelRequest", "id", true};
    static const struct rpc_style assistant = {RPC_LINES, "notifications/cancelled", "requestId",
                                               false};
    struct rpc *rpc = rpc_open(in, out, lines ? &assistant : &editor);
    for (struct rpc_message message; rpc_next(rpc, &message, NULL, 0, -1) == RPC_MESSAGE;
         rpc_done(&message)) {
        struct buffer result = {0};
        char *text = message.params ? json_dumps(message.params, JSON_COMPACT) : NULL;
        if (!message.method || (message.params && !text))
            abort();
        buffer_append_text(&result, text ? text : "{}");
        if (!message.id)
            rpc_notify(rpc, message.method, &result);
        else if (rpc_is_cancelled(rpc, message.id))
            rpc_fail(rpc, message.id, RPC_CANCELLED, message.method);
        else
            rpc_answer(rpc, message.id, &result);
        buffer_release(&result);
        free(text);
    }
    rpc_finish(rpc);
    rpc_close(rpc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *bytes = (const char *)data + 1;
    bool lines = data[0] % 2 == 0;
    check_frames(bytes, size - 1, lines);
    int in = memfd_create("fuzz-rpc", MFD_CLOEXEC), out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (in >= 0 && out >= 0 && write(in, bytes, size - 1) == (ssize_t)size - 1 &&
        lseek(in, 0, SEEK_SET) == 0)
        serve(in, out, lines);
    close(in);
    close(out);
    return 0;
}
