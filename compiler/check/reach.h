/*
 * reach.h - whether the rules before something leave a unit for it.
 *
 * Rules divide the units by their conditions, and by the places that percentages give them: those
 * with one salt and one key see a unit at one place, so 20 % lies within an earlier rule's 30 %.
 */
#ifndef FFC_REACH_H
#define FFC_REACH_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/flag.h"
#include "prove.h"

struct checker;

struct reach {
    const struct checker *checker;
    struct prover *prover;
    struct arena arena; /* of one question */
};

/* Of what the rules may leave nothing. */
enum asked_kind { ASKED_RULE, ASKED_CANARY, ASKED_STAGE, ASKED_EXPERIMENT };
struct asked {
    enum asked_kind kind;
    uint32_t at; /* a rule or a stage, by place */
};

/*
 * Reports what no unit reaches in that environment, nor in any other that has it with the same
 * rules. False if it may be reached, or nothing is known. Cost: some proofs.
 */
bool check_reach(struct reach *reach, const struct flag *flag, uint32_t environment,
                 struct asked asked);

/* So of a value override, behind others for its variant. */
bool check_reach_of_value(struct reach *reach, const struct value_override *own,
                          const struct value_override *earlier, uint32_t count);

void reach_release(struct reach *reach);

#endif
