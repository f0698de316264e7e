#pragma once

#include <cstdint>
#include <string>

namespace temper::launch {

/// 1234567 as "1,234,567".
std::string count_text(std::uint64_t count);

/// 2306867 as "2.2 MiB"; below 1 KiB whole bytes: "17 B".
std::string bytes_text(std::uint64_t bytes);

}  // namespace temper::launch
