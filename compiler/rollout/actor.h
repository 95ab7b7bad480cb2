/* actor.h - who a change is recorded for. */
#ifndef FFC_ACTOR_H
#define FFC_ACTOR_H

/* `given`, else $USER, else `program`. */
const char *actor_name(const char *given, const char *program);

#endif
