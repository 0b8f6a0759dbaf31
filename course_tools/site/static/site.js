// What moves on the pages of the site: questions to answer, and explorables. It asks nothing of the
// network: scripts come from the folder this one lies in, and a guess stays in this browser.
(() => {
  const base = new URL(".", document.currentScript.src);
  const korean = document.documentElement.lang.startsWith("ko");
  const SAID = korean
    ? { asked: "예측해 보세요", guess: "내 예측", noted: "적어 두었습니다", cover: "결과 보기", hint: "먼저 위의 질문에 답해 보세요.",
        yours: "내 예측", none: "예측하지 않았습니다", result: "결과", picture: "원래 그림" }
    : { asked: "Your prediction", guess: "My guess", noted: "noted", cover: "Show the result", hint: "Answer the question above first, or:",
        yours: "your guess", none: "no guess", result: "result", picture: "The picture of the lesson" };

  function tag(name, attributes = {}, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (typeof value === "function") made.addEventListener(key, value);
      else made.setAttribute(key, value);
    }
    made.append(...inside);
    return made;
  }

  // Questions. The outputs of the cell with the result are covered until there is a guess.
  const questions = new Map(); // name -> [[value, text], …]

  function remembered(name, guess) {
    try {
      if (guess !== undefined) localStorage.setItem(`prediction ${name}`, guess);
      return localStorage.getItem(`prediction ${name}`);
    } catch {
      return guess ?? null; // a browser that stores nothing: the page still works
    }
  }

  // What scrolls is reached by the keyboard too; the theme looks only at what is shown at first.
  function reach(place) {
    for (const code of place.querySelectorAll("pre")) {
      if (code.scrollWidth > code.clientWidth) code.tabIndex = 0;
    }
  }
  document.addEventListener("toggle", (event) => reach(event.target.parentElement), true);

  function uncover(name, guess) {
    for (const line of document.querySelectorAll(`.revealed[data-name="${name}"]`)) {
      const words = new Map(questions.get(name));
      const text = (value) => words.get(value) ?? value;
      const result = line.dataset.result;
      const said = guess === null ? SAID.none : `${SAID.yours}: ${text(guess)}`;
      line.replaceChildren(`${said} · ${SAID.result}: `, tag("strong", {}, text(result)));
      const outputs = line.closest(".cell_output");
      outputs.classList.remove("covered");
      outputs.parentElement.querySelector(".cover")?.remove();
      reach(outputs);
    }
  }

  for (const place of document.querySelectorAll(".prediction")) {
    const { name } = place.dataset;
    const { choices = [], unit } = JSON.parse(place.dataset.answers);
    questions.set(name, choices);
    const said = tag("span", { role: "status" });
    const note = (guess, text) => {
      remembered(name, guess);
      said.textContent = `${SAID.noted}: ${text}`;
      uncover(name, guess);
    };
    const row = tag("div", { class: "answers", role: "group", "aria-label": SAID.guess });
    if (choices.length) {
      for (const [value, text] of choices) {
        row.append(tag("button", { type: "button", click: () => note(value, text) }, text));
      }
    } else {
      const field = tag("input", { type: "number", step: "any", "aria-label": unit });
      const done = tag("form", { submit: (event) => {
        event.preventDefault();
        if (field.value !== "") note(field.value, field.value);
      } }, field, ` ${unit} `, tag("button", { type: "submit" }, SAID.guess));
      row.append(done);
    }
    row.append(said);
    place.prepend(tag("strong", {}, SAID.asked));
    place.querySelector(".answers").replaceWith(row);
  }

  for (const line of document.querySelectorAll(".revealed")) {
    const { name } = line.dataset;
    const outputs = line.closest(".cell_output");
    const guess = remembered(name);
    if (!outputs || !questions.has(name)) continue;
    if (guess !== null) {
      uncover(name, guess);
      continue;
    }
    outputs.classList.add("covered");
    outputs.before(tag("p", { class: "cover" }, `${SAID.hint} `,
      tag("button", { type: "button", click: () => uncover(name, null) }, SAID.cover)));
  }

  // Explorables: loaded when the reader comes near.
  const loading = new Map();
  function load(file) {
    if (!loading.has(file)) {
      loading.set(file, new Promise((resolve, reject) => {
        document.head.append(tag("script", { src: new URL(file, base), load: resolve, error: reject }));
      }));
    }
    return loading.get(file);
  }

  async function mount(place) {
    const { name } = place.dataset;
    const given = JSON.parse(place.querySelector("script").textContent);
    await load(`explorables/${name}.js`);
    await load(`explorables/${name}.state.js`);
    const picture = place.querySelector("img");
    const room = tag("div");
    place.append(room);
    window.courseExplorables[name](room, { ...window.courseStates[name], ...given });
    if (picture) {
      const folded = tag("details", {}, tag("summary", {}, SAID.picture));
      place.append(folded);
      folded.append(picture);
    }
    place.dataset.mounted = "yes";
  }

  const near = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      mount(target); // what fails is said on the console, and the picture stays
    }
  }, { rootMargin: "400px" });
  for (const place of document.querySelectorAll(".explorable-here")) near.observe(place);
})();
