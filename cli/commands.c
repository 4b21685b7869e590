#include "cli/command.h"

#include <stddef.h>

#define PROGRAM_FILE                                                                               \
    "FILE is a program file or its text form (spec/22-text.md); - is standard input.\n"

const struct crux_cli_command crux_cli_commands[] = {
    {
        .name = "run",
        .summary = "Write text with a model, every layer of it committed.",
        .operands = "MODEL",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_run_options,
        .help = "MODEL is a .crux file. The text goes on until the model ends it, or after "
                "--max-tokens. The trace root\ncommits every step of the run: it is the same on "
                "every machine, with every backend and number of threads.\n",
        .run = crux_cli_run_run,
    },
    {
        .name = "executor",
        .summary = "Serve models over HTTP; put claims about the answers on a chain.",
        .operands = "",
        .options = crux_cli_executor_options,
        .help =
            "The interface is that of OpenAI: chat completions, completions, models. Each "
            "setting may also stand in the\nenvironment (CRUX_LISTEN) or in a file "
            "(--config). The first line of standard output is the URL; the log\ngoes to "
            "standard error. SIGTERM or SIGINT ends it once everything is answered; the "
            "second one at once.\n\n"
            "    crux executor --model smol=smol.crux\n"
            "    crux executor --model smol=smol.crux --chain local:chain --data executor --key "
            "key.json\n",
        .run = crux_cli_run_executor,
    },
    {
        .name = "bench",
        .summary = "Measure how fast a model runs here, and what committing costs of it.",
        .operands = "MODEL",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_bench_options,
        .help =
            "MODEL is a .crux file. Rates are tokens a second: of prompts of 128 and 512 "
            "tokens, and of 128 tokens chosen\none after the other; with --only one rate, "
            "as other engines' benches state theirs.\nThe share of commitment is what copying, "
            "hashing and "
            "appending records takes of the time of all threads;\nits cost is by how much "
            "longer a run takes than one with nothing committed.\n--only verify: how much sooner "
            "claims are checked than an answer is chosen, and what the audit of\nsome layers "
            "takes of a verification, in time and in memory, each in a process of its own.\n",
        .run = crux_cli_run_bench,
    },
    {
        .name = "challenger",
        .summary = "Follow a chain, run its claims again, and dispute the false ones.",
        .operands = "",
        .options = crux_cli_challenger_options,
        .help =
            "Reads events from where its journal ends, fetches what the chain does not hold from "
            "the executors, and\ncompares hashes with the chain's. What it finds false it "
            "disputes, "
            "as far as --mode and --risk allow, and plays\nto the end. It may be killed at any "
            "moment. The log goes to standard error: lines for a terminal, JSON elsewhere.\n",
        .run = crux_cli_run_challenger,
    },
    {
        .name = "verify",
        .summary =
            "Say what a receipt is worth: signature, place on the chain, and the run itself.",
        .operands = "RECEIPT",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_verify_options,
        .help =
            "RECEIPT is a receipt's JSON document, or an answer that carries one; - is standard "
            "input. With --chain: is the\nclaim there, and what has become of it? With --model: "
            "the whole run again, every record compared by the trace\nroot; with --layers, some "
            "layers of it, over the records that the executor serves: with the weights of those "
            "alone in\nmemory, and blind to a lie in any other. Ends with 3 if anything is false, "
            "with 1 if nothing is proved.\n\n"
            "    crux verify receipt.json --model smol.crux --layers 3 --executor "
            "http://127.0.0.1:8434\n",
        .run = crux_cli_run_verify,
    },
    {
        .name = "watch",
        .summary = "See claims and disputes of a chain as they go: stages, turns, clocks.",
        .operands = "",
        .options = crux_cli_watch_options,
        .help = "Batches with their claims, and each open dispute with its place, whose turn it is "
                "and how long it has. --json writes\na line for each picture. Ends at a signal, or "
                "with --once after the first picture.\n",
        .run = crux_cli_run_watch,
    },
    {
        .name = "simulate",
        .summary = "Play the game about a claim, true or false, to its end.",
        .operands = "",
        .options = crux_cli_simulate_options,
        .help =
            "An executor answers a request and posts its claim, with a fault in it or without. A "
            "challenger re-executes,\nand disputes what is false; others dispute what is true. The "
            "game goes on to the verdict, and value is counted\nbefore and after. The same seed "
            "plays the same game. Gas is an estimate from the moves' bytes and writes.\nOptions of "
            "the chain say what it does to moves; if that can take more than the clocks hold, it "
            "is "
            "said.\n--fault each is a table of all faults, each served, withheld, and in the "
            "honest "
            "run disputed by a sham.\n",
        .run = crux_cli_run_simulate,
    },
    {
        .name = "economics",
        .summary = "Say what cheating, auditing and flooding cost under given bonds and audits.",
        .operands = "",
        .options = crux_cli_economics_options,
        .help = "Each figure by its formula (spec/75-economics.md), and with --simulate as it is "
                "measured in random games by the\nreal rules: executors that lie in a share of "
                "their claims, audits of some claims, copycats who take the reward,\nfloods of "
                "disputes, honest challengers behind them. Unset, the parameters of the game are "
                "the chain's.\n",
        .run = crux_cli_run_economics,
    },
    {
        .name = "import",
        .summary = "Make a model of a GGUF file or a Hugging Face folder.",
        .operands = "SRC",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_import_options,
        .help = "Block formats keep their own lattice of weights; matrices of floats are rounded "
                "as --weights says. The same source\ngives the same model root on every "
                "machine. What is not supported is refused by name, and nothing is written.\n",
        .run = crux_cli_run_import,
    },
    {
        .name = "eval",
        .summary = "Measure how well a model predicts a text, and how far it is from floats.",
        .operands = "MODEL",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_eval_options,
        .help = "The text is cut into windows of --context tokens that do not overlap. Each token "
                "of a window but its first is\nscored, given the tokens before it in that window "
                "(of a model that wants a bos token, each window begins with\nit). With "
                "--against, floats compute the same positions straight from the source file: the "
                "ratio of the\nperplexities, and KL(float || model) in nats.\n",
        .run = crux_cli_run_eval,
    },
    {
        .name = "tokenize",
        .summary = "Turn text into the token ids of a model.",
        .operands = "MODEL",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_tokenize_options,
        .help = "MODEL is a .crux file. One line of ids for each text; with --json, ids is a list "
                "of them, or of such lists.\n",
        .run = crux_cli_run_tokenize,
    },
    {
        .name = "model info",
        .summary = "Say what a model is.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .run = crux_cli_run_model_info,
    },
    {
        .name = "model list",
        .summary = "List the models in a folder.",
        .operands = "[FOLDER]",
        .operands_most = 1,
        .run = crux_cli_run_model_list,
    },
    {
        .name = "model verify",
        .summary = "Hash all of a model, and certify it again.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_model_verify_options,
        .run = crux_cli_run_model_verify,
    },
    {
        .name = "program show",
        .summary = "Print a program as text.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .help = PROGRAM_FILE,
        .run = crux_cli_run_program_show,
    },
    {
        .name = "program check",
        .summary = "Prove that every element of a program can be judged, or say which cannot.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_program_check_options,
        .help =
            PROGRAM_FILE "\nThe structure is checked, then the certificate made: no intermediate "
                         "exceeds 64 bits, no index falls\noutside, and every witness and its "
                         "work stay below their limits, at every position.\n",
        .run = crux_cli_run_program_check,
    },
    {
        .name = "program assemble",
        .summary = "Write the program file of a program as text.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_program_assemble_options,
        .help = PROGRAM_FILE,
        .run = crux_cli_run_program_assemble,
    },
    {
        .name = "program example",
        .summary = "Write a program to look at: toy (every op), or decoder (of some shape).",
        .operands = "NAME",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_program_example_options,
        .help =
            "NAME is toy or decoder. The programs have no weights; shapes of published models are "
            "for `program check`.\n",
        .run = crux_cli_run_program_example,
    },
    {
        .name = "witness show",
        .summary = "Say what a witness holds, part by part, and what the adjudicator finds.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .help =
            "FILE holds claim, element and witness, as `crux simulate -o FILE` writes them; - is "
            "standard input.\n",
        .run = crux_cli_run_witness_show,
    },
    {
        .name = "keys new",
        .summary = "Make a key file: who signs receipts and moves, and whose balance it is.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_keys_new_options,
        .help = "Prints the account. The file is Web3 Secret Storage version 3, as wallets of the "
                "Ethereum family write it; a file\nthat is there is left alone. "
                "Without --passphrase-file or --passphrase-env the terminal is asked.\n",
        .run = crux_cli_run_keys_new,
    },
    {
        .name = "keys show",
        .summary = "Say which account a key file is for.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_keys_show_options,
        .run = crux_cli_run_keys_show,
    },
    {
        .name = "keys sign",
        .summary = "Sign a digest: of a pick, of a cancellation (spec/70-game.md).",
        .operands = "FILE DIGEST",
        .operands_least = 2,
        .operands_most = 2,
        .options = crux_cli_keys_sign_options,
        .help = "DIGEST is 64 hexadecimal digits, signed as it is. What you sign you cannot see "
                "from it: know where it comes\nfrom.\n",
        .run = crux_cli_run_keys_sign,
    },
    {
        .name = "chain init",
        .summary = "Make a chain file, in which claims and disputes live.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_chain_init_options,
        .help = "The file may be shared by several processes of this machine; it trusts each of "
                "them (spec/80-chains.md).\n",
        .run = crux_cli_run_chain_init,
    },
    {
        .name = "chain status",
        .summary = "Say where a chain stands: its clock, its events, its value.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .run = crux_cli_run_chain_status,
    },
    {
        .name = "chain advance",
        .summary = "Let time pass on a chain whose clock is scripted.",
        .operands = "FILE SECONDS",
        .operands_least = 2,
        .operands_most = 2,
        .run = crux_cli_run_chain_advance,
    },
    {
        .name = "chain deposit",
        .summary = "Put value into an account.",
        .operands = "FILE ACCOUNT AMOUNT",
        .operands_least = 3,
        .operands_most = 3,
        .help = "ACCOUNT is 40 hexadecimal digits, or a short name (spec/80-chains.md).\n",
        .run = crux_cli_run_chain_deposit,
    },
    {
        .name = "chain move",
        .summary = "Make a move in its canonical bytes.",
        .operands = "FILE ACCOUNT MOVE",
        .operands_least = 3,
        .operands_most = 3,
        .help = "ACCOUNT is 40 hexadecimal digits, or a short name (spec/80-chains.md). MOVE is a "
                "file with the bytes of a move\n(spec/70-game.md); - is standard input.\n",
        .run = crux_cli_run_chain_move,
    },
    {
        .name = "chain log",
        .summary = "List the events of a chain.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_chain_log_options,
        .run = crux_cli_run_chain_log,
    },
    {
        .name = "chain claims",
        .summary = "List the batches of claims on a chain.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .run = crux_cli_run_chain_claims,
    },
    {
        .name = "chain show",
        .summary = "Show a claim and its disputes, or an account.",
        .operands = "FILE CLAIM|ACCOUNT",
        .operands_least = 2,
        .operands_most = 2,
        .help = "A claim is BATCH/MEMBER, or BATCH alone for its first. ACCOUNT is 40 hexadecimal "
                "digits, or a short name.\n",
        .run = crux_cli_run_chain_show,
    },
    {
        .name = "chain disputes",
        .summary = "List disputes: whose turn it is, and until when.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_chain_disputes_options,
        .help = "A deadline with ! has passed: anybody may call the timeout.\n",
        .run = crux_cli_run_chain_disputes,
    },
    {
        .name = "chain withdraw",
        .summary = "Take value out of an account: all it has, or an amount.",
        .operands = "FILE ACCOUNT [AMOUNT]",
        .operands_least = 2,
        .operands_most = 3,
        .options = crux_cli_chain_as_options,
        .help = "ACCOUNT is 40 hexadecimal digits, or a short name (spec/80-chains.md). Of an "
                "account with a payee it goes to the balance of that.\n",
        .run = crux_cli_run_chain_withdraw,
    },
    {
        .name = "chain payee",
        .summary = "Name whom the withdrawals of an account go to: a cold account of a hot one.",
        .operands = "FILE ACCOUNT PAYEE|none",
        .operands_least = 3,
        .operands_most = 3,
        .options = crux_cli_chain_as_options,
        .help = "An account names its first payee; after that only the payee (--as) names another, "
                "or none.\nAn account with a payee makes no escrow.\n",
        .run = crux_cli_run_chain_payee,
    },
    {
        .name = "chain call",
        .summary = "Call a receipt whose deadline has passed: its executor must show the claim.",
        .operands = "FILE ACCOUNT RECEIPT",
        .operands_least = 3,
        .operands_most = 3,
        .help = "ACCOUNT pays the fee of a demand, and has it again, with a reward, if nobody "
                "answers in time. An executor that has\npledged nothing cannot be called. "
                "`crux verify RECEIPT --chain local:FILE` says when.\n",
        .run = crux_cli_run_chain_call,
    },
    {
        .name = "chain lapse",
        .summary = "Say of a receipt that was called and not answered in time that it is broken.",
        .operands = "FILE ACCOUNT RECEIPT",
        .operands_least = 3,
        .operands_most = 3,
        .help = "Anybody may; fee and reward go to the account that called it.\n",
        .run = crux_cli_run_chain_lapse,
    },
    {
        .name = "chain convict",
        .summary = "Prove with two receipts that an executor signed two claims for one request.",
        .operands = "FILE ACCOUNT RECEIPT RECEIPT",
        .operands_least = 4,
        .operands_most = 4,
        .help = "All that it has pledged falls; a part of it goes to ACCOUNT.\n",
        .run = crux_cli_run_chain_convict,
    },
    {
        .name = "chain verify",
        .summary = "Play all events again, and compare every hash and record.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .help = "A local chain trusts whoever writes its file; this does not. The parameters of "
                "the game are taken from the file.\n",
        .run = crux_cli_run_chain_verify,
    },
    {
        .name = "chain serve",
        .summary = "Let others read a chain file over HTTP, and move on it if they may.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .options = crux_cli_chain_serve_options,
        .help = "GET /v1/status, /v1/batches, /v1/claims/BATCH/MEMBER, /v1/accounts/ACCOUNT, "
                "/v1/disputes, /v1/events;\nPOST /v1/moves (spec/80-chains.md#served). Ends at "
                "SIGINT or SIGTERM.\n",
        .run = crux_cli_run_chain_serve,
    },
    {
        .name = "doctor",
        .summary = "Say what this machine can do, and test it with known answers.",
        .operands = "",
        .run = crux_cli_run_doctor,
    },
    {.name = NULL},
};
