#include "core/storage/s3/s3_xml.h"

#include <fmt/format.h>

#include <charconv>
#include <pugixml.hpp>

namespace temper::storage {
namespace {

[[noreturn]] void fail(const std::string& origin, std::string_view problem) {
  throw StorageError(
      StorageError::Kind::kUnavailable,
      fmt::format("{}: the service's answer is not as its API says: {}", origin, problem));
}

pugi::xml_document parse(std::string_view xml) {
  pugi::xml_document document;
  // No entities of a document type: nothing to blow up.
  if (!document.load_buffer(xml.data(), xml.size(), pugi::parse_minimal | pugi::parse_escapes)) {
    document.reset();
  }
  return document;
}

int digit_of(char letter) {
  if (letter >= '0' && letter <= '9') {
    return letter - '0';
  }
  const char lower = static_cast<char>(letter | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// encoding-type=url writes what form fields do: %XX, and "+" for a space.
std::string decode_url(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit_of(text[i + 1]) >= 0 &&
        digit_of(text[i + 2]) >= 0) {
      decoded += static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

}  // namespace

S3Error parse_s3_error(std::string_view xml) {
  const pugi::xml_document document = parse(xml);
  const pugi::xml_node error = document.child("Error");
  return {error.child_value("Code"), error.child_value("Message"), error.child_value("Region")};
}

ObjectPage parse_s3_page(std::string_view xml, const std::string& origin) {
  const pugi::xml_document document = parse(xml);
  const pugi::xml_node result = document.child("ListBucketResult");
  if (!result) {
    fail(origin, "no ListBucketResult");
  }
  const bool is_encoded = std::string_view(result.child_value("EncodingType")) == "url";
  ObjectPage page;
  for (const pugi::xml_node item : result.children("Contents")) {
    const std::string_view size = item.child_value("Size");
    ObjectInfo object;
    object.key = is_encoded ? decode_url(item.child_value("Key")) : item.child_value("Key");
    const auto [end, error] =
        std::from_chars(size.data(), size.data() + size.size(), object.size_bytes);
    if (error != std::errc() || end != size.data() + size.size() || object.key.empty()) {
      fail(origin, fmt::format("an object with the key '{}' and the size '{}'", object.key, size));
    }
    page.objects.push_back(std::move(object));
  }
  if (std::string_view(result.child_value("IsTruncated")) == "true") {
    page.next = result.child_value("NextContinuationToken");
    if (page.next.empty()) {
      fail(origin, "a truncated list without a continuation token");
    }
  }
  return page;
}

std::string parse_upload_id(std::string_view xml, const std::string& origin) {
  const pugi::xml_document document = parse(xml);
  std::string id = document.child("InitiateMultipartUploadResult").child_value("UploadId");
  if (id.empty()) {
    fail(origin, "no UploadId");
  }
  return id;
}

std::string complete_body(const std::vector<S3Part>& parts) {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    // ETags and base64 need no escapes but for quotes, which XML text may hold.
    body += fmt::format("<Part><ETag>{}</ETag>", parts[i].etag);
    if (!parts[i].crc32c.empty()) {
      body += fmt::format("<ChecksumCRC32C>{}</ChecksumCRC32C>", parts[i].crc32c);
    }
    body += fmt::format("<PartNumber>{}</PartNumber></Part>", i + 1);
  }
  return body + "</CompleteMultipartUpload>";
}

}  // namespace temper::storage
