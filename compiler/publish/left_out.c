/* left_out.c - see left_out.h. */
#include "left_out.h"

#include <string.h>
#include <sys/stat.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/files/git.h"
#include "compiler/files/place.h"

uint32_t definitions_left_out(const char *directory)
{
    /* "S flags/a.yaml": it is in the index, and not to be in the work tree. */
    const char *const arguments[] = {"ls-files", "-t", "-z", "--", ".", NULL};
    struct buffer out = {0}, error = {0};
    struct arena arena = {0};
    uint32_t count = 0;
    bool listed =
        git_is_sparse(directory) && git_run(directory, arguments, NULL, &out, &error) == GIT_DONE;
    for (size_t at = 0; listed && at < out.length; at += strlen(out.bytes + at) + 1) {
        const char *line = out.bytes + at;
        struct stat status;
        if (strncmp(line, "S ", 2) == 0 && is_definition_path(line + 2))
            count += lstat(arena_format(&arena, "%s/%s", directory, line + 2), &status) != 0;
    }
    arena_release(&arena);
    buffer_release(&out);
    buffer_release(&error);
    return count;
}
