/* kinds.c - the table of functions of each kind. See kinds.h. */
#include "kinds.h"

static const struct metric_functions *const kinds[] = {
#define METRIC_KIND(NAME, name, ...) [METRIC_##NAME] = &name##_functions,
#include "compiler/model/metric_kinds.def"
};

const struct metric_functions *metric_functions(enum metric_kind kind)
{
    return kinds[kind];
}

static const struct cell_format formats[] = {
#define METRIC_KIND(NAME, name, ...) [METRIC_##NAME] = {name##_put_cell, name##_read_cell},
#include "compiler/model/metric_kinds.def"
};

const struct cell_format *metric_cell_format(enum metric_kind kind)
{
    return &formats[kind];
}
