/* history_write.h - a history of flags on a screen of 80 columns, in Markdown, for programs. */
#ifndef FFC_COMMANDS_HISTORY_WRITE_H
#define FFC_COMMANDS_HISTORY_WRITE_H

#include <stdbool.h>

#include "history.h"

struct buffer;

/* Newest first; what one commit or entry changed stands together. */
void write_changes_text(const struct history *history, bool color, struct buffer *out);
void write_changes_markdown(const struct history *history, struct buffer *out);
/* The fields `changes`, `unknown` and `shallow` of an object. */
void write_changes_json(const struct history *history, struct buffer *out);
/* Says on stderr what the history lacks. */
void note_unknown_history(const struct history *history);

#endif
