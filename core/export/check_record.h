#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/export/probe.h"
#include "core/export/staged_folder.h"

namespace temper::exporting {

/// Written into an adapter's or model's folder when its gate has passed (docs/export.md).
inline constexpr const char* kCheckRecordFile = "export_check.json";

struct CheckedFile {
  std::string name;
  std::uint64_t size_bytes = 0;
  std::string sha256;
};

/// What the gate has seen: which bytes, on which base, with which loss.
struct CheckRecord {
  std::int64_t version = 1;
  std::string kind;                  ///< "adapter" or "model"
  std::string base_fingerprint;      ///< BaseModel::fingerprint(); empty for random initial weights
  std::vector<CheckedFile> files{};  ///< all but README.md, which may be edited, and this record
  std::int64_t num_samples = 0;      ///< that losses were compared on; 0: none were
  std::optional<double> trained_loss{};  ///< of the trained model in memory, mean a token
  std::optional<double> file_loss{};     ///< of base + files
};

std::string to_json(const CheckRecord& record);
/// UserError naming `origin` and the field.
CheckRecord parse_check_record(std::string_view json, const std::string& origin);

/// Compares the outputs (check_outputs) and notes them in `record`.
void add_outputs(CheckRecord& record, const std::filesystem::path& folder, const Probe& probe);

/// Hashes the staged files into `record.files` and adds the record to them: the gate's last act.
void write_check_record(StagedFolder& staged, CheckRecord record);

/// The gate before anything is published: every file that passed the exporter's gate is there with
/// its size and sha256. UserError if the folder has no record, so was not exported by a finished
/// run; FatalError naming the file if one is missing or has other bytes now.
CheckRecord require_checked(const std::filesystem::path& folder);

/// The rest of that gate: the losses of the trained model and of base + files were compared.
/// UserError naming `folder` if the record says that they were not.
void require_compared(const CheckRecord& record, const std::filesystem::path& folder);

/// The record in `folder`, without looking at the files; nullopt if there is none.
std::optional<CheckRecord> read_check_record(const std::filesystem::path& folder);

}  // namespace temper::exporting
