/* base/compiler.h: the few compiler attributes we use, by name. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define NOT_NULL          __attribute__((nonnull)) /* of any pointer it takes */
#define MALLOC_LIKE       __attribute__((malloc, warn_unused_result))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
