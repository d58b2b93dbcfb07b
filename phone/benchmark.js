// The lower half of the page: each setting in workers of its own, a table, and the row for the notebook.

import { percentile } from "./pixels.js";
import { makeRow, offerRow } from "./row.js";
import { Runner, appliedWords, oneThread, settings } from "./runner.js";

const OPTIONS = { warmup: 10, runs: 15, seconds: 4, rounds: 2 };
const PATIENCE = 120_000; // milliseconds for one round: a driver that hangs must not hold up the others
const at = (id) => document.getElementById(id);

/** Connect the buttons. `model` gives the chosen model; `before` and `after` free and restore the upper half. */
export function startBenchmark(page, model, { before, after }) {
  const all = settings();
  at("settings").replaceChildren(...all.map((one, i) => {
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true, id: `setting-${i}` });
    label.append(box, one.words);
    return label;
  }));
  const noCard = navigator.gpu ? "" : "This browser offers no WebGPU here, so the graphics card is left out.";
  at("progress").textContent = [oneThread, noCard].filter(Boolean).join(" ");
  at("run").disabled = false;
  let current = null;
  let stopped = false;
  at("stop").onclick = () => { stopped = true; current?.end(); };
  at("run").onclick = async () => {
    const chosen = all.filter((_, i) => at(`setting-${i}`).checked);
    if (!chosen.length) return void (at("progress").textContent = "Choose at least one setting.");
    stopped = false;
    lock(true);
    before();
    const measured = model();
    const unmeasured = { status: "failed", reason: "stopped before it was measured" };
    const results = chosen.map((asked) => ({ asked, ...unmeasured, rounds: [] }));
    for (let round = 0; round < OPTIONS.rounds && !stopped; round++) {
      // There and back again: what becomes slower with heat then hits all settings alike.
      for (const result of round % 2 ? [...results].reverse() : results) {
        if (stopped || (round && result.status !== "ok")) continue;
        await oneRound(measured, result, (runner) => { current = runner; }, round);
        show(results, page);
      }
    }
    current = null;
    at("progress").textContent = stopped ? "Stopped; what was measured is kept." : "Done.";
    lock(false);
    after();
    if (results.some((one) => one.status === "ok")) offerRow(page, await makeRow(page, measured, OPTIONS, results));
  };
}

function lock(busy) {
  for (const box of at("settings").querySelectorAll("input")) box.disabled = busy;
  for (const id of ["run", "model", "where", "camera", "sample", "photo"]) at(id).disabled = busy;
  at("stop").disabled = !busy;
}

async function oneRound(model, result, use, round) {
  const runner = new Runner();
  use(runner);
  const words = `${result.asked.words}, round ${round + 1} of ${OPTIONS.rounds}`;
  at("progress").textContent = `${words}: loading.`;
  let late = false;
  const alarm = setTimeout(() => { late = true; runner.end(); }, PATIENCE);
  try {
    const { load_ms } = await runner.open(model, result.asked);
    const tell = ({ done, of }) => { at("progress").textContent = `${words}: run ${done} of ${of}.`; };
    const found = await runner.measure(model, OPTIONS, tell);
    result.rounds.push({ ...found, load_ms });
    Object.assign(result, { status: "ok", reason: "" });
  } catch (error) {
    if (!result.rounds.length) {
      const missing = /no WebGPU|no graphics card|gives WebGPU/.test(error.message);
      const reason = late ? `it did not end within ${PATIENCE / 1000} seconds` : error.message;
      Object.assign(result, { status: missing ? "unavailable" : "failed", reason });
    }
  } finally {
    clearTimeout(alarm);
    runner.end();
  }
}

function show(results, page) {
  at("results").hidden = false;
  const notes = new Set();
  const shown = results.filter((one) => one.status === "ok" || !one.reason.startsWith("stopped before"));
  at("results").tBodies[0].replaceChildren(...shown.map((one) => {
    const row = document.createElement("tr");
    const [applied, ...numbers] = one.status === "ok" ? cells(one, page, notes) : [one.status, "", "", "", ""];
    if (one.status !== "ok") notes.add(`${one.asked.words}: ${one.reason}.`);
    const name = row.insertCell();
    name.append(one.asked.words, Object.assign(document.createElement("small"), { textContent: `applied: ${applied}` }));
    for (const words of numbers) row.insertCell().textContent = words;
    return row;
  }));
  const item = (words) => Object.assign(document.createElement("li"), { textContent: words });
  at("notes").replaceChildren(...[...notes].map(item));
}

/** What was applied, median, where 90 % of the runs lie, the first run, and the agreement; adds to the notes. */
function cells({ asked, rounds }, page, notes) {
  const runs = rounds.flatMap((round) => round.runs_ms);
  const { applied, equal } = rounds[0];
  const share = `${(100 * equal).toFixed(1)} %`;
  if (applied.timed === "run and read") {
    notes.add(`${asked.words}: the time holds the reading of the answer, since only that waits for the card.`);
  }
  if (equal < page.wrong_below) {
    notes.add(`${asked.words}: WRONG ANSWER, only ${share} of the pixels are as in the reference.`);
  }
  const first = percentile(rounds.map((round) => round.first_ms), 0.5);
  const [low, middle, high] = [0.05, 0.5, 0.95].map((at) => ms(percentile(runs, at)));
  return [appliedWords(applied), middle, `${low}–${high}`, ms(first), share];
}

const ms = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
