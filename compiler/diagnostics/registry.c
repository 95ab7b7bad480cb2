/* registry.c - see registry.h. */
#include "registry.h"

#include <strings.h>

static const struct diagnostic_info registry[] = {
#define ERROR   SEVERITY_ERROR
#define WARNING SEVERITY_WARNING
#define DIAGNOSTIC(code, severity, name, title, explanation, example, fix) \
    {"FF" #code, severity, name, title, explanation, example, fix},
#include "diagnostics.def"
#undef DIAGNOSTIC
#undef WARNING
#undef ERROR
};

const struct diagnostic_info *diagnostic_info(unsigned code)
{
    return &registry[code];
}

enum diagnostic_code diagnostic_find(const char *code)
{
    for (unsigned i = 0; i < DIAGNOSTIC_COUNT; i++) {
        if (strcasecmp(registry[i].code, code) == 0)
            return (enum diagnostic_code)i;
    }
    return DIAGNOSTIC_COUNT;
}
