// Runs a model of one input and one output with ONNX Runtime: node run_ort.mjs MODEL.onnx INPUT.npy OUTPUT.npy
// The folder where npm installed onnxruntime-node is in RESNET_ORT.
import {createRequire} from 'node:module';
import {readNpy, writeNpy} from './npy.mjs';

const ort = createRequire(process.env.RESNET_ORT + '/')('onnxruntime-node');
const [model, input, output] = process.argv.slice(2);
const session = await ort.InferenceSession.create(model, {logSeverityLevel: 3});
const {shape, data} = readNpy(input);
const results = await session.run({[session.inputNames[0]]: new ort.Tensor('float32', data, shape)});
const result = results[session.outputNames[0]];
writeNpy(output, {shape: result.dims, data: result.data});
