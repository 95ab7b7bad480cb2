/*
 * attributes.h - a made-up user as the context of an evaluation: user_id and anonymous_id, which
 * are the name, country, region, plan, app_version and groups. All other attributes are absent.
 */
#ifndef SERVICELOG_ATTRIBUTES_H
#define SERVICELOG_ATTRIBUTES_H

#include "fflag.h"
#include "tools/servicelog/service.h"

struct attributes {
    fflag_attr user_id, anonymous_id, country, region, plan, app_version, groups;
};

struct attributes attributes_of(fflag_store *store);
/* The context borrows from the person. */
void fill_context(const struct attributes *attributes, const struct person *person,
                  fflag_context *context);

#endif
