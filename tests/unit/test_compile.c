/* test_compile.c - what a flag's definition compiles to, as seen through the library: the order of
 * steps, every reason, percentages at their boundaries, canaries, experiments, overrides. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "compiler/base/buffer.h"
#include "compiled.h"

#include "compiler/base/percent.h"
#include "fflag/snapshot.h"
#include "compiler/base/scalar.h"

/* A unit whose bucket under a salt is at least `from` and below `to`, in thousandths of a percent.
 */
static const char *unit_within(const char *salt, uint32_t from, uint32_t to)
{
    static char words[4][32];
    static unsigned next;
    char *word = words[next++ % 4];
    for (unsigned i = 0; i < 1000000; i++) {
        snprintf(word, sizeof words[0], "user_id=u%u", i);
        uint64_t bucket = fflag_bucket(word + 8, strlen(word + 8), salt, strlen(salt));
        if (bucket >= percent_threshold(from) && (to >= 100000 || bucket < percent_threshold(to)))
            return word;
    }
    fail_msg("no unit within %u to %u of %s", from, to, salt);
    return NULL;
}

static const char *joined(const char *a, const char *b)
{
    static char words[8][160];
    static unsigned next;
    char *out = words[next++ % 8];
    snprintf(out, sizeof words[0], "%s %s", a, b);
    return out;
}

/* The number of instructions of a flag, which shows what was folded. */
static uint32_t instructions(const struct compiled *compiled, const char *name)
{
    const struct ffs_header *header = (const void *)compiled->bytes.bytes;
    const struct ffs_section *sections = (const void *)(header + 1);
    const struct ffs_flag *flags = NULL;
    for (uint32_t i = 0; i < header->section_count; i++)
        if (sections[i].id == FFS_FLAGS)
            flags = (const void *)(compiled->bytes.bytes + sections[i].offset);
    enum fflag_type type;
    for (uint32_t i = 0; fflag_view_flag(compiled->view, i, &type); i++)
        if (!strcmp(fflag_view_flag(compiled->view, i, &type), name))
            return flags[i].code_count;
    fail_msg("there is no flag %s", name);
    return 0;
}

static void flags_without_decisions_are_constant(void **state)
{
    (void)state;
    struct compiled compiled = compile(
        "holdouts: {none: {percent: 0%}}\n"
        "layers: {whole: {}}\n"
        "flags:\n"
        "  bare: {}\n"
        "  value: {type: integer, value: 42}\n"
        "  zero: {percent: 0%}\n"
        "  zero-rule: {rules: [{if: {country: NO}, percent: 0%}]}\n"
        "  pending: {canary: {stages: [{name: a, percent: 50%}]}}\n"
        "  back: {canary: {state: rolled_back, stage: a, stages: [{name: a, percent: 50%}]}}\n"
        "  zero-stage: {canary: {state: running, since: 2026-11-20T10:00:00Z, stage: a, stages: "
        "[{name: a, percent: 0%},"
        " {name: b, percent: 1%}]}}\n"
        "  draft: {experiment: {split: {on: 50%, off: 50%}, control: off}}\n"
        "  unexposed: {experiment: {state: running, traffic: 0%, split: {on: 50%, off: 50%},"
        " control: off}}\n"
        "  undecided: {experiment: {state: concluded, winner: null,"
        " split: {on: 50%, off: 50%}, control: off}}\n"
        "  held: {holdout: none}\n"
        "  layered: {layer: {name: whole, from: 0%, to: 100%}}\n");
    static const char *const flags[] = {"bare",      "zero",       "zero-rule", "pending",
                                        "back",      "zero-stage", "draft",     "unexposed",
                                        "undecided", "held",       "layered"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        EXPECT(&compiled, flags[i], "user_id=u country=NO", "off STATIC -");
        assert_int_equal(instructions(&compiled, flags[i]), 0);
    }
    EXPECT(&compiled, "value", "", "- STATIC -");
    fflag_context context;
    fflag_context_init(&context);
    assert_int_equal(fflag_evaluate_name(compiled.view, "value", &context).value.integer, 42);
    release(&compiled);
}

static void rules_decide_in_order_with_their_reasons(void **state)
{
    (void)state;
    struct compiled compiled =
        compile("flags:\n"
                "  f:\n"
                "    variants: {a: true, b: false, c: true, d: false}\n"
                "    default: d\n"
                "    rules:\n"
                "      - {name: norway, if: {country: NO}, serve: a}\n"
                "      - {if: {country: SE}, serve: b, percent: 50%}\n"
                "      - {if: {country: [SE, DK]}, serve: c, percent: 100%}\n"
                "  all: {serve: on}\n"
                "  hundred: {percent: 100%}\n"
                "  half: {percent: 50%}\n"
                "  dead: {rules: [{serve: on}, {if: {country: NO}, serve: off}]}\n"
                "  empty-if: {rules: [{if: {}, serve: on}]}\n");
    EXPECT(&compiled, "f", "country=NO", "a TARGETING_MATCH norway");
    EXPECT(&compiled, "f", joined(unit_within("f", 0, 50000), "country=SE"), "b SPLIT rules[1]");
    EXPECT(&compiled, "f", joined(unit_within("f", 50000, 100000), "country=SE"),
           "c TARGETING_MATCH rules[2]");
    EXPECT(&compiled, "f", "country=SE", "c TARGETING_MATCH rules[2]");
    EXPECT(&compiled, "f", "country=DK", "c TARGETING_MATCH rules[2]");
    EXPECT(&compiled, "f", "country=FI", "d DEFAULT -");
    EXPECT(&compiled, "all", "", "on STATIC rules[0]");
    EXPECT(&compiled, "hundred", "", "on STATIC rules[0]");
    EXPECT(&compiled, "half", unit_within("half", 49000, 50000), "on SPLIT rules[0]");
    EXPECT(&compiled, "half", unit_within("half", 50000, 51000), "off DEFAULT -");
    EXPECT(&compiled, "half", "country=NO", "off DEFAULT -");
    EXPECT(&compiled, "dead", "country=NO", "on STATIC rules[0]");
    assert_int_equal(instructions(&compiled, "dead"), 1);
    assert_int_equal(instructions(&compiled, "half"), 2);
    EXPECT(&compiled, "empty-if", "", "on TARGETING_MATCH rules[0]");
    release(&compiled);
}

static void ranges_hold_from_their_lower_end_to_below_the_upper(void **state)
{
    (void)state;
    struct compiled compiled = compile("flags:\n"
                                       "  r: {rules: [{ranges: [[0%, 10%], [50%, 60%]]}]}\n"
                                       "  end: {rules: [{ranges: [[99%, 100%]]}]}\n"
                                       "  all: {rules: [{ranges: [[0%, 30%], [30%, 100%]]}]}\n");
    EXPECT(&compiled, "r", unit_within("r", 0, 100), "on SPLIT rules[0]");
    EXPECT(&compiled, "r", unit_within("r", 9900, 10000), "on SPLIT rules[0]");
    EXPECT(&compiled, "r", unit_within("r", 10000, 10100), "off DEFAULT -");
    EXPECT(&compiled, "r", unit_within("r", 49900, 50000), "off DEFAULT -");
    EXPECT(&compiled, "r", unit_within("r", 50000, 50100), "on SPLIT rules[0]");
    EXPECT(&compiled, "r", unit_within("r", 60000, 60100), "off DEFAULT -");
    EXPECT(&compiled, "r", "", "off DEFAULT -");
    EXPECT(&compiled, "end", unit_within("end", 99900, 100000), "on SPLIT rules[0]");
    EXPECT(&compiled, "end", unit_within("end", 98900, 99000), "off DEFAULT -");
    EXPECT(&compiled, "all", "", "on STATIC rules[0]");
    release(&compiled);
}

static void a_rule_hashes_with_its_own_salt(void **state)
{
    (void)state;
    struct compiled compiled = compile(
        "flags:\n"
        "  p: {rules: [{percent: 50%, salt: seed}]}\n"
        "  s: {type: string, variants: {a: x, b: y}, default: a,"
        " rules: [{salt: seed, split: [{variant: a, percent: 10%}, {variant: b, percent: 80%},"
        " {variant: a, percent: 10%}]}]}\n"
        "  k: {rules: [{salt: seed, split: {on: 25%, off: 75%}, keep: exposure}]}\n"
        "  line: {rules: [{salt: seed, percent: {from: 50%, to: 51%, start: 2030-01-01T00:00:00Z,"
        " end: 2030-01-02T00:00:00Z}}]}\n");
    EXPECT(&compiled, "p", unit_within("seed", 49900, 50000), "on SPLIT rules[0]");
    EXPECT(&compiled, "p", unit_within("seed", 50000, 50100), "off DEFAULT -");
    EXPECT(&compiled, "s", unit_within("seed/split", 9900, 10000), "a SPLIT rules[0]");
    EXPECT(&compiled, "s", unit_within("seed/split", 10000, 10100), "b SPLIT rules[0]");
    EXPECT(&compiled, "s", unit_within("seed/split", 90000, 90100), "a SPLIT rules[0]");
    EXPECT(&compiled, "k", unit_within("seed", 24900, 25000), "on SPLIT rules[0]");
    EXPECT(&compiled, "k", unit_within("seed", 25000, 25100), "off SPLIT rules[0]");
    EXPECT(&compiled, "line", unit_within("seed", 49900, 50000), "on SPLIT rules[0]");
    EXPECT(&compiled, "line", unit_within("seed", 50000, 50100), "off DEFAULT -");
    release(&compiled);
}

static void splits_follow_their_salt_and_fold(void **state)
{
    (void)state;
    struct compiled compiled =
        compile("flags:\n"
                "  s: {type: string, variants: {a: A, b: B, c: C}, default: a,"
                " split: {a: 20%, b: 30%, c: 50%}}\n"
                "  whole: {type: string, variants: {a: A, b: B}, default: a,"
                " split: {a: 0%, b: 100%}}\n"
                "  shared: {type: string, variants: {a: A, b: B}, default: a, salt: s,"
                " rules: [{percent: 50%, split: {b: 20%, a: 80%}}]}\n"
                "  by: {bucket_by: account, rules: [{by: user_id, percent: 50%}, {percent: 50%,"
                " serve: off}]}\n");
    EXPECT(&compiled, "s", unit_within("s/split", 0, 20000), "a SPLIT rules[0]");
    EXPECT(&compiled, "s", unit_within("s/split", 19900, 20000), "a SPLIT rules[0]");
    EXPECT(&compiled, "s", unit_within("s/split", 20000, 20100), "b SPLIT rules[0]");
    EXPECT(&compiled, "s", unit_within("s/split", 49900, 50000), "b SPLIT rules[0]");
    EXPECT(&compiled, "s", unit_within("s/split", 50000, 50100), "c SPLIT rules[0]");
    EXPECT(&compiled, "s", unit_within("s/split", 99900, 100000), "c SPLIT rules[0]");
    EXPECT(&compiled, "s", "", "a DEFAULT -");
    EXPECT(&compiled, "whole", "", "b STATIC rules[0]");
    /* Exposure and variant are independent: each has its own salt. */
    for (unsigned i = 0; i < 500; i++) {
        char unit[32], expected[32];
        snprintf(unit, sizeof unit, "u%u", i);
        bool exposed = fflag_bucket(unit, strlen(unit), "s", 1) < percent_threshold(50000);
        bool first = fflag_bucket(unit, strlen(unit), "s/split", 7) < percent_threshold(20000);
        snprintf(expected, sizeof expected, "%s",
                 !exposed ? "a DEFAULT -"
                 : first  ? "b SPLIT rules[0]"
                          : "a SPLIT rules[0]");
        snprintf(unit, sizeof unit, "user_id=u%u", i);
        EXPECT(&compiled, "shared", unit, expected);
    }
    EXPECT(&compiled, "by", unit_within("by", 0, 50000), "on SPLIT rules[0]");
    EXPECT(&compiled, "by", unit_within("by", 50000, 100000), "off DEFAULT -");
    release(&compiled);
}

static void steps_come_in_the_documented_order(void **state)
{
    (void)state;
    /* Each flag adds one step before those of the previous flag. */
    struct compiled compiled =
        compile("layers: {l: {}}\n"
                "holdouts: {h: {percent: 50%}}\n"
                "flags:\n"
                "  gate: {rules: [{if: {beta: true}}]}\n"
                "  f:\n"
                "    variants: {a: true, b: true, d: false}\n"
                "    default: d\n"
                "    requires: {gate: on}\n"
                "    users: {b: [vip, vap]}\n"
                "    holdout: h\n"
                "    layer: {name: l, from: 0%, to: 50%}\n"
                "    rules: [{if: {country: NO}, serve: a}]\n"
                "    canary: {serve: b, state: running, since: 2026-11-20T10:00:00Z, stage: s, "
                "stages: [{name: s, percent: 50%}]}\n"
                "  off: {enabled: false, users: {on: [vip]}}\n"
                "overrides:\n"
                "  - {flags: [f, off], if: {name: incident}, serve: default}\n"
                "  - {flags: ['o*'], if: {name: drill}, serve: on}\n");
    char unit[48];
    const char *chosen = NULL, *held = NULL, *outside = NULL, *control = NULL;
    static char found[4][48];
    for (unsigned i = 0; i < 100000 && !(chosen && held && outside && control); i++) {
        size_t length = (size_t)snprintf(unit, sizeof unit, "u%u", i);
        uint64_t half = percent_threshold(50000);
        bool is_held = fflag_bucket(unit, length, "holdout/h", 9) < half;
        bool is_in = fflag_bucket(unit, length, "layer/l", 7) < half;
        bool is_exposed = fflag_bucket(unit, length, "f", 1) < half;
        const char **kind = is_held ? &held : !is_in ? &outside : is_exposed ? &chosen : &control;
        if (!*kind) {
            char *words = found[kind == &held ? 0 : kind == &outside ? 1 : kind == &chosen ? 2 : 3];
            snprintf(words, sizeof found[0], "user_id=u%u", i);
            *kind = words;
        }
    }
    EXPECT(&compiled, "f", joined(chosen, "beta=true country=SE"), "b SPLIT canary:s");
    EXPECT(&compiled, "f", joined(control, "beta=true country=SE"), "d DEFAULT -");
    EXPECT(&compiled, "f", joined(chosen, "beta=true country=NO"), "a TARGETING_MATCH rules[0]");
    EXPECT(&compiled, "f", joined(outside, "beta=true country=NO"), "d LAYER -");
    EXPECT(&compiled, "f", joined(held, "beta=true country=NO"), "d HOLDOUT -");
    EXPECT(&compiled, "f", "user_id=vip beta=true country=NO", "b TARGETING_MATCH users");
    EXPECT(&compiled, "f", "user_id=vap beta=false", "d PREREQUISITE_FAILED -");
    EXPECT(&compiled, "f", "user_id=vip", "d PREREQUISITE_FAILED -");
    EXPECT(&compiled, "f", "user_id=vip beta=true name=incident", "d OVERRIDE override[0]");
    /* A unit without a key skips the holdout and the layer. */
    EXPECT(&compiled, "f", "beta=true country=NO", "a TARGETING_MATCH rules[0]");
    EXPECT(&compiled, "f", "beta=true", "d DEFAULT -");
    EXPECT(&compiled, "off", "user_id=vip", "off DISABLED -");
    EXPECT(&compiled, "off", "name=incident", "off OVERRIDE override[0]");
    EXPECT(&compiled, "off", "name=drill", "on OVERRIDE override[1]");
    release(&compiled);
}

static void environments_decide_what_is_enabled(void **state)
{
    (void)state;
    static const char text[] = "flags:\n"
                               "  listed: {environments: [staging], serve: on}\n"
                               "  mapped: {serve: on, environments: {production: {percent: 0%}}}\n";
    struct compiled compiled = compile(text);
    EXPECT(&compiled, "listed", "", "off DISABLED -");
    EXPECT(&compiled, "mapped", "", "off STATIC -");
    release(&compiled);
    compiled = compile_for("staging", text);
    EXPECT(&compiled, "listed", "", "on STATIC rules[0]");
    EXPECT(&compiled, "mapped", "", "on STATIC rules[0]");
    release(&compiled);
}

static void overrides_keep_to_their_times_and_environments(void **state)
{
    (void)state;
    struct compiled compiled =
        compile("flags:\n"
                "  f: {serve: on, tags: [pay]}\n"
                "  g: {kind: ops, serve: on}\n"
                "overrides:\n"
                "  - {flags: [f], environments: [staging], serve: default}\n"
                "  - {flags: [f], serve: default, from: 2026-01-02T00:00:00Z, until: "
                "2026-01-03T00:00:00Z}\n"
                "  - {tags: [pay], serve: default, from: 2026-02-01T00:00:00Z}\n"
                "  - {kinds: [ops], serve: default, until: 2026-01-01T00:00:00Z}\n"
                "  - {all: true, if: {name: drill}, serve: off}\n");
    EXPECT(&compiled, "f", "now=2026-01-01T23:59:59.999Z", "on STATIC rules[0]");
    EXPECT(&compiled, "f", "now=2026-01-02T00:00:00Z", "off OVERRIDE override[1]");
    EXPECT(&compiled, "f", "now=2026-01-02T23:59:59.999Z", "off OVERRIDE override[1]");
    EXPECT(&compiled, "f", "now=2026-01-03T00:00:00Z", "on STATIC rules[0]");
    EXPECT(&compiled, "f", "now=2026-02-01T00:00:00Z", "off OVERRIDE override[2]");
    EXPECT(&compiled, "f", "now=2026-01-01T00:00:00Z name=drill", "off OVERRIDE override[4]");
    EXPECT(&compiled, "g", "now=2025-12-31T23:59:59.999Z", "off OVERRIDE override[3]");
    EXPECT(&compiled, "g", "now=2026-01-01T00:00:00Z", "on STATIC rules[0]");
    release(&compiled);
}

static void rules_keep_to_their_windows(void **state)
{
    (void)state;
    struct compiled compiled = compile(
        "flags:\n"
        "  f:\n"
        "    rules:\n"
        "      - {name: now, from: 2026-01-02T00:00:00Z, until: 2026-01-03T00:00:00Z}\n"
        "      - {name: later, from: 2026-01-03T00:00:00Z, if: {country: NO}}\n"
        "      - {name: until, until: 2026-01-01T00:00:00Z, percent: 100%}\n"
        "  staged:\n"
        "    environments:\n"
        "      production: {rules: [{from: 2026-01-02T00:00:00Z, split: {on: 100%, off: 0%}}]}\n"
        "  needs: {requires: {f: on}, serve: on}\n");
    EXPECT(&compiled, "f", "now=2025-12-31T23:59:59.999Z", "on TARGETING_MATCH until");
    EXPECT(&compiled, "f", "now=2026-01-01T00:00:00Z", "off DEFAULT -");
    EXPECT(&compiled, "f", "now=2026-01-01T23:59:59.999Z", "off DEFAULT -");
    EXPECT(&compiled, "f", "now=2026-01-02T00:00:00Z", "on TARGETING_MATCH now");
    EXPECT(&compiled, "f", "now=2026-01-02T23:59:59.999Z", "on TARGETING_MATCH now");
    EXPECT(&compiled, "f", "now=2026-01-03T00:00:00Z", "off DEFAULT -");
    EXPECT(&compiled, "f", "now=2026-01-03T00:00:00Z country=NO", "on TARGETING_MATCH later");
    EXPECT(&compiled, "staged", "now=2026-01-02T00:00:00Z", "on TARGETING_MATCH rules[0]");
    EXPECT(&compiled, "staged", "now=2026-01-01T00:00:00Z", "off DEFAULT -");
    EXPECT(&compiled, "needs", "now=2026-01-02T00:00:00Z", "on STATIC rules[0]");
    EXPECT(&compiled, "needs", "now=2026-01-03T00:00:00Z", "off PREREQUISITE_FAILED -");
    release(&compiled);
}

static void ramps_move_with_the_clock(void **state)
{
    (void)state;
    struct compiled compiled =
        compile("flags:\n"
                "  line: {percent: {from: 0%, to: 100%, start: 2026-01-01T00:00:00Z,"
                " end: 2026-01-11T00:00:00Z}}\n"
                "  steps: {percent: {from: 10%, step: 20%, every: 1d, start: 2026-01-01T00:00:00Z,"
                " to: 60%}}\n"
                "  down: {percent: {from: 100%, to: 20%, start: 2026-01-01T00:00:00Z,"
                " end: 2026-01-09T00:00:00Z}}\n");
    const char *first = unit_within("line", 29990, 30000),
               *next = unit_within("line", 30000, 30010);
    EXPECT(&compiled, "line", "user_id=u now=2025-12-31T23:59:59Z", "off DEFAULT -");
    EXPECT(&compiled, "line", joined(first, "now=2026-01-04T00:00:00Z"), "on SPLIT rules[0]");
    EXPECT(&compiled, "line", joined(next, "now=2026-01-04T00:00:00Z"), "off DEFAULT -");
    EXPECT(&compiled, "line", "now=2026-01-10T23:59:59.999Z", "off DEFAULT -");
    EXPECT(&compiled, "line", "now=2026-01-11T00:00:00Z", "on SPLIT rules[0]");
    EXPECT(&compiled, "line", "now=2030-01-01T00:00:00Z", "on SPLIT rules[0]");

    const char *ten = unit_within("steps", 9990, 10000), *over = unit_within("steps", 10000, 10010);
    EXPECT(&compiled, "steps", joined(ten, "now=2020-01-01T00:00:00Z"), "on SPLIT rules[0]");
    EXPECT(&compiled, "steps", joined(over, "now=2020-01-01T00:00:00Z"), "off DEFAULT -");
    EXPECT(&compiled, "steps", joined(over, "now=2026-01-01T23:59:59.999Z"), "off DEFAULT -");
    EXPECT(&compiled, "steps", joined(over, "now=2026-01-02T00:00:00Z"), "on SPLIT rules[0]");
    EXPECT(&compiled, "steps",
           joined(unit_within("steps", 59990, 60000), "now=2026-01-04T00:00:00Z"),
           "on SPLIT rules[0]");
    EXPECT(&compiled, "steps",
           joined(unit_within("steps", 60000, 60010), "now=2036-01-01T00:00:00Z"), "off DEFAULT -");

    EXPECT(&compiled, "down", "now=2026-01-01T00:00:00Z", "on SPLIT rules[0]");
    EXPECT(&compiled, "down", joined(unit_within("down", 59990, 60000), "now=2026-01-05T00:00:00Z"),
           "on SPLIT rules[0]");
    EXPECT(&compiled, "down", joined(unit_within("down", 60000, 60010), "now=2026-01-05T00:00:00Z"),
           "off DEFAULT -");
    release(&compiled);
}

static void the_clock_reaches_flags_that_need_a_flag_that_reads_it(void **state)
{
    (void)state;
    struct compiled compiled =
        compile("flags:\n"
                "  ramp: {percent: {from: 0%, to: 100%, start: 2026-01-01T00:00:00Z,"
                " end: 2026-01-02T00:00:00Z}}\n"
                "  needs: {requires: {ramp: on}, serve: on}\n"
                "  needs-that: {rules: [{if: {flag: {needs: on}}}]}\n");
    EXPECT(&compiled, "needs", "now=2026-01-01T00:00:00Z", "off PREREQUISITE_FAILED -");
    EXPECT(&compiled, "needs", "now=2026-01-02T00:00:00Z", "on STATIC rules[0]");
    EXPECT(&compiled, "needs-that", "now=2026-01-01T00:00:00Z", "off DEFAULT -");
    EXPECT(&compiled, "needs-that", "now=2026-01-02T00:00:00Z", "on TARGETING_MATCH rules[0]");
    release(&compiled);
}

static void percentages_are_exact_at_their_boundaries(void **state)
{
    (void)state;
    static const char *const percents[] = {"0.001", "0.125", "1", "33.333", "99.999"};
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
        char text[128];
        uint32_t share;
        assert_true(parse_percent(percents[i], &share));
        snprintf(text, sizeof text, "flags:\n  f: {percent: %s%%}\n", percents[i]);
        struct compiled compiled = compile(text);
        for (unsigned u = 0; u < 2000; u++) {
            char unit[32];
            snprintf(unit, sizeof unit, "user_id=%u", u);
            bool exposed =
                fflag_bucket(unit + 8, strlen(unit + 8), "f", 1) < percent_threshold(share);
            EXPECT(&compiled, "f", unit, exposed ? "on SPLIT rules[0]" : "off DEFAULT -");
        }
        release(&compiled);
    }
}

static void canary_states_serve_what_they_say(void **state)
{
    (void)state;
    struct compiled compiled = compile(
        "flags:\n"
        "  running: {canary: {state: running, since: 2026-11-20T10:00:00Z, stage: b, stages: "
        "[{name: a, percent: 5%},"
        " {name: b, percent: 20%, if: {country: NO}}, {name: c, percent: 100%}]}}\n"
        "  paused: {canary: {state: paused, since: 2026-11-20T10:00:00Z, stage: a, stages: [{name: "
        "a, percent: 20%}]}}\n"
        "  targeted: {canary: {state: running, since: 2026-11-20T10:00:00Z, stage: a, stages:"
        " [{name: a, percent: 100%, if: {country: NO}}]}}\n"
        "  full: {canary: {state: running, since: 2026-11-20T10:00:00Z, stage: c, stages: [{name: "
        "a, percent: 5%},"
        " {name: c, percent: 100%}]}}\n"
        "  complete: {canary: {state: complete, stage: z, stages: [{name: a, percent: 5%},"
        " {name: z, percent: 100%}]}}\n"
        "  instant: {canary: {state: running, since: 2026-11-20T10:00:00Z, instant: true, stage: "
        "a, stages:"
        " [{name: a, percent: 5%}, {name: z, percent: 100%}]}}\n");
    const char *in = unit_within("running", 19000, 20000),
               *out = unit_within("running", 20000, 21000);
    EXPECT(&compiled, "running", joined(in, "country=NO"), "on SPLIT canary:b");
    EXPECT(&compiled, "running", joined(out, "country=NO"), "off DEFAULT -");
    EXPECT(&compiled, "running", joined(in, "country=SE"), "off DEFAULT -");
    EXPECT(&compiled, "paused", unit_within("paused", 0, 20000), "on SPLIT canary:a");
    EXPECT(&compiled, "paused", unit_within("paused", 20000, 30000), "off DEFAULT -");
    EXPECT(&compiled, "targeted", "country=NO", "on TARGETING_MATCH canary:a");
    EXPECT(&compiled, "full", "", "on STATIC canary:c");
    EXPECT(&compiled, "complete", "", "on STATIC canary:z");
    EXPECT(&compiled, "instant", "", "on STATIC canary:z");
    release(&compiled);
}

static void concluded_experiments_serve_their_winner(void **state)
{
    (void)state;
    struct compiled compiled = compile(
        "flags:\n"
        "  f: {type: string, variants: {c: C, v: V}, default: c, experiment: {state: concluded,"
        " winner: v, control: c, split: {c: 50%, v: 50%}}}\n");
    EXPECT(&compiled, "f", "", "v STATIC experiment");
    release(&compiled);
}

static void raising_traffic_never_moves_a_unit(void **state)
{
    (void)state;
    static const char *const traffic[] = {"10", "35.5", "80", "100"};
    char served[1000][32];
    for (size_t i = 0; i < sizeof traffic / sizeof *traffic; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "flags:\n  f: {type: string, variants: {c: C, v: V}, default: c, experiment:"
                 " {state: running, traffic: %s%%, if: {beta: true}, control: c,"
                 " split: {c: 50%%, v: 50%%}}}\n",
                 traffic[i]);
        struct compiled compiled = compile(text);
        unsigned exposed = 0;
        for (unsigned u = 0; u < 1000; u++) {
            char unit[48];
            snprintf(unit, sizeof unit, "user_id=u%u beta=true", u);
            const char *got = evaluated(&compiled, "f", unit);
            if (i > 0 && strstr(served[u], "experiment"))
                assert_string_equal(got, served[u]);
            snprintf(served[u], sizeof served[u], "%s", got);
            exposed += strstr(got, "experiment") != NULL;
        }
        uint32_t share;
        assert_true(parse_percent(traffic[i], &share));
        assert_in_range(exposed, share / 100 > 60 ? share / 100 - 60 : 0, share / 100 + 60);
        EXPECT(&compiled, "f", "user_id=u1", "c DEFAULT -");
        release(&compiled);
    }
}

static void prerequisites_reach_through_each_other(void **state)
{
    (void)state;
    struct buffer text = {0};
    buffer_append_text(&text, "flags:\n  p0: {rules: [{if: {beta: true}}]}\n");
    for (int i = 1; i <= FFS_MAX_DEPTH; i++)
        buffer_format(&text, "  p%d: {requires: {p%d: on}, serve: on}\n", i, i - 1);
    buffer_append_text(&text,
                       "  any-of: {type: string, variants: {a: A, b: B, c: C}, default: c,"
                       " rules: [{if: {country: NO}, serve: a}, {if: {country: SE}, serve: b}]}\n"
                       "  a-or-b: {requires: {any-of: [a, b]}, serve: on}\n"
                       "  both: {requires: {any-of: a, p3: on}, serve: on}\n"
                       "  condition: {rules: [{if: {flag: {any-of: [a, b]}, beta: true}}]}\n"
                       "  constant: {}\n"
                       "  impossible: {requires: {constant: on}, serve: on}\n"
                       "  granted: {requires: {constant: off}, rules: [{if: {country: NO}}]}\n"
                       "  satisfied: {requires: {constant: off}}\n");
    struct compiled compiled = compile(text.bytes);
    for (int i = 1; i <= FFS_MAX_DEPTH; i++) {
        char flag[8];
        snprintf(flag, sizeof flag, "p%d", i);
        EXPECT(&compiled, flag, "beta=true", "on STATIC rules[0]");
        EXPECT(&compiled, flag, "beta=false", "off PREREQUISITE_FAILED -");
    }
    EXPECT(&compiled, "a-or-b", "country=NO", "on STATIC rules[0]");
    EXPECT(&compiled, "a-or-b", "country=SE", "on STATIC rules[0]");
    EXPECT(&compiled, "a-or-b", "", "off PREREQUISITE_FAILED -");
    EXPECT(&compiled, "both", "country=NO beta=true", "on STATIC rules[0]");
    EXPECT(&compiled, "both", "country=SE beta=true", "off PREREQUISITE_FAILED -");
    EXPECT(&compiled, "both", "country=NO", "off PREREQUISITE_FAILED -");
    EXPECT(&compiled, "condition", "country=SE beta=true", "on TARGETING_MATCH rules[0]");
    EXPECT(&compiled, "condition", "country=SE", "off DEFAULT -");
    EXPECT(&compiled, "impossible", "", "off PREREQUISITE_FAILED -");
    /* A constant flag is asked too: an emergency may change what it serves. */
    assert_int_equal(instructions(&compiled, "impossible"), 4);
    EXPECT(&compiled, "granted", "country=NO", "on TARGETING_MATCH rules[0]");
    assert_int_equal(instructions(&compiled, "granted"), 5);
    EXPECT(&compiled, "satisfied", "", "off DEFAULT -");
    release(&compiled);
    buffer_release(&text);
}

static void users_match_by_text_and_by_number(void **state)
{
    (void)state;
    struct compiled compiled =
        compile("flags:\n"
                "  text: {users: {off: [u1], on: [u1, u2, '42']}, serve: on}\n"
                "  number: {bucket_by: account, users: {on: [42, -7, 9007199254740992]}}\n"
                "  one: {bucket_by: account, users: {on: [0]}}\n");
    EXPECT(&compiled, "text", "user_id=u1", "off TARGETING_MATCH users");
    EXPECT(&compiled, "text", "user_id=u2", "on TARGETING_MATCH users");
    EXPECT(&compiled, "text", "user_id=42", "on TARGETING_MATCH users");
    EXPECT(&compiled, "text", "user_id=u3", "on STATIC rules[0]");
    EXPECT(&compiled, "number", "account=42", "on TARGETING_MATCH users");
    EXPECT(&compiled, "number", "account=-7", "on TARGETING_MATCH users");
    EXPECT(&compiled, "number", "account=9007199254740992", "on TARGETING_MATCH users");
    EXPECT(&compiled, "number", "account=42.5", "off DEFAULT -");
    EXPECT(&compiled, "number", "user_id=42", "off DEFAULT -");
    EXPECT(&compiled, "one", "account=0", "on TARGETING_MATCH users");
    EXPECT(&compiled, "one", "account=-0", "on TARGETING_MATCH users");
    release(&compiled);
}

static void members_of_a_layer_never_overlap(void **state)
{
    (void)state;
    struct compiled compiled =
        compile("layers: {l: {bucket_by: account}}\n"
                "holdouts: {h: {percent: 10%, bucket_by: account}, all: {percent: 100%}}\n"
                "flags:\n"
                "  a: {serve: on, bucket_by: account, layer: {name: l, from: 0%, to: 30%}}\n"
                "  b: {serve: on, bucket_by: account, layer: {name: l, from: 30%, to: 70%}}\n"
                "  c: {serve: on, bucket_by: account, layer: {name: l, from: 70%, to: 100%}}\n"
                "  held: {serve: on, holdout: h}\n"
                "  nobody: {serve: on, holdout: all}\n"
                "  both: {serve: on, holdout: [h, all]}\n");
    unsigned count[3] = {0}, held = 0;
    for (unsigned i = 0; i < 20000; i++) {
        char unit[32];
        unsigned members = 0;
        snprintf(unit, sizeof unit, "account=%u", i);
        static const char *const flags[] = {"a", "b", "c"};
        for (int f = 0; f < 3; f++) {
            bool on = !strcmp(evaluated(&compiled, flags[f], unit), "on STATIC rules[0]");
            if (!on)
                EXPECT(&compiled, flags[f], unit, "off LAYER -");
            members += on;
            count[f] += on;
        }
        assert_int_equal(members, 1);
        held += !strcmp(evaluated(&compiled, "held", unit), "off HOLDOUT -");
    }
    assert_in_range(count[0], 5700, 6300);
    assert_in_range(count[1], 7650, 8350);
    assert_in_range(held, 1800, 2200);
    EXPECT(&compiled, "a", "", "on STATIC rules[0]");
    EXPECT(&compiled, "held", "user_id=u", "on STATIC rules[0]");
    EXPECT(&compiled, "nobody", "", "off HOLDOUT -");
    EXPECT(&compiled, "both", "", "off HOLDOUT -");
    release(&compiled);
}

static void values_of_every_type_arrive(void **state)
{
    (void)state;
    struct compiled compiled = compile(
        "flags:\n"
        "  text: {type: string, variants: {a: 'NO', b: \"\"}, default: a, rules:"
        " [{if: {beta: true}, serve: b}]}\n"
        "  whole: {type: integer, variants: {a: -9223372036854775808, b: 9223372036854775807},"
        " default: a, rules: [{if: {beta: true}, serve: b}]}\n"
        "  number: {type: number, variants: {a: 0.1, b: -1e300}, default: a, rules:"
        " [{if: {beta: true}, serve: b}]}\n"
        "  json: {type: json, value: {b: [1, 2.50, \"x\"], a: null}}\n");
    fflag_context none, beta;
    fflag_context_init(&none);
    read_words(&compiled, "beta=true", &beta);
    size_t length;
    fflag_id id = fflag_flag(compiled.store, "text");
    assert_string_equal(fflag_string(compiled.view, id, &none, "?", &length), "NO");
    assert_string_equal(fflag_string(compiled.view, id, &beta, "?", &length), "");
    assert_int_equal(length, 0);
    id = fflag_flag(compiled.store, "whole");
    assert_true(fflag_integer(compiled.view, id, &none, 0) == INT64_MIN);
    assert_true(fflag_integer(compiled.view, id, &beta, 0) == INT64_MAX);
    id = fflag_flag(compiled.store, "number");
    assert_true(fflag_number(compiled.view, id, &none, 0) == 0.1);
    assert_true(fflag_number(compiled.view, id, &beta, 0) == -1e300);
    id = fflag_flag(compiled.store, "json");
    assert_string_equal(fflag_json(compiled.view, id, &none, "?", &length),
                        "{\"b\":[1,2.50,\"x\"],\"a\":null}");
    release(&compiled);
}

static void equal_programs_variants_and_sets_are_stored_once(void **state)
{
    (void)state;
    struct buffer one = {0}, many = {0};
    buffer_append_text(&one, "flags:\n");
    buffer_append_text(&many, "flags:\n");
    for (int i = 0; i < 200; i++) {
        buffer_format(i ? &many : &one,
                      "  f%03d: {rules: [{if: {country: [US, CA, GB]}, percent: 20%%}]}\n", i);
        buffer_format(&many, "  g%03d: {rules: [{if: {country: [GB, US, CA]}, percent: 20%%}]}\n",
                      i);
    }
    struct compiled few = compile(one.bytes), lots = compile(many.bytes);
    static const uint32_t shared[] = {FFS_CODE, FFS_SETS, FFS_VARIANTS, FFS_ATTRIBUTES};
    const struct ffs_header *small = (const void *)few.bytes.bytes;
    const struct ffs_header *large = (const void *)lots.bytes.bytes;
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        for (uint32_t s = 0; s < small->section_count; s++) {
            const struct ffs_section *a = (const struct ffs_section *)(small + 1) + s;
            const struct ffs_section *b = (const struct ffs_section *)(large + 1) + s;
            if (a->id == shared[i])
                assert_int_equal(a->size, b->size);
        }
    release(&few);
    release(&lots);
    buffer_release(&one);
    buffer_release(&many);
}

/* `u` and a number from *next on, whose hash falls into the first of `buckets` buckets, and into
 * the first slot of any table of at most `slots` slots. */
static void find_crowding(uint32_t *next, uint32_t buckets, uint32_t slots, char text[16])
{
    for (;;) {
        int length = snprintf(text, 16, "u%u", (*next)++);
        uint64_t hash = XXH3_64bits(text, (size_t)length);
        if (((hash >> 32) * buckets >> 32) == 0 && (hash & (slots - 1)) == 0)
            return;
    }
}

static void texts_whose_hashes_leave_no_room_are_tested_one_by_one(void **state)
{
    (void)state;
    enum { COUNT = 65 };
    struct buffer definitions = {0};
    char texts[COUNT + 1][16];
    uint32_t next = 0;
    buffer_append_text(&definitions, "flags:\n  crowd:\n    rules:\n      - if: {name: [");
    for (int i = 0; i <= COUNT; i++) {
        find_crowding(&next, COUNT / 4 + 1, 1024, texts[i]);
        if (i < COUNT)
            buffer_format(&definitions, "%s%s", i ? ", " : "", texts[i]);
    }
    buffer_append_text(&definitions, "]}\n");
    struct compiled compiled = compile(definitions.bytes);
    for (int i = 0; i <= COUNT; i++) {
        char words[64];
        snprintf(words, sizeof words, "name=%.15s", texts[i]);
        EXPECT(&compiled, "crowd", words,
               i < COUNT ? "on TARGETING_MATCH rules[0]" : "off DEFAULT -");
    }
    release(&compiled);
    buffer_release(&definitions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_without_decisions_are_constant),
        cmocka_unit_test(rules_decide_in_order_with_their_reasons),
        cmocka_unit_test(ranges_hold_from_their_lower_end_to_below_the_upper),
        cmocka_unit_test(a_rule_hashes_with_its_own_salt),
        cmocka_unit_test(splits_follow_their_salt_and_fold),
        cmocka_unit_test(steps_come_in_the_documented_order),
        cmocka_unit_test(environments_decide_what_is_enabled),
        cmocka_unit_test(overrides_keep_to_their_times_and_environments),
        cmocka_unit_test(rules_keep_to_their_windows),
        cmocka_unit_test(ramps_move_with_the_clock),
        cmocka_unit_test(the_clock_reaches_flags_that_need_a_flag_that_reads_it),
        cmocka_unit_test(percentages_are_exact_at_their_boundaries),
        cmocka_unit_test(canary_states_serve_what_they_say),
        cmocka_unit_test(concluded_experiments_serve_their_winner),
        cmocka_unit_test(raising_traffic_never_moves_a_unit),
        cmocka_unit_test(prerequisites_reach_through_each_other),
        cmocka_unit_test(users_match_by_text_and_by_number),
        cmocka_unit_test(members_of_a_layer_never_overlap),
        cmocka_unit_test(values_of_every_type_arrive),
        cmocka_unit_test(equal_programs_variants_and_sets_are_stored_once),
        cmocka_unit_test(texts_whose_hashes_leave_no_room_are_tested_one_by_one),
    };
    return cmocka_run_group_tests(tests, compiled_set_up, compiled_tear_down);
}
