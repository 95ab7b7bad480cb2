/* words.c - see words.h. */
#include "words.h"

#include <string.h>

#include "buffer.h"

int words_find(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

uint32_t words_count(const char *const *words)
{
    uint32_t count = 0;
    while (words[count])
        count++;
    return count;
}

void words_list(const char *const *words, struct buffer *out)
{
    for (size_t i = 0; words[i]; i++)
        buffer_format(out, "%s%s", i ? ", " : "", words[i]);
}

bool text_has_word(const char *text, const char *word, size_t length)
{
    for (const char *at = text; *at; at += strspn(at, " ")) {
        size_t one = strcspn(at, " ");
        if (one == length && memcmp(at, word, length) == 0)
            return true;
        at += one;
    }
    return false;
}
