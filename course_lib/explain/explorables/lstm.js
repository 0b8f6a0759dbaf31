// A biLM reads a sentence from both sides, word by word: which state knows which words? (lesson 11)
//
// state: words; layers, a pair [forward, backward] for each of the two layers, each with W, U
// (4 H × P; gates i, f, g, o), b (4 H) and V (P × H); inputs (a vector of P numbers for each word);
// cell_clip, proj_clip; at (position whose word is to be guessed); read (how many words are read);
// way ("bilm": directions apart; "birnn": the second layer reads both directions of the first). The
// numbers are those of bilm.layer.Layer, with the skip connection of BiLM around the second layer.
import { frame, tag, shape, slider, choice, button, dot, sigmoid } from "./shared.js";

const clip = (value, bound) => (bound > 0 ? Math.min(bound, Math.max(-bound, value)) : value);

// One word: x and h of P numbers, c of H numbers, to the new h and c.
export function step({ W, U, b, V }, x, [h, c], { cell_clip, proj_clip }) {
  const size = c.length;
  const gates = b.map((value, row) => dot(W[row], x) + dot(U[row], h) + value);
  const cell = c.map((value, k) => clip(
    sigmoid(gates[size + k] + 1) * value + sigmoid(gates[k]) * Math.tanh(gates[2 * size + k]), cell_clip));
  const inside = cell.map((value, k) => sigmoid(gates[3 * size + k]) * Math.tanh(value));
  return [V.map((row) => clip(dot(row, inside), proj_clip)), cell];
}

function run(weights, inputs, backward, clips) {
  let now = [weights.V.map(() => 0), weights.V[0].map(() => 0)];
  const outputs = [];
  const order = inputs.map((_, t) => (backward ? inputs.length - 1 - t : t));
  for (const t of order) {
    now = step(weights, inputs[t], now, clips);
    [outputs[t]] = now;
  }
  return outputs;
}

// Outputs of both layers: [layer][direction][word][P]. In a biRNN layer 2 reads the mean of both
// directions of layer 1, so that it has the size of one.
export function outputs({ layers, inputs, way, cell_clip, proj_clip }) {
  const clips = { cell_clip, proj_clip };
  const first = layers[0].map((weights, d) => run(weights, inputs, d === 1, clips));
  const mean = inputs.map((_, t) => first[0][t].map((value, k) => (value + first[1][t][k]) / 2));
  const second = layers[1].map((weights, d) => {
    const given = way === "bilm" ? first[d] : mean;
    const found = run(weights, given, d === 1, clips);
    return way === "bilm" ? found.map((h, t) => h.map((value, k) => value + given[t][k])) : found;
  });
  return [first, second];
}

// The words that a state depends on: [layer][direction][word] is a list of positions.
export function known(size, way) {
  const all = [...Array(size).keys()];
  const first = [0, 1].map((d) => all.map((t) => all.filter((s) => (d ? s >= t : s <= t))));
  const second = first.map((one) => (way === "bilm" ? one : all.map(() => all)));
  return [first, second];
}

// What predicts the word at a position: the forward state before it, the backward one after it.
export function numbers(state) {
  const { words, at, way } = state;
  const seen = known(words.length, way)[1];
  const from = [at > 0 ? seen[0][at - 1] : [], at < words.length - 1 ? seen[1][at + 1] : []];
  return { outputs: outputs(state), known: seen, from, leaks: from.some((one) => one.includes(at)) };
}

// Whether a state has been reached: a mixed layer 2 waits until both halves of layer 1 have ended.
export function reached({ words, read, way }, layer, d, t) {
  const order = d ? words.length - 1 - t : t;
  return order < read && (layer === 0 || way === "bilm" || read >= words.length);
}

function picture(state, now, chosen, choose) {
  const gap = Math.max(96, ...state.words.map((word) => 26 + 10 * word.length));
  const [left, width] = [112, 112 + gap * state.words.length];
  const svg = shape("svg", { viewBox: `0 0 ${width} 318`, style: `min-width:${Math.min(width, 560)}px;max-width:${1.3 * width}px`, role: "group", "aria-label": "two layers in two directions over the words" });
  const rows = [["layer 2 ←", 1, 1, 36], ["layer 2 →", 1, 0, 92], ["layer 1 ←", 0, 1, 162], ["layer 1 →", 0, 0, 218]];
  const x = (t, d) => left + gap * (t + 0.5) + (d === undefined ? 0 : d ? 20 : -20);
  const seen = chosen ? known(state.words.length, state.way)[chosen[0]][chosen[1]][chosen[2]] : [];
  state.words.forEach((word, t) => {
    const guess = t === state.at;
    if (seen.includes(t)) svg.append(shape("rect", { x: x(t) - gap / 2 + 4, y: 268, width: gap - 8, height: 34, rx: 5, fill: "var(--soft)", stroke: guess ? "var(--b)" : "var(--a)", "stroke-width": guess ? 4 : 2 }));
    svg.append(shape("text", { x: x(t), y: 291, "text-anchor": "middle", style: guess ? "font-weight:700;fill:var(--b)" : "" }, word));
  });
  for (const [name, layer, d, y] of rows) {
    svg.append(shape("text", { x: 4, y: y + 5 }, name));
    state.words.forEach((word, t) => {
      const read = reached(state, layer, d, t);
      const before = d ? t + 1 : t - 1;
      if (before >= 0 && before < state.words.length && read) {
        const side = d ? -20 : 20;
        svg.append(shape("line", { x1: x(before, d) + side, x2: x(t, d) - side, y1: y, y2: y, stroke: "var(--faint)", "stroke-width": 2 }));
      }
      if (layer === 1 && read) {
        const crossing = state.way === "birnn" ? [162, 218] : [d ? 162 : 218];
        crossing.forEach((below) => svg.append(shape("line", { x1: x(t, d), x2: x(t, below === 162 ? 1 : 0), y1: y + 16, y2: below - 16, stroke: "var(--line)", "stroke-width": 2 })));
      }
      const predicts = layer === 1 && ((d === 0 && t === state.at - 1) || (d === 1 && t === state.at + 1));
      const here = chosen && chosen[0] === layer && chosen[1] === d && chosen[2] === t;
      const depends = known(state.words.length, state.way)[layer][d][t];
      const text = `${name}, after ${word}: ${read ? `knows ${depends.map((s) => state.words[s]).join(", ")}` : "not read yet"}${predicts ? `; guesses ${state.words[state.at]}` : ""}`;
      const node = shape("g", { tabindex: 0, role: "button", "aria-label": text, "aria-pressed": String(Boolean(here)), style: "cursor:pointer",
        click: () => choose([layer, d, t]),
        keydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose([layer, d, t]); } } });
      const leak = predicts && depends.includes(state.at);
      node.append(shape("circle", { cx: x(t, d), cy: y, r: 17, fill: read ? (leak ? "var(--b)" : predicts ? "var(--c)" : "var(--soft)") : "var(--paper)", stroke: here ? "var(--ink)" : "var(--faint)", "stroke-width": here ? 4 : 1.5 }));
      svg.append(node);
    });
  }
  return svg;
}

function build(state, made) {
  const place = tag("div", { class: "wide" });
  let chosen = null;
  const last = state.words.length;
  const reader = slider("words read from each side", { min: 0, max: last, value: state.read }, (value) => { state.read = value; made.draw(); });
  const move = (value) => {
    const input = reader.querySelector("input");
    input.value = value;
    input.dispatchEvent(new Event("input"));
  };
  const more = button("Read one more", () => move(state.read === last ? 0 : state.read + 1));
  made.body.append(
    tag("p", {}, "The orange word is to be guessed, by the state left of it (→) and the one right of it (←) in layer 2. No state stands beyond an edge. Click a circle: which words does it know? Green guesses honestly, orange has read the answer."),
    choice("model", [["bilm", "biLM: directions apart"], ["birnn", "biRNN: directions mixed"]], state.way, (way) => { state.way = way; made.draw(); }),
    tag("div", { class: "tools" }, reader, more,
      slider("word to guess", { min: 0, max: last - 1, value: state.at, show: (t) => state.words[t] }, (at) => { state.at = at; made.draw(); })),
    place);
  return () => {
    const now = numbers(state);
    made.numbers = now;
    const focused = [...place.querySelectorAll("[role=button]")].indexOf(document.activeElement);
    place.replaceChildren(picture(state, now, chosen, (one) => { chosen = one; made.draw(); }));
    if (focused >= 0) place.querySelectorAll("[role=button]")[focused].focus();
    more.textContent = state.read === last ? "Read again" : "Read one more";
    const word = state.words[state.at];
    const name = (list) => list.map((t) => state.words[t]).join(" ") || "nothing";
    const told = chosen ? `This state (layer ${chosen[0] + 1}, ${chosen[1] ? "backward" : "forward"}) ${reached(state, ...chosen)
      ? `knows: ${name(known(last, state.way)[chosen[0]][chosen[1]][chosen[2]])}` : "is not read yet"}. ` : "";
    const there = [[0, state.at - 1], [1, state.at + 1]].filter(([, t]) => t >= 0 && t < last);
    if (!there.every(([d, t]) => reached(state, 1, d, t))) made.say(`${told}Read on: the states that guess ${word} are not there yet.`);
    else {
      made.say(told + (now.leaks
        ? `Leak: a state that guesses ${word} has read ${word} already, through layer 1 of the other direction.`
        : `${word} is guessed from the left by ${name(now.from[0])}, from the right by ${name(now.from[1])}; neither has read it.`));
    }
  };
}

export const mount = (element, state) => frame(element, "Who knows which words?", state, build);
export default { render: ({ model, el }) => mount(el, model.get("state")) };
