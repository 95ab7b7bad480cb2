/* label.h - what whoever builds a snapshot says of it. */
#ifndef FFC_LABEL_H
#define FFC_LABEL_H

struct label {
    const char *key;
    const char *value;
};

#endif
