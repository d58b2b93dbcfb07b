// The upper half of the page: choose a model, take a photo or the camera, see the mask.

import { startBenchmark } from "./benchmark.js";
import { Camera } from "./camera.js";
import { withHeaders } from "./headers.js";
import { painted, shares } from "./pixels.js";
import { Runner, appliedWords, settings } from "./runner.js";

const LONGEST = 1280; // pixels of the longer side of the picture that is shown; the network sees the whole photo
const at = (id) => document.getElementById(id);
const say = (words, trouble = false) => {
  at("status").textContent = words;
  at("status").classList.toggle("trouble", trouble);
};

let page = null; // page.json
let runner = null;
let opened = null; // a promise: the runner with the chosen model, on the chosen place
let source = null; // the Blob of the photo, or null
let shown = null; // { picture, classes, className, height, width }: what the canvas shows
let last = 0; // the number of the newest question: older answers are dropped

const chosenModel = () => page.models[at("model").selectedIndex];
const chosenPlace = () => settings()[at("where").selectedIndex];

function open() {
  runner?.end();
  runner = new Runner();
  const model = chosenModel();
  at("about").textContent = `${model.about} ${(model.bytes / 1e6).toFixed(1)} MB.`;
  opened = runner.open(model, chosenPlace());
  opened.catch(() => {}); // said where it is waited for
  return opened;
}

/** Label one picture, an ImageBitmap (it is used up), and show the answer. Returns false where it was overtaken. */
async function label(bitmap) {
  const mine = ++last;
  const model = chosenModel();
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const size = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const picture = new OffscreenCanvas(...size);
  picture.getContext("2d").drawImage(bitmap, 0, 0, picture.width, picture.height);
  const { applied } = await opened;
  const { classes, times } = await runner.ask("segment", { bitmap }, { transfer: [bitmap] });
  if (mine !== last) return false;
  const className = (one) => model.names[one] ?? `class ${one}`;
  shown = { picture, classes, className, height: model.input.height, width: model.input.width };
  at("here").textContent = "";
  draw();
  tell(times, applied);
  return true;
}

function draw() {
  if (!shown) return;
  const { picture, classes, height, width } = shown;
  const view = at("view");
  view.hidden = false;
  if (view.width !== picture.width) view.width = picture.width; // setting it clears the canvas, so only where it must
  if (view.height !== picture.height) view.height = picture.height;
  const context = view.getContext("2d");
  context.drawImage(picture, 0, 0);
  const colours = painted(classes, page.palette, at("opacity").value / 100);
  const mask = new OffscreenCanvas(width, height);
  mask.getContext("2d").putImageData(new ImageData(colours, width, height), 0, 0);
  context.imageSmoothingEnabled = false; // classes are names: a mixture of two would be a third
  context.drawImage(mask, 0, 0, view.width, view.height);
}

function tell(times, applied) {
  const found = shares(shown.classes);
  const percent = (share) => (share < 0.001 ? "under 0.1 %" : `${(100 * share).toFixed(1)} %`);
  at("legend").replaceChildren(...found.map(([one, share]) => {
    const item = document.createElement("li");
    const patch = document.createElement("span");
    patch.style.background = one === 0 ? "transparent" : `rgb(${page.palette[one].join(" ")})`;
    item.append(patch, `${shown.className(one)} ${percent(share)}`);
    return item;
  }));
  const words = found.map(([one, share]) => `${shown.className(one)} ${percent(share)}`).join(", ");
  at("view").setAttribute("aria-label", `The photo with its mask: ${words}`);
  at("times").hidden = false;
  const cells = at("times").querySelectorAll("td");
  ["prepare", "invoke", "finish"].forEach((stage, i) => { cells[i].textContent = times[stage].toFixed(1); });
  at("applied").textContent = `It ran on: ${appliedWords(applied)}.`;
}

/** Label the photo that was chosen last, from the start: after another model, too. */
async function photo() {
  if (!source) return;
  camera.stop();
  say("Calculating.");
  try {
    const bitmap = await createImageBitmap(source).catch(() => {
      throw new Error("this browser cannot read that file: choose a JPEG or PNG photo");
    });
    if (await label(bitmap)) say("Done. Touch the picture: the class of that place is named.");
  } catch (error) {
    if (error.message !== "stopped") say(`It did not work: ${error.message}.`, true);
  }
}

const camera = new Camera(at("camera"), label, say);

function name({ offsetX, offsetY }) {
  if (!shown) return;
  const view = at("view");
  // The picture is fitted into its box ("object-fit: contain"), so there may be a margin.
  const scale = Math.min(view.clientWidth / view.width, view.clientHeight / view.height);
  const left = (view.clientWidth - scale * view.width) / 2;
  const top = (view.clientHeight - scale * view.height) / 2;
  const x = Math.floor(((offsetX - left) / (scale * view.width)) * shown.width);
  const y = Math.floor(((offsetY - top) / (scale * view.height)) * shown.height);
  if (x < 0 || y < 0 || x >= shown.width || y >= shown.height) return;
  at("here").textContent = `Here: ${shown.className(shown.classes[y * shown.width + x])}`;
}

async function again() {
  open();
  if (camera.running) return;
  if (source) return photo();
  try {
    say("Loading the model.");
    await opened;
    say("Ready: take a photo, the camera, or the sample.");
  } catch (error) {
    if (error.message !== "stopped") say(`It did not work: ${error.message}.`, true);
  }
}

async function start() {
  if (await withHeaders()) return;
  try {
    page = await (await fetch("page.json")).json();
  } catch {
    return say("The page's files cannot be loaded: does its server still run?", true);
  }
  at("model").replaceChildren(...page.models.map((model) => new Option(model.name)));
  at("where").replaceChildren(...settings().map((one) => new Option(one.words)));
  const most = settings().filter((one) => one.accelerator === "wasm" && one.threads <= 4).length;
  at("where").selectedIndex = most - 1; // up to 4 threads: more of a phone's cores are slow ones
  at("model").onchange = again;
  at("where").onchange = again;
  at("photo").onchange = ({ target }) => {
    source = target.files[0] ?? source;
    target.value = ""; // the same file may be chosen again
    photo();
  };
  at("sample").onclick = async () => {
    try {
      source = await (await fetch("sample.jpg")).blob();
      photo();
    } catch {
      say("The sample cannot be loaded: does the server still run?", true);
    }
  };
  at("opacity").oninput = draw;
  at("view").onclick = name;
  startBenchmark(page, chosenModel, { before: () => { camera.stop(); runner.end(); }, after: open });
  await again();
}

start();
