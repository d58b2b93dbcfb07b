// One network in a thread of its own: the page stays quick, and ending the worker frees all memory.
// A classic worker, because LiteRT.js loads its WebAssembly with importScripts. Its own threads start from this
// file again, under the name "em-pthread": they only need LiteRT's script.
if (self.name === "em-pthread") {
  importScripts("litert/wasm/litert_wasm_threaded_internal.js");
} else {
  const network = import("./network.js");

  self.onmessage = async ({ data: { id, task, args } }) => {
    try {
      const tasks = await network;
      const tell = (progress) => self.postMessage({ id, progress });
      self.postMessage({ id, result: await tasks[task](args, tell) });
    } catch (error) {
      self.postMessage({ id, error: String(error?.message ?? error) });
    }
  };
}
