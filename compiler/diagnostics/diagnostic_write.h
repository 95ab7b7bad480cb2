/* diagnostic_write.h - what the renderers of diagnostics share; only they include it. */
#ifndef FFC_DIAGNOSTIC_WRITE_H
#define FFC_DIAGNOSTIC_WRITE_H

#include <stdbool.h>

#include "diagnostics.h"

/* A span about a file as a whole, e.g. one that cannot be read. */
static inline bool span_is_file(struct span span)
{
    return span.begin == UINT32_MAX;
}

/* Those that are not shown. */
static inline uint32_t count_omitted(const struct diagnostics *diagnostics)
{
    return diagnostics->errors + diagnostics->warnings - diagnostics->count;
}
/* "… and 950 more", and how to see them where there is a way. */
void put_omitted(FILE *out, const struct diagnostics *diagnostics);

void write_text(const struct diagnostics *diagnostics, bool color, FILE *out);
void write_sarif(const struct diagnostics *diagnostics, FILE *out);
/* As a JSON string; invalid UTF-8 becomes replacement characters. */
void put_json_text(FILE *out, const char *text);

#endif
