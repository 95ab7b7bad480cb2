/*
 * diff_sides.c - see diff_sides.h.
 *
 * What git knows as a revision is one, unless it begins like a path. A revision's project lies
 * where that of -C does, and its files are read from a copy that is gone when they are read.
 */
#include "diff_sides.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/commands/answer.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/memory.h"
#include "compiler/base/parallel.h"
#include "compiler/files/git.h"
#include "compiler/files/place.h"
#include "compiler/model/model.h"
#include "touched.h"

struct opening {
    const struct command *command;
    const struct project_choice *choice;
    struct diff_sides *sides;
    const char *directory; /* of the project, relative to `repository`; NULL: the usual */
    int64_t now;
    bool git_is_missing;
};

/* --------------------------------------------------------------------------------- revisions -- */

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool begins_like_a_path(const char *argument)
{
    return argument[0] == '/' || strncmp(argument, "./", 2) == 0 ||
           strncmp(argument, "../", 3) == 0 || strcmp(argument, ".") == 0 ||
           strcmp(argument, "..") == 0 || strcmp(argument, "-") == 0;
}

/* The commit, or NULL. */
static const char *find_commit(struct opening *opening, const char *revision)
{
    const char *commit;
    enum git_answer answer =
        git_commit(opening->sides->repository, revision, &opening->sides->arena, &commit);
    opening->git_is_missing |= answer == GIT_MISSING;
    return commit;
}

static void help_with_git(const struct opening *opening, const char *name)
{
    const char *repository = opening->sides->repository;
    struct arena arena = {0};
    if (opening->git_is_missing)
        print_help("'git' cannot be run here, which revisions need; install it, or name "
                   "directories or snapshots");
    else if (opening->directory && *opening->directory && !git_prefix(repository, &arena))
        print_help("'%s' is no directory, and '%s', where its revisions are looked for then, is in "
                   "no git repository",
                   opening->directory, repository);
    else if (!git_prefix(repository, &arena))
        print_help("'%s' is in no git repository, or not in one of yours (git config --global "
                   "--add safe.directory)",
                   repository);
    else if (git_is_shallow(repository))
        print_help("this clone is shallow, and may lack '%s': git fetch --unshallow, or in a "
                   "workflow 'fetch-depth: 0'",
                   name);
    else
        print_help("git branch --all and git tag list revisions; 'git fetch' gets those of others");
    arena_release(&arena);
}

static int unknown_revision(const struct opening *opening, const char *name)
{
    int status = job_error(opening->command, "git knows no revision '%s'", name);
    help_with_git(opening, name);
    return status;
}

/* Fills in a side of a revision that must be one. Empty: HEAD. */
static int take_revision(struct opening *opening, const char *name, struct diff_side *side)
{
    name = *name ? name : "HEAD";
    side->source = SOURCE_REVISION;
    side->name = name;
    side->commit = find_commit(opening, name);
    return side->commit ? EXIT_FINE : unknown_revision(opening, name);
}

/* What an argument names. */
static int take_argument(struct opening *opening, const char *argument, struct diff_side *side)
{
    struct stat status;
    side->name = argument;
    side->source = SOURCE_PATH;
    if (begins_like_a_path(argument))
        return EXIT_FINE;
    side->commit = find_commit(opening, argument);
    if (side->commit) {
        side->source = SOURCE_REVISION;
        return EXIT_FINE;
    }
    if (stat(argument, &status) == 0)
        return EXIT_FINE;
    int result =
        job_error(opening->command, "'%s' is no revision that git knows, and no path", argument);
    help_with_git(opening, argument);
    return result;
}

/* "A..B", and "A...B" from their common ancestor on, as in git. */
static int take_range(struct opening *opening, const char *argument, const char *dots)
{
    struct arena *arena = &opening->sides->arena;
    struct diff_side *sides = opening->sides->items;
    bool three = dots[2] == '.';
    const char *first = arena_copy(arena, argument, (size_t)(dots - argument));
    int status = take_revision(opening, first, &sides[VERSION_OLD]);
    if (status == EXIT_FINE)
        status = take_revision(opening, dots + (three ? 3 : 2), &sides[VERSION_NEW]);
    if (status != EXIT_FINE || !three)
        return status;
    const char *base;
    git_merge_base(opening->sides->repository, sides[VERSION_OLD].commit, sides[VERSION_NEW].commit,
                   arena, &base);
    if (!base) {
        status = job_error(opening->command, "'%s' and '%s' have no common ancestor that git knows",
                           sides[VERSION_OLD].name, sides[VERSION_NEW].name);
        help_with_git(opening, sides[VERSION_OLD].name);
        return status;
    }
    sides[VERSION_OLD].commit = base;
    return EXIT_FINE;
}

static int take_arguments(struct opening *opening, int count, char **arguments)
{
    struct diff_side *sides = opening->sides->items;
    const char *dots = count == 1 ? strstr(arguments[0], "..") : NULL;
    if (dots && !begins_like_a_path(arguments[0]) && !is_directory(arguments[0]))
        return take_range(opening, arguments[0], dots);
    int status = count > 0 ? take_argument(opening, arguments[0], &sides[VERSION_OLD])
                           : take_revision(opening, "HEAD", &sides[VERSION_OLD]);
    if (status == EXIT_FINE && count > 1)
        return take_argument(opening, arguments[1], &sides[VERSION_NEW]);
    sides[VERSION_NEW].source = SOURCE_WORK_TREE;
    sides[VERSION_NEW].name = "the work tree";
    return status;
}

/* ----------------------------------------------------------------------------------- reading -- */

static bool is_snapshot(const char *path)
{
    return !is_directory(path);
}

static void name_environments(struct diff_side *side, struct arena *arena)
{
    const struct project *project = side->project;
    uint32_t count = project ? project->environments.count : side->environment_count;
    if (project) {
        side->environments = ARENA_ARRAY(arena, const char *, count + 1);
        for (uint32_t i = 0; i < count; i++)
            side->environments[i] = project->environments.items[i].text;
        side->environment_count = count;
    }
    side->snapshots =
        side->snapshots ? side->snapshots : xcalloc(count + 1, sizeof(struct snapshot));
    side->listings = xcalloc(count + 1, sizeof *side->listings);
}

static int read_snapshot(struct opening *opening, struct diff_side *side)
{
    struct arena *arena = &opening->sides->arena;
    struct buffer problem = {0};
    side->snapshots = xcalloc(1, sizeof *side->snapshots);
    enum fflag_error error = snapshot_open(side->snapshots, side->name, &problem);
    int status =
        error ? job_error(opening->command, "%s: %s", side->name, problem.bytes) : EXIT_FINE;
    buffer_release(&problem);
    if (error)
        return is_unsound(error) ? EXIT_INPUT : status;
    side->environments = ARENA_NEW(arena, const char *);
    side->environments[0] = side->snapshots->info.environment;
    side->environment_count = 1;
    name_environments(side, arena);
    listing_init_programs(&side->listings[0], &side->snapshots[0]);
    return EXIT_FINE;
}

static int keep_project(struct opening *opening, struct diff_side *side)
{
    int status = require_sound(side->project, opening->choice);
    if (status != EXIT_FINE) {
        job_error(opening->command, "'%s' has errors, and cannot be compared", side->name);
        return status;
    }
    name_environments(side, &opening->sides->arena);
    return EXIT_FINE;
}

static int read_project(struct opening *opening, struct diff_side *side, const char *directory)
{
    side->project = project_load_unproved(directory, opening->now);
    const char *folder = side->project->directory;
    side->folder = strcmp(folder, ".") == 0 ? "" : folder;
    return keep_project(opening, side);
}

/* So that what is said of a file names it as the revision does, and not as its copy. */
static void rename_sources(struct diff_side *side, struct arena *arena)
{
    struct sources *sources = &side->project->sources;
    for (uint32_t i = 0; i < sources->count; i++)
        sources->items[i].path = arena_format(arena, "%s:%s%s%s", side->name, side->folder,
                                              *side->folder ? "/" : "", sources->items[i].name);
    side->project->directory = *side->folder ? side->folder : ".";
}

/* Where the project is in the commit: where -C says, or in `flags` if there are definitions, or
 * where the command runs. */
static bool write_revision(struct opening *opening, struct diff_side *side, struct scratch *files,
                           struct buffer *error)
{
    struct diff_sides *sides = opening->sides;
    struct arena *arena = &sides->arena;
    const char *prefix = git_prefix(sides->repository, arena);
    bool found = false;
    if (!prefix)
        prefix = "";
    const char *slash = *prefix ? "/" : "";
    side->folder = "";
    if (opening->directory) {
        bool here = !*opening->directory;
        const char *root =
            here ? prefix : arena_format(arena, "%s%s%s", prefix, slash, opening->directory);
        side->folder = opening->choice->directory;
        return git_write_files(sides->repository, side->commit, root, files, &found, error);
    }
    if (!git_write_files(sides->repository, side->commit,
                         arena_format(arena, "%s%sflags", prefix, slash), files, &found, error))
        return false;
    side->folder = "flags";
    if (found)
        return true;
    scratch_remove(files);
    side->folder = "";
    return git_write_files(sides->repository, side->commit, prefix, files, &found, error);
}

static int read_revision(struct opening *opening, struct diff_side *side)
{
    struct scratch files = {.folder = -1};
    struct buffer error = {0};
    int status = EXIT_FINE;
    if (!write_revision(opening, side, &files, &error)) {
        status = job_error(opening->command, "cannot read the files of '%s': %s", side->name,
                           error.length ? error.bytes : "git cannot be run");
    } else if (!files.place) {
        side->is_empty = true;
        side->environments = ARENA_NEW(&opening->sides->arena, const char *);
        name_environments(side, &opening->sides->arena);
    } else {
        side->project = project_load_unproved(files.place, opening->now);
        rename_sources(side, &opening->sides->arena);
        status = keep_project(opening, side);
    }
    buffer_release(&error);
    scratch_remove(&files);
    return status;
}

static int read_side(struct opening *opening, struct diff_side *side)
{
    switch (side->source) {
    case SOURCE_REVISION:
        return read_revision(opening, side);
    case SOURCE_WORK_TREE:
        return read_project(opening, side, opening->choice->directory);
    case SOURCE_PATH:
        break;
    }
    if (is_snapshot(side->name))
        return read_snapshot(opening, side);
    return read_project(opening, side, side->name);
}

/* A directory of -C is where git is asked; one that is not there any more, where the command runs
 * and by its name. */
static void find_repository(struct opening *opening)
{
    const char *directory = opening->choice->directory;
    opening->sides->repository = ".";
    if (!directory)
        return;
    if (is_directory(directory)) {
        opening->sides->repository = directory;
        opening->directory = "";
    } else {
        opening->directory = directory;
    }
}

static void take_renames(struct diff_sides *sides, const struct rename *renames, uint32_t count)
{
    sides->renames = renames;
    sides->rename_count = count;
    if (count)
        call_by_new_names(sides->items[VERSION_OLD].project, renames, count);
}

/* The ledger is that of the newer version's directory; of a revision, that of the work tree, since
 * nothing of it is ever taken away. */
static void look_for_renames(const struct opening *opening)
{
    struct diff_sides *sides = opening->sides;
    const struct diff_side *new = &sides->items[VERSION_NEW];
    const struct project *before = sides->items[VERSION_OLD].project, *after = new->project;
    uint32_t count;
    if (!before || !after)
        return;
    char *place = new->source == SOURCE_REVISION ? project_place(opening->choice->directory) : NULL;
    const struct rename *renames =
        find_renames(before, after, place ? place : after->directory, &sides->arena, &count);
    take_renames(sides, renames, count);
    free(place);
}

int diff_sides_open(const struct command *command, const struct project_choice *choice,
                    int argument_count, char **arguments, int64_t now, struct diff_sides *sides)
{
    *sides = (struct diff_sides){.repository = "."};
    struct opening opening = {.command = command, .choice = choice, .sides = sides, .now = now};
    find_repository(&opening);
    int status = take_arguments(&opening, argument_count, arguments);
    for (int i = 0; i < 2 && status == EXIT_FINE; i++)
        status = read_side(&opening, &sides->items[i]);
    if (status != EXIT_FINE)
        return status;
    look_for_renames(&opening);
    for (int i = 0; i < 2; i++)
        if (sides->items[i].is_empty)
            print_note("'%s' has no definitions in '%s'", sides->items[i].name,
                       *sides->items[i].folder ? sides->items[i].folder : ".");
    return EXIT_FINE;
}

void diff_sides_of(struct project *old, struct project *new, const struct rename *renamed,
                   struct diff_sides *sides)
{
    struct project *projects[2] = {old, new};
    *sides = (struct diff_sides){.repository = "."};
    for (int i = 0; i < 2; i++) {
        struct diff_side *side = &sides->items[i];
        side->source = SOURCE_WORK_TREE;
        side->name = "the work tree";
        side->project = projects[i];
        side->folder = strcmp(projects[i]->directory, ".") == 0 ? "" : projects[i]->directory;
        name_environments(side, &sides->arena);
    }
    take_renames(sides, renamed, renamed != NULL);
}

/* --------------------------------------------------------------------------------- compiling -- */

uint32_t side_environment(const struct diff_side *side, const char *name)
{
    for (uint32_t i = 0; i < side->environment_count; i++)
        if (strcmp(side->environments[i], name) == 0)
            return i;
    return UINT32_MAX;
}

/* A snapshot is of one environment: so is what it is compared with. */
static const char *only_environment(const struct diff_sides *sides)
{
    for (int i = 0; i < 2; i++)
        if (!sides->items[i].project && !sides->items[i].is_empty)
            return sides->items[i].environments[0];
    return NULL;
}

/* Two projects share nothing, and are compiled at the same time. */
struct compiling {
    const struct command *command;
    const struct project_choice *choice;
    struct diff_sides *sides;
    const char *environment, *only; /* NULL: all */
    int status[2];                  /* by side */
};

static void compile_side(void *context, uint32_t worker, uint32_t index)
{
    struct compiling *compiling = context;
    struct diff_side *side = &compiling->sides->items[index];
    (void)worker;
    compiling->status[index] = EXIT_FINE;
    for (uint32_t at = 0; side->project && at < side->environment_count; at++) {
        const char *name = side->environments[at];
        if ((compiling->environment && strcmp(compiling->environment, name) != 0) ||
            (compiling->only && strcmp(compiling->only, name) != 0))
            continue;
        compiling->status[index] = compile_programs(compiling->command, side->project, at,
                                                    compiling->choice, &side->snapshots[at]);
        if (compiling->status[index] != EXIT_FINE)
            return;
        listing_init_programs(&side->listings[at], &side->snapshots[at]);
    }
}

static bool has_environment(const struct diff_sides *sides, const char *name)
{
    return side_environment(&sides->items[0], name) != UINT32_MAX ||
           side_environment(&sides->items[1], name) != UINT32_MAX;
}

int diff_sides_compile(const struct command *command, const struct project_choice *choice,
                       const char *environment, struct diff_sides *sides)
{
    struct compiling compiling = {
        command, choice, sides, environment, only_environment(sides), {EXIT_FINE, EXIT_FINE}};
    if (environment && !has_environment(sides, environment)) {
        const struct diff_side *named = &sides->items[sides->items[1].environment_count ? 1 : 0];
        return report_unknown(command, "environment", environment, named->environments,
                              named->environment_count);
    }
    for (int i = 0; i < 2; i++)
        if (compiling.only && sides->items[i].project &&
            side_environment(&sides->items[i], compiling.only) == UINT32_MAX)
            return job_error(command, "'%s' has no environment '%s', which the snapshot is of",
                             sides->items[i].name, compiling.only);
    parallel_for(2, 1, compile_side, &compiling);
    return compiling.status[0] != EXIT_FINE ? compiling.status[0] : compiling.status[1];
}

void diff_sides_release(struct diff_sides *sides)
{
    for (int i = 0; i < 2; i++) {
        struct diff_side *side = &sides->items[i];
        for (uint32_t at = 0; side->snapshots && at < side->environment_count; at++) {
            if (side->listings && side->listings[at].snapshot)
                listing_release(&side->listings[at]);
            snapshot_close(&side->snapshots[at]);
        }
        free(side->snapshots);
        free(side->listings);
        project_free(side->project);
    }
    arena_release(&sides->arena);
}
