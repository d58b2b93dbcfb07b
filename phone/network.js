// A .tflite file on LiteRT.js: opened with an accelerator, run, measured. Lives in worker.js.
// API: the types of @litertjs/core (dist/index.d.ts); https://ai.google.dev/edge/litert/web

import { Tensor, loadAndCompile, loadLiteRt } from "./litert/core/index.js";
import { argmax, normalised, sameShare } from "./pixels.js";

const FOLDER = new URL("./litert/wasm/", import.meta.url).href;
const ARRAYS = { float32: Float32Array, int8: Int8Array, uint8: Uint8Array, int32: Int32Array, int64: BigInt64Array };

let model = null; // what page.json says of the network
let engine = null; // { run, applied }: functions
let threadsStarted = 0;
const log = []; // what LiteRT itself wrote

// LiteRT.js does not say how many threads work, so the starts of its threads are counted.
const send = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message, ...rest) {
  threadsStarted += message?.start_routine !== undefined ? 1 : 0;
  return send.call(this, message, ...rest);
};

/**
 * Load a model. Takes { description, bytes, accelerator, threads, kind, module }: `kind` of runner.js, and the
 * WebAssembly that the page has compiled. Returns { applied, load_ms }; README.md describes "applied".
 */
export async function open({ description, bytes, accelerator, threads, kind, module }) {
  model = description;
  self.Module = {
    instantiateWasm: (imports, done) => {
      WebAssembly.instantiate(module, imports).then((instance) => done(instance, module));
      return {};
    },
    print: (line) => log.push(line),
    printErr: (line) => log.push(line),
  };
  // LiteRT.js wakes the graphics card wherever there is one: a measurement of the CPU must not.
  if (accelerator === "wasm") Object.defineProperty(self.navigator, "gpu", { value: undefined });
  const litert = await loadLiteRt(FOLDER, { threads: kind === "threaded", jspi: kind === "jspi" });
  const start = performance.now();
  engine = accelerator === "webgpu" ? await onGpu(litert, bytes) : onCpu(litert, bytes, threads);
  return { applied: engine.applied(), load_ms: performance.now() - start };
}

// The CPU. Through the bindings below the public API, because LiteRT.js 2.5.3 knows no int8 tensors there.
function onCpu(litert, bytes, threads) {
  const wasm = litert.liteRtWasm;
  const environment = litert.getDefaultEnvironment();
  const place = wasm._malloc(bytes.length);
  wasm.HEAPU8.set(bytes, place);
  const before = threadsStarted;
  const file = wasm.loadModel(environment.liteRtEnvironment, place, bytes.length);
  const compiled = wasm.compileModel(environment.liteRtEnvironment, file,
    { environment, accelerator: "wasm", cpuOptions: { numThreads: threads }, gpuOptions: {}, webNNOptions: {} });
  const type = file.getInputTensorType(0, 0);
  const host = wasm.LiteRtTensorBufferType.HOST_MEMORY;
  const buffer = wasm.LiteRtTensorBuffer.createManaged(environment.liteRtEnvironment, host, type, type.bytes());
  const modes = wasm.LiteRtTensorBufferLockMode;
  const fill = (values) => {
    wasm.HEAPU8.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), buffer.lock(modes.WRITE));
    buffer.unlock();
  };
  const read = (output) => {
    const at = output.lock(modes.READ);
    const copy = wasm.HEAPU8.slice(at, at + output.packedSize());
    output.unlock();
    output.delete();
    return new ARRAYS[model.output.dtype](copy.buffer);
  };
  const run = (values) => {
    fill(values);
    const start = performance.now();
    const outputs = compiled.run(0, [buffer]);
    const ms = performance.now() - start;
    return { ms, answer: read(outputs[0]) };
  };
  const xnnpack = () => log.some((line) => line.includes("XNNPACK delegate"));
  const applied = () => ({ accelerator: "wasm", delegate: xnnpack() ? "xnnpack" : "none",
    threads: 1 + threadsStarted - before, timed: "run", adapter: null });
  return { run, applied };
}

// The graphics card. The run returns before the work is done, so the reading of the answer is timed with it.
async function onGpu(litert, bytes) {
  const device = litert.getWebGpuDevice();
  if (!device) throw new Error("this browser has WebGPU, but no graphics card that it may use");
  const strange = [model.input, model.output].find(({ dtype }) => !["float32", "int32", "uint8"].includes(dtype));
  if (strange) throw new Error(`LiteRT.js gives WebGPU no ${strange.dtype} tensors: choose another model`);
  const compiled = await loadAndCompile(bytes, { accelerator: "webgpu" });
  const alone = compiled.options.accelerator === "webgpu";
  const applied = () => ({ accelerator: compiled.options.accelerator,
    delegate: !alone ? "xnnpack" : compiled.isFullyAccelerated ? "gpu" : "gpu+cpu",
    threads: 1, timed: "run and read", adapter: adapterWords(device) });
  const run = async (values) => {
    const input = new Tensor(values, [1, model.input.height, model.input.width, 3]);
    const start = performance.now();
    const [output] = await compiled.run([input]);
    const answer = await output.data();
    const ms = performance.now() - start;
    input.delete();
    output.delete();
    return { ms, answer };
  };
  return { run, applied };
}

function adapterWords(device) {
  const info = device.adapterInfo ?? {};
  const words = [info.vendor, info.architecture, info.description].filter(Boolean);
  return words.join(" ") || "not named by the browser";
}

/** Segment a photo. Takes { bitmap }; returns { classes, counts, times } at the model's size. */
export async function segment({ bitmap }) {
  const { height, width } = model.input;
  const start = performance.now();
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "low";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const values = normalised(context.getImageData(0, 0, width, height).data, 4, model.input);
  const prepared = performance.now();
  const { answer } = await engine.run(values);
  const invoked = performance.now();
  const classes = argmax(answer, height * width);
  const finished = performance.now();
  return { classes, times: { prepare: prepared - start, invoke: invoked - prepared, finish: finished - invoked } };
}

/**
 * Measure. Takes { pixels, expected, warmup, runs, seconds }; tells { done, of }. The browser compiles a second time
 * while a program runs, so there are many runs for the warm-up; slow settings make fewer of both, within `seconds` each.
 */
export async function measure({ pixels, expected, warmup, runs, seconds }, tell) {
  const values = normalised(pixels, 3, model.input);
  const first = await engine.run(values);
  const classes = argmax(first.answer, expected.length);
  const warm = [first.ms, ...(await repeated(values, warmup - 1, 0, seconds))];
  const runs_ms = await repeated(values, runs, 3, seconds, tell);
  const equal = sameShare(classes, expected);
  return { applied: engine.applied(), warmup: warm.length, first_ms: first.ms, runs_ms, equal };
}

async function repeated(values, most, least, seconds, tell = () => {}) {
  const taken = [];
  const end = performance.now() + seconds * 1000;
  while (taken.length < most && (taken.length < least || performance.now() < end)) {
    taken.push((await engine.run(values)).ms);
    tell({ done: taken.length, of: most });
  }
  return taken;
}
