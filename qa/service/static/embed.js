// One script tag puts an ask box into a page:
//   <script src="https://qa.example.org/embed.js" async></script>
// It appears where the tag stands, or wherever the page has <ask-articles></ask-articles>. The service must list the
// page's site in QA_CORS_ORIGINS.
(() => {
  const script = document.currentScript;
  const service = new URL(script.src).origin;
  import(`${service}/static/box.js`).then(({ define }) => {
    define(service);
    if (!document.querySelector("ask-articles")) {
      const box = document.createElement("ask-articles");
      if (script.dataset.label) box.setAttribute("label", script.dataset.label);
      script.after(box);
    }
  });
})();
