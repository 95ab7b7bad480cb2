/* treatment.c - see treatment.h. */
#include "tools/servicelog/treatment.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/percent.h"
#include "tools/servicelog/attributes.h"
#include "tools/servicelog/pairs.h"
#include "compiler/base/scalar.h"

struct treatment {
    const char *flag;

    /* by shares */
    const struct share_step *steps;
    size_t step_count;
    const char *variants[MOST_VARIANTS + 1]; /* in order; the last is the rest */
    size_t variant_count;

    /* by a snapshot; store is NULL by shares */
    fflag_store *store;
    const fflag_view *view; /* of the last answer, which borrows from it */
    fflag_id id;
    struct attributes attributes;
    fflag_result result;
};

/* ------------------------------------------------------------------------------------ shares -- */

bool parse_share(const char *text, struct arena *arena, struct share_step *step,
                 struct buffer *error)
{
    const char *rest = text;
    struct pair pair = next_pair(&rest, arena);
    char *at = pair.value ? strchr(pair.value, '@') : NULL;
    *step = (struct share_step){.variant = pair.name};
    if (at)
        *at = '\0';
    if (rest || !*pair.name || !pair.value || !parse_percent(pair.value, &step->thousandths)) {
        buffer_format(error, "--share takes one such as on=5%% or on=25%%@30m, not '%s'", text);
        return false;
    }
    return !at || read_span("--share after '@'", at + 1, &step->from, error);
}

static size_t variant_index(const struct treatment *treatment, const char *name)
{
    size_t i = 0;
    while (i < treatment->variant_count && strcmp(treatment->variants[i], name) != 0)
        i++;
    return i;
}

static uint32_t share_at(const struct treatment *treatment, const char *variant, int64_t elapsed)
{
    uint32_t thousandths = 0;
    for (size_t i = 0; i < treatment->step_count; i++) {
        const struct share_step *step = &treatment->steps[i];
        if (step->from <= elapsed && strcmp(step->variant, variant) == 0)
            thousandths = step->thousandths;
    }
    return thousandths;
}

/* Whether the shares never add up to more than 100 %. */
static bool shares_fit(const struct treatment *treatment, struct buffer *error)
{
    for (size_t i = 0; i < treatment->step_count; i++) {
        uint32_t sum = 0;
        for (size_t v = 0; v < treatment->variant_count; v++)
            sum += share_at(treatment, treatment->variants[v], treatment->steps[i].from);
        if (sum > 100000) {
            buffer_format(error, "from --share %s on, shares sum up to more than 100 %%",
                          treatment->steps[i].variant);
            return false;
        }
    }
    return true;
}

struct treatment *treatment_by_shares(const char *flag, const struct share_step *steps,
                                      size_t count, const char *rest, struct buffer *error)
{
    struct treatment *treatment = xcalloc(1, sizeof *treatment);
    treatment->flag = flag;
    treatment->steps = steps;
    treatment->step_count = count;
    for (size_t i = 0; i < count; i++) {
        if (variant_index(treatment, steps[i].variant) < treatment->variant_count)
            continue;
        if (treatment->variant_count == MOST_VARIANTS) {
            buffer_format(error, "--share takes at most %d variants", MOST_VARIANTS);
            free(treatment);
            return NULL;
        }
        treatment->variants[treatment->variant_count++] = steps[i].variant;
    }
    treatment->variants[treatment->variant_count] = rest;
    if (shares_fit(treatment, error))
        return treatment;
    free(treatment);
    return NULL;
}

static const char *dealt(const struct treatment *treatment, const struct person *person,
                         int64_t elapsed)
{
    uint64_t bucket =
        fflag_bucket(person->name, person->name_length, treatment->flag, strlen(treatment->flag));
    uint32_t sum = 0;
    size_t i = 0;
    for (; i < treatment->variant_count; i++) {
        sum += share_at(treatment, treatment->variants[i], elapsed);
        if (sum == 100000 || bucket < percent_threshold(sum))
            break;
    }
    return treatment->variants[i];
}

/* ---------------------------------------------------------------------------------- snapshot -- */

struct treatment *treatment_by_snapshot(const char *flag, const char *path, bool follow,
                                        struct buffer *error)
{
    struct treatment *treatment = xcalloc(1, sizeof *treatment);
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = !follow;
    enum fflag_error failure = fflag_open(&treatment->store, path, &options);
    if (failure != FFLAG_OK) {
        buffer_format(error, "%s: %s", path, fflag_error_text(failure));
        free(treatment);
        return NULL;
    }
    treatment->flag = flag;
    treatment->id = fflag_flag(treatment->store, flag);
    treatment->attributes = attributes_of(treatment->store);
    const fflag_view *view = fflag_acquire(treatment->store);
    bool known = fflag_evaluate(view, treatment->id, NULL).error == FFLAG_OK;
    fflag_release(view);
    if (known)
        return treatment;
    buffer_format(error, "%s has no flag '%s'; 'ffc dump %s' lists those it has", path, flag, path);
    treatment_close(treatment);
    return NULL;
}

static const char *served(struct treatment *treatment, const struct request *request)
{
    fflag_context context;
    fill_context(&treatment->attributes, &request->person, &context);
    fflag_set_now(&context, request->at);
    if (treatment->view)
        fflag_release(treatment->view);
    treatment->view = fflag_acquire(treatment->store);
    treatment->result = fflag_evaluate(treatment->view, treatment->id, &context);
    return treatment->result.variant;
}

/* -------------------------------------------------------------------------------------- both -- */

void treatment_close(struct treatment *treatment)
{
    if (!treatment)
        return;
    if (treatment->view)
        fflag_release(treatment->view);
    fflag_close(treatment->store);
    free(treatment);
}

const char *treatment_of(struct treatment *treatment, const struct request *request,
                         int64_t elapsed)
{
    return treatment->store ? served(treatment, request)
                            : dealt(treatment, &request->person, elapsed);
}

size_t treatment_exposure(const struct treatment *treatment, const struct request *request,
                          char *out, size_t size)
{
    if (!treatment->store)
        return 0;
    return fflag_exposure(treatment->view, &treatment->result, request->person.name,
                          request->person.name_length, request->at, out, size);
}
