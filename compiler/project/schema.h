/*
 * schema.h - the language as its readers' tables have it: for editors, and for people.
 */
#ifndef FFC_SCHEMA_H
#define FFC_SCHEMA_H

struct buffer;

/* JSON Schema, draft 7. */
void write_schema(struct buffer *out);
/* The tables of keys of docs/language.md, each after a comment that names it. */
void write_key_tables(struct buffer *out);

#endif
