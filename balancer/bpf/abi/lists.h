/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lists that counters, labels, keywords and texts are made from. Add a row, and all follow. */
#pragma once

/* Rows of macros, and comments in columns, stay as they are. */
/* clang-format off */

/* What became of a packet: X(name, XDP action, text for people). Every packet that enters has
 * exactly one. The names become metric labels in lower case: PASS_NOT_IP -> "pass_not_ip".
 * FORWARD verdicts are sent as XDP_TX or by redirect, whichever reaches the next hop; REPLY
 * verdicts go back to where the packet came from.
 */
#define PINION_VERDICTS(X)                                                                         \
	X(FORWARD_KNOWN, FORWARD, "forwarded: the connection was known")                           \
	X(FORWARD_NEW, FORWARD, "forwarded: a new connection was made")                            \
	X(FORWARD_REPLY, FORWARD, "forwarded: a real server's reply, to its client")               \
	X(FORWARD_ICMP, FORWARD, "forwarded: an ICMP error about a known connection")              \
	X(FORWARD_FRAGMENT, FORWARD, "forwarded: an IP fragment, where the first of its packet went")  \
	X(FORWARD_TABLE_FULL, FORWARD,                                                             \
	  "forwarded by hash, without state: every place for the connection is established")       \
	X(PASS_NOT_IP, PASS, "left to the stack: neither IPv4 nor IPv6 (ARP, LLDP, ...)")          \
	X(PASS_NOT_OURS, PASS, "left to the stack: not for a virtual service")                     \
	X(PASS_OTHER_PROTOCOL, PASS, "left to the stack: none of TCP, UDP, SCTP (ICMP, ...)")         \
	X(PASS_MULTICAST, PASS, "left to the stack: multicast or broadcast")                       \
	X(PASS_FRAGMENT, PASS, "left to the stack: an IP fragment, as the first of its packet was") \
	X(PASS_OTHER_VLAN, PASS,                                                                   \
	  "left to the stack: its VLAN, or having none, is not in director.interfaces")            \
	X(PASS_TOO_DEEP, PASS, "left to the stack: more VLAN tags or IPv6 headers than we follow") \
	X(PASS_MALFORMED, PASS,                                                                    \
	  "left to the stack: headers are cut short or contradict themselves")                     \
	X(HOLD_FRAGMENT, DROP, "held for a moment: an IP fragment ahead of the first of its packet")   \
	X(DROP_FRAGMENT, DROP, "dropped: an IP fragment, and the first of its packet did not come")    \
	X(DROP_NO_SERVER, DROP, "dropped: the service has no usable real server")                  \
	X(DROP_NO_NEIGHBOUR, DROP, "dropped: the next hop, to the real server or back, has no known MAC address") \
	X(DROP_NO_EGRESS, DROP,                                                                    \
	  "dropped: the interface that it would leave by cannot be sent to")                      \
	X(DROP_TABLE_FULL, DROP, "dropped: no place for a connection that cannot do without (NAT)") \
	X(DROP_NAT_CLASH, DROP,                                                                    \
	  "dropped: the client's address and port have a connection to the real server already")   \
	X(DROP_NO_PORT, DROP, "dropped: no local port is left towards the real server (full NAT)") \
	X(DROP_SYN_DATA, DROP, "dropped: a SYN with data, which the PROXY header is to come before") \
	X(DROP_TTL, DROP, "dropped: its TTL (hop limit) is used up")                               \
	X(REPLY_TOO_BIG, REPLY, "answered: too big for its way on, its sender is told what fits")  \
	X(DROP_TOO_BIG, DROP, "dropped: too big for its way on, and not to be answered")           \
	X(DROP_REPLY_LIMIT, DROP, "dropped: too big for its way on, and enough is answered")       \
	X(DROP_NO_SOURCE, DROP, "dropped: the director has no address to send a tunnel from")      \
	X(DROP_UNTRANSLATABLE, DROP,                                                               \
	  "dropped: has no form in the other IP version, which its real server or client has")      \
	X(DROP_NO_ROOM, DROP, "dropped: the driver leaves no room in front of the frame")          \
	X(DROP_INTERNAL, DROP, "dropped: the director's own tables contradict themselves")

/* How a packet reaches its real server: X(name, keyword, text for people). What it does is
 * pinion_forward_<keyword>(), in forward/<keyword>.h.
 */
#define PINION_FORWARDING_METHODS(X)                                                   \
	X(DR, dr, "direct routing: the frame is readdressed, the packet is untouched") \
	X(NAT, nat, "NAT: the packet gets the real server's address and port, replies the VIP's") \
	X(LOCAL, local, "the real server is the director itself: the packet goes to its stack") \
	X(TUN, tun, "tunnel: the packet goes inside of another one, over any routers") \
	X(FULLNAT, fullnat, "full NAT: both ends change, the real server sees a local address's port")

/* What stands between the two IP headers of a tunnel: X(name, keyword, text for people). */
#define PINION_TUNNELS(X)                                                                          \
	X(IPIP, ipip, "nothing: IP in IP (RFC 2003, RFC 2473)")                                    \
	X(GRE, gre, "GRE without key or checksum (RFC 2784)")                                      \
	X(GUE, gue, "UDP and GUE, as Linux's fou has it")

/* How full NAT tells a real server of the client: X(name, keyword, text for people). */
#define PINION_CLIENT_ADDRESSES(X)                                                                 \
	X(NONE, none, "it does not: the server sees a local address")                              \
	X(TOA, toa, "TCP option 254 of the first packets, as LVS's toa module reads it")           \
	X(PROXY, proxy, "the header of PROXY protocol 2, in front of what the client sends")

/* How the data plane picks a slot for a new connection: X(name, text for people). */
#define PINION_SELECTIONS(X)                                                                       \
	X(TURN, "the next slot, one cursor a service and CPU")                                     \
	X(HASH, "the slot that the flow's addresses and ports hash to")

/* The state of a connection. X(name, keyword, timeout, text); `timeout` names the member of
 * config::Timeouts that ends it. Where the replies do not pass here (direct routing, ...) it is what
 * the client's half tells, as in LVS's one-sided table; the last three are told by both halves,
 * except for SCTP's.
 */
#define PINION_STATES(X)                                                                \
	X(FREE, "free", none, "no connection")                                          \
	X(CLAIMED, "claimed", none, "being written by a CPU")                           \
	X(SYN_RECEIVED, "syn_received", syn, "a SYN was seen, no ACK yet")              \
	X(PICKED_UP, "picked_up", established, "first seen in mid-stream, unconfirmed") \
	X(ESTABLISHED, "established", established, "the handshake is over")             \
	X(FIN_WAIT, "fin_wait", fin, "the client has closed its half")                  \
	X(CLOSED, "closed", closed, "reset")                              \
	X(UDP, "udp", udp, "a UDP flow")                                                \
	X(CLOSE_WAIT, "close_wait", fin, "the real server has closed its half")         \
	X(LAST_ACK, "last_ack", fin, "the client has closed the other half, too")       \
	X(TIME_WAIT, "time_wait", time_wait, "both halves are closed")

/* Families of pinned maps, whose layouts change together: X(name, version, what an upgrade does where
 * another version is in place). Whoever changes a layout in abi.h raises its family's version.
 * Connections depend on what is Carried over: it takes a migration, too, a row in
 * balancer/dataplane/migrations.cc. What is Remade begins anew. Pinned settings have the versions in
 * this order: a new family goes last.
 */
#define PINION_FAMILIES(X)                \
	X(SETTINGS, PINION_ABI, Carried)  \
	X(CONNECTIONS, 1, Carried)        \
	X(REAL_SERVERS, 1, Carried)       \
	X(LOAD, 2, Carried)               \
	X(LAST_HOPS, 1, Carried)          \
	X(LOCAL_ADDRESSES, 1, Carried)    \
	X(SERVICES, 2, Remade)            \
	X(CURSORS, 1, Remade)             \
	X(VIPS, 1, Remade)                \
	X(COUNTERS, 2, Remade)            \
	X(FRAGMENTS, 1, Remade)           \
	X(VLANS, 1, Remade)               \
	X(EGRESS, 1, Remade)
