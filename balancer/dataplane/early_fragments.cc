// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/early_fragments.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>

#include <algorithm>
#include <string>
#include <utility>

#include "balancer/base/log.h"
#include "balancer/dataplane/clock.h"

namespace pinion {
namespace {

constexpr size_t kGrows = 256;  // A tunnel's headers, and more.

// The actions of PINION_VERDICTS.
enum class Action { PASS, DROP, FORWARD, REPLY };
constexpr Action kActions[] = {Action::DROP,
#define X(name, action, text) Action::action,
                               PINION_VERDICTS(X)
#undef X
};

int keep(void* kept, void* data, size_t size) {
  if (size >= sizeof(pinion_early_fragment))
    static_cast<std::list<pinion_early_fragment>*>(kept)->push_back(
        *static_cast<const pinion_early_fragment*>(data));
  return 0;
}

// What the program made of a frame.
struct Ran {
  uint32_t action = XDP_ABORTED;
  std::vector<uint8_t> frame;
};

Ran run(int program, const pinion_early_fragment& early) {
  xdp_md context{.data_end = early.bytes, .ingress_ifindex = early.ifindex};
  Ran ran;
  ran.frame.resize(early.bytes + kGrows);
  LIBBPF_OPTS(bpf_test_run_opts, options);
  options.data_in = early.frame;
  options.data_size_in = early.bytes;
  options.data_out = ran.frame.data();
  options.data_size_out = static_cast<uint32_t>(ran.frame.size());
  options.ctx_in = &context;
  options.ctx_size_in = sizeof(context);
  if (bpf_prog_test_run_opts(program, &options) != 0) return {};  // The interface is gone.
  ran.action = options.retval;
  ran.frame.resize(options.data_size_out);
  return ran;
}

// Is the program in generic mode there, where it sees what send_up() sends?
bool is_generic(uint32_t ifindex) {
  LIBBPF_OPTS(bpf_xdp_query_opts, options);
  return bpf_xdp_query(static_cast<int>(ifindex), 0, &options) == 0 &&
         options.attach_mode == XDP_ATTACHED_SKB;
}

// Passes the frame to the director's own stack.
void send_up(int program, const pinion_early_fragment& early) {
  xdp_md context{.data_end = early.bytes, .ingress_ifindex = early.ifindex};
  LIBBPF_OPTS(bpf_test_run_opts, options);
  options.data_in = early.frame;
  options.data_size_in = early.bytes;
  options.ctx_in = &context;
  options.ctx_size_in = sizeof(context);
  options.repeat = 1;
  options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  if (bpf_prog_test_run_opts(program, &options) != 0)
    log::debug("an early fragment is lost", {{"error", errno_error("present it").message()}});
}

bool for_the_stack(const pinion_fragment& first) {
  const Action action =
      first.verdict < PINION_VERDICT_COUNT ? kActions[first.verdict] : Action::DROP;
  return action == Action::PASS || (action == Action::FORWARD && first.ifindex == 0);
}

}  // namespace

void EarlyFragments::Close::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

EarlyFragments::EarlyFragments(const Program& program, Send send)
    : program_(&program), send_(std::move(send)), kept_(std::make_unique<Kept>()) {}
EarlyFragments::EarlyFragments(EarlyFragments&&) noexcept = default;
EarlyFragments::~EarlyFragments() = default;

Result<EarlyFragments> EarlyFragments::open(const Program& program, Send send) {
  EarlyFragments opened(program, std::move(send));
  if (auto firsts = program.open_into(opened.firsts_, "fragments"); !firsts) return firsts.error();
  auto ring = program.map("early_fragments");
  if (!ring) return ring.error();
  opened.ring_.reset(ring_buffer__new(ring->get(), keep, opened.kept_.get(), nullptr));
  if (!opened.ring_) return errno_error("read map early_fragments");
  return opened;
}

int EarlyFragments::fd() const { return ring_buffer__epoll_fd(ring_.get()); }

void EarlyFragments::receive() {
  ring_buffer__consume(ring_.get());
  while (kept_->size() > kMost) kept_->pop_front();
}

void EarlyFragments::process_ready() {
  const uint64_t now = now_ns();
  const auto patience = static_cast<uint64_t>(std::chrono::nanoseconds(kPatience).count());
  kept_->remove_if([&](const pinion_early_fragment& early) {
    if (const auto first = firsts_.get(early.key)) {
      process(early, *first);
      return true;
    }
    if (now < early.now + patience) return false;
    give_up(early);
    return true;
  });
}

void EarlyFragments::process(const pinion_early_fragment& early, const pinion_fragment& first) {
  if (for_the_stack(first) && is_generic(early.ifindex)) return send_up(program_->up_fd(), early);
  const Ran ran = run(program_->fd(), early);
  if (ran.action == XDP_PASS) return send_up(program_->up_fd(), early);
  if (ran.action != XDP_TX && ran.action != XDP_REDIRECT) return;
  const auto sent = send_(ran.action == XDP_TX ? early.device : first.ifindex, ran.frame);
  if (!sent) log::debug("an early fragment is lost", {{"error", sent.error().message()}});
}

// Unless the first one has arrived in the meantime.
void EarlyFragments::give_up(const pinion_early_fragment& early) {
  pinion_fragment none{};
  none.seen = program_->clock().now();
  none.verdict = PINION_DROP_FRAGMENT;
  if (auto marked = firsts_.add(early.key, none); !marked)
    log::debug("cannot give a fragment up", {{"error", marked.error().message()}});
  else if (const auto first = firsts_.get(early.key))
    process(early, *first);
}

}  // namespace pinion
