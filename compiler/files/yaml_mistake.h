/* yaml_mistake.h - the parts of the YAML reader; only they include it. */
#ifndef FFC_YAML_MISTAKE_H
#define FFC_YAML_MISTAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <yaml.h>

#include "compiler/diagnostics/diagnostics.h"

/* What stopped libyaml. Offsets are bytes in the file; `context` is where what it was in began. */
struct yaml_mistake {
    const struct source *source;
    uint32_t file;
    const char *problem;
    const char *context_problem; /* or "" */
    uint32_t at;
    uint32_t context;
    uint32_t open; /* the bracket that was opened last; UINT32_MAX: none */
};
/* Reports it in our words, with a span that shows the cause. */
void yaml_report_mistake(const struct yaml_mistake *mistake, struct diagnostics *diagnostics);

#endif
