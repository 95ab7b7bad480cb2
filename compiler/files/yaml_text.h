/*
 * yaml_text.h - the text of a file as YAML 1.2 means it, to a parser of YAML 1.1.
 *
 * libyaml ends lines at U+0085, U+2028 and U+2029, and knows no surrogate pairs, which JSON has. It
 * is given a text of the same length in which other characters stand there; the value of a scalar
 * that had any is then made of what is written.
 */
#ifndef FFC_YAML_TEXT_H
#define FFC_YAML_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/diagnostics/diagnostics.h"

struct arena;
struct buffer;

/* Whether the bytes are text that YAML allows: UTF-8, no NUL, no control characters. Reports why
 * not. */
bool yaml_text_is_sound(const struct source *source, uint32_t file,
                        struct diagnostics *diagnostics);

/* What libyaml is given: the source's own text where nothing has to be replaced. */
const char *yaml_text_for_libyaml(const struct source *source, struct arena *arena);

/* The value of a scalar in quotes that libyaml found sound; `text` has the quotes. */
void yaml_text_quoted(const char *text, size_t length, struct buffer *out);
/* Of one that has no escapes: puts the pairs that were replaced back into libyaml's value. */
void yaml_text_restore(const char *text, const char *given, size_t length, char *value);

/* The first line or paragraph separator, or next line, in [begin, end); `end`: none. */
uint32_t yaml_text_separator(const char *text, uint32_t begin, uint32_t end);
void yaml_text_refuse_separator(const struct source *source, uint32_t file, uint32_t at,
                                struct diagnostics *diagnostics);

/* A `\uD800` to `\uDFFF`: half of a character. */
bool yaml_text_is_surrogate(const char *text);

#endif
