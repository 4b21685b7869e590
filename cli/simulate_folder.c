#define _DEFAULT_SOURCE /* flock */
#include "cli/simulate_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "crux-simulate-"
enum {
    RANDOM_LETTERS = 6,
    PID_DIGITS_MAX = 10,
    FILES_MAX = 64,
    ENTRIES_MAX = 65536, /* of the base, that are looked at for what is left */
    TRIES = 8            /* for a folder of its own */
};

static const char *const names[] = {"chain", "chain-wal", "chain-shm", "chain-journal"};
static const int ends[] = {SIGINT, SIGTERM, SIGHUP};

static const char *find_base(void) {
    const char *named = getenv("TMPDIR");
    if (named != NULL && named[0] != 0) return named;
    return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}

/* ---- of processes that are gone ---- */

/* Returns: the process that a folder of this name belongs to; 0 if it is not a name of ours. */
static pid_t owner(const char *name) {
    const size_t len = strlen(PREFIX);
    if (strncmp(name, PREFIX, len) != 0) return 0;
    const char *digits = name + len;
    size_t count = strspn(digits, "0123456789");
    if (count == 0 || count > PID_DIGITS_MAX || digits[0] == '0' || digits[count] != '-') return 0;
    if (strlen(digits + count + 1) != RANDOM_LETTERS || strchr(digits, '/') != NULL) return 0;
    long long pid = strtoll(digits, NULL, 10);
    return pid <= INT32_MAX ? (pid_t)pid : 0;
}

static void remove_files(int folder) {
    DIR *files = fdopendir(dup(folder));
    if (files == NULL) return;
    const struct dirent *entry;
    for (unsigned i = 0; i < FILES_MAX && (entry = readdir(files)) != NULL; i++)
        (void)unlinkat(folder, entry->d_name, 0); /* not what is a folder */
    (void)closedir(files);
}

/* Our own folder, whose process is gone.  The lock is for machines that share a folder and not their processes. */
static void remove_left(int base, const char *name) {
    struct stat what;
    int folder = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return;
    if (fstat(folder, &what) == 0 && what.st_uid == geteuid() &&
        flock(folder, LOCK_EX | LOCK_NB) == 0) {
        remove_files(folder);
        (void)unlinkat(base, name, AT_REMOVEDIR);
    }
    (void)close(folder);
}

static void remove_all_left(const char *path) {
    DIR *base = opendir(path);
    if (base == NULL) return;
    const struct dirent *entry;
    for (unsigned i = 0; i < ENTRIES_MAX && (entry = readdir(base)) != NULL; i++) {
        pid_t pid = owner(entry->d_name);
        if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) remove_left(dirfd(base), entry->d_name);
    }
    (void)closedir(base);
}

/* ---- of this process ---- */

/* What a signal removes: written while none is taken. */
static char path_here[CRUX_CLI_SIMULATE_FOLDER_BYTES];
static char file_here[CRUX_ARRAY_LEN(names)][CRUX_CLI_SIMULATE_PATH_BYTES];
static struct sigaction before[CRUX_ARRAY_LEN(ends)];

/* Ends by the same signal, for which nobody waits after SA_RESETHAND. */
static void on_end(int number) {
    for (size_t i = 0; i < CRUX_ARRAY_LEN(names); i++) (void)unlink(file_here[i]);
    (void)rmdir(path_here);
    (void)raise(number);
}

/* Ends that are ignored, as under nohup, stay so. */
static void watch_ends(void) {
    struct sigaction action = {.sa_handler = on_end, .sa_flags = (int)SA_RESETHAND};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(ends); i++) (void)sigaddset(&action.sa_mask, ends[i]);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(ends); i++) {
        (void)sigaction(ends[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) (void)sigaction(ends[i], &action, NULL);
    }
}

static void block_ends(int how) {
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(ends); i++) (void)sigaddset(&set, ends[i]);
    (void)sigprocmask(how, &set, NULL);
}

/* Between its making and its lock another process may take the folder for one that is left, where they share the folder and
 * not their processes: then it is gone, or about to go.  Returns: has it the lock, and is it there? Where a file system has
 * no such locks, nobody has one, and nothing is removed. */
static bool hold(const struct crux_cli_simulate_folder *folder) {
    struct stat held, named;
    if (flock(folder->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
    return fstat(folder->lock, &held) == 0 && lstat(folder->path, &named) == 0 &&
           held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

/* Returns: CRUX_E_STOPPING where another process has it, or had. */
static enum crux_status make_one(struct crux_cli_simulate_folder *folder, const char *base) {
    (void)snprintf(folder->path, sizeof folder->path, "%.200s/" PREFIX "%ld-XXXXXX", base,
                   (long)getpid());
    if (mkdtemp(folder->path) == NULL) return CRUX_E_IO;
    folder->lock = open(folder->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder->lock >= 0 && hold(folder)) return CRUX_OK;
    enum crux_status status = folder->lock >= 0 || errno == ENOENT ? CRUX_E_STOPPING : CRUX_E_IO;
    if (folder->lock >= 0) (void)close(folder->lock);
    (void)rmdir(folder->path);
    return status;
}

enum crux_status crux_cli_simulate_folder_make(struct crux_cli_simulate_folder *folder) {
    const char *base = find_base();
    remove_all_left(base);
    block_ends(SIG_BLOCK);
    enum crux_status status = CRUX_E_STOPPING;
    for (unsigned i = 0; i < TRIES && status == CRUX_E_STOPPING; i++)
        status = make_one(folder, base);
    folder->made = status == CRUX_OK;
    if (folder->made) {
        (void)snprintf(folder->chain, sizeof folder->chain, "%s/%s", folder->path, names[0]);
        (void)snprintf(path_here, sizeof path_here, "%s", folder->path);
        for (size_t i = 0; i < CRUX_ARRAY_LEN(names); i++)
            (void)snprintf(file_here[i], sizeof file_here[i], "%s/%s", folder->path, names[i]);
        return CRUX_OK;
    }
    block_ends(SIG_UNBLOCK);
    return CRUX_E_IO;
}

void crux_cli_simulate_folder_ready(struct crux_cli_simulate_folder *folder) {
    folder->ready = true;
    watch_ends();
    block_ends(SIG_UNBLOCK);
}

void crux_cli_simulate_folder_remove(struct crux_cli_simulate_folder *folder) {
    if (!folder->made) return;
    remove_files(folder->lock);
    (void)rmdir(folder->path);
    for (size_t i = 0; folder->ready && i < CRUX_ARRAY_LEN(ends); i++)
        (void)sigaction(ends[i], &before[i], NULL);
    if (!folder->ready) block_ends(SIG_UNBLOCK);
    (void)close(folder->lock);
    folder->made = folder->ready = false;
}
