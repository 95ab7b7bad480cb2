/*
 * verify_bytes.h - what the library's verifier says of bytes.
 */
#ifndef TESTS_VERIFY_BYTES_H
#define TESTS_VERIFY_BYTES_H

#include "../../runtime/load.h"

static inline enum fflag_error verify(const uint8_t *bytes, size_t length, struct problem *problem)
{
    struct snapshot *snapshot;
    enum fflag_error error = runtime_load_memory(bytes, length, &snapshot, problem);
    if (!error)
        runtime_unload(snapshot);
    return error;
}

#endif
