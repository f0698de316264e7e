#include "core/model/moment_size.h"

namespace temper::model {
namespace {

constexpr std::int64_t kSmallestQuantized = 4096;
constexpr std::int64_t kFloatBytes = 4;

}  // namespace

bool has_8bit_moments(recipe::MomentFormat format, std::string_view name, std::int64_t size) {
  return format == recipe::MomentFormat::k8bit && size >= kSmallestQuantized &&
         !name.ends_with("embed_tokens.weight");
}

std::int64_t moment_bytes(recipe::MomentFormat format, std::string_view name, std::int64_t size) {
  if (!has_8bit_moments(format, name, size)) {
    return 2 * kFloatBytes * size;
  }
  const std::int64_t blocks = (size + kMomentBlock - 1) / kMomentBlock;
  return 2 * (size + kFloatBytes * blocks);
}

}  // namespace temper::model
