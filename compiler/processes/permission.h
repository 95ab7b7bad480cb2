/*
 * permission.h - whether a program that definitions name may be run.
 *
 * Whoever edits definitions says what is run, so nothing is, unless whoever runs ffc says so: by an
 * option, for all of a project's programs, or by an allow-list, for those that it names. The list
 * is a file of theirs, never one of the tree that the definitions are in, and what it allows is
 * never a program of that tree.
 */
#ifndef FFC_PERMISSION_H
#define FFC_PERMISSION_H

#include <stdbool.h>

#include "compiler/model/invocation.h"

struct buffer;

struct permission {
    bool given;       /* --run-steps or --allow-commands */
    const char *list; /* --allow-list; NULL: the user's own, ~/.config/ffc/allow, if it is there */
};

enum permitted {
    PERMITTED_NOT,    /* nothing was said that is about this project */
    PERMITTED_OTHERS, /* the list has other programs of this project, or this one is of the tree:
                         `why` is a sentence */
    PERMITTED_FAULTY, /* the list cannot be relied on: `why` is a sentence */
    PERMITTED
};

/*
 * The list is a JSON object: by a project's directory, what may be run there, each program with all
 * of its arguments as the definitions have them:
 *
 *     {"/srv/shop/flags": [["notify", "payments"], ["ssh", "logs", "cat /var/log/web"]]}
 *
 * Cost: reads the list.
 */
enum permitted permission_has(const struct permission *permission, const char *directory,
                              const struct invocation *invocation, struct buffer *why);

#endif
