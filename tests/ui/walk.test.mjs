// SPDX-License-Identifier: Apache-2.0
// The page with nothing but the keyboard: sign in, move, open, solve, undo, search, note, report, form, sheet, Ctrl-K.
// The mouse is never used here. Runs against the contract server or, by APLOMB_URL, the real one.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { assertAccessible, closeBrowser, closePage, isReal, openPage, startServer } from "./harness.mjs";

let server;
before(async () => { server = await startServer(); });
after(async () => { await closeBrowser(); await server?.close(); });

const chosenId = (page) => page.evaluate(() => document.querySelector('.row[aria-selected="true"]')?.id ?? null);
const focusIn = (page, selector) => page.waitForFunction((css) => document.activeElement?.matches(css), selector);
const inbox = async (page) => { await page.waitForSelector(".row"); };

test("a one-time link signs in without a click and leaves the address bar", { skip: isReal }, async () => {
  const page = await openPage(server, { signIn: false });
  await page.goto(server.link);
  await page.waitForSelector(".shell");
  assert.ok(!page.url().includes("token"), page.url());
  assert.equal(await page.evaluate(() => history.length), await page.evaluate(() => history.length));
  await closePage(page, server);
});

test("sign in with a password; a wrong one says so and keeps the address", { skip: isReal }, async () => {
  const page = await openPage(server, { signIn: false });
  await page.goto(server.url + "/report");
  await focusIn(page, "input[type=email]");
  await page.keyboard.type("ada@example.org");
  await page.keyboard.press("Tab");
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".trouble");
  await focusIn(page, "input[type=password]");
  await page.keyboard.type("correct horse battery staple");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".report");
  assert.equal(new URL(page.url()).pathname, "/report");
  await closePage(page, server);
});

test("j and k move, Enter opens, Escape goes back", async () => {
  const page = await openPage(server);
  await inbox(page);
  await page.keyboard.press("j");
  const first = await chosenId(page);
  await page.keyboard.press("j");
  const second = await chosenId(page);
  assert.ok(first && second && first !== second);
  await page.keyboard.press("k");
  assert.equal(await chosenId(page), first);
  await page.keyboard.press("Enter");
  await focusIn(page, "#case-title");
  assert.ok(page.url().endsWith("/" + first.slice(4)), page.url());
  // With a case open, j brings the next one.
  await page.keyboard.press("j");
  await page.waitForURL((url) => url.pathname.endsWith("/" + second.slice(4)));
  await page.keyboard.press("Escape");
  await focusIn(page, ".rows");
  assert.equal(new URL(page.url()).pathname, "/inbox/needs_answer");
  // In the list the arrows move too, also with all letters switched off.
  await page.keyboard.press("ArrowUp");
  assert.equal(await chosenId(page), first);
  await closePage(page, server);
});

test("n brings the next that needs an answer; w says why it is due then", async () => {
  const page = await openPage(server);
  await inbox(page);
  await page.keyboard.press("n");
  await focusIn(page, "#case-title");
  const at = page.url();
  await page.keyboard.press("w");
  await page.waitForSelector("#clock-why");
  assert.match(await page.locator("#clock-why").innerText(), /business hours.* due /);
  await page.keyboard.press("w");
  await page.waitForSelector("#clock-why", { state: "detached" });
  await page.keyboard.press("n");
  await page.waitForFunction((old) => location.href !== old, at);
  await closePage(page, server);
});

for (const [key, words, state] of [["e", "solved", "Solved"], ["s", "waits for the customer", "Pending"], ["h", "on hold", "On hold"]])
  test(`${key} changes the state, z takes it back`, async () => {
    const page = await openPage(server);
    await inbox(page);
    await page.keyboard.press("n");
    await page.waitForSelector(".case .state");
    const before_ = await page.locator(".case .state").innerText();
    await page.keyboard.press(key);
    await page.waitForSelector(`.toast:has-text("${words}")`);
    assert.equal(await page.locator(".case .state").innerText(), state);
    await page.keyboard.press("z");
    // Nothing becomes new again: what was new is open then.
    const back = before_ === "New" ? "Open" : before_;
    await page.waitForFunction((old) => document.querySelector(".case .state")?.textContent === old, back);
    assert.match(await page.locator(".toasts").innerText(), /as it was|open again/);
    await page.reload();
    await page.waitForSelector(".case .state");
    assert.equal(await page.locator(".case .state").innerText(), back);
    await closePage(page, server);
  });

test("out of solved there is one way back, and undo finds it", { skip: isReal && "needs a case that is pending" }, async () => {
  const page = await openPage(server);
  await page.goto(server.url + "/inbox/pending");
  await inbox(page);
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await focusIn(page, "#case-title");
  await page.keyboard.press("e");
  await page.waitForFunction(() => document.querySelector(".case .state")?.textContent === "Solved");
  assert.equal(await page.locator(".act-buttons .button").count(), 1);
  assert.match(await page.locator(".act-buttons .button").innerText(), /Reopen/);
  await page.keyboard.press("h"); // a solved case cannot be held: the key means nothing
  await page.keyboard.press("z");
  await page.waitForFunction(() => document.querySelector(".case .state")?.textContent === "Pending");
  await page.waitForSelector('.toast:has-text("as it was")');
  await closePage(page, server);
});

test("i takes the case, m writes a note", async () => {
  const page = await openPage(server);
  await inbox(page);
  await page.keyboard.press("n");
  await page.waitForSelector(".case .state");
  await page.keyboard.press("i");
  await page.waitForSelector('.toast:has-text("assigned to")');
  await page.keyboard.press("z");
  await page.waitForSelector('.toast:has-text("as it was")');
  await page.keyboard.press("m");
  await focusIn(page, ".note-form textarea");
  const text = `Rang the harbour office, <b>nobody</b> there. ${Date.now()}`;
  await page.keyboard.type(text);
  await page.keyboard.press("Control+Enter");
  await page.waitForFunction((words) => [...document.querySelectorAll(".note-text")].some((one) => one.textContent === words), text);
  assert.equal(await page.locator(".note-text b").count(), 0);
  await page.keyboard.press("Escape");
  await focusIn(page, "#case-title");
  await closePage(page, server);
});

test("/ searches, Escape returns to the list", async () => {
  const page = await openPage(server);
  await inbox(page);
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.waitForURL((url) => url.pathname === "/inbox/all");
  await inbox(page);
  const word = isReal ? (process.env.APLOMB_WORD ?? "the") : "hearing";
  await page.keyboard.press("/");
  await focusIn(page, "input[type=search]");
  await page.keyboard.type(word);
  await page.waitForURL((url) => url.searchParams.get("q") === word);
  if (!isReal) await page.waitForFunction(() => document.querySelectorAll(".row").length === 1);
  await page.keyboard.press("Enter");
  await focusIn(page, ".rows");
  await page.keyboard.press("/");
  await page.keyboard.type("zzzzqqqq");
  await page.waitForSelector(".list-pane .empty");
  await page.goBack();
  await closePage(page, server);
});

test("? shows the keys, Escape closes, focus returns", async () => {
  const page = await openPage(server);
  await inbox(page);
  await page.keyboard.press("j");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog.help");
  for (const name of ["Next case", "Take the case", "Undo", "Report"]) assert.ok(await page.locator("dialog.help dd", { hasText: name }).count(), name);
  await page.keyboard.press("j"); // means nothing while the sheet is open
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog.help", { state: "detached" });
  assert.equal((await chosenId(page)) !== null, true);
  await closePage(page, server);
});

test("Ctrl-K does everything by name", async () => {
  const page = await openPage(server);
  await inbox(page);
  const id = (await page.locator(".row").first().getAttribute("id")).slice(4);
  const by = async (words) => {
    await page.keyboard.press("Control+k");
    await focusIn(page, "dialog.palette input");
    await page.keyboard.type(words);
    await page.waitForSelector('.palette-item[aria-selected="true"]');
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog.palette", { state: "detached" });
  };
  await by("report");
  await page.waitForSelector(".report");
  await by("write down");
  await page.waitForSelector(".intake-form");
  await by(id);
  await page.waitForURL((url) => url.pathname === `/inbox/all/${id}`);
  await page.waitForSelector(".case");
  await by("boat question");
  await page.waitForURL((url) => url.searchParams.get("q") === "boat question");
  await closePage(page, server);
});

test("keys can be switched off, one by one and all together", async () => {
  const page = await openPage(server);
  await page.goto(server.url + "/settings");
  const all = page.getByLabel("Switch all single keys off");
  await all.focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await page.keyboard.press("?");
  assert.equal(await page.locator("dialog").count(), 0);
  assert.equal(new URL(page.url()).pathname, "/settings");
  await page.keyboard.press("Control+k");
  await page.waitForSelector("dialog.palette");
  await page.keyboard.press("Escape");
  await all.focus();
  await page.keyboard.press("Space");
  const one = page.getByLabel("? Keys");
  await one.focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("?");
  assert.equal(await page.locator("dialog").count(), 0);
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await page.waitForSelector(".report");
  await closePage(page, server);
});

test("a new sign-in link for somebody is shown once", async () => {
  const page = await openPage(server);
  await page.goto(server.url + "/settings");
  await page.waitForSelector(".people li");
  const button = page.getByRole("button", { name: /^New sign-in link for / }).first();
  const name = (await button.getAttribute("aria-label")).replace("New sign-in link for ", "");
  await button.focus();
  await page.keyboard.press("Enter");
  const link = page.getByLabel(`Sign-in link for ${name}`, { exact: true });
  assert.match(await link.inputValue(), /^http:\/\/[^/]+\/sign-in\?token=\S+$/);
  await assertAccessible(page, "settings with a link");
  await page.getByRole("button", { name: "I have it" }).focus();
  await page.keyboard.press("Enter");
  assert.equal(await link.count(), 0);
  await closePage(page, server);
});

test("the intake form: faults are named, a call is saved and opened", async () => {
  const page = await openPage(server);
  await page.goto(server.url + "/new");
  await page.waitForSelector(".intake-form");
  await page.getByRole("button", { name: "Save" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(".trouble");
  await focusIn(page, "#intake-text");
  await page.keyboard.type("The gangway was icy and my aunt slipped.");
  await page.keyboard.press("Tab");
  await focusIn(page, "#intake-name");
  await page.keyboard.type("Walter Probe");
  await page.getByRole("button", { name: "Save" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector('.toast:has-text("Saved in case")');
  await page.locator(".toast-act").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(".case");
  assert.match(await page.locator(".said-text").first().innerText(), /gangway was icy/);
  assert.match(await page.locator("#case-title").innerText(), /Walter Probe/);
  await closePage(page, server);
});

test("every view and screen has its own title and one first heading", async () => {
  const page = await openPage(server);
  const titles = new Set();
  for (const path of ["/inbox/needs_answer", "/inbox/mine", "/inbox/solved", "/report", "/new", "/settings"]) {
    await page.goto(server.url + path);
    await page.waitForSelector("h1");
    titles.add(await page.title());
  }
  assert.equal(titles.size, 6);
  await closePage(page, server);
});
