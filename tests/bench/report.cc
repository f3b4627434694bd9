// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/report.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace pinion::bench {
namespace {

double quantile(std::vector<double> values, double share) {
  const auto place = static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(place),
                   values.end());
  return values[place];
}

}  // namespace

std::vector<Cost> costs_of(const std::vector<Row>& rows,
                           const std::vector<std::vector<double>>& nets) {
  std::vector<Cost> costs;
  for (size_t i = 0; i < rows.size(); ++i)
    costs.push_back({.name = rows[i].name,
                     .net = quantile(nets[i], 0.5),
                     .lower = quantile(nets[i], 0.25),
                     .upper = quantile(nets[i], 0.75),
                     .budget = rows[i].budget});
  for (Cost& cost : costs)
    for (const Cost& other : costs) {
      if (cost.budget && cost.budget->of == other.name) cost.floor = other.net;
      if (cost.budget && cost.budget->over == other.name) cost.over = other.net;
    }
  return costs;
}

std::string as_table(const std::vector<Cost>& costs) {
  std::string text = fmt::format("{:<28}{:>8}{:>16}  {:<12}{:>8}{:>8}{:>8}\n", "path", "ns net",
                                 "quartiles", "floor", "ns", "ratio", "budget");
  for (const Cost& cost : costs) {
    text += fmt::format("{:<28}{:>8.1f}{:>16}", cost.name, cost.net,
                        fmt::format("{:.1f}-{:.1f}", cost.lower, cost.upper));
    if (cost.budget)
      text += fmt::format("  {:<12}{:>8.1f}{:>8.2f}{:>8.2f}  {}", cost.budget->of, cost.floor,
                          cost.ratio(), cost.budget->factor, cost.kept() ? "ok" : "OVER");
    if (cost.budget && !cost.budget->over.empty())
      text += fmt::format(", less the {:.1f} of \"{}\"", cost.over, cost.budget->over);
    text += '\n';
  }
  return text;
}

std::string as_json(const std::vector<Cost>& costs) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Cost& cost : costs) {
    nlohmann::ordered_json row = {{"path", cost.name},
                                  {"net_ns", cost.net},
                                  {"lower_quartile_ns", cost.lower},
                                  {"upper_quartile_ns", cost.upper}};
    if (cost.budget)
      row.update({{"floor", cost.budget->of},
                  {"floor_ns", cost.floor},
                  {"ratio", cost.ratio()},
                  {"budget", cost.budget->factor},
                  {"kept", cost.kept()}});
    if (cost.budget && !cost.budget->over.empty())
      row.update({{"over", cost.budget->over}, {"over_ns", cost.over}});
    rows.push_back(row);
  }
  return rows.dump(2) + "\n";
}

}  // namespace pinion::bench
