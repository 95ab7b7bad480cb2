/*
 * stale.h - what `ffc stale` finds: flags that have had their day, and names in code that are none.
 *
 * Everything is the arena's, and texts are as somebody wrote them: whoever prints one escapes it.
 */
#ifndef FFC_COMMANDS_STALE_H
#define FFC_COMMANDS_STALE_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/table.h"
#include "compiler/base/words.h"
#include "compiler/callers/idioms.h"
#include "compiler/callers/scan.h"
#include "compiler/commands/commands.h"
#include "compiler/commands/standing.h"

struct buffer;
struct flag;
struct project;

/* Why a flag is stale; one that is so for several reasons has several. */
#define STALE_KINDS(X)              \
    X(STALE_EXPIRED, "expired")     \
    X(STALE_CONCLUDED, "concluded") \
    X(STALE_SETTLED, "settled")     \
    X(STALE_UNASKED, "unasked")     \
    X(STALE_UNNAMED, "unnamed")
enum stale_kind { STALE_KINDS(WORDS_MEMBER) };
#define STALE_COUNT WORDS_COUNT(STALE_KINDS)
extern const char *const stale_kind_words[];

/* A place in code. */
struct use {
    const char *path;
    uint32_t line, column;
    enum mention_kind kind;
    const char *call; /* the function it is given to; NULL: none that names flags */
};
struct uses {
    struct use *items;
    uint32_t count;
};

struct stale_flag {
    const struct flag *flag;
    bool found[STALE_COUNT];
    bool changed;     /* its definition, or by an emergency, within the period */
    int64_t since;    /* unless it is: at least since then; INT64_MIN: nobody knows */
    bool same;        /* of STALE_SETTLED: everybody gets one variant in all environments */
    uint32_t variant; /* then */
    struct uses uses;
};

/* `shop_get_search`, or `….search`: names the flag if what `ffc gen` wrote is there: a header with
 * that prefix, or a file of that idiom. */
struct getter {
    struct stale_flag *flag;
    const char *prefix; /* of C; else NULL */
    const struct idiom *idiom;
    struct use use;
};

/* A name that code asks for, and that no flag has. */
struct unknown_name {
    const char *name, *nearest; /* NULL: none is near */
    struct uses *uses;
};

struct stale {
    struct arena arena;
    const struct project *project;
    uint32_t environment; /* UINT32_MAX: all */
    int64_t now, period;
    struct standings standings, earlier; /* now, and a period ago */
    struct stale_flag *flags;            /* by index */

    bool dated; /* by git; else no flag's age is known */

    /* Of code; unless `has_code`, nothing is known of it. */
    bool has_code;
    struct unknown_name *unknown;
    uint32_t unknown_count;
    struct uses computed;
    struct getter *getters;
    uint32_t getter_count;
    /* Of files that `ffc gen` wrote, which are not read as code. */
    struct table prefixes; /* of C */
    bool generated[IDIOM_COUNT];
    struct table renames; /* what they call something else; struct use */
    uint64_t files, other_files, large_files;

    bool has_counters;
    struct table asked; /* flags that the counters have been asked for, by name */
};

/*
 * Which flags were changed within the period, by the lines that git says were, and by the ledger;
 * and since when the others are as they are. Cost: the patches of the period, and runs git once for
 * each file.
 */
void find_ages(struct stale *stale);
/* Which flags are settled, expired or concluded. */
void find_stale(struct stale *stale);

/* What the code below a path names: a file, or a directory with all of what git would commit there.
 * EXIT_JOB, after reporting it, if it cannot be read. */
int read_code(const struct command *command, struct stale *stale, const struct askers *askers,
              const char *path);
/* What follows from all code that was read. */
void judge_code(struct stale *stale);

/* Counters of the library, in Prometheus' text format, added up over files. EXIT_JOB, after
 * reporting it, if it has none of `fflag_evaluations_total`. */
int read_counters(const struct command *command, struct stale *stale, const char *path);
void judge_counters(struct stale *stale);

bool is_stale(const struct stale_flag *flag);
bool stale_shows_environment(const struct stale *stale, uint32_t environment);

void write_stale_text(const struct stale *stale, const bool *selected, bool color,
                      struct buffer *out);
void write_stale_json(const struct stale *stale, const bool *selected, struct buffer *out);
void write_stale_github(const struct stale *stale, const bool *selected, struct buffer *out);

#endif
