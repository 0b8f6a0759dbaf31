// ELMo's mix: which weights of the three layers part the senses of a word? (lesson 12)
//
// state: sets, for each word {tokens (a list for each sentence), position (of the word), sense, layers
// (packed, of the shape layers × sentences × numbers)}; word (the set on show); scores (a number for each layer, s_j
// is their softmax); gamma. The numbers are those of elmo.ScalarMix, of scikit-learn's PCA and of its
// silhouette_score with the metric "cosine".
import { frame, tag, shape, slider, choice, table, unpack, dot, norm } from "./shared.js";

export function softmax(scores) {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

export function mixed(layers, weights, gamma) {
  return layers[0].map((row, n) => row.map((_, k) =>
    gamma * layers.reduce((sum, layer, j) => sum + weights[j] * layer[n][k], 0)));
}

const unitOf = (row) => { const size = norm(row); return row.map((value) => value / size); };

// Mean over the points of (b - a) / max(a, b), with 1 - cosine as distance.
export function silhouette(points, senses) {
  const unit = points.map(unitOf);
  const scores = unit.map((row, n) => {
    const sums = {};
    unit.forEach((other, m) => {
      if (m === n) return;
      const [sum, count] = sums[senses[m]] ?? [0, 0];
      sums[senses[m]] = [sum + 1 - dot(row, other), count + 1];
    });
    if (!sums[senses[n]]) return 0; // alone in its group
    const a = sums[senses[n]][0] / sums[senses[n]][1];
    const b = Math.min(...Object.entries(sums).filter(([name]) => name !== String(senses[n])).map(([, [sum, count]]) => sum / count));
    return Math.max(a, b) > 0 ? (b - a) / Math.max(a, b) : 0;
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

// The two principal components: eigenvectors of the products of all pairs of centred points, by
// Jacobi's rotations. The largest weight of each component is positive, as scikit-learn has it.
export function principal(points) {
  const mean = points[0].map((_, k) => points.reduce((sum, row) => sum + row[k], 0) / points.length);
  const centered = points.map((row) => row.map((value, k) => value - mean[k]));
  const gram = centered.map((one) => centered.map((other) => dot(one, other)));
  const size = gram.length;
  const vectors = gram.map((_, i) => gram.map((__, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 60; sweep += 1) {
    let off = 0;
    for (let p = 0; p < size; p += 1) {
      for (let q = p + 1; q < size; q += 1) {
        off += gram[p][q] ** 2;
        if (Math.abs(gram[p][q]) < 1e-300) continue;
        const angle = 0.5 * Math.atan2(2 * gram[p][q], gram[p][p] - gram[q][q]);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        for (let k = 0; k < size; k += 1) {
          [gram[k][p], gram[k][q]] = [c * gram[k][p] + s * gram[k][q], c * gram[k][q] - s * gram[k][p]];
        }
        for (let k = 0; k < size; k += 1) {
          [gram[p][k], gram[q][k]] = [c * gram[p][k] + s * gram[q][k], c * gram[q][k] - s * gram[p][k]];
          [vectors[k][p], vectors[k][q]] = [c * vectors[k][p] + s * vectors[k][q], c * vectors[k][q] - s * vectors[k][p]];
        }
      }
    }
    if (off < 1e-22 * gram.reduce((sum, row, i) => sum + row[i] ** 2, 1e-300)) break;
  }
  const order = gram.map((row, i) => [row[i], i]).sort((a, b) => b[0] - a[0]).slice(0, 2);
  const columns = order.map(([value, i]) => {
    const length = Math.sqrt(Math.max(value, 0));
    const place = vectors.map((row) => row[i] * length);
    const component = mean.map((_, k) => centered.reduce((sum, row, n) => sum + row[k] * place[n], 0));
    const largest = component.reduce((best, one) => (Math.abs(one) > Math.abs(best) ? one : best), 0);
    return largest < 0 ? place.map((one) => -one) : place;
  });
  return points.map((_, n) => columns.map((column) => column[n]));
}

export function numbers(state) {
  const set = state.sets[state.word];
  set.rows ??= unpack(set.layers);
  const weights = softmax(state.scores);
  const points = mixed(set.rows, weights, state.gamma);
  const first = mixed(set.rows, softmax(state.scores.map(() => 0)), 1);
  return {
    weights, places: principal(points.map(unitOf)), silhouette: silhouette(points, set.sense),
    alike: silhouette(first, set.sense),
    alone: set.rows.map((layer) => silhouette(layer, set.sense)),
  };
}

const COLORS = ["var(--a)", "var(--b)", "var(--c)", "var(--d)"];

// The words around the one that is looked at, and it in brackets.
function snippet(words, at, around = 3) {
  const [from, to] = [Math.max(0, at - around), Math.min(words.length, at + around + 1)];
  const cut = words.slice(from, to).map((word, i) => (from + i === at ? `[${word}]` : word));
  return (from > 0 ? "… " : "") + cut.join(" ") + (to < words.length ? " …" : "");
}

function picture(state, now, chosen, choose) {
  const set = state.sets[state.word];
  const names = [...new Set(set.sense)];
  const [width, height, margin] = [720, 470, 40];
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", style: "min-width:560px", "aria-label": `${state.word} in ${set.tokens.length} sentences, first two principal components` });
  const scales = [0, 1].map((axis) => {
    const values = now.places.map((place) => place[axis]);
    return [Math.min(...values), Math.max(...values) - Math.min(...values) || 1];
  });
  const x = (place) => margin + ((place[0] - scales[0][0]) / scales[0][1]) * (width - 2 * margin);
  const y = (place) => height - 50 - ((place[1] - scales[1][0]) / scales[1][1]) * (height - 110);
  names.forEach((name, i) => svg.append(
    shape(i % 2 ? "rect" : "circle", i % 2 ? { x: 14 + 240 * i, y: 8, width: 14, height: 14, fill: COLORS[i] } : { cx: 21 + 240 * i, cy: 15, r: 8, fill: COLORS[i] }),
    shape("text", { x: 36 + 240 * i, y: 21 }, name)));
  svg.append(shape("text", { x: width - 10, y: height - 8, "text-anchor": "end", style: "font-size:14px;fill:var(--faint)" }, "first principal component"),
    shape("text", { x: 14, y: 46, style: "font-size:14px;fill:var(--faint)" }, "second one, upwards"));
  const texts = shape("g");
  // A text keeps off every other point.
  const taken = now.places.map((place, n) => [x(place) - 9, y(place) - 9, x(place) + 9, y(place) + 9, n]);
  now.places.forEach((place, n) => {
    const kind = names.indexOf(set.sense[n]);
    const [cx, cy] = [x(place), y(place)];
    const text = snippet(set.tokens[n], set.position[n]);
    const strong = chosen === n;
    const mark = kind % 2 ? shape("rect", { x: cx - 7, y: cy - 7, width: 14, height: 14, fill: COLORS[kind], stroke: strong ? "var(--ink)" : "none", "stroke-width": 3 })
      : shape("circle", { cx, cy, r: 8, fill: COLORS[kind], stroke: strong ? "var(--ink)" : "none", "stroke-width": 3 });
    const node = shape("g", { tabindex: 0, role: "button", "aria-label": `${set.sense[n]}: ${set.tokens[n].join(" ")}`, style: "cursor:pointer",
      click: () => choose(n), keydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(n); } } },
      shape("circle", { cx, cy, r: 13, fill: "transparent" }), mark);
    svg.append(node);
    // A sentence at its point wherever there is room for it.
    const wide = 7.2 * text.length;
    const onLeft = cx + wide + 14 > width;
    const left = onLeft ? cx - wide - 12 : cx + 12;
    const box = [left, cy - 9, left + wide, cy + 9];
    const free = left > 0 && taken.every((one) => one[4] === n || box[0] > one[2] || box[2] < one[0] || box[1] > one[3] || box[3] < one[1]);
    if (free || strong) {
      taken.push(box);
      texts.append(shape("text", { x: onLeft ? cx - 12 : left, "text-anchor": onLeft ? "end" : "start", y: cy + 5, style: `font-size:13.5px;pointer-events:none;paint-order:stroke;stroke:var(--paper);stroke-width:4px${strong ? ";font-weight:700" : ""}` }, text));
    }
  });
  svg.append(texts);
  return svg;
}

function build(state, made) {
  const place = tag("div", { class: "wide" });
  const weights = tag("div");
  let [chosen, last, lastWord] = [null, null, null];
  const redraw = () => made.draw();
  const sliders = state.scores.map((score, j) => slider(`layer ${j}`, { min: -4, max: 4, step: 0.1, value: score, show: (v) => v.toFixed(1) }, (value) => { state.scores[j] = value; redraw(); }));
  made.body.append(
    tag("p", {}, "Each point is the word in one sentence; colour and shape are its sense. Give a layer more weight: do the senses part?"),
    choice("word", Object.keys(state.sets).map((word) => [word, word]), state.word, (word) => { state.word = word; chosen = null; redraw(); }),
    tag("div", { class: "tools" }, ...sliders, slider("γ (scales all)", { min: 0.1, max: 3, step: 0.1, value: state.gamma, show: (v) => v.toFixed(1) }, (value) => { state.gamma = value; redraw(); })),
    weights, place);
  return () => {
    const now = numbers(state);
    made.numbers = now;
    // An axis may come out mirrored; the picture keeps the side it had.
    const same = last?.length === now.places.length && lastWord === state.word;
    const sides = [0, 1].map((axis) => (same && now.places.reduce((sum, place, n) => sum + place[axis] * last[n][axis], 0) < 0 ? -1 : 1));
    const drawn = { ...now, places: now.places.map((place) => place.map((value, axis) => value * sides[axis])) };
    [last, lastWord] = [drawn.places, state.word];
    weights.replaceChildren(table(["", ...now.weights.map((_, j) => `layer ${j}`)],
      [["weight s", ...now.weights.map((s) => s.toFixed(2))], ["silhouette alone (1 parts well, 0 not)", ...now.alone.map((s) => s.toFixed(2))]],
      "weights, and how well each layer parts the senses by itself"));
    const focused = [...place.querySelectorAll("[role=button]")].indexOf(document.activeElement);
    place.replaceChildren(picture(state, drawn, chosen, (n) => { chosen = n; redraw(); }));
    if (focused >= 0) place.querySelectorAll("[role=button]")[focused]?.focus();
    const set = state.sets[state.word];
    made.say((chosen !== null ? `${set.sense[chosen]}: ${set.tokens[chosen].join(" ").replace(/[ .]+$/, "")}. ` : "")
      + `Silhouette of this mix ${now.silhouette.toFixed(3)}; of all layers alike ${now.alike.toFixed(3)}.`);
  };
}

export const mount = (element, state) => frame(element, "Mix the layers", state, build);
export default { render: ({ model, el }) => mount(el, model.get("state")) };
