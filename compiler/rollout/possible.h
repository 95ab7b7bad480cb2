/*
 * possible.h - which variants of a flag somebody may get, judging by the definitions alone.
 *
 * Never too few: it assumes that any condition, and any percentage other than 0 and 100 %, may hold
 * for some and not for others. Nobody gets a variant that is not among them.
 */
#ifndef FFC_POSSIBLE_H
#define FFC_POSSIBLE_H

#include <stdint.h>

struct flag;
struct project;
struct requirement;
struct variant_set;

/* What is known so far, so that a flag is looked at once however many require it. */
struct possibilities {
    const struct project *project;
    uint32_t environment;
    int64_t at;
    struct variant_set *variants; /* by a flag's index; empty: not looked at yet */
};
void possibilities_init(struct possibilities *possibilities, const struct project *project,
                        uint32_t environment, int64_t at);
void possibilities_release(struct possibilities *possibilities);

/* Of what a flag requires. NULL: there is none such. Cost: of each flag it requires, through
 * others, once. */
enum met { MET_BY_NOBODY, MET_BY_SOME };
const struct requirement *first_requirement(struct possibilities *possibilities,
                                            const struct flag *flag, enum met met);

#endif
