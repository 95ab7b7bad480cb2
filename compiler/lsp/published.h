/*
 * published.h - the diagnostics that the editor was told of, by file: it is told again only of
 * what differs.
 */
#ifndef FFC_LSP_PUBLISHED_H
#define FFC_LSP_PUBLISHED_H

#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/table.h"

struct rpc;
struct workspace;

struct published_file {
    const char *name;
    char *uri;  /* under which the editor was told */
    char *json; /* an array of diagnostics; NULL: it was told of none */
    uint64_t round;
};

struct published {
    struct arena arena; /* of the names */
    struct table table;
    struct published_file **items;
    uint32_t count;
    uint64_t round;
};
void published_release(struct published *publications);

/* The diagnostics of one file, a JSON array. */
void published_put(struct published *publications, struct rpc *rpc,
                   const struct workspace *workspace, const char *name, const char *json);
/* Begins to publish those of all files; then, ends it: the others have none any more. */
void published_begin(struct published *publications);
void published_end(struct published *publications, struct rpc *rpc,
                   const struct workspace *workspace);
/* What the editor was told of a file; NULL: nothing. */
const char *published_of(const struct published *publications, const char *name);

#endif
