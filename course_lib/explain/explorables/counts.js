// From counts to GloVe: ratios of probabilities, the weight of a count, a loss that falls (lesson 05).
//
// state: words, probes; X (counts, a row for each word, a column for each probe); word and context
// (tables with the bias last); x_max and exponent (of the weight); alpha (learning rate). The numbers
// are those of glove.weight, of the loss of glove.GloVe, and of glove.adagrad_steps.
import { frame, tag, shape, slider, button, table, dot, player } from "./shared.js";

export const weight = (x, x_max, exponent) => Math.min(1, x / x_max) ** exponent;

// P(probe | word): each row over its sum
export const probabilities = (X) => X.map((row) => {
  const total = row.reduce((sum, x) => sum + x, 0);
  return row.map((x) => x / total);
});

// Entries that are not zero: [row, column, log count, weight]
export function entries({ X, x_max, exponent }) {
  return X.flatMap((row, i) => row.map((x, j) => [i, j, Math.log(x), weight(x, x_max, exponent)]))
    .filter(([i, j]) => X[i][j] > 0);
}

export function loss(word, context, list) {
  return list.reduce((sum, [i, j, logCount, f]) => sum + f * error(word[i], context[j], logCount) ** 2, 0);
}

function error(w, c, logCount) {
  const size = w.length - 1;
  return dot(w.slice(0, size), c.slice(0, size)) + w[size] + c[size] - logCount;
}

// One step of AdaGrad for each entry, in order; all four tables change in place.
export function adagradSteps(word, context, wordSquares, contextSquares, list, alpha) {
  for (const [i, j, logCount, f] of list) {
    const [w, c, s, t] = [word[i], context[j], wordSquares[i], contextSquares[j]];
    const pull = 2 * f * error(w, c, logCount);
    const [atW, atC] = [[...c.slice(0, -1), 1], [...w.slice(0, -1), 1]].map((one) => one.map((v) => pull * v));
    for (let k = 0; k < w.length; k += 1) {
      s[k] += atW[k] ** 2;
      t[k] += atC[k] ** 2;
      w[k] -= (alpha * atW[k]) / Math.sqrt(s[k]);
      c[k] -= (alpha * atC[k]) / Math.sqrt(t[k]);
    }
  }
  return [word, context, wordSquares, contextSquares];
}

export function numbers(state) {
  const P = probabilities(state.X);
  return {
    P,
    ratios: P[0].map((p, k) => p / P[1][k]),
    weights: state.X.map((row) => row.map((x) => weight(x, state.x_max, state.exponent))),
    loss: loss(state.word, state.context, entries(state)),
  };
}

// A line through points of x and y, with its axes named.
function curve(points, marks, [right, top], across, up) {
  const [width, height, margin] = [340, 200, 36];
  const x = (v) => margin + (v / right) * (width - margin - 12);
  const y = (v) => height - margin - (v / top) * (height - margin - 28);
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${up} over ${across}`, style: "max-width:360px" });
  svg.append(
    shape("path", { d: `M${x(0)},${y(top)} V${y(0)} H${x(right)}`, fill: "none", stroke: "var(--faint)" }),
    shape("path", { d: "M" + points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join("L"), fill: "none", stroke: "var(--a)", "stroke-width": 3 }),
    shape("text", { x: width - 12, y: height - 10, "text-anchor": "end", style: "font-size:14px" }, across),
    shape("text", { x: x(0) + 6, y: 14, style: "font-size:14px" }, `${up}, to ${top >= 10 ? Math.round(top) : top.toPrecision(2)}`));
  for (const [a, b] of marks) svg.append(shape("circle", { cx: x(Math.min(a, right)), cy: y(b), r: 5, fill: "var(--b)" }));
  return svg;
}

function build(state, made) {
  let epoch = 0;
  let squares = [state.word, state.context].map((rows) => rows.map((row) => row.map(() => 1)));
  let history = [numbers(state).loss];
  const learn = () => {
    adagradSteps(state.word, state.context, ...squares, entries(state), state.alpha);
    epoch += 1;
    history.push(numbers(state).loss);
    made.draw();
    return true;
  };
  const count = (i, j) => tag("input", {
    type: "number", min: 0, max: 9999, value: state.X[i][j], "aria-label": `${state.words[i]} with ${state.probes[j]}`,
    input: (event) => {
      const typed = Number(event.target.value);
      if (event.target.value === "" || !(typed >= 0 && typed <= 1e6)) return; // the old count stays until a number is there
      state.X[i][j] = typed;
      [history, epoch] = [[numbers(state).loss], 0];
      made.draw();
    },
    change: (event) => { event.target.value = state.X[i][j]; }, // what was refused goes
  });
  const grid = tag("div", { class: "wide" }, tag("table", {},
    tag("caption", { class: "faint" }, "counts: type other ones"),
    tag("thead", {}, tag("tr", {}, tag("th", { scope: "col" }, "beside"), ...state.probes.map((probe) => tag("th", { scope: "col" }, probe)))),
    tag("tbody", {}, ...state.words.map((word, i) => tag("tr", {}, tag("th", { scope: "row" }, word), ...state.probes.map((_, j) => tag("td", {}, count(i, j))))))));
  const [ratios, pictures] = [tag("div"), tag("div", { class: "tools" })];
  const set = (name) => (value) => { state[name] = value; [history, epoch] = [[numbers(state).loss], 0]; made.draw(); };
  made.body.append(tag("p", {}, "Which of the four words tells the two apart? Change a count and see the ratios; then train: an epoch takes one step for each count."),
    grid, ratios,
    tag("div", { class: "tools" },
      slider("full weight from x_max", { min: 1, max: 200, value: state.x_max }, set("x_max")),
      slider("exponent", { min: 0, max: 1, step: 0.05, value: state.exponent, show: (v) => v.toFixed(2) }, set("exponent"))),
    tag("div", { class: "tools" }, button("One epoch", learn), player(made, learn, 80), button("50 epochs", () => { for (let n = 0; n < 50; n += 1) learn(); })),
    pictures);
  return () => {
    const now = numbers(state);
    made.numbers = now;
    const show = (value) => Number.isFinite(value) ? (value >= 100 ? value.toFixed(0) : value.toPrecision(2)) : "–";
    ratios.replaceChildren(table(["", ...state.probes],
      [...state.words.map((word, i) => [`P( · | ${word})`, ...now.P[i].map(show)]),
        [`ratio ${state.words[0]} / ${state.words[1]}`, ...now.ratios.map(show)]], "probabilities among these words only, and their ratio"));
    const right = 2.5 * state.x_max; // larger counts stand at the edge: their weight is 1
    const steps = Array.from({ length: 101 }, (_, n) => (right * n) / 100);
    pictures.replaceChildren(
      curve(steps.map((x) => [x, weight(x, state.x_max, state.exponent)]),
        state.X.flat().filter((x) => x > 0).map((x) => [x, weight(x, state.x_max, state.exponent)]), [right, 1], "count x", "weight f(x)"),
      curve(history.map((value, n) => [n, value]), [[history.length - 1, history.at(-1)]],
        [Math.max(10, history.length - 1), Math.max(...history, 1e-9)], "epochs", "loss"));
    const far = now.ratios.map((ratio, k) => [Math.abs(Math.log(ratio)), k]).filter(([size]) => !Number.isNaN(size));
    const [size, k] = far.reduce((best, one) => (one[0] > best[0] ? one : best), [0, 0]);
    made.say((size > 0 ? `${state.probes[k]} tells ${state.words[0]} from ${state.words[1]} most: ratio ${show(now.ratios[k])}. ` : "No word tells the two apart. ")
      + `Epoch ${epoch}: loss ${now.loss.toPrecision(3)}.`);
  };
}

export const mount = (element, state) => frame(element, "From counts to GloVe", state, build);
export default { render: ({ model, el }) => mount(el, model.get("state")) };
