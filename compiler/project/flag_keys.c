/* flag_keys.c - see flag_keys.h. */
#include "flag_keys.h"

#include <string.h>

#include "compiler/read/form.h"
#include "compiler/read/read_flag.h"
#include "compiler/read/read_map.h"

static bool has_field(const struct form *form, const char *key)
{
    for (size_t i = 0; i < form->field_count; i++)
        if (strcmp(form->fields[i].name, key) == 0)
            return true;
    return false;
}

bool is_environment_key(const char *key)
{
    return has_field(&environment_form, key);
}
