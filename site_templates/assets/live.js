/* While `gitrack site serve` shows the site on this machine, a page renews itself when the
   branch has moved. Anywhere else this does nothing. */
(function () {
  "use strict";
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(window.location.hostname);
  if (!window.location.protocol.startsWith("http") || !local) return;

  window.addEventListener("gitrack-build", (event) => {
    const built = gitrack.got("build");
    if (built && event.detail.commit !== built.commit && !document.querySelector("dialog[open]")) window.location.reload();
  });
  setInterval(() => {
    if (document.hidden) return;
    const script = gitrack.h("script", { src: gitrack.root + "data/build.js?" + Date.now() });
    script.addEventListener("load", () => script.remove());
    script.addEventListener("error", () => script.remove());
    document.head.append(script);
  }, 2000);
})();
