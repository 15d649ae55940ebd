// Small comforts. Every page works without this file.
(() => {
  "use strict";

  // A second tap on a slow line must not send twice. The server would notice; the person need not.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button:not([type=button])")) button.setAttribute("aria-disabled", "true");
  });
  // Coming back with the back button shows the page as it was left: make it usable again.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
    }
  });

  // "/" goes to the search, unless somebody is writing.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    }
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const field = [...document.querySelectorAll("input[type=search]")].find((one) => one.offsetParent);
    if (field) { event.preventDefault(); field.focus(); field.select(); }
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  // Choosing in a form marked data-auto (a day, a filter) sends it at once; its button then only stands there for others.
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && form.dataset.auto !== undefined && form.method === "get") form.requestSubmit();
  });

  // Money that is taken: the sum and the change follow what is ticked and typed; the server works both out again.
  for (const form of document.querySelectorAll("form[data-take]")) {
    const euro = new Intl.NumberFormat(document.dir === "rtl" ? "de" : document.documentElement.lang, { style: "currency", currency: "EUR" });
    const cents = (field) => {
      const typed = field.value.replace(/[€\s]/g, "");
      return /^\d{1,7}(?:[.,]\d{1,2})?$/.test(typed) ? Math.round(Number(typed.replace(",", ".")) * 100) : NaN;
    };
    const sum = form.querySelector("[data-sum]"), line = form.querySelector("[data-change]"), given = form.elements.given;
    form.addEventListener("input", () => {
      let total = 0;
      for (const box of form.querySelectorAll("input[name^=pay-]:checked")) total += cents(form.elements[box.name.replace("pay-", "cents-")]);
      sum.textContent = Number.isNaN(total) ? "…" : euro.format(total / 100);
      const change = cents(given) - total;
      line.hidden = !(change >= 0 && form.elements.method.value === "cash");
      if (!line.hidden) line.querySelector("strong").textContent = euro.format(change / 100);
    });
  }

  // Print buttons appear only where printing by script is possible.
  for (const button of document.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  // The sum of notes and coins while somebody counts; the server adds up anew.
  for (const sum of document.querySelectorAll("output[data-sum]")) {
    const fields = [...sum.closest("form").querySelectorAll("input[data-cents]")];
    const euro = new Intl.NumberFormat(`${document.documentElement.lang}-u-nu-latn`, { style: "currency", currency: "EUR" });
    const add = () => {
      const cents = fields.reduce((total, one) => total + (Number.parseInt(one.value, 10) || 0) * one.dataset.cents, 0);
      sum.value = euro.format(cents / 100);
    };
    for (const field of fields) field.addEventListener("input", add);
    add();
    sum.closest("[hidden]").hidden = false;
  }

  // Errors: the person, and a screen reader, start at what needs a change.
  const summary = document.getElementById("error-summary");
  if (summary) summary.focus();

  // A wide day opens an hour before now, not in the early morning; the hour's edge meets the edge of the rooms' names.
  for (const region of document.querySelectorAll(".wide")) {
    const now = region.querySelector("thead .now");
    if (!now || region.scrollWidth <= region.clientWidth) continue;
    const names = now.parentElement.firstElementChild.getBoundingClientRect();
    const hour = now.previousElementSibling.getBoundingClientRect();
    const leftwards = getComputedStyle(region).direction === "rtl";
    region.scrollLeft += leftwards ? hour.right - names.left : hour.left - names.right;
  }
})();
