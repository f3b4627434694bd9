// SPDX-License-Identifier: Apache-2.0
// Errors of a running daemon are values: a failed map write must neither stop it nor be forgotten.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

namespace pinion {

// What went wrong, as a code for programs and a sentence for people. `context` says what was
// attempted on what: "add 10.0.0.1/32 to eth0".
struct Error {
  std::error_code code;
  std::string context;
  std::string remedy;  // "" where there is none, or it is part of the context.

  // "add 10.0.0.1/32 to eth0: Operation not permitted; start it as root": what is empty is left
  // out.
  std::string message() const {
    const std::string text = code ? context + ": " + code.message() : context;
    return remedy.empty() ? text : text + "; " + remedy;
  }
};

// A value of T, or why there is none. The names are those of std::expected (C++23). E is Error but
// where a caller needs to know more than a sentence.
template <typename T = void, typename E = Error>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const E& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, E> state_;
};

template <typename E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  Result(E error) : error_(std::move(error)), failed_(true) {}

  bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }
  const E& error() const { return error_; }

 private:
  E error_;
  bool failed_ = false;
};

// The system call that has just failed, from errno (or from `number`, positive).
inline Error errno_error(std::string context, int number = errno) {
  return {std::error_code(number, std::system_category()), std::move(context)};
}

inline Error with_remedy(Error error, std::string remedy) {
  error.remedy = std::move(remedy);
  return error;
}

// A refusal of ours, for which no system call is to blame.
inline Error refusal(std::string context) { return {{}, std::move(context)}; }

// Start-up only: a daemon that cannot start must stop. main() catches it, once.
template <typename T>
T or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(result).value();
}

inline void or_throw(Result<> result) {
  if (!result) throw std::runtime_error(result.error().message());
}

}  // namespace pinion
