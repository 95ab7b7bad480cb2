/*
 * publication.h - the snapshot of edited definitions, in the place of the one that is served.
 *
 * It takes over what the old one was given: the generation, so that services that refuse what is
 * older accept it, and that it is signed, so that those that demand a signature do, too.
 *
 * An emergency does not compile: it changes the snapshot that is there, and so publishes its change
 * and nothing else. Only where that cannot be, the definitions are compiled.
 */
#ifndef FFC_PUBLICATION_H
#define FFC_PUBLICATION_H

#include <stdbool.h>

#include "compiler/files/seal.h"
#include "compiler/patch/patch.h"
#include "compiler/project/project.h"

struct buffer;

struct publication {
    const char *path; /* NULL: nothing is to be published, or nothing may be */
    bool is_signed;
    struct secret_key key;
};

/*
 * To be called before anything is edited: reads the key, if one is named, and looks at the file
 * that will be replaced. False, with a sentence in `error`, where that is signed and there is no
 * key, or is neither empty nor a snapshot. Another key than the file's is warned of on stderr.
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
