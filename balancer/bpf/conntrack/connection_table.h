/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connection table: two-choice hashing into buckets of four entries, shared by XDP on every CPU
 * and by the daemon, without locks. Compiles natively too; the daemon sweeps with it, and its tests
 * run it with threads.
 *
 * - An entry belongs to whoever claims it, from the swap of its word until the store that publishes
 *   it. Nobody else writes it meanwhile, except `seen`.
 * - The sequence number in the word tells a reader that the entry has become another connection
 *   while it was being read. A change of state keeps the number.
 * - `load` is changed by whoever wins the swap that changes an entry's class (none, inactive,
 *   active), so it is exact: it is the number of entries that refer to the real server.
 * - Nothing established is ever evicted.
 *
 * A table is described by its `shape`; all functions are inlined, so that a constant shape leaves
 * constants only. IPv4 and IPv6 differ in nothing else.
 */
#pragma once

#include "balancer/bpf/abi/abi.h"
#include "balancer/bpf/conntrack/states.h"
#include "balancer/bpf/lib/compat.h"
#include "balancer/bpf/lib/hash.h"

struct pinion_shape {
	__u32 stride; /* Bytes of an entry. */
	__u32 words;  /* Of a flow, that tell one from another. */
	__u32 group;  /* Buckets in a group. */
};

#define PINION_SHAPE4 ((struct pinion_shape){sizeof(struct pinion_entry4), 2, PINION_GROUP4})
#define PINION_SHAPE6 ((struct pinion_shape){sizeof(struct pinion_entry6), 5, PINION_GROUP6})

/* The buckets that a flow may stand in, by number, or by address (map values). */
struct pinion_choice {
	__u32 first;
	__u32 second;
};

struct pinion_buckets {
	void *first;
	void *second;
	struct pinion_choice choice;
};

/* What an entry refers to, read and written as one. */
union pinion_link {
	__u64 whole;
	struct {
		__u32 server;
		__u16 next_hop;
		__u16 flags;
	};
};

static __always_inline union pinion_link pinion_link_to(__u32 server)
{
	union pinion_link link = {};

	link.server = server;
	return link;
}

/* A connection that was found, and what its word and link were then. */
struct pinion_found {
	struct pinion_connection *connection; /* NULL: none. */
	__u32 word;
	union pinion_link link;
};

static __always_inline __u8 pinion_state_of(__u32 word)
{
	return (__u8)word;
}

static __always_inline __u32 pinion_with_state(__u32 word, __u8 state)
{
	return (word & ~0xffu) | state;
}

/* The next sequence number, with that state: the entry becomes something else. */
static __always_inline __u32 pinion_next_word(__u32 word, __u8 state)
{
	return ((word & ~0xffu) + 0x100) | state;
}

/* High bits choose the group, the lowest five the first bucket, the next five its partner. */
static __always_inline struct pinion_choice pinion_choose(__u32 hash, __u32 groups,
							  struct pinion_shape shape)
{
	struct pinion_choice choice;

	choice.first = pinion_spread(hash, groups) * shape.group + (hash & (shape.group - 1));
	choice.second = choice.first ^ (((hash >> 5) & (shape.group - 1)) | 1);
	return choice;
}

static __always_inline struct pinion_connection *pinion_entry(void *bucket, __u32 way,
							      struct pinion_shape shape)
{
	return (struct pinion_connection *)((char *)bucket + way * shape.stride);
}

static __always_inline pinion_word *pinion_link_of(struct pinion_connection *connection)
{
	return (pinion_word *)&connection->server;
}

/* What two words of a flow differ in that tells flows apart: in the last word of a flow, the local
 * end that full NAT keeps in its last three bytes does not.
 */
static __always_inline __u64 pinion_flow_difference(__u64 a, __u64 b, int last)
{
	if (!last)
		return a ^ b;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (a ^ b) << 24;
#else
	return (a ^ b) >> 24;
#endif
}

static __always_inline int pinion_same_flow(struct pinion_connection *connection,
					    const pinion_word *flow, struct pinion_shape shape)
{
	pinion_word *stored = (pinion_word *)(connection + 1);

	for (__u32 i = 0; i < shape.words; i++)
		if (pinion_flow_difference(PINION_LOAD(stored[i]), flow[i], i == shape.words - 1))
			return 0;
	return 1;
}

/* Is the entry a connection of this flow, and was it one all the while? Then found->connection. */
static __always_inline int pinion_match(struct pinion_connection *connection,
					const pinion_word *flow, struct pinion_shape shape,
					struct pinion_found *found)
{
	__u32 word = PINION_LOAD_ORDERED(connection->word);
	__u32 again;

	if (!pinion_same_flow(connection, flow, shape))
		return 0;
	found->word = word;
	found->link.whole = PINION_LOAD(*pinion_link_of(connection));
	PINION_FENCE();
	again = PINION_LOAD(connection->word);
	if ((again ^ word) >> 8 || pinion_state_of(word) <= PINION_STATE_CLAIMED ||
	    pinion_state_of(again) <= PINION_STATE_CLAIMED)
		return 0;
	found->connection = connection;
	return 1;
}

static __always_inline int pinion_find_in(void *bucket, const pinion_word *flow,
					  struct pinion_shape shape, struct pinion_found *found)
{
	for (__u32 way = 0; way < PINION_WAYS; way++)
		if (pinion_match(pinion_entry(bucket, way, shape), flow, shape, found))
			return 1;
	return 0;
}

/* Duplicates, from a race of two CPUs, are harmless: they are always met in the same order. */
static __always_inline int pinion_find(struct pinion_buckets buckets, const pinion_word *flow,
				       struct pinion_shape shape, struct pinion_found *found)
{
	return pinion_find_in(buckets.first, flow, shape, found) ||
	       pinion_find_in(buckets.second, flow, shape, found);
}

/* Ticks since the entry's last packet. `now` may be a little older than `seen`: another CPU's. */
static __always_inline __u32 pinion_idle(__u32 seen, __u32 now)
{
	__s32 idle = (__s32)(now - seen), negative = idle >> 31;

	PINION_OPAQUE(negative);
	return (__u32)(idle & ~negative);
}

/* `load` as the daemon and BPF hold it: one value, or NULL where the index has none. */
static __always_inline void pinion_load_add(struct pinion_load *load, __u8 state, __s32 change)
{
	if (!load)
		return;
	if (pinion_active(state))
		PINION_ADD(load->active, (__u32)change);
	else
		PINION_ADD(load->inactive, (__u32)change);
}

/* Moves a connection to another state. Lost races change nothing: the winner's packet counts. */
static __always_inline void pinion_move(const struct pinion_found *found, __u8 state,
					struct pinion_load *load)
{
	__u8 before = pinion_state_of(found->word);

	if (!PINION_SWAP(found->connection->word, found->word,
			 pinion_with_state(found->word, state)))
		return;
	if (pinion_active(before) == pinion_active(state))
		return;
	pinion_load_add(load, before, -1);
	pinion_load_add(load, state, 1);
}

/* Ends a connection. False: somebody else has changed it meanwhile. */
static __always_inline int pinion_end(const struct pinion_found *found, struct pinion_load *load)
{
	if (!PINION_SWAP(found->connection->word, found->word,
			 pinion_next_word(found->word, PINION_STATE_FREE)))
		return 0;
	pinion_load_add(load, pinion_state_of(found->word), -1);
	return 1;
}

/* How fit an entry is to be taken for a new connection. */
enum pinion_fitness {
	PINION_UNFIT = 0,
	PINION_HALF_OPEN = 1, /* Bit 0: the older, the fitter. */
	PINION_EXPIRED = 2,   /* Bit 1: available. */
	PINION_FREE = 6,
};

#define PINION_RANK(fitness) ((__u64)(fitness) << 40)

/* By state, in the order of PINION_STATES: while its timeout has not run out, and after. */
static const volatile __u8 pinion_fitness[2][16] = {
	{PINION_FREE, PINION_UNFIT, PINION_HALF_OPEN, PINION_HALF_OPEN},
	{PINION_FREE, PINION_UNFIT, PINION_EXPIRED, PINION_EXPIRED, PINION_EXPIRED, PINION_EXPIRED,
	 PINION_EXPIRED, PINION_EXPIRED, PINION_EXPIRED, PINION_EXPIRED, PINION_EXPIRED},
};
static_assert(PINION_STATE_TIME_WAIT == 10, "a new state needs its column");

/* Fitness first, age second; 0 is not to be taken. Without branches: an insert ranks eight entries,
 * and the verifier would follow every combination. So each mask is opaque.
 */
static __always_inline __u64 pinion_rank(struct pinion_connection *connection, __u32 now,
					 const struct pinion_settings *settings)
{
	__u8 state = pinion_state_of(PINION_LOAD_ORDERED(connection->word)) & 15;
	__u64 idle = pinion_idle(PINION_LOAD(connection->seen), now);
	__u64 left = settings->timeout[state] - idle;
	__u64 fitness, ages;

	PINION_OPAQUE(left);
	fitness = pinion_fitness[left >> 63][state];
	ages = 0 - (fitness & 1);
	PINION_OPAQUE(ages);
	return PINION_RANK(fitness) + (idle & ages);
}

static __always_inline __u64 pinion_larger(__u64 a, __u64 b)
{
	__u64 smaller = a - b;

	PINION_OPAQUE(smaller);
	smaller = 0 - (smaller >> 63);
	PINION_OPAQUE(smaller);
	return a ^ ((a ^ b) & smaller);
}

/* A bucket, seen by an insert. */
struct pinion_survey {
	__u64 best;	 /* rank << 2 | way, of the fittest entry. */
	__u32 available; /* Free and expired entries. */
};

static __always_inline struct pinion_survey
pinion_survey_bucket(void *bucket, struct pinion_shape shape, __u32 now,
		     const struct pinion_settings *settings)
{
	struct pinion_survey survey = {0, 0};

	for (__u32 way = 0; way < PINION_WAYS; way++) {
		__u64 rank = pinion_rank(pinion_entry(bucket, way, shape), now, settings);

		__u64 available = rank >> 41 & 1;

		PINION_OPAQUE(available);
		survey.available += (__u32)available;
		/* Ways are tried from the front: the first ones share a cache line. */
		rank = rank << 2 | (PINION_WAYS - 1 - way);
		survey.best = pinion_larger(survey.best, rank);
	}
	return survey;
}

/* An entry that can be taken, and how fit it was for that. */
struct pinion_vacancy {
	struct pinion_connection *connection; /* NULL: none can. */
	__u64 rank;
};

/* clang-format off */
/* The entry that a new connection takes: a free one, else an expired one, else the oldest half-open
 * one; none if all are established. The first bucket is preferred while it has one entry at most,
 * since lookups read it first; else the emptier of the two is taken, which is what keeps buckets
 * from filling up (Azar et al., "Balanced Allocations", 1994). To prefer it while it has two put 90 %
 * of the connections there instead of 81 %, and left four times as many without a place.
 */
/* clang-format on */
static __always_inline struct pinion_vacancy pinion_place(struct pinion_buckets buckets,
							  struct pinion_shape shape, __u32 now,
							  const struct pinion_settings *settings)
{
	struct pinion_survey survey = pinion_survey_bucket(buckets.first, shape, now, settings);
	void *bucket = buckets.first;
	__u32 way;

	if (survey.available < PINION_WAYS - 1) {
		struct pinion_survey other =
			pinion_survey_bucket(buckets.second, shape, now, settings);

		if (other.available > survey.available ||
		    (other.available == survey.available && other.best > survey.best)) {
			survey = other;
			bucket = buckets.second;
		}
	}
	way = PINION_WAYS - 1 - (survey.best & (PINION_WAYS - 1));
	return (struct pinion_vacancy){
		survey.best < PINION_WAYS ? 0 : pinion_entry(bucket, way, shape),
		survey.best / PINION_WAYS,
	};
}

/* Claims the entry, whoever has it now, unless it has become less fit for that: what was free may
 * be somebody's new connection by now. On success `found` holds the claim's word, and who was
 * displaced: his link, and 0 or the state that he was in.
 */
static __always_inline int pinion_claim(struct pinion_vacancy vacancy, __u32 now,
					const struct pinion_settings *settings,
					struct pinion_found *found, __u8 *displaced)
{
	struct pinion_connection *connection = vacancy.connection;
	__u32 word = PINION_LOAD_ORDERED(connection->word);

	*displaced = pinion_state_of(word);
	if (pinion_rank(connection, now, settings) < vacancy.rank)
		return 0;
	found->connection = connection;
	found->word = pinion_next_word(word, PINION_STATE_CLAIMED);
	if (!PINION_SWAP(connection->word, word, found->word))
		return 0;
	found->link.whole = PINION_LOAD(*pinion_link_of(connection));
	return 1;
}

/* Fills a claimed entry and publishes it. */
static __always_inline void pinion_publish(const struct pinion_found *claim,
					   const pinion_word *flow, struct pinion_shape shape,
					   union pinion_link link, __u8 state, __u32 seen)
{
	struct pinion_connection *connection = claim->connection;
	pinion_word *stored = (pinion_word *)(connection + 1);

	PINION_STORE(connection->seen, seen);
	PINION_STORE(*pinion_link_of(connection), link.whole);
	for (__u32 i = 0; i < shape.words; i++)
		PINION_STORE(stored[i], flow[i]);
	PINION_STORE_ORDERED(connection->word, pinion_with_state(claim->word, state));
}
