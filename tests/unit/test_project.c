/*
 * test_project.c - from definitions to the model: what environments inherit and override, and that
 * files and their order make no difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/cli/options.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "compiler/files/yaml.h"

#define HEAD                                                                                   \
    "project: {name: shop, environments: [dev, prod], bucket_by: user}\n"                      \
    "attributes: {user: string, device: string, country: string, age: number, app: version,\n" \
    "  at: time, groups: strings, ip: ip, staff: boolean}\n"

static char directory[] = "/tmp/ffc-project-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    unlink(path);
}

/* Loads one file, which must be valid. */
static struct project *load(const char *text)
{
    write_file("all.yaml", text);
    struct project *project = project_load(directory, 0);
    if (project->diagnostics.count)
        diagnostics_write(&project->diagnostics, DIAGNOSTIC_TEXT, false, stderr);
    assert_int_equal(project->diagnostics.errors, 0);
    return project;
}

static const struct targeting *in(const struct project *project, const char *flag,
                                  const char *environment)
{
    const struct flag *found = project_flag(project, flag);
    assert_non_null(found);
    return &found->environments[project_environment(project, environment)];
}

static void a_boolean_flag_has_on_and_off(void **unused)
{
    (void)unused;
    struct project *project = load(HEAD "flags: {a: {}}\n");
    const struct targeting *targeting = in(project, "a", "dev");
    assert_int_equal(targeting->variant_count, 2);
    assert_string_equal(targeting->variants[0].name.text, "on");
    assert_true(targeting->variants[0].boolean);
    assert_int_equal(targeting->default_variant, 1);
    assert_string_equal(targeting->salt, "a");
    assert_true(targeting->enabled);
    assert_int_equal(targeting->rule_count, 0);
    assert_null(project_flag(project, "b"));
    assert_int_equal(project_environment(project, "nowhere"), UINT32_MAX);
    project_free(project);
}

static void the_shorthand_is_one_rule(void **unused)
{
    (void)unused;
    struct project *project = load(HEAD "flags: {a: {percent: 12.5%}}\n");
    const struct targeting *targeting = in(project, "a", "prod");
    assert_int_equal(targeting->rule_count, 1);
    const struct rule *rule = &targeting->rules[0];
    assert_string_equal(rule->name.text, "rules[0]");
    assert_int_equal(rule->serve, 0);
    assert_true(rule->has_percent && !rule->percent.gradual);
    assert_int_equal(rule->percent.from, 12500);
    assert_string_equal(rule->by->text, "user");
    project_free(project);
}

static void environments_replace_key_by_key(void **unused)
{
    (void)unused;
    struct project *project = load(HEAD "flags:\n"
                                        "  a:\n"
                                        "    serve: on\n"
                                        "    percent: 10%\n"
                                        "    environments:\n"
                                        "      dev: {percent: 50%, bucket_by: device}\n"
                                        "      prod: {serve: off}\n");
    const struct rule *dev = &in(project, "a", "dev")->rules[0];
    const struct rule *prod = &in(project, "a", "prod")->rules[0];
    assert_int_equal(dev->serve, 0);
    assert_int_equal(dev->percent.from, 50000);
    assert_string_equal(dev->by->text, "device");
    assert_int_equal(prod->serve, 1);
    assert_int_equal(prod->percent.from, 10000);
    assert_string_equal(prod->by->text, "user");
    project_free(project);
}

static void rules_and_shorthand_replace_each_other(void **unused)
{
    (void)unused;
    struct project *project = load(HEAD "flags:\n"
                                        "  a:\n"
                                        "    rules: [{if: {country: US}}, {if: {country: CA}}]\n"
                                        "    environments: {dev: {percent: 50%}}\n"
                                        "  b:\n"
                                        "    split: {on: 50%, off: 50%}\n"
                                        "    environments:\n"
                                        "      dev: {rules: [{name: us, if: {country: US}}]}\n"
                                        "      prod: {serve: on}\n"
                                        "  c: {serve: on, environments: {dev: {rules: []}}}\n");
    assert_int_equal(in(project, "a", "dev")->rule_count, 1);
    assert_null(in(project, "a", "dev")->rules[0].condition);
    assert_int_equal(in(project, "a", "prod")->rule_count, 2);
    assert_string_equal(in(project, "a", "prod")->rules[1].name.text, "rules[1]");
    assert_string_equal(in(project, "b", "dev")->rules[0].name.text, "us");
    assert_false(in(project, "b", "dev")->rules[0].split);
    assert_false(in(project, "b", "prod")->rules[0].split);
    assert_int_equal(in(project, "b", "prod")->rule_count, 1);
    assert_int_equal(in(project, "c", "dev")->rule_count, 0);
    project_free(project);
}

static void a_list_of_environments_enables_only_those(void **unused)
{
    (void)unused;
    struct project *project =
        load(HEAD "flags:\n"
                  "  a: {environments: [dev], serve: on}\n"
                  "  b: {environments: {dev: {enabled: false}}, serve: on}\n");
    assert_true(in(project, "a", "dev")->enabled);
    assert_false(in(project, "a", "prod")->enabled);
    assert_false(in(project, "b", "dev")->enabled);
    assert_true(in(project, "b", "prod")->enabled);
    project_free(project);
}

static void values_differ_by_environment(void **unused)
{
    (void)unused;
    struct project *project = load(
        HEAD "flags:\n"
             "  limit: {type: number, value: 5, environments: {prod: {value: 2.5}}}\n"
             "  theme:\n"
             "    type: string\n"
             "    variants: {light: NO, dark: 1.10}\n"
             "    default: dark\n"
             "    environments: {prod: {variants: {dark: 'on'}, default: light}}\n"
             "  ttl: {type: json, value: {a: [1, 0x1F, .5, true, ~], \"b\\n\": 'no', c: 1e3}}\n");
    assert_true(in(project, "limit", "dev")->variants[0].number == 5);
    assert_true(in(project, "limit", "prod")->variants[0].number == 2.5);
    assert_null(in(project, "limit", "dev")->variants[0].name.text);
    const struct targeting *dev = in(project, "theme", "dev"), *prod = in(project, "theme", "prod");
    assert_string_equal(dev->variants[0].string, "NO");
    assert_string_equal(dev->variants[1].string, "1.10");
    assert_string_equal(prod->variants[0].string, "NO");
    assert_string_equal(prod->variants[1].string, "on");
    assert_int_equal(dev->default_variant, 1);
    assert_int_equal(prod->default_variant, 0);
    assert_string_equal(in(project, "ttl", "dev")->variants[0].string,
                        "{\"a\":[1,31,0.5,true,null],\"b\\n\":\"no\",\"c\":1e3}");
    project_free(project);
}

static void conditions_become_trees(void **unused)
{
    (void)unused;
    struct project *project =
        load(HEAD "segments:\n"
                  "  one: {if: {age: {gte: 18, lt: 65}, country: [US, CA]}}\n"
                  "  two: {if: {not: {segment: [one, three]}}}\n"
                  "  three: {if: {app: {not_in: [v1.2, 2.0.0-rc.1]}, groups: {has_none: [a]}}}\n"
                  "  four: {if: {at: {before: 2026-11-20T11:00:00+01:00}, ip: 10.0.0.0/8}}\n"
                  "  five: {if: {country: {starts_with: [u, c], ignore_case: true}, staff: true}}\n"
                  "  six: {if: {country: {present: false}}}\n");
    const struct condition *one = project->segments[0]->condition;
    assert_int_equal(one->kind, CONDITION_ALL);
    assert_int_equal(one->child_count, 3);
    assert_int_equal(one->children[0]->operator_kind, OPERATOR_GE);
    assert_true(one->children[0]->operands[0].number == 18);
    assert_int_equal(one->children[2]->operand_count, 2);
    const struct condition *two = project->segments[1]->condition;
    assert_int_equal(two->kind, CONDITION_NOT);
    assert_int_equal(two->children[0]->kind, CONDITION_ANY);
    assert_ptr_equal(two->children[0]->children[1]->segment, project->segments[2]);
    const struct condition *three = project->segments[2]->condition;
    assert_true(three->children[0]->negate);
    assert_string_equal(three->children[0]->operands[0].text, "1.2.0");
    assert_true(three->children[1]->negate);
    assert_int_equal(three->children[1]->operator_kind, OPERATOR_HAS_ANY);
    const struct condition *four = project->segments[3]->condition;
    assert_int_equal(four->children[0]->operator_kind, OPERATOR_LT);
    assert_int_equal(four->children[0]->operands[0].time, 1795168800000);
    assert_int_equal(four->children[1]->operator_kind, OPERATOR_EQ);
    const struct condition *five = project->segments[4]->condition;
    assert_true(five->children[0]->ignore_case);
    assert_true(five->children[1]->operands[0].boolean);
    const struct condition *six = project->segments[5]->condition;
    assert_int_equal(six->operator_kind, OPERATOR_PRESENT);
    assert_true(six->negate);
    project_free(project);
}

static void list_files_are_read_once(void **unused)
{
    (void)unused;
    write_file("vip.txt", "# people\n\n u1 \r\nu2\n\tu3 x\nu4");
    struct project *project = load(HEAD "segments: {vip: {if: {user: {in_file: vip.txt}}}}\n"
                                        "flags: {a: {users: {on: {file: vip.txt}, off: [5]}}}\n");
    const struct list_file *file = project->segments[0]->condition->file;
    const struct targeting *targeting = in(project, "a", "dev");
    assert_int_equal(file->count, 4);
    assert_string_equal(file->values[0], "u1");
    assert_string_equal(file->values[2], "u3 x");
    assert_string_equal(file->values[3], "u4");
    assert_ptr_equal(file, targeting->users[0].file);
    assert_string_equal(targeting->users[1].users.items[0].text, "5");
    project_free(project);
    remove_file("vip.txt");
}

static void thresholds_are_in_the_metrics_unit(void **unused)
{
    (void)unused;
    struct project *project =
        load(HEAD "metrics:\n"
                  "  errors: {kind: proportion, of: {status: {gte: 500}}}\n"
                  "  latency: {kind: mean, value: latency, unit: s}\n"
                  "  cpu: {kind: max, value: cpu, unit: percent}\n"
                  "flags:\n"
                  "  a:\n"
                  "    canary:\n"
                  "      stages: [{name: x, percent: 5%, hold: 24h}, {percent: 100%}]\n"
                  "      approval: x\n"
                  "      state: paused\n"
                  "      stage: x\n"
                  "      since: 2026-11-20T10:00:00Z\n"
                  "      guards:\n"
                  "        - {metric: errors, max: 5%, action: pause, over: 1m, for: 3}\n"
                  "        - {metric: latency, max: 300ms}\n"
                  "        - {metric: cpu, max: 90%}\n"
                  "        - {metric: latency, max_increase: 10%, versus: before}\n"
                  "        - {metric: latency, max_increase: {abs: 20ms}, confidence: 95%}\n");
    const struct canary *canary = in(project, "a", "dev")->canary;
    const struct criterion *guards = canary->guards.items;
    assert_int_equal(project_flag(project, "a")->kind, KIND_CANARY);
    assert_int_equal(canary->guards.count, 5);
    assert_true(guards[0].threshold == 0.05 && guards[0].action == ACTION_PAUSE);
    assert_true(guards[0].over == 60000 && guards[0].for_windows == 3);
    assert_true(guards[1].threshold == 0.3 && guards[1].action == ACTION_ROLLBACK);
    assert_true(guards[2].threshold == 90);
    assert_true(guards[3].threshold == 0.1 && guards[3].versus_before && !guards[3].absolute);
    assert_true(guards[4].threshold == 0.02 && guards[4].absolute && guards[4].confidence == 0.95);
    assert_true(canary->stages[0].approval && !canary->stages[1].approval);
    assert_string_equal(canary->stages[1].name.text, "stages[1]");
    assert_int_equal(canary->state, CANARY_PAUSED);
    assert_int_equal(canary->since, 1795168800000);
    assert_non_null(node_get(canary->node, "state"));
    project_free(project);
}

static void overrides_select_by_any_of_their_keys(void **unused)
{
    (void)unused;
    struct project *project =
        load(HEAD "flags:\n"
                  "  pay.a: {serve: on}\n"
                  "  b: {tags: [pay], serve: on}\n"
                  "  c: {kind: ops, serve: on}\n"
                  "  d: {serve: on}\n"
                  "overrides:\n"
                  "  - {flags: ['pay.*'], tags: pay, kinds: [ops], serve: default,\n"
                  "     environments: prod}\n");
    const struct override *override = project->overrides[0];
    bool selected[4];
    for (uint32_t i = 0; i < 4; i++)
        selected[i] = override_selects(override, project->flags[i]);
    /* By name: b, c, d, pay.a. */
    assert_true(selected[0] && selected[1] && !selected[2] && selected[3]);
    assert_int_equal(override->environments, 2);
    project_free(project);
}

static void files_and_order_make_no_difference(void **unused)
{
    (void)unused;
    write_file("a.yaml", "flags: {a: {requires: {z: on}, rules: [{if: {segment: s}}]}}\n");
    write_file("b.yml", "segments: {s: {if: {flag: {m: off}}}}\n");
    write_file("c.yaml", "flags: {z: {serve: on}, m: {serve: on}}\nsegments:\n");
    struct project *project = load(HEAD);
    assert_int_equal(project->flag_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(project->flags[i]->index, i);
    const struct flag *a = project_flag(project, "a");
    assert_ptr_equal(a->environments[0].requirements[0].flag, project_flag(project, "z"));
    const struct variant_set *on = a->environments[0].requirements[0].variants;
    assert_true(variant_set_has(on, 0) && !variant_set_has(on, 1));
    const struct condition *condition = a->environments[1].rules[0].condition;
    assert_int_equal(condition->kind, CONDITION_SEGMENT);
    const struct variant_set *off = condition->segment->condition->variants;
    assert_true(variant_set_has(off, 1) && !variant_set_has(off, 0));
    project_free(project);
    remove_file("a.yaml");
    remove_file("b.yml");
    remove_file("c.yaml");
}

static void a_rollback_plan_keeps_its_steps(void **unused)
{
    (void)unused;
    struct project *project =
        load(HEAD "flags:\n"
                  "  a:\n"
                  "    rollback:\n"
                  "      - {notify: [./page.sh, all, all]}\n"
                  "      - {override: {flags: [a], environments: [prod], serve: on}}\n"
                  "      - {serve: default}\n");
    const struct flag *flag = project_flag(project, "a");
    assert_int_equal(flag->rollback_count, 3);
    assert_int_equal(flag->rollback[0].kind, ROLLBACK_NOTIFY);
    assert_int_equal(flag->rollback[0].invocation.arguments.count, 3);
    assert_string_equal(flag->rollback[0].invocation.arguments.items[2].text, "all");
    assert_int_equal(flag->rollback[1].kind, ROLLBACK_OVERRIDE);
    assert_string_equal(flag->rollback[1].override->serve.text, "on");
    assert_int_equal(flag->rollback[2].kind, ROLLBACK_SERVE_DEFAULT);
    assert_int_equal(project->override_count, 0);
    project_free(project);
}

static void text_in_memory_is_a_project_of_its_own(void **unused)
{
    (void)unused;
    static const char text[] = HEAD "flags: {a: {serve: on}}\n";
    struct project *project = project_load_text("a.yaml", text, sizeof text - 1, 0);
    assert_int_equal(project->diagnostics.errors, 0);
    assert_int_equal(project->flag_count, 1);
    assert_string_equal(project->sources.items[0].path, "a.yaml");
    project_free(project);
    project = project_load_text("a.yaml", "", 0, 0);
    assert_int_equal(project->flag_count, 0);
    project_free(project);
}

static int make_directory(void **unused)
{
    (void)unused;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **unused)
{
    (void)unused;
    remove_file("all.yaml");
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_boolean_flag_has_on_and_off),
        cmocka_unit_test(the_shorthand_is_one_rule),
        cmocka_unit_test(environments_replace_key_by_key),
        cmocka_unit_test(rules_and_shorthand_replace_each_other),
        cmocka_unit_test(a_list_of_environments_enables_only_those),
        cmocka_unit_test(values_differ_by_environment),
        cmocka_unit_test(conditions_become_trees),
        cmocka_unit_test(list_files_are_read_once),
        cmocka_unit_test(thresholds_are_in_the_metrics_unit),
        cmocka_unit_test(overrides_select_by_any_of_their_keys),
        cmocka_unit_test(files_and_order_make_no_difference),
        cmocka_unit_test(a_rollback_plan_keeps_its_steps),
        cmocka_unit_test(text_in_memory_is_a_project_of_its_own),
    };
    return cmocka_run_group_tests_name("project", tests, make_directory, remove_directory);
}
