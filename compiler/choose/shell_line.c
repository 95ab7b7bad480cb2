/* shell_line.c - see shell_line.h. */
#include "shell_line.h"

#include <string.h>

#include "compiler/base/buffer.h"

static bool is_in(char character, const char *set)
{
    return character && strchr(set, character);
}

struct scan {
    struct shell_line *line;
    struct arena *arena;
    struct buffer word;
    bool begun; /* a word, perhaps one that is empty */
};

static void end_word(struct scan *scan)
{
    if (!scan->begun)
        return;
    *ARENA_APPEND(scan->arena, scan->line->words, scan->line->count) =
        arena_copy(scan->arena, scan->word.bytes, scan->word.length);
    scan->word.length = scan->line->kept = 0;
    scan->begun = scan->line->redirected = false;
}

/* How much of the text is an escape, of which the last byte counts. At its end, none does. */
static size_t escape_length(const char *at, enum shell_quote quote)
{
    if (*at != '\\' || quote == SHELL_SINGLE)
        return 0;
    if (quote == SHELL_DOUBLE && at[1] && !is_in(at[1], "$`\"\\\n"))
        return 0;
    return at[1] ? 2 : 1;
}

static const char *open_quote(struct scan *scan, const char *at)
{
    bool dollar = *at == '$' && (at[1] == '\'' || at[1] == '"');
    const char *mark = at + dollar;
    scan->line->quote = *mark == '"' ? SHELL_DOUBLE : dollar ? SHELL_ANSI : SHELL_SINGLE;
    scan->begun = true;
    scan->line->kept = scan->word.length;
    return mark + 1;
}

static bool closes(char character, enum shell_quote quote)
{
    return quote == SHELL_DOUBLE ? character == '"' : character == '\'';
}

/* A byte that means something where nothing is quoted. */
static void take_unquoted(struct scan *scan, char byte, const char *breaks)
{
    struct shell_line *line = scan->line;
    if (is_in(byte, " \t")) {
        end_word(scan);
    } else if (is_in(byte, ";|&()\n")) {
        scan->word.length = line->kept = 0;
        scan->begun = line->redirected = false;
        line->count = 0;
    } else if (is_in(byte, "<>")) {
        end_word(scan);
        line->redirected = true;
    } else {
        buffer_append(&scan->word, &byte, 1);
        scan->begun = true;
        if (is_in(byte, breaks))
            line->kept = scan->word.length;
    }
}

void shell_line_read(const char *text, const char *breaks, struct arena *arena,
                     struct shell_line *line)
{
    struct scan scan = {.line = line, .arena = arena};
    size_t before_quote = 0;
    *line = (struct shell_line){.quote = SHELL_UNQUOTED};
    for (const char *at = text; *at;) {
        size_t escape = escape_length(at, line->quote);
        bool quotes = *at == '\'' || *at == '"' || (*at == '$' && (at[1] == '\'' || at[1] == '"'));
        if (escape) {
            if (escape == 2)
                buffer_append(&scan.word, at + 1, 1);
            scan.begun = true;
            at += escape;
        } else if (line->quote == SHELL_UNQUOTED && quotes) {
            before_quote = line->kept;
            at = open_quote(&scan, at);
        } else if (line->quote == SHELL_UNQUOTED) {
            take_unquoted(&scan, *at++, breaks);
        } else if (closes(*at, line->quote)) {
            line->quote = SHELL_UNQUOTED;
            line->kept = before_quote;
            at++;
        } else {
            buffer_append(&scan.word, at++, 1);
        }
    }
    bool redirected = line->redirected;
    size_t kept = line->kept;
    scan.begun = true;
    buffer_append(&scan.word, "", 0);
    end_word(&scan);
    line->redirected = redirected;
    line->kept = kept;
    buffer_release(&scan.word);
}

bool shell_quote_append(struct buffer *out, enum shell_quote quote, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./,:=@%+-";
    if (quote == SHELL_ANSI || (quote == SHELL_SINGLE && strchr(text, '\'')) ||
        (quote == SHELL_DOUBLE && strchr(text, '!')))
        return false;
    for (; *text; text++) {
        bool special = quote == SHELL_DOUBLE ? is_in(*text, "$`\"\\")
                                             : (unsigned char)*text < 0x80 && !is_in(*text, plain);
        if (quote != SHELL_SINGLE && special)
            buffer_append(out, "\\", 1);
        buffer_append(out, text, 1);
    }
    return true;
}
