/* json_read.h - values from JSON that jansson has parsed. */
#ifndef FFC_JSON_READ_H
#define FFC_JSON_READ_H

#include <jansson.h>

/* The text at a key, owned by the object. NULL: there is no such key, or it holds no text. */
static inline const char *json_text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

#endif
