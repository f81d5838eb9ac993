/* Runs before the page is drawn: the theme that was chosen, that scripts work, what is asked for. */
(function () {
  "use strict";
  var html = document.documentElement;
  html.classList.add("scripted");
  /* Who comes with something in mind does not see what the page shows at first. */
  if (window.location.hash.length > 1) html.classList.add("aimed");
  try {
    var chosen = window.localStorage.getItem("gitrack-theme");
    if (chosen === "light" || chosen === "dark") html.setAttribute("data-theme", chosen);
  } catch (refused) {
    /* Some browsers keep no storage for pages opened from disk: the system's theme it is. */
  }
})();
