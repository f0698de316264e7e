// A ring of buffers. Piece i goes into buffer i % n; a reader may start on it when piece i - n has
// been consumed, and the consumer takes pieces 0, 1, 2 … as they become ready. So readers run ahead
// by n pieces at most, and no piece is copied.

#include "core/hub/ordered_pieces.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/large_buffer.h"

namespace temper::hub {
namespace {

struct Buffer {
  std::vector<std::byte> bytes = {};
  bool is_ready = false;
  std::exception_ptr failure = nullptr;
};

class Ring {
 public:
  Ring(std::uint64_t begin, std::uint64_t end, const PieceOptions& options)
      : begin_(begin),
        end_(end),
        piece_bytes_(options.piece_bytes),
        num_pieces_((end - begin + options.piece_bytes - 1) / options.piece_bytes),
        buffers_(std::min<std::uint64_t>(std::max(options.num_buffers, options.num_threads),
                                         num_pieces_)) {}

  std::uint64_t num_pieces() const { return num_pieces_; }

  /// A reader's life.
  void read_pieces(const std::function<void(std::uint64_t, std::span<std::byte>)>& read) {
    while (true) {
      std::uint64_t piece = 0;
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] {
          return is_over_ || next_ == num_pieces_ || next_ < consumed_ + buffers_.size();
        });
        if (is_over_ || next_ == num_pieces_) {
          return;
        }
        piece = next_++;
      }
      Buffer& buffer = buffer_of(piece);
      std::exception_ptr failure;
      try {
        if (buffer.bytes.empty()) {
          buffer.bytes = large_buffer(std::min(piece_bytes_, end_ - begin_));
        }
        read(begin_ + piece * piece_bytes_, bytes_of(piece));
      } catch (...) {
        failure = std::current_exception();
      }
      const std::lock_guard lock(mutex_);
      buffer.failure = failure;
      buffer.is_ready = true;
      if (failure != nullptr) {
        next_ = num_pieces_;  // nothing behind it is of use
      }
      ready_.notify_all();
      room_.notify_all();
    }
  }

  /// The consumer's: waits for the piece. Throws the reader's failure.
  std::span<const std::byte> wait_for(std::uint64_t piece) {
    Buffer& buffer = buffer_of(piece);
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [&] { return buffer.is_ready; });
    if (buffer.failure != nullptr) {
      std::rethrow_exception(buffer.failure);
    }
    return bytes_of(piece);
  }

  void release(std::uint64_t piece) {
    const std::lock_guard lock(mutex_);
    buffer_of(piece).is_ready = false;
    consumed_ = piece + 1;
    room_.notify_all();
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    room_.notify_all();
  }

 private:
  Buffer& buffer_of(std::uint64_t piece) { return buffers_[piece % buffers_.size()]; }
  std::span<std::byte> bytes_of(std::uint64_t piece) {
    const std::uint64_t offset = begin_ + piece * piece_bytes_;
    return std::span(buffer_of(piece).bytes).first(std::min(piece_bytes_, end_ - offset));
  }

  const std::uint64_t begin_, end_, piece_bytes_, num_pieces_;
  std::vector<Buffer> buffers_;  // a buffer belongs to its reader, then to the consumer
  std::mutex mutex_;
  std::condition_variable room_, ready_;
  std::uint64_t next_ = 0;      // the first piece that no reader took
  std::uint64_t consumed_ = 0;  // how many were
  bool is_over_ = false;
};

}  // namespace

void read_in_order(std::uint64_t begin, std::uint64_t end, const PieceOptions& options,
                   const std::function<void(std::uint64_t, std::span<std::byte>)>& read,
                   const std::function<void(std::span<const std::byte>)>& consume) {
  if (begin >= end) {
    return;
  }
  Ring ring(begin, end, options);
  std::vector<std::jthread> readers;
  const auto num_readers = std::min<std::uint64_t>(options.num_threads, ring.num_pieces());
  for (std::uint64_t i = 0; i < num_readers; ++i) {
    readers.emplace_back([&] { ring.read_pieces(read); });
  }
  try {
    for (std::uint64_t piece = 0; piece < ring.num_pieces(); ++piece) {
      consume(ring.wait_for(piece));
      ring.release(piece);
    }
  } catch (...) {
    ring.stop();
    readers.clear();  // joins
    throw;
  }
}

}  // namespace temper::hub
