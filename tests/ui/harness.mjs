// SPDX-License-Identifier: Apache-2.0
// Starts the browser and the server under test. With APLOMB_URL and APLOMB_LINK the real server is
// walked (run with --test-concurrency=1: the link works once, later files go on with the cookies of the first, which
// stay in build/screens/.session.json); without, the contract server. A page that breaks the content security policy, throws, logs an error, or asks
// another host fails the test that opened it.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { startContractServer } from "./contract-server.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, "../..");
export const SCREENS = process.env.APLOMB_SCREENS ?? join(ROOT, "build/screens");
export const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
export const isReal = Boolean(process.env.APLOMB_URL);
export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 360, height: 740 };
mkdirSync(SCREENS, { recursive: true });

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
let browser;
export async function openBrowser() {
  assert.ok(existsSync(executablePath), `no Chromium at ${executablePath}; install the package chromium or set CHROMIUM`);
  browser ??= await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", "--font-render-hinting=none"],
  });
  return browser;
}
export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}

/** Cookies by server: the real one's link works once, and signing in again costs time. */
const cookies = new Map();
const SESSION = join(SCREENS, ".session.json");
if (isReal && existsSync(SESSION)) {
  const { link, state } = JSON.parse(readFileSync(SESSION, "utf8"));
  if (link === process.env.APLOMB_LINK) cookies.set(process.env.APLOMB_URL.replace(/\/$/, ""), state);
}
export async function startServer(options = {}) {
  if (!isReal) return startContractServer({ isLinkReusable: true, ...options });
  return { url: process.env.APLOMB_URL.replace(/\/$/, ""), link: process.env.APLOMB_LINK, violations: [], close: async () => {} };
}

/** A page that watches itself; `faults` must be empty at the end (closePage checks). */
export async function openPage(server, { viewport = WIDE, colorScheme = "light", signIn = true, isShared = isReal, reducedMotion = "reduce" } = {}) {
  await openBrowser();
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion, locale: "en-GB", ...(isShared && signIn && cookies.has(server.url) ? { storageState: cookies.get(server.url) } : {}) });
  const page = await context.newPage();
  const faults = [];
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  page.on("pageerror", (error) => faults.push(`thrown: ${error.stack ?? error}`));
  page.on("console", (message) => {
    // The browser itself logs every 4xx; those are the tests' own business.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => { faults.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  page.on("request", (request) => { if (!request.url().startsWith(server.url) && !request.url().startsWith("data:")) faults.push(`foreign request: ${request.url()}`); });
  page.faults = faults;
  page.setDefaultTimeout(10_000);
  if (signIn) {
    const isIn = isShared && cookies.has(server.url);
    await page.goto(isIn ? server.url : server.link);
    await page.waitForSelector(".shell");
    if (isShared && !isIn) cookies.set(server.url, await context.storageState());
    if (isReal && !isIn) writeFileSync(SESSION, JSON.stringify({ link: server.link, state: cookies.get(server.url) }), { mode: 0o600 });
  }
  return page;
}

export async function closePage(page, server) {
  await page.context().close();
  assert.deepEqual(page.faults, []);
  assert.deepEqual(server.violations, [], "the contract was broken");
}

/** WCAG 2.2 AA by axe; the report names rule and element. Runs by the debugger's door, so the policy stays on. */
export async function assertAccessible(page, what) {
  await page.evaluate(await axeSource());
  const result = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  const found = result.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")} ${node.failureSummary?.split("\n").slice(1).join(" ")}`));
  assert.deepEqual(found, [], `${what}: ${found.length} accessibility violations`);
}
let axe;
async function axeSource() {
  axe ??= readFileSync(AXE, "utf8");
  return axe;
}

/** No sideways scrolling, in no pane; only tables may, in a box of their own. */
export async function assertFits(page, what) {
  const over = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll("main, section, nav, header, form, .page, dialog, .rows, .case-pane")]
      .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline" && one.clientWidth > 1)
      .map((one) => `${one.tagName}.${one.className} by ${one.scrollWidth - one.clientWidth} px`));
  assert.deepEqual(over, [], `${what} is wider than its place`);
}

export async function shoot(page, name) {
  await page.screenshot({ path: join(SCREENS, `${name}.png`) });
}
