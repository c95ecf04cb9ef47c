// A page that moved leads on at once and keeps the place in the page (a bare refresh would not).
const link = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=canonical]"));
const target = new URL(link.href);
target.search = location.search;
if (location.hash) target.hash = location.hash;
location.replace(target);
