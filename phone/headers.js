// For hosts of static pages that send no COOP and COEP: a service worker adds these headers, so that threads work there.

const PATIENCE = 3000; // milliseconds

/** Ask for the headers where they are missing. Returns whether the page is about to load again. */
export async function withHeaders() {
  if (self.crossOriginIsolated || !navigator.serviceWorker || sessionStorage.getItem("headers")) return false;
  sessionStorage.setItem("headers", "asked for"); // once: where it does not help, the page works with one thread
  try {
    await navigator.serviceWorker.register("headers-worker.js");
    const late = new Promise((_, reject) => { setTimeout(reject, PATIENCE); }); // some browsers never say "ready"
    await Promise.race([navigator.serviceWorker.ready, late]);
    location.reload();
    return true;
  } catch {
    return false;
  }
}
