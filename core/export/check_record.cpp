#include "core/export/check_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/mapped_file.h"
#include "core/run/json_fields.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxRecordBytes = 16 << 20;
constexpr std::size_t kMaxFiles = 100'000;
constexpr const char* kCardFile = "README.md";

CheckedFile check_file(const fs::path& path) {
  const MappedFile file(path);
  CheckedFile checked{path.filename().string(), file.bytes().size(), sha256_hex(file.bytes())};
  file.release_pages();
  return checked;
}

nlohmann::ordered_json loss_or_null(const std::optional<double>& loss) {
  return loss ? nlohmann::ordered_json(*loss) : nlohmann::ordered_json(nullptr);
}

std::optional<double> optional_loss(const nlohmann::json& object, const char* name,
                                    const run::JsonFields& fields) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) {
    return std::nullopt;
  }
  if (!found->is_number()) {
    fields.fail(name, "must be a number or null");
  }
  return found->get<double>();
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && fs::path(name).filename() == name;
}

std::string sha256_field(const run::JsonFields& fields) {
  constexpr std::size_t kDigits = 64;
  std::string digest = fields.text("sha256");
  if (digest.size() != kDigits ||
      digest.find_first_not_of("0123456789abcdef") != std::string::npos) {
    fields.fail("sha256", "must be 64 lower-case hexadecimal digits");
  }
  return digest;
}

}  // namespace

std::string to_json(const CheckRecord& record) {
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const CheckedFile& file : record.files) {
    files.push_back({{"name", file.name}, {"bytes", file.size_bytes}, {"sha256", file.sha256}});
  }
  return run::dump_file({{"version", record.version},
                         {"kind", record.kind},
                         {"base_fingerprint", record.base_fingerprint},
                         {"samples", record.num_samples},
                         {"trained_loss", loss_or_null(record.trained_loss)},
                         {"file_loss", loss_or_null(record.file_loss)},
                         {"files", files}});
}

CheckRecord parse_check_record(std::string_view json, const std::string& origin) {
  const nlohmann::json object = run::parse_json_object(json, kMaxRecordBytes, origin);
  const run::JsonFields fields(object, origin);
  CheckRecord record;
  record.version = fields.integer("version", 1, 1);
  record.kind = fields.text("kind");
  if (record.kind != "adapter" && record.kind != "model") {
    fields.fail("kind", "must be adapter or model");
  }
  record.base_fingerprint = fields.text("base_fingerprint");
  record.num_samples = fields.integer("samples", 0, std::numeric_limits<std::int64_t>::max());
  record.trained_loss = optional_loss(object, "trained_loss", fields);
  record.file_loss = optional_loss(object, "file_loss", fields);
  for (const nlohmann::json& item : fields.objects("files", kMaxFiles)) {
    const run::JsonFields file(item, origin + ": files");
    record.files.push_back({file.text("name"), file.count("bytes"), sha256_field(file)});
    if (!is_plain_name(record.files.back().name)) {
      file.fail("name", "must be a file in the same folder");
    }
  }
  if (record.files.empty()) {
    fields.fail("files", "names no file");
  }
  return record;
}

void add_outputs(CheckRecord& record, const fs::path& folder, const Probe& probe) {
  record.num_samples = probe.num_samples;
  record.trained_loss = probe.trained.loss;
  record.file_loss = check_outputs(folder, probe).loss;
}

void write_check_record(StagedFolder& staged, CheckRecord record) {
  record.files.clear();
  for (const fs::directory_entry& entry : fs::directory_iterator(staged.staging())) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && name != kCardFile && name != kCheckRecordFile) {
      record.files.push_back(check_file(entry.path()));
    }
  }
  std::sort(record.files.begin(), record.files.end(),
            [](const CheckedFile& a, const CheckedFile& b) { return a.name < b.name; });
  staged.write(kCheckRecordFile, to_json(record));
}

std::optional<CheckRecord> read_check_record(const fs::path& folder) {
  const fs::path path = folder / kCheckRecordFile;
  if (!fs::is_regular_file(path)) {
    return std::nullopt;
  }
  const MappedFile file(path);
  return parse_check_record(
      {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, path.string());
}

CheckRecord require_checked(const fs::path& folder) {
  std::optional<CheckRecord> record = read_check_record(folder);
  if (!record) {
    throw UserError(
        fmt::format("{}: there is no {}: no finished run has exported and checked this "
                    "folder",
                    folder.string(), kCheckRecordFile));
  }
  for (const CheckedFile& expected : record->files) {
    const fs::path path = folder / expected.name;
    const auto refuse = [&path](const std::string& what) {
      throw FatalError(
          fmt::format("{}: {}, so it is not published; `temper resume` of a finished "
                      "run exports it again",
                      path.string(), what));
    };
    if (!fs::is_regular_file(path)) {
      refuse("the file that passed the check is missing");
    }
    const CheckedFile actual = check_file(path);
    if (actual.size_bytes != expected.size_bytes || actual.sha256 != expected.sha256) {
      refuse(
          fmt::format("is not the file that passed the check: {} bytes, sha256 {}, checked were "
                      "{} bytes, sha256 {}",
                      actual.size_bytes, actual.sha256, expected.size_bytes, expected.sha256));
    }
  }
  return std::move(*record);
}

void require_compared(const CheckRecord& record, const fs::path& folder) {
  if (record.num_samples < 1 || !record.trained_loss || !record.file_loss) {
    throw UserError(fmt::format(
        "{}: {} has no comparison of the losses of the trained model and of these files with their "
        "base, so it is not published; `temper resume` of a finished run exports it again",
        folder.string(), kCheckRecordFile));
  }
}

}  // namespace temper::exporting
