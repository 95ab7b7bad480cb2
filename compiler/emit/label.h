/* label.h - labels given to a snapshot at build. */
#ifndef FFC_LABEL_H
#define FFC_LABEL_H

struct label {
    const char *key;
    const char *value;
};

#endif
