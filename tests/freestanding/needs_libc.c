/* Shows that the link test can fail: this one does need a C library. */
int abs(int);
int putchar(int);
int crux_needs_libc(int value);

int crux_needs_libc(int value) {
    return putchar(abs(value));
}
