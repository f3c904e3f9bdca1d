// Text of articles, which is never markup: everything here makes text nodes. Offsets of the service count code points;
// JavaScript's strings count UTF-16 units, of which a code point beyond the first 65,536 has two.

/** A text that can be cut by code points. */
export class CodePoints {
  constructor(text) {
    this.text = text;
    this.points = /[\ud800-\udfff]/.test(text) ? Array.from(text) : null;
    this.length = this.points ? this.points.length : text.length;
  }

  slice(start, end) {
    return this.points ? this.points.slice(start, end).join("") : this.text.slice(start, end);
  }
}

/** An element with attributes and children; strings become text nodes. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const COMMON = new Set(
  ("a about after all also am an and any are as at be because been before being between but by can could did do does " +
    "during each for from had has have he her his how i if in into is it its kind many may more most much must no not " +
    "of on one or other our out over should so some such than that the their them then there these they this those " +
    "through to under up us was we were what when where which while who whom whose why will with would you your").split(" "),
);

function folded(word) {
  return word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** The words of a question that are worth seeing again in a quote. */
export function questionWords(question) {
  const words = question.match(/[\p{L}\p{N}]+/gu) || [];
  return words.map(folded).filter((word) => !COMMON.has(word) && (word.length > 2 || /\d/.test(word)));
}

function isAsked(word, asked) {
  const found = folded(word);
  return asked.some((wanted) => {
    if (found === wanted) return true;
    const shared = Math.max(4, Math.min(found.length, wanted.length) - 2);
    const longest = Math.max(found.length, wanted.length);
    return found.length > 4 && wanted.length > 4 && longest - shared < 5 && found.slice(0, shared) === wanted.slice(0, shared);
  });
}

/** Put text into an element, the words of the question in spans. */
export function fill(into, text, asked = []) {
  let done = 0;
  if (asked.length) {
    for (const match of text.matchAll(/[\p{L}\p{N}]+/gu)) {
      if (!isAsked(match[0], asked)) continue;
      into.append(text.slice(done, match.index), element("span", { class: "word" }, match[0]));
      done = match.index + match[0].length;
    }
  }
  into.append(text.slice(done));
  return into;
}

/** Put a quote into an element: the answer's words marked where they are known, the question's words in spans. */
export function fillQuote(into, quote, span, asked) {
  const text = new CodePoints(quote.text);
  if (!span || span.start < quote.start || span.end > quote.end || span.start >= span.end) {
    return fill(into, quote.text, asked);
  }
  const [start, end] = [span.start - quote.start, span.end - quote.start];
  fill(into, text.slice(0, start), asked);
  into.append(fill(element("mark"), text.slice(start, end), asked));
  return fill(into, text.slice(end, text.length), asked);
}
