// What every explorable draws with: elements, controls, a plane with points to drag. No framework,
// no request. Colours come from the page (light, dark, JupyterLab's themes) through the style below.

const SVG = "http://www.w3.org/2000/svg";

export const STYLE = `
.explorable { --ink: #1b1b1b; --paper: #ffffff; --faint: #6b6b6b; --line: #c9c9c9; --soft: #eef2f7;
  --a: #0067a3; --b: #b34700; --c: #00704f; --d: #8c3a78; color-scheme: light;
  color: var(--ink); background: var(--paper); font: 16px/1.45 system-ui, sans-serif;
  border: 1px solid var(--line); border-radius: 8px; padding: 14px; max-width: 760px;
  overflow-wrap: anywhere; }
.explorable.dark { --ink: #ececec; --paper: #161a1f; --faint: #a9b0b8; --line: #47505a;
  --soft: #242b33; --a: #6db8ee; --b: #f0a35e; --c: #58c9a0; --d: #df9bcb; color-scheme: dark; }
.explorable * { box-sizing: border-box; }
.explorable h4 { margin: 0 0 8px; font-size: 17px; }
.explorable p { margin: 6px 0; }
.explorable .tools { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; margin: 8px 0; }
.explorable label { display: inline-flex; gap: 8px; align-items: center; }
.explorable input[type=text] { font: inherit; color: inherit; background: var(--paper); min-width: 0;
  border: 1px solid var(--faint); border-radius: 4px; padding: 4px 8px; flex: 1 1 220px; }
.explorable input[type=number] { font: inherit; color: inherit; background: var(--paper); width: 5em;
  border: 1px solid var(--faint); border-radius: 4px; padding: 2px 4px; }
.explorable input[type=range] { accent-color: var(--a); min-width: 110px; }
.explorable button { font: inherit; color: var(--ink); background: var(--soft); cursor: pointer;
  border: 1px solid var(--faint); border-radius: 5px; padding: 4px 12px; min-height: 30px; }
.explorable button[aria-pressed=true] { background: var(--a); color: var(--paper); border-color: var(--a); }
.explorable :focus-visible { outline: 3px solid var(--b); outline-offset: 2px; }
.explorable svg { display: block; width: 100%; height: auto; touch-action: manipulation; }
.explorable svg text { fill: var(--ink); font: 16px system-ui, sans-serif; }
.explorable .held { cursor: grab; touch-action: none; }
.explorable table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.explorable th, .explorable td { padding: 3px 9px; text-align: right; border-bottom: 1px solid var(--line);
  background: none; color: inherit; }
.explorable th:first-child { text-align: left; }
.explorable caption { text-align: left; }
.explorable th { font-weight: 600; }
.explorable .wide { overflow-x: auto; overflow-wrap: normal; }
.explorable label { overflow-wrap: normal; }
.explorable label span { white-space: nowrap; }
.explorable .said { min-height: 3em; }
@media (min-width: 480px) { .explorable caption { white-space: nowrap; } }
.explorable .faint { color: var(--faint); }
`;

// An element of HTML. Attributes with a function are listeners; text is never read as HTML.
export function tag(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...inside.filter((one) => one != null));
  return made;
}

// An element of SVG, in the same way.
export function shape(name, attributes = {}, ...inside) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value != null) made.setAttribute(key, value);
  }
  made.append(...inside.filter((one) => one != null));
  return made;
}

// The frame of an explorable: heading, body, a line that says what is shown, and Reset.
// `build(state, frame)` fills frame.body and returns a function that draws; frame.say(text) is read
// out by screen readers. Reset builds everything again from the state it began with.
export function frame(element, title, start, build) {
  const root = tag("section", { class: "explorable", "aria-label": title });
  const body = tag("div");
  const said = tag("p", { class: "said", role: "status" });
  let running = null;
  const made = {
    root,
    body,
    state: null,
    draw: () => {},
    say: (text) => { if (said.textContent !== text) said.textContent = text; },
    // Calls step() again and again until it says false; with reduced motion the steps come slower.
    play(step, wait = 60) {
      made.stop();
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      running = setInterval(() => { if (step() === false) made.stop(); }, calm ? 600 : wait);
    },
    stop() { clearInterval(running); running = null; made.stopped(); },
    stopped: () => {},
    get playing() { return running !== null; },
  };
  const begin = () => {
    made.stop();
    made.state = structuredClone(start);
    body.replaceChildren();
    made.draw = build(made.state, made) ?? (() => {});
    made.draw();
  };
  const reset = tag("button", { type: "button", click: begin }, "Reset");
  root.append(tag("style", {}, STYLE), tag("h4", {}, title), said, body, tag("div", { class: "tools" }, reset));
  element.replaceChildren(root);
  const themes = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => {
    const page = document.body?.dataset.jpThemeLight ?? document.documentElement.dataset.theme;
    const dark = page === undefined ? themes.matches : page === "false" || page === "dark";
    if (dark === root.classList.contains("dark")) return;
    root.classList.toggle("dark", dark);
    made.draw(); // what is painted takes its colours when it is drawn
  };
  const watch = new MutationObserver(theme);
  for (const one of [document.documentElement, document.body].filter(Boolean)) {
    watch.observe(one, { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light"] });
  }
  themes.addEventListener("change", theme);
  theme();
  begin();
  root.explorable = made; // for tests: what it shows, as numbers
  return () => {
    made.stop();
    watch.disconnect();
    themes.removeEventListener("change", theme);
  };
}

// A slider with its value beside it. `change(value)` is called while it moves.
export function slider(text, { min, max, step = 1, value, show = String }, change) {
  const shown = tag("span", { "aria-hidden": "true" }, show(value));
  const input = tag("input", {
    type: "range", min, max, step, value,
    "aria-valuetext": show(value),
    input: () => {
      shown.textContent = show(Number(input.value));
      input.setAttribute("aria-valuetext", shown.textContent);
      change(Number(input.value));
    },
  });
  return tag("label", {}, text, input, shown);
}

// A row of buttons of which one is pressed. options: [[value, text], …]
export function choice(text, options, value, change) {
  const buttons = options.map(([one, name]) => tag("button", {
    type: "button",
    "aria-pressed": String(one === value),
    click: () => {
      buttons.forEach((b, i) => b.setAttribute("aria-pressed", String(options[i][0] === one)));
      change(one);
    },
  }, name));
  return tag("div", { class: "tools", role: "group", "aria-label": text }, ...buttons);
}

export function button(text, click) {
  return tag("button", { type: "button", click }, text);
}

// A button that calls step() again and again, until it is pressed again or step() says false.
export function player(made, step, wait) {
  const play = button("Play", () => {
    if (made.playing) return made.stop();
    made.play(step, wait);
    play.textContent = "Pause";
  });
  made.stopped = () => { play.textContent = "Play"; };
  return play;
}

// A line of text to write in; `change(text)` after each letter.
export function field(text, value, change) {
  const input = tag("input", { type: "text", value, input: () => change(input.value) });
  input.value = value;
  return tag("label", { style: "flex:1 1 100%" }, text, input);
}

// A plane for drawings: SVG of `width` × `height`, and scales from the data to it.
export function plane(width, height, [left, right], [bottom, top], label, margin = 24) {
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": label });
  const x = (value) => margin + ((value - left) / (right - left)) * (width - 2 * margin);
  const y = (value) => height - margin - ((value - bottom) / (top - bottom)) * (height - 2 * margin);
  const back = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const across = left + ((at.x - margin) / (width - 2 * margin)) * (right - left);
    const up = bottom + ((height - margin - at.y) / (height - 2 * margin)) * (top - bottom);
    return clamp([across, up]);
  };
  const clamp = ([across, up]) =>
    [Math.min(right, Math.max(left, across)), Math.min(top, Math.max(bottom, up))];
  return { svg, x, y, back, clamp };
}

// Makes an element of a plane movable by mouse, touch and arrow keys.
// `get()` gives its place, `move([x, y])` sets it; `step` is what one key press moves.
export function movable(made, area, name, get, move, step = 0.05) {
  made.classList.add("held");
  const describe = () => made.setAttribute("aria-label",
    `${name} at ${get().map((value) => value.toFixed(2)).join(", ")}; arrow keys move it`);
  const set = (place) => { move(place); describe(); };
  for (const [key, value] of Object.entries({ tabindex: 0, role: "application", "aria-roledescription": "movable point" })) {
    made.setAttribute(key, value);
  }
  made.addEventListener("pointerdown", (event) => {
    made.setPointerCapture(event.pointerId);
    event.preventDefault();
    made.focus();
  });
  made.addEventListener("pointermove", (event) => {
    if (made.hasPointerCapture(event.pointerId)) set(area.back(event));
  });
  made.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    set(area.clamp(get().map((value, i) => value + way[i] * step)));
  });
  describe();
  return describe;
}

// An arrow between two places of an SVG, with its head.
export function arrow([x1, y1], [x2, y2], color, width = 2) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1e-9;
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const head = Math.min(9, length);
  const [bx, by] = [x2 - head * dx, y2 - head * dy];
  const corners = [[x2, y2], [bx - head * dy / 2, by + head * dx / 2], [bx + head * dy / 2, by - head * dx / 2]];
  return shape("g", { class: "arrow" },
    shape("line", { x1, y1, x2: bx, y2: by, stroke: color, "stroke-width": width }),
    shape("polygon", { points: corners.map((c) => c.join(",")).join(" "), fill: color }));
}

export function table(head, rows, caption) {
  return tag("div", { class: "wide", tabindex: 0, role: "region", "aria-label": caption }, tag("table", {},
    tag("caption", { class: "faint" }, caption),
    tag("thead", {}, tag("tr", {}, ...head.map((text) => tag("th", { scope: "col" }, text)))),
    tag("tbody", {}, ...rows.map((row) => tag("tr", {}, ...row.map((text, i) =>
      i ? tag("td", {}, String(text)) : tag("th", { scope: "row" }, String(text)))))),
  ));
}

// Numbers as explorable.packed stores them: whole numbers from -127 to 127 in base64, times a scale.
// Gives nested arrays of the shape.
export function unpack({ shape: sizes, scale, data }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const flat = Array.from(new Int8Array(bytes.buffer), (value) => value * scale);
  return sizes.slice(1).reverse().reduce((rows, size) =>
    Array.from({ length: rows.length / size }, (_, i) => rows.slice(i * size, (i + 1) * size)), flat);
}

export const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
export const norm = (a) => Math.sqrt(dot(a, a));
export const cosine = (a, b) => dot(a, b) / (norm(a) * norm(b));
export const sigmoid = (z) => 1 / (1 + Math.exp(-z));
