/* unescape.h - texts of log lines as they were before they were written. */
#ifndef FFREPLAY_UNESCAPE_H
#define FFREPLAY_UNESCAPE_H

struct buffer;

/* What replaces the buffer's content. An escape that is none loses its backslash alone. */
/* As JSON writes texts: \n, \", \u00e5. */
void unescape_json(struct buffer *out, const char *text, const char *end);
/* As nginx and Apache do: \n, \", \x0a. */
void unescape_backslash(struct buffer *out, const char *text, const char *end);

#endif
