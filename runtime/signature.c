/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature.c - the structure of signatures and public keys.
 */
#include <stdio.h>

#include "signature.h"
#include "utf8.h"

/* -------------------------------------------------------------------------------------- keys -- */

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Whole groups of four characters, without padding. */
static bool decode_base64(const char *text, size_t groups, uint8_t *out)
{
    for (size_t i = 0; i < groups; i++) {
        uint32_t bits = 0;
        for (unsigned k = 0; k < 4; k++) {
            int digit = base64_digit(text[4 * i + k]);
            if (digit < 0)
                return false;
            bits = bits << 6 | (uint32_t)digit;
        }
        out[3 * i] = (uint8_t)(bits >> 16);
        out[3 * i + 1] = (uint8_t)(bits >> 8);
        out[3 * i + 2] = (uint8_t)bits;
    }
    return true;
}

bool read_public_key(const char *text, struct public_key *key)
{
    static const char comment[] = "untrusted comment:", mark[] = "\xef\xbb\xbf";
    if (strncmp(text, mark, strlen(mark)) == 0) /* an editor's */
        text += strlen(mark);
    if (strncmp(text, comment, strlen(comment)) == 0) {
        text = strchr(text, '\n');
        if (!text)
            return false;
    }
    text += strspn(text, " \t\r\n");
    uint8_t bytes[2 + sizeof key->id + sizeof key->bytes]; /* 42: 14 groups of 3 */
    size_t length = strcspn(text, " \t\r\n");
    if (length != sizeof bytes / 3 * 4 || text[length + strspn(text + length, " \t\r\n")] ||
        !decode_base64(text, sizeof bytes / 3, bytes) || memcmp(bytes, "Ed", 2) != 0)
        return false;
    memcpy(key->id, bytes + 2, sizeof key->id);
    memcpy(key->bytes, bytes + 2 + sizeof key->id, sizeof key->bytes);
    return true;
}

void format_key_id(const uint8_t id[8], char text[KEY_ID_SIZE])
{
    for (unsigned i = 0; i < 8; i++) {
        text[2 * i] = "0123456789ABCDEF"[id[7 - i] >> 4];
        text[2 * i + 1] = "0123456789ABCDEF"[id[7 - i] & 15];
    }
    text[16] = '\0';
}

/* --------------------------------------------------------------------------------- structure -- */

static bool is_comment(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0, size; i < length; i += size) {
        size = utf8_character(bytes + i, length - i);
        if (size == 0 || (bytes[i] < 0x20 && bytes[i] != '\t') || bytes[i] == 0x7f)
            return false;
    }
    return true;
}

static enum fflag_error wrong(struct problem *problem, enum fflag_error error, const char *what)
{
    runtime_describe(problem, "its signature %s", what);
    return error;
}

enum fflag_error verify_signature_structure(struct snapshot *snapshot, struct problem *problem)
{
    const uint8_t *bytes = snapshot->bytes + snapshot->length;
    size_t length = snapshot->file_length - snapshot->length;
    if (length == 0)
        return FFLAG_OK;
    size_t known = length < FFS_MAGIC_SIZE ? length : FFS_MAGIC_SIZE;
    if (memcmp(bytes, FFS_SIGNATURE_MAGIC, known) != 0) {
        runtime_describe(problem, "it goes on for %zu bytes after its end", length);
        return FFLAG_ERROR_CHECKSUM;
    }
    struct ffs_signature signature;
    if (length < sizeof signature)
        return wrong(problem, FFLAG_ERROR_TRUNCATED, "is cut");
    memcpy(&signature, bytes, sizeof signature);
    if (memcmp(signature.algorithm, FFS_SIGNATURE_ALGORITHM, sizeof signature.algorithm) != 0)
        return wrong(problem, FFLAG_ERROR_UNSUPPORTED, "is of an unknown kind");
    if (signature.reserved[0] || signature.reserved[1])
        return wrong(problem, FFLAG_ERROR_MALFORMED, "has a reserved field that is not zero");
    if (signature.comment_length > FFS_MAX_COMMENT)
        return wrong(problem, FFLAG_ERROR_MALFORMED, "has a comment that is too long");
    if (length - sizeof signature < signature.comment_length)
        return wrong(problem, FFLAG_ERROR_TRUNCATED, "is cut");
    if (length - sizeof signature > signature.comment_length) {
        runtime_describe(problem, "it goes on for %zu bytes after its signature",
                         length - sizeof signature - signature.comment_length);
        return FFLAG_ERROR_CHECKSUM;
    }
    if (!is_comment(bytes + sizeof signature, signature.comment_length))
        return wrong(problem, FFLAG_ERROR_MALFORMED, "has a comment that is not a line of UTF-8");
    snapshot->signature = bytes;
    return FFLAG_OK;
}
