#include "core/base/mapped_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "core/base/error.h"
#include "tests/support/temporary_directory.h"

namespace temper {
namespace {

std::string text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

class MappedFileTest : public ::testing::Test {
 protected:
  void expect_refused(const std::string& name, const std::string& reason) {
    try {
      const MappedFile file(folder_ / name);
      ADD_FAILURE() << "no error";
    } catch (const UserError& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr((folder_ / name).string()));
      EXPECT_THAT(error.what(), ::testing::HasSubstr(reason));
    }
  }

  testing::TemporaryDirectory folder_;
};

TEST_F(MappedFileTest, ShowsTheWholeFile) {
  const std::string content(10'000, 'x');
  testing::write_file(folder_ / "file", content);
  const MappedFile file(folder_ / "file");
  EXPECT_EQ(text_of(file), content);
  EXPECT_EQ(file.path(), folder_ / "file");
}

TEST_F(MappedFileTest, EmptyFileHasNoBytes) {
  testing::write_file(folder_ / "empty", "");
  EXPECT_TRUE(MappedFile(folder_ / "empty").bytes().empty());
}

std::size_t resident_pages(std::span<const std::byte> bytes) {
  std::ifstream maps("/proc/self/smaps");
  const std::string wanted = fmt::format("{:x}-", reinterpret_cast<std::uintptr_t>(bytes.data()));
  std::string line;
  while (std::getline(maps, line) && !line.starts_with(wanted)) {
  }
  while (std::getline(maps, line)) {
    if (line.starts_with("Rss:")) {
      return std::stoul(line.substr(4)) / 4;
    }
  }
  return 0;
}

TEST_F(MappedFileTest, ReleasedPagesComeBackWithTheSameBytes) {
  std::string content;
  for (int i = 0; content.size() < (std::size_t{1} << 20); ++i) {
    content += std::to_string(i);
  }
  testing::write_file(folder_ / "file", content);
  const MappedFile file(folder_ / "file");
  EXPECT_EQ(text_of(file), content);
  EXPECT_GE(resident_pages(file.bytes()), 256U);
  file.release_pages();
  EXPECT_EQ(resident_pages(file.bytes()), 0U);
  EXPECT_EQ(text_of(file), content);
}

TEST_F(MappedFileTest, BytesStayWhenMoved) {
  testing::write_file(folder_ / "a", "first");
  testing::write_file(folder_ / "b", "second");
  MappedFile first(folder_ / "a");
  const std::byte* place = first.bytes().data();
  MappedFile moved(std::move(first));
  EXPECT_EQ(moved.bytes().data(), place);
  moved = MappedFile(folder_ / "b");
  EXPECT_EQ(text_of(moved), "second");
}

TEST_F(MappedFileTest, RefusesWhatIsNoFile) {
  expect_refused("absent", "No such file");
  std::filesystem::create_directory(folder_ / "folder");
  expect_refused("folder", "folder, not a file");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  expect_refused("pipe", "pipe, not a file");
}

}  // namespace
}  // namespace temper
