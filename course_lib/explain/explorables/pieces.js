// A word in pieces: its n-grams, the buckets they fall into, and the words nearest to it (lesson 06).
//
// state: words (known ones); vectors (packed, a row for each); buckets (packed, a row for each
// bucket); min_n, max_n; typed (the word). Korean syllables are first taken apart into three letters
// each. The numbers are those of hangul.decompose, of fasttext.Subwords and of FastTextVectors: a known
// word has its own vector, an unknown one the mean of its buckets.
import { frame, tag, field, table, unpack, cosine } from "./shared.js";

const NO_FINAL = "\u2205"; // ∅, where a syllable has no final consonant

export function decompose(text) {
  return text.normalize("NFC").replace(/[가-힣]/gu, (syllable) =>
    syllable.normalize("NFD").padEnd(3, NO_FINAL));
}

// Letters of a syllable as they are written alone, so that one sees them.
export function readable(text) {
  const rows = [[0x1100, "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"], [0x1161, "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"],
    [0x11a8, "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"]];
  return [...text].map((letter) => {
    const code = letter.codePointAt(0);
    const row = rows.find(([first, letters]) => code >= first && code < first + letters.length);
    return row ? row[1][code - row[0]] : letter;
  }).join("");
}

export function ngrams(word, min_n, max_n) {
  const letters = [..."<", ...word, ">"];
  const found = [];
  for (let n = min_n; n <= Math.min(max_n, letters.length); n += 1) {
    for (let start = 0; start + n <= letters.length; start += 1) {
      if (n === 1 && (start === 0 || start === letters.length - 1)) continue; // a mark alone
      found.push(letters.slice(start, start + n).join(""));
    }
  }
  return found;
}

// 32-bit FNV-1a, with bytes read as signed numbers, as the fastText program does.
export function hash(ngram) {
  let value = 2166136261;
  for (const byte of new TextEncoder().encode(ngram)) {
    value = Math.imul(value ^ (byte >= 128 ? byte | 0xffffff00 : byte), 16777619);
  }
  return value >>> 0;
}

function unpacked(state) {
  return { vectors: unpack(state.vectors), buckets: unpack(state.buckets) };
}

export function numbers(state, { vectors, buckets } = unpacked(state)) {
  const word = state.typed.normalize("NFC").trim();
  const pieces = word ? ngrams(decompose(word), state.min_n, state.max_n) : [];
  const places = pieces.map((piece) => hash(piece) % buckets.length);
  const row = state.words.indexOf(word);
  let vector = null;
  if (row >= 0) vector = vectors[row];
  else if (places.length) {
    vector = buckets[0].map((_, k) => places.reduce((sum, place) => sum + buckets[place][k], 0) / places.length);
  }
  const near = vector === null ? [] : state.words.map((other, n) => [other, cosine(vectors[n], vector)])
    .filter(([other]) => other !== word).sort((a, b) => b[1] - a[1]).slice(0, 8);
  return { word, known: row >= 0, pieces, places, vector, near };
}

function build(state, made) {
  const tables = unpacked(state);
  const [line, cut, near] = [tag("p"), tag("div"), tag("div")];
  made.body.append(
    tag("p", {}, "Type any word: a known one, a misspelt one, one that nobody has used before."),
    tag("div", { class: "tools" }, field("word", state.typed, (text) => { state.typed = text.toLowerCase(); made.draw(); })),
    line, near, cut);
  return () => {
    const now = numbers(state, tables);
    made.numbers = now;
    const whole = now.word ? `<${readable(decompose(now.word))}>` : "";
    line.textContent = now.word ? `${whole} has ${now.pieces.length} piece${now.pieces.length === 1 ? "" : "s"} of ${state.min_n} to ${state.max_n} characters, below; the small number is the bucket of each.` : "";
    const chip = (piece, place) => tag("span", { style: "display:inline-block;margin:2px 4px;padding:2px 8px;border:1px solid var(--line);border-radius:5px;background:var(--soft)" },
      readable(piece), tag("span", { class: "faint", style: "font-size:13px" }, ` ${place}`));
    cut.replaceChildren(...now.pieces.map((piece, i) => chip(piece, now.places[i])));
    near.replaceChildren(...(now.near.length ? [table(["word", "cosine"], now.near.map(([word, value]) => [word, value.toFixed(3)]),
      now.known ? "nearest words, by its own vector" : "nearest words, by the mean of its pieces")] : []));
    if (!now.word) made.say("No word yet.");
    else if (!now.near.length) made.say(`${now.word} has no piece, and so no vector.`);
    else {
      made.say(`${now.word} is ${now.known ? "known" : "not known: its vector is the mean of its pieces"}. `
        + `Nearest: ${now.near.slice(0, 3).map(([word]) => word).join(", ")}.`);
    }
  };
}

export const mount = (element, state) => frame(element, "A word in pieces", state, build);
export default { render: ({ model, el }) => mount(el, model.get("state")) };
