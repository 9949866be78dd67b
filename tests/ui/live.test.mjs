// SPDX-License-Identifier: Apache-2.0
// What happens to somebody who is reading: new cases are announced and wait, open ones change in place, the countdown
// renews nothing but its words, a lost connection is told and made good, a faster colleague is not overwritten.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { closeBrowser, closePage, isReal, openPage, startServer } from "./harness.mjs";

const skip = isReal ? "needs the contract server's hands" : false;
let server;
before(async () => { if (!isReal) server = await startServer(); });
after(async () => { await closeBrowser(); await server?.close(); });
const STORY = ["Nina Fjord", "@nina", 2, "complaint", 1, "new", "The gate closed in front of us.", { urgency: 95 }];
const CASE = 101;

test("a new case is announced and moves nothing until it is asked for", { skip }, async () => {
  server.reset();
  const page = await openPage(server);
  await page.waitForSelector(".row");
  await page.keyboard.press("j");
  const before_ = await page.locator(".row").allInnerTexts();
  const id = server.arrive(STORY);
  await page.waitForSelector(".fresh");
  assert.match(await page.locator(".fresh").innerText(), /1 new case/);
  assert.equal((await page.locator(".row").allInnerTexts()).length, before_.length);
  assert.equal(await page.locator(`#row-${id}`).count(), 0);
  await page.keyboard.press(".");
  await page.waitForSelector(".fresh", { state: "detached" });
  await page.goto(server.url + "/inbox/all?q=gate%20closed");
  await page.waitForSelector(`#row-${id}`);
  await closePage(page, server);
});

test("an update touches its own row only, and a tick touches only words", { skip }, async () => {
  server.reset();
  const page = await openPage(server);
  await page.goto(server.url + `/inbox/all/${CASE}?sort=newest`);
  await page.waitForSelector(".case .state");
  await page.waitForSelector(`#row-${CASE}`);
  await page.evaluate((id) => { for (const row of document.querySelectorAll(".row")) if (row.id !== `row-${id}`) row.isOld = true; document.querySelector(".said").isOld = true; document.querySelector(".rows").scrollTop = 0; }, CASE);
  const words = await page.locator(".hero-left").innerText();
  server.touch(CASE, "case.updated", (one) => { one.summary.state = "on_hold"; one.summary.priority = "low"; });
  await page.waitForFunction(() => document.querySelector(".case .state")?.textContent === "On hold");
  assert.deepEqual(await page.evaluate((id) => [...document.querySelectorAll(".row")].filter((row) => !row.isOld && row.id !== `row-${id}`).map((row) => row.id), CASE), [], "other rows were made again");
  assert.ok(await page.evaluate(() => document.querySelector(".said").isOld), "the post was made again");
  server.touch(CASE, "case.updated", (one) => { one.summary.state = "open"; });
  await page.waitForFunction((old) => { const now = document.querySelector(".hero-left")?.textContent ?? ""; return /min .* (left|late)/.test(now) && now !== old; }, words);
  assert.ok(await page.evaluate(() => document.querySelector(".said").isOld));
  await closePage(page, server);
});

test("a lost connection is told, nothing is missed, writing again is safe", { skip }, async () => {
  server.reset();
  const page = await openPage(server);
  await page.goto(server.url + `/inbox/all/${CASE}`);
  await page.waitForSelector(".case .state");
  // The page asks for the case when the event has come through: from then on it knows where to go on.
  const seen = page.waitForResponse((response) => response.url().endsWith(`/cases/${CASE}`));
  server.touch(CASE, "case.updated", () => {});
  await seen;
  server.setDown(true);
  await page.waitForSelector('.banner[data-tone="offline"]');
  await page.locator(".note-form textarea").fill("Written in the dark");
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector(".note-form .trouble");
  assert.match(await page.locator(".note-form .trouble").innerText(), /still here/);
  assert.equal(await page.locator(".note-form textarea").inputValue(), "Written in the dark");
  const id = server.arrive(STORY);
  server.setDown(false);
  await page.waitForSelector(".fresh", { timeout: 20_000 });
  await page.waitForSelector('.banner[data-tone="offline"]', { state: "detached" });
  const resumed = server.log.filter((one) => one.operationId === "streamEvents" && one.headers["last-event-id"]);
  assert.ok(resumed.length, "the stream did not go on where it was");
  await page.locator(".note-form textarea").focus();
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector('.note-text:has-text("Written in the dark")');
  assert.equal(server.world.notes.get(CASE).filter((note) => note.text === "Written in the dark").length, 1);
  assert.ok(server.world.cases.has(id));
  page.faults.splice(0, page.faults.length, ...page.faults.filter((one) => !/ERR_EMPTY_RESPONSE|ERR_CONNECTION|ERR_INCOMPLETE/.test(one)));
  await closePage(page, server);
});

test("a change on top of a colleague's is refused, told, and the new state is shown", { skip }, async () => {
  server.reset();
  const page = await openPage(server);
  await page.goto(server.url + `/inbox/all/${CASE}`);
  await page.waitForSelector(".case .state");
  const one = server.world.cases.get(CASE);
  one.version++;
  one.summary.state = "on_hold"; // and no event tells of it
  await page.keyboard.press("e");
  await page.waitForSelector('.toast[data-tone="trouble"]');
  assert.match(await page.locator('.toast[data-tone="trouble"]').innerText(), /was not changed.*Jo Brandt/s);
  await page.waitForFunction(() => document.querySelector(".case .state")?.textContent === "On hold");
  assert.equal(server.world.cases.get(CASE).summary.state, "on_hold");
  await closePage(page, server);
});

test("a session that ends asks to sign in and goes on where one was", { skip }, async () => {
  server.reset();
  const page = await openPage(server);
  await page.goto(server.url + `/inbox/pending?sort=urgency`);
  await page.waitForSelector(".row");
  server.signOutAll();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".sign-in");
  await page.keyboard.type("ada@example.org");
  await page.keyboard.press("Tab");
  await page.keyboard.type("correct horse battery staple");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".shell");
  assert.equal(new URL(page.url()).search, "?sort=urgency");
  await closePage(page, server);
});

test("a hundred thousand cases: few rows in the document, End and scrolling bring more", { skip }, async () => {
  const large = await startServer({ isEmpty: true, bulk: 5000 });
  const page = await openPage(large);
  await page.waitForSelector(".row");
  assert.match(await page.locator(".list-line").innerText(), /1,000\+ cases/);
  await page.keyboard.press("j");
  await page.locator(".rows").focus();
  for (let i = 0; i < 5; i++) {
    const count = await page.evaluate(() => document.querySelector(".rows-all").offsetHeight);
    await page.keyboard.press("End");
    await page.waitForFunction((old) => document.querySelector(".rows-all").offsetHeight > old, count);
  }
  const { rows, set, at } = await page.evaluate(() => ({ rows: document.querySelectorAll(".row").length, set: document.querySelector(".row").getAttribute("aria-setsize"), at: Number(document.querySelector('.row[aria-selected="true"]').getAttribute("aria-posinset")) }));
  assert.ok(rows < 40, `${rows} rows in the document`);
  assert.equal(set, "-1");
  assert.ok(at >= 500, `at ${at}`);
  // One praise below five thousand complaints: the pages in between are empty and the list goes on by itself.
  const id = large.world.addStory(["Ulla Solo", "@ulla", 1, "praise", 9_000, "new", "Lovely boat.", {}]);
  await page.goto(large.url + "/inbox/needs_answer?intent=praise");
  await page.waitForSelector(`#row-${id}`, { timeout: 30_000 });
  assert.equal(await page.locator(".row").count(), 1);
  await closePage(page, large);
  await large.close();
});
