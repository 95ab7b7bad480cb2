/* verify.c - `ffc verify`: whether a snapshot is sound, and what it is. */
#include "commands.h"
#include "snapshot.h"

#include "../json.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

static int run(int argc, char **argv);

const struct command verify_command = {
    .name = "verify",
    .summary = "say whether a snapshot is sound, and what it is",
    .usage = "FILE",
    .examples = "  ffc verify /run/flags/production.ffs\n"
                "  ssh host cat production.ffs | ffc verify --json -\n",
    .run = run,
};

static json_t *read_labels(const struct snapshot *snapshot)
{
    size_t size;
    const char *people = snapshot_section(snapshot, FFS_PEOPLE, &size);
    json_t *object = people ? json_loadb(people, size, 0, NULL) : NULL;
    json_t *labels = json_incref(json_object_get(object, "labels"));
    json_decref(object);
    return labels;
}

static void print_text(const struct snapshot *snapshot, const char *path, struct buffer *out)
{
    const struct ffs_header *header = snapshot_header(snapshot);
    const struct ffs_section *sections = (const struct ffs_section *)(header + 1);
    buffer_format(out, "%s: sound\n", path);
    buffer_format(out, "  project      %s\n", snapshot->info.project);
    buffer_format(out, "  environment  %s\n", snapshot->info.environment);
    buffer_format(out, "  build        %s\n", snapshot->info.build);
    buffer_format(out, "  format       %u.%u\n", header->major, header->minor);
    buffer_format(out, "  flags        %u\n", snapshot->info.flags);
    buffer_format(out, "  attributes   %u\n", snapshot->info.attributes);
    json_t *labels = read_labels(snapshot);
    const char *key;
    json_t *value;
    json_object_foreach(labels, key, value)
        buffer_format(out, "  label        %s=%s\n", key, json_string_value(value));
    json_decref(labels);
    buffer_format(out, "  size         %zu bytes\n", snapshot->info.length);
    for (uint32_t i = 0; i < header->section_count; i++) {
        const char *name = section_name(sections[i].id);
        buffer_format(out, "    %-10s %12" PRIu64 "\n", name ? name : "(unknown)",
                      sections[i].size);
    }
}

static void print_json(const struct snapshot *snapshot, const char *path, struct buffer *out)
{
    const struct ffs_header *header = snapshot_header(snapshot);
    const struct ffs_section *sections = (const struct ffs_section *)(header + 1);
    buffer_append_text(out, "{\"format_version\":1,\"file\":");
    json_write_string(out, path);
    buffer_append_text(out, ",\"sound\":true,\"error\":null,\"project\":");
    json_write_string(out, snapshot->info.project);
    json_write_key(out, "environment");
    json_write_string(out, snapshot->info.environment);
    json_write_key(out, "build");
    json_write_string(out, snapshot->info.build);
    buffer_format(out, ",\"format\":\"%u.%u\",\"flags\":%u,\"attributes\":%u,\"size\":%zu",
                  header->major, header->minor, snapshot->info.flags, snapshot->info.attributes,
                  snapshot->info.length);
    json_write_key(out, "labels");
    buffer_append_text(out, "{");
    json_t *labels = read_labels(snapshot);
    const char *key;
    json_t *value;
    json_object_foreach(labels, key, value)
    {
        json_write_key(out, key);
        json_write_string(out, json_string_value(value));
    }
    json_decref(labels);
    buffer_append_text(out, "},\"sections\":{");
    for (uint32_t i = 0; i < header->section_count; i++) {
        char number[16];
        const char *name = section_name(sections[i].id);
        snprintf(number, sizeof number, "%u", sections[i].id);
        json_write_key(out, name ? name : number);
        buffer_format(out, "%" PRIu64, sections[i].size);
    }
    buffer_append_text(out, "}}\n");
}

static void print_problem(const char *path, enum fflag_error error, const char *problem, bool json,
                          struct buffer *out)
{
    if (!json) {
        buffer_format(out, "%s: not sound: %s\n", path, problem);
        return;
    }
    static const char *const names[] = {[FFLAG_ERROR_TRUNCATED] = "TRUNCATED",
                                        [FFLAG_ERROR_NOT_SNAPSHOT] = "NOT_SNAPSHOT",
                                        [FFLAG_ERROR_UNSUPPORTED] = "UNSUPPORTED",
                                        [FFLAG_ERROR_CHECKSUM] = "CHECKSUM",
                                        [FFLAG_ERROR_MALFORMED] = "MALFORMED"};
    buffer_append_text(out, "{\"format_version\":1,\"file\":");
    json_write_string(out, path);
    buffer_append_text(out, ",\"sound\":false,\"error\":");
    json_write_string(out, names[error]);
    json_write_key(out, "message");
    json_write_string(out, problem);
    buffer_append_text(out, "}\n");
}

static int verify(const char *path, bool json)
{
    struct snapshot snapshot;
    struct buffer problem = {0}, out = {0};
    int status = EXIT_FINE;
    enum fflag_error error = snapshot_open(&snapshot, path, &problem);
    if (!error) {
        (json ? print_json : print_text)(&snapshot, path, &out);
    } else if (is_unsound(error)) {
        print_problem(path, error, problem.bytes, json, &out);
        status = EXIT_INPUT;
    } else {
        status = job_error(&verify_command, "%s: %s", path, problem.bytes);
    }
    if (out.length && !write_stdout(&verify_command, &out))
        status = EXIT_JOB;
    snapshot_close(&snapshot);
    buffer_release(&problem);
    buffer_release(&out);
    return status;
}

static int run(int argc, char **argv)
{
    bool json = false;
    const struct option table[] = {
        {"json", 0, OPTION_FLAG, &json, NULL, "one JSON object"},
    };
    int status;
    int files =
        options_parse(&verify_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (files < 0)
        return status;
    if (files != 1)
        return usage_error(&verify_command, "name one snapshot, or - for stdin");
    return verify(argv[1], json);
}
