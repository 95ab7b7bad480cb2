/* nearest.c - see nearest.h. */
#include "nearest.h"

#include <stdbool.h>
#include <string.h>

#define LONGEST_NAME 128

/* Omitting, adding or swapping letters is a likelier slip than substituting one. */
enum { SLIP = 2, SUBSTITUTION = 3 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Weighted, case-insensitive edit distance with transpositions; `bound` + 1 if it is greater. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length,
                            size_t bound)
{
    size_t difference = a_length > b_length ? a_length - b_length : b_length - a_length;
    if (difference * SLIP > bound)
        return bound + 1;
    size_t rows[3][LONGEST_NAME + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        last[j] = j * SLIP;
    for (size_t i = 1; i <= a_length; i++) {
        now[0] = i * SLIP;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]) ? SUBSTITUTION : 0);
            if (last[j] + SLIP < best)
                best = last[j] + SLIP;
            if (now[j - 1] + SLIP < best)
                best = now[j - 1] + SLIP;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + SLIP < best)
                best = before[j - 2] + SLIP;
            now[j] = best;
        }
        size_t *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[b_length];
}

const char *nearest_name(const char *name, const char *const *names, size_t count)
{
    size_t length = strlen(name);
    if (length > LONGEST_NAME)
        return NULL;
    /* With more than a third of its letters wrong, it is another word. */
    size_t best = (length / 3 + (length < 6)) * SLIP;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(names[i]);
        if (other > LONGEST_NAME)
            continue;
        size_t distance = edit_distance(name, length, names[i], other, best);
        /* A prefix ("prod") is as good as one slip. */
        if (length >= 3 && strncmp(name, names[i], length) == 0)
            distance = SLIP;
        if (distance <= best && (!nearest || distance < best)) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
