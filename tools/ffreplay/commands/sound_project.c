/* sound_project.c - see sound_project.h. */
#include "sound_project.h"

#include <stdio.h>

#include "compiler/model/model.h"

bool require_sound_project(struct project *project, enum color_choice color)
{
    if (project->diagnostics.errors == 0)
        return true;
    diagnostics_write(&project->diagnostics, DIAGNOSTIC_TEXT, use_color(color, stderr), stderr);
    return false;
}
