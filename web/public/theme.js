// SPDX-License-Identifier: Apache-2.0
// Runs before the first paint, so that a chosen theme does not flash. Not inline: the policy forbids inline scripts.
(function () {
  try {
    var theme = localStorage.getItem("aplomb.theme");
    if (theme === '"light"' || theme === '"dark"') document.documentElement.dataset.theme = theme.slice(1, -1);
  } catch (e) {
    /* storage may be forbidden: the system's theme is used */
  }
})();
