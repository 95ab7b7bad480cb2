/* share_method.c - see share_method.h. */
#include "share_method.h"

#include <math.h>

const char *const share_method_words[] = WORDS(SHARE_METHODS);

/* Of both arms' units: where the smaller one was to have less, an e-process of what was assigned
 * finds more than the asymptotic sequence. */
#define LEAST_EVEN 0.25

bool share_is_rare(struct proportion seen)
{
    return fmin(seen.events, seen.n - seen.events) < SHARE_COMMON_EVENTS;
}

enum share_method share_method_of_common(double variant_share, double control_share)
{
    double least = fmin(variant_share, control_share);
    return least > 0 && least < LEAST_EVEN * (variant_share + control_share) ? SHARE_BY_TWO_SHARES
                                                                             : SHARE_AS_MEAN;
}
