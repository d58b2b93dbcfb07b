// The page's side of worker.js: ask it for something, hear of its progress, end it.
// What a worker needs is fetched and compiled here, once: a page measures each setting in new workers.

import { supportsFeature } from "./litert/core/index.js";

const GONE = "a file of this page cannot be loaded: does its server still run?";
const fetched = new Map(); // address -> promise of its bytes
const compiled = new Map(); // kind -> promise of a WebAssembly.Module
const relaxed = await supportsFeature("relaxedSimd");

/** Why this browser may use one thread only here: a sentence, or nothing. */
export const oneThread =
  !self.crossOriginIsolated ? "More than one thread needs the headers COOP and COEP, which are missing here."
  : !relaxed ? "LiteRT.js needs relaxed SIMD for threads, which this browser does not have." : "";

/** A promise that is kept for the next caller, unless it fails. */
function once(map, key, make) {
  if (!map.has(key)) map.set(key, make().catch((error) => { map.delete(key); throw error; }));
  return map.get(key);
}

async function answer(address) {
  const response = await fetch(address).catch(() => { throw new Error(GONE); });
  if (!response.ok) throw new Error(`${address}: the server answers ${response.status}`);
  return response;
}

const bytes = (address) => once(fetched, address, async () => (
  new Uint8Array(await (await answer(address)).arrayBuffer())));
const wasmFile = (kind) => `litert/wasm/litert_wasm_${kind === "plain" ? "" : `${kind}_`}internal.wasm`;
// Not compileStreaming: some hosts name the wrong type for .wasm files.
const module = (kind) => once(compiled, kind, async () => WebAssembly.compile(await bytes(wasmFile(kind))));

/** Which of LiteRT.js's four WebAssembly files a setting needs. */
async function kindFor({ accelerator, threads }) {
  if (!relaxed) return "compat";
  if (accelerator === "webgpu") return (await supportsFeature("jspi")) ? "jspi" : "plain";
  return threads > 1 ? "threaded" : "plain";
}

export class Runner {
  #worker = new Worker("worker.js");
  #waiting = new Map();
  #count = 0;
  #ended = false;

  constructor() {
    this.#worker.onmessage = ({ data }) => this.#heard(data);
    this.#worker.onerror = (event) => {
      event.preventDefault?.();
      this.#fail(new Error(event.message || GONE));
    };
  }

  /** What the worker's task answers; throws what went wrong there. `tell` hears of its progress. */
  ask(task, args = {}, { transfer = [], tell = () => {} } = {}) {
    if (this.#ended) return Promise.reject(new Error("stopped"));
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, tell });
      this.#worker.postMessage({ id, task, args }, transfer);
    });
  }

  /** Load a model, as page.json describes it, on an accelerator with a number of threads. */
  async open(description, { accelerator, threads }) {
    const kind = await kindFor({ accelerator, threads });
    const [model, wasm] = await Promise.all([bytes(`models/${description.file}`), module(kind)]);
    return this.ask("open", { description, accelerator, threads, kind, bytes: model, module: wasm });
  }

  /** Measure the model that was opened on the stored photo, and compare with the stored answer. */
  async measure({ name }, options, tell) {
    const [pixels, expected] = await Promise.all(["pixels", "classes"].map((what) => bytes(`reference/${name}.${what}`)));
    return this.ask("measure", { pixels, expected, ...options }, { tell });
  }

  /** End the worker and free its memory; whoever waits hears that it was stopped. */
  end() {
    this.#ended = true;
    this.#worker.terminate();
    this.#fail(new Error("stopped"));
  }

  #heard({ id, progress, error, result }) {
    const one = this.#waiting.get(id);
    if (!one) return;
    if (progress !== undefined) return one.tell(progress);
    this.#waiting.delete(id);
    if (error === undefined) one.resolve(result);
    else one.reject(new Error(error));
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

const cpu = (threads) => `CPU, ${threads} thread${threads > 1 ? "s" : ""}`;

/** The settings that this browser may be asked for: [{ accelerator, threads, words }]. */
export function settings() {
  const cores = navigator.hardwareConcurrency || 1;
  const counts = oneThread ? [1] : [1, 2, 3, 4, 6, 8, cores].filter((count) => count <= cores);
  const found = [...new Set(counts)].map((threads) => ({ accelerator: "wasm", threads, words: cpu(threads) }));
  return navigator.gpu ? [...found, { accelerator: "webgpu", threads: 1, words: "graphics card (WebGPU)" }] : found;
}

/** What really ran, in words. */
export function appliedWords({ accelerator, delegate, threads, adapter }) {
  const card = adapter ? ` on ${adapter}` : "";
  if (accelerator === "webgpu") return delegate === "gpu" ? `WebGPU${card}` : `WebGPU${card}, some operators on the CPU`;
  return `${cpu(threads)}, ${delegate === "xnnpack" ? "XNNPACK" : "built-in kernels"}`;
}
