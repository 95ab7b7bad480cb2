/*
 * fuzz_snapshot.c - any bytes as a snapshot: the library refuses it, or evaluates all of it.
 *
 * The bytes are opened as they are, and again with matching hashes: chance would never find those,
 * and only then does the verifier have to ensure that evaluation stays in bounds. A snapshot that
 * is served is read to its end; by handle, where flags may have plans, it answers what it answers
 * for all flags at once, where none are used. A valid one is also dumped and signed, as `ffc` does.
 */
#include <assert.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "compiler/base/buffer.h"
#include "compiler/commands/dump/dump.h"
#include "compiler/files/seal.h"
#include "fflag.h"
#include "fflag/snapshot.h"

#define MOST_FLAGS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seal(uint8_t *bytes, size_t size)
{
    struct ffs_header *header = (struct ffs_header *)bytes;
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical,
                             XXH3_128bits(bytes + sizeof *header, size - sizeof *header));
    memcpy(header->content_hash, canonical.digest, sizeof header->content_hash);
    header->file_size = size;
    header->header_hash = XXH3_64bits(bytes, offsetof(struct ffs_header, header_hash));
}

/* Sets the attributes of the seeds; a setter refuses a value of another type. */
static void fill(fflag_context *context, fflag_store *store)
{
    static const char *const groups[] = {"staff", "beta"};
    enum fflag_error ignored = FFLAG_OK;
    fflag_context_init(context);
    ignored |= fflag_set_string(context, fflag_attribute(store, "user_id"), "user-1", 6);
    ignored |= fflag_set_string(context, fflag_attribute(store, "country"), "CA", 2);
    ignored |= fflag_set_number(context, fflag_attribute(store, "age"), 42);
    ignored |= fflag_set_boolean(context, fflag_attribute(store, "employee"), true);
    ignored |= fflag_set_version(context, fflag_attribute(store, "app"), "1.2.3-rc.1", 10);
    ignored |= fflag_set_time(context, fflag_attribute(store, "at"), INT64_C(1795176000000));
    ignored |= fflag_set_strings(context, fflag_attribute(store, "groups"), groups, 2);
    ignored |= fflag_set_ip(context, fflag_attribute(store, "ip"), "10.1.2.3", 8);
    fflag_set_now(context, INT64_C(1795176000000));
    (void)ignored;
}

static size_t read_result(const fflag_result *result)
{
    size_t read = result->flag ? strlen(result->flag) : 0;
    read += result->variant ? strlen(result->variant) : 0;
    read += result->rule ? strlen(result->rule) : 0;
    if (result->error == FFLAG_OK &&
        (result->type == FFLAG_TYPE_STRING || result->type == FFLAG_TYPE_JSON))
        read += strnlen(result->value.string.text, result->value.string.length + 1);
    return read;
}

/* A fallback that is not the answer shows whether it was given. */
static void compare_values(const fflag_view *view, fflag_id handle, const fflag_context *context,
                           const fflag_result *interpreted)
{
    bool is_given = interpreted->error == FFLAG_OK;
    if (is_given && interpreted->type == FFLAG_TYPE_BOOLEAN) {
        bool value = interpreted->value.boolean;
        assert(fflag_bool(view, handle, context, !value) == value);
    } else if (is_given && interpreted->type == FFLAG_TYPE_INTEGER) {
        int64_t value = interpreted->value.integer;
        assert(fflag_integer(view, handle, context, ~value) == value);
    } else {
        assert(fflag_bool(view, handle, context, true) &&
               !fflag_bool(view, handle, context, false));
        assert(fflag_integer(view, handle, context, 42) == 42);
    }
}

/* Flags of a type that this library does not have are errors both times. */
static void compare(const fflag_result *planned, const fflag_result *interpreted)
{
    assert(planned->error == interpreted->error && planned->reason == interpreted->reason);
    assert(planned->variant_index == interpreted->variant_index);
    assert(planned->variant == interpreted->variant && planned->rule == interpreted->rule);
}

static void evaluate(fflag_store *store, const fflag_view *view, const fflag_context *context)
{
    fflag_result results[MOST_FLAGS];
    fflag_evaluate_all(view, NULL, MOST_FLAGS, context, results);
    for (size_t i = 0; i < MOST_FLAGS && results[i].error != FFLAG_ERROR_FLAG_NOT_FOUND; i++) {
        char line[256];
        read_result(&results[i]);
        fflag_exposure(view, &results[i], "user-1", 6, 0, line, sizeof line);
        assert(fflag_evaluate_name(view, results[i].flag, context).error == results[i].error);
        fflag_id handle = fflag_flag(store, results[i].flag);
        fflag_result planned = fflag_evaluate(view, handle, context);
        compare(&planned, &results[i]);
        compare_values(view, handle, context, &results[i]);
    }
}

static void open_and_evaluate(const uint8_t *bytes, size_t size)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.count = true;
    fflag_store *store = NULL;
    if (fflag_open_memory(&store, bytes, size, &options) != FFLAG_OK) {
        assert(!store);
        return;
    }
    fflag_context context, nobody;
    fill(&context, store);
    fflag_context_init(&nobody);
    fflag_set_now(&nobody, INT64_C(1795176000000));
    const fflag_view *view = fflag_acquire(store);
    evaluate(store, view, &context);
    evaluate(store, view, &nobody);
    fflag_release(view);
    char metrics[4096];
    fflag_write_metrics(store, metrics, sizeof metrics);
    fflag_close(store);
}

static void dump(const struct snapshot *snapshot)
{
    struct buffer text = {0}, json = {0};
    dump_snapshot(snapshot, false, &text);
    dump_snapshot(snapshot, true, &json);
    json_t *value = json_loadb(json.bytes, json.length, JSON_DECODE_INT_AS_REAL, NULL);
    assert(value);
    json_decref(value);
    buffer_release(&text);
    buffer_release(&json);
}

/* A signed snapshot is valid, and its comment contains only names from the file. */
static void sign(struct buffer *bytes)
{
    static const struct secret_key key;
    struct buffer problem = {0};
    struct snapshot snapshot;
    struct ffs_signature signature;
    const char *comment;
    unsigned tabs = 0;
    seal_sign(bytes, &key);
    enum fflag_error error = snapshot_open_memory(&snapshot, bytes, &problem);
    assert(error == FFLAG_OK && snapshot_signature(&snapshot, &signature, &comment));
    for (uint32_t i = 0; i < signature.comment_length; i++)
        tabs += comment[i] == '\t';
    assert(tabs == (snapshot.info.generation ? 4 : 3));
    snapshot_close(&snapshot);
    buffer_release(&problem);
}

static void open_and_handle(const uint8_t *bytes, size_t size)
{
    struct buffer given = {0}, problem = {0};
    struct snapshot snapshot;
    buffer_append(&given, bytes, size);
    if (snapshot_open_memory(&snapshot, &given, &problem) == FFLAG_OK) {
        dump(&snapshot);
        sign(&given);
    }
    snapshot_close(&snapshot);
    buffer_release(&given);
    buffer_release(&problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    open_and_evaluate(data, size);
    if (size < sizeof(struct ffs_header))
        return 0;
    uint8_t *sealed = malloc(size);
    assert(sealed);
    memcpy(sealed, data, size);
    seal(sealed, size);
    open_and_evaluate(sealed, size);
    open_and_handle(sealed, size);
    free(sealed);
    return 0;
}
