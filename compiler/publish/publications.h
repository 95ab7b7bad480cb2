/*
 * publications.h - what was published when: the record, and the archive that keeps the snapshots.
 *
 * An archive is a directory. Below it, each environment has one: `ENV/BUILD.ffs` is a snapshot by
 * its build, and a line of `ENV/publications.ndjson` is a publication:
 *
 *   {"time":"2026-11-20T10:00:00Z","environment":"production","build":"…","commit":"…",
 *    "generation":7}
 *
 * `commit` is null unless the definitions that were compiled are those of that commit, `generation`
 * unless there was one. An entry of the ledger whose `verdict` is "publish" holds the same. The
 * record is the union of both.
 *
 * Several processes may write to an archive at once. A snapshot gets its name when it is whole; a
 * line is written at once, under a lock, and is on the disk when the call returns.
 */
#ifndef FFC_PUBLICATIONS_H
#define FFC_PUBLICATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"

struct buffer;
struct ledger;
struct project;

#define PUBLICATIONS_FILE "publications.ndjson"
#define PUBLISHED_VERDICT "publish"
#define PUBLISHED_BUILD   33 /* hexadecimal, with its NUL */

struct published {
    int64_t time;
    const char *environment;
    char build[PUBLISHED_BUILD];
    const char *commit;  /* or NULL: it is of no commit */
    uint64_t generation; /* 0: none was given */
};

/* ----------------------------------------------------------------------------------- writing -- */

/* Fills in the build and the generation of a snapshot's bytes. */
void published_identify(struct published *published, const struct buffer *snapshot);

/* The environment of a snapshot's bytes, in the arena. */
const char *snapshot_environment(const struct buffer *snapshot, struct arena *arena);

/* Whether the ledger of the project in `directory` has an entry of a publication. */
bool published_are_recorded(const char *directory);

/*
 * The commit whose definitions those in `directory` are; NULL where they are of none: there is no
 * repository or no git, or a file differs that is neither of the ledger nor a snapshot. In the
 * arena. Cost: git is run three times.
 */
const char *published_commit(const char *directory, struct arena *arena);

/* The directory that the project names as its archive, in the arena; NULL: it names none. */
const char *project_archive(const struct project *project, struct arena *arena);

/* Whether what is kept there for an environment would lie in the project, or where --allow-outside
 * says; false, with a sentence in `error`, where a link leads out. */
bool project_archive_is_inside(const struct project *project, const char *environment,
                               struct buffer *error);

/* Makes a directory, with those above it. False, with a sentence in `error`. */
bool make_folders(const char *path, struct buffer *error);

/* Keeps the snapshot, unless the archive has it already, sound. Before it is published. False, with
 * a sentence in `error`. */
bool archive_keep(const char *archive, const struct published *published,
                  const struct buffer *snapshot, struct buffer *error);
/* Adds the line. After it was published. False, with a sentence in `error`. */
bool archive_note(const char *archive, const struct published *published, struct buffer *error);

/* Adds the entry to a ledger that is locked, and holds nothing put aside. `path` is where it was
 * published. False, with a sentence in `error`. */
bool published_record(struct ledger *ledger, const struct published *published, const char *path,
                      const char *actor, struct buffer *error);

/* ----------------------------------------------------------------------------------- reading -- */

struct publications {
    struct publication_time {
        int64_t from; /* until the next one's */
        char build[PUBLISHED_BUILD];
        const char *commit; /* or NULL */
        uint64_t generation;
        uint32_t order;  /* of those of one time: as they were recorded */
        bool is_certain; /* false: a line after it cannot be read, so it may have ended earlier */
    } * items;           /* ascending; neighbours differ in their build */
    uint32_t count;
};

/*
 * Those of an environment: of the archive (NULL: none) and of the ledger of the project in
 * `directory`. What cannot be read is said on stderr, with its place: a torn last line, too, times
 * that go back, and snapshots of the archive that no publication names. False, with a sentence in
 * `error`, where a file is there and cannot be opened.
 */
bool publications_read(struct publications *publications, const char *archive,
                       const char *directory, const char *environment, struct arena *arena,
                       struct buffer *error);

/* Where the archive keeps a snapshot; in the arena. */
const char *archive_path(const char *archive, const char *environment, const char *build,
                         struct arena *arena);

#endif
