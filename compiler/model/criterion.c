/* criterion.c - see criterion.h. */
#include "criterion.h"

const char *criterion_form_text(enum criterion_form form)
{
    static const char *const texts[] = {"max", "min", "max_increase", "max_decrease"};
    return texts[form];
}
