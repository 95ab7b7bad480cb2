/* invocation.c - see invocation.h. */
#include "invocation.h"

#include <string.h>

static const char *const placeholder_words[] = WORDS(PLACEHOLDERS);

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";

const char *placeholder_next(const char *text, size_t *length)
{
    for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
        size_t word = strspn(at + 1, letters);
        *length = word + 2;
        if (word > 0 && at[word + 1] == '}' && (at == text || at[-1] != '$'))
            return at;
    }
    return NULL;
}

int placeholder_find(const char *word, size_t length)
{
    for (int i = 0; placeholder_words[i]; i++)
        if (strlen(placeholder_words[i]) == length &&
            memcmp(placeholder_words[i], word, length) == 0)
            return i;
    return -1;
}
