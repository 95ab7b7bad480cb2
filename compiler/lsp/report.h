/* report.h - diagnostics as the protocol has them. */
#ifndef FFC_LSP_REPORT_H
#define FFC_LSP_REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct buffer;
struct diagnostic;
struct project;
struct workspace;

/*
 * Appends a line for each file that has any: its number, a tab, and a JSON array. What is about
 * the whole project is the first file's. With `keep`, only those for which it is true.
 */
void report_by_file(const struct workspace *workspace, struct project *project,
                    bool (*keep)(const struct diagnostic *item, const void *user), const void *user,
                    struct buffer *out);

#endif
