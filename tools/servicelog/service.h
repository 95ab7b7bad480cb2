/*
 * service.h - a made-up service: its users, their requests over time, and the outcomes.
 *
 * Everything is drawn from a struct random, in a fixed number of draws a request. So with one seed,
 * two services that differ in their outcomes alone have the same requests, in the same order.
 *
 * Texts are borrowed: from tables here, from the struct service, or from within the request.
 * Nothing here allocates or fails, and threads may draw with a struct random each.
 */
#ifndef SERVICELOG_SERVICE_H
#define SERVICELOG_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/servicelog/random.h"

#define MOST_ENDPOINTS 16
#define PURCHASE_PATH  "/checkout/complete"

struct endpoint {
    const char *path;
    double share;      /* of the requests; what shares sum to is the whole */
    double latency;    /* ms, in the median when there is little load */
    double spread;     /* deviation of the latency's natural logarithm; 0.5: P99 is 3.2 medians */
    double error_rate; /* share; below 0: the service's */
};

/* How many requests a second there are; times of day are ms, in UTC. */
struct load {
    double peak, trough; /* peak: once a day; equal: flat */
    int64_t peak_at;
    double weekend; /* of Saturday's and Sunday's load, beside other days' */
};

struct service {
    struct load load;
    double busy_latency; /* latency at the daily peak, as multiple of the latency at the trough */
    uint32_t users;      /* service_set_users() sets them */
    double octaves;
    bool even; /* all users are equally active; otherwise few ask for much */
    double error_rate, refusal_rate, cache_hits, purchases;
    struct endpoint endpoints[MOST_ENDPOINTS];
    size_t endpoint_count;
};

/* Who a user is follows from the number alone. */
struct person {
    uint32_t number;
    char name[16]; /* "user-17" */
    size_t name_length;
    const char *country, *region, *plan, *app_version, *address;
    bool beta_tester;
};

struct request {
    uint64_t id;
    int64_t at; /* ms since 1970 */
    struct person person;
    const struct endpoint *endpoint;
    const char *variant; /* NULL: none was asked for */

    int status;      /* 200, 404 or 503 */
    int64_t latency; /* µs */
    uint32_t bytes;
    bool cache_hit;
    bool purchase;      /* then the path is PURCHASE_PATH, whatever the endpoint */
    double memory, cpu; /* shares that the instance uses */
    int pool_free;      /* database connections */
};

/* What multiplies the outcomes of a request. A rate that is not below 0 replaces the service's. */
struct factors {
    double errors, latency, cache_hits, purchases, pressure;
    double error_rate, cache_hit_rate, purchase_rate;
};
extern const struct factors no_factors;

/* Fills in the usual service: five endpoints, 1 % errors, 10 000 users, 100 requests a second. */
void service_init(struct service *service);
void service_set_users(struct service *service, uint32_t users);

/* Requests a second at this time, and where that lies between trough (0) and peak (1). */
double load_at(const struct load *load, int64_t at, double *height);

void describe_person(struct person *person, uint32_t number);

/* Who asks for what: person and endpoint. `at` and `id` are the caller's to set. */
void draw_request(const struct service *service, struct random *random, struct request *request);
/* What comes of it. `height` is that of load_at(). */
void draw_outcome(const struct service *service, struct random *random,
                  const struct factors *factors, double height, struct request *request);
const char *request_path(const struct request *request);

#endif
