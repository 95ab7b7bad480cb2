/* settings.h - what the command line asks for. */
#ifndef SERVICELOG_SETTINGS_H
#define SERVICELOG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/cli/option_rows.h"
#include "tools/servicelog/effect.h"
#include "tools/servicelog/fields.h"
#include "tools/servicelog/output.h"
#include "tools/servicelog/treatment.h"

struct settings {
    struct arena arena; /* holds what the rest points to */
    uint64_t seed, lines;
    int64_t start, duration; /* ms; INT64_MAX: until somebody stops it */
    bool real_time;
    struct service service;
    struct effect *effects;
    size_t effect_count;
    struct share_step *steps;
    size_t step_count;
    const char *flag, *snapshot, *rest; /* flag NULL: nothing is asked */
    const char *exposures;              /* a path, or NULL */
    struct line_form form;
    struct damage damage;
};

/* False: the program must return *status, once it has released the arena. */
bool read_settings(const struct command *command, int argc, char **argv, struct settings *settings,
                   int *status);

#endif
