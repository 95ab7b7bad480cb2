/* record.c - see record.h. */
#include "record.h"

#include <string.h>

#include "compiler/base/calendar.h"
#include "compiler/base/json_read.h"
#include "compiler/ledger/entry.h"

bool record_parse(struct recorded *record, const json_t *json)
{
    const json_t *from = json_object_get(json, "from"), *to = json_object_get(json, "to");
    *record = (struct recorded){.json = json,
                                .time_text = json_text_at(json, "time"),
                                .actor = json_text_at(json, "actor"),
                                .verdict = json_text_at(json, "verdict"),
                                .rule = json_text_at(json, "rule"),
                                .reason = json_text_at(json, "reason"),
                                .flag = json_text_at(json, "flag"),
                                .environment = json_text_at(json, "environment"),
                                .from = json_text_at(from, "stage"),
                                .from_state = json_text_at(from, "state"),
                                .since = json_text_at(from, "since"),
                                .to = json_text_at(to, "stage"),
                                .to_state = json_text_at(to, "state"),
                                .step = json_object_get(json, "step"),
                                .override = json_object_get(json, "override"),
                                .experiment = json_object_get(json, "experiment"),
                                .publication = json_object_get(json, "publication"),
                                .notice = json_object_get(json, NOTICE_VERDICT),
                                .acknowledges = json_object_get(json, "acknowledges"),
                                .edit = json_text_at(json, "edit")};
    bool change = record->from && record->from_state && record->to && record->to_state &&
                  record->flag && record->environment;
    if (!change)
        record->from = record->from_state = record->to = record->to_state = NULL;
    return record->time_text && parse_time(record->time_text, &record->time) && record->actor &&
           record->verdict && record->rule && record->reason &&
           (change || record->experiment || record->step || record->override ||
            record->publication || record->notice || record->acknowledges || record->edit);
}

static bool lists(const json_t *list, const char *text)
{
    size_t index;
    const json_t *item;
    json_array_foreach((json_t *)(uintptr_t)list, index, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
            return true;
    }
    return false;
}

const json_t *record_environments(const struct recorded *record)
{
    const json_t *list = json_object_get(record->override, "environments");
    return json_array_size(list) ? list : NULL;
}

bool record_is_about(const struct recorded *record, const char *flag, const char *environment)
{
    bool of_flag = !flag || (record->flag && strcmp(record->flag, flag) == 0) ||
                   lists(json_object_get(record->json, "flags"), flag);
    bool everywhere = !record->environment && !record_environments(record);
    bool there = !environment || everywhere ||
                 (record->environment && strcmp(record->environment, environment) == 0) ||
                 lists(record_environments(record), environment) ||
                 lists(json_object_get(record->json, "also"), environment);
    return of_flag && there;
}

bool record_is_of(const struct recorded *record, const struct last_name *flag,
                  const char *environment)
{
    bool of_flag = !flag;
    for (uint32_t i = 0; i < record->flag_count && !of_flag; i++)
        of_flag = is_last_name(record->flags[i], *flag);
    return of_flag && record_is_about(record, NULL, environment);
}

bool record_takes_back(const struct recorded *record)
{
    return strcmp(record->verdict, "rollback") == 0 || strcmp(record->verdict, "override") == 0;
}

static bool is_lift_of(const struct recorded *record, const struct recorded *override)
{
    const char *lifted = json_text_at(record->override, "id"),
               *id = json_text_at(override->override, "id");
    return strcmp(record->verdict, "lift") == 0 && lifted && id && strcmp(lifted, id) == 0;
}

const struct recorded *record_recovery(const struct recorded *records, size_t count, size_t index)
{
    const struct recorded *harm = &records[index];
    bool rolled_back = harm->to_state && strcmp(harm->to_state, "rolled_back") == 0;
    bool overridden = harm->override && strcmp(harm->verdict, "override") == 0;
    for (size_t i = index + 1; i < count && (rolled_back || overridden); i++) {
        const struct recorded *later = &records[i];
        if (overridden && is_lift_of(later, harm))
            return later;
        if (rolled_back && strcmp(later->verdict, "start") == 0 &&
            record_is_of(later, harm->flags, harm->environment))
            return later;
    }
    return NULL;
}
