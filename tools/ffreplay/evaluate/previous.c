/* previous.c - see previous.h. */
#include "previous.h"

#include <string.h>

#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "fflag/snapshot.h"

/* The features of a flag are also those of the flags that it requires. */
bool depends_on_previous(const fflag_view *view, const char *flag)
{
    struct fflag_snapshot_info info = {.size = sizeof info};
    fflag_view_info(view, &info);
    const struct ffs_section *section = ffs_find_section(info.bytes, FFS_FLAGS);
    const void *bytes = (const char *)info.bytes + section->offset;
    const struct ffs_flag *flags = bytes;
    for (uint32_t i = 0; i < info.flags; i++)
        if (strcmp(fflag_view_flag(view, i, NULL), flag) == 0)
            return flags[i].features & FFS_FEATURE_STICKY;
    return false;
}

bool log_names_variants(const struct layout *layout, const char *flag)
{
    if (layout->variant != NO_PLACE || layout->log->format == LOG_KAYENTA)
        return true;
    print_error_at(&layout->project->sources, layout->log->span,
                   "log '%s' does not name the variant that was served, and flag '%s', or one that "
                   "it requires, is sticky: who got what depends on what they had before",
                   layout->log->name.text, flag);
    print_help("log what was served, and name the field: variant: FIELD");
    return false;
}
