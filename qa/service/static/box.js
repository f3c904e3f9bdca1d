// The ask box for other sites: a web component in a shadow root, so that neither side's styles reach the other's.

import { Service } from "./api.js";
import { confidenceInWords, percent, placeOf, titleOf } from "./cite.js";
import { element, fillQuote, questionWords } from "./text.js";

const MOST_SHOWN = 3;
const STYLE = `
  :host { display: block; max-width: 40rem; color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif;
    color: light-dark(#1d1c1a, #ece8e0); background: light-dark(#fcfbf8, #1e1d1b); padding: 1rem 1.1rem;
    border: 1px solid light-dark(#e2ddd3, #36332f); border-radius: 8px; overflow-wrap: anywhere; }
  * { box-sizing: border-box; }
  label { display: block; font: 600 1.1rem/1.3 Georgia, serif; margin-bottom: .5rem; }
  form div { display: flex; gap: .5rem; }
  input { flex: 1; min-width: 0; font: inherit; padding: .5rem .7rem; border: 1px solid light-dark(#5c5852, #a8a299);
    border-radius: 6px; background: light-dark(#fff, #161514); color: inherit; }
  button { font: inherit; font-weight: 600; padding: .5rem 1rem; border: 0; border-radius: 6px; cursor: pointer;
    background: light-dark(#14555c, #7cc4c9); color: light-dark(#fff, #10201f); }
  :focus-visible { outline: 3px solid light-dark(#14555c, #7cc4c9); outline-offset: 2px; }
  p { margin: .6rem 0 0; } ol { margin: 0; padding: 0; list-style: none; }
  li { border-top: 1px solid light-dark(#e2ddd3, #36332f); margin-top: .8rem; padding-top: .2rem; }
  blockquote { margin: .6rem 0 0; font: 1.05rem/1.55 Georgia, serif; white-space: pre-line; }
  mark { background: light-dark(#ffe27a, #e9c45a); color: #1a1712; border-radius: 2px; padding: .05em .1em; }
  .about { font-size: .85rem; color: light-dark(#5c5852, #a8a299); }
  .none blockquote { color: light-dark(#5c5852, #a8a299); }
  a { color: light-dark(#14555c, #7cc4c9); }`;

/** Make <ask-articles> known, asking the service at this address. */
export function define(origin) {
  if (customElements.get("ask-articles")) return;
  customElements.define(
    "ask-articles",
    class extends HTMLElement {
      connectedCallback() {
        if (this.shadowRoot) return;
        this.service = new Service(this.getAttribute("service") || origin);
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(STYLE);
        const root = this.attachShadow({ mode: "open" });
        root.adoptedStyleSheets = [sheet];
        this.input = element("input", { id: "question", type: "search", required: true, maxlength: 2000 });
        this.status = element("p", { role: "status", "aria-live": "polite", class: "about" });
        this.found = element("div");
        root.append(
          element(
            "form",
            { onsubmit: (event) => this.#ask(event) },
            element("label", { for: "question" }, this.getAttribute("label") || "Ask the articles"),
            element("div", {}, this.input, element("button", { type: "submit" }, "Ask")),
          ),
          this.status,
          this.found,
        );
      }

      async #ask(event) {
        event.preventDefault();
        const question = this.input.value.trim();
        if (!question) return;
        this.status.textContent = "Reading the articles…";
        this.found.replaceChildren();
        try {
          this.#show(await this.service.ask(question));
        } catch (error) {
          this.status.textContent = error.message;
        }
      }

      #show(answer) {
        const asked = questionWords(answer.question);
        const shown = (answer.answered ? answer.citations : answer.nearest).slice(0, MOST_SHOWN);
        this.status.textContent = answer.answered
          ? `The articles say, ${confidenceInWords(answer.confidence)} (${percent(answer.confidence)}):`
          : `Not in the articles. ${answer.reason || ""}${shown.length ? " The nearest passages, which are not an answer:" : ""}`;
        this.found.className = answer.answered ? "" : "none";
        this.found.replaceChildren(element("ol", {}, ...shown.map((citation) => this.#citation(citation, answer, asked))));
      }

      #citation(citation, answer, asked) {
        const { document, quote } = citation;
        const parameters = new URLSearchParams({ q: answer.question, read: document.id });
        const address = `${this.service.base}/?${parameters}#char=${quote.start},${quote.end}`;
        const facts = [document.author, document.date, placeOf(citation)].filter(Boolean).join(" · ");
        return element(
          "li",
          {},
          fillQuote(element("blockquote"), quote, answer.answered ? citation.span : null, asked),
          element("p", { class: "about" }, element("a", { href: address, target: "_blank", rel: "noopener" }, titleOf(document)), facts ? ` · ${facts}` : ""),
        );
      }
    },
  );
}
