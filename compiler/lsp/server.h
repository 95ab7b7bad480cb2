/*
 * server.h - the state of `ffc lsp`, and what its parts do with it.
 */
#ifndef FFC_LSP_SERVER_H
#define FFC_LSP_SERVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "checking.h"
#include "cursor.h"
#include "compiler/base/buffer.h"
#include "compiler/rpc/rpc.h"
#include "published.h"
#include "workspace.h"

struct server {
    struct rpc *rpc;
    const char *directory; /* as the command line names it; NULL: the usual one */
    enum { SERVER_NEW, SERVER_RUNNING, SERVER_SHUT } state;
    int64_t parent; /* the process that started it; 0: not known */
    struct workspace workspace;
    bool has_workspace;
    struct published publications;
    struct checking checking;
    struct text_index
        index; /* of the text that was asked about last, while a message is dealt with */
};

/* A file of the project, with the text of its document where it is open; false: it is none. */
bool server_file(struct server *server, const json_t *params, struct workspace_file *file);

/* What is at the position that the parameters name; false: there is no such file. */
bool server_cursor(struct server *server, const json_t *params, struct workspace_file *file,
                   struct cursor *cursor, struct arena *arena);
/* The lines of a file. As long as no other file is asked about. */
const struct text_index *server_index(struct server *server, const struct workspace_file *file);
/* `"key":{…}` of places of a file, in bytes. */
void server_range(struct server *server, const struct workspace_file *file, size_t begin,
                  size_t end, const char *key, struct buffer *out);
void server_position(struct server *server, const struct workspace_file *file, size_t offset,
                     const char *key, struct buffer *out);

/* Answers a request with what it appends to `result`; false: with an error, whose words it appends
 * instead. */
typedef bool request_handler(struct server *server, const json_t *params, struct buffer *result);
request_handler answer_hover, answer_completion, answer_definition, answer_references,
    answer_prepare_rename, answer_rename, answer_formatting, answer_actions, answer_hints;
typedef void notification_handler(struct server *server, const json_t *params);
notification_handler note_open, note_change, note_close, note_save, note_files;

/* A place of the protocol; {0, 0} where it is none. */
struct position_utf16 read_position(const json_t *position);
void write_position(struct buffer *out, const char *key, const struct text_index *index,
                    size_t offset);
void write_range(struct buffer *out, const char *key, const struct text_index *index, size_t begin,
                 size_t end);

#endif
