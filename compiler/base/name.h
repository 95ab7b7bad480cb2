/*
 * name.h - what a name may be.
 *
 * Flags, attributes, variants, segments and rules are called what services and people call them:
 * their names are nearly free. What they lack has a meaning on a command line, in a pattern or in a
 * path, or cannot be seen. All other names appear only in the project, and are words.
 */
#ifndef FFC_NAME_H
#define FFC_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define LONGEST_NAME 128 /* bytes */

enum name_rule { NAME_WORD, NAME_FREE };

/* What such names are made of, as a sentence. */
extern const char *const name_rule_help[];
/* The same in a schema: members of a JSON object, for a string. A schema counts characters. */
#define NAME_WORD_SCHEMA "\"pattern\": \"^[a-z0-9][a-z0-9_.-]*$\", \"maxLength\": 128"
#define NAME_FREE_SCHEMA                                                                         \
    "\"pattern\": \"^(?![-@ ])(?!.*\\\\.\\\\.)(?!.* $)"                                          \
    "[^\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f'\\\"`\\\\\\\\*?\\\\[\\\\]=,]+$\", \"maxLength\": " \
    "128"

#define NAME_WHY 32
/* False where the text is none; `why` is then the end of a sentence, or "" where the rule's help
 * says enough. */
bool name_is_sound(enum name_rule rule, const char *name, size_t length, char why[NAME_WHY]);

/* Whether it says nothing: it has no character but blanks, ends of lines and invisible ones. */
bool text_is_blank(const char *text);

#endif
