/* level.c - the levels of the format, and flags that need a higher one. */
#include "level.h"

#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/model/model.h"
#include "fflag/snapshot.h"

static const struct {
    uint64_t feature;
    unsigned level; /* the first level that has it */
    const char *description;
} features[] = {
#define FFS_FEATURE(bit, name, level, description) {FFS_FEATURE_##name, level, description},
#include "fflag/operations.def"
};

#define FFS_FEATURE(bit, name, level, description) \
    _Static_assert((level) >= 1 && (level) <= NEWEST_LEVEL, "the level of " #name);
#include "fflag/operations.def"

uint64_t level_features(unsigned level)
{
    uint64_t known = 0;
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (features[i].level <= level)
            known |= features[i].feature;
    return known;
}

static void describe(struct project *project, const struct flag *flag, uint64_t unknown,
                     struct buffer *problem)
{
    struct span span = flag->name.span;
    terminal_format(problem, "%s:%u: flag '%s' needs ", project->sources.items[span.file].path,
                    source_position(&project->sources, span.file, span.begin).line,
                    flag->name.text);
    const char *comma = "";
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        if (!(features[i].feature & unknown))
            continue;
        terminal_format(problem, "%s%s", comma, features[i].description);
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
