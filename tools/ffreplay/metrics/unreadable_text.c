/* unreadable_text.c - see unreadable_text.h. */
#include "unreadable_text.h"

#include "compiler/base/arena.h"

const char *unreadable_value_text(const struct replay *replay, struct arena *arena,
                                  const struct unreadable_value *value)
{
    return arena_format(arena, "'%s' is '%s' at %s", value->field, value->text,
                        replay_place_text(replay, arena, value->source, value->place));
}
