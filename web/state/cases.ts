// SPDX-License-Identifier: Apache-2.0
// The list of cases of one view: pages by cursor, at rest while somebody reads it. Live updates replace rows where they
// stand and count what is new; only the person asks for the new order.
import { createSignal } from "solid-js";
import * as ops from "../api/ops";
import type { CaseDetail, CaseQuery, CasePatch, CaseState, CaseSummary, View } from "../api/ops";
import { Trouble } from "../api/client";
import { showToast } from "./toast";
import { t } from "../i18n/en";

const PAGE_ROWS = 100;

export type Loading = "idle" | "loading" | "failed";

export class CaseList {
  private readonly rows = createSignal<readonly CaseSummary[]>([]);
  private readonly state_ = createSignal<Loading>("loading");
  private readonly fresh_ = createSignal<ReadonlySet<number>>(new Set());
  private readonly total_ = createSignal<{ count: number; is_capped: boolean } | null>(null);
  private readonly trouble_ = createSignal<Trouble | null>(null);
  private cursor: string | null = null;
  private query: CaseQuery | null = null;
  private abort = new AbortController();
  private indexOf = new Map<number, number>();

  readonly items = this.rows[0];
  readonly state = this.state_[0];
  readonly total = this.total_[0];
  readonly trouble = this.trouble_[0];
  /** Cases that came after this list was loaded. */
  readonly freshCount = () => this.fresh_[0]().size;

  /** Shows another view or filter. The old rows stay until the new ones are there. */
  async open(query: CaseQuery): Promise<void> {
    this.query = query;
    this.abort.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.state_[1]("loading");
    try {
      const page = await this.fetchSome(query, null, signal, () => true);
      if (signal.aborted) return;
      this.indexOf = new Map(page.items.map((row, i) => [row.id, i]));
      this.cursor = page.next_cursor;
      this.fresh_[1](new Set<number>());
      this.total_[1](page.total_estimate);
      this.trouble_[1](null);
      this.state_[1]("idle");
      this.rows[1](page.items);
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  /** The next page with something in it: with filters the server may answer short or empty pages and say "go on". */
  private async fetchSome(query: CaseQuery, from: string | null, signal: AbortSignal, isWanted: (row: CaseSummary) => boolean): Promise<ops.CaseList> {
    let page = await ops.listCases(query, from, PAGE_ROWS, signal);
    while (!signal.aborted && page.next_cursor !== null && !page.items.some(isWanted))
      page = await ops.listCases(query, page.next_cursor, PAGE_ROWS, signal);
    return page;
  }

  async refresh(): Promise<void> {
    if (this.query) await this.open(this.query);
  }

  get hasMore(): boolean {
    return this.cursor !== null;
  }

  async loadMore(): Promise<void> {
    if (!this.query || this.cursor === null || this.state() !== "idle") return;
    const { signal } = this.abort;
    this.state_[1]("loading");
    try {
      // A case that moved across the border of two pages is shown once, where it stood first.
      const isNew = (row: CaseSummary) => !this.indexOf.has(row.id);
      const page = await this.fetchSome(this.query, this.cursor, signal, isNew);
      if (signal.aborted) return;
      const old = this.items();
      const added = page.items.filter(isNew);
      added.forEach((row, i) => this.indexOf.set(row.id, old.length + i));
      this.cursor = page.next_cursor;
      // Idle first: whoever sees the new rows may want more at once.
      this.state_[1]("idle");
      this.rows[1](old.concat(added));
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.trouble_[1](asTrouble(error));
    this.state_[1]("failed");
  }

  has(id: number): boolean {
    return this.indexOf.has(id);
  }
  at(id: number): number {
    return this.indexOf.get(id) ?? -1;
  }

  /** Puts in the new state of a case without moving it. */
  replace(row: CaseSummary): void {
    const at = this.indexOf.get(row.id);
    if (at === undefined) return;
    this.rows[1]((all) => {
      const next = all.slice();
      next[at] = row;
      return next;
    });
  }

  noteFresh(id: number): void {
    if (!this.has(id)) this.fresh_[1]((old) => new Set(old).add(id));
  }
}

export function asTrouble(error: unknown): Trouble {
  if (error instanceof Trouble) return error;
  return new Trouble(-1, t.trouble.ours, error instanceof Error ? error.message : String(error), undefined, undefined);
}

export const caseList = new CaseList();

const [views, setViews] = createSignal<View[]>([]);
export { views };
export async function loadViews(): Promise<void> {
  try {
    setViews((await ops.listViews()).items);
  } catch {
    /* old counts are better than none; the banner tells about the connection */
  }
}

/** Everyone who shows a case hears of its new state here. */
type Listener = (detail: CaseDetail) => void;
const listeners = new Set<Listener>();
export function onCaseChanged(run: Listener): () => void {
  listeners.add(run);
  return () => listeners.delete(run);
}
export function tellCaseChanged(detail: CaseDetail): void {
  caseList.replace(detail.case);
  for (const run of listeners) run(detail);
}

function before(row: CaseSummary, patch: CasePatch): CasePatch {
  const old: CasePatch = {};
  if (patch.state !== undefined) old.state = row.state;
  if (patch.priority !== undefined) old.priority = row.priority;
  if (patch.assignee_id !== undefined) old.assignee_id = row.assignee?.id ?? null;
  if (patch.category !== undefined) old.category = row.category;
  if (patch.tags !== undefined) old.tags = row.tags;
  return old;
}

/** The steps back to a state: nothing becomes new again, and out of solved and closed the way leads over open. */
function stepsBack(from: CaseState, to: CaseState): CaseState[] {
  const target = to === "new" ? "open" : to;
  if (from === target) return [];
  return isDone(from) && target !== "open" && target !== "closed" ? ["open", target] : [target];
}

export const isDone = (state: CaseState) => state === "solved" || state === "closed";

async function undoChange(row: CaseSummary, patch: CasePatch, detail: CaseDetail): Promise<void> {
  const { state, ...rest } = before(row, patch);
  const steps: CasePatch[] = state ? stepsBack(detail.case.state, state).map((one) => ({ state: one })) : [];
  if (Object.keys(rest).length) steps.unshift(rest);
  let now = detail;
  for (const step of steps) now = await ops.patchCase(row.id, step, now.case.etag);
  tellCaseChanged(now);
  void loadViews();
  showToast({ text: now.case.state === row.state ? t.undone(row.id) : t.said.reopened(row.id) });
}

/** Changes a case, says so, and offers the way back. */
export async function changeCase(row: CaseSummary, patch: CasePatch, said: string): Promise<void> {
  try {
    const detail = await ops.patchCase(row.id, patch, row.etag);
    tellCaseChanged(detail);
    void loadViews();
    showToast({
      text: said,
      undo: async () => {
        try {
          await undoChange(row, patch, detail);
        } catch (error) {
          await reportChangeFailed(row.id, error);
        }
      },
    });
  } catch (error) {
    await reportChangeFailed(row.id, error);
  }
}

async function reportChangeFailed(id: number, error: unknown): Promise<void> {
  const trouble = asTrouble(error);
  if (trouble.status === 412 || trouble.status === 422) {
    try {
      tellCaseChanged(await ops.getCase(id));
    } catch {
      /* the next look will load it */
    }
  }
  const text = trouble.isOffline
    ? t.trouble.changeOffline(id)
    : [t.trouble.changeFailed(id), trouble.detail, trouble.fix].filter(Boolean).join(" ");
  showToast({ text, tone: "trouble" });
}
