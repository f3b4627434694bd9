// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "balancer/base/error.h"

namespace pinion::control {

// Why a request was refused, as the client reads it.
struct Refusal {
  unsigned status = 400;  // Of HTTP: 400 malformed, 404 not there, 409 there already, 422 refused.
  std::string message;    // "no service 'wbe'"; a line for each problem.
  std::string hint;       // "did you mean 'web'?", or "".
};

template <typename T = void>
using Outcome = Result<T, Refusal>;

// An error of the director: those of its checks and limits have no code, those of system calls do.
inline Refusal refused(const Error& error) {
  return {error.code ? 500u : 422u, error.message(), ""};
}

}  // namespace pinion::control
