/* dump.c - `ffc dump`: a snapshot as readable text or as JSON. */
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/model/declaration.h"
#include "compiler/model/flag.h"
#include "compiler/commands/commands.h"
#include "disassemble.h"
#include "dump.h"
#include "compiler/commands/snapshot.h"

#include "compiler/base/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int run(int argc, char **argv);

const struct command dump_command = {
    .name = "dump",
    .summary = "show a snapshot as text or JSON",
    .usage = "FILE",
    .examples = "  ffc dump /run/flags/production.ffs\n"
                "  ffc build -e production -o - | ffc dump --json - | jq '.flags[].name'\n",
    .run = run,
};

/* Members of a set shown on a line of text. */
#define SHOWN_MEMBERS 8

static bool decides(const struct ffs_instruction *instruction)
{
    return ffs_uses_of(instruction->op) & FFS_USES_REASON;
}

static bool jumps(const struct ffs_instruction *instruction)
{
    return ffs_uses_of(instruction->op) & FFS_USES_JUMP;
}

/* The rule that a deciding instruction reports; NULL if it has none. */
static const char *rule_of(const struct listing *listing, const struct ffs_instruction *decision)
{
    bool split = ffs_operand_of(decision->op) == FFS_OPERAND_SPLIT;
    uint64_t rule = split ? decision->operand >> 32 : decision->operand;
    return snapshot_string(listing->snapshot, (ffs_string)rule);
}

/* -------------------------------------------------------------------------------------- text -- */

/* Whether evaluation can reach the end: not after a decision that no jump skips. */
static bool reaches_end(const struct ffs_instruction *code, uint32_t count)
{
    if (count == 0 || !decides(&code[count - 1]) || jumps(&code[count - 1]))
        return true;
    for (uint32_t i = 0; i < count; i++)
        if (jumps(&code[i]) && i + code[i].jump == count)
            return true;
    return false;
}

static const char *verb_of(const struct ffs_instruction *instruction)
{
    if (decides(instruction))
        return ffs_operand_of(instruction->op) == FFS_OPERAND_SPLIT ? "split" : "serve";
    if (instruction->op == FFS_PASS)
        return "pass";
    return instruction->flags & FFS_NEGATE ? "unless" : "if";
}

/* The instructions up to `body_end` belong to a test of a list. */
static void print_instruction(const struct listing *listing, const struct ffs_flag *flag,
                              uint32_t place, uint32_t body_end, struct buffer *out)
{
    const struct ffs_instruction *instruction = &listing->code[flag->first_code + place];
    bool in_body = place < body_end;
    terminal_format(out, instruction->op == FFS_PASS ? "  %4u  %s%s" : "  %4u  %s%-6s  ", place,
                    in_body ? "  " : "", verb_of(instruction));
    write_instruction(listing, flag, instruction, SHOWN_MEMBERS, out);
    if (decides(instruction)) {
        const char *rule = rule_of(listing, instruction);
        terminal_format(out, "  (%s%s%s)", fflag_reason_text(instruction->flags), rule ? ", " : "",
                        rule ? rule : "");
    }
    if (jumps(instruction) && in_body && place + instruction->jump == body_end)
        buffer_append_text(out, "  else fail");
    else if (jumps(instruction))
        terminal_format(out, "  else %u", place + instruction->jump);
    buffer_append_text(out, "\n");
}

/* `ffs_kind` begins with one; a newer writer may know more kinds. */
static const char *kind_name(const struct ffs_flag *flag)
{
    return flag->kind <= FFS_KIND_PERMISSION ? flag_kind_words[flag->kind - 1] : "unknown";
}

static void print_tags(const struct listing *listing, const struct ffs_flag *flag,
                       struct buffer *out)
{
    if (flag->tags == FFS_NONE)
        return;
    const uint32_t *run = &listing->tags[flag->tags];
    for (uint32_t i = 1; i <= run[0]; i++)
        terminal_format(out, "%s%s", i == 1 ? "  tags " : ", ",
                        snapshot_string(listing->snapshot, run[i]));
    buffer_append_text(out, "\n");
}

static void print_program(const struct listing *listing, const struct ffs_flag *flag,
                          struct buffer *out)
{
    const struct ffs_instruction *code = &listing->code[flag->first_code];
    uint32_t body_end = 0;
    for (uint32_t i = 0; i < flag->code_count; i++) {
        if (code[i].op != FFS_ACCEPT)
            print_instruction(listing, flag, i, body_end, out);
        if (ffs_operand_of(code[i].op) == FFS_OPERAND_BODY)
            body_end = i + 1 + (uint32_t)code[i].operand;
    }
    if (!reaches_end(code, flag->code_count))
        return;
    terminal_format(out, "  %4u  end     ", flag->code_count);
    write_variant_name(listing, flag, flag->default_variant, out);
    terminal_format(out, "  (%s)\n", flag->code_count ? "DEFAULT" : "STATIC");
}

static void print_flag(const struct listing *listing, const struct ffs_flag *flag,
                       struct buffer *out)
{
    terminal_format(out, "\nflag %s: %s, %s%s\n", snapshot_string(listing->snapshot, flag->name),
                    flag_type_words[flag->type], kind_name(flag),
                    flag->flags & FFS_FLAG_CLIENT ? ", may leave the server" : "");
    print_tags(listing, flag, out);
    if (flag->metadata != FFS_NONE) {
        buffer_append_text(out, "  metadata ");
        write_json_text(snapshot_string(listing->snapshot, flag->metadata), out);
        buffer_append_text(out, "\n");
    }
    for (uint32_t i = 0; i < flag->variant_count; i++) {
        buffer_append_text(out, "  variant ");
        write_variant_name(listing, flag, i, out);
        buffer_append_text(out, " = ");
        write_variant_value(listing, flag, i, out);
        buffer_append_text(out, i == flag->default_variant ? "  (default)\n" : "\n");
    }
    buffer_append_text(out, "  salt ");
    write_salt(listing, flag, flag->exposure_salt, out);
    terminal_format(out, ", depth %u%s\n", flag->depth,
                    flag->flags & FFS_FLAG_READS_CLOCK ? ", reads the clock" : "");
    if (flag->features & ~FFS_FEATURES)
        terminal_format(out, "  not supported: it needs features 0x%" PRIx64 "\n", flag->features);
    else
        print_program(listing, flag, out);
}

static void print_annex(const char *title, const json_t *value, struct buffer *out)
{
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    if (!text)
        return;
    terminal_format(out, "\n%s ", title);
    json_write_document(out, text, strlen(text));
    buffer_append_text(out, "\n");
    free(text);
}

/* As the definitions declare it; a snapshot made without that section does not tell. */
static bool is_private(const struct listing *listing, const char *attribute)
{
    const json_t *names = json_object_get(listing->people, "private");
    bool found = false;
    for (size_t i = 0; i < json_array_size(names) && !found; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        found = name && !strcmp(name, attribute);
    }
    return found;
}

static void print_text(const struct listing *listing, struct buffer *out)
{
    const struct snapshot *snapshot = listing->snapshot;
    const struct ffs_header *header = snapshot_header(snapshot);
    terminal_format(out, "snapshot %s, format %u.%u, %zu bytes\n", snapshot->info.build,
                    header->major, header->minor, snapshot->info.length);
    terminal_format(out, "project %s, environment %s\n", snapshot->info.project,
                    snapshot->info.environment);
    if (snapshot->info.generation)
        terminal_format(out, "generation %" PRIu64 "\n", snapshot->info.generation);
    if (snapshot->info.signed_by[0])
        terminal_format(out, "signed by key %s, not checked\n", snapshot->info.signed_by);
    for (uint32_t i = 0; i < listing->attribute_count; i++) {
        const char *name = snapshot_string(snapshot, listing->attributes[i].name);
        terminal_format(out, "attribute %s: %s%s\n", name,
                        attribute_type_words[listing->attributes[i].type],
                        is_private(listing, name) ? ", private" : "");
    }
    for (uint32_t i = 0; i < listing->flag_count; i++)
        print_flag(listing, &listing->flags[i], out);
    print_annex("people", listing->people, out);
    print_annex("labels", listing->labels, out);
    print_annex("overrides", listing->overrides, out);
}

/* -------------------------------------------------------------------------------------- JSON -- */

static void write_hex(const char *key, uint64_t value, struct buffer *out)
{
    json_write_key(out, key);
    terminal_format(out, "\"%016" PRIx64 "\"", value);
}

static void write_json_instruction(const struct listing *listing, const struct ffs_flag *flag,
                                   uint32_t place, struct buffer *out)
{
    const struct ffs_instruction *instruction = &listing->code[flag->first_code + place];
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "op", operation_name(instruction->op));
    if (instruction->attribute != FFS_NO_ATTRIBUTE) {
        struct buffer input = {0};
        write_input(listing, instruction->attribute, &input);
        field_text(out, "attribute", input.bytes);
        buffer_release(&input);
    }
    if (instruction->op != FFS_ACCEPT) {
        struct buffer text = {0};
        write_instruction(listing, flag, instruction, SIZE_MAX, &text);
        field_text(out, "text", text.bytes);
        buffer_release(&text);
    }
    if (decides(instruction)) {
        field_text(out, "reason", fflag_reason_text(instruction->flags));
        field_text(out, "rule", rule_of(listing, instruction));
    } else {
        field_truth(out, "negate", instruction->flags & FFS_NEGATE);
    }
    if (jumps(instruction))
        terminal_format(out, ",\"else\":%u", place + instruction->jump);
    write_hex("operand", instruction->operand, out);
    buffer_append_text(out, "}");
}

static void write_json_about(const struct listing *listing, const struct ffs_flag *flag,
                             struct buffer *out)
{
    field_text(out, "kind", kind_name(flag));
    field_array(out, "tags");
    for (uint32_t i = 1; flag->tags != FFS_NONE && i <= listing->tags[flag->tags]; i++) {
        json_write_comma(out);
        json_write_string(out, snapshot_string(listing->snapshot, listing->tags[flag->tags + i]));
    }
    buffer_append_text(out, "]");
    json_write_key(out, "metadata");
    if (flag->metadata == FFS_NONE)
        buffer_append_text(out, "null");
    else
        write_json_text(snapshot_string(listing->snapshot, flag->metadata), out);
    field_truth(out, "client", flag->flags & FFS_FLAG_CLIENT);
    write_hex("features", flag->features, out);
    field_truth(out, "supported", !(flag->features & ~FFS_FEATURES));
}

static void write_json_flag(const struct listing *listing, const struct ffs_flag *flag,
                            struct buffer *out)
{
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "name", snapshot_string(listing->snapshot, flag->name));
    field_text(out, "type", flag_type_words[flag->type]);
    buffer_append_text(out, ",\"variants\":[");
    for (uint32_t i = 0; i < flag->variant_count; i++) {
        const struct ffs_variant *variant = &listing->variants[flag->first_variant + i];
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_text(out, "name", snapshot_string(listing->snapshot, variant->name));
        json_write_key(out, "value");
        write_variant_value(listing, flag, i, out);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]");
    if (flag->default_variant == FFS_NO_VARIANT)
        buffer_append_text(out, ",\"default\":null");
    else
        field_count(out, "default", flag->default_variant);
    field_count(out, "depth", flag->depth);
    field_truth(out, "reads_clock", flag->flags & FFS_FLAG_READS_CLOCK);
    write_json_about(listing, flag, out);
    write_hex("exposure_salt", flag->exposure_salt, out);
    write_hex("split_salt", flag->split_salt, out);
    buffer_append_text(out, ",\"program\":[");
    for (uint32_t i = 0; i < flag->code_count && !(flag->features & ~FFS_FEATURES); i++)
        write_json_instruction(listing, flag, i, out);
    buffer_append_text(out, "]}");
}

static void write_json_annex(const char *key, const json_t *value, struct buffer *out)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_write_key(out, key);
    json_write_document(out, text ? text : "null", strlen(text ? text : "null"));
    free(text);
}

static void print_json(const struct listing *listing, struct buffer *out)
{
    const struct snapshot *snapshot = listing->snapshot;
    const struct ffs_header *header = snapshot_header(snapshot);
    buffer_append_text(out, "{\"format_version\":1");
    field_text(out, "build", snapshot->info.build);
    terminal_format(out, ",\"format\":\"%u.%u\",\"size\":%zu", header->major, header->minor,
                    snapshot->info.length);
    field_text(out, "project", snapshot->info.project);
    field_text(out, "environment", snapshot->info.environment);
    terminal_format(out, ",\"generation\":%" PRIu64, snapshot->info.generation);
    if (snapshot->info.signed_by[0])
        field_text(out, "signed_by", snapshot->info.signed_by);
    else
        buffer_append_text(out, ",\"signed_by\":null");
    buffer_append_text(out, ",\"attributes\":[");
    for (uint32_t i = 0; i < listing->attribute_count; i++) {
        json_write_comma(out);
        buffer_append_text(out, "{");
        const char *name = snapshot_string(snapshot, listing->attributes[i].name);
        field_text(out, "name", name);
        field_text(out, "type", attribute_type_words[listing->attributes[i].type]);
        field_truth(out, "private", is_private(listing, name));
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "],\"flags\":[");
    for (uint32_t i = 0; i < listing->flag_count; i++)
        write_json_flag(listing, &listing->flags[i], out);
    buffer_append_text(out, "]");
    write_json_annex("people", listing->people, out);
    write_json_annex("labels", listing->labels, out);
    write_json_annex("overrides", listing->overrides, out);
    buffer_append_text(out, "}\n");
}

/* ----------------------------------------------------------------------------------- command -- */

void dump_snapshot(const struct snapshot *snapshot, bool json, struct buffer *out)
{
    struct listing listing;
    listing_init(&listing, snapshot);
    (json ? print_json : print_text)(&listing, out);
    listing_release(&listing);
}

static int dump(const char *path, bool json)
{
    struct snapshot snapshot;
    struct buffer problem = {0}, out = {0};
    int status = EXIT_FINE;
    enum fflag_error error = snapshot_open(&snapshot, path, &problem);
    if (error) {
        job_error(&dump_command, "%s: %s", path, problem.bytes);
        status = is_unsound(error) ? EXIT_INPUT : EXIT_JOB;
    } else {
        dump_snapshot(&snapshot, json, &out);
        if (!write_stdout(&dump_command, &out))
            status = EXIT_JOB;
    }
    snapshot_close(&snapshot);
    buffer_release(&problem);
    buffer_release(&out);
    return status;
}

static int run(int argc, char **argv)
{
    bool json = false;
    const struct option table[] = {
        JSON_OPTION(json, "one JSON object"),
    };
    int status;
    int files =
        options_parse(&dump_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (files < 0)
        return status;
    if (files != 1)
        return usage_error(&dump_command, "name one snapshot, or - for stdin");
    return dump(argv[1], json);
}
