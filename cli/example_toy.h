/* The example of spec/22-text.md#example, word for word (a test compares them). */
#ifndef CRUX_CLI_EXAMPLE_TOY_H
#define CRUX_CLI_EXAMPLE_TOY_H

extern const char crux_cli_example_toy[];

#endif
