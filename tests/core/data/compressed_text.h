#pragma once

#include <string>
#include <string_view>

namespace temper::data {

/// One gzip member or zstd frame with `text`.
std::string gzip(std::string_view text);
std::string zstd(std::string_view text);

}  // namespace temper::data
