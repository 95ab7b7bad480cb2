/* seal.c - generations and signatures. */
#include "seal.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/hash.h"
#include "compiler/base/memory.h"
#include "compiler/base/text_lines.h"
#include "fflag/snapshot.h"

/* The prefixes of the comments in minisign's files. */
static const char untrusted[] = "untrusted comment: ", trusted[] = "trusted comment: ";

/* What the base64 lines of minisign's files contain. */
#define SIGNATURE_BYTES 74 /* algorithm, key id, signature */
#define COMMENTED_BYTES 64

#define MOST_OF_A_NAME 1000 /* bytes of a name shown in a comment */

void seal_generation(struct buffer *snapshot, uint64_t generation)
{
    struct ffs_header *header = (struct ffs_header *)(void *)snapshot->bytes;
    header->generation = generation;
    header->header_hash = hash64(header, offsetof(struct ffs_header, header_hash));
}

static void drop_signature(struct buffer *snapshot)
{
    const struct ffs_header *header = (const struct ffs_header *)(void *)snapshot->bytes;
    snapshot->length = header->file_size;
}

static void append_signature(struct buffer *snapshot, struct ffs_signature *signature,
                             const char *comment, size_t length)
{
    memcpy(signature->magic, FFS_SIGNATURE_MAGIC, sizeof signature->magic);
    memcpy(signature->algorithm, FFS_SIGNATURE_ALGORITHM, sizeof signature->algorithm);
    signature->comment_length = (uint32_t)length;
    buffer_append(snapshot, signature, sizeof *signature);
    buffer_append(snapshot, comment, length);
}

/* ----------------------------------------------------------------------------------- signing -- */

/* The name may come from somebody else's snapshot: whatever could end it or the comment, or look
 * like something else, becomes a question mark. */
static void append_name(const struct buffer *snapshot, ffs_string name, struct buffer *comment)
{
    const struct ffs_section *strings = ffs_find_section(snapshot->bytes, FFS_STRINGS);
    const char *text = snapshot->bytes + strings->offset + (size_t)name * 4 + sizeof(uint32_t);
    for (size_t i = 0; text[i] && i < MOST_OF_A_NAME; i++)
        buffer_append(comment, text[i] >= ' ' && text[i] < 0x7f ? &text[i] : "?", 1);
}

/* minisign shows this when it verifies. It adds nothing new, so equal content has equal
 * signatures. */
static void describe(const struct buffer *snapshot, struct buffer *comment)
{
    const struct ffs_header *header = (const struct ffs_header *)(void *)snapshot->bytes;
    buffer_append_text(comment, "project:");
    append_name(snapshot, header->project, comment);
    buffer_append_text(comment, "\tenvironment:");
    append_name(snapshot, header->environment, comment);
    buffer_append_text(comment, "\tbuild:");
    for (size_t i = 0; i < sizeof header->content_hash; i++)
        buffer_format(comment, "%02x", header->content_hash[i]);
    if (header->generation)
        buffer_format(comment, "\tgeneration:%" PRIu64, header->generation);
    buffer_append_text(comment, "\thashed");
}

void seal_sign(struct buffer *snapshot, const struct secret_key *key)
{
    struct ffs_signature signature = {.comment_length = 0};
    struct buffer comment = {0}, commented = {0};
    uint8_t hash[crypto_generichash_BYTES_MAX];
    if (sodium_init() < 0)
        abort();
    drop_signature(snapshot);
    describe(snapshot, &comment);
    memcpy(signature.key_id, key->id, sizeof key->id);
    crypto_generichash(hash, sizeof hash, (const uint8_t *)snapshot->bytes, snapshot->length, NULL,
                       0);
    crypto_sign_detached(signature.signature, NULL, hash, sizeof hash, key->bytes);
    buffer_append(&commented, signature.signature, sizeof signature.signature);
    buffer_append(&commented, comment.bytes, comment.length);
    crypto_sign_detached(signature.comment_signature, NULL, (const uint8_t *)commented.bytes,
                         commented.length, key->bytes);
    append_signature(snapshot, &signature, comment.bytes, comment.length);
    buffer_release(&commented);
    buffer_release(&comment);
}

/* --------------------------------------------------------------------------- minisign's file -- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool decode(const char *text, uint8_t *bytes, size_t count)
{
    size_t length;
    return sodium_base642bin(bytes, count, text, strlen(text), NULL, &length, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           length == count;
}

/* Splits the text into its four lines; empty ones do not count. */
static bool split_lines(char *text, size_t length, char *lines[4])
{
    struct text_lines rest = text_lines_of(text, length);
    size_t count = 0;
    for (char *line; next_text_line(&rest, &line);) {
        if (*line && count == 4)
            return false;
        if (*line)
            lines[count++] = line;
    }
    return count == 4;
}

bool seal_attach(struct buffer *snapshot, const struct buffer *file, struct buffer *error)
{
    struct ffs_signature signature = {.comment_length = 0};
    uint8_t bytes[SIGNATURE_BYTES];
    char *lines[4], *text = xcalloc(1, file->length + 1);
    if (file->length)
        memcpy(text, file->bytes, file->length);
    bool read = split_lines(text, file->length, lines) && starts_with(lines[0], untrusted) &&
                starts_with(lines[2], trusted) && decode(lines[1], bytes, sizeof bytes) &&
                decode(lines[3], signature.comment_signature, COMMENTED_BYTES);
    /* The comment is signed to its last blank, so it is taken as it is in the file. */
    const char *comment = read ? file->bytes + (lines[2] - text) + strlen(trusted) : "";
    size_t length = strcspn(comment, "\r\n");
    if (!read) {
        buffer_append_text(error, "it is not a minisign signature");
    } else if (memcmp(bytes, FFS_SIGNATURE_ALGORITHM, 2) != 0) {
        read = false;
        buffer_append_text(error, "it is a legacy signature, over the whole file; sign with "
                                  "minisign 0.10 or newer, or with -H");
    } else if (length > FFS_MAX_COMMENT) {
        read = false;
        buffer_append_text(error, "its comment is too long");
    } else {
        memcpy(signature.key_id, bytes + 2, sizeof signature.key_id);
        memcpy(signature.signature, bytes + 10, sizeof signature.signature);
        drop_signature(snapshot);
        append_signature(snapshot, &signature, comment, length);
    }
    free(text);
    return read;
}

static void append_base64(struct buffer *out, const uint8_t *bytes, size_t count)
{
    char text[sodium_base64_ENCODED_LEN(SIGNATURE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    sodium_bin2base64(text, sizeof text, bytes, count, sodium_base64_VARIANT_ORIGINAL);
    buffer_append_text(out, text);
    buffer_append_text(out, "\n");
}

bool seal_detach(struct buffer *snapshot, struct buffer *file)
{
    const struct ffs_header *header = (const struct ffs_header *)(void *)snapshot->bytes;
    struct ffs_signature signature;
    if (snapshot->length == header->file_size)
        return false;
    const char *at = snapshot->bytes + header->file_size;
    memcpy(&signature, at, sizeof signature);
    uint8_t bytes[SIGNATURE_BYTES];
    memcpy(bytes, signature.algorithm, 2);
    memcpy(bytes + 2, signature.key_id, sizeof signature.key_id);
    memcpy(bytes + 10, signature.signature, sizeof signature.signature);
    buffer_format(file, "%ssignature of a snapshot\n", untrusted);
    append_base64(file, bytes, sizeof bytes);
    buffer_append_text(file, trusted);
    buffer_append(file, at + sizeof signature, signature.comment_length);
    buffer_append_text(file, "\n");
    append_base64(file, signature.comment_signature, COMMENTED_BYTES);
    drop_signature(snapshot);
    return true;
}
