/*
 * tokens.h - edits that were shown by a dry run, and may be applied: each once, and for some
 * minutes.
 */
#ifndef FFC_MCP_TOKENS_H
#define FFC_MCP_TOKENS_H

#include <stdint.h>
#include <time.h>

#include "compiler/base/arena.h"
#include "tools.h"

#define MOST_TOKENS   16
#define TOKEN_SECONDS 900
#define TOKEN_SIZE    33

struct token {
    char text[TOKEN_SIZE]; /* "": this one is free */
    const struct tool *tool;
    struct arena arena;
    char **line;    /* of the command, without --dry-run */
    uint64_t shown; /* a hash of what the dry run showed */
    time_t since;
};
struct tokens {
    struct token items[MOST_TOKENS];
};

/* Keeps an edit, in place of the oldest where there are many. The line is copied. NULL: there is no
 * randomness. */
const char *token_keep(struct tokens *tokens, const struct tool *tool, char *const *line,
                       uint64_t shown);
/* The edit of a token, which is then to be given to token_drop(); NULL: there is none. */
struct token *token_find(struct tokens *tokens, const struct tool *tool, const char *text);
void token_drop(struct token *token);
void tokens_release(struct tokens *tokens);

#endif
