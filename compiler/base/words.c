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
