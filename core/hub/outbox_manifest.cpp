#include "core/hub/outbox_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/run/json_fields.h"

namespace temper::hub {
namespace {

using run::JsonFields;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxManifestBytes = 16U << 20U;
constexpr std::size_t kMaxMarkerBytes = 64U << 10U;
constexpr std::size_t kMaxFiles = 10'000;
constexpr std::size_t kMaxPathBytes = 1000;
constexpr std::size_t kMaxNameBytes = 255;

bool is_hexadecimal(std::string_view text, std::size_t size) {
  return text.size() == size && std::ranges::all_of(text, [](char letter) {
           return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
         });
}

std::string hash_field(const JsonFields& fields, const char* name, std::size_t size) {
  std::string hash = fields.text(name);
  if (!is_hexadecimal(hash, size)) {
    fields.fail(name, fmt::format("should be {} lower-case hexadecimal digits", size));
  }
  return hash;
}

/// An id is also a folder's name and a mark in a commit's message.
std::string id_field(const JsonFields& fields) {
  std::string id = fields.text("id", 64);
  const bool plain = std::ranges::all_of(id, [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z');
  });
  if (id.empty() || !plain) {
    fields.fail("id", "should be digits and lower-case letters");
  }
  return id;
}

void require_version(const JsonFields& fields) {
  const std::int64_t version = fields.integer("version", 0, std::int64_t{1} << 40U);
  if (version != 1) {
    fields.fail("version",
                fmt::format("is {}; this temper reads version 1, a newer one wrote it", version));
  }
}

OutboxFile parse_file(const nlohmann::json& item, const std::string& origin) {
  const JsonFields fields(item, origin);
  OutboxFile file;
  file.path = fields.text("path", kMaxPathBytes);
  if (const std::string problem = problem_of_path(file.path); !problem.empty()) {
    fields.fail("path", problem);
  }
  file.size_bytes = fields.count("size_bytes", std::uint64_t{1} << 62U);
  file.sha256 = hash_field(fields, "sha256", 64);
  file.git_hash = fields.text("git_hash");
  if (!file.git_hash.empty()) {
    file.git_hash = hash_field(fields, "git_hash", 40);
  }
  return file;
}

PushTarget parse_target(const nlohmann::json& item, const std::string& origin) {
  const JsonFields fields(item, origin);
  PushTarget target;
  target.repository = fields.text("repository");
  target.revision = fields.text("revision");
  target.make_private = fields.boolean("private");
  target.create_pr = fields.boolean("create_pr");
  if (target.repository.empty() || target.revision.empty()) {
    fields.fail(target.repository.empty() ? "repository" : "revision", "is empty");
  }
  return target;
}

std::string problem_of_part(std::string_view part) {
  if (part.empty()) {
    return "has an empty part";
  }
  if (part == "." || part == ".." || part == ".git") {
    return fmt::format("has the part '{}'", part);
  }
  if (part.size() > kMaxNameBytes) {
    return fmt::format("has a part of {} bytes, at most {} can be", part.size(), kMaxNameBytes);
  }
  return "";
}

}  // namespace

std::string problem_of_path(std::string_view path) {
  if (path.size() > kMaxPathBytes) {
    return fmt::format("has {} bytes, at most {} can be", path.size(), kMaxPathBytes);
  }
  const bool has_control = std::ranges::any_of(path, [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f || letter == '\\';
  });
  if (has_control) {
    return "has a control character or a backslash";
  }
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (const std::string problem = problem_of_part(path.substr(begin, end - begin));
        !problem.empty()) {
      return problem;
    }
    begin = end + 1;
  }
  return "";
}

std::string to_json(const OutboxManifest& manifest) {
  Json files = Json::array();
  for (const OutboxFile& file : manifest.files) {
    files.push_back({{"path", file.path},
                     {"size_bytes", file.size_bytes},
                     {"sha256", file.sha256},
                     {"git_hash", file.git_hash}});
  }
  const PushTarget& target = manifest.target;
  return run::dump_file({{"version", manifest.version},
                         {"id", manifest.id},
                         {"created", manifest.created},
                         {"content", manifest.content},
                         {"target",
                          {{"repository", target.repository},
                           {"revision", target.revision},
                           {"private", target.make_private},
                           {"create_pr", target.create_pr}}},
                         {"summary", manifest.summary},
                         {"description", manifest.description},
                         {"files", std::move(files)}});
}

OutboxManifest parse_outbox_manifest(std::string_view json, const std::string& origin) {
  const nlohmann::json object = run::parse_json_object(json, kMaxManifestBytes, origin);
  const JsonFields fields(object, origin);
  require_version(fields);
  OutboxManifest manifest;
  manifest.id = id_field(fields);
  manifest.created = fields.text("created", 64);
  manifest.content = fields.text("content");
  manifest.target = parse_target(fields.object("target"), origin + ": target");
  manifest.summary = fields.text("summary");
  manifest.description = fields.text("description", 64U << 10U);
  std::set<std::string> paths;
  for (const nlohmann::json& item : fields.objects("files", kMaxFiles)) {
    manifest.files.push_back(
        parse_file(item, fmt::format("{}: files[{}]", origin, manifest.files.size())));
    if (!paths.insert(manifest.files.back().path).second) {
      fields.fail("files", fmt::format("'{}' is named twice", manifest.files.back().path));
    }
  }
  if (manifest.files.empty()) {
    fields.fail("files", "is empty");
  }
  return manifest;
}

std::string to_json(const PushStart& start) {
  return run::dump_file({{"version", 1}, {"parent", start.parent}});
}

PushStart parse_push_start(std::string_view json, const std::string& origin) {
  const nlohmann::json object = run::parse_json_object(json, kMaxMarkerBytes, origin);
  const JsonFields fields(object, origin);
  require_version(fields);
  return {hash_field(fields, "parent", 40)};
}

std::string to_json(const PushDone& done) {
  return run::dump_file({{"version", 1},
                         {"commit", done.commit},
                         {"url", done.url},
                         {"pull_request", done.pull_request},
                         {"pushed", done.pushed}});
}

PushDone parse_push_done(std::string_view json, const std::string& origin) {
  const nlohmann::json object = run::parse_json_object(json, kMaxMarkerBytes, origin);
  const JsonFields fields(object, origin);
  require_version(fields);
  return {hash_field(fields, "commit", 40), fields.text("url"), fields.text("pull_request"),
          fields.text("pushed", 64)};
}

}  // namespace temper::hub
