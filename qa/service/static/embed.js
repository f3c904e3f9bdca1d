// One script tag puts an ask box into a page:
//   <script src="https://qa.example.org/embed.js" async></script>
// It appears where the tag stands (for a tag in the head, at the end), or wherever the page has
// <ask-articles></ask-articles>. The service must list the page's site in QA_CORS_ORIGINS.
(() => {
  const script = document.currentScript;
  const service = new URL(script.src).origin;
  const parsed = new Promise((resolve) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", resolve);
    else resolve();
  });
  Promise.all([import(`${service}/static/box.js`), parsed]).then(([{ define }]) => {
    define(service);
    if (document.querySelector("ask-articles")) return;
    const box = document.createElement("ask-articles");
    if (script.dataset.label) box.setAttribute("label", script.dataset.label);
    if (document.body.contains(script)) script.after(box);
    else document.body.append(box);
  });
})();
