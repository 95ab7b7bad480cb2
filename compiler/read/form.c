/* form.c - see form.h. */
#include "form.h"

#include "compiler/base/name.h"

#define SCALAR "\"type\": [\"string\", \"number\", \"boolean\"]"

const struct form scalar_form = {
    .definition = "scalar", .kind = FORM_JSON, .takes = "value", .json = SCALAR};
const struct form text_form = {
    .definition = "text", .kind = FORM_JSON, .takes = "text", .json = SCALAR};
const struct form name_form = {
    .definition = "name", .kind = FORM_JSON, .takes = "name", .json = SCALAR ", " NAME_WORD_SCHEMA};
const struct form free_name_form = {.definition = "free_name",
                                    .kind = FORM_JSON,
                                    .takes = "name",
                                    .json = SCALAR ", " NAME_FREE_SCHEMA};
static const struct form text_list_form = {.kind = FORM_LIST, .of = {&text_form}};
const struct form texts_form = {.definition = "texts",
                                .kind = FORM_EITHER,
                                .takes = "text or list",
                                .of = {&text_form, &text_list_form}};
static const struct form name_list_form = {.kind = FORM_LIST, .of = {&name_form}, .least = 1};
static const struct form names_form = {.definition = "names",
                                       .kind = FORM_EITHER,
                                       .takes = "name or list",
                                       .of = {&name_form, &name_list_form}};
static const struct form free_name_list_form = {
    .kind = FORM_LIST, .of = {&free_name_form}, .least = 1};
static const struct form free_names_form = {.definition = "free_names",
                                            .kind = FORM_EITHER,
                                            .takes = "name or list",
                                            .of = {&free_name_form, &free_name_list_form}};

const struct form boolean_form = FORM("boolean", "\"type\": \"boolean\"");
const struct form number_form = FORM("number", "\"type\": \"number\"");
const struct form count_form = FORM("count", "\"type\": \"integer\", \"minimum\": 0");
const struct form positive_form = FORM("count", "\"type\": \"integer\", \"minimum\": 1");
const struct form any_form = FORM("a value", "");
const struct form null_form = FORM("`null`", "\"type\": \"null\"");

const struct form percent_form = {
    .definition = "percent",
    .kind = FORM_JSON,
    .takes = "percentage",
    .help = "0 to 100, at most three decimals: 25, 25%, 0.125",
    .json = "\"anyOf\": [{\"type\": \"number\", \"minimum\": 0, \"maximum\": 100}, "
            "{\"type\": \"string\", "
            "\"pattern\": \"^(100(\\\\.0{1,3})?|[0-9]{1,2}(\\\\.[0-9]{1,3})?)%?$\"}]"};
const struct form duration_form = {.definition = "duration",
                                   .kind = FORM_JSON,
                                   .takes = "duration",
                                   .help = "90s 30m 24h 7d 2w",
                                   .json = "\"type\": \"string\", "
                                           "\"pattern\": \"^[0-9]+[smhdw]$\""};
const struct form time_form = {
    .definition = "time",
    .kind = FORM_JSON,
    .takes = "time",
    .help = "RFC 3339 with an offset: 2026-11-20T10:00:00Z",
    .json = "\"type\": \"string\", \"pattern\": \"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]"
            "[0-9]{2}:[0-9]{2}:[0-9]{2}(\\\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$\""};
const struct form quantity_form = {
    .definition = "quantity",
    .kind = FORM_JSON,
    .takes = "threshold",
    .help = "A number, a share such as 5%, or a number with the metric's unit: 1000ms",
    .json = "\"type\": [\"string\", \"number\"]"};

const struct form attribute_name_form = NAMES("attribute", free_name_form, NAMED_ATTRIBUTE);
const struct form variant_form = NAMES("variant", free_name_form, NAMED_VARIANT);
const struct form flag_name_form = NAMES("flag", free_name_form, NAMED_FLAG);
const struct form stage_name_form = NAMES("stage", name_form, NAMED_STAGE);
const struct form metric_name_form = NAMES("metric", name_form, NAMED_METRIC);
const struct form log_name_form = NAMES("log", name_form, NAMED_LOG);
const struct form segment_names_form = NAMES("segment or list", free_names_form, NAMED_SEGMENT);
const struct form variant_names_form = NAMES("variant or list", free_names_form, NAMED_VARIANT);
const struct form field_name_form = ALIAS("field", text_form);
const struct form environments_form = NAMES("environment or list", names_form, NAMED_ENVIRONMENT);
const struct form stages_form = NAMES("stage or list", names_form, NAMED_STAGE);
const struct form metrics_form = NAMES("metric or list", names_form, NAMED_METRIC);
const struct form holdouts_form = NAMES("holdout or list", names_form, NAMED_HOLDOUT);

const struct form shares_form = {.definition = "shares",
                                 .kind = FORM_MAP,
                                 .takes = "mapping of variant to percentage",
                                 .help = "Variants and their percentages, which sum to exactly 100",
                                 .of = {&percent_form},
                                 .keys_named = NAMED_VARIANT,
                                 .least = 1};
