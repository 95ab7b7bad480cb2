/* bucket.c - `ffc bucket`: the buckets of units under a salt, for other implementations to
 * compare. */
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "commands.h"

#include "compiler/base/json.h"
#include "fflag.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int run(int argc, char **argv);

const struct command bucket_command = {
    .name = "bucket",
    .summary = "show the buckets of units under a salt",
    .usage = "--salt SALT KEY…",
    .examples = "  ffc bucket --salt feature.new-dashboard u1 u2 u3\n"
                "  ffc bucket --salt feature.new-dashboard/split --json u1\n",
    .run = run,
};

static void print(const char *salt, const char *key, bool json, struct buffer *out)
{
    uint64_t bucket = fflag_bucket(key, strlen(key), salt, strlen(salt));
    /* Six decimals, truncated rather than rounded: no bucket is at 100. */
    uint64_t millionths = (uint64_t)(((unsigned __int128)bucket * 100000000u) >> 64);
    char percent[32];
    snprintf(percent, sizeof percent, "%" PRIu64 ".%06" PRIu64, millionths / 1000000,
             millionths % 1000000);
    if (!json) {
        terminal_format(out, "%016" PRIx64 "  %20" PRIu64 "  %10s%%  %s\n", bucket, bucket, percent,
                        key);
        return;
    }
    buffer_append_text(out, "{\"format_version\":1,\"salt\":");
    json_write_string(out, salt);
    field_text(out, "key", key);
    /* As text: most readers of JSON keep 53 bits of a number. */
    terminal_format(out, ",\"hex\":\"%016" PRIx64 "\",\"bucket\":\"%" PRIu64 "\",\"percent\":%s}\n",
                    bucket, bucket, percent);
}

static int run(int argc, char **argv)
{
    const char *salt = NULL;
    bool json = false;
    const struct option table[] = {
        {"salt", 0, OPTION_TEXT, &salt, "SALT",
         "the flag's salt; with /split for the variant of a split"},
        JSON_OPTION(json, "one JSON object per line"),
    };
    int status;
    int keys =
        options_parse(&bucket_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (keys < 0)
        return status;
    if (!salt)
        return usage_error(&bucket_command, "which salt? Say --salt; a flag's is its name");
    if (keys == 0)
        return usage_error(&bucket_command, "which units? Name at least one key");

    for (int i = 1; i <= keys; i++)
        if (!*argv[i])
            return usage_error(&bucket_command, "an empty key is none, and has no bucket");
    struct buffer out = {0};
    for (int i = 1; i <= keys; i++)
        print(salt, argv[i], json, &out);
    status = write_stdout(&bucket_command, &out) ? EXIT_FINE : EXIT_JOB;
    buffer_release(&out);
    return status;
}
