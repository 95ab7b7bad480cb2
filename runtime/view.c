/* SPDX-License-Identifier: Apache-2.0 */
/* view.c - what a view shows besides values: the snapshot's name, its flags and its attributes. */
#include "signature.h"
#include "store.h"

void fflag_view_info(const fflag_view *view, struct fflag_snapshot_info *info)
{
    if (!view || !info)
        return;
    const struct snapshot *snapshot = view->snapshot;
    const struct ffs_header *header = (const struct ffs_header *)snapshot->bytes;
    struct fflag_snapshot_info own = {.size = info->size};
    own.project = string_bytes(snapshot, header->project);
    own.environment = string_bytes(snapshot, header->environment);
    memcpy(own.build, snapshot->build, sizeof own.build);
    own.flags = snapshot->flag_count;
    own.attributes = snapshot->attribute_count;
    own.bytes = snapshot->bytes;
    own.length = snapshot->length;
    own.generation = header->generation;
    if (snapshot->signature)
        format_key_id(snapshot->signature + offsetof(struct ffs_signature, key_id), own.signed_by);
    memcpy(info, &own, own.size < sizeof own ? own.size : sizeof own);
}

const char *fflag_view_flag(const fflag_view *view, uint32_t index, enum fflag_type *type)
{
    if (!view || index >= view->snapshot->flag_count)
        return NULL;
    const struct ffs_flag *flag = &view->snapshot->flags[index];
    if (type)
        *type = (enum fflag_type)flag->type;
    return string_bytes(view->snapshot, flag->name);
}

const char *fflag_view_attribute(const fflag_view *view, uint32_t index,
                                 enum fflag_attribute_type *type)
{
    if (!view || index >= view->snapshot->attribute_count)
        return NULL;
    const struct ffs_attribute *attribute = &view->snapshot->attributes[index];
    if (type)
        *type = (enum fflag_attribute_type)attribute->type;
    return string_bytes(view->snapshot, attribute->name);
}
