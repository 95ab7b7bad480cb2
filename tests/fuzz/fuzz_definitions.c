/*
 * fuzz_definitions.c - any bytes as a definition file: the compiler reports what is wrong, or
 * compiles.
 *
 * Whatever the input, the compiler terminates, stays within bounds and leaks nothing. It is also
 * checked that diagnostics render in every format, that their errors are counted, that a project
 * without errors compiles to a valid snapshot unless a limit is reported, and that formatting is
 * idempotent. `make fuzz` runs it under libFuzzer; `make check` replays the corpus.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/files/format.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "runtime/load.h"

#define NOW INT64_C(1795176000000) /* 2026-11-20T12:00:00Z */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void render(struct diagnostics *diagnostics)
{
    static const enum diagnostic_format formats[] = {DIAGNOSTIC_TEXT, DIAGNOSTIC_JSON,
                                                     DIAGNOSTIC_GITHUB, DIAGNOSTIC_SARIF};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        assert(out);
        diagnostics_write(diagnostics, formats[i], i % 2, out);
        assert(fclose(out) == 0 && strlen(text) == length);
        free(text);
    }
}

static void verify(const struct buffer *bytes)
{
    struct snapshot *snapshot = NULL;
    struct problem problem;
    enum fflag_error error = runtime_load_memory(bytes->bytes, bytes->length, &snapshot, &problem);
    if (error)
        fprintf(stderr, "not a sound snapshot: %s\n", problem.text);
    assert(error == FFLAG_OK);
    runtime_unload(snapshot);
}

static void compile(struct project *project)
{
    for (uint32_t i = 0; project->diagnostics.errors == 0 && i < project->environments.count; i++) {
        struct buffer bytes = {0};
        bool done = project_compile(project, project->environments.items[i].text, NULL, 0, &bytes);
        assert(done == (bytes.length > 0));
        assert(done == (project->diagnostics.errors == 0));
        if (done)
            verify(&bytes);
        buffer_release(&bytes);
    }
}

static bool format(const char *text, size_t length, struct buffer *out)
{
    struct arena arena = {0};
    struct source source = {.path = "a.yaml", .name = "a.yaml", .text = text, .length = length};
    struct sources sources = {.arena = &arena, .items = &source, .count = 1};
    struct diagnostics diagnostics = {.arena = &arena, .sources = &sources};
    const char *problem = NULL;
    bool fine = format_source(&sources, 0, &arena, &diagnostics, out, &problem) == FORMAT_FINE;
    arena_release(&arena);
    return fine;
}

static void format_twice(const char *text, size_t length)
{
    struct buffer once = {0}, twice = {0};
    if (format(text, length, &once)) {
        bool fine = format(once.bytes ? once.bytes : "", once.length, &twice);
        assert(fine && once.length == twice.length &&
               (!once.length || memcmp(once.bytes, twice.bytes, once.length) == 0));
    }
    buffer_release(&once);
    buffer_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    struct project *project = project_load_text("a.yaml", text, size, NOW);
    if (project->diagnostics.errors == 0)
        format_twice(text, size);
    compile(project);
    render(&project->diagnostics);
    project_free(project);
    free(text);
    return 0;
}
