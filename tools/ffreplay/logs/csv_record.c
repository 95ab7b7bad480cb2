/* csv_record.c - see csv_record.h. */
#include "csv_record.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char *find(const char *text, const char *end, char c)
{
    return memchr(text, c, (size_t)(end - text));
}

/* Only blanks are between the quote and the beginning of its field. */
static bool opens_field(const char *record, const char *quote, char delimiter)
{
    while (quote > record && quote[-1] == ' ' && delimiter != ' ')
        quote--;
    return quote == record || quote[-1] == delimiter;
}

/* Behind the quote that closes what begins there; NULL: none does. */
static const char *behind_quoted(const char *text, const char *end)
{
    for (const char *quote = text; (quote = find(quote, end, '"')); quote += 2)
        if (end - quote < 2 || quote[1] != '"')
            return quote + 1;
    return NULL;
}

size_t csv_record_end(const char *text, size_t length, char delimiter, char comment)
{
    const char *at = text, *end = text + length, *newline = find(text, end, '\n'), *quote;
    if (newline && comment && *text == comment)
        return (size_t)(newline - text);
    while (newline && (quote = find(at, newline, '"'))) {
        bool opens = opens_field(text, quote, delimiter);
        at = opens ? behind_quoted(quote + 1, end) : quote + 1;
        if (!at)
            return CSV_NO_END;
        if (at > newline)
            newline = find(at, end, '\n');
    }
    return newline ? (size_t)(newline - text) : CSV_NO_END;
}
