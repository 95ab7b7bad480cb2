/*
 * ledger.h - `ledger/` in the project: what was changed, when, by whom and why.
 *
 * One file an entry, `ledger/20261120T100000Z-0123456789ab.json`, named for its time and for the
 * first digits of the BLAKE2b-256 of its bytes. An entry is one line of JSON, and its `parents` are
 * the hashes of those that nothing followed yet: one, or several where branches were merged, as of
 * commits. So branches merge without a conflict, and changed or missing entries show. A
 * `ledger.jsonl`, which older versions wrote, comes before all of them, and is only read.
 *
 * Writing: ledger_lock(), ledger_prepare() puts the entry aside, the edit is made, ledger_commit();
 * or ledger_drop() if it was not. The next run that takes the lock finishes what a killed one put
 * aside: see recovery.h. An entry that a call reports as written is on the disk.
 *
 * Reading: ledger_read() needs no lock.
 *
 * Every function that can fail returns false, with a sentence in `error`.
 */
#ifndef FFC_LEDGER_H
#define FFC_LEDGER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/words.h"
#include "compiler/files/publish.h"

#define LEDGER_FOLDER "ledger"
#define LEDGER_OLD    "ledger.jsonl"
#define LEDGER_ASIDE  "ledger/.local" /* of this checkout alone; git leaves it out */
#define LEDGER_HASH   65              /* hexadecimal, with its NUL */
#define LEDGER_DIGITS 12              /* of it in a name, and at least where people name one */
#define LEDGER_NAME   64              /* room for the name of an entry's file */

/* ----------------------------------------------------------------------------------- writing -- */

struct ledger {
    const char *directory;   /* of the project; borrowed */
    int lock;                /* the directory, held with flock() */
    char aside[LEDGER_NAME]; /* the entry that this run has put aside; "": none */
    /* Why the disk may not yet hold the name of a change that was made. Its entry stays put aside
     * until another run has made sure. The caller reports it at the end. */
    struct buffer doubt;
    struct buffer tips; /* what the next entry follows, as JSON; nobody else writes meanwhile */
};

/* Waits for other runs on the same project. */
bool ledger_lock(struct ledger *ledger, const char *directory, struct buffer *error);
void ledger_unlock(struct ledger *ledger); /* also of one that is not locked: {.lock = -1} */

/* What the next run does with an entry that it finds put aside. */
#define ASIDES(X)                                                                            \
    /* The definitions tell whether the edit was made: finishes it, or drops it. */          \
    X(ASIDE_EDIT, "edit")                                                                    \
    /* It stands for nothing but itself: finishes it. */                                     \
    X(ASIDE_RECORD, "record")                                                                \
    /* Writes `text` to `file`, unless that is there, and finishes it: what was published */ \
    /* before the definitions were edited is not undone by a later build. */                 \
    X(ASIDE_FILE, "file")                                                                    \
    /* Edits the canary where the entry begins, and finishes it: it may be published. */     \
    X(ASIDE_TRANSITION, "transition")                                                        \
    /* Several files: where some are edited, edits the others, and finishes it. */           \
    X(ASIDE_FILES, "files")
enum aside { ASIDES(WORDS_MEMBER) };
struct todo {
    enum aside aside;
    const char *file;          /* below the project: what is edited; NULL: none */
    const struct buffer *text; /* of a file that is to be there; or NULL */
};

/*
 * Puts an entry aside without making it count. `entry` is a JSON object without its closing brace;
 * its parents are added, and the brace. Refuses one whose time is out of the years 0001 to 9999.
 */
bool ledger_prepare(struct ledger *ledger, const struct buffer *entry, const struct todo *todo,
                    struct buffer *error);
/* Creates `ledger/`, where there is none; ledger_prepare() does so, too. */
bool ledger_make_folders(const struct ledger *ledger, struct buffer *error);
/* Records how the edit went: false, and drops the entry, if it was not made; keeps a doubt. */
bool ledger_edited(struct ledger *ledger, enum replaced edited, struct buffer *error);
/* The entry counts, because its change was made; or it is dropped, because it was not. */
bool ledger_commit(struct ledger *ledger, struct buffer *error);
void ledger_drop(struct ledger *ledger);
/* Both, for an entry that stands for nothing but itself. */
bool ledger_add(struct ledger *ledger, const struct buffer *entry, struct buffer *error);
/* False if there is a doubt, which is in `error`. Call it when all is done. */
bool ledger_is_certain(struct ledger *ledger, struct buffer *error);

/* Whether a run that was killed left something for the next. */
bool ledger_has_aside(const char *directory);
/* The names of what is put aside, oldest first; in the arena. */
bool ledger_list_aside(const struct ledger *ledger, struct arena *arena, const char ***names,
                       uint32_t *count, struct buffer *error);
/* One of them. */
struct put_aside {
    struct buffer entry; /* as it will be in the ledger */
    json_t *json, *todo; /* NULL where it is damaged */
};
bool ledger_read_aside(const struct ledger *ledger, const char *name, struct put_aside *found,
                       struct buffer *error);
void put_aside_release(struct put_aside *found);
/* It counts, and its edit and itself are on the disk; or it goes. */
bool ledger_finish_aside(struct ledger *ledger, const char *name, const struct put_aside *found,
                         struct buffer *error);
void ledger_drop_aside(struct ledger *ledger, const char *name);
bool aside_named(const char *name, enum aside *aside);

/* ----------------------------------------------------------------------------------- reading -- */

struct ledger_entry {
    const char *text; /* JSON, without the end of its line */
    size_t length;
    const char *place;             /* below the project: "ledger/….json", "ledger.jsonl:12" */
    char hash[LEDGER_HASH];        /* of what it holds */
    char named[LEDGER_DIGITS + 1]; /* the digits in its name; "": it has none */
    int64_t time;                  /* in seconds, by its name; INT64_MIN of an old line */
    bool is_old, is_cut;           /* a line of ledger.jsonl; without an end */
    bool is_readable;              /* by its outline: what it holds may be none all the same */
    const char *problem;           /* of a file that cannot be read; or NULL */
    /* Hashes, and the places of those entries in the list; UINT32_MAX: not there. */
    const char *(*parents);
    uint32_t *parent_places;
    uint32_t parent_count;
    bool is_followed; /* it is a parent */
};

/* Parents before those that follow them; what is free is ordered by time, then by hash. */
struct ledger_entries {
    struct arena arena;
    const char *directory;
    struct ledger_entry *items;
    uint32_t count;
};
bool ledger_read(const char *directory, struct ledger_entries *entries, struct buffer *error);
/* Whether the next entry follows it: nothing sound does, and it is what its name says. */
bool ledger_is_tip(const struct ledger_entry *entry);
void ledger_release(struct ledger_entries *entries);
/* The same for repeated calls, such as one per canary: reads once as long as nothing was added; not
 * to be released. For one thread. NULL: see `error`. */
const struct ledger_entries *ledger_look(const char *directory, struct buffer *error);

/*
 * An entry's JSON, for json_decref(); NULL, and one message on stderr, if it is not valid, so that
 * a bad line spoils only itself. With a text, such as a flag's name, also NULL, cheaply, for
 * entries without that string.
 */
json_t *ledger_json(const struct ledger_entries *entries, uint32_t index, const char *text);
/* Reports that it is not an entry, or cannot be read; once per run, however often it is read. */
void ledger_complain(const struct ledger_entries *entries, uint32_t index);

void ledger_hash(const char *bytes, size_t length, char hex[LEDGER_HASH]);

#endif
