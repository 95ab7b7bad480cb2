/* left_out.h - definitions that a sparse checkout leaves out of the work tree. */
#ifndef FFC_LEFT_OUT_H
#define FFC_LEFT_OUT_H

#include <stdint.h>

/* How many files of definitions below the directory, which git has, are not there because the
 * checkout is sparse; 0 also where git cannot be asked. Cost: git is run, twice where it is sparse.
 */
uint32_t definitions_left_out(const char *directory);

#endif
