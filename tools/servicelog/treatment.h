/*
 * treatment.h - which variant a user is served: what a snapshot says, or by given shares.
 *
 * Shares are dealt by the bucket of the user under the flag's name, the first variant's first. So
 * where a canary or split has the same percentages, `ffreplay` works out the same variants.
 */
#ifndef SERVICELOG_TREATMENT_H
#define SERVICELOG_TREATMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/servicelog/service.h"

struct arena;
struct buffer;

#define MOST_VARIANTS 16

/* From `from` ms after the log's begin, until a later step of that variant. */
struct share_step {
    const char *variant;
    uint32_t thousandths; /* of a percent */
    int64_t from;
};

struct treatment;

/* "on=5%@30m": on is served to 5 % from half an hour on. False: *error says why. */
bool parse_share(const char *text, struct arena *arena, struct share_step *step,
                 struct buffer *error);

/*
 * By shares; what they leave gets `rest`. Steps are borrowed, those of a variant in order of time.
 * NULL: *error says why.
 */
struct treatment *treatment_by_shares(const char *flag, const struct share_step *steps,
                                      size_t count, const char *rest, struct buffer *error);
/*
 * By a snapshot. With `follow` the file is watched, and a newer one served at once.
 * NULL: *error says why.
 */
struct treatment *treatment_by_snapshot(const char *flag, const char *path, bool follow,
                                        struct buffer *error);
/* NULL is ignored. */
void treatment_close(struct treatment *treatment);

/*
 * The variant for a request, `elapsed` ms after the log's begin; borrowed until the next call. NULL
 * where the snapshot does not have the flag.
 */
const char *treatment_of(struct treatment *treatment, const struct request *request,
                         int64_t elapsed);
/* The last answer as fflag_exposure() writes it; 0: by shares there is none. */
size_t treatment_exposure(const struct treatment *treatment, const struct request *request,
                          char *out, size_t size);

#endif
