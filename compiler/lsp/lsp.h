/* lsp.h - `ffc lsp`, which editors start. */
#ifndef FFC_LSP_H
#define FFC_LSP_H

#include "compiler/cli/options.h"

extern const struct command lsp_command;

#endif
