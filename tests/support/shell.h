// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace pinion::test {

struct Finished {
  int status = -1;  // The exit status; -1 where a signal ended it.
  std::string out;
};

// Runs a command of the shell; its errors are part of `out`.
inline Finished shell(const std::string& command) {
  Finished finished;
  FILE* pipe = popen(("exec 2>&1; " + command).c_str(), "r");
  if (!pipe) return finished;
  char buffer[4096];
  while (const size_t got = std::fread(buffer, 1, sizeof(buffer), pipe))
    finished.out.append(buffer, got);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) finished.status = WEXITSTATUS(status);
  return finished;
}

}  // namespace pinion::test
