/*
 * diagnose.h - for code that reports diagnostics. A new code rebuilds what includes this, a changed
 * text in diagnostics.def only the registry.
 */
#ifndef FFC_DIAGNOSE_H
#define FFC_DIAGNOSE_H

#include <stddef.h>

#include "diagnostics.h"

/* One constant a code: FF0231 and so on. The number is permanent, and says nothing by itself. */
enum diagnostic_code {
#include "diagnostic_codes.inc" /* made of diagnostics.def */
    DIAGNOSTIC_COUNT
};

/* Adds one, with the severity its code has. */
void diagnose(struct diagnostics *diagnostics, enum diagnostic_code code, struct span span,
              const char *format, ...) __attribute__((format(printf, 4, 5)));
/* These attach to the diagnostic that was added last. */
void diagnose_note(struct diagnostics *diagnostics, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diagnose_help(struct diagnostics *diagnostics, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Its help says to write `meant` in place of `written`: for tools that can, where its place is that
 * text alone. */
void diagnose_fix(struct diagnostics *diagnostics, const char *written, const char *meant);
/* Whether it has help already. */
bool diagnose_helped(const struct diagnostics *diagnostics);
/* Whether it has this code. */
bool diagnose_is(const struct diagnostics *diagnostics, enum diagnostic_code code);
/* Makes the one with this code and place the last again; false where it is not kept. Linear. */
bool diagnose_reopen(struct diagnostics *diagnostics, enum diagnostic_code code, struct span span);

/* Takes what the definitions say out of those with this code that lie within a place: they get this
 * message and no help, and their lines are not shown. Linear. */
void diagnose_hide(struct diagnostics *diagnostics, enum diagnostic_code code, struct span within,
                   const char *message);

/* What is made of the warnings of a code. */
#define DIAGNOSTIC_LEVELS(X)    \
    X(LEVEL_WARNING, "warning") \
    X(LEVEL_OFF, "off")         \
    X(LEVEL_ERROR, "error")
enum diagnostic_level { DIAGNOSTIC_LEVELS(WORDS_MEMBER) };
extern const char *const diagnostic_level_words[];
/*
 * Of those reported so far, once they are all there: `off` takes them out, of the list and the
 * counts, and another level brings them back. Errors by nature stay as they are.
 */
void diagnostics_set_level(struct diagnostics *diagnostics, enum diagnostic_code code,
                           enum diagnostic_level level);
/* Whether all of a code are listed, and not only counted. */
bool diagnostics_has_all(const struct diagnostics *diagnostics, enum diagnostic_code code);
/* Makes errors of all warnings there are. */
void diagnostics_deny_warnings(struct diagnostics *diagnostics);
/* Takes those out for good that `silent` is true for. */
void diagnostics_silence(struct diagnostics *diagnostics,
                         bool (*silent)(const struct diagnostic *item, void *data), void *data);

/* "did you mean", or the choices, as help for the last diagnostic; the former only for the first
 * MOST_SUGGESTIONS of a run, since searching takes time. */
#define MOST_SUGGESTIONS 200
/* How many of so many names suggest() would look at: all, or none, and then nobody need collect
 * them. */
uint32_t suggestible(const struct diagnostics *diagnostics, uint32_t count);
/* Returns what it suggests, or NULL. */
const char *suggest(struct diagnostics *diagnostics, const char *name, const char *const *known,
                    size_t count);

#endif
