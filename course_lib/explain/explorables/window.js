// A window slides over a sentence: which pairs does a model learn from? (lessons 02 and 03)
//
// state: sentence (text), window (words on either side), center (position), way ("cbow" or
// "skipgram"). The numbers are those of text.tokenize, text.context_windows, text.skipgram_pairs.
import { frame, tag, shape, slider, choice, field, table } from "./shared.js";

const WORD = /(?!\p{M})[\p{L}\p{N}\p{M}_]+(?:['’‐‑׳״-]?\p{Cf}*[\p{L}\p{N}\p{M}_]+)*/gu;

export function tokenize(text) {
  return text.normalize("NFC").toLowerCase().normalize("NFC").match(WORD) ?? [];
}

// [[centre, [context, …]], …], an entry for each position
export function contextWindows(words, window) {
  return words.map((center, i) =>
    [center, [...words.slice(Math.max(0, i - window), i), ...words.slice(i + 1, i + 1 + window)]]);
}

export function skipgramPairs(words, window) {
  return contextWindows(words, window).flatMap(([center, around]) => around.map((one) => [center, one]));
}

// What the picture shows, as numbers.
export function numbers({ sentence, window, center }) {
  const words = tokenize(sentence);
  const windows = contextWindows(words, window);
  return {
    words, windows,
    pairs: skipgramPairs(words, window),
    cbow: windows.filter(([, around]) => around.length).length,
    center: Math.min(center, words.length - 1),
  };
}

function build(state, made) {
  const strip = tag("div", { class: "wide held" });
  const below = tag("div");
  const redraw = () => made.draw();
  made.body.append(
    tag("p", {}, "Drag the box along the sentence, or use the arrow keys. Type a sentence of your own."),
    tag("div", { class: "tools" }, field("sentence", state.sentence, (text) => { state.sentence = text; redraw(); })),
    tag("div", { class: "tools" },
      slider("words on either side", { min: 1, max: 5, value: state.window }, (value) => { state.window = value; redraw(); }),
      choice("model", [["cbow", "CBOW"], ["skipgram", "Skip-gram"]], state.way, (way) => { state.way = way; redraw(); })),
    strip, below);
  // The strip keeps the pointer: what it holds is drawn anew while a finger moves on it.
  const follow = (event) => {
    const centers = [...strip.querySelectorAll("[data-middle]")].map((word) => {
      const box = word.getBoundingClientRect();
      return Math.abs(box.left + box.width / 2 - event.clientX);
    });
    const nearest = centers.indexOf(Math.min(...centers));
    if (nearest >= 0 && nearest !== state.center) { state.center = nearest; redraw(); }
  };
  strip.addEventListener("pointerdown", (event) => { strip.setPointerCapture(event.pointerId); follow(event); });
  strip.addEventListener("pointermove", (event) => { if (strip.hasPointerCapture(event.pointerId)) follow(event); });
  return () => {
    const now = numbers(state);
    made.numbers = now;
    if (!now.words.length) {
      strip.replaceChildren(tag("p", { class: "faint" }, "Type a sentence: there is no word in it yet."));
      below.replaceChildren();
      made.say("No words.");
      return;
    }
    const focused = strip.contains(document.activeElement);
    strip.replaceChildren(picture(now, state, (place) => { state.center = place; redraw(); }));
    const handle = strip.querySelector("[role=slider]");
    if (focused) handle.focus();
    const [box, seen] = [handle.getBoundingClientRect(), strip.getBoundingClientRect()];
    if (box.right > seen.right || box.left < seen.left) strip.scrollLeft += box.left - seen.left - seen.width / 2;
    const [center, around] = now.windows[now.center];
    const [head, rows] = state.way === "cbow"
      ? [["what it sees", "what it predicts"], [[around.join(" + ") || "nothing", center]]]
      : [["what it sees", "what it predicts"], around.map((one) => [center, one])];
    below.replaceChildren(table(head, rows, state.way === "cbow" ? around.length ? "this window: one example" : "this window: no example" : "this window: a pair for each neighbour"));
    made.say(state.way === "cbow"
      ? `CBOW: ${around.join(", ") || "no word"} → ${center}. The whole sentence gives ${now.cbow} examples.`
      : `Skip-gram: ${center} → ${around.join(", ") || "no word"}. The whole sentence gives ${now.pairs.length} pairs.`);
  };
}

// The words in a row; the window is a box that follows the pointer and the arrow keys.
function picture(now, state, move) {
  const widths = now.words.map((word) => 22 + 10 * [...word].length);
  const starts = widths.map((_, i) => 12 + widths.slice(0, i).reduce((sum, w) => sum + w + 8, 0));
  const width = Math.max(620, starts.at(-1) + widths.at(-1) + 12);
  const middle = (i) => starts[i] + widths[i] / 2;
  const [first, last] = [Math.max(0, now.center - state.window), Math.min(now.words.length - 1, now.center + state.window)];
  const above = 66 - 14 * Math.min(4, state.window); // no arc is higher
  const svg = shape("svg", { viewBox: `0 ${above} ${width} ${130 - above}`, style: `min-width:${width}px`, role: "group", "aria-label": "the sentence and the window" });
  const color = state.way === "cbow" ? "var(--a)" : "var(--b)";
  svg.append(shape("rect", { x: starts[first] - 6, y: 78, width: starts[last] + widths[last] - starts[first] + 12, height: 46, rx: 8, fill: "var(--soft)", stroke: color, "stroke-width": 2 }));
  for (let i = first; i <= last; i += 1) {
    if (i === now.center) continue;
    const [from, to] = state.way === "cbow" ? [middle(i), middle(now.center)] : [middle(now.center), middle(i)];
    const top = 74 - 14 * Math.min(4, Math.abs(i - now.center));
    svg.append(shape("path", { d: `M${from},80 C${from},${top} ${to},${top} ${to},76`, fill: "none", stroke: color, "stroke-width": 2 }));
    svg.append(shape("polygon", { points: `${to - 5},68 ${to + 5},68 ${to},78`, fill: color }));
  }
  const handle = shape("g", { tabindex: 0, role: "slider", "aria-label": "centre of the window",
    "aria-valuemin": 0, "aria-valuemax": now.words.length - 1, "aria-valuenow": now.center, "aria-valuetext": now.words[now.center],
    keydown: (event) => {
      const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      move(Math.min(now.words.length - 1, Math.max(0, now.center + step)));
    } });
  handle.append(shape("rect", { x: starts[now.center], y: 84, width: widths[now.center], height: 34, rx: 5, fill: color }));
  svg.append(handle);
  now.words.forEach((word, i) => {
    const look = i === now.center ? "fill:var(--paper);font-weight:700" : i >= first && i <= last ? "" : "fill:var(--faint)";
    svg.append(shape("text", { x: middle(i), y: 107, "text-anchor": "middle", "data-middle": i, style: `${look};pointer-events:none` }, word));
  });
  return svg;
}

export const mount = (element, state) => frame(element, "A window over a sentence", state, build);
export default { render: ({ model, el }) => mount(el, model.get("state")) };
