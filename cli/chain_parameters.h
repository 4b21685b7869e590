/* The parameters of a chain, as commands know them.   spec/70-game.md#parameters */
#ifndef CRUX_CLI_CHAIN_PARAMETERS_H
#define CRUX_CLI_CHAIN_PARAMETERS_H

#include "bisection/bisection.h"

enum { CRUX_CLI_PARAMETER_MESSAGE_BYTES = 256 };

/* Those of a chain whose maker says nothing else. */
const struct crux_game_parameters *crux_cli_chain_parameters(void);

/* Out: message, which rule they break, with the numbers.  In: parameters that crux_game_parameters_check refuses. */
void crux_cli_chain_parameters_fault(char message[CRUX_CLI_PARAMETER_MESSAGE_BYTES],
                                     const struct crux_game_parameters *parameters);

#endif
