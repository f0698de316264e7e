#include "bench/timed_kernels.h"

#include <fmt/format.h>

namespace temper::bench {

using model::Accumulate;
using model::ConstMatrix;
using model::Matrix;

namespace {

std::string product(const char* kind, std::int64_t inner, std::int64_t columns) {
  return fmt::format("{:<20} inner {:>6} columns {:>6}", kind, inner, columns);
}

double product_flops(Matrix c, std::int64_t inner) {
  return 2.0 * static_cast<double>(c.rows) * static_cast<double>(c.columns) *
         static_cast<double>(inner);
}

/// Adds the time until it is gone.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds)
      : seconds_(seconds), began_(std::chrono::steady_clock::now()) {}
  ~Stopwatch() {
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace

template <class Call>
auto TimedKernels::timed(const std::string& name, double flops, Call call) const {
  Entry& entry = entries_[name];
  ++entry.calls;
  entry.flops += flops;
  const Stopwatch stopwatch(entry.seconds);
  return call();
}

void TimedKernels::linear(ConstMatrix x, ConstMatrix weight, const float* bias, Matrix y,
                          Accumulate accumulate) const {
  timed(product("x . w^T + bias", x.columns, y.columns), product_flops(y, x.columns),
        [&] { kernels_.linear(x, weight, bias, y, accumulate); });
}

void TimedKernels::multiply_transposed(ConstMatrix a, ConstMatrix b, Matrix c,
                                       Accumulate accumulate, float alpha) const {
  timed(product("a . b^T", a.columns, c.columns), product_flops(c, a.columns),
        [&] { kernels_.multiply_transposed(a, b, c, accumulate, alpha); });
}

void TimedKernels::multiply(ConstMatrix a, ConstMatrix b, Matrix c, Accumulate accumulate,
                            float alpha) const {
  timed(product("a . b", a.columns, c.columns), product_flops(c, a.columns),
        [&] { kernels_.multiply(a, b, c, accumulate, alpha); });
}

void TimedKernels::transposed_multiply(ConstMatrix a, ConstMatrix b, Matrix c,
                                       Accumulate accumulate, float alpha) const {
  timed(fmt::format("{:<20} rows  {:>6} columns {:>6}", "a^T . b", c.rows, c.columns),
        product_flops(c, a.rows),
        [&] { kernels_.transposed_multiply(a, b, c, accumulate, alpha); });
}

void TimedKernels::rms_norm(ConstMatrix x, const float* weight, float epsilon, Matrix out,
                            float* inverse_rms) const {
  timed("rms_norm", 0, [&] { kernels_.rms_norm(x, weight, epsilon, out, inverse_rms); });
}

void TimedKernels::rms_norm_backward(ConstMatrix grad_out, ConstMatrix x, const float* weight,
                                     const float* inverse_rms, Matrix grad_x,
                                     float* grad_weight) const {
  timed("rms_norm_backward", 0,
        [&] { kernels_.rms_norm_backward(grad_out, x, weight, inverse_rms, grad_x, grad_weight); });
}

void TimedKernels::rotate(Matrix x, model::SequenceOffsets offsets, std::int64_t head_size,
                          const float* cosine, const float* sine, float direction) const {
  timed("rotate", 0, [&] { kernels_.rotate(x, offsets, head_size, cosine, sine, direction); });
}

void TimedKernels::swiglu(ConstMatrix gate_up, Matrix out) const {
  timed("swiglu", 0, [&] { kernels_.swiglu(gate_up, out); });
}

void TimedKernels::swiglu_backward(ConstMatrix grad_out, Matrix gate_up) const {
  timed("swiglu_backward", 0, [&] { kernels_.swiglu_backward(grad_out, gate_up); });
}

void TimedKernels::attention(ConstMatrix q, ConstMatrix k, ConstMatrix v, model::HeadLayout heads,
                             model::SequenceOffsets offsets, Matrix out, float* log_sum_exp) const {
  timed("attention", 0, [&] { kernels_.attention(q, k, v, heads, offsets, out, log_sum_exp); });
}

void TimedKernels::attention_backward(ConstMatrix grad_out, ConstMatrix q, ConstMatrix k,
                                      ConstMatrix v, ConstMatrix out, const float* log_sum_exp,
                                      model::HeadLayout heads, model::SequenceOffsets offsets,
                                      AttentionGradients gradients) const {
  timed("attention_backward", 0, [&] {
    kernels_.attention_backward(grad_out, q, k, v, out, log_sum_exp, heads, offsets, gradients);
  });
}

double TimedKernels::cross_entropy(Matrix logits, std::span<const std::int32_t> targets,
                                   const model::LossTerms& terms, bool keep_logits) const {
  return timed("cross_entropy", 0,
               [&] { return kernels_.cross_entropy(logits, targets, terms, keep_logits); });
}

void TimedKernels::add(ConstMatrix x, Matrix y) const {
  timed("add", 0, [&] { kernels_.add(x, y); });
}

void TimedKernels::add_column_sums(ConstMatrix x, float* sums) const {
  timed("add_column_sums", 0, [&] { kernels_.add_column_sums(x, sums); });
}

void TimedKernels::dropout(ConstMatrix x, const model::DropoutKey& key, Matrix out,
                           Accumulate accumulate) const {
  timed("dropout", 0, [&] { kernels_.dropout(x, key, out, accumulate); });
}

void TimedKernels::gather_rows(ConstMatrix table, std::span<const std::int32_t> ids,
                               Matrix out) const {
  timed("gather_rows", 0, [&] { kernels_.gather_rows(table, ids, out); });
}

void TimedKernels::scatter_add_rows(ConstMatrix rows, std::span<const std::int32_t> ids,
                                    Matrix table) const {
  timed("scatter_add_rows", 0, [&] { kernels_.scatter_add_rows(rows, ids, table); });
}

}  // namespace temper::bench
