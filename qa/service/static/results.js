// An answer, shown: quotes with their places, disagreements side by side, or the plain word that there is none.

import { asBibtex, asMarkdown, asPlain, confidenceInWords, copy, percent, placeOf, titleOf, webLink } from "./cite.js";
import { CodePoints, element, fill, fillQuote, questionWords } from "./text.js";

const SURE = 0.5;

/** Shows answers in an element. `open(citation, answer)` opens an article; `say(text)` tells people who listen. */
export class Results {
  constructor(into, { open, say }) {
    this.into = into;
    this.open = open;
    this.say = say;
  }

  clear() {
    this.into.replaceChildren();
  }

  problem(message) {
    this.into.replaceChildren(element("p", { class: "problem", role: "alert" }, message));
  }

  show(answer) {
    const asked = questionWords(answer.question);
    this.into.replaceChildren(...(answer.answered ? this.#answer(answer, asked) : this.#abstention(answer, asked)));
  }

  #answer(answer, asked) {
    const disputed = new Set(answer.conflicts.flatMap((conflict) => [conflict.left.rank, conflict.right.rank]));
    const isSure = (citation) => citation.rank === 1 || citation.confidence >= SURE || disputed.has(citation.rank);
    const sure = answer.citations.filter(isSure);
    const others = answer.citations.filter((citation) => !isSure(citation));
    const words = confidenceInWords(answer.confidence);
    return [
      element(
        "header",
        { class: "verdict" },
        element("h2", {}, "The articles say"),
        element(
          "p",
          { class: "confidence" },
          meter(answer.confidence),
          ` ${words[0].toUpperCase()}${words.slice(1)} the answer (${percent(answer.confidence)})`,
        ),
      ),
      ...answer.conflicts.map((conflict) => this.#conflict(conflict, answer)),
      this.#list(sure, answer, asked),
      others.length
        ? element(
            "details",
            { class: "less" },
            element("summary", {}, `${others.length} less certain ${others.length > 1 ? "passages" : "passage"}`),
            this.#list(others, answer, asked),
          )
        : null,
    ].filter(Boolean);
  }

  #abstention(answer, asked) {
    const shown = [
      element(
        "header",
        { class: "verdict none" },
        element("h2", {}, "Not in the articles"),
        element("p", {}, answer.reason || "No passage says it clearly enough."),
      ),
    ];
    if (answer.nearest.length) {
      shown.push(
        element(
          "section",
          { class: "nearest", "aria-labelledby": "nearest-title" },
          element("h3", { id: "nearest-title" }, "The nearest passages — not an answer"),
          element("p", { class: "about" }, "These come closest to the words of the question. None of them answers it."),
          this.#list(answer.nearest, answer, asked),
        ),
      );
    }
    return shown;
  }

  #list(citations, answer, asked) {
    return element("ol", { class: "citations" }, ...citations.map((citation) => this.#citation(citation, answer, asked)));
  }

  #citation(citation, answer, asked) {
    const id = `citation-${citation.rank}`;
    const { document } = citation;
    const span = answer.answered ? citation.span : null;
    const facts = [document.author, document.date, placeOf(citation)].filter(Boolean);
    return element(
      "li",
      { class: "citation", id },
      element("blockquote", {}, fillQuote(element("p"), citation.quote, span, asked)),
      element(
        "p",
        { class: "source" },
        element("span", { class: "rank", "aria-hidden": "true" }, `${citation.rank}`),
        element("cite", {}, titleOf(document)),
        facts.length ? element("span", { class: "facts" }, facts.join(" · ")) : null,
      ),
      answer.answered
        ? element(
            "p",
            { class: "confidence small" },
            meter(citation.confidence),
            ` ${confidenceInWords(citation.confidence)} (${percent(citation.confidence)})`,
            citation.duplicates ? ` · ${citation.duplicates} more alike` : "",
          )
        : null,
      this.#actions(citation, answer),
      passage(citation, asked),
    );
  }

  #actions(citation, answer) {
    const of = element("span", { class: "hidden" }, ` of quote ${citation.rank}`);
    const link = webLink(citation);
    const copying = [["Text", asPlain], ["Markdown", asMarkdown], ["BibTeX", asBibtex]].map(([name, write]) =>
      element("button", { type: "button", class: "quiet", "data-copy": name.toLowerCase(), onclick: (event) => this.#copy(event.currentTarget, citation, name, write) }, name, of.cloneNode(true)),
    );
    return element(
      "div",
      { class: "actions" },
      element("button", { type: "button", class: "open", "data-open": citation.rank, onclick: () => this.open(citation, answer) },
        "Read in the article", element("span", { class: "hidden" }, `, quote ${citation.rank}`)),
      link ? element("a", { href: link, rel: "noopener noreferrer nofollow", target: "_blank" }, "Published page") : null,
      element("span", { class: "copying", role: "group", "aria-label": `Copy quote ${citation.rank}` }, element("span", { "aria-hidden": "true" }, "Copy as"), ...copying),
    );
  }

  async #copy(button, citation, name, write) {
    try {
      await copy(write(citation));
      this.say(`Copied as ${name}.`, { seen: false });
      button.classList.add("done");
      setTimeout(() => button.classList.remove("done"), 1600);
    } catch {
      this.say("The browser did not let this page copy.");
    }
  }

  #conflict(conflict, answer) {
    const side = ({ rank, value }) => {
      const citation = answer.citations.find((one) => one.rank === rank);
      return element(
        "li",
        {},
        element("p", { class: "value" }, value.text),
        citation ? element("blockquote", {}, fillQuote(element("p"), citation.quote, value, [])) : null,
        citation ? element("p", { class: "source" }, element("cite", {}, titleOf(citation.document)), element("span", { class: "facts" }, placeOf(citation))) : null,
        element("a", { href: `#citation-${rank}` }, `Quote ${rank}`),
      );
    };
    const what = { number: "a figure", date: "a date", name: "a name" }[conflict.kind] || "this";
    return element(
      "section",
      { class: "conflict", "aria-label": `The articles disagree on ${what}` },
      element("h3", {}, `The articles disagree on ${what}`),
      element("ul", { class: "sides" }, side(conflict.left), side(conflict.right)),
    );
  }
}

function meter(confidence) {
  const full = Math.round(confidence * 5);
  const dots = Array.from({ length: 5 }, (_, i) => element("i", { class: i < full ? "full" : "" }));
  return element("span", { class: "meter", "aria-hidden": "true" }, ...dots);
}

function passage(citation, asked) {
  const { quote, passage: around } = citation;
  if (quote.start <= around.start && quote.end >= around.end) return null;
  const text = new CodePoints(around.text);
  const shown = element("p");
  fill(shown, text.slice(0, quote.start - around.start), asked);
  shown.append(fill(element("strong"), quote.text, asked));
  fill(shown, text.slice(quote.end - around.start, text.length), asked);
  return element("details", { class: "passage" }, element("summary", {}, "The passage around it"), shown);
}
