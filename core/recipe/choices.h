#pragma once

#include <array>
#include <string_view>
#include <utility>

/// The values that a recipe or cluster file chooses from, and how they are spelled in YAML.
namespace temper::recipe {

enum class DataType { kAuto, kFp32, kTf32, kBf16 };
enum class Init { kPretrained, kRandom };
enum class AdapterType { kLora, kNone };
enum class DataFormat { kAuto, kJsonl, kParquet, kMds };
enum class Overlength { kError, kDrop, kTruncate, kSplit };
enum class TrainOn { kAll, kAssistant, kLast };
enum class Memory { kFast, kBalanced, kLow };
enum class OptimizerName { kAdamw };
enum class MomentFormat { kFp32, k8bit };
enum class PublishWhen { kEnd, kCheckpoint, kBest };
enum class PublishForm { kAdapter, kMerged };
enum class ScheduleKind { kConstant, kLinear, kCosine, kWsd };
enum class ClusterKind { kLocal, kSlurm, kKubernetes, kVertex };
enum class RankStarter { kAuto, kSrun, kMpirun };
enum class Transport { kAuto, kMpi, kTcp };
enum class JobApi { kJobSet, kJob, kTrainJob, kMpiJob };
/// How Vertex AI finds machines: at once, from what is left over, or when some become free.
enum class VertexStrategy { kStandard, kSpot, kFlexStart };
/// Google Cloud's machine families with GPUs that need parts of their own in a pod.
enum class MachineFamily { kAny, kG2, kA3Mega, kA3Ultra };

/// Specialised for each enumeration above: kNames pairs each enumerator with its YAML spelling.
template <class Enum>
struct Choices;

template <class Enum, std::size_t N>
using ChoiceNames = std::array<std::pair<Enum, std::string_view>, N>;

template <>
struct Choices<DataType> {
  static constexpr ChoiceNames<DataType, 4> kNames = {{{DataType::kAuto, "auto"},
                                                       {DataType::kFp32, "fp32"},
                                                       {DataType::kTf32, "tf32"},
                                                       {DataType::kBf16, "bf16"}}};
};

/// Whether only GPUs have such numbers.
inline constexpr bool needs_gpus(DataType type) {
  return type == DataType::kTf32 || type == DataType::kBf16;
}

template <>
struct Choices<Init> {
  static constexpr ChoiceNames<Init, 2> kNames = {
      {{Init::kPretrained, "pretrained"}, {Init::kRandom, "random"}}};
};

template <>
struct Choices<AdapterType> {
  static constexpr ChoiceNames<AdapterType, 2> kNames = {
      {{AdapterType::kLora, "lora"}, {AdapterType::kNone, "none"}}};
};

template <>
struct Choices<DataFormat> {
  static constexpr ChoiceNames<DataFormat, 4> kNames = {{{DataFormat::kAuto, "auto"},
                                                         {DataFormat::kJsonl, "jsonl"},
                                                         {DataFormat::kParquet, "parquet"},
                                                         {DataFormat::kMds, "mds"}}};
};

template <>
struct Choices<Overlength> {
  static constexpr ChoiceNames<Overlength, 4> kNames = {{{Overlength::kError, "error"},
                                                         {Overlength::kDrop, "drop"},
                                                         {Overlength::kTruncate, "truncate"},
                                                         {Overlength::kSplit, "split"}}};
};

template <>
struct Choices<TrainOn> {
  static constexpr ChoiceNames<TrainOn, 3> kNames = {
      {{TrainOn::kAll, "all"}, {TrainOn::kAssistant, "assistant"}, {TrainOn::kLast, "last"}}};
};

template <>
struct Choices<OptimizerName> {
  static constexpr ChoiceNames<OptimizerName, 1> kNames = {{{OptimizerName::kAdamw, "adamw"}}};
};

template <>
struct Choices<MomentFormat> {
  static constexpr ChoiceNames<MomentFormat, 2> kNames = {
      {{MomentFormat::kFp32, "fp32"}, {MomentFormat::k8bit, "8bit"}}};
};

template <>
struct Choices<Memory> {
  static constexpr ChoiceNames<Memory, 3> kNames = {
      {{Memory::kFast, "fast"}, {Memory::kBalanced, "balanced"}, {Memory::kLow, "low"}}};
};

template <>
struct Choices<PublishWhen> {
  static constexpr ChoiceNames<PublishWhen, 3> kNames = {{{PublishWhen::kEnd, "end"},
                                                          {PublishWhen::kCheckpoint, "checkpoint"},
                                                          {PublishWhen::kBest, "best"}}};
};

template <>
struct Choices<PublishForm> {
  static constexpr ChoiceNames<PublishForm, 2> kNames = {
      {{PublishForm::kAdapter, "adapter"}, {PublishForm::kMerged, "merged"}}};
};

template <>
struct Choices<ScheduleKind> {
  static constexpr ChoiceNames<ScheduleKind, 4> kNames = {{{ScheduleKind::kConstant, "constant"},
                                                           {ScheduleKind::kLinear, "linear"},
                                                           {ScheduleKind::kCosine, "cosine"},
                                                           {ScheduleKind::kWsd, "wsd"}}};
};

template <>
struct Choices<ClusterKind> {
  static constexpr ChoiceNames<ClusterKind, 4> kNames = {{{ClusterKind::kLocal, "local"},
                                                          {ClusterKind::kSlurm, "slurm"},
                                                          {ClusterKind::kKubernetes, "kubernetes"},
                                                          {ClusterKind::kVertex, "vertex"}}};
};

template <>
struct Choices<VertexStrategy> {
  static constexpr ChoiceNames<VertexStrategy, 3> kNames = {
      {{VertexStrategy::kStandard, "standard"},
       {VertexStrategy::kSpot, "spot"},
       {VertexStrategy::kFlexStart, "flex-start"}}};
};

template <>
struct Choices<RankStarter> {
  static constexpr ChoiceNames<RankStarter, 3> kNames = {{{RankStarter::kAuto, "auto"},
                                                          {RankStarter::kSrun, "srun"},
                                                          {RankStarter::kMpirun, "mpirun"}}};
};

template <>
struct Choices<Transport> {
  static constexpr ChoiceNames<Transport, 3> kNames = {
      {{Transport::kAuto, "auto"}, {Transport::kMpi, "mpi"}, {Transport::kTcp, "tcp"}}};
};

template <>
struct Choices<JobApi> {
  static constexpr ChoiceNames<JobApi, 4> kNames = {{{JobApi::kJobSet, "jobset"},
                                                     {JobApi::kJob, "job"},
                                                     {JobApi::kTrainJob, "trainjob"},
                                                     {JobApi::kMpiJob, "mpijob"}}};
};

template <>
struct Choices<MachineFamily> {
  static constexpr ChoiceNames<MachineFamily, 4> kNames = {{{MachineFamily::kAny, "any"},
                                                            {MachineFamily::kG2, "g2"},
                                                            {MachineFamily::kA3Mega, "a3-mega"},
                                                            {MachineFamily::kA3Ultra, "a3-ultra"}}};
};

/// The YAML spelling of a choice, e.g. "lora".
template <class Enum>
constexpr std::string_view name_of(Enum value) {
  for (const auto& [choice, name] : Choices<Enum>::kNames) {
    if (choice == value) {
      return name;
    }
  }
  return "?";
}

}  // namespace temper::recipe
