/*
 * fuzz_code.c - any bytes as code in each language: mentions come in order, each at a place that
 * the code has, an identifier is what stands there, and a text is found again in code that has
 * nothing but it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/callers/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = {"a.c",  "a.cc", "a.go", "a.py",
                                    "a.js", "a.ts", "a.rs", "a.java"};
static const char *const mine[] = {"mine"};
static const struct askers askers = {mine, 1};

struct check {
    const char *code;
    size_t size;
    const char *line; /* where the last mention's begins */
    uint32_t number;
    uint64_t count, computed;
};

static const char *place_of(struct check *check, const struct mention *mention)
{
    while (check->number < mention->line) {
        check->line = memchr(check->line, '\n', check->size - (size_t)(check->line - check->code));
        assert(check->line);
        check->line++;
        check->number++;
    }
    return check->line + mention->column - 1;
}

static void take(void *user, const struct mention *mention)
{
    struct check *check = user;
    check->count++;
    assert(mention->line >= 1 && mention->column >= 1);
    assert((mention->kind == MENTION_COMPUTED) == (mention->text == NULL));
    if (mention->kind == MENTION_COMPUTED) {
        assert(mention->call);
        check->computed++;
    }
    if (mention->kind != MENTION_IDENTIFIER)
        return;
    const char *place = place_of(check, mention);
    size_t length = strlen(mention->text);
    assert(length > 0 && place + length <= check->code + check->size);
    assert(memcmp(place, mention->text, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Of its size, so that a byte too many is noticed. */
    char *code = malloc(size + 1);
    assert(code);
    if (size > 0)
        memcpy(code, data, size);
    code[size] = '\0';
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct check check = {.code = code, .size = size, .line = code, .number = 1};
        scan_code(language_of(files[i]), &askers, code, size, take, &check);
        assert(check.count <= size);
    }
    free(code);
    return 0;
}
