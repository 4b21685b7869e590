/* Never built: shows that a warning stops the build. */
int crux_warns(long value);

int crux_warns(long value) {
    return value;
}
