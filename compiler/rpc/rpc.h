/*
 * rpc.h - JSON-RPC 2.0 with the program that started this one, over two file descriptors.
 *
 * Whatever comes in is answered or skipped: what is no message gets an error, and what is longer
 * than may be is read past without being kept. Nothing waits for the other side but rpc_next():
 * answers are kept until they can be written, and while many are, nothing more is read. So memory
 * is bounded, and no two programs wait for each other. For one thread.
 */
#ifndef FFC_RPC_H
#define FFC_RPC_H

#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

/* Of one message: a definition file of the greatest size, with many characters escaped. */
#define RPC_LONGEST (32u << 20)

/* How messages are told apart, and which one takes a request back. */
struct rpc_style {
    enum { RPC_HEADERS, RPC_LINES } framing;
    const char *cancel;    /* a notification, … */
    const char *cancelled; /* … and its parameter: the request's id */
    bool answers_cancelled;
};

enum rpc_error {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_UNKNOWN_METHOD = -32601,
    RPC_INVALID_PARAMETERS = -32602,
    RPC_REFUSED = -32803,  /* LSP: sound, but it cannot be done */
    RPC_CANCELLED = -32800 /* LSP */
};

struct rpc;
/* Neither descriptor is closed by it. */
struct rpc *rpc_open(int in, int out, const struct rpc_style *style);
void rpc_close(struct rpc *rpc);

struct rpc_message {
    const char *method;
    const json_t *params; /* an object or array; else NULL */
    const json_t *id;     /* NULL: a notification, which gets no answer */
    json_t *whole;        /* owns the others; to be given to rpc_done() */
};
void rpc_done(struct rpc_message *message);

enum rpc_event {
    RPC_MESSAGE,
    RPC_OTHER, /* one of `others` has something, or the time is over */
    RPC_END    /* the other side is gone */
};
/*
 * Waits for the next message, `ms` at most (-1: for ever), or for one of `others`, whose `revents`
 * are filled in. Messages that have come already go first. Responses, and requests that were taken
 * back before their turn, are dealt with and not returned.
 */
enum rpc_event rpc_next(struct rpc *rpc, struct rpc_message *message, struct pollfd *others,
                        size_t other_count, int ms);
/* Whether a message has come. Does not wait. */
bool rpc_has_message(struct rpc *rpc);
/* Of a request that is being worked on: whether it was taken back since, or its sender is gone.
 * Does not wait. */
bool rpc_is_cancelled(struct rpc *rpc, const json_t *id);

/* Sends JSON, which it empties the buffer of. */
void rpc_answer(struct rpc *rpc, const json_t *id, struct buffer *result);
void rpc_fail(struct rpc *rpc, const json_t *id, enum rpc_error error, const char *why);
void rpc_notify(struct rpc *rpc, const char *method, struct buffer *params);
/* Writes what is still kept, for some seconds at most. */
void rpc_finish(struct rpc *rpc);

#endif
