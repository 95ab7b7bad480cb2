/* part.h - some flags of a workspace, read with what they depend on: fast, however large it is. */
#ifndef FFC_LSP_PART_H
#define FFC_LSP_PART_H

#include <stdint.h>

struct project;
struct workspace;

/* To be freed. What is said of these flags holds; of the rest of the project nothing does. */
struct project *project_part(const struct workspace *workspace, const char *const *flags,
                             uint32_t count, int64_t now);

#endif
