/*
 * forecast.h - how much data a criterion needs, and what effect it finds with how much.
 *
 * Runs the very comparison that decides, on expected data: a log's, or a baseline's, scaled to
 * another amount. Pure functions; some hundred comparisons each.
 */
#ifndef FFREPLAY_FORECAST_H
#define FFREPLAY_FORECAST_H

#include "compiler/statistics/comparison.h"

/* A criterion's question. The margin is as signed as the change. */
struct question_asked {
    enum side harm; /* the side on which the margin is passed */
    double margin;
    double power; /* in so many of 1 it is so by then; of quantiles always about a half */
};

/*
 * How many times the data until a canary that changes nothing is shown to be within the margin;
 * INFINITY: never.
 */
double forecast_growth(const struct comparison_input *input, const struct question_asked *asked);

/*
 * The least change for the worse that is shown to be beyond the margin, with so many times as much
 * data; NaN: none that can be. In the terms of the margin: 0.1 of a relative one is 10 %.
 */
double forecast_effect(const struct comparison_input *input, const struct question_asked *asked,
                       double growth);

#endif
