/*
 * forgotten.h - an emergency that only the published file has, because whoever was on call could
 * not write the definitions. Compiling them would end it silently.
 */
#ifndef FFC_FORGOTTEN_H
#define FFC_FORGOTTEN_H

#include <jansson.h>

struct buffer;
struct project;

/*
 * Of the overrides that the labels of a file name, the first that neither the definitions nor the
 * ledger know, nor `dropped`, a list that NULL ends or NULL. The caller's to free; NULL: none.
 */
char *forgotten_override(const json_t *labels, const struct project *project,
                         const char *const *dropped);

/* "'live.ffs' has override …", and the way out, without an end. */
void forgotten_sentence(struct buffer *out, const char *path, const char *id);
/* What to do about it. */
#define FORGOTTEN_HELP "put the file that 'ffc rollback' printed into overrides/"

#endif
