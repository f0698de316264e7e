#pragma once

#include <string>
#include <string_view>

namespace temper::testing {

/// Expects `actual` to equal tests/golden/<name>. TEMPER_UPDATE_GOLDENS=1 writes it instead; review
/// the difference before committing.
void expect_golden(const std::string& name, std::string_view actual);

}  // namespace temper::testing
