// What the slides of a notebook hold, as blocks that fit on a slide: lines, figures, tables and
// formulas are brought to a size that can be read from the last row.
"use strict";

const ROOM = 628; // px for content on a slide: 720, less running head and foot in deck.css
const WIDTH = 1208;

const make = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  return node;
};
const box = (node) => node.getBoundingClientRect();
const isHeading = (node) => /^H[1-6]$/.test(node.tagName);
const isFormula = (node) => node.matches("mjx-container[display], p:has(> mjx-container[display]:only-child)");

// ---------------------------------------------------------------- what a slide holds

// A block: a node, the cell it comes from, and whether it is text, input, output or a note.
function blocks(section) {
  const found = [];
  const add = (node, cell, kind) => found.push({ node, cell, kind });
  const note = (cell, ...nodes) => {
    const aside = make("aside");
    aside.append(...nodes);
    for (const hidden of aside.querySelectorAll("mjx-assistive-mml")) hidden.remove();
    add(aside, cell, "note");
  };
  for (const part of section.querySelectorAll(":scope > .jp-Cell, :scope > aside, .fragment > .jp-Cell")) {
    if (part.tagName === "ASIDE") {
      note(part, ...part.querySelectorAll(".jp-MarkdownOutput > *"));
      continue;
    }
    const code = part.querySelector(".jp-InputArea-editor .highlight");
    if (code && part.matches(".celltag_drawing")) note(part, code);
    else if (code) add(code, part, "input");
    for (const node of part.querySelectorAll(".jp-MarkdownOutput > *")) add(node, part, "text");
    for (const output of part.querySelectorAll(".jp-OutputArea-output")) {
      for (const node of [...output.children]) {
        const inner = node.matches("div:not(.highlight)") ? [...node.children] : [node];
        for (const one of inner) {
          if (one.tagName === "STYLE") continue;
          add(one, part, "output");
          const alt = one.tagName === "IMG" ? one.alt : "";
          if (alt && !alt.startsWith("No description")) note(part, make("p", "", `Figure: ${alt}`));
        }
      }
    }
  }
  return found;
}

// Pygments lets one span run over several lines; every line becomes a row of its own.
function cutIntoLines(pre) {
  const holder = pre.querySelector(":scope > code") ?? pre;
  const rows = [[]];
  for (const node of holder.childNodes) {
    node.textContent.split("\n").forEach((piece, place) => {
      if (place) rows.push([]);
      if (!piece) return;
      const part = node.nodeType === Node.TEXT_NODE ? new Text(piece) : node.cloneNode(false);
      if (part.nodeType !== Node.TEXT_NODE) part.textContent = piece;
      rows.at(-1).push(part);
    });
  }
  while (rows.length > 1 && !rows.at(-1).length) rows.pop();
  while (rows.length > 1 && !rows[0].length) rows.shift();
  pre.replaceChildren(
    ...rows.map((row) => {
      const line = make("span", "line");
      line.append(...row);
      // A long line goes on below, further in than its own beginning.
      line.style.setProperty("--in", `${line.textContent.search(/\S|$/) + 4}ch`);
      return line;
    }),
  );
}

// ---------------------------------------------------------------- making things fit

// Code with long lines is set in 24 px: 99 characters.
function fitCode(pre) {
  // A Korean letter is as wide as two Latin ones.
  const width = (line) => line.textContent.replace(/[\u1100-\ud7ff]/g, "xx").length;
  const longest = Math.max(...[...pre.children].map(width));
  // So are as many lines as then just fit on one slide.
  const lines = pre.children.length;
  if (longest > 91 || (lines * 31.2 + 24 > ROOM && lines * 28.8 + 24 <= ROOM)) pre.classList.add("narrow");
}

// A figure is as large as it can be with what else its cell shows. It stays on the slide of the
// short text above it where that makes it little smaller.
function fitFigure(block, all) {
  const image = block.node;
  const height = (some) =>
    some.reduce((sum, one) => sum + (one.kind === "note" || one === block ? 0 : box(one.node).height + 24), 4);
  const scaleTo = (room) => Math.min(WIDTH / image.naturalWidth, room / image.naturalHeight);
  const own = height(all.filter((one) => one.cell === block.cell));
  const above = height(all.slice(0, all.indexOf(block)).filter((one) => one.cell !== block.cell));
  const full = scaleTo(ROOM - (own < 200 ? own : 4));
  const shared = scaleTo(ROOM - own - above);
  const scale = shared > 0.75 * full ? shared : full;
  image.style.width = `${Math.floor(image.naturalWidth * scale)}px`;
  image.style.height = `${Math.floor(image.naturalHeight * scale)}px`;
}

// The cells of a table by row and column; one that spans several stands in each of them.
function grid(table) {
  const cells = [...table.rows].map(() => []);
  [...table.rows].forEach((row, at) => {
    let column = 0;
    for (const cell of row.cells) {
      while (cells[at][column]) column += 1;
      for (let down = 0; down < cell.rowSpan && at + down < cells.length; down += 1) {
        for (let right = 0; right < cell.colSpan; right += 1) cells[at + down][column + right] = cell;
      }
    }
  });
  return cells;
}

// Words are read from the left, numbers compared from the right.
function align(table) {
  const cells = grid(table);
  const head = table.tHead?.rows.length ?? 0;
  for (let column = 0; column < (cells[0]?.length ?? 0); column += 1) {
    const body = cells.slice(head).map((row) => row[column]).filter(Boolean);
    if (body.some((cell) => /^[-+−]?[\d.,]+ ?%?$|^$|^nan$/i.test(cell.textContent.trim()))) continue;
    for (const row of cells) row[column]?.classList.add("words");
  }
}

// A table that is too wide becomes several, each with the first columns, which name the rows.
function fitTable(block) {
  const table = block.node;
  if (box(table).width <= WIDTH) return [block];
  table.classList.add("narrow");
  if (box(table).width <= WIDTH) return [block];
  const cells = grid(table);
  const all = cells[0].length;
  const names = Math.max(1, cells.at(-1).filter((cell) => cell.tagName === "TH").length);
  for (let count = 2; count <= all - names; count += 1) {
    const size = Math.ceil((all - names) / count);
    const parts = [];
    for (let start = names; start < all; start += size) {
      const end = Math.min(all, start + size);
      const copy = table.cloneNode(true);
      const copied = grid(copy);
      for (let column = all - 1; column >= names; column -= 1) {
        if (column >= start && column < end) continue;
        for (const cell of new Set(copied.map((row) => row[column]))) {
          if (cell?.colSpan > 1) cell.colSpan -= 1;
          else cell?.remove();
        }
      }
      const told = `columns ${start - names + 1} to ${end - names} of ${all - names}`;
      parts.push({ ...block, node: copy }, { ...block, node: make("p", "remark", told) });
    }
    table.replaceWith(...parts.map((part) => part.node));
    if (parts.every((part) => box(part.node).width <= WIDTH)) return parts;
    parts[0].node.before(table);
    for (const part of parts) part.node.remove();
  }
  return [block];
}

function fitFormula(container) {
  const wide = box(container.querySelector("svg")).width;
  if (wide <= WIDTH) return;
  const size = parseFloat(getComputedStyle(container).fontSize);
  container.style.fontSize = `${Math.max(24, Math.floor((size * WIDTH) / wide))}px`;
}
