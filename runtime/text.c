/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - names and descriptions for the numbers in fflag.h. */
#include <stdarg.h>
#include <stdio.h>

#include "base.h"
#include "fflag/snapshot.h"

#define STRINGIFY(x)          #x
#define VERSION_TEXT(a, b, c) STRINGIFY(a) "." STRINGIFY(b) "." STRINGIFY(c)

const char *fflag_version(void)
{
    return VERSION_TEXT(FFLAG_VERSION_MAJOR, FFLAG_VERSION_MINOR, FFLAG_VERSION_PATCH);
}

const char *fflag_error_text(enum fflag_error error)
{
    switch (error) {
    case FFLAG_OK:
        return "no error";
    case FFLAG_ERROR_GENERAL:
        return "an argument is unusable: NULL, or not of this store";
    case FFLAG_ERROR_FLAG_NOT_FOUND:
        return "the snapshot has no flag of that name";
    case FFLAG_ERROR_TYPE_MISMATCH:
        return "the flag has a different type from the one asked for";
    case FFLAG_ERROR_INVALID_CONTEXT:
        return "the attribute value cannot be used";
    case FFLAG_ERROR_NO_MEMORY:
        return "out of memory";
    case FFLAG_ERROR_IO:
        return "the snapshot cannot be opened or read";
    case FFLAG_ERROR_NOT_REGULAR:
        return "the path does not name a regular file";
    case FFLAG_ERROR_TRUNCATED:
        return "the snapshot is shorter than its header says";
    case FFLAG_ERROR_NOT_SNAPSHOT:
        return "the file is not a snapshot";
    case FFLAG_ERROR_UNSUPPORTED:
        return "the snapshot needs a newer library";
    case FFLAG_ERROR_CHECKSUM:
        return "the snapshot's bytes are not the ones that were published";
    case FFLAG_ERROR_MALFORMED:
        return "the snapshot is intact but not well formed";
    case FFLAG_ERROR_CHANGED:
        return "the snapshot was written to while it was read";
    case FFLAG_ERROR_SYSTEM:
        return "the watcher could not be set up";
    case FFLAG_ERROR_BUSY:
        return "it cannot be done from within the log callback";
    case FFLAG_ERROR_UNSIGNED:
        return "a signature is required, and the snapshot has none";
    case FFLAG_ERROR_UNTRUSTED:
        return "the snapshot is signed with a key that is not trusted";
    case FFLAG_ERROR_SIGNATURE:
        return "the signature does not match the snapshot";
    case FFLAG_ERROR_ENVIRONMENT:
        return "the snapshot is not for the required environment";
    case FFLAG_ERROR_OLDER:
        return "the snapshot is of an earlier generation than required";
    }
    return "unknown error";
}

const char *fflag_error_code(enum fflag_error error)
{
    switch (error) {
    case FFLAG_OK:
        return NULL;
    case FFLAG_ERROR_FLAG_NOT_FOUND:
        return "FLAG_NOT_FOUND";
    case FFLAG_ERROR_TYPE_MISMATCH:
        return "TYPE_MISMATCH";
    case FFLAG_ERROR_INVALID_CONTEXT:
        return "INVALID_CONTEXT";
    case FFLAG_ERROR_UNSUPPORTED:
        return "UNSUPPORTED";
    case FFLAG_ERROR_GENERAL:
    case FFLAG_ERROR_NO_MEMORY:
    case FFLAG_ERROR_IO:
    case FFLAG_ERROR_NOT_REGULAR:
    case FFLAG_ERROR_TRUNCATED:
    case FFLAG_ERROR_NOT_SNAPSHOT:
    case FFLAG_ERROR_CHECKSUM:
    case FFLAG_ERROR_MALFORMED:
    case FFLAG_ERROR_CHANGED:
    case FFLAG_ERROR_SYSTEM:
    case FFLAG_ERROR_BUSY:
    case FFLAG_ERROR_UNSIGNED:
    case FFLAG_ERROR_UNTRUSTED:
    case FFLAG_ERROR_SIGNATURE:
    case FFLAG_ERROR_ENVIRONMENT:
    case FFLAG_ERROR_OLDER:
        break;
    }
    return "GENERAL";
}

const char *fflag_reason_text(enum fflag_reason reason)
{
    switch (reason) {
#define REASON(name)          \
    case FFLAG_REASON_##name: \
        return #name;
        FFS_REASONS(REASON)
#undef REASON
    }
    return "ERROR";
}

void runtime_describe(struct problem *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->text, sizeof problem->text, format, arguments);
    va_end(arguments);
}
