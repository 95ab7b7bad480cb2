/*
 * snapshot.h - a snapshot opened for a command: verified by the library, readable by section.
 */
#ifndef FFC_COMMANDS_SNAPSHOT_H
#define FFC_COMMANDS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fflag.h"
#include "fflag/snapshot.h"

struct buffer;

struct snapshot {
    fflag_store *store;
    const fflag_view *view;
    struct fflag_snapshot_info info;
};

/*
 * Opens a file, or stdin for "-". On failure `problem` says why, in a sentence. Whatever the
 * result, snapshot_close() may follow.
 */
enum fflag_error snapshot_open(struct snapshot *snapshot, const char *path, struct buffer *problem);
/* The same, and only with a signature of one of the public keys, of which NULL ends the list. */
enum fflag_error snapshot_open_signed(struct snapshot *snapshot, const char *path,
                                      const char *const *keys, struct buffer *problem);
enum fflag_error snapshot_open_memory(struct snapshot *snapshot, const struct buffer *bytes,
                                      struct buffer *problem);
void snapshot_close(struct snapshot *snapshot);

/* Whether the file itself is at fault, and not that it cannot be read; untrusted is unsound. */
bool is_unsound(enum fflag_error error);

/* A section's bytes, at least 8-byte aligned, and their number; NULL and 0 where there is none. */
const void *snapshot_section(const struct snapshot *snapshot, uint32_t id, size_t *size);
/* What follows the snapshot's bytes; false where that is nothing. */
bool snapshot_signature(const struct snapshot *snapshot, struct ffs_signature *signature,
                        const char **comment);
const struct ffs_header *snapshot_header(const struct snapshot *snapshot);
/* Borrowed; NULL for FFS_NONE. */
const char *snapshot_string(const struct snapshot *snapshot, ffs_string string);
/* A text that its writer says is JSON: nobody verifies that. What is not is written as a string. */
void write_json_text(const char *text, struct buffer *out);
/* "STRINGS", "FLAGS", …; NULL for one that is not known. */
const char *section_name(uint32_t id);

/* For publish_file(): whether the library opens the file. */
bool verify_snapshot(const char *path, struct buffer *error);

#endif
