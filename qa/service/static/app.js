// The page: a question in, an answer out, and its address always a link to what is shown.

import { Service } from "./api.js";
import { confidenceInWords, titleOf } from "./cite.js";
import { quotesIn, Reader } from "./reader.js";
import { Results } from "./results.js";
import { element } from "./text.js";

const MOST_LISTED = 500;
const MOST_TITLES = 12;
const $ = (id) => document.getElementById(id);

const service = new Service();
const results = new Results($("results"), { open: openCitation, say });
const reader = new Reader(service, { changed: readAt, closed: leaveReader });
let answer = null;
let asking = null;
let asked = null;
let opener = null;

function say(text, { seen = true } = {}) {
  $("status").textContent = text;
  $("status").classList.toggle("hidden", !seen);
}

// --- the address: /?q=question&document=id&read=id#char=start,end

function readAddress() {
  const parameters = new URLSearchParams(location.search);
  const range = location.hash.match(/^#char=(\d+),(\d+)$/);
  return {
    question: parameters.get("q") || "",
    document: parameters.get("document") || "",
    read: parameters.get("read") || "",
    range: range ? { start: Number(range[1]), end: Number(range[2]) } : null,
  };
}

function address({ question, document: id, read, range }) {
  const parameters = new URLSearchParams();
  if (question) parameters.set("q", question);
  if (id) parameters.set("document", id);
  if (read) parameters.set("read", read);
  const query = parameters.toString();
  return `/${query ? `?${query}` : ""}${read && range ? `#char=${range.start},${range.end}` : ""}`;
}

function readAt(read, range) {
  history.replaceState({}, "", address({ ...readAddress(), read, range }));
}

// --- asking

async function ask(question, id) {
  asking?.abort();
  const current = (asking = new AbortController());
  document.title = question ? `${question} · Ask the articles` : "Ask the articles";
  $("articles").hidden = Boolean(question);
  asked = `${id} ${question}`;
  answer = null;
  results.clear();
  if (!question) {
    say("");
    return;
  }
  document.body.classList.add("busy");
  say("Reading the articles…");
  try {
    const found = await service.ask(question, { document: id, signal: current.signal });
    if (current !== asking) return;
    answer = found;
    results.show(found);
    say(summary(found), { seen: false });
  } catch (error) {
    if (error.name === "AbortError" || current !== asking) return;
    fail(error);
  } finally {
    if (current === asking) document.body.classList.remove("busy");
  }
}

function summary(found) {
  if (!found.answered) return `Not in the articles. ${found.reason || ""}`;
  const count = found.citations.length;
  return `${count} ${count > 1 ? "quotes" : "quote"}; the first is ${confidenceInWords(found.confidence)} the answer.`;
}

function fail(error) {
  if (error.status === 401) {
    $("key").hidden = false;
    $("secret").focus();
    say("");
    return;
  }
  say("");
  results.problem(error.message);
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = $("question").value.trim();
  if (!question) return;
  const where = { question, document: $("document").value };
  history.pushState({}, "", address(where));
  ask(question, where.document);
});

$("document").addEventListener("change", () => {
  if ($("question").value.trim()) $("ask").requestSubmit();
});

$("key").addEventListener("submit", (event) => {
  event.preventDefault();
  service.key = $("secret").value.trim();
  $("key").hidden = true;
  $("secret").value = "";
  start();
});

// --- reading

async function openArticle(id, range) {
  try {
    await reader.open(id, range, quotesIn(answer, id));
  } catch (error) {
    fail(error);
  }
}

function openCitation(citation) {
  openAt(citation.document.id, { start: citation.quote.start, end: citation.quote.end });
}

function openAt(id, range) {
  opener = document.activeElement;
  history.pushState({}, "", address({ ...readAddress(), read: id, range }));
  openArticle(id, range);
}

function leaveReader() {
  opener?.focus();
  opener = null;
  if (readAddress().read) history.replaceState({}, "", address({ ...readAddress(), read: "", range: null }));
}

// --- the collection

async function listArticles() {
  const { total, documents } = await service.documents(MOST_LISTED);
  $("state").textContent = `${total.toLocaleString("en")} ${total === 1 ? "article" : "articles"}`;
  const chosen = readAddress().document;
  $("document").replaceChildren(
    element("option", { value: "" }, total === 1 ? "the article" : `all ${total.toLocaleString("en")} articles`),
    ...documents.map((one) => element("option", { value: one.id, selected: one.id === chosen }, titleOf(one))),
  );
  $("titles").replaceChildren(
    ...documents.slice(0, MOST_TITLES).map((one) =>
      element(
        "li",
        {},
        element("button", { type: "button", class: "title", onclick: () => openAt(one.id, null) }, titleOf(one)),
        element("span", { class: "facts" }, [one.author, one.date].filter(Boolean).join(" · ")),
      ),
    ),
  );
  if (total > MOST_TITLES) $("titles").append(element("li", { class: "facts" }, `and ${total - MOST_TITLES} more`));
}

// --- light and dark

const THEMES = ["auto", "light", "dark"];

function setTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $("theme").textContent = `Theme: ${theme}`;
  try {
    localStorage.setItem("article-qa-theme", theme);
  } catch {
    // a browser that keeps nothing still shows the theme
  }
}

function keptTheme() {
  try {
    const kept = localStorage.getItem("article-qa-theme");
    return THEMES.includes(kept) ? kept : "auto";
  } catch {
    return "auto";
  }
}

$("theme").addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(keptTheme()) + 1) % THEMES.length]));

// --- beginning, and the browser's back and forward

async function follow() {
  const { question, document: id, read, range } = readAddress();
  $("question").value = question;
  $("document").value = id;
  if (asked !== `${id} ${question}`) await ask(question, id);
  if (read) await openArticle(read, range);
  else reader.close();
}

function start() {
  asked = null;
  follow();
  listArticles().catch(fail);
}

window.addEventListener("popstate", follow);
setTheme(keptTheme());
start();
