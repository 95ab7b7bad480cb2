/* sound_project.h - whether definitions can be worked with. */
#ifndef FFREPLAY_SOUND_PROJECT_H
#define FFREPLAY_SOUND_PROJECT_H

#include <stdbool.h>

#include "compiler/cli/options.h"

struct project;

/* Shows what was found in definitions that have errors. False: they have. */
bool require_sound_project(struct project *project, enum color_choice color);

#endif
