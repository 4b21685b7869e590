/* The only place for compiler attributes and checks. Freestanding: no libc behind any of these. */
#ifndef CRUX_KERNELS_BASE_MACROS_H
#define CRUX_KERNELS_BASE_MACROS_H

/* The caller must look at the result. */
#define CRUX_MUST_CHECK __attribute__((warn_unused_result))

#define CRUX_UNUSED     __attribute__((unused))

/* Argument number `at` is a printf format for the arguments from number `first` on; both count from 1. */
#define CRUX_PRINTF(at, first) __attribute__((format(printf, at, first)))

/* For functions that use instructions the baseline build does not have, and for helpers that must
 * melt into them. */
#define CRUX_TARGET(features) __attribute__((target(features)))
#define CRUX_INLINE           static inline __attribute__((always_inline))

/* Before a loop of few turns whose arrays should live in registers. Under a sanitizer, whose checks would be unrolled
 * too, the compiler decides: it would take minutes a file. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CRUX_UNROLL
#endif
#endif
#if defined(CRUX_UNROLL)
#elif defined(__clang__)
#define CRUX_UNROLL _Pragma("clang loop unroll(full)")
#else
#define CRUX_UNROLL _Pragma("GCC unroll 16")
#endif

#define CRUX_ALIGNED(bytes)      __attribute__((aligned(bytes)))

#define CRUX_ARRAY_LEN(array)    (sizeof(array) / sizeof((array)[0]))

#define CRUX_LIKELY(condition)   (__builtin_expect(!!(condition), 1))
#define CRUX_UNLIKELY(condition) (__builtin_expect(!!(condition), 0))

/* Stays on in every build: a broken invariant stops the process, it never becomes a wrong answer.
 * Never for input from outside; that gets a status. */
#define CRUX_ASSERT(condition) (CRUX_LIKELY(condition) ? (void)0 : __builtin_trap())

#endif
