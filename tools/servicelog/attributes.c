/* attributes.c - see attributes.h. */
#include "tools/servicelog/attributes.h"

#include <string.h>

struct attributes attributes_of(fflag_store *store)
{
    return (struct attributes){
        .user_id = fflag_attribute(store, "user_id"),
        .anonymous_id = fflag_attribute(store, "anonymous_id"),
        .country = fflag_attribute(store, "country"),
        .region = fflag_attribute(store, "region"),
        .plan = fflag_attribute(store, "plan"),
        .app_version = fflag_attribute(store, "app_version"),
        .groups = fflag_attribute(store, "groups"),
    };
}

/* These texts are valid; if one were refused, its attribute would be absent and its user in no
 * canary. */
static void set(fflag_context *context, fflag_attr attribute, const char *text)
{
    (void)fflag_set_string(context, attribute, text, strlen(text));
}

void fill_context(const struct attributes *attributes, const struct person *person,
                  fflag_context *context)
{
    static const char *const tester[] = {"beta-testers"};
    fflag_context_init(context);
    (void)fflag_set_string(context, attributes->user_id, person->name, person->name_length);
    (void)fflag_set_string(context, attributes->anonymous_id, person->name, person->name_length);
    set(context, attributes->country, person->country);
    set(context, attributes->region, person->region);
    set(context, attributes->plan, person->plan);
    set(context, attributes->app_version, person->app_version);
    (void)fflag_set_strings(context, attributes->groups, tester, person->beta_tester);
}
