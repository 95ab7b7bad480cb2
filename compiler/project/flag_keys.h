/* flag_keys.h - which keys an environment of a flag has. */
#ifndef FFC_FLAG_KEYS_H
#define FFC_FLAG_KEYS_H

#include <stdbool.h>

/* One that may also stand in an environment of the flag, and replaces the flag's own there. */
bool is_environment_key(const char *key);

#endif
