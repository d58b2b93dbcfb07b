// Arithmetic on pixels, the same steps as segkit.networks.segmenter: no page, no network, no LiteRT here.

/** Pixels as the network takes them. `step`: 3 for RGB bytes, 4 for RGBA ones, whose fourth byte is left out. */
export function normalised(bytes, step, { dtype, mean, std, scale, zero_point }) {
  const count = bytes.length / step;
  const kinds = { float32: Float32Array, int8: Int8Array, uint8: Uint8Array };
  const values = new kinds[dtype](3 * count);
  const [low, high] = dtype === "int8" ? [-128, 127] : [0, 255];
  for (let pixel = 0; pixel < count; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      let value = (bytes[step * pixel + channel] - mean) / std;
      if (dtype !== "float32") value = Math.min(high, Math.max(low, Math.round(value / scale + zero_point)));
      values[3 * pixel + channel] = value;
    }
  }
  return values;
}

/** For each pixel the class with the highest score; an output with one number a pixel holds classes already. */
export function argmax(scores, pixels) {
  const classes = new Uint8Array(pixels);
  const count = scores.length / pixels;
  if (count === 1) return Uint8Array.from(scores, Number);
  for (let pixel = 0, at = 0; pixel < pixels; pixel++, at += count) {
    let best = 0;
    for (let one = 1; one < count; one++) if (scores[at + one] > scores[at + best]) best = one;
    classes[pixel] = best;
  }
  return classes;
}

/** The share of pixels, 0 to 1, with the same class. */
export function sameShare(classes, expected) {
  let same = 0;
  for (let i = 0; i < expected.length; i++) same += classes[i] === expected[i];
  return same / expected.length;
}

/** How many pixels each class has, the most first: [[class, share], ...]. */
export function shares(classes) {
  const counts = new Map();
  for (const one of classes) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].map(([one, count]) => [one, count / classes.length]).sort((a, b) => b[1] - a[1]);
}

/** The mask as colours over the photo: RGBA bytes; the background stays clear. `palette`: [[r, g, b], ...]. */
export function painted(classes, palette, opacity) {
  const bytes = new Uint8ClampedArray(4 * classes.length);
  for (let i = 0; i < classes.length; i++) {
    if (classes[i] === 0) continue;
    const [red, green, blue] = palette[classes[i]];
    bytes.set([red, green, blue, 255 * opacity], 4 * i);
  }
  return bytes;
}

/** The value below which a share (0 to 1) of the numbers lies, between neighbours as NumPy does it. */
export function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}
