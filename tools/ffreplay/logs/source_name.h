/*
 * source_name.h - what a log is called in messages, by the path that it is opened at.
 */
#ifndef FFREPLAY_SOURCE_NAME_H
#define FFREPLAY_SOURCE_NAME_H

/* The path itself; "<stdin>" for "-"; or what source_name_set() says. Any thread. */
const char *source_name(const char *path);
/* Both are kept, not copied. Before any log is read. */
void source_name_set(const char *path, const char *name);

/* Before what was set goes. */
void source_name_forget(const char *path);

#endif
