/*
 * json_fields.h - `"key":value` of the JSON that commands write, in the order they are asked for.
 */
#ifndef FFREPLAY_JSON_FIELDS_H
#define FFREPLAY_JSON_FIELDS_H

#include "compiler/base/json.h"
#include "tools/ffreplay/replay/input_digest.h"
#include "tools/ffreplay/replay/replay.h"

void field_text(struct buffer *out, const char *key, const char *text); /* NULL writes null */
void field_count(struct buffer *out, const char *key, uint64_t count);
void field_number(struct buffer *out, const char *key, bool given, double number); /* or null */
void field_truth(struct buffer *out, const char *key, bool truth);
/* RFC 3339; INT64_MIN and INT64_MAX write null. */
void field_time(struct buffer *out, const char *key, int64_t ms);
/* `"key":{` and `"key":[`; whoever opens closes. */
void field_object(struct buffer *out, const char *key);
void field_array(struct buffer *out, const char *key);

/* What `input` begins with: lines, those that were used, bad ones by cause. */
void field_input(struct buffer *out, const struct replay *replay, uint64_t used);
/* What it ends with: those that were used, as one number. */
void field_digest(struct buffer *out, const struct input_digest *digest);

#endif
