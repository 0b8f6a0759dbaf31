// Cuts the cells in #source into slides of 1280 × 720 and starts reveal.js.
//
// This happens in the page, and not when the deck is built, because only here the fonts, the
// formulas and the tables have their true sizes. The fonts come with the deck, so every machine
// cuts alike. The steps: typeset the formulas; list what each slide of the notebook holds as
// blocks (blocks.js); measure the places where a block may be cut (lines of code, rows, list
// items); choose the cuts; move the pieces to their slides.
"use strict";

const NEVER = 1e6;

// ---------------------------------------------------------------- where to cut

// The smallest pieces of a block, with their places on the page. `head` and `tail` are what a
// piece costs more where its block is cut before or after it: padding, the head of a table.
function pieces(block) {
  const { node, kind } = block;
  const outer = box(node);
  const whole = { block, top: outer.top, bottom: outer.bottom, head: 0, tail: 0, cost: 0 };
  if (kind === "note") return [whole];
  let parts = [];
  if (node.matches("ul, ol")) parts = [...node.children];
  else if (node.matches("table")) parts = [...(node.tBodies[0]?.rows ?? [])];
  else if (node.matches("pre, .highlight")) parts = [...node.querySelectorAll(".line")];
  if (parts.length < 2) return [whole];
  const list = node.matches("ul, ol");
  const first = box(parts[0]).top - outer.top;
  const last = outer.bottom - box(parts.at(-1)).bottom;
  return parts.map((part, place) => {
    const { top, bottom } = box(part);
    const alone = place === 1 || place === parts.length - 1 ? 1 : 0;
    let cost = list ? 0.15 : 0.8 + alone;
    if (node.matches("pre, .highlight") && !parts[place - 1]?.textContent.trim()) cost -= 0.3;
    if (node.matches("table") && insideSpan(part)) cost = 20;
    return {
      block, part, place,
      top: place ? top : outer.top,
      bottom: place < parts.length - 1 ? bottom : outer.bottom,
      head: place && !list ? first : 0,
      tail: place < parts.length - 1 && !list ? last : 0,
      cost: place ? cost : 0,
    };
  });
}

function insideSpan(row) {
  for (let above = row.previousElementSibling, n = 1; above; above = above.previousElementSibling, n += 1) {
    if ([...above.cells].some((cell) => cell.rowSpan > n)) return true;
  }
  return false;
}

// What it costs to begin a slide with this block, after that one.
function costBetween(before, block) {
  if (block.kind === "note") return NEVER;
  if (before.node.tagName === "H1") return -NEVER; // the title stands alone
  if (isHeading(before.node)) return 4;
  if (block.node.matches(".remark")) return NEVER;
  if (/^H[23]$/.test(block.node.tagName)) return -0.6;
  if (before.cell === block.cell && before.kind !== block.kind) return 0.15;
  if (before.kind === "output" && before.node.matches("p") && block.node.matches(".highlight")) return 4;
  const bold = before.node.matches("p") && before.node.querySelector(":scope > strong:only-child");
  if (bold && bold.textContent.trim() === before.node.textContent.trim()) return 4;
  if (before.node.matches("p") && before.node.textContent.trim().endsWith(":")) return 1.5;
  if (isFormula(block.node)) return 0.4;
  if (isFormula(before.node)) return 0.3;
  return 0;
}

// Chooses the cuts that cost least: few slides, none nearly empty, nothing torn that need not be.
function cut(units) {
  const count = units.length;
  const best = [0, ...Array(count).fill(Infinity)];
  const from = Array(count + 1).fill(0);
  for (let start = 0; start < count; start += 1) {
    for (let end = start + 1; end <= count; end += 1) {
      const height = units[end - 1].bottom + units[end - 1].tail - units[start].top + units[start].head;
      if (height > ROOM && end > start + 1) break;
      const empty = Math.max(0, 1 - height / ROOM);
      const after = end < count ? units[end].cost : 0;
      const total = best[start] + 1 + 0.6 * empty * empty + after;
      if (total < best[end]) [best[end], from[end]] = [total, start];
    }
  }
  const ends = [];
  for (let end = count; end > 0; end = from[end]) ends.unshift(end);
  return ends.map((end) => units.slice(from[end], end));
}

// ---------------------------------------------------------------- the slides

// The part of a block that these pieces make up; the block itself where it is whole.
function portion(block, units) {
  const { node } = block;
  const parts = units.map((unit) => unit.part);
  if (!parts[0]) return node;
  if (units[0].place === 0 && units.length === block.count) return node;
  if (node.matches("ul, ol")) {
    const copy = node.cloneNode(false);
    if (node.tagName === "OL") copy.start = node.start + units[0].place;
    copy.append(...parts);
    return copy;
  }
  if (node.matches("table")) {
    const copy = node.cloneNode(false);
    if (node.tHead) copy.append(node.tHead.cloneNode(true));
    copy.append(make("tbody"));
    copy.tBodies[0].append(...parts);
    return copy;
  }
  const copy = node.cloneNode(false);
  const inside = node.matches("pre") ? copy : parts[0].parentElement.cloneNode(false);
  if (inside !== copy) copy.append(inside);
  while (parts.length && !parts[0].textContent.trim()) parts.shift();
  while (parts.length && !parts.at(-1).textContent.trim()) parts.pop();
  inside.append(...parts);
  if (units[0].place > 0) copy.classList.add("continued");
  return copy;
}

function slide(units, heading) {
  const section = make("section");
  const page = make("div", "page");
  const content = make("div", "content");
  const aside = make("aside", "notes");
  const inputs = new Set();
  let fragment = null;
  for (let start = 0, end; start < units.length; start = end) {
    const { block } = units[start];
    for (end = start; end < units.length && units[end].block === block; ) end += 1;
    const node = portion(block, units.slice(start, end));
    if (block.kind === "note") {
      aside.append(...node.childNodes);
      continue;
    }
    if (block.kind === "input") inputs.add(block.cell);
    // A result appears on the next key: the audience predicts first.
    const drawn = block.cell.matches(".celltag_drawing") && content.hasChildNodes();
    if (block.kind === "output" && (inputs.has(block.cell) || drawn)) {
      if (fragment?.cell !== block.cell) {
        fragment = { cell: block.cell, node: make("div", "fragment") };
        content.append(fragment.node);
      }
      fragment.node.append(node);
    } else {
      content.append(node);
    }
  }
  // One size of code on a slide.
  if (content.querySelector("pre.narrow")) {
    for (const pre of content.querySelectorAll("pre")) pre.classList.add("narrow");
  }
  const first = content.firstElementChild;
  if (first?.tagName === "H1") {
    page.classList.add("title");
    first.before(make("p", "course", document.body.dataset.course));
  }
  if (content.children.length === 1 && first.tagName === "IMG") page.classList.add("figure");
  const head = make("div", "running");
  head.append(make("span", "", first && /^H[12]$/.test(first.tagName) ? "" : heading), make("span", "number"));
  page.append(head, content);
  section.append(page);
  if (aside.hasChildNodes()) section.append(aside);
  return section;
}

function measure(pages) {
  for (const page of pages) {
    page.units = page.blocks.flatMap((block) => {
      const found = pieces(block);
      block.count = found.length;
      return found;
    });
    // A note takes no room: it stands where the piece before it ends.
    page.units.forEach((unit, place) => {
      if (unit.block.kind !== "note") return;
      const near = page.units[place - 1]?.bottom ?? page.units.find((one) => one.block.kind !== "note")?.top;
      unit.top = unit.bottom = near ?? 0;
    });
    page.blocks.forEach((block, place) => {
      const unit = page.units.find((one) => one.block === block);
      unit.cost = place ? costBetween(page.blocks[place - 1], block) : 0;
    });
    const { top } = page.units[0] ?? { top: 0 };
    page.height = page.units.length ? page.units.at(-1).bottom - top : 0;
  }
}

// Little on a slide is set larger, where it still fits and no more lines of code are broken.
function enlarge(contents) {
  const isBroken = (line) => line.offsetHeight > 1.7 * parseFloat(getComputedStyle(line).fontSize);
  const broken = (content) => [...content.querySelectorAll(".line")].filter(isBroken).length;
  const before = new Map(contents.map((content) => [content, broken(content)]));
  let small = contents.filter((content) => !content.querySelector("h1"));
  for (const zoom of [1.25, 1.12, 1]) {
    for (const content of small) content.style.setProperty("--zoom", zoom);
    small = small.filter((content) => {
      const out = box(content).height > ROOM || content.scrollWidth > WIDTH;
      return out || broken(content) > before.get(content);
    });
  }
}

async function build() {
  const source = document.querySelector("#source");
  await Promise.all([...document.fonts].map((face) => face.load()));
  await MathJax.startup.promise;
  await MathJax.typesetPromise([...source.querySelectorAll(".jp-RenderedMarkdown, .jp-RenderedLatex")]);
  for (const link of source.querySelectorAll("a:not([href^=http])")) link.replaceWith(...link.childNodes);

  const pages = [];
  for (const stack of source.querySelectorAll(":scope > section")) {
    for (const section of stack.querySelectorAll(":scope > section")) {
      const content = make("div", "content");
      pages.push({ stack, section, content, blocks: blocks(section) });
    }
  }
  for (const page of pages) {
    page.content.append(...page.blocks.map((block) => block.node));
    page.section.replaceChildren(page.content);
  }
  source.querySelectorAll("pre").forEach(cutIntoLines);
  source.querySelectorAll("pre").forEach(fitCode);
  source.querySelectorAll("table").forEach(align);
  source.querySelectorAll("mjx-container[display]").forEach(fitFormula);
  for (const page of pages) {
    page.blocks = page.blocks.flatMap((block) => (block.node.matches("table") ? fitTable(block) : [block]));
    for (const block of page.blocks) if (block.node.matches("img")) fitFigure(block, page.blocks);
  }
  // What is a little too long is set a little smaller; the rest is cut.
  measure(pages);
  const long = pages.filter((page) => page.height > ROOM && page.height < 1.15 * ROOM);
  for (const page of long) page.content.classList.add("tight");
  if (long.length) measure(pages);
  const longer = long.filter((page) => page.height > ROOM);
  for (const page of longer) page.content.classList.remove("tight");
  if (longer.length) measure(pages);

  const stacks = new Map();
  const made = [];
  let heading = "";
  for (const page of pages) {
    if (page.blocks.every((block) => block.kind === "note")) continue;
    for (const units of cut(page.units)) {
      const title = units.find((unit) => /^H[12]$/.test(unit.block.node.tagName));
      if (title) heading = title.block.node.textContent;
      const section = slide(units, heading);
      if (page.content.matches(".tight")) section.querySelector(".content").classList.add("tight");
      if (!stacks.has(page.stack)) stacks.set(page.stack, make("section"));
      stacks.get(page.stack).append(section);
      made.push(section);
    }
  }
  source.replaceChildren(...stacks.values());
  enlarge(made.map((section) => section.querySelector(".content:not(.tight)")).filter(Boolean));
  const slides = document.querySelector(".slides");
  slides.append(...stacks.values());
  source.remove();
  const numbers = slides.querySelectorAll(".number");
  numbers.forEach((number, place) => (number.textContent = `${place + 1} / ${numbers.length}`));
}

window.addEventListener("load", async () => {
  await build();
  Reveal.on("pdf-ready", () => (document.documentElement.dataset.ready = "print"));
  await Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    minScale: 0.1,
    maxScale: 4,
    center: false,
    hash: true,
    transition: "none",
    controlsTutorial: false,
    pdfSeparateFragments: false,
    pdfMaxPagesPerSlide: 1,
    plugins: [RevealNotes],
  });
  document.documentElement.dataset.ready ??= "shown";
});
