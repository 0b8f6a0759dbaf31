// From one-hot to dense: a one-hot vector times a table is a row of the table (lesson 01).
//
// state: words; W (a row of numbers for each word); first, second (rows that are chosen). The
// numbers are those of counts.one_hot, of the product with W, and of WordVectors' cosine.
import { frame, tag, shape, choice, dot, cosine, norm } from "./shared.js";

export const oneHot = (row, size) => Array.from({ length: size }, (_, i) => (i === row ? 1 : 0));

export function product(vector, W) {
  return W[0].map((_, column) => vector.reduce((sum, value, row) => sum + value * W[row][column], 0));
}

export function numbers({ words, W, first, second }) {
  const [one, other] = [first, second].map((row) => oneHot(row, words.length));
  const [x, y] = [product(one, W), product(other, W)];
  return { one, other, x, y, sparse: cosine(one, other), dense: cosine(x, y), length: norm(x), dot: dot(x, y) };
}

// A number as a cell: blue below zero, orange above, stronger where it is far from it.
function cell(x, y, value, largest, strong, width = 52, digits = 2) {
  const share = Math.min(1, Math.abs(value) / largest);
  const color = value < 0 ? "var(--a)" : "var(--b)";
  const box = shape("rect", { x, y, width, height: 28, fill: color, "fill-opacity": (0.08 + 0.32 * share).toFixed(2), stroke: strong ? "var(--ink)" : "var(--line)", "stroke-width": strong ? 2.5 : 1 });
  const text = shape("text", { x: x + width / 2, y: y + 19, "text-anchor": "middle", style: "font-size:14px" + (strong ? ";font-weight:700" : "") }, value.toFixed(digits));
  return shape("g", {}, box, text);
}

function picture({ words, W, first, second }, now) {
  const names = Math.max(84, ...words.map((word) => 10 + 8.5 * [...word].length)); // where they end
  const [left, top, high] = [names + 106, 34, 30];
  const width = Math.max(left + 54 * W[0].length, left + 240) + 12;
  const height = top + high * words.length + 74;
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", style: `min-width:${Math.min(width, 300)}px;max-width:${width}px`,
    "aria-label": `The one-hot vector of ${words[first]} picks row ${first} of the table: ${now.x.map((v) => v.toFixed(2)).join(", ")}` });
  const largest = Math.max(...W.flat().map(Math.abs));
  const head = (x, text) => svg.append(shape("text", { x, y: 20, style: "font-weight:600" }, text));
  head(names + 12, "one-hot");
  head(left, `W: ${words.length} words × ${W[0].length} numbers`);
  words.forEach((word, row) => {
    const y = top + high * row;
    const strong = row === first;
    svg.append(shape("text", { x: names, y: y + 19, "text-anchor": "end", style: strong ? "font-weight:700" : row === second ? "" : "fill:var(--faint)" }, word));
    svg.append(cell(names + 20, y, now.one[row], 1.5, strong, 40, 0));
    W[row].forEach((value, column) => svg.append(cell(left + 54 * column, y, value, largest, strong)));
  });
  const y = height - 34;
  svg.append(shape("text", { x: left - 14, y: y + 19, "text-anchor": "end" }, "one-hot · W ="));
  now.x.forEach((value, column) => svg.append(cell(left + 54 * column, y, value, largest, true)));
  return svg;
}

function build(state, made) {
  const place = tag("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "the product" });
  const pick = (name, text) => choice(text, state.words.map((word, row) => [row, word]), state[name], (row) => { state[name] = row; made.draw(); });
  made.body.append(
    tag("p", {}, "Choose a word. Its one-hot vector multiplies the whole table: which numbers are left?"),
    pick("first", "the word"), place,
    tag("p", {}, "Now a second word, to compare with. Nothing has trained these numbers: their cosine says nothing about meaning yet."), pick("second", "compare with"));
  return () => {
    const now = numbers(state);
    made.numbers = now;
    const [word, other] = [state.words[state.first], state.words[state.second]];
    place.replaceChildren(picture(state, now));
    made.say(`${word} is row ${state.first}: of ${state.words.length * state.W[0].length} products, `
      + `${state.W[0].length} are with a 1. To ${other} its one-hot vector has the cosine ${now.sparse.toFixed(2)}, its dense one ${now.dense.toFixed(2)}.`);
  };
}

export const mount = (element, state) => frame(element, "One-hot times a table", state, build);
export default { render: ({ model, el }) => mount(el, model.get("state")) };
