/* patch_parts.h - what the files of patch/ share. */
#ifndef FFC_PATCH_PARTS_H
#define FFC_PATCH_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "patch.h"

struct buffer;

/* Strings of the file stay; an added one moves when the next is added. */
const char *patch_string(const struct patch *patch, ffs_string string);
/* The build of the file as it was. */
void patch_build(const struct patch *patch, char hex[33]);
/* The place of an attribute, which is added where the file has none of the name. */
bool patch_attribute(struct patch *patch, const struct attribute *attribute, uint16_t *place,
                     struct buffer *why);

/* patch_annex.c: what labels and OVERRIDES say. */
void annex_add_override(struct patch *patch, const struct override *override);
void annex_lift(struct patch *patch, const char *name);
/* Whether the flag has a canary that decides, as far as its state says. */
bool annex_has_rollout(const struct patch *patch, const char *flag);
void annex_roll_back(struct patch *patch, const char *flag, int64_t at);
/* Whether its times allow the override of that name in results to decide. */
bool annex_is_active(const struct patch *patch, const char *name, int64_t at);
/* Whether the override of that name in results was made in a hurry, and later. */
bool annex_is_newer(const struct patch *patch, const char *name, const struct override *than);

#endif
