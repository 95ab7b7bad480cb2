/*
 * in_force.h - a flag as it was served: which definition of it was in force at a line's time.
 *
 * The record of publications (compiler/publish/publications.h) says which snapshot services had
 * when. Each is opened when the first line needs it: from the archive, or else compiled from the
 * commit that it is of. What is in neither, is damaged, or was published before the record begins,
 * is assumed to have been what the definitions say now, at the stages and under the overrides that
 * the ledger knows of: the caller evaluates that itself.
 *
 * A flag that had another name is found by its salt, which a rename keeps.
 *
 * Memory: at most MOST_OPEN snapshots are open, and what threads look at; the bytes of those that
 * git gave are kept. Threads: any number look at once, each with a cursor of its own.
 */
#ifndef FFREPLAY_IN_FORCE_H
#define FFREPLAY_IN_FORCE_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/words.h"
#include "fflag.h"

struct arena;
struct buffer;
struct flag;
struct line_context;
struct project;
struct served_record;

#define ORIGINS(X)                 \
    X(ORIGIN_SERVED, "served")     \
    X(ORIGIN_FROM_GIT, "from_git") \
    X(ORIGIN_ASSUMED, "assumed")
enum origin { ORIGINS(WORDS_MEMBER) };
#define ORIGIN_COUNT WORDS_COUNT(ORIGINS)
extern const char *const origin_words[];

/* Lines by where the definitions come from that they were evaluated with. */
struct origins {
    uint64_t lines[ORIGIN_COUNT];
    uint64_t before_edit; /* of those assumed: from before an edit of the flag in the ledger */
};
enum age { AGE_ANY, AGE_BEFORE_EDIT };
void origins_count(struct origins *origins, enum origin origin, enum age age);
void origins_join(struct origins *origins, const struct origins *other);
/* "900 lines as served then, 80 as defined now", in memory of the arena; NULL: none was evaluated.
 */
const char *origins_text(const struct origins *origins, struct arena *arena);
/* `"assignment":{"served":900,"from_git":0,"assumed":80}`, with `"before_edit":30` if any are. */
void field_assignment(struct buffer *out, const struct origins *origins);

/* A flag as one snapshot has it. */
struct definition {
    enum origin origin;
    bool is_absent; /* the snapshot has no such flag; nothing below counts then */
    bool keeps;     /* it, or one that it requires, is sticky: see previous.h */
    bool is_as_now; /* it says the same as the definitions do now */
    fflag_store *store, *everybody_store;
    const fflag_view *view;
    const fflag_view *everybody; /* the same with its canary's stage at 100 %; NULL: it has none */
    fflag_id id, everybody_id;
    uint64_t threshold; /* of that stage: whose bucket is below it is enrolled; 0: none, or all */
    uint32_t *variants; /* by the snapshot's number: the place in today's list; UINT32_MAX: gone */
    uint32_t variant_count; /* of that table; the last one is for none */
};

struct in_force;

/*
 * False after reporting; close it all the same. `project` and `flag` are borrowed. What the record
 * says that cannot be used is said once on stderr, when a line needs it.
 */
bool in_force_open(struct in_force **force, struct project *project, const struct flag *flag,
                   uint32_t environment, const struct served_record *record);
void in_force_close(struct in_force *force);

/* That lines are evaluated with this context, which was prepared for the caller's own stores.
 * Before any line is looked at. */
void in_force_prepare(struct in_force *force, const struct line_context *line);

/* Whether anything is recorded. */
bool in_force_is_recorded(const struct in_force *force);

/* One thread's view of it; it belongs to the force. */
struct in_force_cursor;
struct in_force_cursor *in_force_cursor(struct in_force *force);

enum in_force_at {
    IN_FORCE_TRANSITION, /* a publication is too close: some services had the one before it */
    IN_FORCE_ASSUMED,    /* *definition is NULL */
    IN_FORCE_KNOWN       /* *definition is valid until the cursor is asked again */
};
/* Cost: a few comparisons where lines are near each other in time. */
enum in_force_at in_force_at(struct in_force_cursor *cursor, int64_t time,
                             const struct definition **definition);

/* Of a line that is evaluated as the flag is defined now: whether that was edited since. */
enum age in_force_age(const struct in_force_cursor *cursor, int64_t time);

/* When the ledger last tells of an edit of the flag; INT64_MIN: it tells of none. */
int64_t in_force_edited(const struct in_force *force);

/* The variant of a result in today's list; UINT32_MAX: today's flag has none of that name. */
uint32_t definition_variant(const struct definition *definition, const fflag_result *result);

#endif
