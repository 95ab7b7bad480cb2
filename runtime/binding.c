/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding.c - a store's handles, and what they mean in each of its snapshots.
 */
#include <stdlib.h>

#include "constants.h"
#include "slots.h"

static int compare_name(const struct snapshot *snapshot, ffs_string string, const struct name *name)
{
    uint32_t length = string_length(snapshot, string);
    size_t shorter = length < name->length ? length : name->length;
    int order = memcmp(string_bytes(snapshot, string), name->bytes, shorter);
    return order ? order : (length > name->length) - (length < name->length);
}

/* The index of an attribute in the snapshot; FFS_NO_ATTRIBUTE if no rule reads it. */
static uint32_t find_attribute(const struct snapshot *snapshot, const struct name *name)
{
    uint32_t low = 0, high = snapshot->attribute_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_name(snapshot, snapshot->attributes[middle].name, name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return FFS_NO_ATTRIBUTE;
}

static void bind_attribute(struct snapshot *snapshot, const struct name *name, fflag_attr attr)
{
    uint32_t place = find_attribute(snapshot, name);
    if (place == FFS_NO_ATTRIBUTE)
        return;
    unsigned input = (unsigned)snapshot->attributes[place].type << 8 | attr;
    /* Relaxed: whoever uses the handle got it later, from fflag_attribute(). */
    atomic_store_explicit(&snapshot->inputs[place], (uint16_t)input, memory_order_relaxed);
}

/*
 * Most flags move together from one snapshot to the next, so each is first looked for where the
 * previous one went: probing for each name took longer than everything else a reload does with
 * handles.
 */
static void bind_flags(const fflag_store *store, struct snapshot *snapshot)
{
    const struct slot *current = atomic_load_explicit(&store->current, memory_order_relaxed);
    const struct snapshot *before = current ? current->snapshot : snapshot;
    uint32_t handles = atomic_load_explicit(&store->handles.flag_count, memory_order_relaxed);
    uint32_t moved = 0; /* modulo 2^32 */
    for (fflag_id flag = 0; flag < handles && flag < snapshot->word_count; flag++) {
        const struct name *name = handles_flag_name(&store->handles, flag);
        uint64_t word = flag < before->word_count
                            ? atomic_load_explicit(&before->words[flag], memory_order_relaxed)
                            : 0;
        uint32_t guess = word ? word_index(word) + moved : FFS_NONE;
        uint32_t found = runtime_bind_flag(snapshot, flag, name->bytes, name->length, guess);
        if (word && found != FFS_NONE)
            moved = found - word_index(word);
    }
}

bool bind_handles(fflag_store *store, struct snapshot *snapshot)
{
    uint32_t handles = atomic_load_explicit(&store->handles.flag_count, memory_order_relaxed);
    uint32_t capacity = handles + snapshot->flag_count + 256;
    snapshot->words = calloc(capacity, sizeof *snapshot->words);
    snapshot->shortcuts = calloc(capacity, sizeof *snapshot->shortcuts);
    snapshot->inputs = calloc((size_t)snapshot->attribute_count + 1, sizeof *snapshot->inputs);
    if (!snapshot->words || !snapshot->shortcuts || !snapshot->inputs)
        return false;
    snapshot->word_count = capacity;
    if (!faults_create(snapshot) || !constants_create(snapshot))
        return false;
    if (store->options.count) {
        snapshot->shortcut_cells = calloc(capacity, sizeof *snapshot->shortcut_cells);
        if (!snapshot->shortcut_cells || !counters_create(&store->counts, snapshot))
            return false;
    }
    for (uint32_t i = 0; i < snapshot->attribute_count; i++) {
        unsigned input = (unsigned)snapshot->attributes[i].type << 8 | INPUT_NO_SLOT;
        atomic_init(&snapshot->inputs[i], (uint16_t)input);
    }
    for (fflag_attr attr = 0; attr < store->handles.attribute_count; attr++)
        bind_attribute(snapshot, &store->handles.attributes[attr], attr);
    bind_flags(store, snapshot);
    return true;
}

void bind_plans(const fflag_store *store, struct snapshot *snapshot)
{
    uint32_t handles = atomic_load_explicit(&store->handles.flag_count, memory_order_relaxed);
    for (fflag_id flag = 0; flag < handles && flag < snapshot->word_count; flag++)
        runtime_bind_plan(snapshot, flag);
}

fflag_id fflag_flag(fflag_store *store, const char *name)
{
    if (!store || !name)
        return FFLAG_NO_FLAG;
    size_t length = strlen(name);
    served_slot(store);
    bool added;
    pthread_mutex_lock(&store->lock);
    fflag_id flag = handles_flag(&store->handles, name, length, &added);
    for (struct slot *slot = store->slots; added && slot; slot = slot->next) {
        struct snapshot *snapshot = slot->snapshot;
        if (snapshot && flag < snapshot->word_count) {
            runtime_bind_flag(snapshot, flag, name, length, FFS_NONE);
            runtime_bind_plan(snapshot, flag);
        }
    }
    pthread_mutex_unlock(&store->lock);
    return flag;
}

fflag_attr fflag_attribute(fflag_store *store, const char *name)
{
    if (!store || !name)
        return FFLAG_NO_ATTR;
    served_slot(store);
    bool added;
    pthread_mutex_lock(&store->lock);
    fflag_attr attr = handles_attribute(&store->handles, name, strlen(name), &added);
    for (struct slot *slot = store->slots; added && slot; slot = slot->next) {
        if (!slot->snapshot)
            continue;
        bind_attribute(slot->snapshot, &store->handles.attributes[attr], attr);
        bind_flags(store, slot->snapshot); /* others may have been deferred to this */
        bind_plans(store, slot->snapshot);
    }
    pthread_mutex_unlock(&store->lock);
    return attr;
}

enum fflag_error fflag_attribute_typed(fflag_store *store, const char *name,
                                       enum fflag_attribute_type type, fflag_attr *attr)
{
    if (!attr)
        return FFLAG_ERROR_GENERAL;
    *attr = fflag_attribute(store, name);
    if (*attr == FFLAG_NO_ATTR)
        return !store || !name ? FFLAG_ERROR_GENERAL : FFLAG_ERROR_NO_MEMORY;
    pthread_mutex_lock(&store->lock);
    const struct slot *current = atomic_load_explicit(&store->current, memory_order_relaxed);
    const struct snapshot *snapshot = current->snapshot;
    uint32_t place = find_attribute(snapshot, &store->handles.attributes[*attr]);
    bool fits = place == FFS_NO_ATTRIBUTE ||
                attribute_fits((unsigned)type, snapshot->attributes[place].type);
    pthread_mutex_unlock(&store->lock);
    return fits ? FFLAG_OK : FFLAG_ERROR_TYPE_MISMATCH;
}

const char *runtime_flag_name(const fflag_store *store, fflag_id flag, size_t *length)
{
    const struct name *name = handles_flag_name(&store->handles, flag);
    if (!name)
        return NULL;
    *length = name->length;
    return name->bytes;
}
