// SPDX-License-Identifier: Apache-2.0
// The address is the state: view, filters and the open case can be bookmarked, shared and walked back through.
import { createMemo, createRoot, createSignal } from "solid-js";
import type { CaseQuery, CaseSort, ViewName } from "../api/ops";
import { query } from "../api/ops";

export const VIEW_NAMES: readonly ViewName[] = [
  "needs_answer", "mine", "unassigned", "breached", "due_soon", "pending", "on_hold", "solved", "all",
];
const SORTS: readonly CaseSort[] = ["due", "newest", "urgency"];

export type Screen = "inbox" | "report" | "new" | "settings" | "sign-in" | "lost";
export interface Route {
  screen: Screen;
  view: ViewName;
  caseId: number | null;
  params: URLSearchParams;
}

const [location_, setLocation] = createSignal(window.location.pathname + window.location.search);
window.addEventListener("popstate", () => setLocation(window.location.pathname + window.location.search));

function parseRoute(address: string): Route {
  const url = new URL(address, window.location.origin);
  const [first = "", second, third] = url.pathname.split("/").filter(Boolean);
  const view = VIEW_NAMES.find((name) => name === second) ?? "needs_answer";
  const id = third && /^[1-9][0-9]{0,15}$/.test(third) ? Number(third) : null;
  const screens: Record<string, Screen> = {
    "": "inbox", inbox: "inbox", report: "report", new: "new", settings: "settings", "sign-in": "sign-in",
  };
  return { screen: screens[first] ?? "lost", view, caseId: id, params: url.searchParams };
}

export const route = createRoot(() => createMemo(() => parseRoute(location_())));

/** The inbox's filters as the address has them. */
export function caseQuery(at: Route): CaseQuery {
  const get = (name: string) => at.params.get(name) ?? undefined;
  return {
    view: at.view,
    sort: SORTS.find((name) => name === at.params.get("sort")) ?? "due",
    q: get("q"),
    channel: get("channel"),
    company: get("company"),
    intent: get("intent"),
  };
}

export function inboxPath(to: CaseQuery, caseId: number | null): string {
  const { view, sort, ...filters } = to;
  return `/inbox/${view}${caseId ? `/${caseId}` : ""}${query({ ...filters, sort: sort === "due" ? undefined : sort })}`;
}

export function navigate(path: string, isReplacement = false): void {
  if (path === window.location.pathname + window.location.search) return;
  if (isReplacement) window.history.replaceState(null, "", path);
  else window.history.pushState(null, "", path);
  setLocation(path);
}

/** For links: an ordinary click stays in the page, everything else is the browser's. */
export function followLink(event: MouseEvent): void {
  const link = (event.target as Element).closest("a");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.target || link.origin !== window.location.origin || link.hasAttribute("download")) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
  if (link.hash) requestAnimationFrame(() => document.getElementById(link.hash.slice(1))?.scrollIntoView());
}
