/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fflag.h - evaluate feature flags from a compiled snapshot.
 *
 * This header is the whole API of libfflag. A store maps the snapshot file that `ffc build`
 * published, reloads it when it is replaced, and never lets a bad file replace a good one. A view
 * is one consistent state of that store. A context says who is asking.
 *
 *     fflag_store *store;
 *     if (fflag_open(&store, "/run/flags/production.ffs", NULL)) ...
 *     fflag_id dashboard = fflag_flag(store, "feature.new-dashboard");
 *     fflag_attr user = fflag_attribute(store, "user_id");
 *
 *     fflag_context who;
 *     fflag_context_init(&who);
 *     fflag_set_string(&who, user, id, strlen(id));
 *     const fflag_view *view = fflag_acquire(store);
 *     if (fflag_bool(view, dashboard, &who, false)) ...
 *     fflag_release(view);
 *
 * Conventions, which the comments below do not repeat:
 *   threads    every function may be called from any thread. A store and its views are shared
 *              freely; a context is written by one thread and may then be read by many.
 *   errors     evaluation never fails hard: on any error it gives the caller's own default and a
 *              code. Functions that return an fflag_error return 0 (FFLAG_OK) when all is well.
 *   ownership  strings handed out are borrowed from the view and live until its release; strings
 *              handed in to a context are borrowed from the caller and must outlive its use.
 *   units      times are milliseconds since 1970-01-01T00:00:00Z; lengths are bytes.
 *   cost       no function named "evaluate", "bool", "string", "integer", "number", "json",
 *              "acquire" or "release" allocates or locks, or, after a thread's first call, makes a
 *              system call.
 *   output     the library never prints, exits, or installs a signal handler.
 */
#ifndef FFLAG_H
#define FFLAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FFLAG_VERSION_MAJOR 0
#define FFLAG_VERSION_MINOR 1
#define FFLAG_VERSION_PATCH 0

#if defined(__GNUC__)
#define FFLAG_API      __attribute__((visibility("default")))
#define FFLAG_MUST_USE __attribute__((warn_unused_result))
#else
#define FFLAG_API
#define FFLAG_MUST_USE
#endif

/* The running library's version, such as "0.1.0"; compare with the macros above. */
FFLAG_API const char *fflag_version(void);

/* ------------------------------------------------------------------------------------ errors -- */

/*
 * Values are permanent and never renumbered. The first group are the error codes of OpenFeature,
 * which an evaluation reports; the second group are what opening or reloading a snapshot reports.
 */
enum fflag_error {
    FFLAG_OK = 0,
    FFLAG_ERROR_GENERAL = 1,         /* an argument was unusable: NULL, or not of this store */
    FFLAG_ERROR_FLAG_NOT_FOUND = 2,  /* the snapshot has no flag of that name */
    FFLAG_ERROR_TYPE_MISMATCH = 3,   /* the flag has another type than was asked for */
    FFLAG_ERROR_INVALID_CONTEXT = 4, /* an attribute value cannot be used, e.g. NaN */

    FFLAG_ERROR_NO_MEMORY = 16,
    FFLAG_ERROR_IO = 18,          /* the file cannot be opened or read; errno says why */
    FFLAG_ERROR_NOT_REGULAR = 19, /* the path names a directory, device, fifo or socket */
    FFLAG_ERROR_TRUNCATED = 20,   /* shorter than its header says, or than a header */
    FFLAG_ERROR_NOT_SNAPSHOT = 21,
    FFLAG_ERROR_UNSUPPORTED = 22, /* a format version this library does not know; of a flag, also
                                     from an evaluation: an operation it does not know */
    FFLAG_ERROR_CHECKSUM = 23,    /* the bytes are not the bytes that were published */
    FFLAG_ERROR_MALFORMED = 24,   /* intact, but not something `ffc` writes */
    FFLAG_ERROR_CHANGED = 25,     /* the file was written to while it was read */
    FFLAG_ERROR_SYSTEM = 26,      /* the watcher could not be set up; errno says why */
    FFLAG_ERROR_BUSY = 32,        /* not from within the log callback of the same store */

    /* Sound, but not what the options accept. */
    FFLAG_ERROR_UNSIGNED = 27,    /* a signature is required, and there is none */
    FFLAG_ERROR_UNTRUSTED = 28,   /* signed, but with none of the trusted keys */
    FFLAG_ERROR_SIGNATURE = 29,   /* names a trusted key, but was not made with it */
    FFLAG_ERROR_ENVIRONMENT = 30, /* for another environment than is required */
    FFLAG_ERROR_OLDER = 31        /* an earlier generation than is required */
};

/* One sentence for an error, without a full stop; never NULL. */
FFLAG_API const char *fflag_error_text(enum fflag_error error);

/* OpenFeature's spelling for an evaluation error, e.g. "FLAG_NOT_FOUND"; NULL for FFLAG_OK. */
FFLAG_API const char *fflag_error_code(enum fflag_error error);

/* ------------------------------------------------------------------------------------- store -- */

typedef struct fflag_store fflag_store;

/* Handles resolve a name once; they stay valid across reloads, for the life of the store. */
typedef uint32_t fflag_id;
typedef uint32_t fflag_attr;
#define FFLAG_NO_FLAG UINT32_MAX
#define FFLAG_NO_ATTR UINT32_MAX

enum fflag_load_mode {
    FFLAG_LOAD_AUTO = 0, /* map files over 16 MiB that nobody may write to; copy all others */
    FFLAG_LOAD_COPY = 1, /* always copy into private read-only memory */
    FFLAG_LOAD_MAP = 2   /* always map: publishers must rename, never write in place */
};
/*
 * Writing to a mapped file in place, as `cp` onto it does, changes what is evaluated, or ends the
 * process with SIGBUS. A mode of 0444 stops others from that, but not root, nor the owner, who may
 * change the mode: the watcher then copies the file as soon as it notices, but views that are held
 * stay mapped. With FFLAG_LOAD_COPY, and with smaller files, a write in place is just another file
 * to verify.
 */

enum fflag_event {
    FFLAG_EVENT_LOADED = 1,    /* a snapshot was verified and is now served, or a copy of it */
    FFLAG_EVENT_REJECTED = 2,  /* a file was not accepted; the last good snapshot is still served */
    FFLAG_EVENT_WATCH = 3,     /* the watcher fell back to polling, or cannot follow a path */
    FFLAG_EVENT_EVALUATION = 4 /* a mistake made evaluations give a default: per flag and cause */
};

/*
 * Called once per event, from the thread that noticed it (the watcher's, or the caller of
 * fflag_open and fflag_poll). `text` is one line, borrowed for the call. The callback may call
 * everything on the store, but fflag_poll() returns FFLAG_ERROR_BUSY to it, and fflag_close() takes
 * effect once it has returned.
 */
typedef void fflag_log_fn(void *user, enum fflag_event event, enum fflag_error error,
                          const char *text);

/* Milliseconds since the epoch. Must be thread-safe; used instead of the system's clock. */
typedef int64_t fflag_clock_fn(void *user);

struct fflag_options {
    size_t size; /* sizeof(struct fflag_options), so that the struct can grow */
    enum fflag_load_mode load_mode;
    bool no_thread;            /* do not start a watcher: the host calls fflag_poll() */
    uint32_t poll_interval_ms; /* the stat() that backs up inotify; 0: 1000. Jittered by +-20 % */
    fflag_log_fn *log;
    void *log_user;
    fflag_clock_fn *clock;
    void *clock_user;

    /*
     * What a snapshot must be, beyond sound, at open and at each reload. Any other is refused like
     * a damaged one. All of these are copied.
     *
     * `trusted_keys` are minisign public keys, as base64 or as the text of a .pub file, up to a
     * NULL. With several, for rotation, any of them will do. A signature that is present must be
     * good; only `require_signature` makes it mandatory. Checking one takes about 1.4 ms per MiB,
     * and a library built with SIGNATURES=1; without that, opening with keys fails with
     * FFLAG_ERROR_UNSUPPORTED.
     *
     * The generation is what `ffc build --generation` gave, else 0. With `refuse_older` it never
     * decreases while the store lives; `least_generation` carries that across a restart.
     */
    const char *const *trusted_keys; /* NULL: signatures are not looked at */
    const char *environment;         /* NULL: any */
    uint64_t least_generation;
    bool require_signature;
    bool refuse_older;

    bool count; /* evaluations by flag and variant, for fflag_write_metrics() */
};
#define FFLAG_OPTIONS_INIT                                                                     \
    {                                                                                          \
        sizeof(struct fflag_options), FFLAG_LOAD_AUTO, false, 0, NULL, NULL, NULL, NULL, NULL, \
            NULL, 0, false, false, false                                                       \
    }

/*
 * Opens a store on a snapshot file and, unless told otherwise, starts its watcher thread. `options`
 * may be NULL. On FFLAG_OK, *store is the caller's to fflag_close(). A missing or bad file is an
 * error here, and *store is NULL: a service decides at startup whether it can do without flags.
 * Cost: reads and verifies the file, about 0.2 ms per MiB.
 *
 * A child that is forked later goes on evaluating, also on views that were held; its first call on
 * the store, which may be fflag_acquire(), starts its own watcher. A view that another thread held
 * at the fork keeps its snapshot in the child forever.
 */
FFLAG_API enum fflag_error fflag_open(fflag_store **store, const char *path,
                                      const struct fflag_options *options) FFLAG_MUST_USE;

/*
 * A store on a snapshot in memory, which is copied. It has no file, so it is never reloaded.
 */
FFLAG_API enum fflag_error fflag_open_memory(fflag_store **store, const void *bytes, size_t length,
                                             const struct fflag_options *options) FFLAG_MUST_USE;

/*
 * Stops the watcher and frees everything. No view of the store may be held. NULL is ignored. From
 * within the store's log callback it returns at once, and the store is closed when the callback has
 * returned, or, if fflag_poll() called it, before fflag_poll() returns.
 */
FFLAG_API void fflag_close(fflag_store *store);

/*
 * Threadless mode: fflag_fd() becomes readable when fflag_poll() has something to look at; also
 * call fflag_poll() about once a second, because notifications can be missed. fflag_fd() is -1 if
 * the system has no inotify, or if a watcher thread reads it. fflag_poll() returns the error of the
 * last attempt, FFLAG_OK if there was none or it succeeded, and FFLAG_ERROR_BUSY from within the
 * log callback, and after a poll whose callback closed the store. Cost: one stat() when nothing
 * changed.
 */
FFLAG_API int fflag_fd(const fflag_store *store);
FFLAG_API enum fflag_error fflag_poll(fflag_store *store);

struct fflag_status {
    size_t size;                 /* set by the caller to sizeof(struct fflag_status) */
    uint64_t generation;         /* snapshots served so far; 1 after open */
    uint64_t rejected;           /* files refused since open */
    enum fflag_error last_error; /* of the newest attempt, FFLAG_OK when it was accepted */
    bool watching;               /* inotify is in use; false: only polling */
    int64_t loaded_at;           /* when the served snapshot was accepted */
    char build[33];              /* its content hash, in hexadecimal */
};

/* Fills *status, a moment's state taken under the store's lock. For health pages, not hot paths. */
FFLAG_API void fflag_status(const fflag_store *store, struct fflag_status *status);

/*
 * The state of the store as Prometheus text: build, generation, reloads, refusals, the last error,
 * views still held, and failed evaluations by flag and cause; with `count` in the options also
 * evaluations by flag and variant, for those ever served. Like snprintf(): writes at most `size`
 * bytes including the NUL, and returns the length of the whole text, which may have grown by the
 * next call. Cost: proportional to the flags, under the store's lock, which no evaluation takes.
 *
 * Counting takes 1 to 2 ns per evaluation, and per snapshot 8 bytes for each variant and thread,
 * for up to 128 threads; those beyond share a row. A thread's first evaluation makes two system
 * calls, or up to 130 if it must find the row of a thread that has ended. The value calls, the
 * detailed ones and the bulk call count; evaluating a flag because another one requires it does
 * not.
 */
FFLAG_API size_t fflag_write_metrics(const fflag_store *store, char *buffer, size_t size);

/*
 * The handle of a flag, made on first use. A name that the snapshot does not have (yet) also gets a
 * handle, which starts to work once a snapshot has the flag. FFLAG_NO_FLAG only when out of memory.
 * Cost: a lock and a hash probe; call it at startup, not per request.
 */
FFLAG_API fflag_id fflag_flag(fflag_store *store, const char *name);

/*
 * The handle of a context attribute, for the setters below. A store hands out at most
 * FFLAG_CONTEXT_SLOTS of them, then FFLAG_NO_ATTR, which the setters refuse.
 */
FFLAG_API fflag_attr fflag_attribute(fflag_store *store, const char *name);

enum fflag_attribute_type {
    FFLAG_ATTRIBUTE_STRING = 1,
    FFLAG_ATTRIBUTE_NUMBER = 2,
    FFLAG_ATTRIBUTE_BOOLEAN = 3,
    FFLAG_ATTRIBUTE_VERSION = 4,
    FFLAG_ATTRIBUTE_TIME = 5,
    FFLAG_ATTRIBUTE_STRINGS = 6,
    FFLAG_ATTRIBUTE_IP = 7
};

/*
 * The same, for a program that knows which setter will fill the attribute: FFLAG_ATTRIBUTE_STRING
 * for fflag_set_string() and so on. FFLAG_ERROR_TYPE_MISMATCH if the served snapshot declares a
 * type for which such a value would count as absent; *attr is still a valid handle, since the next
 * snapshot may differ. FFLAG_OK also if no rule reads an attribute of that name. A string fits a
 * version, time or ip, a number a time.
 */
FFLAG_API enum fflag_error fflag_attribute_typed(fflag_store *store, const char *name,
                                                 enum fflag_attribute_type type,
                                                 fflag_attr *attr) FFLAG_MUST_USE;

/* ------------------------------------------------------------------------------------- views -- */

typedef struct fflag_view fflag_view;

/*
 * A consistent view of the newest snapshot; never NULL, never blocks. Every evaluation on one view
 * sees one snapshot. It may be passed to other threads and held for as long as needed: it keeps its
 * own snapshot alive and nothing else. Cost: one uncontended atomic add.
 */
FFLAG_API const fflag_view *fflag_acquire(fflag_store *store);
FFLAG_API void fflag_release(const fflag_view *view);

/* The snapshot that a view shows. Borrowed; `build` is its content hash in hexadecimal. */
struct fflag_snapshot_info {
    size_t size; /* set by the caller to sizeof(struct fflag_snapshot_info) */
    const char *project;
    const char *environment;
    char build[33];
    uint32_t flags;      /* how many; see fflag_view_flag() */
    uint32_t attributes; /* how many; see fflag_view_attribute() */
    const void *bytes;   /* the whole snapshot, for tools that print it */
    size_t length;       /* without the signature, which follows if there is one */
    uint64_t generation; /* 0: none was given */
    char signed_by[17];  /* the key's id, in 16 digits, checked or not; empty: unsigned */
};
FFLAG_API void fflag_view_info(const fflag_view *view, struct fflag_snapshot_info *info);

enum fflag_type {
    FFLAG_TYPE_BOOLEAN = 1,
    FFLAG_TYPE_STRING = 2,
    FFLAG_TYPE_INTEGER = 3,
    FFLAG_TYPE_NUMBER = 4,
    FFLAG_TYPE_JSON = 5
};

/*
 * The flag at `index` (0 to info.flags - 1, in the snapshot's order: a flag comes after the flags
 * it requires). Returns its name, borrowed, and stores its type in `type` if that is not NULL; NULL
 * if there is no such index.
 */
FFLAG_API const char *fflag_view_flag(const fflag_view *view, uint32_t index,
                                      enum fflag_type *type);

/* The same for the attributes that this snapshot's rules read. */
FFLAG_API const char *fflag_view_attribute(const fflag_view *view, uint32_t index,
                                           enum fflag_attribute_type *type);

/* ----------------------------------------------------------------------------------- context -- */

#define FFLAG_CONTEXT_SLOTS 128

/* One attribute value. Private; here only so that a context can live on the stack. */
struct fflag_slot {
    uint64_t bits; /* the key hash of a string or number, or the first half of an address */
    union {
        const void *pointer;
        double number;
        uint64_t word;
    } value;
    uint32_t length;
    uint8_t type;
    uint8_t key_type; /* the type again, where `bits` is the hash of a key; else 0 */
    uint16_t reserved;
};

/* A variant that a unit was served before, by its name. `length` in bytes. */
struct fflag_previous {
    fflag_id flag;
    const char *variant;
    size_t length;
};

/*
 * Who is asking. Fields are private. Start with fflag_context_init(), which touches 32 bytes, not
 * the whole struct. For a value that cannot be used, a setter returns FFLAG_ERROR_INVALID_CONTEXT
 * and leaves the attribute absent; setting again replaces.
 */
typedef struct fflag_context {
    uint64_t present[FFLAG_CONTEXT_SLOTS / 64];
    int64_t now;                           /* INT64_MIN: the store's clock */
    const struct fflag_previous *previous; /* NULL: none, and the count is not set */
    size_t previous_count;
    struct fflag_slot slot[FFLAG_CONTEXT_SLOTS];
} fflag_context;

/* Forgets everything, including the time. */
FFLAG_API void fflag_context_init(fflag_context *context);

/*
 * A string attribute, UTF-8, borrowed. If a snapshot declares the attribute as a version, time or
 * ip, each evaluation parses the text, and text that does not parse counts as absent; the setters
 * of those types report that at once, and fflag_set_time() and fflag_set_ip() save the parsing.
 * An empty string is present, but no unit: it is in no percentage, as if it were absent.
 * Cost: one XXH3 of the bytes, shared by all flags.
 */
FFLAG_API enum fflag_error fflag_set_string(fflag_context *context, fflag_attr attr,
                                            const char *value, size_t length);
/*
 * Refuses NaN. An integer of at most 2^53 can also be a unit: its key is its decimal digits. If a
 * snapshot declares a time, the number is milliseconds since the epoch, truncated; beyond 2^53 it
 * counts as absent.
 */
FFLAG_API enum fflag_error fflag_set_number(fflag_context *context, fflag_attr attr, double value);
FFLAG_API enum fflag_error fflag_set_boolean(fflag_context *context, fflag_attr attr, bool value);
/* SemVer 2.0; a leading `v` and missing parts are allowed, anything else is refused. Borrowed. Set
 * an attribute that is declared with `scheme: loose` as a string. */
FFLAG_API enum fflag_error fflag_set_version(fflag_context *context, fflag_attr attr,
                                             const char *value, size_t length);
FFLAG_API enum fflag_error fflag_set_time(fflag_context *context, fflag_attr attr, int64_t ms);
/* An IPv4 or IPv6 address in text. */
FFLAG_API enum fflag_error fflag_set_ip(fflag_context *context, fflag_attr attr, const char *value,
                                        size_t length);
/* A list of strings, NUL-terminated; the array and the strings are borrowed. */
FFLAG_API enum fflag_error fflag_set_strings(fflag_context *context, fflag_attr attr,
                                             const char *const *values, size_t count);
/* Null, which `is_null` alone tells from absent; it is no key. Meant for contexts that come as
 * JSON. */
FFLAG_API enum fflag_error fflag_set_null(fflag_context *context, fflag_attr attr);
FFLAG_API void fflag_unset(fflag_context *context, fflag_attr attr);

/* The clock for this context's evaluations; without it, the store's, read only by flags that need
 * it. */
FFLAG_API void fflag_set_now(fflag_context *context, int64_t ms);

/*
 * What the unit was served before, for flags that are `sticky`: they serve it again as long as the
 * flag has a variant of that name, reason FFLAG_REASON_STICKY, unless an override, a requirement, a
 * list of users, a holdout or a layer decides. Other flags do not look at it. Remember what had the
 * reason FFLAG_REASON_SPLIT or FFLAG_REASON_STICKY. Borrowed, with its texts; of several of one
 * flag, the first that the flag still has counts. FFLAG_ERROR_INVALID_CONTEXT, and none is set, if
 * one has no text. Cost of an evaluation: proportional to `count`, and to the variants of the flag.
 */
FFLAG_API enum fflag_error fflag_set_previous(fflag_context *context,
                                              const struct fflag_previous *previous, size_t count);

/* -------------------------------------------------------------------------------- evaluation -- */

/* OpenFeature's reasons, and five of our own. Values are permanent. */
enum fflag_reason {
    FFLAG_REASON_ERROR = 0,
    FFLAG_REASON_STATIC = 1,
    FFLAG_REASON_DEFAULT = 2,
    FFLAG_REASON_TARGETING_MATCH = 3,
    FFLAG_REASON_SPLIT = 4,
    FFLAG_REASON_DISABLED = 5,
    FFLAG_REASON_OVERRIDE = 6,
    FFLAG_REASON_PREREQUISITE_FAILED = 7,
    FFLAG_REASON_HOLDOUT = 8,
    FFLAG_REASON_LAYER = 9,
    FFLAG_REASON_STICKY = 10
};

/* "SPLIT" and so on; never NULL. */
FFLAG_API const char *fflag_reason_text(enum fflag_reason reason);

/* Only the value. Returns `fallback` on any error, and if the flag serves no variant. A NULL
 * context has no attributes. */
FFLAG_API bool fflag_bool(const fflag_view *view, fflag_id flag, const fflag_context *context,
                          bool fallback);
FFLAG_API int64_t fflag_integer(const fflag_view *view, fflag_id flag, const fflag_context *context,
                                int64_t fallback);
/* Reads integer flags too. */
FFLAG_API double fflag_number(const fflag_view *view, fflag_id flag, const fflag_context *context,
                              double fallback);
/* NUL-terminated; `length`, if not NULL, receives its length. `fallback` is returned as given. */
FFLAG_API const char *fflag_string(const fflag_view *view, fflag_id flag,
                                   const fflag_context *context, const char *fallback,
                                   size_t *length);
/* The JSON text of the value, compact, NUL-terminated. */
FFLAG_API const char *fflag_json(const fflag_view *view, fflag_id flag,
                                 const fflag_context *context, const char *fallback,
                                 size_t *length);

/* The flag leaves the value to the caller, whose default counts; the reason is as usual. */
#define FFLAG_NO_VARIANT UINT32_MAX

/*
 * Everything about one evaluation. Without a variant there is no value. On error, `reason` is
 * FFLAG_REASON_ERROR, `error` says which, `variant` and `rule` are NULL, and the value is empty:
 * the caller's default counts.
 */
typedef struct fflag_result {
    enum fflag_error error;
    enum fflag_reason reason;
    enum fflag_type type;
    uint32_t variant_index; /* place in the flag's list of variants, or FFLAG_NO_VARIANT */
    const char *flag;       /* name */
    const char *variant;    /* name; NULL for a flag declared by a plain `value`, and for none */
    const char *rule;       /* "rules[0]", "canary:early", …; NULL when no rule decided */
    const char *metadata;   /* a JSON object, with its "links"; NULL when the flag has neither */
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct {
            const char *text;
            size_t length;
        } string; /* and json */
    } value;
} fflag_result;

FFLAG_API fflag_result fflag_evaluate(const fflag_view *view, fflag_id flag,
                                      const fflag_context *context);
/* By name: costs one more perfect-hash probe. */
FFLAG_API fflag_result fflag_evaluate_name(const fflag_view *view, const char *flag,
                                           const fflag_context *context);

/*
 * Bulk: evaluates `count` flags into `results`, all on this view and with one reading of the clock.
 * If `flags` is NULL, the flags 0 to count - 1 in the snapshot's order.
 */
FFLAG_API void fflag_evaluate_all(const fflag_view *view, const fflag_id *flags, size_t count,
                                  const fflag_context *context, fflag_result *results);

/*
 * One line of JSON, with its line end, that says what a unit was served. It names attributes as
 * OpenTelemetry's feature_flag.evaluation event does, and `ffreplay` reads it unchanged. `result`
 * is of this view; `unit` is who got it; `ms` the time. Like snprintf(): writes at most `size`
 * bytes including the NUL and returns the length of the whole line; a length of `size` or more
 * means that the line did not fit, and must not be logged. Bytes that are not UTF-8 become U+FFFD.
 * Returns 0 if an argument is NULL. Never allocates.
 */
FFLAG_API size_t fflag_exposure(const fflag_view *view, const fflag_result *result,
                                const char *unit, size_t unit_length, int64_t ms, char *buffer,
                                size_t size);

/*
 * Acquire, evaluate and release in one; for a single boolean when no view is at hand. Cost: 1 ns
 * more than on a view, after a thread's first call, which makes two system calls; as much as taking
 * a view if the system has no membarrier(), and beyond the first 1,024 threads.
 */
FFLAG_API bool fflag_bool_once(fflag_store *store, fflag_id flag, const fflag_context *context,
                               bool fallback);

/*
 * The bucket of a unit under a salt: mix(XXH3(key) ^ XXH3(salt)), as docs/evaluation.md defines it.
 * For tools that recompute assignments. An evaluation never asks for that of an empty key, which is
 * none.
 */
FFLAG_API uint64_t fflag_bucket(const void *key, size_t key_length, const void *salt,
                                size_t salt_length);

#ifdef __cplusplus
}
#endif
#endif
