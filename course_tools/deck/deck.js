// Sets every slide as large as it can be read and starts reveal.js.
//
// This happens in the page, and not when the deck is built, because only here the fonts, the
// formulas and the tables have their true sizes. The fonts come with the deck, so every machine
// sets alike.
"use strict";

// Of the usual size of letters. deck.css says below what no letter gets.
const SIZES = [1.25, 1.12, 1, 0.9, 0.8];

// The largest size at which a slide holds everything. What is too much even for the smallest is
// scrolled on the screen and, by reveal.js, printed on several pages.
function fit(slide) {
  const fits = (size) => {
    slide.style.setProperty("--size", size);
    return slide.scrollHeight <= slide.clientHeight && slide.scrollWidth <= slide.clientWidth;
  };
  if (SIZES.some(fits)) return;
  slide.classList.add("wrapped"); // long lines of code go on below
  if (!SIZES.slice(2).some(fits)) slide.classList.add("scrolled");
}

async function build() {
  const source = document.querySelector("#source");
  await Promise.all([...document.fonts].map((face) => face.load()));
  await MathJax.startup.promise;
  await MathJax.typesetPromise([...source.querySelectorAll(".jp-RenderedMarkdown, .jp-RenderedLatex")]);
  for (const link of source.querySelectorAll("a:not([href^=http])")) link.replaceWith(...link.childNodes);
  for (const twice of source.querySelectorAll(".notes mjx-assistive-mml")) twice.remove();
  for (const slide of source.querySelectorAll(":scope > section > section")) {
    slide.classList.add("page");
    const figures = slide.querySelectorAll("img");
    if (figures.length === 1) {
      figures[0].classList.add("r-stretch"); // reveal.js gives it the room that the rest leaves
      slide.append(figures[0]);
    }
    // A result appears on the next key: the audience predicts first.
    const code = ".jp-CodeCell > .jp-Cell-inputWrapper";
    const alone = ".jp-Cell ~ .jp-CodeCell > .jp-Cell-outputWrapper:first-child"; // without its code
    for (const result of slide.querySelectorAll(`${code} + .jp-Cell-outputWrapper, ${alone}`)) {
      if (result.textContent.trim()) result.classList.add("fragment");
    }
    const above = slide.querySelector(`:scope > .jp-MarkdownCell, ${code}`);
    if (figures.length === 1 && above) figures[0].classList.add("fragment");
    fit(slide);
  }
  document.querySelector(".slides").append(...source.children);
  source.remove();
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
    slideNumber: "c/t",
    viewDistance: Infinity, // r-stretch measures slides that are far away too
    pdfSeparateFragments: false,
    plugins: [RevealNotes],
  });
  document.documentElement.dataset.ready ??= "shown";
});
