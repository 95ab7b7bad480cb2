/* metric_text.h - numbers of a metric, for people. */
#ifndef FFREPLAY_METRIC_TEXT_H
#define FFREPLAY_METRIC_TEXT_H

#include <stdint.h>

struct arena;
struct metric;

/* "1.25%", "412 ms", "3.5/s", in memory of the arena. */
const char *estimate_text(struct arena *arena, const struct metric *metric, double estimate);
/* Of two estimates: "+0.5 pp", "-12 ms". */
const char *difference_text(struct arena *arena, const struct metric *metric, double difference);
/* What a metric is counted in: "samples" or "units". */
const char *sample_noun(const struct metric *metric, uint64_t count);

#endif
