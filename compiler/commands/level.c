/* level.c - the levels of the format, and flags that are beyond one. */
#include "level.h"

#include <string.h>

#include "fflag/snapshot.h"

/* From level 1 on, which is version 3.0 of the format. */
static const uint64_t levels[] = {FFS_FEATURE_PATTERNS};
_Static_assert(sizeof levels / sizeof *levels == NEWEST_LEVEL, "a level has its features");

static const struct {
    uint64_t feature;
    const char *name;
} features[] = {{FFS_FEATURE_PATTERNS, "patterns ('matches')"}};

uint64_t level_features(unsigned level)
{
    return levels[level - 1];
}

static void describe(struct project *project, const struct flag *flag, uint64_t unknown,
                     struct buffer *problem)
{
    struct span span = flag->name.span;
    buffer_format(problem, "%s:%u: flag '%s' needs ", project->sources.items[span.file].path,
                  source_position(&project->sources, span.file, span.begin).line, flag->name.text);
    const char *comma = "";
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        if (!(features[i].feature & unknown))
            continue;
        buffer_format(problem, "%s%s", comma, features[i].name);
        comma = ", ";
    }
    buffer_append_text(problem, "\n");
}

bool fits_features(struct project *project, const struct buffer *snapshot, uint64_t known,
                   struct buffer *problem)
{
    const struct ffs_section *section = ffs_find_section(snapshot->bytes, FFS_FLAGS);
    const struct ffs_section *strings = ffs_find_section(snapshot->bytes, FFS_STRINGS);
    const struct ffs_flag *flags = (const void *)(snapshot->bytes + section->offset);
    bool fits = true;
    for (size_t i = 0; i < section->size / sizeof *flags; i++) {
        uint64_t unknown = flags[i].features & ~known;
        const char *name =
            snapshot->bytes + strings->offset + (size_t)flags[i].name * 4 + sizeof(uint32_t);
        for (uint32_t k = 0; unknown && k < project->flag_count; k++)
            if (!strcmp(project->flags[k]->name.text, name))
                describe(project, project->flags[k], unknown, problem);
        fits &= !unknown;
    }
    return fits;
}
