/* common_ends.h - what two texts have in common at both ends. */
#ifndef FFC_COMMON_ENDS_H
#define FFC_COMMON_ENDS_H

#include <stddef.h>

/* How many bytes, of at most `most`, are the same from the beginning. */
size_t common_prefix(const char *a, const char *b, size_t most);
/* And before the ends of both. */
size_t common_suffix(const char *a_end, const char *b_end, size_t most);

#endif
