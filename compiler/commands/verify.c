/* verify.c - `ffc verify`: whether a snapshot is valid, and what it is. */
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "commands.h"
#include "snapshot.h"

#include "compiler/base/json.h"
#include "compiler/base/file.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_TEXT     56 /* characters of a public key in base64 */
#define MAX_KEY_FILE 4096

static int run(int argc, char **argv);

const struct command verify_command = {
    .name = "verify",
    .summary = "check that a snapshot is sound, and describe it",
    .usage = "FILE [--key KEY]…",
    .examples = "  ffc verify /run/flags/production.ffs\n"
                "  ffc verify production.ffs --key release.pub --key next.pub\n"
                "  ssh host cat production.ffs | ffc verify --json -\n",
    .run = run,
};

static json_t *read_labels(const struct snapshot *snapshot)
{
    size_t size;
    const char *labels = snapshot_section(snapshot, FFS_LABELS, &size);
    return labels ? json_loadb(labels, size, 0, NULL) : NULL;
}

static void print_signature(const struct snapshot *snapshot, bool checked, struct buffer *out)
{
    struct ffs_signature signature;
    const char *comment;
    if (!snapshot_signature(snapshot, &signature, &comment)) {
        buffer_append_text(out, "  signed by    nobody\n");
        return;
    }
    terminal_format(out, "  signed by    key %s%s\n", snapshot->info.signed_by,
                    checked ? "" : ", not checked: give it with --key");
    terminal_format(out, "  comment      %.*s\n", (int)signature.comment_length, comment);
}

static void print_text(const struct snapshot *snapshot, const char *path, bool checked,
                       struct buffer *out)
{
    const struct ffs_header *header = snapshot_header(snapshot);
    const struct ffs_section *sections = (const struct ffs_section *)(header + 1);
    terminal_format(out, "%s: sound\n", path);
    terminal_format(out, "  project      %s\n", snapshot->info.project);
    terminal_format(out, "  environment  %s\n", snapshot->info.environment);
    terminal_format(out, "  build        %s\n", snapshot->info.build);
    terminal_format(out, "  format       %u.%u\n", header->major, header->minor);
    if (snapshot->info.generation)
        terminal_format(out, "  generation   %" PRIu64 "\n", snapshot->info.generation);
    print_signature(snapshot, checked, out);
    terminal_format(out, "  flags        %u\n", snapshot->info.flags);
    terminal_format(out, "  attributes   %u\n", snapshot->info.attributes);
    json_t *labels = read_labels(snapshot);
    const char *key;
    json_t *value;
    json_object_foreach(labels, key, value) if (json_is_string(value))
        terminal_format(out, "  label        %s=%s\n", key, json_string_value(value));
    json_decref(labels);
    terminal_format(out, "  size         %zu bytes\n", snapshot->info.length);
    for (uint32_t i = 0; i < header->section_count; i++) {
        const char *name = section_name(sections[i].id);
        terminal_format(out, "    %-10s %12" PRIu64 "\n", name ? name : "(unknown)",
                        sections[i].size);
    }
}

static void print_signature_json(const struct snapshot *snapshot, bool checked, struct buffer *out)
{
    struct ffs_signature signature;
    const char *comment;
    json_write_key(out, "signature");
    if (!snapshot_signature(snapshot, &signature, &comment)) {
        buffer_append_text(out, "null");
        return;
    }
    struct buffer text = {0};
    buffer_append(&text, comment, signature.comment_length);
    terminal_format(out, "{\"key\":\"%s\",\"checked\":%s,\"comment\":", snapshot->info.signed_by,
                    checked ? "true" : "false");
    json_write_string(out, text.bytes);
    buffer_append_text(out, "}");
    buffer_release(&text);
}

static void print_json(const struct snapshot *snapshot, const char *path, bool checked,
                       struct buffer *out)
{
    const struct ffs_header *header = snapshot_header(snapshot);
    const struct ffs_section *sections = (const struct ffs_section *)(header + 1);
    buffer_append_text(out, "{\"format_version\":1,\"file\":");
    json_write_string(out, path);
    buffer_append_text(out, ",\"sound\":true,\"error\":null,\"project\":");
    json_write_string(out, snapshot->info.project);
    field_text(out, "environment", snapshot->info.environment);
    field_text(out, "build", snapshot->info.build);
    terminal_format(out, ",\"format\":\"%u.%u\",\"flags\":%u,\"attributes\":%u,\"size\":%zu",
                    header->major, header->minor, snapshot->info.flags, snapshot->info.attributes,
                    snapshot->info.length);
    terminal_format(out, ",\"generation\":%" PRIu64, snapshot->info.generation);
    print_signature_json(snapshot, checked, out);
    field_object(out, "labels");
    json_t *labels = read_labels(snapshot);
    const char *key;
    json_t *value;
    json_object_foreach(labels, key, value)
    {
        if (json_is_string(value))
            field_text(out, key, json_string_value(value));
    }
    json_decref(labels);
    buffer_append_text(out, "},\"sections\":{");
    for (uint32_t i = 0; i < header->section_count; i++) {
        char number[16];
        const char *name = section_name(sections[i].id);
        snprintf(number, sizeof number, "%u", sections[i].id);
        field_count(out, name ? name : number, sections[i].size);
    }
    buffer_append_text(out, "}}\n");
}

/* Names of errors in a file; NULL for other errors. */
static const char *unsound_name(enum fflag_error error)
{
    switch (error) {
    case FFLAG_ERROR_TRUNCATED:
        return "TRUNCATED";
    case FFLAG_ERROR_NOT_SNAPSHOT:
        return "NOT_SNAPSHOT";
    case FFLAG_ERROR_UNSUPPORTED:
        return "UNSUPPORTED";
    case FFLAG_ERROR_CHECKSUM:
        return "CHECKSUM";
    case FFLAG_ERROR_MALFORMED:
        return "MALFORMED";
    case FFLAG_ERROR_UNSIGNED:
        return "UNSIGNED";
    case FFLAG_ERROR_UNTRUSTED:
        return "UNTRUSTED";
    case FFLAG_ERROR_SIGNATURE:
        return "SIGNATURE";
    case FFLAG_ERROR_ENVIRONMENT:
        return "ENVIRONMENT";
    case FFLAG_ERROR_OLDER:
        return "OLDER";
    case FFLAG_OK:
    case FFLAG_ERROR_GENERAL:
    case FFLAG_ERROR_FLAG_NOT_FOUND:
    case FFLAG_ERROR_TYPE_MISMATCH:
    case FFLAG_ERROR_INVALID_CONTEXT:
    case FFLAG_ERROR_NO_MEMORY:
    case FFLAG_ERROR_IO:
    case FFLAG_ERROR_NOT_REGULAR:
    case FFLAG_ERROR_CHANGED:
    case FFLAG_ERROR_SYSTEM:
    case FFLAG_ERROR_BUSY:
        break;
    }
    return NULL;
}

static void print_problem(const char *path, enum fflag_error error, const char *problem, bool json,
                          struct buffer *out)
{
    if (!json) {
        bool untrusted = error >= FFLAG_ERROR_UNSIGNED;
        terminal_format(out, "%s: not %s: %s\n", path, untrusted ? "trusted" : "sound", problem);
        return;
    }
    buffer_append_text(out, "{\"format_version\":1,\"file\":");
    json_write_string(out, path);
    terminal_format(out,
                    ",\"sound\":%s,\"error\":", error >= FFLAG_ERROR_UNSIGNED ? "true" : "false");
    json_write_string(out, unsound_name(error));
    field_text(out, "message", problem);
    buffer_append_text(out, "}\n");
}

static int verify(const char *path, const char *const *keys, bool json)
{
    struct snapshot snapshot;
    struct buffer problem = {0}, out = {0};
    int status = EXIT_FINE;
    enum fflag_error error = snapshot_open_signed(&snapshot, path, keys, &problem);
    if (!error) {
        (json ? print_json : print_text)(&snapshot, path, keys != NULL, &out);
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

/* A key may be given as text or as the file that contains it. */
static bool read_keys(const struct option_texts *texts, struct buffer *files, const char **keys)
{
    for (size_t i = 0; i < texts->count; i++) {
        struct buffer error = {0};
        keys[i] = texts->items[i];
        if (strlen(keys[i]) == KEY_TEXT && access(keys[i], F_OK) != 0)
            continue;
        bool read = read_file(texts->items[i], MAX_KEY_FILE, &files[i], &error);
        if (!read)
            job_error(&verify_command, "cannot read the key '%s': %s", texts->items[i],
                      error.bytes);
        else if (!files[i].length)
            job_error(&verify_command, "the key '%s' is empty", texts->items[i]);
        buffer_release(&error);
        if (!read || !files[i].length)
            return false;
        keys[i] = files[i].bytes;
    }
    return true;
}

static int run(int argc, char **argv)
{
    bool json = false;
    struct option_texts texts = {0};
    const struct option table[] = {
        {"key", 0, OPTION_TEXTS, &texts, "KEY",
         "require a signature by this minisign public key (base64 or a file), or by one of "
         "several"},
        JSON_OPTION(json, "one JSON object"),
    };
    int status;
    int files =
        options_parse(&verify_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (files < 0)
        return status;
    if (files != 1)
        return usage_error(&verify_command, "name one snapshot, or - for stdin");
    struct buffer *contents = xcalloc(texts.count + 1, sizeof *contents);
    const char **keys = xcalloc(texts.count + 1, sizeof *keys);
    status = EXIT_JOB;
    if (read_keys(&texts, contents, keys))
        status = verify(argv[1], texts.count ? keys : NULL, json);
    for (size_t i = 0; i < texts.count; i++)
        buffer_release(&contents[i]);
    free(contents);
    free(keys);
    return status;
}
