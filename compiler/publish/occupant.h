/*
 * occupant.h - what is at the path where a snapshot is to be published.
 *
 * Publishing replaces it, so it must be nothing, empty or a snapshot, whole or damaged: never a
 * definition file or a log that was named by mistake. Only regular files are opened, so a pipe or a
 * device neither blocks nor is touched.
 */
#ifndef FFC_OCCUPANT_H
#define FFC_OCCUPANT_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/buffer.h"

struct occupant {
    bool is_sound;      /* a snapshot that the library opens; otherwise nothing of it is known */
    char signed_by[17]; /* the key's id; "": none */
    struct buffer project, environment;
};

/* False, with a sentence in `error`, where it must not be replaced. To be released in either case.
 */
bool occupant_look(struct occupant *occupant, const char *path, struct buffer *error);
void occupant_release(struct occupant *occupant);

/* Whether a snapshot of that project and environment may replace it: false, with a sentence in
 * `error`, if it is one of another. NULL is not compared. */
bool occupant_fits(const struct occupant *occupant, const char *path, const char *project,
                   const char *environment, struct buffer *error);

/* Both, of what is there now. */
bool occupant_check(const char *path, const char *project, const char *environment,
                    struct buffer *error);

/* Warns on stderr if the file was signed with another key than the new one. */
void occupant_warn_of_key(const struct occupant *occupant, const char *path, const uint8_t id[8]);

#endif
