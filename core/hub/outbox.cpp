#include "core/hub/outbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>

#include "core/base/durable_file.h"
#include "core/base/error.h"
#include "core/base/file_error.h"
#include "core/base/hash.h"
#include "core/base/mapped_file.h"
#include "core/base/time_format.h"
#include "core/hub/blob_hash.h"
#include "core/run/run_layout.h"

namespace temper::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kManifest = "entry.json";
constexpr std::string_view kStart = "started.json";
constexpr std::string_view kDone = "pushed.json";
constexpr std::string_view kFiles = "files";
// Names with ".temper-" stay on this machine when the run directory is copied to a bucket.
constexpr std::string_view kPutLock = ".temper-put-lock";
constexpr std::string_view kPushLock = ".temper-push-lock";

UniqueFd open_lock(const fs::path& folder, std::string_view name) {
  create_directories_durably(folder);
  const fs::path path = folder / name;
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!fd.valid()) {
    throw FileError("lock", path, errno);
  }
  return fd;
}

/// False if another process has it and `wait` is false.
bool take_lock(const UniqueFd& fd, const fs::path& folder, bool wait) {
  while (::flock(fd.get(), wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return false;
    }
    if (errno != EINTR) {
      throw FileError("lock", folder, errno);
    }
  }
  return true;
}

/// What a killed put() left behind. Under the lock of put().
void remove_unfinished(const fs::path& folder) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    if (is_unfinished(entry.path().filename().string())) {
      fs::remove_all(entry.path(), ignored);
    }
  }
}

/// Files below `folder`, hidden ones left out, sorted.
std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().string().starts_with(".")) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file(error)) {
      files.push_back(entry->path().lexically_relative(folder));
    }
  }
  if (error) {
    throw FileError("read the folder", folder, error.value());
  }
  std::ranges::sort(files);
  return files;
}

/// A hard link, so that even a large model costs nothing, or a copy where there can't be one.
void link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_hard_link(fs::canonical(from), to, error);
  if (!error) {
    sync_durably(to);
    return;
  }
  // Not std::filesystem::copy_file, whose libstdc++ calls a full disk an I/O error.
  const MappedFile content(from);
  write_file_durably(to, content.bytes());
  content.release_pages();
}

OutboxFile describe_file(const fs::path& file, const std::string& path) {
  const MappedFile mapped(file);
  OutboxFile described{path, mapped.bytes().size(), sha256_hex(mapped.bytes()), {}};
  if (described.size_bytes <= kMaxRegularBytes) {
    BlobHash git_hash({.path = described.path, .size_bytes = described.size_bytes});
    git_hash.update(mapped.bytes());
    described.git_hash = git_hash.hex_digest();
  }
  return described;
}

/// files_below() as paths in a repository.
std::vector<std::string> paths_below(const fs::path& folder) {
  std::vector<std::string> paths;
  for (const fs::path& relative : files_below(folder)) {
    paths.push_back(relative.generic_string());
    if (const std::string problem = problem_of_path(paths.back()); !problem.empty()) {
      throw UserError(
          fmt::format("{}: the file's name can't be one in a repository: it {}; rename "
                      "it",
                      (folder / relative).string(), problem));
    }
  }
  if (paths.empty()) {
    throw UserError(fmt::format("{}: there is no file to push in it", folder.string()));
  }
  return paths;
}

std::vector<OutboxFile> gather_files(const fs::path& from, const fs::path& to,
                                     const std::vector<OutboxFile>& known) {
  std::vector<OutboxFile> files;
  for (const std::string& path : paths_below(from)) {
    create_directories_durably((to / path).parent_path());
    link_or_copy(from / path, to / path);
    const auto found = std::ranges::find(known, path, &OutboxFile::path);
    files.push_back(found == known.end() ? describe_file(to / path, path) : *found);
  }
  for (const OutboxFile& file : files) {
    sync_durably((to / file.path).parent_path());
  }
  return files;
}

/// The number in front of an entry's name; nullopt if it is none.
std::optional<std::uint32_t> number_of(const std::string& name) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool is_entry = error == std::errc() && end != name.data() + name.size() && *end == '-';
  return is_entry ? std::optional(number) : std::nullopt;
}

std::uint32_t next_number(const fs::path& folder) {
  std::uint32_t next = 1;
  std::error_code absent;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, absent)) {
    next = std::max(next, number_of(entry.path().filename().string()).value_or(0) + 1);
  }
  return next;
}

std::optional<std::string> read_small(const fs::path& file) {
  std::error_code absent;
  if (!fs::exists(file, absent)) {
    return std::nullopt;
  }
  const MappedFile mapped(file);
  return std::string(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size());
}

/// "" if every file is there in its size.
std::string missing_file(const OutboxEntry& entry) {
  for (const OutboxFile& file : entry.manifest.files) {
    std::error_code absent;
    const auto size = fs::file_size(entry.path_of(file), absent);
    if (absent) {
      return fmt::format("{}: {} is missing", entry.folder.string(), file.path);
    }
    if (size != file.size_bytes) {
      return fmt::format("{}: {} has {} bytes instead of {}", entry.folder.string(), file.path,
                         size, file.size_bytes);
    }
  }
  return "";
}

OutboxEntry read_entry(const fs::path& folder) {
  OutboxEntry entry;
  entry.folder = folder;
  try {
    const auto manifest = read_small(folder / kManifest);
    if (!manifest) {
      entry.problem = fmt::format("{}: it has no {}", folder.string(), kManifest);
      return entry;
    }
    entry.manifest = parse_outbox_manifest(*manifest, (folder / kManifest).string());
    if (const auto start = read_small(folder / kStart)) {
      entry.start = parse_push_start(*start, (folder / kStart).string());
    }
    if (const auto done = read_small(folder / kDone)) {
      entry.done = parse_push_done(*done, (folder / kDone).string());
    }
  } catch (const UserError& error) {
    entry.problem = error.what();
    return entry;
  }
  if (!entry.done) {
    entry.problem = missing_file(entry);
  }
  return entry;
}

}  // namespace

OutboxEntry Outbox::put(const OutboxContent& content, const Clock& clock) const {
  const UniqueFd lock = open_lock(folder_, kPutLock);
  take_lock(lock, folder_, true);
  remove_unfinished(folder_);
  const fs::path staging = folder_ / unfinished_name();
  create_directories_durably(staging / kFiles);
  OutboxEntry entry;
  entry.manifest.id = run::new_id();
  entry.manifest.created = format_rfc3339(clock.now());
  entry.manifest.content = content.content;
  entry.manifest.target = content.target;
  entry.manifest.summary = content.summary;
  entry.manifest.description = content.description;
  entry.manifest.files = gather_files(content.folder, staging / kFiles, content.files);
  write_file_durably(staging / kManifest, to_json(entry.manifest));
  entry.folder = folder_ / fmt::format("{:04}-{}", next_number(folder_), entry.manifest.id);
  rename_durably(staging, entry.folder);
  return entry;
}

std::vector<OutboxEntry> Outbox::list() const {
  std::vector<std::pair<std::uint32_t, fs::path>> folders;
  std::error_code absent;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, absent)) {
    const auto number = number_of(entry.path().filename().string());
    if (number && entry.is_directory(absent)) {
      folders.emplace_back(*number, entry.path());
    }
  }
  std::ranges::sort(folders);
  std::vector<OutboxEntry> entries;
  for (const auto& [number, folder] : folders) {
    entries.push_back(read_entry(folder));
  }
  return entries;
}

void Outbox::note_start(OutboxEntry& entry, const PushStart& start) const {
  write_file_durably(entry.folder / kStart, to_json(start));
  entry.start = start;
}

void Outbox::note_done(OutboxEntry& entry, const PushDone& done) const {
  write_file_durably(entry.folder / kDone, to_json(done));
  entry.done = done;
  std::error_code ignored;  // what stays costs room, nothing else
  fs::remove_all(entry.folder / kFiles, ignored);
}

std::vector<OutboxFile> describe_folder(const fs::path& folder) {
  std::vector<OutboxFile> files;
  for (const std::string& path : paths_below(folder)) {
    files.push_back(describe_file(folder / path, path));
  }
  return files;
}

std::string verify_files(const OutboxEntry& entry) {
  if (std::string problem = missing_file(entry); !problem.empty()) {
    return problem;
  }
  for (const OutboxFile& file : entry.manifest.files) {
    if (sha256_hex(MappedFile(entry.path_of(file)).bytes()) != file.sha256) {
      return fmt::format("{}: {} is not what was put there: its sha256 is another",
                         entry.folder.string(), file.path);
    }
  }
  return "";
}

OutboxLock::OutboxLock(const Outbox& outbox, const Logger& logger)
    : fd_(open_lock(outbox.folder(), kPushLock)) {
  if (!take_lock(fd_, outbox.folder(), false)) {
    logger.info("waiting for another process that pushes from {}", outbox.folder().string());
    take_lock(fd_, outbox.folder(), true);
  }
}

}  // namespace temper::hub
