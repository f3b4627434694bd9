// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/attachments.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include <algorithm>

#include "balancer/base/log.h"

namespace pinion {
namespace {

constexpr char kPrefix[] = "link_";

// By its index, which stays when the interface is renamed.
std::string pin_name(uint32_t ifindex) { return kPrefix + std::to_string(ifindex); }

// 0 where the interface that the link was on is gone.
uint32_t ifindex_of(const Fd& link) {
  bpf_link_info info{};
  uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(link.get(), &info, &length) != 0) return 0;
  return info.xdp.ifindex;
}

bool is_native(uint32_t ifindex) {
  LIBBPF_OPTS(bpf_xdp_query_opts, query);
  return bpf_xdp_query(static_cast<int>(ifindex), 0, &query) == 0 &&
         query.attach_mode == XDP_ATTACHED_DRV;
}

bool suits(bool native, config::XdpMode mode) {
  return mode == config::XdpMode::kAuto || native == (mode == config::XdpMode::kNative);
}

int create_link(const Program& program, uint32_t ifindex, bool native) {
  LIBBPF_OPTS(bpf_link_create_opts, options);
  options.flags = native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
  return bpf_link_create(program.fd(), static_cast<int>(ifindex), BPF_XDP, &options);
}

// EEXIST: there is one in the other mode, or on the bond that the interface is part of.
bool is_taken(int number) { return number == EBUSY || number == EEXIST; }

Error attach_error(const std::string& interface, bool native, int number) {
  const Error error = errno_error(
      std::string("attach XDP (") + (native ? "native" : "generic") + ") to " + interface, number);
  if (is_taken(number))
    return with_remedy(error, "another XDP program is there, see: ip link show " + interface);
  if (native)
    return with_remedy(error,
                       "its driver cannot, or not with these settings (MTU, queues): try "
                       "director.xdp: auto");
  return error;
}

}  // namespace

Result<> Attachments::attach(const std::string& interface, uint32_t ifindex, config::XdpMode mode) {
  const auto known = attachments_.find(interface);
  if (known != attachments_.end() && ifindex_of(known->second.link) == ifindex) return {};
  if (known != attachments_.end()) detach(interface);
  auto taken = take_over(interface, ifindex, mode);
  if (!taken) return taken.error();
  if (!*taken)
    if (auto created = create(interface, ifindex, mode); !created) return created.error();
  const Attachment& attachment = attachments_[interface];
  log::info("attached", {{"interface", interface},
                         {"xdp", attachment.native ? "native" : "generic"},
                         {"adopted", attachment.adopted ? "yes" : "no"}});
  return {};
}

Result<> Attachments::attach_bond(const std::string& bond, uint32_t ifindex,
                                  const std::map<std::string, uint32_t>& ports) {
  const bool on_ports = std::any_of(ports.begin(), ports.end(), [&](const auto& port) {
    return attachments_.contains(port.first);
  });
  if (mode_ != config::XdpMode::kGeneric && !on_ports) {
    auto attached = attach(bond, ifindex, config::XdpMode::kNative);
    if (attached || mode_ == config::XdpMode::kNative) return attached;
    log::info("the bond has no native XDP", {{"error", attached.error().message()}});
  }
  // The kernel does not let both have one.
  if (auto link = pins_.get(pin_name(ifindex)); link && *link) bpf_link_detach(link->get());
  pins_.remove(pin_name(ifindex));
  for (const auto& [port, index] : ports)
    if (auto attached = attach(port, index, config::XdpMode::kGeneric); !attached) return attached;
  return {};
}

Result<bool> Attachments::take_over(const std::string& interface, uint32_t ifindex,
                                    config::XdpMode mode) {
  const std::string name = pin_name(ifindex);
  auto link = pins_.get(name);
  if (!link) return link.error();
  if (!*link) return false;
  if (ifindex_of(*link) != ifindex) {  // Its interface was deleted, or has been elsewhere.
    pins_.remove(name);
    return false;
  }
  const bool native = is_native(ifindex);
  if (!suits(native, mode)) {
    auto changed = change_mode(interface, ifindex, std::move(*link), !native);
    return changed ? Result<bool>(true) : changed.error();
  }
  if (bpf_link_update(link->get(), program_.fd(), nullptr) != 0)
    return errno_error("replace the XDP program on " + interface);
  attachments_[interface] = {ifindex, native, true, std::move(*link)};
  return true;
}

// The kernel has no way but off and on. The link is taken off by name: closing and unpinning it
// would do so at some later time. If the wanted mode fails, the interface gets back the other.
Result<> Attachments::change_mode(const std::string& interface, uint32_t ifindex, Fd link,
                                  bool native) {
  bpf_link_detach(link.get());
  pins_.remove(pin_name(ifindex));
  auto changed = create(interface, ifindex, native);
  if (!changed)
    if (auto back = create(interface, ifindex, !native); !back)
      log::error("the XDP program is off", {{"error", back.error().message()}});
  if (const auto found = attachments_.find(interface); found != attachments_.end())
    found->second.adopted = true;
  if (!changed) undo(interface);
  return changed;
}

Result<> Attachments::create(const std::string& interface, uint32_t ifindex, config::XdpMode mode) {
  auto created = create(interface, ifindex, mode != config::XdpMode::kGeneric);
  if (created || mode != config::XdpMode::kAuto || created.error().code.value() == EBUSY)
    return created;
  return create(interface, ifindex, false);
}

Result<> Attachments::create(const std::string& interface, uint32_t ifindex, bool native) {
  Fd link(create_link(program_, ifindex, native));
  if (!link) return attach_error(interface, native, errno);
  if (auto pinned = pins_.put(pin_name(ifindex), link.get()); !pinned) return pinned.error();
  attachments_[interface] = {ifindex, native, false, std::move(link)};
  return {};
}

Result<> Attachments::replace() {
  for (const auto& [interface, attachment] : attachments_) {
    if (ifindex_of(attachment.link) == 0) continue;  // The interface is gone.
    if (bpf_link_update(attachment.link.get(), program_.fd(), nullptr) != 0)
      return errno_error("replace the XDP program on " + interface);
  }
  return {};
}

void Attachments::undo(const std::string& interface) {
  const auto found = attachments_.find(interface);
  if (found == attachments_.end()) return;
  if (found->second.adopted)
    attachments_.erase(found);
  else
    detach(interface);
}

void Attachments::detach(const std::string& interface) {
  const auto found = attachments_.find(interface);
  if (found == attachments_.end()) return;
  const Attachment gone = std::move(found->second);
  attachments_.erase(found);
  for (const auto& [name, attachment] : attachments_)
    if (attachment.ifindex == gone.ifindex) return;  // The interface goes by another name now.
  bpf_link_detach(gone.link.get());                  // Fails where the interface is gone: so be it.
  pins_.remove(pin_name(gone.ifindex));
  log::info("detached", {{"interface", interface}});
}

void Attachments::detach_others() {
  for (const std::string& name : pins_.names(kPrefix)) {
    bool ours = false;
    for (const auto& [interface, attachment] : attachments_)
      ours = ours || pin_name(attachment.ifindex) == name;
    if (ours) continue;
    if (auto link = pins_.get(name); link && *link) bpf_link_detach(link->get());
    pins_.remove(name);
  }
}

}  // namespace pinion
