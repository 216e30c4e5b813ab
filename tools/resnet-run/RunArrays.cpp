// --input=X.npy --output=Y.npy: arrays in, arrays out, one file for each input and output in the model's order.

#include "tools/resnet-run/Commands.h"
#include "tools/resnet-run/Npy.h"

using namespace llvm;

namespace resnet {

static bool shapeFits(ArrayRef<int64_t> expected, ArrayRef<int64_t> actual) {
  if (expected.size() != actual.size())
    return false;
  for (size_t i = 0; i < expected.size(); ++i)
    if (actual[i] < 1 || (expected[i] != -1 && expected[i] != actual[i]))
      return false;
  return true;
}

Error runArrays(const Library &library, const RunOptions &options) {
  ArrayRef<TensorInfo> infos = library.inputs();
  if (options.inputs.size() != infos.size())
    return createStringError("the model has " + std::to_string(infos.size()) + " inputs, " +
                             std::to_string(options.inputs.size()) + " files are given");
  if (!options.outputs.empty() && options.outputs.size() != library.outputs().size())
    return createStringError("the model has " + std::to_string(library.outputs().size()) + " outputs, " +
                             std::to_string(options.outputs.size()) + " files are given");

  std::vector<NpyArray> arrays;
  int64_t batch = 0;
  for (size_t i = 0; i < infos.size(); ++i) {
    const std::string &path = options.inputs[i];
    Expected<NpyArray> array = readNpyF32(path);
    if (!array)
      return array.takeError();
    if (!shapeFits(infos[i].shape, array->shape))
      return createStringError("'" + path + "': expected shape " + formatShape(infos[i].shape) + " for input \"" + infos[i].name +
                               "\", found " + formatShape(array->shape));
    if (!infos[i].shape.empty() && infos[i].shape[0] == -1) {
      if (batch && batch != array->shape[0])
        return createStringError("'" + path + "': expected batch " + std::to_string(batch) + " as in '" + options.inputs[0] +
                                 "', found " + std::to_string(array->shape[0]));
      batch = array->shape[0];
    }
    arrays.push_back(std::move(*array));
  }
  Expected<int64_t> checked = library.batch(batch);
  if (!checked)
    return checked.takeError();

  auto session = Session::create(library, options.threads, options.pin);
  if (!session)
    return session.takeError();
  (*session)->resize(*checked);
  for (size_t i = 0; i < arrays.size(); ++i) {
    ArrayRef<float> values = arrays[i].as<float>();
    std::copy(values.begin(), values.end(), (*session)->inputs[i].begin());
  }
  if (Error error = (*session)->run())
    return error;
  for (size_t i = 0; i < options.outputs.size(); ++i)
    if (Error error = writeNpy(options.outputs[i], library.outputs()[i].at(*checked), (*session)->outputs[i]))
      return error;
  return Error::success();
}

} // namespace resnet
