/* actor.h - who a change is recorded for. */
#ifndef FFC_ACTOR_H
#define FFC_ACTOR_H

/*
 * The first of these that is not blank: `given`; $FFC_ACTOR, $GITHUB_ACTOR, $GITLAB_USER_LOGIN;
 * git's user, name or address, as the configuration of the repository around `directory` (NULL:
 * here), of the user or of the machine has it; the passwd entry of the user id; $LOGNAME, $USER;
 * "uid 1000". git itself is not run: it may not be there. The text stays until the process ends.
 */
const char *actor_name(const char *given, const char *directory);

/* Rows of a table of options. */
#define ACTOR_OPTIONS(actor)                                                                \
    {"actor",  0,      OPTION_TEXT,                                                         \
     &(actor), "NAME", "who, for the ledger [$FFC_ACTOR, your name in git or your login]"}, \
    {                                                                                       \
        "by", 0, OPTION_TEXT, &(actor), "NAME", "the same as --actor"                       \
    }

#endif
