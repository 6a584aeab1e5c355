"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const items = [...document.querySelectorAll(".item")].map((item) => ({ item, text: item.textContent.toLowerCase() }));
  const sections = [...document.querySelectorAll("main > section")].filter((section) => section.querySelector(".item"));
  const search = at("search"), found = at("found");

  // Search: all words, in any order.
  const look = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { item, text } of items) {
      const holds = words.every((word) => text.includes(word));
      if (item.hidden === holds) item.hidden = !holds;
      if (holds) count += 1;
    }
    for (const section of sections) section.hidden = words.length > 0 && !section.querySelector(".item:not([hidden])");
    for (const heading of document.querySelectorAll("section h3")) {
      if (heading.closest(".item")) continue;
      let next = heading.nextElementSibling, any = false;
      for (; next && next.matches(".item"); next = next.nextElementSibling) any ||= !next.hidden;
      heading.hidden = words.length > 0 && !any;
    }
    found.value = words.length ? `${count} of ${items.length}` : "";
  };
  search.addEventListener("input", look);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape" && event.target === search) { search.value = ""; look(); }
  });

  const all = at("all");
  const openAll = (open) => { for (const details of document.querySelectorAll("details.item")) details.open = open; };
  all.addEventListener("click", () => {
    const open = all.getAttribute("aria-pressed") !== "true";
    all.setAttribute("aria-pressed", open);
    all.textContent = open ? "Close all" : "Open all";
    openAll(open);
  });
  let before = [];
  addEventListener("beforeprint", () => { before = [...document.querySelectorAll("details.item:not([open])")]; openAll(true); });
  addEventListener("afterprint", () => { for (const details of before) details.open = false; });

  // Where a page on disk may not use the clipboard, the text is selected and copied as by hand.
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* below */ }
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };

  const dialog = at("plan"), frame = at("frame"), dark = matchMedia("(prefers-color-scheme: dark)");
  const plans = JSON.parse(at("plans").textContent);
  const data = (value) => JSON.stringify(value).replace(/</g, "\\u003c");
  const show = (number, model) => {
    const view = document.createElement("iframe");
    // An origin of its own: what runs in it reaches nothing of this page.
    view.sandbox = "allow-scripts";
    view.title = `Plan of a query of ${model}`;
    view.srcdoc = `<!doctype html><html lang="en" data-bs-theme="${dark.matches ? "dark" : "light"}"><meta charset="utf-8">` +
      `<style>${at("viewer-style").textContent}</style><body class="vh-100"><div id="app" class="d-flex flex-column vh-100"></div>` +
      `<script type="application/json" id="data">${data(plans[number])}<\u002fscript>` +
      ["storage", "vue", "pev2", "viewer"].map((id) => `<script>${at(id).textContent}<\u002fscript>`).join("");
    at("plan-title").textContent = `Plan: ${model}`;
    frame.replaceChildren(view);
    dialog.showModal();
  };
  dialog.addEventListener("close", () => frame.replaceChildren());
  at("close").addEventListener("click", () => dialog.close());

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (button?.matches(".open")) show(Number(button.dataset.plan), button.dataset.model);
    if (button?.matches(".copy")) {
      const done = await copy(button.parentElement.querySelector(".source").textContent);
      const text = button.textContent;
      button.textContent = done ? "Copied" : "Not copied";
      setTimeout(() => { button.textContent = text; }, 1200);
    }
  });
})();
