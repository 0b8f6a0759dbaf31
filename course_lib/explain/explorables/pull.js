// Skip-gram with negative sampling, a step at a time, in the plane (lesson 04).
//
// state: words; W and W_out (a place in the plane for each word, as centre and as context); counts;
// pairs ([centre, context], rows of words); k (negatives); alpha (learning rate); power (of the
// noise); sample (t of sub-sampling, 0 keeps all); seed. The numbers are those of
// Word2Vec.negative_loss, text.noise_distribution and text.keep_probability.
import { frame, tag, shape, slider, button, plane, movable, arrow, table, dot, sigmoid, player } from "./shared.js";

const SIZE = 3.5; // the plane shows -3.5 … 3.5 upwards; no step within the sliders leads out

export function noiseDistribution(counts, power) {
  const weights = counts.map((count) => (count > 0 ? count ** power : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

export function keepProbability(counts, sample) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => keepOf(count / total, sample));
}

// The chance that a word with this share of the text is kept.
export function keepOf(share, sample) {
  const ratio = share / sample;
  return sample === 0 ? 1 : Math.min(1, (Math.sqrt(ratio) + 1) / ratio);
}

// Loss of one pair with its negatives: -log σ(u·v) - Σ log σ(-u_n·v)
export function loss(W, out, [center, context], negatives) {
  const terms = [dot(out[context], W[center]), ...negatives.map((n) => -dot(out[n], W[center]))];
  return terms.reduce((sum, z) => sum + Math.log1p(Math.exp(-z)), 0);
}

// The tables after one step down the gradient of that loss.
export function update(W, out, [center, context], negatives, alpha) {
  const [newW, newOut] = [W.map((row) => [...row]), out.map((row) => [...row])];
  for (const [row, label] of [[context, 1], ...negatives.map((n) => [n, 0])]) {
    const slope = sigmoid(dot(out[row], W[center])) - label;
    for (let i = 0; i < W[center].length; i += 1) {
      newW[center][i] -= alpha * slope * out[row][i];
      newOut[row][i] -= alpha * slope * W[center][i];
    }
  }
  return [newW, newOut];
}

// Numbers from 0 to 1, the same for the same seed.
function random(seed) {
  let now = seed >>> 0;
  return () => {
    now = (now + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(now ^ (now >>> 15), 1 | now);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function drawFrom(chances, value) {
  let sum = 0;
  const found = chances.findIndex((chance) => (sum += chance) > value);
  return found < 0 ? chances.length - 1 : found;
}

// The mean loss of all pairs, each negative weighed by its chance: what falls, without the dice.
export function expectedLoss({ W, W_out, pairs, counts, power, k }) {
  const noise = noiseDistribution(counts, power);
  const of = ([center, context]) => loss(W, W_out, [center, context], []) + k * noise.reduce(
    (sum, chance, n) => sum + chance * Math.log1p(Math.exp(dot(W_out[n], W[center]))), 0);
  return pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
}

export function numbers(state) {
  return {
    W: state.W, W_out: state.W_out,
    noise: noiseDistribution(state.counts, state.power),
    keep: keepProbability(state.counts, state.sample),
    loss: expectedLoss(state),
  };
}

// The curve of what sub-sampling keeps, over a word's share of the text; the words stand on it.
function drawShares({ svg, x, y }, state, now) {
  const total = state.counts.reduce((sum, count) => sum + count, 0);
  const places = Array.from({ length: 81 }, (_, i) => -2 + i / 40); // shares from .01 to 1
  const points = places.map((place) => `${x(place)},${y(keepOf(10 ** place, state.sample))}`);
  const label = (left, top, text, anchor = "middle") => shape("text", { x: left, y: top, "text-anchor": anchor }, text);
  svg.setAttribute("aria-label", `Chance to be kept, falling with the share of the text: ${state.words.map((word, i) => `${word} ${now.keep[i].toFixed(2)}`).join(", ")}`);
  svg.setAttribute("style", "min-width:520px");
  svg.replaceChildren(
    shape("path", { d: `M${x(-2)} ${y(1)}V${y(0)}H${x(0)}`, fill: "none", stroke: "var(--faint)" }),
    shape("polyline", { points: points.join(" "), fill: "none", stroke: "var(--a)", "stroke-width": 3 }),
    ...[0.01, 0.1, 1].map((share) => label(x(Math.log10(share)), y(0) + 20, String(share))),
    label(x(-0.5), y(0) + 20, "share of the text"), label(x(-2) - 6, y(1) + 5, "1", "end"), label(x(-2) + 8, y(1) - 8, "kept", "start"),
    ...state.counts.flatMap((count, i) => {
      const [cx, cy] = [x(Math.max(-2, Math.log10(count / total))), y(now.keep[i])];
      const together = state.words.filter((_, j) => state.counts[j] === count); // one label for all at a place
      const named = state.counts.indexOf(count) === i ? [label(cx, cy + 22, together.join(", "))] : [];
      return [shape("circle", { cx, cy, r: 6, fill: "var(--b)" }), ...named];
    }));
}

function build(state, made) {
  const next = random(state.seed);
  const area = plane(640, 460, [-SIZE * 1.4, SIZE * 1.4], [-SIZE, SIZE], "word vectors in the plane");
  area.svg.setAttribute("style", "min-width:520px");
  const [arrows, points] = [shape("g", { style: "pointer-events:none" }), shape("g")];
  area.svg.append(
    shape("line", { x1: area.x(-SIZE * 1.4), x2: area.x(SIZE * 1.4), y1: area.y(0), y2: area.y(0), stroke: "var(--line)" }),
    shape("line", { y1: area.y(-SIZE), y2: area.y(SIZE), x1: area.x(0), x2: area.x(0), stroke: "var(--line)" }),
    points, arrows);
  const marks = [];
  for (const [name, rows, color] of [["centre", state.W, "var(--a)"], ["context", state.W_out, "var(--b)"]]) {
    state.words.forEach((word, i) => {
      const dots = name === "centre"
        ? shape("circle", { r: 9, fill: color })
        : shape("rect", { x: -8, y: -8, width: 16, height: 16, fill: "var(--paper)", stroke: color, "stroke-width": 3 });
      const text = shape("text", { x: 13, y: 5, style: "pointer-events:none;paint-order:stroke;stroke:var(--paper);stroke-width:4px" }, word);
      const mark = shape("g", {}, shape("circle", { r: 16, fill: "transparent" }), dots, text);
      points.append(mark);
      const told = movable(mark, area, `${word} as ${name}`, () => rows[i], (place) => { rows[i].splice(0, 2, ...place); last = null; made.draw(); });
      marks.push(() => {
        mark.setAttribute("transform", `translate(${area.x(rows[i][0])},${area.y(rows[i][1])})`);
        told();
      });
    });
  }
  let [steps, last, skipped] = [0, null, 0];
  const step = () => {
    const keep = keepProbability(state.counts, state.sample);
    let pair = null;
    for (let tries = 0; tries < 1000 && pair === null; tries += 1) {
      const drawn = state.pairs[Math.floor(next() * state.pairs.length)];
      if (drawn.every((word) => next() < keep[word])) pair = drawn;
      else skipped += 1;
    }
    if (pair === null) return false;
    const noise = noiseDistribution(state.counts, state.power);
    // As in the library, the context itself may be drawn as noise.
    const negatives = Array.from({ length: state.k }, () => drawFrom(noise, next()));
    const before = { W: state.W.map((row) => [...row]), out: state.W_out.map((row) => [...row]) };
    const [W, out] = update(state.W, state.W_out, pair, negatives, state.alpha);
    W.forEach((row, i) => state.W[i].splice(0, 2, ...row));
    out.forEach((row, i) => state.W_out[i].splice(0, 2, ...row));
    steps += 1;
    last = { pair, negatives, before };
    made.draw();
    return true;
  };
  const set = (name) => (value) => { state[name] = value; made.draw(); };
  const chances = tag("div");
  const shares = plane(640, 200, [-2, 0], [0, 1], "", 34);
  made.body.append(
    tag("p", {}, "● a word as centre, □ the same word as context. Drag them. A step takes one true pair: it is pulled together, and the centre is pushed off the noise words. Arrows show what has moved: green the pair, purple the noise words."),
    tag("div", { class: "tools" }, button("One step", step), player(made, step, 120), button("100 steps", () => { for (let n = 0; n < 100; n += 1) step(); })),
    tag("div", { class: "wide" }, area.svg),
    tag("div", { class: "tools" },
      slider("negatives k", { min: 0, max: 5, value: state.k }, set("k")),
      slider("learning rate α", { min: 0.05, max: 0.5, step: 0.05, value: state.alpha, show: (v) => v.toFixed(2) }, set("alpha")),
      slider("power of the noise", { min: 0, max: 1, step: 0.05, value: state.power, show: (v) => v.toFixed(2) }, set("power")),
      slider("sub-sampling t", { min: 0, max: 1, step: 0.01, value: state.sample, show: (v) => (v ? v.toFixed(2) : "keeps all") }, set("sample"))),
    tag("div", { class: "wide" }, shares.svg), chances);
  const name = (row) => state.words[row];
  return () => {
    const now = numbers(state);
    made.numbers = now;
    marks.forEach((place) => place());
    arrows.replaceChildren();
    if (last) {
      const at = (row) => [area.x(row[0]), area.y(row[1])];
      const draw = (from, to, color) => arrows.append(arrow(at(from), at(to), color, 4));
      draw(last.before.W[last.pair[0]], state.W[last.pair[0]], "var(--c)");
      draw(last.before.out[last.pair[1]], state.W_out[last.pair[1]], "var(--c)");
      new Set(last.negatives).forEach((n) => draw(last.before.out[n], state.W_out[n], "var(--d)"));
    }
    drawShares(shares, state, now);
    chances.replaceChildren(table(["word", "count", "drawn as noise", "kept"],
      state.words.map((word, i) => [word, state.counts[i], now.noise[i].toFixed(3), now.keep[i].toFixed(3)]),
      "what is drawn, what is kept"));
    made.say((last
      ? `Step ${steps}: ${name(last.pair[0])} and ${name(last.pair[1])} pulled together; pushed away: ${last.negatives.map((n) => name(n) + (n === last.pair[1] ? " (itself drawn as noise)" : "")).join(", ") || "nobody"}. `
      : "Which words will move in one step? Guess, then press One step. ")
      + `Mean loss of all pairs ${now.loss.toFixed(3)}.` + (skipped ? ` ${skipped} pairs left out by sub-sampling.` : ""));
  };
}

export const mount = (element, state) => frame(element, "Pull and push", state, build);
export default { render: ({ model, el }) => mount(el, model.get("state")) };
