/* read_scalar.h - single values, and lists of them. */
#ifndef FFC_READ_SCALAR_H
#define FFC_READ_SCALAR_H

#include "reader.h"

bool is_null(const struct node *node); /* plain and empty, ~ or null */
/* Reports the wrong kind of node: "expected …, found …". Always false. */
bool expected(struct reader *reader, const struct node *node, const char *what);
/* "it is one of sum, mean, max", as help. */
const char *choices_help(struct reader *reader, const char *const *choices);
bool expect_map(struct reader *reader, const struct node *node, const char *what);
bool expect_list(struct reader *reader, const struct node *node, const char *what);

bool read_text(struct reader *reader, const struct node *node, struct text *text);
bool read_boolean(struct reader *reader, const struct node *node, bool *value);
bool read_number(struct reader *reader, const struct node *node, double *value);
bool read_integer(struct reader *reader, const struct node *node, int64_t *value);
bool read_count(struct reader *reader, const struct node *node, uint64_t *value);
/* The same where fractions are told apart otherwise. */
bool read_share_percent(struct reader *reader, const struct node *node, uint32_t *thousandths);
bool read_percent(struct reader *reader, const struct node *node, uint32_t *thousandths);
bool read_duration(struct reader *reader, const struct node *node, int64_t *ms);
bool read_time(struct reader *reader, const struct node *node, int64_t *ms);
/* Of that scheme; appends its canonical text. */
bool is_version(const char *text, enum version_scheme scheme, struct buffer *canonical);
bool read_version(struct reader *reader, const struct node *node, enum version_scheme scheme,
                  const char **canonical);
bool read_network(struct reader *reader, const struct node *node, struct network *network);
bool read_choice(struct reader *reader, const struct node *node, const char *const *choices,
                 unsigned *value);
/* A text or a list of texts; duplicates are warned of. */
bool read_texts(struct reader *reader, struct node *node, struct texts *texts);
/* The items of a list, or one scalar as a list of one. */
bool read_items(struct reader *reader, struct node *node, const char *what, struct node ***items,
                uint32_t *count);
void warn_duplicates(struct reader *reader, struct node *const *items, uint32_t count);

/* What units are hashed with; not empty, and then reported with what it is `otherwise`. */
bool read_salt_text(struct reader *reader, const struct node *node, const char *otherwise,
                    const char **salt);

#endif
