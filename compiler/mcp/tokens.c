/* tokens.c - see tokens.h. */
#include "tokens.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

void token_drop(struct token *token)
{
    arena_release(&token->arena);
    *token = (struct token){.since = 0};
}

void tokens_release(struct tokens *tokens)
{
    for (size_t i = 0; i < MOST_TOKENS; i++)
        token_drop(&tokens->items[i]);
}

const char *token_keep(struct tokens *tokens, const struct tool *tool, char *const *line,
                       uint64_t shown)
{
    struct token *token = &tokens->items[0];
    unsigned char bytes[(TOKEN_SIZE - 1) / 2];
    for (size_t i = 1; i < MOST_TOKENS && token->text[0]; i++)
        if (!tokens->items[i].text[0] || tokens->items[i].since < token->since)
            token = &tokens->items[i];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return NULL;
    token_drop(token);
    token->tool = tool;
    token->shown = shown;
    token->since = time(NULL);
    uint32_t count = 0;
    for (; *line; line++)
        *ARENA_APPEND(&token->arena, token->line, count) =
            arena_copy(&token->arena, *line, strlen(*line));
    *ARENA_APPEND(&token->arena, token->line, count) = NULL;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(token->text + 2 * i, 3, "%02x", bytes[i]);
    return token->text;
}

struct token *token_find(struct tokens *tokens, const struct tool *tool, const char *text)
{
    for (size_t i = 0; i < MOST_TOKENS; i++) {
        struct token *token = &tokens->items[i];
        if (token->text[0] && strcmp(token->text, text) == 0 && token->tool == tool &&
            time(NULL) - token->since <= TOKEN_SECONDS)
            return token;
    }
    return NULL;
}
