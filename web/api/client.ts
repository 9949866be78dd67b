// SPDX-License-Identifier: Apache-2.0
// One way to the server. Knows the CSRF token, turns every failure into a Trouble that a person can act on, and keeps
// the server's idea of the time, so that a countdown is right even where the computer's clock is not.
import type { components } from "./types";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

export class Trouble extends Error {
  constructor(
    /** 0 when no answer came at all. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly fix: string | undefined,
    readonly where: string | undefined,
    readonly requestId?: string | undefined,
  ) {
    super(detail);
  }
  get isOffline(): boolean {
    return this.status === 0;
  }
}

let csrfToken: string | null = null;
let skewMs = 0;
let onSignedOut: () => void = () => {};
let onReach: (isReachable: boolean) => void = () => {};

export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}
export function whenSignedOut(run: () => void): void {
  onSignedOut = run;
}
export function whenReachChanges(run: (isReachable: boolean) => void): void {
  onReach = run;
}
/** The server's time in milliseconds, as well as it can be told. */
export function serverNow(): number {
  return Date.now() + skewMs;
}

function noteServerTime(response: Response): void {
  const date = Date.parse(response.headers.get("Date") ?? "");
  // The header has whole seconds; anything below that is noise, not skew.
  if (!Number.isNaN(date)) skewMs = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
}

export interface CallOptions {
  body?: unknown;
  ifMatch?: string;
  /** Makes a repeated write safe. */
  idempotencyKey?: string;
  signal?: AbortSignal;
  /** A 401 is this call's own business (signing in). */
  is401Expected?: boolean;
}

async function toTrouble(response: Response): Promise<Trouble> {
  let problem: Partial<Problem> = {};
  try {
    problem = (await response.json()) as Partial<Problem>;
  } catch {
    /* a proxy's page, or nothing: the status has to do */
  }
  return new Trouble(
    response.status,
    problem.title ?? `Error ${response.status}`,
    problem.detail ?? "The server gave no reason.",
    problem.fix,
    problem.where,
    problem.request_id,
  );
}

/** GET and friends. Resolves to the parsed body, or undefined for 204. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.ifMatch) headers["If-Match"] = options.ifMatch;
  if (options.idempotencyKey) headers["Idempotency-Key"] = options.idempotencyKey;
  if (method !== "GET" && csrfToken) headers["X-CSRF-Token"] = csrfToken;
  const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-cache" };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal) init.signal = options.signal;

  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    onReach(false);
    throw new Trouble(0, "No connection", "The server did not answer.", undefined, undefined);
  }
  onReach(true);
  noteServerTime(response);
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const trouble = await toTrouble(response);
  if (response.status === 401 && !options.is401Expected) onSignedOut();
  throw trouble;
}

export function newKey(): string {
  // crypto.randomUUID is missing on plain-http addresses other than localhost.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
