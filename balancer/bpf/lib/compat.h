/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What lets one header serve both compilers: BPF, and the native one of the daemon and the tests.
 *
 * Memory that several CPUs and the daemon write is only touched through these. BPF (v3) has no
 * loads and stores with an order, only atomic operations, which are full barriers; plain accesses
 * keep their order on the strongly ordered machines (x86, s390).
 *
 * Constant tables of bytes are `const volatile`, so that Clang keeps them out of the sections of
 * mergeable constants, of which the BTF knows nothing.
 *
 * PINION_OPAQUE(value) hides from the compiler what it knows of a variable. Without it Clang turns
 * masks back into branches, each of which doubles the paths that the verifier follows; drops masks
 * that only the verifier needs; and merges or moves accesses that the verifier then refuses.
 *
 * PINION_GLOBAL_FUNC makes a function the verifier's own: it checks the function once, for any
 * arguments, instead of anew on every path that calls it. The function stays off the fast path,
 * too, and has a stack frame of its own (the frames of a chain of calls share 512 bytes). Arguments
 * are the context, integers, and pointers to memory of a known size, which may be NULL to the
 * verifier: the function checks them.
 */
#pragma once

#include <linux/types.h>

#define PINION_OPAQUE(value) asm volatile("" : "+r"(value))
#define PINION_GLOBAL_FUNC   __attribute__((noinline))

/* A flow is written by field, and hashed and compared a word at a time. */
typedef __u64 pinion_word __attribute__((may_alias));

#ifdef __bpf__

#define PINION_LOAD(place)		   (*(volatile typeof(place) *)&(place))
#define PINION_LOAD_ORDERED(place)	   PINION_LOAD(place)
#define PINION_STORE(place, value)	   (*(volatile typeof(place) *)&(place) = (value))
#define PINION_STORE_ORDERED(place, value) ((void)__sync_lock_test_and_set(&(place), (value)))
#define PINION_FENCE()			   asm volatile("" ::: "memory")
#define PINION_ADD(place, value)	   ((void)__sync_fetch_and_add(&(place), (value)))
/* True if `place` was `from`, and is now `to`. */
#define PINION_SWAP(place, from, to) (__sync_val_compare_and_swap(&(place), (from), (to)) == (from))

#else

#undef __always_inline
#define __always_inline			   inline __attribute__((always_inline))
#define PINION_LOAD(place)		   __atomic_load_n(&(place), __ATOMIC_RELAXED)
#define PINION_LOAD_ORDERED(place)	   __atomic_load_n(&(place), __ATOMIC_ACQUIRE)
#define PINION_STORE(place, value)	   __atomic_store_n(&(place), (value), __ATOMIC_RELAXED)
#define PINION_STORE_ORDERED(place, value) __atomic_store_n(&(place), (value), __ATOMIC_SEQ_CST)
#define PINION_ADD(place, value)	   ((void)__atomic_fetch_add(&(place), (value), __ATOMIC_RELAXED))
#define PINION_SWAP(place, from, to)	   __sync_bool_compare_and_swap(&(place), (from), (to))
#ifdef __has_feature /* Clang; GCC defines the macro. */
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define PINION_FENCE() ((void)0) /* ThreadSanitizer knows no fences; every access is atomic. */
#else
#define PINION_FENCE() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#endif

#endif
