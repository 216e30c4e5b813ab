// Descriptions as JSON: the schema has checked each field by itself, what remains are the rules between fields.

#include "dialect/Import/ArchitectureReader.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace resnet;
using nlohmann::json;

static Architecture::Attention readAttention(const json &fields) {
  Architecture::Attention attention;
  auto readGate = [](const json &kind) { return *symbolizeActivation(kind["gate"].get<std::string>()); };
  if (fields.contains("se")) {
    const json &se = fields["se"];
    attention.kind = AttentionKind::SqueezeExcitation;
    attention.reduction = se["reduction"].get<int64_t>();
    attention.divisor = se["divisor"].get<int64_t>();
    attention.bias = se["bias"].get<bool>();
    attention.gate = readGate(se);
  } else if (fields.contains("eca")) {
    const json &eca = fields["eca"];
    attention.kind = AttentionKind::EfficientChannel;
    if (eca.contains("kernel"))
      attention.kernel = eca["kernel"].get<int64_t>();
    attention.gamma = eca["gamma"].get<int64_t>();
    attention.beta = eca["beta"].get<int64_t>();
    attention.gate = readGate(eca);
  }
  return attention;
}

static void readNormalization(const json &fields, Architecture &out) {
  // An empty object is the default's kind.
  const std::string kind = fields.empty() ? "batch" : fields.begin().key();
  out.normalization = kind == "group"   ? NormalizationKind::Group
                      : kind == "ibn_a" ? NormalizationKind::InstanceBatch
                                        : NormalizationKind::Batch;
  out.epsilon = fields.empty() ? 1e-5f : fields.begin().value()["epsilon"].get<float>();
  if (kind == "group")
    out.normalizationGroups = fields["group"]["groups"].get<int64_t>();
}

static void readBlock(const json &fields, Architecture &out) {
  out.block = fields["kind"] == "basic" ? BlockKind::Basic : BlockKind::Bottleneck;
  out.preActivation = fields["order"] == "pre";
  out.expansion = fields.value("expansion", out.block == BlockKind::Basic ? int64_t(1) : int64_t(4));
  out.strideOnFirst = fields["stride_on"] == "1x1";
  out.groups = fields["groups"].get<int64_t>();
  out.baseWidth = fields["base_width"].get<int64_t>();
}

static Architecture readFields(const json &fields, StringRef name) {
  static const StringMap<ShortcutOption> options = {{"A", ShortcutOption::ZeroPadding},
                                                    {"B", ShortcutOption::Projection},
                                                    {"C", ShortcutOption::ProjectionEverywhere},
                                                    {"D", ShortcutOption::AveragePool},
                                                    {"none", ShortcutOption::None}};
  static const StringMap<StemPool> pools = {
      {"none", StemPool::None}, {"max", StemPool::Max}, {"convolution", StemPool::Convolution}};
  Architecture out;
  out.name = fields.value("name", name.str());
  out.inputChannels = fields["input"]["channels"].get<int64_t>();
  out.imageSize = fields["input"]["size"].get<int64_t>();
  for (const json &conv : fields["stem"]["convolutions"])
    out.stem.push_back({conv["width"].get<int64_t>(), conv["kernel"].get<int64_t>(), conv["stride"].get<int64_t>()});
  out.stemPool = pools.at(fields["stem"]["pool"].get<std::string>());
  readBlock(fields["block"], out);
  for (const json &stage : fields["stages"])
    out.stages.push_back({stage["blocks"].get<int64_t>(), stage["width"].get<int64_t>(),
                          stage.value("stride", out.stages.empty() ? int64_t(1) : int64_t(2))});
  if (fields.contains("output_stride"))
    out.outputStride = fields["output_stride"].get<int64_t>();
  out.shortcut = options.at(fields["shortcut"]["option"].get<std::string>());
  out.shortcutNormalization = fields["shortcut"].value("normalization", !out.preActivation);
  out.attention = readAttention(fields["attention"]);
  readNormalization(fields["normalization"], out);
  out.activation = *symbolizeActivation(fields["activation"].get<std::string>());
  out.convolutionBias = fields["convolution"]["bias"].get<bool>();
  out.samePadding = fields["convolution"]["padding"] == "same";
  out.classes = fields["head"]["classes"].get<int64_t>();
  out.classifier = fields["head"]["name"].get<std::string>();
  out.softmax = fields["head"]["softmax"].get<bool>();
  return out;
}

//===--------------------------------------------------------------------===//
// Rules between fields
//===--------------------------------------------------------------------===//

static Error checkGroups(const Architecture &a, const std::string &path, int64_t width) {
  if (a.normalization != NormalizationKind::Group || width % a.normalizationGroups == 0)
    return Error::success();
  return createStringError("/normalization/group/groups: expected a divisor of " + path + ", which is " + Twine(width) +
                           ", got " + Twine(a.normalizationGroups));
}

static Error checkWidths(const Architecture &a) {
  for (auto [i, conv] : enumerate(a.stem))
    if (!a.preActivation || i + 1 < a.stem.size() || a.stemPool == StemPool::Convolution)
      if (Error error = checkGroups(a, "/stem/convolutions/" + std::to_string(i) + "/width", conv.width))
        return error;
  int64_t before = a.stem.back().width;
  for (auto [i, stage] : enumerate(a.stages)) {
    const std::string path = "/stages/" + std::to_string(i);
    const int64_t inner = a.innerWidth(stage), output = a.outputWidth(stage);
    constexpr int64_t kMost = 1 << 16;
    if (inner < 1 || inner > kMost)
      return createStringError("/block/base_width: expected 1 to " + Twine(kMost) + " channels in the 3x3 convolutions of " +
                               path + ", got " + Twine(inner));
    if (a.shortcut == ShortcutOption::ZeroPadding && output < before)
      return createStringError(path + "/width: expected at least the " + Twine(before) +
                               " channels before with shortcuts of option \"A\", got " + Twine(output));
    // Before the first convolution of a pre-activation block the input is normalised, behind it otherwise.
    const int64_t halved = a.preActivation ? std::min(before, stage.blocks > 1 ? output : before) : inner;
    if (a.normalization == NormalizationKind::InstanceBatch && halved < 2)
      return createStringError(path + "/width: expected at least 2 channels with \"ibn_a\", got " + Twine(halved));
    for (int64_t width : {a.preActivation ? before : output, inner, output})
      if (Error error = checkGroups(a, "the channels of " + path, width))
        return error;
    before = output;
  }
  return Error::success();
}

static Error checkRules(const Architecture &a, const json &fields) {
  if (a.block == BlockKind::Basic) {
    const json &block = fields["block"];
    if (a.groups != 1 || a.baseWidth != 64 || a.strideOnFirst)
      return createStringError("/block: expected groups, base_width and stride_on with kind \"bottleneck\", got \"basic\"");
    if (block.contains("expansion") && a.expansion != 1)
      return createStringError("/block/expansion: expected 1 with kind \"basic\", got " + Twine(a.expansion));
  }
  const bool projects = a.shortcut != ShortcutOption::ZeroPadding && a.shortcut != ShortcutOption::None;
  if (!projects && fields["shortcut"].contains("normalization"))
    return createStringError("/shortcut/normalization: expected option \"B\", \"C\" or \"D\" beside it, got " +
                             quoteJson(fields["shortcut"]["option"]));
  if (Error error = checkWidths(a))
    return error;
  constexpr int64_t kMostWeights = int64_t(1) << 31;
  if (a.numWeights() > kMostWeights)
    return createStringError("/stages: expected at most " + Twine(kMostWeights) + " weights, got about " + Twine(a.numWeights()));
  return Error::success();
}

Expected<Architecture> resnet::readArchitecture(const json &schema, json fields, StringRef name, const json *base) {
  if (base)
    for (auto &[key, value] : base->items())
      if (!fields.contains(key) && key != "name" && key != "description") // those are the base's own
        fields[key] = value;
  if (Error error = applySchema(schema, fields))
    return std::move(error);
  Architecture architecture = readFields(fields, name);
  if (Error error = checkRules(architecture, fields))
    return std::move(error);
  return architecture;
}
