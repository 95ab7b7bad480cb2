/* history_list.c - see history_walk.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/table.h"
#include "compiler/model/model.h"
#include "history_walk.h"

#define MOST_AHEAD 32 /* commits */

const char *history_kept(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

#define FIELDS       6  /* of a commit, each with a NUL after it */
#define SHORT_DIGITS 10 /* of an id that is shown */

static void add_parents(struct arena *arena, struct commit *commit, const char *list)
{
    while (*list) {
        size_t length = strcspn(list, " ");
        *ARENA_APPEND(arena, commit->parents, commit->parent_count) =
            arena_copy(arena, list, length);
        list += length + strspn(list + length, " ");
    }
}

/* ":100644 100644 OLD NEW M\tPATH", of the last commit that was read: what will be asked for. */
static const char *read_files(struct arena *arena, struct commit *commits, uint32_t count,
                              const char *at)
{
    for (at += strspn(at, "\n"); *at == ':' && count; at += strspn(at, "\n")) {
        struct commit *commit = &commits[count - 1];
        const char *line = at, *end = strchr(line, '\n');
        at = end ? end + 1 : line + strlen(line);
        const char *tab = memchr(line, '\t', (size_t)(at - line));
        for (const char *id = line + 15; tab && id < tab; id += strspn(id, " ")) {
            size_t length = strspn(id, "0123456789abcdef");
            if (length >= 40 && strspn(id, "0") < length)
                *ARENA_APPEND(arena, commit->texts, commit->text_count) =
                    arena_copy(arena, id, length);
            id += length ? length : strcspn(id, " \t");
        }
    }
    return at;
}

static void read_commits(struct walk *walk, const struct buffer *out)
{
    struct telling_history *telling = walk->telling;
    struct arena *arena = telling->arena;
    const char *at = out->bytes, *end = out->bytes + out->length;
    while (at < end) {
        const char *fields[FIELDS];
        at = read_files(arena, telling->commits, telling->commit_count, at);
        for (int i = 0; i < FIELDS; i++) {
            if (at >= end)
                return;
            fields[i] = at;
            at += strlen(at) + 1;
        }
        struct commit *commit = ARENA_APPEND(arena, telling->commits, telling->commit_count);
        size_t length = strlen(fields[0]) < SHORT_DIGITS ? strlen(fields[0]) : SHORT_DIGITS;
        *commit = (struct commit){.id = history_kept(arena, fields[0]),
                                  .short_id = arena_copy(arena, fields[0], length),
                                  .time = strtoll(fields[2], NULL, 10) * 1000,
                                  .committed = strtoll(fields[3], NULL, 10) * 1000,
                                  .author = history_kept(arena, fields[4]),
                                  .subject = history_kept(arena, fields[5])};
        add_parents(arena, commit, fields[1]);
    }
}

bool list_commits(struct walk *walk)
{
    struct telling_history *telling = walk->telling;
    struct buffer out = {0}, error = {0};
    char since[64] = "--topo-order"; /* once more, where no time is given */
    if (telling->choice->since != INT64_MIN)
        snprintf(since, sizeof since, "--since=@%lld", (long long)telling->choice->since / 1000);
    const char *const log[] = {"log",
                               "--topo-order",
                               "--parents",
                               "--no-color",
                               "--no-show-signature",
                               "--raw",
                               "--no-abbrev",
                               "--no-renames",
                               "--format=%H%x00%P%x00%at%x00%ct%x00%an%x00%s%x00",
                               since,
                               "--",
                               ".",
                               NULL};
    enum git_answer answer = git_run(telling->project->directory, log, NULL, &out, &error);
    if (answer == GIT_DONE)
        read_commits(walk, &out);
    for (uint32_t i = 0; i < telling->commit_count; i++)
        table_add(&walk->by_id, telling->arena, telling->commits[i].id, &telling->commits[i]);
    buffer_release(&out);
    buffer_release(&error);
    return answer == GIT_DONE;
}

/* One that is not in the list is read all the same: the list may end before it. */
struct commit *commit_of(struct walk *walk, const char *id)
{
    struct commit *commit = table_get(&walk->by_id, id);
    if (!commit) {
        commit = ARENA_NEW(walk->telling->arena, struct commit);
        commit->id = commit->short_id = id;
        commit->is_unlisted = true;
        table_add(&walk->by_id, walk->telling->arena, id, commit);
    }
    return commit;
}

const char *tree_of(struct walk *walk, struct commit *commit)
{
    if (!commit->is_read)
        commit->tree = past_tree(&walk->past, commit->id);
    commit->is_read = true;
    return commit->tree;
}

/* The trees of all commits. A folder that a line cannot name is looked for commit by commit. */
void find_trees(struct walk *walk)
{
    struct telling_history *telling = walk->telling;
    struct buffer names = {0}, out = {0}, error = {0};
    static const char *const check[] = {"cat-file", "--batch-check", NULL};
    if (strchr(walk->past.folder, '\n') || telling->commit_count == 0)
        return;
    for (uint32_t i = 0; i < telling->commit_count; i++)
        buffer_format(&names, "%s:%s\n", telling->commits[i].id, walk->past.folder);
    if (git_run(telling->project->directory, check, &names, &out, &error) == GIT_DONE) {
        const char *line = out.bytes;
        for (uint32_t i = 0; i < telling->commit_count && *line; i++) {
            struct commit *commit = &telling->commits[i];
            size_t length = strspn(line, "0123456789abcdef"), end = strcspn(line, "\n");
            commit->is_read = true;
            if (strncmp(line + length, " tree ", 6) == 0)
                commit->tree = arena_copy(telling->arena, line, length);
            line += end + (line[end] == '\n');
        }
    }
    buffer_release(&names);
    buffer_release(&out);
    buffer_release(&error);
}

/* What the next commits will ask for. */
void fetch_ahead(struct walk *walk, uint32_t at)
{
    const struct telling_history *telling = walk->telling;
    const char **trees = NULL, **texts = NULL;
    size_t tree_count = 0, text_count = 0;
    if (at < walk->fetched)
        return;
    uint32_t end = at;
    for (; end < telling->commit_count && text_count < GIT_AT_ONCE && end - at < MOST_AHEAD;
         end++) {
        const struct commit *commit = &telling->commits[end];
        if (commit->tree)
            *ARENA_APPEND(&walk->scratch, trees, tree_count) = commit->tree;
        for (uint32_t i = 0; i < commit->text_count; i++)
            *ARENA_APPEND(&walk->scratch, texts, text_count) = commit->texts[i];
    }
    past_fetch(&walk->past, trees, tree_count, texts, text_count);
    walk->fetched = end;
    arena_clear(&walk->scratch);
}
