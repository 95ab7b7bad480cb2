/*
 * json_input.h - `input` of the JSON that commands write: what was read, and what was used of it.
 */
#ifndef FFREPLAY_JSON_INPUT_H
#define FFREPLAY_JSON_INPUT_H

#include <stdint.h>

#include "tools/ffreplay/logs/input_digest.h"
#include "tools/ffreplay/replay/replay.h"

struct buffer;

/* `bad`: lines by cause. */
void field_bad(struct buffer *out, const struct log_counts *counts);
/* What it begins with: lines, those that were used, bad ones. */
void field_input(struct buffer *out, const struct replay *replay, uint64_t used);
/* What it ends with: those that were used, as one number. */
void field_digest(struct buffer *out, const struct input_digest *digest);

#endif
