/* actor.h - whom a change is attributed to. */
#ifndef FFC_ACTOR_H
#define FFC_ACTOR_H

/*
 * The first of these that is not blank: `given`; $FFC_ACTOR, $GITHUB_ACTOR, $GITLAB_USER_LOGIN;
 * git's user, by name or address, from the configuration of the repository around `directory`
 * (NULL: here), of the user or of the system; the passwd entry of the user id; $LOGNAME, $USER;
 * "uid 1000". Does not run git, which may not be installed. The text lives until the process ends.
 */
const char *actor_name(const char *given, const char *directory);

#endif
