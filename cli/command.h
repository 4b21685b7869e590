/* The command table: one entry a command, each in a file of its name.
 *
 *   main.c      words of the command line -> entry
 *   options.c   the rest of the words     -> struct crux_cli_call
 *   <name>.c    entry->run(call)          -> exit code
 *   output.c    what a command says, to a person or as one JSON object
 */
#ifndef CRUX_CLI_COMMAND_H
#define CRUX_CLI_COMMAND_H

#include <stdbool.h>

#include "cli/options.h"

#define CRUX_CLI_VERSION "0.1.0"

/* Of crux_engine_open's CRUX_E_USAGE. */
#define CRUX_CLI_PIN_HELP                                                                          \
    " (--pin takes none, cores, or processors that this process may use, such as 0,2-3)"

enum crux_cli_exit {
    CRUX_CLI_OK = 0,
    CRUX_CLI_FAILURE = 1,
    CRUX_CLI_USAGE = 2,
    CRUX_CLI_FALSE = 3 /* it worked, and something is false */
};

struct crux_cli_command;

struct crux_cli_call {
    const struct crux_cli_command *command; /* NULL before one is found */
    bool json;
    const struct crux_cli_value *option; /* one for each entry of command->options */
    const char *const *operand;
    unsigned operand_count; /* within the command's limits */
};

struct crux_cli_command {
    const char *name;     /* "doctor", or "program show": a group and its command */
    const char *summary;  /* one line */
    const char *operands; /* as in the usage line: "FILE", or "" */
    unsigned operands_least, operands_most;
    const struct crux_cli_option *options; /* the last one has no name; NULL: none */
    const char *help;                      /* more, in lines; or NULL */
    enum crux_cli_exit (*run)(const struct crux_cli_call *call);
};

/* The last one has no name. */
extern const struct crux_cli_command crux_cli_commands[];

extern const struct crux_cli_option crux_cli_run_options[];
extern const struct crux_cli_option crux_cli_bench_options[];
extern const struct crux_cli_option crux_cli_challenger_options[];
extern const struct crux_cli_option crux_cli_verify_options[];
extern const struct crux_cli_option crux_cli_watch_options[];
extern const struct crux_cli_option crux_cli_chain_init_options[];
extern const struct crux_cli_option crux_cli_chain_log_options[];
extern const struct crux_cli_option crux_cli_chain_disputes_options[];
extern const struct crux_cli_option crux_cli_chain_as_options[]; /* of withdraw and payee */
extern const struct crux_cli_option crux_cli_chain_serve_options[];
extern const struct crux_cli_option crux_cli_economics_options[];
extern const struct crux_cli_option crux_cli_eval_options[];
extern const struct crux_cli_option crux_cli_executor_options[];
extern const struct crux_cli_option crux_cli_import_options[];
extern const struct crux_cli_option crux_cli_keys_new_options[];
extern const struct crux_cli_option crux_cli_keys_show_options[];
extern const struct crux_cli_option crux_cli_keys_sign_options[];
extern const struct crux_cli_option crux_cli_model_verify_options[];
extern const struct crux_cli_option crux_cli_simulate_options[];
extern const struct crux_cli_option crux_cli_tokenize_options[];
extern const struct crux_cli_option crux_cli_program_check_options[];
extern const struct crux_cli_option crux_cli_program_example_options[];
extern const struct crux_cli_option crux_cli_program_assemble_options[];

enum crux_cli_exit crux_cli_run_run(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_bench(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_verify(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_watch(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_challenger(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_init(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_status(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_advance(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_deposit(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_move(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_call(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_lapse(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_convict(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_log(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_claims(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_show(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_disputes(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_withdraw(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_payee(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_verify(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_chain_serve(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_economics(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_executor(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_eval(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_program_example(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_program_show(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_program_check(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_program_assemble(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_import(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_keys_new(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_keys_show(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_keys_sign(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_model_info(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_model_list(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_model_verify(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_simulate(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_tokenize(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_doctor(const struct crux_cli_call *call);
enum crux_cli_exit crux_cli_run_witness_show(const struct crux_cli_call *call);

#endif
