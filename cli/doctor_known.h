/* Questions to the element evaluator whose answers are known from arithmetic, not from an earlier run. */
#ifndef CRUX_CLI_DOCTOR_KNOWN_H
#define CRUX_CLI_DOCTOR_KNOWN_H

#include "cli/options.h"

/* Out: why, if an answer was wrong.  Returns: CRUX_E_KNOWN_ANSWER_FAILED. */
CRUX_MUST_CHECK
enum crux_status crux_cli_doctor_reference(char why[CRUX_CLI_MESSAGE_BYTES]);

#endif
