/*
 * experiment_evidence.h - an analysis, as `ffreplay analyze --json` prints it: what the end of an
 * experiment is based on.
 */
#ifndef FFC_EXPERIMENT_EVIDENCE_H
#define FFC_EXPERIMENT_EVIDENCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler/ledger/ledger.h"

struct buffer;
struct command;
struct flag;
struct project;

struct evidence_file {
    const char *path;         /* "-": standard input */
    char digest[LEDGER_HASH]; /* BLAKE2b-256 of the file */
    json_t *json;
    /* The JSON's. */
    const char *status, *decision, *winner; /* NULL: none wins */
    const char *because;                    /* its first reason; or "" */
};

/* False, and said, where it cannot be read or is no analysis; *status is what to exit with. */
bool evidence_file_read(struct evidence_file *evidence, const char *path,
                        const struct command *command, int *status);
void evidence_file_release(struct evidence_file *evidence);

/*
 * Whether it is of this experiment as it is defined now, and of what came after its start. False,
 * and said, if not; *status is what to exit with. `project` is the one whose ledger has the start.
 */
bool evidence_file_fits(const struct evidence_file *evidence, const struct project *project,
                        const struct flag *flag, uint32_t environment,
                        const struct command *command, int *status);

/* For the ledger: the field `analysis`, with the digest and the numbers that decided. */
void evidence_file_entry(const struct evidence_file *evidence, struct buffer *out);
/* "ship green: bought +52 %, p = 5.1e-10", on a screen. */
void evidence_file_show(const struct evidence_file *evidence, struct buffer *out);

#endif
