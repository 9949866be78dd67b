// SPDX-License-Identifier: Apache-2.0
// Every screen, wide and narrow, light and dark: accessible, fitting, no fault; and a picture of each in build/screens.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { assertAccessible, assertFits, closeBrowser, closePage, isReal, NARROW, openPage, shoot, startServer, WIDE } from "./harness.mjs";

let server, empty;
before(async () => {
  server = await startServer();
  if (!isReal) empty = await startServer({ isEmpty: true, isDemo: false, hasPassword: false });
});
after(async () => {
  await closeBrowser();
  await server?.close();
  await empty?.close();
});

const openFirst = async (page) => {
  await page.waitForSelector(".row");
  await page.locator(".row").first().click();
  await page.waitForSelector(".said");
};
const screens = [
  { name: "inbox", go: async (page) => { await page.waitForSelector(".row"); } },
  { name: "inbox-filter", go: async (page) => { await page.getByRole("button", { name: "Filter" }).click(); await page.waitForSelector(".filters"); } },
  { name: "case", go: openFirst },
  { name: "case-clocks", go: async (page) => { await openFirst(page); await page.keyboard.press("w"); await page.waitForSelector(".clocks"); } },
  { name: "report", path: "/report?by=channel", go: async (page) => { await page.waitForSelector(".figures"); } },
  { name: "intake", path: "/new", go: async (page) => { await page.waitForSelector(".intake-form"); } },
  { name: "intake-faults", path: "/new", go: async (page) => { await page.getByRole("button", { name: "Save" }).click(); await page.waitForSelector(".trouble"); } },
  { name: "settings", path: "/settings", go: async (page) => { await page.waitForSelector(".people li"); } },
  { name: "keys", go: async (page) => { await page.waitForSelector(".row"); await page.keyboard.press("?"); await page.waitForSelector("dialog.help"); } },
  { name: "by-name", go: async (page) => { await page.waitForSelector(".row"); await page.keyboard.press("Control+k"); await page.waitForSelector("dialog.palette"); } },
  { name: "sign-in", isOut: true, go: async (page) => { await page.waitForSelector("form"); } },
  { name: "sign-in-link-used", isOut: true, path: "/sign-in?token=used", go: async (page) => { await page.waitForSelector(".trouble"); } },
  { name: "no-such-case", path: "/inbox/all/999999999", go: async (page) => { await page.waitForSelector(".trouble"); } },
  { name: "lost", path: "/nowhere", go: async (page) => { await page.waitForSelector(".page h1"); } },
  { name: "inbox-empty", isEmpty: true, go: async (page) => { await page.waitForSelector(".list-pane .empty"); } },
  { name: "report-empty", isEmpty: true, path: "/report", go: async (page) => { await page.waitForSelector(".empty"); } },
  { name: "search-empty", path: "/inbox/all?q=qqqqqq", go: async (page) => { await page.waitForSelector(".list-pane .empty"); } },
  ...(isReal ? [] : [
    { name: "case-edited", path: "/inbox/all/101", go: async (page) => { await page.getByRole("button", { name: /edited/ }).click(); await page.waitForSelector(".versions ins"); } },
    { name: "case-deleted", path: "/inbox/all/117", go: async (page) => { await page.waitForSelector(".deleted"); } },
    { name: "case-hostile", path: "/inbox/all/120", go: async (page) => { await page.waitForSelector(".said"); } },
    { name: "case-thread", path: "/inbox/all/121", go: async (page) => { await page.locator(".aside-part summary", { hasText: "History" }).click(); await page.waitForSelector(".history li"); } },
    { name: "settings-secret", path: "/settings", go: async (page) => { const part = page.locator(".part", { hasText: "Channels" }); await part.getByLabel("Name").fill("Forum"); await part.getByRole("button", { name: "Add channel" }).click(); await page.waitForSelector(".once"); } },
  ]),
];

for (const [sizeName, viewport] of [["wide", WIDE], ["narrow", NARROW]])
  for (const colorScheme of ["light", "dark"])
    for (const screen of screens) {
      const name = `${screen.name}-${sizeName}-${colorScheme}`;
      // The four looks are proven on the contract server; the real one shows that its own data fit, in two of them.
      if (isReal && (screen.isEmpty || (viewport === WIDE) !== (colorScheme === "light"))) continue;
      test(name, async () => {
        const at = screen.isEmpty ? empty : server;
        const page = await openPage(at, { viewport, colorScheme, signIn: !screen.isOut, isShared: true });
        if (screen.path || screen.isOut) await page.goto(at.url + (screen.path ?? "/"));
        await screen.go(page);
        await page.waitForLoadState("load");
        await assertFits(page, name);
        await shoot(page, name);
        await assertAccessible(page, name);
        assert.ok(await page.title());
        await closePage(page, at);
      });
    }
