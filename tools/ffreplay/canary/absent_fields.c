/* absent_fields.c - see absent_fields.h. */
#include "absent_fields.h"

#include <inttypes.h>

#include "compiler/base/arena.h"
#include "tools/ffreplay/metrics/unreadable_text.h"

static uint64_t absent_of(const struct verdict *verdict, uint32_t log)
{
    return replay_absent_fields(verdict->replay, log);
}

static bool has(uint64_t fields, uint32_t place)
{
    return place < 64 && fields >> place & 1;
}

static const char *absent_text(const struct verdict *verdict, uint32_t log, uint64_t fields)
{
    return replay_fields_text(verdict->replay, verdict->replay->texts, log, fields);
}

const char *absent_from_metric(const struct verdict *verdict, const struct judgement *judgement)
{
    const struct accumulator *from = &verdict->analysis->accumulators[judgement->accumulator];
    return absent_text(verdict, from->log, absent_of(verdict, from->log) & from->measure.fields);
}

/* Of a metric that something was measured of all the same: conditions are false without a field. */
static void note_metric(struct verdict *verdict, const struct judgement *judgement)
{
    const char *absent = judgement->finding.verdict == CRITERION_NODATA
                             ? NULL
                             : absent_from_metric(verdict, judgement);
    if (absent)
        sentence_add(verdict, &verdict->notes, "%s, which %s reads", absent,
                     judgement->criterion->metric->name.text);
}

static void note_context(struct verdict *verdict, const struct assigner *assigner, uint32_t log)
{
    uint64_t absent = absent_of(verdict, log);
    for (uint32_t i = 0; i < assigner->line.count; i++) {
        const struct context_field *field = &assigner->line.fields[i];
        if (has(absent, field->place))
            sentence_add(verdict, &verdict->notes, "%s, its attribute '%s'",
                         absent_text(verdict, log, UINT64_C(1) << field->place),
                         field->declared->name.text);
    }
}

static const struct assigner *with_key(const struct analysis *analysis, uint32_t *log)
{
    for (*log = 0; *log < analysis->log_count; (*log)++) {
        const struct assigner *assigner = &analysis->assigners[*log];
        if (assigner->layout && assigner->key.whole)
            return assigner;
    }
    return NULL;
}

static uint64_t fields_of_key(const struct line_key *key)
{
    uint64_t fields = 0;
    for (uint32_t i = 0; i < key->key->count; i++)
        fields |= key->places[i] < 64 ? UINT64_C(1) << key->places[i] : 0;
    return fields;
}

/* "'user_id' is '[…]' at access.log:1" */
static const char *unkeyed_text(const struct verdict *verdict, const struct assigner *assigner,
                                uint32_t log)
{
    struct arena *arena = verdict->replay->texts;
    const struct unreadable *unkeyed = &verdict->analysis->unkeyed;
    if (unkeyed->shown)
        return unreadable_value_text(verdict->replay, arena, unkeyed->shown);
    const struct unit_key *key = assigner->key.key;
    uint64_t parts = fields_of_key(&assigner->key), absent = absent_of(verdict, log) & parts;
    if (absent != 0 && (key->joined || absent == parts))
        return absent_text(verdict, log, absent);
    const char *names = NULL;
    for (uint32_t i = 0; i < key->count; i++)
        names = arena_format(arena, "%s%s'%s'", names ? names : "", names ? " or " : "",
                             assigner->layout->paths[assigner->key.places[i]]);
    return arena_format(arena, "they have no %s", names);
}

/* The few lines with which a stage begins may be those of anonymous visitors. */
#define FEW_LINES 30

/* True: nobody has a key, which is an issue. */
static bool judge_keys(struct verdict *verdict)
{
    const struct analysis *analysis = verdict->analysis;
    uint64_t unkeyed = analysis->assigned[LEFT_OUT_NO_KEY];
    uint32_t log;
    const struct assigner *assigner = with_key(analysis, &log);
    if (analysis_used(analysis) > 0 || unkeyed < FEW_LINES || !assigner)
        return false;
    sentence_add(verdict, &verdict->issues,
                 "none of %" PRIu64 " lines can be bucketed by attribute '%s': %s", unkeyed,
                 analysis->subject.targeting->bucket_by->text,
                 unkeyed_text(verdict, assigner, log));
    return true;
}

void absent_fields_judge(struct verdict *verdict)
{
    const struct analysis *analysis = verdict->analysis;
    if (judge_keys(verdict))
        return;
    for (uint32_t i = 0; i < analysis->log_count; i++)
        if (analysis->assigners[i].layout)
            note_context(verdict, &analysis->assigners[i], i);
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        note_metric(verdict, &analysis->judgements[i]);
}
