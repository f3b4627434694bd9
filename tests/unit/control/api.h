// SPDX-License-Identifier: Apache-2.0
// Requests to a control server over a real Unix socket, against a director that obeys and one that
// refuses.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/control_server.h"
#include "tests/support/raw_client.h"

namespace pinion::control {

using nlohmann::json;

struct Reply {
  int status = 0;
  json body;
};

class Api : public test::ControlServer {
 protected:
  Reply ask(const std::string& method, const std::string& target, const std::string& body = "") {
    const auto response = test::RawClient(path_).ask(
        method + " " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
    return {response.status, json::parse(response.body, nullptr, false)};
  }
  // The error of a request that must fail with `status`.
  std::string error(int status, const std::string& method, const std::string& target,
                    const std::string& body = "") {
    const Reply reply = ask(method, target, body);
    EXPECT_EQ(reply.status, status) << method << " " << target << " " << body << reply.body;
    if (!reply.body.is_object() || !reply.body.contains("error"))
      return "no error: " + reply.body.dump();
    const std::string hint = reply.body["error"]["hint"];
    return reply.body["error"]["message"].get<std::string>() + (hint.empty() ? "" : "; ") + hint;
  }
  const config::Service& web() { return director_.live_.services.at(0); }
};

}  // namespace pinion::control
