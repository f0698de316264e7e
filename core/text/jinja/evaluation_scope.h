#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "core/text/jinja/evaluator.h"

namespace temper::text::jinja {

/// Bounds how deep evaluation nests; one object a level.
class Evaluator::Level {
 public:
  explicit Level(Evaluator* evaluator) : evaluator_(evaluator) {
    if (evaluator_->depth_ >= evaluator_->limits_.depth) {
      throw Failure(fmt::format("nested more than {} levels deep", evaluator_->limits_.depth));
    }
    ++evaluator_->depth_;
  }
  ~Level() { --evaluator_->depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  Evaluator* evaluator_;
};

/// A new scope inside the current one, or inside another (a macro's), for as long as it lives.
class Evaluator::Inner {
 public:
  explicit Inner(Evaluator* evaluator) : Inner(evaluator, evaluator->scope_) {}
  Inner(Evaluator* evaluator, std::shared_ptr<Scope> parent)
      : evaluator_(evaluator),
        outer_(std::exchange(evaluator->scope_,
                             std::make_shared<Scope>(Scope{std::move(parent), {}}))) {}
  ~Inner() { evaluator_->scope_ = std::move(outer_); }
  Inner(const Inner&) = delete;
  Inner& operator=(const Inner&) = delete;

 private:
  Evaluator* evaluator_;
  std::shared_ptr<Scope> outer_;
};

/// Catches the output for as long as it lives.
class Evaluator::Capture {
 public:
  explicit Capture(Evaluator* evaluator)
      : evaluator_(evaluator), outer_(std::exchange(evaluator->output_, &text_)) {}
  ~Capture() { evaluator_->output_ = outer_; }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  Evaluator* evaluator_;
  std::string* outer_;
};

}  // namespace temper::text::jinja
