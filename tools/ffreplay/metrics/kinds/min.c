/* min.c - the smallest value of a field. See kinds.h. */
#define NAME(part)      min_##part
#define IS_BEYOND(a, b) ((a) < (b))
#define FIELD           "least"
#include "extreme.h"
