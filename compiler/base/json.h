/*
 * json.h - JSON text, written into a buffer: compact, and the same bytes for the same values.
 *
 * There is no tree and no state: whoever writes puts the commas. Reading JSON is jansson's work.
 */
#ifndef FFC_JSON_H
#define FFC_JSON_H

#include "memory.h"

/* A quoted string. `text` is UTF-8; what is not is written as U+FFFD. NULL writes null. */
void json_write_string(struct buffer *out, const char *text);
/* The shortest decimal that reads back as the same double. `number` is finite. */
void json_write_number(struct buffer *out, double number);
/* `,"key":` or, directly after an opening brace, `"key":`. */
void json_write_key(struct buffer *out, const char *key);
/* `,` unless directly after an opening bracket or brace. */
void json_write_comma(struct buffer *out);

#endif
