#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/hub/hub_service.h"
#include "core/hub/repository_name.h"
#include "core/hub/tree.h"

/// Any bytes of a Hub, and any URL of a recipe, are read or refused, never a crash.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto refusing = [&](const auto& parse) {
    try {
      static_cast<void>(parse());
    } catch (const temper::Error&) {
    }
  };
  const std::string value(text);
  refusing([&] { return temper::hub::parse_hub_url(text); });
  refusing([&] { return temper::hub::parse_hub_url("hf://" + value); });
  refusing([&] { return temper::hub::parse_tree_page({"fuzz", {}}, text); });
  refusing([&] { return temper::hub::next_page({{"Link", value}}); });
  refusing([&] {
    return temper::hub::rate_limit_of({{"RateLimit", value}, {"RateLimit-Policy", value}});
  });
  refusing([&] { return temper::hub::error_message({.status = 400, .body = value}); });
  return 0;
}
