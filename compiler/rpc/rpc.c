/* rpc.c - see rpc.h. frames.c finds where messages begin and end. */
#include "rpc.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/base/memory.h"
#include "frames.h"

#define MOST_QUEUED   (64u << 20) /* bytes of messages that wait for their turn */
#define MOST_UNSENT   (64u << 20) /* bytes; beyond, nothing more is read */
#define MOST_VALUES   (1u << 20)  /* of one message: each takes many times its bytes */
#define ONE_WRITE     4096u       /* a pipe that is ready takes so many without waiting */
#define LAST_SECONDS  2
#define MOST_ATTEMPTS 64u /* to read, before what has come is looked at */

struct queued {
    json_t *json;
    size_t bytes;
    bool cancelled;
};

struct rpc {
    int in, out;
    struct rpc_style style;
    struct frames frames;
    struct queued *queue;
    size_t first, count, capacity, queued_bytes;
    struct buffer unsent;
    size_t sent; /* of `unsent` */
    bool ended;  /* nothing more comes */
    bool deaf;   /* nothing can be written any more */
};

struct rpc *rpc_open(int in, int out, const struct rpc_style *style)
{
    struct rpc *rpc = xcalloc(1, sizeof *rpc);
    *rpc = (struct rpc){.in = in, .out = out, .style = *style};
    signal(SIGPIPE, SIG_IGN);
    return rpc;
}

void rpc_close(struct rpc *rpc)
{
    for (size_t i = 0; i < rpc->count; i++)
        json_decref(rpc->queue[rpc->first + i].json);
    free(rpc->queue);
    frames_release(&rpc->frames);
    buffer_release(&rpc->unsent);
    free(rpc);
}

void rpc_done(struct rpc_message *message)
{
    json_decref(message->whole);
    *message = (struct rpc_message){.whole = NULL};
}

/* ----------------------------------------------------------------------------------- sending -- */

/* What can be written without waiting. */
static void flush(struct rpc *rpc)
{
    while (!rpc->deaf && rpc->sent < rpc->unsent.length) {
        const char *bytes = rpc->unsent.bytes + rpc->sent;
        size_t left = rpc->unsent.length - rpc->sent;
        ssize_t wrote = send(rpc->out, bytes, left, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (wrote < 0 && errno == ENOTSOCK) {
            struct pollfd ready = {.fd = rpc->out, .events = POLLOUT};
            if (poll(&ready, 1, 0) <= 0)
                return;
            wrote = write(rpc->out, bytes, left < ONE_WRITE ? left : ONE_WRITE);
        }
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (wrote < 0)
            rpc->deaf = true;
        else
            rpc->sent += (size_t)wrote;
    }
    if (rpc->deaf || rpc->sent == rpc->unsent.length) {
        buffer_release(&rpc->unsent);
        rpc->sent = 0;
    }
}

static void put(struct rpc *rpc, struct buffer *message)
{
    if (!rpc->deaf) {
        if (rpc->style.framing == RPC_HEADERS)
            buffer_format(&rpc->unsent, "Content-Length: %zu\r\n\r\n", message->length);
        else
            buffer_append_text(message, "\n");
        buffer_append(&rpc->unsent, message->bytes, message->length);
    }
    buffer_release(message);
    flush(rpc);
}

static void put_id(struct buffer *out, const json_t *id)
{
    char *text = id ? json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    json_write_key(out, "id");
    buffer_append_text(out, text ? text : "null");
    free(text);
}

static void begin(struct buffer *out)
{
    buffer_append_text(out, "{\"jsonrpc\":\"2.0\"");
}

void rpc_answer(struct rpc *rpc, const json_t *id, struct buffer *result)
{
    struct buffer message = {0};
    begin(&message);
    put_id(&message, id);
    json_write_key(&message, "result");
    buffer_append_text(&message, result->length ? result->bytes : "null");
    buffer_append_text(&message, "}");
    buffer_release(result);
    put(rpc, &message);
}

void rpc_fail(struct rpc *rpc, const json_t *id, enum rpc_error error, const char *why)
{
    struct buffer message = {0};
    begin(&message);
    put_id(&message, id);
    field_object(&message, "error");
    field_integer(&message, "code", error);
    field_text(&message, "message", why);
    buffer_append_text(&message, "}}");
    put(rpc, &message);
}

void rpc_notify(struct rpc *rpc, const char *method, struct buffer *params)
{
    struct buffer message = {0};
    begin(&message);
    field_text(&message, "method", method);
    json_write_key(&message, "params");
    buffer_append_text(&message, params->length ? params->bytes : "{}");
    buffer_append_text(&message, "}");
    buffer_release(params);
    put(rpc, &message);
}

void rpc_finish(struct rpc *rpc)
{
    for (int tenth = 0; tenth < LAST_SECONDS * 10 && rpc->unsent.length && !rpc->deaf; tenth++) {
        struct pollfd ready = {.fd = rpc->out, .events = POLLOUT};
        (void)poll(&ready, 1, 100);
        flush(rpc);
    }
}

/* --------------------------------------------------------------------------------- receiving -- */

static bool is_request(const json_t *json)
{
    return json_object_get(json, "id") && json_object_get(json, "method");
}

static void cancel(struct rpc *rpc, const json_t *id)
{
    for (size_t i = 0; id && i < rpc->count; i++) {
        struct queued *queued = &rpc->queue[rpc->first + i];
        if (is_request(queued->json) && json_equal(json_object_get(queued->json, "id"), id))
            queued->cancelled = true;
    }
}

static void enqueue(struct rpc *rpc, json_t *json, size_t bytes)
{
    if (rpc->first > 0 && rpc->first + rpc->count == rpc->capacity) {
        memmove(rpc->queue, rpc->queue + rpc->first, rpc->count * sizeof *rpc->queue);
        rpc->first = 0;
    }
    if (rpc->count == rpc->capacity) {
        rpc->capacity = rpc->capacity ? rpc->capacity * 2 : 16;
        rpc->queue = xrealloc(rpc->queue, rpc->capacity * sizeof *rpc->queue);
    }
    rpc->queue[rpc->first + rpc->count++] = (struct queued){.json = json, .bytes = bytes};
    rpc->queued_bytes += bytes;
}

static bool has_many_values(const char *text, size_t length)
{
    size_t count = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            quoted = !quoted;
        else if (quoted && text[i] == '\\')
            i++;
        else if (!quoted && (text[i] == ',' || text[i] == '[' || text[i] == '{'))
            count++;
    }
    return count > MOST_VALUES;
}

/* A message, or what claims to be one. */
static void take(struct rpc *rpc, const char *text, size_t length)
{
    if (has_many_values(text, length)) {
        rpc_fail(rpc, NULL, RPC_INVALID_REQUEST, "the message has too many values");
        return;
    }
    json_error_t error;
    json_t *json = json_loadb(text, length, JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
    if (!json) {
        rpc_fail(rpc, NULL, RPC_PARSE_ERROR, "the message is not JSON");
        return;
    }
    const json_t *method = json_object_get(json, "method");
    const json_t *id = json_object_get(json, "id");
    bool response = json_object_get(json, "result") || json_object_get(json, "error");
    bool sound = json_is_string(method) && (!id || json_is_string(id) || json_is_number(id));
    if (sound && rpc->style.cancel && strcmp(json_string_value(method), rpc->style.cancel) == 0)
        cancel(rpc, json_object_get(json_object_get(json, "params"), rpc->style.cancelled));
    if (sound) {
        enqueue(rpc, json, length);
        return;
    }
    if (!response || !json_is_object(json))
        rpc_fail(rpc, json_is_string(id) || json_is_number(id) ? id : NULL, RPC_INVALID_REQUEST,
                 json_is_array(json) ? "batches are not known: send messages one by one"
                                     : "the message is neither a request nor a notification");
    json_decref(json);
}

static void take_frames(struct rpc *rpc)
{
    struct frame frame;
    while (frames_next(&rpc->frames, rpc->style.framing == RPC_LINES, &frame)) {
        switch (frame.kind) {
        case FRAME_MESSAGE:
            take(rpc, frame.text, frame.length);
            break;
        case FRAME_TOO_LONG:
            rpc_fail(rpc, NULL, RPC_INVALID_REQUEST, "the message is longer than 32 MiB");
            break;
        case FRAME_NO_HEADER:
            rpc_fail(rpc, NULL, RPC_PARSE_ERROR,
                     "expected a header with 'Content-Length:', and then an empty line");
            break;
        }
    }
}

static bool may_read(const struct rpc *rpc)
{
    return !rpc->ended && rpc->queued_bytes < MOST_QUEUED && rpc->unsent.length < MOST_UNSENT;
}

/* All that has come, so that a request which was taken back is known as such before its turn. */
static void receive(struct rpc *rpc)
{
    char block[65536];
    for (unsigned attempt = 0; attempt < MOST_ATTEMPTS && may_read(rpc); attempt++) {
        struct pollfd ready = {.fd = rpc->in, .events = POLLIN};
        if (poll(&ready, 1, 0) <= 0)
            return;
        ssize_t got = read(rpc->in, block, sizeof block);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0) {
            rpc->ended = true;
            return;
        }
        frames_add(&rpc->frames, block, (size_t)got);
        take_frames(rpc);
    }
}

/* False: none is left that has to be dealt with. */
static bool pop(struct rpc *rpc, struct rpc_message *message)
{
    while (rpc->count > 0) {
        const struct queued next = rpc->queue[rpc->first++];
        rpc->count--;
        rpc->queued_bytes -= next.bytes;
        if (!rpc->count)
            rpc->first = 0;
        const json_t *params = json_object_get(next.json, "params");
        *message = (struct rpc_message){
            .method = json_string_value(json_object_get(next.json, "method")),
            .params = json_is_object(params) || json_is_array(params) ? params : NULL,
            .id = json_object_get(next.json, "id"),
            .whole = next.json};
        if (!next.cancelled)
            return true;
        if (rpc->style.answers_cancelled)
            rpc_fail(rpc, message->id, RPC_CANCELLED, "the request was cancelled");
        rpc_done(message);
    }
    return false;
}

#define MOST_OTHERS 8

/* Until something can be read or written, or one of the others is ready. */
static bool wait_for(struct rpc *rpc, struct pollfd *others, size_t count, int ms)
{
    struct pollfd all[2 + MOST_OTHERS] = {
        {.fd = may_read(rpc) ? rpc->in : -1, .events = POLLIN},
        {.fd = rpc->unsent.length && !rpc->deaf ? rpc->out : -1, .events = POLLOUT}};
    for (size_t i = 0; i < count && i < MOST_OTHERS; i++)
        all[2 + i] = others[i];
    int ready = poll(all, 2 + count, ms);
    bool other = ready == 0;
    for (size_t i = 0; i < count && i < MOST_OTHERS; i++) {
        others[i].revents = ready > 0 ? all[2 + i].revents : 0;
        other |= others[i].revents != 0;
    }
    return other;
}

enum rpc_event rpc_next(struct rpc *rpc, struct rpc_message *message, struct pollfd *others,
                        size_t other_count, int ms)
{
    for (;;) {
        flush(rpc);
        receive(rpc);
        if (pop(rpc, message))
            return RPC_MESSAGE;
        if (rpc->ended || rpc->deaf)
            return RPC_END;
        if (wait_for(rpc, others, other_count, ms))
            return RPC_OTHER;
    }
}

bool rpc_has_message(struct rpc *rpc)
{
    receive(rpc);
    return rpc->count > 0;
}

bool rpc_is_cancelled(struct rpc *rpc, const json_t *id)
{
    flush(rpc);
    receive(rpc);
    if (rpc->ended || rpc->deaf)
        return true;
    for (size_t i = 0; i < rpc->count; i++) {
        const json_t *json = rpc->queue[rpc->first + i].json;
        const char *method = json_string_value(json_object_get(json, "method"));
        const json_t *params = json_object_get(json, "params");
        if (rpc->style.cancel && strcmp(method, rpc->style.cancel) == 0 &&
            json_equal(json_object_get(params, rpc->style.cancelled), id))
            return true;
    }
    return false;
}
