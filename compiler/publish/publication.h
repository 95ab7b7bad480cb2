/*
 * publication.h - replaces the served snapshot by that of edited definitions.
 *
 * It keeps the old one's generation, so that services that refuse older ones accept it, and signs
 * if the old one was signed, so that those that require a signature do, too.
 *
 * An emergency does not compile: it patches the published snapshot, and so publishes its change and
 * nothing else. Only if that is impossible are the definitions compiled.
 */
#ifndef FFC_PUBLICATION_H
#define FFC_PUBLICATION_H

#include <stdbool.h>

#include "compiler/files/seal.h"
#include "compiler/patch/patch.h"
#include "compiler/project/project.h"

struct buffer;
struct ledger;

struct publication {
    const char *path; /* NULL: nothing is to be published, or nothing may be */
    bool is_signed;
    struct secret_key key;
    struct made *made; /* what was published last, until that is recorded */
};

/*
 * Call it before anything is edited: reads the key, if one is named, and examines the file to be
 * replaced. False, with a sentence in `error`, if that is signed and there is no key, or if it is
 * neither empty nor a snapshot; nothing is held then. Warns on stderr about another key than the
 * file's.
 */
bool publication_prepare(struct publication *publication, const char *path, const char *key,
                         struct buffer *error);
void publication_release(struct publication *publication);
/* False, with a sentence in `error`, where the file is a snapshot of another project or of another
 * environment. To be asked before anything is edited; publication_publish() asks again. */
bool publication_fits(const struct publication *publication, const struct project *project,
                      const char *environment, struct buffer *error);

/* False, with a sentence in `error`, where the file has an emergency that nothing else knows of,
 * which compiled definitions would end. */
bool publication_keeps_emergencies(const struct publication *publication,
                                   const struct project *project, struct buffer *error);

/*
 * Compiles the definitions as they are now, and publishes them unless the file has these bytes.
 * What else than `flag` changed in the file is named on stderr; NULL: nothing is said.
 */
bool publication_publish(const struct publication *publication, const char *directory,
                         const char *environment, const char *flag, struct buffer *error);

/*
 * Records what was published since the last call, where the project records such things: in its
 * archive, and in a ledger that has entries of publications. The ledger is locked, with nothing put
 * aside; one that is not locked gets no entry. Does nothing where nothing was published. False,
 * with a sentence in `error`, which says that it is published all the same.
 */
bool publication_record(const struct publication *publication, struct ledger *ledger,
                        const char *actor, struct buffer *error);

/* The file that is there, to be patched. False, with a sentence in `why`, where there is none that
 * can be; the patch is to be released in either case. */
bool publication_open(const struct publication *publication, struct patch *patch,
                      struct buffer *why);
/* Publishes it. False, with a sentence in `error`, with the old file as it was. */
bool publication_patch(const struct publication *publication, struct patch *patch,
                       struct buffer *error);

/* Names on stderr the flags that the definitions have in another way than the patched file, and
 * nobody asked to publish. */
void publication_note_differences(struct patch *patch, struct project *project);
/* The same of the file that is there; or that the definitions have errors. */
void publication_note_rest(const struct publication *publication, const char *directory);

#endif
