/* uri.h - file URIs, as editors name documents. */
#ifndef FFC_LSP_URI_H
#define FFC_LSP_URI_H

/* The path that a file URI names, absolute and to be freed; NULL: it is another URI, or unsound. */
char *uri_path(const char *uri);

#endif
