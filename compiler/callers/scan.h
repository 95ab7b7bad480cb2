/*
 * scan.h - source code in other languages: which texts and identifiers it has, and in which calls.
 *
 * Comments are no code. A text is what the program will see, its escapes decoded; one that is put
 * together when the program runs (a template with values, an f-string) is none, though what stands
 * within its values is code again. Broken code is read as far as it goes: a text that does not end
 * on its line, in a language where it must, ends there.
 */
#ifndef FFC_CALLERS_SCAN_H
#define FFC_CALLERS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/words.h"

struct language;

/* The language of a file by its name: NULL, none of those that are known. */
const struct language *language_of(const char *path);
/* "Python" */
const char *language_name(const struct language *language);
/* "C, C++, Go, …" */
extern const char *const language_names;

#define MENTION_KINDS(X)                               \
    X(MENTION_TEXT, "text")                            \
    X(MENTION_IDENTIFIER, "identifier")                \
    /* A call that names a flag by what is no text. */ \
    X(MENTION_COMPUTED, "computed")

enum mention_kind { MENTION_KINDS(WORDS_MEMBER) };
extern const char *const mention_kind_words[];

/* Texts are good during the call. */
struct mention {
    enum mention_kind kind;
    const char *text; /* or the identifier; NULL of what is computed */
    const char *call; /* the function whose first text it is; NULL: of none that names flags */
    uint32_t line, column;
    bool member; /* an identifier behind `.`, `->` or `::` */
    /* What stands before that, if it is a word. */
    const char *owner;
    size_t owner_length;
};
typedef void take_mention(void *user, const struct mention *mention);

/* Whether a function's first text names a flag: one of askers.def, or of `more`. */
struct askers {
    const char *const *more;
    size_t count;
};

/* Calls `take` for everything, in order. Cost: linear in the length. */
void scan_code(const struct language *language, const struct askers *askers, const char *code,
               size_t length, take_mention *take, void *user);

/* Letters and digits alone, in lower case: what all spellings of a name have in common. `out` has
 * room for the length of the text, and a NUL. */
void common_spelling(const char *text, char *out);

#endif
