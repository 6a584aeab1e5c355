// The page of `pgwright review --format html` in a real browser: node page.mjs REPORT.html [FOLDER FOR PICTURES]
// Exit status 3: no browser can be had here.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [report, pictures] = process.argv.slice(2);
const none = (reason) => { console.error(`no browser: ${reason}`); process.exit(3); };
const { chromium } = await import("playwright-core").catch(() => none("`npm ci` was not run in tests/browser"));
const packed = await import("@sparticuz/chromium").then((found) => found.default).catch(() => none("`npm ci` was not run in tests/browser"));
const named = process.env.PGWRIGHT_CHROMIUM;
const executablePath = named ?? await packed.executablePath().catch((error) => none(error.message));
if (!existsSync(executablePath)) none(`${executablePath} is not there`);
// As it is packed it runs in one process, which ends with the first context that is closed: none is.
const args = packed.args.filter((arg) => !/web-security|insecure-content/.test(arg));
const browser = await chromium.launch({ executablePath, args, headless: true }).catch((error) => none(error.message));

const wrong = [];
const open = async (options) => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })).newPage();
  page.on("console", (message) => { if (message.type() === "error") wrong.push(message.text()); });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => { if (!/^(file|data|about|blob):/.test(request.url())) wrong.push(`asks for ${request.url()}`); });
  await page.goto(pathToFileURL(resolve(report)).href);
  return page;
};

const page = await open();
const shown = () => page.locator(".item:not([hidden])").count();

// Search, and back.
const all = await shown();
assert.ok(all > 0);
await page.keyboard.press("/");
assert.equal(await page.evaluate(() => document.activeElement.id), "search");
await page.keyboard.type("zzz no such words");
assert.equal(await shown(), 0);
assert.match(await page.locator("#found").textContent(), /^0 of /);
await page.keyboard.press("Escape");
assert.equal(await shown(), all);

// SQL is copied as it stands.
const query = page.locator("#explain details.item:not(.plain)").first();
await query.locator("summary").focus();
await page.keyboard.press("Enter");
assert.ok(await query.evaluate((details) => details.open), "Enter opens it");
await page.evaluate(() => {
  window.copied = [];
  document.addEventListener("copy", () => window.copied.push(document.activeElement.value ?? ""));
  Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => { window.copied.push(text); } } });
});
await page.keyboard.press("Tab");
await page.keyboard.press("Enter");
await page.waitForFunction(() => window.copied.length > 0);
assert.deepEqual(await page.evaluate(() => window.copied), [await query.locator(".source").textContent()]);

// A plan in the viewer, where there is one.
const viewer = page.locator("button.open").first();
if (await viewer.count()) {
  await viewer.evaluate((button) => { button.closest("details").open = true; });
  await viewer.focus();
  await page.keyboard.press("Enter");
  const frame = page.frameLocator("#frame iframe");
  await frame.locator(".plan-node, .plan, [class*=plan]").first().waitFor({ timeout: 20_000 });
  await page.keyboard.press("Escape").catch(() => {});
  if (await page.locator("dialog[open]").count()) await page.locator("#close").click();
  assert.equal(await page.locator("dialog[open]").count(), 0);
}

// The diagram: each choice draws boxes with names, and says the same in words; no box covers another.
const choices = await page.locator("#drawn option").evaluateAll((options) => options.map((option) => option.value));
assert.ok(choices.length > 1);
for (const choice of choices.slice(0, 60)) {
  await page.selectOption("#drawn", choice);
  const boxes = await page.locator("#drawing .box rect").evaluateAll((all) => all.map((box) => box.getBBox()).map(({ x, y, width, height }) => ({ x, y, width, height })));
  assert.ok(boxes.length > 0, choice);
  for (const [at, one] of boxes.entries()) for (const other of boxes.slice(at + 1)) {
    const apart = one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y;
    assert.ok(apart, `${choice}: boxes cover one another`);
  }
  assert.ok((await page.locator("#diagram-text").textContent()).length > 20);
}
await page.selectOption("#drawn", choices[1]);
await page.locator("#drawing .box").first().focus();
await page.keyboard.press("Enter");
assert.equal(await page.locator("#drawing .middle").count(), 1, "Enter on a box draws its neighbours");

// By keyboard alone: Tab reaches everything, and what has the focus can be seen.
await page.locator(".skip").focus();
const reached = new Set();
for (let at = 0; at < 60; at += 1) {
  await page.keyboard.press("Tab");
  reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.tagName));
}
for (const name of ["search", "all", "SUMMARY"]) assert.ok(reached.has(name), `${name} is not reached: ${[...reached]}`);
assert.equal(await page.locator("svg[role=img]:not([aria-labelledby])").count(), 0);

// A thousand findings more: a search is answered and drawn while one types.
const took = await (async () => {
  const many = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const other = await many.newPage();
  const text = readFileSync(report, "utf8");
  const extra = Array.from({ length: 1000 }, (_, at) => `<details class="item"><summary>finding ${at} on app/module_${at}.py</summary><p>${"what is wrong and what to do ".repeat(12)}</p></details>`).join("");
  const file = join(mkdtempSync(join(tmpdir(), "page-")), "many.html");
  writeFileSync(file, text.replace('<section id="tables">', `<section id="many">${extra}</section><section id="tables">`));
  await other.goto(pathToFileURL(file).href);
  const measured = await other.evaluate(async () => {
    const search = document.getElementById("search"), times = [];
    // The page has been drawn once.
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)));
    for (const word of ["f", "fi", "finding", "finding 9", "finding 99", "finding 99 module", "module_7", "", "x", "wrong", "app 4", ""]) {
      const start = performance.now();
      search.value = word;
      search.dispatchEvent(new Event("input"));
      document.body.getBoundingClientRect();
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      times.push(performance.now() - start);
    }
    times.sort((left, right) => left - right);
    return { usual: times[times.length / 2], most: times.at(-1) };
  });
  return measured;
})();
// The dearest waits for whatever else the machine does.
assert.ok(took.usual < 100, `a search usually took ${took.usual} ms`);

if (pictures) {
  const whole = async (name, options, full = true) => {
    const view = await open(options);
    await view.screenshot({ path: join(pictures, `${name}.png`), fullPage: full });
    await view.locator("#diagram").screenshot({ path: join(pictures, `${name}-diagram.png`) }).catch(() => {});
    await view.locator(".curves").screenshot({ path: join(pictures, `${name}-curves.png`) }).catch(() => {});
  };
  await whole("light", { colorScheme: "light" });
  await whole("dark", { colorScheme: "dark" });
  const top = await open({ viewport: { width: 1100, height: 1000 }, colorScheme: "light" });
  await top.screenshot({ path: join(pictures, "review-of-the-shop.png") });
  await whole("narrow", { colorScheme: "light", viewport: { width: 390, height: 844 } });
  const print = await open({});
  await print.emulateMedia({ media: "print" });
  await print.screenshot({ path: join(pictures, "print.png"), fullPage: true });
}
assert.deepEqual(wrong, []);
console.log(`${all} items, ${choices.length} diagrams, a search among 1,000 findings more takes ${Math.round(took.usual)} ms until it is drawn, ${Math.round(took.most)} at most`);
await browser.close();
