// Builds a LlamaModel: lays out what is trained and finds a place for what is frozen.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>
#include <span>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/weights/float_formats.h"
#include "trainer/model/llama.h"

namespace temper::model {
namespace {

/// One linear module inside a fused group.
struct Member {
  std::string module;
  std::int64_t output_size = 0;
};

}  // namespace

class ModelBuilder {
 public:
  ModelBuilder(const ModelConfig& config, std::int64_t max_length, const Placement& placement)
      : model_(new LlamaModel(config, max_length, *placement.memory)),
        config_(model_->config_),
        placement_(placement) {}

  std::unique_ptr<LlamaModel> lora(const BaseModel& base, const std::vector<LoraTarget>& targets,
                                   double dropout, const std::vector<Parameter>& saved) {
    base_ = &base;
    for (const Parameter& parameter : saved) {
      saved_.insert(parameter.name);
    }
    dropout_ = static_cast<float>(dropout);
    for (const LoraTarget& target : targets) {
      targets_[target.module] = target;
    }
    build();
    if (!targets_.empty()) {
      throw UserError(fmt::format(
          "adapter.targets: LoRA on '{}' is not supported: only linear modules can be targets",
          targets_.begin()->first));
    }
    return std::move(model_);
  }

  std::unique_ptr<LlamaModel> fully_trained() {
    build();
    return std::move(model_);
  }

 private:
  /// All weights are, or this one is trained whole beside an adapter.
  bool is_trained(const std::string& name) const {
    return base_ == nullptr || saved_.contains(name);
  }

  void build() {
    build_embedding();
    for (std::size_t layer = 0; layer < model_->blocks_.size(); ++layer) {
      build_block(layer, model_->blocks_[layer]);
    }
    model_->final_norm_ = norm("model.norm.weight");
    const std::size_t end_of_blocks = align_floats(model_->layout_.size());
    build_head();
    model_->head_.gradients = Accumulate::kYes;  // chunk by chunk of its rows
    model_->sums_.emplace_back(end_of_blocks, std::max(end_of_blocks, model_->layout_.size()));
    const auto first = std::find_if(model_->blocks_.begin(), model_->blocks_.end(),
                                    [](const Block& block) { return block.is_trained(); });
    model_->first_trained_layer_ =
        model_->embedding_offset_ ? 0 : static_cast<std::size_t>(first - model_->blocks_.begin());
  }

  void build_embedding() {
    const std::string name = "model.embed_tokens.weight";
    if (is_trained(name)) {
      model_->layout_.begin_group();
      model_->embedding_offset_ =
          model_->layout_.add(name, {config_.vocabulary_size, config_.hidden_size}, true);
      sum_from(*model_->embedding_offset_);
    } else {
      const std::array names{name};
      const std::array rows{config_.vocabulary_size};
      model_->frozen_embedding_ = frozen(names, rows, config_.hidden_size);
    }
  }

  void build_block(std::size_t layer, Block& block) {
    const std::string prefix = fmt::format("model.layers.{}.", layer);
    const std::int64_t q = config_.num_heads * config_.head_size;
    const std::int64_t kv = config_.num_kv_heads * config_.head_size;
    const bool attention_bias = config_.attention_bias;
    block.attention_norm = norm(prefix + "input_layernorm.weight");
    block.qkv = linear({{prefix + "self_attn.q_proj", q},
                        {prefix + "self_attn.k_proj", kv},
                        {prefix + "self_attn.v_proj", kv}},
                       config_.hidden_size, attention_bias);
    block.output = linear({{prefix + "self_attn.o_proj", config_.hidden_size}}, q, attention_bias);
    block.mlp_norm = norm(prefix + "post_attention_layernorm.weight");
    block.gate_up = linear({{prefix + "mlp.gate_proj", config_.intermediate_size},
                            {prefix + "mlp.up_proj", config_.intermediate_size}},
                           config_.hidden_size, config_.mlp_bias);
    block.down = linear({{prefix + "mlp.down_proj", config_.hidden_size}},
                        config_.intermediate_size, config_.mlp_bias);
  }

  void build_head() {
    Linear& head = model_->head_;
    if (!config_.tied_embeddings) {
      head = linear({{"lm_head", config_.vocabulary_size}}, config_.hidden_size, false);
      return;
    }
    head.input_size = config_.hidden_size;
    head.output_size = config_.vocabulary_size;
    head.modules = {{0, config_.vocabulary_size}};
    head.frozen_weight = model_->frozen_embedding_;
    head.weight_offset = model_->embedding_offset_;
    add_lora(head, {{"lm_head", config_.vocabulary_size}});
  }

  /// A slot adds to the gradient of what was laid out from `offset` on.
  void sum_from(std::size_t offset) { model_->sums_.emplace_back(offset, model_->layout_.size()); }

  NormWeight norm(const std::string& name) {
    NormWeight weight;
    if (is_trained(name)) {
      model_->layout_.begin_group();
      weight.offset = model_->layout_.add(name, {config_.hidden_size}, false);
      sum_from(*weight.offset);
    } else {
      const std::array names{name};
      const std::array<std::int64_t, 1> rows{1};
      weight.frozen = frozen_floats(names, rows, config_.hidden_size);
    }
    return weight;
  }

  Linear linear(const std::vector<Member>& members, std::int64_t input_size, bool has_bias) {
    Linear linear;
    linear.input_size = input_size;
    std::vector<std::string> weights;
    std::vector<std::string> biases;
    std::vector<std::int64_t> sizes;
    for (const Member& member : members) {
      linear.modules.push_back({linear.output_size, member.output_size});
      linear.output_size += member.output_size;
      weights.push_back(member.module + ".weight");
      biases.push_back(member.module + ".bias");
      sizes.push_back(member.output_size);
    }
    if (is_trained(weights.front())) {
      linear.weight_offset = model_->layout_.begin_group();
      for (std::size_t i = 0; i < members.size(); ++i) {
        model_->layout_.add(weights[i], {sizes[i], input_size}, true);
      }
      if (has_bias) {
        linear.bias_offset = model_->layout_.begin_group();
        for (std::size_t i = 0; i < members.size(); ++i) {
          model_->layout_.add(biases[i], {sizes[i]}, false);
        }
        sum_from(*linear.bias_offset);
      }
    } else {
      linear.frozen_weight = frozen(weights, sizes, input_size);
      linear.frozen_bias = has_bias ? frozen_floats(biases, sizes, 1) : nullptr;
    }
    add_lora(linear, members);
    return linear;
  }

  /// Takes the members' targets out of targets_: what is left at the end is no linear module.
  void add_lora(Linear& linear, const std::vector<Member>& members) {
    std::vector<std::pair<LoraTarget, std::int64_t>> found;
    std::int64_t output_begin = 0;
    for (const Member& member : members) {
      if (const auto target = targets_.find(member.module); target != targets_.end()) {
        CHECK(target->second.in_features == linear.input_size &&
                  target->second.out_features == member.output_size,
              "{}: {} -> {}", member.module, target->second.in_features,
              target->second.out_features);
        found.emplace_back(target->second, output_begin);
        targets_.erase(target);
      }
      output_begin += member.output_size;
    }
    if (found.empty()) {
      return;
    }
    ParameterLayout& layout = model_->layout_;
    LoraGroup& group = linear.lora;
    group.dropout = dropout_;
    group.a_offset = layout.begin_group();
    for (const auto& [target, begin] : found) {
      layout.add(target.module + ".lora_A.weight", {target.rank, target.in_features}, true);
      group.modules.push_back({begin, target.out_features, group.total_rank, target.rank,
                               static_cast<float>(target.scaling), 0, name_key(target.module)});
      group.total_rank += target.rank;
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      const LoraTarget& target = found[i].first;
      layout.begin_group();
      group.modules[i].b_offset =
          layout.add(target.module + ".lora_B.weight", {target.out_features, target.rank}, true);
    }
  }

  /// The stored tensors `names` (rows[i] × columns each) one after the other, as the kernels want
  /// frozen matrices to be.
  ConstMatrix frozen(std::span<const std::string> names, std::span<const std::int64_t> rows,
                     std::int64_t columns) {
    const std::int64_t all_rows = std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
    if (!placement_.bf16) {
      return matrix(frozen_floats(names, rows, columns), all_rows, columns);
    }
    const auto half = static_cast<std::size_t>((all_rows * columns + 1) / 2);
    FloatBuffer& copy = model_->frozen_.emplace_back(half, *placement_.memory);
    auto* const begin = reinterpret_cast<std::uint16_t*>(copy.data());
    copy_frozen(names, rows, columns, [&](std::span<const float> values, std::size_t offset) {
      std::vector<std::uint16_t> rounded(values.size());
      if (!weights::from_float32(values, weights::DataType::kBF16,
                                 std::as_writable_bytes(std::span(rounded)))) {
        throw UserError(fmt::format("{}: {} has numbers that are not finite",
                                    base_->path().string(), names[0]));
      }
      placement_.memory->upload(rounded.data(), begin + offset,
                                rounded.size() * sizeof(rounded[0]));
    });
    return {nullptr, all_rows, columns, columns, begin};
  }

  /// The same as fp32: in place where they can be mapped and already lie so, else a copy.
  const float* frozen_floats(std::span<const std::string> names, std::span<const std::int64_t> rows,
                             std::int64_t columns) {
    if (placement_.memory->is_host()) {
      if (const float* mapped = map_frozen(names, rows, columns)) {
        return mapped;
      }
    }
    const std::int64_t all_rows = std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
    FloatBuffer& copy = model_->frozen_.emplace_back(static_cast<std::size_t>(all_rows * columns),
                                                     *placement_.memory);
    if (placement_.memory->is_host()) {
      std::size_t offset = 0;
      for (std::size_t i = 0; i < names.size(); ++i) {
        const auto size = static_cast<std::size_t>(rows[i] * columns);
        base_->load_float32(names[i], copy.span().subspan(offset, size));
        offset += size;
      }
      return copy.data();
    }
    copy_frozen(names, rows, columns, [&](std::span<const float> values, std::size_t offset) {
      placement_.memory->upload(values.data(), copy.data() + offset, values.size_bytes());
    });
    return copy.data();
  }

  /// Where the tensors lie one after the other in the mapped file; nullptr: they don't.
  const float* map_frozen(std::span<const std::string> names, std::span<const std::int64_t> rows,
                          std::int64_t columns) const {
    const std::span<const float> first = base_->map_float32(names[0]);
    const float* end = first.data();
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto size = static_cast<std::size_t>(rows[i] * columns);
      const std::span<const float> mapped = base_->map_float32(names[i]);
      if (mapped.size() != size || mapped.data() != end) {
        return nullptr;
      }
      end += size;
    }
    return first.data();
  }

  /// Calls `store` for each tensor with its values and where it begins behind the first.
  template <class Store>
  void copy_frozen(std::span<const std::string> names, std::span<const std::int64_t> rows,
                   std::int64_t columns, const Store& store) {
    std::size_t offset = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto size = static_cast<std::size_t>(rows[i] * columns);
      std::span<const float> values = base_->map_float32(names[i]);
      if (values.size() != size) {
        staging_.reserve(placement_.memory->staging(), size);
        base_->load_float32(names[i], staging_.span().first(size));
        values = staging_.span().first(size);
      }
      store(values, offset);
      offset += size;
    }
  }

  std::unique_ptr<LlamaModel> model_;
  const ModelConfig& config_;
  Placement placement_;
  FloatBuffer staging_;  // between the file and a device
  const BaseModel* base_ = nullptr;
  float dropout_ = 0;
  std::map<std::string, LoraTarget> targets_;
  std::set<std::string> saved_;
};

std::unique_ptr<LlamaModel> LlamaModel::with_lora(const BaseModel& base,
                                                  const std::vector<LoraTarget>& targets,
                                                  double dropout, std::int64_t max_length,
                                                  const std::vector<Parameter>& saved,
                                                  const Placement& placement) {
  return ModelBuilder(base.config(), max_length, placement).lora(base, targets, dropout, saved);
}

std::unique_ptr<LlamaModel> LlamaModel::fully_trained(const ModelConfig& config,
                                                      std::int64_t max_length,
                                                      const Placement& placement) {
  return ModelBuilder(config, max_length, placement).fully_trained();
}

}  // namespace temper::model
