// SPDX-License-Identifier: Apache-2.0
// The page's pure functions, straight from their TypeScript: time in words and zones, marks, word diff, event stream.
import { before, test } from "node:test";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ROOT } from "./harness.mjs";

let time, pieces, words, live, url;
before(async () => {
  const { build } = createRequire(join(ROOT, "web/package.json"))("esbuild");
  const load = async (path) => {
    const { outputFiles } = await build({ entryPoints: [join(ROOT, "web", path)], bundle: true, write: false, format: "esm", target: "es2022" });
    return import("data:text/javascript;base64," + Buffer.from(outputFiles[0].text).toString("base64"));
  };
  [time, pieces, words, live, url] = await Promise.all(["i18n/time.ts", "parts/pieces.ts", "parts/words.ts", "api/live.ts", "parts/safe-url.ts"].map(load));
});

test("durations in words", () => {
  const cases = [[0, "0 s"], [59.9, "59 s"], [60, "1 min"], [3599, "59 min"], [3600, "1 h"], [7500, "2 h 5 min"], [36000, "10 h"], [39000, "10 h"], [86400, "1 day"], [2 * 86400, "2 days"], [61 * 86400, "2 months"], [11 * 366 * 86400, "11 years"], [-5, "0 s"]];
  for (const [seconds, said] of cases) assert.equal(time.duration(seconds), said);
  assert.equal(time.duration(252, true), "4 min 12 s");
  assert.equal(time.duration(241, true), "4 min 01 s");
  assert.equal(time.duration(600, true), "10 min");
});

test("times are those of the zone, shorter the nearer they are", () => {
  const now = Date.parse("2026-11-23T08:45:00Z");
  assert.equal(time.shortTime("2026-11-23T05:05:55Z", "Europe/Oslo", now), "06:05");
  assert.equal(time.shortTime("2026-11-22T23:30:00Z", "Europe/Oslo", now), "00:30");
  assert.equal(time.shortTime("2026-11-22T22:30:00Z", "Europe/Oslo", now), "Sun 23:30");
  assert.match(time.shortTime("2026-10-02T10:00:00Z", "Europe/Oslo", now), /^2 Oct 12:00$/);
  assert.equal(time.shortTime("2015-02-24T10:15:00Z", "UTC", now), "24 Feb 2015");
  assert.equal(time.longTime("2026-11-23T05:05:55Z", "America/New_York"), "Mon 23 Nov 2026, 00:05");
  assert.equal(time.utcTime("2026-11-23T05:05:55.123456Z"), "2026-11-23 05:05:55 UTC");
});

test("date fields mean the zone's time, and come back the same, around every change of clocks", () => {
  assert.equal(time.fromLocalField("2026-11-23T10:45", "Europe/Oslo"), "2026-11-23T09:45:00.000Z");
  assert.equal(time.fromLocalField("2026-07-01", "Asia/Kolkata"), "2026-06-30T18:30:00.000Z");
  assert.equal(time.fromLocalField("", "UTC"), null);
  assert.equal(time.fromLocalField("nonsense", "UTC"), null);
  for (const zone of ["Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "America/St_Johns"])
    for (let ms = Date.UTC(2026, 0, 1); ms < Date.UTC(2027, 0, 1); ms += 37 * 60_000 * 7) {
      const field = time.toLocalField(ms, zone);
      const back = Date.parse(time.fromLocalField(field, zone));
      // In the hour that occurs twice either moment is right; its face must be the same.
      assert.equal(time.toLocalField(back, zone), field, `${zone} ${new Date(ms).toISOString()}`);
    }
});

test("marks are cut by code points, keep overlaps, ignore what is out of range", () => {
  const reason = (label, offset, length) => ({ label, list: "x", field: "text", offset, length, weight: 1 });
  const cut = (text, ...reasons) => pieces.cutPieces(text, reasons).map((one) => [one.text, one.labels.join("+")]);
  assert.deepEqual(cut("💰💰 refund now", reason("complaint", 3, 6)), [["💰💰 ", ""], ["refund", "complaint"], [" now", ""]]);
  assert.deepEqual(cut("abcdef", reason("a", 0, 4), reason("b", 2, 4)), [["ab", "a"], ["cd", "a+b"], ["ef", "b"]]);
  assert.deepEqual(cut("abc", reason("a", 2, 9), reason("b", 1, 0)), [["abc", ""]]);
  assert.deepEqual(cut(""), []);
});

test("the word diff gives both texts back", () => {
  const pairs = [["for ages with kids", "for three hours with kids"], ["", "new"], ["old", ""], ["same", "same"], ["a  b\nc", "a b\n\nc d"]];
  for (const [before_, after] of pairs) {
    const changes = words.diffWords(before_, after);
    assert.equal(changes.filter((one) => one.kind !== "added").map((one) => one.text).join(""), before_);
    assert.equal(changes.filter((one) => one.kind !== "removed").map((one) => one.text).join(""), after);
  }
  assert.deepEqual(words.diffWords("one two", "one three").map((one) => one.kind), ["same", "removed", "added"]);
  assert.equal(words.diffWords("a ".repeat(2000), "b ".repeat(2000)), null);
});

test("the event stream is read however it is cut into pieces", () => {
  const stream = ": hello\n\nid: 7\nevent: post.created\ndata: {\"a\":1}\n\r\nid: 8\r\nevent: x.new\r\ndata: one\r\ndata: two\r\n\r\n: ping\n\ndata:bare\n\nid: 9\nevent: half";
  for (const size of [1, 2, 3, 7, stream.length]) {
    const parser = new live.SseParser();
    const seen = [];
    for (let at = 0; at < stream.length; at += size) parser.push(stream.slice(at, at + size), (kind, data) => seen.push([kind, data]));
    assert.deepEqual(seen, [["post.created", '{"a":1}'], ["x.new", "one\ntwo"], ["message", "bare"]], `in pieces of ${size}`);
    assert.equal(parser.lastId, "8", "an event that was cut off does not count as seen");
  }
});

test("only web addresses are followed", () => {
  for (const bad of [null, "", "javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "//[", "relative/path"]) assert.equal(url.safeUrl(bad), null, String(bad));
  assert.equal(url.safeUrl("https://social.example/p/1"), "https://social.example/p/1");
});
