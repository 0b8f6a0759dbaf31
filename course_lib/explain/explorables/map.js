// A map of words to search, with neighbours in all dimensions (lesson 09).
//
// state: words; vectors (packed, n × d); places ([x, y] of each, by any projection); groups (a number
// for each word) and names (of the groups); landmarks (words that are always named); chosen (a word);
// k (how many neighbours). The neighbours are those of WordVectors.nearest, by the cosine of all d
// numbers; those on the map are the nearest places.
import { frame, tag, shape, button, slider, table, unpack, dot, norm } from "./shared.js";

const COLORS = ["--a", "--b", "--c", "--d"];
const SHAPES = ["circle", "square", "triangle"]; // colour and shape together tell twelve groups

// The k rows with the largest cosine to a row, itself left out: [[row, cosine], …]; equal ones in
// the order of the words.
export function nearest(unit, row, k) {
  const cosines = unit.map((other, n) => [n, dot(unit[row], other)]);
  return cosines.filter(([n]) => n !== row).sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, k);
}

export function nearestPlaces(places, row, k) {
  const [x, y] = places[row];
  const apart = places.map(([a, b], n) => [n, Math.hypot(a - x, b - y)]);
  return apart.filter(([n]) => n !== row).sort((a, b) => a[1] - b[1] || a[0] - b[0]).slice(0, k);
}

function unitRows(state) {
  return unpack(state.vectors).map((row) => { const size = norm(row) || 1; return row.map((value) => value / size); });
}

export function numbers(state, unit = unitRows(state)) {
  const row = state.words.indexOf(state.chosen);
  if (row < 0) return { row, near: [], onMap: [], kept: 0 };
  const near = nearest(unit, row, state.k);
  const onMap = nearestPlaces(state.places, row, state.k).map(([n]) => n);
  return { row, near, onMap, kept: near.filter(([n]) => onMap.includes(n)).length };
}

// What the colours and shapes stand for: a mark, and the name of its group.
function legend(names) {
  const sign = (group) => {
    const fill = `var(${COLORS[group % COLORS.length]})`;
    const kind = SHAPES[Math.floor(group / COLORS.length) % SHAPES.length];
    if (kind === "circle") return shape("circle", { cx: 8, cy: 8, r: 6, fill });
    if (kind === "square") return shape("rect", { x: 2, y: 2, width: 12, height: 12, fill });
    return shape("polygon", { points: "8,1 15,14 1,14", fill });
  };
  return tag("details", { class: "legend" }, tag("summary", {}, `The ${names.length} groups: colours and shapes`),
    tag("ul", { style: "list-style:none;margin:6px 0;padding:0;display:flex;flex-wrap:wrap;gap:2px 18px" },
      ...names.map((name, group) => tag("li", {}, shape("svg", { viewBox: "0 0 16 16", "aria-hidden": "true",
        style: "display:inline-block;width:16px;height:16px;margin-right:6px;vertical-align:-2px" }, sign(group)), name))));
}

function build(state, made) {
  const unit = unitRows(state);
  const [width, height] = [720, 520];
  const canvas = tag("canvas", { width: 2 * width, height: 2 * height, role: "img", style: "width:100%;max-width:720px;touch-action:none;cursor:crosshair;display:block" });
  const spread = [0, 1].map((axis) => {
    const values = state.places.map((place) => place[axis]);
    return [Math.min(...values), Math.max(...values)];
  });
  let view = { x: (spread[0][0] + spread[0][1]) / 2, y: (spread[1][0] + spread[1][1]) / 2, zoom: 1 };
  const whole = { ...view };
  const scale = () => view.zoom * 0.94 * Math.min(width / (spread[0][1] - spread[0][0] || 1), height / (spread[1][1] - spread[1][0] || 1));
  const at = ([x, y]) => [width / 2 + (x - view.x) * scale(), height / 2 - (y - view.y) * scale()];
  const choose = (word, shown = word) => { state.chosen = word; input.value = shown; made.draw(); };
  const typed = () => (state.words.includes(input.value.trim()) ? input.value.trim() : input.value.trim().toLowerCase());
  const list = `words-${Math.random().toString(36).slice(2)}`;
  const input = tag("input", { type: "text", list, autocomplete: "off", spellcheck: "false",
    input: () => { const word = typed(); if (state.words.includes(word)) choose(word, input.value); },
    change: () => { state.chosen = typed(); made.draw(); } });
  input.value = state.chosen;
  const inside = tag("div");
  const center = () => { if (now.row >= 0) [view.x, view.y] = state.places[now.row]; };
  const zoom = (factor) => { if (factor > 1 && view.zoom === 1) center(); view.zoom = Math.min(40, Math.max(1, view.zoom * factor)); if (view.zoom === 1) view = { ...whole }; paint(); };
  made.body.append(
    tag("div", { class: "tools" }, tag("label", { style: "flex:1 1 200px" }, "search a word", input),
      tag("datalist", { id: list }, ...state.words.slice(0, 1500).map((word) => tag("option", { value: word }))),
      slider("neighbours", { min: 1, max: 20, value: state.k }, (k) => { state.k = k; made.draw(); })),
    tag("div", { class: "tools" }, button("Closer", () => zoom(1.6)), button("Farther", () => zoom(1 / 1.6)),
      button("To the word", () => { const row = state.words.indexOf(state.chosen); if (row >= 0) { [view.x, view.y] = state.places[row]; view.zoom = Math.max(view.zoom, 6); paint(); } })),
    canvas,
    tag("p", { class: "faint" }, "Drag the map, click a point, or search. Lines lead to the neighbours in all dimensions."),
    legend(state.names), inside);

  let now = numbers(state, unit);
  const dark = () => getComputedStyle(made.root);
  function mark(pen, [x, y], group, size) {
    pen.fillStyle = dark().getPropertyValue(COLORS[group % COLORS.length]);
    pen.beginPath();
    const kind = SHAPES[Math.floor(group / COLORS.length) % SHAPES.length];
    if (kind === "circle") pen.arc(x, y, size, 0, 7);
    else if (kind === "square") pen.rect(x - size, y - size, 2 * size, 2 * size);
    else { pen.moveTo(x, y - 1.3 * size); pen.lineTo(x + 1.2 * size, y + size); pen.lineTo(x - 1.2 * size, y + size); }
    pen.fill();
  }
  function paint() {
    const pen = canvas.getContext("2d");
    const style = dark();
    const [ink, paper] = ["--ink", "--paper"].map((name) => style.getPropertyValue(name));
    pen.setTransform(2, 0, 0, 2, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.globalAlpha = 0.45;
    state.places.forEach((place, n) => mark(pen, at(place), state.groups[n], 1.6 + 0.3 * Math.log2(view.zoom)));
    pen.globalAlpha = 1;
    const taken = [];
    const name = (n, strong) => {
      const [x, y] = at(state.places[n]);
      if (x < 0 || y < 12 || x > width || y > height - 8) return;
      pen.font = `${strong ? "700 " : ""}14px system-ui, sans-serif`;
      const long = pen.measureText(state.words[n]).width;
      const left = x + 7 + long > width ? x - 7 - long : x + 7;
      const box = [left, y - 9, left + long, y + 9];
      if (!strong && taken.some((one) => box[0] < one[2] && one[0] < box[2] && box[1] < one[3] && one[1] < box[3])) return;
      taken.push(box);
      pen.lineWidth = 4;
      pen.strokeStyle = paper;
      pen.fillStyle = ink;
      pen.strokeText(state.words[n], left, y + 5);
      pen.fillText(state.words[n], left, y + 5);
    };
    if (now.row >= 0) {
      const from = at(state.places[now.row]);
      pen.strokeStyle = ink;
      pen.lineWidth = 1;
      for (const [n] of now.near) { pen.beginPath(); pen.moveTo(...from); pen.lineTo(...at(state.places[n])); pen.stroke(); }
      for (const [n] of now.near) mark(pen, at(state.places[n]), state.groups[n], 5);
      mark(pen, from, state.groups[now.row], 8);
      name(now.row, true);
      now.near.forEach(([n]) => name(n, false));
    }
    state.landmarks.forEach((word) => { const n = state.words.indexOf(word); if (n >= 0) name(n, false); });
  }
  let [held, far] = [null, 0];
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); held = [event.clientX, event.clientY]; far = 0; });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) return;
    const pixel = width / canvas.getBoundingClientRect().width / scale();
    view.x -= (event.clientX - held[0]) * pixel;
    view.y += (event.clientY - held[1]) * pixel;
    view.x = Math.min(spread[0][1], Math.max(spread[0][0], view.x)); // never off the map
    view.y = Math.min(spread[1][1], Math.max(spread[1][0], view.y));
    far += Math.hypot(event.clientX - held[0], event.clientY - held[1]);
    held = [event.clientX, event.clientY];
    paint();
  });
  canvas.addEventListener("pointerup", (event) => {
    held = null;
    if (far > 5) return;
    const box = canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) * (width / box.width), (event.clientY - box.top) * (width / box.width)];
    const apart = state.places.map((place, n) => { const [a, b] = at(place); return [Math.hypot(a - x, b - y), n]; });
    const [distance, n] = apart.reduce((best, one) => (one[0] < best[0] ? one : best), [Infinity, -1]);
    if (distance < 20) choose(state.words[n]);
  });
  made.map = { at: (word) => { const box = canvas.getBoundingClientRect(); const [x, y] = at(state.places[state.words.indexOf(word)]); return [box.left + (x * box.width) / width, box.top + (y * box.width) / width]; } };
  return () => {
    const before = now.row;
    now = numbers(state, unit);
    made.numbers = now;
    if (now.row >= 0 && now.row !== before) {
      const [x, y] = at(state.places[now.row]);
      if (x < 0 || y < 0 || x > width || y > height) center();
    }
    paint();
    if (now.row < 0) {
      inside.replaceChildren();
      made.say(state.chosen ? `${state.chosen} is not among these ${state.words.length} words.` : "No word yet.");
      return;
    }
    inside.replaceChildren(table(["word", "cosine", "near on the map too", "group"],
      now.near.map(([n, cosine]) => [state.words[n], cosine.toFixed(3), now.onMap.includes(n) ? "yes" : "no", state.names[state.groups[n]]]),
      `nearest to ${state.chosen} in all ${unit[0].length} dimensions`));
    const told = now.near.slice(0, 3).map(([n]) => state.words[n]).join(", ");
    canvas.setAttribute("aria-label", `map of ${state.words.length} words, ${state.chosen} marked`);
    made.say(`Nearest to ${state.chosen} (group ${state.names[state.groups[now.row]]}): ${told}. Of its ${now.near.length} neighbours ${now.kept} are among as many nearest on the map.`);
  };
}

export const mount = (element, state) => frame(element, "A map of words", state, build);
export default { render: ({ model, el }) => mount(el, model.get("state")) };
