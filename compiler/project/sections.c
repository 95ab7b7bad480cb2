/* sections.c - see sections.h. */
#include "sections.h"

#include "compiler/model/model.h"
#include "compiler/read/form.h"
#include "compiler/read/read_canary.h"
#include "compiler/read/read_flag.h"
#include "compiler/read/read_metrics.h"
#include "compiler/read/read_overrides.h"
#include "compiler/read/read_project.h"
#include "compiler/read/read_tests.h"

#define DECLARED(things, thing, name) \
    static const struct form things = {.kind = FORM_MAP, .of = {&thing}, .names = &name}
#define LISTED(things, thing) static const struct form things = {.kind = FORM_LIST, .of = {&thing}}

static const struct form flag_or_null_form = {.kind = FORM_EITHER, .of = {&flag_form, &null_form}};
DECLARED(attributes_form, attribute_form, free_name_form);
DECLARED(segments_form, segment_form, free_name_form);
DECLARED(layers_form, layer_form, name_form);
DECLARED(declared_holdouts_form, holdout_form, name_form);
DECLARED(declared_metrics_form, metric_form, name_form);
DECLARED(logs_form, log_form, name_form);
DECLARED(rollouts_form, rollout_form, name_form);
DECLARED(flags_form, flag_or_null_form, free_name_form);
LISTED(overrides_form, override_form);
LISTED(tests_form, test_definition_form);

#define SECTION(name, thing, form, help)        \
    {                                           \
        name, sizeof(struct thing), &form, help \
    }

const struct section sections[SECTION_COUNT] = {
    [ATTRIBUTE] =
        SECTION("attributes", attribute, attributes_form, "the evaluation context, declared once"),
    [SEGMENT] = SECTION("segments", segment, segments_form, "named conditions"),
    [LAYER] = SECTION("layers", layer, layers_form, "a unit is in at most one member of a layer"),
    [HOLDOUT] = SECTION("holdouts", holdout, declared_holdouts_form,
                        "units that get the default of every flag that names the holdout"),
    [METRIC] = SECTION("metrics", metric, declared_metrics_form, "what is measured on log lines"),
    [LOG] = SECTION("logs", log, logs_form, "how log lines are read"),
    [ROLLOUT] = SECTION("rollouts", rollout, rollouts_form, "what canaries have in common"),
    [FLAG] = SECTION("flags", flag, flags_form, "what services evaluate"),
    {"project", 0, &project_form, "settings that all flags share"},
    {"overrides", 0, &overrides_form,
     "emergency and scheduled rollback: before everything else in a flag"},
    {"tests", 0, &tests_form, "what `ffc test` runs"},
};
