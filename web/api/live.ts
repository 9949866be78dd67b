// SPDX-License-Identifier: Apache-2.0
// Live updates. A reader of its own instead of EventSource: that one drops events whose kind it was not told before,
// and cannot see a 401. Resumes after the last entry that was seen; waits longer after each failure, up to 30 s.
import type { LiveEvent } from "./ops";

export interface LiveHandlers {
  onEvent(event: LiveEvent): void;
  onState(isConnected: boolean): void;
  onSignedOut(): void;
}

/** Splits a stream of text into server-sent events (HTML standard, 9.2.6). Exported for its test. */
export class SseParser {
  private rest = "";
  private data: string[] = [];
  private kind = "";
  private id = "";
  /** Of the last event that came whole: one that was cut off is asked for again. */
  lastId = "";

  push(text: string, emit: (kind: string, data: string) => void): void {
    this.rest += text;
    let end: number;
    while ((end = this.rest.search(/\r\n|\n|\r(?!$)/)) >= 0) {
      const line = this.rest.slice(0, end);
      this.rest = this.rest.slice(end + (this.rest.startsWith("\r\n", end) ? 2 : 1));
      this.takeLine(line, emit);
    }
  }

  /** A new connection begins with a new line; only the last id lives on. */
  restart(): void {
    this.rest = "";
    this.data = [];
    this.kind = "";
    this.id = this.lastId;
  }

  private takeLine(line: string, emit: (kind: string, data: string) => void): void {
    if (line === "") {
      this.lastId = this.id;
      if (this.data.length) emit(this.kind || "message", this.data.join("\n"));
      this.data = [];
      this.kind = "";
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.data.push(value);
    else if (field === "event") this.kind = value;
    else if (field === "id") this.id = value;
  }
}

async function readOnce(parser: SseParser, handlers: LiveHandlers, signal: AbortSignal): Promise<"again" | "stop"> {
  parser.restart();
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (parser.lastId) headers["Last-Event-ID"] = parser.lastId;
  const response = await fetch("/api/v1/events", { headers, signal, credentials: "same-origin", cache: "no-store" });
  if (response.status === 401) {
    handlers.onSignedOut();
    return "stop";
  }
  if (!response.ok || !response.body) throw new Error(`events: ${response.status}`);
  handlers.onState(true);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return "again";
    parser.push(value, (kind, data) => {
      try {
        handlers.onEvent({ ...(JSON.parse(data) as LiveEvent), kind });
      } catch {
        /* not ours */
      }
    });
  }
}

/** Starts listening; the returned function ends it. */
export function listenLive(handlers: LiveHandlers): () => void {
  const stop = new AbortController();
  const parser = new SseParser();
  void (async () => {
    let waitMs = 1000;
    let failures = 0;
    while (!stop.signal.aborted) {
      const startedAt = Date.now();
      try {
        if ((await readOnce(parser, handlers, stop.signal)) === "stop") return;
      } catch {
        if (stop.signal.aborted) return;
      }
      if (Date.now() - startedAt > 20_000) {
        waitMs = 1000;
        failures = 0;
      }
      // A stream that merely ended (a proxy's limit, a restart) comes back at once and worries nobody.
      if (++failures > 1) handlers.onState(false);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      waitMs = Math.min(waitMs * 2, 30_000);
    }
  })();
  return () => stop.abort();
}
