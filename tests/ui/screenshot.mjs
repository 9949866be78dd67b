// SPDX-License-Identifier: Apache-2.0
// One picture for the README: node screenshot.mjs FILE, with APLOMB_URL and APLOMB_LINK as for the tests.
import { closeBrowser, closePage, openPage, startServer } from "./harness.mjs";

const server = await startServer();
const page = await openPage(server, { viewport: { width: 1360, height: 800 } });
await page.goto(`${server.url}/inbox/needs_answer?sort=urgency`);
await page.locator(".row").first().click();
await page.waitForSelector(".said");
await page.mouse.move(0, 0);
await page.screenshot({ path: process.argv[2] });
await closePage(page, server);
await closeBrowser();
