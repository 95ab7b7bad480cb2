/*
 * publications.h - the diagnostics that the editor was told of, by file: it is told again only of
 * what differs.
 */
#ifndef FFC_LSP_PUBLICATIONS_H
#define FFC_LSP_PUBLICATIONS_H

#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/table.h"

struct rpc;
struct workspace;

struct publication {
    const char *name;
    char *uri;  /* under which the editor was told */
    char *json; /* an array of diagnostics; NULL: it was told of none */
    uint64_t round;
};

struct publications {
    struct arena arena; /* of the names */
    struct table table;
    struct publication **items;
    uint32_t count;
    uint64_t round;
};
void publications_release(struct publications *publications);

/* The diagnostics of one file, a JSON array. */
void publish(struct publications *publications, struct rpc *rpc, const struct workspace *workspace,
             const char *name, const char *json);
/* Begins to publish those of all files; then, ends it: the others have none any more. */
void publish_all_begin(struct publications *publications);
void publish_all_end(struct publications *publications, struct rpc *rpc,
                     const struct workspace *workspace);
/* What the editor was told of a file; NULL: nothing. */
const char *published(const struct publications *publications, const char *name);

#endif
