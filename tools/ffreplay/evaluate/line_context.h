/*
 * line_context.h - a log line as the context a service would have evaluated flags with.
 */
#ifndef FFREPLAY_LINE_CONTEXT_H
#define FFREPLAY_LINE_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "fflag.h"
#include "tools/ffreplay/logs/layout.h"

/* Whether its lines say who was served what, or have a context to evaluate. False: it has been
 * reported. */
bool log_tells_variants(const struct layout *layout);

struct attribute;
struct unit_key;

struct line_context {
    struct context_field {
        const struct attribute *declared;
        fflag_attr attribute;
        enum fflag_attribute_type type;
        uint32_t place;
    } * fields;
    uint32_t count;
    fflag_context context; /* of the line it was filled from last */
    uint32_t unreadable;
};

/*
 * Registers the fields that the log's `context` maps to attributes. The context then serves every
 * one of the stores, of which there may be none when nothing is evaluated. False: it has been
 * reported.
 */
bool line_context_prepare(struct line_context *line, struct layout *layout,
                          fflag_store *const *stores, uint32_t count);

/* Where the log has this attribute; NO_PLACE: it does not. */
uint32_t line_context_place(const struct line_context *line, const struct attribute *attribute);

/* From the line, at the line's time. What the line does not have, or has in a form that the
 * attribute cannot take, stays absent, as it does in a service. False: what should be a number is
 * none, which no service can have evaluated; `line->unreadable` is its place. */
bool line_context_fill(struct line_context *line, const struct event *event);

#endif
