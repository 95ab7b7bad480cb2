/* registry.h - the texts of each code, from diagnostics.def. */
#ifndef FFC_REGISTRY_H
#define FFC_REGISTRY_H

#include "diagnose.h"

struct diagnostic_info {
    const char *code; /* "FF0231" */
    enum severity severity;
    const char *name;        /* a short slug: "split-sum" */
    const char *title;       /* one line */
    const char *explanation; /* why it matters; paragraphs */
    const char *example;     /* definitions that trigger it */
    const char *fix;         /* the same definitions, mended; or what to do */
};
const struct diagnostic_info *diagnostic_info(unsigned code);
/* By "FF0231" or "ff0231"; DIAGNOSTIC_COUNT when there is none. */
enum diagnostic_code diagnostic_find(const char *code);

#endif
