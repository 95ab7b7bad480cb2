/* reaction.h - how long it takes from a command to what a running service answers. */
#ifndef DEMO_REACTION_H
#define DEMO_REACTION_H

/*
 * Asks for a boolean flag of a published snapshot, as a service does, while it starts the command.
 * Prints the milliseconds from its start to the first other answer, and returns the command's exit
 * status; 2 where nothing changed within a minute.
 */
int react(const char *snapshot, const char *flag, char **command);

#endif
