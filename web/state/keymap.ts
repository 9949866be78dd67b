// SPDX-License-Identifier: Apache-2.0
// Every command of the page with its key: the one list that the sheet (?), Settings and Ctrl-K show, also of screens
// that are not open right now.
import { t } from "../i18n/en";

export interface KeyEntry {
  /** As shown and as pressed: "j", "g r", "Ctrl-K". Empty: by name only. */
  key: string;
  name: string;
  group: string;
}

const { move, case: ofCase, go, page } = t.help.groups;
const c = t.commands;
const v = t.views;

export const KEYMAP = {
  next: { key: "j", name: c.next, group: move },
  previous: { key: "k", name: c.previous, group: move },
  open: { key: "Enter", name: c.open, group: move },
  back: { key: "Esc", name: c.back, group: move },
  nextForMe: { key: "n", name: c.nextForMe, group: move },
  search: { key: "/", name: c.search, group: move },
  filter: { key: "f", name: c.filter, group: move },
  fresh: { key: ".", name: c.fresh, group: move },
  solve: { key: "e", name: c.solve, group: ofCase },
  pending: { key: "s", name: c.pending, group: ofCase },
  hold: { key: "h", name: c.hold, group: ofCase },
  take: { key: "i", name: c.take, group: ofCase },
  note: { key: "m", name: c.note, group: ofCase },
  why: { key: "w", name: c.why, group: ofCase },
  needs_answer: { key: "g i", name: v.needs_answer, group: go },
  mine: { key: "g m", name: v.mine, group: go },
  unassigned: { key: "g u", name: v.unassigned, group: go },
  breached: { key: "g b", name: v.breached, group: go },
  due_soon: { key: "g d", name: v.due_soon, group: go },
  pendingView: { key: "g p", name: v.pending, group: go },
  on_hold: { key: "g h", name: v.on_hold, group: go },
  solved: { key: "g s", name: v.solved, group: go },
  all: { key: "g a", name: v.all, group: go },
  report: { key: "g r", name: c.report, group: go },
  writeDown: { key: "g w", name: c.writeDown, group: go },
  settings: { key: "g t", name: c.settings, group: go },
  palette: { key: "Ctrl-K", name: c.palette, group: page },
  sheet: { key: "?", name: c.sheet, group: page },
  undo: { key: "z", name: c.undo, group: page },
  theme: { key: "", name: c.theme, group: page },
  signOut: { key: "", name: c.signOut, group: page },
} satisfies Record<string, KeyEntry>;

export type CommandId = keyof typeof KEYMAP;

/** Commands that have a key, by group, in the order of the list. */
export function keyGroups(isWanted: (entry: KeyEntry) => boolean): [string, KeyEntry[]][] {
  const all = Object.values<KeyEntry>(KEYMAP).filter((one) => one.key && isWanted(one));
  return [move, ofCase, go, page].map((group) => [group, all.filter((one) => one.group === group)] as [string, KeyEntry[]]).filter(([, list]) => list.length);
}
