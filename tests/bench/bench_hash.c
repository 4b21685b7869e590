/* How fast pages and nodes are hashed: each implementation with all of its lanes (one for shani,
 * plain), beside OpenSSL's libcrypto. Contenders take turns within a round, so that a noisy
 * neighbour meets all of them; the figures are medians over the rounds.
 *
 *   bench_hash [--json] [--rounds N]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef CRUX_HAVE_LIBCRYPTO
#include <openssl/evp.h>
#endif

#include "kernels/base/sha256_impl.h"

enum { DATA_BYTES = 1 << 20, ROUNDS_MAX = 101, CONTENDERS_MAX = 16 };

/* One turn hashes the data this often: some milliseconds even for the fastest. */
enum { REPEATS = 4 };

struct workload {
    const char *name;
    uint8_t prefix;
    size_t message_bytes; /* without the prefix */
    size_t messages;
};

static const struct workload workloads[] = {
    {"page_256", 0x00, 256, DATA_BYTES / 256},
    {"page_1024", 0x00, 1024, DATA_BYTES / 1024},
    {"node", 0x01, 64, DATA_BYTES / 64},
    {"stream_1m", 0x00, DATA_BYTES, 1},
};

struct contender {
    char name[32];
    struct crux_sha256_impl impl; /* lanes 0: libcrypto */
};

static uint8_t data[DATA_BYTES];
static uint8_t hashes[DATA_BYTES / 64 * 32];
static uint8_t expected[DATA_BYTES / 64 * 32];

static void die(const char *message) {
    fprintf(stderr, "bench_hash: %s\n", message);
    exit(1);
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#ifdef CRUX_HAVE_LIBCRYPTO

static EVP_MD *md;
static EVP_MD_CTX *md_ctx;

static void libcrypto_init(void) {
    md = EVP_MD_fetch(NULL, "SHA256", NULL);
    md_ctx = EVP_MD_CTX_new();
    if (!md || !md_ctx) die("libcrypto has no SHA256");
}

/* Its quickest way: algorithm fetched once, one context for all messages. */
static void libcrypto_many(const struct workload *load) {
    for (size_t i = 0; i < load->messages; i++) {
        bool ok = EVP_DigestInit_ex2(md_ctx, md, NULL) &&
                  EVP_DigestUpdate(md_ctx, &load->prefix, 1) &&
                  EVP_DigestUpdate(md_ctx, data + i * load->message_bytes, load->message_bytes) &&
                  EVP_DigestFinal_ex(md_ctx, hashes + 32 * i, NULL);
        if (!ok) die("libcrypto failed");
    }
}

#else

static void libcrypto_many(const struct workload *load CRUX_UNUSED) {
    die("built without libcrypto");
}

#endif

static void hash_all(const struct contender *contender, const struct workload *load) {
    if (contender->impl.lanes == 0) {
        libcrypto_many(load);
    } else {
        crux_sha256_many_with(&contender->impl, hashes, load->prefix, data, load->message_bytes,
                              load->message_bytes, load->messages);
    }
}

static double seconds_of_turn(const struct contender *contender, const struct workload *load) {
    double start = seconds_now();
    for (int i = 0; i < REPEATS; i++) hash_all(contender, load);
    return (seconds_now() - start) / REPEATS;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Every available implementation, with all its lanes. */
static size_t list_contenders(struct contender out[CONTENDERS_MAX]) {
    size_t count, n = 0;
    const struct crux_sha256_impl *impls = crux_sha256_impls(&count);
    for (size_t i = 0; i < count; i++) {
        if (!impls[i].available()) {
            fprintf(stderr, "skipped: %s (not on this processor)\n", impls[i].name);
            continue;
        }
        CRUX_ASSERT(n < CONTENDERS_MAX - 1);
        out[n].impl = impls[i];
        snprintf(out[n].name, sizeof out[n].name, "%s", impls[i].name);
        n++;
    }
#ifdef CRUX_HAVE_LIBCRYPTO
    libcrypto_init();
    out[n] = (struct contender){.name = "libcrypto"};
    n++;
#else
    fprintf(stderr, "skipped: libcrypto (not found when this was built)\n");
#endif
    return n;
}

static void print_row(const struct workload *load, const struct contender *contender, bool json,
                      bool first, double seconds, double rival_seconds) {
    double bytes = (double)load->message_bytes * (double)load->messages;
    double mb_per_second = bytes / seconds / 1e6;
    double ns_per_hash = seconds / (double)load->messages * 1e9;
    size_t lanes = contender->impl.lanes > 0 ? contender->impl.lanes : 1;
    double ratio = rival_seconds / seconds;
    if (json) {
        printf("%s{\"workload\": \"%s\", \"implementation\": \"%s\", \"lanes\": %zu, "
               "\"mb_per_second\": %.1f, \"ns_per_hash\": %.1f, \"ratio_to_libcrypto\": ",
               first ? "" : ", ", load->name, contender->name, lanes, mb_per_second, ns_per_hash);
        if (rival_seconds > 0)
            printf("%.3f}", ratio);
        else
            printf("null}");
        return;
    }
    printf("%-10s %-10s %5zu %10.1f %12.1f", load->name, contender->name, lanes, mb_per_second,
           ns_per_hash);
    if (rival_seconds > 0) printf(" %9.2fx", ratio);
    printf("\n");
}

int main(int argc, char **argv) {
    static struct contender contenders[CONTENDERS_MAX];
    static double seconds[CONTENDERS_MAX][ROUNDS_MAX];
    bool json = false;
    long rounds = 11;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
            rounds = strtol(argv[++i], NULL, 10);
        } else {
            rounds = 0;
        }
    }
    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_hash [--json] [--rounds 1..%d]\n", ROUNDS_MAX);
        return 2;
    }

    for (size_t i = 0; i < DATA_BYTES; i++) data[i] = (uint8_t)(i * 2654435761u >> 13);
    size_t n = list_contenders(contenders);
    if (json)
        printf("{\"selected\": \"%s\", \"rounds\": %ld, \"results\": [",
               crux_sha256_selected()->name, rounds);
    else
        printf("selected: %s\n%-10s %-10s %5s %10s %12s %10s\n", crux_sha256_selected()->name,
               "workload", "with", "lanes", "MB/s", "ns/hash", "/libcrypto");

    for (size_t w = 0; w < CRUX_ARRAY_LEN(workloads); w++) {
        const struct workload *load = &workloads[w];
        double rival = 0;
        for (size_t c = 0; c < n; c++) {
            hash_all(&contenders[c], load);
            if (c == 0) memcpy(expected, hashes, 32 * load->messages);
            if (memcmp(expected, hashes, 32 * load->messages) != 0)
                die("the contenders do not agree");
        }
        for (long r = 0; r < rounds; r++) {
            for (size_t c = 0; c < n; c++) seconds[c][r] = seconds_of_turn(&contenders[c], load);
        }
        for (size_t c = 0; c < n; c++) {
            qsort(seconds[c], (size_t)rounds, sizeof seconds[c][0], compare);
            if (contenders[c].impl.lanes == 0) rival = seconds[c][rounds / 2];
        }
        for (size_t c = 0; c < n; c++) {
            print_row(load, &contenders[c], json, w == 0 && c == 0, seconds[c][rounds / 2], rival);
        }
    }
    if (json) printf("]}\n");
    return 0;
}
