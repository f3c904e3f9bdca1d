// An article at a quote: its text as text, the quotes marked, previous and next.

import { titleOf } from "./cite.js";
import { CodePoints, element } from "./text.js";

const $ = (id) => document.getElementById(id);

/** Text as it is shown to be read: runs of blank lines are one. */
function airy(text) {
  return text.replace(/\n(?:[^\S\n]*\n){2,}/g, "\n\n");
}

/** The dialog that shows an article. `changed(id, quote)` is told where it stands, `closed()` that it was closed. */
export class Reader {
  constructor(service, { changed, closed }) {
    this.service = service;
    this.changed = changed;
    this.dialog = $("reader");
    this.quotes = [];
    this.at = 0;
    $("reader-close").addEventListener("click", () => this.dialog.close());
    $("reader-previous").addEventListener("click", () => this.step(-1));
    $("reader-next").addEventListener("click", () => this.step(1));
    this.dialog.addEventListener("close", () => closed());
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  /** Open an article at a range of its text; `quotes` are the ranges to step through. */
  async open(id, range, quotes) {
    const wanted = (this.wanted = Symbol(id));
    const [info, text] = await Promise.all([this.service.document(id), this.service.text(id)]);
    if (wanted !== this.wanted) return; // another was asked for, or none any more
    this.id = id;
    this.#arrange(quotes, range);
    $("reader-title").textContent = titleOf(info);
    $("reader-about").textContent = [info.author, info.date, info.url].filter(Boolean).join(" · ");
    this.#fill(new CodePoints(text), info.pages);
    if (!this.dialog.open) this.dialog.showModal();
    $("reader-title").focus();
    this.#show();
  }

  close() {
    this.wanted = null;
    if (this.dialog.open) this.dialog.close();
  }

  step(by) {
    if (!this.quotes.length) return;
    this.at = (this.at + by + this.quotes.length) % this.quotes.length;
    this.#show();
    this.changed(this.id, this.quotes[this.at]);
  }

  #arrange(quotes, range) {
    const known = range ? [...quotes, range] : quotes;
    const sorted = [...known].sort((a, b) => a.start - b.start || b.end - a.end);
    this.quotes = [];
    for (const quote of sorted) {
      const last = this.quotes[this.quotes.length - 1];
      if (!last || quote.start >= last.end) this.quotes.push({ ...quote });
      else last.end = Math.max(last.end, quote.end);
    }
    const holds = (quote) => range && quote.start <= range.start && range.start < Math.max(quote.end, quote.start + 1);
    this.at = Math.max(0, this.quotes.findIndex(holds));
  }

  #fill(text, pages) {
    const into = $("reader-text");
    into.replaceChildren();
    const starts = pages.filter((page) => page.start < page.end || page.start > 0).map((page) => ({ at: page.start, page }));
    let done = 0;
    const upTo = (end, target) => {
      while (starts.length && starts[0].at < end) {
        const { at, page } = starts.shift();
        if (at > done) target.append(airy(text.slice(done, at)));
        target.append(element("span", { class: "page" }, `Page ${page.number}`));
        done = Math.max(done, at);
      }
      target.append(airy(text.slice(done, end)));
      done = end;
    };
    this.marks = this.quotes.map((quote) => {
      upTo(quote.start, into);
      const mark = element("mark");
      upTo(Math.min(quote.end, text.length), mark);
      into.append(mark);
      return mark;
    });
    upTo(text.length, into);
  }

  #show() {
    const { length } = this.quotes;
    this.marks.forEach((mark, i) => {
      mark.classList.toggle("current", i === this.at);
      if (i === this.at) mark.setAttribute("aria-current", "true");
      else mark.removeAttribute("aria-current");
    });
    $("reader-place").textContent = length ? `Quote ${this.at + 1} of ${length}` : "";
    document.querySelector(".reader-steps").hidden = length === 0;
    for (const id of ["reader-previous", "reader-next"]) $(id).disabled = length < 2;
    if (length) this.marks[this.at].scrollIntoView({ block: "center" });
    else $("reader-text").scrollTop = 0;
  }
}

/** The ranges of an answer's quotes that lie in a document. */
export function quotesIn(answer, id) {
  const citations = answer ? [...answer.citations, ...answer.nearest] : [];
  return citations.filter((citation) => citation.document.id === id).map((citation) => citation.quote);
}
