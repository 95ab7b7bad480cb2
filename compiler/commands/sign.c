/* sign.c - `ffc sign`: appends a signature to a finished snapshot, or removes it. */
#include "compiler/base/buffer.h"
#include "commands.h"
#include "snapshot.h"

#include "compiler/files/seal.h"
#include "compiler/base/file.h"
#include "compiler/files/publish.h"

#include <string.h>
#include <unistd.h>

#define MAX_SNAPSHOT  (1u << 30)
#define MAX_SIGNATURE 16384

static int run(int argc, char **argv);

const struct command sign_command = {
    .name = "sign",
    .summary = "sign a snapshot, or move its signature to or from a minisign file",
    .usage = "FILE --key KEY | --attach SIGNATURE | --detach OUT",
    .examples = "  ffc sign production.ffs --key release.key\n"
                "  minisign -Sm plain.ffs && ffc sign plain.ffs --attach plain.ffs.minisig\n"
                "  ffc sign production.ffs --detach plain.ffs && \\\n"
                "    minisign -Vm plain.ffs -p "
                "release.pub\n",
    .run = run,
};

struct options {
    const char *key, *attach, *detach;
    const char *output; /* NULL: in place */
};

static int write_file(const char *path, const struct buffer *bytes,
                      bool (*verify)(const char *path, struct buffer *error))
{
    if (!strcmp(path, "-"))
        return write_stdout(&sign_command, bytes) ? EXIT_FINE : EXIT_JOB;
    struct buffer error = {0};
    int status = EXIT_FINE;
    if (!publish_file(path, bytes->bytes, bytes->length, verify, &error))
        status = job_error(&sign_command, "%s", error.bytes);
    buffer_release(&error);
    return status;
}

static int sign(struct buffer *snapshot, const struct options *options, const char *target)
{
    struct secret_key key;
    struct buffer error = {0};
    int status = EXIT_JOB;
    if (secret_key_read(options->key, &key, &error)) {
        seal_sign(snapshot, &key);
        secret_key_forget(&key);
        status = write_file(target, snapshot, verify_snapshot);
    } else {
        job_error(&sign_command, "%s", error.bytes);
    }
    buffer_release(&error);
    return status;
}

static int attach(struct buffer *snapshot, const struct options *options, const char *target)
{
    struct buffer file = {0}, error = {0};
    int status = EXIT_FINE;
    if (!read_file(options->attach, MAX_SIGNATURE, &file, &error))
        status = job_error(&sign_command, "cannot read '%s': %s", options->attach, error.bytes);
    else if (!seal_attach(snapshot, &file, &error))
        status = job_error(&sign_command, "cannot attach '%s': %s", options->attach, error.bytes);
    if (status == EXIT_FINE)
        status = write_file(target, snapshot, verify_snapshot);
    buffer_release(&file);
    buffer_release(&error);
    return status;
}

/* Writes the signature last: whoever finds it also finds the snapshot that it signs. */
static int detach(struct buffer *snapshot, const char *path, const struct options *options)
{
    struct buffer file = {0}, name = {0};
    int status;
    if (!seal_detach(snapshot, &file)) {
        status = job_error(&sign_command, "'%s' is not signed", path);
    } else {
        buffer_format(&name, "%s.minisig", options->detach);
        status = write_file(options->detach, snapshot, verify_snapshot);
        if (status == EXIT_FINE)
            status = write_file(name.bytes, &file, NULL);
    }
    buffer_release(&file);
    buffer_release(&name);
    return status;
}

static int with_snapshot(const char *path, const struct options *options)
{
    struct snapshot opened;
    struct buffer bytes = {0}, problem = {0};
    const char *target = options->output ? options->output : path;
    int status = EXIT_FINE;
    if (!read_file(path, MAX_SNAPSHOT, &bytes, &problem)) {
        status = job_error(&sign_command, "cannot read '%s': %s", path, problem.bytes);
    } else if (snapshot_open_memory(&opened, &bytes, &problem)) {
        job_error(&sign_command, "%s: not sound: %s", path, problem.bytes);
        status = EXIT_INPUT;
    } else {
        snapshot_close(&opened);
        status = options->key      ? sign(&bytes, options, target)
                 : options->attach ? attach(&bytes, options, target)
                                   : detach(&bytes, path, options);
    }
    buffer_release(&bytes);
    buffer_release(&problem);
    return status;
}

static int check_usage(const struct options *options, int files, const char *path)
{
    if (files != 1)
        return usage_error(&sign_command, "name one snapshot, or - for stdin");
    if (!!options->key + !!options->attach + !!options->detach != 1)
        return usage_error(&sign_command, "give one of --key, --attach and --detach");
    if (options->detach && options->output)
        return usage_error(&sign_command, "--detach already names the output: leave out -o");
    if (options->detach && !strcmp(options->detach, "-"))
        return usage_error(&sign_command, "--detach writes two files: name the first");
    if (!strcmp(path, "-") && !options->output && !options->detach)
        return usage_error(&sign_command, "where to? Give -o with a file, or - for stdout");
    if (options->output && !strcmp(options->output, "-") && isatty(STDOUT_FILENO))
        return usage_error(&sign_command, "a snapshot is binary: not written to a terminal");
    return EXIT_FINE;
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    const struct option table[] = {
        {"key", 0, OPTION_TEXT, &options.key, "KEY", "sign with this minisign secret key"},
        {"attach", 0, OPTION_TEXT, &options.attach, "SIGNATURE",
         "attach the minisign signature in this file"},
        {"detach", 0, OPTION_TEXT, &options.detach, "OUT",
         "write the unsigned snapshot there, and its signature to OUT.minisig"},
        OUTPUT_OPTION(options.output, "the file, or - for stdout [in place]"),
    };
    int status;
    int files =
        options_parse(&sign_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (files < 0)
        return status;
    status = check_usage(&options, files, argv[1]);
    return status == EXIT_FINE ? with_snapshot(argv[1], &options) : status;
}
