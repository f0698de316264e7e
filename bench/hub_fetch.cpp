// hub_fetch URL: one file of the Hub (hf://org/name/path) into the cache, as a model comes; the
// seconds that it took to stdout. For bench/hub_throughput.py.

#include <fmt/format.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/hub/local_model.h"
#include "core/hub/open_hub.h"

int main(int argc, char** argv) try {
  if (argc != 2) {
    throw temper::UserError("usage: hub_fetch hf://org/name/path");
  }
  temper::SystemClock clock;
  const auto begin = clock.steady_now();
  temper::hub::fetch_file(temper::hub::open_hub({}, clock), temper::hub::parse_hub_url(argv[1]));
  fmt::print("{:.4f}\n", std::chrono::duration<double>(clock.steady_now() - begin).count());
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "hub_fetch: {}\n", error.what());
  return static_cast<int>(temper::exit_code_of(error));
}
