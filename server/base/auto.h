/* base/auto.h: scope cleanup for things that are not arena memory.
 *
 *   AUTO(json) json_t *value = NULL;   // json_decref on every way out
 *
 * A room that owns a type adds `static inline void auto_<name>(T *x)` in its own header. */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#define AUTO(name) __attribute__((cleanup(auto_##name)))

#endif
