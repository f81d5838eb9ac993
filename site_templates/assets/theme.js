/* Runs before the page is drawn: the theme that was chosen, and that scripts work at all. */
(function () {
  "use strict";
  var html = document.documentElement;
  html.classList.add("scripted");
  try {
    var chosen = window.localStorage.getItem("gitrack-theme");
    if (chosen === "light" || chosen === "dark") html.setAttribute("data-theme", chosen);
  } catch (refused) {
    /* Some browsers keep no storage for pages opened from disk: the system's theme it is. */
  }
})();
