/* max.c - the largest value of a field. See kinds.h. */
#define NAME(part)      max_##part
#define IS_BEYOND(a, b) ((a) > (b))
#define FIELD           "greatest"
#include "extreme.h"
