/*
 * words.h - an enum and the words that files and people have for it, from one list.
 *
 *     #define CANARY_STATES(X)         \
 *         X(CANARY_PENDING, "pending") \
 *         X(CANARY_RUNNING, "running")
 *     enum canary_state { CANARY_STATES(WORDS_MEMBER) };
 *     extern const char *const canary_state_words[];
 *
 * and in one source:
 *
 *     const char *const canary_state_words[] = WORDS(CANARY_STATES);
 *
 * which are by member, and ended by NULL.
 */
#ifndef FFC_WORDS_H
#define FFC_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_MEMBER(member, word) member,
#define WORDS_WORD(member, word)   [member] = word,
#define WORDS_ONE(member, word)    +1
#define WORDS_COUNT(LIST)          (0 LIST(WORDS_ONE))
#define WORDS(LIST)                                \
    {                                              \
        LIST(WORDS_WORD)[WORDS_COUNT(LIST)] = NULL \
    }

struct buffer;

/* The member that a word is for; -1: none. */
int words_find(const char *const *words, const char *word);
uint32_t words_count(const char *const *words);
/* Whether a word of so many bytes is one of a text's, which have blanks between them. */
bool text_has_word(const char *text, const char *word, size_t length);
/* "pending, running, paused" */
void words_list(const char *const *words, struct buffer *out);

#endif
