// The row: what was measured, as text that segkit.benchmark.phones.rows reads, and its way to the notebook.

const at = (id) => document.getElementById(id);
// To microseconds. Some browsers' clocks are coarse: a short run may seem to take no time at all.
const rounded = (value) => Math.max(1, Math.round(1000 * value)) / 1000;

// Not randomUUID: that one exists on pages with https only.
const hex = (byte) => byte.toString(16).padStart(2, "0");
const number = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), hex).join("");

/** The row as an object; README.md describes it. */
export async function makeRow(page, model, options, results) {
  const { device, browser } = await machine();
  if (!at("device").value) at("device").value = device;
  return {
    format: "segkit-phone-row 1", id: number(), date: new Date().toISOString(), device: "", browser,
    cores: navigator.hardwareConcurrency || null, runtime: page.runtime, model: model.name, sha256: model.sha256,
    options,
    results: results.map(({ asked, status, reason, rounds }) => ({
      asked: { accelerator: asked.accelerator, threads: asked.threads }, status, reason: reason.slice(0, 300),
      applied: rounds[0]?.applied ?? null, equal: rounds[0]?.equal ?? null,
      rounds: rounds.map(({ warmup, load_ms, first_ms, runs_ms }) => (
        { warmup, load_ms: rounded(load_ms), first_ms: rounded(first_ms), runs_ms: runs_ms.map(rounded) })),
    })),
  };
}

/** Show the row, and the button that sends it where there is somebody to take it. */
export function offerRow(page, row) {
  const text = () => JSON.stringify({ ...row, device: at("device").value.trim() });
  const write = () => { at("text").value = text(); };
  at("row").hidden = false;
  at("send").hidden = !page.post;
  at("send").disabled = false;
  at("sent").textContent = "";
  at("device").oninput = write;
  write();
  at("copy").onclick = async () => {
    try {
      await navigator.clipboard.writeText(text());
      at("sent").textContent = "Copied. In the notebook: benchmark.add_phone_row(\"\"\"the text\"\"\").";
    } catch {
      at("text").select();
      at("sent").textContent = "The browser did not allow copying: mark the text below and copy it.";
    }
  };
  at("send").onclick = async () => {
    if (!at("device").value.trim()) {
      at("device").focus();
      return void (at("sent").textContent = "First name the device in a few words, such as “Pixel 8”.");
    }
    at("send").disabled = true;
    try {
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(page.post, { method: "POST", body: text(), headers });
      at("sent").textContent = await answer.text();
      at("send").disabled = answer.ok;
    } catch {
      at("sent").textContent = "Not sent: the server does not answer. Start it again, or copy the row as text.";
      at("send").disabled = false;
    }
  };
}

/** What the browser says of the device and of itself, in words; it may say little. */
async function machine() {
  const data = navigator.userAgentData;
  if (data) {
    const found = await data.getHighEntropyValues(["model", "platformVersion"]).catch(() => ({}));
    const real = data.brands.filter(({ brand }) => !/Not.?A.?Brand/i.test(brand)); // one is made up, by design
    const brand = real.find(({ brand }) => brand !== "Chromium") ?? real[0];
    const system = [data.platform, found.platformVersion].filter(Boolean).join(" ");
    return { device: found.model ?? "", browser: `${brand ? `${brand.brand} ${brand.version}` : "unknown"}, ${system}` };
  }
  const agent = navigator.userAgent;
  const name = agent.match(/(Firefox|FxiOS|CriOS|Version)\/([\d.]+)/);
  const system = agent.match(/\(([^)]*)\)/)?.[1] ?? "";
  const known = { FxiOS: "Firefox", CriOS: "Chrome", Version: "Safari" };
  const device = /iPhone|iPad/.exec(agent)?.[0] ?? "";
  return { device, browser: `${name ? `${known[name[1]] ?? name[1]} ${name[2]}` : "unknown"}, ${system}`.slice(0, 200) };
}
