/*
 * fuzz_query.c - any bytes as what a query of `ffreplay sql` printed: they become a file of
 * aggregates that can be merged, or it is said what is wrong with them.
 *
 * The input is rows; the last one, which says how many there are, is added. An input that begins
 * with '!' is taken as it is, without that.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/files/durable.h"
#include "tools/ffreplay/aggregate/merge_files.h"
#include "tools/ffreplay/aggregate/query_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PRINTED, ROWS, MERGED, AGAIN, FILES };

static char folder[] = "/tmp/fuzz-query-XXXXXX";
static char paths[FILES][sizeof folder + 8];

static void remove_folder(void)
{
    for (int i = 0; i < FILES; i++)
        unlink(paths[i]);
    rmdir(folder);
}

static void make_folder(void)
{
    if (*paths[0] || !mkdtemp(folder))
        return;
    for (int i = 0; i < FILES; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%d", folder, i);
    atexit(remove_folder);
}

static void append_end(struct buffer *text)
{
    size_t rows = 0;
    bool empty = true;
    buffer_append_text(text, "\n");
    for (size_t i = 0; i < text->length; i++) {
        rows += text->bytes[i] == '\n' && !empty;
        empty = text->bytes[i] == '\n';
    }
    buffer_format(text, "{\"row\":\"~end\",\"rows\":%zu}\n", rows);
}

static bool write_input(const char *data, size_t size)
{
    struct buffer text = {0};
    bool raw = size > 0 && *data == '!';
    buffer_append(&text, data + raw, size - raw);
    if (!raw)
        append_end(&text);
    int fd = open(paths[PRINTED], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write_all(fd, text.bytes, text.length);
    close(fd);
    buffer_release(&text);
    return written;
}

/* A file that this program wrote is one that it reads. What its rows say may still contradict each
 * other. */
static void merge(void)
{
    struct buffer error = {0};
    const char *rows = paths[ROWS], *merged = paths[MERGED];
    if (merge_files(&rows, 1, SAME_INPUT_COUNTED, merged, &error)) {
        if (!merge_files(&merged, 1, SAME_INPUT_REFUSED, paths[AGAIN], &error))
            abort();
    } else if (error.length == 0) {
        abort();
    }
    buffer_release(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer error = {0};
    make_folder();
    if (!write_input((const char *)data, size))
        return 0;
    if (query_rows_write(paths[PRINTED], "the query", paths[ROWS], &error))
        merge();
    else if (error.length == 0)
        abort();
    buffer_release(&error);
    return 0;
}
