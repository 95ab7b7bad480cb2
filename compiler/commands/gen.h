/* gen.h - what a header that `ffc gen` writes is known by. */
#ifndef FFC_COMMANDS_GEN_H
#define FFC_COMMANDS_GEN_H

#define GENERATED_PREFIX "flags"                  /* unless another is asked for */
#define GENERATED_BY     "written by `ffc gen c`" /* in the comment before the guard */
#define GENERATED_GUARD  "_GENERATED_H"           /* behind the prefix */
#define GETTER           "_get_"                  /* between the prefix and the flag's name */

#endif
