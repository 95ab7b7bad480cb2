/*
 * flag_variants.h - which variant of a flag each log line was served.
 *
 * As logged, if the log names the flag and its variant. Otherwise by evaluating the flag again,
 * with the line's context at the line's time, on the snapshot that was in force then; where that is
 * not known, on one compiled from the definitions, for a canary at its stage at that time, for an
 * experiment in its state at that time.
 */
#ifndef FFREPLAY_FLAG_VARIANTS_H
#define FFREPLAY_FLAG_VARIANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiled_store.h"
#include "in_force.h"
#include "line_context.h"
#include "past_overrides.h"
#include "stage_times.h"
#include "tools/ffreplay/replay/replay.h"

/* A flag in an environment. Read by any number of threads once it is open. */
struct flag_variants {
    const struct flag *flag;
    uint32_t environment;
    const struct targeting *targeting;
    const char *const *former; /* names that it had, by the ledger: lines that name them are its */
    uint32_t former_count;
    struct stage_times stages; /* of its canary or experiment; without one, one that is always */
    struct opened {
        fflag_store *store;
        const fflag_view *view;
        fflag_id id;
    } * opened; /* by stage time */
    struct held_times held;
    struct in_force *force;
    bool keeps; /* it, or a flag that it requires, is sticky: only a line that names the variant
                   tells it */
    fflag_store **stores; /* each once, for contexts */
    uint32_t store_count;
    char build[BUILD_TEXT]; /* "" unless it is of other definitions than those that were opened */
};

/* Compiles what is needed. False after reporting; close it all the same. */
bool flag_variants_open(struct flag_variants *variants, struct project *project,
                        const struct flag *flag, uint32_t environment,
                        const struct served_record *record);
void flag_variants_close(struct flag_variants *variants);

#define FLAG_BUILD_TEXT BUILD_TEXT
/* The content hash of the snapshot that the definitions compile to as they are. */
void flag_variants_build(const struct flag_variants *variants, char hex[FLAG_BUILD_TEXT]);

/* How the lines of a log tell. One thread's; a copy is another's. */
struct variant_reader {
    const struct flag_variants *variants;
    const struct layout *layout;
    struct line_context line;
    struct in_force_cursor *cursor; /* NULL until it is asked */
};
/* For another thread. */
void variant_readers_copy(struct variant_reader *copies, const struct variant_reader *readers,
                          uint32_t count);
/* Registers the fields. False when the log cannot tell, after reporting. */
bool variant_reader_prepare(struct variant_reader *reader, const struct flag_variants *variants,
                            struct layout *layout);

enum served_kind {
    SERVED_VARIANT,
    SERVED_UNKNOWN,    /* the line names a variant that the flag does not have */
    SERVED_NONE,       /* nothing that can be read tells, or evaluating it failed */
    SERVED_OVERRIDE,   /* an override held the flag back */
    SERVED_TRANSITION, /* it changed at about that time */
    SERVED_GONE,       /* a variant that the flag no longer has */
    SERVED_OTHER_FLAG  /* the line is about another one */
};
struct served {
    enum served_kind kind;
    uint32_t variant;   /* SERVED_VARIANT: its place in the flag's list */
    bool evaluated;     /* again; `reason`, `rule` and `error` are then those of the result */
    enum origin origin; /* of what it was evaluated with */
    bool is_as_now;     /* which says the same as the definitions do now */
    enum age age;       /* of a line that was evaluated with those */
    enum fflag_reason reason;
    enum fflag_error error;
    const char *rule; /* or NULL */
};
struct served served_of(struct variant_reader *reader, const struct event *event);

/* A variant without a name is one of a flag that is declared by a plain value: "default". */
const char *variant_text(const struct flag_variants *variants, uint32_t variant);

#endif
