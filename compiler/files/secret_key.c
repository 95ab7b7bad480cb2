/* secret_key.c - minisign's secret keys, with or without a password. */
#include "compiler/base/buffer.h"
#include "seal.h"
#include "compiler/base/file.h"
#include "compiler/base/text_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define MAX_KEY_FILE 4096
#define MAX_PASSWORD 1024

/* The file's layout, decoded from base64; little-endian. */
struct key_file {
    uint8_t algorithm[2];  /* "Ed" */
    uint8_t derivation[2]; /* "Sc": encrypted; zeros: not encrypted */
    uint8_t checksum[2];   /* "B2" */
    uint8_t salt[32];
    uint8_t work[8];
    uint8_t memory[8];
    struct {
        uint8_t id[8];
        uint8_t bytes[64];
        uint8_t sum[32]; /* BLAKE2b-256 of the algorithm, key id and secret; zeros where unused */
    } secret;
};
_Static_assert(sizeof(struct key_file) == 158, "no padding");

static uint64_t read_number(const uint8_t bytes[8])
{
    uint64_t number = 0;
    for (unsigned i = 0; i < 8; i++)
        number |= (uint64_t)bytes[i] << 8 * i;
    return number;
}

static bool decode(const struct buffer *text, struct key_file *file)
{
    static const char comment[] = "untrusted comment:";
    struct text_lines lines = text_lines_of(text->bytes, text->length);
    char *line;
    size_t length;
    if (!next_text_line(&lines, &line) || strncmp(line, comment, strlen(comment)) != 0 ||
        !next_text_line(&lines, &line))
        return false;
    return sodium_base642bin((uint8_t *)file, sizeof *file, line, strlen(line), NULL, &length, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           length == sizeof *file && !memcmp(file->algorithm, "Ed", 2) &&
           !memcmp(file->checksum, "B2", 2) &&
           (!memcmp(file->derivation, "Sc", 2) || sodium_is_zero(file->derivation, 2));
}

/* Reads a line from the terminal without showing it. */
static bool ask_password(const char *path, char *password, size_t size)
{
    struct termios shown, hidden;
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0 || tcgetattr(terminal, &shown) != 0) {
        if (terminal >= 0)
            close(terminal);
        return false;
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(terminal, TCSAFLUSH, &hidden);
    dprintf(terminal, "password of %s: ", path);
    size_t length = 0;
    ssize_t got;
    while (length < size - 1 && (got = read(terminal, password + length, 1)) != 0) {
        if (got < 0 && errno != EINTR)
            break;
        if (got > 0 && password[length++] == '\n') {
            length--;
            break;
        }
    }
    password[length] = '\0';
    tcsetattr(terminal, TCSAFLUSH, &shown);
    dprintf(terminal, "\n");
    close(terminal);
    return true;
}

static bool decrypt(struct key_file *file, const char *password, struct buffer *error)
{
    uint8_t stream[sizeof file->secret];
    if (crypto_pwhash_scryptsalsa208sha256(stream, sizeof stream, password, strlen(password),
                                           file->salt, read_number(file->work),
                                           read_number(file->memory)) != 0) {
        buffer_append_text(error, "there is not enough memory to decrypt it");
        return false;
    }
    uint8_t *secret = (uint8_t *)&file->secret;
    for (size_t i = 0; i < sizeof stream; i++)
        secret[i] ^= stream[i];
    sodium_memzero(stream, sizeof stream);

    uint8_t sum[sizeof file->secret.sum];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof sum);
    crypto_generichash_update(&state, file->algorithm, sizeof file->algorithm);
    crypto_generichash_update(
        &state, secret, offsetof(struct key_file, secret.sum) - offsetof(struct key_file, secret));
    crypto_generichash_final(&state, sum, sizeof sum);
    if (sodium_memcmp(sum, file->secret.sum, sizeof sum) == 0)
        return true;
    buffer_append_text(error, "the password is wrong");
    return false;
}

static bool unlock(const char *path, struct key_file *file, struct buffer *error)
{
    if (sodium_is_zero(file->derivation, sizeof file->derivation))
        return true;
    char password[MAX_PASSWORD];
    if (!ask_password(path, password, sizeof password)) {
        buffer_append_text(error, "it is encrypted, and there is no terminal to ask for its "
                                  "password; `minisign -GW` makes a key without one");
        return false;
    }
    bool done = decrypt(file, password, error);
    sodium_memzero(password, sizeof password);
    return done;
}

/* The second half of a key must match the first. */
static bool is_whole(const struct secret_key *key)
{
    uint8_t public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(public, secret, key->bytes);
    bool whole = sodium_memcmp(secret, key->bytes, sizeof secret) == 0;
    sodium_memzero(secret, sizeof secret);
    return whole;
}

bool secret_key_read(const char *path, struct secret_key *key, struct buffer *error)
{
    struct buffer text = {0}, problem = {0};
    struct key_file file;
    bool done = sodium_init() >= 0 && read_file(path, MAX_KEY_FILE, &text, &problem);
    if (done && !decode(&text, &file)) {
        buffer_append_text(&problem, "it is not a minisign secret key");
        done = false;
    }
    if (done && (done = unlock(path, &file, &problem))) {
        memcpy(key->id, file.secret.id, sizeof key->id);
        memcpy(key->bytes, file.secret.bytes, sizeof key->bytes);
        done = is_whole(key);
        if (!done)
            buffer_append_text(&problem, "it is damaged");
    }
    if (!done)
        buffer_format(error, "cannot sign with '%s': %s", path, problem.bytes);
    sodium_memzero(&file, sizeof file);
    if (text.bytes)
        sodium_memzero(text.bytes, text.capacity);
    buffer_release(&text);
    buffer_release(&problem);
    return done;
}

void secret_key_forget(struct secret_key *key)
{
    sodium_memzero(key, sizeof *key);
}
