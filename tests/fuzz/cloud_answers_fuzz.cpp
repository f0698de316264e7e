#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/error.h"
#include "core/storage/credentials/aws_profile.h"
#include "core/storage/gcs/gcs_resource.h"
#include "core/storage/s3/s3_xml.h"

/// Any bytes of a service or of AWS's files are read or refused, never a crash.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto refusing = [&](const auto& parse) {
    try {
      static_cast<void>(parse());
    } catch (const temper::Error&) {
    }
  };
  refusing([&] { return temper::storage::parse_resource(text, "fuzz"); });
  refusing([&] { return temper::storage::parse_gcs_page(text, "fuzz"); });
  refusing([&] { return temper::storage::error_reason(text); });
  refusing([&] { return temper::storage::parse_crc32c_text(text); });
  refusing([&] { return temper::storage::parse_s3_page(text, "fuzz"); });
  refusing([&] { return temper::storage::parse_s3_error(text); });
  refusing([&] { return temper::storage::parse_upload_id(text, "fuzz"); });
  refusing([&] { return temper::storage::parse_aws_file(text, "fuzz"); });
  return 0;
}
