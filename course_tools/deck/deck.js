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

// A question stands alone at first: what is after it appears on the next keys, one by one.
function divide(slide, figure) {
  const steps = [];
  let asked = false; // something on the slide waits for an answer
  for (const part of slide.children) {
    if (part.matches(".notes")) continue;
    if (part.matches(".jp-CodeCell")) {
      const [code, result] = [".jp-Cell-inputWrapper", ".jp-Cell-outputWrapper"].map((name) => part.querySelector(name));
      if (code && asked) steps.push([code]);
      if (result?.textContent.trim() && (code || part.previousElementSibling)) steps.push([result]);
      asked = true;
    } else if (part === figure) {
      if (part !== slide.querySelector("img, .jp-RenderedMarkdown, .jp-Cell-inputWrapper")) steps.push([part]);
      asked = true;
    } else if (asked) {
      steps.push([part]);
    } else {
      steps.push(...answers(part));
      asked = steps.length > 0 || Boolean(part.querySelector(".asked"));
    }
  }
  steps.forEach((step, place) => {
    for (const node of step) {
      node.classList.add("fragment");
      node.dataset.fragmentIndex = place;
    }
  });
}

// What follows a question in bold letters in a text, to its end or to the next question. Bold letters
// in an item of a list are its name.
function answers(text) {
  const steps = [];
  const questions = [...text.querySelectorAll("p > strong")].filter((bold) => bold.textContent.trim().endsWith("?"));
  for (const question of questions) {
    const range = document.createRange();
    range.setStartAfter(question);
    range.setEndAfter(question.parentElement.lastChild);
    const answer = document.createElement("span");
    range.surroundContents(answer);
    const step = [answer];
    for (let next = question.parentElement.nextElementSibling; next; next = next.nextElementSibling) {
      if (questions.some((other) => next.contains(other))) break;
      step.push(next);
    }
    if (step.some((node) => node.textContent.trim())) steps.push(step);
  }
  return steps;
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
      figures[0].closest(".jp-Cell").after(figures[0]);
    }
    divide(slide, figures.length === 1 ? figures[0] : null);
    fit(slide);
  }
  // The speaker's window has no style sheet of this page: the notes bring their own.
  for (const notes of source.querySelectorAll("aside.notes:first-of-type")) {
    notes.prepend(document.querySelector("#speaker").content.cloneNode(true));
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
