/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_automata.c - the section AUTOMATA.
 *
 * A valid automaton goes from every state, on every byte, to a state: no match reads outside its
 * rows, and each takes one step per byte.
 */
#include <stdlib.h>

#include "verify.h"

/* Whether everything in the rows is a multiple of `width`, and at most `last`. */
static bool are_rows(const uint16_t *rows, size_t count, uint16_t width, uint16_t last)
{
    /* With 2^16 / width, rounded up, the quotient of a multiple is exact, and for anything else no
     * quotient yields it again. So the loop needs no division, and can be vectorised. Every number
     * is a multiple of 1, whose factor would not fit. */
    const uint16_t factor = (uint16_t)(width > 1 ? UINT16_MAX / width + 1 : 0);
    const uint16_t checked = width > 1 ? UINT16_MAX : 0;
    uint16_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        uint16_t quotient = (uint16_t)((uint32_t)rows[i] * factor >> 16);
        bad |= (uint16_t)((uint16_t)(quotient * width) ^ rows[i]) & checked;
        bad |= rows[i] > last ? 1 : 0;
    }
    return !bad;
}

static bool is_sink(const uint16_t *row, uint32_t width, uint32_t state)
{
    for (uint32_t i = 0; i < width; i++)
        if (row[i] != state)
            return false;
    return true;
}

static enum fflag_error verify_rows(struct verifier *verifier, size_t at,
                                    const struct ffs_automaton *automaton)
{
    const uint16_t *rows = (const uint16_t *)(automaton + 1);
    uint16_t width = automaton->class_count;
    size_t count = (size_t)automaton->state_count * width;
    uint16_t last = (uint16_t)(count - width);
    for (unsigned byte = 0; byte < 256; byte++)
        if (automaton->class_of[byte] >= width)
            return malformed(verifier, "automaton %zu: byte %u has no class", at, byte);
    if (automaton->start > last || automaton->start % width)
        return malformed(verifier, "automaton %zu does not start in a state", at);
    if (automaton->accepting < 2 * width || automaton->accepting > count ||
        automaton->accepting % width)
        return malformed(verifier, "automaton %zu: impossible accepting states", at);
    if (!are_rows(rows, count, width, last))
        return malformed(verifier, "automaton %zu: a step leads to no state", at);
    if (!is_sink(rows, width, 0) || !is_sink(rows + width, width, width))
        return malformed(verifier, "automaton %zu: a decided state can be left", at);
    if (count % 2 && rows[count])
        return malformed(verifier, "automaton %zu: the padding is not zero", at);
    return FFLAG_OK;
}

enum fflag_error verify_automata(struct verifier *verifier)
{
    const size_t header_words = sizeof(struct ffs_automaton) / sizeof(uint32_t);
    verifier->automaton_starts =
        calloc(verifier->automaton_words / 64 + 1, sizeof *verifier->automaton_starts);
    if (!verifier->automaton_starts)
        return FFLAG_ERROR_NO_MEMORY;
    for (size_t at = 0; at < verifier->automaton_words;) {
        const struct ffs_automaton *automaton =
            (const struct ffs_automaton *)(verifier->snapshot->automata + at);
        size_t left = verifier->automaton_words - at;
        if (left < header_words)
            return malformed(verifier, "automaton %zu has no whole header", at);
        size_t bytes = (size_t)automaton->state_count * automaton->class_count * sizeof(uint16_t);
        size_t words = (bytes + 3) / sizeof(uint32_t);
        if (automaton->state_count < 2 || automaton->class_count == 0 ||
            automaton->class_count > 256 || bytes > FFS_MAX_AUTOMATON ||
            words > left - header_words)
            return malformed(verifier, "automaton %zu: impossible size", at);
        enum fflag_error error = verify_rows(verifier, at, automaton);
        if (error)
            return error;
        verifier->automaton_starts[at / 64] |= UINT64_C(1) << at % 64;
        at += header_words + words;
    }
    return FFLAG_OK;
}
