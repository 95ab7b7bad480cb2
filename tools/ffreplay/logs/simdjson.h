/*
 * simdjson.h - the library's header, without what is not used of it.
 *
 * It is most of what a parser of JSON costs to compile. The library chooses among its kernels when
 * it runs; code in the header is for the one that the compiler may assume, so of the others only
 * their declarations would be read.
 */
#ifndef FFREPLAY_SIMDJSON_H
#define FFREPLAY_SIMDJSON_H

/* Every error is a value: a log line must never end the program. */
#define SIMDJSON_EXCEPTIONS 0

#ifndef __AVX512F__
#define SIMDJSON_IMPLEMENTATION_ICELAKE 0
#endif
#ifndef __AVX2__
#define SIMDJSON_IMPLEMENTATION_HASWELL 0
#endif
#ifndef __SSE4_2__
#define SIMDJSON_IMPLEMENTATION_WESTMERE 0
#endif

#include <simdjson.h>

#include "lines.h"

static_assert(LINE_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson reads past the line");

#endif
