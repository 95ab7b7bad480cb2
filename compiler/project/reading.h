/*
 * reading.h - from parsed files to a project, for whoever has parsed them.
 */
#ifndef FFC_READING_H
#define FFC_READING_H

#include "compiler/read/reader.h"

struct document;

/* What is only warned of. */
enum proofs {
    PROOFS_NONE,
    PROOFS_OF_CONDITIONS, /* of each flag by itself */
    PROOFS_ALL            /* and what nothing uses */
};

/* A project without anything in it; the caller's, to free with project_free(). */
struct project *project_new(void);
struct reader reader_of(struct project *project, int64_t now);
/* Reads and checks the documents, one for each of the project's sources. */
void read_documents(struct reader *reader, const struct document *documents, enum proofs proofs);

#endif
