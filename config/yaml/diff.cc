// SPDX-License-Identifier: Apache-2.0
#include <unordered_map>

#include "config/yaml/save.h"
#include "config/yaml/writer.h"

namespace pinion::config {
namespace {

// What identifies an element of a list, whatever its position.
std::string identity(const Vip& vip) { return host_or_prefix(vip.address); }
std::string identity(const Listener& listener) { return to_string(listener); }
std::string identity(const LocalAddress& local) { return local.address.to_string(); }
std::string identity(const Server& server) { return to_string({server.address, server.port}); }
std::string identity(const Service& service) { return service.name; }
std::string identity(const HostRoute& route) {
  const std::string to = route.to.to_string();
  return route.metric == 0 ? to : to + " metric " + std::to_string(route.metric);
}

template <typename V>
using ByIdentity = std::unordered_map<std::string, const V*>;

template <typename V>
ByIdentity<V> by_identity(const std::vector<V>& list) {
  ByIdentity<V> result;
  for (const V& element : list) result.try_emplace(identity(element), &element);
  return result;
}

// The elements that both lists have, in the order of this one.
template <typename V>
std::string order(const std::vector<V>& list, const ByIdentity<V>& other) {
  std::string result;
  for (const V& element : list)
    if (const std::string id = identity(element); other.contains(id))
      result += (result.empty() ? "" : ", ") + id;
  return result;
}

template <typename Key, typename T>
bool differs(const Key& key, const T& from, const T& to) {
  return from.*key.member != to.*key.member;
}
// If both lists have one element, the short keys show the difference.
template <typename T, typename V>
bool differs(const MappingsKey<T, V>& key, const T& from, const T& to) {
  const std::vector<V>& old = from.*key.member;
  const std::vector<V>& present = to.*key.member;
  return old != present && !(key.has_short_form && old.size() == 1 && present.size() == 1);
}
template <typename T, typename E, typename V>
bool differs(const ShortKey<T, E, V>& key, const T& from, const T& to) {
  const std::vector<E>& old = from.*key.list;
  const std::vector<E>& present = to.*key.list;
  return old.size() == 1 && present.size() == 1 && old[0].*key.member != present[0].*key.member;
}

class Comparison {
 public:
  template <typename T>
  void compare(const std::string& path, const T& from, const T& to) {
    for_each_key<T>([&](const auto& key) {
      if (!differs(key, from, to)) return;
      const std::string name(key.name);
      compare_member(key, path.empty() ? name : path + "." + name, from, to);
    });
  }

  std::vector<Difference> take() { return std::move(differences_); }

 private:
  template <typename T, typename V>
  void compare_member(const ScalarKey<T, V>& key, const std::string& path, const T& from,
                      const T& to) {
    differences_.push_back(
        {path, key.codec->format(from.*key.member), key.codec->format(to.*key.member)});
  }

  template <typename T, typename E, typename V>
  void compare_member(const ShortKey<T, E, V>& key, const std::string& path, const T& from,
                      const T& to) {
    differences_.push_back({path, flow_member(key, from), flow_member(key, to)});
  }

  template <typename T, typename V>
  void compare_member(const ScalarsKey<T, V>& key, const std::string& path, const T& from,
                      const T& to) {
    differences_.push_back({path, flow_member(key, from), flow_member(key, to)});
  }

  template <typename T, typename V>
  void compare_member(const MappingKey<T, V>& key, const std::string& path, const T& from,
                      const T& to) {
    compare(path, from.*key.member, to.*key.member);
  }

  template <typename T, typename V>
  void compare_member(const MappingsKey<T, V>& key, const std::string& path, const T& from,
                      const T& to) {
    compare_lists(path, from.*key.member, to.*key.member);
  }

  template <typename V>
  void compare_lists(const std::string& path, const std::vector<V>& from,
                     const std::vector<V>& to) {
    const ByIdentity<V> old = by_identity(from);
    const ByIdentity<V> present = by_identity(to);
    for (const V& element : from)
      if (!present.contains(identity(element)))
        differences_.push_back({path + "[" + identity(element) + "]", flow(element), ""});
    for (const V& element : to) {
      const std::string id = identity(element);
      const std::string here = path + "[" + id + "]";
      const auto before = old.find(id);
      if (before == old.end())
        differences_.push_back({here, "", flow(element)});
      else
        compare(here, *before->second, element);
    }
    // The order matters, too: round-robin schedulers follow it.
    const std::string was = order(from, present);
    const std::string is = order(to, old);
    if (was != is) differences_.push_back({path, was, is});
  }

  std::vector<Difference> differences_;
};

}  // namespace

std::vector<Difference> diff(const Config& from, const Config& to) {
  Comparison comparison;
  comparison.compare("", from, to);
  return comparison.take();
}

}  // namespace pinion::config
