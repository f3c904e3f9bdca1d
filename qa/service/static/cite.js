// What is said of a citation, in words and for other people's documents.

/** A probability in words. */
export function confidenceInWords(confidence) {
  if (confidence >= 0.95) return "almost certain";
  if (confidence >= 0.85) return "very likely";
  if (confidence >= 0.7) return "likely";
  if (confidence >= 0.5) return "more likely than not";
  return "doubtful";
}

/** A probability in per cent; never 100, which nobody can know. */
export function percent(confidence) {
  return `${Math.min(99, Math.round(confidence * 100))}%`;
}

/** A document's title, or its file's name. */
export function titleOf(document) {
  return document.title || document.source.split("/").pop() || document.id;
}

/** The address of an article where it was published, or null: only the web's own addresses are followed. */
export function webLink(citation) {
  return /^https?:\/\//i.test(citation.link) ? citation.link : null;
}

/** Where in the document: page and section. */
export function placeOf(citation) {
  const parts = citation.page ? [`page ${citation.page}`] : [];
  if (citation.section.length) parts.push(citation.section.join(" › "));
  return parts.join(", ");
}

function source(citation) {
  return webLink(citation) || citation.document.source.split("/").pop();
}

function oneLine(text) {
  return text.replace(/\s+/g, " ").trim();
}

/** The citation as plain text. */
export function asPlain(citation) {
  const { document } = citation;
  const parts = [document.author, `“${titleOf(document)}”`, document.date, placeOf(citation), source(citation)];
  return `“${oneLine(citation.quote.text)}” — ${parts.filter(Boolean).map(oneLine).join(", ")}`;
}

function escapeMarkdown(text) {
  return oneLine(text).replace(/[\\`*_{}[\]<>()#+!|~-]/g, "\\$&");
}

/** The citation as Markdown. */
export function asMarkdown(citation) {
  const { document } = citation;
  const link = webLink(citation);
  const title = escapeMarkdown(titleOf(document));
  const named = link ? `[${title}](<${link.replace(/[<>\s]/g, encodeURIComponent)}>)` : `*${title}*`;
  const parts = [document.author, document.date, placeOf(citation), link ? null : source(citation)];
  return `> ${escapeMarkdown(citation.quote.text)}\n>\n> — ${[named, ...parts.filter(Boolean).map(escapeMarkdown)].join(", ")}`;
}

function escapeTex(text) {
  const named = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" };
  return oneLine(text).replace(/[\\~^{}%&$#_]/g, (found) => named[found] || `\\${found}`);
}

/** The citation as a BibTeX entry, the quote in its note. */
export function asBibtex(citation) {
  const { document, quote } = citation;
  const year = (document.date || "").match(/\d{4}/)?.[0];
  const fields = {
    title: `{${escapeTex(titleOf(document))}}`,
    author: document.author && escapeTex(document.author),
    year,
    url: webLink(citation)?.replace(/[{}\\]/g, encodeURIComponent),
    pages: citation.page,
    note: escapeTex(`“${quote.text}” (characters ${quote.start}–${quote.end} of ${document.source.split("/").pop()})`),
  };
  const lines = Object.entries(fields).filter(([, value]) => value).map(([name, value]) => `  ${name} = {${value}}`);
  return `@misc{article-${document.id}-${quote.start},\n${lines.join(",\n")}\n}`;
}

/** Put text into the clipboard; also where the page came without TLS. */
export async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  const parent = document.querySelector("dialog[open]") || document.body;
  parent.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
