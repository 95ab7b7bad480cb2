/*
 * test_mutations.c - randomly damaged definitions: whatever the bytes, a project is loaded, every
 * problem has a place in its file, and all problems can be printed. Under the sanitizers, this is
 * the robustness test of the whole reader.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/cli/options.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "compiler/base/file.h"

#define ROUNDS  4000
#define LARGEST ((size_t)20000)

static uint64_t state;

static uint32_t below(uint32_t bound)
{
    state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t x = state;
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((x ^ x >> 31) >> 32) % bound;
}

struct corpus {
    struct buffer *files;
    size_t count;
};

static void add_files(struct corpus *corpus, const char *pattern)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct buffer text = {0}, error = {0};
        if (read_file(found.gl_pathv[i], LARGEST, &text, &error) && text.length > 0) {
            corpus->files = xrealloc(corpus->files, (corpus->count + 1) * sizeof *corpus->files);
            corpus->files[corpus->count++] = text;
        } else {
            buffer_release(&text);
        }
        buffer_release(&error);
    }
    globfree(&found);
}

static void replace(struct buffer *text, size_t at, size_t removed, const char *with, size_t length)
{
    struct buffer result = {0};
    buffer_append(&result, text->bytes, at);
    buffer_append(&result, with, length);
    buffer_append(&result, text->bytes + at + removed, text->length - at - removed);
    buffer_release(text);
    *text = result;
}

/* Bytes with a meaning in YAML or in ffc, words of the language, and garbage. */
static void mutate(struct buffer *text)
{
    static const char *const pieces[] = {"\n",
                                         "\t",
                                         " ",
                                         "  ",
                                         ":",
                                         ": ",
                                         "- ",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         ",",
                                         "\"",
                                         "'",
                                         "#",
                                         "&a",
                                         "*a",
                                         "!t",
                                         "|\n",
                                         ">\n",
                                         "? ",
                                         "%",
                                         "@",
                                         "\\",
                                         "~",
                                         "null",
                                         "\r\n",
                                         "---\n",
                                         "...\n",
                                         "<<: ",
                                         "on",
                                         "100%",
                                         "-1",
                                         "1e999",
                                         "\xEF\xBB\xBF",
                                         "\xFF",
                                         "\xC3\xA9",
                                         "\xE2\x82",
                                         "\x01",
                                         "",
                                         "flags:\n",
                                         "segments:\n",
                                         "if: ",
                                         "serve: ",
                                         "percent: ",
                                         "rules: ",
                                         "any: ",
                                         "not: ",
                                         "canary: ",
                                         "experiment: ",
                                         "variants: ",
                                         "value: ",
                                         "type: json\n",
                                         "environments: "};
    size_t at = below((uint32_t)text->length + 1);
    size_t rest = text->length - at;
    size_t length = rest ? below((uint32_t)(rest < 40 ? rest : 40) + 1) : 0;
    const char *piece = pieces[below(sizeof pieces / sizeof *pieces)];
    char byte = (char)below(256);
    size_t from = below((uint32_t)text->length + 1);
    size_t copied = text->length - from < 60 ? text->length - from : 60;
    char copy[60];
    switch (below(5)) {
    case 0:
        replace(text, at, 0, piece, strlen(piece));
        break;
    case 1:
        replace(text, at, length, "", 0);
        break;
    case 2:
        replace(text, at, rest ? 1 : 0, &byte, 1);
        break;
    case 3:
        memcpy(copy, text->bytes + from, copied);
        replace(text, at, 0, copy, copied);
        break;
    default:
        replace(text, at, length, piece, strlen(piece));
        break;
    }
}

static void check_span(const struct project *project, struct span span)
{
    if (span.file == NO_FILE || span.begin == UINT32_MAX)
        return;
    assert_true(span.file < project->sources.count);
    assert_true(span.begin <= span.end);
    assert_true(span.end <= project->sources.items[span.file].length);
}

static void check_project(struct project *project, FILE *nowhere)
{
    const struct diagnostics *diagnostics = &project->diagnostics;
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];
        check_span(project, item->span);
        assert_true(strlen(item->message) > 0);
        for (uint32_t note = 0; note < item->note_count; note++)
            check_span(project, item->notes[note].span);
    }
    diagnostics_write(&project->diagnostics, DIAGNOSTIC_TEXT, true, nowhere);
    diagnostics_write(&project->diagnostics, DIAGNOSTIC_JSON, false, nowhere);
    diagnostics_write(&project->diagnostics, DIAGNOSTIC_GITHUB, false, nowhere);
}

static void write_file(const char *path, const struct buffer *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text->bytes, 1, text->length, file), text->length);
    assert_int_equal(fclose(file), 0);
}

static void common_path(char *path, size_t size, const char *directory, size_t index)
{
    snprintf(path, size, "%s/common-%zu.yaml", directory, index);
}

/* Writes the project around the golden cases. Returns how many files that took. */
static size_t write_common(const char *directory)
{
    struct corpus common = {0};
    add_files(&common, "tests/golden/common/*.yaml");
    for (size_t i = 0; i < common.count; i++) {
        char path[64];
        common_path(path, sizeof path, directory, i);
        write_file(path, &common.files[i]);
        buffer_release(&common.files[i]);
    }
    free(common.files);
    return common.count;
}

static void survives_damaged_definitions(void **unused)
{
    (void)unused;
    const char *seed = getenv("SEED");
    state = seed ? strtoull(seed, NULL, 10) : 20261120;
    fprintf(stderr, "SEED=%llu\n", (unsigned long long)state);

    struct corpus corpus = {0};
    add_files(&corpus, "tests/golden/diagnostics/*.yaml");
    add_files(&corpus, "flags/*.yaml");
    add_files(&corpus, "flags/*/*.yaml");
    assert_true(corpus.count > 50);
    FILE *nowhere = fopen("/dev/null", "w");
    assert_non_null(nowhere);
    char directory[] = "/tmp/ffc-mutations-XXXXXX";
    assert_non_null(mkdtemp(directory));
    char path[64];
    snprintf(path, sizeof path, "%s/flags.yaml", directory);

    size_t common = write_common(directory);
    uint32_t sound = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct buffer text = {0};
        /* Sometimes joins two files, so that names collide. */
        for (uint32_t i = below(4) / 3 + 1; i > 0; i--) {
            const struct buffer *file = &corpus.files[below((uint32_t)corpus.count)];
            buffer_append(&text, file->bytes, file->length);
        }
        for (uint32_t i = below(6); i > 0; i--)
            mutate(&text);
        write_file(path, &text);
        struct project *project = project_load(directory, 0);
        sound += project->diagnostics.errors == 0;
        check_project(project, nowhere);
        project_free(project);
        buffer_release(&text);
    }
    /* If all were refused, only the first mistakes would be tested. */
    assert_true(sound > ROUNDS / 100 && sound < ROUNDS);
    unlink(path);
    while (common-- > 0) {
        common_path(path, sizeof path, directory, common);
        unlink(path);
    }
    rmdir(directory);
    fclose(nowhere);
    for (size_t i = 0; i < corpus.count; i++)
        buffer_release(&corpus.files[i]);
    free(corpus.files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(survives_damaged_definitions)};
    return cmocka_run_group_tests_name("mutations", tests, NULL, NULL);
}
