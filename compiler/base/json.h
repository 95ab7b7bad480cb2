/*
 * json.h - JSON text, written into a buffer: compact, and the same bytes for the same values.
 *
 * There is no tree and no state: the caller places the commas. jansson reads JSON.
 */
#ifndef FFC_JSON_H
#define FFC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

/* A quoted string. What is unsafe on a terminal (see escape.h) is escaped; bytes that are not UTF-8
 * become U+FFFD. NULL writes null. */
void json_write_string(struct buffer *out, const char *text);
/* JSON that somebody else wrote, its texts escaped the same way; it must be sound. */
void json_write_document(struct buffer *out, const char *text, size_t length);
/* The shortest decimal that reads back as the same double. `number` is finite. */
void json_write_number(struct buffer *out, double number);
/* `,"key":` or, directly after an opening brace, `"key":`. */
void json_write_key(struct buffer *out, const char *key);
/* `,` unless directly after an opening bracket or brace. */
void json_write_comma(struct buffer *out);

/* ------------------------------------------------------------------------------------ fields -- */

/* Each is a key and its value. A text that is NULL writes null. */
void field_text(struct buffer *out, const char *key, const char *text);
void field_count(struct buffer *out, const char *key, uint64_t count);
void field_integer(struct buffer *out, const char *key, int64_t number);
void field_number(struct buffer *out, const char *key, bool given, double number); /* or null */
void field_truth(struct buffer *out, const char *key, bool truth);
/* RFC 3339; null for times out of range, such as INT64_MIN and INT64_MAX. */
void field_time(struct buffer *out, const char *key, int64_t ms);
/* `"key":{` and `"key":[`; the caller closes them. */
void field_object(struct buffer *out, const char *key);
void field_array(struct buffer *out, const char *key);

#endif
