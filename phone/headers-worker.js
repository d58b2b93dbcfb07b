// The service worker of headers.js: it passes each answer of the page's own host on, with two headers more. It keeps nothing.

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("fetch", (event) => {
  if (new URL(event.request.url).origin !== self.location.origin || event.request.method !== "GET") return;
  event.respondWith(fetch(event.request).then(({ body, status, statusText, headers: given }) => {
    const headers = new Headers(given);
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Embedder-Policy", "require-corp");
    return new Response(body, { status, statusText, headers });
  }));
});
