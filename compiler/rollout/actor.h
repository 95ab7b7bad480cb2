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

#endif
