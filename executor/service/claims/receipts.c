#include "executor/service/claims/receipts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "chain-adapter/local/local.h"
#include "executor/service/answer/parts.h"
#include "executor/service/claims/claim_document.h"
#include "executor/service/log.h"

/* A tick of the service is a quarter of a second; settlement is looked after every second. */
enum { TICKS_A_SECOND = 4 };

/* ---- opening ---- */

static enum crux_status fail(struct service *service, enum crux_status status, char *message,
                             size_t most, const char *what, const char *why) {
    (void)service;
    (void)snprintf(message, most, "%s: %s", what, why);
    return status;
}

/* What the chain must know of a model. */
static enum crux_status describe(struct crux_settle_model *model,
                                 const struct crux_served_model *served) {
    const struct crux_model_file *file = &served->loaded.file;
    struct crux_model_tree tree;
    void *memory = malloc(crux_model_tree_bytes(&file->program) + 1);
    if (memory == NULL) return CRUX_E_OUT_OF_MEMORY;
    enum crux_status status =
        crux_model_tree_build(&tree, &file->program, file->manifest_hash, memory);
    if (status == CRUX_OK) {
        memcpy(model->header, tree.header, sizeof model->header);
        memcpy(model->manifest_hash, tree.manifest_hash, 32);
        crux_merkle_tree_root(model->layers_root, &tree.layers);
    }
    free(memory);
    return status;
}

static enum crux_status open_settle(struct service *service, char *message, size_t most) {
    const struct crux_service_config *config = service->config;
    struct receipts *receipts = service->receipts;
    struct crux_settle_model models[CRUX_MODELS_MAX];
    char why[CRUX_SETTLE_TROUBLE_BYTES];
    struct crux_settle_options options = {.models = models,
                                          .model_count = service->models.count,
                                          .batch_count = config->batch_count,
                                          .batch_seconds = config->batch_seconds,
                                          .deadline_seconds = config->receipt_seconds,
                                          .retention_seconds = config->retention_seconds,
                                          .leaves_bytes_max = config->leaves_bytes,
                                          .bond = config->bond,
                                          .show = config->show != NULL &&
                                                          strcmp(config->show, "demanded") == 0
                                                      ? CRUX_SETTLE_SHOW_DEMANDED
                                                      : CRUX_SETTLE_SHOW_ALL,
                                          .withdraws = config->withdraw,
                                          .withdraw_above = config->withdraw_above,
                                          .pledge = config->pledge,
                                          .leaves = config->leave};
    if (config->payee != NULL && crux_chain_account_read(&options.payee, config->payee) != CRUX_OK)
        return fail(service, CRUX_E_USAGE, message, most, "--payee",
                    "40 hexadecimal digits, or a short name, are an account");
    for (unsigned i = 0; i < service->models.count; i++) {
        enum crux_status status = describe(&models[i], &service->models.model[i]);
        if (status != CRUX_OK)
            return fail(service, status, message, most, service->models.model[i].name,
                        crux_status_text(status));
    }
    enum crux_status status = crux_settle_open(&receipts->settle, receipts->store, &receipts->chain,
                                               receipts->key, &options, why);
    return status == CRUX_OK ? status : fail(service, status, message, most, "settlement", why);
}

/* On the archives' thread, which has a handle of the chain to itself. */
static enum crux_status open_chain(void *ctx, struct crux_chain *chain) {
    const struct receipts *receipts = ctx;
    const struct crux_chain_local_verifier verifier = {.verify = crux_keys_verify};
    return crux_chain_local_open(chain, receipts->path, &verifier);
}

static enum crux_status open_defence(struct service *service, char *message, size_t most) {
    struct receipts *receipts = service->receipts;
    struct crux_archives_model models[CRUX_MODELS_MAX];
    const struct crux_archives_options options = {.bytes_max = service->config->archive_bytes,
                                                  .of_one_max = service->config->traces_waiting};
    const struct crux_defend_options defence = {
        .account = receipts->key->account, .open = open_chain, .ctx = receipts};
    for (unsigned i = 0; i < service->models.count; i++)
        models[i] = crux_archives_model_of(&service->models.model[i].loaded);
    enum crux_status status =
        crux_archives_open(&receipts->archives, models, service->models.count, &options);
    if (status == CRUX_OK)
        status = crux_defend_open(&receipts->defend, receipts->archives, &defence);
    return status == CRUX_OK
               ? status
               : fail(service, status, message, most, "the archives", crux_status_text(status));
}

enum crux_status receipts_open(struct service *service, char *message, size_t most) {
    static const char local[] = "local:";
    const struct crux_service_config *config = service->config;
    const struct crux_chain_local_verifier verifier = {.verify = crux_keys_verify};
    char path[CRUX_CONFIG_TEXT_BYTES_MAX + 16], why[CRUX_STORE_NAME_BYTES_MAX * 2];
    uint8_t key[CRUX_ALLOWANCE_KEY_BYTES];
    if (config->chain == NULL) return CRUX_OK;
    if (strncmp(config->chain, local, sizeof local - 1) != 0)
        return fail(service, CRUX_E_USAGE, message, most, config->chain,
                    "there are chains local:PATH");
    struct receipts *receipts = calloc(1, sizeof *receipts);
    if (receipts == NULL)
        return fail(service, CRUX_E_OUT_OF_MEMORY, message, most, "receipts", "no memory");
    if (!receipts_seen_open(&receipts->seen)) {
        free(receipts);
        return fail(service, CRUX_E_OUT_OF_MEMORY, message, most, "receipts", "no lock");
    }
    service->receipts = receipts;
    receipts->key = service->key;
    if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
        return fail(service, CRUX_E_IO, message, most, "receipts", "no random bytes");
    crux_allowance_init(&receipts->allowance, (double)config->trace_bytes, key);
    receipts->path = config->chain + sizeof local - 1;
    enum crux_status status = crux_chain_local_open(&receipts->chain, receipts->path, &verifier);
    if (status != CRUX_OK) {
        status = fail(service, status, message, most, config->chain, receipts->chain.message);
        receipts->chain.ops = NULL;
        return status;
    }
    (void)snprintf(path, sizeof path, "%s/store", config->data);
    status = crux_store_open(&receipts->store, path, why);
    if (status != CRUX_OK) return fail(service, status, message, most, path, why);
    status = open_settle(service, message, most);
    if (status == CRUX_OK) status = open_defence(service, message, most);
    if (status == CRUX_OK) {
        receipts_know_pledged(receipts);
        receipts_tick(service);
    }
    return status;
}

void receipts_stop(struct service *service) {
    struct receipts *receipts = service->receipts;
    if (receipts == NULL) return;
    if (receipts->archives != NULL && receipts->pledged.pledge > 0)
        crux_log(CRUX_LOG_WARNING, NULL,
                 "%llu stay pledged: who is away for longer than a call may wait loses of it",
                 (unsigned long long)receipts->pledged.pledge);
    crux_archives_close(receipts->archives);
    receipts->archives = NULL;
}

void receipts_close(struct service *service) {
    struct receipts *receipts = service->receipts;
    if (receipts == NULL) return;
    receipts_stop(service);
    crux_defend_close(receipts->defend);
    crux_settle_close(receipts->settle);
    crux_store_close(receipts->store);
    if (receipts->chain.ops != NULL) receipts->chain.ops->close(&receipts->chain);
    receipts_seen_close(&receipts->seen);
    free(receipts);
    service->receipts = NULL;
}

/* ---- while it runs ---- */

/* What a person wants to know at once. */
static void say_defence(struct receipts *receipts) {
    struct crux_defend_figures figures;
    crux_defend_figures(receipts->defend, &figures);
    if (figures.cases > receipts->cases)
        crux_log(CRUX_LOG_WARNING, NULL, "%u claims are contested; defending them",
                 (unsigned)figures.cases);
    if (figures.false_promises > receipts->false_promises)
        crux_log(CRUX_LOG_ERROR, NULL,
                 "%llu runs came out otherwise than promised: this machine may compute wrongly",
                 (unsigned long long)figures.false_promises);
    receipts->cases = figures.cases;
    receipts->false_promises = figures.false_promises;
}

/* For receipts_may_accept. */
static void show_room(struct receipts *receipts) {
    atomic_store(&receipts->seen_status, (int)receipts->status);
    atomic_store(&receipts->seen_room, crux_settle_room(receipts->settle));
}

void receipts_tick(struct service *service) {
    struct receipts *receipts = service->receipts;
    if (receipts == NULL) return;
    bool is_due = receipts->ticks++ % TICKS_A_SECOND == 0;
    if (!is_due && !crux_settle_is_busy(receipts->settle)) return;
    enum crux_status before = receipts->status;
    receipts->status = crux_settle_tick(receipts->settle, (uint64_t)time(NULL));
    if (receipts->status != CRUX_OK && before == CRUX_OK)
        crux_log(CRUX_LOG_ERROR, NULL, "the store: %s", crux_settle_message(receipts->settle));
    /* also when the store can write nothing, such as on a full disk: what is known to be contested is defended */
    enum crux_status defended = crux_defend_tick(receipts->defend, receipts->store);
    if (receipts->status == CRUX_OK) receipts->status = defended;
    show_room(receipts);
    say_defence(receipts);
    receipts_say_pledged(receipts);
    receipts_show(receipts);
}

bool receipts_drained(struct service *service) {
    struct receipts *receipts = service->receipts;
    if (receipts == NULL) return true;
    return crux_settle_drain(receipts->settle, &receipts->left) == CRUX_OK && receipts->left == 0;
}

/* ---- promising ---- */

bool receipts_may_accept(struct answer *answer, struct crux_openai_error *error) {
    struct receipts *receipts = answer->service->receipts;
    const struct crux_openai_request *asked = &answer->request;
    if (receipts == NULL)
        return asked->mode == CRUX_OPENAI_MODE_UNSAID ||
               crux_openai_fail(error, 400, "unsupported_value", "crux.mode",
                                "This server has no chain, so it settles nothing.");
    answer->retry_after = "30";
    enum crux_status status = (enum crux_status)atomic_load(&receipts->seen_status);
    if (status != CRUX_OK)
        return crux_openai_fail(error, 503, "store", NULL, "No receipt can be kept now: %s",
                                crux_status_text(status));
    if (atomic_load(&receipts->seen_room) < answer->service->choices)
        return crux_openai_fail(error, 503, "balance_too_small", NULL,
                                "The executor's balance holds no bond for another claim.");
    answer->retry_after = NULL;
    return true;
}

static struct crux_store_run run_of(const struct answer *answer,
                                    const struct answer_choice *choice) {
    const struct crux_openai_request *asked = &answer->request;
    const struct crux_batcher_result *result = choice->result;
    struct crux_store_run run = {.claim = result->claim,
                                 .request_tokens = answer->prompts[choice->prompt].id,
                                 .output_tokens = result->tokens,
                                 .model = answer->model->name,
                                 .owner = answer->owner,
                                 .key = "",
                                 .fee_requester = asked->payer,
                                 .created_at = (uint64_t)answer->created,
                                 .is_fresh = !asked->has_nonce,
                                 .leaves = (const uint8_t(*)[32])result->leaves,
                                 .leaf_count = result->leaf_count};
    memcpy(run.request, result->request, sizeof run.request);
    run.receipt.mode =
        (uint8_t)(asked->mode == CRUX_OPENAI_MODE_UNSAID ? CRUX_MODE_BATCHED : asked->mode);
    if (asked->has_requester)
        memcpy(run.receipt.requester, asked->requester.b, sizeof run.receipt.requester);
    if (run.leaf_count > CRUX_STORE_LEAVES_MAX) {
        run.leaves = NULL;
        run.leaf_count = 0;
    }
    return run;
}

void receipts_begin(struct service *service) {
    struct receipts *receipts = service->receipts;
    if (receipts != NULL) receipts->grouping = true;
}

bool receipts_keep(struct service *service) {
    struct receipts *receipts = service->receipts;
    if (receipts == NULL) return true;
    receipts->grouping = false;
    show_room(receipts);
    if (!receipts->grouped) return true; /* there was nothing, or each was written by itself */
    receipts->grouped = false;
    if (crux_store_commit(receipts->store) == CRUX_OK) return true;
    crux_log(CRUX_LOG_ERROR, NULL, "the store: %s", crux_store_message(receipts->store));
    return false;
}

bool receipts_promise(struct answer *answer, struct answer_choice *choice,
                      struct crux_openai_error *error) {
    struct receipts *receipts = answer->service->receipts;
    struct crux_store_run run = run_of(answer, choice);
    if (receipts == NULL) {
        const struct crux_claim_document what = {.model = run.model,
                                                 .request = run.request,
                                                 .claim = &run.claim,
                                                 .request_tokens = run.request_tokens,
                                                 .output_tokens = run.output_tokens};
        choice->document = crux_claim_document(&what);
    } else {
        if (receipts->grouping && !receipts->grouped)
            receipts->grouped = crux_store_begin(receipts->store) == CRUX_OK;
        enum crux_status status = crux_settle_promise(receipts->settle, &run, NULL);
        if (status == CRUX_E_ALREADY_POSTED)
            return crux_openai_fail(error, 409, crux_status_name(status), "crux.mode",
                                    "No second receipt: %s.",
                                    crux_settle_message(receipts->settle));
        if (status == CRUX_E_BALANCE_TOO_SMALL)
            return crux_openai_fail(error, 503, crux_status_name(status), NULL,
                                    "The executor's balance holds no bond for this claim.");
        if (status != CRUX_OK)
            crux_log(CRUX_LOG_ERROR, answer->id, "no receipt: %s",
                     crux_settle_message(receipts->settle));
        if (status == CRUX_E_IO)
            return crux_openai_fail(error, 503, crux_status_name(status), NULL,
                                    "No receipt can be given now, so there is no answer; please "
                                    "try again later.");
        if (status != CRUX_OK)
            return crux_openai_fail(error, 500, crux_status_name(status), NULL,
                                    "The receipt could not be kept, so there is no answer.");
        choice->document = receipt_document(&run);
    }
    return choice->document != NULL ||
           crux_openai_fail(error, 503, "out_of_memory", NULL, "No memory.");
}
