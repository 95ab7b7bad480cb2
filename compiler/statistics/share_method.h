/*
 * share_method.h - which of its methods judges two shares of units at every look: known before
 * there are data, but for how rare events turn out to be.
 */
#ifndef FFC_SHARE_METHOD_H
#define FFC_SHARE_METHOD_H

#include <stdbool.h>

#include "compiler/base/words.h"
#include "proportion.h"

/* By counts, exactly at any count (count_sequence.h); by an e-process of what was assigned
 * (two_shares.h); as any mean (mixture_sequence.h). */
#define SHARE_METHODS(X)                                   \
    X(SHARE_BY_COUNTS, "mixture e-process")                \
    X(SHARE_BY_TWO_SHARES, "Turner-Ly-Grünwald e-process") \
    X(SHARE_AS_MEAN, "asymptotic confidence sequence")
enum share_method { SHARE_METHODS(WORDS_MEMBER) };
extern const char *const share_method_words[];

/* Of events and others in each arm: beyond, a share's asymptotic bound is the tighter one. */
#define SHARE_COMMON_EVENTS 100

/* Whether a share has fewer in its arm; then counts judge it. */
bool share_is_rare(struct proportion seen);
/* How shares are judged that are not. `variant_share`, `control_share`: of all units, those that
 * the arms were to have; 0: not known. */
enum share_method share_method_of_common(double variant_share, double control_share);

#endif
