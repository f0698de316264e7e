#include "core/hub/commit_body.h"

#include <nlohmann/json.hpp>

#include "core/http/url.h"

namespace temper::hub {
namespace {

using nlohmann::json;

std::string line(const char* key, json value) {
  return json{{"key", key}, {"value", std::move(value)}}.dump(-1, ' ', false,
                                                              json::error_handler_t::replace) +
         "\n";
}

std::string line_of(const CommitFile& file) {
  if (file.lfs) {
    return line("lfsFile", {{"path", file.path},
                            {"algo", "sha256"},
                            {"oid", file.lfs->sha256},
                            {"size", file.lfs->size_bytes}});
  }
  const std::string_view bytes(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
  return line("file",
              {{"path", file.path}, {"encoding", "base64"}, {"content", http::base64(bytes)}});
}

}  // namespace

std::string commit_body(const CommitText& text, std::span<const CommitFile> files) {
  json header = {{"summary", text.summary}, {"description", text.description}};
  if (!text.parent.empty()) {
    header["parentCommit"] = text.parent;
  }
  std::string body = line("header", std::move(header));
  for (const CommitFile& file : files) {
    body += line_of(file);
  }
  return body;
}

}  // namespace temper::hub
