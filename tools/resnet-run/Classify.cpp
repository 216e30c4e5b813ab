// --image: the likeliest classes of a picture. --accuracy: how many labelled pictures the model gets right.

#include "tools/resnet-run/Commands.h"
#include "tools/resnet-run/Npy.h"
#include "tools/resnet-run/OutputFile.h"
#include "tools/resnet-run/Preprocess.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include <algorithm>
#include <cmath>
#include <numeric>

using namespace llvm;

namespace resnet {

static Expected<std::vector<std::string>> readLabels(const std::string &path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError("'" + path + "': cannot read: " + buffer.getError().message());
  SmallVector<StringRef> lines;
  (*buffer)->getBuffer().rtrim("\r\n").split(lines, '\n');
  std::vector<std::string> labels;
  for (StringRef line : lines)
    labels.push_back(line.rtrim('\r').str());
  return labels;
}

/// Probabilities of scores; those of a model that ends with a softmax are left as they are.
static std::vector<double> probabilities(ArrayRef<float> scores) {
  std::vector<double> result(scores.begin(), scores.end());
  double sum = std::accumulate(result.begin(), result.end(), 0.0);
  if (std::fabs(sum - 1) < 1e-3 && *std::min_element(result.begin(), result.end()) >= 0)
    return result;
  double largest = *std::max_element(result.begin(), result.end());
  sum = 0;
  for (double &value : result)
    sum += value = std::exp(value - largest);
  for (double &value : result)
    value /= sum;
  return result;
}

Error classify(const Library &library, const RunOptions &options) {
  Expected<Preprocess> preprocess = Preprocess::of(library);
  if (!preprocess)
    return preprocess.takeError();
  int64_t classes = library.outputs()[0].elements(1);
  if (library.info().fixed_batch > 0)
    classes = library.outputs()[0].elements(1) / library.info().fixed_batch;
  std::vector<std::string> labels;
  if (!options.labels.empty()) {
    Expected<std::vector<std::string>> read = readLabels(options.labels);
    if (!read)
      return read.takeError();
    if (int64_t(read->size()) != classes)
      return createStringError("'" + options.labels + "': expected " + std::to_string(classes) + " labels, one a line, found " +
                               std::to_string(read->size()));
    labels = std::move(*read);
  }
  Expected<Image> image = readImage(options.image, preprocess->channels);
  if (!image)
    return image.takeError();
  Expected<int64_t> batch = library.batch(0);
  if (!batch)
    return batch.takeError();
  auto session = Session::create(library, options.threads, options.pin);
  if (!session)
    return session.takeError();
  (*session)->resize(*batch);
  preprocess->apply(fit(*image, *preprocess).pixels.data(), (*session)->inputs[0].data());
  if (Error error = (*session)->run())
    return error;

  std::vector<double> probability = probabilities(ArrayRef((*session)->outputs[0]).take_front(size_t(classes)));
  std::vector<size_t> order(probability.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](size_t a, size_t b) { return std::pair(-probability[a], a) < std::pair(-probability[b], b); });
  std::string text;
  raw_string_ostream out(text);
  for (size_t i = 0; i < std::min<size_t>(order.size(), size_t(options.top)); ++i)
    out << format("%6.2f%%  ", probability[order[i]] * 100)
        << (labels.empty() ? "class " + std::to_string(order[i]) : labels[order[i]]) << '\n';
  return writeStdout(text);
}

static Expected<std::vector<int64_t>> readClasses(const std::string &path, int64_t count, int64_t classes) {
  Expected<NpyArray> array = readNpy(path);
  if (!array)
    return array.takeError();
  auto error = [&](const std::string &message) { return createStringError("'" + path + "': " + message); };
  if (array->kind != 'i' && array->kind != 'u')
    return error("expected labels of an integer type, found '" + array->type + "'");
  if (array->elements() != count || array->shape.empty() || array->shape[0] != count)
    return error("expected " + std::to_string(count) + " labels, one an image, found shape " + formatShape(array->shape));
  std::vector<int64_t> result(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    // Little-endian by now; a negative label is refused below whatever its upper bytes.
    uint64_t value = 0;
    std::memcpy(&value, &array->data[i * array->itemBytes], array->itemBytes);
    if (array->kind == 'i' && array->itemBytes < 8 && (value >> (array->itemBytes * 8 - 1)))
      value = UINT64_MAX;
    if (value >= uint64_t(classes))
      return error("label " + std::to_string(int64_t(value)) + " of image " + std::to_string(i) + " is none of the model's " +
                   std::to_string(classes) + " classes");
    result[size_t(i)] = int64_t(value);
  }
  return result;
}

Error measureAccuracy(const Library &library, const RunOptions &options) {
  Expected<Preprocess> preprocess = Preprocess::of(library);
  if (!preprocess)
    return preprocess.takeError();
  Expected<NpyArray> images = readNpy(options.images);
  if (!images)
    return images.takeError();
  const Preprocess &p = *preprocess;
  if (!images->is('u', 1))
    return createStringError("'" + options.images + "': expected element type u8 ('|u1'), found '" + images->type + "'");
  if (images->shape.size() != 4 || images->shape[0] < 1 || images->shape[1] != p.height || images->shape[2] != p.width ||
      images->shape[3] != p.channels)
    return createStringError("'" + options.images + "': expected shape " + formatShape({-1, p.height, p.width, p.channels}) +
                             ", found " + formatShape(images->shape));
  int64_t total = images->shape[0], imageBytes = p.height * p.width * p.channels;
  int64_t fixed = library.info().fixed_batch;
  Expected<int64_t> batch = library.batch(options.batch || fixed > 0 ? options.batch : std::min<int64_t>(50, total));
  if (!batch)
    return batch.takeError();
  int64_t classes = fixed > 0 ? library.outputs()[0].elements(fixed) / fixed : library.outputs()[0].elements(1);
  Expected<std::vector<int64_t>> labels = readClasses(options.labels, total, classes);
  if (!labels)
    return labels.takeError();

  auto created = Session::create(library, options.threads, options.pin);
  if (!created)
    return created.takeError();
  Session &session = **created;
  bool showProgress = sys::Process::StandardErrIsDisplayed();
  int64_t right = 0;
  for (int64_t first = 0; first < total; first += *batch) {
    int64_t count = std::min(*batch, total - first);
    session.resize(fixed > 0 ? fixed : count); // a fixed batch's last run keeps images of the one before
    for (int64_t i = 0; i < count; ++i)
      p.apply(reinterpret_cast<const uint8_t *>(images->data.data()) + (first + i) * imageBytes,
              session.inputs[0].data() + i * imageBytes);
    if (Error error = session.run())
      return error;
    for (int64_t i = 0; i < count; ++i) {
      const float *scores = session.outputs[0].data() + i * classes;
      right += std::max_element(scores, scores + classes) - scores == (*labels)[size_t(first + i)];
    }
    if (showProgress)
      errs() << "\r" << first + count << "/" << total << (first + count == total ? "\r\033[K" : "");
  }
  return writeStdout(std::to_string(right) + "/" + std::to_string(total) + "\n");
}

} // namespace resnet
